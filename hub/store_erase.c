/* Erasure: the content goes where it lies, the hash and the row stay. */
#include "hub/store_sqlite.h"

#include <string.h>

#include "common/text.h"
#include "hub/store_attached.h"
#include "hub/store_clock.h"
#include "proto/kinds.h"
#include "proto/rights.h"

static err_t overwrite(struct store *store, const struct place *place, struct view bytes)
{
    sqlite3_blob *blob = NULL;
    int code = sqlite3_blob_open(store->db, "main", "batch", "bytes", place->batch, 1, &blob);
    if (code == SQLITE_OK) {
        code = sqlite3_blob_write(blob, bytes.at, (int)bytes.size, (int)place->offset);
    }
    int closed = sqlite3_blob_close(blob);
    return db_error(store->db, code == SQLITE_OK ? closed : code);
}

static err_t erase_content(struct store *store, int64_t party, const uint8_t id[RECORD_ID_SIZE],
                           const struct place *place)
{
    struct view bytes;
    msgpack_sbuffer left;
    msgpack_sbuffer_init(&left);
    err_t err = store_get_item(store, place->batch, place->offset, place->size, &bytes);
    if (err == ERR_OK) {
        err = rights_remnant(bytes, &left);
        err = err == ERR_NOT_FOUND ? ERR_INVALID : err;
    }
    err = err == ERR_OK ? store_detach(store, party, id, bytes) : err;
    sqlite3_reset(store_statement(store, GET_ITEM));
    err = err == ERR_OK ? overwrite(store, place, (struct view){(const uint8_t *)left.data, left.size}) : err;
    msgpack_sbuffer_destroy(&left);
    return err;
}

/* Copies of words that the desk keeps to look for clusters by. */
static err_t blank_words(struct store *store, int64_t owner, const uint8_t root[RECORD_ID_SIZE])
{
    sqlite3_stmt *blank =
        store_borrow(store, "update signal_row set model = '', vendor = '' where owner = ? and root = ?");
    sqlite3_bind_int64(blank, 1, owner);
    db_bind_view(blank, 2, (struct view){root, RECORD_ID_SIZE});
    err_t err = db_run(blank);
    store_return(store, blank);
    return err;
}

static err_t find_place(struct store *store, int64_t party, const uint8_t id[RECORD_ID_SIZE], struct place *ret_place,
                        int64_t *ret_owner, uint8_t ret_root[RECORD_ID_SIZE])
{
    sqlite3_stmt *get = store_statement(store, GET_RECORD);
    sqlite3_bind_int64(get, 1, party);
    db_bind_view(get, 2, (struct view){id, RECORD_ID_SIZE});
    err_t err = db_step(get);
    if (err == ERR_OK) {
        bool has_root = sqlite3_column_bytes(get, 6) == RECORD_ID_SIZE;
        *ret_place =
            (struct place){sqlite3_column_int64(get, 1), sqlite3_column_int64(get, 3), sqlite3_column_int64(get, 4)};
        *ret_owner = has_root ? sqlite3_column_int64(get, 7) : party;
        memcpy(ret_root, has_root ? sqlite3_column_blob(get, 6) : id, RECORD_ID_SIZE);
    }
    sqlite3_reset(get);
    return err;
}

err_t store_erase(struct store *store, int64_t party, const uint8_t id[RECORD_ID_SIZE],
                  const uint8_t act[RECORD_ID_SIZE], int64_t now)
{
    struct place place;
    int64_t owner = 0;
    uint8_t root[RECORD_ID_SIZE];
    err_t err = find_place(store, party, id, &place, &owner, root);
    if (err != ERR_OK) {
        return err;
    }
    err = erase_content(store, party, id, &place);
    err = err == ERR_OK ? blank_words(store, owner, root) : err;
    if (err != ERR_OK) {
        return err;
    }
    sqlite3_stmt *put = store_borrow(store, "insert into erased(party, id, at, act) values(?,?,?,?)");
    sqlite3_bind_int64(put, 1, party);
    db_bind_view(put, 2, (struct view){id, RECORD_ID_SIZE});
    sqlite3_bind_int64(put, 3, now);
    db_bind_view(put, 4, (struct view){act, RECORD_ID_SIZE});
    err = db_run(put);
    store_return(store, put);
    return err;
}

bool store_hash_left(const struct store *store, struct view bytes, uint8_t ret_hash[RECORD_HASH_SIZE])
{
    msgpack_sbuffer left;
    msgpack_sbuffer_init(&left);
    bool has = rights_remnant(bytes, &left) == ERR_OK;
    if (has) {
        suite_hash_leaf(store->settings.suite, (struct view){(const uint8_t *)left.data, left.size}, ret_hash);
    }
    msgpack_sbuffer_destroy(&left);
    return has;
}

void store_bind_left(const struct store *store, const uint8_t *hashes, size_t count, char ret_text[LEFT_TEXT])
{
    uint8_t hash[SUITE_HASH_SIZE];
    struct view all = {hashes, count * RECORD_HASH_SIZE};
    suite_hash(store->settings.suite, &all, 1, hash);
    hex_text(hash, sizeof hash, ret_text);
}

err_t store_is_erased(struct store *store, int64_t party, const uint8_t id[RECORD_ID_SIZE])
{
    sqlite3_stmt *get = store_borrow(
        store, "select 1 from erased e join record r on r.id = e.act and r.kind = ?3 where e.party = ?1 and e.id = ?2");
    sqlite3_bind_int64(get, 1, party);
    db_bind_view(get, 2, (struct view){id, RECORD_ID_SIZE});
    sqlite3_bind_int(get, 3, KIND_ADMINISTRATIVE_ACT);
    err_t err = db_step(get);
    store_return(store, get);
    return err;
}

bool store_has_erased(struct store *store)
{
    sqlite3_stmt *get = store_borrow(store, "select 1 from erased limit 1");
    bool has = db_step(get) == ERR_OK;
    store_return(store, get);
    return has;
}

err_t store_has_clock(struct store *store, int64_t owner, const uint8_t root[RECORD_ID_SIZE], bool *ret_has)
{
    static const char clock_sql[] =
        "select 1 from clock where party in (select ?1 union all select party from delivery where owner = ?1 and root "
        "= ?2) and root = ?2 and ended_at = 0 and state <> ?3 limit 1";
    sqlite3_stmt *get = store_borrow(store, clock_sql);
    sqlite3_bind_int64(get, 1, owner);
    db_bind_view(get, 2, (struct view){root, RECORD_ID_SIZE});
    sqlite3_bind_int(get, 3, CLOCK_VOID);
    err_t err = db_step(get);
    *ret_has = err == ERR_OK;
    store_return(store, get);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

err_t store_first_unread(struct store *store, const char *stream, int64_t party_row, uint64_t cursor,
                         uint64_t *ret_number)
{
    bool is_uplink = strcmp(stream, "uplink") == 0;
    sqlite3_stmt *get = is_uplink
                            ? store_borrow(store, "select min(number) from uplink where change > ?1")
                            : store_borrow(store, "select min(number) from bulletin where party = ?2 and cursor > ?1");
    sqlite3_bind_int64(get, 1, (int64_t)cursor);
    if (!is_uplink) {
        sqlite3_bind_int64(get, 2, party_row);
    }
    err_t err = db_step(get);
    bool is_none = err != ERR_OK || sqlite3_column_type(get, 0) == SQLITE_NULL;
    *ret_number = is_none ? UINT64_MAX : (uint64_t)sqlite3_column_int64(get, 0);
    store_return(store, get);
    return err;
}

err_t store_retain(struct store *store, int64_t batch, const struct kind *kind, bool is_retained)
{
    sqlite3_stmt *put =
        is_retained ? store_borrow(store, "insert into retained(batch, kind) values(?,?) on conflict do nothing")
                    : store_borrow(store, "delete from retained where batch = ? and kind = ?");
    sqlite3_bind_int64(put, 1, batch);
    sqlite3_bind_int(put, 2, kind->number);
    err_t err = db_run(put);
    store_return(store, put);
    return err;
}

err_t store_next_retained(struct store *store, int64_t *batch, int *kind)
{
    sqlite3_stmt *get = store_borrow(
        store, "select batch, kind from retained where (batch, kind) > (?, ?) order by batch, kind limit 1");
    sqlite3_bind_int64(get, 1, *batch);
    sqlite3_bind_int(get, 2, *kind);
    err_t err = db_step(get);
    if (err == ERR_OK) {
        *batch = sqlite3_column_int64(get, 0);
        *kind = sqlite3_column_int(get, 1);
    }
    store_return(store, get);
    return err;
}
