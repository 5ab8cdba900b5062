/* common/table_xlsx.h - a listing as a sheet of the run's workbook; for common/table.c alone. */
#ifndef COMMON_TABLE_XLSX_H
#define COMMON_TABLE_XLSX_H

#include "common/table.h"

struct xlsx_sheet;

/* One at a time: the rows of a sheet that is closed are on disk. NAME may be NULL. */
struct xlsx_sheet *xlsx_sheet_open(const char *name, const struct table_column *columns, size_t count);
void xlsx_sheet_row(struct xlsx_sheet *sheet, const char *const *cells, const char *const *labels);
void xlsx_sheet_close(struct xlsx_sheet *sheet);

#endif
