/* common/db.h - SQLite, wrapped once.
 *
 * Results are err_t: ERR_FULL for a full disk, ERR_BUSY for a lock that did not come free, ERR_EXISTS for a constraint,
 * ERR_IO for the rest. Statements are prepared once and belong to whoever prepared them. SQLite before 3.51.3 can
 * corrupt a WAL when two connections checkpoint at once, so in WAL mode exactly one process writes and it alone
 * checkpoints (DB_WRITER); the agent's spool, which several processes write, uses a rollback journal (DB_SHARED). */
#ifndef COMMON_DB_H
#define COMMON_DB_H

#include <sqlite3.h>
#include <stdbool.h>

#include "proto/err.h"
#include "proto/reader.h"

enum db_mode {
    DB_WRITER, /* WAL, synchronous=FULL; the only writer; checkpoints by db_checkpoint() */
    DB_READER, /* read only; never checkpoints, not even on close */
    DB_SHARED, /* rollback journal (TRUNCATE), synchronous=FULL; several processes take turns */
};

/* One step of the schema; step i brings version i to i + 1. */
struct db_migration {
    const char *sql;
};

/* Opens and, unless DB_READER, migrates forward in one transaction each. ERR_INVALID when the file is of a newer
 * version than the program; the reason goes to reterr_reason. *ret_db is NULL on failure. */
MUST_CHECK err_t db_open(const char *path, enum db_mode mode, const struct db_migration *steps, int step_count,
                         sqlite3 **ret_db, char reterr_reason[256]);
/* Takes NULL. */
void db_close(sqlite3 *db);

MUST_CHECK err_t db_exec(sqlite3 *db, const char *sql);
/* The SQL is ours, so it must prepare: aborts otherwise. */
sqlite3_stmt *db_prepare(sqlite3 *db, const char *sql);
/* ERR_OK: a row is there. ERR_NOT_FOUND: done. The caller resets. */
MUST_CHECK err_t db_step(sqlite3_stmt *stmt);
/* Steps once and resets: for statements without rows. */
MUST_CHECK err_t db_run(sqlite3_stmt *stmt);

void db_bind_view(sqlite3_stmt *stmt, int index, struct view bytes); /* as blob; borrowed until reset */
void db_bind_str(sqlite3_stmt *stmt, int index, const char *text);   /* copied; NULL binds NULL */
struct view db_column_view(sqlite3_stmt *stmt, int index);
/* False, and zeros: other than SIZE bytes stand there. */
bool db_column_copy(sqlite3_stmt *stmt, int index, void *ret_bytes, size_t size);
/* Never NULL: "" for SQL NULL. */
const char *db_column_str(sqlite3_stmt *stmt, int index);

MUST_CHECK err_t db_error(sqlite3 *db, int code);
/* Copies the WAL into the database as far as readers allow and, when all was copied, truncates it. */
void db_checkpoint(sqlite3 *db, bool truncate);

/* The same without waiting for anybody. False: the log could not be emptied now. */
bool db_empty_log(sqlite3 *db);
/* For each connection that folds a log in, done for a DB_WRITER: what it has copied is on the disk before SQLite counts
 * it as copied, in whole or in part. WRITE_OUT, where there is one, begins with that and returns false when it fails.
 * A failure ends the process, by abort(): the kernel reports it once, after which the pages count as written, and only
 * who starts from the log again copies them again. */
void db_fold_durably(sqlite3 *db, bool (*write_out)(void *self), void *self);
/* Likewise, for each: the database grows by whole chunks, so that a disk that has run full has
 * room to fold into. */
void db_grow_by_chunks(sqlite3 *db);

#endif
