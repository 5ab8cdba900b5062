#include "common/table_xlsx.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <utf8proc.h>
#include <xlsxwriter.h>

#include "common/home.h"
#include "common/mem.h"
#include "common/text.h"

/* The bounds are the format's, in rows and in UTF-16 units a cell; a number of more digits would lose the last. */
enum { SHEET_ROWS = 1048576, CELL_UNITS = 32767, EXACT_DIGITS = 15, WIDTH_MIN = 8, WIDTH_MAX = 60 };

struct xlsx_sheet {
    const struct table_column *columns;
    size_t count;
    lxw_worksheet *worksheet;
    lxw_row_t row;
    int *widths;
};

/* Like standard output, there is one a run. */
static struct {
    const char *path;
    char part[PATH_SIZE]; /* the file that is being written */
    lxw_workbook *workbook;
    lxw_format *head;
    char flaw[256];
} book;

void table_workbook(const char *path)
{
    book.path = path;
}

static bool fail(const char *what)
{
    if (!*book.flaw) {
        snprintf(book.flaw, sizeof book.flaw, "%.120s: %.120s", book.path, what);
    }
    return false;
}

static bool open_book(void)
{
    if (book.workbook || *book.flaw) {
        return book.workbook != NULL;
    }
    int size = snprintf(book.part, sizeof book.part, "%s.XXXXXX", book.path);
    int fd = size < (int)sizeof book.part ? mkstemp(book.part) : -1;
    if (fd < 0) {
        return fail(size < (int)sizeof book.part ? strerror(errno) : strerror(ENAMETOOLONG));
    }
    close(fd);
    /* Rows go to disk as they come, so a listing of any length fits in memory. */
    lxw_workbook_options options = {.constant_memory = LXW_TRUE, .use_zip64 = LXW_TRUE};
    book.workbook = workbook_new_opt(book.part, &options);
    if (!book.workbook) {
        unlink(book.part);
        return fail(strerror(ENOMEM));
    }
    book.head = workbook_add_format(book.workbook);
    format_set_bold(book.head);
    format_set_bg_color(book.head, 0xDDEBF7);
    return true;
}

static void add_worksheet(struct xlsx_sheet *sheet)
{
    sheet->worksheet = workbook_add_worksheet(book.workbook, NULL);
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

struct xlsx_sheet *xlsx_sheet_open(const struct table_column *columns, size_t count)
{
    struct xlsx_sheet *sheet = mem_alloc(sizeof *sheet);
    *sheet = (struct xlsx_sheet){
        .columns = columns, .count = count, .widths = mem_alloc((count ? count : 1) * sizeof *sheet->widths)};
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

static void write_cell(struct xlsx_sheet *sheet, size_t column, const char *text)
{
    if (sheet->columns[column].is_number && is_exact_number(text)) {
        worksheet_write_number(sheet->worksheet, sheet->row, (lxw_col_t)column, strtod(text, NULL), NULL);
        return;
    }
    char *cut = cut_text(text);
    lxw_error error = worksheet_write_string(sheet->worksheet, sheet->row, (lxw_col_t)column, cut ? cut : text, NULL);
    if (error != LXW_NO_ERROR) {
        fail(lxw_strerror(error));
    }
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
    if (book.workbook) {
        errno = 0;
        lxw_error error = workbook_close(book.workbook);
        book.workbook = NULL;
        if (error != LXW_NO_ERROR) {
            fail(errno ? strerror(errno) : lxw_strerror(error));
        } else if (!*book.flaw && rename(book.part, book.path) != 0) {
            fail(strerror(errno));
        }
        if (*book.flaw) {
            unlink(book.part);
        }
    }
    snprintf(reterr_reason, 256, "%s", book.flaw);
    return !*book.flaw;
}
