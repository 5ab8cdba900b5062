/* sheet/xlsx_book.h - what a workbook says outside its sheets: their names, the shared texts, the formats. */
#ifndef SHEET_XLSX_BOOK_H
#define SHEET_XLSX_BOOK_H

#include "sheet/xlsx_part.h"

enum { BOOK_SHEETS_MAX = 256, BOOK_TEXTS_MAX = 4194304, BOOK_TEXT_BYTES_MAX = 134217728, BOOK_FORMATS_MAX = 65536 };

struct book_sheet {
    char name[SHEET_NAME_SIZE];
    char part[PART_NAME_SIZE];
    bool is_hidden;
};

struct book_format {
    bool is_date;
    unsigned zeros; /* shown with leading zeros to this many digits */
};

struct book {
    struct book_sheet *sheets;
    size_t sheet_count;
    bool is_1904;
    char *texts; /* one after the other, each with its NUL */
    size_t *text_offsets;
    size_t text_count;
    struct book_format *formats; /* by the number that a cell names */
    size_t format_count;
};

MUST_CHECK err_t book_open(struct part_zip *zip, struct book *ret_book, char reterr_reason[SHEET_REASON_SIZE]);
void book_close(struct book *book);

/* Puts C to the text of a cell or a shared text: _x000D_ and its like become characters, at the end. In place; returns
 * the new size. */
size_t book_unescape(char *text, size_t size);

#endif
