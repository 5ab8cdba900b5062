#include "common/table_xlsx.h"

#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "common/mem.h"
#include "common/text.h"
#include "common/workbook.h"

/* The bounds are the format's, in rows and in UTF-16 units a cell; a number of more digits would lose the last. */
enum { SHEET_ROWS = 1048576, CELL_UNITS = 32767, EXACT_DIGITS = 15, WIDTH_MIN = 8, WIDTH_MAX = 60 };

struct xlsx_sheet {
    const char *name;
    const struct table_column *columns;
    size_t count;
    lxw_worksheet *worksheet;
    lxw_row_t row;
    int *widths;
};

/* Like standard output, there is one a run. */
static struct {
    const char *path;
    struct workbook_file file;
    lxw_format *head;
} book;

void table_workbook(const char *path)
{
    book.path = path;
}

void table_workbook_spoil(const char *reason)
{
    if (book.file.workbook) {
        workbook_spoil(&book.file, reason);
    }
}

/* Rows go to disk as they come, so a listing of any length fits in memory. */
static bool open_book(void)
{
    if (book.file.workbook || *book.file.flaw) {
        return book.file.workbook != NULL;
    }
    if (!workbook_begin(&book.file, book.path, true)) {
        return false;
    }
    book.head = workbook_add_format(book.file.workbook);
    format_set_bold(book.head);
    format_set_bg_color(book.head, 0xDDEBF7);
    return true;
}

static void add_worksheet(struct xlsx_sheet *sheet)
{
    sheet->worksheet = workbook_add_worksheet(book.file.workbook, sheet->name);
    if (!sheet->worksheet) {
        workbook_spoil(&book.file, tr("more rows than a sheet takes", "行数超过工作表上限"));
        return;
    }
    sheet->row = 1;
    for (size_t i = 0; i < sheet->count; i++) {
        const char *label = tr(sheet->columns[i].en, sheet->columns[i].zh);
        worksheet_write_string(sheet->worksheet, 0, (lxw_col_t)i, label, book.head);
        sheet->widths[i] = text_width(label);
    }
    worksheet_freeze_panes(sheet->worksheet, 1, 0);
}

/* What the format has to be told when all rows are known. */
static void end_worksheet(struct xlsx_sheet *sheet)
{
    for (size_t i = 0; i < sheet->count; i++) {
        int width = sheet->widths[i] < WIDTH_MIN ? WIDTH_MIN : sheet->widths[i];
        width = (width > WIDTH_MAX ? WIDTH_MAX : width) + 2;
        worksheet_set_column(sheet->worksheet, (lxw_col_t)i, (lxw_col_t)i, width, NULL);
    }
    worksheet_autofilter(sheet->worksheet, 0, 0, sheet->row - 1, (lxw_col_t)(sheet->count - 1));
}

struct xlsx_sheet *xlsx_sheet_open(const char *name, const struct table_column *columns, size_t count)
{
    struct xlsx_sheet *sheet = mem_alloc(sizeof *sheet);
    *sheet = (struct xlsx_sheet){.name = name,
                                 .columns = columns,
                                 .count = count,
                                 .widths = mem_alloc((count ? count : 1) * sizeof *sheet->widths)};
    if (count > 0 && open_book()) {
        add_worksheet(sheet);
    }
    return sheet;
}

static bool is_exact_number(const char *text)
{
    size_t size = strlen(text);
    char *end = NULL;
    if (size == 0 || size > EXACT_DIGITS || strspn(text, "0123456789.-") != size) {
        return false;
    }
    (void)strtod(text, &end);
    return *end == '\0';
}

/* TEXT up to what a cell holds, and a sign that there was more. NULL: it fits as it is. */
static char *cut_text(const char *text)
{
    static const char more[] = "…";
    size_t units = 0;
    size_t at = 0;
    size_t cut = 0;
    size_t size = strlen(text);
    if (size <= CELL_UNITS) {
        return NULL;
    }
    while (at < size) {
        utf8proc_int32_t point = 0;
        utf8proc_ssize_t used =
            utf8proc_iterate((const utf8proc_uint8_t *)text + at, (utf8proc_ssize_t)(size - at), &point);
        units += point > 0xFFFF ? 2 : 1;
        if (units > CELL_UNITS) {
            char *copy = mem_alloc(cut + sizeof more);
            memcpy(copy, text, cut);
            memcpy(copy + cut, more, sizeof more);
            return copy;
        }
        at += used > 0 ? (size_t)used : 1;
        cut = units < CELL_UNITS ? at : cut;
    }
    return NULL;
}

static bool is_escape(const char *at)
{
    return strncmp(at, "_x", 2) == 0 && strspn(at + 2, "0123456789ABCDEFabcdef") >= 4 && at[6] == '_';
}

/* What looks like the format's own way to write a character, as that way writes it; to be freed. */
static char *escaped_text(const char *text)
{
    static const char underscore[] = "_x005F";
    size_t used = 0;
    char *copy = mem_alloc(strlen(text) * sizeof underscore + 1);
    for (; *text; text++) {
        if (is_escape(text)) {
            memcpy(copy + used, underscore, sizeof underscore - 1);
            used += sizeof underscore - 1;
        }
        copy[used++] = *text;
    }
    return copy;
}

static void write_cell(struct xlsx_sheet *sheet, size_t column, const char *text)
{
    if (sheet->columns[column].is_number && is_exact_number(text)) {
        worksheet_write_number(sheet->worksheet, sheet->row, (lxw_col_t)column, strtod(text, NULL), NULL);
        return;
    }
    char *cut = cut_text(text);
    char *escaped = escaped_text(cut ? cut : text);
    lxw_error error = worksheet_write_string(sheet->worksheet, sheet->row, (lxw_col_t)column, escaped, NULL);
    if (error != LXW_NO_ERROR) {
        workbook_spoil(&book.file, lxw_strerror(error));
    }
    free(escaped);
    free(cut);
}

void xlsx_sheet_row(struct xlsx_sheet *sheet, const char *const *cells, const char *const *labels)
{
    if (!sheet->worksheet) {
        return;
    }
    if (sheet->row == SHEET_ROWS) {
        end_worksheet(sheet);
        add_worksheet(sheet);
    }
    if (!sheet->worksheet) {
        return;
    }
    for (size_t i = 0; i < sheet->count; i++) {
        const char *text = labels && labels[i] ? labels[i] : cells[i];
        if (text && *text) {
            write_cell(sheet, i, text);
            int width = text_width(text);
            sheet->widths[i] = width > sheet->widths[i] ? width : sheet->widths[i];
        }
    }
    sheet->row++;
}

void xlsx_sheet_close(struct xlsx_sheet *sheet)
{
    if (sheet && sheet->worksheet) {
        end_worksheet(sheet);
    }
    if (sheet) {
        free(sheet->widths);
    }
    free(sheet);
}

bool table_workbook_close(char reterr_reason[256])
{
    bool is_good = workbook_end(&book.file);
    snprintf(reterr_reason, 256, "%s", book.file.flaw);
    return is_good;
}
