/* How long a warning takes to reach the province while reports keep the hub busy: from the sending of its SUBMIT to the
 * arrival of its event. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "tests/bench/load.h"

struct warn {
    struct load *load;
    struct runner runner; /* the reports; the institution that warns and the province follow in its swarm */
    struct swarm_peer *warner, *province;
    struct ready_list warnings;
    struct tally tally;
    struct samples arrival_ms;
    bool *has_arrived;
    size_t arrived;
    uint64_t cursor, head;
    bool is_followed;
};

static void on_receipt(void *self, struct swarm_peer *peer, const struct receipt *receipt)
{
    struct warn *warn = self;
    if (peer == warn->warner) {
        tally_take(&warn->tally, &warn->warnings, peer, receipt, false);
    } else {
        runner_take(&warn->runner, peer, receipt);
    }
}

/* Which of the warnings is under way; -1: one of an earlier run. */
static long find_warning(const struct warn *warn, struct view id)
{
    for (size_t i = 0; i < warn->warnings.sent; i++) {
        if (!warn->has_arrived[i] && memcmp(warn->warnings.batches[i].first_id, id.at, RECORD_ID_SIZE) == 0) {
            return (long)i;
        }
    }
    return -1;
}

static bool read_record_id(struct view record, struct view *ret_id)
{
    struct reader reader = reader_over(record.at, record.size);
    uint32_t pairs = 0;
    bool is_sound = reader_map(&reader, &pairs) == ERR_OK;
    while (is_sound && pairs-- > 0) {
        struct view key;
        is_sound = reader_str(&reader, &key) == ERR_OK;
        if (is_sound && view_is(key, "id")) {
            return reader_bin(&reader, ret_id) == ERR_OK && ret_id->size == RECORD_ID_SIZE;
        }
        is_sound = is_sound && reader_skip(&reader, NULL) == ERR_OK;
    }
    return false;
}

static void take_warning(struct warn *warn, struct view record)
{
    struct view id;
    long index = read_record_id(record, &id) ? find_warning(warn, id) : -1;
    if (index >= 0) {
        warn->has_arrived[index] = true;
        warn->arrived++;
        samples_add(&warn->arrival_ms, (now_s() - warn->warnings.batches[index].sent_s) * 1e3);
    }
}

static void on_events(void *self, struct swarm_peer *peer, const struct events *events)
{
    struct warn *warn = self;
    struct reader list = events->list;
    for (uint32_t i = 0; i < events->count; i++) {
        struct view bytes;
        struct event event;
        if (events_next(&list, &warn->cursor, &bytes) != ERR_OK) {
            fail(tr("events that do not decode", "事件无法解码"));
        }
        if (event_decode(bytes, &event) == ERR_OK && event.type == EVENT_RECORD) {
            take_warning(warn, event.record.record);
        }
    }
    warn->head = events->head;
    warn->is_followed = true;
    struct message message = {.type = MESSAGE_CURSOR};
    message.cursor = (struct cursor){.session = peer->session, .stream = events->stream, .cursor = warn->cursor};
    swarm_send_message(&warn->runner.swarm, peer, &message);
}

/* From the beginning, until nothing is left of earlier runs. */
static void catch_up(struct warn *warn)
{
    static const char stream[] = "uplink";
    double start = now_s();
    struct message message = {.type = MESSAGE_FOLLOW};
    message.follow = (struct follow){.session = warn->province->session,
                                     .stream = {(const uint8_t *)stream, sizeof stream - 1},
                                     .credit = CREDIT_MAX};
    swarm_send_message(&warn->runner.swarm, warn->province, &message);
    while (!warn->is_followed || warn->cursor < warn->head) {
        swarm_turn(&warn->runner.swarm, now_s() + 0.1);
        check_time(warn->load, start);
    }
}

static void wait_ready(struct warn *warn, const struct swarm_peer *peer)
{
    double start = now_s();
    while (peer->state != PEER_READY) {
        swarm_turn(&warn->runner.swarm, now_s() + 0.1);
        check_time(warn->load, start);
    }
}

static void warn_open(struct warn *warn, struct load *load, const struct keyring *entities,
                      const struct keyring *province)
{
    size_t peers = (size_t)load->peers;
    size_t batches = (size_t)ceil(load->rate * load->seconds / load->items / load->peers);
    *warn = (struct warn){.load = load};
    runner_open(&warn->runner, load, entities, peers, batches, (uint32_t)load->items);
    struct swarm *swarm = &warn->runner.swarm;
    swarm->handler = (struct swarm_handler){.self = warn, .on_receipt = on_receipt, .on_events = on_events};
    warn->warner = swarm_add(swarm, load->context, entities, &entities->members[peers]);
    warn->province = swarm_add(swarm, load->context, province, &province->members[0]);
    swarm_connect(swarm, warn->warner);
    swarm_connect(swarm, warn->province);
    wait_ready(warn, warn->warner);
    wait_ready(warn, warn->province);
    size_t warnings = (size_t)ceil(load->seconds * 1e3 / load->every_ms);
    ready_make(&warn->warnings, swarm, warn->warner, records_warning, warnings, 1);
    warn->has_arrived = mem_alloc(warnings * sizeof *warn->has_arrived);
    tally_open(&warn->tally, peers + 1);
}

static void warn_close(struct warn *warn)
{
    ready_done(&warn->warnings);
    tally_done(&warn->tally);
    samples_done(&warn->arrival_ms);
    free(warn->has_arrived);
    runner_close(&warn->runner);
}

static void run(struct warn *warn)
{
    struct runner *runner = &warn->runner;
    uint64_t reports = (uint64_t)runner->lists[0].count * runner->paced_count;
    struct ready_list *warnings = &warn->warnings;
    runner_pace(runner, warn->load->items / warn->load->rate);
    double every_s = warn->load->every_ms / 1e3;
    while (runner->batches_done < reports || warn->arrived < warnings->count || warnings->done < warnings->count) {
        double next = runner_send_due(runner);
        double due = runner->started_s + (double)warnings->sent * every_s;
        if (warnings->sent < warnings->count && due <= now_s() &&
            warnings->sent - warnings->done < warn->warner->window) {
            ready_send(warnings, &runner->swarm, warn->warner);
            due += every_s;
        }
        swarm_turn(&runner->swarm, warnings->sent < warnings->count ? fmin(next, due) : next);
        check_time(warn->load, runner->started_s);
    }
}

void mode_warn(struct load *load)
{
    struct keyring entities;
    struct keyring province;
    struct warn warn;
    keys_load(load->keys, (size_t)load->peers + 1, &entities);
    keys_load(load->province, 1, &province);
    warn_open(&warn, load, &entities, &province);
    catch_up(&warn);
    run(&warn);
    tally_verify(&warn.tally, &entities);
    struct results *results = &load->results;
    results_add(results, "warnings", (double)warn.arrived, 0);
    results_add_latency(results, "warning", &warn.arrival_ms);
    results_add_latency(results, "warning_receipt", &warn.tally.latency_ms);
    results_add_latency(results, "report_receipt", &warn.runner.tally.latency_ms);
    for (size_t i = 0; i < warn.tally.latency_ms.count; i++) {
        samples_add(&warn.runner.tally.latency_ms, warn.tally.latency_ms.values[i]);
    }
    results_add_latency(results, "receipt", &warn.runner.tally.latency_ms);
    uint64_t reports = (uint64_t)warn.runner.lists[0].count * (uint64_t)(load->peers * load->items);
    for (size_t i = 0; i < sizeof warn.tally.outcomes / sizeof *warn.tally.outcomes; i++) {
        warn.runner.tally.outcomes[i] += warn.tally.outcomes[i];
    }
    if (!warn.runner.tally.trouble[0]) {
        memcpy(warn.runner.tally.trouble, warn.tally.trouble, sizeof warn.tally.trouble);
    }
    tally_report(&warn.runner.tally, reports + warn.warnings.count, results);
    warn_close(&warn);
    keys_done(&entities);
    keys_done(&province);
}
