#include "common/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must_have(void *memory)
{
    if (!memory) {
        fputs("out of memory\n", stderr);
        abort();
    }
    return memory;
}

void *mem_alloc(size_t size)
{
    return must_have(calloc(1, size ? size : 1));
}

void *mem_grow(void *old, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size) {
        must_have(NULL);
    }
    size_t total = count * size;
    return must_have(realloc(old, total > 0 ? total : 1));
}

char *mem_text(const char *text)
{
    return mem_copy(text, strlen(text));
}

char *mem_copy(const void *bytes, size_t size)
{
    char *copy = must_have(malloc(size + 1));
    if (size) {
        memcpy(copy, bytes, size);
    }
    copy[size] = '\0';
    return copy;
}
