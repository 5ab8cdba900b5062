/* common/mem.h - allocation that cannot fail: sizes are bounded before they get here, and every accepted record is on
 * disk, so out of memory aborts. */
#ifndef COMMON_MEM_H
#define COMMON_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size); /* zeroed */
void *mem_grow(void *old, size_t count, size_t size);
char *mem_text(const char *text);
char *mem_copy(const void *bytes, size_t size); /* adds a NUL */

#endif
