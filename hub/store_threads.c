/* The rows of threads. */
#include "hub/store_sqlite.h"

#include <string.h>

#include "proto/life.h"

static void bind_thread(sqlite3_stmt *stmt, int64_t owner, const uint8_t root[RECORD_ID_SIZE])
{
    sqlite3_bind_int64(stmt, 1, owner);
    db_bind_view(stmt, 2, (struct view){root, RECORD_ID_SIZE});
}

static bool is_known(const struct thread *thread)
{
    const struct life *life = thread->kind ? thread->kind->life : NULL;
    return thread->kind && (!life || (thread->facts.state >= 0 && (size_t)thread->facts.state < life->states->count));
}

err_t store_load_thread(struct store *store, int64_t owner, const uint8_t root[RECORD_ID_SIZE],
                        struct thread *ret_thread)
{
    sqlite3_stmt *get = store_statement(store, GET_THREAD);
    bind_thread(get, owner, root);
    err_t err = db_step(get);
    if (err == ERR_OK) {
        *ret_thread = (struct thread){
            .owner = owner,
            .kind = kind_by_number(sqlite3_column_int(get, 0)),
            .about = sqlite3_column_int64(get, 2),
            .is_up = sqlite3_column_int(get, 3) != 0,
            .content = {sqlite3_column_int64(get, 4), sqlite3_column_int64(get, 5), sqlite3_column_int64(get, 6)},
            .facts = {.state = sqlite3_column_int(get, 1),
                      .received_at = sqlite3_column_int64(get, 7),
                      .acknowledged_at = sqlite3_column_int64(get, 8),
                      .resolved_at = sqlite3_column_int64(get, 9)}};
        memcpy(ret_thread->root, root, RECORD_ID_SIZE);
        err = is_known(ret_thread) ? ERR_OK : ERR_IO;
    }
    sqlite3_reset(get);
    return err;
}

err_t store_save_thread(struct store *store, const struct thread *thread)
{
    sqlite3_stmt *put = store_statement(store, PUT_THREAD);
    bind_thread(put, thread->owner, thread->root);
    sqlite3_bind_int(put, 3, thread->kind->number);
    sqlite3_bind_int(put, 4, thread->facts.state);
    sqlite3_bind_int64(put, 5, thread->about);
    sqlite3_bind_int(put, 6, thread->is_up);
    sqlite3_bind_int64(put, 7, thread->content.batch);
    sqlite3_bind_int64(put, 8, thread->content.offset);
    sqlite3_bind_int64(put, 9, thread->content.size);
    sqlite3_bind_int64(put, 10, thread->facts.received_at);
    sqlite3_bind_int64(put, 11, thread->facts.acknowledged_at);
    sqlite3_bind_int64(put, 12, thread->facts.resolved_at);
    return db_run(put);
}

err_t store_batch_time(struct store *store, int64_t batch, int64_t *ret_at)
{
    sqlite3_stmt *get = store_statement(store, GET_BATCH_TIME);
    sqlite3_bind_int64(get, 1, batch);
    err_t err = db_step(get);
    if (err == ERR_OK) {
        *ret_at = sqlite3_column_int64(get, 0);
    }
    sqlite3_reset(get);
    return err == ERR_NOT_FOUND ? ERR_IO : err;
}

void store_note_mailed(struct store *store, int64_t party)
{
    if (store->mailed_count < MAILED_MAX) {
        store->mailed[store->mailed_count] = party;
    }
    store->mailed_count++;
}

bool store_registered(struct store *store, struct party *ret_party)
{
    return store->registered != 0 && store_party_at(store, store->registered, ret_party) == ERR_OK;
}

size_t store_mailed(const struct store *store, const int64_t **ret_parties)
{
    *ret_parties = store->mailed;
    return store->mailed_count;
}
