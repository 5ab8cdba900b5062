#include "proto/term.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MS_PER_HOUR = 3600000 };

int term_find(const char *code)
{
    return enumeration_index(&enum_term, (struct view){(const uint8_t *)code, strlen(code)});
}

bool term_is_periodic(const struct term *term)
{
    return term->start == START_PERIOD_END;
}

void term_settings_default(int utc_offset_minutes, struct term_settings *ret_settings)
{
    *ret_settings = (struct term_settings){.utc_offset_minutes = utc_offset_minutes, .period = PERIOD_QUARTER};
    for (size_t i = 0; i < TERMS; i++) {
        ret_settings->lengths[i] = terms[i].length;
    }
}

void term_keep(struct term_settings *settings, enum term_index index, struct term_length length)
{
    assert((length.unit == UNIT_FIELD) == (terms[index].length.unit == UNIT_FIELD));
    settings->lengths[index] = length;
}

/* ---- conditions ---- */

static bool is_listed(const char *codes, const char *code)
{
    size_t size = strlen(code);
    for (const char *at = codes; at; at = strchr(at, '|'), at = at ? at + 1 : NULL) {
        if (strncmp(at, code, size) == 0 && (at[size] == '|' || at[size] == '\0')) {
            return true;
        }
    }
    return false;
}

/* Enums by code, flags by their name, the rest in decimal. */
static const char *code_of(const struct record *record, const char *key, char out[24])
{
    const struct value *value = record_get(record, key);
    if (!value || !value->is_present) {
        return NULL;
    }
    const struct field *row = &record->kind->fields[kind_field(record->kind, key)];
    if (row->type == FIELD_ENUM) {
        return row->codes->labels[value->number].code;
    }
    if (row->type == FIELD_FLAG) {
        return value->number != 0 ? "true" : "false";
    }
    snprintf(out, 24, "%" PRId64, value->number);
    return out;
}

static bool holds(const struct record *record, const struct term_condition *condition)
{
    char number[24];
    const char *code = code_of(record, condition->key, number);
    return (code && is_listed(condition->codes, code)) != condition->is_not;
}

static bool is_code(const struct record *record, const char *key, const char *code)
{
    const struct term_condition condition = {.key = key, .codes = code};
    return holds(record, &condition);
}

static bool applies(const struct term *term, const struct record *content, const struct term_facts *facts)
{
    bool is_emergency =
        facts->is_emergency || is_code(content, "procedure", "emergency") || is_code(content, "is_emergency", "true");
    if (strcmp(term->root, content->kind->name) != 0 || term_is_periodic(term) ||
        (term->owners >> facts->owner & 1U) == 0 || (term->which == CASE_ORDINARY && is_emergency) ||
        (term->which == CASE_EMERGENCY && !is_emergency)) {
        return false;
    }
    for (size_t i = 0; i < TERM_CONDITIONS && term->when[i].key; i++) {
        if (!holds(content, &term->when[i])) {
            return false;
        }
    }
    return true;
}

/* ---- from start to due date ---- */

/* A moment; a date is the day's beginning. */
struct moment {
    int64_t at;
    bool is_date;
};

static bool read_moment(const struct record *record, const char *key, int utc_offset_minutes, struct moment *ret_moment)
{
    const struct value *value = key ? record_get(record, key) : NULL;
    if (!value || !value->is_present) {
        return false;
    }
    bool is_date = record->kind->fields[kind_field(record->kind, key)].type == FIELD_DATE;
    ret_moment->is_date = is_date;
    ret_moment->at = is_date ? day_start(value->number, utc_offset_minutes) : value->number;
    return true;
}

static int64_t fixed_day(int64_t month_and_day, int64_t start_day)
{
    char text[11];
    int64_t day = 0;
    struct period year = period_of_day(start_day, PERIOD_YEAR);
    snprintf(text, sizeof text, "%04u-%02u-%02u", (unsigned)year.year % 10000, (unsigned)(month_and_day / 100) % 100,
             (unsigned)(month_and_day % 100));
    err_t err = date_parse((struct view){(const uint8_t *)text, 10}, &day);
    assert(err == ERR_OK);
    (void)err;
    return day;
}

static int64_t due_after(struct moment start, struct term_length length, const struct term_settings *settings)
{
    int offset = settings->utc_offset_minutes;
    int64_t day = day_of(start.at, offset);
    switch (length.unit) {
    case UNIT_HOURS:
        return (start.is_date ? day_end(day, offset) : start.at) + length.number * MS_PER_HOUR;
    case UNIT_DAYS:
        return day_end(day + length.number, offset);
    case UNIT_WORKING_DAYS:
        return day_end(settings->add_working_days(settings->calendar, day, length.number), offset);
    case UNIT_MONTHS:
        return day_end(date_add_months(day, (int)length.number), offset);
    case UNIT_DATE:
        return day_end(fixed_day(length.number, day), offset);
    case UNIT_FIELD:
    case UNIT_AGAIN:
    case TERM_UNITS:
        break;
    }
    assert(false);
    return 0;
}

static bool find_start(const struct term *term, const struct record *content, const struct term_facts *facts,
                       int utc_offset_minutes, struct moment *ret_start)
{
    *ret_start = (struct moment){.at = term->start == START_GRADED ? facts->graded_at : facts->received_at};
    switch (term->start) {
    case START_FIELD:
        return read_moment(content, term->start_key, utc_offset_minutes, ret_start);
    case START_FIELD_OR_RECEIVED:
        (void)read_moment(content, term->start_key, utc_offset_minutes, ret_start);
        return true;
    case START_RECEIVED:
    case START_GRADED:
        return true;
    case START_PERIOD_END:
        break;
    }
    return false;
}

/* False: the term has no due date here. */
static bool find_due(const struct clock *clock, const struct record *content, struct moment start,
                     const struct term_settings *settings, int64_t *ret_due_at)
{
    struct moment due;
    if (read_moment(content, clock->term->due_key, settings->utc_offset_minutes, &due)) {
        *ret_due_at =
            due.is_date ? day_end(day_of(due.at, settings->utc_offset_minutes), settings->utc_offset_minutes) : due.at;
        return true;
    }
    if (clock->length.unit == UNIT_FIELD) {
        return false;
    }
    *ret_due_at = due_after(start, clock->length, settings);
    return true;
}

/* ---- ends ---- */

static int64_t first_of_states(unsigned states, const struct term_facts *facts)
{
    int64_t first = 0;
    for (size_t i = 0; i < TERM_STATES; i++) {
        int64_t at = facts->reached_at[i];
        if ((states >> i & 1U) != 0 && at != 0 && (first == 0 || at < first)) {
            first = at;
        }
    }
    return first;
}

/* A field without a date that stood in the thread's first record was there before it: in time, as far as anybody knows.
 */
static int64_t stood_since(const struct clock *clock, const struct record *content, const struct term_facts *facts)
{
    const struct value *value = record_get(content, clock->term->end_key);
    if (!value || !value->is_present) {
        return 0;
    }
    int64_t at = facts->event_at[clock->term->event];
    if (at > facts->received_at) {
        return at;
    }
    return facts->received_at < clock->due_at ? facts->received_at : clock->due_at;
}

static int64_t find_end(const struct clock *clock, const struct record *content, const struct term_facts *facts,
                        int utc_offset_minutes)
{
    struct moment end = {0};
    switch (clock->term->end) {
    case END_FIELD:
        return read_moment(content, clock->term->end_key, utc_offset_minutes, &end) ? end.at : 0;
    case END_STANDS:
        return stood_since(clock, content, facts);
    case END_STATE:
        return first_of_states(clock->term->states, facts);
    case END_EVENT:
        return facts->event_at[clock->term->event];
    }
    return 0;
}

static bool is_void(const struct clock *clock, const struct life *life, int state)
{
    if (!life) {
        return false;
    }
    return (life->uncounted >> state & 1U) != 0 || (clock->ended_at == 0 && (life->closed >> state & 1U) != 0);
}

/* ---- clocks ---- */

static bool start_clock(const struct term *term, const struct record *content, const struct term_facts *facts,
                        const struct term_settings *settings, struct clock *ret_clock)
{
    struct moment start;
    struct clock clock = {.term = term, .length = settings->lengths[term->index]};
    if (!find_start(term, content, facts, settings->utc_offset_minutes, &start) ||
        !find_due(&clock, content, start, settings, &clock.due_at)) {
        return false;
    }
    clock.started_at = start.at;
    clock.ended_at = find_end(&clock, content, facts, settings->utc_offset_minutes);
    if (term->start == START_GRADED && clock.ended_at != 0 && clock.ended_at < clock.started_at) {
        return false; /* the former level's clock was the one that ended */
    }
    clock.is_void = is_void(&clock, content->kind->life, facts->state);
    clock.is_drill = is_code(content, "rehearsal", "true") || is_code(content, "status", "exercise");
    *ret_clock = clock;
    return true;
}

size_t term_clocks(const struct record *content, const struct term_facts *facts, const struct term_settings *settings,
                   struct clock ret_clocks[TERMS])
{
    assert(facts->state >= 0 && facts->state < TERM_STATES && facts->received_at != 0 && facts->graded_at != 0);
    size_t count = 0;
    for (size_t i = 0; i < TERMS; i++) {
        if (applies(&terms[i], content, facts) &&
            start_clock(&terms[i], content, facts, settings, &ret_clocks[count])) {
            count++;
        }
    }
    return count;
}

static struct clock *find_clock(struct clock *clocks, size_t count, const struct term *term)
{
    for (size_t i = 0; i < count; i++) {
        if (clocks[i].term == term) {
            return &clocks[i];
        }
    }
    return NULL;
}

static bool is_decided(const struct clock *clock, int64_t at)
{
    return clock->term->start == START_GRADED && !clock->is_void && (clock->ended_at != 0 || at > clock->due_at);
}

/* NEXT: what the thread says of this term now, or NULL. */
static void advance_clock(struct clock *clock, const struct clock *next, const struct record *content,
                          const struct term_facts *facts, int64_t at, int utc_offset_minutes)
{
    bool is_same = next && next->started_at == clock->started_at;
    if (!is_same && is_decided(clock, at)) {
        clock->ended_at = find_end(clock, content, facts, utc_offset_minutes);
        clock->is_void = is_void(clock, content->kind->life, facts->state);
    } else if (next) {
        *clock = *next;
    } else {
        clock->is_void = true;
    }
}

void term_advance(struct term_run *run, const struct record *content, const struct term_facts *facts, int64_t at,
                  const struct term_settings *settings)
{
    struct clock now[TERMS];
    size_t count = term_clocks(content, facts, settings, now);
    for (size_t i = 0; i < run->count; i++) {
        advance_clock(&run->clocks[i], find_clock(now, count, run->clocks[i].term), content, facts, at,
                      settings->utc_offset_minutes);
    }
    for (size_t i = 0; i < count; i++) {
        if (!find_clock(run->clocks, run->count, now[i].term)) {
            run->clocks[run->count++] = now[i];
        }
    }
}

static enum period_unit unit_of(const struct term *term, const struct term_settings *settings)
{
    return term->length.unit == UNIT_DATE ? PERIOD_YEAR : settings->period;
}

size_t term_periodic(const struct term *term, int64_t joined_at, int64_t now_ms, const struct term_settings *settings,
                     struct period *ret_periods, size_t max)
{
    assert(term_is_periodic(term));
    size_t count = 0;
    int64_t today = day_of(now_ms, settings->utc_offset_minutes);
    struct period period = period_of_day(day_of(joined_at, settings->utc_offset_minutes), unit_of(term, settings));
    for (; period_last_day(period) < today; period = period_next(period)) {
        if (count < max) {
            ret_periods[count] = period;
        }
        count++;
    }
    return count;
}

struct clock term_period_clock(const struct term *term, struct period period, int64_t ended_at,
                               const struct term_settings *settings)
{
    assert(term_is_periodic(term));
    struct clock clock = {.term = term, .length = settings->lengths[term->index], .ended_at = ended_at};
    clock.started_at = day_start(period_first_day(period_next(period)), settings->utc_offset_minutes);
    /* The day after the period is the first that counts, so the last day of the period is the one that starts it. */
    bool is_fixed = clock.length.unit == UNIT_DATE;
    struct moment start = {is_fixed ? clock.started_at : clock.started_at - 1, true};
    clock.due_at = due_after(start, clock.length, settings);
    return clock;
}

enum clock_state clock_state(const struct clock *clock, int64_t now_ms)
{
    if (clock->is_void) {
        return CLOCK_VOID;
    }
    if (clock->ended_at != 0) {
        return clock->ended_at <= clock->due_at ? CLOCK_MET : CLOCK_OVERDUE;
    }
    return now_ms > clock->due_at ? CLOCK_OVERDUE : CLOCK_OPEN;
}

/* ---- alerts ---- */

static int64_t alert_at(const struct clock *clock, const struct term_alert *row, const struct term_settings *settings)
{
    if (row->stage == ALERT_OVERDUE) {
        return clock->due_at + 1;
    }
    if (row->stage == ALERT_ESCALATED) {
        int64_t after =
            row->offset.unit == UNIT_AGAIN ? clock->due_at - clock->started_at : row->offset.number * MS_PER_HOUR;
        return clock->due_at + 1 + after;
    }
    if (row->offset.unit == UNIT_HOURS) {
        return clock->due_at - row->offset.number * MS_PER_HOUR;
    }
    return day_start(day_of(clock->due_at, settings->utc_offset_minutes) - row->offset.number,
                     settings->utc_offset_minutes);
}

/* False: the clock has no alert of that number, or it would stand before the clock itself. */
static bool read_alert(const struct clock *clock, unsigned index, const struct term_settings *settings,
                       struct alert *ret_alert)
{
    const struct term_alert *row = &clock->term->alerts[index];
    unsigned told = clock->is_drill ? row->told & ~(unsigned)TOLD_PROVINCE : row->told;
    *ret_alert = (struct alert){row->stage, told, alert_at(clock, row, settings), index};
    return told != 0 && (row->stage != ALERT_BEFORE || ret_alert->at >= clock->started_at);
}

int64_t clock_next_at(const struct clock *clock, unsigned done, const struct term_settings *settings)
{
    struct alert alert;
    for (unsigned i = done; i < TERM_ALERTS && !clock->is_void && clock->ended_at == 0; i++) {
        if (read_alert(clock, i, settings, &alert)) {
            return alert.at;
        }
    }
    return INT64_MAX;
}

bool clock_alert_due(const struct clock *clock, unsigned done, int64_t now_ms, const struct term_settings *settings,
                     struct alert *ret_alert)
{
    bool is_found = false;
    struct alert alert;
    for (unsigned i = done; i < TERM_ALERTS && !clock->is_void && clock->ended_at == 0; i++) {
        if (!read_alert(clock, i, settings, &alert)) {
            continue;
        }
        if (alert.at > now_ms) {
            break;
        }
        *ret_alert = alert;
        is_found = true;
        if (alert.stage != ALERT_BEFORE) {
            break;
        }
    }
    return is_found;
}
