#include "province/witness.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

/* The loop of `run` waits for a command no longer than this. */
enum { BUSY_MS = 500 };

static const struct label alarm_labels[] = {
    {"rollback", "The ledger has become smaller", "台账变小（回退）"},
    {"fork", "Two ledgers of one size", "同一规模存在两份台账（分叉）"},
    {"rewritten", "The ledger does not go on with the one before", "台账与此前不连续（被改写）"},
    {"old_key", "Signed with a key that the hub had given up, or that had leaked", "使用枢纽已停用或已泄露的密钥签署"},
    {"other_store", "Another store in the place of the one that was known", "原有存储已被另一存储取代"},
};
const struct enumeration enum_alarm = {"alarm", alarm_labels, sizeof alarm_labels / sizeof *alarm_labels};

const char *alarm_code(enum heads heads)
{
    assert(heads != HEADS_AGREE);
    return alarm_labels[heads - HEADS_ROLLBACK].code;
}

/* `line` counts the alarms of the hub that had been cleared when the head came. A head that was signed with a key that
 * the hub had no more is in none, which -1 - line says. */
static const struct db_migration migrations[] = {
    {"create table head(hub int not null, epoch blob not null, line int not null, size int not null, root blob not "
     "null,"
     " at int not null, head blob not null, algorithm text not null, signature blob not null, hub_key blob not null,"
     " seen_at int not null, primary key(hub, epoch, line, size)) without rowid;"
     "create table alarm(id integer primary key, hub int not null, kind text not null, raised_at int not null,"
     " algorithm text not null, hub_key blob not null, known_head blob not null, known_signature blob not null,"
     " known_hub_key blob not null, known_size int not null, told_by text, size int not null, at int not null, head "
     "blob not null, signature blob "
     "not null, cleared_at int, cleared_by text, cleared_why text);"
     "create index alarm_standing on alarm(hub) where cleared_at is null;"
     "create table told(id integer primary key, hub int not null, epoch blob not null, head blob not null,"
     " signature blob not null, hub_key blob not null, told_by text not null, told_at int not null, heads int, "
     "checked_at int);"
     "create index told_waiting on told(hub, epoch) where heads is null;"},
    /* Keys that the hub has no more, and since when by its own clock. */
    {"create table old_key(hub int not null, key blob not null, at int not null, primary key(hub, key)) without "
     "rowid;"},
    {"alter table old_key add column leaked int not null default 0;"}};

/* An old key says nothing of the ledger, so its alarm begins no line. */
#define EXPLAINED_ALARMS "from alarm where hub = ?1 and cleared_at is not null and kind <> 'old_key'"
#define LINE             "(select count(*) " EXPLAINED_ALARMS ")"
#define FORMER_LINES     "(select row_number() over () - 1 " EXPLAINED_ALARMS ")"

enum statement {
    LAST,
    KNOWN,
    LIVED,
    OTHER,
    EXPLAINED,
    KEEP,
    RETIRE,
    REINSTATE,
    DOUBT,
    WOULD_DOUBT,
    RETIRED,
    DOUBTFUL,
    SETTLED,
    STANDS,
    RAISE,
    COUNT,
    CLEAR,
    TELL,
    FORGET_RECEIPT,
    TELL_RECEIPT,
    NEXT_TOLD,
    SETTLE_TOLD,
    VERDICT,
    STATEMENTS
};

static const char *const sql[STATEMENTS] = {
    /* From epoch to epoch: a hub has few of them and millions of heads. */
    [LAST] = "with recursive e(epoch) as (select min(epoch) from head where hub = ?1 union all"
             " select (select min(epoch) from head where hub = ?1 and epoch > e.epoch) from e where epoch is not null)"
             " select head, signature, hub_key from e cross join head h where h.hub = ?1 and h.epoch = e.epoch and"
             " h.line = " LINE
             " and h.size = (select max(size) from head where hub = ?1 and epoch = e.epoch and line = " LINE
             ") order by h.epoch = ?2 desc, h.size desc limit 1",
    [KNOWN] = "select 1 from head where hub = ?1 limit 1",
    [LIVED] = "select 1 from head where hub = ?1 and epoch = ?2 and line >= 0 limit 1",
    [OTHER] = "select head, signature, hub_key from head where hub = ?1 and epoch = ?2 and size = ?3 and root <> ?4"
              " and line = " LINE,
    [EXPLAINED] =
        "select 1 from head where hub = ?1 and epoch = ?2 and size = ?3 and root = ?4 and line in " FORMER_LINES
        " union all select 1 " EXPLAINED_ALARMS " and ?5 in (head, known_head)"
        " union all select 1 from old_key k join alarm a on a.hub = k.hub and a.known_hub_key = k.key where k.hub = ?1"
        " and a.kind = 'old_key' and a.cleared_at is not null and a.known_head = ?5 limit 1",
    [KEEP] =
        "insert or ignore into head(hub, epoch, line, size, root, at, head, algorithm, signature, hub_key, seen_at)"
        " values(?1, ?2, iif(exists(select 1 from old_key k where k.hub = ?1 and k.key = ?9 and ?5 > k.at), -1 - " LINE
        ", " LINE "), ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [RETIRE] = "insert into old_key(hub, key, at, leaked) values(?1, ?2, ?3, ?4) on conflict(hub, key) do update set"
               " at = min(at, excluded.at), leaked = max(leaked, excluded.leaked)",
    [REINSTATE] = "delete from old_key where hub = ?1 and key = ?2 and leaked = 0",
    /* One of an earlier key may stand in that place: its alarm has it. */
    [DOUBT] = "update or replace head set line = -1 - line where hub = ?1 and hub_key = ?2 and at > ?3 and line >= 0",
    [WOULD_DOUBT] =
        "select count(*) filter (where d), min(size) filter (where d), max(size) filter (where d),"
        " max(size) filter (where not d) from (select size, hub_key = ?2 and at > ?3 as d from head where hub = ?1"
        " and line = " LINE ")",
    [RETIRED] = "select at, leaked from old_key where hub = ?1 and key = ?2",
    [DOUBTFUL] = "select head, signature, hub_key from head h where hub = ?1 and line < 0 and exists(select 1 from"
                 " old_key k where k.hub = ?1 and k.key = h.hub_key) and not exists(select 1 from"
                 " alarm a where a.hub = ?1 and a.kind = 'old_key' and a.known_hub_key = h.hub_key)"
                 " order by size desc limit 1",
    [SETTLED] = "select 1 from alarm where hub = ?1 and cleared_at is not null and kind = 'old_key' and"
                " known_hub_key = ?2 limit 1",
    /* One alarm says of an old key all that there is to say. */
    [STANDS] = "select 1 from alarm where hub = ?1 and cleared_at is null and kind = ?2 and"
               " iif(kind = 'old_key', known_hub_key = ?4, known_head = ?3)",
    [RAISE] = "insert into alarm(hub, kind, raised_at, algorithm, hub_key, known_head, known_signature, told_by, head,"
              " signature, known_size, size, at, known_hub_key)"
              " values(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    [COUNT] = "select count(*) from alarm where cleared_at is null and ?1 in (hub, 0)",
    [CLEAR] =
        "update alarm set cleared_at = ?2, cleared_by = ?3, cleared_why = ?4 where id = ?1 and cleared_at is null",
    [TELL] = "insert into told(hub, epoch, head, signature, told_by, told_at, hub_key)"
             " values(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [FORGET_RECEIPT] = "delete from told where hub = ?1 and told_by = ?2 and heads = 0",
    [TELL_RECEIPT] = "insert into told(hub, epoch, head, signature, told_by, told_at, hub_key)"
                     " select ?1, ?2, ?3, ?4, ?5, ?6, ?7 where not exists"
                     " (select 1 from told where hub = ?1 and told_by = ?5 and head = ?3)",
    [NEXT_TOLD] =
        "select id, head, signature, hub_key, told_by from told where hub = ?1 and epoch = ?2 and heads is null"
        " order by id limit 1",
    [SETTLE_TOLD] = "update told set heads = ?2, checked_at = ?3 where id = ?1",
    [VERDICT] = "select heads from told where id = ?1 and heads is not null",
};

struct witness {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
};

err_t kept_head_take(struct view bytes, struct view signature, struct view key, struct kept_head *ret_head)
{
    if (signature.size != SIGNATURE_SIZE || head_decode(bytes, &ret_head->head) != ERR_OK ||
        ret_head->head.size > INT64_MAX || ret_head->head.at < 0 || ret_head->head.at > TIME_MAX ||
        signing_key_take(key, &ret_head->key) != ERR_OK) {
        return ERR_INVALID;
    }
    memcpy(ret_head->bytes, bytes.at, HEAD_SIZE);
    memcpy(ret_head->signature, signature.at, SIGNATURE_SIZE);
    return ERR_OK;
}

err_t witness_open(const struct home *home, bool is_writer, struct witness **ret_witness, char reterr_reason[256])
{
    char path[PATH_SIZE];
    sqlite3 *db = NULL;
    *ret_witness = NULL;
    home_file(home, WITNESS_FILE, path);
    bool is_absent = !is_writer && !home_has(home, WITNESS_FILE);
    err_t err = db_open(is_absent ? ":memory:" : path, DB_SHARED, migrations,
                        (int)(sizeof migrations / sizeof *migrations), &db, reterr_reason);
    if (err == ERR_OK) {
        sqlite3_busy_timeout(db, BUSY_MS);
        *ret_witness = mem_alloc(sizeof **ret_witness);
        (*ret_witness)->db = db;
    }
    return err;
}

void witness_close(struct witness *witness)
{
    if (witness) {
        db_close(witness->db);
        free(witness);
    }
}

sqlite3 *witness_db(struct witness *witness)
{
    return witness->db;
}

/* Reset, with NUMBER bound to ?1. */
static sqlite3_stmt *statement(struct witness *witness, enum statement which, int64_t number)
{
    if (!witness->statements[which]) {
        witness->statements[which] = db_prepare(witness->db, sql[which]);
    }
    sqlite3_stmt *stmt = witness->statements[which];
    sqlite3_reset(stmt);
    sqlite3_bind_int64(stmt, 1, number);
    return stmt;
}

static struct view head_view(const struct kept_head *head)
{
    return (struct view){head->bytes, HEAD_SIZE};
}

static struct view signature_view(const struct kept_head *head)
{
    return (struct view){head->signature, SIGNATURE_SIZE};
}

/* Of a statement whose columns are a head's. */
static err_t read_head(sqlite3_stmt *stmt, struct kept_head *ret_head)
{
    err_t err = db_step(stmt);
    err = err == ERR_OK
              ? kept_head_take(db_column_view(stmt, 0), db_column_view(stmt, 1), db_column_view(stmt, 2), ret_head)
              : err;
    sqlite3_reset(stmt);
    return err;
}

err_t witness_last(struct witness *witness, int64_t hub, const uint8_t epoch[EPOCH_SIZE], struct kept_head *ret_head)
{
    sqlite3_stmt *stmt = statement(witness, LAST, hub);
    db_bind_view(stmt, 2, (struct view){epoch, EPOCH_SIZE});
    return read_head(stmt, ret_head);
}

err_t witness_knows(struct witness *witness, int64_t hub, bool *ret_knows)
{
    sqlite3_stmt *stmt = statement(witness, KNOWN, hub);
    err_t err = db_step(stmt);
    sqlite3_reset(stmt);
    *ret_knows = err == ERR_OK;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* ERR_NOT_FOUND: of this epoch none was ever kept. */
static err_t find_epoch(struct witness *witness, int64_t hub, const uint8_t epoch[EPOCH_SIZE])
{
    sqlite3_stmt *stmt = statement(witness, LIVED, hub);
    db_bind_view(stmt, 2, (struct view){epoch, EPOCH_SIZE});
    err_t err = db_step(stmt);
    sqlite3_reset(stmt);
    return err;
}

err_t witness_other(struct witness *witness, int64_t hub, const struct tree_head *head, struct kept_head *ret_head)
{
    err_t err = find_epoch(witness, hub, head->epoch);
    if (err == ERR_NOT_FOUND) {
        return witness_last(witness, hub, head->epoch, ret_head);
    }
    sqlite3_stmt *stmt = statement(witness, OTHER, hub);
    db_bind_view(stmt, 2, (struct view){head->epoch, EPOCH_SIZE});
    sqlite3_bind_int64(stmt, 3, (sqlite3_int64)head->size);
    db_bind_view(stmt, 4, (struct view){head->root, MERKLE_HASH_SIZE});
    return err == ERR_OK ? read_head(stmt, ret_head) : err;
}

err_t witness_explained(struct witness *witness, int64_t hub, const struct kept_head *head, bool *ret_is_explained)
{
    sqlite3_stmt *stmt = statement(witness, EXPLAINED, hub);
    db_bind_view(stmt, 2, (struct view){head->head.epoch, EPOCH_SIZE});
    sqlite3_bind_int64(stmt, 3, (sqlite3_int64)head->head.size);
    db_bind_view(stmt, 4, (struct view){head->head.root, MERKLE_HASH_SIZE});
    db_bind_view(stmt, 5, head_view(head));
    err_t err = db_step(stmt);
    sqlite3_reset(stmt);
    *ret_is_explained = err == ERR_OK;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static sqlite3_stmt *key_statement(struct witness *witness, enum statement which, int64_t hub,
                                   const struct signing_key *key)
{
    sqlite3_stmt *stmt = statement(witness, which, hub);
    db_bind_view(stmt, 2, signing_key_view(key));
    return stmt;
}

static err_t put_old_key(struct witness *witness, int64_t hub, const struct signing_key *key, int64_t at,
                         bool is_leaked)
{
    sqlite3_stmt *retire = key_statement(witness, RETIRE, hub, key);
    sqlite3_stmt *doubt = key_statement(witness, DOUBT, hub, key);
    sqlite3_bind_int64(retire, 3, at);
    sqlite3_bind_int(retire, 4, is_leaked);
    sqlite3_bind_int64(doubt, 3, at);
    err_t err = db_run(retire);
    return err == ERR_OK ? db_run(doubt) : err;
}

err_t witness_retire(struct witness *witness, int64_t hub, const struct signing_key *key, int64_t at, bool is_leaked)
{
    bool is_alone = sqlite3_get_autocommit(witness->db) != 0; /* else the caller's transaction ends it */
    err_t err = db_exec(witness->db, "savepoint retire");
    err = err == ERR_OK ? put_old_key(witness, hub, key, at, is_leaked) : err;
    err = err == ERR_OK ? db_exec(witness->db, "release retire") : err;
    if (err != ERR_OK && is_alone && !sqlite3_get_autocommit(witness->db)) {
        (void)!db_exec(witness->db, "rollback");
    }
    return err;
}

err_t witness_reinstate(struct witness *witness, int64_t hub, const struct signing_key *key)
{
    return db_run(key_statement(witness, REINSTATE, hub, key));
}

err_t witness_retired(struct witness *witness, int64_t hub, const struct signing_key *key, struct old_key *ret_old)
{
    sqlite3_stmt *stmt = key_statement(witness, RETIRED, hub, key);
    err_t err = db_step(stmt);
    *ret_old = (struct old_key){0};
    if (err == ERR_OK) {
        *ret_old = (struct old_key){sqlite3_column_int64(stmt, 0), sqlite3_column_int(stmt, 1) != 0};
    }
    sqlite3_reset(stmt);
    return err;
}

err_t witness_would_doubt(struct witness *witness, int64_t hub, const struct signing_key *key, int64_t at,
                          struct doubt *ret_doubt)
{
    sqlite3_stmt *stmt = key_statement(witness, WOULD_DOUBT, hub, key);
    sqlite3_bind_int64(stmt, 3, at);
    err_t err = db_step(stmt);
    *ret_doubt = (struct doubt){0};
    if (err == ERR_OK) {
        *ret_doubt = (struct doubt){sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1),
                                    sqlite3_column_int64(stmt, 2), sqlite3_column_int64(stmt, 3)};
    }
    sqlite3_reset(stmt);
    return err;
}

err_t witness_doubts(struct witness *witness, int64_t hub, const struct kept_head *head, bool *ret_is_doubtful)
{
    struct old_key old;
    err_t err = witness_retired(witness, hub, &head->key, &old);
    *ret_is_doubtful = err == ERR_OK && head->head.at > old.at;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

err_t witness_doubtful(struct witness *witness, int64_t hub, struct kept_head *ret_head)
{
    return read_head(statement(witness, DOUBTFUL, hub), ret_head);
}

err_t witness_settled(struct witness *witness, int64_t hub, const struct signing_key *key, bool *ret_is_settled)
{
    sqlite3_stmt *stmt = key_statement(witness, SETTLED, hub, key);
    err_t err = db_step(stmt);
    sqlite3_reset(stmt);
    *ret_is_settled = err == ERR_OK;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

err_t witness_keep(struct witness *witness, int64_t hub, const struct kept_head *head, int64_t now)
{
    sqlite3_stmt *stmt = statement(witness, KEEP, hub);
    db_bind_view(stmt, 2, (struct view){head->head.epoch, EPOCH_SIZE});
    sqlite3_bind_int64(stmt, 3, (sqlite3_int64)head->head.size);
    db_bind_view(stmt, 4, (struct view){head->head.root, MERKLE_HASH_SIZE});
    sqlite3_bind_int64(stmt, 5, head->head.at);
    db_bind_view(stmt, 6, head_view(head));
    db_bind_str(stmt, 7, suite_name(signing_key_suite(&head->key)));
    db_bind_view(stmt, 8, signature_view(head));
    db_bind_view(stmt, 9, signing_key_view(&head->key));
    sqlite3_bind_int64(stmt, 10, now);
    return db_run(stmt);
}

static err_t put_alarm(struct witness *witness, int64_t hub, const struct contradiction *contradiction, int64_t now)
{
    sqlite3_stmt *stmt = statement(witness, RAISE, hub);
    db_bind_str(stmt, 2, alarm_code(contradiction->heads));
    sqlite3_bind_int64(stmt, 3, now);
    db_bind_str(stmt, 4, suite_name(signing_key_suite(&contradiction->later->key)));
    db_bind_view(stmt, 5, signing_key_view(&contradiction->later->key));
    db_bind_view(stmt, 6, head_view(contradiction->known));
    db_bind_view(stmt, 7, signature_view(contradiction->known));
    db_bind_str(stmt, 8, contradiction->told_by);
    db_bind_view(stmt, 9, head_view(contradiction->later));
    db_bind_view(stmt, 10, signature_view(contradiction->later));
    sqlite3_bind_int64(stmt, 11, (sqlite3_int64)contradiction->known->head.size);
    sqlite3_bind_int64(stmt, 12, (sqlite3_int64)contradiction->later->head.size);
    sqlite3_bind_int64(stmt, 13, contradiction->later->head.at);
    db_bind_view(stmt, 14, signing_key_view(&contradiction->known->key));
    return db_run(stmt);
}

err_t witness_stands(struct witness *witness, int64_t hub, const struct contradiction *contradiction, bool *ret_stands)
{
    sqlite3_stmt *stmt = statement(witness, STANDS, hub);
    db_bind_str(stmt, 2, alarm_code(contradiction->heads));
    db_bind_view(stmt, 3, head_view(contradiction->known));
    db_bind_view(stmt, 4, signing_key_view(&contradiction->known->key));
    err_t err = db_step(stmt);
    sqlite3_reset(stmt);
    *ret_stands = err == ERR_OK;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

err_t witness_raise(struct witness *witness, int64_t hub, const struct contradiction *contradiction, int64_t now,
                    bool *ret_is_new)
{
    bool stands = false;
    err_t err = witness_stands(witness, hub, contradiction, &stands);
    *ret_is_new = err == ERR_OK && !stands;
    return *ret_is_new ? put_alarm(witness, hub, contradiction, now) : err;
}

err_t witness_standing(struct witness *witness, int64_t hub, int64_t *ret_count)
{
    sqlite3_stmt *stmt = statement(witness, COUNT, hub);
    err_t err = db_step(stmt);
    *ret_count = err == ERR_OK ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_reset(stmt);
    return err;
}

err_t witness_clear(struct witness *witness, int64_t alarm, const char *person, const char *why, int64_t now)
{
    sqlite3_stmt *stmt = statement(witness, CLEAR, alarm);
    sqlite3_bind_int64(stmt, 2, now);
    db_bind_str(stmt, 3, person);
    db_bind_str(stmt, 4, why);
    err_t err = db_run(stmt);
    return err == ERR_OK && sqlite3_changes(witness->db) == 0 ? ERR_NOT_FOUND : err;
}

static err_t tell(struct witness *witness, enum statement which, int64_t hub, const struct kept_head *head,
                  const char *told_by, int64_t now)
{
    sqlite3_stmt *stmt = statement(witness, which, hub);
    db_bind_view(stmt, 2, (struct view){head->head.epoch, EPOCH_SIZE});
    db_bind_view(stmt, 3, head_view(head));
    db_bind_view(stmt, 4, signature_view(head));
    db_bind_str(stmt, 5, told_by);
    sqlite3_bind_int64(stmt, 6, now);
    db_bind_view(stmt, 7, signing_key_view(&head->key));
    return db_run(stmt);
}

err_t witness_tell(struct witness *witness, int64_t hub, const struct kept_head *head, const char *told_by, int64_t now,
                   int64_t *ret_id)
{
    err_t err = tell(witness, TELL, hub, head, told_by, now);
    *ret_id = sqlite3_last_insert_rowid(witness->db);
    return err;
}

err_t witness_tell_receipt(struct witness *witness, int64_t hub, const struct kept_head *head, int64_t now)
{
    sqlite3_stmt *stmt = statement(witness, FORGET_RECEIPT, hub);
    db_bind_str(stmt, 2, TOLD_BY_RECEIPT);
    err_t err = db_run(stmt);
    return err == ERR_OK ? tell(witness, TELL_RECEIPT, hub, head, TOLD_BY_RECEIPT, now) : err;
}

err_t witness_next_told(struct witness *witness, int64_t hub, const uint8_t epoch[EPOCH_SIZE],
                        struct told_head *ret_told)
{
    sqlite3_stmt *stmt = statement(witness, NEXT_TOLD, hub);
    db_bind_view(stmt, 2, (struct view){epoch, EPOCH_SIZE});
    err_t err = db_step(stmt);
    if (err == ERR_OK) {
        ret_told->id = sqlite3_column_int64(stmt, 0);
        snprintf(ret_told->told_by, sizeof ret_told->told_by, "%s", db_column_str(stmt, 4));
        err =
            kept_head_take(db_column_view(stmt, 1), db_column_view(stmt, 2), db_column_view(stmt, 3), &ret_told->head);
    }
    sqlite3_reset(stmt);
    return err;
}

err_t witness_settle_told(struct witness *witness, int64_t id, enum heads heads, int64_t now)
{
    sqlite3_stmt *stmt = statement(witness, SETTLE_TOLD, id);
    sqlite3_bind_int(stmt, 2, (int)heads);
    sqlite3_bind_int64(stmt, 3, now);
    return db_run(stmt);
}

err_t witness_verdict(struct witness *witness, int64_t id, enum heads *ret_heads)
{
    sqlite3_stmt *stmt = statement(witness, VERDICT, id);
    err_t err = db_step(stmt);
    *ret_heads = err == ERR_OK ? (enum heads)sqlite3_column_int(stmt, 0) : HEADS_AGREE;
    sqlite3_reset(stmt);
    return err;
}
