/* sheet/export.h - records in full, in the forms that come in again: JSON, JSON lines, CSV, a workbook.
 *
 * In a table every field has its column, a list as many as its longest needs; so all records are gone through once to
 * measure and once for each sheet. What a row says is read back as sheet/records.h reads it and compared: a record that
 * a table cannot hold exactly is written as far as it can be, and named. */
#ifndef SHEET_EXPORT_H
#define SHEET_EXPORT_H

#include <jansson.h>

#include "common/table.h"
#include "proto/schema.h"

/* Calls TAKE for every record, each time the same ones. What goes wrong is the caller's to tell. */
typedef err_t export_source(void *source, void (*take)(void *self, const json_t *record), void *self);

struct export_order {
    FILE *file;
    enum table_form form; /* TABLE_TEXT is taken for TABLE_JSON_LINES */
    export_source *each;
    void *source;
};

/* `inexact`: records that a table holds in part alone; the id of the first. */
struct export_result {
    size_t count, inexact;
    char first[37];
};

/* ERR_EXISTS: several kinds do not go into one CSV. ERR_TOO_LARGE: a list needs more columns than a table is read with.
 * Nothing was written then. ERR_BUSY: the records were not the same each time. Else what the source said. */
MUST_CHECK err_t export_records(const struct export_order *order, struct export_result *ret_result);

/* What went wrong and what to do, in the user's language; false: all went out whole. */
enum { EXPORT_FLAW_SIZE = 512 };
bool export_flaw(err_t err, const struct export_result *result, char ret_text[EXPORT_FLAW_SIZE]);

#endif
