/* The spool's questions: what to send next, and what people ask. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/spool_db.h"
#include "common/mem.h"

void batch_init(struct batch *batch)
{
    batch->count = 0;
    batch->bytes = mem_alloc(BATCH_BYTES_MAX);
}

void batch_done(struct batch *batch)
{
    free(batch->bytes);
    batch->bytes = NULL;
}

err_t spool_pick(struct spool *spool, const struct flights *flights, uint32_t room, struct batch *batch)
{
    size_t used = 0;
    err_t err = ERR_OK;
    batch->count = 0;
    room = room < BATCH_ITEMS_MAX ? room : BATCH_ITEMS_MAX;
    while (batch->count < room && (err = db_step(spool->pick)) == ERR_OK) {
        uint64_t seq = (uint64_t)sqlite3_column_int64(spool->pick, 0);
        if (flights_has(flights, seq)) {
            continue;
        }
        struct view bytes = db_column_view(spool->pick, 1);
        if (bytes.size > BATCH_BYTES_MAX - used) {
            break;
        }
        memcpy(batch->bytes + used, bytes.at, bytes.size);
        batch->items[batch->count] = (struct view){batch->bytes + used, bytes.size};
        batch->seqs[batch->count++] = seq;
        used += bytes.size;
    }
    sqlite3_reset(spool->pick);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static void read_item(sqlite3_stmt *stmt, struct item *ret_item)
{
    memset(ret_item, 0, sizeof *ret_item);
    struct view id = db_column_view(stmt, 1);
    struct view hash = db_column_view(stmt, 2);
    int state = sqlite3_column_int(stmt, 5);
    ret_item->seq = (uint64_t)sqlite3_column_int64(stmt, 0);
    memcpy(ret_item->id, id.at, id.size < RECORD_ID_SIZE ? id.size : RECORD_ID_SIZE);
    memcpy(ret_item->hash, hash.at, hash.size < RECORD_HASH_SIZE ? hash.size : RECORD_HASH_SIZE);
    snprintf(ret_item->kind, sizeof ret_item->kind, "%s", db_column_str(stmt, 3));
    snprintf(ret_item->title, sizeof ret_item->title, "%s", db_column_str(stmt, 4));
    ret_item->state = state >= 0 && state < ITEM_STATES ? (enum item_state)state : ITEM_ACCEPTED;
    ret_item->accepted_at = sqlite3_column_int64(stmt, 6);
    ret_item->outcome_at = sqlite3_column_int64(stmt, 7);
    ret_item->number = (uint64_t)sqlite3_column_int64(stmt, 8);
    ret_item->corrected_by = (uint64_t)sqlite3_column_int64(stmt, 9);
    ret_item->receipt = sqlite3_column_int64(stmt, 10);
}

err_t spool_find(struct spool *spool, const uint8_t id[RECORD_ID_SIZE], struct item *ret_item)
{
    db_bind_view(spool->find, 1, (struct view){id, RECORD_ID_SIZE});
    err_t err = db_step(spool->find);
    if (err == ERR_OK) {
        read_item(spool->find, ret_item);
    }
    sqlite3_reset(spool->find);
    return err;
}

err_t spool_list(struct spool *spool, int state, uint64_t after_seq, struct item *ret_items, size_t max,
                 size_t *ret_count)
{
    sqlite3_stmt *stmt = state < 0 ? spool->list : spool->list_state;
    err_t err = ERR_OK;
    *ret_count = 0;
    sqlite3_bind_int64(stmt, 1, (sqlite3_int64)after_seq);
    sqlite3_bind_int64(stmt, 2, (sqlite3_int64)max);
    if (state >= 0) {
        sqlite3_bind_int(stmt, 3, state);
    }
    while (*ret_count < max && (err = db_step(stmt)) == ERR_OK) {
        read_item(stmt, &ret_items[(*ret_count)++]);
    }
    sqlite3_reset(stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

err_t spool_faults(struct spool *spool, uint64_t seq, struct faults *ret_faults)
{
    ret_faults->count = 0;
    sqlite3_bind_int64(spool->faults, 1, (sqlite3_int64)seq);
    err_t err = db_step(spool->faults);
    if (err == ERR_OK) {
        struct view encoded = db_column_view(spool->faults, 0);
        err = encoded.size == 0 ? ERR_NOT_FOUND : faults_decode(encoded, ret_faults);
    }
    sqlite3_reset(spool->faults);
    return err;
}

err_t spool_bytes(struct spool *spool, uint64_t seq, uint8_t **ret_bytes, size_t *ret_size)
{
    sqlite3_bind_int64(spool->bytes, 1, (sqlite3_int64)seq);
    err_t err = db_step(spool->bytes);
    if (err == ERR_OK) {
        struct view bytes = db_column_view(spool->bytes, 0);
        *ret_bytes = (uint8_t *)mem_copy(bytes.at, bytes.size);
        *ret_size = bytes.size;
    }
    sqlite3_reset(spool->bytes);
    return err;
}

/* One transaction, so that the figures belong together. */
err_t spool_counts(struct spool *spool, struct counts *ret_counts)
{
    memset(ret_counts, 0, sizeof *ret_counts);
    err_t err = db_exec(spool->db, "begin");
    if (err != ERR_OK) {
        return err;
    }
    while ((err = db_step(spool->count_states)) == ERR_OK) {
        int state = sqlite3_column_int(spool->count_states, 0);
        if (state >= 0 && state < ITEM_STATES) {
            ret_counts->by_state[state] = (uint64_t)sqlite3_column_int64(spool->count_states, 1);
        }
    }
    sqlite3_reset(spool->count_states);
    if (err == ERR_NOT_FOUND && (err = db_step(spool->oldest)) == ERR_OK) {
        ret_counts->oldest_waiting_at = sqlite3_column_int64(spool->oldest, 0);
    }
    sqlite3_reset(spool->oldest);
    err = err == ERR_NOT_FOUND ? ERR_OK : err; /* nothing waits */
    err = err == ERR_OK ? meta_number(spool, "last_seq", &ret_counts->last_seq) : err;
    spool_rollback(spool);
    return err;
}

err_t spool_waiting(struct spool *spool, uint64_t upto_seq, uint64_t *ret_count)
{
    sqlite3_bind_int64(spool->waiting, 1, (sqlite3_int64)upto_seq);
    err_t err = db_step(spool->waiting);
    *ret_count = err == ERR_OK ? (uint64_t)sqlite3_column_int64(spool->waiting, 0) : 0;
    sqlite3_reset(spool->waiting);
    return err;
}

err_t spool_version(struct spool *spool, int64_t *ret_version)
{
    err_t err = db_step(spool->version);
    *ret_version = err == ERR_OK ? sqlite3_column_int64(spool->version, 0) : 0;
    sqlite3_reset(spool->version);
    return err;
}

err_t spool_connection(struct spool *spool, struct connection *ret_connection)
{
    sqlite3_stmt *stmt = spool->get_connection;
    memset(ret_connection, 0, sizeof *ret_connection);
    err_t err = db_step(stmt);
    if (err == ERR_OK) {
        ret_connection->is_ready = sqlite3_column_int(stmt, 0) != 0;
        ret_connection->since_ms = sqlite3_column_int64(stmt, 1);
        ret_connection->next_try_ms = sqlite3_column_int64(stmt, 2);
        snprintf(ret_connection->reason, REASON_SIZE, "%s", db_column_str(stmt, 3));
        snprintf(ret_connection->refusal, REASON_SIZE, "%s", db_column_str(stmt, 4));
    }
    sqlite3_reset(stmt);
    return err;
}

err_t spool_note_connection(struct spool *spool, const struct connection *connection)
{
    sqlite3_stmt *stmt = spool->set_connection;
    sqlite3_bind_int(stmt, 1, connection->is_ready);
    sqlite3_bind_int64(stmt, 2, connection->since_ms);
    sqlite3_bind_int64(stmt, 3, connection->next_try_ms);
    db_bind_str(stmt, 4, connection->reason);
    db_bind_str(stmt, 5, connection->refusal);
    return db_run(stmt);
}
