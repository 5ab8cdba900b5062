/* The audit of small stores: nothing is found in what the hub made, and what somebody changes of it is named. */
#include "tests/hub/audit_sample.h"

#include <inttypes.h>

#include "hub/store_ledger.h"

/* Something in every table that a record leads to. */
static void live(struct town *town)
{
    town_register(town, "enterprise", "330102", 1, 1);
    town_accept(town, 1);
    put(town, sample_review, "{}", 2);
    town_accept(town, 2);
    put(town, sample_warning, "{\"level\": 1}", 3);
    assert_string_equal(town_file(town, NOTICE), "");
    put(town, sample_review, "{\"activity_no\": \"二\"}", 4);
    batch_free(bench_put(town->bench, sample_review, "{}", 5)); /* refused: the number is taken */
    erase(town, "review_report", 4);
    put(town, sample_warning, "{\"level\": 3}", 6);
    town_desk(town, clock_ms());
}

/* Where nothing is found, and why. */
static const struct {
    const char *table, *column; /* NULL: some of its columns */
    const char *reason;
} unchecked[] = {{"bulletin", "event", "of a clock or an institution's state: no record"},
                 {"uplink", "event", "of a clock: no record"},
                 {"bulletin", "cursor", "the order of the rows counts, and one alone was moved within it"},
                 {"cell", "change", "where the province reads the figure, not what it says"},
                 {"cell", "size", "0: made before there was a ledger"},
                 {"account", "last_at", "no record"},
                 {"account", "last_seq", "those refused count, too, and are not kept"},
                 {"account", "refused", "what is refused is not kept"},
                 {"account", "told", "no record: the institution has said it"},
                 {"clock", NULL, "no record: taken as it stands"},
                 {"delivery", NULL, "no record: taken as it stands"},
                 {"erased", "at", "the act has its time"},
                 {"fact", NULL, "what the registry has said: no record"},
                 {"party", NULL, "the registry is no record"},
                 {"party_key", NULL, "the registry is no record"},
                 {"reported", NULL, "no record: taken as it stands"}};

static bool is_unchecked(const char *table, const char *column)
{
    for (size_t i = 0; i < sizeof unchecked / sizeof *unchecked; i++) {
        if (strcmp(unchecked[i].table, table) == 0 &&
            (!unchecked[i].column || strcmp(unchecked[i].column, column) == 0)) {
            return true;
        }
    }
    return false;
}

static void assert_has_rows(sqlite3 *db, const char *table)
{
    char sql[128];
    snprintf(sql, sizeof sql, "select 1 from %s", table);
    sqlite3_stmt *get = db_prepare(db, sql);
    if (db_step(get) != ERR_OK) {
        fail_msg("%s: nothing in it to spoil", table);
    }
    sqlite3_finalize(get);
}

/* Not where it would be read as the number that stands there. */
static void spoil(struct town *town, const char *table, const char *column, const char *value)
{
    char sql[512];
    struct found found;
    struct home copy;
    sqlite3 *db = open_copy(town, &copy);
    snprintf(sql, sizeof sql,
             "update or ignore %s set %s = %s where %s is not %s and (typeof(%s) in ('text', 'blob') or coalesce(%s, "
             "0) <> coalesce(cast(%s as integer), 0))",
             table, column, value, column, value, column, column, value);
    bool is_changed = db_exec(db, sql) == ERR_OK && sqlite3_changes(db) > 0;
    sqlite3_close(db);
    if (is_changed) {
        assert_int_equal(audit(&copy, &found), ERR_OK);
        if (found.sums.findings == 0 && !is_unchecked(table, column)) {
            fail_msg("%s", sql);
        }
    }
    remove_home(&copy);
}

static void test_each_column_is_named_and_none_ends_it_early(void **state)
{
    static const char *const values[] = {"x''", "null", "-1", "100000000", "'x'"};
    struct town *town = *state;
    live(town);
    assert_nothing_found(town);
    struct home copy;
    sqlite3 *db = open_copy(town, &copy);
    sqlite3_stmt *columns =
        db_prepare(db, "select m.name, c.name from sqlite_master m, pragma_table_info(m.name) c where m.type = 'table' "
                       "and m.name not in ('attached', 'follow_up', 'invitation', 'leaving', 'link', 'meta', 'plan', "
                       "'refusal', 'retained', 'share', 'signal_raised', 'signal_row', 'sqlite_sequence', 'tile') "
                       "order by 1, 2"); /* of which it reads nothing; a store without its epoch is not opened, and one
                                            with a tile is large */
    while (db_step(columns) == ERR_OK) {
        assert_has_rows(db, db_column_str(columns, 0));
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            spoil(town, db_column_str(columns, 0), db_column_str(columns, 1), values[i]);
        }
    }
    sqlite3_finalize(columns);
    sqlite3_close(db);
    remove_home(&copy);
}

/* That they are, and what counts them or names them. */
static void assert_only_gone(const struct found *found, uint64_t keys)
{
    assert_int_equal(count_of(found, "record_missing"), 1);
    assert_int_equal(count_of(found, "cell_differs"), 1);
    assert_int_equal(count_of(found, "account_differs"), 1);
    assert_int_equal(count_of(found, "key_differs"), keys);
    assert_int_equal(found->sums.findings, 3 + keys);
}

static void test_a_tile_is_that_of_the_records(void **state)
{
    struct town *town = *state;
    struct found found;
    for (int n = 0; n < TILE_NODES; n++) {
        assert_string_equal(town_file(town, NOTICE), "");
    }
    assert_nothing_found(town);
    audit_changed(town, "update tile set nodes = zeroblob(length(nodes)) where key = 0", &found);
    assert_int_equal(count_of(&found, "tile_differs"), 1);
    audit_changed(town, "delete from tile where key = 0", &found);
    assert_int_equal(count_of(&found, "tile_differs"), 1);
}

static void test_nothing_follows_from_one_that_is_gone(void **state)
{
    enum { MANY = 200 };
    struct town *town = *state;
    struct found found;
    char patch[64];
    for (int n = 1; n <= MANY; n++) {
        snprintf(patch, sizeof patch, "{\"activity_no\": \"%d\"}", n);
        put(town, sample_review, patch, (uint8_t)n);
    }
    town_file(town, NOTICE);
    audit_changed(town, "delete from record where number = 5", &found);
    assert_only_gone(&found, 1);
    audit_changed(
        town, "delete from record where number in (7, 8, 200); delete from batch where first_number in (7, 8)", &found);
    assert_only_gone(&found, 3);
    audit_changed(town, "update head set root = zeroblob(32)", &found);
    assert_int_equal(count_of(&found, "head_differs"), found.sums.heads);
    audit_changed(town, "delete from batch; delete from record", &found);
    assert_int_equal(count_of(&found, "leaves_differ") + count_of(&found, "head_differs"), 0);
}

/* The log of a store that many small commits have made is folded in as it grows. */
static void test_the_scratch_store_is_no_larger_than_the_store(void **state)
{
    enum { MANY = 250, LOG_MAX = 1100 * 4096 };
    struct town *town = *state;
    struct found found;
    char patch[64];
    for (int n = 1; n <= MANY; n++) {
        snprintf(patch, sizeof patch, "{\"activity_no\": \"%d\"}", n);
        put(town, sample_review, patch, (uint8_t)n);
    }
    audit_changed(town, "update cell set count = count + 1", &found);
    assert_true(found.log_size > 0 && found.log_size < LOG_MAX);
}

static void test_heads_that_are_gone_are_named(void **state)
{
    struct town *town = *state;
    struct found found;
    live(town);
    audit_changed(town, "delete from head where size = 3", &found);
    assert_int_equal(count_of(&found, "head_missing ledger of 3"), 1);
    assert_int_equal(found.sums.findings, 1);
    audit_changed(town,
                  "update batch set at = at - 120000 * (20 - id); update head set at = at - 120000 * (20 - size); "
                  "update thread set received_at = 0; delete from head where size = 3",
                  &found); /* each of another time */
    assert_int_equal(count_of(&found, "head_missing ledger of 3"), 1);
    assert_int_equal(count_of(&found, "time_differs"), 0);
    audit_changed(town, "delete from head", &found);
    assert_int_equal(count_of(&found, "head_missing"), 1);
    assert_int_equal(found.sums.findings, 1);
}

/* As a ledger that has grown over the records of before there was one keeps them: the root of one leaf is that leaf. */
static void test_a_head_may_stand_within_a_batch(void **state)
{
    struct town *town = *state;
    struct found found;
    msgpack_sbuffer records[3];
    for (uint8_t n = 1; n <= 3; n++) {
        char patch[64];
        snprintf(patch, sizeof patch, "{\"activity_no\": \"%d\"}", n);
        bench_record(sample_review, patch, n, &records[n - 1]);
    }
    struct batch *batch = bench_batch(town->bench, records, 3, false);
    assert_int_equal(store_begin(town->bench->store), ERR_OK);
    assert_int_equal(store_put_batch(town->bench->store, batch), ERR_OK);
    assert_int_equal(store_commit(town->bench->store), ERR_OK);
    batch_free(batch);
    for (int i = 0; i < 3; i++) {
        msgpack_sbuffer_destroy(&records[i]);
    }
    put(town, sample_review, "{}", 4);
    audit_changed(town,
                  "insert into head select 1, at, substr(leaves, 1, 32), substr(leaves, 1, 32) from head where size = "
                  "3; update head set leaves = substr(leaves, 33) where size = 3",
                  &found);
    assert_string_equal(found.text, "");
    audit_changed(town,
                  "insert into head select 1, at, substr(leaves, 33, 32), substr(leaves, 1, 32) from head where size = "
                  "3; update head set leaves = substr(leaves, 33) where size = 3",
                  &found);
    assert_int_equal(count_of(&found, "head_differs ledger of 1"), 1);
}

static void test_what_others_are_shown_is_what_was_filed(void **state)
{
    static const struct {
        const char *sql, *expected;
    } changes[] = {
        {"update uplink set (batch, offset, size) = (select batch, offset, size from record where number = 3) where "
         "event is null",
         "uplink_differs"},
        {"delete from uplink where event is null", "uplink_differs"},
        {"update uplink set state = 'resolved' where event is null", "uplink_differs"},
        {"update bulletin set (batch, offset, size) = (select batch, offset, size from record where number = 1) where "
         "number = 2",
         "inbox_differs"},
        {"delete from bulletin where number = 2", "inbox_differs"},
        {"update bulletin set state = 'returned' where number = 2", "inbox_differs"},
        {"update bulletin set at = 5 where number = 2", "inbox_differs"},
        {"update bulletin set cursor = -cursor where number = 4", "inbox_differs"},
        {"insert into bulletin(party, at, number, filer, owner, state, batch, offset, size) select party, 1, number, "
         "party, party, '', batch, offset, size from record where number = 5",
         "inbox_differs"},
        {"update record set size = 1 where number = 3", "record_differs"},
        {"update thread set (batch, offset, size) = (select batch, offset, size from record where number = 5)",
         "thread_differs"},
        {"update thread set is_up = 1 - is_up", "thread_differs"},
        {"update thread set about = 1 - about", "thread_differs"},
    };
    struct town *town = *state;
    struct found found;
    live(town);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        audit_changed(town, changes[i].sql, &found);
        if (count_of(&found, changes[i].expected) == 0) {
            fail_msg("%s: %s", changes[i].sql, found.text);
        }
    }
}

/* As the hub does it before all else: what is not standard is said. */
static void say_settings(struct town *town, const char *text)
{
    struct store *store = town->bench->store;
    assert_int_equal(store_begin(store), ERR_OK);
    assert_int_equal(acts_note_change(&town->city, store, ACT_CONFIGURATION, text, NULL, clock_ms()), ERR_OK);
    assert_int_equal(store_commit(store), ERR_OK);
}

static void prune(struct town *town, bool is_said)
{
    char upto[24];
    uint64_t removed = 0;
    struct filed filed;
    struct faults faults;
    const struct person person = {.name = "赵敏", .user = "root", .roles = UINT32_MAX};
    struct act_note note = {ACT_PRUNE, &person, "uplink", upto, ""};
    struct store *store = town->bench->store;
    snprintf(upto, sizeof upto, "%" PRIu64, bench_head(store, "uplink", 0));
    assert_int_equal(store_begin(store), ERR_OK);
    assert_int_equal(store_prune_uplink(store, UINT64_MAX, &removed), ERR_OK);
    if (is_said) {
        assert_int_equal(acts_file(&town->city, store, &note, SAMPLE_NOW, &filed, &faults), ERR_OK);
    }
    assert_int_equal(store_commit(store), ERR_OK);
    assert_true(removed > 0);
}

static void test_what_a_pruning_took_is_not_missed(void **state)
{
    struct town *town = *state;
    struct found found;
    say_settings(town, "name = 杭州\n");
    put(town, sample_warning, "{\"level\": 1}", 3);
    prune(town, true);
    assert_nothing_found(town);
    put(town, sample_warning, "{\"level\": 1}", 7);
    put(town, sample_review, "{\"activity_no\": \"三\"}", 8);
    put(town, sample_warning, "{\"level\": 1}", 9);
    assert_nothing_found(town);
    audit_changed(town, "delete from uplink where event is null", &found);
    assert_int_equal(count_of(&found, "uplink_differs"), 1);
}

static void test_a_pruning_without_an_act_excuses_nothing(void **state)
{
    static const char sql[] = "delete from uplink where event is null; "
                              "insert or replace into meta(key, value) select 'pruned', max(change) from cell";
    struct town *town = *state;
    struct found found;
    say_settings(town, "name = 杭州\n");
    put(town, sample_warning, "{\"level\": 1}", 1);
    put(town, sample_review, "{}", 2);
    audit_changed(town, sql, &found);
    assert_int_equal(count_of(&found, "uplink_differs uplink of record 2:"), 1);
    assert_int_equal(count_of(&found, "uplink_differs uplink:"), 1);
}

/* When it ran a release that filed no acts. */
static void test_a_store_of_before_there_were_acts(void **state)
{
    struct town *town = *state;
    struct store_settings settings = bench_settings;
    char reason[256];
    settings.uplink_level = 3;
    store_close(town->bench->store);
    assert_int_equal(store_open(&town->bench->home, true, &settings, &town->bench->store, reason), ERR_OK);
    store_set_city(town->bench->store, town->city.party.row);
    put(town, sample_warning, "{\"level\": 3, \"share_scope\": \"city_only\"}", 1);
    put(town, sample_warning, "{\"level\": 1}", 2);
    prune(town, false);
    put(town, sample_warning, "{\"level\": 3, \"share_scope\": \"city_only\"}", 3);
    say_settings(town, "uplink_level = 3\n");
    put(town, sample_warning, "{\"level\": 3, \"share_scope\": \"city_only\"}", 4);
    assert_nothing_found(town);
    town->desk.store = town->bench->store;
}

/* A thread of one institution and about another: who has the smaller row is not who gets it first. */
static void test_inboxes_of_two_have_no_order_between_them(void **state)
{
    static const char other[] = "12330000470051726F";
    static const char swap[] = "update party set row = 1000 where row = 1; update party_key set party = 1000 where "
                               "party = 1; update account set party = 1000 where party = 1; "
                               "update party set row = 1 where party = '12330000470051726F'";
    struct town *town = *state;
    struct store *store = town->bench->store;
    struct party party = {.role = "entity", .name = "乙", .entity_type = "hospital", .sectors = "healthcare"};
    char patch[300];
    char id[37];
    snprintf(party.party, sizeof party.party, "%s", other);
    snprintf(party.district, sizeof party.district, "330106");
    assert_int_equal(store_begin(store), ERR_OK);
    assert_int_equal(store_put_party(store, &party, 1), ERR_OK);
    assert_int_equal(store_commit(store), ERR_OK);
    assert_int_equal(db_exec(store->db, swap), ERR_OK);
    bench_reopen(town->bench);
    town->desk.store = town->bench->store;
    store_set_city(town->bench->store, town->city.party.row);
    assert_int_equal(store_find_party(town->bench->store, SAMPLE_PARTY, &town->bench->party), ERR_OK);
    snprintf(patch, sizeof patch, "{\"level\": 3, \"addressee\": \"%s\"}", other);
    put(town, sample_warning, patch, 1);
    town_id_text(1, id);
    snprintf(patch, sizeof patch,
             "{\"action\": \"acknowledge\", \"refers_to\": \"%s\", \"addressee\": \"" SAMPLE_PARTY
             "\", \"entity\": null, \"reporter_confidential\": null}",
             id);
    json_t *step = sample_json(sample_warning, patch);
    char *text = json_dumps(step, JSON_COMPACT);
    assert_string_equal(town_file(town, text), "");
    free(text);
    json_decref(step);
    assert_nothing_found(town);
}

static void test_a_batch_is_of_the_time_of_its_head(void **state)
{
    struct town *town = *state;
    struct found found;
    live(town);
    audit_changed(town, "update batch set at = at - 2592000000 where id = 6", &found);
    assert_int_equal(count_of(&found, "time_differs batch 6"), 1);
    audit_changed(town, "update head set at = at + 2592000000 where size = 6", &found);
    assert_int_equal(count_of(&found, "time_differs"), 1);
    audit_changed(town, "update head set at = at - 2592000000 where size = 1", &found);
    assert_string_equal(found.text, ""); /* as where the ledger was made later, and a clock ran ahead before */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOWN_TEST(test_a_tile_is_that_of_the_records),
        TOWN_TEST(test_nothing_follows_from_one_that_is_gone),
        TOWN_TEST(test_the_scratch_store_is_no_larger_than_the_store),
        TOWN_TEST(test_heads_that_are_gone_are_named),
        TOWN_TEST(test_a_head_may_stand_within_a_batch),
        TOWN_TEST(test_what_others_are_shown_is_what_was_filed),
        TOWN_TEST(test_what_a_pruning_took_is_not_missed),
        TOWN_TEST(test_a_pruning_without_an_act_excuses_nothing),
        TOWN_TEST(test_a_store_of_before_there_were_acts),
        TOWN_TEST(test_inboxes_of_two_have_no_order_between_them),
        TOWN_TEST(test_a_batch_is_of_the_time_of_its_head),
        TOWN_TEST(test_each_column_is_named_and_none_ends_it_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
