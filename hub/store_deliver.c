/* Who gets what into the inbox. A record's bytes stay where they are stored once; an inbox holds a row that points to
 * them. */
#include "hub/store_put.h"

#include <jansson.h>
#include <string.h>

static err_t put_bulletin(struct put *put, const struct batch_item *item, const struct thread *thread, int64_t party)
{
    struct place place = put_place(put, item);
    sqlite3_stmt *stmt = store_statement(put->store, PUT_BULLETIN_RECORD);
    sqlite3_bind_int64(stmt, 1, party);
    sqlite3_bind_int64(stmt, 2, put->now);
    sqlite3_bind_int64(stmt, 3, (int64_t)(put->store->number + 1));
    sqlite3_bind_int64(stmt, 4, put->batch->party_row);
    sqlite3_bind_int64(stmt, 5, thread->owner);
    sqlite3_bind_text(stmt, 6, life_state_code(thread->kind->life, thread->facts.state), -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 7, place.batch);
    sqlite3_bind_int64(stmt, 8, place.offset);
    sqlite3_bind_int64(stmt, 9, place.size);
    store_note_mailed(put->store, party);
    return db_run(stmt);
}

/* An absent or empty list names everybody. */
static bool is_named(const json_t *audience, const char *list, const char *code)
{
    const json_t *names = json_object_get(audience, list);
    size_t count = json_array_size(names);
    for (size_t i = 0; i < count; i++) {
        const char *name = json_string_value(json_array_get(names, i));
        if (name && strcmp(name, code) == 0) {
            return true;
        }
    }
    return count == 0;
}

static bool shares_sector(const json_t *audience, const char *sectors)
{
    char code[64];
    while (*sectors) {
        size_t size = strcspn(sectors, ",");
        snprintf(code, sizeof code, "%.*s", (int)size, sectors);
        if (is_named(audience, "sectors", code)) {
            return true;
        }
        sectors += size + (sectors[size] == ',');
    }
    return false;
}

/* Institutions that are active, or were stopped for a while; who joins later finds what is current then. */
static bool is_addressed(const json_t *audience, const struct party *party)
{
    return strcmp(party->role, "entity") == 0 && strcmp(party->state, "revoked") != 0 &&
           is_named(audience, "entity_types", party->entity_type) && is_named(audience, "districts", party->district) &&
           is_named(audience, "entities", party->party) && shares_sector(audience, party->sectors);
}

struct fan {
    struct put *put;
    const struct batch_item *item;
    const struct thread *thread;
    const json_t *audience;
    const char *category;
    int64_t day;
    err_t err;
};

/* The family `notice`: category, entity type, how far it got. A rehearsal has no category here and is counted nowhere.
 */
static void delivery_cell(const char *category, int64_t day, const char *entity_type, const char *state,
                          struct cell *ret_cell)
{
    *ret_cell = (struct cell){.family = *category ? "notice" : NULL, .day = day};
    snprintf(ret_cell->dims, sizeof ret_cell->dims, "%s|%s|%s", category, entity_type, state);
}

/* What the province issued is also counted by notice, so that each city's share of one can be seen there. */
static void count_delivery(struct put *put, const struct thread *thread, const char *category, int64_t day,
                           const char *entity_type, const char *state, int64_t count)
{
    struct cell cell;
    char root[37];
    delivery_cell(category, day, entity_type, state, &cell);
    cells_add(put->store, &cell, count);
    if (cell.family && store_role_of(put->store, thread->owner) == ROLE_PROVINCE) {
        record_id_text(thread->root, root);
        cell.family = FAMILY_ISSUED;
        snprintf(cell.dims, sizeof cell.dims, "%s|%s|%s", root, entity_type, state);
        cells_add(put->store, &cell, count);
    }
}

static void deliver_to(void *self, const struct party *party)
{
    struct fan *fan = self;
    if (fan->err != ERR_OK || !is_addressed(fan->audience, party)) {
        return;
    }
    struct put *put = fan->put;
    sqlite3_stmt *stmt = store_statement(put->store, PUT_DELIVERY);
    sqlite3_bind_int64(stmt, 1, fan->thread->owner);
    db_bind_view(stmt, 2, (struct view){fan->thread->root, RECORD_ID_SIZE});
    sqlite3_bind_int64(stmt, 3, party->row);
    sqlite3_bind_int64(stmt, 4, put->now);
    sqlite3_bind_int64(stmt, 5, fan->day);
    db_bind_str(stmt, 6, fan->category);
    fan->err = db_run(stmt);
    if (fan->err == ERR_OK && sqlite3_changes(put->store->db) > 0) {
        count_delivery(put, fan->thread, fan->category, fan->day, party->entity_type, "sent", 1);
    }
    fan->err = fan->err == ERR_OK ? put_bulletin(put, fan->item, fan->thread, party->row) : fan->err;
}

static err_t fan_out(struct put *put, const struct batch_item *item, const struct thread *thread)
{
    json_t *record = record_to_json(item->bytes);
    struct fan fan = {.put = put, .item = item, .thread = thread, .audience = json_object_get(record, "audience")};
    const char *category = json_string_value(json_object_get(record, "category"));
    fan.category = item->projection.is_rehearsal ? "" : category ? category : "-";
    fan.day = item->projection.day;
    err_t err = store_each_party(put->store, deliver_to, &fan);
    json_decref(record);
    return err == ERR_OK ? fan.err : err;
}

static const char *delivery_state(int64_t opened_at, int64_t answered_at)
{
    return answered_at ? "answered" : opened_at ? "opened" : "sent";
}

/* What was withdrawn is counted no more. */
static err_t uncount_delivery(struct put *put, const struct thread *thread, int64_t row)
{
    struct party party;
    err_t err = store_party_at(put->store, row, &party);
    if (err != ERR_OK) {
        return err;
    }
    sqlite3_stmt *get = store_statement(put->store, GET_DELIVERY);
    sqlite3_bind_int64(get, 1, thread->owner);
    db_bind_view(get, 2, (struct view){thread->root, RECORD_ID_SIZE});
    sqlite3_bind_int64(get, 3, row);
    err = db_step(get);
    if (err == ERR_OK) {
        count_delivery(put, thread, db_column_str(get, 3), sqlite3_column_int64(get, 2), party.entity_type,
                       delivery_state(sqlite3_column_int64(get, 0), sqlite3_column_int64(get, 1)), -1);
    }
    sqlite3_reset(get);
    return err;
}

static bool is_withdrawn(const struct thread *thread)
{
    return (thread->kind->life->uncounted >> thread->facts.state & 1U) != 0;
}

/* A later word on what was delivered goes to those who have it. */
static err_t tell_delivered(struct put *put, const struct batch_item *item, const struct thread *thread)
{
    sqlite3_stmt *stmt = store_statement(put->store, EACH_DELIVERY);
    sqlite3_bind_int64(stmt, 1, thread->owner);
    db_bind_view(stmt, 2, (struct view){thread->root, RECORD_ID_SIZE});
    err_t err = db_step(stmt);
    while (err == ERR_OK) {
        int64_t party = sqlite3_column_int64(stmt, 0);
        err = put_bulletin(put, item, thread, party);
        err = err == ERR_OK && is_withdrawn(thread) ? uncount_delivery(put, thread, party) : err;
        err = err == ERR_OK ? db_step(stmt) : err;
    }
    sqlite3_reset(stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* An institution opened or answered what was delivered to it. */
static err_t note_response(struct put *put, const struct batch_item *item, const struct thread *thread)
{
    bool is_answer = item->projection.kind->number == KIND_NOTICE_ANSWER;
    sqlite3_stmt *get = store_statement(put->store, GET_DELIVERY);
    sqlite3_bind_int64(get, 1, thread->owner);
    db_bind_view(get, 2, (struct view){thread->root, RECORD_ID_SIZE});
    sqlite3_bind_int64(get, 3, put->batch->party_row);
    err_t err = db_step(get);
    if (err != ERR_OK) {
        sqlite3_reset(get);
        return err;
    }
    int64_t opened_at = sqlite3_column_int64(get, 0);
    int64_t answered_at = sqlite3_column_int64(get, 1);
    int64_t day = sqlite3_column_int64(get, 2);
    char category[64];
    const char *entity_type = put->batch->entity_type;
    snprintf(category, sizeof category, "%s", db_column_str(get, 3));
    sqlite3_reset(get);
    int64_t counts = is_withdrawn(thread) ? 0 : 1;
    count_delivery(put, thread, category, day, entity_type, delivery_state(opened_at, answered_at), -counts);
    opened_at = opened_at ? opened_at : put->now;
    answered_at = is_answer && !answered_at ? put->now : answered_at;
    count_delivery(put, thread, category, day, entity_type, delivery_state(opened_at, answered_at), counts);
    sqlite3_stmt *set = store_statement(put->store, SET_DELIVERY);
    sqlite3_bind_int64(set, 1, thread->owner);
    db_bind_view(set, 2, (struct view){thread->root, RECORD_ID_SIZE});
    sqlite3_bind_int64(set, 3, put->batch->party_row);
    sqlite3_bind_int64(set, 4, opened_at);
    sqlite3_bind_int64(set, 5, answered_at);
    return db_run(set);
}

err_t deliver(struct put *put, const struct batch_item *item, const struct move *move)
{
    const struct thread *thread = &move->thread;
    if (move->step->whose == WHOSE_DELIVERED) {
        return note_response(put, item, thread);
    }
    if (kind_field(thread->kind, "audience") >= 0) {
        return move->step->is_content ? fan_out(put, item, thread) : tell_delivered(put, item, thread);
    }
    const int64_t parties[] = {thread->owner, thread->about};
    err_t err = ERR_OK;
    for (size_t i = 0; i < 2 && err == ERR_OK; i++) {
        bool is_other = parties[i] && parties[i] != put->batch->party_row;
        if (is_other && store_role_of(put->store, parties[i]) == ROLE_ENTITY) {
            err = put_bulletin(put, item, thread, parties[i]);
        }
    }
    return err;
}
