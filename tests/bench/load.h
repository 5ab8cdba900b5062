/* tests/bench/load.h - what the modes of bench-load share: their options, and the run of ready batches. */
#ifndef TESTS_BENCH_LOAD_H
#define TESTS_BENCH_LOAD_H

#include "tests/bench/batches.h"

struct load {
    const char *keys, *province, *links;
    double peers, keepers, items, total, rate, seconds, pid, timeout, period_ms, every_ms;
    bool is_json;
    void *context;       /* of the peers under load */
    void *quiet_context; /* of the peers whose latency is watched beside a storm */
    struct results results;
};

void mode_rounds(struct load *load);
void mode_paced(struct load *load);
void mode_idle(struct load *load);
void mode_storm(struct load *load);
void mode_warn(struct load *load);

/* Peers that submit ready batches; lists are by the peer's place in the swarm. */
struct runner {
    struct swarm swarm;
    struct ready_list *lists;
    struct tally tally;
    double started_s,
        period_s; /* batch j of peer i is due at started + (j × peers + i) × period; 0: as receipts come */
    size_t paced_count;
    uint64_t batches_done;
};

/* Connects the first COUNT members of KEYRING; each has BATCHES batches of ITEMS ready. */
void runner_open(struct runner *runner, struct load *load, const struct keyring *keyring, size_t count, size_t batches,
                 uint32_t items);
void runner_close(struct runner *runner);
/* From now on a batch is due every PERIOD_S, in turn by peer, whatever the hub does (an open loop). */
void runner_pace(struct runner *runner, double period_s);
/* Sends what is due, as far as each peer's window allows; returns when the next is. */
double runner_send_due(struct runner *runner);
/* A receipt for one of its peers. Where nothing is paced the peer's next batch goes out. */
void runner_take(struct runner *runner, struct swarm_peer *peer, const struct receipt *receipt);

/* fail()s when the run takes longer than the option says. */
void check_time(const struct load *load, double started_s);

#endif
