/* hub/admin.h - the operator's writes: one request of text frames, one reply of text frames (status "ok" or "error",
 * then a text in the language of the request; who is refused unheard has it in English, and in Chinese after that; who
 * has made a link, the hub's CURVE key for it, the one frame of bytes).
 *
 * The same function serves a running hub (the writer answers the control socket) and a hub at rest (the command opens
 * the store itself), so that no write ever goes around the writer's handle, nor around the table of duties. */
#ifndef HUB_ADMIN_H
#define HUB_ADMIN_H

#include "hub/city.h"
#include "hub/operators.h"

enum { ADMIN_TEXT = 4096, ADMIN_REASON = 2001, ADMIN_CODE = 32 };
/* For how long a join link is good. */
enum { LINK_HOURS = 72, LINK_HOURS_MAX = 8760 };

/* For how long a change of the hub's keys is announced at least, so that each peer that is connected hears of it; and
 * how much of that may pass until the hub hears of it. */
enum { KEY_AHEAD_LEAST_MS = 10000, KEY_HEARD_MS = 2000 };

struct admin {
    struct store *store;
    struct city *city;
    const struct operators *operators;
    bool is_full; /* the disk is: what would add much waits */
    /* Takes the place of the hub's leaked ones: of "key-leaked". Only who has the hub's home, and no hub on it, has
     * such a pair; NULL in a hub that runs, which so does it at nobody's word. */
    const struct identity *fresh;
    /* Of the last command: */
    const struct person *person; /* who gave it; NULL: nobody who may */
    struct party changed;        /* row 0: none */
    struct filed filed;          /* its last act */
    bool is_refused;             /* by the table of duties */
    bool is_erased;              /* content was erased: the write-ahead log still holds it */
    char reason[ADMIN_REASON];
    char text[ADMIN_TEXT];
};

/* Requests: the reader's language, a name, the reason (may be ""), then for "party-add" 8 frames a party (role party
 * name type sectors district code hours), "invite" party code hours replaces, "key-revoke" party key, "key-leaked",
 * "key-rotate" curve_key signing_key since proof, "set-state" party state, "prune" upto, "erase"
 * id party (may be ""), "file" a record as JSON each. Each is one commit, and in it the administrative acts that it is.
 * Never NULL. */
zmsg_t *admin_run(struct admin *admin, uid_t uid, zmsg_t *request);
/* NULL: the user may ask for something. */
zmsg_t *admin_greet(const struct admin *admin, uid_t uid);
zmsg_t *admin_fail(const char *reason);
/* How far the uplink stream is to be pruned, as a person typed it: not beyond its head. Otherwise the reason, for both
 * sides of the socket. */
MUST_CHECK err_t admin_cursor(struct store *store, const char *text, uint64_t *ret_cursor,
                              char reterr_reason[ADMIN_TEXT]);
/* The command "erase". */
MUST_CHECK err_t admin_erase(struct admin *admin, zmsg_t *request);

/* For those who run a command: the next frame's text; "" where there is none. */
void admin_frame(zmsg_t *request, char *out, size_t size);
/* The next two frames: the code, and the hours for which it is good, as an invitation without a reason. */
MUST_CHECK err_t admin_invitation(struct admin *admin, zmsg_t *request, char ret_code[ADMIN_CODE],
                                  struct invitation *ret_invitation);
/* Whom an operator lets in and shuts out. ERR_NOT_FOUND where nobody is called so, ERR_INVALID for the city itself:
 * both with the reason. */
MUST_CHECK err_t admin_find_peer(struct admin *admin, const char *party, struct party *ret_party);
/* ERR_INVALID with the reason: the party is revoked, and nothing lets it in again. */
MUST_CHECK err_t admin_judge_final(struct admin *admin, const struct party *party);
/* Judges the act by the one table, and files it: whoever calls this has the act and its record in one group. */
MUST_CHECK err_t admin_put_act(struct admin *admin, enum act act, const char *subject, const char *detail);

/* A request without its own frames yet. REASON may be NULL. */
zmsg_t *admin_request(const char *name, const char *reason);
/* Sends a request to the running hub, or runs it on the store where no hub runs. 0: done; 1: the reason has been
 * printed. */
int admin_call(const struct home *home, zmsg_t **request_p);
/* The same for "party-add" and "invite", and the key that the hub has. */
int admin_call_for_links(const struct home *home, zmsg_t **request_p, uint8_t ret_hub_key[KEY_SIZE]);

/* "key-leaked", of who holds hub.lock: FRESH is in the home already. */
int admin_call_leaked(const struct home *home, const struct identity *fresh, const char *reason);

/* A new code for a join link: 20 characters, 100 random bits. */
void admin_make_code(char ret_code[21]);

#endif
