/* Submissions of ready batches: in rounds (the next when the receipt came), or on a schedule. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "tests/bench/load.h"

void check_time(const struct load *load, double started_s)
{
    if (now_s() - started_s > load->timeout) {
        fail(tr("not done after %.0f s", "%.0f 秒后仍未完成"), load->timeout);
    }
}

void runner_open(struct runner *runner, struct load *load, const struct keyring *keyring, size_t count, size_t batches,
                 uint32_t items)
{
    memset(runner, 0, sizeof *runner);
    swarm_open(&runner->swarm, keyring);
    for (size_t i = 0; i < count; i++) {
        swarm_add(&runner->swarm, load->context, keyring, &keyring->members[i]);
    }
    swarm_connect_all(&runner->swarm, load->timeout);
    runner->lists = mem_alloc(count * sizeof *runner->lists);
    for (size_t i = 0; i < count; i++) {
        ready_make(&runner->lists[i], &runner->swarm, runner->swarm.peers[i], records_review, batches, items);
        swarm_turn(&runner->swarm, 0); /* making a million records takes longer than a hub waits for a sign of life */
    }
    runner->paced_count = count;
    tally_open(&runner->tally, count);
}

void runner_close(struct runner *runner)
{
    for (size_t i = 0; i < runner->paced_count; i++) {
        ready_done(&runner->lists[i]);
    }
    free(runner->lists);
    tally_done(&runner->tally);
    swarm_close(&runner->swarm);
}

void runner_take(struct runner *runner, struct swarm_peer *peer, const struct receipt *receipt)
{
    struct ready_list *list = &runner->lists[peer->index];
    tally_take(&runner->tally, list, peer, receipt, runner->period_s > 0);
    runner->batches_done++;
    if (runner->period_s == 0 && list->sent < list->count) {
        ready_send(list, &runner->swarm, peer);
    }
}

void runner_pace(struct runner *runner, double period_s)
{
    runner->period_s = period_s;
    runner->started_s = now_s();
    for (size_t i = 0; i < runner->paced_count; i++) {
        struct ready_list *list = &runner->lists[i];
        for (size_t j = 0; j < list->count; j++) {
            list->batches[j].due_s = runner->started_s + (double)(j * runner->paced_count + i) * period_s;
        }
    }
}

double runner_send_due(struct runner *runner)
{
    double now = now_s();
    double next = INFINITY;
    for (size_t i = 0; i < runner->paced_count; i++) {
        struct ready_list *list = &runner->lists[i];
        struct swarm_peer *peer = runner->swarm.peers[i];
        while (list->sent < list->count && list->batches[list->sent].due_s <= now &&
               (list->sent - list->done + 1) * list->items <= peer->window) {
            ready_send(list, &runner->swarm, peer);
        }
        /* One that waits for its window is woken by a receipt, not by the clock. */
        if (list->sent < list->count && list->batches[list->sent].due_s > now) {
            next = fmin(next, list->batches[list->sent].due_s);
        }
    }
    return fmin(next, now + 0.1);
}

static void on_receipt(void *self, struct swarm_peer *peer, const struct receipt *receipt)
{
    runner_take(self, peer, receipt);
}

static void report(struct runner *runner, struct load *load, uint64_t expected, double start)
{
    struct results *results = &load->results;
    tally_verify(&runner->tally, runner->swarm.keyring);
    double elapsed = runner->tally.last_s - start;
    results_add(results, "records_per_s", (double)expected / elapsed, 0);
    results_add_latency(results, "", &runner->tally.latency_ms);
    results_add(results, "seconds", elapsed, 3);
    const struct ready_list *list = &runner->lists[0];
    results_add(results, "bytes_a_record", (double)list->batches[0].size / (double)list->items, 0);
    tally_report(&runner->tally, expected, results);
}

void mode_rounds(struct load *load)
{
    struct keyring keyring;
    struct runner runner;
    size_t count = (size_t)load->peers;
    uint32_t items = (uint32_t)load->items;
    size_t batches = (size_t)ceil(load->total / load->peers / load->items);
    keys_load(load->keys, count, &keyring);
    runner_open(&runner, load, &keyring, count, batches, items);
    runner.swarm.handler = (struct swarm_handler){.self = &runner, .on_receipt = on_receipt};
    double start = now_s();
    for (size_t i = 0; i < count; i++) {
        ready_send(&runner.lists[i], &runner.swarm, runner.swarm.peers[i]);
    }
    while (runner.batches_done < batches * count) {
        swarm_turn(&runner.swarm, now_s() + 0.5);
        check_time(load, start);
    }
    report(&runner, load, (uint64_t)batches * count * items, start);
    runner_close(&runner);
    keys_done(&keyring);
}

void mode_paced(struct load *load)
{
    struct keyring keyring;
    struct runner runner;
    size_t count = (size_t)load->peers;
    uint32_t items = (uint32_t)load->items;
    size_t batches = (size_t)ceil(load->rate * load->seconds / load->items / load->peers);
    keys_load(load->keys, count, &keyring);
    runner_open(&runner, load, &keyring, count, batches, items);
    runner.swarm.handler = (struct swarm_handler){.self = &runner, .on_receipt = on_receipt};
    runner_pace(&runner, load->items / load->rate);
    while (runner.batches_done < batches * count) {
        double next = runner_send_due(&runner);
        swarm_turn(&runner.swarm, next);
        check_time(load, runner.started_s);
    }
    results_add(&load->results, "rate", load->rate, 0);
    report(&runner, load, (uint64_t)batches * count * items, runner.started_s);
    runner_close(&runner);
    keys_done(&keyring);
}
