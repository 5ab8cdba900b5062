/* common/table.h - one listing, three forms: an aligned table for people, CSV, JSON. */
#ifndef COMMON_TABLE_H
#define COMMON_TABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

enum table_form { TABLE_TEXT, TABLE_CSV, TABLE_JSON };

/* `key` is the JSON key and the CSV head, stable; the labels head the table for people. */
struct table_column {
    const char *key;
    const char *en;
    const char *zh;
    bool is_number; /* aligned right; a JSON number */
};

struct table;

/* TABLE_TEXT keeps the rows until table_close() to align them by display width (CJK counts two); CSV and JSON (one
 * array, a row a line) are written at once. CSV follows RFC 4180, and a cell that a spreadsheet would run as a formula
 * is preceded by an apostrophe. */
struct table *table_open(FILE *file, enum table_form form, const struct table_column *columns, size_t count);
/* One text a column, borrowed; NULL is an empty cell (JSON null). LABELS may be NULL: what TABLE_TEXT shows in place of
 * the code. */
void table_row(struct table *table, const char *const *cells, const char *const *labels);
/* Returns the number of rows. */
size_t table_close(struct table *table);

/* Cells of text for people, right-padded to WIDTH columns. */
int text_width(const char *text);

#endif
