/* What must not happen twice, and what a program has read. */
#include <stdio.h>
#include <string.h>

#include "agent/spool_db.h"
#include "common/mem.h"

err_t spool_find_key(struct spool *spool, const char *key, struct filed_key *ret_filed, uint8_t **ret_bytes)
{
    sqlite3_stmt *stmt = spool->find_key;
    memset(ret_filed, 0, sizeof *ret_filed);
    *ret_bytes = NULL;
    db_bind_str(stmt, 1, key);
    err_t err = db_step(stmt);
    if (err == ERR_OK) {
        struct view digest = db_column_view(stmt, 0);
        struct view text = db_column_view(stmt, 5);
        memcpy(ret_filed->digest, digest.at, digest.size < DIGEST_SIZE ? digest.size : DIGEST_SIZE);
        ret_filed->at = sqlite3_column_int64(stmt, 1);
        ret_filed->first_seq = (uint64_t)sqlite3_column_int64(stmt, 2);
        ret_filed->count = (uint64_t)sqlite3_column_int64(stmt, 3);
        ret_filed->status = sqlite3_column_int(stmt, 4);
        *ret_bytes = (uint8_t *)mem_copy(text.at, text.size);
        ret_filed->text = (struct view){*ret_bytes, text.size};
    }
    sqlite3_reset(stmt);
    return err;
}

err_t spool_add_key(struct spool *spool, const char *key, const struct filed_key *filed)
{
    sqlite3_stmt *stmt = spool->add_key;
    db_bind_str(stmt, 1, key);
    db_bind_view(stmt, 2, (struct view){filed->digest, DIGEST_SIZE});
    sqlite3_bind_int64(stmt, 3, filed->at);
    sqlite3_bind_int64(stmt, 4, (sqlite3_int64)filed->first_seq);
    sqlite3_bind_int64(stmt, 5, (sqlite3_int64)filed->count);
    sqlite3_bind_int(stmt, 6, filed->status);
    db_bind_view(stmt, 7, filed->text);
    return db_run(stmt);
}

err_t spool_find_file(struct spool *spool, const uint8_t hash[DIGEST_SIZE], struct taken_file *ret_file)
{
    sqlite3_stmt *stmt = spool->find_file;
    memset(ret_file, 0, sizeof *ret_file);
    db_bind_view(stmt, 1, (struct view){hash, DIGEST_SIZE});
    err_t err = db_step(stmt);
    if (err == ERR_OK) {
        snprintf(ret_file->name, sizeof ret_file->name, "%s", db_column_str(stmt, 0));
        ret_file->at = sqlite3_column_int64(stmt, 1);
        ret_file->first_seq = (uint64_t)sqlite3_column_int64(stmt, 2);
        ret_file->count = (uint64_t)sqlite3_column_int64(stmt, 3);
    }
    sqlite3_reset(stmt);
    return err;
}

err_t spool_add_file(struct spool *spool, const uint8_t hash[DIGEST_SIZE], const struct taken_file *file)
{
    sqlite3_stmt *stmt = spool->add_file;
    db_bind_view(stmt, 1, (struct view){hash, DIGEST_SIZE});
    db_bind_str(stmt, 2, file->name);
    sqlite3_bind_int64(stmt, 3, file->at);
    sqlite3_bind_int64(stmt, 4, (sqlite3_int64)file->first_seq);
    sqlite3_bind_int64(stmt, 5, (sqlite3_int64)file->count);
    return db_run(stmt);
}

err_t spool_read_at(struct spool *spool, int64_t row, int64_t *ret_at)
{
    *ret_at = 0;
    sqlite3_bind_int64(spool->find_read, 1, row);
    err_t err = db_step(spool->find_read);
    if (err == ERR_OK) {
        *ret_at = sqlite3_column_int64(spool->find_read, 0);
    }
    sqlite3_reset(spool->find_read);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

err_t spool_mark_read(struct spool *spool, int64_t row, int64_t at)
{
    sqlite3_bind_int64(spool->add_read, 1, row);
    sqlite3_bind_int64(spool->add_read, 2, at);
    err_t err = db_run(spool->add_read);
    return err == ERR_EXISTS ? ERR_NOT_FOUND : err; /* the foreign key */
}
