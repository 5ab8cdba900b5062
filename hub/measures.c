#include "hub/measures.h"

#include <string.h>

struct counting {
    int64_t first, last;
    int64_t joined, reviews;
    int64_t answered, ended; /* acknowledgements: in time; in time or late */
    int64_t expected, received, on_time;
};

static void count_party(void *self, const struct party *party)
{
    struct counting *counting = self;
    counting->joined += strcmp(party->role, "entity") == 0 && party->has_keys && strcmp(party->state, "revoked") != 0;
}

static bool is_within(const struct counting *counting, const struct cell_row *row)
{
    return row->day >= counting->first && row->day <= counting->last;
}

static void count_review(void *self, const struct cell_row *row)
{
    struct counting *counting = self;
    counting->reviews += is_within(counting, row) ? row->count : 0;
}

/* Whether the last of the dims is CODE. */
static bool ends_with(const char *dims, const char *code)
{
    const char *last = strrchr(dims, '|');
    return last && strcmp(last + 1, code) == 0;
}

static void count_clock(void *self, const struct cell_row *row)
{
    struct counting *counting = self;
    if (is_within(counting, row) && strncmp(row->dims, "acknowledge_", strlen("acknowledge_")) == 0) {
        counting->answered += ends_with(row->dims, "met") ? row->count : 0;
        counting->ended += ends_with(row->dims, "met") || ends_with(row->dims, "overdue") ? row->count : 0;
    }
}

static void count_report(void *self, const struct cell_row *row)
{
    struct counting *counting = self;
    if (is_within(counting, row)) {
        counting->expected += ends_with(row->dims, "expected") ? row->count : 0;
        counting->received += ends_with(row->dims, "received") ? row->count : 0;
        counting->on_time += ends_with(row->dims, "on_time") ? row->count : 0;
    }
}

static void set(struct measures *measures, enum plan_measure which, int64_t value)
{
    measures->values[which] = value < 0 ? 0 : value;
    measures->has[which] = true;
}

static void set_share(struct measures *measures, enum plan_measure which, int64_t part, int64_t whole)
{
    if (whole > 0) {
        set(measures, which, part * 100 / whole);
    }
}

err_t measures_take(struct store *store, int64_t first, int64_t last, struct measures *ret_measures)
{
    struct counting counting = {.first = first, .last = last};
    *ret_measures = (struct measures){0};
    err_t err = store_each_party(store, count_party, &counting);
    err = err == ERR_OK ? store_each_cell(store, "review", count_review, &counting) : err;
    err = err == ERR_OK ? store_each_cell(store, "clock", count_clock, &counting) : err;
    err = err == ERR_OK ? store_each_cell(store, "completeness", count_report, &counting) : err;
    set(ret_measures, MEASURE_UNITS_JOINED, counting.joined);
    set(ret_measures, MEASURE_REVIEWS_REPORTED, counting.reviews);
    set(ret_measures, MEASURE_WARNINGS_ANSWERED, counting.answered);
    set_share(ret_measures, MEASURE_ANSWERED_PERCENT, counting.answered, counting.ended);
    set_share(ret_measures, MEASURE_COMPLETENESS, counting.received, counting.expected);
    set_share(ret_measures, MEASURE_TIMELINESS, counting.on_time, counting.expected);
    return err;
}

enum plan_measure measure_of(const char *code)
{
    int index = code ? enumeration_index(&enum_plan_measure, (struct view){(const uint8_t *)code, strlen(code)}) : -1;
    return index < 0 ? MEASURE_MANUAL : (enum plan_measure)index;
}
