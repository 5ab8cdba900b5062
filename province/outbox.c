#include "province/outbox_db.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"

static const struct label sending_labels[SENDING_STATES] = {
    [SENDING_ACCEPTED] = {"accepted", "Waiting to be sent", "待发送"},
    [SENDING_RECEIVED] = {"received", "Received by the city", "城市已收到"},
    [SENDING_REJECTED] = {"rejected", "Rejected by the city", "城市已拒收"},
};
const struct enumeration enum_sending = {"sending", sending_labels, SENDING_STATES};

/* `peer` is what is known of a hub beside its deliveries: the highest number given out, the life of its store as last
 * seen, and what holds deliveries up. `hub_key` stands at each receipt, so that it can be checked after the hub was set
 * up anew. */
static const struct db_migration migrations[] = {
    {"create table filing(id blob primary key, kind text not null, title text not null, at int not null) without rowid;"
     "create table receipt(row integer primary key, hub int not null, epoch blob not null, at int not null,"
     " body blob not null, algorithm text not null, signature blob not null, hub_key blob not null);"
     "create table delivery(hub int not null, seq int not null, id blob not null references filing(id),"
     " priority int not null, state int not null default 0, hash blob not null, body blob not null, outcome_at int,"
     " number int, faults blob, receipt int references receipt(row), primary key(hub, seq));"
     "create unique index delivery_id on delivery(hub, id);"
     "create index delivery_filing on delivery(id);"
     "create index delivery_waiting on delivery(hub, priority, seq) where state = 0;"
     "create table peer(hub integer primary key, last_seq int not null default 0, epoch blob,"
     " trouble text not null default '');"
     "create table memo(key text primary key, text text not null) without rowid;"},
    /* What places a receipt in the hub's ledger: PROTOCOL.md §10. */
    {"alter table receipt add column head blob; alter table receipt add column place integer;"
     "alter table receipt add column count integer; alter table receipt add column path blob;"
     "alter table receipt add column proof blob;"}};

/* The longer ones by name, so that a comma that is missing between two rows would be seen. */
static const char settle_sql[] =
    "update delivery set state = ?3, outcome_at = ?4, number = ?5, faults = ?6, receipt = ?7"
    " where hub = ?1 and seq = ?2";
static const char put_receipt_sql[] =
    "insert into receipt(hub, epoch, at, body, algorithm, signature, hub_key, head, place, count, path, proof)"
    " values(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
static const char send_again_sql[] = "update delivery set state = 0 where hub = ?1 and state = 1"
                                     " and receipt in (select row from receipt where hub = ?1 and epoch <> ?2)";
static const char last_head_sql[] = "select head, signature, hub_key from receipt where hub = ?1 and epoch = ?2"
                                    " and head is not null order by row desc limit 1";

static const char *const sql[OUTBOX_STATEMENTS] = {
    [OUTBOX_GET_PEER] = "select last_seq, epoch from peer where hub = ?1",
    [OUTBOX_SET_SEQ] = "insert into peer(hub, last_seq) values(?1, ?2) on conflict do update set last_seq = ?2",
    [OUTBOX_SET_EPOCH] = "insert into peer(hub, epoch) values(?1, ?2) on conflict do update set epoch = ?2",
    [OUTBOX_SET_TROUBLE] = "insert into peer(hub, trouble) values(?1, ?2) on conflict do update set trouble = ?2",
    [OUTBOX_PUT_FILING] = "insert into filing(id, kind, title, at) values(?2, ?3, ?4, ?5)",
    [OUTBOX_PUT_DELIVERY] = "insert into delivery(hub, seq, id, priority, hash, body) values(?1, ?2, ?3, ?4, ?5, ?6)",
    [OUTBOX_FIND] = "select 1 from delivery where hub = ?1 and id = ?2",
    [OUTBOX_KIND] = "select kind from filing where id = ?2 and ?1 = 0",
    [OUTBOX_GET_MEMO] = "select text from memo where key = ?2 and ?1 = 0",
    [OUTBOX_SET_MEMO] = "insert or replace into memo(key, text) values(?2, ?3)",
    [OUTBOX_PICK] = "select seq, body from delivery where hub = ?1 and state = 0 order by priority, seq",
    [OUTBOX_MATCH] = "select seq, state from delivery where hub = ?1 and id = ?2 and hash = ?3",
    [OUTBOX_SETTLE] = settle_sql,
    [OUTBOX_KEEP_RECEIVED] = "update delivery set state = 1 where hub = ?1 and seq = ?2 and number is not null",
    [OUTBOX_PUT_RECEIPT] = put_receipt_sql,
    [OUTBOX_SEND_AGAIN] = send_again_sql,
    [OUTBOX_SEND_ALL_AGAIN] = "update delivery set state = 0 where hub = ?1 and state = 1",
    [OUTBOX_LAST_HEAD] = last_head_sql,
    [OUTBOX_LAST_RECEIVED] = "select ifnull(max(seq), 0) from delivery where hub = ?1 and state = 1",
};

err_t outbox_open(const struct home *home, int busy_ms, struct outbox **ret_outbox, char reterr_reason[256])
{
    char path[PATH_SIZE];
    sqlite3 *db = NULL;
    *ret_outbox = NULL;
    home_file(home, OUTBOX_FILE, path);
    err_t err = db_open(path, DB_SHARED, migrations, (int)(sizeof migrations / sizeof *migrations), &db, reterr_reason);
    if (err == ERR_OK) {
        sqlite3_busy_timeout(db, busy_ms);
        *ret_outbox = mem_alloc(sizeof **ret_outbox);
        (*ret_outbox)->db = db;
    }
    return err;
}

void outbox_close(struct outbox *outbox)
{
    if (outbox) {
        if (!sqlite3_get_autocommit(outbox->db)) {
            (void)!db_exec(outbox->db, "rollback");
        }
        db_close(outbox->db);
        free(outbox);
    }
}

sqlite3 *outbox_db(struct outbox *outbox)
{
    return outbox->db;
}

sqlite3_stmt *outbox_statement(struct outbox *outbox, enum outbox_statement which, int64_t hub)
{
    if (!outbox->statements[which]) {
        outbox->statements[which] = db_prepare(outbox->db, sql[which]);
    }
    sqlite3_stmt *stmt = outbox->statements[which];
    sqlite3_reset(stmt);
    sqlite3_bind_int64(stmt, 1, hub);
    return stmt;
}

err_t outbox_begin(struct outbox *outbox)
{
    return db_exec(outbox->db, "begin immediate");
}

err_t outbox_end(struct outbox *outbox, err_t err)
{
    err = err == ERR_OK ? db_exec(outbox->db, "commit") : err;
    /* SQLite has ended the transaction by itself after some failures. */
    if (err != ERR_OK && !sqlite3_get_autocommit(outbox->db)) {
        (void)!db_exec(outbox->db, "rollback");
    }
    return err;
}

err_t outbox_last_seq(struct outbox *outbox, int64_t hub, uint64_t *ret_seq)
{
    sqlite3_stmt *stmt = outbox_statement(outbox, OUTBOX_GET_PEER, hub);
    err_t err = db_step(stmt);
    *ret_seq = err == ERR_OK ? (uint64_t)sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_reset(stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* ---- filing ---- */

/* One filing on its way into the outbox. */
struct filer {
    struct outbox *outbox;
    const struct outbox_order *order;
    int64_t now_ms;
    uint8_t id[RECORD_ID_SIZE];
    msgpack_sbuffer bytes;
    struct faults *faults;
};

static void title_of(const struct record *record, char ret_title[512])
{
    static const char *const keys[] = {"headline", "title"};
    snprintf(ret_title, 512, "%s", "");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const struct value *value = record_get(record, keys[i]);
        if (value && *ret_title == '\0') {
            log_safe(value->view.at, value->view.size, ret_title, 512);
        }
    }
}

static err_t put_filing(struct filer *filer, const struct record *record)
{
    char title[512];
    title_of(record, title);
    sqlite3_stmt *stmt = outbox_statement(filer->outbox, OUTBOX_PUT_FILING, 0);
    db_bind_view(stmt, 2, (struct view){filer->id, RECORD_ID_SIZE});
    db_bind_str(stmt, 3, record->kind->name);
    db_bind_str(stmt, 4, title);
    sqlite3_bind_int64(stmt, 5, filer->now_ms);
    return db_run(stmt);
}

static err_t put_delivery(struct filer *filer, const struct outbox_target *target, uint64_t seq,
                          const struct record *record)
{
    uint8_t hash[RECORD_HASH_SIZE];
    suite_hash_leaf(target->suite, record->bytes, hash);
    sqlite3_stmt *stmt = outbox_statement(filer->outbox, OUTBOX_PUT_DELIVERY, target->hub);
    sqlite3_bind_int64(stmt, 2, (int64_t)seq);
    db_bind_view(stmt, 3, (struct view){filer->id, RECORD_ID_SIZE});
    sqlite3_bind_int(stmt, 4, record->kind->priority);
    db_bind_view(stmt, 5, (struct view){hash, RECORD_HASH_SIZE});
    db_bind_view(stmt, 6, record->bytes);
    err_t err = db_run(stmt);
    if (err == ERR_OK) {
        stmt = outbox_statement(filer->outbox, OUTBOX_SET_SEQ, target->hub);
        sqlite3_bind_int64(stmt, 2, (int64_t)seq);
        err = db_run(stmt);
    }
    return err;
}

/* The same record with the next number of this hub's sequence. */
static err_t address(struct filer *filer, const struct outbox_target *target, bool is_first)
{
    struct record record;
    uint64_t seq = 0;
    const struct record_context context = {
        .now_ms = filer->now_ms, .utc_offset_minutes = filer->order->utc_offset_minutes, .party = target->party};
    err_t err = outbox_last_seq(filer->outbox, target->hub, &seq);
    if (err != ERR_OK) {
        return err;
    }
    msgpack_sbuffer_clear(&filer->bytes);
    err = record_accept_json(filer->order->fields, filer->id, seq + 1, filer->now_ms, &filer->bytes, filer->faults);
    if (err == ERR_OK) {
        struct view bytes = {(const uint8_t *)filer->bytes.data, filer->bytes.size};
        err = record_check(bytes, &context, &record, filer->faults);
    }
    err = err == ERR_OK && is_first ? put_filing(filer, &record) : err;
    return err == ERR_OK ? put_delivery(filer, target, seq + 1, &record) : err;
}

static err_t keep_memo(struct outbox *outbox, const struct outbox_memo *memo)
{
    sqlite3_stmt *stmt = outbox_statement(outbox, OUTBOX_SET_MEMO, 0);
    db_bind_str(stmt, 2, memo->key);
    db_bind_str(stmt, 3, memo->text);
    return db_run(stmt);
}

err_t outbox_read_memo(struct outbox *outbox, const char *key, char **ret_text)
{
    sqlite3_stmt *stmt = outbox_statement(outbox, OUTBOX_GET_MEMO, 0);
    db_bind_str(stmt, 2, key);
    err_t err = db_step(stmt);
    *ret_text = err == ERR_OK ? mem_text(db_column_str(stmt, 0)) : NULL;
    sqlite3_reset(stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

err_t outbox_file(struct outbox *outbox, const struct outbox_order *order, int64_t now_ms,
                  uint8_t ret_id[RECORD_ID_SIZE], struct faults *ret_faults)
{
    struct filer filer = {.outbox = outbox, .order = order, .now_ms = now_ms, .faults = ret_faults};
    ret_faults->count = 0;
    record_make_id(now_ms, filer.id);
    err_t err = outbox_begin(outbox);
    if (err != ERR_OK) {
        return err;
    }
    msgpack_sbuffer_init(&filer.bytes);
    for (size_t i = 0; i < order->count && err == ERR_OK; i++) {
        err = address(&filer, &order->targets[i], i == 0);
    }
    msgpack_sbuffer_destroy(&filer.bytes);
    err = err == ERR_OK && order->memo ? keep_memo(outbox, order->memo) : err;
    memcpy(ret_id, filer.id, RECORD_ID_SIZE);
    return outbox_end(outbox, err);
}

err_t outbox_find(struct outbox *outbox, int64_t hub, const uint8_t id[RECORD_ID_SIZE])
{
    sqlite3_stmt *stmt = outbox_statement(outbox, OUTBOX_FIND, hub);
    db_bind_view(stmt, 2, (struct view){id, RECORD_ID_SIZE});
    err_t err = db_step(stmt);
    sqlite3_reset(stmt);
    return err;
}

err_t outbox_kind(struct outbox *outbox, const uint8_t id[RECORD_ID_SIZE], const struct kind **ret_kind)
{
    sqlite3_stmt *stmt = outbox_statement(outbox, OUTBOX_KIND, 0);
    db_bind_view(stmt, 2, (struct view){id, RECORD_ID_SIZE});
    err_t err = db_step(stmt);
    *ret_kind = NULL;
    if (err == ERR_OK) {
        const char *name = db_column_str(stmt, 0);
        *ret_kind = kind_find((struct view){(const uint8_t *)name, strlen(name)});
        err = *ret_kind ? ERR_OK : ERR_NOT_FOUND;
    }
    sqlite3_reset(stmt);
    return err;
}
