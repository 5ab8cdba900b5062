#include "hub/store_ledger.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

enum { HASH = MERKLE_HASH_SIZE };

static sqlite3_int64 tile_key(unsigned level, uint64_t index)
{
    return (sqlite3_int64)((uint64_t)level << 56 | index);
}

/* ---- reading ---- */

struct tiles *tiles_open(sqlite3 *db, const struct suite *suite)
{
    struct tiles *tiles = mem_alloc(sizeof *tiles);
    tiles->db = db;
    tiles->suite = suite;
    tiles->get = db_prepare(db, "select nodes from tile where key = ?");
    tiles->leaves = db_prepare(db, "select size, leaves from head where size > ? order by size");
    return tiles;
}

void tiles_close(struct tiles *tiles)
{
    if (tiles) {
        sqlite3_finalize(tiles->get);
        sqlite3_finalize(tiles->leaves);
        free(tiles);
    }
}

static err_t read_tile(struct tiles *tiles, unsigned level, uint64_t index, struct tile *tile)
{
    sqlite3_bind_int64(tiles->get, 1, tile_key(level, index));
    err_t err = db_step(tiles->get);
    if (err == ERR_OK) {
        struct view nodes = db_column_view(tiles->get, 0);
        tile->count = nodes.size / HASH;
        err = nodes.size % HASH != 0 || tile->count > TILE_NODES ? ERR_INVALID : ERR_OK;
        if (err == ERR_OK && nodes.size > 0) {
            memcpy(tile->nodes, nodes.at, nodes.size);
        }
    }
    sqlite3_reset(tiles->get);
    return err;
}

/* The leaves of the last tile lie in the rows of the commits that added them. */
static err_t gather_leaves(struct tiles *tiles, uint64_t index, struct tile *tile)
{
    uint64_t first = index * TILE_NODES;
    tile->count = 0;
    sqlite3_bind_int64(tiles->leaves, 1, (sqlite3_int64)first);
    err_t err = db_step(tiles->leaves);
    while (err == ERR_OK && tile->count < TILE_NODES) {
        uint64_t end = (uint64_t)sqlite3_column_int64(tiles->leaves, 0);
        struct view leaves = db_column_view(tiles->leaves, 1);
        uint64_t count = leaves.size / HASH;
        uint64_t at = first + tile->count;
        if (leaves.size % HASH != 0 || count > end || end - count > at || end <= at) {
            err = ERR_INVALID;
            break;
        }
        size_t taken = end - at < TILE_NODES - tile->count ? (size_t)(end - at) : TILE_NODES - tile->count;
        memcpy(tile->nodes[tile->count], leaves.at + (count - (end - at)) * HASH, taken * HASH);
        tile->count += taken;
        err = db_step(tiles->leaves);
    }
    sqlite3_reset(tiles->leaves);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static err_t find_tile(struct tiles *tiles, unsigned level, uint64_t index, size_t wanted, const struct tile **ret_tile)
{
    struct tile *tile = &tiles->kept[level];
    *ret_tile = tile;
    if (tile->is_there && tile->index == index && tile->count >= wanted) {
        return ERR_OK;
    }
    tile->is_there = false;
    tile->index = index;
    err_t err = read_tile(tiles, level, index, tile);
    if (err == ERR_NOT_FOUND && level == 0) {
        err = gather_leaves(tiles, index, tile);
    }
    tile->is_there = err == ERR_OK;
    return err == ERR_OK && tile->count < wanted ? ERR_NOT_FOUND : err;
}

err_t tiles_node(void *self, unsigned height, uint64_t index, uint8_t ret_hash[HASH])
{
    uint8_t nodes[TILE_NODES / 2][HASH];
    struct tiles *tiles = self;
    unsigned level = height / TILE_HEIGHT;
    unsigned above = height % TILE_HEIGHT;
    const struct tile *tile = NULL;
    if (level >= TILE_LEVELS) {
        return ERR_NOT_FOUND;
    }
    uint64_t first = index << above;
    size_t place = (size_t)(first % TILE_NODES);
    err_t err = find_tile(tiles, level, first / TILE_NODES, place + (UINT64_C(1) << above), &tile);
    if (err != ERR_OK) {
        return err;
    }
    if (above == 0) {
        memcpy(ret_hash, tile->nodes[place], HASH);
        return ERR_OK;
    }
    size_t count = (size_t)1 << (above - 1);
    for (size_t i = 0; i < count; i++) {
        suite_hash_node(tiles->suite, tile->nodes[place + 2 * i], tile->nodes[place + 2 * i + 1], nodes[i]);
    }
    for (count /= 2; count > 0; count /= 2) {
        for (size_t i = 0; i < count; i++) {
            suite_hash_node(tiles->suite, nodes[2 * i], nodes[2 * i + 1], nodes[i]);
        }
    }
    memcpy(ret_hash, nodes[0], HASH);
    return ERR_OK;
}

err_t tiles_head(sqlite3 *db, const struct suite *suite, struct tree_head *ret_head)
{
    sqlite3_stmt *stmt = db_prepare(db, "select size, at, root from head order by size desc limit 1");
    err_t err = db_step(stmt);
    ret_head->size = 0;
    ret_head->at = 0;
    if (err == ERR_OK) {
        struct view root = db_column_view(stmt, 2);
        ret_head->size = (uint64_t)sqlite3_column_int64(stmt, 0);
        ret_head->at = sqlite3_column_int64(stmt, 1);
        err = root.size == HASH ? ERR_OK : ERR_INVALID;
        memcpy(ret_head->root, root.at, root.size == HASH ? HASH : 0);
    } else if (err == ERR_NOT_FOUND) {
        err = merkle_root(&(struct merkle_source){.suite = suite}, 0, ret_head->root);
    }
    sqlite3_finalize(stmt);
    return err;
}

/* ---- writing ---- */

/* The peaks of the tree, and the nodes of each level's incomplete tile. */
static err_t load_edge(struct ledger *ledger, struct tiles *tiles, uint64_t size)
{
    err_t err = ERR_OK;
    for (unsigned height = 0; height <= MERKLE_HEIGHT_MAX && size >> height != 0 && err == ERR_OK; height++) {
        uint64_t end = size >> height;
        if ((end & 1) != 0) {
            err = tiles_node(tiles, height, end - 1, ledger->growth.peaks[height]);
        }
        for (uint64_t i = end - end % TILE_NODES; height % TILE_HEIGHT == 0 && i < end && err == ERR_OK; i++) {
            err = tiles_node(tiles, height, i, ledger->partial[height / TILE_HEIGHT][i % TILE_NODES]);
        }
    }
    return err;
}

err_t ledger_load(struct store *store)
{
    struct ledger *ledger = store->ledger;
    uint8_t root[HASH];
    struct tiles *tiles = tiles_open(store->db, store->settings.suite);
    ledger->growth.suite = store->settings.suite;
    memcpy(ledger->head.epoch, store->epoch, EPOCH_SIZE);
    err_t err = tiles_head(store->db, store->settings.suite, &ledger->head);
    err = err == ERR_OK ? load_edge(ledger, tiles, ledger->head.size) : err;
    if (err == ERR_OK) {
        struct merkle_source source = {store->settings.suite, growth_node, &ledger->growth};
        ledger->growth.from = ledger->growth.to = ledger->head.size;
        err = merkle_root(&source, ledger->head.size, root);
    }
    if (err == ERR_NOT_FOUND || (err == ERR_OK && memcmp(root, ledger->head.root, HASH) != 0)) {
        err = ERR_INVALID;
    }
    ledger->next = ledger->head;
    tiles_close(tiles);
    return err;
}

void ledger_add(struct ledger *ledger, const uint8_t leaf[HASH])
{
    if (ledger->count == ledger->capacity) {
        ledger->capacity = ledger->capacity > 0 ? 2 * ledger->capacity : 1024;
        ledger->leaves = mem_grow(ledger->leaves, ledger->capacity, HASH);
    }
    memcpy(ledger->leaves + ledger->count++ * HASH, leaf, HASH);
}

/* A node at the foot of a level's tile: new, or of the tile that was not complete. */
static void level_node(struct ledger *ledger, unsigned level, uint64_t index, uint8_t ret_hash[HASH])
{
    if (index < ledger->growth.from >> level * TILE_HEIGHT) {
        memcpy(ret_hash, ledger->partial[level][index % TILE_NODES], HASH);
        return;
    }
    err_t err = growth_node(&ledger->growth, level * TILE_HEIGHT, index, ret_hash);
    assert(err == ERR_OK);
}

static err_t put_tile(struct store *store, unsigned level, uint64_t index, uint64_t end)
{
    uint8_t nodes[TILE_NODES][HASH];
    size_t count = 0;
    for (uint64_t i = index * TILE_NODES; i < end && count < TILE_NODES; i++) {
        level_node(store->ledger, level, i, nodes[count++]);
    }
    if (level == 0 && count < TILE_NODES) {
        return ERR_OK;
    }
    sqlite3_stmt *stmt = store_statement(store, PUT_TILE);
    sqlite3_bind_int64(stmt, 1, tile_key(level, index));
    db_bind_view(stmt, 2, (struct view){nodes[0], count * HASH});
    return db_run(stmt);
}

static err_t put_tiles(struct store *store)
{
    const struct merkle_growth *growth = &store->ledger->growth;
    err_t err = ERR_OK;
    for (unsigned level = 0; level < TILE_LEVELS && err == ERR_OK; level++) {
        uint64_t first = growth->from >> level * TILE_HEIGHT;
        uint64_t end = growth->to >> level * TILE_HEIGHT;
        for (uint64_t i = first / TILE_NODES; first < end && i <= (end - 1) / TILE_NODES && err == ERR_OK; i++) {
            err = put_tile(store, level, i, end);
        }
    }
    return err;
}

err_t ledger_settle(struct store *store, int64_t now)
{
    struct ledger *ledger = store->ledger;
    if (ledger->growth.from + ledger->count == ledger->next.size) {
        return ERR_OK; /* nothing new since it was settled, or at all */
    }
    growth_add(&ledger->growth, ledger->leaves, ledger->count);
    ledger->next.size = ledger->growth.to;
    ledger->next.at = now;
    struct merkle_source source = {store->settings.suite, growth_node, &ledger->growth};
    err_t err = merkle_root(&source, ledger->next.size, ledger->next.root);
    err = err == ERR_OK ? put_tiles(store) : err;
    if (err != ERR_OK) {
        return err;
    }
    sqlite3_stmt *stmt = store_statement(store, PUT_HEAD);
    sqlite3_bind_int64(stmt, 1, (sqlite3_int64)ledger->next.size);
    sqlite3_bind_int64(stmt, 2, now);
    db_bind_view(stmt, 3, (struct view){ledger->next.root, HASH});
    db_bind_view(stmt, 4, (struct view){ledger->leaves, ledger->count * HASH});
    return db_run(stmt);
}

void ledger_commit(struct ledger *ledger)
{
    const struct merkle_growth *growth = &ledger->growth;
    for (unsigned level = 0; level < TILE_LEVELS && ledger->count > 0; level++) {
        uint64_t first = growth->from >> level * TILE_HEIGHT;
        uint64_t end = growth->to >> level * TILE_HEIGHT;
        uint64_t tile = end - end % TILE_NODES;
        for (uint64_t i = first > tile ? first : tile; i < end; i++) {
            level_node(ledger, level, i, ledger->partial[level][i % TILE_NODES]);
        }
    }
    growth_adopt(&ledger->growth);
    ledger->head = ledger->next;
    ledger->count = 0;
}

void ledger_rollback(struct ledger *ledger)
{
    ledger->growth.to = ledger->growth.from;
    ledger->growth.heights = 0;
    ledger->next = ledger->head;
    ledger->count = 0;
}

void ledger_close(struct ledger *ledger)
{
    if (ledger) {
        growth_done(&ledger->growth);
        free(ledger->leaves);
        free(ledger);
    }
}

err_t ledger_grow(struct store *store)
{
    struct ledger *ledger = store->ledger;
    if (ledger->head.size == store->number) {
        return ERR_OK; /* and no record is looked at: there is no index by their numbers */
    }
    sqlite3_stmt *stmt =
        db_prepare(store->db, "select substr(b.hashes, r.position * 32 + 1, 32) from record r join batch "
                              "b on b.id = r.batch where r.number > ? order by r.number");
    sqlite3_bind_int64(stmt, 1, (sqlite3_int64)ledger->head.size);
    err_t more = db_step(stmt);
    err_t err = more == ERR_OK ? store_begin(store) : ERR_OK;
    for (; more == ERR_OK && err == ERR_OK; more = db_step(stmt)) {
        struct view leaf = db_column_view(stmt, 0);
        err = leaf.size == HASH ? ERR_OK : ERR_INVALID;
        if (err == ERR_OK) {
            ledger_add(ledger, leaf.at);
        }
        if (err == ERR_OK && ledger->count == LEDGER_STEP) {
            err = store_commit(store);
            err = err == ERR_OK ? store_begin(store) : err;
        }
    }
    sqlite3_finalize(stmt);
    if (store->is_open) {
        err = err == ERR_OK ? store_commit(store) : err;
    }
    if (store->is_open) {
        store_rollback(store);
    }
    return err == ERR_OK && more != ERR_NOT_FOUND ? more : err;
}

/* ---- what the rest of the hub asks ---- */

const struct tree_head *store_group_head(const struct store *store)
{
    return &store->ledger->next;
}

void store_prove_group(const struct store *store, uint64_t first, uint64_t count, struct merkle_path *ret_path)
{
    const struct ledger *ledger = store->ledger;
    struct merkle_source source = {store->settings.suite, growth_node, &store->ledger->growth};
    err_t err = merkle_range(&source, first - 1, count, ledger->next.size, ret_path);
    assert(err == ERR_OK);
}

err_t store_ledger_head(struct store *store, struct tree_head *ret_head)
{
    *ret_head = (struct tree_head){0};
    memcpy(ret_head->epoch, store->epoch, EPOCH_SIZE);
    return tiles_head(store->db, store->settings.suite, ret_head);
}

err_t store_prove(struct store *store, struct question *question)
{
    const struct prove *prove = &question->prove;
    store->tiles = store->tiles ? store->tiles : tiles_open(store->db, store->settings.suite);
    struct merkle_source source = {store->settings.suite, tiles_node, store->tiles};
    err_t err = store_ledger_head(store, &question->head);
    uint64_t newest = question->head.size;
    if (err == ERR_OK && prove->size > 0 && prove->size < newest) {
        question->head.size = prove->size;
        err = merkle_root(&source, prove->size, question->head.root);
    }
    uint64_t size = question->head.size;
    question->inclusion.count = question->consistency.count = 0;
    if (err == ERR_OK && prove->number > 0 && prove->number <= size) {
        err = merkle_inclusion(&source, prove->number - 1, size, &question->inclusion);
    }
    if (err == ERR_OK && prove->from > 0 && prove->from <= size) {
        err = merkle_consistency(&source, prove->from, size, &question->consistency);
    }
    return err;
}
