#include "province/replica_db.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "proto/record.h"

enum { CHECKPOINT_COMMITS = 64, LOOK_BACK_HOURS = 48 };

/* `link` and what follows it describe the connection for `status`; the rest is what following needs. `change` is the
 * journal of the last two days by hour, so that a listing can say what is new. A cell's dims are codes joined by '|';
 * days count from 1970-01-01. A warning's cursor gives the order in which its thread's states came. */
static const struct db_migration migrations[] = {
    {
        "create table hub(hub integer primary key, name text not null, city text not null, endpoint text not null,"
        " epoch blob, cursor int not null default 0, head int not null default 0,"
        " generation int not null default 1, shown int not null default 1, is_synced int not null default 0,"
        " last_event_at int, skipped int not null default 0,"
        " gaps int not null default 0, last_gap_at int, last_gap_why text,"
        " link text not null default 'stopped', link_since int, link_reason text, next_try_at int);"
        "create table cell(hub int not null, generation int not null, family text not null, day int not null,"
        " dims text not null, count int not null, sum int not null, revision int not null, changed_at int not null,"
        " primary key(hub, generation, family, day, dims)) without rowid;"
        "create table change(hub int not null, family text not null, day int not null, dims text not null,"
        " hour int not null, delta int not null, primary key(hub, family, day, dims, hour)) without rowid;"
        "create table warning(hub int not null, generation int not null, id blob not null, thread blob not null,"
        " cursor int not null, number int not null, received_at int not null, entity_type text not null, entity text,"
        " entity_name text, state text not null, action text not null, status text not null, level int not null,"
        " sector text not null, risk_domain text not null, headline text not null, record blob not null,"
        " is_held int not null default 1, primary key(hub, generation, id));"
        "create index warning_thread on warning(hub, generation, thread);",
    },
    /* Every kind of record, and the clocks that came up. What an older release passed over is read from the hubs'
     * snapshots: each hub begins a resync, beside which the shown figures stay. */
    {"create table record(hub int not null, generation int not null, cursor int not null, id blob not null,"
     " thread blob not null, thread_kind text not null, kind text not null, owner text not null, number int not null,"
     " received_at int not null, role text not null, entity_type text not null, entity text, entity_name text,"
     " state text not null, action text not null, is_content int not null, status text not null, level int not null,"
     " title text not null, record blob not null, first_at int not null, is_held int not null default 1,"
     " primary key(hub, generation, cursor)) without rowid;"
     "create index record_id on record(hub, id, generation);"
     "create index record_thread on record(hub, generation, thread);"
     "create table alert(hub int not null, generation int not null, cursor int not null, at int not null,"
     " due_at int not null, term text not null, stage text not null, entity text not null, entity_name text not null,"
     " root blob, period text not null, first_at int not null, is_held int not null default 1,"
     " primary key(hub, generation, cursor)) without rowid;"
     "insert or ignore into record select hub, generation, cursor, id, thread, 'risk_warning', 'risk_warning',"
     " coalesce(entity, ''), number, received_at, 'entity', entity_type, entity, entity_name, state, action,"
     " action in ('raise', 'update'), status, level, headline, record, received_at, is_held from warning;"
     "drop table warning;"
     "create view warning as select hub, generation, id, thread, cursor, number, received_at, entity_type, entity,"
     " entity_name, state, action, is_content, status, level, json_extract(record_json(record), '$.sector') as sector,"
     " json_extract(record_json(record), '$.risk_domain') as risk_domain, title as headline, record, is_held"
     " from record where kind = 'risk_warning';"
     "delete from cell where generation <> (select shown from hub where hub.hub = cell.hub);"
     "delete from record where generation <> (select shown from hub where hub.hub = record.hub);"
     "update hub set generation = max(generation, shown) + 1, cursor = 0, head = 0, gaps = gaps + 1,"
     " last_gap_at = strftime('%s', 'now') * 1000, last_gap_why = 'upgraded' where cursor > 0;"},
    /* What a hub last said of its disk; NULL: nothing yet. */
    {"alter table hub add column disk text; alter table hub add column disk_free_mib int;"
     "alter table hub add column disk_at int;"},
    /* The size of the hub's ledger that a figure was computed at; 0: the hub has not said. */
    {"alter table cell add column size int not null default 0;"},
    /* Each alert of a new generation is looked for in the shown one, and the other way round. */
    {"create index alert_same on alert(hub, generation, due_at, term, entity);"},
    /* Since when a hub has shown no head of its ledger; NULL: it does. */
    {"alter table hub add column silent_since int;"},
    /* What a hub last said of the connections that it has left; NULL: nothing yet. */
    {"alter table hub add column connections text; alter table hub add column connections_free int;"},
    /* What was read of a hub stays when its membership is removed, and is not shown any more. */
    {"create view member as select * from hub where is_member(hub);"},
    /* The place of each record and alert in the order in which they were first shown, so that a listing of what is new
     * leaves nothing out, whatever the clock does. It is never less than the time, so that a replica that is read anew,
     * or was put back from a copy, goes on above the one before. */
    {"alter table record add column arrival int not null default 0;"
     "alter table alert add column arrival int not null default 0;"
     "create table arrivals(last int not null); insert into arrivals values(strftime('%s', 'now') * 1000);"}};
enum { MIGRATIONS = sizeof migrations / sizeof *migrations };

/* Whether N of the new generation is O of the shown one: a party has an id once, an alert is told once. */
#define SAME_RECORD(n) n ".id = o.id and coalesce(" n ".entity, '') = coalesce(o.entity, '')"
#define SAME_ALERT(n)                                                                                                  \
    n ".term = o.term and " n ".stage = o.stage and " n ".entity = o.entity and " n ".root is o.root and " n           \
      ".period = o.period and " n ".due_at = o.due_at"
#define MOVED_CURSOR(table)                                                                                            \
    "case when ?4 then cursor - 1 - (select max(cursor) from " table                                                   \
    " where hub = ?1 and generation = ?3) else cursor end"

/* ?1 is the hub everywhere; where generations appear, ?2 is the one being filled and ?3 the shown one; where it becomes
 * that, ?4 says whether it is of another life, and ?5 and ?6 are the time and the place in the order of arrivals. */
static const char *const sql[STATEMENTS] = {
    [PUT_HUB] = "insert into hub(hub, name, city, endpoint) values(?1,?2,?3,?4) on conflict do update set"
                " name = excluded.name, city = excluded.city, endpoint = excluded.endpoint",
    [GET_HUB] = "select epoch, cursor, head, generation, shown, is_synced, last_gap_why from hub where hub = ?1",
    [SET_LINK] = "update hub set link_since = case when link = ?2 then link_since else ?5 end, link = ?2,"
                 " link_reason = ?3, next_try_at = ?4 where hub = ?1",
    [SET_POSITION] = "update hub set epoch = ?2, cursor = ?3, head = ?4, last_event_at = coalesce(?5, last_event_at),"
                     " skipped = skipped + ?6 where hub = ?1",
    [SET_HEALTH] = "update hub set disk = ?2, disk_free_mib = ?3, disk_at = ?4, connections = ?5, connections_free = ?6"
                   " where hub = ?1",
    [SET_SILENT] = "update hub set silent_since = iif(?2 is null, null, coalesce(silent_since, ?2)) where hub = ?1",
    [SET_SYNCED] = "update hub set is_synced = 1 where hub = ?1",
    /* The right side sees the former row. The shown generation stays one of another life, whatever happens until the
     * snapshot is whole. */
    [START_GENERATION] = "update hub set generation = max(generation, shown) + 1, epoch = ?2, cursor = 0, head = 0,"
                         " gaps = gaps + 1, last_gap_at = ?3, last_gap_why = case"
                         " when generation <> shown and last_gap_why not in ('pruned', 'upgraded') then last_gap_why"
                         " when ?4 = 'pruned' and epoch <> ?2 then 'epoch' else ?4 end where hub = ?1",
    [DROP_HALF_CELLS] = "delete from cell where hub = ?1 and generation <> (select shown from hub where hub = ?1)",
    [DROP_HALF_RECORDS] = "delete from record where hub = ?1 and generation <> (select shown from hub where hub = ?1)",
    [DROP_HALF_ALERTS] = "delete from alert where hub = ?1 and generation <> (select shown from hub where hub = ?1)",
    [GET_CELL] = "select count, sum, revision, changed_at from cell"
                 " where hub = ?1 and generation = ?2 and family = ?3 and day = ?4 and dims = ?5",
    [PUT_CELL] = "insert or replace into cell(hub, generation, family, day, dims, count, sum, revision, changed_at,"
                 " size) values(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
    [PUT_CHANGE] = "insert into change(hub, family, day, dims, hour, delta) values(?1,?2,?3,?4,?5,?6)"
                   " on conflict do update set delta = delta + excluded.delta",
    [FORGET_CHANGES] = "delete from change where hour < ?1",
    /* Two parties of a hub may have used one id: the thread is the one of the party that the record names. */
    [FIND_THREAD] = "select thread, thread_kind, owner from record where hub = ?1 and id = ?2"
                    " order by (owner = ?3) desc, generation desc, cursor limit 1",
    /* What the hub had lost and has again, at another cursor. */
    [TAKE_LOST_RECORD] =
        "delete from record indexed by record_id where hub = ?1 and generation = ?2 and id = ?3 and not is_held"
        " and coalesce(entity, '') = coalesce(?4, '') returning first_at, arrival",
    [TAKE_LOST_ALERT] =
        "delete from alert indexed by alert_same where hub = ?1 and generation = ?2 and due_at = ?3 and term = ?4"
        " and stage = ?5 and entity = ?6 and root is ?7 and period = ?8 and not is_held"
        " returning first_at, arrival",
    [NEXT_ARRIVAL] = "update arrivals set last = max(last + 1, ?2) returning last",
    [PUT_RECORD] = "insert or replace into record(hub, generation, cursor, id, thread, thread_kind, kind, owner,"
                   " number, received_at, role, entity_type, entity, entity_name, state, action, is_content, status,"
                   " level, title, record, first_at, arrival)"
                   " values(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23)",
    [PUT_ALERT] = "insert or replace into alert(hub, generation, cursor, at, due_at, term, stage, entity, entity_name,"
                  " root, period, first_at, arrival) values(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
    [KEEP_TIMES] = "update cell set changed_at = o.changed_at from cell o where cell.hub = ?1 and cell.generation = ?2"
                   " and o.hub = ?1 and o.generation = ?3 and o.family = cell.family and o.day = cell.day"
                   " and o.dims = cell.dims and o.count = cell.count and o.sum = cell.sum",
    [COUNT_GONE] = "select count(*) from cell o where o.hub = ?1 and o.generation = ?3 and o.count <> 0 and not exists"
                   " (select 1 from cell n where n.hub = ?1 and n.generation = ?2 and n.family = o.family"
                   " and n.day = o.day and n.dims = o.dims)",
    /* What was not shown before is shown first now, and not when its page came. SQLite has to be told by which index,
     * since it knows no figures of these tables: else each row would be held to all of the other generation, while
     * every hub waits. */
    [KEEP_FIRST_RECORDS] =
        "update record set (first_at, arrival) = (select coalesce(min(o.first_at), ?5),"
        " coalesce(min(o.arrival), ?6) from record o indexed by record_id"
        " where o.hub = ?1 and o.generation = ?3 and " SAME_RECORD("record") ") where hub = ?1 and generation = ?2",
    [KEEP_FIRST_ALERTS] =
        "update alert set (first_at, arrival) = (select coalesce(min(o.first_at), ?5),"
        " coalesce(min(o.arrival), ?6) from alert o indexed by alert_same"
        " where o.hub = ?1 and o.generation = ?3 and " SAME_ALERT("alert") ") where hub = ?1 and generation = ?2",
    /* What was passed up is not forgotten because the hub has pruned it or lost it. Cursors of another life cannot be
     * compared with the new ones: what is of it is moved before all of those, in its own order. */
    [CARRY_RECORDS] =
        "insert or ignore into record(hub, generation, cursor, id, thread, thread_kind, kind, owner,"
        " number, received_at, role, entity_type, entity, entity_name, state, action, is_content, status,"
        " level, title, record, first_at, arrival, is_held) select hub, ?2, " MOVED_CURSOR(
            "record") ","
                      " id, thread, thread_kind, kind, owner, number, received_at, role, entity_type, entity,"
                      " entity_name, state, action, is_content, status, level, title, record, first_at, arrival,"
                      " case when ?4 then 0 else is_held end from record o where hub = ?1 and generation = ?3"
                      " and not exists (select 1 from record n indexed by record_id where n.hub = ?1"
                      " and n.generation = ?2"
                      " and " SAME_RECORD("n") ")",
    [CARRY_ALERTS] =
        "insert or ignore into alert(hub, generation, cursor, at, due_at, term, stage, entity,"
        " entity_name, root, period, first_at, arrival, is_held) select hub, ?2, " MOVED_CURSOR(
            "alert") ","
                     " at, due_at, term, stage, entity, entity_name, root, period, first_at, arrival,"
                     " case when ?4 then 0 else is_held end from alert o where hub = ?1 and generation = ?3"
                     " and not exists (select 1 from alert n indexed by alert_same where n.hub = ?1"
                     " and n.generation = ?2"
                     " and " SAME_ALERT("n") ")",
    [DROP_OLD_CELLS] = "delete from cell where hub = ?1 and generation <> ?2",
    [DROP_OLD_RECORDS] = "delete from record where hub = ?1 and generation <> ?2",
    [DROP_OLD_ALERTS] = "delete from alert where hub = ?1 and generation <> ?2",
    [SHOW_GENERATION] = "update hub set shown = ?2 where hub = ?1",
};

/* record_json(BLOB): a stored record as JSON text, for the listings' own SQL; NULL where it cannot be read. */
static void sql_record_json(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    struct view bytes = {sqlite3_value_blob(values[0]), (size_t)sqlite3_value_bytes(values[0])};
    json_t *record = bytes.size > 0 ? record_to_json(bytes) : NULL;
    char *text = record ? json_dumps(record, JSON_COMPACT) : NULL;
    json_decref(record);
    if (text) {
        sqlite3_result_text(context, text, -1, free);
    } else {
        sqlite3_result_null(context);
    }
}

void replica_add_functions(sqlite3 *db)
{
    int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    int code = sqlite3_create_function(db, "record_json", 1, flags, NULL, sql_record_json, NULL, NULL);
    assert(code == SQLITE_OK);
    (void)code;
}

/* is_member(HUB): whether the listings show it. */
static void sql_is_member(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    const struct replica *replica = sqlite3_user_data(context);
    int64_t hub = sqlite3_value_int64(values[0]);
    bool is_member = !replica->has_members;
    for (size_t i = 0; i < replica->member_count && !is_member; i++) {
        is_member = replica->members[i] == hub;
    }
    sqlite3_result_int(context, is_member);
}

void replica_set_members(struct replica *replica, const int64_t *hubs, size_t count)
{
    replica->members = mem_grow(replica->members, count, sizeof *hubs);
    replica->member_count = count;
    replica->has_members = true;
    if (count > 0) {
        memcpy(replica->members, hubs, count * sizeof *hubs);
    }
}

err_t replica_open(const struct home *home, bool is_writer, struct replica **ret_replica, char reterr_reason[256])
{
    char path[PATH_SIZE];
    struct replica *replica = mem_alloc(sizeof *replica);
    home_file(home, REPLICA_FILE, path);
    bool is_absent = !is_writer && !home_has(home, REPLICA_FILE);
    err_t err = db_open(is_absent ? ":memory:" : path,
                        is_writer   ? DB_WRITER
                        : is_absent ? DB_SHARED
                                    : DB_READER,
                        migrations, MIGRATIONS, &replica->db, reterr_reason);
    if (err != ERR_OK) {
        free(replica);
        *ret_replica = NULL;
        return err;
    }
    replica_add_functions(replica->db);
    sqlite3_create_function(replica->db, "is_member", 1, SQLITE_UTF8 | SQLITE_INNOCUOUS, replica, sql_is_member, NULL,
                            NULL);
    *ret_replica = replica;
    return ERR_OK;
}

void replica_close(struct replica *replica)
{
    if (replica) {
        db_close(replica->db);
        free(replica->members);
        free(replica);
    }
}

sqlite3 *replica_db(struct replica *replica)
{
    return replica->db;
}

sqlite3_stmt *replica_statement(struct replica *replica, enum statement which, int64_t hub)
{
    if (!replica->statements[which]) {
        replica->statements[which] = db_prepare(replica->db, sql[which]);
    }
    sqlite3_stmt *stmt = replica->statements[which];
    sqlite3_reset(stmt);
    sqlite3_bind_int64(stmt, 1, hub);
    return stmt;
}

err_t replica_begin(struct replica *replica)
{
    return db_exec(replica->db, "begin immediate");
}

err_t replica_end(struct replica *replica, err_t err)
{
    err = err == ERR_OK ? db_exec(replica->db, "commit") : err;
    if (err != ERR_OK) {
        /* Fails harmlessly where SQLite has rolled back by itself, as it does on a full disk. */
        sqlite3_exec(replica->db, "rollback", NULL, NULL, NULL);
        return err;
    }
    if (++replica->commits >= CHECKPOINT_COMMITS) {
        replica->commits = 0;
        db_checkpoint(replica->db, false);
    }
    return ERR_OK;
}

err_t replica_position(struct replica *replica, int64_t hub, struct hub_position *ret_position)
{
    memset(ret_position, 0, sizeof *ret_position);
    struct standing *standing = &ret_position->standing;
    sqlite3_stmt *stmt = replica_statement(replica, GET_HUB, hub);
    err_t err = db_step(stmt);
    if (err == ERR_OK) {
        struct view epoch = db_column_view(stmt, 0);
        standing->has_epoch = epoch.size == EPOCH_SIZE;
        if (standing->has_epoch) {
            memcpy(standing->epoch, epoch.at, EPOCH_SIZE);
        }
        standing->cursor = (uint64_t)sqlite3_column_int64(stmt, 1);
        standing->head = (uint64_t)sqlite3_column_int64(stmt, 2);
        ret_position->generation = sqlite3_column_int64(stmt, 3);
        ret_position->shown = sqlite3_column_int64(stmt, 4);
        standing->is_resyncing = ret_position->generation != ret_position->shown;
        standing->is_synced = sqlite3_column_int(stmt, 5) != 0;
        const char *why = db_column_str(stmt, 6);
        ret_position->is_other_life = strcmp(why, "pruned") != 0 && strcmp(why, "upgraded") != 0;
    }
    sqlite3_reset(stmt);
    return err;
}

err_t replica_put_hub(struct replica *replica, int64_t hub, const char *name, const char *city, const char *endpoint)
{
    sqlite3_stmt *stmt = replica_statement(replica, PUT_HUB, hub);
    db_bind_str(stmt, 2, name);
    db_bind_str(stmt, 3, city);
    db_bind_str(stmt, 4, endpoint);
    return db_run(stmt);
}

err_t replica_get_standing(struct replica *replica, int64_t hub, struct standing *ret_standing)
{
    struct hub_position position;
    err_t err = replica_position(replica, hub, &position);
    *ret_standing = position.standing;
    return err;
}

static void bind_time(sqlite3_stmt *stmt, int index, int64_t ms)
{
    if (ms > 0) {
        sqlite3_bind_int64(stmt, index, ms);
    } else {
        sqlite3_bind_null(stmt, index);
    }
}

err_t replica_set_link(struct replica *replica, int64_t hub, const char *state, const char *reason, int64_t next_try_at,
                       int64_t now)
{
    sqlite3_stmt *stmt = replica_statement(replica, SET_LINK, hub);
    db_bind_str(stmt, 2, state);
    db_bind_str(stmt, 3, reason);
    bind_time(stmt, 4, next_try_at);
    sqlite3_bind_int64(stmt, 5, now);
    return db_run(stmt);
}

err_t replica_set_silent(struct replica *replica, int64_t hub, int64_t since)
{
    sqlite3_stmt *stmt = replica_statement(replica, SET_SILENT, hub);
    bind_time(stmt, 2, since);
    return db_run(stmt);
}

err_t replica_begin_resync(struct replica *replica, int64_t hub, const uint8_t epoch[EPOCH_SIZE], const char *why,
                           int64_t now)
{
    err_t err = replica_begin(replica);
    if (err != ERR_OK) {
        return err;
    }
    /* What an earlier resync had read before it was interrupted by this one. */
    err = db_run(replica_statement(replica, DROP_HALF_CELLS, hub));
    err = err == ERR_OK ? db_run(replica_statement(replica, DROP_HALF_RECORDS, hub)) : err;
    err = err == ERR_OK ? db_run(replica_statement(replica, DROP_HALF_ALERTS, hub)) : err;
    if (err == ERR_OK) {
        sqlite3_stmt *stmt = replica_statement(replica, START_GENERATION, hub);
        db_bind_view(stmt, 2, (struct view){epoch, EPOCH_SIZE});
        sqlite3_bind_int64(stmt, 3, now);
        db_bind_str(stmt, 4, why);
        err = db_run(stmt);
    }
    return replica_end(replica, err);
}

void replica_tidy(struct replica *replica, int64_t now)
{
    err_t err = db_run(replica_statement(replica, FORGET_CHANGES, now / HOUR_MS - LOOK_BACK_HOURS));
    if (err != ERR_OK) {
        log_warn("replica-tidy", "text=\"%s\" trying again in an hour", err_name(err));
    }
    db_checkpoint(replica->db, true);
}
