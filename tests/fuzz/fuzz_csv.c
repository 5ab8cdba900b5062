#include <assert.h>
#include <stdio.h>

#include "tests/fuzz/table.h"

/* Any bytes as a table: most are CSV, and what begins as a ZIP is a workbook. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FILE *file = size > 0 ? fmemopen((void *)(uintptr_t)data, size, "rb") : NULL;
    if (file) {
        read_table(file, NULL);
        read_table(file, column_kind("review_report"));
        fclose(file);
    }
    return 0;
}
