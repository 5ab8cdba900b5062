/* hub/store_sqlite.h - shared by the store's SQLite files only. */
#ifndef HUB_STORE_SQLITE_H
#define HUB_STORE_SQLITE_H

#include "common/db.h"
#include "hub/store.h"

/* Cells touched by the open group: summed in memory, written once each before the commit. */
struct delta {
    const char *family;
    int64_t day;
    char dims[DIMS_SIZE];
    int64_t count;
    int64_t sum;
};

enum { DELTAS_MAX = 16384, DELTA_SLOTS = 32768 };

enum statement {
    NEXT_BATCH,
    PUT_BATCH,
    PUT_RECORD,
    GET_RECORD,
    GET_HASH,
    PUT_REFUSAL,
    GET_REFUSAL,
    HAS_REFUSAL,
    PUT_KEY,
    GET_KEY,
    MOVE_KEY,
    GET_THREAD,
    PUT_THREAD,
    GET_ITEM,
    PUT_CELL,
    PUT_UPLINK,
    PUT_ACCOUNT,
    PUT_PARTY,
    GET_PARTY,
    GET_PARTY_ROW,
    EACH_PARTY,
    SET_STATE,
    SET_KEYS,
    KEY_OWNER,
    PUT_INVITATION,
    GET_INVITATION,
    USE_INVITATION,
    PUT_BULLETIN,
    PAGE_UPLINK,
    PAGE_INBOX,
    HEAD_UPLINK,
    HEAD_INBOX,
    GET_META,
    PUT_META,
    PRUNE_UPLINK,
    STATEMENTS
};

struct store {
    sqlite3 *db;
    struct store_settings settings;
    uint8_t epoch[EPOCH_SIZE];
    sqlite3_stmt *statements[STATEMENTS];
    uint64_t number; /* the last given out, the open group's included */
    uint64_t change;
    uint64_t committed_number;
    uint64_t committed_change;
    bool is_open;
    bool is_urgent;
    int wal_pages;
    size_t delta_count;
    struct delta *deltas;
    uint16_t *slots; /* index + 1 into deltas, by hash */
};

/* The prepared statement, reset and ready to bind. */
sqlite3_stmt *store_statement(struct store *store, enum statement which);

void cells_add(struct store *store, const struct cell *cell, int64_t count);
MUST_CHECK err_t cells_flush(struct store *store);
void cells_forget(struct store *store);

/* Reads a stored item's bytes; valid until the next use of the statement. */
MUST_CHECK err_t store_get_item(struct store *store, int64_t batch, int64_t offset, int64_t size,
                                struct view *ret_bytes);

void party_read(sqlite3_stmt *stmt, struct party *ret_party);

#endif
