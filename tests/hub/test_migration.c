/* A store of an earlier version, opened by this one: it must end up as if this version had written it. */
#include "tests/hub/city_sample.h"

#include <time.h>

#include "common/db.h"
#include "hub/store_attached.h"
#include "hub/store_recount.h"
#include "hub/store_schema.h"
#include "hub/store_sqlite.h"
#include "proto/kinds.h"

enum { CELLS_MAX = 256 };

struct figures {
    size_t count;
    struct {
        char name[DIMS_SIZE + 64];
        int64_t count, sum;
    } cells[CELLS_MAX];
};

static void add_figure(void *self, const struct cell_row *row)
{
    struct figures *figures = self;
    if (row->count == 0 && row->sum == 0) {
        return;
    }
    assert_true(figures->count < CELLS_MAX);
    snprintf(figures->cells[figures->count].name, sizeof figures->cells[0].name, "%s %d %s", row->family, (int)row->day,
             row->dims);
    figures->cells[figures->count].count = row->count;
    figures->cells[figures->count++].sum = row->sum;
}

static struct figures figures_of(struct town *town)
{
    struct figures figures = {0};
    assert_int_equal(store_each_cell(town->bench->store, NULL, add_figure, &figures), ERR_OK);
    return figures;
}

static void assert_same_figures(const struct figures *before, const struct figures *after)
{
    assert_int_equal(before->count, after->count);
    for (size_t i = 0; i < before->count; i++) {
        assert_string_equal(before->cells[i].name, after->cells[i].name);
        assert_int_equal(before->cells[i].count, after->cells[i].count);
        assert_int_equal(before->cells[i].sum, after->cells[i].sum);
    }
}

/* Makes of the store one as version 2 kept it, and opens it again. */
static void go_back(struct town *town, const char *damage)
{
    sqlite3 *db = NULL;
    char path[PATH_SIZE];
    store_close(town->bench->store);
    town->bench->store = NULL;
    home_file(&town->bench->home, "store.db", path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(db_exec(db,
                             "drop table erased; drop table retained; drop table attached; drop table leaving;"
                             "alter table party add column curve_key blob;"
                             "alter table party add column signing_key blob;"
                             "update party set (curve_key, signing_key) = (select curve_key, signing_key from"
                             " party_key k where k.party = party.row);"
                             "drop table party_key; alter table account drop column told;"
                             "alter table invitation drop column replaces;"
                             "alter table invitation drop column reason;"
                             "alter table follow_up drop column root;"
                             "drop table fact; drop index delivery_waiting;"
                             "alter table delivery drop column entity_type;"
                             "alter table delivery drop column cursor;"
                             "alter table delivery drop column delivered_at;"
                             "alter table delivery drop column is_late;"
                             "alter table clock drop column entity_type; alter table clock drop column district;"
                             "drop table tile; drop table head; alter table cell drop column size;"
                             "alter table record rename to by_id; drop index record_thread;"
                             "create table record(party int not null, id blob not null, number int not null, batch "
                             "int not null, position int not null, offset int not null, size int not null, kind int "
                             "not null, day int, sector int, level int, owner int, root blob, primary key(party, id)) "
                             "without rowid;"
                             "insert into record select party, id, number, batch, position, offset, size, kind, day, "
                             "sector, level, owner, root from by_id; drop table by_id;"
                             "create index record_thread on record(owner, root) where root is not null;"
                             "pragma user_version = 2"),
                     ERR_OK);
    assert_int_equal(db_exec(db, damage), ERR_OK);
    sqlite3_close(db);
    bench_reopen(town->bench);
    store_set_city(town->bench->store, town->city.party.row);
    town->desk.store = town->bench->store;
    signals_forget(&town->desk.signals); /* as the desk of another process */
}

/* For the report that was put before it. */
static void request(struct town *town, uint8_t n)
{
    char text[400];
    char report[37];
    uint8_t id[RECORD_ID_SIZE];
    memcpy(id, sample_id, sizeof id);
    id[RECORD_ID_SIZE - 1] = (uint8_t)(n + 1);
    record_id_text(id, report);
    snprintf(text, sizeof text,
             "{\"kind\": \"rereview_request\", \"report_id\": \"%s\", \"rereview_list_item\": \"high_autonomy\", "
             "\"materials\": \"初审意见\", \"received_on\": \"2026-11-10\", \"submitter\": {\"name\": \"王芳\", "
             "\"role\": \"秘书\"}}",
             report);
    struct batch *batch = bench_put(town->bench, text, "{}", (uint8_t)(n + 3));
    assert_int_equal(batch->items[0].outcome, OUTCOME_STORED);
    batch_free(batch);
}

/* Under each of three registrations a report, a re-review, a warning and a notice. */
static void live(struct town *town)
{
    static const char *const facts[][2] = {{"hospital", "330106"}, {"university", "330102"}, {"enterprise", "330102"}};
    static const char notice[] = "{\"kind\": \"notice\", " BY_OPERATOR
                                 ", \"title\": \"开展自查\", \"body\": \"自查。\", \"category\": \"requirement\", "
                                 "\"audience\": {}, \"must_answer\": true, \"due_at\": \"2026-12-01T00:00:00Z\"}";
    uint8_t n = 1;
    for (size_t i = 0; i < 3; i++) {
        char patch[64];
        town_register(town, facts[i][0], facts[i][1], n, 1);
        town_accept(town, 1);
        assert_int_equal(store_find_party(town->bench->store, SAMPLE_PARTY, &town->bench->party), ERR_OK);
        snprintf(patch, sizeof patch, "{\"activity_no\": \"%d\"}", n);
        batch_free(bench_put(town->bench, sample_review, patch, (uint8_t)(n + 1)));
        batch_free(bench_put(town->bench, sample_warning, "{}", (uint8_t)(n + 2)));
        request(town, n);
        assert_string_equal(town_file(town, notice), "");
        town_desk(town, SAMPLE_NOW);
        n = (uint8_t)(n + 4);
    }
    town_desk(town, SAMPLE_NOW + 200 * DAY);
}

static void test_figures_are_counted_anew_under_the_facts_of_their_time(void **state)
{
    struct town *town = *state;
    live(town);
    assert_int_equal(town_count(town, "review", "hospital"), 1);
    assert_int_equal(town_count(town, "rereview", "healthcare|enterprise|high_autonomy|-"), 1);
    assert_int_equal(town_count(town, "warning", "university"), 1);
    assert_int_equal(town_count(town, "notice", "enterprise|late"), 1);
    struct figures before = figures_of(town);
    go_back(town, "update cell set dims = replace(dims, 'hospital', 'enterprise') where family = 'record';"
                  "update cell set family = 'record', dims = 'rereview_request|' || dims where family = 'rereview';"
                  "delete from cell where family in ('review', 'completeness'); update cell set count = count + 1");
    struct figures after = figures_of(town);
    assert_same_figures(&before, &after);
}

static void test_only_what_differs_gets_a_new_revision(void **state)
{
    struct town *town = *state;
    live(town);
    uint64_t head = bench_head(town->bench->store, "uplink", 0);
    go_back(town, "select 1");
    assert_int_equal(bench_head(town->bench->store, "uplink", 0), head);
    go_back(town, "insert into cell(family, day, dims, count, sum, change) values('review', 1, 'x', 1, 0, 1000000)");
    assert_true(bench_head(town->bench->store, "uplink", 0) > 1000000); /* the province hears that it is gone */
    assert_int_equal(town_count(town, "review", "x"), 0);
}

static void test_an_old_delivery_is_delivered_once_its_cursor_is_acknowledged(void **state)
{
    struct town *town = *state;
    live(town);
    uint64_t head = bench_head(town->bench->store, "inbox", town->bench->party.row);
    go_back(town, "select 1");
    assert_int_equal(town_count(town, "notice", "|sent"), 3);
    desk_note_received(&town->desk, town->bench->party.row, head);
    town_desk(town, SAMPLE_NOW + 201 * DAY);
    assert_int_equal(town_count(town, "notice", "|delivered"), 3);
    assert_int_equal(town_count(town, "notice", "|late"), 3);
}

static void test_the_keys_of_the_parties_stay_theirs(void **state)
{
    struct town *town = *state;
    struct party before;
    struct party after;
    struct party_keys keys;
    struct bench *bench = town->bench;
    assert_int_equal(store_find_party(bench->store, SAMPLE_PARTY, &before), ERR_OK);
    go_back(town, "select 1");
    assert_int_equal(store_find_party(bench->store, SAMPLE_PARTY, &after), ERR_OK);
    assert_int_equal(before.row, after.row);
    assert_true(after.has_keys);
    assert_int_equal(store_load_keys(bench->store, after.row, &keys), ERR_OK);
    assert_int_equal(keys.count, 1);
    assert_memory_equal(keys.list[0].curve_key, bench->identity.curve_public, KEY_SIZE);
    assert_true(signing_key_equal(&keys.list[0].signing_key, &bench->identity.signing.key));
    assert_int_equal(party_key_state(&keys.list[0], SAMPLE_NOW), KEY_CURRENT);
}

static void test_the_desk_goes_through_what_an_earlier_version_followed(void **state)
{
    struct town *town = *state;
    live(town);
    assert_int_equal(town_count(town, "clock", "acknowledge_2|"), 3);
    struct figures before = figures_of(town);
    go_back(town, "delete from clock where term like 'acknowledge%'");
    assert_int_equal(town_count(town, "clock", "acknowledge_2|"), 0);
    town_desk(town, SAMPLE_NOW + 200 * DAY);
    struct figures after = figures_of(town);
    assert_same_figures(&before, &after);
}

/* Of one institution, so many that what is done for each of them with each other takes minutes. */
enum { MANY = 60000, SECONDS_MAX = 5 };
static const char many_records[] =
    "with recursive n(i) as (select 1000000 union all select i + 1 from n where i < 1000000 + ?1)"
    " insert into record(id, party, number, batch, position, offset, size, kind, owner, root)"
    " select cast(printf('%016d', i) as blob), 1, i, 1, 0, 0, 1, ?2, 1, cast(printf('%016d', i - 1) as blob) from n";

static void add_records(sqlite3 *db, int kind)
{
    sqlite3_stmt *add = db_prepare(db, many_records);
    sqlite3_bind_int(add, 1, MANY);
    sqlite3_bind_int(add, 2, kind);
    assert_int_equal(db_run(add), ERR_OK);
    sqlite3_finalize(add);
}

static void assert_soon(clock_t began)
{
    assert_true((clock() - began) / CLOCKS_PER_SEC < SECONDS_MAX);
}

static void test_follow_ups_find_their_records_soon(void **state)
{
    enum { BEFORE = 11 }; /* the version that did not know them */
    struct town *town = *state;
    char path[PATH_SIZE];
    char reason[256];
    sqlite3 *db = NULL;
    home_file(&town->home, "old.db", path);
    assert_int_equal(db_open(path, DB_WRITER, store_migrations, BEFORE, &db, reason), ERR_OK);
    add_records(db, KIND_REVIEW_REPORT);
    assert_int_equal(db_exec(db, "insert into follow_up select party, number, number, 0 from record"), ERR_OK);
    db_close(db);
    clock_t began = clock();
    assert_int_equal(db_open(path, DB_WRITER, store_migrations, BEFORE + 1, &db, reason), ERR_OK);
    assert_soon(began);
    sqlite3_stmt *left = db_prepare(
        db, "select count(*) from follow_up f join record r on r.id = f.root and r.party = f.party and r.number = "
            "f.number");
    assert_int_equal(db_step(left), ERR_OK);
    assert_int_equal(sqlite3_column_int(left, 0), MANY + 1);
    sqlite3_finalize(left);
    db_close(db);
}

static void test_facts_are_learnt_soon(void **state)
{
    struct town *town = *state;
    struct store *store = town->bench->store;
    assert_int_equal(store_begin(store), ERR_OK);
    add_records(store->db, KIND_REVIEW_REPORT);
    clock_t began = clock();
    assert_int_equal(store_learn_facts(store), ERR_OK);
    assert_soon(began);
    store_rollback(store);
}

/* An earlier version let a rehearsal end what was real. */
static void test_what_follows_up_is_judged_anew(void **state)
{
    struct town *town = *state;
    batch_free(bench_put(town->bench, sample_review, "{}", 1));
    batch_free(bench_put(town->bench, sample_review, "{\"review_stage\": \"follow_up\", \"rehearsal\": true}", 2));
    batch_free(bench_put(town->bench, sample_review, "{\"activity_no\": \"2\"}", 3));
    batch_free(bench_put(town->bench, sample_review, "{\"activity_no\": \"2\", \"review_stage\": \"follow_up\"}", 4));
    town_desk(town, SAMPLE_NOW);
    struct figures before = figures_of(town);
    assert_int_equal(town_count(town, "clock", "follow_up|hospital|met"), 1);
    go_back(town, "update clock set state = 1, ended_at = started_at, next_at = null where term = 'follow_up'");
    assert_int_equal(town_count(town, "clock", "follow_up|hospital|met"), 3);
    town_desk(town, SAMPLE_NOW);
    struct figures after = figures_of(town);
    assert_same_figures(&before, &after);
}

static void test_the_attachments_of_earlier_records_leave_with_them(void **state)
{
    static const uint8_t act[RECORD_ID_SIZE] = {1};
    struct town *town = *state;
    struct leaver leaver;
    size_t count = 0;
    uint8_t id[RECORD_ID_SIZE];
    memcpy(id, sample_id, sizeof id);
    batch_free(bench_put(town->bench, sample_review, "{}", 1));
    batch_free(bench_put(town->bench, sample_review, "{\"activity_no\": \"2\"}", 2));
    go_back(town, "select 1");
    for (uint8_t n = 1; n <= 2; n++) {
        struct store *store = town->bench->store;
        assert_int_equal(store_leavers(store, &leaver, 1, &count), ERR_OK);
        assert_int_equal(count, 0);
        id[RECORD_ID_SIZE - 1] = n;
        assert_int_equal(store_begin(store), ERR_OK);
        assert_int_equal(store_erase(store, town->bench->party.row, id, act, SAMPLE_NOW), ERR_OK);
        assert_int_equal(store_commit(store), ERR_OK);
    }
    assert_int_equal(store_leavers(town->bench->store, &leaver, 1, &count), ERR_OK);
    assert_int_equal(count, 1);
}

#define TOWN_TEST(name) cmocka_unit_test_setup_teardown(name, town_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOWN_TEST(test_figures_are_counted_anew_under_the_facts_of_their_time),
        TOWN_TEST(test_only_what_differs_gets_a_new_revision),
        TOWN_TEST(test_the_desk_goes_through_what_an_earlier_version_followed),
        TOWN_TEST(test_an_old_delivery_is_delivered_once_its_cursor_is_acknowledged),
        TOWN_TEST(test_the_keys_of_the_parties_stay_theirs),
        TOWN_TEST(test_what_follows_up_is_judged_anew),
        TOWN_TEST(test_follow_ups_find_their_records_soon),
        TOWN_TEST(test_facts_are_learnt_soon),
        TOWN_TEST(test_the_attachments_of_earlier_records_leave_with_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
