/* Who was due to report, who did, and in time: one clock an institution and period, counted in the family
 * `completeness` under the period's first day. */
#include "hub/desk.h"

#include <string.h>

#include "common/log.h"
#include "common/text.h"
#include "proto/kinds.h"

enum { PERIODS_MAX = 512 };

static void set_period(struct clock_row *row, const char *text)
{
    row->root_size = strlen(text);
    memcpy(row->root, text, row->root_size);
}

/* The clock as it stands now; NULL where the period was not opened. */
static err_t find_clock(struct desk *desk, const struct party *party, const struct term *term, const char *text,
                        struct clock_row *ret_row)
{
    struct clock_row rows[TERMS];
    size_t count = 0;
    err_t err = store_clocks_of(desk->store, party, (struct view){(const uint8_t *)text, strlen(text)}, rows, &count);
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        if (rows[i].clock.term == term) {
            *ret_row = rows[i];
            return ERR_OK;
        }
    }
    return err == ERR_OK ? ERR_NOT_FOUND : err;
}

/* ---- months after quarters, or the other way round ---- */

static enum period_unit other_unit(enum period_unit unit)
{
    return unit == PERIOD_MONTH ? PERIOD_QUARTER : PERIOD_MONTH;
}

/* The last day for which the party owed by the other unit, before the site chose the present one: it stays owed so, and
 * is owed once. INT64_MIN: there is none. */
static int64_t former_last_day(const struct desk *desk, const struct party *party, const struct term *term)
{
    struct period newest;
    bool is_there =
        term->index == TERM_PERIODIC_REPORT && store_newest_period(desk->store, party->row, term->label->code,
                                                                   other_unit(desk->site.settings.period), &newest);
    return is_there ? period_last_day(newest) : INT64_MIN;
}

/* The other unit's period that ran when the site changed it is not owed any more: what was reported for it, is for the
 * periods that had begun by then. */
static err_t carry_over(struct desk *desk, const struct party *party, const struct term *term, struct period period,
                        int64_t former)
{
    char text[PERIOD_TEXT_SIZE];
    char other_text[PERIOD_TEXT_SIZE];
    bool is_zero = false;
    bool is_news = false;
    err_t err = ERR_OK;
    struct period other = period_of_day(period_first_day(period), other_unit(period.unit));
    period_text(period, text);
    while (err == ERR_OK && period_first_day(other) <= former + 1 &&
           period_first_day(other) <= period_last_day(period)) {
        period_text(other, other_text);
        int64_t at = store_reported_at(desk->store, party->row, term->label->code, other_text, &is_zero);
        if (at != 0 && day_of(at, desk->site.settings.utc_offset_minutes) >= period_first_day(period)) {
            err = store_note_report(desk->store, party->row, term->label->code, text, at, is_zero, &is_news);
        }
        other = period_next(other);
    }
    return err;
}

/* ---- opening ---- */

/* FORMER: what former_last_day() says. */
static err_t open_period(struct desk *desk, const struct party *party, const struct term *term, struct period period,
                         int64_t former, int64_t now)
{
    char text[PERIOD_TEXT_SIZE];
    bool is_zero = false;
    struct clock_row row;
    period_text(period, text);
    err_t err = find_clock(desk, party, term, text, &row);
    if (err != ERR_NOT_FOUND || period_last_day(period) <= former) {
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    err = carry_over(desk, party, term, period, former);
    if (err != ERR_OK) {
        return err;
    }
    int64_t reported_at = store_reported_at(desk->store, party->row, term->label->code, text, &is_zero);
    row = (struct clock_row){.party = *party,
                             .clock = term_period_clock(term, period, reported_at, &desk->site.settings)};
    set_period(&row, text);
    desk_settle(desk, &row, now);
    err = desk_put_clock(desk, NULL, &row);
    if (err == ERR_OK) {
        store_count_period(desk->store, &row, reported_at, is_zero, 1);
    }
    return err;
}

struct opening {
    struct desk *desk;
    int64_t now, until;
    bool is_over; /* the time; the others have their turn in the next run */
    err_t err;
};

static void open_for(struct opening *opening, const struct party *party)
{
    struct period periods[PERIODS_MAX];
    int64_t joined_at = store_joined_at(opening->desk->store, party->row);
    joined_at = joined_at > party->created_at ? joined_at : party->created_at;
    for (size_t i = 0; i < TERMS && opening->err == ERR_OK; i++) {
        if (!term_is_periodic(&terms[i])) {
            continue;
        }
        int64_t former = former_last_day(opening->desk, party, &terms[i]);
        size_t count =
            term_periodic(&terms[i], joined_at, opening->now, &opening->desk->site.settings, periods, PERIODS_MAX);
        for (size_t k = 0; k < count && k < PERIODS_MAX && opening->err == ERR_OK; k++) {
            opening->err = open_period(opening->desk, party, &terms[i], periods[k], former, opening->now);
        }
    }
}

static void open_next(void *self, const struct party *party)
{
    struct opening *opening = self;
    struct desk *desk = opening->desk;
    if (opening->is_over || opening->err != ERR_OK || party->row <= desk->periods.row) {
        return;
    }
    if (strcmp(party->role, "entity") == 0 && party->has_keys && strcmp(party->state, "revoked") != 0) {
        open_for(opening, party);
        opening->is_over = clock_monotonic_ms() >= opening->until;
    }
    desk->periods.row = party->row;
}

void desk_forget_periods(struct desk *desk)
{
    desk->periods.done_day = desk->periods.day = INT64_MIN;
}

err_t desk_periods(struct desk *desk, int64_t now, int64_t until, bool *ret_has_more)
{
    int64_t today = day_of(now, desk->site.settings.utc_offset_minutes);
    if (today == desk->periods.done_day) {
        return ERR_OK;
    }
    if (today != desk->periods.day) {
        desk->periods.day = today;
        desk->periods.row = 0;
    }
    struct opening opening = {.desk = desk, .now = now, .until = until, .err = ERR_OK};
    err_t err = store_each_party(desk->store, open_next, &opening);
    err = err == ERR_OK ? opening.err : err;
    *ret_has_more = opening.is_over;
    if (err != ERR_OK || opening.is_over) {
        return err;
    }
    desk->periods.done_day = today;
    int uncovered_year = site_terms_uncovered_year(&desk->site, now);
    if (uncovered_year) {
        log_warn("calendar-year", "year=%d calendar.txt names no day of it; holidays count as worked", uncovered_year);
    }
    return ERR_OK;
}

/* A report for a period: the first one ends its clock. */
static err_t note(struct desk *desk, const struct logged *logged, const struct term *term, struct period period,
                  bool is_zero, int64_t now)
{
    char text[PERIOD_TEXT_SIZE];
    bool was_zero = false;
    bool is_zero_now = false;
    bool is_news = false;
    struct clock_row old;
    const struct party *party = &logged->party;
    period_text(period, text);
    int64_t before = store_reported_at(desk->store, party->row, term->label->code, text, &was_zero);
    err_t err = store_note_report(desk->store, party->row, term->label->code, text, logged->at, is_zero, &is_news);
    if (err != ERR_OK || !is_news) {
        return err;
    }
    int64_t reported_at = store_reported_at(desk->store, party->row, term->label->code, text, &is_zero_now);
    err = find_clock(desk, party, term, text, &old);
    if (err != ERR_OK) {
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    struct term_settings settings = desk->site.settings;
    term_keep(&settings, term->index, old.clock.length);
    struct clock_row row = old;
    row.clock = term_period_clock(term, period, reported_at, &settings);
    desk_settle(desk, &row, now);
    store_count_period(desk->store, &old, before, was_zero, -1);
    err = desk_put_clock(desk, &old, &row);
    store_count_period(desk->store, &row, reported_at, is_zero_now, 1);
    return err;
}

/* Whether it says of itself that nothing has happened. */
static bool is_drill(const struct record *record)
{
    const struct value *rehearsal = record_get(record, "rehearsal");
    const struct value *status = record_get(record, "status");
    return (rehearsal && rehearsal->number == 1) ||
           (record->kind->number == KIND_RISK_WARNING && status && status->number != STATUS_ACTUAL);
}

/* Of the unit that was owed by on that day. */
static struct period period_owed(const struct desk *desk, const struct party *party, int64_t day)
{
    enum period_unit unit = desk->site.settings.period;
    bool is_former = day <= former_last_day(desk, party, &terms[TERM_PERIODIC_REPORT]);
    return period_of_day(day, is_former ? other_unit(unit) : unit);
}

err_t desk_report(struct desk *desk, const struct logged *logged, const struct record *record, int64_t now)
{
    const struct term_settings *settings = &desk->site.settings;
    const struct value *period = record_get(record, "period");
    const struct value *year = record_get(record, "year");
    struct period reported;
    struct projection projection;
    if (is_drill(record)) {
        return ERR_OK;
    }
    switch (record->kind->number) {
    case KIND_ANNUAL_REPORT:
        reported = (struct period){PERIOD_YEAR, year ? (int)year->number : 0, 1};
        return note(desk, logged, &terms[TERM_ANNUAL_REPORT], reported, false, now);
    case KIND_ZERO_REPORT:
        if (!period || period_parse(period->view, &reported) != ERR_OK) {
            return ERR_OK;
        }
        return note(desk, logged, &terms[TERM_PERIODIC_REPORT], reported, true, now);
    case KIND_REVIEW_REPORT:
    case KIND_RISK_WARNING:
        project_record(record, settings->utc_offset_minutes, &projection);
        reported = period_owed(desk, &logged->party, projection.day);
        return note(desk, logged, &terms[TERM_PERIODIC_REPORT], reported, false, now);
    default:
        return ERR_OK;
    }
}
