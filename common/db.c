#include "common/db.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"

err_t db_error(sqlite3 *db, int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
        return ERR_OK;
    case SQLITE_DONE:
        return ERR_NOT_FOUND;
    case SQLITE_FULL:
        return ERR_FULL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_BUSY;
    case SQLITE_CONSTRAINT:
        return ERR_EXISTS;
    default:
        log_debug("db-error", "code=%d text=%s", code, db ? sqlite3_errmsg(db) : sqlite3_errstr(code));
        return ERR_IO;
    }
}

err_t db_exec(sqlite3 *db, const char *sql)
{
    return db_error(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
}

sqlite3_stmt *db_prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
    if (code != SQLITE_OK) {
        log_error("db-prepare", "text=%s sql=%s", sqlite3_errmsg(db), sql);
        abort();
    }
    return stmt;
}

err_t db_step(sqlite3_stmt *stmt)
{
    return db_error(sqlite3_db_handle(stmt), sqlite3_step(stmt));
}

err_t db_run(sqlite3_stmt *stmt)
{
    int code = sqlite3_step(stmt);
    err_t err = code == SQLITE_DONE || code == SQLITE_ROW ? ERR_OK : db_error(sqlite3_db_handle(stmt), code);
    sqlite3_reset(stmt);
    return err;
}

void db_bind_view(sqlite3_stmt *stmt, int index, struct view bytes)
{
    sqlite3_bind_blob64(stmt, index, bytes.at ? (const void *)bytes.at : "", bytes.size, SQLITE_STATIC);
}

void db_bind_str(sqlite3_stmt *stmt, int index, const char *text)
{
    sqlite3_bind_text(stmt, index, text, -1, SQLITE_TRANSIENT);
}

struct view db_column_view(sqlite3_stmt *stmt, int index)
{
    const uint8_t *at = sqlite3_column_blob(stmt, index);
    return (struct view){at, (size_t)sqlite3_column_bytes(stmt, index)};
}

bool db_column_copy(sqlite3_stmt *stmt, int index, void *ret_bytes, size_t size)
{
    struct view bytes = db_column_view(stmt, index);
    bool fits = bytes.size == size;
    if (fits) {
        memcpy(ret_bytes, bytes.at, size);
    } else {
        memset(ret_bytes, 0, size);
    }
    return fits;
}

const char *db_column_str(sqlite3_stmt *stmt, int index)
{
    const char *text = (const char *)sqlite3_column_text(stmt, index);
    return text ? text : "";
}

void db_checkpoint(sqlite3 *db, bool truncate)
{
    int code = sqlite3_wal_checkpoint_v2(db, NULL, truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE,
                                         NULL, NULL);
    if (code != SQLITE_OK && code != SQLITE_BUSY) {
        log_debug("db-checkpoint", "code=%d", code);
    }
}

/* SQLite's own methods of a database file, with one of ours among them. It holds a pointer to them: they come first. */
struct methods {
    sqlite3_io_methods all;
    const sqlite3_io_methods *own;
    sqlite3 *db;
    bool (*write_out)(void *self);
    void *self;
};

/* SQLite would go on after a failure, and later passes would not copy those pages again. */
static int control_file(sqlite3_file *file, int control, void *arg)
{
    const struct methods *methods = (const struct methods *)file->pMethods;
    if (control == SQLITE_FCNTL_CKPT_DONE && ((methods->write_out && !methods->write_out(methods->self)) ||
                                              methods->own->xSync(file, SQLITE_SYNC_NORMAL) != SQLITE_OK)) {
        log_error("fold-not-durable", "path=%s the disk fails; ending, the log keeps everything for the next start",
                  sqlite3_db_filename(methods->db, "main"));
        abort();
    }
    return methods->own->xFileControl(file, control, arg);
}

static sqlite3_file *file_of(sqlite3 *db)
{
    sqlite3_file *file = NULL;
    sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    return file;
}

void db_fold_durably(sqlite3 *db, bool (*write_out)(void *self), void *self)
{
    sqlite3_file *file = file_of(db);
    if (!file->pMethods) {
        return; /* a database in memory is in no file */
    }
    struct methods *methods = mem_alloc(sizeof *methods);
    *methods = (struct methods){*file->pMethods, file->pMethods, db, write_out, self};
    methods->all.xFileControl = control_file;
    file->pMethods = &methods->all;
}

enum { BUSY_MS = 10000 };

bool db_empty_log(sqlite3 *db)
{
    sqlite3_busy_timeout(db, 0);
    int code = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_busy_timeout(db, BUSY_MS);
    return code == SQLITE_OK;
}

void db_grow_by_chunks(sqlite3 *db)
{
    int size = 1 << 20;
    sqlite3_file_control(db, "main", SQLITE_FCNTL_CHUNK_SIZE, &size);
}

static err_t read_version(sqlite3 *db, int *ret_version)
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(db, "pragma user_version", -1, &stmt, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(stmt);
    }
    if (code == SQLITE_ROW) {
        *ret_version = sqlite3_column_int(stmt, 0);
    }
    sqlite3_finalize(stmt);
    return code == SQLITE_ROW ? ERR_OK : db_error(db, code == SQLITE_OK ? SQLITE_ERROR : code);
}

/* The version is read inside the transaction, since another process may migrate at the same time. */
static err_t migrate_one(sqlite3 *db, const struct db_migration *steps, int step_count, bool *ret_done)
{
    int version = 0;
    char set_version[64];
    err_t err = db_exec(db, "begin immediate");
    if (err != ERR_OK) {
        return err;
    }
    err = read_version(db, &version);
    *ret_done = err == ERR_OK && version >= step_count;
    if (err == ERR_OK && !*ret_done) {
        err = db_exec(db, steps[version].sql);
        snprintf(set_version, sizeof set_version, "pragma user_version=%d", version + 1);
        err = err == ERR_OK ? db_exec(db, set_version) : err;
    }
    err = err == ERR_OK ? db_exec(db, "commit") : err;
    if (err != ERR_OK) {
        sqlite3_exec(db, "rollback", NULL, NULL, NULL);
    }
    return err;
}

static err_t configure(sqlite3 *db, enum db_mode mode)
{
    static const char *const pragmas[] = {
        [DB_WRITER] = "pragma page_size=4096; pragma secure_delete=on; pragma journal_mode=wal; pragma "
                      "synchronous=full; pragma wal_autocheckpoint=0;"
                      "pragma cache_size=-65536; pragma foreign_keys=on; pragma "
                      "temp_store=memory",
        [DB_READER] =
            "pragma query_only=on; pragma wal_autocheckpoint=0; pragma cache_size=-8192; pragma temp_store=memory",
        [DB_SHARED] = "pragma journal_mode=truncate; pragma synchronous=full; pragma foreign_keys=on",
    };
    sqlite3_extended_result_codes(db, 1);
    sqlite3_busy_timeout(db, BUSY_MS);
    if (mode == DB_READER) {
        sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    }
    return db_exec(db, pragmas[mode]);
}

/* SQLite counts its memory under one mutex for all threads; nobody reads those counts. Before its first use only: an
 * embedding program that has opened a database already keeps its own settings. */
static void configure_once(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

err_t db_open(const char *path, enum db_mode mode, const struct db_migration *steps, int step_count, sqlite3 **ret_db,
              char reterr_reason[256])
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, configure_once);
    *ret_db = NULL;
    sqlite3 *db = NULL;
    /* A reader of a WAL database must be able to make the shared-memory file, so it is opened for writing and held back
     * by query_only. */
    int flags = SQLITE_OPEN_READWRITE | (mode == DB_READER ? 0 : SQLITE_OPEN_CREATE) | SQLITE_OPEN_NOMUTEX;
    int code = sqlite3_open_v2(path, &db, flags, NULL);
    err_t err = code == SQLITE_OK ? configure(db, mode) : db_error(db, code);
    int version = 0;
    err = err == ERR_OK ? read_version(db, &version) : err;
    if (err == ERR_OK && version > step_count) {
        snprintf(reterr_reason, 256,
                 tr("%.120s is of version %d, this program knows %d: use a newer program",
                    "%.120s 的版本为 %d，本程序只支持到 %d：请使用更新的程序"),
                 path, version, step_count);
        sqlite3_close(db);
        return ERR_INVALID;
    }
    if (err == ERR_OK && mode == DB_READER && version < step_count) {
        snprintf(reterr_reason, 256,
                 tr("%.120s is of version %d, this program expects %d: start the program that owns it (`run`) once",
                    "%.120s 的版本为 %d，本程序需要 %d：请先启动一次它所属的程序（`run`）"),
                 path, version, step_count);
        sqlite3_close(db);
        return ERR_INVALID;
    }
    bool done = mode == DB_READER || version == step_count;
    while (err == ERR_OK && !done) {
        err = migrate_one(db, steps, step_count, &done);
    }
    if (err != ERR_OK) {
        int cause = db ? sqlite3_system_errno(db) : ENOMEM;
        snprintf(reterr_reason, 256, tr("%.120s cannot be opened: %.100s", "%.120s 无法打开：%.100s"), path,
                 cause ? strerror(cause) : sqlite3_errmsg(db));
        sqlite3_close(db);
        return err;
    }
    if (mode == DB_WRITER) {
        db_fold_durably(db, NULL, NULL);
    }
    *ret_db = db;
    return ERR_OK;
}

void db_close(sqlite3 *db)
{
    if (!db) {
        return;
    }
    const sqlite3_io_methods *methods = file_of(db)->pMethods;
    bool is_ours = methods && methods->xFileControl == control_file;
    sqlite3_stmt *stmt = NULL;
    while ((stmt = sqlite3_next_stmt(db, NULL))) {
        sqlite3_finalize(stmt);
    }
    sqlite3_close(db);
    if (is_ours) {
        free((struct methods *)methods);
    }
}
