#include "common/merkle.h"

#include <assert.h>
#include <string.h>

enum { HASH = MERKLE_HASH_SIZE };

struct view merkle_path_view(const struct merkle_path *path)
{
    return (struct view){path->hashes[0], path->count * HASH};
}

/* The largest power of two below SIZE, which is at least 2. */
static uint64_t split(uint64_t size)
{
    uint64_t half = 1;
    while (half < size - half) {
        half *= 2;
    }
    return half;
}

static bool is_power_of_two(uint64_t size)
{
    return (size & (size - 1)) == 0;
}

/* ---- making ---- */

/* The subtree over the leaves [from, to), which begins where a tree is split: at its right edge it is folded of perfect
 * ones. */
static err_t subtree(const struct merkle_source *source, uint64_t from, uint64_t to, uint8_t ret_hash[HASH])
{
    uint64_t end = to;
    for (unsigned height = 0; (to - from) >> height != 0; height++) {
        uint8_t left[HASH];
        if (((to - from) >> height & 1) == 0) {
            continue;
        }
        bool is_first = end == to;
        end -= UINT64_C(1) << height;
        err_t err = source->node(source->self, height, end >> height, left);
        if (err != ERR_OK) {
            return err;
        }
        if (is_first) {
            memcpy(ret_hash, left, HASH);
        } else {
            suite_hash_node(source->suite, left, ret_hash, ret_hash);
        }
    }
    return ERR_OK;
}

err_t merkle_root(const struct merkle_source *source, uint64_t size, uint8_t ret_root[HASH])
{
    if (size == 0) {
        suite_hash(source->suite, NULL, 0, ret_root);
        return ERR_OK;
    }
    return subtree(source, 0, size, ret_root);
}

static err_t add(const struct merkle_source *source, uint64_t from, uint64_t to, struct merkle_path *path)
{
    assert(path->count < MERKLE_PATH_MAX);
    return subtree(source, from, to, path->hashes[path->count++]);
}

/* RFC 6962 lists the deepest first. */
static void reverse(struct merkle_path *path)
{
    for (size_t i = 0; i < path->count / 2; i++) {
        uint8_t kept[HASH];
        uint8_t *other = path->hashes[path->count - 1 - i];
        memcpy(kept, path->hashes[i], HASH);
        memcpy(path->hashes[i], other, HASH);
        memcpy(other, kept, HASH);
    }
}

err_t merkle_inclusion(const struct merkle_source *source, uint64_t index, uint64_t size, struct merkle_path *ret_path)
{
    uint64_t from = 0;
    uint64_t to = size;
    err_t err = ERR_OK;
    assert(index < size);
    ret_path->count = 0;
    while (to - from > 1 && err == ERR_OK) {
        uint64_t middle = from + split(to - from);
        if (index < middle) {
            err = add(source, middle, to, ret_path);
            to = middle;
        } else {
            err = add(source, from, middle, ret_path);
            from = middle;
        }
    }
    reverse(ret_path);
    return err;
}

err_t merkle_consistency(const struct merkle_source *source, uint64_t old, uint64_t size, struct merkle_path *ret_path)
{
    uint64_t from = 0;
    uint64_t to = size;
    err_t err = ERR_OK;
    assert(old > 0 && old <= size);
    ret_path->count = 0;
    while (old < to && err == ERR_OK) {
        uint64_t middle = from + split(to - from);
        if (old <= middle) {
            err = add(source, middle, to, ret_path);
            to = middle;
        } else {
            err = add(source, from, middle, ret_path);
            from = middle;
        }
    }
    if (from > 0 && err == ERR_OK) { /* otherwise the old root itself is what is left, and known */
        err = add(source, from, to, ret_path);
    }
    reverse(ret_path);
    return err;
}

static err_t add_outside(const struct merkle_source *source, uint64_t first, uint64_t end, uint64_t from, uint64_t to,
                         struct merkle_path *path)
{
    if (to <= first || from >= end) {
        return add(source, from, to, path);
    }
    if (from >= first && to <= end) {
        return ERR_OK;
    }
    uint64_t middle = from + split(to - from);
    err_t err = add_outside(source, first, end, from, middle, path);
    return err == ERR_OK ? add_outside(source, first, end, middle, to, path) : err;
}

err_t merkle_range(const struct merkle_source *source, uint64_t first, uint64_t count, uint64_t size,
                   struct merkle_path *ret_path)
{
    assert(count > 0 && count <= size && first <= size - count);
    ret_path->count = 0;
    return add_outside(source, first, first + count, 0, size, ret_path);
}

/* ---- checking ---- */

static bool is_path(struct view path)
{
    return path.size % HASH == 0 && path.size / HASH <= MERKLE_PATH_MAX;
}

static bool is_same(const uint8_t hash_a[HASH], const uint8_t hash_b[HASH])
{
    return memcmp(hash_a, hash_b, HASH) == 0;
}

/* RFC 9162 section 2.1.3.2 and 2.1.4.2 share this walk from a leaf up: `at` is a node of the path down to `last`. */
struct climb {
    uint64_t at, last;
};

/* Whether the next hash stands to the left; goes up to where it is joined. */
static bool climb_left(struct climb *climb)
{
    bool is_left = (climb->at & 1) != 0 || climb->at == climb->last;
    while (is_left && (climb->at & 1) == 0 && climb->at != 0) {
        climb->at >>= 1;
        climb->last >>= 1;
    }
    climb->at >>= 1;
    climb->last >>= 1;
    return is_left;
}

bool merkle_check_inclusion(const struct suite *suite, const uint8_t leaf[HASH], uint64_t index, uint64_t size,
                            struct view path, const uint8_t root[HASH])
{
    uint8_t node[HASH];
    if (index >= size || !is_path(path)) {
        return false;
    }
    struct climb climb = {index, size - 1};
    memcpy(node, leaf, HASH);
    for (size_t at = 0; at < path.size; at += HASH) {
        if (climb.last == 0) {
            return false;
        }
        if (climb_left(&climb)) {
            suite_hash_node(suite, path.at + at, node, node);
        } else {
            suite_hash_node(suite, node, path.at + at, node);
        }
    }
    return climb.last == 0 && is_same(node, root);
}

bool merkle_check_consistency(const struct suite *suite, uint64_t old, const uint8_t old_root[HASH], uint64_t size,
                              const uint8_t root[HASH], struct view path)
{
    uint8_t old_node[HASH];
    uint8_t node[HASH];
    if (old == 0 || old >= size || !is_path(path)) {
        return old == size && path.size == 0 && is_same(old_root, root);
    }
    struct climb climb = {old - 1, size - 1};
    size_t at = 0; /* an empty path may be at NULL */
    while ((climb.at & 1) != 0) {
        climb.at >>= 1;
        climb.last >>= 1;
    }
    if (is_power_of_two(old)) { /* the old tree is a node of the new one, and known */
        memcpy(node, old_root, HASH);
    } else if (path.size > 0) {
        memcpy(node, path.at, HASH);
        at = HASH;
    } else {
        return false;
    }
    memcpy(old_node, node, HASH);
    for (; at < path.size; at += HASH) {
        if (climb.last == 0) {
            return false;
        }
        if (climb_left(&climb)) {
            suite_hash_node(suite, path.at + at, old_node, old_node);
            suite_hash_node(suite, path.at + at, node, node);
        } else {
            suite_hash_node(suite, node, path.at + at, node);
        }
    }
    return climb.last == 0 && is_same(old_node, old_root) && is_same(node, root);
}

struct range {
    const struct suite *suite;
    const uint8_t *leaves;
    uint64_t first, end;
    struct view path; /* what is left of it */
};

static bool join(struct range *range, uint64_t from, uint64_t to, uint8_t ret_hash[HASH])
{
    if (to <= range->first || from >= range->end) {
        if (range->path.size < HASH) {
            return false;
        }
        memcpy(ret_hash, range->path.at, HASH);
        range->path = (struct view){range->path.at + HASH, range->path.size - HASH};
        return true;
    }
    if (to - from == 1) {
        memcpy(ret_hash, range->leaves + (from - range->first) * HASH, HASH);
        return true;
    }
    uint8_t left[HASH];
    uint64_t middle = from + split(to - from);
    if (!join(range, from, middle, left) || !join(range, middle, to, ret_hash)) {
        return false;
    }
    suite_hash_node(range->suite, left, ret_hash, ret_hash);
    return true;
}

bool merkle_check_range(const struct suite *suite, const uint8_t *leaves, uint64_t first, uint64_t count, uint64_t size,
                        struct view path, const uint8_t root[HASH])
{
    uint8_t node[HASH];
    if (count == 0 || count > size || first > size - count || size >> MERKLE_HEIGHT_MAX != 0 || !is_path(path)) {
        return false;
    }
    struct range range = {suite, leaves, first, first + count, path};
    return join(&range, 0, size, node) && range.path.size == 0 && is_same(node, root);
}
