/* common/link_parts.h - a link from inside; for common/link*.c alone: link.c connects and keeps the time, link_input.c
 * takes what the hub says, link_output.c says what the caller wants said. */
#ifndef COMMON_LINK_PARTS_H
#define COMMON_LINK_PARTS_H

#include "common/link.h"

enum { BACKOFF_LAST_MS = 60000, REFUSED_MS = 5000 };

/* Tells the caller's PINGs from the link's own. */
static const uint64_t PROBE_BIT = UINT64_C(1) << 62;

struct flight {
    uint64_t batch;
    uint32_t count;
};

struct link {
    zloop_t *loop;
    struct link_config config;
    struct link_handler handler;
    struct identity identity; /* of this socket: the ring's may change meanwhile */
    bool uses_next;
    bool uses_next_hub; /* this socket expects the pair that the hub has named */
    int timer;

    enum link_state state;
    zsock_t *sock;
    zsock_t *monitor;
    bool is_greeted; /* HELLO of this socket is sent */
    int attempts;
    int64_t due_ms; /* all times monotonic */
    int64_t opened_ms;
    int64_t heard_ms;
    int64_t pinged_ms;
    int64_t moved_ms; /* the last receipt, or the moment the first batch went into the empty flight list */

    uint64_t session;
    uint64_t ping_ms;
    uint32_t window;
    uint32_t max_batch;
    uint64_t batch;
    uint32_t proving; /* PROVEs of this session without an answer */
    bool is_unnamed;  /* a receipt of this session does not say whose signature was checked: told once */
    uint32_t in_flight;
    size_t flight_count;
    struct flight flights[WINDOW_ITEMS];
};

/* Whether the socket took it. */
bool link_send(struct link *link, const struct message *message);
/* HELLO, of a socket whose handshake is done. */
void link_greet(struct link *link);
/* Ends the session or the attempt, for REASON, and stays away for LEAST_MS at least. */
void link_go_down(struct link *link, const char *reason, int64_t least_ms);
/* One message of the hub. */
void link_take(struct link *link, struct view frame);

#endif
