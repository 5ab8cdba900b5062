/* hub/doors.h - the TCP connections of the hub's endpoints, from the moment they are accepted: how many an address may
 * have that are in no session, how fast it may make new ones, and who goes when descriptors are short. Pure: no socket,
 * the clock is an argument.
 *
 * A connection is known by its descriptor and its far end. What these functions return as victims the caller cuts; it
 * stays known until it is told that it is closed. */
#ifndef HUB_DOORS_H
#define HUB_DOORS_H

#include <stdbool.h>
#include <stddef.h>

#include "hub/rates.h"
#include "hub/sessions.h"

enum { NO_SESSION_MS = 15000, DOOR_ADDRESSES_MAX = 10000 };

struct doors;

struct door_limits {
    size_t connections;          /* together */
    int64_t address_connections; /* of one address, in no session; 0: no limit */
    struct rate_limit accepts;   /* of one address */
};

struct doors *doors_open(void);
/* Takes NULL. */
void doors_close(struct doors *doors);
/* May be called again. */
void doors_configure(struct doors *doors, const struct door_limits *limits);

enum door_verdict {
    DOOR_OPEN,
    DOOR_ADDRESS, /* too many, or too fast, from this address */
    DOOR_SHORT,   /* too many connections together */
    DOOR_HEAVY,   /* the caller's: it sends what is never read */
    DOOR_VERDICTS
};
/* ENDPOINT tells whose connection it is: events of two endpoints may come out of order. Not DOOR_OPEN: *ret_victim is
 * to be cut; with DOOR_SHORT that is the one which has been longest in no session. */
enum door_verdict doors_accepted(struct doors *doors, int endpoint, const struct connection *connection, int64_t now_ms,
                                 struct connection *ret_victim);
void doors_closed(struct doors *doors, int endpoint, int fd);
/* CONNECTION is in a session, or has left it; another that has its descriptor by now is not concerned. */
void doors_in_session(struct doors *doors, const struct connection *connection, bool is_in, int64_t now_ms);
/* True: *ret_victim has been in no session for NO_SESSION_MS. Each is given once. */
bool doors_overdue(struct doors *doors, int64_t now_ms, struct connection *ret_victim);
/* Likewise, whatever its age. */
bool doors_oldest(struct doors *doors, struct connection *ret_victim);
/* Each that is in no session. *base is the caller's to use: 0 when the connection has just been made, UINT64_MAX when
 * it has just left a session. */
void doors_each_waiting(struct doors *doors,
                        void (*each)(void *self, const struct connection *connection, uint64_t *base), void *self);
/* How many connections more there may be. */
size_t doors_room(const struct doors *doors);
size_t doors_count(const struct doors *doors);

#endif
