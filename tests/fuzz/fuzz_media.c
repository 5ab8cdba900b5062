#include <assert.h>
#include <fcntl.h>
#include <string.h>

#include "common/compound.h"
#include "common/media.h"
#include "tests/fuzz/scratch.h"

/* Any bytes as an attachment. What is found is a type that is taken; a compound file names no more streams than its
 * size has room for, each with a text that ends. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The hole: as many sectors as a compound file's header knows the allocation of. */
enum {
    ENTRY_SIZE = 128,
    HEADER_SIZE = 512,
    AT_DIRECTORY = 48,
    HOLE_SECTORS = 109 * 128,
    HOLE_SIZE = HOLE_SECTORS * 512
};

static void count_stream(void *self, const char name[COMPOUND_NAME_SIZE])
{
    size_t *count = self;
    assert(memchr(name, '\0', COMPOUND_NAME_SIZE));
    for (; *name; name++) {
        assert((unsigned char)*name < 0x80);
    }
    ++*count;
}

static void read_streams(int fd, size_t size)
{
    size_t count = 0;
    err_t err = compound_each_stream(fd, count_stream, &count);
    assert(err == ERR_OK || count == 0);
    assert(count <= size / ENTRY_SIZE);
    (void)err;
}

static bool is_far(struct view bytes)
{
    uint32_t sector = 0;
    if (compound_is(bytes) && bytes.size > HEADER_SIZE) {
        memcpy(&sector, bytes.at + AT_DIRECTORY, sizeof sector); /* little-endian, as who runs this */
    }
    return sector >= HOLE_SECTORS;
}

/* Where the directory is farther away, the sectors stand beyond a hole as well: those are found by tables that are in
 * sectors, too. */
static void read_compound(const char *path, struct view bytes)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert(fd >= 0);
    read_streams(fd, bytes.size);
    if (is_far(bytes)) {
        size_t size = bytes.size - HEADER_SIZE;
        ssize_t written = pwrite(fd, bytes.at + HEADER_SIZE, size, HEADER_SIZE + HOLE_SIZE);
        assert(written == (ssize_t)size);
        (void)written;
        read_streams(fd, HOLE_SIZE + bytes.size);
    }
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[SCRATCH_SIZE];
    const char *type = NULL;
    write_scratch(data, size, path);
    err_t err = media_find(path, &type);
    if (err == ERR_OK) {
        assert(media_is_taken((struct view){(const uint8_t *)type, strlen(type)}));
        assert(media_suffix(type)[0] == '.');
    } else {
        assert(err == ERR_NOT_FOUND && !type);
    }
    read_compound(path, (struct view){data, size});
    return 0;
}
