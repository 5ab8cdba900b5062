/* sheet/csv_text.h - the text of a CSV file as UTF-8, whatever it is written in; for sheet/csv.c alone. */
#ifndef SHEET_CSV_TEXT_H
#define SHEET_CSV_TEXT_H

#include <iconv.h>

#include "sheet/sheet.h"

enum { TEXT_END = -1, TEXT_BAD = -2 };

struct csv_text {
    FILE *file;
    const char *encoding; /* NULL: UTF-8 already */
    iconv_t converter;
    long begin; /* after the mark */
    char in[16384];
    size_t in_size;
    char out[65536];
    size_t out_at, out_size;
    bool is_ended;
};

/* ERR_INVALID: bytes that no text has. */
MUST_CHECK err_t csv_text_open(struct csv_text *text, FILE *file, char reterr_reason[SHEET_REASON_SIZE]);
void csv_text_close(struct csv_text *text);
/* Back to the beginning. */
MUST_CHECK err_t csv_text_rewind(struct csv_text *text);
/* The next byte, TEXT_END, or TEXT_BAD where the bytes are not of the encoding or cannot be read. */
int csv_text_take(struct csv_text *text);
void csv_text_give_back(struct csv_text *text, int c);

#endif
