#include "province/dispatch.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"

enum { AGAIN_MS = 1000, LOOK_EVERY_MS = 30000, REFUSE_MAX_MS = 3600000 };

struct dispatch {
    struct outbox *outbox;
    int64_t hub;
    const struct membership *membership;
    const int64_t *retry_ms;
    struct flights flights;
    struct parcels parcels;
    int64_t look_ms; /* monotonic: when to look at the outbox unasked */
    bool is_stopped; /* a refusal that would come again: nothing is sent until the next session */
};

static void note_trouble(struct dispatch *dispatch, const char *trouble)
{
    if (outbox_note_trouble(dispatch->outbox, dispatch->hub, trouble) != ERR_OK) {
        log_debug("trouble-not-noted", "hub=%" PRId64, dispatch->hub);
    }
}

struct dispatch *dispatch_open(struct outbox *outbox, int64_t hub, const struct membership *membership,
                               const int64_t *retry_ms)
{
    struct dispatch *dispatch = mem_alloc(sizeof *dispatch);
    dispatch->outbox = outbox;
    dispatch->hub = hub;
    dispatch->membership = membership;
    dispatch->retry_ms = retry_ms;
    dispatch->parcels.bytes = mem_alloc(PARCELS_BYTES_MAX);
    return dispatch;
}

void dispatch_close(struct dispatch *dispatch)
{
    if (dispatch) {
        free(dispatch->parcels.bytes);
        free(dispatch);
    }
}

uint64_t dispatch_sent(struct dispatch *dispatch)
{
    uint64_t seq = 0;
    if (outbox_last_seq(dispatch->outbox, dispatch->hub, &seq) != ERR_OK) {
        log_warn("outbox-unreadable", "hub=%" PRId64 " HELLO will say nothing of what was sent", dispatch->hub);
    }
    return seq;
}

static bool send_parcels(struct dispatch *dispatch, struct link *link)
{
    struct parcels *parcels = &dispatch->parcels;
    uint64_t number = 0;
    err_t err = link_submit(link, parcels->items, parcels->count, &number);
    if (err != ERR_OK) {
        dispatch->look_ms = clock_monotonic_ms() + AGAIN_MS;
        if (err != ERR_BUSY) {
            log_error("send-failed", "hub=%" PRId64 " items=%" PRIu32 " err=\"%s\"", dispatch->hub, parcels->count,
                      err_name(err));
        }
        return false;
    }
    for (uint32_t i = 0; i < parcels->count; i++) {
        flights_add(&dispatch->flights, parcels->seqs[i], number);
    }
    log_debug("sent", "hub=%" PRId64 " batch=%" PRIu64 " items=%" PRIu32, dispatch->hub, number, parcels->count);
    return true;
}

void dispatch_pump(struct dispatch *dispatch, struct link *link)
{
    dispatch->look_ms = clock_monotonic_ms() + LOOK_EVERY_MS;
    while (!dispatch->is_stopped) {
        uint32_t room = link_room(link);
        uint32_t free_flights = flights_room(&dispatch->flights);
        room = room < free_flights ? room : free_flights;
        if (room == 0) {
            return;
        }
        err_t err = outbox_pick(dispatch->outbox, dispatch->hub, &dispatch->flights, room, &dispatch->parcels);
        if (err != ERR_OK) {
            log_warn("outbox-unreadable", "hub=%" PRId64 " err=\"%s\" retry_ms=%d", dispatch->hub, err_name(err),
                     AGAIN_MS);
            dispatch->look_ms = clock_monotonic_ms() + AGAIN_MS;
            return;
        }
        if (dispatch->parcels.count == 0 || !send_parcels(dispatch, link)) {
            return;
        }
    }
}

void dispatch_tick(struct dispatch *dispatch, struct link *link, int64_t now_monotonic)
{
    if (flights_release(&dispatch->flights, now_monotonic) || now_monotonic >= dispatch->look_ms) {
        dispatch_pump(dispatch, link);
    }
}

static void tell_welcome(const struct dispatch *dispatch, const struct outbox_welcome *effect)
{
    if (effect->is_epoch_changed || effect->is_hub_behind) {
        log_error("hub-lost-filings",
                  "hub=%" PRId64 " why=%s sent_again=%" PRIu64
                  " what the hub had confirmed and may not have any more is sent again",
                  dispatch->hub, effect->is_epoch_changed ? "epoch" : "behind", effect->sent_again);
    }
    if (effect->is_behind_hub) {
        log_error("outbox-behind-hub",
                  "hub=%" PRId64 " the hub holds more of this province than this outbox: another home, or a lost one? "
                  "numbering goes on above",
                  dispatch->hub);
    }
}

err_t dispatch_ready(struct dispatch *dispatch, struct link *link, const struct welcome *welcome)
{
    struct outbox_welcome effect;
    flights_clear(&dispatch->flights);
    dispatch->is_stopped = false;
    note_trouble(dispatch, "");
    err_t err = outbox_take_welcome(dispatch->outbox, dispatch->hub, welcome, &effect);
    if (err == ERR_OK) {
        tell_welcome(dispatch, &effect);
        dispatch_pump(dispatch, link);
    }
    return err;
}

void dispatch_down(struct dispatch *dispatch)
{
    flights_clear(&dispatch->flights);
}

static void settle_flights(struct dispatch *dispatch, const struct verdicts *verdicts, int64_t now)
{
    for (uint32_t i = 0; i < verdicts->count; i++) {
        const struct verdict *verdict = &verdicts->list[i];
        if (verdict->outcome == OUTCOME_RETRY) {
            int64_t wait = verdict->after_ms > 0 ? verdict->after_ms : *dispatch->retry_ms;
            flights_hold(&dispatch->flights, verdict->seq, now + wait);
        } else {
            flights_drop(&dispatch->flights, verdict->seq);
        }
    }
}

/* What a receipt did not settle was sent in vain: a mismatch, or an outbox that could not be written. */
void dispatch_receipt(struct dispatch *dispatch, const struct receipt_body *body, const struct receipt *receipt)
{
    struct verdicts verdicts;
    int64_t now = clock_monotonic_ms();
    uint32_t counts[OUTCOME_RETRY + 1] = {0};
    err_t err = outbox_take_receipt(dispatch->outbox, dispatch->hub, body, receipt,
                                    &dispatch->membership->hub_signing_key, &verdicts);
    if (err != ERR_OK) {
        log_error("receipt-not-noted", "hub=%" PRId64 " batch=%" PRIu64 " err=\"%s\" it will be asked for again",
                  dispatch->hub, receipt->batch, err_name(err));
        flights_hold_batch(&dispatch->flights, receipt->batch, now + *dispatch->retry_ms);
        return;
    }
    settle_flights(dispatch, &verdicts, now);
    flights_hold_batch(&dispatch->flights, receipt->batch, now + *dispatch->retry_ms);
    for (uint32_t i = 0; i < verdicts.count; i++) {
        counts[verdicts.list[i].outcome]++;
    }
    if (verdicts.ignored > 0) {
        log_error("receipt-mismatch",
                  "hub=%" PRId64 " batch=%" PRIu64 " results=%" PRIu32
                  " no delivery has this id and hash, ignoring them",
                  dispatch->hub, receipt->batch, verdicts.ignored);
    }
    const char *code = verdicts.count > 0 ? verdicts.list[verdicts.count - 1].code : "";
    if (!dispatch->is_stopped) {
        note_trouble(dispatch, code); /* of an earlier batch; what has stopped the sending lasts */
    }
    log_info("receipt",
             "hub=%" PRId64 " batch=%" PRIu64 " stored=%" PRIu32 " duplicate=%" PRIu32 " rejected=%" PRIu32
             " retry=%" PRIu32 "%s%s",
             dispatch->hub, receipt->batch, counts[OUTCOME_STORED], counts[OUTCOME_DUPLICATE], counts[OUTCOME_REJECTED],
             counts[OUTCOME_RETRY], *code ? " code=" : "", code);
    dispatch->look_ms = now; /* at the next tick: a busy hub must not keep the loop from its signals */
}

void dispatch_refuse(struct dispatch *dispatch, const struct refuse *refuse)
{
    static const char *const stopping[] = {"bad_signature", "not_permitted", "unsupported", "malformed"};
    char code[FAULT_CODE_SIZE];
    int64_t wait =
        refuse->after_ms > 0 && refuse->after_ms < REFUSE_MAX_MS ? (int64_t)refuse->after_ms : *dispatch->retry_ms;
    flights_hold_batch(&dispatch->flights, refuse->batch, clock_monotonic_ms() + wait);
    log_safe(refuse->code.at, refuse->code.size, code, sizeof code);
    note_trouble(dispatch, code);
    for (size_t i = 0; i < sizeof stopping / sizeof *stopping; i++) {
        if (view_is(refuse->code, stopping[i])) {
            dispatch->is_stopped = true;
            log_error("sending-stopped", "hub=%" PRId64 " code=%s nothing is sent until the next session",
                      dispatch->hub, code);
        }
    }
}
