/* common/link.h - the peer's side of AGN/1 (PROTOCOL.md §4), for agent and province alike.
 *
 * A link owns one DEALER, its monitor and its timers on the caller's zloop, and walks idle → greeting → ready → waiting
 * by itself: it reconnects with back-off and jitter, pings, rebuilds a socket on which nothing moves. It keeps nothing:
 * what has no receipt when a session ends is the caller's to submit again on the next on_ready. Every callback runs on
 * the loop's thread; views in their arguments are valid during the call only. link_close() may not be called from
 * inside a callback: return, and close after (zloop's end, or a timer). */
#ifndef COMMON_LINK_H
#define COMMON_LINK_H

#include <czmq.h>

#include "common/keyring.h"
#include "common/membership.h"
#include "proto/message.h"

enum link_state { LINK_IDLE, LINK_GREETING, LINK_READY, LINK_WAITING };

struct link;

struct link_handler {
    void *self;
    /* A new session: submit again whatever has no receipt; FOLLOW. */
    void (*on_ready)(void *self, struct link *link, const struct welcome *welcome);
    /* BODY's signature has been verified; RECEIPT carries the signed bytes to keep. May be NULL. */
    void (*on_receipt)(void *self, struct link *link, const struct receipt_body *body, const struct receipt *receipt);
    /* May be NULL for a peer that does not follow. */
    void (*on_events)(void *self, struct link *link, const struct events *events);
    void (*on_gap)(void *self, struct link *link, const struct gap *gap);
    /* The hub refused something; where refuse->has_batch, that batch is out of flight and may be submitted again after
     * refuse->after_ms. */
    void (*on_refuse)(void *self, struct link *link, const struct refuse *refuse);
    /* BLOB_WANT, BLOB_CHUNK or BLOB_DONE (PROTOCOL.md §9). NULL for a peer that has no attachments. */
    void (*on_blob)(void *self, struct link *link, const struct message *message);
    /* The answer to a link_prove(), in their order. The head's signature is the hub's; what it and the paths prove is
     * the caller's to judge. NULL for a peer that asks for none. */
    void (*on_proof)(void *self, struct link *link, const struct ledger_proof *proof, const struct tree_head *head);
    /* The answer to link_probe(). May be NULL. */
    void (*on_probed)(void *self, struct link *link, uint64_t token);
    /* The membership holds other keys of the hub's than before: save it. */
    void (*on_hub_keys)(void *self, struct link *link);
    /* The session is gone or a connection attempt failed; REASON is for the user, RETRY_MS until the next attempt. */
    void (*on_down)(void *self, struct link *link, const char *reason, int64_t retry_ms);
};

struct link_config {
    struct membership *membership; /* borrowed for the link's life; the hub's keys in it change with the hub's */
    const struct keyring *keys;    /* borrowed; its content may change: then link_renew() */
    const char *software;
    uint64_t sent; /* for HELLO */
};

struct link *link_open(zloop_t *loop, const struct link_config *config, const struct link_handler *handler);
/* Sends BYE when ready. Takes NULL. */
void link_close(struct link *link);

/* Ends the session and connects anew, with the keys that the ring has now. REASON is for the user. */
void link_renew(struct link *link, const char *reason);
/* What the next HELLO says: struct link_config. */
void link_set_sent(struct link *link, uint64_t sent);
/* Whether this session is made with the ring's next keys: the hub has them. */
bool link_uses_next(const struct link *link);

enum link_state link_state(const struct link *link);
/* Items that may be submitted now: 0 unless ready. Never above one batch. */
uint32_t link_room(const struct link *link);

/* Signs and sends one batch of at most link_room() items (and at most about 1 MiB together: ERR_TOO_LARGE otherwise).
 * ERR_BUSY when the socket would not take it: try again later. *ret_batch matches the receipt's. */
MUST_CHECK err_t link_submit(struct link *link, const struct view *items, uint32_t count, uint64_t *ret_batch);

/* EPOCH NULL and CURSOR 0 the first time and after a GAP's resync was prepared (then with the GAP's epoch). */
void link_follow(struct link *link, const char *stream, const uint8_t *epoch, uint64_t cursor, uint64_t credit);
/* Sends a BLOB_OFFER, BLOB_WANT or BLOB_CHUNK with the session's number put in. ERR_BUSY: not ready, or the socket
 * would not take it; try again later. */
MUST_CHECK err_t link_blob(struct link *link, struct message *message);
/* A PING behind what was sent: its PONG says that all of that has reached the hub. TOKEN is below 2^62. */
MUST_CHECK err_t link_probe(struct link *link, uint64_t token);
/* PROVE (PROTOCOL.md §10). ERR_BUSY: not ready, or the socket would not take it. The hub may leave it unanswered. */
MUST_CHECK err_t link_prove(struct link *link, uint64_t number, uint64_t size, uint64_t from);
void link_ack(struct link *link, const char *stream, uint64_t cursor);

#endif
