#include "proto/record.h"

#include <stdio.h>
#include <string.h>

/* Days and civil dates by eras of 400 years that start on 1 March, so that the leap day is a year's last. */

enum { DAYS_PER_ERA = 146097, DAYS_TO_EPOCH = 719468, MS_PER_DAY = 86400000, MS_PER_MINUTE = 60000 };

struct date {
    int64_t year;
    int month;
    int day;
};

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int64_t year, int month)
{
    static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

static int64_t floor_divide(int64_t number, int64_t by)
{
    int64_t quotient = number / by;
    return number % by < 0 ? quotient - 1 : quotient;
}

static int64_t days_of(struct date date)
{
    int64_t year = date.month <= 2 ? date.year - 1 : date.year;
    int64_t era = floor_divide(year, 400);
    int64_t year_of_era = year - era * 400;
    int64_t month_from_march = (date.month + 9) % 12;
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - DAYS_TO_EPOCH;
}

static struct date date_of(int64_t days)
{
    int64_t shifted = days + DAYS_TO_EPOCH;
    int64_t era = floor_divide(shifted, DAYS_PER_ERA);
    int64_t day_of_era = shifted - era * DAYS_PER_ERA;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month_from_march = (int)((5 * day_of_year + 2) / 153);
    struct date date = {.year = year_of_era + era * 400};
    date.day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    date.month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    date.year += date.month <= 2 ? 1 : 0;
    return date;
}

/* Exactly COUNT digits; -1 otherwise. */
static int read_digits(const char *at, size_t count)
{
    int number = 0;
    for (size_t i = 0; i < count; i++) {
        if (at[i] < '0' || at[i] > '9') {
            return -1;
        }
        number = number * 10 + at[i] - '0';
    }
    return number;
}

err_t date_parse(struct view text, int64_t *ret_days)
{
    const char *at = (const char *)text.at;
    if (text.size != 10 || at[4] != '-' || at[7] != '-') {
        return ERR_INVALID;
    }
    struct date date = {read_digits(at, 4), read_digits(at + 5, 2), read_digits(at + 8, 2)};
    if (date.year < 1 || date.month < 1 || date.month > 12 || date.day < 1 ||
        date.day > days_in_month(date.year, date.month)) {
        return ERR_INVALID;
    }
    *ret_days = days_of(date);
    return ERR_OK;
}

void date_text(int64_t days, char ret_text[11])
{
    struct date date = date_of(days);
    if (date.year < 0 || date.year > 9999) {
        snprintf(ret_text, 11, "?");
        return;
    }
    snprintf(ret_text, 11, "%04u-%02u-%02u", (unsigned)date.year % 10000, (unsigned)date.month % 100,
             (unsigned)date.day % 100);
}

/* RFC 3339 section 5.6: Z, or +hh:mm and -hh:mm; east of Greenwich is positive. */
static err_t parse_zone(const char *at, int *ret_minutes)
{
    if ((at[0] == 'Z' || at[0] == 'z') && at[1] == '\0') {
        *ret_minutes = 0;
        return ERR_OK;
    }
    if ((at[0] != '+' && at[0] != '-') || strlen(at) != 6 || at[3] != ':') {
        return ERR_INVALID;
    }
    int hours = read_digits(at + 1, 2);
    int minutes = read_digits(at + 4, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) {
        return ERR_INVALID;
    }
    *ret_minutes = (at[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
    return ERR_OK;
}

/* Reads ".nnn"; digits past the milliseconds are dropped. *text_p is left behind the last digit. */
static err_t parse_fraction(const char **text_p, int *ret_ms)
{
    const char *at = *text_p;
    *ret_ms = 0;
    if (*at != '.') {
        return ERR_OK;
    }
    int scale = 100;
    for (at++; *at >= '0' && *at <= '9'; at++) {
        *ret_ms += (*at - '0') * scale;
        scale /= 10;
    }
    if (at == *text_p + 1) {
        return ERR_INVALID;
    }
    *text_p = at;
    return ERR_OK;
}

err_t time_parse(const char *text, int64_t *ret_ms)
{
    int64_t days = 0;
    if (strlen(text) < 20 || date_parse((struct view){(const uint8_t *)text, 10}, &days) != ERR_OK ||
        (text[10] != 'T' && text[10] != 't' && text[10] != ' ') || text[13] != ':' || text[16] != ':') {
        return ERR_INVALID;
    }
    int hour = read_digits(text + 11, 2);
    int minute = read_digits(text + 14, 2);
    int second = read_digits(text + 17, 2);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) {
        return ERR_INVALID;
    }
    const char *rest = text + 19;
    int ms = 0;
    int zone_minutes = 0;
    if (parse_fraction(&rest, &ms) != ERR_OK || parse_zone(rest, &zone_minutes) != ERR_OK) {
        return ERR_INVALID;
    }
    int64_t minutes = (int64_t)hour * 60 + minute - zone_minutes;
    *ret_ms = days * MS_PER_DAY + minutes * MS_PER_MINUTE + (int64_t)second * 1000 + ms;
    return ERR_OK;
}

void time_text(int64_t ms, char ret_text[25])
{
    int64_t days = floor_divide(ms, MS_PER_DAY);
    char date[11];
    date_text(days, date);
    if (*date == '?') {
        snprintf(ret_text, 25, "?");
        return;
    }
    unsigned rest = (unsigned)(ms - days * MS_PER_DAY);
    snprintf(ret_text, 25, "%.10sT%02u:%02u:%02u.%03uZ", date, rest / 3600000 % 24, rest / 60000 % 60, rest / 1000 % 60,
             rest % 1000);
}

int64_t day_of(int64_t ms, int utc_offset_minutes)
{
    return floor_divide(ms + (int64_t)utc_offset_minutes * MS_PER_MINUTE, MS_PER_DAY);
}

int64_t date_add_months(int64_t days, int months)
{
    struct date date = date_of(days);
    int64_t month = date.year * 12 + date.month - 1 + months;
    date.year = floor_divide(month, 12);
    date.month = (int)(month - date.year * 12) + 1;
    int last = days_in_month(date.year, date.month);
    date.day = date.day < last ? date.day : last;
    return days_of(date);
}
