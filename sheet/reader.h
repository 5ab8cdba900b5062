/* sheet/reader.h - what a form of table supplies; for sheet alone. */
#ifndef SHEET_READER_H
#define SHEET_READER_H

#include "sheet/sheet.h"

struct sheet_ops {
    err_t (*next)(void *self, char ret_name[SHEET_NAME_SIZE], char reterr_reason[SHEET_REASON_SIZE]);
    err_t (*next_row)(void *self, struct sheet_row *ret_row, char reterr_reason[SHEET_REASON_SIZE]);
    void (*close)(void *self);
};
extern const struct sheet_ops csv_ops, xlsx_ops;

MUST_CHECK err_t csv_open(FILE *file, void **ret_self, char reterr_reason[SHEET_REASON_SIZE]);
MUST_CHECK err_t xlsx_open(FILE *file, void **ret_self, char reterr_reason[SHEET_REASON_SIZE]);

/* The cells of one row while it is read: texts in one buffer, that moves as it grows, cells by offset in it. */
struct row_buffer {
    char *text;
    size_t size, capacity;
    struct sheet_cell *cells;
    size_t *offsets; /* of each cell's text; ROW_BORROWED: it is somebody else's */
    size_t count, cell_capacity;
};
#define ROW_BORROWED SIZE_MAX

void row_begin(struct row_buffer *row);
/* False: over SHEET_ROW_MAX. */
bool row_put(struct row_buffer *row, char c);
/* Ends the text that began at FROM as a cell. */
void row_end_cell(struct row_buffer *row, size_t from, const struct sheet_cell *cell);
/* Sets the texts of all cells. */
void row_finish(struct row_buffer *row, size_t number, struct sheet_row *ret_row);
void row_done(struct row_buffer *row);

#endif
