/* common/merkle.h - the Merkle tree of RFC 6962 section 2.1 over record hashes: proofs made and checked. Pure.
 *
 * A leaf is suite_hash_leaf() of a record's bytes; leaves are counted from 0, so record number n is leaf n - 1. A path
 * is a row of hashes of MERKLE_HASH_SIZE bytes each. Whoever keeps a tree hands out its perfect subtrees, of which
 * every other one is made. */
#ifndef COMMON_MERKLE_H
#define COMMON_MERKLE_H

#include "common/suite.h"

enum { MERKLE_HASH_SIZE = SUITE_HASH_SIZE, MERKLE_HEIGHT_MAX = 62, MERKLE_PATH_MAX = PATH_HASHES_MAX };

/* Node INDEX of HEIGHT covers the leaves from INDEX << HEIGHT up to (INDEX + 1) << HEIGHT; all of them are there. */
struct merkle_source {
    const struct suite *suite;
    err_t (*node)(void *self, unsigned height, uint64_t index, uint8_t ret_hash[MERKLE_HASH_SIZE]);
    void *self;
};

struct merkle_path {
    size_t count;
    uint8_t hashes[MERKLE_PATH_MAX][MERKLE_HASH_SIZE];
};

struct view merkle_path_view(const struct merkle_path *path);

/* ---- making: SIZE leaves, all of which the source has; what it returns is passed on ---- */

/* The root of the first SIZE leaves; of none it is the hash of nothing. */
MUST_CHECK err_t merkle_root(const struct merkle_source *source, uint64_t size, uint8_t ret_root[MERKLE_HASH_SIZE]);
/* RFC 6962 section 2.1.1; INDEX < SIZE. */
MUST_CHECK err_t merkle_inclusion(const struct merkle_source *source, uint64_t index, uint64_t size,
                                  struct merkle_path *ret_path);
/* RFC 6962 section 2.1.2; 0 < OLD <= SIZE. */
MUST_CHECK err_t merkle_consistency(const struct merkle_source *source, uint64_t old, uint64_t size,
                                    struct merkle_path *ret_path);
/* That COUNT leaves from FIRST on are there side by side: the hashes of the largest subtrees that hold none of them,
 * from left to right. 0 < COUNT, FIRST + COUNT <= SIZE. */
MUST_CHECK err_t merkle_range(const struct merkle_source *source, uint64_t first, uint64_t count, uint64_t size,
                              struct merkle_path *ret_path);

/* ---- checking: every argument may be hostile ---- */

bool merkle_check_inclusion(const struct suite *suite, const uint8_t leaf[MERKLE_HASH_SIZE], uint64_t index,
                            uint64_t size, struct view path, const uint8_t root[MERKLE_HASH_SIZE]);
bool merkle_check_consistency(const struct suite *suite, uint64_t old, const uint8_t old_root[MERKLE_HASH_SIZE],
                              uint64_t size, const uint8_t root[MERKLE_HASH_SIZE], struct view path);
/* LEAVES are COUNT hashes. */
bool merkle_check_range(const struct suite *suite, const uint8_t *leaves, uint64_t first, uint64_t count, uint64_t size,
                        struct view path, const uint8_t root[MERKLE_HASH_SIZE]);

#endif
