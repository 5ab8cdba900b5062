/* common/table.h - one listing in every form: an aligned table for people, CSV, JSON, JSON lines, a sheet of a
 * workbook.
 */
#ifndef COMMON_TABLE_H
#define COMMON_TABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

enum table_form { TABLE_TEXT, TABLE_CSV, TABLE_JSON, TABLE_JSON_LINES, TABLE_XLSX };

/* `key` is the JSON key and the CSV head, stable; the labels head the table for people. */
struct table_column {
    const char *key;
    const char *en;
    const char *zh;
    bool is_number; /* aligned right; a JSON number */
};

struct table;

/* TABLE_TEXT keeps the rows until table_close() to align them by display width (CJK counts two); CSV, JSON (one array,
 * a row a line) and JSON lines are written at once. CSV follows RFC 4180, and a cell that a spreadsheet would run as a
 * formula is preceded by an apostrophe. TABLE_XLSX does not go to FILE but is a sheet of the run's workbook, with what
 * TABLE_TEXT shows: labels; texts are cells of text, never formulas, and numbers are numbers. */
struct table *table_open(FILE *file, enum table_form form, const struct table_column *columns, size_t count);
/* As table_open(); NAME is that of the sheet, which then goes on in no other. */
struct table *table_open_named(FILE *file, enum table_form form, const char *name, const struct table_column *columns,
                               size_t count);
/* One text a column, borrowed; NULL is an empty cell (JSON null). LABELS may be NULL: what TABLE_TEXT shows in place of
 * the code. */
void table_row(struct table *table, const char *const *cells, const char *const *labels);
/* Returns the number of rows. */
size_t table_close(struct table *table);

/* Where every table of form TABLE_XLSX of this run goes, a sheet each. PATH is borrowed. */
void table_workbook(const char *path);
/* What it holds is not all: it will not be put in place. */
void table_workbook_spoil(const char *reason);
/* At the end of the run. Writes the workbook, if any table was opened for it, beside PATH and then puts it in PATH's
 * place: a workbook is there whole or not at all. False: it could not be written, and *reterr_reason says why. */
bool table_workbook_close(char reterr_reason[256]);

/* Whether all that was printed so far has left the process. A flush alone does not say so: one that failed before has
 * dropped what it held, and left the stream's mark only. */
bool print_is_whole(void);

/* Whether a spreadsheet would run TEXT, in a CSV file, as a formula. */
bool text_is_formula(const char *text);
/* Whether such a text stands in TEXT behind an apostrophe, or several. */
bool text_is_guarded(const char *text);

/* Cells of text for people, right-padded to WIDTH columns. */
int text_width(const char *text);

#endif
