/* sync_file_range() is Linux alone. */
#define _GNU_SOURCE /* NOLINT(bugprone-reserved-identifier) */
#include "hub/store_fold.h"

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/db.h"
#include "common/log.h"
#include "common/mem.h"

struct fold {
    sqlite3 *guard, *hand;
    int file; /* the database: closed with the process, since closing it would drop SQLite's locks */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    enum { FOLD_IDLE, FOLD_ASKED, FOLD_RUNNING, FOLD_ENDED, FOLD_STOPPED } state;
    bool is_last; /* of the pass: the writer waits for it */
    int left;
};

enum { CHUNK = 1 << 20, FOLD_NICE = 10 };

/* Bit by bit, so that a commit's own write never waits behind more than a bit of this. */
static bool write_out(void *self)
{
    const struct fold *fold = self;
    struct stat stat;
    bool is_out = fstat(fold->file, &stat) == 0;
    for (off_t at = 0; is_out && !fold->is_last && at < stat.st_size; at += CHUNK) {
        is_out = sync_file_range(fold->file, at, CHUNK, SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER) == 0;
    }
    return is_out;
}

static int pass(struct fold *fold, bool is_last)
{
    int pages = 0;
    int folded = 0;
    fold->is_last = is_last;
    int code = sqlite3_exec(fold->guard, "begin; select count(*) from meta", NULL, NULL, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_wal_checkpoint_v2(fold->hand, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &folded);
    }
    sqlite3_exec(fold->guard, "commit", NULL, NULL, NULL);
    if (code != SQLITE_OK && code != SQLITE_BUSY) {
        log_warn("fold-failed", "code=%d reason=\"%s\"", code, sqlite3_errmsg(fold->hand));
        return -1;
    }
    return code == SQLITE_BUSY || folded > pages ? pages : pages - folded;
}

static void *run(void *arg)
{
    struct fold *fold = arg;
    /* Of this thread alone, as Linux takes it: commits go first. */
    setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + FOLD_NICE);
    pthread_mutex_lock(&fold->lock);
    while (fold->state != FOLD_STOPPED) {
        if (fold->state != FOLD_ASKED) {
            pthread_cond_wait(&fold->changed, &fold->lock);
            continue;
        }
        fold->state = FOLD_RUNNING;
        pthread_mutex_unlock(&fold->lock);
        int left = pass(fold, false);
        pthread_mutex_lock(&fold->lock);
        fold->left = left;
        fold->state = FOLD_ENDED;
        pthread_cond_broadcast(&fold->changed);
    }
    pthread_mutex_unlock(&fold->lock);
    return NULL;
}

static sqlite3 *open_handle(const char *path)
{
    sqlite3 *db = NULL;
    int code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK) {
        sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        code = sqlite3_exec(db, "pragma wal_autocheckpoint=0; pragma synchronous=full", NULL, NULL, NULL);
    }
    if (code != SQLITE_OK) {
        sqlite3_close(db);
        return NULL;
    }
    return db;
}

struct fold *fold_open(const char *path)
{
    struct fold *fold = mem_alloc(sizeof *fold);
    fold->guard = open_handle(path);
    fold->hand = open_handle(path);
    if (fold->hand) {
        db_grow_by_chunks(fold->hand);
        db_fold_durably(fold->hand, write_out, fold);
    }
    pthread_mutex_init(&fold->lock, NULL);
    pthread_cond_init(&fold->changed, NULL);
    if (!fold->guard || !fold->hand || pthread_create(&fold->thread, NULL, run, fold) != 0) {
        db_close(fold->guard);
        db_close(fold->hand);
        free(fold);
        return NULL;
    }
    fold->file = open(path, O_RDWR | O_CLOEXEC); /* last: once it is open it stays */
    if (fold->file < 0) {
        fold_close(fold);
        return NULL;
    }
    return fold;
}

void fold_close(struct fold *fold)
{
    if (!fold) {
        return;
    }
    pthread_mutex_lock(&fold->lock);
    while (fold->state == FOLD_ASKED || fold->state == FOLD_RUNNING) {
        pthread_cond_wait(&fold->changed, &fold->lock);
    }
    fold->state = FOLD_STOPPED;
    pthread_cond_broadcast(&fold->changed);
    pthread_mutex_unlock(&fold->lock);
    pthread_join(fold->thread, NULL);
    pthread_cond_destroy(&fold->changed);
    pthread_mutex_destroy(&fold->lock);
    db_close(fold->guard);
    db_close(fold->hand);
    free(fold);
}

bool fold_is_running(struct fold *fold)
{
    pthread_mutex_lock(&fold->lock);
    bool is_running = fold->state == FOLD_ASKED || fold->state == FOLD_RUNNING;
    pthread_mutex_unlock(&fold->lock);
    return is_running;
}

void fold_begin(struct fold *fold)
{
    pthread_mutex_lock(&fold->lock);
    fold->state = FOLD_ASKED;
    pthread_cond_broadcast(&fold->changed);
    pthread_mutex_unlock(&fold->lock);
}

int fold_end(struct fold *fold)
{
    pthread_mutex_lock(&fold->lock);
    while (fold->state == FOLD_ASKED || fold->state == FOLD_RUNNING) {
        pthread_cond_wait(&fold->changed, &fold->lock);
    }
    fold->state = FOLD_IDLE;
    int left = fold->left;
    pthread_mutex_unlock(&fold->lock);
    return left;
}

int fold_last(struct fold *fold)
{
    return pass(fold, true);
}
