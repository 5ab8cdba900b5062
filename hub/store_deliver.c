/* Who gets what into the inbox. A record's bytes stay where they are stored once; an inbox holds a row that points to
 * them. */
#include "hub/store_delivery.h"
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
    err_t err;
};

/* Who has it already keeps the day and the kind under which it was sent first. */
static err_t put_first(struct fan *fan, const struct party *party, int64_t cursor)
{
    struct store *store = fan->put->store;
    struct delivery delivery;
    err_t err = store_get_delivery(store, fan->thread->owner, fan->thread->root, party->row, &delivery);
    if (err != ERR_NOT_FOUND) {
        return err;
    }
    delivery = (struct delivery){.owner = fan->thread->owner,
                                 .party = party->row,
                                 .at = fan->put->now,
                                 .day = fan->item->projection.day,
                                 .cursor = cursor};
    memcpy(delivery.root, fan->thread->root, RECORD_ID_SIZE);
    memcpy(delivery.entity_type, party->entity_type, sizeof delivery.entity_type);
    snprintf(delivery.category, sizeof delivery.category, "%s", fan->category);
    return store_put_delivery(store, NULL, &delivery);
}

static void deliver_to(void *self, const struct party *party)
{
    struct fan *fan = self;
    if (fan->err != ERR_OK || !is_addressed(fan->audience, party)) {
        return;
    }
    fan->err = put_bulletin(fan->put, fan->item, fan->thread, party->row);
    if (fan->err == ERR_OK) {
        fan->err = put_first(fan, party, sqlite3_last_insert_rowid(fan->put->store->db));
    }
}

static err_t fan_out(struct put *put, const struct batch_item *item, const struct thread *thread)
{
    json_t *record = record_to_json(item->bytes);
    struct fan fan = {.put = put, .item = item, .thread = thread, .audience = json_object_get(record, "audience")};
    const char *category = json_string_value(json_object_get(record, "category"));
    fan.category = item->projection.is_rehearsal ? "" : category ? category : "-";
    err_t err = store_each_party(put->store, deliver_to, &fan);
    json_decref(record);
    return err == ERR_OK ? fan.err : err;
}

static bool is_withdrawn(const struct thread *thread)
{
    return (thread->kind->life->uncounted >> thread->facts.state & 1U) != 0;
}

/* What was withdrawn is counted no more. */
static err_t tell_one(void *self, const struct delivery *delivery)
{
    struct fan *fan = self;
    struct delivery ended = *delivery;
    *ended.category = '\0';
    err_t err = put_bulletin(fan->put, fan->item, fan->thread, delivery->party);
    return err == ERR_OK && is_withdrawn(fan->thread) ? store_put_delivery(fan->put->store, delivery, &ended) : err;
}

/* A later word on what was delivered goes to those who have it. */
static err_t tell_delivered(struct put *put, const struct batch_item *item, const struct thread *thread)
{
    struct fan fan = {.put = put, .item = item, .thread = thread};
    return store_each_delivery(put->store, thread->owner, thread->root, tell_one, &fan);
}

/* An institution opened or answered what was delivered to it. */
static err_t note_response(struct put *put, const struct batch_item *item, const struct thread *thread)
{
    struct delivery old;
    err_t err = store_get_delivery(put->store, thread->owner, thread->root, put->batch->party_row, &old);
    if (err != ERR_OK) {
        return err;
    }
    bool is_answer = item->projection.kind->number == KIND_NOTICE_ANSWER;
    struct delivery delivery = old;
    delivery.delivered_at = old.delivered_at ? old.delivered_at : put->now;
    delivery.opened_at = old.opened_at ? old.opened_at : put->now;
    delivery.answered_at = is_answer && !old.answered_at ? put->now : old.answered_at;
    return store_put_delivery(put->store, &old, &delivery);
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
