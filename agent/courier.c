#include "agent/courier.h"

#include <inttypes.h>
#include <string.h>

#include "agent/blobs_spool.h"
#include "agent/courier_blobs.h"
#include "agent/courier_note.h"
#include "agent/courier_proofs.h"
#include "agent/hub_file.h"
#include "agent/spool_hub.h"
#include "agent/wake.h"
#include "common/link.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"

enum { TICK_MS = 250, AGAIN_MS = 1000, LOOK_EVERY_MS = 30000, STRANGE_MS = 60000 };
static const char stream[] = "inbox";

struct courier {
    struct courier_config config;
    zloop_t *loop;
    struct link *link;
    struct porter *porter;
    struct prover prover;
    int timer;
    zmq_pollitem_t wake;
    struct flights flights;
    struct batch batch;
    int64_t look_ms;  /* monotonic: when to look at the spool unasked; soon where the last look failed */
    int64_t renew_ms; /* monotonic: when a session begins anew of which something could not be noted; 0: it is good */
    bool is_pump_due; /* a one-shot timer, pump_timer, will pump */
    int pump_timer;
    bool is_unwelcome; /* what the hub holds could not be noted: nothing is sent before it is */
    bool was_ready;
    bool has_inbox;
    struct hub_file hub_file;
    struct notice notice;
};

static int64_t retry_ms(const struct courier *courier)
{
    return courier->config.settings->retry_ms;
}

/* What came and could not be noted may not be passed over, so no event that comes behind it counts either. A new
 * session begins where the spool stands. */
static void renew_soon(struct courier *courier, int64_t least_ms)
{
    int64_t wait = retry_ms(courier) > AGAIN_MS ? retry_ms(courier) : AGAIN_MS;
    courier->renew_ms = clock_monotonic_ms() + (wait > least_ms ? wait : least_ms);
}

static bool send_batch(struct courier *courier)
{
    struct batch *batch = &courier->batch;
    uint64_t number = 0;
    err_t err = link_submit(courier->link, batch->items, batch->count, &number);
    if (err != ERR_OK) {
        courier->look_ms = clock_monotonic_ms() + TICK_MS;
        if (err != ERR_BUSY) {
            log_error("send-failed", "items=%" PRIu32 " err=\"%s\"", batch->count, err_name(err));
        }
        return false;
    }
    for (uint32_t i = 0; i < batch->count; i++) {
        flights_add(&courier->flights, batch->seqs[i], number);
    }
    log_debug("sent", "batch=%" PRIu64 " items=%" PRIu32, number, batch->count);
    return true;
}

/* Sends whatever may be sent now. */
static void pump(struct courier *courier)
{
    courier->look_ms = clock_monotonic_ms() + LOOK_EVERY_MS;
    while (courier->notice.connection.refusal[0] == '\0' && !courier->is_unwelcome) {
        uint32_t room = link_room(courier->link);
        uint32_t free_flights = flights_room(&courier->flights);
        room = room < free_flights ? room : free_flights;
        if (room == 0) {
            return;
        }
        err_t err = spool_pick(courier->config.spool, &courier->flights, room, &courier->batch);
        if (err != ERR_OK) {
            log_warn("spool-unreadable", "err=\"%s\" retry_ms=%d", err_name(err), AGAIN_MS);
            courier->look_ms = clock_monotonic_ms() + AGAIN_MS;
            return;
        }
        if (courier->batch.count == 0 || !send_batch(courier)) {
            return;
        }
    }
}

static int on_pump(zloop_t *loop, int timer, void *arg)
{
    (void)loop;
    (void)timer;
    struct courier *courier = arg;
    courier->is_pump_due = false;
    pump(courier);
    return 0;
}

/* After the receipts that have come: were each answered by a new batch at once, a busy hub would keep the loop from
 * ever looking at its signals. */
static void pump_soon(struct courier *courier)
{
    if (!courier->is_pump_due) {
        courier->pump_timer = zloop_timer(courier->loop, 1, 1, on_pump, courier);
        courier->is_pump_due = courier->pump_timer >= 0;
    }
}

static void follow(struct courier *courier)
{
    uint8_t epoch[EPOCH_SIZE];
    bool has_epoch = false;
    uint64_t cursor = 0;
    if (spool_inbox_position(courier->config.spool, epoch, &has_epoch, &cursor) != ERR_OK) {
        renew_soon(courier, 0);
        return;
    }
    link_follow(courier->link, stream, has_epoch ? epoch : NULL, cursor,
                (uint64_t)courier->config.settings->inbox_credit);
}

/* A change of keys that was cut short after the hub had taken the new pair. */
static void finish_change(struct courier *courier)
{
    if (!link_uses_next(courier->link)) {
        return;
    }
    err_t err = identity_promote_next(courier->config.home, courier->config.keys->next.curve_public);
    (void)keyring_refresh(courier->config.keys); /* the same pairs under their new names */
    log_info("keys-changed", "text=\"the hub has the new ones\" noted=\"%s\"", err_name(err));
}

static void on_ready(void *self, struct link *link, const struct welcome *welcome)
{
    (void)link;
    struct courier *courier = self;
    struct welcome_effect effect;
    courier->renew_ms = 0;
    courier->is_unwelcome = false;
    flights_clear(&courier->flights);
    porter_reset(courier->porter);
    courier->notice.connection.refusal[0] = '\0';
    if (!view_is(welcome->party, courier->config.membership->party)) {
        log_warn("party-differs",
                 "text=\"the hub knows this key under another identifier: its receipts are not ours; join again\"");
    }
    err_t err = spool_take_welcome(courier->config.spool, welcome, &effect);
    if (err == ERR_OK) {
        note_welcome(&effect, courier->config.membership->endpoint);
    } else {
        log_error("welcome-not-noted", "err=\"%s\" retry_ms=%" PRId64, err_name(err), retry_ms(courier));
        renew_soon(courier, 0);
        courier->is_unwelcome = true; /* else a restored hub's count would catch up, and what it lost never show */
    }
    prover_reset(&courier->prover, welcome->has_proofs);
    finish_change(courier);
    courier->was_ready = true;
    notice_set(&courier->notice, true, "", 0);
    if (courier->renew_ms > 0) {
        return;
    }
    follow(courier);
    pump(courier);
    porter_look(courier->porter, courier->link);
    prover_tick(&courier->prover, courier->link);
}

/* The hub has lost, or never had, what the record names. */
static void doubt(struct courier *courier, const struct verdict *verdict)
{
    if (strcmp(verdict->code, "missing_blob") != 0) {
        return;
    }
    err_t err = spool_doubt_blobs(courier->config.spool, verdict->seq);
    if (err != ERR_OK) {
        log_error("blob-not-noted", "seq=%" PRIu64 " err=\"%s\"", verdict->seq, err_name(err));
        return;
    }
    log_warn("blob-missing", "seq=%" PRIu64 " text=\"the hub lacks an attachment; it is offered again\"", verdict->seq);
    porter_look(courier->porter, courier->link);
}

static void on_hub_keys(void *self, struct link *link)
{
    (void)link;
    struct courier *courier = self;
    hub_file_save(&courier->hub_file, retry_ms(courier));
}

/* What a receipt did not settle was sent in vain: a mismatch, or a spool that could not be written. */
static void on_receipt(void *self, struct link *link, const struct receipt_body *body, const struct receipt *receipt)
{
    (void)link;
    struct courier *courier = self;
    struct verdicts verdicts;
    int64_t now = clock_monotonic_ms();
    uint32_t counts[OUTCOME_RETRY + 1] = {0};
    err_t err = spool_take_receipt(courier->config.spool, body, receipt, &courier->config.membership->hub_signing_key,
                                   &verdicts);
    if (err != ERR_OK) {
        log_error("receipt-not-noted", "batch=%" PRIu64 " err=\"%s\" text=\"it will be asked for again\"",
                  receipt->batch, err_name(err));
        flights_hold_batch(&courier->flights, receipt->batch, now + retry_ms(courier));
        return;
    }
    for (uint32_t i = 0; i < verdicts.count; i++) {
        const struct verdict *verdict = &verdicts.list[i];
        counts[verdict->outcome]++;
        if (verdict->outcome == OUTCOME_RETRY) {
            int64_t wait = verdict->after_ms > 0 ? verdict->after_ms : retry_ms(courier);
            flights_hold(&courier->flights, verdict->seq, now + wait);
            doubt(courier, verdict);
        } else {
            flights_drop(&courier->flights, verdict->seq);
        }
    }
    flights_hold_batch(&courier->flights, receipt->batch, now + retry_ms(courier));
    if (verdicts.ignored > 0) {
        log_error("receipt-mismatch",
                  "batch=%" PRIu64 " results=%" PRIu32 " text=\"no item has this id and hash, "
                  "ignoring them\"",
                  receipt->batch, verdicts.ignored);
    }
    const char *code = verdicts.count > 0 ? verdicts.list[verdicts.count - 1].code : "";
    log_info("receipt",
             "batch=%" PRIu64 " stored=%" PRIu32 " duplicate=%" PRIu32 " rejected=%" PRIu32 " retry=%" PRIu32 "%s%s",
             receipt->batch, counts[OUTCOME_STORED], counts[OUTCOME_DUPLICATE], counts[OUTCOME_REJECTED],
             counts[OUTCOME_RETRY], *code ? " code=" : "", code);
    if (counts[OUTCOME_DUPLICATE] > 0) {
        prover_look(&courier->prover);
    }
    pump_soon(courier);
}

static void on_events(void *self, struct link *link, const struct events *events)
{
    struct courier *courier = self;
    uint64_t cursor = 0;
    uint32_t added = 0;
    if (courier->renew_ms > 0) {
        return;
    }
    err_t err = spool_take_events(courier->config.spool, events, clock_ms(), &cursor, &added);
    if (err == ERR_INVALID) {
        log_error("inbox-unreadable", "text=\"events of another stream or broken ones\" restart_ms=%" PRId64,
                  retry_ms(courier));
    } else if (err != ERR_OK) {
        log_error("inbox-not-noted", "err=\"%s\" retry_ms=%" PRId64, err_name(err), retry_ms(courier));
    }
    if (err != ERR_OK) {
        renew_soon(courier, err == ERR_INVALID ? STRANGE_MS : 0); /* a hub that sends nonsense goes on doing so */
        return;
    }
    courier->has_inbox = courier->has_inbox || cursor >= events->head;
    if (added > 0) {
        log_info("inbox", "events=%" PRIu32 " cursor=%" PRIu64, added, cursor);
    }
    if (events->count > 0) {
        link_ack(link, stream, cursor);
    }
}

static void on_gap(void *self, struct link *link, const struct gap *gap)
{
    (void)link;
    struct courier *courier = self;
    char why[32];
    if (courier->renew_ms > 0) {
        return;
    }
    log_error("inbox-gap", "why=%s text=\"the inbox is read again from its beginning\"",
              log_safe(gap->why.at, gap->why.size, why, sizeof why));
    err_t err = gap->epoch.size == EPOCH_SIZE ? spool_restart_inbox(courier->config.spool, gap->epoch.at) : ERR_INVALID;
    if (err == ERR_OK) {
        follow(courier);
        return;
    }
    log_error("inbox-not-noted", "err=\"%s\" retry_ms=%" PRId64, err_name(err), retry_ms(courier));
    renew_soon(courier, 0);
}

/* A refused batch that would be refused again stops the sending until the next session. */
static void on_refuse(void *self, struct link *link, const struct refuse *refusal)
{
    (void)link;
    static const char *const stopping[] = {"bad_signature", "not_permitted", "unsupported", "malformed"};
    struct courier *courier = self;
    if (!refusal->has_batch) {
        porter_refused(courier->porter, refusal);
        prover_refused(&courier->prover, refusal);
        return;
    }
    int64_t wait =
        refusal->after_ms > 0 && refusal->after_ms < 3600000 ? (int64_t)refusal->after_ms : retry_ms(courier);
    flights_hold_batch(&courier->flights, refusal->batch, clock_monotonic_ms() + wait);
    if (refusal->after_ms > 0) {
        notice_slow(&courier->notice, refusal, wait);
    }
    for (size_t i = 0; i < sizeof stopping / sizeof *stopping; i++) {
        if (view_is(refusal->code, stopping[i])) {
            char reason[512];
            char text[REASON_SIZE];
            log_safe(refusal->reason.at, refusal->reason.size, reason, sizeof reason);
            snprintf(text, sizeof text, "%s: %s", stopping[i], reason);
            log_error("sending-stopped", "code=%s text=\"nothing is sent until the next session\"", stopping[i]);
            notice_refuse(&courier->notice, text);
        }
    }
}

static void on_blob(void *self, struct link *link, const struct message *message)
{
    struct courier *courier = self;
    if (porter_take(courier->porter, link, message)) {
        pump_soon(courier);
    }
}

static void on_proof(void *self, struct link *link, const struct ledger_proof *proof, const struct tree_head *head)
{
    struct courier *courier = self;
    if (prover_take(&courier->prover, link, proof, head)) {
        pump_soon(courier);
    }
}

static void on_probed(void *self, struct link *link, uint64_t token)
{
    struct courier *courier = self;
    porter_probed(courier->porter, link, token);
}

/* Whatever becomes of this machine, the city knows then that there is more. */
static void note_given_out(const struct courier *courier, struct link *link)
{
    uint64_t seq = 0;
    if (spool_given_out(courier->config.spool, &seq) == ERR_OK) {
        link_set_sent(link, seq);
    }
}

static void on_down(void *self, struct link *link, const char *reason, int64_t wait_ms)
{
    struct courier *courier = self;
    note_given_out(courier, link);
    flights_clear(&courier->flights);
    porter_reset(courier->porter);
    prover_reset(&courier->prover, false);
    courier->renew_ms = 0;
    notice_set(&courier->notice, false, reason, clock_ms() + wait_ms);
}

static int on_tick(zloop_t *loop, int timer, void *arg)
{
    (void)loop;
    (void)timer;
    struct courier *courier = arg;
    int64_t now = clock_monotonic_ms();
    hub_file_tick(&courier->hub_file, retry_ms(courier));
    if (courier->hub_file.is_outdated) {
        return -1;
    }
    if (link_state(courier->link) != LINK_READY) {
        return 0;
    }
    notice_tick(&courier->notice, now);
    if (courier->renew_ms > 0 && now >= courier->renew_ms) {
        link_renew(courier->link, tr("what the hub said could not be noted here: connecting anew",
                                     "枢纽的消息未能在本机记下，正在重新连接"));
        return 0;
    }
    if (flights_release(&courier->flights, now) || now >= courier->look_ms) {
        pump(courier);
    }
    porter_tick(courier->porter, courier->link);
    prover_tick(&courier->prover, courier->link);
    return 0;
}

static int on_wake(zloop_t *loop, zmq_pollitem_t *item, void *arg)
{
    (void)loop;
    struct courier *courier = arg;
    wake_drain(item->fd);
    bool is_other_pair = keyring_refresh(courier->config.keys);
    if (hub_file_look(&courier->hub_file)) {
        return -1;
    }
    if (is_other_pair) {
        log_info("keys-changed", "text=\"connecting with the new ones\"");
        link_renew(courier->link, tr("a change of keys: connecting anew", "密钥已更换，正在重新连接"));
        return 0;
    }
    note_given_out(courier, courier->link);
    if (link_state(courier->link) == LINK_READY) {
        pump(courier);
        porter_look(courier->porter, courier->link);
    }
    return 0;
}

struct courier *courier_open(zloop_t *loop, const struct courier_config *config, char reterr_reason[256])
{
    int fd = -1;
    struct counts counts = {.last_seq = 0};
    if (wake_listen(config->home, &fd) != ERR_OK) {
        snprintf(reterr_reason, 256, tr("cannot make the FIFO %.150s/wake", "无法创建管道 %.150s/wake"),
                 config->home->path);
        return NULL;
    }
    if (spool_counts(config->spool, &counts) != ERR_OK) {
        log_warn("spool-unreadable", "HELLO will say nothing of what was sent");
    }
    struct courier *courier = mem_alloc(sizeof *courier);
    courier->config = *config;
    hub_file_init(&courier->hub_file, config->home, config->membership);
    courier->notice.spool = config->spool;
    courier->loop = loop;
    courier->porter = porter_open(&courier->config);
    prover_init(&courier->prover, config->spool, &config->membership->hub_signing_key);
    courier->wake = (zmq_pollitem_t){.fd = fd, .events = ZMQ_POLLIN};
    batch_init(&courier->batch);
    struct link_config link_config = {.membership = config->membership,
                                      .keys = config->keys,
                                      .software = "agn-agent/" AGN_VERSION,
                                      .sent = counts.last_seq};
    struct link_handler handler = {.self = courier,
                                   .on_ready = on_ready,
                                   .on_receipt = on_receipt,
                                   .on_events = on_events,
                                   .on_gap = on_gap,
                                   .on_refuse = on_refuse,
                                   .on_blob = on_blob,
                                   .on_proof = on_proof,
                                   .on_probed = on_probed,
                                   .on_hub_keys = on_hub_keys,
                                   .on_down = on_down};
    courier->timer = zloop_timer(loop, TICK_MS, 0, on_tick, courier);
    zloop_poller(loop, &courier->wake, on_wake, courier);
    notice_set(&courier->notice, false, tr("connecting", "正在连接"), 0);
    courier->link = link_open(loop, &link_config, &handler);
    return courier;
}

void courier_close(struct courier *courier)
{
    if (!courier) {
        return;
    }
    link_close(courier->link);
    porter_close(courier->porter);
    if (courier->is_pump_due) {
        zloop_timer_end(courier->loop, courier->pump_timer);
    }
    zloop_poller_end(courier->loop, &courier->wake);
    zloop_timer_end(courier->loop, courier->timer);
    close(courier->wake.fd);
    batch_done(&courier->batch);
    free(courier);
}

bool courier_was_ready(const struct courier *courier)
{
    return courier->was_ready;
}

bool courier_is_outdated(const struct courier *courier)
{
    return courier->hub_file.is_outdated;
}

bool courier_has_inbox(const struct courier *courier)
{
    return courier->has_inbox;
}

const char *courier_trouble(const struct courier *courier)
{
    const struct connection *connection = &courier->notice.connection;
    return connection->refusal[0] ? connection->refusal : connection->is_ready ? "" : connection->reason;
}

uint64_t courier_moved(const struct courier *courier)
{
    return porter_moved(courier->porter);
}

bool courier_is_proving(const struct courier *courier)
{
    return prover_is_busy(&courier->prover);
}
