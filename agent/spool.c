#include "agent/spool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/spool_db.h"
#include "common/mem.h"

/* `hub_key` stands at each receipt, so that it can be checked after the agent has joined another hub. */
static const struct db_migration migrations[] = {
    {"create table meta (key text primary key, value) without rowid;"
     "create table item (seq integer primary key, id blob not null unique, kind text not null, title text not null,"
     " priority integer not null, state integer not null, accepted_at integer not null, hash blob not null,"
     " body blob not null, outcome_at integer, number integer, faults blob, corrected_by integer,"
     " receipt integer references receipt (row));"
     "create index item_waiting on item (priority, seq) where state = 0;"
     "create index item_state on item (state, seq);"
     "create table receipt (row integer primary key, epoch blob not null, at integer not null, body blob not null,"
     " algorithm text not null, signature blob not null, hub_key blob not null);"
     "create index receipt_epoch on receipt (epoch);"
     "create table inbox (row integer primary key, epoch blob not null, cursor integer not null, taken_at integer not "
     "null, event blob not null, unique (epoch, cursor));"
     "create table connection (row integer primary key check (row = 1), is_ready integer not null,"
     " since integer not null, next_try integer not null, reason text not null, refusal text not null);"},
    /* What must not be filed twice, and what a program has read: agent/spool_once.c. */
    {"create table filed_key (key text primary key, digest blob not null, at integer not null,"
     " first_seq integer not null, count integer not null, status integer not null, answer blob not null);"
     "create table taken_file (hash blob primary key, name text not null, at integer not null,"
     " first_seq integer not null, count integer not null);"
     "create table inbox_read (row integer primary key references inbox (row), at integer not null);"},
    /* Attachments: agent/blobs_spool.c. `item_blob` is what an item names, `item_earlier` what it must be sent after.
     */
    {"create table blob (row integer primary key, hash blob not null unique, size integer not null,"
     " media_type text not null, name text not null, state integer not null, code text not null, at integer not null);"
     "create index blob_state on blob (state);"
     "create table item_blob (seq integer not null, hash blob not null, primary key (seq, hash)) without rowid;"
     "create index item_blob_hash on item_blob (hash);"
     "create table item_earlier (seq integer not null, earlier integer not null, primary key (seq, earlier))"
     " without rowid;"
     "create table blob_wanted (row integer primary key, hash blob not null unique, state integer not null,"
     " code text not null, at integer not null);"},
    /* What places a receipt in the hub's ledger: PROTOCOL.md §10. */
    {"alter table receipt add column head blob; alter table receipt add column place integer;"
     "alter table receipt add column count integer; alter table receipt add column path blob;"
     "alter table receipt add column proof blob;"},
    /* Signing keys of the hub that somebody else has, and since when. */
    {"create table leaked_key (key blob primary key, at integer not null) without rowid;"},
    /* What the hub has shown of the place of records whose receipt does not prove it, and which are to be asked for
     * yet: of what was kept before, those whose own result in the receipt says duplicate. */
    {"alter table item add column is_placed integer not null default 1;"
     "update item set is_placed = 0 where state = 1 and exists (select 1 from receipt r where r.row = item.receipt and"
     " instr(r.body, cast(x'9501c410' || item.id as blob)));"
     "create index item_unplaced on item (number) where state = 1 and is_placed = 0;"
     "create table inclusion (seq integer not null, receipt integer not null references receipt (row),"
     " at integer not null, head blob not null, signature blob not null, hub_key blob not null, path blob not null,"
     " primary key (seq, receipt));"},
    /* The heads of which the hub has not shown yet that its ledger goes on from them: agent/spool_places.c. */
    {"create table open_head (row integer primary key references receipt (row));"},
};

/* An item that is ready to go: its attachments are at the hub, and what it refers to has its receipt where that has
 * attachments (PROTOCOL.md §9). */
#define IS_READY                                                                                                       \
    "not exists (select 1 from item_blob l join blob b on b.hash = l.hash where l.seq = item.seq and b.state <> 1) "   \
    "and not exists (select 1 from item_earlier e join item i on i.seq = e.earlier where e.seq = item.seq and "        \
    "i.state = 0) "
/* A record waits for the attachment. */
#define IS_AWAITED(blob)                                                                                               \
    "exists (select 1 from item_blob l join item i on i.seq = l.seq where l.hash = " blob ".hash and i.state = 0) "
#define BLOB_COLUMNS                                                                                                   \
    "b.row, b.hash, b.size, b.media_type, b.name, b.state, b.code, b.at, (select count(*) from item_blob l join item " \
    "i on i.seq = l.seq where l.hash = b.hash and i.state = 0) from blob b "

/* Signed by a key of the hub's after that had leaked. */
#define IS_DOUBTFUL(inclusion)                                                                                         \
    "exists (select 1 from leaked_key k where k.key = " inclusion ".hub_key and k.at < " inclusion ".at) "

/* Of the store that the hub has now. */
#define IS_OF_HUB(receipt) receipt ".epoch = (select value from meta where key = 'epoch') "

#define ITEM_COLUMNS                                                                                                   \
    "seq, id, hash, kind, title, state, accepted_at, outcome_at, number, corrected_by, receipt from item "

/* What each prepared statement is for stands at its use. */
static const struct {
    size_t offset;
    const char *sql;
} statements[] = {
    {offsetof(struct spool, get_meta), "select value from meta where key = ?"},
    {offsetof(struct spool, set_meta), "insert or replace into meta values (?, ?)"},
    {offsetof(struct spool, add),
     "insert into item (seq, id, kind, title, priority, state, accepted_at, hash, body) values (?,?,?,?,?,0,?,?,?)"},
    {offsetof(struct spool, close_rejected),
     "update item set state = ?, corrected_by = nullif(?, 0) where id = ? and state = 2"},
    {offsetof(struct spool, close_blocked),
     "update item set state = ?2, corrected_by = nullif(?3, 0), faults = ?4 where seq = ?1 and state = 0 and "
     "receipt is null"},
    {offsetof(struct spool, pick), /* The planner would rather sort all that waits, bodies included. */
     "select seq, body from item indexed by item_waiting where state = 0 and " IS_READY "order by priority, seq"},
    {offsetof(struct spool, sendable),
     "select 1 from item indexed by item_waiting where state = 0 and seq <= ? and " IS_READY "limit 1"},
    {offsetof(struct spool, find), "select " ITEM_COLUMNS "where id = ?"},
    {offsetof(struct spool, list), "select " ITEM_COLUMNS "where seq > ? order by seq limit ?"},
    {offsetof(struct spool, list_state), "select " ITEM_COLUMNS "where seq > ? and state = ?3 order by seq limit ?2"},
    {offsetof(struct spool, faults), "select faults from item where seq = ?"},
    {offsetof(struct spool, bytes), "select body from item where seq = ?"},
    {offsetof(struct spool, count_states), "select state, count(*) from item group by state"},
    {offsetof(struct spool, oldest), "select accepted_at from item where state = 0 order by seq limit 1"},
    {offsetof(struct spool, waiting), "select count(*) from item where state = 0 and seq <= ?"},
    {offsetof(struct spool, version), "pragma data_version"},
    {offsetof(struct spool, get_connection),
     "select is_ready, since, next_try, reason, refusal from connection where row = 1"},
    {offsetof(struct spool, set_connection),
     "insert into connection values (1, ?, ?, ?, ?, ?) on conflict (row) do update set since = "
     "iif(is_ready = excluded.is_ready, since, excluded.since), is_ready = excluded.is_ready, next_try = "
     "excluded.next_try, reason = excluded.reason, refusal = excluded.refusal"},
    {offsetof(struct spool, match), "select seq, state = 0 or outcome_at is null from item where id = ? and hash = ?"},
    {offsetof(struct spool, keep_received),
     "update item set state = 1 where seq = ? and state = 0 and number is not null"},
    {offsetof(struct spool, settle), "update item set state = ?2, outcome_at = ?3, number = ?4, faults = ?5, receipt = "
                                     "?6, is_placed = ?7 where seq = ?1"},
    {offsetof(struct spool, add_receipt),
     "insert into receipt (epoch, at, body, algorithm, signature, hub_key, head, place, count, path, proof) values "
     "(?,?,?,?,?,?,?,?,?,?,?)"},
    {offsetof(struct spool, get_receipt),
     "select r.epoch, r.at, r.body, r.algorithm, r.signature, r.hub_key, r.head, r.path, r.proof, r.place, r.count,"
     " (select k.at from leaked_key k where k.key = r.hub_key), n.head, n.signature, n.hub_key, n.path"
     " from receipt r left join inclusion n on n.seq = ?2 and n.receipt = r.row and not " IS_DOUBTFUL(
         "n") "where "
              "r.row = ?1"},
    {offsetof(struct spool, by_hub_key), "select 1 from receipt where hub_key = ? limit 1"},
    {offsetof(struct spool, unplaced),
     "select number from item indexed by item_unplaced where state = 1 and is_placed = 0 and number > ?1 and exists "
     "(select 1 from receipt r where r.row = item.receipt and " IS_OF_HUB("r") ") order by number limit ?2"},
    {offsetof(struct spool, find_unplaced),
     "select i.seq, i.receipt, i.hash, r.epoch from item i indexed by item_unplaced join receipt r on r.row = "
     "i.receipt "
     "where i.state = 1 and i.is_placed = 0 and i.number = ? and " IS_OF_HUB("r")},
    {offsetof(struct spool, add_inclusion), "insert or replace into inclusion values (?,?,?,?,?,?,?)"},
    {offsetof(struct spool, note_placed), "update item set is_placed = 1 where seq = ?"},
    {offsetof(struct spool, add_leak), "insert or ignore into leaked_key values (?, ?)"},
    {offsetof(struct spool, get_leak), "select at from leaked_key where key = ?"},
    {offsetof(struct spool, doubt_places),
     "update item set is_placed = 0 where is_placed = 1 and seq in (select n.seq from inclusion n where n.receipt = "
     "item.receipt and " IS_DOUBTFUL("n") ")"},
    {offsetof(struct spool, doubt_answers),
     "update item set state = 0, number = null where state in (1, 2) and receipt in (select r.row from receipt r join "
     "leaked_key k on k.key = r.hub_key and k.at < r.at)"},
    {offsetof(struct spool, send_again),
     "update item set state = 0 where state = 1 and receipt in (select row from receipt where epoch <> ?)"},
    {offsetof(struct spool, send_all_again), "update item set state = 0 where state = 1"},
    {offsetof(struct spool, newest_head),
     "select r.row, r.head from receipt r where " IS_OF_HUB("r") "and r.row > ifnull((select value from meta where key "
                                                                 "= 'ledger_from'), 0) order by r.row desc limit 1"},
    {offsetof(struct spool, add_head), "insert or ignore into open_head values (?)"},
    {offsetof(struct spool, next_head),
     "select row, head from receipt where row in (select row from open_head union select ?) order by row limit 1"},
    {offsetof(struct spool, drop_head), "delete from open_head where row = ?"},
    {offsetof(struct spool, last_received), "select ifnull(max(seq), 0) from item where state = 1"},
    {offsetof(struct spool, add_inbox),
     /* A restored hub tells again, under another epoch, what its former life told. */
     "insert or ignore into inbox (epoch, cursor, taken_at, event) select ?1, ?2, ?3, ?4"
     " where not exists (select 1 from inbox where event = ?4)"},
    {offsetof(struct spool, list_inbox), "select row, taken_at, event from inbox where row > ? order by row limit 1"},
    {offsetof(struct spool, add_blob),
     /* What was given up because the file was gone has one again. */
     "insert into blob (hash, size, media_type, name, state, code, at) values (?,?,?,?,0,'',?) on conflict (hash) do "
     "update set state = 0, code = '' where state = 2 and code in ('file_missing', 'file_damaged')"},
    {offsetof(struct spool, link_blob), "insert or ignore into item_blob values (?, ?)"},
    {offsetof(struct spool, link_earlier),
     "insert or ignore into item_earlier select ?1, seq from item where id = ?2 and (exists (select 1 from item_blob l "
     "where l.seq = item.seq) or exists (select 1 from item_earlier e where e.seq = item.seq))"},
    {offsetof(struct spool, next_blob),
     "select " BLOB_COLUMNS "where state = 0 order by (select ifnull(min(i.priority), 99) from item_blob l join item i "
     "on i.seq = l.seq where l.hash = b.hash and i.state = 0), b.row limit 1"},
    {offsetof(struct spool, settle_blob), "update blob set state = ?2, code = ?3, at = ?4 where hash = ?1"},
    {offsetof(struct spool, refused_blob),
     "select " BLOB_COLUMNS "where state = 2 and " IS_AWAITED("b") "order by b.row limit 1"},
    {offsetof(struct spool, retry_blobs),
     "update blob set state = 0, code = '' where state = 2 and " IS_AWAITED("blob")},
    {offsetof(struct spool, doubt_blob), "update blob set state = 0, code = '' where hash = ? and state = 1"},
    {offsetof(struct spool, find_blob), "select " BLOB_COLUMNS "where hash = ?"},
    {offsetof(struct spool, list_blobs), "select " BLOB_COLUMNS "where b.row > ? order by b.row limit ?"},
    {offsetof(struct spool, item_blobs),
     "select " BLOB_COLUMNS "where hash in (select hash from item_blob where seq = ?) order by b.row"},
    {offsetof(struct spool, old_blob),
     "select " BLOB_COLUMNS
     "where b.row > ? and state <> 0 and b.at < ? and not exists (select 1 from item_blob l join "
     "item i on i.seq = l.seq where l.hash = b.hash and (i.state = 0 or i.outcome_at >= ?2)) order by b.row limit 1"},
    {offsetof(struct spool, want_blob), "insert into blob_wanted (hash, state, code, at) values (?1, 0, '', ?2) on "
                                        "conflict (hash) do update set state = 0,"
                                        " code = '', at = ?2"},
    {offsetof(struct spool, next_wanted), "select hash from blob_wanted where state = 0 order by at, row limit 1"},
    {offsetof(struct spool, settle_wanted), "update blob_wanted set state = ?2, code = ?3, at = ?4 where hash = ?1"},
    {offsetof(struct spool, find_wanted), "select row, hash, state, code, at from blob_wanted where hash = ?"},
    {offsetof(struct spool, find_key),
     "select digest, at, first_seq, count, status, answer from filed_key where key = ?"},
    {offsetof(struct spool, add_key), "insert into filed_key values (?,?,?,?,?,?,?)"},
    {offsetof(struct spool, find_file), "select name, at, first_seq, count from taken_file where hash = ?"},
    {offsetof(struct spool, add_file), "insert into taken_file values (?,?,?,?,?)"},
    {offsetof(struct spool, find_read), "select at from inbox_read where row = ?"},
    {offsetof(struct spool, add_read), "insert or ignore into inbox_read values (?, ?)"},
};

/* An error, not an end: the library's caller lives on. The transaction keeps others from locking the file in between.
 */
static err_t prepare_all(struct spool *spool, char reterr_reason[256])
{
    err_t err = db_exec(spool->db, "begin; select count(*) from sqlite_master");
    for (size_t i = 0; err == ERR_OK && i < sizeof statements / sizeof *statements; i++) {
        void *slot = (char *)spool + statements[i].offset;
        int code = sqlite3_prepare_v3(spool->db, statements[i].sql, -1, SQLITE_PREPARE_PERSISTENT, slot, NULL);
        err = db_error(spool->db, code);
    }
    if (err != ERR_OK) {
        snprintf(reterr_reason, 256, SPOOL_FILE ": %.200s", sqlite3_errmsg(spool->db));
    }
    spool_rollback(spool);
    return err;
}

err_t spool_open(const struct home *home, const struct suite *suite, int busy_ms, struct spool **ret_spool,
                 char reterr_reason[256])
{
    char path[PATH_SIZE];
    sqlite3 *db = NULL;
    *ret_spool = NULL;
    home_file(home, SPOOL_FILE, path);
    err_t err = db_open(path, DB_SHARED, migrations, (int)(sizeof migrations / sizeof *migrations), &db, reterr_reason);
    if (err != ERR_OK) {
        return err;
    }
    sqlite3_busy_timeout(db, busy_ms);
    struct spool *spool = mem_alloc(sizeof *spool);
    spool->db = db;
    spool->suite = suite;
    err = prepare_all(spool, reterr_reason);
    if (err != ERR_OK) {
        spool_close(spool);
        return err;
    }
    *ret_spool = spool;
    return ERR_OK;
}

void spool_close(struct spool *spool)
{
    if (!spool) {
        return;
    }
    spool_rollback(spool);
    db_close(spool->db);
    free(spool);
}

err_t spool_begin(struct spool *spool)
{
    return db_exec(spool->db, "begin immediate");
}

void spool_attach(struct spool *spool, err_t (*act)(void *self, struct spool *spool), void *self)
{
    spool->rider = act;
    spool->rider_self = self;
}

err_t spool_commit(struct spool *spool)
{
    err_t (*rider)(void *self, struct spool *spool) = spool->rider;
    spool->rider = NULL;
    err_t err = rider ? rider(spool->rider_self, spool) : ERR_OK;
    return err == ERR_OK ? db_exec(spool->db, "commit") : err;
}

void spool_rollback(struct spool *spool)
{
    /* SQLite has ended the transaction by itself after some failures. */
    if (!sqlite3_get_autocommit(spool->db)) {
        (void)!db_exec(spool->db, "rollback");
    }
}

err_t spool_end(struct spool *spool, err_t err)
{
    err = err == ERR_OK ? spool_commit(spool) : err;
    if (err != ERR_OK) {
        spool_rollback(spool);
    }
    return err;
}

err_t meta_number(struct spool *spool, const char *key, uint64_t *ret_number)
{
    db_bind_str(spool->get_meta, 1, key);
    err_t err = db_step(spool->get_meta);
    *ret_number = err == ERR_OK ? (uint64_t)sqlite3_column_int64(spool->get_meta, 0) : 0;
    sqlite3_reset(spool->get_meta);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

err_t meta_set_number(struct spool *spool, const char *key, uint64_t number)
{
    db_bind_str(spool->set_meta, 1, key);
    sqlite3_bind_int64(spool->set_meta, 2, (sqlite3_int64)number);
    return db_run(spool->set_meta);
}

err_t meta_epoch(struct spool *spool, const char *key, uint8_t ret_epoch[EPOCH_SIZE])
{
    db_bind_str(spool->get_meta, 1, key);
    err_t err = db_step(spool->get_meta);
    if (err == ERR_OK) {
        struct view epoch = db_column_view(spool->get_meta, 0);
        err = epoch.size == EPOCH_SIZE ? ERR_OK : ERR_NOT_FOUND;
        memcpy(ret_epoch, epoch.at ? epoch.at : ret_epoch, err == ERR_OK ? EPOCH_SIZE : 0);
    }
    sqlite3_reset(spool->get_meta);
    return err;
}

err_t meta_set_epoch(struct spool *spool, const char *key, const uint8_t epoch[EPOCH_SIZE])
{
    db_bind_str(spool->set_meta, 1, key);
    db_bind_view(spool->set_meta, 2, (struct view){epoch, EPOCH_SIZE});
    return db_run(spool->set_meta);
}

err_t spool_next_seq(struct spool *spool, uint64_t *ret_seq)
{
    uint64_t last = 0;
    err_t err = meta_number(spool, "last_seq", &last);
    *ret_seq = last + 1;
    return err;
}

err_t spool_add(struct spool *spool, const struct acceptance *acceptance)
{
    uint8_t hash[RECORD_HASH_SIZE];
    suite_hash_leaf(spool->suite, acceptance->bytes, hash);
    sqlite3_bind_int64(spool->add, 1, (sqlite3_int64)acceptance->seq);
    db_bind_view(spool->add, 2, (struct view){acceptance->id, RECORD_ID_SIZE});
    db_bind_str(spool->add, 3, acceptance->kind);
    db_bind_str(spool->add, 4, acceptance->title);
    sqlite3_bind_int(spool->add, 5, acceptance->priority);
    sqlite3_bind_int64(spool->add, 6, acceptance->at);
    db_bind_view(spool->add, 7, (struct view){hash, RECORD_HASH_SIZE});
    db_bind_view(spool->add, 8, acceptance->bytes);
    err_t err = db_run(spool->add);
    err = err == ERR_OK ? spool_link_blobs(spool, acceptance) : err;
    return err == ERR_OK ? meta_set_number(spool, "last_seq", acceptance->seq) : err;
}

static err_t close_item(struct spool *spool, const uint8_t id[RECORD_ID_SIZE], enum item_state state, uint64_t by)
{
    sqlite3_bind_int(spool->close_rejected, 1, (int)state);
    sqlite3_bind_int64(spool->close_rejected, 2, (sqlite3_int64)by);
    db_bind_view(spool->close_rejected, 3, (struct view){id, RECORD_ID_SIZE});
    err_t err = db_run(spool->close_rejected);
    bool is_closed = err == ERR_OK && sqlite3_changes(spool->db) > 0;
    return err != ERR_OK || is_closed ? err : spool_close_blocked(spool, id, state, by);
}

err_t spool_correct(struct spool *spool, const uint8_t id[RECORD_ID_SIZE], uint64_t by)
{
    return close_item(spool, id, ITEM_CORRECTED, by);
}

err_t spool_discard(struct spool *spool, const uint8_t id[RECORD_ID_SIZE])
{
    err_t err = spool_begin(spool);
    return err == ERR_OK ? spool_end(spool, close_item(spool, id, ITEM_DISCARDED, 0)) : err;
}
