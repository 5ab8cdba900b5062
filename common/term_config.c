#include "common/term_config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

enum { LINE_SIZE = 256, EVERY_DAY_DIGITS = 5 };

static const struct unit_row {
    const char *one, *many, *en_one, *en_many, *zh;
    int64_t high;
} units[TERM_UNITS] = {
    [UNIT_HOURS] = {"hour", "hours", "hour", "hours", "小时", 8760},
    [UNIT_DAYS] = {"day", "days", "day", "days", "日", 3660},
    [UNIT_WORKING_DAYS] = {"working_day", "working_days", "working day", "working days", "个工作日", 1000},
    [UNIT_MONTHS] = {"month", "months", "month", "months", "个月", 120},
};

/* MM-DD, a day that every year has. */
static bool read_fixed_day(const char *text, struct term_length *ret_length)
{
    char date[11];
    int64_t day = 0;
    if (strlen(text) != EVERY_DAY_DIGITS) {
        return false;
    }
    snprintf(date, sizeof date, "2027-%.5s", text);
    if (date_parse((struct view){(const uint8_t *)date, 10}, &day) != ERR_OK) {
        return false;
    }
    int64_t month = (int64_t){text[0] - '0'} * 10 + text[1] - '0';
    *ret_length = (struct term_length){month * 100 + (int64_t){text[3] - '0'} * 10 + text[4] - '0', UNIT_DATE};
    return true;
}

static bool read_count(const char *text, struct term_length *ret_length)
{
    size_t digits = strspn(text, "0123456789");
    int64_t number = 0;
    for (size_t i = 0; i < digits && digits <= 6; i++) {
        number = number * 10 + text[i] - '0';
    }
    const char *unit = text + digits + strspn(text + digits, " \t");
    for (int i = 0; i < TERM_UNITS; i++) {
        if (units[i].many && (strcmp(unit, units[i].many) == 0 || strcmp(unit, units[i].one) == 0)) {
            *ret_length = (struct term_length){number, (enum term_unit)i};
            return number >= 1 && number <= units[i].high;
        }
    }
    return false;
}

static const char *nearest(const char *name)
{
    const char *best = terms[0].label->code;
    size_t best_size = 0;
    for (size_t i = 0; i < TERMS; i++) {
        const char *code = terms[i].label->code;
        size_t size = 0;
        while (code[size] && code[size] == name[size]) {
            size++;
        }
        if (size > best_size) {
            best = code;
            best_size = size;
        }
    }
    return best;
}

err_t term_config_set(const char *name, const char *length, struct term_settings *settings, char reterr_reason[256])
{
    struct term_length fresh;
    int index = term_find(name);
    if (index < 0) {
        snprintf(reterr_reason, 256, tr("unknown term %.60s; did you mean %s?", "未知的时限 %.60s，是否应为 %s？"),
                 name, nearest(name));
        return ERR_INVALID;
    }
    if (terms[index].length.unit == UNIT_FIELD) {
        snprintf(reterr_reason, 256,
                 tr("term %s has no length: each record says its due date", "时限 %s 没有固定长度：到期日由记录写明"),
                 name);
        return ERR_INVALID;
    }
    bool is_fixed = terms[index].length.unit == UNIT_DATE;
    if (!(is_fixed ? read_fixed_day(length, &fresh) : read_count(length, &fresh))) {
        snprintf(reterr_reason, 256,
                 is_fixed
                     ? tr("term %s = %.60s: expected a day of the year, MM-DD", "时限 %s = %.60s：应为每年的日期 MM-DD")
                     : tr("term %s = %.60s: expected 1-8760 hours, 1-3660 days, 1-1000 working_days or 1-120 "
                          "months",
                          "时限 %s = %.60s：应为 1-8760 hours、1-3660 days、1-1000 working_days 或 1-120 months"),
                 name, length);
        return ERR_INVALID;
    }
    term_keep(settings, (enum term_index)index, fresh);
    return ERR_OK;
}

/* Blanks at either end are cut off. */
static char *strip(char *text)
{
    text += strspn(text, " \t");
    size_t size = strlen(text);
    while (size > 0 && strchr(" \t\r\n", text[size - 1])) {
        text[--size] = '\0';
    }
    return text;
}

static err_t set_period(const char *text, struct term_settings *settings, char reterr_reason[256])
{
    bool is_month = strcmp(text, "month") == 0;
    if (!is_month && strcmp(text, "quarter") != 0) {
        snprintf(reterr_reason, 256,
                 tr("period = %.60s: expected month or quarter", "period = %.60s：应为 month 或 quarter"), text);
        return ERR_INVALID;
    }
    settings->period = is_month ? PERIOD_MONTH : PERIOD_QUARTER;
    return ERR_OK;
}

/* SEEN: a bit for each term, and one above them for the period. */
static err_t read_line(char *line, struct term_settings *settings, uint64_t *seen, char reterr_reason[256])
{
    char *equals = strchr(line, '=');
    char *value = equals ? strip(equals + 1) : NULL;
    if (equals) {
        *equals = '\0';
        line = strip(line);
    }
    bool is_period = value && strcmp(line, "period") == 0;
    bool is_term = value && strncmp(line, "term", 4) == 0 && (line[4] == ' ' || line[4] == '\t');
    if (!is_period && !is_term) {
        snprintf(reterr_reason, 256, "%s",
                 tr("expected `term NAME = LENGTH` or `period = month|quarter`",
                    "应为 term 名称 = 时长，或 period = month|quarter"));
        return ERR_INVALID;
    }
    const char *name = is_term ? strip(line + 4) : line;
    err_t err =
        is_term ? term_config_set(name, value, settings, reterr_reason) : set_period(value, settings, reterr_reason);
    uint64_t bit = UINT64_C(1) << (is_term && err == ERR_OK ? term_find(name) : TERMS);
    if (err == ERR_OK && (*seen & bit) != 0) {
        snprintf(reterr_reason, 256, tr("%.60s is set twice", "%.60s 重复设置"), name);
        return ERR_INVALID;
    }
    *seen |= bit;
    return err;
}

static err_t read_lines(FILE *file, const char *path, struct term_settings *settings, char reterr_reason[512])
{
    char line[LINE_SIZE];
    char reason[256];
    uint64_t seen = 0;
    for (int number = 1; fgets(line, sizeof line, file); number++) {
        bool is_whole = strchr(line, '\n') || feof(file);
        line[strcspn(line, "#")] = '\0';
        char *text = strip(line);
        err_t err = ERR_OK;
        if (!is_whole) {
            snprintf(reason, sizeof reason, "%s",
                     tr("longer than 254 bytes, or not a text file", "超过 254 字节，或不是文本文件"));
            err = ERR_INVALID;
        } else if (*text) {
            err = read_line(text, settings, &seen, reason);
        }
        if (err != ERR_OK) {
            snprintf(reterr_reason, 512, "%.200s:%d: %s", path, number, reason);
            return err;
        }
    }
    return ferror(file) ? ERR_IO : ERR_OK;
}

err_t term_config_load(const char *path, struct term_settings *settings, char reterr_reason[512])
{
    FILE *file = fopen(path, "r");
    if (!file && errno == ENOENT) {
        return ERR_OK;
    }
    struct term_settings fresh = *settings;
    err_t err = file ? read_lines(file, path, &fresh, reterr_reason) : ERR_IO;
    if (err == ERR_IO) {
        snprintf(reterr_reason, 512, tr("%.300s: cannot be read: %s", "%.300s：无法读取：%s"), path, strerror(errno));
    }
    if (file) {
        fclose(file);
    }
    if (err == ERR_OK) {
        *settings = fresh;
    }
    return err;
}

void term_length_text(struct term_length length, char ret_text[LENGTH_TEXT_SIZE])
{
    if (length.unit == UNIT_DATE) {
        snprintf(ret_text, LENGTH_TEXT_SIZE, "%02u-%02u", (unsigned)(length.number / 100) % 100,
                 (unsigned)(length.number % 100));
    } else if (units[length.unit].many) {
        snprintf(ret_text, LENGTH_TEXT_SIZE, "%" PRId64 " %s", length.number,
                 length.number == 1 ? units[length.unit].one : units[length.unit].many);
    } else {
        snprintf(ret_text, LENGTH_TEXT_SIZE, "-");
    }
}

void term_length_words(struct term_length length, bool chinese, char ret_text[LENGTH_TEXT_SIZE])
{
    static const char *const months[] = {"January", "February", "March",     "April",   "May",      "June",
                                         "July",    "August",   "September", "October", "November", "December"};
    const struct unit_row *unit = &units[length.unit];
    if (length.unit == UNIT_DATE && chinese) {
        snprintf(ret_text, LENGTH_TEXT_SIZE, "至当年%" PRId64 "月%" PRId64 "日", length.number / 100,
                 length.number % 100);
    } else if (length.unit == UNIT_DATE) {
        snprintf(ret_text, LENGTH_TEXT_SIZE, "until %" PRId64 " %s", length.number % 100,
                 months[(length.number / 100 + 11) % 12]);
    } else if (!unit->many) {
        snprintf(ret_text, LENGTH_TEXT_SIZE, "%s", chinese ? "由记录写明" : "as the record says");
    } else if (chinese) {
        snprintf(ret_text, LENGTH_TEXT_SIZE, "%" PRId64 "%s", length.number, unit->zh);
    } else {
        snprintf(ret_text, LENGTH_TEXT_SIZE, "%" PRId64 " %s", length.number,
                 length.number == 1 ? unit->en_one : unit->en_many);
    }
}
