#include "hub/report_span.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

err_t span_parse(const char *text, struct span *ret_span)
{
    struct period period;
    char digits[] = "0000-Q0";
    bool is_half = strlen(text) == 7 && text[4] == '-' && text[5] == 'H';
    if (is_half) {
        memcpy(digits, text, 4);
        digits[6] = text[6];
        text = digits;
    }
    err_t err = period_parse((struct view){(const uint8_t *)text, strlen(text)}, &period);
    if (err != ERR_OK || (is_half && period.index > 2)) {
        return ERR_INVALID;
    }
    static const int months[PERIOD_UNITS] = {[PERIOD_MONTH] = 1, [PERIOD_QUARTER] = 3, [PERIOD_YEAR] = 12};
    *ret_span = (struct span){period.year, period.index, is_half ? 6 : months[period.unit]};
    return ERR_OK;
}

void span_text(struct span span, char ret_text[PERIOD_TEXT_SIZE])
{
    unsigned year = (unsigned)span.year % 10000;
    unsigned index = (unsigned)span.index;
    if (span.months == 1) {
        snprintf(ret_text, PERIOD_TEXT_SIZE, "%04u-%02u", year, index % 100);
    } else if (span.months == 12) {
        snprintf(ret_text, PERIOD_TEXT_SIZE, "%04u", year);
    } else {
        snprintf(ret_text, PERIOD_TEXT_SIZE, "%04u-%c%u", year, span.months == 3 ? 'Q' : 'H', index % 10);
    }
}

void span_words(struct span span, bool chinese, char ret_words[SPAN_WORDS_SIZE])
{
    static const char *const months[] = {"January", "February", "March",     "April",   "May",      "June",
                                         "July",    "August",   "September", "October", "November", "December"};
    static const char *const ordinals[][2] = {{"first", "一"}, {"second", "二"}, {"third", "三"}, {"fourth", "四"}};
    int index = span.index - 1;
    if (span.months == 1 && chinese) {
        snprintf(ret_words, SPAN_WORDS_SIZE, "%d年%d月", span.year, span.index);
    } else if (span.months == 1) {
        snprintf(ret_words, SPAN_WORDS_SIZE, "%s %d", months[index], span.year);
    } else if (span.months == 3 && chinese) {
        snprintf(ret_words, SPAN_WORDS_SIZE, "%d年第%s季度", span.year, ordinals[index][1]);
    } else if (span.months == 6 && chinese) {
        snprintf(ret_words, SPAN_WORDS_SIZE, "%d年%s半年", span.year, index == 0 ? "上" : "下");
    } else if (span.months < 12) {
        snprintf(ret_words, SPAN_WORDS_SIZE, "%s %s of %d", ordinals[index][0], span.months == 3 ? "quarter" : "half",
                 span.year);
    } else {
        snprintf(ret_words, SPAN_WORDS_SIZE, chinese ? "%d年" : "the year %d", span.year);
    }
}

struct span span_shift(struct span span, int steps)
{
    int per_year = 12 / span.months;
    int whole = span.year * per_year + span.index - 1 + steps;
    return (struct span){whole / per_year, whole % per_year + 1, span.months};
}

bool span_is_dated(struct span span)
{
    return span.year >= 2000 && span.year <= 2099;
}

static int64_t first_day_of_month(int year, int month)
{
    return period_first_day((struct period){PERIOD_MONTH, year, month});
}

int64_t span_first_day(struct span span)
{
    assert(span_is_dated(span));
    return first_day_of_month(span.year, (span.index - 1) * span.months + 1);
}

int64_t span_last_day(struct span span)
{
    assert(span_is_dated(span));
    int month = span.index * span.months;
    return month == 12 ? first_day_of_month(span.year, 12) + 30 : first_day_of_month(span.year, month + 1) - 1;
}

struct span span_month(struct span span, int steps)
{
    return span_shift((struct span){span.year, span.index * span.months, 1}, steps);
}
