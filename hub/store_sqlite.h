/* hub/store_sqlite.h - shared by the store's SQLite files only. */
#ifndef HUB_STORE_SQLITE_H
#define HUB_STORE_SQLITE_H

#include "common/db.h"
#include "hub/store.h"
#include "hub/store_fold.h"

struct ledger;

/* Cells touched by the open group: summed in memory, written once each before the commit. */
struct delta {
    const char *family;
    int64_t day;
    char dims[DIMS_SIZE];
    int64_t count;
    int64_t sum;
};

enum { DELTAS_KEPT = 8192, LOANS_MAX = 64 };

/* Where a record's bytes lie. */
struct place {
    int64_t batch, offset, size;
};

/* A record and all that refers to it: PROTOCOL.md §7, proto/life.h. It has a row of its own from the first time
 * that something happens to it; until then it is as its root record says. */
struct thread {
    int64_t owner; /* party row */
    uint8_t root[RECORD_ID_SIZE];
    const struct kind *kind; /* of the root */
    int64_t about;           /* party row: whom a thread of the city or the province is about; 0: nobody */
    bool is_up;
    struct place content; /* the record that counts */
    struct thread_facts facts;
};

enum statement {
    NEXT_BATCH,
    PUT_BATCH,
    PUT_RECORD,
    GET_RECORD,
    GET_HASH,
    FIND_HOLDERS,
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
    SET_ACTIVE,
    PUT_PARTY_KEY,
    FIND_PARTY_KEY,
    EACH_PARTY_KEY,
    END_PARTY_KEY,
    REVOKE_PARTY_KEYS,
    MAY_FILE,
    PUT_TOLD,
    SET_FACTS,
    PUT_INVITATION,
    GET_INVITATION,
    USE_INVITATION,
    END_INVITATIONS,
    GET_OPEN_INVITATION,
    PUT_BULLETIN,
    PUT_BULLETIN_RECORD,
    PUT_LINK,
    GET_BATCH_TIME,
    PAGE_UPLINK,
    PAGE_INBOX,
    HEAD_UPLINK,
    HEAD_INBOX,
    GET_META,
    PUT_META,
    PRUNE_UPLINK,
    PUT_TILE,
    PUT_HEAD,
    STATEMENTS
};

struct store {
    sqlite3 *db;
    struct store_settings settings;
    uint8_t epoch[EPOCH_SIZE];
    sqlite3_stmt *statements[STATEMENTS];
    size_t loan_count;
    struct {
        const char *sql; /* the literal: known by its address */
        sqlite3_stmt *stmt;
        bool is_lent;
    } loans[LOANS_MAX];
    uint64_t number; /* the last given out, the open group's included */
    uint64_t change;
    uint64_t committed_number;
    uint64_t committed_change;
    bool is_open;
    bool is_urgent;
    int64_t registered;  /* the party whose facts the open or last group changed; 0: none */
    size_t mailed_count; /* over MAILED_MAX: more than are listed */
    int64_t mailed[MAILED_MAX];
    int wal_pages;     /* in the write-ahead log */
    int fold_above;    /* no pass before the log is longer than this: the last one left a rest that a reader held */
    int fold_seen;     /* the log's length when the present pass began */
    int fold_passes;   /* of the present round */
    struct fold *fold; /* opened with the first pass */
    bool is_folding;
    int64_t city_row;      /* the city's own party; 0: none yet */
    struct ledger *ledger; /* the writer's alone */
    struct tiles *tiles;   /* opened with the first proof */
    uint32_t delta_count, delta_room;
    struct delta *deltas;
    uint32_t *slots; /* index + 1 into deltas, by hash; twice as many */
};

/* The prepared statement, reset and ready to bind. */
sqlite3_stmt *store_statement(struct store *store, enum statement which);

/* For a TEXT that may be wanted again while it is still being stepped through: each use has a statement of its own,
 * which waits for the next one when it is returned. The text is a literal. */
sqlite3_stmt *store_borrow(struct store *store, const char *text);
void store_return(struct store *store, sqlite3_stmt *stmt);

void cells_add(struct store *store, const struct cell *cell, int64_t count);
/* For who goes through a whole store: writes what is kept where it has become much. */
MUST_CHECK err_t cells_bound(struct store *store);
MUST_CHECK err_t cells_flush(struct store *store);
void cells_forget(struct store *store);

/* Reads a stored item's bytes; valid until the next use of the statement. */
MUST_CHECK err_t store_get_item(struct store *store, int64_t batch, int64_t offset, int64_t size,
                                struct view *ret_bytes);

void party_read(sqlite3_stmt *stmt, struct party *ret_party);
MUST_CHECK err_t store_party_at(struct store *store, int64_t row, struct party *ret_party);
MUST_CHECK err_t store_put_bulletin(struct store *store, const struct party *party, int64_t now);
/* -1 when there is no such party. */
int store_role_of(struct store *store, int64_t row);

/* ERR_NOT_FOUND: nothing has happened to the thread yet, or there is none. */
MUST_CHECK err_t store_load_thread(struct store *store, int64_t owner, const uint8_t root[RECORD_ID_SIZE],
                                   struct thread *ret_thread);
MUST_CHECK err_t store_save_thread(struct store *store, const struct thread *thread);
MUST_CHECK err_t store_batch_time(struct store *store, int64_t batch, int64_t *ret_at);
/* Something new is in the party's inbox. */
void store_note_mailed(struct store *store, int64_t party);

#endif
