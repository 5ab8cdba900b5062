/* sheet/cell.h - one cell of a table as the value of one field.
 *
 * Whatever a field's row can make of a cell becomes the JSON value that record_from_json() takes; anything else becomes
 * the text as it stands, so that record_check() judges it and names the fault. What a spreadsheet has spoilt beyond
 * repair (digits lost to a number, a number that became a date) is a fault here, since it could pass for a value. */
#ifndef SHEET_CELL_H
#define SHEET_CELL_H

#include <jansson.h>

#include "proto/schema.h"
#include "sheet/sheet.h"

/* What is wrong with the cell beyond what record_check() will see; CELL_SOUND where nothing is. */
enum cell_flaw { CELL_SOUND, CELL_LOST_DIGITS, CELL_BECAME_DATE, CELL_IS_ERROR };

/* The value of a cell that is not empty, for a column whose cells hold ROW; a new reference. Times without a zone are
 * of the site's. ret_flaw is set in any case. */
json_t *cell_value(const struct sheet_cell *cell, const struct field *row, int utc_offset_minutes,
                   enum cell_flaw *ret_flaw);

/* Whether there is nothing in the cell but blanks. */
bool cell_is_blank(const struct sheet_cell *cell);
/* TEXT, cut between characters to fit SIZE, on one line. */
void cell_line(const char *text, char *out, size_t size);

/* What to do about it, in the user's language. */
const char *cell_flaw_text(enum cell_flaw flaw);
/* How a value of ROW is written, for one who wrote it wrong; codes by their labels. "" where nothing helps. */
void cell_advice(const struct field *row, char *out, size_t size);

#endif
