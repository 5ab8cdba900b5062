/* The records that a hub passes up, of whatever kind, and the alerts of its clocks. The hub has checked a record before
 * it stored it; here only what is indexed is read from it. */
#include "province/replica_db.h"

#include <string.h>

#include "proto/kinds.h"
#include "proto/life.h"
#include "proto/project.h"
#include "proto/term.h"

enum { CODE_MAX = 40 };

/* What is indexed of one record. */
struct entry {
    uint8_t id[RECORD_ID_SIZE];
    uint8_t thread[RECORD_ID_SIZE];
    char thread_kind[CODE_MAX + 1]; /* "" where the thread's beginning never came up */
    char owner[RECORD_PARTY_SIZE];  /* of the thread; "" where its name was withheld */
    const struct kind *kind;        /* NULL: of a later version */
    const char *name;               /* of the kind */
    bool is_content;                /* the thread is shown as this record says */
};

static const char *member_text(const json_t *record, const char *key)
{
    const char *text = json_string_value(json_object_get(record, key));
    return text ? text : "";
}

static struct view text_view(const char *text)
{
    return (struct view){(const uint8_t *)text, strlen(text)};
}

/* Absent is well-formed. */
static bool is_text(struct view text)
{
    return text.size == 0 || utf8_check(text, NULL);
}

static bool is_code_or_absent(struct view text)
{
    return text.size == 0 || replica_is_code(text, CODE_MAX);
}

/* The id that the record refers to, by the keys of its kind. */
static bool find_reference(const struct entry *entry, const json_t *record, uint8_t ret_id[RECORD_ID_SIZE])
{
    for (size_t i = 0; entry->kind && i < KIND_REFERENCES && entry->kind->references[i]; i++) {
        if (record_id_parse(member_text(record, entry->kind->references[i]), ret_id) == ERR_OK) {
            return true;
        }
    }
    return false;
}

/* Whose thread it goes on with: the addressee's, or the filer's own. */
static void name_owner(struct entry *entry, const struct record_event *event, const json_t *record, bool goes_on)
{
    const char *addressee = goes_on ? member_text(record, "addressee") : "";
    struct view owner = *addressee ? text_view(addressee) : event->entity;
    if (owner.size < sizeof entry->owner) {
        memcpy(entry->owner, owner.at ? owner.at : (const uint8_t *)"", owner.size);
        entry->owner[owner.size] = '\0';
    }
}

/* The thread of the record with REFERRED, as far as it is known here; else a thread of its own under that id. */
static err_t join_thread(struct apply *apply, struct entry *entry, const uint8_t referred[RECORD_ID_SIZE])
{
    sqlite3_stmt *stmt = replica_statement(apply->replica, FIND_THREAD, apply->hub);
    db_bind_view(stmt, 2, (struct view){referred, RECORD_ID_SIZE});
    db_bind_str(stmt, 3, entry->owner);
    memcpy(entry->thread, referred, RECORD_ID_SIZE);
    err_t err = db_step(stmt);
    struct view thread = err == ERR_OK ? db_column_view(stmt, 0) : (struct view){0};
    if (thread.size == RECORD_ID_SIZE) {
        memcpy(entry->thread, thread.at, RECORD_ID_SIZE);
        snprintf(entry->thread_kind, sizeof entry->thread_kind, "%s", db_column_str(stmt, 1));
        snprintf(entry->owner, sizeof entry->owner, "%s", db_column_str(stmt, 2));
    } else if (entry->kind && entry->kind->life) {
        snprintf(entry->thread_kind, sizeof entry->thread_kind, "%s", entry->name);
    }
    sqlite3_reset(stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* By the same life tables as the hub's: what the thread is shown as from now on. */
static bool says_content(const struct entry *entry, const json_t *record, bool goes_on)
{
    const struct kind *root = kind_find(text_view(entry->thread_kind));
    const char *code = member_text(record, "action");
    int action = *code ? enumeration_index(&enum_warning_action, text_view(code)) : NO_ACTION;
    const struct transition *step = NULL;
    if (entry->kind && root) {
        step = goes_on ? life_step(root, entry->kind, action) : life_beginning(entry->kind, action);
    }
    return step && step->is_content;
}

static err_t place(struct apply *apply, const struct record_event *event, const json_t *record, struct entry *entry)
{
    uint8_t referred[RECORD_ID_SIZE];
    bool goes_on = find_reference(entry, record, referred);
    name_owner(entry, event, record, goes_on);
    err_t err = ERR_OK;
    if (goes_on) {
        err = join_thread(apply, entry, referred);
    } else {
        memcpy(entry->thread, entry->id, RECORD_ID_SIZE);
        snprintf(entry->thread_kind, sizeof entry->thread_kind, "%s", entry->name);
    }
    entry->is_content = says_content(entry, record, goes_on);
    return err;
}

/* What a person calls it. */
static const char *title_of(const json_t *record)
{
    static const char *const keys[] = {"headline", "title", "activity_title", "name", "committee_name"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *title = member_text(record, keys[i]);
        if (*title) {
            return title;
        }
    }
    return "";
}

/* When it was first told of, and its place among all: now, unless the hub had lost it meanwhile. */
struct first {
    int64_t at, arrival;
};

static int64_t smaller(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

static err_t take_lost(struct apply *apply, sqlite3_stmt *stmt, struct first *ret_first)
{
    *ret_first = (struct first){apply->now, apply->arrival};
    err_t err = db_step(stmt);
    while (err == ERR_OK) {
        ret_first->at = smaller(ret_first->at, sqlite3_column_int64(stmt, 0));
        ret_first->arrival = smaller(ret_first->arrival, sqlite3_column_int64(stmt, 1));
        err = db_step(stmt);
    }
    sqlite3_reset(stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static err_t take_lost_record(struct apply *apply, const struct record_event *event, const struct entry *entry,
                              struct first *ret_first)
{
    sqlite3_stmt *stmt = replica_statement(apply->replica, TAKE_LOST_RECORD, apply->hub);
    sqlite3_bind_int64(stmt, 2, apply->position.generation);
    db_bind_view(stmt, 3, (struct view){entry->id, RECORD_ID_SIZE});
    replica_bind_text(stmt, 4, event->entity);
    return take_lost(apply, stmt, ret_first);
}

static err_t put_record(struct apply *apply, const struct record_event *event, uint64_t cursor, const json_t *record,
                        const struct entry *entry)
{
    struct first first;
    err_t err = take_lost_record(apply, event, entry, &first);
    if (err != ERR_OK) {
        return err;
    }
    sqlite3_stmt *stmt = replica_statement(apply->replica, PUT_RECORD, apply->hub);
    sqlite3_bind_int64(stmt, 2, apply->position.generation);
    sqlite3_bind_int64(stmt, 3, (int64_t)cursor);
    db_bind_view(stmt, 4, (struct view){entry->id, RECORD_ID_SIZE});
    db_bind_view(stmt, 5, (struct view){entry->thread, RECORD_ID_SIZE});
    db_bind_str(stmt, 6, entry->thread_kind);
    db_bind_str(stmt, 7, entry->name);
    db_bind_str(stmt, 8, entry->owner);
    sqlite3_bind_int64(stmt, 9, (int64_t)event->number);
    sqlite3_bind_int64(stmt, 10, event->received_at);
    sqlite3_bind_text(stmt, 11, (const char *)event->role.at, (int)event->role.size, SQLITE_TRANSIENT);
    sqlite3_bind_text(stmt, 12, event->entity_type.size ? (const char *)event->entity_type.at : "",
                      (int)event->entity_type.size, SQLITE_TRANSIENT);
    replica_bind_text(stmt, 13, event->entity);
    replica_bind_text(stmt, 14, event->entity_name);
    replica_bind_text(stmt, 15, event->state);
    db_bind_str(stmt, 16, member_text(record, "action"));
    sqlite3_bind_int(stmt, 17, entry->is_content);
    db_bind_str(stmt, 18, member_text(record, "status"));
    sqlite3_bind_int64(stmt, 19, json_integer_value(json_object_get(record, "level")));
    db_bind_str(stmt, 20, title_of(record));
    db_bind_view(stmt, 21, event->record);
    sqlite3_bind_int64(stmt, 22, first.at);
    sqlite3_bind_int64(stmt, 23, first.arrival);
    apply->applied->records++;
    apply->applied->warnings += strcmp(entry->name, "risk_warning") == 0;
    return db_run(stmt);
}

static bool is_readable(const struct record_event *event)
{
    return event->received_at > 0 && is_code_or_absent(event->entity_type) && replica_is_code(event->role, CODE_MAX) &&
           replica_is_code(event->state, CODE_MAX) && is_text(event->entity) && is_text(event->entity_name) &&
           event->number <= INT64_MAX && event->record.size <= RECORD_SIZE_MAX;
}

err_t apply_record(struct apply *apply, const struct record_event *event, uint64_t cursor)
{
    struct entry entry = {.kind = NULL};
    if (!is_readable(event)) {
        return ERR_INVALID;
    }
    json_t *record = record_to_json(event->record);
    entry.name = member_text(record, "kind");
    bool is_known = record && record_id_parse(member_text(record, "id"), entry.id) == ERR_OK &&
                    replica_is_code(text_view(entry.name), CODE_MAX);
    entry.kind = is_known ? kind_find(text_view(entry.name)) : NULL;
    err_t err = is_known ? place(apply, event, record, &entry) : ERR_INVALID;
    err = err == ERR_OK ? put_record(apply, event, cursor, record, &entry) : err;
    json_decref(record);
    return err;
}

/* Empty is text here, not NULL. */
static void bind_string(sqlite3_stmt *stmt, int index, struct view text)
{
    sqlite3_bind_text(stmt, index, text.size ? (const char *)text.at : "", (int)text.size, SQLITE_TRANSIENT);
}

static void bind_root(sqlite3_stmt *stmt, int index, struct view root)
{
    if (root.size == RECORD_ID_SIZE) {
        db_bind_view(stmt, index, root);
    } else {
        sqlite3_bind_null(stmt, index);
    }
}

static err_t take_lost_alert(struct apply *apply, const struct clock_event *event, struct first *ret_first)
{
    sqlite3_stmt *stmt = replica_statement(apply->replica, TAKE_LOST_ALERT, apply->hub);
    sqlite3_bind_int64(stmt, 2, apply->position.generation);
    sqlite3_bind_int64(stmt, 3, event->due_at);
    bind_string(stmt, 4, event->term);
    bind_string(stmt, 5, event->stage);
    bind_string(stmt, 6, event->entity);
    bind_root(stmt, 7, event->root);
    bind_string(stmt, 8, event->period);
    return take_lost(apply, stmt, ret_first);
}

err_t apply_alert(struct apply *apply, const struct clock_event *event, uint64_t cursor)
{
    struct first first;
    if (!replica_is_code(event->term, CODE_MAX) || !replica_is_code(event->stage, CODE_MAX) ||
        !is_text(event->entity) || !is_text(event->entity_name) || !is_code_or_absent(event->period)) {
        return ERR_INVALID;
    }
    err_t err = take_lost_alert(apply, event, &first);
    if (err != ERR_OK) {
        return err;
    }
    sqlite3_stmt *stmt = replica_statement(apply->replica, PUT_ALERT, apply->hub);
    sqlite3_bind_int64(stmt, 2, apply->position.generation);
    sqlite3_bind_int64(stmt, 3, (int64_t)cursor);
    sqlite3_bind_int64(stmt, 4, event->at);
    sqlite3_bind_int64(stmt, 5, event->due_at);
    bind_string(stmt, 6, event->term);
    bind_string(stmt, 7, event->stage);
    bind_string(stmt, 8, event->entity);
    bind_string(stmt, 9, event->entity_name);
    bind_root(stmt, 10, event->root);
    bind_string(stmt, 11, event->period);
    sqlite3_bind_int64(stmt, 12, first.at);
    sqlite3_bind_int64(stmt, 13, first.arrival);
    apply->applied->alerts++;
    return db_run(stmt);
}
