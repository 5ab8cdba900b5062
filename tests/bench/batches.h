/* tests/bench/batches.h - what a peer will submit, made ready before the clock starts, and what became of it. */
#ifndef TESTS_BENCH_BATCHES_H
#define TESTS_BENCH_BATCHES_H

#include "tests/bench/measure.h"
#include "tests/bench/records.h"
#include "tests/bench/swarm.h"

typedef void record_maker(size_t member, uint64_t seq, int64_t now_ms, msgpack_sbuffer *buffer);

struct ready_batch {
    char *frame; /* an encoded SUBMIT; owned */
    size_t size;
    uint8_t first_id[RECORD_ID_SIZE];
    double due_s, sent_s;
};

/* The submissions of one peer in one session, in order; batch i has the number i + 1. */
struct ready_list {
    struct ready_batch *batches;
    size_t count, sent, done;
    uint32_t items; /* a batch */
};

/* What the receipts said, item by item. */
struct tally {
    uint64_t outcomes[4]; /* by enum outcome */
    struct samples latency_ms;
    double last_s;
    char trouble[256];     /* the first outcome that is not stored */
    msgpack_sbuffer *last; /* the last receipt of every peer, for tally_verify() */
    size_t last_count;
};

/* COUNT batches of ITEMS records for a peer in a session; the peer's next sequence numbers follow what the hub has. */
void ready_make(struct ready_list *list, const struct swarm *swarm, const struct swarm_peer *peer, record_maker *make,
                size_t count, uint32_t items);
void ready_done(struct ready_list *list);
/* Sends the next one. */
void ready_send(struct ready_list *list, struct swarm *swarm, struct swarm_peer *peer);

void tally_open(struct tally *tally, size_t peer_count);
void tally_done(struct tally *tally);
/* The batch that RECEIPT answers. FROM_DUE: latency counts from when it was due, else from when it was sent. */
struct ready_batch *tally_take(struct tally *tally, struct ready_list *list, const struct swarm_peer *peer,
                               const struct receipt *receipt, bool from_due);
/* After the clock has stopped: the signature of every peer's last receipt. */
void tally_verify(const struct tally *tally, const struct keyring *keyring);
/* Adds the outcomes to RESULTS; fail()s unless EXPECTED items were stored and nothing else was said. */
void tally_report(struct tally *tally, uint64_t expected, struct results *results);

#endif
