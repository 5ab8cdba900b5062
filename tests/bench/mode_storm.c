/* All peers reconnect in the same second, while a few others go on submitting.
 *
 * The keepers have a context of their own, so that their latency does not count this program's queue of handshakes. */
#include <stdlib.h>

#include "common/mem.h"
#include "common/text.h"
#include "tests/bench/load.h"

enum { DROPS_A_TURN = 16 };

struct storm {
    struct load *load;
    struct swarm swarm; /* the keepers come first */
    struct ready_list *lists;
    size_t keepers;
    struct tally before, during;
    bool is_storming;
    double next_s;
};

static void on_receipt(void *self, struct swarm_peer *peer, const struct receipt *receipt)
{
    struct storm *storm = self;
    if (peer->index < storm->keepers) {
        struct tally *tally = storm->is_storming ? &storm->during : &storm->before;
        tally_take(tally, &storm->lists[peer->index], peer, receipt, false);
    }
}

/* Each keeper's next round is due a period after its last began, or when that has its receipt, if later. */
static double keep_on(struct storm *storm)
{
    double period_s = storm->load->period_ms / 1e3;
    double now = now_s();
    double next = now + period_s;
    for (size_t i = 0; i < storm->keepers; i++) {
        struct ready_list *list = &storm->lists[i];
        double due = list->sent ? list->batches[list->sent - 1].sent_s + period_s
                                : storm->next_s + period_s * (double)i / (double)storm->keepers;
        if (list->sent > list->done || list->sent == list->count) {
            continue;
        }
        if (due <= now) {
            ready_send(list, &storm->swarm, storm->swarm.peers[i]);
        } else if (due < next) {
            next = due;
        }
    }
    return next;
}

static void storm_open(struct storm *storm, struct load *load, const struct keyring *keyring)
{
    size_t peers = (size_t)load->peers;
    *storm = (struct storm){.load = load, .keepers = (size_t)load->keepers};
    swarm_open(&storm->swarm, keyring);
    for (size_t i = 0; i < peers + storm->keepers; i++) {
        void *context = i < storm->keepers ? load->quiet_context : load->context;
        swarm_add(&storm->swarm, context, keyring, &keyring->members[i]);
    }
    swarm_connect_all(&storm->swarm, load->timeout);
    storm->lists = mem_alloc(storm->keepers * sizeof *storm->lists);
    size_t rounds = (size_t)((load->seconds + load->timeout) * 1e3 / load->period_ms) + 1;
    for (size_t i = 0; i < storm->keepers; i++) {
        ready_make(&storm->lists[i], &storm->swarm, storm->swarm.peers[i], records_review, rounds, 1);
        swarm_turn(&storm->swarm, 0);
    }
    tally_open(&storm->before, storm->keepers);
    tally_open(&storm->during, storm->keepers);
    storm->swarm.handler = (struct swarm_handler){.self = storm, .on_receipt = on_receipt};
}

static void storm_close(struct storm *storm)
{
    for (size_t i = 0; i < storm->keepers; i++) {
        ready_done(&storm->lists[i]);
    }
    free(storm->lists);
    tally_done(&storm->before);
    tally_done(&storm->during);
    swarm_close(&storm->swarm);
}

static void keep_for(struct storm *storm, double seconds)
{
    double end = now_s() + seconds;
    storm->next_s = now_s();
    while (now_s() < end) {
        double next = keep_on(storm);
        swarm_turn(&storm->swarm, next < end ? next : end);
    }
}

/* Returns the seconds in which all connections were dropped. */
static double drop_all(struct storm *storm)
{
    double start = now_s();
    for (size_t i = storm->keepers; i < storm->swarm.count; i++) {
        swarm_connect(&storm->swarm, storm->swarm.peers[i]);
        if (i % DROPS_A_TURN == 0) {
            keep_on(storm);
            swarm_turn(&storm->swarm, 0);
        }
    }
    return now_s() - start;
}

void mode_storm(struct load *load)
{
    struct keyring keyring;
    struct storm storm;
    keys_load(load->keys, (size_t)(load->peers + load->keepers), &keyring);
    storm_open(&storm, load, &keyring);
    keep_for(&storm, load->seconds);
    storm.is_storming = true;
    storm.swarm.greeted_again = 0;
    double start = now_s();
    double dropped_s = drop_all(&storm);
    while (storm.swarm.ready_count < storm.swarm.count) {
        swarm_turn(&storm.swarm, keep_on(&storm));
        check_time(load, start);
    }
    double served_s = now_s() - start;
    /* What was under way is answered, so that the slowest round counts. */
    for (size_t i = 0; i < storm.keepers; i++) {
        while (storm.lists[i].done < storm.lists[i].sent) {
            swarm_turn(&storm.swarm, now_s() + 0.1);
            check_time(load, start);
        }
    }
    struct results *results = &load->results;
    results_add(results, "dropped_within_s", dropped_s, 2);
    results_add(results, "served_s", served_s, 2);
    results_add(results, "greeted_again", (double)storm.swarm.greeted_again, 0);
    results_add_latency(results, "before", &storm.before.latency_ms);
    results_add_latency(results, "during", &storm.during.latency_ms);
    results_add(results, "rounds_during", (double)storm.during.latency_ms.count, 0);
    if (storm.before.trouble[0] || storm.during.trouble[0]) {
        fail(tr("not every record was stored (%s%s)", "并非所有记录都已入库（%s%s）"), storm.before.trouble,
             storm.during.trouble);
    }
    storm_close(&storm);
    keys_done(&keyring);
}
