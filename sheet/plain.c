#include "sheet/plain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "common/mem.h"
#include "proto/record.h"
#include "sheet/column.h"

enum { MS_PER_MINUTE = 60000 };
/* 0001-01-01 and the end of 9999: a zone can lead out of the years that RFC 3339 can write. */
static const int64_t FIRST_MS = -62135596800000;
static const int64_t LAST_MS = 253402300799999;

static json_t *read_number(const char *text)
{
    char digits[32];
    size_t used = 0;
    for (const char *at = text; *at; at++) {
        bool is_group = *at == ',' && at > text && strspn(at + 1, "0123456789") == 3;
        if (!is_group && used < sizeof digits - 1) {
            digits[used++] = *at;
        }
    }
    digits[used] = '\0';
    size_t size = strspn(digits, "0123456789");
    bool is_whole = size > 0 && size < 19 &&
                    (digits[size] == '\0' ||
                     (digits[size] == '.' && digits[size + 1] && strspn(digits + size + 1, "0") == used - size - 1));
    return is_whole ? json_integer(strtoll(digits, NULL, 10)) : NULL;
}

static const char *code_of(const struct enumeration *codes, const char *text)
{
    char *folded = column_fold(text);
    const char *found = NULL;
    for (size_t i = 0; folded && !found && i < codes->count; i++) {
        const struct label *label = &codes->labels[i];
        const char *const names[] = {label->code, label->en, label->zh};
        for (size_t name = 0; name < 3 && !found; name++) {
            char *other = strcmp(text, names[name]) == 0 ? NULL : column_fold(names[name]);
            found = !other || strcmp(other, folded) == 0 ? label->code : NULL;
            free(other);
        }
    }
    free(folded);
    return found;
}

static json_t *read_code(const struct field *row, const char *text)
{
    const char *code = code_of(row->codes, text);
    return code ? json_string(code) : NULL;
}

/* A number by itself, or by the label that a number of the row has. */
static json_t *read_named_number(const struct field *row, const char *text)
{
    json_t *number = read_number(text);
    const char *code = !number && row->codes ? code_of(row->codes, text) : NULL;
    if (code) {
        int index = enumeration_index(row->codes, (struct view){(const uint8_t *)code, strlen(code)});
        number = json_integer(row->low + index);
    }
    return number;
}

static json_t *read_flag(const char *text)
{
    static const char *const words[2][7] = {{"false", "no", "n", "0", "否", "无", "×"},
                                            {"true", "yes", "y", "1", "是", "有", "√"}};
    for (int flag = 0; flag < 2; flag++) {
        for (size_t i = 0; i < 7; i++) {
            char *folded = (char *)utf8proc_NFKC_Casefold((const utf8proc_uint8_t *)text);
            bool is_it = folded && strcmp(folded, words[flag][i]) == 0;
            free(folded);
            if (is_it) {
                return json_boolean(flag);
            }
        }
    }
    return NULL;
}

/* Up to COUNT numbers of one to four digits, parted by one of the marks each, year first; what is left of the text. */
struct moment {
    int parts[6]; /* year, month, day, hour, minute, second */
    size_t count;
    const char *rest;
};

/* The mark that may stand after part INDEX: 2026-3-5, 2026/3/5, 2026.3.5, 2026年3月5日, 14:30:05, 14时30分5秒. */
static const char *after_mark(size_t index, const char *text)
{
    static const char *const marks[6][4] = {{"-", "/", ".", "年"},   {"-", "/", ".", "月"},   {"日", "T", " ", NULL},
                                            {":", "时", "点", NULL}, {":", "分", NULL, NULL}, {"秒", NULL, NULL, NULL}};
    for (size_t i = 0; i < 4 && marks[index][i]; i++) {
        size_t size = strlen(marks[index][i]);
        if (strncmp(text, marks[index][i], size) == 0) {
            text += size;
            return text + strspn(text, " ");
        }
    }
    return NULL;
}

static struct moment read_parts(const char *text)
{
    struct moment moment = {.rest = text};
    bool is_solid = strspn(text, "0123456789") == 8; /* 20260305 */
    while (moment.count < 6) {
        size_t digits = strspn(moment.rest, "0123456789");
        size_t most = moment.count == 0 ? 4 : 2;
        digits = is_solid && moment.count < 3 ? most : digits;
        if (digits == 0 || digits > most || (moment.count == 0 && digits != 4)) {
            return moment;
        }
        int number = 0;
        for (size_t i = 0; i < digits; i++) {
            number = number * 10 + moment.rest[i] - '0';
        }
        moment.parts[moment.count] = number;
        moment.rest += digits;
        const char *next = after_mark(moment.count, moment.rest);
        moment.count++;
        bool is_within = is_solid && moment.count < 3;
        if (!next && !is_within) {
            return moment;
        }
        moment.rest = next ? next : moment.rest;
    }
    return moment;
}

static err_t days_of_parts(const struct moment *moment, int64_t *ret_days)
{
    char text[40];
    snprintf(text, sizeof text, "%04d-%02d-%02d", moment->parts[0], moment->parts[1], moment->parts[2]);
    return date_parse((struct view){(const uint8_t *)text, strlen(text)}, ret_days);
}

json_t *plain_date(int64_t days)
{
    char text[11];
    date_text(days, text);
    return json_string(text);
}

static json_t *read_date(const char *text)
{
    struct moment moment = read_parts(text);
    int64_t days = 0;
    bool is_midnight = moment.count <= 3 || (moment.parts[3] == 0 && moment.parts[4] == 0 && moment.parts[5] == 0);
    if (moment.count < 3 || *moment.rest || !is_midnight || days_of_parts(&moment, &days) != ERR_OK) {
        return NULL;
    }
    return plain_date(days);
}

json_t *plain_time(int64_t ms)
{
    char text[25];
    if (ms < FIRST_MS || ms > LAST_MS) {
        return NULL;
    }
    time_text(ms, text);
    return json_string(text);
}

/* RFC 3339 says its zone; what says none is of the site's. */
static json_t *read_time(const char *text, int offset)
{
    int64_t ms = 0;
    int64_t days = 0;
    if (time_parse(text, &ms) == ERR_OK) {
        return plain_time(ms);
    }
    struct moment moment = read_parts(text);
    const int *parts = moment.parts;
    if (moment.count < 4 || *moment.rest || parts[3] > 23 || parts[4] > 59 || parts[5] > 59 ||
        days_of_parts(&moment, &days) != ERR_OK) {
        return NULL;
    }
    int64_t minutes = days * 1440 + (int64_t)parts[3] * 60 + parts[4] - offset;
    return plain_time(minutes * MS_PER_MINUTE + (int64_t)parts[5] * 1000);
}

/* In capitals or small letters, as the type has it. */
static json_t *read_letters(const char *text, enum field_type type)
{
    char *copy = mem_text(text);
    for (char *at = copy; *at; at++) {
        bool is_small = *at >= 'a' && *at <= 'z';
        bool is_capital = *at >= 'A' && *at <= 'Z';
        if (type == FIELD_USCC ? is_small : is_capital) {
            *at ^= 0x20;
        }
    }
    json_t *value = json_string(copy);
    free(copy);
    return value;
}

/* The district by its name, where the operator's list has it. */
static json_t *read_district(const char *text)
{
    const struct enumeration *codes = enumeration_find("district");
    const char *code = codes ? code_of(codes, text) : NULL;
    return json_string(code ? code : text);
}

json_t *plain_value(const struct field *row, const char *plain, int utc_offset_minutes)
{
    switch (row->type) {
    case FIELD_ENUM:
        return read_code(row, plain);
    case FIELD_NUMBER:
        return read_named_number(row, plain);
    case FIELD_FLAG:
        return read_flag(plain);
    case FIELD_DATE:
        return read_date(plain);
    case FIELD_TIME:
        return read_time(plain, utc_offset_minutes);
    case FIELD_DISTRICT:
        return read_district(plain);
    default:
        return read_letters(plain, row->type);
    }
}
