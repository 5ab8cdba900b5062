/* proto/period.h - months, quarters and years that are reported on, and local days as instants.
 *
 * A period is written YYYY-MM, YYYY-Qn or YYYY. Days are counted from 1970-01-01, as in proto/record.h. */
#ifndef PROTO_PERIOD_H
#define PROTO_PERIOD_H

#include "proto/record.h"

enum period_unit { PERIOD_MONTH, PERIOD_QUARTER, PERIOD_YEAR, PERIOD_UNITS };
enum { PERIOD_TEXT_SIZE = 8 };

struct period {
    enum period_unit unit;
    int year;
    int index; /* month 1-12, quarter 1-4; 1 for a year */
};

/* Within 2000 to 2099, like every date of a record. */
MUST_CHECK err_t period_parse(struct view text, struct period *ret_period);
void period_text(struct period period, char ret_text[PERIOD_TEXT_SIZE]);

struct period period_of_day(int64_t day, enum period_unit unit);
struct period period_next(struct period period);
int64_t period_first_day(struct period period);
int64_t period_last_day(struct period period);
bool period_contains(struct period period, int64_t day);

/* The first and the last millisecond of a day in the site's zone. */
int64_t day_start(int64_t day, int utc_offset_minutes);
int64_t day_end(int64_t day, int utc_offset_minutes);

#endif
