/* hub/admin.h - the operator's writes: one request of text frames, one reply of text frames (status "ok" or "error",
 * then a text).
 *
 * The same function serves a running hub (the writer answers the control socket) and a hub at rest (the command opens
 * the store itself), so that no write ever goes around the writer's handle. */
#ifndef HUB_ADMIN_H
#define HUB_ADMIN_H

#include "hub/city.h"

enum { ADMIN_TEXT = 4096 };

struct admin {
    struct store *store;
    struct city *city;
    struct party changed; /* by the last command; row 0: none */
    char text[ADMIN_TEXT];
};

/* Requests: "party-add" then 8 frames a party (role party name type sectors district code expires_ms), "invite" party
 * code expires_ms, "set-state" party state reason, "prune" stream upto, "file" then a record as JSON each. Each is one
 * commit. Never NULL. */
zmsg_t *admin_run(struct admin *admin, zmsg_t *request);
zmsg_t *admin_fail(const char *reason);

/* Sends a request to the running hub, or runs it on the store where no hub runs. 0: done; 1: the reason has been
 * printed. */
int admin_call(const struct home *home, zmsg_t **request_p);

/* A new code for a join link: 20 characters, 100 random bits. */
void admin_make_code(char ret_code[21]);

#endif
