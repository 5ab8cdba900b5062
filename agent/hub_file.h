/* agent/hub_file.h - hub.zpl under a session: the hub's keys, which the session may change, and `join`, which may write
 * another hub or other keys at any time. What `join` wrote stands, and nothing more is sent to the former. */
#ifndef AGENT_HUB_FILE_H
#define AGENT_HUB_FILE_H

#include "common/membership.h"

struct hub_file {
    const struct home *home;
    const struct membership *membership; /* as the session has it; borrowed */
    struct membership saved;             /* the file, as far as it is known here */
    int64_t save_ms;                     /* monotonic: when to try again to write the keys; 0: they are there */
    bool is_outdated;                    /* `join` has written meanwhile */
};

/* MEMBERSHIP is what the file says now. */
void hub_file_init(struct hub_file *hub_file, const struct home *home, const struct membership *membership);
/* The session has changed the hub's keys. Where they cannot be written now, hub_file_tick() does it after RETRY_MS. */
void hub_file_save(struct hub_file *hub_file, int64_t retry_ms);
void hub_file_tick(struct hub_file *hub_file, int64_t retry_ms);
/* Reads the file; true when the session is to end. */
bool hub_file_look(struct hub_file *hub_file);

#endif
