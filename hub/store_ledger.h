/* hub/store_ledger.h - the Merkle tree over the records in commit order (PROTOCOL.md §10), as the SQLite store keeps
 * it.
 *
 * The leaves stand in the row of the commit that added them (`head`, with the root), so that a commit adds one row.
 * When 256 nodes that lie side by side at height 0, 8, 16, ... are there, they are written as one tile, which is never
 * touched again; above height 0 the last, incomplete tile is kept too. So any proof reads one tile a level. */
#ifndef HUB_STORE_LEDGER_H
#define HUB_STORE_LEDGER_H

#include "common/merkle_growth.h"
#include "hub/store_sqlite.h"

/* How many leaves a commit has by which a ledger grows over the records of before there was one. */
enum { LEDGER_STEP = 16384 };

enum { TILE_HEIGHT = 8, TILE_NODES = 1 << TILE_HEIGHT, TILE_LEVELS = 5 };

struct tile {
    bool is_there;
    uint64_t index;
    size_t count;
    uint8_t nodes[TILE_NODES][MERKLE_HASH_SIZE];
};

/* What is read of the tree: the last tile of each level that was looked at. */
struct tiles {
    const struct suite *suite;
    sqlite3 *db;
    sqlite3_stmt *get, *leaves;
    struct tile kept[TILE_LEVELS];
};

/* The writer's side: the tree that is committed, and what the open group adds. */
struct ledger {
    struct merkle_growth growth;
    uint8_t *leaves; /* of the open group */
    size_t count, capacity;
    uint8_t partial[TILE_LEVELS][TILE_NODES][MERKLE_HASH_SIZE]; /* each level's last, incomplete tile */
    struct tree_head head;                                      /* committed */
    struct tree_head next;                                      /* of the open group once it is settled */
};

/* Reads the tree as it was committed; ERR_INVALID: its root is not the one that stands there. */
MUST_CHECK err_t ledger_load(struct store *store);
void ledger_add(struct ledger *ledger, const uint8_t leaf[MERKLE_HASH_SIZE]);
/* Writes tiles and head. */
MUST_CHECK err_t ledger_settle(struct store *store, int64_t now);
void ledger_commit(struct ledger *ledger);
void ledger_rollback(struct ledger *ledger);
/* Adds the records that the ledger lacks: a store of before there was one, or whose growing was cut short. */
MUST_CHECK err_t ledger_grow(struct store *store);
/* Takes NULL. */
void ledger_close(struct ledger *ledger);

struct tiles *tiles_open(sqlite3 *db, const struct suite *suite);
/* Takes NULL. */
void tiles_close(struct tiles *tiles);
err_t tiles_node(void *self, unsigned height, uint64_t index, uint8_t ret_hash[MERKLE_HASH_SIZE]);
/* The newest head; of size 0 where there is none. The epoch and `receipts` are left alone. */
MUST_CHECK err_t tiles_head(sqlite3 *db, const struct suite *suite, struct tree_head *ret_head);

#endif
