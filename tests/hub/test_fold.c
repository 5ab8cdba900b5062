/* A disk that fails while the log is folded in: the kernel says so once, then counts the pages as written though they
 * never will be. Nothing that was committed may be lost by that, whoever else has the store open meanwhile. */
#define _GNU_SOURCE /* NOLINT(bugprone-reserved-identifier): sync_file_range() */
#include "tests/hub/hub_sample.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "hub/store_sqlite.h"

enum { RECORDS = 40 };

static enum failure { FAILS_NOT, FAILS_RANGE, FAILS_SYNC } armed;

/* Once, and of the database alone. */
static bool fails(enum failure failure, int fd)
{
    char link[40];
    char path[PATH_SIZE] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (armed != failure || readlink(link, path, sizeof path - 1) < 0 || !strstr(path, "/store.db") ||
        strstr(path, "-wal")) {
        return false;
    }
    armed = FAILS_NOT;
    errno = EIO;
    return true;
}

/* These stand in for libc's, in SQLite too. */
int sync_file_range(int fd, off_t offset, off_t count, unsigned flags)
{
    return fails(FAILS_RANGE, fd) ? -1 : (int)syscall(SYS_sync_file_range, fd, offset, count, flags);
}

int fdatasync(int fildes)
{
    return fails(FAILS_SYNC, fildes) ? -1 : (int)syscall(SYS_fdatasync, fildes);
}

int fsync(int fd)
{
    return fails(FAILS_SYNC, fd) ? -1 : (int)syscall(SYS_fsync, fd);
}

static bool no_threads;

/* NOLINTNEXTLINE(bugprone-reserved-identifier): the linker's name */
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg)
{
    return no_threads ? EAGAIN : __real_pthread_create(thread, attr, start, arg);
}

static void put_record(struct bench *bench, uint8_t n, enum outcome outcome)
{
    char patch[40];
    snprintf(patch, sizeof patch, "{\"activity_no\": \"%u\"}", n);
    assert_outcome(bench_put(bench, sample_review, patch, n), outcome, n);
}

static void fold_beside(struct store *store)
{
    do {
        store_fold(store, 0);
        usleep(1000);
    } while (store->is_folding);
}

struct plot {
    enum failure failure;
    void (*fold)(struct store *store);
};

static void write_and_fail(struct bench *bench, const struct plot *plot)
{
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    bench_reopen(bench);
    for (int n = 1; n < RECORDS; n++) {
        put_record(bench, (uint8_t)n, OUTCOME_STORED);
    }
    armed = plot->failure;
    plot->fold(bench->store);
}

static void go_on(struct bench *bench, const struct plot *plot)
{
    (void)plot;
    bench_reopen(bench);
    put_record(bench, RECORDS, OUTCOME_STORED);
    fold_beside(bench->store);
    store_close(bench->store);
}

/* In a process of its own, which alone has the store open: how it ended. */
static int run(struct bench *bench, const struct plot *plot, void (*act)(struct bench *, const struct plot *))
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        act(bench, plot);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* Somebody who reads, as agn-hub query does: while he is there, the shared memory outlives the writer. */
static pid_t keep_open(const char *path)
{
    int pipes[2];
    char byte = 0;
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        sqlite3 *db = NULL;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        bool is_read = sqlite3_open(path, &db) == SQLITE_OK &&
                       sqlite3_exec(db, "select count(*) from record", NULL, NULL, NULL) == SQLITE_OK;
        _exit(is_read && write(pipes[1], "r", 1) == 1 && pause() ? 0 : 1);
    }
    close(pipes[1]);
    assert_int_equal(read(pipes[0], &byte, 1), 1);
    close(pipes[0]);
    return child;
}

static void copy(const char *from, const char *to)
{
    char command[2 * PATH_SIZE + 16];
    snprintf(command, sizeof command, "cp '%s' '%s'", from, to);
    assert_int_equal(system(command), 0);
}

static void end_child(pid_t child)
{
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void assert_nothing_is_lost(struct bench *bench, const struct plot *plot)
{
    char path[PATH_SIZE];
    char before[PATH_SIZE];
    home_file(&bench->home, "store.db", path);
    home_file(&bench->home, "before", before);
    store_close(bench->store);
    bench->store = NULL;
    copy(path, before);
    pid_t reader = keep_open(path);
    int status = run(bench, plot, write_and_fail);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    copy(before, path); /* what the disk holds when the kernel has let go of the pages */
    assert_int_equal(run(bench, plot, go_on), 0);
    end_child(reader);
    bench_reopen(bench);
    for (int n = 1; n <= RECORDS; n++) {
        put_record(bench, (uint8_t)n, OUTCOME_DUPLICATE);
    }
}

static void test_writing_out_fails(void **state)
{
    assert_nothing_is_lost(*state, &(const struct plot){FAILS_RANGE, fold_beside});
}

static void test_the_sync_fails(void **state)
{
    assert_nothing_is_lost(*state, &(const struct plot){FAILS_SYNC, fold_beside});
}

static void test_the_sync_of_the_writers_own_fold_fails(void **state)
{
    assert_nothing_is_lost(*state, &(const struct plot){FAILS_SYNC, store_truncate_log});
}

static int open_files(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    while (readdir(folder)) {
        count++;
    }
    closedir(folder);
    return count;
}

static void test_what_cannot_be_begun_leaves_nothing_open(void **state)
{
    enum { GROUPS = 20 };
    struct bench *bench = *state;
    put_record(bench, 1, OUTCOME_STORED);
    no_threads = true;
    store_fold(bench->store, 0);
    int before = open_files();
    for (int n = 2; n <= GROUPS; n++) {
        put_record(bench, (uint8_t)n, OUTCOME_STORED);
        store_fold(bench->store, 0);
    }
    no_threads = false;
    assert_int_equal(open_files(), before);
    assert_null(bench->store->fold);
    bench->store->fold_above = 0; /* the log has grown */
    fold_beside(bench->store);
    assert_int_equal(bench->store->wal_pages, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_writing_out_fails, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_the_sync_fails, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_the_sync_of_the_writers_own_fold_fails, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_what_cannot_be_begun_leaves_nothing_open, bench_setup, bench_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
