/* tests/hub/audit_sample.h - the audit of a small store, of a copy of it that was changed, and an erasure. */
#ifndef TESTS_HUB_AUDIT_SAMPLE_H
#define TESTS_HUB_AUDIT_SAMPLE_H

#include "tests/hub/city_sample.h"

#include <sys/stat.h>

#include "common/db.h"
#include "common/text.h"
#include "hub/acts.h"
#include "hub/audit.h"
#include "hub/store_sqlite.h"

struct found {
    struct audit_sums sums;
    size_t listed;
    const struct home *scratch;
    off_t log_size;   /* of the scratch store, when the last one was found */
    char text[65536]; /* code, subject and detail of each, a line */
};

static inline void note_finding(void *self, const struct finding *finding)
{
    struct found *found = self;
    struct stat log;
    char path[PATH_SIZE];
    size_t used = strlen(found->text);
    found->listed++;
    home_file(found->scratch, "store.db-wal", path);
    found->log_size = stat(path, &log) == 0 ? log.st_size : 0;
    snprintf(found->text + used, sizeof found->text - used, "%s %s: %s\n", finding->code, finding->subject,
             finding->detail);
}

/* There are hundreds of them: in memory, where there is a place. */
static inline void make_quick_home(struct home *home)
{
    snprintf(home->path, sizeof home->path, "/dev/shm/agn-test-XXXXXX");
    if (!mkdtemp(home->path)) {
        make_home(home);
    }
}

static inline err_t audit(const struct home *home, struct found *ret_found)
{
    struct home scratch;
    char reason[256];
    struct audit_order order = {home, &scratch, &bench_settings, note_finding, ret_found, NULL};
    make_quick_home(&scratch);
    *ret_found = (struct found){.scratch = &scratch};
    err_t err = audit_run(&order, &ret_found->sums, reason);
    remove_home(&scratch);
    return err;
}

static inline size_t count_of(const struct found *found, const char *code)
{
    size_t count = 0;
    for (const char *at = found->text; (at = strstr(at, code)); at++) {
        count += at == found->text || at[-1] == '\n';
    }
    return count;
}

static inline void assert_nothing_found(struct town *town)
{
    struct found found;
    assert_int_equal(audit(&town->bench->home, &found), ERR_OK);
    assert_string_equal(found.text, "");
    assert_int_equal(found.sums.findings, 0);
}

struct leaving {
    const struct store *store;
    char text[LEFT_TEXT];
};

static inline void note_left(void *self, const struct record_row *row)
{
    struct leaving *leaving = self;
    uint8_t hash[RECORD_HASH_SIZE];
    assert_true(store_hash_left(leaving->store, row->bytes, hash));
    store_bind_left(leaving->store, hash, 1, leaving->text);
}

/* As the admin does it: the act and the erasure in one group. An older one did not bind what it left. */
static inline void erase_by(struct town *town, const char *kind, uint8_t n, bool is_bound)
{
    char detail[160];
    uint8_t id[RECORD_ID_SIZE];
    char text[37];
    struct filed filed;
    struct faults faults;
    const struct person person = {.name = "赵敏", .user = "root", .roles = UINT32_MAX};
    memcpy(id, sample_id, sizeof id);
    id[RECORD_ID_SIZE - 1] = n;
    town_id_text(n, text);
    struct store *store = town->bench->store;
    struct leaving leaving = {.store = store};
    struct record_filter filter = {.sector = -1, .level = -1, .from = INT64_MIN, .to = INT64_MAX, .id = id};
    assert_int_equal(store_each_record(store, &filter, note_left, &leaving), ERR_OK);
    snprintf(detail, sizeof detail, "%s " SAMPLE_PARTY "%s%s", kind, is_bound ? " " : "", is_bound ? leaving.text : "");
    struct act_note note = {ACT_ERASE, &person, text, detail, "测试"};
    assert_int_equal(store_begin(store), ERR_OK);
    assert_int_equal(acts_file(&town->city, store, &note, SAMPLE_NOW, &filed, &faults), ERR_OK);
    assert_int_equal(store_erase(store, town->bench->party.row, id, filed.id, SAMPLE_NOW), ERR_OK);
    assert_int_equal(store_commit(store), ERR_OK);
}

static inline void erase(struct town *town, const char *kind, uint8_t n)
{
    erase_by(town, kind, n, true);
}

#define NOTICE                                                                                                            \
    "{\"kind\": \"notice\", " BY_OPERATOR ", \"title\": \"开展自查\", \"body\": \"请于月底前完成自查。\", " \
    "\"category\": \"requirement\", \"must_answer\": true, \"due_at\": \"2026-12-31T00:00:00Z\"}"

static inline void put(struct town *town, const char *sample, const char *patch, uint8_t n)
{
    struct batch *batch = bench_put(town->bench, sample, patch, n);
    assert_int_equal(batch->items[0].outcome, OUTCOME_STORED);
    batch_free(batch);
}

static inline sqlite3 *open_copy(struct town *town, struct home *ret_home)
{
    char sql[PATH_SIZE + 32];
    char path[PATH_SIZE];
    sqlite3 *db = NULL;
    make_quick_home(ret_home);
    home_file(&town->bench->home, "store.db", path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    home_file(ret_home, "store.db", path);
    snprintf(sql, sizeof sql, "vacuum into '%s'", path);
    assert_int_equal(db_exec(db, sql), ERR_OK);
    sqlite3_close(db);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    return db;
}

/* What is found in a copy of the store after SQL. */
static inline void audit_changed(struct town *town, const char *sql, struct found *ret_found)
{
    struct home copy;
    sqlite3 *db = open_copy(town, &copy);
    assert_int_equal(db_exec(db, sql), ERR_OK);
    sqlite3_close(db);
    assert_int_equal(audit(&copy, ret_found), ERR_OK);
    remove_home(&copy);
}

/* What the entity files is signed for the city's hub. */
static inline int setup(void **state)
{
    int code = town_setup(state);
    struct town *town = *state;
    memcpy(town->bench->intake.hub_key, town->identity.curve_public, KEY_SIZE);
    return code;
}

#define TOWN_TEST(name) cmocka_unit_test_setup_teardown(name, setup, town_teardown)

#endif
