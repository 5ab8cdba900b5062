/* sheet/records.h - the records that a table holds, one a row, and where in it a fault is.
 *
 * A sheet begins with its headings, titles above them are passed over, and a second row of headings may stand below, of
 * paths: it then decides. Which kind of record a sheet holds is what the caller says, or its name, a title, the kind's
 * name before a path, or the only kind that has all the headings. */
#ifndef SHEET_RECORDS_H
#define SHEET_RECORDS_H

#include <jansson.h>

#include "proto/fault.h"
#include "sheet/column.h"
#include "sheet/sheet.h"

/* The longest table of a kind has some hundred columns; each heading is compared with all names of the schema,
 * so the cells that are looked at for headings are bounded, in all sheets together. */
enum { RECORDS_HEADINGS_MAX = 1024, RECORDS_LOOKUPS_MAX = 65536 };

struct records;

/* `json` is borrowed until the next call; NULL where not a row but the table is at fault, and the table ends there.
 * `faults` are those that record_check() cannot see. */
struct table_record {
    json_t *json;
    size_t row;
    struct faults faults;
};

/* FILE as in sheet_reader_open(). KIND may be NULL. */
MUST_CHECK err_t records_open(FILE *file, const struct kind *kind, int utc_offset_minutes, struct records **ret_records,
                              char reterr_reason[SHEET_REASON_SIZE]);
/* Takes NULL. */
void records_close(struct records *records);
/* ERR_NOT_FOUND at the end of the last sheet. */
MUST_CHECK err_t records_next(struct records *records, struct table_record *ret_record);

/* The sheet of the last record; "" where sheets have no names. */
const char *records_sheet(const struct records *records);
/* Puts the place in the table into each of FAULTS that record_check() found in the last record: `C5 heading`, and what
 * to do into its reason. */
void records_explain(const struct records *records, struct faults *faults);

/* What a template calls its page of explanations, in each language: no records are looked for there. */
extern const char *const help_sheet_names[2];

#endif
