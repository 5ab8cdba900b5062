/* tests/fuzz/scratch.h - the bytes of an input as a file, for what reads files by their path. */
#ifndef TESTS_FUZZ_SCRATCH_H
#define TESTS_FUZZ_SCRATCH_H

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

enum { SCRATCH_SIZE = 32 };

/* The file's path is that of its descriptor; the next call puts other bytes in it. */
static inline void write_scratch(const uint8_t *data, size_t size, char ret_path[SCRATCH_SIZE])
{
    static FILE *file;
    file = file ? file : tmpfile();
    assert(file);
    ssize_t written = pwrite(fileno(file), data, size, 0);
    int cut = ftruncate(fileno(file), (off_t)size);
    assert(written == (ssize_t)size && cut == 0);
    (void)written, (void)cut;
    snprintf(ret_path, SCRATCH_SIZE, "/proc/self/fd/%d", fileno(file));
}

#endif
