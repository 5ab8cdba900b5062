/* What an accepted registration says goes into the registry. */
#include "hub/store_facts.h"
#include "hub/store_put.h"

#include <jansson.h>
#include <string.h>

#include "hub/store_recount.h"

enum { SECTORS_SIZE = sizeof((struct party *)0)->sectors };

/* NULL where it cannot be read. One whose content was erased says no more than its codes: of what it does not say the
 * facts stay as they are. */
static json_t *read_registration(struct put *put, const struct place *place, struct facts *facts)
{
    struct record content;
    json_t *fields = put_read(put, place, &content) == ERR_OK ? record_to_json(content.bytes) : NULL;
    const char *entity_type = json_string_value(json_object_get(fields, "entity_type"));
    const char *district = json_string_value(json_object_get(fields, "district"));
    if (entity_type) {
        snprintf(facts->entity_type, sizeof facts->entity_type, "%s", entity_type);
    }
    if (district) {
        snprintf(facts->district, sizeof facts->district, "%s", district);
    }
    return fields;
}

/* False: more than the registry has room for. */
static bool join_sectors(const json_t *list, char ret_sectors[SECTORS_SIZE])
{
    size_t index = 0;
    size_t used = 0;
    json_t *sector = NULL;
    ret_sectors[0] = '\0';
    json_array_foreach(list, index, sector)
    {
        used += (size_t)snprintf(ret_sectors + used, used < SECTORS_SIZE ? SECTORS_SIZE - used : 0, "%s%s",
                                 used ? "," : "", json_string_value(sector));
    }
    return used < SECTORS_SIZE;
}

err_t register_accepted(struct put *put, const struct thread *thread)
{
    char sectors[SECTORS_SIZE];
    struct facts facts;
    err_t err = store_facts_in(put->store, thread->owner, INT64_MAX, &facts); /* as the registry says now */
    if (err != ERR_OK) {
        return err;
    }
    json_t *fields = read_registration(put, &thread->content, &facts);
    const json_t *list = json_object_get(fields, "sectors");
    err = fields && join_sectors(list, sectors)
              ? store_end_facts(put->store, thread->owner, &facts, put->batch_id, put->now)
              : ERR_INVALID;
    if (err == ERR_OK) {
        sqlite3_stmt *stmt = store_statement(put->store, SET_FACTS);
        sqlite3_bind_int64(stmt, 1, thread->owner);
        db_bind_str(stmt, 2, json_string_value(json_object_get(fields, "name")));
        db_bind_str(stmt, 3, facts.entity_type);
        db_bind_str(stmt, 4, list ? sectors : NULL);
        db_bind_str(stmt, 5, facts.district);
        sqlite3_bind_int64(stmt, 6, put->now);
        err = db_run(stmt);
        put->store->registered = thread->owner;
    }
    json_decref(fields);
    return err;
}

/* ---- the history of a store that kept none ---- */

/* An acceptance, and the registration that it was of: the newest of its thread by then (the other columns are of the
 * row that has the maximum). What the registry said before a party's first one is not known: as that one says. The
 * records are gone through once, in their own order. */
static const char accepted_sql[] =
    "select a.owner, a.batch, b.at, n.batch, n.offset, n.size, max(n.number) from record a"
    " cross join batch b on b.id = a.batch"
    " cross join record n on ((n.owner = a.owner and n.root = a.root) or (n.party = a.owner and n.id = a.root))"
    " and n.party = a.owner and n.kind = ?2 and n.number < a.number"
    " where a.kind = ?1 and +a.root is not null group by a.owner, a.number order by a.owner, a.number";

static const char learn_sql[] = "insert into fact(party, batch, at, entity_type, district) values(?,?,?,?,?) "
                                "on conflict do nothing";

static err_t learn(struct store *store, sqlite3_stmt *accepted, const struct facts *until)
{
    sqlite3_stmt *stmt = store_borrow(store, learn_sql);
    sqlite3_bind_int64(stmt, 1, sqlite3_column_int64(accepted, 0));
    sqlite3_bind_int64(stmt, 2, sqlite3_column_int64(accepted, 1));
    sqlite3_bind_int64(stmt, 3, sqlite3_column_int64(accepted, 2));
    db_bind_str(stmt, 4, until->entity_type);
    db_bind_str(stmt, 5, until->district);
    err_t err = db_run(stmt);
    store_return(store, stmt);
    return err;
}

err_t store_learn_facts(struct store *store)
{
    struct put put = {.store = store};
    struct facts until = {0};
    int64_t party = 0;
    sqlite3_stmt *stmt = db_prepare(store->db, accepted_sql);
    sqlite3_bind_int(stmt, 1, KIND_ACCEPTANCE);
    sqlite3_bind_int(stmt, 2, KIND_ENTITY_REGISTRATION);
    err_t err = db_step(stmt);
    while (err == ERR_OK) {
        struct place place = {sqlite3_column_int64(stmt, 3), sqlite3_column_int64(stmt, 4),
                              sqlite3_column_int64(stmt, 5)};
        bool is_first = party != sqlite3_column_int64(stmt, 0);
        struct facts next = {0};
        if (!is_first) {
            next = until;
        }
        json_decref(read_registration(&put, &place, &next));
        bool is_other = strcmp(until.entity_type, next.entity_type) != 0 || strcmp(until.district, next.district) != 0;
        err = !is_first && is_other ? learn(store, stmt, &until) : ERR_OK;
        party = sqlite3_column_int64(stmt, 0);
        until = next;
        err = err == ERR_OK ? db_step(stmt) : err;
    }
    sqlite3_finalize(stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}
