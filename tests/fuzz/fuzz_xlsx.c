#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "tests/fuzz/table.h"
#include "tests/sheet/workbook.h"

/* A workbook whose sheet, shared texts and styles are the three pieces that a form feed parts: mutations reach the
 * readers of the parts, which compression and checksums would keep from them. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {SHEET_PART, TEXTS_PART, STYLES_PART};
    enum { PARTS = sizeof names / sizeof *names };
    struct part_text parts[PARTS];
    size_t count = 0;
    const char *at = (const char *)data;
    const char *end = at + size;
    while (count < PARTS && at) {
        const char *next = at < end && count + 1 < PARTS ? memchr(at, '\f', (size_t)(end - at)) : NULL;
        parts[count] = (struct part_text){names[count], at, (size_t)((next ? next : end) - at), 1};
        count++;
        at = next ? next + 1 : NULL;
    }
    FILE *file = workbook_of(parts, count);
    read_table(file, NULL);
    fclose(file);
    return 0;
}
