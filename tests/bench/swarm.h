/* tests/bench/swarm.h - many peers of one hub in one thread: sockets, greetings, pings; what they say is the mode's.
 *
 * Peers speak PROTOCOL.md §4 over raw sockets, as cheaply as they can, because they share the machine with the hub they
 * measure. Handlers run inside swarm_turn() and may send to their own peer. */
#ifndef TESTS_BENCH_SWARM_H
#define TESTS_BENCH_SWARM_H

#include "proto/message.h"
#include "tests/bench/keys.h"

enum peer_state { PEER_AWAY, PEER_GREETING, PEER_READY };

struct swarm_peer {
    const struct member *member;
    size_t index; /* in the swarm, in the order of adding */
    enum peer_state state;
    void *socket;
    bool is_draining;
    uint64_t session, received, window, ping_ms;
    double asked_s, heard_s, pinged_s;
};

struct swarm_handler {
    void *self;
    /* Each may be NULL. */
    void (*on_ready)(void *self, struct swarm_peer *peer);
    void (*on_receipt)(void *self, struct swarm_peer *peer, const struct receipt *receipt);
    void (*on_events)(void *self, struct swarm_peer *peer, const struct events *events);
};

struct swarm {
    const struct keyring *keyring;
    struct swarm_handler handler;
    int epoll, timer;
    struct swarm_peer **peers;
    size_t count, ready_count;
    double ticked_s, armed_s;
    int64_t began_ms; /* UTC */
    uint64_t pings_sent, pings_received, greeted_again;
};

void swarm_open(struct swarm *swarm, const struct keyring *keyring);
/* Closes the sockets; contexts are the caller's. */
void swarm_close(struct swarm *swarm);

/* A peer that is not connected yet. Peers of different contexts do not share a thread that moves bytes. */
struct swarm_peer *swarm_add(struct swarm *swarm, void *context, const struct keyring *keyring,
                             const struct member *member);
/* Connects and sends HELLO; a peer that is connected drops its connection first. */
void swarm_connect(struct swarm *swarm, struct swarm_peer *peer);
/* Connects all, a few at a time, and waits until every one is ready; fail()s after TIMEOUT_S. */
void swarm_connect_all(struct swarm *swarm, double timeout_s);

void swarm_send(struct swarm *swarm, struct swarm_peer *peer, const void *bytes, size_t size);
void swarm_send_message(struct swarm *swarm, struct swarm_peer *peer, const struct message *message);

/* Serves what has come, waiting for it until UNTIL_S at most. */
void swarm_turn(struct swarm *swarm, double until_s);

#endif
