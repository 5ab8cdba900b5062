#include "hub/shelf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/db.h"
#include "common/mem.h"
#include "common/text.h"
#include "hub/part.h"

#define FOLDER  "attachments"
#define ROUNDED "(size + 4095) / 4096 * 4096"

/* Parties are named, not numbered: the numbers are the store's, and the two may come from different backups. */
static const char first_tables[] =
    "create table content(hash blob primary key, size int not null, media_type text not null, at int not null) without "
    "rowid;"
    "create table upload(party text not null, hash blob not null, at int not null, primary key(party, hash)) without "
    "rowid;"
    "create table part(number integer primary key, party text not null, hash blob not null, size int not null,"
    " media_type text not null, durable int not null, written_at int not null, unique(party, hash));";
static const char by_hash[] = "create index upload_hash on upload(hash);";
static const struct db_migration migrations[] = {{first_tables}, {by_hash}};
enum { MIGRATIONS = sizeof migrations / sizeof *migrations };

enum statement {
    FIND,
    USED_UPLOADS,
    USED_PARTS,
    GET_PART,
    PUT_PART,
    SET_PART,
    NOTE_PART,
    HAS_PART,
    HASH_OF_PART,
    DROP_PART,
    OLD_PART,
    PUT_CONTENT,
    PUT_UPLOAD,
    DROP_UPLOAD,
    DROP_CONTENT,
    HAS_CONTENT,
    EACH,
    STATEMENTS
};

static const char *const sql[STATEMENTS] = {
    [FIND] = "select c.size, c.media_type from upload u join content c on c.hash = u.hash where u.party = ? and u.hash "
             "= ?",
    [USED_UPLOADS] = "select coalesce(sum(" ROUNDED "), 0) from upload u join content c on c.hash = u.hash where "
                     "u.party = ? and u.hash <> ?",
    [USED_PARTS] = "select coalesce(sum(" ROUNDED "), 0), count(*) from part where party = ? and hash <> ?",
    [GET_PART] = "select number, size, durable from part where party = ? and hash = ?",
    [PUT_PART] = "insert into part(party, hash, size, media_type, durable, written_at) values(?,?,?,?,0,?)",
    [SET_PART] = "update part set size = ?3, media_type = ?4, durable = ?6, written_at = ?5 where party = ?1 and hash "
                 "= ?2",
    [NOTE_PART] = "update part set durable = ?2, written_at = ?3 where number = ?1",
    [HAS_PART] = "select 1 from part where number = ?",
    [HASH_OF_PART] = "select hash from part where number = ?",
    [DROP_PART] = "delete from part where number = ?",
    [OLD_PART] = "select number from part where written_at < ? limit 1",
    [PUT_CONTENT] = "insert into content(hash, size, media_type, at) values(?,?,?,?) on conflict do nothing",
    [PUT_UPLOAD] = "insert into upload(party, hash, at) values(?,?,?) on conflict do nothing",
    [DROP_UPLOAD] = "delete from upload where party = ?2 and hash = ?1",
    [DROP_CONTENT] = "delete from content where hash = ?1 and not exists (select 1 from upload where hash = ?1)",
    [HAS_CONTENT] = "select 1 from content where hash = ?1",
    [EACH] = "select u.party, u.hash, c.size, c.media_type, u.at, 0 as is_part, c.size from upload u join content c on "
             "c.hash = u.hash where ?1 is null or u.party = ?1 union all select party, hash, size, media_type, "
             "written_at, 1, durable from part where ?1 is null or party = ?1 order by 1, 6, 5",
};

struct shelf {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
    char folder[PATH_SIZE - 128];
    bool has_written; /* something may be in the write-ahead log */
};

static sqlite3_stmt *statement(struct shelf *shelf, enum statement which)
{
    if (!shelf->statements[which]) {
        shelf->statements[which] = db_prepare(shelf->db, sql[which]);
    }
    sqlite3_reset(shelf->statements[which]);
    return shelf->statements[which];
}

static struct view hash_view(const uint8_t hash[BLOB_HASH_SIZE])
{
    return (struct view){hash, BLOB_HASH_SIZE};
}

static err_t run(struct shelf *shelf, sqlite3_stmt *stmt)
{
    shelf->has_written = true;
    return db_run(stmt);
}

void shelf_content_path(const struct shelf *shelf, const uint8_t hash[BLOB_HASH_SIZE], char ret_path[PATH_SIZE])
{
    char name[2 * BLOB_HASH_SIZE + 1];
    hex_text(hash, BLOB_HASH_SIZE, name);
    snprintf(ret_path, PATH_SIZE, "%s/%s", shelf->folder, name);
}

void shelf_part_path(const struct shelf *shelf, int64_t number, char ret_path[PATH_SIZE])
{
    snprintf(ret_path, PATH_SIZE, "%s/parts/%" PRId64, shelf->folder, number);
}

uint64_t shelf_room(const struct shelf *shelf)
{
    struct statvfs disk;
    return statvfs(shelf->folder, &disk) == 0 ? (uint64_t)disk.f_bavail * disk.f_frsize : UINT64_MAX;
}

/* A file of a part without a row is what a crash left. */
static void remove_orphans(struct shelf *shelf)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/parts", shelf->folder);
    DIR *folder = opendir(path);
    struct dirent *entry = NULL;
    while (folder && (entry = readdir(folder))) {
        char *end = NULL;
        int64_t number = strtoll(entry->d_name, &end, 10);
        if (number <= 0 || *end) {
            continue;
        }
        sqlite3_stmt *has = statement(shelf, HAS_PART);
        sqlite3_bind_int64(has, 1, number);
        if (db_step(has) == ERR_NOT_FOUND) {
            shelf_part_path(shelf, number, path);
            unlink(path);
        }
        sqlite3_reset(has);
    }
    if (folder) {
        closedir(folder);
    }
}

static err_t make_folders(const struct shelf *shelf, char reterr_reason[256])
{
    char parts[PATH_SIZE];
    snprintf(parts, sizeof parts, "%s/parts", shelf->folder);
    const char *const folders[] = {shelf->folder, parts};
    for (int i = 0; i < 2; i++) {
        if (mkdir(folders[i], 0700) != 0 && errno != EEXIST) {
            int code = errno;
            snprintf(reterr_reason, 256, tr("cannot create the folder %.150s: %s", "无法创建文件夹 %.150s：%s"),
                     folders[i], strerror(code));
            return code == ENOSPC ? ERR_FULL : ERR_IO;
        }
    }
    return ERR_OK;
}

err_t shelf_open(const struct home *home, bool is_writer, struct shelf **ret_shelf, char reterr_reason[256])
{
    char path[PATH_SIZE];
    struct shelf *shelf = mem_alloc(sizeof *shelf);
    snprintf(shelf->folder, sizeof shelf->folder, "%.3960s/" FOLDER, home->path);
    snprintf(path, sizeof path, "%s/registry.db", shelf->folder);
    err_t err = is_writer ? make_folders(shelf, reterr_reason) : ERR_OK;
    if (!is_writer && access(path, F_OK) != 0 && errno == ENOENT) {
        snprintf(reterr_reason, 256, tr("no attachments are kept here yet", "此处尚无附件"));
        err = ERR_NOT_FOUND;
    }
    if (err == ERR_OK) {
        err = db_open(path, is_writer ? DB_WRITER : DB_READER, migrations, MIGRATIONS, &shelf->db, reterr_reason);
    }
    if (err != ERR_OK) {
        shelf_close(shelf);
        return err;
    }
    if (is_writer) {
        shelf->has_written = true; /* by the one that was here before */
        remove_orphans(shelf);
    }
    *ret_shelf = shelf;
    return ERR_OK;
}

void shelf_close(struct shelf *shelf)
{
    if (shelf) {
        db_close(shelf->db);
        free(shelf);
    }
}

err_t shelf_find(struct shelf *shelf, const char *party, const uint8_t hash[BLOB_HASH_SIZE],
                 struct shelf_item *ret_item)
{
    sqlite3_stmt *find = statement(shelf, FIND);
    db_bind_str(find, 1, party);
    db_bind_view(find, 2, hash_view(hash));
    err_t err = db_step(find);
    if (err == ERR_OK) {
        memcpy(ret_item->hash, hash, BLOB_HASH_SIZE);
        ret_item->size = (uint64_t)sqlite3_column_int64(find, 0);
        snprintf(ret_item->media_type, MEDIA_TYPE_SIZE, "%s", db_column_str(find, 1));
    }
    sqlite3_reset(find);
    return err;
}

err_t shelf_used(struct shelf *shelf, const char *party, const uint8_t hash[BLOB_HASH_SIZE], uint64_t *ret_bytes,
                 uint64_t *ret_parts)
{
    static const enum statement order[] = {USED_UPLOADS, USED_PARTS};
    err_t err = ERR_OK;
    *ret_bytes = 0;
    for (int i = 0; i < 2 && err == ERR_OK; i++) {
        sqlite3_stmt *used = statement(shelf, order[i]);
        db_bind_str(used, 1, party);
        db_bind_view(used, 2, hash_view(hash));
        err = db_step(used);
        if (err == ERR_OK) {
            *ret_bytes += (uint64_t)sqlite3_column_int64(used, 0);
            *ret_parts = order[i] == USED_PARTS ? (uint64_t)sqlite3_column_int64(used, 1) : 0;
        }
        sqlite3_reset(used);
    }
    return err;
}

static err_t get_part(struct shelf *shelf, const char *party, const struct shelf_item *item,
                      struct shelf_part *ret_part, uint64_t *ret_size)
{
    sqlite3_stmt *get = statement(shelf, GET_PART);
    db_bind_str(get, 1, party);
    db_bind_view(get, 2, hash_view(item->hash));
    err_t err = db_step(get);
    if (err == ERR_OK) {
        *ret_part = (struct shelf_part){
            .number = sqlite3_column_int64(get, 0), .item = *item, .durable = (uint64_t)sqlite3_column_int64(get, 2)};
        *ret_size = (uint64_t)sqlite3_column_int64(get, 1);
    }
    sqlite3_reset(get);
    return err;
}

err_t shelf_begin(struct shelf *shelf, const char *party, const struct shelf_item *item, int64_t now_ms,
                  struct shelf_part *ret_part)
{
    uint64_t size = 0;
    err_t err = get_part(shelf, party, item, ret_part, &size);
    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        return err;
    }
    bool is_new = err == ERR_NOT_FOUND;
    sqlite3_stmt *put = statement(shelf, is_new ? PUT_PART : SET_PART);
    db_bind_str(put, 1, party);
    db_bind_view(put, 2, hash_view(item->hash));
    sqlite3_bind_int64(put, 3, (int64_t)item->size);
    db_bind_str(put, 4, item->media_type);
    sqlite3_bind_int64(put, 5, now_ms);
    if (is_new) {
        err = run(shelf, put);
        *ret_part = (struct shelf_part){.number = sqlite3_last_insert_rowid(shelf->db), .item = *item};
    } else {
        ret_part->durable = size == item->size ? ret_part->durable : 0;
        sqlite3_bind_int64(put, 6, (int64_t)ret_part->durable);
        err = run(shelf, put);
    }
    return err;
}

err_t shelf_note(struct shelf *shelf, int64_t number, uint64_t durable, int64_t now_ms)
{
    sqlite3_stmt *note = statement(shelf, NOTE_PART);
    sqlite3_bind_int64(note, 1, number);
    sqlite3_bind_int64(note, 2, (int64_t)durable);
    sqlite3_bind_int64(note, 3, now_ms);
    return run(shelf, note);
}

static err_t sync_folder(const struct shelf *shelf)
{
    int fd = open(shelf->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    err_t err = fd >= 0 && fsync(fd) == 0 ? ERR_OK : ERR_IO;
    if (fd >= 0) {
        close(fd);
    }
    return err;
}

/* A content that nobody has goes, durably. */
static err_t remove_unowned(struct shelf *shelf, const uint8_t hash[BLOB_HASH_SIZE])
{
    char path[PATH_SIZE];
    sqlite3_stmt *has = statement(shelf, HAS_CONTENT);
    db_bind_view(has, 1, hash_view(hash));
    err_t err = db_step(has);
    sqlite3_reset(has);
    if (err != ERR_NOT_FOUND) {
        return err;
    }
    shelf_content_path(shelf, hash, path);
    return unlink(path) == 0 || errno == ENOENT ? sync_folder(shelf) : ERR_IO;
}

/* A part may have its content's name already, and the registry know nothing of that. That name goes first, while the
 * row speaks of it; then the row: a file without a row means nothing, a row without a file would be taken for an empty
 * part. */
err_t shelf_drop(struct shelf *shelf, int64_t number)
{
    char path[PATH_SIZE];
    uint8_t hash[BLOB_HASH_SIZE];
    sqlite3_stmt *get = statement(shelf, HASH_OF_PART);
    sqlite3_bind_int64(get, 1, number);
    err_t err = db_step(get);
    bool is_known = err == ERR_OK && db_column_copy(get, 0, hash, sizeof hash);
    sqlite3_reset(get);
    if (err != ERR_OK) {
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    err = is_known ? remove_unowned(shelf, hash) : ERR_OK;
    sqlite3_stmt *drop = statement(shelf, DROP_PART);
    sqlite3_bind_int64(drop, 1, number);
    err = err == ERR_OK ? run(shelf, drop) : err;
    if (err == ERR_OK) {
        shelf_part_path(shelf, number, path);
        unlink(path);
    }
    return err;
}

err_t shelf_purge(struct shelf *shelf, int64_t before_ms, uint64_t *ret_count)
{
    *ret_count = 0;
    for (;;) {
        sqlite3_stmt *old = statement(shelf, OLD_PART);
        sqlite3_bind_int64(old, 1, before_ms);
        err_t err = db_step(old);
        int64_t number = err == ERR_OK ? sqlite3_column_int64(old, 0) : 0;
        sqlite3_reset(old);
        err = err == ERR_OK ? shelf_drop(shelf, number) : err;
        if (err != ERR_OK) {
            return err == ERR_NOT_FOUND ? ERR_OK : err;
        }
        ++*ret_count;
    }
}

/* Gives the part's file the content's name beside its own, so that until the registry knows of it nothing is lost. A
 * content that is there already and has been damaged since is replaced. */
static err_t name_content(struct shelf *shelf, const struct shelf_part *part)
{
    char from[PATH_SIZE];
    char to[PATH_SIZE];
    shelf_part_path(shelf, part->number, from);
    shelf_content_path(shelf, part->item.hash, to);
    bool is_named = link(from, to) == 0;
    if (!is_named && errno == EEXIST) {
        is_named = part_has_hash(to, part->item.hash) == ERR_OK || rename(from, to) == 0;
    }
    if (!is_named) {
        return errno == ENOSPC || errno == EDQUOT ? ERR_FULL : ERR_IO;
    }
    return sync_folder(shelf);
}

static err_t put_kept(struct shelf *shelf, const char *party, const struct shelf_part *part, int64_t now_ms)
{
    err_t err = db_exec(shelf->db, "begin immediate");
    if (err != ERR_OK) {
        return err;
    }
    sqlite3_stmt *content = statement(shelf, PUT_CONTENT);
    db_bind_view(content, 1, hash_view(part->item.hash));
    sqlite3_bind_int64(content, 2, (int64_t)part->item.size);
    db_bind_str(content, 3, part->item.media_type);
    sqlite3_bind_int64(content, 4, now_ms);
    err = run(shelf, content);
    sqlite3_stmt *upload = statement(shelf, PUT_UPLOAD);
    db_bind_str(upload, 1, party);
    db_bind_view(upload, 2, hash_view(part->item.hash));
    sqlite3_bind_int64(upload, 3, now_ms);
    err = err == ERR_OK ? run(shelf, upload) : err;
    sqlite3_stmt *drop = statement(shelf, DROP_PART);
    sqlite3_bind_int64(drop, 1, part->number);
    err = err == ERR_OK ? run(shelf, drop) : err;
    err = err == ERR_OK ? db_exec(shelf->db, "commit") : err;
    if (err != ERR_OK) {
        sqlite3_exec(shelf->db, "rollback", NULL, NULL, NULL);
    }
    return err;
}

err_t shelf_keep(struct shelf *shelf, const char *party, const struct shelf_part *part, int64_t now_ms)
{
    char path[PATH_SIZE];
    err_t err = name_content(shelf, part);
    err = err == ERR_OK ? put_kept(shelf, party, part, now_ms) : err;
    if (err == ERR_OK) {
        shelf_part_path(shelf, part->number, path);
        unlink(path);
    }
    return err;
}

static err_t drop_rows(struct shelf *shelf, const char *party, const uint8_t hash[BLOB_HASH_SIZE])
{
    static const enum statement order[] = {DROP_UPLOAD, DROP_CONTENT};
    err_t err = db_exec(shelf->db, "begin immediate");
    if (err != ERR_OK) {
        return err;
    }
    for (int i = 0; i < 2 && err == ERR_OK; i++) {
        sqlite3_stmt *drop = statement(shelf, order[i]);
        db_bind_view(drop, 1, hash_view(hash));
        if (order[i] == DROP_UPLOAD) {
            db_bind_str(drop, 2, party);
        }
        err = run(shelf, drop);
    }
    err = err == ERR_OK ? db_exec(shelf->db, "commit") : err;
    if (err != ERR_OK) {
        sqlite3_exec(shelf->db, "rollback", NULL, NULL, NULL);
    }
    return err;
}

/* The rows go first: they must never speak of a file that is not there. */
err_t shelf_remove(struct shelf *shelf, const char *party, const uint8_t hash[BLOB_HASH_SIZE])
{
    err_t err = drop_rows(shelf, party, hash);
    return err == ERR_OK ? remove_unowned(shelf, hash) : err;
}

err_t shelf_each(struct shelf *shelf, const char *party, void (*each)(void *self, const struct shelf_row *row),
                 void *self)
{
    sqlite3_stmt *rows = statement(shelf, EACH);
    db_bind_str(rows, 1, party);
    err_t err = ERR_OK;
    while ((err = db_step(rows)) == ERR_OK) {
        struct shelf_row row = {.party = db_column_str(rows, 0),
                                .at = sqlite3_column_int64(rows, 4),
                                .is_part = sqlite3_column_int(rows, 5) != 0,
                                .durable = (uint64_t)sqlite3_column_int64(rows, 6)};
        struct view hash = db_column_view(rows, 1);
        if (hash.size == BLOB_HASH_SIZE) {
            memcpy(row.item.hash, hash.at, BLOB_HASH_SIZE);
        }
        row.item.size = (uint64_t)sqlite3_column_int64(rows, 2);
        snprintf(row.item.media_type, MEDIA_TYPE_SIZE, "%s", db_column_str(rows, 3));
        each(self, &row);
    }
    sqlite3_reset(rows);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

void shelf_fold(struct shelf *shelf)
{
    if (shelf->has_written) {
        shelf->has_written = false;
        db_checkpoint(shelf->db, false); /* a listing that is read slowly must not hold the actor */
    }
}
