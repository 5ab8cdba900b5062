/* common/calendar.h - which days are worked, from a file of holidays and make-up days.
 *
 * One day a line; `#` begins a comment:
 *
 *     2026-10-01 holiday 国庆节
 *     2026-10-10 workday 补班
 *
 * A day that no line names is worked from Monday to Friday. NULL is the calendar without a file: Saturdays and Sundays
 * off, nothing else. Days are local days of the site, counted from 1970-01-01. */
#ifndef COMMON_CALENDAR_H
#define COMMON_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/err.h"

struct calendar;

/* ERR_NOT_FOUND when there is no file, ERR_INVALID for the first line that is wrong, with file, line and what was
 * expected in reterr_reason. */
MUST_CHECK err_t calendar_load(const char *path, struct calendar **ret_calendar, char reterr_reason[512]);
/* Takes NULL. */
void calendar_free(struct calendar *calendar);

bool calendar_is_working_day(const struct calendar *calendar, int64_t day);
/* The COUNTth working day after DAY, or before it where COUNT is negative; DAY itself for 0. The argument is untyped so
 * that the function fits proto/term.h. */
int64_t calendar_add_working_days(const void *calendar, int64_t day, int64_t count);

/* A line a day that the file names, by day: "calendar 2026-10-01 holiday". "" for NULL. The caller frees it. */
char *calendar_text(const struct calendar *calendar);

/* Whether the file says anything of that year: without it, holidays of the year would count as worked. */
bool calendar_covers(const struct calendar *calendar, int year);

#endif
