/* common/merkle_growth.h - the nodes that new leaves add to a tree, in memory: reckoned once, about one hash a leaf. */
#ifndef COMMON_MERKLE_GROWTH_H
#define COMMON_MERKLE_GROWTH_H

#include "common/merkle.h"

struct merkle_growth {
    const struct suite *suite;
    uint64_t from, to; /* leaves before and after */
    uint8_t peaks[MERKLE_HEIGHT_MAX + 1]
                 [MERKLE_HASH_SIZE];      /* the old tree's node of each height that is a bit of `from` */
    size_t starts[MERKLE_HEIGHT_MAX + 2]; /* where each height's new nodes begin; heights are the levels */
    unsigned heights;
    uint8_t (*nodes)[MERKLE_HASH_SIZE];
    size_t capacity;
};

/* All zeros but the suite is a growth of an empty tree by nothing. */
void growth_done(struct merkle_growth *growth);
/* Adds COUNT leaves to the tree of growth->from leaves, in place of what was added before. */
void growth_add(struct merkle_growth *growth, const uint8_t *leaves, size_t count);
/* Makes the grown tree the one that is grown from. */
void growth_adopt(struct merkle_growth *growth);

/* New nodes, and the peaks of the old tree: enough for the root, and for what proves that new leaves are there. */
err_t growth_node(void *self, unsigned height, uint64_t index, uint8_t ret_hash[MERKLE_HASH_SIZE]);

#endif
