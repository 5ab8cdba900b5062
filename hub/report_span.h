/* hub/report_span.h - the stretch of days that a report is of: a month, a quarter, half a year, a year.
 *
 * Written YYYY-MM, YYYY-Qn, YYYY-Hn or YYYY. Halves exist for reports alone: nobody files by them (proto/period.h). */
#ifndef HUB_REPORT_SPAN_H
#define HUB_REPORT_SPAN_H

#include "proto/period.h"

struct span {
    int year;
    int index;  /* from 1 */
    int months; /* 1, 3, 6 or 12 */
};

MUST_CHECK err_t span_parse(const char *text, struct span *ret_span);
/* "2026-Q3" */
void span_text(struct span span, char ret_text[PERIOD_TEXT_SIZE]);
/* "2026年第三季度", "third quarter of 2026". */
enum { SPAN_WORDS_SIZE = 48 };
void span_words(struct span span, bool chinese, char ret_words[SPAN_WORDS_SIZE]);

/* As many spans of its own length later, or earlier. The year may leave the range that dates may have: check it with
 * span_is_dated(). */
struct span span_shift(struct span span, int steps);
/* Whether its days are within 2000 to 2099. */
bool span_is_dated(struct span span);
int64_t span_first_day(struct span span);
int64_t span_last_day(struct span span);
/* The month STEPS months after its last one (0: that one; negative: before). */
struct span span_month(struct span span, int steps);

#endif
