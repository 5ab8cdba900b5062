#include "common/compound.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mem.h"

enum {
    HEADER_SIZE = 512,
    AT_SECTOR_SHIFT = 30,
    AT_DIRECTORY = 48,
    AT_NEXT_TABLE = 68, /* where the list of allocation sectors goes on */
    AT_TABLE = 76,      /* the list of allocation sectors: 109 in the header */
    TABLE_IN_HEADER = 109,
    TABLE_HOPS_MAX = 64, /* further sectors of that list; 64 MiB need nine */
    ENTRY_SIZE = 128,
    ENTRY_NAME_SIZE = 64,
    AT_ENTRY_TYPE = 66,
    AT_ENTRY_LEFT = 68,
    AT_ENTRY_RIGHT = 72,
    AT_ENTRY_CHILD = 76,
    TYPE_SEEN = 0xff, /* ours, in our copy of the directory */
    TYPE_STREAM = 2,
    TYPE_ROOT = 5
};

static const uint8_t magic[] = {0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1};

struct compound {
    int fd;
    uint64_t size;
    uint32_t sector_size;
    uint8_t header[HEADER_SIZE];
    uint8_t *directory; /* owned */
    uint32_t entries;
};

static uint32_t number_at(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Sector 0 begins after the header, which fills a sector of its own. */
static bool read_sector_part(const struct compound *compound, uint32_t sector, uint32_t offset, void *ret_bytes,
                             uint32_t size)
{
    uint64_t at = ((uint64_t)sector + 1) * compound->sector_size + offset;
    return at + size <= compound->size && pread(compound->fd, ret_bytes, size, (off_t)at) == (ssize_t)size;
}

/* Which sector holds the INDEXth part of the allocation table. */
static bool find_table_sector(const struct compound *compound, uint32_t index, uint32_t *ret_sector)
{
    uint8_t bytes[4] = {0};
    if (index < TABLE_IN_HEADER) {
        *ret_sector = number_at(compound->header + AT_TABLE + (size_t)4 * index);
        return true;
    }
    uint32_t in_sector = compound->sector_size / 4 - 1; /* the last number leads to the next one */
    uint32_t sector = number_at(compound->header + AT_NEXT_TABLE);
    index -= TABLE_IN_HEADER;
    for (int hop = 0; hop < TABLE_HOPS_MAX; hop++) {
        if (index < in_sector) {
            bool is_read = read_sector_part(compound, sector, 4 * index, bytes, sizeof bytes);
            *ret_sector = number_at(bytes);
            return is_read;
        }
        if (!read_sector_part(compound, sector, 4 * in_sector, bytes, sizeof bytes)) {
            return false;
        }
        sector = number_at(bytes);
        index -= in_sector;
    }
    return false;
}

/* The sector after SECTOR in its chain; false where the chain ends, or leads nowhere. */
static bool find_next(const struct compound *compound, uint32_t sector, uint32_t *ret_next)
{
    uint8_t bytes[4] = {0};
    uint32_t in_sector = compound->sector_size / 4;
    uint32_t table = 0;
    bool is_read = find_table_sector(compound, sector / in_sector, &table) &&
                   read_sector_part(compound, table, 4 * (sector % in_sector), bytes, sizeof bytes);
    *ret_next = number_at(bytes);
    return is_read;
}

/* A chain that runs in a circle gives the same entries again until the limit; each says the same, so nothing is lost.
 */
static void read_directory(struct compound *compound)
{
    uint32_t sector = number_at(compound->header + AT_DIRECTORY);
    uint64_t limit = compound->size < COMPOUND_DIRECTORY_MAX ? compound->size : COMPOUND_DIRECTORY_MAX;
    size_t used = 0;
    compound->directory = mem_alloc((size_t)limit);
    while (used + compound->sector_size <= limit &&
           read_sector_part(compound, sector, 0, compound->directory + used, compound->sector_size)) {
        used += compound->sector_size;
        if (!find_next(compound, sector, &sector)) {
            break;
        }
    }
    compound->entries = (uint32_t)(used / ENTRY_SIZE);
}

static void read_name(const uint8_t *entry, char ret_name[COMPOUND_NAME_SIZE])
{
    size_t bytes = (size_t)entry[ENTRY_NAME_SIZE] | (size_t)entry[ENTRY_NAME_SIZE + 1] << 8;
    size_t count = bytes >= 2 && bytes <= ENTRY_NAME_SIZE ? bytes / 2 - 1 : 0;
    for (size_t i = 0; i < count; i++) {
        ret_name[i] = '?';
        if (entry[2 * i + 1] == 0 && entry[2 * i] > 0 && entry[2 * i] < 0x80) {
            ret_name[i] = (char)entry[2 * i];
        }
    }
    ret_name[count] = '\0';
}

/* Marks an entry when it is put on the stack, so that each is there once. */
static void push(struct compound *compound, uint32_t index, uint32_t *stack, size_t *depth)
{
    if (index < compound->entries && compound->directory[(size_t)index * ENTRY_SIZE + AT_ENTRY_TYPE] != TYPE_SEEN) {
        stack[(*depth)++] = index;
    }
}

static void walk_root(struct compound *compound, void (*each)(void *self, const char name[COMPOUND_NAME_SIZE]),
                      void *self)
{
    char name[COMPOUND_NAME_SIZE];
    /* Two for each entry: it may be named twice before it is seen. */
    uint32_t *stack = mem_grow(NULL, (size_t)2 * compound->entries + 1, sizeof *stack);
    size_t depth = 0;
    push(compound, number_at(compound->directory + AT_ENTRY_CHILD), stack, &depth);
    while (depth > 0) {
        uint8_t *entry = compound->directory + (size_t)stack[--depth] * ENTRY_SIZE;
        uint8_t type = entry[AT_ENTRY_TYPE];
        if (type == TYPE_SEEN) {
            continue;
        }
        entry[AT_ENTRY_TYPE] = TYPE_SEEN;
        if (type == TYPE_STREAM) {
            read_name(entry, name);
            each(self, name);
        }
        push(compound, number_at(entry + AT_ENTRY_LEFT), stack, &depth);
        push(compound, number_at(entry + AT_ENTRY_RIGHT), stack, &depth);
    }
    free(stack);
}

bool compound_is(struct view head)
{
    return head.size >= sizeof magic && memcmp(head.at, magic, sizeof magic) == 0;
}

err_t compound_each_stream(int fd, void (*each)(void *self, const char name[COMPOUND_NAME_SIZE]), void *self)
{
    struct compound compound = {.fd = fd};
    struct stat file;
    if (fstat(fd, &file) != 0 || pread(fd, compound.header, HEADER_SIZE, 0) != HEADER_SIZE ||
        !compound_is((struct view){compound.header, HEADER_SIZE})) {
        return ERR_INVALID;
    }
    unsigned shift = (unsigned)compound.header[AT_SECTOR_SHIFT] | (unsigned)compound.header[AT_SECTOR_SHIFT + 1] << 8;
    if (shift != 9 && shift != 12) {
        return ERR_INVALID;
    }
    compound.size = (uint64_t)file.st_size;
    compound.sector_size = 1U << shift;
    read_directory(&compound);
    bool has_root = compound.entries > 0 && compound.directory[AT_ENTRY_TYPE] == TYPE_ROOT;
    if (has_root) {
        walk_root(&compound, each, self);
    }
    free(compound.directory);
    return has_root ? ERR_OK : ERR_INVALID;
}
