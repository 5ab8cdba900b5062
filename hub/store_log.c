/* The log as the desk reads it: batch by batch, record by record, in the order of their numbers. */
#include <string.h>

#include "hub/store_clock.h"
#include "hub/store_sqlite.h"
#include "proto/check.h"

err_t store_desk(struct store *store, int64_t *ret_done, int64_t *ret_head)
{
    sqlite3_stmt *get = store_statement(store, GET_META);
    db_bind_str(get, 1, "desk");
    err_t err = db_step(get);
    *ret_done = err == ERR_OK ? sqlite3_column_int64(get, 0) : 0;
    sqlite3_reset(get);
    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        return err;
    }
    sqlite3_stmt *next = store_statement(store, NEXT_BATCH);
    err = db_step(next);
    *ret_head = err == ERR_OK ? sqlite3_column_int64(next, 0) - 1 : 0;
    sqlite3_reset(next);
    return err;
}

err_t store_set_desk(struct store *store, int64_t batch)
{
    sqlite3_stmt *put = store_statement(store, PUT_META);
    db_bind_str(put, 1, "desk");
    sqlite3_bind_int64(put, 2, batch);
    return db_run(put);
}

err_t store_root_of(struct store *store, int64_t party, const uint8_t id[RECORD_ID_SIZE],
                    uint8_t ret_root[RECORD_ID_SIZE])
{
    sqlite3_stmt *get = store_statement(store, GET_RECORD);
    sqlite3_bind_int64(get, 1, party);
    db_bind_view(get, 2, (struct view){id, RECORD_ID_SIZE});
    err_t err = db_step(get);
    if (err == ERR_OK) {
        bool has_root = sqlite3_column_bytes(get, 6) == RECORD_ID_SIZE;
        memcpy(ret_root, has_root ? sqlite3_column_blob(get, 6) : id, RECORD_ID_SIZE);
    }
    sqlite3_reset(get);
    return err;
}

/* The stored bytes are those of the items of a SUBMIT, from the first item's content on: between two items stands the
 * head of a bin. Where an item lay that was not stored there are zeros, each a number by itself. */
static err_t find_logged(struct store *store, int64_t offset, struct view hashes, const uint8_t id[RECORD_ID_SIZE],
                         struct logged *logged)
{
    sqlite3_stmt *get = store_statement(store, GET_RECORD);
    sqlite3_bind_int64(get, 1, logged->party.row);
    db_bind_view(get, 2, (struct view){id, RECORD_ID_SIZE});
    err_t err = db_step(get);
    if (err == ERR_OK && (sqlite3_column_int64(get, 1) != logged->batch || sqlite3_column_int64(get, 3) != offset)) {
        err = ERR_NOT_FOUND; /* an earlier one with this id stands */
    }
    if (err == ERR_OK) {
        bool has_root = sqlite3_column_bytes(get, 6) == RECORD_ID_SIZE;
        logged->number = (uint64_t)sqlite3_column_int64(get, 0);
        logged->owner = has_root ? sqlite3_column_int64(get, 7) : logged->party.row;
        logged->has_history = has_root;
        uint64_t position = (uint64_t)sqlite3_column_int64(get, 2);
        logged->position = (int64_t)position;
        logged->offset = offset;
        logged->hash = position < hashes.size / RECORD_HASH_SIZE
                           ? (struct view){hashes.at + position * RECORD_HASH_SIZE, RECORD_HASH_SIZE}
                           : (struct view){0};
        memcpy(logged->id, id, RECORD_ID_SIZE);
        memcpy(logged->root, has_root ? sqlite3_column_blob(get, 6) : id, RECORD_ID_SIZE);
    }
    sqlite3_reset(get);
    return err;
}

static err_t walk(struct store *store, struct view bytes, struct view hashes, struct logged *logged,
                  err_t (*each)(void *self, const struct logged *logged), void *self)
{
    struct reader reader = reader_over(bytes.at, bytes.size);
    while (reader.at < reader.end) {
        const uint8_t *start = reader.at;
        err_t err = reader_skip(&reader, NULL);
        if (err != ERR_OK) {
            return ERR_OK; /* no record can follow what is not msgpack */
        }
        logged->bytes = (struct view){start, (size_t)(reader.at - start)};
        struct value id = {0};
        if (check_peek(logged->bytes, &id) && id.is_present && id.view.size == RECORD_ID_SIZE) {
            err = find_logged(store, start - bytes.at, hashes, id.view.at, logged);
            err = err == ERR_OK ? each(self, logged) : err;
            if (err != ERR_OK && err != ERR_NOT_FOUND) {
                return err;
            }
        }
        struct view next;
        struct reader head = reader;
        if (head.at < head.end && reader_bin(&head, &next) == ERR_OK) {
            reader.at = next.at;
        }
    }
    return ERR_OK;
}

err_t store_each_logged(struct store *store, int64_t batch, err_t (*each)(void *self, const struct logged *logged),
                        void *self)
{
    struct logged logged = {.batch = batch};
    sqlite3_stmt *stmt = store_borrow(store, "select party, at, bytes, hashes from batch where id = ?");
    sqlite3_bind_int64(stmt, 1, batch);
    err_t err = db_step(stmt);
    if (err == ERR_OK) {
        logged.at = sqlite3_column_int64(stmt, 1);
        err = store_party_at(store, sqlite3_column_int64(stmt, 0), &logged.party);
        logged.role = (enum role)role_find(logged.party.role);
    }
    if (err == ERR_OK) {
        err = walk(store, db_column_view(stmt, 2), db_column_view(stmt, 3), &logged, each, self);
    }
    store_return(store, stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

err_t store_put_event(struct store *store, int64_t party, int64_t at, struct view event)
{
    sqlite3_stmt *stmt = store_statement(store, PUT_BULLETIN);
    sqlite3_bind_int64(stmt, 1, party);
    sqlite3_bind_int64(stmt, 2, at);
    db_bind_view(stmt, 3, event);
    store_note_mailed(store, party);
    return db_run(stmt);
}

err_t store_put_uplink_event(struct store *store, struct view event)
{
    sqlite3_stmt *stmt = store_borrow(store, "insert into uplink(change, event) values(?,?)");
    sqlite3_bind_int64(stmt, 1, (int64_t)++store->change);
    db_bind_view(stmt, 2, event);
    store->is_urgent = true;
    err_t err = db_run(stmt);
    store_return(store, stmt);
    return err;
}
