/* What is in the folder of the copies and no longer wanted, and what an older release left beside it. */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/blobs.h"
#include "agent/blobs_spool.h"
#include "agent/spool_db.h"
#include "common/log.h"
#include "common/text.h"

enum { DAY_S = 86400 };

static const int64_t day_ms = (int64_t)DAY_S * 1000;

/* By the file system's clock against ours: a clock that was set back keeps things longer, no more. */
static bool is_old(int folder, const char *name)
{
    struct stat info;
    return fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode) &&
           time(NULL) - info.st_mtim.tv_sec > DAY_S;
}

/* Calls ACT with every old name in the folder. */
static void for_each_old(const char *path, void (*act)(void *self, int folder, const char *name), void *self)
{
    DIR *folder = opendir(path);
    for (struct dirent *entry = NULL; folder && (entry = readdir(folder));) {
        if (is_old(dirfd(folder), entry->d_name)) {
            act(self, dirfd(folder), entry->d_name);
        }
    }
    if (folder) {
        closedir(folder);
    }
}

static bool read_name(const char *name, uint8_t ret_hash[BLOB_HASH_SIZE])
{
    return strlen(name) == (size_t)2 * BLOB_HASH_SIZE && hex_parse(name, ret_hash, BLOB_HASH_SIZE) == ERR_OK;
}

static void remove_half(void *self, int folder, const char *name)
{
    (void)self;
    uint8_t hash[BLOB_HASH_SIZE];
    if (!read_name(name, hash)) {
        unlinkat(folder, name, 0);
    }
}

void blobs_clean(const struct home *home)
{
    char path[PATH_SIZE];
    home_file(home, BLOBS_FOLDER, path);
    for_each_old(path, remove_half, NULL);
}

/* A record's text, which older releases wrote beside the spool while they filed it, and left where they were killed. */
static void remove_aside(void *self, int folder, const char *name)
{
    static const char aside[] = "filing-";
    (void)self;
    if (strncmp(name, aside, strlen(aside)) == 0) {
        unlinkat(folder, name, 0);
    }
}

/* Within a transaction, so that no record that names it is being stored meanwhile: see blobs_confirm(). */
static void remove_unnamed(void *self, int folder, const char *name)
{
    struct spool *spool = self;
    struct blob_note note;
    uint8_t hash[BLOB_HASH_SIZE];
    if (!read_name(name, hash) || spool_find_blob(spool, hash, &note) != ERR_NOT_FOUND ||
        spool_begin(spool) != ERR_OK) {
        return;
    }
    if (spool_find_blob(spool, hash, &note) == ERR_NOT_FOUND && is_old(folder, name)) {
        unlinkat(folder, name, 0);
        log_debug("blob-unnamed", "sha256=%.16s text=\"no record names it; removed\"", name);
    }
    spool_rollback(spool);
}

static void remove_done(const struct home *home, struct spool *spool, int64_t keep_days)
{
    struct blob_note note = {.row = 0};
    char path[PATH_SIZE];
    int64_t before = clock_ms() - keep_days * day_ms;
    uint64_t removed = 0;
    while (spool_old_blob(spool, note.row, before, &note) == ERR_OK) {
        blobs_path(home, note.hash, path);
        removed += unlink(path) == 0;
    }
    if (removed > 0) {
        log_info("blobs-dropped", "files=%" PRIu64 " days=%" PRId64, removed, keep_days);
    }
}

void blobs_sweep(const struct home *home, struct spool *spool, int64_t keep_days)
{
    char path[PATH_SIZE];
    home_file(home, BLOBS_FOLDER, path);
    blobs_clean(home);
    for_each_old(path, remove_unnamed, spool);
    for_each_old(home->path, remove_aside, NULL);
    if (keep_days > 0) {
        remove_done(home, spool, keep_days);
    }
}
