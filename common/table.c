#include "common/table.h"

#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "common/json_text.h"
#include "common/mem.h"
#include "common/table_xlsx.h"
#include "common/text.h"

struct table {
    FILE *file;
    enum table_form form;
    const struct table_column *columns;
    size_t count;
    size_t rows;
    char **cells; /* TABLE_TEXT: rows × count */
    size_t capacity;
    struct xlsx_sheet *sheet; /* TABLE_XLSX */
};

int text_width(const char *text)
{
    int width = 0;
    utf8proc_int32_t point = 0;
    for (const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)text; *at;) {
        utf8proc_ssize_t used = utf8proc_iterate(at, -1, &point);
        if (used <= 0) {
            return width;
        }
        width += utf8proc_charwidth(point);
        at += used;
    }
    return width;
}

bool text_is_formula(const char *text)
{
    /* The wide ones are taken for the narrow by spreadsheets set to Chinese or Japanese. */
    static const char *const begins[] = {"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"};
    /* A plain negative number stays a number. */
    if (text[0] == '-' && text[1] && strspn(text + 1, "0123456789.") == strlen(text + 1)) {
        return false;
    }
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        if (strncmp(text, begins[i], strlen(begins[i])) == 0) {
            return true;
        }
    }
    return false;
}

bool text_is_guarded(const char *text)
{
    size_t marks = strspn(text, "'");
    return marks > 0 && text_is_formula(text + marks);
}

static void csv_cell(FILE *file, const char *text)
{
    bool is_formula = text_is_formula(text);
    bool is_quoted = is_formula || strpbrk(text, ",\"\r\n");
    if (!is_quoted) {
        fputs(text, file);
        return;
    }
    fputs(is_formula ? "\"'" : "\"", file);
    for (; *text; text++) {
        if (*text == '"') {
            fputc('"', file);
        }
        fputc(*text, file);
    }
    fputc('"', file);
}

struct table *table_open(FILE *file, enum table_form form, const struct table_column *columns, size_t count)
{
    return table_open_named(file, form, NULL, columns, count);
}

struct table *table_open_named(FILE *file, enum table_form form, const char *name, const struct table_column *columns,
                               size_t count)
{
    struct table *table = mem_alloc(sizeof *table);
    *table = (struct table){.file = file, .form = form, .columns = columns, .count = count};
    if (form == TABLE_XLSX) {
        table->sheet = xlsx_sheet_open(name, columns, count);
    }
    for (size_t i = 0; form == TABLE_CSV && i < count; i++) {
        fputs(i ? "," : "", file);
        csv_cell(file, columns[i].key);
    }
    if (form == TABLE_CSV) {
        fputs("\r\n", file);
    }
    return table;
}

/* An empty cell is no number, and no nought. */
static json_t *json_number(const char *text)
{
    return !*text              ? json_null()
           : strchr(text, '.') ? json_real(strtod(text, NULL))
                               : json_integer(strtoll(text, NULL, 10));
}

static void json_row(struct table *table, const char *const *cells)
{
    bool is_lines = table->form == TABLE_JSON_LINES;
    json_t *object = json_object();
    for (size_t i = 0; i < table->count; i++) {
        json_t *value = !cells[i]                     ? json_null()
                        : table->columns[i].is_number ? json_number(cells[i])
                                                      : json_string(cells[i]);
        json_object_set_new(object, table->columns[i].key, value);
    }
    if (!is_lines) {
        fputs(table->rows ? ",\n " : "[\n ", table->file);
    }
    json_text_write(object, table->file, JSON_COMPACT | JSON_REAL_PRECISION(12));
    if (is_lines) {
        fputc('\n', table->file);
    }
    json_decref(object);
}

/* A line break or a control character inside a cell would break the alignment, or the terminal; of those beyond ASCII
 * each has two bytes. */
static char *clean_copy(const char *text)
{
    char *copy = mem_text(text);
    for (char *at = copy; *at; at++) {
        if ((unsigned char)at[0] == 0xc2 && (unsigned char)at[1] < 0xa0) {
            *at++ = ' ';
            *at = ' ';
        } else if ((unsigned char)*at < 0x20 || *at == 0x7f) {
            *at = ' ';
        }
    }
    return copy;
}

static void keep_row(struct table *table, const char *const *cells, const char *const *labels)
{
    size_t used = table->rows * table->count;
    if (used + table->count > table->capacity) {
        table->capacity = (used + table->count) * 2;
        table->cells = mem_grow(table->cells, table->capacity, sizeof *table->cells);
    }
    for (size_t i = 0; i < table->count; i++) {
        const char *text = labels && labels[i] ? labels[i] : cells[i];
        table->cells[used + i] = clean_copy(text ? text : "");
    }
}

void table_row(struct table *table, const char *const *cells, const char *const *labels)
{
    if (table->form == TABLE_JSON || table->form == TABLE_JSON_LINES) {
        json_row(table, cells);
    } else if (table->form == TABLE_XLSX) {
        xlsx_sheet_row(table->sheet, cells, labels);
    } else if (table->form == TABLE_CSV) {
        for (size_t i = 0; i < table->count; i++) {
            fputs(i ? "," : "", table->file);
            csv_cell(table->file, cells[i] ? cells[i] : "");
        }
        fputs("\r\n", table->file);
    } else {
        keep_row(table, cells, labels);
    }
    table->rows++;
}

static void print_cell(const struct table *table, size_t column, const char *text, int width)
{
    int pad = width - text_width(text);
    bool is_last = column + 1 == table->count;
    if (table->columns[column].is_number) {
        fprintf(table->file, "%*s%s", pad, "", text);
    } else {
        fprintf(table->file, "%s%*s", text, is_last ? 0 : pad, "");
    }
    fputs(is_last ? "\n" : "  ", table->file);
}

static void print_text(const struct table *table)
{
    int *widths = mem_alloc(table->count * sizeof *widths);
    for (size_t i = 0; i < table->count; i++) {
        widths[i] = text_width(tr(table->columns[i].en, table->columns[i].zh));
        for (size_t row = 0; row < table->rows; row++) {
            int width = text_width(table->cells[row * table->count + i]);
            widths[i] = width > widths[i] ? width : widths[i];
        }
    }
    for (size_t i = 0; i < table->count; i++) {
        print_cell(table, i, tr(table->columns[i].en, table->columns[i].zh), widths[i]);
    }
    for (size_t cell = 0; cell < table->rows * table->count; cell++) {
        print_cell(table, cell % table->count, table->cells[cell], widths[cell % table->count]);
    }
    free(widths);
}

size_t table_close(struct table *table)
{
    if (table->form == TABLE_JSON) {
        fputs(table->rows ? "\n]\n" : "[]\n", table->file);
    } else if (table->form == TABLE_TEXT) {
        print_text(table);
        for (size_t cell = 0; cell < table->rows * table->count; cell++) {
            free(table->cells[cell]);
        }
        free(table->cells);
    }
    xlsx_sheet_close(table->sheet);
    size_t rows = table->rows;
    free(table);
    return rows;
}

bool print_is_whole(void)
{
    return fflush(stdout) == 0 && !ferror(stdout);
}
