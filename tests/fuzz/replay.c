/* Feeds a fuzz target the vectors and seeded mutations of them: the short version of fuzzing, in every build.
 * A vector has its bytes as "hex", or as "text".
 *   replay VECTORS.json MUTATIONS    (the long version: tests/fuzz/run) */
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t state = 88172645463325252u;

static uint32_t next_random(void)
{
    state ^= state << 13; /* xorshift64 */
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32);
}

static void feed(const uint8_t *bytes, size_t size)
{
    uint8_t *exact = malloc(size ? size : 1); /* so that a sanitizer sees every read beyond the end */
    memcpy(exact, bytes, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

static void mutate(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size + 1);
    memcpy(copy, bytes, size);
    for (uint32_t i = next_random() % 4 + 1; i > 0 && size > 0; i--) {
        copy[next_random() % size] = (uint8_t)next_random();
    }
    feed(copy, size > 0 && next_random() % 4 == 0 ? next_random() % size : size);
    free(copy);
}

static void feed_all(const uint8_t *bytes, size_t size, long mutations)
{
    feed(bytes, size);
    for (long i = 0; i < mutations; i++) {
        mutate(bytes, size);
    }
}

int main(int argc, char **argv)
{
    size_t index = 0;
    json_t *vector = NULL;
    json_t *vectors = argc == 3 ? json_load_file(argv[1], 0, NULL) : NULL;
    if (!vectors) {
        fprintf(stderr, "usage: replay VECTORS.json MUTATIONS\n");
        return 2;
    }
    long mutations = strtol(argv[2], NULL, 10);
    json_array_foreach(vectors, index, vector)
    {
        const char *text = json_string_value(json_object_get(vector, "text"));
        if (text) {
            feed_all((const uint8_t *)text, strlen(text), mutations);
            continue;
        }
        const char *hex = json_string_value(json_object_get(vector, "hex"));
        size_t size = strlen(hex) / 2;
        uint8_t *bytes = malloc(size + 1);
        for (size_t i = 0; i < size; i++) {
            char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
            bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
        }
        feed_all(bytes, size, mutations);
        free(bytes);
    }
    printf("%zu vectors, %ld mutations each\n", json_array_size(vectors), mutations);
    json_decref(vectors);
    return 0;
}
