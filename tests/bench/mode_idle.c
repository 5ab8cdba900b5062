/* What connected peers cost that say nothing but PING. */

#include "common/text.h"
#include "tests/bench/load.h"

static const double settle_s = 1;

static void turn_for(struct swarm *swarm, double seconds)
{
    double end = now_s() + seconds;
    while (now_s() < end) {
        swarm_turn(swarm, end);
    }
}

void mode_idle(struct load *load)
{
    struct keyring keyring;
    struct swarm swarm;
    size_t count = (size_t)load->peers;
    long pid = (long)load->pid;
    if (pid == 0) {
        fail(tr("idle needs --pid: the hub's process", "idle 需要 --pid：枢纽进程号"));
    }
    keys_load(load->keys, count, &keyring);
    swarm_open(&swarm, &keyring);
    for (size_t i = 0; i < count; i++) {
        swarm_add(&swarm, load->context, &keyring, &keyring.members[i]);
    }
    double before_kib = process_rss_kib(pid);
    double start = now_s();
    swarm_connect_all(&swarm, load->timeout);
    double connected_s = now_s() - start;
    turn_for(&swarm, settle_s);
    double cpu_s = process_cpu_s(pid);
    start = now_s();
    turn_for(&swarm, load->seconds);
    cpu_s = process_cpu_s(pid) - cpu_s;
    double elapsed = now_s() - start;
    double after_kib = process_rss_kib(pid);
    if (swarm.ready_count < count) {
        fail(tr("%zu of %zu peers are still in a session", "仅有 %zu / %zu 个端点仍在会话中"), swarm.ready_count,
             count);
    }
    struct results *results = &load->results;
    results_add(results, "connect_s", connected_s, 2);
    results_add(results, "rss_before_kib", before_kib, 0);
    results_add(results, "rss_after_kib", after_kib, 0);
    results_add(results, "kib_a_peer", (after_kib - before_kib) / load->peers, 1);
    /* With what the hub itself and its registry take: an upper bound that no order of measuring can hide from. */
    results_add(results, "kib_a_peer_all_told", after_kib / load->peers, 1);
    results_add(results, "cpu_percent", cpu_s / elapsed * 100, 2);
    results_add(results, "pings_sent", (double)swarm.pings_sent, 0);
    results_add(results, "pings_received", (double)swarm.pings_received, 0);
    swarm_close(&swarm);
    keys_done(&keyring);
}
