#include "sheet/sheet.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "sheet/reader.h"

struct sheet_reader {
    const struct sheet_ops *ops;
    void *self;
};

/* ZIP, and the older compound file that .xls and protected workbooks are. */
static const char zip_mark[4] = "PK\x03\x04";
static const unsigned char compound_mark[4] = {0xD0, 0xCF, 0x11, 0xE0};

static size_t read_mark(FILE *file, char mark[4])
{
    rewind(file);
    size_t size = fread(mark, 1, 4, file);
    rewind(file);
    return size;
}

bool sheet_is_workbook(FILE *file)
{
    char mark[4];
    long at = ftell(file);
    size_t size = read_mark(file, mark);
    return fseek(file, at, SEEK_SET) == 0 && size == 4 &&
           (memcmp(mark, zip_mark, 4) == 0 || memcmp(mark, compound_mark, 4) == 0);
}

err_t sheet_reader_open(FILE *file, struct sheet_reader **ret_reader, char reterr_reason[SHEET_REASON_SIZE])
{
    char mark[4];
    size_t size = read_mark(file, mark);
    if (size == 4 && memcmp(mark, compound_mark, 4) == 0) {
        snprintf(reterr_reason, SHEET_REASON_SIZE, "%s",
                 tr("an old or password-protected workbook: save it as .xlsx without a password",
                    "旧版或带密码的工作簿：请另存为不带密码的 .xlsx"));
        return ERR_INVALID;
    }
    bool is_zip = size == 4 && memcmp(mark, zip_mark, 4) == 0;
    void *self = NULL;
    err_t err = is_zip ? xlsx_open(file, &self, reterr_reason) : csv_open(file, &self, reterr_reason);
    if (err == ERR_OK) {
        *ret_reader = mem_alloc(sizeof **ret_reader);
        **ret_reader = (struct sheet_reader){is_zip ? &xlsx_ops : &csv_ops, self};
    }
    return err;
}

void sheet_reader_close(struct sheet_reader *reader)
{
    if (reader) {
        reader->ops->close(reader->self);
        free(reader);
    }
}

err_t sheet_next(struct sheet_reader *reader, char ret_name[SHEET_NAME_SIZE], char reterr_reason[SHEET_REASON_SIZE])
{
    return reader->ops->next(reader->self, ret_name, reterr_reason);
}

err_t sheet_next_row(struct sheet_reader *reader, struct sheet_row *ret_row, char reterr_reason[SHEET_REASON_SIZE])
{
    err_t err = ERR_OK;
    do {
        err = reader->ops->next_row(reader->self, ret_row, reterr_reason);
    } while (err == ERR_OK && ret_row->count == 0);
    return err;
}

void sheet_column_name(size_t column, char ret_name[8])
{
    char letters[8];
    size_t count = 0;
    for (size_t left = column + 1; left > 0 && count < sizeof letters - 1; left = (left - 1) / 26) {
        letters[count++] = (char)('A' + (left - 1) % 26);
    }
    for (size_t i = 0; i < count; i++) {
        ret_name[i] = letters[count - 1 - i];
    }
    ret_name[count] = '\0';
}

void row_begin(struct row_buffer *row)
{
    row->size = 0;
    row->count = 0;
}

bool row_put(struct row_buffer *row, char c)
{
    if (row->size >= SHEET_ROW_MAX) {
        return false;
    }
    if (row->size == row->capacity) {
        row->capacity = row->capacity ? row->capacity * 2 : 4096;
        row->text = mem_grow(row->text, row->capacity, 1);
    }
    row->text[row->size++] = c;
    return true;
}

void row_end_cell(struct row_buffer *row, size_t from, const struct sheet_cell *cell)
{
    if (row->count == row->cell_capacity) {
        row->cell_capacity = row->cell_capacity ? row->cell_capacity * 2 : 64;
        row->cells = mem_grow(row->cells, row->cell_capacity, sizeof *row->cells);
        row->offsets = mem_grow(row->offsets, row->cell_capacity, sizeof *row->offsets);
    }
    row->cells[row->count] = *cell;
    row->offsets[row->count++] = from;
}

void row_finish(struct row_buffer *row, size_t number, struct sheet_row *ret_row)
{
    for (size_t i = 0; i < row->count; i++) {
        if (row->offsets[i] != ROW_BORROWED) {
            row->cells[i].text = row->text + row->offsets[i];
        }
    }
    *ret_row = (struct sheet_row){number, row->count, row->cells};
}

void row_done(struct row_buffer *row)
{
    free(row->text);
    free(row->cells);
    free(row->offsets);
    *row = (struct row_buffer){0};
}
