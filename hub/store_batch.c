/* How one item of a batch is decided. The order matters:
 *   1. an id with an outcome gets that outcome again (same bytes) or `conflict` (other bytes): nothing else is looked
 * at;
 *   2. what the front refused is remembered as refused;
 *   3. a record is inserted, then its natural key and its thread are checked, and it is taken back when they refuse it.
 */
#include "hub/store_attached.h"
#include "hub/store_facts.h"
#include "hub/store_put.h"

#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "hub/store_ledger.h"

err_t put_find_record(struct put *put, int64_t party, const uint8_t id[RECORD_ID_SIZE], struct stored *ret)
{
    sqlite3_stmt *get = store_statement(put->store, GET_RECORD);
    sqlite3_bind_int64(get, 1, party);
    db_bind_view(get, 2, (struct view){id, RECORD_ID_SIZE});
    err_t err = db_step(get);
    if (err == ERR_OK) {
        bool has_root = sqlite3_column_bytes(get, 6) == RECORD_ID_SIZE;
        *ret = (struct stored){
            .number = (uint64_t)sqlite3_column_int64(get, 0),
            .place = {sqlite3_column_int64(get, 1), sqlite3_column_int64(get, 3), sqlite3_column_int64(get, 4)},
            .position = sqlite3_column_int64(get, 2),
            .kind = sqlite3_column_int(get, 5),
            .owner = has_root ? sqlite3_column_int64(get, 7) : party};
        memcpy(ret->root, has_root ? sqlite3_column_blob(get, 6) : id, RECORD_ID_SIZE);
    }
    sqlite3_reset(get);
    return err;
}

static void set_rejected(struct batch_item *item, const struct faults *faults, int64_t at)
{
    item->outcome = OUTCOME_REJECTED;
    item->at = at;
    msgpack_sbuffer_clear(&item->refusal);
    faults_encode(faults, &item->refusal);
}

static void set_conflict(struct put *put, struct batch_item *item)
{
    struct faults faults = {0};
    fault_add(&faults, "conflict", "id", "this id is taken by a record with other bytes; the first one stands");
    set_rejected(item, &faults, put->now);
}

/* The same id in this very batch has no batch row yet: its hash is in the batch itself. */
static err_t first_hash(struct put *put, const struct stored *first, const uint8_t **ret_hash, int64_t *ret_at)
{
    if (first->place.batch == put->batch_id) {
        *ret_hash = put->batch->items[first->position].hash;
        *ret_at = put->now;
        return ERR_OK;
    }
    sqlite3_stmt *get = store_statement(put->store, GET_HASH);
    sqlite3_bind_int64(get, 1, first->position);
    sqlite3_bind_int64(get, 2, first->place.batch);
    err_t err = db_step(get);
    if (err == ERR_OK) {
        *ret_hash = sqlite3_column_blob(get, 0);
        *ret_at = sqlite3_column_int64(get, 1);
        err = sqlite3_column_bytes(get, 0) == RECORD_HASH_SIZE ? ERR_OK : ERR_IO;
    }
    return err;
}

static err_t repeat_stored(struct put *put, struct batch_item *item, const struct stored *first)
{
    const uint8_t *hash = NULL;
    int64_t at = 0;
    err_t err = first_hash(put, first, &hash, &at);
    if (err != ERR_OK) {
        return err == ERR_NOT_FOUND ? ERR_IO : err;
    }
    if (memcmp(hash, item->hash, RECORD_HASH_SIZE) != 0) {
        set_conflict(put, item);
        return ERR_OK;
    }
    item->outcome = OUTCOME_DUPLICATE;
    item->number = first->number;
    item->at = at;
    return ERR_OK;
}

/* ERR_OK: the item was refused before and has its outcome. ERR_NOT_FOUND: it was not. */
static err_t repeat_refused(struct put *put, struct batch_item *item)
{
    sqlite3_stmt *get = store_statement(put->store, GET_REFUSAL);
    sqlite3_bind_int64(get, 1, put->batch->party_row);
    db_bind_view(get, 2, (struct view){item->projection.id, RECORD_ID_SIZE});
    err_t err = db_step(get);
    if (err != ERR_OK) {
        return err;
    }
    struct view hash = db_column_view(get, 0);
    struct view faults = db_column_view(get, 2);
    if (hash.size != RECORD_HASH_SIZE || memcmp(hash.at, item->hash, RECORD_HASH_SIZE) != 0) {
        set_conflict(put, item);
    } else {
        item->outcome = OUTCOME_REJECTED;
        item->at = sqlite3_column_int64(get, 1);
        msgpack_sbuffer_clear(&item->refusal);
        msgpack_sbuffer_write(&item->refusal, (const char *)faults.at, faults.size);
    }
    sqlite3_reset(get);
    return ERR_OK;
}

static err_t refuse(struct put *put, struct batch_item *item, const struct faults *faults)
{
    set_rejected(item, faults, put->now);
    put->refused++;
    put->has_refusals = true;
    sqlite3_stmt *stmt = store_statement(put->store, PUT_REFUSAL);
    sqlite3_bind_int64(stmt, 1, put->batch->party_row);
    db_bind_view(stmt, 2, (struct view){item->projection.id, RECORD_ID_SIZE});
    db_bind_view(stmt, 3, (struct view){item->hash, RECORD_HASH_SIZE});
    sqlite3_bind_int64(stmt, 4, put->now);
    db_bind_view(stmt, 5, (struct view){(const uint8_t *)item->refusal.data, item->refusal.size});
    return db_run(stmt);
}

static void bind_or_null(sqlite3_stmt *stmt, int index, int64_t value)
{
    if (value < 0) {
        sqlite3_bind_null(stmt, index);
    } else {
        sqlite3_bind_int64(stmt, index, value);
    }
}

/* THREAD: the one that the record goes on with, or NULL. ERR_EXISTS when the id is taken. */
static err_t insert_record(struct put *put, uint32_t position, const struct thread *thread)
{
    const struct batch_item *item = &put->batch->items[position];
    sqlite3_stmt *stmt = store_statement(put->store, PUT_RECORD);
    sqlite3_bind_int64(stmt, 1, put->batch->party_row);
    db_bind_view(stmt, 2, (struct view){item->projection.id, RECORD_ID_SIZE});
    sqlite3_bind_int64(stmt, 3, (int64_t)(put->store->number + 1));
    sqlite3_bind_int64(stmt, 4, put->batch_id);
    sqlite3_bind_int64(stmt, 5, position);
    sqlite3_bind_int64(stmt, 6, item->bytes.at - put->base);
    sqlite3_bind_int64(stmt, 7, (int64_t)item->bytes.size);
    sqlite3_bind_int64(stmt, 8, item->projection.kind->number);
    sqlite3_bind_int64(stmt, 9, item->projection.day);
    bind_or_null(stmt, 10, item->projection.sector);
    bind_or_null(stmt, 11, item->projection.level);
    if (thread) {
        sqlite3_bind_int64(stmt, 12, thread->owner);
        db_bind_view(stmt, 13, (struct view){thread->root, RECORD_ID_SIZE});
    } else {
        sqlite3_bind_null(stmt, 12);
        sqlite3_bind_null(stmt, 13);
    }
    err_t err = db_run(stmt);
    return err == ERR_OK && sqlite3_changes(put->store->db) == 0 ? ERR_EXISTS : err;
}

/* Whether the record that has the key gives it up: to a correction in its own thread, whichever of the thread's records
 * that names, and to anybody when its thread was withdrawn. */
static err_t gives_way(struct put *put, const struct batch_item *item, const struct move *move, struct view holder,
                       bool *ret_gives)
{
    struct stored stored;
    struct thread thread;
    *ret_gives = false;
    if (holder.size != RECORD_ID_SIZE) {
        return ERR_OK;
    }
    uint8_t id[RECORD_ID_SIZE];
    memcpy(id, holder.at, sizeof id);
    err_t err = put_find_record(put, put->batch->party_row, id, &stored);
    if (err != ERR_OK) {
        return err == ERR_NOT_FOUND ? ERR_IO : err;
    }
    if (!move->begins && stored.owner == move->thread.owner &&
        memcmp(stored.root, move->thread.root, RECORD_ID_SIZE) == 0) {
        *ret_gives = true;
        return ERR_OK;
    }
    err = store_load_thread(put->store, stored.owner, stored.root, &thread);
    const struct life *life = item->projection.kind->life;
    *ret_gives = err == ERR_OK && life && (life->uncounted >> thread.facts.state & 1U) != 0;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static void say_not_unique(const struct kind *kind, struct faults *faults)
{
    bool is_one = kind->unique[0] < 0; /* one an institution: there is no field to name */
    fault_add(faults, "not_unique", is_one ? "replaces" : kind->fields[kind->unique[0]].key,
              is_one ? "there is one already; correct it with `replaces`"
                     : "another record has this number at the same stage and round; correct it with `replaces`");
}

static err_t claim_key(struct put *put, const struct batch_item *item, const struct move *move, struct faults *faults)
{
    const struct projection *projection = &item->projection;
    struct view key = {(const uint8_t *)projection->unique, projection->unique_size};
    if (key.size == 0) {
        return ERR_OK;
    }
    enum statement order[] = {PUT_KEY, GET_KEY, MOVE_KEY};
    err_t err = ERR_OK;
    for (int i = 0; i < 3 && err == ERR_OK; i++) {
        sqlite3_stmt *stmt = store_statement(put->store, order[i]);
        sqlite3_bind_int64(stmt, 1, put->batch->party_row);
        sqlite3_bind_int64(stmt, 2, projection->kind->number);
        db_bind_view(stmt, 3, key);
        if (order[i] == GET_KEY) {
            bool gives = false;
            err = db_step(stmt);
            err = err == ERR_OK ? gives_way(put, item, move, db_column_view(stmt, 0), &gives) : err;
            sqlite3_reset(stmt);
            if (err == ERR_OK && !gives) {
                say_not_unique(projection->kind, faults);
                return ERR_OK;
            }
            continue;
        }
        db_bind_view(stmt, 4, (struct view){projection->id, RECORD_ID_SIZE});
        err = db_run(stmt);
        if (order[i] == PUT_KEY && sqlite3_changes(put->store->db) > 0) {
            return err;
        }
    }
    return err;
}

static err_t take_back(struct put *put, const struct batch_item *item)
{
    sqlite3_stmt *stmt = store_borrow(put->store, "delete from record where party = ? and id = ?");
    sqlite3_bind_int64(stmt, 1, put->batch->party_row);
    db_bind_view(stmt, 2, (struct view){item->projection.id, RECORD_ID_SIZE});
    err_t err = db_run(stmt);
    store_return(put->store, stmt);
    return err;
}

/* The next number, and the leaf of that number. */
static void take_number(struct put *put, struct batch_item *item)
{
    item->number = ++put->store->number;
    ledger_add(put->store->ledger, item->hash);
}

static err_t put_valid(struct put *put, uint32_t position)
{
    struct batch_item *item = &put->batch->items[position];
    const struct projection *projection = &item->projection;
    struct faults faults = {0};
    struct move move;
    err_t err = thread_judge(put, item, &move, &faults);
    if (err != ERR_OK) {
        return err;
    }
    bool goes_on = projection->has_reference && faults.count == 0;
    err = insert_record(put, position, goes_on ? &move.thread : NULL);
    if (err == ERR_EXISTS) {
        struct stored first;
        err = put_find_record(put, put->batch->party_row, projection->id, &first);
        return err == ERR_OK ? repeat_stored(put, item, &first) : ERR_IO;
    }
    if (err == ERR_OK && faults.count == 0) {
        err = claim_key(put, item, &move, &faults);
    }
    if (err == ERR_OK && faults.count > 0) {
        err = take_back(put, item);
        return err == ERR_OK ? refuse(put, item, &faults) : err;
    }
    err = err == ERR_OK ? thread_apply(put, item, &move) : err;
    if (err == ERR_OK && put->batch->names_blobs) {
        err = store_attach(put->store, put->batch->party_row, projection->id, item->bytes);
    }
    if (err == ERR_OK) {
        item->outcome = OUTCOME_STORED;
        take_number(put, item);
        item->at = put->now;
        put->stored++;
    }
    return err;
}

static err_t put_invalid(struct put *put, struct batch_item *item)
{
    struct stored first;
    err_t err = put_find_record(put, put->batch->party_row, item->projection.id, &first);
    if (err == ERR_OK) {
        return repeat_stored(put, item, &first);
    }
    return err == ERR_NOT_FOUND ? refuse(put, item, item->faults) : err;
}

/* What cannot be stored now leaves nothing behind; what was stored before has its outcome all the same. */
static err_t put_off(struct put *put, struct batch_item *item)
{
    struct stored first;
    err_t err = put_find_record(put, put->batch->party_row, item->projection.id, &first);
    if (err == ERR_NOT_FOUND) {
        item->outcome = OUTCOME_RETRY;
        return ERR_OK;
    }
    return err == ERR_OK ? repeat_stored(put, item, &first) : err;
}

/* The blobs actor has seen what was on the shelf; since then, some of it may have begun to leave. */
static err_t judge_attachments(struct put *put, struct batch_item *item)
{
    bool is_leaving = false;
    err_t err = put->batch->names_blobs && !item->faults
                    ? store_is_leaving(put->store, put->batch->party_row, item->bytes, &is_leaving)
                    : ERR_OK;
    item->retry = is_leaving ? "missing_blob" : item->retry;
    return err;
}

static err_t put_item(struct put *put, uint32_t position)
{
    struct batch_item *item = &put->batch->items[position];
    if (!item->has_id) {
        memcpy(item->projection.id, item->hash, RECORD_ID_SIZE);
    }
    if (put->has_refusals) {
        err_t found = repeat_refused(put, item);
        if (found != ERR_NOT_FOUND) {
            return found;
        }
    }
    err_t err = judge_attachments(put, item);
    if (err != ERR_OK || item->retry) {
        return err == ERR_OK ? put_off(put, item) : err;
    }
    if (item->has_id && item->projection.seq > put->last_seq) {
        put->last_seq = item->projection.seq;
    }
    return item->faults ? put_invalid(put, item) : put_valid(put, position);
}

/* A copy in which nothing is left of the items that were not stored now: of a record that is erased later, no second
 * copy shall lie about. NULL: all were stored, and the bytes are kept as they came. */
static uint8_t *without_unstored(const struct put *put, size_t size)
{
    const struct batch *batch = put->batch;
    if (put->stored == batch->count) {
        return NULL;
    }
    uint8_t *bytes = (uint8_t *)mem_copy(put->base, size);
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct batch_item *item = &batch->items[i];
        if (item->outcome != OUTCOME_STORED) {
            memset(bytes + (item->bytes.at - put->base), 0, item->bytes.size);
        }
    }
    return bytes;
}

static err_t put_row(struct put *put, uint64_t first_number)
{
    const struct batch *batch = put->batch;
    uint8_t hashes[BATCH_ITEMS_MAX * RECORD_HASH_SIZE];
    for (uint32_t i = 0; i < batch->count; i++) {
        memcpy(hashes + (size_t)i * RECORD_HASH_SIZE, batch->items[i].hash, RECORD_HASH_SIZE);
    }
    const struct view last = batch->items[batch->count - 1].bytes;
    size_t size = (size_t)(last.at + last.size - put->base);
    uint8_t *kept = without_unstored(put, size);
    sqlite3_stmt *stmt = store_statement(put->store, PUT_BATCH);
    sqlite3_bind_int64(stmt, 1, put->batch_id);
    sqlite3_bind_int64(stmt, 2, batch->party_row);
    sqlite3_bind_int64(stmt, 3, put->now);
    sqlite3_bind_int64(stmt, 4, (int64_t)first_number);
    sqlite3_bind_int64(stmt, 5, put->stored);
    db_bind_view(stmt, 6, (struct view){hashes, (size_t)batch->count * RECORD_HASH_SIZE});
    db_bind_view(stmt, 7, signing_key_view(&batch->signing_key));
    db_bind_view(stmt, 8, batch->signature);
    db_bind_view(stmt, 9, (struct view){kept ? kept : put->base, size});
    err_t err = db_run(stmt);
    free(kept);
    return err;
}

static err_t put_account(struct put *put)
{
    sqlite3_stmt *stmt = store_statement(put->store, PUT_ACCOUNT);
    sqlite3_bind_int64(stmt, 1, put->batch->party_row);
    sqlite3_bind_int64(stmt, 2, (int64_t)put->last_seq);
    sqlite3_bind_int64(stmt, 3, put->stored);
    sqlite3_bind_int64(stmt, 4, put->refused);
    sqlite3_bind_int64(stmt, 5, put->now);
    return db_run(stmt);
}

static err_t number_batch(struct store *store, const struct batch *batch, int64_t *ret_id)
{
    *ret_id = batch->again;
    if (batch->again) {
        return ERR_OK;
    }
    sqlite3_stmt *stmt = store_statement(store, NEXT_BATCH);
    err_t err = db_step(stmt);
    if (err == ERR_OK) {
        *ret_id = sqlite3_column_int64(stmt, 0);
    }
    sqlite3_reset(stmt);
    return err;
}

static err_t note_filer(struct put *put)
{
    struct facts facts;
    err_t err = store_facts_in(put->store, put->batch->party_row, put->batch_id, &facts);
    put->is_as_registered = err == ERR_OK && strcmp(facts.entity_type, put->batch->entity_type) == 0;
    return err;
}

err_t store_put_batch(struct store *store, struct batch *batch)
{
    struct put put = {
        .store = store, .batch = batch, .base = batch->items[0].bytes.at, .now = batch->again ? batch->at : clock_ms()};
    uint64_t first_number = store->number + 1;
    err_t err = number_batch(store, batch, &put.batch_id);
    err = err == ERR_OK ? note_filer(&put) : err;
    if (err == ERR_OK) {
        sqlite3_stmt *has = store_statement(store, HAS_REFUSAL);
        sqlite3_bind_int64(has, 1, batch->party_row);
        err_t found = db_step(has);
        sqlite3_reset(has);
        put.has_refusals = found == ERR_OK;
        err = found == ERR_NOT_FOUND ? ERR_OK : found;
    }
    for (uint32_t i = 0; i < batch->count && err == ERR_OK; i++) {
        struct batch_item *item = &batch->items[i];
        err = put_item(&put, i);
        if (err == ERR_OK && item->has_number && item->outcome != OUTCOME_STORED) {
            take_number(&put, item);
        }
    }
    batch->first_number = first_number;
    batch->stored = (uint32_t)put.stored;
    if (err == ERR_OK && put.stored > 0) {
        err = put_row(&put, first_number);
    }
    if (err == ERR_OK && (put.stored > 0 || put.refused > 0)) {
        err = put_account(&put);
    }
    return err;
}
