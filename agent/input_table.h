/* agent/input_table.h - a table, CSV or XLSX, as an input of records; what submit and the watched folder open files
 * with. */
#ifndef AGENT_INPUT_TABLE_H
#define AGENT_INPUT_TABLE_H

#include "agent/input.h"
#include "proto/schema.h"

/* Opens PATH as what it is: a table by its name (.csv, .xlsx, .tsv), its first bytes, or because KIND is given;
 * otherwise as input_open() does. KIND says which records a table holds, or is NULL. Times without a zone are of the
 * site's. ERR_INVALID: the table cannot be read. */
MUST_CHECK err_t input_open_any(struct input *input, const char *path, const struct home *home, const struct kind *kind,
                                int utc_offset_minutes, char reterr_reason[256]);

#endif
