#include "hub/store_sqlite.h"

#include <openssl/rand.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "hub/store_ledger.h"
#include "hub/store_recount.h"
#include "hub/store_schema.h"

#define PARTY_COLUMNS                                                                                                  \
    "p.row, p.party, p.role, p.name, p.entity_type, p.sectors, p.district, p.state, p.reason,"                         \
    " exists (select 1 from party_key k where k.party = p.row), p.created_at, p.changed_at,"                           \
    " a.last_seq, a.stored, a.refused, a.last_at, a.told from party p left join account a on a.party = p.row "
#define KEY_COLUMNS                                                                                                    \
    "k.row, k.curve_key, k.signing_key, k.since, k.until, k.revoked_at, k.reason, k.proof from party_key k "

static const char *const sql[STATEMENTS] = {
    [NEXT_BATCH] = "select coalesce(max(id), 0) + 1 from batch",
    [PUT_BATCH] = "insert into batch(id, party, at, first_number, stored, hashes, signing_key, signature, bytes) "
                  "values(?,?,?,?,?,?,?,?,?)",
    [PUT_RECORD] =
        "insert into record(party, id, number, batch, position, offset, size, kind, day, sector, level, owner, root)"
        " values(?,?,?,?,?,?,?,?,?,?,?,?,?) on conflict do nothing",
    [GET_RECORD] =
        "select number, batch, position, offset, size, kind, root, owner from record where party = ? and id = ?",
    [GET_HASH] = "select substr(hashes, ? * 32 + 1, 32), at from batch where id = ?",
    [PUT_REFUSAL] = "insert into refusal(party, id, hash, at, faults) values(?,?,?,?,?)",
    [GET_REFUSAL] = "select hash, at, faults from refusal where party = ? and id = ?",
    [HAS_REFUSAL] = "select 1 from refusal where party = ? limit 1",
    [PUT_KEY] = "insert into natural_key(party, kind, key, id) values(?,?,?,?) on conflict do nothing",
    [GET_KEY] = "select id from natural_key where party = ? and kind = ? and key = ?",
    [MOVE_KEY] = "update natural_key set id = ?4 where party = ?1 and kind = ?2 and key = ?3",
    [GET_THREAD] = "select kind, state, about, is_up, batch, offset, size, received_at, acknowledged_at, resolved_at"
                   " from thread where owner = ? and root = ?",
    [PUT_THREAD] = "insert or replace into thread(owner, root, kind, state, about, is_up, batch, offset, size,"
                   " received_at, acknowledged_at, resolved_at) values(?,?,?,?,?,?,?,?,?,?,?,?)",
    [PUT_LINK] = "insert into link(party, id, linked_party, linked, at) values(?,?,?,?,?) on conflict do nothing",
    [GET_BATCH_TIME] = "select at from batch where id = ?",
    [PUT_BULLETIN_RECORD] = "insert into bulletin(party, at, number, filer, owner, state, batch, offset, size)"
                            " values(?,?,?,?,?,?,?,?,?)",
    [GET_ITEM] = "select substr(bytes, ? + 1, ?) from batch where id = ?",
    [PUT_CELL] =
        "insert into cell(family, day, dims, count, sum, change, size) values(?,?,?,?,?,?,?) on conflict do update "
        "set count = count + excluded.count,"
        " sum = sum + excluded.sum, change = excluded.change, size = excluded.size",
    [PUT_UPLINK] = "insert into uplink(change, party, number, batch, offset, size, state) values(?,?,?,?,?,?,?)",
    [PUT_ACCOUNT] =
        "insert into account(party, last_seq, stored, refused, last_at) values(?,?,?,?,?) on conflict do update set"
        " last_seq = max(last_seq, excluded.last_seq), stored = stored + excluded.stored, refused = refused + "
        "excluded.refused,"
        " last_at = excluded.last_at",
    [PUT_PARTY] = "insert into party(party, role, name, entity_type, sectors, district, state, created_at, changed_at) "
                  "values(?,?,?,?,?,?,?,?,?)",
    [GET_PARTY] = "select " PARTY_COLUMNS "where p.party = ?",
    [FIND_HOLDERS] = "select party from record where id = ? limit 2",
    [GET_PARTY_ROW] = "select " PARTY_COLUMNS "where p.row = ?",
    [EACH_PARTY] = "select " PARTY_COLUMNS "order by p.row",
    [SET_STATE] = "update party set state = ?2, reason = ?3, changed_at = ?4 where party = ?1",
    [SET_ACTIVE] = "update party set state = 'active', reason = '', changed_at = ?2 where row = ?1",
    [PUT_PARTY_KEY] = "insert into party_key(party, curve_key, signing_key, since, proof) values(?,?,?,?,?)",
    [FIND_PARTY_KEY] = "select k.party, " KEY_COLUMNS "where k.curve_key = ?",
    [EACH_PARTY_KEY] = "select k.party, " KEY_COLUMNS "where k.party = ? order by k.row desc",
    [END_PARTY_KEY] = "update party_key set until = ?2 where row = ?1",
    [REVOKE_PARTY_KEYS] = "update party_key set revoked_at = ?3, reason = ?4 where party = ?1 and revoked_at = 0 and"
                          " (until = 0 or until > ?3) and (?2 = 0 or row = ?2)",
    [MAY_FILE] = "select 1 from party_key k join party p on p.row = k.party where k.party = ?1 and k.signing_key = ?2"
                 " and k.revoked_at = 0 and p.state = 'active'",
    [PUT_TOLD] =
        "insert into account(party, last_seq, stored, refused, last_at, told) values(?1,0,0,0,0,?2) on conflict "
        "do update set told = max(told, excluded.told)",
    [SET_FACTS] =
        "update party set name = coalesce(?2, name), entity_type = ?3, sectors = coalesce(?4, sectors), district = "
        "?5, changed_at = ?6 where row = ?1",
    [PUT_INVITATION] =
        "insert into invitation(code_hash, party, created_at, expires_at, replaces, reason) values(?,?,?,?,?,?)",
    [GET_INVITATION] = "select party, expires_at, used_by, replaces, reason from invitation where code_hash = ?",
    [END_INVITATIONS] = "update invitation set expires_at = ?3 where party between ?1 and ?2 and used_at is null and "
                        "expires_at > ?3",
    [GET_OPEN_INVITATION] = "select expires_at, replaces from invitation where party = ? and used_at is null and "
                            "expires_at > ? order by expires_at desc limit 1",
    [USE_INVITATION] = "update invitation set used_at = ?2, used_by = ?3 where code_hash = ?1",
    [PUT_BULLETIN] = "insert into bulletin(party, at, event) values(?,?,?)",
    [PAGE_UPLINK] =
        "select change, family, day, dims, count, sum, null, null, null, null, null, null, null, null, "
        "null, null, size from cell where change > ?1"
        " union all select u.change, null, null, null, null, null, u.number, b.at, p.entity_type, p.party, "
        "p.name, u.state, substr(b.bytes, u.offset + 1, u.size), p.row, p.role, u.event, null from uplink u left "
        "join batch b on b.id = u.batch left join party p on p.row = u.party"
        " where u.change > ?1 order by 1 limit ?2",
    [PAGE_INBOX] = "select u.cursor, u.event, u.number, u.at, f.role, o.party, u.state, substr(b.bytes, u.offset + 1, "
                   "u.size) from bulletin u left join batch b on b.id = u.batch left join party f on f.row = u.filer"
                   " left join party o on o.row = u.owner where u.party = ?3 and u.cursor > ?1 order by u.cursor limit "
                   "?2",
    [HEAD_UPLINK] =
        "select max(coalesce((select max(change) from cell), 0), coalesce((select max(change) from uplink), 0),"
        " coalesce((select value from meta where key = 'pruned'), 0))",
    [HEAD_INBOX] = "select coalesce(max(cursor), 0) from bulletin where party = ?",
    [GET_META] = "select value from meta where key = ?",
    [PUT_META] = "insert or replace into meta(key, value) values(?,?)",
    [PRUNE_UPLINK] = "delete from uplink where change <= ?",
    [PUT_TILE] = "insert or replace into tile(key, nodes) values(?,?)",
    [PUT_HEAD] = "insert into head(size, at, root, leaves) values(?,?,?,?)",
};

sqlite3_stmt *store_statement(struct store *store, enum statement which)
{
    if (!store->statements[which]) {
        store->statements[which] = db_prepare(store->db, sql[which]);
    }
    sqlite3_reset(store->statements[which]);
    return store->statements[which];
}

sqlite3_stmt *store_borrow(struct store *store, const char *text)
{
    for (size_t i = 0; i < store->loan_count; i++) {
        if (store->loans[i].sql == text && !store->loans[i].is_lent) {
            store->loans[i].is_lent = true;
            return store->loans[i].stmt;
        }
    }
    sqlite3_stmt *stmt = db_prepare(store->db, text);
    if (store->loan_count < LOANS_MAX) {
        store->loans[store->loan_count].sql = text;
        store->loans[store->loan_count].stmt = stmt;
        store->loans[store->loan_count++].is_lent = true;
    }
    return stmt;
}

void store_return(struct store *store, sqlite3_stmt *stmt)
{
    for (size_t i = 0; i < store->loan_count; i++) {
        if (store->loans[i].stmt == stmt) {
            sqlite3_reset(stmt);
            sqlite3_clear_bindings(stmt);
            store->loans[i].is_lent = false;
            return;
        }
    }
    sqlite3_finalize(stmt);
}

static int note_wal(void *arg, sqlite3 *db, const char *name, int pages)
{
    (void)db;
    (void)name;
    ((struct store *)arg)->wal_pages = pages;
    return SQLITE_OK;
}

/* The epoch names this life of the store: made once, with the store. A store with records that has lost it has been
 * changed: under another one no peer could hold it to what it has shown and confirmed. */
static err_t load_epoch(struct store *store, bool is_writer, const char *path, char reterr_reason[256])
{
    sqlite3_stmt *get = store_statement(store, GET_META);
    db_bind_str(get, 1, "epoch");
    err_t err = db_step(get);
    if (err == ERR_OK && sqlite3_column_bytes(get, 0) == EPOCH_SIZE) {
        memcpy(store->epoch, sqlite3_column_blob(get, 0), EPOCH_SIZE);
        sqlite3_reset(get);
        return ERR_OK;
    }
    sqlite3_reset(get);
    if (err == ERR_OK || (err == ERR_NOT_FOUND && store->number > 0)) {
        snprintf(
            reterr_reason, 256,
            tr("%.120s: the epoch is gone, which names this store: the file was changed or is damaged; put a backup "
               "in its place",
               "%.120s：标识本存储的纪元缺失，文件已被改动或损坏；请恢复备份"),
            path);
        return ERR_INVALID;
    }
    if (err != ERR_NOT_FOUND || !is_writer) {
        return err;
    }
    if (RAND_bytes(store->epoch, EPOCH_SIZE) != 1) {
        return ERR_IO;
    }
    sqlite3_stmt *put = store_statement(store, PUT_META);
    db_bind_str(put, 1, "epoch");
    db_bind_view(put, 2, (struct view){store->epoch, EPOCH_SIZE});
    return db_run(put);
}

static err_t load_numbers(struct store *store)
{
    sqlite3_stmt *last = db_prepare(store->db, "select first_number + stored - 1 from batch order by id desc limit 1");
    err_t err = db_step(last);
    store->number = err == ERR_OK ? (uint64_t)sqlite3_column_int64(last, 0) : 0;
    sqlite3_finalize(last);
    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        return err;
    }
    sqlite3_stmt *head = store_statement(store, HEAD_UPLINK);
    err = db_step(head);
    store->change = err == ERR_OK ? (uint64_t)sqlite3_column_int64(head, 0) : 0;
    sqlite3_reset(head);
    store->committed_number = store->number;
    store->committed_change = store->change;
    return err;
}

static err_t open_ledger(struct store *store, const char *path, char reterr_reason[256])
{
    store->ledger = mem_alloc(sizeof *store->ledger);
    err_t err = ledger_load(store);
    err = err == ERR_OK ? ledger_grow(store) : err;
    if (err == ERR_OK && store->ledger->head.size != store->number) {
        err = ERR_INVALID;
    }
    if (err != ERR_OK) {
        snprintf(
            reterr_reason, 256,
            tr("%.120s: the ledger does not fit the records: the file was changed or is damaged; put a backup in its "
               "place, or see agn-hub audit",
               "%.120s：台账与记录不符，文件已被改动或损坏；请恢复备份，或运行 agn-hub audit"),
            path);
    }
    return err;
}

static err_t ready_to_write(struct store *store, const char *path, char reterr_reason[256])
{
    db_grow_by_chunks(store->db);
    sqlite3_wal_hook(store->db, note_wal, store);
    err_t err = open_ledger(store, path, reterr_reason);
    return err == ERR_OK ? store_finish_migration(store) : err;
}

err_t store_open(const struct home *home, bool is_writer, const struct store_settings *settings,
                 struct store **ret_store, char reterr_reason[256])
{
    char path[PATH_SIZE];
    struct store *store = mem_alloc(sizeof *store);
    store->settings = *settings;
    home_file(home, "store.db", path);
    err_t err = db_open(path, is_writer ? DB_WRITER : DB_READER, store_migrations, store_migration_count, &store->db,
                        reterr_reason);
    if (err == ERR_OK) {
        *reterr_reason = '\0';
        err = load_numbers(store);
        err = err == ERR_OK ? load_epoch(store, is_writer, path, reterr_reason) : err;
        err = err == ERR_OK && is_writer ? ready_to_write(store, path, reterr_reason) : err;
        if (err != ERR_OK && !*reterr_reason) {
            snprintf(reterr_reason, 256, "%.150s: %.90s", path, sqlite3_errmsg(store->db));
        }
    }
    if (err != ERR_OK) {
        store_close(store);
        return err;
    }
    *ret_store = store;
    return ERR_OK;
}

void store_close(struct store *store)
{
    if (!store) {
        return;
    }
    if (store->is_open) {
        store_rollback(store);
    }
    fold_close(store->fold);
    tiles_close(store->tiles);
    db_close(store->db);
    free(store->deltas);
    free(store->slots);
    ledger_close(store->ledger);
    free(store);
}

const uint8_t *store_epoch(const struct store *store)
{
    return store->epoch;
}

err_t store_begin(struct store *store)
{
    err_t err = db_exec(store->db, "begin immediate");
    store->is_open = err == ERR_OK;
    store->is_urgent = false;
    store->mailed_count = 0;
    store->registered = 0;
    return err;
}

err_t store_settle(struct store *store)
{
    err_t err = cells_flush(store);
    return err == ERR_OK ? ledger_settle(store, clock_ms()) : err;
}

/* One that was not stepped to its end would hold this moment open, and the log could not be folded in. */
static void reset_statements(struct store *store)
{
    for (int i = 0; i < STATEMENTS; i++) {
        sqlite3_reset(store->statements[i]);
    }
}

err_t store_commit(struct store *store)
{
    err_t err = store_settle(store);
    reset_statements(store);
    err = err == ERR_OK ? db_exec(store->db, "commit") : err;
    if (err == ERR_OK) {
        store->is_open = false;
        store->committed_number = store->number;
        store->committed_change = store->change;
        ledger_commit(store->ledger);
    }
    return err;
}

void store_rollback(struct store *store)
{
    reset_statements(store);
    sqlite3_exec(store->db, "rollback", NULL, NULL, NULL);
    cells_forget(store);
    ledger_rollback(store->ledger);
    store->is_open = false;
    store->is_urgent = false;
    store->mailed_count = 0;
    store->number = store->committed_number;
    store->change = store->committed_change;
}

static const char note_prefix[] = "noted:";

static sqlite3_stmt *note_statement(struct store *store, enum statement which, const char *key)
{
    char name[80];
    sqlite3_stmt *stmt = store_statement(store, which);
    snprintf(name, sizeof name, "%s%s", note_prefix, key);
    db_bind_str(stmt, 1, name);
    return stmt;
}

char *store_noted(struct store *store, const char *key)
{
    sqlite3_stmt *get = note_statement(store, GET_META, key);
    char *text = db_step(get) == ERR_OK ? strdup(db_column_str(get, 0)) : NULL;
    sqlite3_reset(get);
    return text;
}

err_t store_note(struct store *store, const char *key, const char *text)
{
    sqlite3_stmt *put = note_statement(store, PUT_META, key);
    db_bind_str(put, 2, text);
    return db_run(put);
}

bool store_has_urgent(const struct store *store)
{
    return store->is_urgent;
}

err_t store_get_item(struct store *store, int64_t batch, int64_t offset, int64_t size, struct view *ret_bytes)
{
    sqlite3_stmt *get = store_statement(store, GET_ITEM);
    sqlite3_bind_int64(get, 1, offset);
    sqlite3_bind_int64(get, 2, size);
    sqlite3_bind_int64(get, 3, batch);
    err_t err = db_step(get);
    if (err == ERR_OK) {
        *ret_bytes = db_column_view(get, 0);
    }
    return err;
}
