#include "province/follower.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"
#include "province/commands.h"

enum { RESYNC_PAUSE_MS = 1000 };

#define STREAM "uplink"

struct follower {
    struct follower_site site;
    struct hub_member member;
    struct membership saved; /* the member's file, as far as it is known here */
    bool is_unsaved;         /* the hub has named other keys since */
    struct link *link;
    struct dispatch *dispatch;
    bool is_first;      /* the next EVENTS is the first after a FOLLOW */
    bool is_told;       /* hub-caught-up has been logged since that FOLLOW */
    bool is_barred;     /* this session's events are not believed any more: a renewal is due */
    bool has_gap;       /* this session's hub has answered a FOLLOW with GAP */
    int64_t renew_at;   /* monotonic; 0: not due */
    int64_t owed_since; /* monotonic; the hub owes events since then; 0: it owes none */
    uint32_t failures;  /* writes in a row that failed */
    struct inquiry inquiry;
};

static void note_link(struct follower *follower, const char *state, const char *reason, int64_t next_try_at)
{
    err_t err = replica_set_link(follower->site.replica, follower->member.hub, state, reason, next_try_at, clock_ms());
    if (err != ERR_OK) {
        log_debug("status-unwritten", "hub=%" PRId64 " text=\"%s\"", follower->member.hub, err_name(err));
    }
}

static void renew_after(struct follower *follower, int64_t wait_ms)
{
    follower->is_barred = true;
    follower->owed_since = 0;
    follower->renew_at = clock_monotonic_ms() + wait_ms;
}

/* The replica cannot be written: nothing is acknowledged, so nothing is lost. */
static void on_unwritten(struct follower *follower, err_t err)
{
    int64_t wait_ms = follower->site.settings->retry_ms;
    follower->failures++;
    log_error("replica-unwritten",
              "hub=%" PRId64 " text=\"%s\" failures=%" PRIu32 " retry_ms=%" PRId64
              " nothing is acknowledged; the hub is asked again",
              follower->member.hub, err_name(err), follower->failures, wait_ms);
    renew_after(follower, wait_ms);
}

static void follow(struct follower *follower)
{
    struct standing standing;
    err_t err = replica_get_standing(follower->site.replica, follower->member.hub, &standing);
    if (err != ERR_OK) {
        on_unwritten(follower, err);
        return;
    }
    follower->is_first = true;
    follower->is_told = false;
    follower->owed_since = clock_monotonic_ms();
    link_follow(follower->link, STREAM, standing.has_epoch ? standing.epoch : NULL, standing.cursor,
                (uint64_t)follower->site.settings->credit);
    log_info("hub-following", "hub=%" PRId64 " city=%s cursor=%" PRIu64 "%s", follower->member.hub,
             follower->member.membership.city, standing.cursor, standing.is_resyncing ? " resync=yes" : "");
}

static void resync(struct follower *follower, const uint8_t *epoch, const char *why)
{
    err_t err = replica_begin_resync(follower->site.replica, follower->member.hub, epoch, why, clock_ms());
    if (err != ERR_OK) {
        on_unwritten(follower, err);
    }
}

static void copy_name(struct view text, char *out, size_t size)
{
    if (text.size > 0 && text.size < size && utf8_check(text, NULL)) {
        log_safe(text.at, text.size, out, size); /* it is printed in many places */
    }
}

/* The head that the hub has confirmed last is held to what it shows in this session; before there are later ones. */
static err_t tell_receipt(struct follower *follower, const struct welcome *welcome)
{
    struct kept_head head;
    if (welcome->epoch.size != EPOCH_SIZE) {
        return ERR_INVALID;
    }
    err_t err = outbox_last_head(follower->site.outbox, follower->member.hub, welcome->epoch.at, &head);
    err = err == ERR_OK ? witness_tell_receipt(follower->site.witness, follower->member.hub, &head, clock_ms()) : err;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* The hub may have lost events that were read from it although its head lies beyond our cursor. */
static err_t on_lost(void *self, const uint8_t epoch[EPOCH_SIZE])
{
    struct follower *follower = self;
    int64_t hub = follower->member.hub;
    uint64_t sent_again = 0;
    renew_after(follower, RESYNC_PAUSE_MS);
    err_t err = replica_begin_resync(follower->site.replica, hub, epoch, "rewound", clock_ms());
    err = err == ERR_OK ? outbox_send_all_again(follower->site.outbox, hub, &sent_again) : err;
    if (err != ERR_OK) {
        on_unwritten(follower, err);
        return err;
    }
    log_error("hub-rewound",
              "hub=%" PRId64 " why=ledger sent_again=%" PRIu64
              " the hub's ledger does not go on from what it has shown "
              "or confirmed; reading its snapshot while the old figures stay",
              hub, sent_again);
    return ERR_OK;
}

static err_t on_silent(void *self, int64_t since)
{
    struct follower *follower = self;
    return replica_set_silent(follower->site.replica, follower->member.hub, since);
}

/* What `join` has written meanwhile stands. */
static void save_keys(struct follower *follower)
{
    err_t err =
        hubs_update(follower->site.keys->home, follower->member.hub, &follower->saved, &follower->member.membership);
    follower->is_unsaved = err != ERR_OK && err != ERR_NOT_FOUND;
    if (err == ERR_OK) {
        follower->saved = follower->member.membership;
    } else if (follower->is_unsaved) {
        log_error("hub-keys-unsaved", "err=\"%s\" trying again in the next session", err_name(err));
    }
}

static void on_ready(void *self, struct link *link, const struct welcome *welcome)
{
    struct follower *follower = self;
    struct membership *membership = &follower->member.membership;
    follower->link = link;
    follower->is_barred = false; /* a new session: what is heard from now on belongs to the FOLLOW below */
    follower->has_gap = false;
    follower->renew_at = 0;
    if (follower->is_unsaved) {
        save_keys(follower);
    }
    copy_name(welcome->hub, membership->hub, sizeof membership->hub);
    if (welcome->city.size == 6) {
        copy_name(welcome->city, membership->city, sizeof membership->city);
    }
    err_t err = replica_put_hub(follower->site.replica, follower->member.hub, membership->hub, membership->city,
                                membership->endpoint);
    if (err != ERR_OK) {
        on_unwritten(follower, err);
        return;
    }
    note_link(follower, "connected", NULL, 0);
    err = tell_receipt(follower, welcome);
    inquiry_ready(&follower->inquiry, welcome);
    inquiry_pump(&follower->inquiry, link, follower->site.settings->witness_ms);
    follow(follower);
    err = err == ERR_OK ? dispatch_ready(follower->dispatch, link, welcome) : err;
    if (err != ERR_OK) {
        log_error("welcome-not-noted", "hub=%" PRId64 " text=\"%s\" nothing is sent; connecting anew",
                  follower->member.hub, err_name(err));
        renew_after(follower, follower->site.settings->retry_ms);
    }
}

static void report(struct follower *follower, const struct applied *applied)
{
    int64_t hub = follower->member.hub;
    log_debug("hub-events",
              "hub=%" PRId64 " cursor=%" PRIu64 " head=%" PRIu64 " cells=%" PRIu32 " records=%" PRIu32
              " alerts=%" PRIu32 " skipped=%" PRIu32,
              hub, applied->cursor, applied->head, applied->cells, applied->records, applied->alerts, applied->skipped);
    if (applied->is_resynced) {
        log_warn("hub-resynced", "hub=%" PRId64 " cursor=%" PRIu64 " cells_removed=%" PRIu32, hub, applied->cursor,
                 applied->cells_gone);
    }
    inquiry_stir(&follower->inquiry);
    if (applied->is_caught_up && !follower->is_told) {
        follower->is_told = true;
        inquiry_urge(&follower->inquiry);
        log_info("hub-caught-up", "hub=%" PRId64 " city=%s cursor=%" PRIu64, hub, follower->member.membership.city,
                 applied->cursor);
    }
}

static void start_over(struct follower *follower, const struct events *events, const char *why)
{
    log_error("hub-rewound",
              "hub=%" PRId64 " why=%s head=%" PRIu64 " the hub's store is another one or an older copy; reading its "
              "snapshot while the old figures stay",
              follower->member.hub, why, events->head);
    /* First the bar, so that a failure of the write below sets its own, longer wait. */
    renew_after(follower, RESYNC_PAUSE_MS);
    resync(follower, events->epoch.at, why);
}

static void on_events(void *self, struct link *link, const struct events *events)
{
    struct follower *follower = self;
    struct applied applied;
    if (follower->is_barred || !view_is(events->stream, STREAM)) {
        return;
    }
    err_t err =
        replica_apply(follower->site.replica, follower->member.hub, events, follower->is_first, clock_ms(), &applied);
    if (err == ERR_INVALID) {
        log_error("events-malformed", "hub=%" PRId64 " nothing of the message is taken; the hub is asked again",
                  follower->member.hub);
        renew_after(follower, follower->site.settings->retry_ms);
        return;
    }
    if (err != ERR_OK) {
        on_unwritten(follower, err);
        return;
    }
    if (applied.is_other_epoch || applied.is_behind_us) {
        start_over(follower, events, applied.is_other_epoch ? "epoch" : "rewound");
        return;
    }
    follower->is_first = false;
    follower->failures = 0;
    follower->owed_since = applied.is_caught_up ? 0 : clock_monotonic_ms();
    link_ack(link, STREAM, applied.cursor);
    report(follower, &applied);
}

static void on_gap(void *self, struct link *link, const struct gap *gap)
{
    (void)link;
    struct follower *follower = self;
    bool is_pruned = view_is(gap->why, "pruned");
    if (follower->is_barred || !view_is(gap->stream, STREAM)) {
        return;
    }
    log_error("hub-gap",
              "hub=%" PRId64 " why=%s first=%" PRIu64 " %s; reading the hub's snapshot while the old figures stay",
              follower->member.hub, is_pruned ? "pruned" : "epoch", gap->first,
              is_pruned ? "the hub has pruned what was missed" : "the hub's store is another one than was followed");
    if (gap->epoch.size != EPOCH_SIZE) {
        renew_after(follower, follower->site.settings->retry_ms);
        return;
    }
    if (follower->has_gap) { /* not as fast as such a hub would have it */
        renew_after(follower, RESYNC_PAUSE_MS);
    }
    follower->has_gap = true;
    resync(follower, gap->epoch.at, is_pruned ? "pruned" : "epoch");
    if (!follower->is_barred) {
        follow(follower); /* the hub has ended the old FOLLOW, so nothing of it can still come */
    }
}

static void on_refuse(void *self, struct link *link, const struct refuse *refuse)
{
    (void)link;
    struct follower *follower = self;
    if (refuse->has_batch) {
        dispatch_refuse(follower->dispatch, refuse);
        return;
    }
    char code[32];
    char reason[512];
    char text[600];
    log_safe(refuse->code.at, refuse->code.size, code, sizeof code);
    log_safe(refuse->reason.at, refuse->reason.size, reason, sizeof reason);
    snprintf(text, sizeof text, "%s: %s", fault_label(code, text_is_chinese()), reason);
    note_link(follower, "refused", text, 0);
    /* The FOLLOW may have been what was refused; a busy hub says when to come again. */
    int64_t wait_ms = refuse->after_ms > 0 && refuse->after_ms < 3600000 ? (int64_t)refuse->after_ms
                                                                         : follower->site.settings->retry_ms;
    renew_after(follower, wait_ms);
}

static void on_down(void *self, struct link *link, const char *reason, int64_t retry_ms)
{
    struct follower *follower = self;
    link_set_sent(link, dispatch_sent(follower->dispatch));
    follower->renew_at = 0; /* the link makes a new session by itself */
    follower->owed_since = 0;
    dispatch_down(follower->dispatch);
    note_link(follower, "waiting", reason, clock_ms() + retry_ms);
}

static void on_receipt(void *self, struct link *link, const struct receipt_body *body, const struct receipt *receipt)
{
    (void)link;
    struct follower *follower = self;
    dispatch_receipt(follower->dispatch, body, receipt);
}

static void on_proof(void *self, struct link *link, const struct ledger_proof *proof, const struct tree_head *head)
{
    (void)head;
    struct follower *follower = self;
    inquiry_answer(&follower->inquiry, link, proof, follower->site.settings->witness_ms);
    if (!follower->is_barred) {
        inquiry_pump(&follower->inquiry, link, follower->site.settings->witness_ms); /* many heads may wait */
    }
}

static void on_hub_keys(void *self, struct link *link)
{
    (void)link;
    struct follower *follower = self;
    follower->is_unsaved = true; /* until on_ready, which comes next */
}

static void open_link(struct follower *follower)
{
    const struct link_config config = {.membership = &follower->member.membership,
                                       .keys = follower->site.keys,
                                       .software = SOFTWARE,
                                       .sent = dispatch_sent(follower->dispatch)};
    const struct link_handler handler = {.self = follower,
                                         .on_ready = on_ready,
                                         .on_receipt = on_receipt,
                                         .on_events = on_events,
                                         .on_gap = on_gap,
                                         .on_refuse = on_refuse,
                                         .on_proof = on_proof,
                                         .on_hub_keys = on_hub_keys,
                                         .on_down = on_down};
    note_link(follower, "connecting", NULL, 0);
    follower->link = link_open(follower->site.loop, &config, &handler);
}

struct follower *follower_open(const struct follower_site *site, const struct hub_member *member)
{
    struct follower *follower = mem_alloc(sizeof *follower);
    follower->site = *site;
    follower->member = *member;
    follower->saved = member->membership;
    const struct membership *membership = &follower->member.membership;
    err_t err = replica_put_hub(site->replica, member->hub, membership->hub, membership->city, membership->endpoint);
    if (err != ERR_OK) {
        log_warn("replica-unwritten", "hub=%" PRId64 " text=\"%s\" going on; trying again when connected", member->hub,
                 err_name(err));
    }
    follower->dispatch = dispatch_open(site->outbox, member->hub, membership, &site->settings->retry_ms);
    const struct inquiry_config inquiry = {site->witness, member->hub, &membership->hub_signing_key,
                                           on_lost,       on_silent,   follower};
    inquiry_init(&follower->inquiry, &inquiry);
    open_link(follower);
    return follower;
}

void follower_close(struct follower *follower)
{
    if (!follower) {
        return;
    }
    link_close(follower->link);
    dispatch_close(follower->dispatch);
    note_link(follower, "stopped", NULL, 0);
    free(follower);
}

int64_t follower_hub(const struct follower *follower)
{
    return follower->member.hub;
}

bool follower_is_of(const struct follower *follower, const struct hub_member *member)
{
    return follower->member.hub == member->hub && membership_is_same(&follower->member.membership, &member->membership);
}

void follower_keys_changed(struct follower *follower)
{
    link_renew(follower->link, tr("a change of keys: connecting anew", "密钥已更换，正在重新连接"));
}

bool follower_check(struct follower *follower, int64_t now_monotonic)
{
    int64_t stall_ms = follower->site.settings->stall_ms;
    if (follower->owed_since > 0 && now_monotonic - follower->owed_since > stall_ms) {
        log_error("hub-stalled",
                  "hub=%" PRId64 " owed_ms=%" PRId64 " connected, but owed events do not come; connecting anew",
                  follower->member.hub, now_monotonic - follower->owed_since);
        renew_after(follower, 0);
    }
    return follower->renew_at > 0 && now_monotonic >= follower->renew_at;
}

void follower_renew(struct follower *follower)
{
    assert(follower->renew_at > 0);
    follower->renew_at = 0;
    link_close(follower->link);
    open_link(follower);
}

void follower_send(struct follower *follower, int64_t now_monotonic, bool is_asked)
{
    if (is_asked) {
        link_set_sent(follower->link, dispatch_sent(follower->dispatch));
    }
    if (follower->is_barred || link_state(follower->link) != LINK_READY) {
        return;
    }
    if (is_asked) {
        dispatch_pump(follower->dispatch, follower->link);
    } else {
        dispatch_tick(follower->dispatch, follower->link, now_monotonic);
    }
    inquiry_pump(&follower->inquiry, follower->link, follower->site.settings->witness_ms);
}

void follower_witness(struct follower *follower)
{
    inquiry_urge(&follower->inquiry);
}
