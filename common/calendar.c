#include "common/calendar.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "proto/period.h"

enum { DAYS_MAX = 4096, LINE_SIZE = 512, COUNT_MAX = 10000 };

struct calendar_day {
    int64_t day;
    int line;
    bool is_worked;
};

struct calendar {
    struct calendar_day days[DAYS_MAX]; /* by day, once it is loaded */
    size_t count;
};

struct source {
    const char *path;
    int line;
    char *reason;
};

static err_t refuse(const struct source *source, const char *expected)
{
    snprintf(source->reason, 512, "%.300s:%d: %s", source->path, source->line, expected);
    return ERR_INVALID;
}

/* 1970-01-01 was a Thursday. */
static bool is_weekend(int64_t day)
{
    int64_t from_monday = ((day + 3) % 7 + 7) % 7;
    return from_monday >= 5;
}

/* Cuts the first word off; *text_p is left at what follows its blanks. */
static char *next_word(char **text_p)
{
    char *word = *text_p + strspn(*text_p, " \t");
    char *end = word + strcspn(word, " \t");
    *text_p = end + strspn(end, " \t");
    *end = '\0';
    return word;
}

static err_t add_day(struct calendar *calendar, const struct source *source, char *line)
{
    struct calendar_day fresh = {.line = source->line};
    const char *date = next_word(&line);
    const char *word = next_word(&line);
    struct view text = {(const uint8_t *)date, strlen(date)};
    if (date_parse(text, &fresh.day) != ERR_OK) {
        return refuse(source, tr("expected a day of the calendar, YYYY-MM-DD, at the beginning of the line",
                                 "行首应为有效日期 YYYY-MM-DD"));
    }
    fresh.is_worked = strcmp(word, "workday") == 0;
    if (!fresh.is_worked && strcmp(word, "holiday") != 0) {
        return refuse(source, tr("expected `holiday` or `workday` after the date", "日期后应为 holiday 或 workday"));
    }
    if (fresh.is_worked && !is_weekend(fresh.day)) {
        return refuse(source, tr("`workday` is for a Saturday or a Sunday; this day is worked anyway: check the date",
                                 "workday 只用于周六、周日；该日本来就上班，请核对日期"));
    }
    if (calendar->count == DAYS_MAX) {
        return refuse(source, tr("more than 4096 days", "超过 4096 天"));
    }
    calendar->days[calendar->count++] = fresh;
    return ERR_OK;
}

/* The comment and the line's end are cut off; a byte order mark before the first line is no part of it. */
static char *trim(char *line, int number)
{
    static const char mark[] = "\xEF\xBB\xBF";
    if (number == 1 && strncmp(line, mark, 3) == 0) {
        line += 3;
    }
    line[strcspn(line, "#\r\n")] = '\0';
    return line + strspn(line, " \t");
}

static err_t read_lines(FILE *file, struct source *source, struct calendar *calendar)
{
    char line[LINE_SIZE];
    err_t err = ERR_OK;
    while (err == ERR_OK && fgets(line, sizeof line, file)) {
        source->line++;
        if (!strchr(line, '\n') && !feof(file)) {
            return refuse(source, tr("longer than 510 bytes, or not a text file", "超过 510 字节，或不是文本文件"));
        }
        char *text = trim(line, source->line);
        err = *text ? add_day(calendar, source, text) : ERR_OK;
    }
    if (err == ERR_OK && ferror(file)) {
        snprintf(source->reason, 512, tr("%.300s: cannot be read: %s", "%.300s：无法读取：%s"), source->path,
                 strerror(errno));
        return ERR_IO;
    }
    return err;
}

static int compare_days(const void *left, const void *right)
{
    const struct calendar_day *a = left;
    const struct calendar_day *b = right;
    if (a->day != b->day) {
        return a->day < b->day ? -1 : 1;
    }
    return a->line - b->line;
}

static err_t sort_days(struct calendar *calendar, struct source *source)
{
    qsort(calendar->days, calendar->count, sizeof *calendar->days, compare_days);
    for (size_t i = 1; i < calendar->count; i++) {
        if (calendar->days[i].day == calendar->days[i - 1].day) {
            source->line = calendar->days[i].line;
            return refuse(source, tr("this day stands in the file twice", "该日期在文件中重复"));
        }
    }
    return ERR_OK;
}

err_t calendar_load(const char *path, struct calendar **ret_calendar, char reterr_reason[512])
{
    *ret_calendar = NULL;
    FILE *file = fopen(path, "r");
    if (!file) {
        int code = errno;
        snprintf(reterr_reason, 512, tr("%.300s: cannot be opened: %s", "%.300s：无法打开：%s"), path, strerror(code));
        return code == ENOENT ? ERR_NOT_FOUND : ERR_IO;
    }
    struct calendar *calendar = mem_alloc(sizeof *calendar);
    struct source source = {.path = path, .reason = reterr_reason};
    err_t err = read_lines(file, &source, calendar);
    fclose(file);
    err = err == ERR_OK ? sort_days(calendar, &source) : err;
    if (err != ERR_OK) {
        calendar_free(calendar);
        return err;
    }
    *ret_calendar = calendar;
    return ERR_OK;
}

void calendar_free(struct calendar *calendar)
{
    free(calendar);
}

static int compare_with_day(const void *key, const void *element)
{
    const int64_t *day = key;
    const struct calendar_day *row = element;
    return *day < row->day ? -1 : *day > row->day;
}

bool calendar_is_working_day(const struct calendar *calendar, int64_t day)
{
    const struct calendar_day *row = NULL;
    if (calendar && calendar->count > 0) {
        row = bsearch(&day, calendar->days, calendar->count, sizeof *calendar->days, compare_with_day);
    }
    return row ? row->is_worked : !is_weekend(day);
}

int64_t calendar_add_working_days(const void *calendar, int64_t day, int64_t count)
{
    assert(count >= -COUNT_MAX && count <= COUNT_MAX);
    int64_t step = count < 0 ? -1 : 1;
    for (int64_t left = count * step; left > 0;) {
        day += step;
        left -= calendar_is_working_day(calendar, day) ? 1 : 0;
    }
    return day;
}

char *calendar_text(const struct calendar *calendar)
{
    enum { LINE = 40 };
    size_t count = calendar ? calendar->count : 0;
    char *text = mem_alloc(count * LINE + 1);
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        char date[11];
        date_text(calendar->days[i].day, date);
        used += (size_t)snprintf(text + used, LINE, "calendar %s %s\n", date,
                                 calendar->days[i].is_worked ? "workday" : "holiday");
    }
    return text;
}

bool calendar_covers(const struct calendar *calendar, int year)
{
    struct period period = {PERIOD_YEAR, year, 1};
    for (size_t i = 0; calendar && i < calendar->count; i++) {
        if (period_contains(period, calendar->days[i].day)) {
            return true;
        }
    }
    return false;
}
