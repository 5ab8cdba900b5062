/* tests/common/leaves.h - a tree over leaves in memory, each node reckoned by the definition. */
#ifndef TESTS_COMMON_LEAVES_H
#define TESTS_COMMON_LEAVES_H

#include <string.h>

#include "common/merkle.h"

struct leaves {
    uint64_t count;
    uint8_t (*hashes)[MERKLE_HASH_SIZE];
};

static err_t leaves_node(void *self, unsigned height, uint64_t index, uint8_t ret_hash[MERKLE_HASH_SIZE])
{
    struct leaves *leaves = self;
    if ((index + 1) << height > leaves->count) {
        return ERR_NOT_FOUND;
    }
    if (height == 0) {
        memcpy(ret_hash, leaves->hashes[index], MERKLE_HASH_SIZE);
        return ERR_OK;
    }
    uint8_t right[MERKLE_HASH_SIZE];
    err_t err = leaves_node(self, height - 1, 2 * index, ret_hash);
    err = err == ERR_OK ? leaves_node(self, height - 1, 2 * index + 1, right) : err;
    suite_hash_node(&suite_ed25519, ret_hash, right, ret_hash);
    return err;
}

/* Leaf I is the hash of the one byte I. */
static inline void fill_leaves(struct leaves *leaves)
{
    for (uint64_t i = 0; i < leaves->count; i++) {
        uint8_t content = (uint8_t)i;
        suite_hash_leaf(&suite_ed25519, (struct view){&content, 1}, leaves->hashes[i]);
    }
}

#endif
