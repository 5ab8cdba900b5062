#include "sheet/cell.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "common/mem.h"
#include "common/table.h"
#include "common/text.h"
#include "sheet/plain.h"

/* A spreadsheet keeps numbers to 15 digits. Its day 0 is 1899-12-30, which is this many days before 1970. */
enum { DAYS_TO_EPOCH = 25569, MS_PER_DAY = 86400000, MS_PER_MINUTE = 60000, SHORT_TEXT = 256 };
static const double EXACT_LIMIT = 1e15;

bool cell_is_blank(const struct sheet_cell *cell)
{
    utf8proc_int32_t point = 0;
    for (size_t at = 0; cell->type == CELL_TEXT && at < cell->size;) {
        utf8proc_ssize_t used =
            utf8proc_iterate((const utf8proc_uint8_t *)cell->text + at, (utf8proc_ssize_t)(cell->size - at), &point);
        bool is_blank = point == ' ' || point == '\t' || point == '\n' || point == '\r' ||
                        (used > 0 && utf8proc_category(point) == UTF8PROC_CATEGORY_ZS);
        if (used <= 0 || !is_blank) {
            return false;
        }
        at += (size_t)used;
    }
    return cell->type == CELL_TEXT;
}

/* ---- Texts ---- */

/* What blanks take at the beginning or, with IS_END, at the end of TEXT. */
static size_t blank_size(const char *text, size_t size, bool is_end)
{
    static const char *const blanks[] = {" ", "\t", "\n", "\r", "\xC2\xA0", "\xE3\x80\x80", "\xEF\xBB\xBF"};
    for (size_t i = 0; i < sizeof blanks / sizeof *blanks; i++) {
        size_t blank = strlen(blanks[i]);
        if (size >= blank && memcmp(is_end ? text + size - blank : text, blanks[i], blank) == 0) {
            return blank;
        }
    }
    return 0;
}

struct piece_of_text {
    const char *at;
    size_t size;
};

static struct piece_of_text trim(const char *text, size_t size)
{
    size_t blank = 0;
    while ((blank = blank_size(text, size, false)) > 0) {
        text += blank;
        size -= blank;
    }
    while ((blank = blank_size(text, size, true)) > 0) {
        size -= blank;
    }
    return (struct piece_of_text){text, size};
}

/* Trimmed, lines ended by LF alone, and without the apostrophe that keeps a spreadsheet from running it. */
static char *clean_text(const char *text, size_t size)
{
    struct piece_of_text piece = trim(text, size);
    char *copy = mem_copy(piece.at, piece.size);
    char *to = copy;
    for (const char *at = copy + text_is_guarded(copy); *at; at++) {
        if (*at != '\r') {
            *to++ = *at;
        } else if (at[1] != '\n') {
            *to++ = '\n';
        }
    }
    *to = '\0';
    return copy;
}

/* A short text in its plain form: width and compatibility folded, trimmed, an apostrophe before it taken away. NULL: it
 * is no short text. */
static char *plain_text(const char *text, size_t size)
{
    struct piece_of_text piece = trim(text, size);
    if (piece.size > 0 && piece.at[0] == '\'') {
        piece = trim(piece.at + 1, piece.size - 1);
    }
    if (piece.size == 0 || piece.size > SHORT_TEXT) {
        return NULL;
    }
    char *copy = mem_copy(piece.at, piece.size);
    char *plain = (char *)utf8proc_NFKC((const utf8proc_uint8_t *)copy);
    free(copy);
    return plain;
}

static json_t *text_value(const char *text, size_t size)
{
    char *clean = clean_text(text, size);
    json_t *value = json_string(clean);
    free(clean);
    return value ? value : json_string("");
}

/* The text of a number that stands where a text should; cell->text is how the file writes it. */
static void number_text(const struct sheet_cell *cell, char out[64])
{
    double number = cell->number;
    if (number == floor(number) && fabs(number) < EXACT_LIMIT) {
        snprintf(out, 64, "%0*.0f", (int)cell->zeros, number);
    } else {
        snprintf(out, 64, "%.15g", number);
    }
}

/* 1.23E+17: what a spreadsheet leaves of a long code when it writes CSV. */
static bool is_scientific(const char *text, size_t size)
{
    struct piece_of_text piece = trim(text, size);
    size_t digits = strspn(piece.at, "0123456789.");
    return digits > 0 && digits < piece.size && digits < 16 && (piece.at[digits] == 'E' || piece.at[digits] == 'e') &&
           piece.size > digits + 2 && piece.at[digits + 1] == '+' &&
           strspn(piece.at + digits + 2, "0123456789") == piece.size - digits - 2;
}

static enum cell_flaw flaw_of(const struct sheet_cell *cell, const struct field *row)
{
    bool is_date = row->type == FIELD_DATE || row->type == FIELD_TIME;
    if (cell->type == CELL_ERROR) {
        return CELL_IS_ERROR;
    }
    if (row->type == FIELD_FLAG || is_date) {
        return CELL_SOUND;
    }
    if (cell->type == CELL_NUMBER && cell->is_date) {
        return CELL_BECAME_DATE;
    }
    if (row->type == FIELD_NUMBER) {
        return CELL_SOUND;
    }
    bool is_lost = cell->type == CELL_NUMBER ? fabs(cell->number) >= EXACT_LIMIT : false;
    return is_lost || (cell->type == CELL_TEXT && is_scientific(cell->text, cell->size)) ? CELL_LOST_DIGITS
                                                                                         : CELL_SOUND;
}

static json_t *text_as(const struct field *row, const char *text, size_t size, int offset)
{
    char *plain = row->type == FIELD_TEXT ? NULL : plain_text(text, size);
    json_t *value = plain ? plain_value(row, plain, offset) : NULL;
    free(plain);
    return value ? value : text_value(text, size);
}

/* ---- Cells that are no texts ---- */

static json_t *number_as(const struct sheet_cell *cell, const struct field *row, int offset)
{
    double number = cell->number;
    /* Of a number that is not shown as a date nobody can say that it is one, nor from which day it counts. */
    bool is_day = cell->is_date && number >= 1 && number < 2958466; /* to the end of 9999 */
    char text[64];
    number_text(cell, text);
    if (row->type == FIELD_DATE && is_day) {
        return plain_date((int64_t)floor(number) - DAYS_TO_EPOCH);
    }
    if (row->type == FIELD_TIME && is_day) {
        int64_t ms = (int64_t)llround((number - DAYS_TO_EPOCH) * MS_PER_DAY / 1000.0) * 1000; /* to the second */
        json_t *value = plain_time(ms - (int64_t)offset * MS_PER_MINUTE);
        return value ? value : text_value(text, strlen(text));
    }
    if (row->type == FIELD_NUMBER && number == floor(number) && fabs(number) < EXACT_LIMIT) {
        return json_integer((json_int_t)number);
    }
    return text_as(row, text, strlen(text), offset);
}

static json_t *flag_as(const struct sheet_cell *cell, const struct field *row)
{
    bool flag = cell->number != 0;
    return row->type == FIELD_FLAG ? json_boolean(flag) : json_string(flag ? "TRUE" : "FALSE");
}

static json_t *single_value(const struct sheet_cell *cell, const struct field *row, int offset)
{
    return cell->type == CELL_NUMBER ? number_as(cell, row, offset)
           : cell->type == CELL_FLAG ? flag_as(cell, row)
                                     : text_as(row, cell->text, cell->size, offset);
}

/* ---- Several values in one cell ---- */

static size_t separator_size(const char *at)
{
    static const char *const separators[] = {";", "；", "\n", "\r"};
    for (size_t i = 0; i < sizeof separators / sizeof *separators; i++) {
        size_t size = strlen(separators[i]);
        if (strncmp(at, separators[i], size) == 0) {
            return size;
        }
    }
    return 0;
}

static json_t *list_value(const struct sheet_cell *cell, const struct field *list, int offset)
{
    const struct field *row = &list->fields[0];
    json_t *values = json_array();
    if (cell->type != CELL_TEXT) {
        json_array_append_new(values, single_value(cell, row, offset));
        return values;
    }
    const char *from = cell->text;
    for (const char *at = cell->text;; at++) {
        size_t size = *at ? separator_size(at) : 0;
        if (*at && size == 0) {
            continue;
        }
        struct piece_of_text piece = trim(from, (size_t)(at - from));
        if (piece.size > 0) {
            json_array_append_new(values, text_as(row, piece.at, piece.size, offset));
        }
        if (!*at) {
            return values;
        }
        at += size - 1;
        from = at + 1;
    }
}

json_t *cell_value(const struct sheet_cell *cell, const struct field *row, int utc_offset_minutes,
                   enum cell_flaw *ret_flaw)
{
    *ret_flaw = flaw_of(cell, row->type == FIELD_LIST ? &row->fields[0] : row);
    return row->type == FIELD_LIST ? list_value(cell, row, utc_offset_minutes)
                                   : single_value(cell, row, utc_offset_minutes);
}

/* ---- For people ---- */

void cell_line(const char *text, char *out, size_t size)
{
    size_t used = 0;
    utf8proc_int32_t point = 0;
    while (*text) {
        utf8proc_ssize_t step = utf8proc_iterate((const utf8proc_uint8_t *)text, -1, &point);
        if (step <= 0 || used + (size_t)step >= size) {
            break;
        }
        memcpy(out + used, point < ' ' ? " " : text, (size_t)step);
        used += (size_t)step;
        text += step;
    }
    out[used] = '\0';
}

const char *cell_flaw_text(enum cell_flaw flaw)
{
    switch (flaw) {
    case CELL_LOST_DIGITS:
        return tr(
            "the spreadsheet has made a number of a long code and lost its last digits: set the column's format to "
            "text and type it again",
            "长编码已被电子表格转成数值，末几位数字丢失：请将该列设为文本格式后重新录入");
    case CELL_BECAME_DATE:
        return tr("the spreadsheet has made a date of it: set the column's format to text and type it again",
                  "内容已被电子表格转成日期：请将该列设为文本格式后重新录入");
    case CELL_IS_ERROR:
        return tr("the cell holds the error of a formula, or a formula without its result: type the value itself",
                  "单元格是公式错误值或尚未计算的公式：请直接录入数值");
    default:
        return "";
    }
}

static void list_labels(const struct enumeration *codes, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "%s", tr("one of: ", "应为下列之一："));
    for (size_t i = 0; i < codes->count && used + 160 < size; i++) {
        const char *label = text_is_chinese() ? codes->labels[i].zh : codes->labels[i].en;
        used += (size_t)snprintf(out + used, size - used, "%s%s", i ? tr("; ", "；") : "", label);
    }
}

void cell_advice(const struct field *row, char *out, size_t size)
{
    const struct field *single = row->type == FIELD_LIST ? &row->fields[0] : row;
    const char *text = "";
    if (single->codes) {
        list_labels(single->codes, out, size);
        return;
    }
    switch (single->type) {
    case FIELD_FLAG:
        text = tr("write yes or no", "应填“是”或“否”");
        break;
    case FIELD_DATE:
        text = tr("write the date as 2026-03-05", "日期应写作 2026-03-05");
        break;
    case FIELD_TIME:
        text = tr("write the time as 2026-03-05 14:30", "时间应写作 2026-03-05 14:30");
        break;
    case FIELD_NUMBER:
        text = tr("write a whole number in digits", "应填整数");
        break;
    case FIELD_USCC:
        text = tr("write all 18 characters, as text", "应以文本格式填写全部 18 位");
        break;
    default:
        break;
    }
    snprintf(out, size, "%s", text);
}
