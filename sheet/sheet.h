/* sheet/sheet.h - the cells of a CSV file or an XLSX workbook, row by row.
 *
 * Streams: one row is in memory, and of a workbook its shared texts. Every size is bounded before it is allocated, and
 * a workbook as a whole: by what is unpacked of it, and by SHEET_ROWS_MAX rows in all its sheets. CSV is RFC 4180 with
 * a comma, semicolon or tab, in UTF-8, UTF-16 with a mark, or GB18030, as the bytes say. */
#ifndef SHEET_SHEET_H
#define SHEET_SHEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "proto/err.h"

enum {
    SHEET_COLUMNS_MAX = 16384,
    SHEET_ROWS_MAX = 1048576,
    SHEET_CELL_MAX = 131072, /* bytes of UTF-8: 32 767 UTF-16 units, and room */
    SHEET_ROW_MAX = 4194304, /* bytes of all texts of a row */
    SHEET_REASON_SIZE = 256,
    SHEET_NAME_SIZE = 128,
};

enum cell_type { CELL_TEXT, CELL_NUMBER, CELL_FLAG, CELL_ERROR };

/* Cells that hold nothing are not there. */
struct sheet_cell {
    size_t column; /* from 0 */
    enum cell_type type;
    const char *text; /* ends with NUL; for a number as the file writes it */
    size_t size;
    double number;  /* CELL_NUMBER, CELL_FLAG */
    bool is_date;   /* a number that the spreadsheet shows as a date or a time: days since 1899-12-30 */
    unsigned zeros; /* a number that is shown with leading zeros to this many digits */
};

struct sheet_row {
    size_t number; /* from 1, as a spreadsheet counts */
    size_t count;
    const struct sheet_cell *cells; /* by rising column; valid until the next call */
};

struct sheet_reader;

/* FILE is a regular file, borrowed, and read from its beginning. The content tells its form. ERR_INVALID: it is no
 * table; the reason is in the user's language, here and below. */
MUST_CHECK err_t sheet_reader_open(FILE *file, struct sheet_reader **ret_reader, char reterr_reason[SHEET_REASON_SIZE]);
/* Takes NULL. */
void sheet_reader_close(struct sheet_reader *reader);

/* Whether FILE is a workbook (or what is often taken for one), by its first bytes; it is left where it was. */
bool sheet_is_workbook(FILE *file);

/* To the next sheet that is not hidden, the first at first. ret_name is "" for CSV. ERR_NOT_FOUND: there is none. */
MUST_CHECK err_t sheet_next(struct sheet_reader *reader, char ret_name[SHEET_NAME_SIZE],
                            char reterr_reason[SHEET_REASON_SIZE]);
/* The next row that is not empty. ERR_NOT_FOUND: the sheet ends. ERR_INVALID: what comes cannot be read. */
MUST_CHECK err_t sheet_next_row(struct sheet_reader *reader, struct sheet_row *ret_row,
                                char reterr_reason[SHEET_REASON_SIZE]);

/* "A", "Z", "AA", … */
void sheet_column_name(size_t column, char ret_name[8]);

#endif
