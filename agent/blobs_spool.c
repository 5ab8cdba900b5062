#include "agent/blobs_spool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/spool_db.h"
#include "common/log.h"
#include "common/text.h"
#include "proto/message_blob.h"

static struct view hash_view(const uint8_t hash[BLOB_HASH_SIZE])
{
    return (struct view){hash, BLOB_HASH_SIZE};
}

static void bind_text(sqlite3_stmt *stmt, int index, struct view text)
{
    sqlite3_bind_text64(stmt, index, (const char *)text.at, text.size, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static err_t link_refs(struct spool *spool, uint64_t seq, struct view record, int64_t at)
{
    struct blob_refs refs = blob_refs_of(record);
    struct blob_ref ref;
    err_t err = ERR_OK;
    while (err == ERR_OK && blob_refs_next(&refs, &ref)) {
        db_bind_view(spool->add_blob, 1, ref.sha256);
        sqlite3_bind_int64(spool->add_blob, 2, (sqlite3_int64)ref.size);
        bind_text(spool->add_blob, 3, ref.media_type);
        bind_text(spool->add_blob, 4, ref.name);
        sqlite3_bind_int64(spool->add_blob, 5, at);
        err = db_run(spool->add_blob);
        sqlite3_bind_int64(spool->link_blob, 1, (sqlite3_int64)seq);
        db_bind_view(spool->link_blob, 2, ref.sha256);
        err = err == ERR_OK ? db_run(spool->link_blob) : err;
    }
    return err;
}

static bool is_reference(const struct kind *kind, struct view key)
{
    bool is_one = false;
    for (size_t i = 0; i < KIND_REFERENCES && kind->references[i]; i++) {
        is_one |= view_is(key, kind->references[i]);
    }
    return is_one || (kind->link && view_is(key, kind->link));
}

/* Whatever the record refers to, if that is ours and has to do with attachments. The link stays: a restored hub may
 * want both again. */
static err_t link_references(struct spool *spool, const struct acceptance *acceptance)
{
    struct view name = {(const uint8_t *)acceptance->kind, strlen(acceptance->kind)};
    const struct kind *kind = kind_find(name);
    struct reader reader = reader_over(acceptance->bytes.at, acceptance->bytes.size);
    uint32_t pairs = 0;
    err_t err = kind ? reader_map(&reader, &pairs) : ERR_OK;
    while (err == ERR_OK && pairs-- > 0) {
        struct view key;
        struct view value;
        struct view id;
        err = reader_str(&reader, &key);
        err = err == ERR_OK ? reader_skip(&reader, &value) : err;
        if (err != ERR_OK || !is_reference(kind, key)) {
            continue;
        }
        struct reader inner = reader_over(value.at, value.size);
        if (reader_bin(&inner, &id) == ERR_OK) {
            sqlite3_bind_int64(spool->link_earlier, 1, (sqlite3_int64)acceptance->seq);
            db_bind_view(spool->link_earlier, 2, id);
            err = db_run(spool->link_earlier);
        }
    }
    return err;
}

err_t spool_link_blobs(struct spool *spool, const struct acceptance *acceptance)
{
    err_t err = link_refs(spool, acceptance->seq, acceptance->bytes, acceptance->at);
    return err == ERR_OK ? link_references(spool, acceptance) : err;
}

static void copy_hash(sqlite3_stmt *stmt, int column, uint8_t ret_hash[BLOB_HASH_SIZE])
{
    struct view hash = db_column_view(stmt, column);
    memset(ret_hash, 0, BLOB_HASH_SIZE);
    memcpy(ret_hash, hash.at, hash.size < BLOB_HASH_SIZE ? hash.size : BLOB_HASH_SIZE);
}

static enum blob_state state_of(int number)
{
    return number >= 0 && number < BLOB_STATES ? (enum blob_state)number : BLOB_WAITING;
}

/* In the order of BLOB_COLUMNS. */
static void read_note(sqlite3_stmt *stmt, struct blob_note *ret_note)
{
    const char *name = db_column_str(stmt, 4);
    memset(ret_note, 0, sizeof *ret_note);
    ret_note->row = sqlite3_column_int64(stmt, 0);
    copy_hash(stmt, 1, ret_note->hash);
    ret_note->size = (uint64_t)sqlite3_column_int64(stmt, 2);
    snprintf(ret_note->media_type, sizeof ret_note->media_type, "%s", db_column_str(stmt, 3));
    log_safe(name, strlen(name), ret_note->name, sizeof ret_note->name);
    ret_note->state = state_of(sqlite3_column_int(stmt, 5));
    snprintf(ret_note->code, sizeof ret_note->code, "%s", db_column_str(stmt, 6));
    ret_note->at = sqlite3_column_int64(stmt, 7);
    ret_note->records = (uint64_t)sqlite3_column_int64(stmt, 8);
}

/* The one row of a statement that is bound. */
static err_t step_note(sqlite3_stmt *stmt, struct blob_note *ret_note)
{
    err_t err = db_step(stmt);
    if (err == ERR_OK) {
        read_note(stmt, ret_note);
    }
    sqlite3_reset(stmt);
    return err;
}

static err_t step_notes(sqlite3_stmt *stmt, struct blob_note *ret_notes, size_t max, size_t *ret_count)
{
    err_t err = ERR_OK;
    *ret_count = 0;
    while (*ret_count < max && (err = db_step(stmt)) == ERR_OK) {
        read_note(stmt, &ret_notes[(*ret_count)++]);
    }
    sqlite3_reset(stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

err_t spool_next_blob(struct spool *spool, struct blob_note *ret_note)
{
    return step_note(spool->next_blob, ret_note);
}

err_t spool_refused_blob(struct spool *spool, struct blob_note *ret_note)
{
    return step_note(spool->refused_blob, ret_note);
}

err_t spool_find_blob(struct spool *spool, const uint8_t hash[BLOB_HASH_SIZE], struct blob_note *ret_note)
{
    db_bind_view(spool->find_blob, 1, hash_view(hash));
    return step_note(spool->find_blob, ret_note);
}

err_t spool_list_blobs(struct spool *spool, int64_t after, struct blob_note *ret_notes, size_t max, size_t *ret_count)
{
    sqlite3_bind_int64(spool->list_blobs, 1, after);
    sqlite3_bind_int64(spool->list_blobs, 2, (sqlite3_int64)max);
    return step_notes(spool->list_blobs, ret_notes, max, ret_count);
}

err_t spool_item_blobs(struct spool *spool, uint64_t seq, struct blob_note ret_notes[BLOBS_OF_ITEM], size_t *ret_count)
{
    sqlite3_bind_int64(spool->item_blobs, 1, (sqlite3_int64)seq);
    return step_notes(spool->item_blobs, ret_notes, BLOBS_OF_ITEM, ret_count);
}

err_t spool_old_blob(struct spool *spool, int64_t after, int64_t before_ms, struct blob_note *ret_note)
{
    sqlite3_bind_int64(spool->old_blob, 1, after);
    sqlite3_bind_int64(spool->old_blob, 2, before_ms);
    return step_note(spool->old_blob, ret_note);
}

static err_t settle(sqlite3_stmt *stmt, const uint8_t hash[BLOB_HASH_SIZE], enum blob_state state, const char *code)
{
    db_bind_view(stmt, 1, hash_view(hash));
    sqlite3_bind_int(stmt, 2, (int)state);
    db_bind_str(stmt, 3, code);
    sqlite3_bind_int64(stmt, 4, clock_ms());
    return db_run(stmt);
}

err_t spool_settle_blob(struct spool *spool, const uint8_t hash[BLOB_HASH_SIZE], enum blob_state state,
                        const char *code)
{
    return settle(spool->settle_blob, hash, state, code);
}

err_t spool_retry_blobs(struct spool *spool)
{
    return db_run(spool->retry_blobs);
}

static err_t doubt_all(struct spool *spool, uint64_t seq, struct view record)
{
    struct blob_refs refs = blob_refs_of(record);
    struct blob_ref ref;
    /* A record of before this agent knew attachments has no links yet. */
    err_t err = link_refs(spool, seq, record, clock_ms());
    while (err == ERR_OK && blob_refs_next(&refs, &ref)) {
        db_bind_view(spool->doubt_blob, 1, ref.sha256);
        err = db_run(spool->doubt_blob);
    }
    return err;
}

err_t spool_doubt_blobs(struct spool *spool, uint64_t seq)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    err_t err = spool_begin(spool);
    if (err != ERR_OK) {
        return err;
    }
    err = spool_bytes(spool, seq, &bytes, &size);
    err = err == ERR_OK ? doubt_all(spool, seq, (struct view){bytes, size}) : err;
    free(bytes);
    return spool_end(spool, err);
}

/* Why the item cannot be sent. */
static err_t find_refusals(struct spool *spool, uint64_t seq, struct faults *ret_faults)
{
    struct blob_note notes[BLOBS_OF_ITEM];
    size_t count = 0;
    err_t err = spool_item_blobs(spool, seq, notes, &count);
    ret_faults->count = 0;
    for (size_t i = 0; err == ERR_OK && i < count; i++) {
        if (notes[i].state == BLOB_REFUSED) {
            fault_add(ret_faults, notes[i].code, "attachments", "%.200s", notes[i].name);
        }
    }
    return err == ERR_OK && ret_faults->count == 0 ? ERR_NOT_FOUND : err;
}

err_t spool_close_blocked(struct spool *spool, const uint8_t id[RECORD_ID_SIZE], enum item_state state, uint64_t by)
{
    struct item item;
    struct faults faults;
    msgpack_sbuffer encoded;
    err_t err = spool_find(spool, id, &item);
    err = err == ERR_OK ? find_refusals(spool, item.seq, &faults) : err;
    if (err != ERR_OK) {
        return err;
    }
    msgpack_sbuffer_init(&encoded);
    faults_encode(&faults, &encoded);
    sqlite3_bind_int64(spool->close_blocked, 1, (sqlite3_int64)item.seq);
    sqlite3_bind_int(spool->close_blocked, 2, (int)state);
    sqlite3_bind_int64(spool->close_blocked, 3, (sqlite3_int64)by);
    db_bind_view(spool->close_blocked, 4, (struct view){(const uint8_t *)encoded.data, encoded.size});
    err = db_run(spool->close_blocked);
    msgpack_sbuffer_destroy(&encoded);
    return err == ERR_OK && sqlite3_changes(spool->db) == 0 ? ERR_NOT_FOUND : err;
}

err_t spool_has_sendable(struct spool *spool, uint64_t upto_seq, bool *ret_has)
{
    sqlite3_bind_int64(spool->sendable, 1, (sqlite3_int64)upto_seq);
    err_t err = db_step(spool->sendable);
    sqlite3_reset(spool->sendable);
    *ret_has = err == ERR_OK;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

err_t spool_want_blob(struct spool *spool, const uint8_t hash[BLOB_HASH_SIZE])
{
    db_bind_view(spool->want_blob, 1, hash_view(hash));
    sqlite3_bind_int64(spool->want_blob, 2, clock_ms());
    return db_run(spool->want_blob);
}

err_t spool_next_wanted(struct spool *spool, uint8_t ret_hash[BLOB_HASH_SIZE])
{
    err_t err = db_step(spool->next_wanted);
    if (err == ERR_OK) {
        copy_hash(spool->next_wanted, 0, ret_hash);
    }
    sqlite3_reset(spool->next_wanted);
    return err;
}

err_t spool_settle_wanted(struct spool *spool, const uint8_t hash[BLOB_HASH_SIZE], enum blob_state state,
                          const char *code)
{
    return settle(spool->settle_wanted, hash, state, code);
}

err_t spool_find_wanted(struct spool *spool, const uint8_t hash[BLOB_HASH_SIZE], struct blob_note *ret_note)
{
    sqlite3_stmt *stmt = spool->find_wanted;
    memset(ret_note, 0, sizeof *ret_note);
    db_bind_view(stmt, 1, hash_view(hash));
    err_t err = db_step(stmt);
    if (err == ERR_OK) {
        ret_note->row = sqlite3_column_int64(stmt, 0);
        copy_hash(stmt, 1, ret_note->hash);
        ret_note->state = state_of(sqlite3_column_int(stmt, 2));
        snprintf(ret_note->code, sizeof ret_note->code, "%s", db_column_str(stmt, 3));
        ret_note->at = sqlite3_column_int64(stmt, 4);
    }
    sqlite3_reset(stmt);
    return err;
}
