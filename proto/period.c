#include "proto/period.h"

#include <assert.h>
#include <stdio.h>

enum { YEAR_FIRST = 2000, YEAR_LAST = 2099, MS_PER_MINUTE = 60000, MS_PER_DAY = 86400000 };

static const int per_year[PERIOD_UNITS] = {[PERIOD_MONTH] = 12, [PERIOD_QUARTER] = 4, [PERIOD_YEAR] = 1};

static bool read_digits(struct view text, size_t from, size_t count, int *ret_number)
{
    *ret_number = 0;
    for (size_t i = from; i < from + count; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') {
            return false;
        }
        *ret_number = *ret_number * 10 + text.at[i] - '0';
    }
    return true;
}

err_t period_parse(struct view text, struct period *ret_period)
{
    struct period period = {.unit = PERIOD_YEAR, .index = 1};
    bool is_read = text.size >= 4 && read_digits(text, 0, 4, &period.year);
    if (is_read && text.size == 7 && text.at[4] == '-') {
        period.unit = text.at[5] == 'Q' ? PERIOD_QUARTER : PERIOD_MONTH;
        size_t digits = period.unit == PERIOD_QUARTER ? 1 : 2;
        is_read = read_digits(text, 7 - digits, digits, &period.index);
    } else if (text.size != 4) {
        is_read = false;
    }
    if (!is_read || period.year < YEAR_FIRST || period.year > YEAR_LAST || period.index < 1 ||
        period.index > per_year[period.unit]) {
        return ERR_INVALID;
    }
    *ret_period = period;
    return ERR_OK;
}

void period_text(struct period period, char ret_text[PERIOD_TEXT_SIZE])
{
    assert(period.year >= 0 && period.year <= 9999 && period.index >= 1 && period.index <= per_year[period.unit]);
    unsigned year = (unsigned)period.year % 10000;
    unsigned index = (unsigned)period.index % 100;
    if (period.unit == PERIOD_MONTH) {
        snprintf(ret_text, PERIOD_TEXT_SIZE, "%04u-%02u", year, index);
    } else if (period.unit == PERIOD_QUARTER) {
        snprintf(ret_text, PERIOD_TEXT_SIZE, "%04u-Q%u", year, index % 10);
    } else {
        snprintf(ret_text, PERIOD_TEXT_SIZE, "%04u", year);
    }
}

struct period period_of_day(int64_t day, enum period_unit unit)
{
    char text[11];
    date_text(day, text);
    struct view view = {(const uint8_t *)text, 10};
    struct period period = {.unit = unit};
    int month = 0;
    bool is_read = read_digits(view, 0, 4, &period.year) && read_digits(view, 5, 2, &month);
    assert(is_read);
    (void)is_read;
    period.index = (month - 1) * per_year[unit] / 12 + 1;
    return period;
}

struct period period_next(struct period period)
{
    period.index++;
    if (period.index > per_year[period.unit]) {
        period.index = 1;
        period.year++;
    }
    return period;
}

int64_t period_first_day(struct period period)
{
    char text[11];
    int64_t day = 0;
    unsigned month = (unsigned)((period.index - 1) * (12 / per_year[period.unit]) + 1);
    snprintf(text, sizeof text, "%04u-%02u-01", (unsigned)period.year % 10000, month % 100);
    err_t err = date_parse((struct view){(const uint8_t *)text, 10}, &day);
    assert(err == ERR_OK);
    (void)err;
    return day;
}

int64_t period_last_day(struct period period)
{
    return period_first_day(period_next(period)) - 1;
}

bool period_contains(struct period period, int64_t day)
{
    return day >= period_first_day(period) && day <= period_last_day(period);
}

int64_t day_start(int64_t day, int utc_offset_minutes)
{
    return day * MS_PER_DAY - (int64_t)utc_offset_minutes * MS_PER_MINUTE;
}

int64_t day_end(int64_t day, int utc_offset_minutes)
{
    return day_start(day + 1, utc_offset_minutes) - 1;
}
