/* tests/proto/vectors.h - the files of proto/vectors, made by tests/vectors/ from PROTOCOL.md alone. */
#ifndef TESTS_PROTO_VECTORS_H
#define TESTS_PROTO_VECTORS_H

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

static json_t *vectors;

static inline int load_vectors(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", VECTORS_DIR, name);
    vectors = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    return json_is_array(vectors) ? 0 : -1;
}

static inline int unload_vectors(void **state)
{
    (void)state;
    json_decref(vectors);
    return 0;
}

/* To be freed. Exactly as long as they are, so that the sanitizer sees a read beyond them. */
static inline uint8_t *bytes_of(const json_t *vector, size_t *ret_size)
{
    const char *hex = json_string_value(json_object_get(vector, "hex"));
    *ret_size = strlen(hex) / 2;
    uint8_t *bytes = malloc(*ret_size ? *ret_size : 1);
    for (size_t i = 0; i < *ret_size; i++) {
        char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return bytes;
}

#endif
