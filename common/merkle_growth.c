#include "common/merkle_growth.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { HASH = MERKLE_HASH_SIZE };

void growth_done(struct merkle_growth *growth)
{
    free(growth->nodes);
    memset(growth, 0, sizeof *growth);
}

/* A leaf adds one node of each height that it completes, so all heights together have fewer than two a leaf, and one
 * more each where an old peak is joined. */
static void reserve(struct merkle_growth *growth, size_t count)
{
    size_t wanted = 2 * count + MERKLE_HEIGHT_MAX + 1;
    if (wanted > growth->capacity) {
        free(growth->nodes);
        growth->nodes = malloc(wanted * HASH);
        assert(growth->nodes);
        growth->capacity = wanted;
    }
}

err_t growth_node(void *self, unsigned height, uint64_t index, uint8_t ret_hash[HASH])
{
    const struct merkle_growth *growth = self;
    uint64_t first = growth->from >> height;
    if (height < growth->heights && index >= first) {
        size_t place = growth->starts[height] + (size_t)(index - first);
        if (place >= growth->starts[height + 1]) {
            return ERR_NOT_FOUND;
        }
        memcpy(ret_hash, growth->nodes[place], HASH);
        return ERR_OK;
    }
    if ((first & 1) == 0 || index != first - 1) {
        return ERR_NOT_FOUND;
    }
    memcpy(ret_hash, growth->peaks[height], HASH);
    return ERR_OK;
}

void growth_add(struct merkle_growth *growth, const uint8_t *leaves, size_t count)
{
    reserve(growth, count);
    growth->to = growth->from + count;
    growth->heights = 0;
    size_t used = 0;
    for (unsigned height = 0; growth->from >> height != growth->to >> height; height++) {
        growth->starts[height] = used;
        for (uint64_t index = growth->from >> height; index < growth->to >> height; index++, used++) {
            if (height == 0) {
                memcpy(growth->nodes[used], leaves + (index - growth->from) * HASH, HASH);
                continue;
            }
            uint8_t left[HASH];
            uint8_t right[HASH];
            err_t err = growth_node(growth, height - 1, 2 * index, left);
            err = err == ERR_OK ? growth_node(growth, height - 1, 2 * index + 1, right) : err;
            assert(err == ERR_OK);
            suite_hash_node(growth->suite, left, right, growth->nodes[used]);
        }
        growth->heights = height + 1;
        growth->starts[height + 1] = used;
    }
}

void growth_adopt(struct merkle_growth *growth)
{
    for (unsigned height = 0; height <= MERKLE_HEIGHT_MAX; height++) {
        uint64_t end = growth->to >> height;
        uint8_t peak[HASH];
        if ((end & 1) != 0 && growth_node(growth, height, end - 1, peak) == ERR_OK) {
            memcpy(growth->peaks[height], peak, HASH);
        }
    }
    growth->from = growth->to;
    growth->heights = 0;
}
