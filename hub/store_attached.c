#include "hub/store_attached.h"

#include <string.h>

#include "hub/store_sqlite.h"
#include "proto/kinds.h"
#include "proto/message_blob.h"

/* Of the city's own records: none, since it uploads nothing. */
static struct blob_refs refs_of(const struct store *store, int64_t party, struct view bytes)
{
    struct blob_refs none = {.left = 0};
    return party == store->city_row ? none : blob_refs_of(bytes);
}

/* Runs SQL, a literal, for each attachment that the record names: 1 is the party, 2 the attachment, 3 the record. */
static err_t for_each_ref(struct store *store, const char *sql, int64_t party, const uint8_t id[RECORD_ID_SIZE],
                          struct view bytes)
{
    struct blob_refs refs = refs_of(store, party, bytes);
    struct blob_ref ref;
    err_t err = ERR_OK;
    while (err == ERR_OK && blob_refs_next(&refs, &ref)) {
        sqlite3_stmt *stmt = store_borrow(store, sql);
        sqlite3_bind_int64(stmt, 1, party);
        db_bind_view(stmt, 2, ref.sha256);
        db_bind_view(stmt, 3, (struct view){id, RECORD_ID_SIZE});
        err = db_run(stmt);
        store_return(store, stmt);
    }
    return err;
}

err_t store_attach(struct store *store, int64_t party, const uint8_t id[RECORD_ID_SIZE], struct view bytes)
{
    return for_each_ref(store, "insert into attached(party, hash, id) values(?,?,?) on conflict do nothing", party, id,
                        bytes);
}

err_t store_detach(struct store *store, int64_t party, const uint8_t id[RECORD_ID_SIZE], struct view bytes)
{
    err_t err = for_each_ref(store, "delete from attached where party = ? and hash = ? and id = ?", party, id, bytes);
    return err == ERR_OK
               ? for_each_ref(store,
                              "insert into leaving(party, hash) select ?1, ?2 where ?3 is not null and not exists "
                              "(select 1 from attached where party = ?1 and hash = ?2) on conflict do nothing",
                              party, id, bytes)
               : err;
}

err_t store_is_leaving(struct store *store, int64_t party, struct view bytes, bool *ret_is_leaving)
{
    struct blob_refs refs = refs_of(store, party, bytes);
    struct blob_ref ref;
    err_t err = ERR_NOT_FOUND;
    while (err == ERR_NOT_FOUND && blob_refs_next(&refs, &ref)) {
        sqlite3_stmt *get = store_borrow(store, "select 1 from leaving where party = ? and hash = ?");
        sqlite3_bind_int64(get, 1, party);
        db_bind_view(get, 2, ref.sha256);
        err = db_step(get);
        store_return(store, get);
    }
    *ret_is_leaving = err == ERR_OK;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

err_t store_leavers(struct store *store, struct leaver *ret_leavers, size_t capacity, size_t *ret_count)
{
    sqlite3_stmt *get =
        store_borrow(store, "select l.party, l.hash, p.party from leaving l join party p on p.row = l.party limit ?");
    sqlite3_bind_int64(get, 1, (int64_t)capacity);
    err_t err = ERR_OK;
    size_t count = 0;
    while (count < capacity && (err = db_step(get)) == ERR_OK) {
        struct leaver *leaver = &ret_leavers[count];
        struct view hash = db_column_view(get, 1);
        *leaver = (struct leaver){.party_row = sqlite3_column_int64(get, 0)};
        snprintf(leaver->party, sizeof leaver->party, "%s", db_column_str(get, 2));
        if (hash.size == BLOB_HASH_SIZE) {
            memcpy(leaver->hash, hash.at, BLOB_HASH_SIZE);
            count++;
        }
    }
    store_return(store, get);
    *ret_count = count;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

err_t store_left(struct store *store, const struct leaver *leaver)
{
    sqlite3_stmt *drop = store_borrow(store, "delete from leaving where party = ? and hash = ?");
    sqlite3_bind_int64(drop, 1, leaver->party_row);
    db_bind_view(drop, 2, (struct view){leaver->hash, BLOB_HASH_SIZE});
    err_t err = db_run(drop);
    store_return(store, drop);
    return err;
}

/* ---- a store of before ---- */

static err_t learn(struct store *store, sqlite3_stmt *record)
{
    uint8_t id[RECORD_ID_SIZE];
    struct view bytes;
    if (!db_column_copy(record, 1, id, RECORD_ID_SIZE)) {
        return ERR_IO;
    }
    err_t err = store_get_item(store, sqlite3_column_int64(record, 2), sqlite3_column_int64(record, 3),
                               sqlite3_column_int64(record, 4), &bytes);
    return err == ERR_OK ? store_attach(store, sqlite3_column_int64(record, 0), id, bytes) : err;
}

static bool has_attachments(const struct kind *kind)
{
    return kind && kind_field(kind, "attachments") >= 0;
}

err_t store_learn_attached(struct store *store)
{
    sqlite3_stmt *each =
        db_prepare(store->db, "select party, id, batch, offset, size, kind from record order by number");
    err_t err = ERR_OK;
    while (err == ERR_OK && (err = db_step(each)) == ERR_OK) {
        err = has_attachments(kind_by_number(sqlite3_column_int(each, 5))) ? learn(store, each) : ERR_OK;
    }
    sqlite3_reset(store_statement(store, GET_ITEM)); /* of the last content */
    sqlite3_finalize(each);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}
