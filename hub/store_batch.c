/* How one item of a batch is decided. The order matters:
 *   1. an id with an outcome gets that outcome again (same bytes) or `conflict` (other bytes): nothing else is looked
 * at;
 *   2. what the front refused is remembered as refused;
 *   3. a record is inserted, then its natural key and its thread are checked, and it is taken back when they refuse it.
 */
#include "hub/store_sqlite.h"

#include <string.h>

#include "common/text.h"

struct put {
    struct store *store;
    struct batch *batch;
    int64_t batch_id;
    const uint8_t *base; /* where the stored bytes of the batch begin */
    bool has_refusals;
    uint64_t last_seq;
    int64_t stored, refused;
    int64_t now;
};

struct stored {
    uint64_t number;
    int64_t batch, position, offset, size;
    int kind;
    bool has_root;
    uint8_t root[RECORD_ID_SIZE];
};

static err_t find_record(struct put *put, const uint8_t id[RECORD_ID_SIZE], struct stored *ret)
{
    sqlite3_stmt *get = store_statement(put->store, GET_RECORD);
    sqlite3_bind_int64(get, 1, put->batch->party_row);
    db_bind_view(get, 2, (struct view){id, RECORD_ID_SIZE});
    err_t err = db_step(get);
    if (err == ERR_OK) {
        *ret = (struct stored){.number = (uint64_t)sqlite3_column_int64(get, 0),
                               .batch = sqlite3_column_int64(get, 1),
                               .position = sqlite3_column_int64(get, 2),
                               .offset = sqlite3_column_int64(get, 3),
                               .size = sqlite3_column_int64(get, 4),
                               .kind = sqlite3_column_int(get, 5),
                               .has_root = sqlite3_column_bytes(get, 6) == RECORD_ID_SIZE};
        memcpy(ret->root, ret->has_root ? sqlite3_column_blob(get, 6) : id, RECORD_ID_SIZE);
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
    if (first->batch == put->batch_id) {
        *ret_hash = put->batch->items[first->position].hash;
        *ret_at = put->now;
        return ERR_OK;
    }
    sqlite3_stmt *get = store_statement(put->store, GET_HASH);
    sqlite3_bind_int64(get, 1, first->position);
    sqlite3_bind_int64(get, 2, first->batch);
    err_t err = db_step(get);
    if (err == ERR_OK) {
        *ret_hash = sqlite3_column_blob(get, 0);
        *ret_at = sqlite3_column_int64(get, 1);
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

/* ERR_EXISTS when the id is taken. */
static err_t insert_record(struct put *put, uint32_t position, const uint8_t *root)
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
    if (root) {
        db_bind_view(stmt, 12, (struct view){root, RECORD_ID_SIZE});
    } else {
        sqlite3_bind_null(stmt, 12);
    }
    err_t err = db_run(stmt);
    return err == ERR_OK && sqlite3_changes(put->store->db) == 0 ? ERR_EXISTS : err;
}

/* A correction (replaces) takes over the key of the record that it replaces. */
static err_t claim_key(struct put *put, const struct batch_item *item, struct faults *faults)
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
            err = db_step(stmt);
            struct view owner = err == ERR_OK ? db_column_view(stmt, 0) : (struct view){0};
            bool is_replaced = projection->has_reference && owner.size == RECORD_ID_SIZE &&
                               memcmp(owner.at, projection->reference, RECORD_ID_SIZE) == 0;
            sqlite3_reset(stmt);
            if (err == ERR_OK && !is_replaced) {
                const char *field = projection->kind->fields[projection->kind->unique[0]].key;
                fault_add(faults, "not_unique", field,
                          "another record has this number at the same stage and round; correct it with `replaces`");
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

struct thread {
    uint8_t root[RECORD_ID_SIZE];
    enum warning_state state;
    int64_t batch, offset, size; /* the record whose content counts */
    bool is_up;
};

static err_t find_thread(struct put *put, const struct stored *referred, struct thread *ret)
{
    memcpy(ret->root, referred->root, RECORD_ID_SIZE);
    sqlite3_stmt *get = store_statement(put->store, GET_THREAD);
    db_bind_view(get, 1, (struct view){ret->root, RECORD_ID_SIZE});
    err_t err = db_step(get);
    if (err == ERR_OK) {
        ret->state = (enum warning_state)sqlite3_column_int(get, 0);
        ret->batch = sqlite3_column_int64(get, 1);
        ret->offset = sqlite3_column_int64(get, 2);
        ret->size = sqlite3_column_int64(get, 3);
        ret->is_up = sqlite3_column_int(get, 4) != 0;
    } else if (err == ERR_NOT_FOUND) {
        *ret = (struct thread){
            .state = STATE_RAISED, .batch = referred->batch, .offset = referred->offset, .size = referred->size};
        memcpy(ret->root, referred->root, RECORD_ID_SIZE);
        err = ERR_OK;
    }
    sqlite3_reset(get);
    return err;
}

static err_t save_thread(struct put *put, const struct thread *thread)
{
    sqlite3_stmt *stmt = store_statement(put->store, PUT_THREAD);
    db_bind_view(stmt, 1, (struct view){thread->root, RECORD_ID_SIZE});
    sqlite3_bind_int(stmt, 2, (int)thread->state);
    sqlite3_bind_int64(stmt, 3, thread->batch);
    sqlite3_bind_int64(stmt, 4, thread->offset);
    sqlite3_bind_int64(stmt, 5, thread->size);
    sqlite3_bind_int(stmt, 6, thread->is_up);
    return db_run(stmt);
}

static bool goes_up(const struct put *put, const struct projection *projection)
{
    bool is_grave = projection->level > 0 && projection->level <= put->store->settings.uplink_level;
    return projection->action >= 0 && !projection->is_rehearsal && (is_grave || projection->is_shared_up);
}

/* Reads a record that was stored before: it has passed its check then. Bytes of this very batch are not in the store
 * yet. */
static err_t read_content(struct put *put, const struct thread *thread, struct record *ret_record)
{
    struct view bytes = {put->base + thread->offset, (size_t)thread->size};
    if (thread->batch != put->batch_id) {
        err_t err = store_get_item(put->store, thread->batch, thread->offset, thread->size, &bytes);
        if (err != ERR_OK) {
            return err == ERR_NOT_FOUND ? ERR_IO : err;
        }
    }
    struct faults ignored = {0};
    struct record_context context = {.now_ms = put->now, .utc_offset_minutes = put->store->settings.utc_offset_minutes};
    err_t checked = record_check(bytes, &context, ret_record, &ignored);
    (void)checked; /* rules may have changed since; the fields are read all the same */
    return ret_record->kind ? ERR_OK : ERR_IO;
}

static err_t put_uplink(struct put *put, int64_t batch, const struct batch_item *item, enum warning_state state)
{
    sqlite3_stmt *stmt = store_statement(put->store, PUT_UPLINK);
    sqlite3_bind_int64(stmt, 1, (int64_t)++put->store->change);
    sqlite3_bind_int64(stmt, 2, put->batch->party_row);
    sqlite3_bind_int64(stmt, 3, (int64_t)(put->store->number + 1));
    sqlite3_bind_int64(stmt, 4, batch);
    sqlite3_bind_int64(stmt, 5, item->bytes.at - put->base);
    sqlite3_bind_int64(stmt, 6, (int64_t)item->bytes.size);
    sqlite3_bind_int(stmt, 7, (int)state);
    put->store->is_urgent = true;
    return db_run(stmt);
}

/* Moves the thread's one count from the cell where it stands to where the new record puts it. */
static err_t move_thread(struct put *put, const struct batch_item *item, struct thread *thread, enum warning_state next)
{
    const struct projection *projection = &item->projection;
    int offset = put->store->settings.utc_offset_minutes;
    struct record content;
    struct projection before;
    struct cell cell;
    err_t err = read_content(put, thread, &content);
    if (err != ERR_OK) {
        return err;
    }
    project_record(&content, offset, &before);
    project_cell(&content, &put->batch->facts, thread->state, offset, &cell);
    cells_add(put->store, &cell, -1);
    thread->is_up = thread->is_up || goes_up(put, &before) || goes_up(put, projection);
    bool is_new_content = projection->action < 0 || projection->action == ACTION_UPDATE;
    if (is_new_content) {
        thread->batch = put->batch_id;
        thread->offset = item->bytes.at - put->base;
        thread->size = (int64_t)item->bytes.size;
        err = read_content(put, thread, &content);
    }
    if (err == ERR_OK) {
        project_cell(&content, &put->batch->facts, next, offset, &cell);
        cells_add(put->store, &cell, 1);
        thread->state = next;
        err = save_thread(put, thread);
    }
    bool is_rehearsal = before.is_rehearsal || projection->is_rehearsal;
    if (err == ERR_OK && thread->is_up && projection->action >= 0 && !is_rehearsal) {
        err = put_uplink(put, put->batch_id, item, next);
    }
    return err;
}

/* What a record that refers to another must find. */
static err_t check_thread(struct put *put, const struct projection *projection, struct thread *ret_thread,
                          int *ret_next, struct faults *faults)
{
    struct stored referred;
    const char *field = projection->action < 0 ? "replaces" : "refers_to";
    err_t err = find_record(put, projection->reference, &referred);
    if (err == ERR_NOT_FOUND || (err == ERR_OK && referred.kind != projection->kind->number)) {
        fault_add(faults, "unknown_reference", field, "no %s of this party has this id", projection->kind->name);
        return ERR_OK;
    }
    err = err == ERR_OK ? find_thread(put, &referred, ret_thread) : err;
    if (err != ERR_OK) {
        return err;
    }
    *ret_next = projection->action < 0 ? (int)STATE_RAISED
                                       : warning_next((enum warning_action)projection->action, ret_thread->state);
    if (*ret_next < 0) {
        fault_add(faults, "illegal_transition", "action",
                  "the warning is %s: this action is not possible any more or not yet",
                  warning_state_code(ret_thread->state));
    }
    return ERR_OK;
}

static err_t count_new(struct put *put, const struct batch_item *item)
{
    cells_add(put->store, &item->cell, 1);
    return goes_up(put, &item->projection) ? put_uplink(put, put->batch_id, item, STATE_RAISED) : ERR_OK;
}

static err_t take_back(struct put *put, const struct batch_item *item)
{
    sqlite3_stmt *stmt = db_prepare(put->store->db, "delete from record where party = ? and id = ?");
    sqlite3_bind_int64(stmt, 1, put->batch->party_row);
    db_bind_view(stmt, 2, (struct view){item->projection.id, RECORD_ID_SIZE});
    err_t err = db_run(stmt);
    sqlite3_finalize(stmt);
    return err;
}

static err_t put_valid(struct put *put, uint32_t position)
{
    struct batch_item *item = &put->batch->items[position];
    const struct projection *projection = &item->projection;
    struct faults faults = {0};
    struct thread thread = {0};
    int next = STATE_RAISED;
    err_t err = ERR_OK;
    if (projection->action >= 0 && !warning_may_file((enum warning_action)projection->action, false)) {
        fault_add(&faults, "record_not_permitted", "action", "this action is the city's to file");
    } else if (projection->has_reference) {
        err = check_thread(put, projection, &thread, &next, &faults);
    }
    if (err != ERR_OK) {
        return err;
    }
    err = insert_record(put, position, projection->has_reference && faults.count == 0 ? thread.root : NULL);
    if (err == ERR_EXISTS) {
        struct stored first;
        err = find_record(put, projection->id, &first);
        return err == ERR_OK ? repeat_stored(put, item, &first) : ERR_IO;
    }
    if (err == ERR_OK && faults.count == 0) {
        err = claim_key(put, item, &faults);
    }
    if (err == ERR_OK && faults.count > 0) {
        err = take_back(put, item);
        return err == ERR_OK ? refuse(put, item, &faults) : err;
    }
    if (err == ERR_OK) {
        err = projection->has_reference ? move_thread(put, item, &thread, (enum warning_state)next)
                                        : count_new(put, item);
    }
    if (err == ERR_OK) {
        item->outcome = OUTCOME_STORED;
        item->number = ++put->store->number;
        item->at = put->now;
        put->stored++;
    }
    return err;
}

static err_t put_invalid(struct put *put, struct batch_item *item)
{
    struct stored first;
    err_t err = find_record(put, item->projection.id, &first);
    if (err == ERR_OK) {
        return repeat_stored(put, item, &first);
    }
    return err == ERR_NOT_FOUND ? refuse(put, item, item->faults) : err;
}

static err_t put_item(struct put *put, uint32_t position)
{
    struct batch_item *item = &put->batch->items[position];
    if (!item->has_id) {
        memcpy(item->projection.id, item->hash, RECORD_ID_SIZE);
    }
    if (put->has_refusals) {
        err_t err = repeat_refused(put, item);
        if (err != ERR_NOT_FOUND) {
            return err;
        }
    }
    if (item->has_id && item->projection.seq > put->last_seq) {
        put->last_seq = item->projection.seq;
    }
    return item->faults ? put_invalid(put, item) : put_valid(put, position);
}

static err_t put_row(struct put *put, uint64_t first_number)
{
    const struct batch *batch = put->batch;
    uint8_t hashes[BATCH_ITEMS_MAX * RECORD_HASH_SIZE];
    for (uint32_t i = 0; i < batch->count; i++) {
        memcpy(hashes + (size_t)i * RECORD_HASH_SIZE, batch->items[i].hash, RECORD_HASH_SIZE);
    }
    const struct view last = batch->items[batch->count - 1].bytes;
    sqlite3_stmt *stmt = store_statement(put->store, PUT_BATCH);
    sqlite3_bind_int64(stmt, 1, put->batch_id);
    sqlite3_bind_int64(stmt, 2, batch->party_row);
    sqlite3_bind_int64(stmt, 3, put->now);
    sqlite3_bind_int64(stmt, 4, (int64_t)first_number);
    sqlite3_bind_int64(stmt, 5, put->stored);
    db_bind_view(stmt, 6, (struct view){hashes, (size_t)batch->count * RECORD_HASH_SIZE});
    db_bind_view(stmt, 7, (struct view){batch->signing_key, KEY_SIZE});
    db_bind_view(stmt, 8, batch->signature);
    db_bind_view(stmt, 9, (struct view){put->base, (size_t)(last.at + last.size - put->base)});
    return db_run(stmt);
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

static err_t next_batch_id(struct store *store, int64_t *ret_id)
{
    sqlite3_stmt *stmt = store_statement(store, NEXT_BATCH);
    err_t err = db_step(stmt);
    if (err == ERR_OK) {
        *ret_id = sqlite3_column_int64(stmt, 0);
    }
    sqlite3_reset(stmt);
    return err;
}

err_t store_put_batch(struct store *store, struct batch *batch)
{
    struct put put = {.store = store, .batch = batch, .base = batch->items[0].bytes.at, .now = clock_ms()};
    uint64_t first_number = store->number + 1;
    err_t err = next_batch_id(store, &put.batch_id);
    if (err == ERR_OK) {
        sqlite3_stmt *has = store_statement(store, HAS_REFUSAL);
        sqlite3_bind_int64(has, 1, batch->party_row);
        err_t found = db_step(has);
        sqlite3_reset(has);
        put.has_refusals = found == ERR_OK;
        err = found == ERR_NOT_FOUND ? ERR_OK : found;
    }
    for (uint32_t i = 0; i < batch->count && err == ERR_OK; i++) {
        err = put_item(&put, i);
    }
    if (err == ERR_OK && put.stored > 0) {
        err = put_row(&put, first_number);
    }
    if (err == ERR_OK && (put.stored > 0 || put.refused > 0)) {
        err = put_account(&put);
    }
    return err;
}
