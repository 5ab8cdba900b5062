#include "hub/desk_signals.h"

#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"
#include "hub/desk.h"
#include "hub/history.h"
#include "proto/check.h"
#include "proto/kinds.h"

/* After a look the desk rests so many times as long as it took. */
enum { REST_FACTOR = 20, REST_MS = 1000, BATCHES_A_ROUND = 64 };

/* ---- rules ---- */

bool signals_path(const struct home *home, const struct options *options, char ret_path[PATH_SIZE])
{
    if (options->signals[0] == '/') {
        snprintf(ret_path, PATH_SIZE, "%s", options->signals);
        return true;
    }
    home_file(home, options->signals, ret_path);
    return strcmp(options->signals, SIGNALS_FILE) != 0 || access(ret_path, F_OK) == 0;
}

err_t signals_configure(struct desk_signals *signals, const struct home *home, const struct options *options,
                        char reterr_reason[512])
{
    char path[PATH_SIZE];
    struct signal_rules *rules = NULL;
    if (signals_path(home, options, path)) {
        rules = mem_alloc(sizeof *rules);
        err_t err = signal_rules_load(path, rules, reterr_reason);
        if (err != ERR_OK) {
            free(rules);
            return err;
        }
    }
    free(signals->rules);
    signals->rules = rules;
    signals->changes++;
    signals->is_looking = false;
    return ERR_OK;
}

void signals_forget(struct desk_signals *signals)
{
    signal_memory_close(signals->memory);
    signals->memory = NULL;
    signals->done_day = INT64_MIN;
    signals->is_looking = false;
    signals->is_caught_up = false;
    signals->changes++;
}

void signals_close(struct desk_signals *signals)
{
    signal_memory_close(signals->memory);
    free(signals->rules);
    *signals = (struct desk_signals){0};
}

/* ---- rows ---- */

err_t desk_signal_row(struct desk *desk, const struct party *owner, const uint8_t root[RECORD_ID_SIZE],
                      const struct history *history)
{
    struct signal_row row;
    struct view party = {(const uint8_t *)owner->party, strlen(owner->party)};
    bool counts = signal_row_of(&history->content, root, party, history->facts.owner, history->facts.state,
                                desk->site.settings.utc_offset_minutes, &row) &&
                  row.status == STATUS_ACTUAL && row.state != STATE_CANCELLED && row.state != STATE_SUPERSEDED;
    bool was = true;
    err_t err = counts ? store_put_signal_row(desk->store, owner->row, &row)
                       : store_drop_signal_row(desk->store, owner->row, root, &was);
    desk->signals.changes += was;
    return err;
}

struct old {
    struct desk *desk;
    int64_t now;
};

/* What an earlier version followed: it has made other rows of it, or none. */
static err_t note_old(void *self, const struct logged *logged)
{
    const struct old *old = self;
    struct value id;
    const struct kind *kind = check_peek(logged->bytes, &id);
    return kind && kind->life ? desk_thread(old->desk, logged->owner, logged->root, old->now) : ERR_OK;
}

/* Goes through some of the batches of the time before, the newest first. *ret_has_more: there are others. */
static err_t catch_up(struct desk *desk, int64_t now, bool *ret_has_more)
{
    struct desk_signals *signals = &desk->signals;
    struct old old = {desk, now};
    int64_t to = 0;
    err_t err = signals->is_caught_up ? ERR_OK : store_signal_rows_to(desk->store, &to);
    int64_t end = to > BATCHES_A_ROUND ? to - BATCHES_A_ROUND : 0;
    for (int64_t batch = to; err == ERR_OK && batch > end; batch--) {
        err = store_each_logged(desk->store, batch, note_old, &old);
    }
    err = err == ERR_OK && to > 0 ? store_set_signal_rows_to(desk->store, end) : err;
    signals->is_caught_up = err == ERR_OK && end == 0;
    *ret_has_more = end > 0;
    return err;
}

/* ---- what was raised already ---- */

static void note_raised(void *self, const struct raised *raised)
{
    json_t *list = self;
    json_t *evidence = json_array();
    char text[37];
    for (size_t at = 0; at + RECORD_ID_SIZE <= raised->evidence.size; at += RECORD_ID_SIZE) {
        record_id_text(raised->evidence.at + at, text);
        json_array_append_new(evidence, json_string(text));
    }
    char day[11];
    date_text(raised->day, day);
    json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:o}", "rule", raised->rule, "cluster", raised->cluster,
                                          "day", day, "evidence", evidence));
}

static err_t recall(struct desk *desk)
{
    struct desk_signals *signals = &desk->signals;
    if (signals->memory) {
        return ERR_OK;
    }
    json_t *list = json_array();
    struct signal_memory *memory = signal_memory_open();
    err_t err = store_each_raised(desk->store, note_raised, list);
    err = err == ERR_OK ? signal_memory_from_json(memory, list) : err;
    json_decref(list);
    if (err != ERR_OK) {
        signal_memory_close(memory);
        return err;
    }
    signals->memory = memory;
    return ERR_OK;
}

static err_t note_signal(struct desk *desk, const struct signal *signal, const struct filed *filed, int64_t now)
{
    struct raised raised = {.rule = signal->rule->name, .cluster = signal->cluster, .day = signal->day, .at = now};
    uint8_t *ids = mem_alloc(signal->count * RECORD_ID_SIZE);
    for (size_t i = 0; i < signal->count; i++) {
        memcpy(ids + i * RECORD_ID_SIZE, signal->evidence[i]->id, RECORD_ID_SIZE);
    }
    memcpy(raised.id, filed->id, RECORD_ID_SIZE);
    raised.evidence = (struct view){ids, signal->count * RECORD_ID_SIZE};
    err_t err = store_put_raised(desk->store, &raised);
    free(ids);
    if (err == ERR_OK) {
        signal_memory_put(desk->signals.memory, signal);
    }
    return err;
}

static err_t raise_warning(struct desk *desk, const struct signal *signal, int64_t now)
{
    struct filed filed;
    struct faults faults = {0};
    json_t *warning = NULL;
    char id[37];
    char day[11];
    err_t err = signal_to_warning(signal, &warning);
    if (err == ERR_OK) {
        err = city_file(desk->city, desk->store, warning, now, &filed, &faults);
        json_decref(warning);
    }
    if (err == ERR_INVALID) { /* it is tried again with the next look */
        log_error("signal-refused", "rule=%s field=%s reason=\"%s\"", signal->rule->name,
                  faults.count > 0 ? faults.list[0].field : "", faults.count > 0 ? faults.list[0].reason : "");
        return ERR_OK;
    }
    err = err == ERR_OK ? note_signal(desk, signal, &filed, now) : err;
    if (err == ERR_OK) {
        record_id_text(filed.id, id);
        date_text(signal->day, day);
        log_warn("signal-raised", "rule=%s day=%s warnings=%zu institutions=%zu id=%s", signal->rule->name, day,
                 signal->count, signal->parties, id);
    }
    return err;
}

/* ---- looking ---- */

static err_t add_row(void *self, const struct signal_row *row)
{
    struct signal_set *set = self;
    return signal_set_count(set) < SIGNAL_DESK_ROWS_MAX ? signal_set_add(set, row) : ERR_TOO_LARGE;
}

static err_t raise_news(struct desk *desk, struct signal_set *set, int64_t day, int64_t now)
{
    struct signal_list found;
    int64_t end = day_end(day, desk->site.settings.utc_offset_minutes);
    signal_find(set, day, now < end ? now : end, &found);
    err_t err = ERR_OK;
    for (size_t i = 0; i < found.count && err == ERR_OK; i++) {
        if (signal_is_news(desk->signals.memory, &found.list[i])) {
            err = raise_warning(desk, &found.list[i], now);
        }
    }
    signal_list_done(&found);
    return err;
}

/* One rule with DAY as the last of its window, over the rows that it can see. */
static err_t look_at_rule(struct desk *desk, size_t rule_at, int64_t day, int64_t now)
{
    const struct signal_rule *rule = &desk->signals.rules->list[rule_at];
    int64_t first_known = 0;
    err_t err = store_signal_first_day(desk->store, &first_known);
    if (err != ERR_OK) {
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    struct signal_rules *only = (struct signal_rules *)mem_copy(desk->signals.rules, sizeof *only);
    only->list[0] = *rule;
    only->count = 1;
    struct signal_set *set = signal_set_open(only);
    signal_set_known_from(set, first_known);
    err = store_each_signal_row(desk->store, day - rule->window * (1 + rule->base) + 1, day, add_row, set);
    if (err == ERR_OK) {
        err = raise_news(desk, set, day, now);
    } else if (err == ERR_TOO_LARGE) {
        log_error("signal-too-many", "rule=%s more than %d warnings in its windows: shorten window or base", rule->name,
                  (int)SIGNAL_DESK_ROWS_MAX);
        err = ERR_OK;
    }
    signal_set_close(set);
    free(only);
    return err;
}

static err_t begin_look(struct desk *desk, int64_t today)
{
    struct desk_signals *signals = &desk->signals;
    int64_t first = signals->done_day < today ? signals->done_day + 1 : today;
    err_t err = recall(desk);
    if (err == ERR_OK) {
        first = signals->done_day == INT64_MIN ? today : first;
        signals->day = first < today - SIGNAL_DAYS_BACK ? today - SIGNAL_DAYS_BACK : first;
        signals->rule = 0;
        signals->spent_ms = 0;
        signals->looked = signals->changes;
        signals->is_looking = true;
    }
    return err;
}

/* The next rule, or the next day's first; at the end the days are noted as looked at. */
static err_t step_on(struct desk *desk, int64_t today)
{
    struct desk_signals *signals = &desk->signals;
    if (++signals->rule < signals->rules->count) {
        return ERR_OK;
    }
    signals->rule = 0;
    if (signals->day++ < today) {
        return ERR_OK;
    }
    signals->is_looking = false;
    signals->rest_until = clock_monotonic_ms() + REST_MS + REST_FACTOR * signals->spent_ms;
    if (signals->done_day >= today) {
        return ERR_OK;
    }
    signals->done_day = today;
    return store_set_signal_day(desk->store, today);
}

static bool is_look_due(struct desk_signals *signals, int64_t today)
{
    bool is_news = signals->changes != signals->looked || signals->done_day < today;
    return signals->is_looking || (is_news && clock_monotonic_ms() >= signals->rest_until);
}

err_t desk_signals(struct desk *desk, int64_t now, bool *ret_has_more)
{
    struct desk_signals *signals = &desk->signals;
    int64_t today = day_of(now, desk->site.settings.utc_offset_minutes);
    err_t err = catch_up(desk, now, ret_has_more);
    if (err != ERR_OK || *ret_has_more) {
        return err;
    }
    if (signals->rules && signals->done_day == INT64_MIN) {
        err = store_signal_day(desk->store, &signals->done_day);
        signals->done_day = err == ERR_OK ? signals->done_day : INT64_MIN;
        err = err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    if (err != ERR_OK || !signals->rules || !is_look_due(signals, today)) {
        return err;
    }
    int64_t start = clock_monotonic_ms();
    err = signals->is_looking ? ERR_OK : begin_look(desk, today);
    err = err == ERR_OK ? look_at_rule(desk, signals->rule, signals->day, now) : err;
    signals->spent_ms += clock_monotonic_ms() - start;
    err = err == ERR_OK ? step_on(desk, today) : err;
    *ret_has_more = signals->is_looking;
    return err;
}
