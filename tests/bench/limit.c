/* bench-limit: what SQLite alone makes durable on this disk, with the settings of the hub's store.
 *
 * The same 1 KiB records in three layouts, each at several sizes of commit. Whatever the hub does beside storing is
 * measured against the best of these. */
#include <fcntl.h>
#include <getopt.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#include "common/text.h"
#include "tests/bench/measure.h"

enum { RECORD_BYTES = 1024, GROUP = 64, ENTITIES = 64, ID_BYTES = 16, PATH_BYTES = 4096 };

/* `group` takes 64 records' bytes as one row; NULL where each record's row holds its own. */
struct layout {
    const char *name;
    const char *schema;
    const char *group;
    const char *record;
};

static const struct layout layouts[] = {
    {"rows",
     "create table record(number integer primary key, entity int, id blob, kind int, at int, payload blob);"
     "create unique index record_id on record(entity, id);",
     NULL, "insert into record(number, entity, id, kind, at, payload) values(?1, ?2, ?3, 1, ?4, ?5)"},
    {"groups",
     "create table batch(id integer primary key, entity int, bytes blob, signature blob);"
     "create table record(number integer primary key, entity int, id blob, kind int, at int, batch int, place int);"
     "create unique index record_id on record(entity, id);",
     "insert into batch(id, entity, bytes, signature) values(?1, ?2, ?3, ?4)",
     "insert into record(number, entity, id, kind, at, batch, place) values(?1, ?2, ?3, 1, ?4, ?5, ?6)"},
    {"groups_without_rowid",
     "create table batch(id integer primary key, entity int, bytes blob, signature blob);"
     "create table record(number int, entity int, id blob, kind int, at int, batch int, place int,"
     " primary key(entity, id)) without rowid;",
     "insert into batch(id, entity, bytes, signature) values(?1, ?2, ?3, ?4)",
     "insert into record(number, entity, id, kind, at, batch, place) values(?1, ?2, ?3, 1, ?4, ?5, ?6)"},
};

static const int commit_sizes[] = {1, 64, 256, 1024, 4096};

static const char pragmas[] = "pragma page_size=8192; pragma journal_mode=wal; pragma synchronous=full;"
                              "pragma wal_autocheckpoint=8000; pragma cache_size=-65536;";

static unsigned char payload[GROUP * RECORD_BYTES];

struct trial {
    sqlite3 *db;
    sqlite3_stmt *group, *record;
    int64_t number;
};

static void must(sqlite3 *db, int code)
{
    if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) {
        fail("SQLite: %s", sqlite3_errmsg(db));
    }
}

static void run_sql(sqlite3 *db, const char *sql)
{
    must(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
}

static void run_statement(sqlite3 *db, sqlite3_stmt *stmt)
{
    must(db, sqlite3_step(stmt));
    must(db, sqlite3_reset(stmt));
}

static uint64_t next_random(void)
{
    static uint64_t state = UINT64_C(0x9e3779b97f4a7c15);
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* Rises with time and ends at random, as a UUIDv7 does: what the index sees depends on it. */
static void make_id(int64_t number, unsigned char ret_id[ID_BYTES])
{
    uint64_t ms = UINT64_C(1700000000000) + (uint64_t)number / 50;
    uint64_t tail[2] = {next_random(), next_random()};
    memcpy(ret_id, tail, ID_BYTES);
    for (int i = 0; i < 6; i++) {
        ret_id[i] = (unsigned char)(ms >> (40 - 8 * i));
    }
}

static void remove_files(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char name[PATH_BYTES + 8];
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
}

static void put_group(struct trial *trial, int count)
{
    sqlite3_bind_int64(trial->group, 1, trial->number / GROUP + 1);
    sqlite3_bind_int64(trial->group, 2, trial->number / GROUP % ENTITIES);
    sqlite3_bind_blob(trial->group, 3, payload, count * RECORD_BYTES, SQLITE_STATIC);
    sqlite3_bind_blob(trial->group, 4, payload, 64, SQLITE_STATIC);
    run_statement(trial->db, trial->group);
}

static void put_record(struct trial *trial)
{
    unsigned char id[ID_BYTES];
    make_id(trial->number, id);
    sqlite3_bind_int64(trial->record, 1, trial->number + 1);
    sqlite3_bind_int64(trial->record, 2, trial->number / GROUP % ENTITIES);
    sqlite3_bind_blob(trial->record, 3, id, ID_BYTES, SQLITE_STATIC);
    sqlite3_bind_int64(trial->record, 4, trial->number);
    if (trial->group) {
        sqlite3_bind_int64(trial->record, 5, trial->number / GROUP + 1);
        sqlite3_bind_int64(trial->record, 6, trial->number % GROUP);
    } else {
        sqlite3_bind_blob(trial->record, 5, payload, RECORD_BYTES, SQLITE_STATIC);
    }
    run_statement(trial->db, trial->record);
    trial->number++;
}

static void commit_records(struct trial *trial, int count)
{
    run_sql(trial->db, "begin immediate");
    for (int i = 0; i < count; i++) {
        /* A commit of one fills a group of its own, as one submission of one record does. */
        if (trial->group && i % GROUP == 0) {
            trial->number = count < GROUP ? (trial->number + GROUP - 1) / GROUP * GROUP : trial->number;
            put_group(trial, count < GROUP ? count : GROUP);
        }
        put_record(trial);
    }
    run_sql(trial->db, "commit");
}

static void measure_layout(const char *path, const struct layout *layout, int size, double seconds,
                           struct results *results)
{
    struct trial trial = {0};
    struct samples commits = {0};
    remove_files(path);
    must(NULL, sqlite3_open(path, &trial.db));
    run_sql(trial.db, pragmas);
    run_sql(trial.db, layout->schema);
    must(trial.db, sqlite3_prepare_v2(trial.db, layout->record, -1, &trial.record, NULL));
    if (layout->group) {
        must(trial.db, sqlite3_prepare_v2(trial.db, layout->group, -1, &trial.group, NULL));
    }
    double start = now_s();
    double at = start;
    while (at - start < seconds) {
        commit_records(&trial, size);
        double end = now_s();
        samples_add(&commits, (end - at) * 1e3);
        at = end;
    }
    char name[80];
    snprintf(name, sizeof name, "%s_%d", layout->name, size);
    char key[96];
    snprintf(key, sizeof key, "%s_per_s", name);
    results_add(results, key, (double)commits.count * size / (at - start), 0);
    results_add_latency(results, name, &commits);
    samples_done(&commits);
    sqlite3_finalize(trial.record);
    sqlite3_finalize(trial.group);
    sqlite3_close(trial.db);
    remove_files(path);
}

static void measure_append(const char *path, const char *name, size_t size, double seconds, struct results *results)
{
    struct samples appends = {0};
    int file = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
    double start = now_s();
    double at = start;
    while (at - start < seconds) {
        if (file < 0 || write(file, payload, size) != (ssize_t)size || fdatasync(file) != 0) {
            fail(tr("cannot write %s", "无法写入 %s"), path);
        }
        double end = now_s();
        samples_add(&appends, (end - at) * 1e3);
        at = end;
    }
    close(file);
    unlink(path);
    char key[96];
    snprintf(key, sizeof key, "%s_per_s", name);
    results_add(results, key, (double)appends.count / (at - start), 0);
    results_add_latency(results, name, &appends);
    samples_done(&appends);
}

static void print_usage(FILE *file)
{
    fputs(tr("usage: bench-limit [--dir DIR] [--seconds S] [--json]\n"
             "What SQLite alone commits durably on the disk of DIR (default: here): LAYOUT_RECORDS-A-COMMIT_per_s\n"
             "in records, and the time of one commit; each measurement takes S seconds (default 3).\n",
             "用法：bench-limit [--dir 目录] [--seconds 秒] [--json]\n"
             "测量仅用 SQLite 在该目录（默认当前目录）所在磁盘上能持久提交的速度：布局_每次提交条数_per_s\n"
             "为每秒记录数，另有单次提交耗时；每项测量持续若干秒（默认 3）。\n"),
          file);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
                                            {"seconds", required_argument, NULL, 's'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    text_init();
    const char *dir = ".";
    double seconds = 3;
    bool is_json = false;
    int option = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'd') {
            dir = optarg;
        } else if (option == 's') {
            seconds = option_number("seconds", optarg, 0.01, 600);
        } else if (option == 'j') {
            is_json = true;
        } else {
            print_usage(option == 'h' ? stdout : stderr);
            return option == 'h' ? 0 : 2;
        }
    }
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/limit-%ld.db", dir, (long)getpid());
    for (size_t i = 0; i < sizeof payload; i++) {
        payload[i] = (unsigned char)next_random();
    }
    struct results results;
    results_open(&results, stdout, is_json);
    measure_append(path, "append_4k", 4096, seconds, &results);
    measure_append(path, "append_64k", sizeof payload, seconds, &results);
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        for (size_t j = 0; j < sizeof commit_sizes / sizeof *commit_sizes; j++) {
            measure_layout(path, &layouts[i], commit_sizes[j], seconds, &results);
        }
    }
    results_close(&results);
    return 0;
}
