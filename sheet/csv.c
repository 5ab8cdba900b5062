/* CSV after RFC 4180, as it is met: a comma, a semicolon or a tab between cells, any line end, and the line `sep=;`
 * that one spreadsheet writes for another. */
#include <stdlib.h>

#include "common/mem.h"
#include "common/text.h"
#include "sheet/csv_text.h"
#include "sheet/reader.h"

struct csv {
    struct csv_text text;
    struct row_buffer row;
    int separator;
    size_t number;
    bool is_begun;
    bool is_ended;
};

static bool is_separator(int c)
{
    return c == ',' || c == ';' || c == '\t';
}

/* "sep=;" alone in the first line. */
static bool take_declaration(struct csv *csv)
{
    static const char begin[] = "sep=";
    int c = 0;
    for (size_t i = 0; i < sizeof begin - 1; i++) {
        c = csv_text_take(&csv->text);
        if (c != begin[i] && c != begin[i] - 0x20) {
            return false;
        }
    }
    int separator = csv_text_take(&csv->text);
    c = csv_text_take(&csv->text);
    c = c == '\r' ? csv_text_take(&csv->text) : c;
    if (!is_separator(separator) || c != '\n') {
        return false;
    }
    csv->separator = separator;
    return true;
}

/* The one that stands most often in the first line that is not empty, outside quotes. */
static void guess_separator(struct csv *csv)
{
    size_t counts[128] = {0};
    bool is_quoted = false;
    bool has_text = false;
    int c = 0;
    for (size_t i = 0; i < SHEET_ROW_MAX && (c = csv_text_take(&csv->text)) >= 0; i++) {
        is_quoted ^= c == '"';
        if ((c == '\n' || c == '\r') && !is_quoted && has_text) {
            break;
        }
        has_text |= c != '\n' && c != '\r';
        counts[c < 128 && !is_quoted ? c : 0]++;
    }
    csv->separator = counts[';'] > counts[','] ? ';' : ',';
    csv->separator = counts['\t'] > counts[(unsigned char)csv->separator] ? '\t' : csv->separator;
}

err_t csv_open(FILE *file, void **ret_self, char reterr_reason[SHEET_REASON_SIZE])
{
    struct csv *csv = mem_alloc(sizeof *csv);
    err_t err = csv_text_open(&csv->text, file, reterr_reason);
    if (err == ERR_OK && !take_declaration(csv)) {
        err = csv_text_rewind(&csv->text);
        if (err == ERR_OK) {
            guess_separator(csv);
            err = csv_text_rewind(&csv->text);
        }
    }
    if (err != ERR_OK) {
        csv_text_close(&csv->text);
        free(csv);
        return err;
    }
    *ret_self = csv;
    return ERR_OK;
}

static void close_csv(void *self)
{
    struct csv *csv = self;
    csv_text_close(&csv->text);
    row_done(&csv->row);
    free(csv);
}

static err_t next_sheet(void *self, char ret_name[SHEET_NAME_SIZE], char reterr_reason[SHEET_REASON_SIZE])
{
    struct csv *csv = self;
    (void)reterr_reason;
    ret_name[0] = '\0';
    bool is_begun = csv->is_begun;
    csv->is_begun = true;
    return is_begun ? ERR_NOT_FOUND : ERR_OK;
}

static err_t flaw(const struct csv *csv, char reterr_reason[SHEET_REASON_SIZE], const char *what)
{
    snprintf(reterr_reason, SHEET_REASON_SIZE, tr("row %zu: %s", "第 %zu 行：%s"), csv->number, what);
    return ERR_INVALID;
}

static err_t bad_text(const struct csv *csv, char reterr_reason[SHEET_REASON_SIZE])
{
    return flaw(csv, reterr_reason,
                tr("bytes that are neither UTF-8 nor GB18030: save the file as CSV UTF-8",
                   "字节既非 UTF-8 也非 GB18030：请另存为 CSV UTF-8"));
}

static err_t too_long(const struct csv *csv, char reterr_reason[SHEET_REASON_SIZE])
{
    return flaw(csv, reterr_reason, tr("too long; is a quote not closed?", "内容过长；是否有引号未闭合？"));
}

/* After the opening quote, to what follows the closing one. */
static err_t take_quoted(struct csv *csv, int *ret_next, char reterr_reason[SHEET_REASON_SIZE])
{
    size_t from = csv->row.size;
    for (;;) {
        int c = csv_text_take(&csv->text);
        if (c == '"') {
            c = csv_text_take(&csv->text);
            if (c != '"') {
                *ret_next = c;
                return ERR_OK;
            }
        }
        if (c == TEXT_END) {
            return flaw(csv, reterr_reason, tr("a quote is not closed", "引号未闭合"));
        }
        if (c == TEXT_BAD) {
            return bad_text(csv, reterr_reason);
        }
        if (!row_put(&csv->row, (char)c) || csv->row.size - from > SHEET_CELL_MAX) {
            return too_long(csv, reterr_reason);
        }
    }
}

/* One cell; *ret_end is what ended it: the separator, '\n', or TEXT_END. */
static err_t take_cell(struct csv *csv, size_t column, int *ret_end, char reterr_reason[SHEET_REASON_SIZE])
{
    size_t from = csv->row.size;
    int c = csv_text_take(&csv->text);
    if (c == '"') {
        err_t err = take_quoted(csv, &c, reterr_reason);
        if (err != ERR_OK) {
            return err;
        }
        if (c != csv->separator && c != '\r' && c != '\n' && c != TEXT_END) {
            return flaw(csv, reterr_reason, tr("text after a closing quote", "闭合引号后有多余内容"));
        }
    }
    while (c != csv->separator && c != '\r' && c != '\n' && c != TEXT_END) {
        if (c == TEXT_BAD) {
            return bad_text(csv, reterr_reason);
        }
        if (!row_put(&csv->row, (char)c) || csv->row.size - from > SHEET_CELL_MAX) {
            return too_long(csv, reterr_reason);
        }
        c = csv_text_take(&csv->text);
    }
    if (c == '\r') {
        c = csv_text_take(&csv->text);
        if (c != '\n') {
            csv_text_give_back(&csv->text, c);
        }
        c = '\n';
    }
    *ret_end = c;
    struct sheet_cell cell = {.column = column, .type = CELL_TEXT, .size = csv->row.size - from};
    if (!row_put(&csv->row, '\0')) {
        return too_long(csv, reterr_reason);
    }
    if (cell.size > 0) {
        row_end_cell(&csv->row, from, &cell);
    }
    return ERR_OK;
}

static err_t next_row(void *self, struct sheet_row *ret_row, char reterr_reason[SHEET_REASON_SIZE])
{
    struct csv *csv = self;
    int end = csv->separator;
    if (csv->is_ended) {
        return ERR_NOT_FOUND;
    }
    row_begin(&csv->row);
    csv->number++;
    if (csv->number > SHEET_ROWS_MAX) {
        return flaw(csv, reterr_reason, tr("too many rows: split the file", "行数过多：请拆分文件"));
    }
    for (size_t column = 0; end == csv->separator; column++) {
        if (column == SHEET_COLUMNS_MAX) {
            return flaw(csv, reterr_reason, tr("too many cells", "单元格过多"));
        }
        err_t err = take_cell(csv, column, &end, reterr_reason);
        if (err != ERR_OK) {
            csv->is_ended = true;
            return err;
        }
    }
    csv->is_ended = end == TEXT_END;
    row_finish(&csv->row, csv->number, ret_row);
    return ERR_OK;
}

const struct sheet_ops csv_ops = {next_sheet, next_row, close_csv};
