/* sheet/layout.h - the columns that a table of a kind gets, as sheet/records.h reads them.
 *
 * In a workbook the sheet bears the kind's name, and below the headings for people stands a row of paths: labels may be
 * those of two fields, a path is that of one. */
#ifndef SHEET_LAYOUT_H
#define SHEET_LAYOUT_H

#include "common/table.h"
#include "sheet/column.h"

struct layout {
    size_t count;
    struct column *columns;
    /* Set by layout_finish(). A path a column, the kind's name before the first: a CSV file says so what it holds. */
    const char **paths;
    struct table_column *heads;
    char *first;
};

/* From {0} on. */
void layout_add(struct layout *layout, const struct column *column);
/* No more columns come. */
void layout_finish(struct layout *layout, const struct kind *kind);
void layout_done(struct layout *layout);

#endif
