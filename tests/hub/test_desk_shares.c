/* Sharing by rule: what is shared, once; what follows its source; what waits for a person. */
#include "tests/hub/city_sample.h"

#include "hub/store_sqlite.h"
#include "proto/kinds.h"

static const char shareable[] = "{\"share_scope\": \"affected_sectors\"}";

static void configure(struct town *town, const char *mode, int64_t level)
{
    char reason[512];
    snprintf(town->options.signals, sizeof town->options.signals, "%s", SIGNALS_FILE);
    snprintf(town->options.share_mode, sizeof town->options.share_mode, "%s", mode);
    town->options.share_level = level;
    assert_int_equal(desk_configure(&town->desk, &town->home, &town->options, reason), ERR_OK);
}

static void warn(struct town *town, uint8_t n, const char *patch)
{
    struct batch *batch = bench_put(town->bench, sample_warning, patch, n);
    assert_int_equal(batch->items[0].outcome, OUTCOME_STORED);
    batch_free(batch);
}

/* A later word on warning 1. */
static void warn_again(struct town *town, uint8_t n, const char *action, const char *scope, const char *headline)
{
    char patch[400];
    char root[37];
    uint8_t id[RECORD_ID_SIZE];
    memcpy(id, sample_id, sizeof id);
    id[RECORD_ID_SIZE - 1] = 1;
    record_id_text(id, root);
    snprintf(patch, sizeof patch,
             "{\"action\": \"%s\", \"refers_to\": \"%s\", \"share_scope\": \"%s\", \"headline\": \"%s\"}", action, root,
             scope, headline);
    warn(town, n, patch);
}

struct copies {
    int first, changed, withdrawn;
    uint8_t root[RECORD_ID_SIZE];
};

static void count_copy(void *self, const struct record_row *row)
{
    struct copies *copies = self;
    bool is_copy = row->thread_kind->number == KIND_SHARED_WARNING;
    bool begins = memcmp(row->id, row->root, RECORD_ID_SIZE) == 0;
    copies->first += is_copy && begins;
    copies->changed += is_copy && !begins && row->kind == row->thread_kind;
    copies->withdrawn += is_copy && row->kind->number == KIND_WITHDRAWAL;
    if (is_copy && begins) {
        memcpy(copies->root, row->root, RECORD_ID_SIZE);
    }
}

static struct copies copies_of(struct town *town)
{
    struct copies copies = {0};
    struct record_filter filter = {.sector = -1, .level = -1, .from = INT64_MIN, .to = INT64_MAX};
    assert_int_equal(store_each_record(town->bench->store, &filter, count_copy, &copies), ERR_OK);
    return copies;
}

static size_t waiting(struct town *town, struct share_row *ret_first)
{
    struct share_row rows[8];
    size_t count = 0;
    assert_int_equal(store_shares_waiting(town->bench->store, town->options.share_level, true, rows, 8, &count),
                     ERR_OK);
    *ret_first = rows[0];
    return count;
}

static void assert_copies(struct town *town, int first, int changed, int withdrawn)
{
    struct copies copies = copies_of(town);
    assert_int_equal(copies.first, first);
    assert_int_equal(copies.changed, changed);
    assert_int_equal(copies.withdrawn, withdrawn);
}

static void start_again(struct town *town)
{
    char reason[512];
    char mode[CONFIG_TEXT_SIZE];
    memcpy(mode, town->options.share_mode, sizeof mode);
    desk_close(&town->desk);
    bench_reopen(town->bench);
    assert_int_equal(city_open(town->bench->store, &town->identity, &town->options, &town->city), ERR_OK);
    assert_int_equal(desk_open(&town->desk, town->bench->store, &town->city, &town->home, 480, reason), ERR_OK);
    configure(town, mode, town->options.share_level);
}

static void test_a_copy_is_filed_once_and_follows_its_source(void **state)
{
    struct town *town = *state;
    configure(town, "auto", 2);
    warn(town, 1, shareable);
    start_again(town);
    town_desk(town, SAMPLE_NOW);
    assert_copies(town, 1, 0, 0);
    start_again(town);
    town_desk(town, SAMPLE_NOW + HOUR);
    assert_copies(town, 1, 0, 0);
    warn_again(town, 2, "update", "affected_sectors", "问诊助手给出错误剂量，已扩大");
    town_desk(town, SAMPLE_NOW + HOUR);
    town_desk(town, SAMPLE_NOW + HOUR);
    assert_copies(town, 1, 1, 0);
    warn_again(town, 3, "cancel", "affected_sectors", "撤销：经核查为误报");
    town_desk(town, SAMPLE_NOW + HOUR);
    start_again(town);
    town_desk(town, SAMPLE_NOW + HOUR);
    assert_copies(town, 1, 1, 1);
}

static void test_what_is_not_to_be_shared_is_not(void **state)
{
    struct town *town = *state;
    configure(town, "auto", 2);
    warn(town, 1, "{\"share_scope\": \"city_only\"}");
    warn(town, 2, "{\"share_scope\": \"province\"}");
    warn(town, 3, "{\"share_scope\": \"all_entities\", \"status\": \"exercise\"}");
    warn(town, 4, "{\"share_scope\": \"all_entities\", \"rehearsal\": true}");
    warn(town, 5, "{\"share_scope\": \"all_entities\", \"level\": 3}");
    town_desk(town, SAMPLE_NOW);
    assert_copies(town, 0, 0, 0);
    warn(town, 6, "{\"share_scope\": \"all_entities\", \"level\": 1}");
    town_desk(town, SAMPLE_NOW);
    assert_copies(town, 1, 0, 0);
}

static void test_a_narrower_scope_takes_the_copy_back(void **state)
{
    struct town *town = *state;
    configure(town, "auto", 2);
    warn(town, 1, shareable);
    town_desk(town, SAMPLE_NOW);
    warn_again(town, 2, "update", "city_only", "问诊助手给出错误剂量");
    town_desk(town, SAMPLE_NOW);
    assert_copies(town, 1, 0, 1);
    warn_again(town, 3, "update", "all_entities", "问诊助手给出错误剂量"); /* a person decides whether again */
    town_desk(town, SAMPLE_NOW);
    assert_copies(town, 1, 0, 1);
}

static void test_proposals_wait_for_a_person_and_nothing_leaves(void **state)
{
    struct town *town = *state;
    struct share_row row;
    configure(town, "propose", 2);
    warn(town, 1, shareable);
    town_desk(town, SAMPLE_NOW);
    assert_copies(town, 0, 0, 0);
    assert_int_equal(waiting(town, &row), 1);
    assert_int_equal(row.act, SHARE_FIRST);
    town->options.share_level = 1;
    assert_int_equal(waiting(town, &row), 0);
    town->options.share_level = 2;
    warn_again(town, 2, "cancel", "affected_sectors", "撤销：经核查为误报");
    town_desk(town, SAMPLE_NOW);
    assert_int_equal(waiting(town, &row), 0);
}

/* A person's copy is known to the rule, also where both were stored before the desk looked; and is not changed by it.
 */
static void test_a_copy_by_hand_is_not_doubled_nor_changed_by_the_rule(void **state)
{
    struct town *town = *state;
    struct share_row row;
    char source[37];
    char copy[900];
    uint8_t id[RECORD_ID_SIZE];
    memcpy(id, sample_id, sizeof id);
    id[RECORD_ID_SIZE - 1] = 1;
    record_id_text(id, source);
    configure(town, "auto", 2);
    warn(town, 1, shareable);
    snprintf(copy, sizeof copy,
             "{\"kind\": \"shared_warning\", \"source_id\": \"%s\", \"source_party\": \"" SAMPLE_PARTY
             "\", \"headline\": \"请核查剂量\", \"description\": \"请各单位核查问诊助手的用药剂量。\", \"level\": 2, "
             "\"sector\": \"healthcare\", \"risk_domain\": \"system_safety\", \"submitter\": {\"name\": \"李\", "
             "\"role\": \"经办人\"}}",
             source);
    assert_string_equal(town_file(town, copy), "");
    town_desk(town, SAMPLE_NOW);
    assert_copies(town, 1, 0, 0);
    assert_int_equal(waiting(town, &row), 0);
    warn_again(town, 2, "update", "affected_sectors", "问诊助手给出错误剂量，已扩大");
    town_desk(town, SAMPLE_NOW);
    assert_copies(town, 1, 0, 0);
    assert_int_equal(waiting(town, &row), 1);
    assert_int_equal(row.act, SHARE_UPDATE);
}

static void test_a_failing_disk_repeats_nothing(void **state)
{
    struct town *town = *state;
    struct share_row row;
    bool has_more = true;
    err_t err = ERR_OK;
    configure(town, "auto", 2);
    warn(town, 1, shareable);
    sqlite3 *db = town->bench->store->db;
    assert_int_equal(sqlite3_exec(db,
                                  "create temp trigger fail before insert on share when new.copy <> x'' begin select "
                                  "raise(abort, 'no'); end",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    for (int i = 0; i < 10 && err == ERR_OK && has_more; i++) {
        err = desk_run(&town->desk, SAMPLE_NOW, 1000, &has_more);
    }
    assert_int_not_equal(err, ERR_OK);
    assert_copies(town, 0, 0, 0);
    assert_int_equal(sqlite3_exec(db, "drop trigger fail", NULL, NULL, NULL), SQLITE_OK);
    town_desk(town, SAMPLE_NOW);
    assert_copies(town, 1, 0, 0);
    assert_int_equal(waiting(town, &row), 0);
}

int main(void)
{
#define TOWN_TEST(name) cmocka_unit_test_setup_teardown(name, town_setup, town_teardown)
    const struct CMUnitTest tests[] = {
        TOWN_TEST(test_a_copy_is_filed_once_and_follows_its_source),
        TOWN_TEST(test_what_is_not_to_be_shared_is_not),
        TOWN_TEST(test_a_narrower_scope_takes_the_copy_back),
        TOWN_TEST(test_proposals_wait_for_a_person_and_nothing_leaves),
        TOWN_TEST(test_a_copy_by_hand_is_not_doubled_nor_changed_by_the_rule),
        TOWN_TEST(test_a_failing_disk_repeats_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
