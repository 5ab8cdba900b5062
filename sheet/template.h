/* sheet/template.h - a table of a kind to be filled in, in the form that sheet/records.h reads.
 *
 * Everything in it is derived from the kind's rows. What every kind has and need not be filled in comes last, and what
 * the agent assigns is left out. The workbook lets choose codes by their names, checks numbers, dates and lengths as
 * they are typed, and has a page of explanations, which is passed over when it comes back. */
#ifndef SHEET_TEMPLATE_H
#define SHEET_TEMPLATE_H

#include <stdio.h>

#include "proto/schema.h"
#include "sheet/sheet.h"

enum { TEMPLATE_ELEMENTS = 3 };

/* ELEMENTS: how many of each list get columns; never fewer than the kind asks for, nor more than it allows. ERR_IO with
 * the reason: nothing at PATH has changed. */
MUST_CHECK err_t template_write_workbook(const char *path, const struct kind *kind, size_t elements,
                                         char reterr_reason[SHEET_REASON_SIZE]);
/* The headings alone, in the user's language, above their paths; with the mark of UTF-8, since spreadsheets ask for it.
 */
void template_write_csv(FILE *file, const struct kind *kind, size_t elements);

#endif
