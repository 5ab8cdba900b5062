#include "hub/desk.h"

#include <string.h>

#include "common/text.h"
#include "hub/history.h"
#include "hub/store_delivery.h"
#include "proto/kinds.h"

err_t desk_open(struct desk *desk, struct store *store, struct city *city, const struct home *home,
                int utc_offset_minutes, char reterr_reason[512])
{
    *desk = (struct desk){.store = store,
                          .city = city,
                          .plans_day = INT64_MIN,
                          .leap.waits_for = INT64_MIN,
                          .signals.done_day = INT64_MIN};
    desk_forget_periods(desk);
    desk_forget_day(desk);
    return site_terms_open(home, utc_offset_minutes, &desk->site, reterr_reason);
}

void desk_close(struct desk *desk)
{
    site_terms_close(&desk->site);
    signals_close(&desk->signals);
    desk_free_received(desk);
}

err_t desk_load_terms(struct desk *desk, const struct home *home, char reterr_reason[512])
{
    struct site_terms site;
    err_t err = site_terms_open(home, desk->site.settings.utc_offset_minutes, &site, reterr_reason);
    if (err == ERR_OK) {
        site_terms_close(&desk->site);
        desk->site = site;
        desk_forget_periods(desk); /* the period may be another */
    }
    return err;
}

err_t desk_configure(struct desk *desk, const struct home *home, const struct options *options, char reterr_reason[512])
{
    desk->share_mode = (enum share_mode)share_mode_find(options->share_mode);
    desk->share_level = options->share_level;
    desk->shares_due = true;
    desk->leap.wait_ms = options->leap_wait_s * 1000;
    return signals_configure(&desk->signals, home, options, reterr_reason);
}

void desk_settle(const struct desk *desk, struct clock_row *row, int64_t now)
{
    row->state = clock_state(&row->clock, now);
    row->next_at = INT64_MAX;
    if (row->state == CLOCK_VOID || row->clock.ended_at != 0) {
        return;
    }
    row->next_at = clock_next_at(&row->clock, row->done, &desk->site.settings);
    if (row->state == CLOCK_OPEN && row->clock.due_at + 1 < row->next_at) {
        row->next_at = row->clock.due_at + 1;
    }
}

err_t desk_put_clock(struct desk *desk, const struct clock_row *old, struct clock_row *row)
{
    err_t err = store_put_clock(desk->store, old, row);
    if (err != ERR_OK || row->clock.term->index != TERM_ANSWER_NOTICE) {
        return err;
    }
    bool is_late = row->state == CLOCK_OVERDUE && row->clock.ended_at == 0;
    return store_set_late(desk->store, row->owner, row->root, row->party.row, is_late);
}

/* ---- the clocks of one duty holder about one thread ---- */

static struct clock_row *find_row(struct clock_row *rows, size_t count, const struct term *term)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].clock.term == term) {
            return &rows[i];
        }
    }
    return NULL;
}

static bool is_same_clock(const struct clock *a, const struct clock *b)
{
    return a->started_at == b->started_at && a->due_at == b->due_at && a->ended_at == b->ended_at &&
           a->is_void == b->is_void && a->is_drill == b->is_drill;
}

static err_t put_fresh(struct desk *desk, const struct clock_row *old, struct clock_row *fresh, int64_t now)
{
    if (old && is_same_clock(&old->clock, &fresh->clock)) {
        return ERR_OK;
    }
    fresh->done = old && old->clock.due_at == fresh->clock.due_at ? old->done : 0;
    desk_settle(desk, fresh, now);
    return desk_put_clock(desk, old, fresh);
}

/* What the thread's own records do not tell stands in `events`, and in its last facts. */
struct duty {
    const struct party *party;
    int64_t owner;
    const uint8_t *root;
    const char *activity;
    int64_t events[TERM_EVENTS]; /* 0: as the thread's records say */
    bool is_emergency;           /* whatever they say */
};

/* The thread's clocks, gone through record by record: what is found does not depend on when it is looked for. */
static void run_clocks(const struct duty *duty, const struct history *history, const struct term_settings *settings,
                       struct term_run *ret_run)
{
    *ret_run = (struct term_run){0};
    for (size_t i = 0; i < history->step_count; i++) {
        const struct history_step *step = &history->steps[i];
        struct term_facts facts = step->facts;
        facts.is_emergency = facts.is_emergency || duty->is_emergency;
        for (size_t event = 0; event < TERM_EVENTS; event++) {
            facts.event_at[event] = duty->events[event] ? duty->events[event] : facts.event_at[event];
        }
        term_advance(ret_run, &step->content->record, &facts, step->at, settings);
    }
}

static err_t put_run(struct desk *desk, const struct duty *duty, const struct term_run *run, struct clock_row *old,
                     size_t old_count, int64_t now)
{
    bool is_kept[TERMS] = {false};
    err_t err = ERR_OK;
    for (size_t i = 0; i < run->count && err == ERR_OK; i++) {
        struct clock_row fresh = {
            .party = *duty->party, .owner = duty->owner, .root_size = RECORD_ID_SIZE, .clock = run->clocks[i]};
        memcpy(fresh.root, duty->root, RECORD_ID_SIZE);
        snprintf(fresh.activity, sizeof fresh.activity, "%s", duty->activity);
        struct clock_row *before = find_row(old, old_count, fresh.clock.term);
        if (before) {
            is_kept[before - old] = true;
        }
        err = put_fresh(desk, before, &fresh, now);
    }
    for (size_t i = 0; i < old_count && err == ERR_OK; i++) {
        if (!is_kept[i] && old[i].state != CLOCK_VOID) {
            struct clock_row ended = old[i];
            ended.clock.is_void = true;
            err = put_fresh(desk, &old[i], &ended, now);
        }
    }
    return err;
}

static err_t reckon(struct desk *desk, const struct duty *duty, const struct history *history, int64_t now)
{
    struct clock_row old[TERMS];
    size_t old_count = 0;
    struct term_run run;
    struct term_settings settings = desk->site.settings;
    err_t err = store_clocks_of(desk->store, duty->party, (struct view){duty->root, RECORD_ID_SIZE}, old, &old_count);
    for (size_t i = 0; i < old_count; i++) {
        term_keep(&settings, old[i].clock.term->index, old[i].clock.length);
    }
    run_clocks(duty, history, &settings, &run);
    return err == ERR_OK ? put_run(desk, duty, &run, old, old_count, now) : err;
}

struct addressees {
    struct desk *desk;
    const struct history *history;
    int64_t owner;
    const uint8_t *root;
    int64_t now;
};

static err_t reckon_addressee(void *self, const struct delivery *delivery)
{
    struct addressees *all = self;
    struct party party;
    err_t err = store_party_at(all->desk->store, delivery->party, &party);
    struct duty duty = {.party = &party, .owner = all->owner, .root = all->root, .activity = ""};
    duty.events[EVENT_ANSWERED] = delivery->answered_at;
    return err == ERR_OK ? reckon(all->desk, &duty, all->history, all->now) : err;
}

void desk_read_activity(const struct record *content, char ret_activity[ACTIVITY_SIZE])
{
    const struct value *activity =
        content->kind == kind_by_number(KIND_REVIEW_REPORT) ? record_get(content, "activity_no") : NULL;
    snprintf(ret_activity, ACTIVITY_SIZE, "%.*s", activity ? (int)activity->view.size : 0,
             activity ? (const char *)activity->view.at : "");
}

err_t desk_derived(struct desk *desk, const struct party *owner, const uint8_t root[RECORD_ID_SIZE],
                   const struct history *history)
{
    err_t err = ERR_OK;
    switch (history->kind->number) {
    case KIND_RISK_WARNING:
        err = desk_signal_row(desk, owner, root, history);
        return err == ERR_OK ? desk_share_row(desk, owner, root, history) : err;
    case KIND_SHARED_WARNING:
        return owner->row == desk->city->party.row ? desk_share_noted(desk, root, history) : ERR_OK;
    case KIND_CITY_PLAN:
        return desk_plan_row(desk, root, history);
    default:
        return ERR_OK;
    }
}

err_t desk_thread(struct desk *desk, int64_t owner, const uint8_t root[RECORD_ID_SIZE], int64_t now)
{
    struct party party;
    struct history history = {0};
    char activity[ACTIVITY_SIZE];
    err_t err = store_party_at(desk->store, owner, &party);
    err =
        err == ERR_OK ? history_read(desk->store, &party, root, desk->site.settings.utc_offset_minutes, &history) : err;
    if (err == ERR_OK && history.kind && history.content.kind) {
        struct addressees all = {desk, &history, owner, root, now};
        struct duty duty = {.party = &party, .owner = owner, .root = root, .activity = activity};
        desk_read_activity(&history.content, activity);
        err = desk_find_mentions(desk, owner, root, &history, duty.events);
        err = err == ERR_OK ? desk_inherits_emergency(desk, &party, &history, &duty.is_emergency) : err;
        err = err != ERR_OK ? err
              : history.kind->number == KIND_NOTICE
                  ? store_each_delivery(desk->store, owner, root, reckon_addressee, &all)
                  : reckon(desk, &duty, &history, now);
        err = err == ERR_OK ? desk_derived(desk, &party, root, &history) : err;
    }
    history_done(&history);
    return err;
}

/* ---- one record of the log ---- */

struct pass {
    struct desk *desk;
    int64_t now;
};

static err_t on_record(void *self, const struct logged *logged)
{
    struct pass *pass = self;
    struct desk *desk = pass->desk;
    struct record record;
    struct faults ignored = {0};
    struct record_context context = {.now_ms = logged->at,
                                     .utc_offset_minutes = desk->site.settings.utc_offset_minutes};
    err_t checked = record_check(logged->bytes, &context, &record, &ignored);
    (void)checked; /* checked when it was stored */
    if (!record.kind) {
        return ERR_OK;
    }
    err_t err = desk_thread(desk, logged->owner, logged->root, pass->now);
    err = err == ERR_OK ? desk_mentioned(desk, logged, &record, pass->now) : err;
    return err == ERR_OK && logged->role == ROLE_ENTITY ? desk_report(desk, logged, &record, pass->now) : err;
}

/* Follows the log; true in *ret_has_more where the budget ended first. */
static err_t follow_log(struct desk *desk, int64_t now, int64_t until, bool *ret_has_more)
{
    struct pass pass = {desk, now};
    int64_t done = 0;
    int64_t head = 0;
    err_t err = store_desk(desk->store, &done, &head);
    int64_t start = done;
    while (err == ERR_OK && done < head && clock_monotonic_ms() < until) {
        err = store_each_logged(desk->store, ++done, on_record, &pass);
    }
    *ret_has_more = done < head;
    return err == ERR_OK && done > start ? store_set_desk(desk->store, done) : err;
}

/* What no record brings about, but the day and the hour. */
static err_t follow_calendar(struct desk *desk, int64_t now, int64_t until, bool *ret_has_more)
{
    err_t err = desk_periods(desk, now, until, ret_has_more);
    if (err == ERR_OK && !*ret_has_more) {
        err = desk_plans(desk, now);
        err = err == ERR_OK ? desk_alerts(desk, now, ret_has_more) : err;
    }
    if (err == ERR_OK && !*ret_has_more) {
        err = desk_signals(desk, now, ret_has_more);
    }
    return err;
}

static void forget_what_was_done(struct desk *desk)
{
    desk_forget_periods(desk);
    desk_forget_day(desk);
    desk->plans_day = INT64_MIN;
    desk->shares_due = true;
    signals_forget(&desk->signals);
}

err_t desk_run(struct desk *desk, int64_t now, int64_t budget_ms, bool *ret_has_more)
{
    int64_t until = clock_monotonic_ms() + budget_ms;
    bool believes = false;
    *ret_has_more = false;
    err_t err = store_begin(desk->store);
    err = err == ERR_OK ? follow_log(desk, now, until, ret_has_more) : err;
    if (err == ERR_OK && !*ret_has_more) {
        err = desk_receive(desk, now, ret_has_more);
    }
    if (err == ERR_OK && !*ret_has_more) {
        err = desk_shares(desk, now, ret_has_more);
    }
    if (err == ERR_OK && !*ret_has_more) {
        err = desk_believes(desk, now, &believes);
    }
    if (err == ERR_OK && believes) {
        err = follow_calendar(desk, now, until, ret_has_more);
    }
    err = err == ERR_OK ? store_commit(desk->store) : err;
    desk_end_receive(desk, err == ERR_OK);
    if (err != ERR_OK) {
        store_rollback(desk->store);
        forget_what_was_done(desk);
    }
    return err;
}
