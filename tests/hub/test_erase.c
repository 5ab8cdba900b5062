/* Erasure: what goes, what stays, and that figures, deadlines and later steps do not notice; and the terms by which the
 * hub erases by itself. */
#include "tests/hub/city_sample.h"

#include "common/text.h"
#include "hub/acts.h"
#include "hub/store_clock.h"
#include "hub/store_sqlite.h"
#include "proto/kinds.h"
#include "proto/rights.h"

#define MONTH  (31 * DAY)
#define MINUTE INT64_C(60000)

static const uint8_t act[RECORD_ID_SIZE] = {1, 2, 3};

static const char *warning_step(const char *action)
{
    static char text[2048];
    json_t *object = sample_json(sample_warning, "{}");
    json_object_set_new(object, "action", json_string(action));
    json_object_set_new(object, "addressee", json_string(SAMPLE_PARTY));
    json_object_set_new(object, "refers_to", json_string("019a2b3c-4d5e-7001-8002-030405060701"));
    json_object_del(object, "entity");
    char *dump = json_dumps(object, JSON_COMPACT);
    snprintf(text, sizeof text, "%s", dump);
    free(dump);
    json_decref(object);
    return text;
}

static void id_of(uint8_t n, uint8_t ret_id[RECORD_ID_SIZE])
{
    memcpy(ret_id, sample_id, RECORD_ID_SIZE);
    ret_id[RECORD_ID_SIZE - 1] = n;
}

static err_t erase(struct town *town, uint8_t n)
{
    uint8_t id[RECORD_ID_SIZE];
    id_of(n, id);
    assert_int_equal(store_begin(town->bench->store), ERR_OK);
    err_t err = store_erase(town->bench->store, town->bench->party.row, id, act, 12345);
    if (err == ERR_OK) {
        assert_int_equal(store_commit(town->bench->store), ERR_OK);
    } else {
        store_rollback(town->bench->store);
    }
    return err;
}

struct seen {
    int count, erased, remnants;
    bool hash_fits;
};

static void note_row(void *self, const struct record_row *row)
{
    struct seen *seen = self;
    uint8_t hash[RECORD_HASH_SIZE];
    suite_hash_leaf(&suite_ed25519, row->bytes, hash);
    seen->count++;
    seen->erased += row->erased_at == 12345 && memcmp(row->erased_by, act, sizeof act) == 0;
    seen->remnants += rights_is_remnant(row->bytes);
    seen->hash_fits = memcmp(row->hash.at, hash, sizeof hash) == 0;
}

static struct seen look(struct town *town, uint8_t n)
{
    struct seen seen = {0};
    uint8_t id[RECORD_ID_SIZE];
    struct record_filter filter = {.sector = -1, .level = -1, .from = INT64_MIN, .to = INT64_MAX, .id = id};
    id_of(n, id);
    assert_int_equal(store_each_record(town->bench->store, &filter, note_row, &seen), ERR_OK);
    return seen;
}

static void test_figures_and_later_steps_do_not_notice(void **state)
{
    struct town *town = *state;
    assert_outcome(bench_put(town->bench, sample_warning, "{}", 1), OUTCOME_STORED, 1);
    assert_string_equal(town_file(town, warning_step("acknowledge")), "");
    town_desk(town, SAMPLE_NOW);
    assert_int_equal(town_count(town, "warning", "|acknowledged"), 1);
    assert_int_equal(erase(town, 1), ERR_OK);
    struct seen seen = look(town, 1);
    assert_true(seen.count == 1 && seen.erased == 1 && seen.remnants == 1 && !seen.hash_fits);
    bench_reopen(town->bench);
    town->desk.store = town->bench->store;
    store_set_city(town->bench->store, town->city.party.row);
    assert_string_equal(town_file(town, warning_step("resolve")), "");
    town_desk(town, SAMPLE_NOW);
    assert_int_equal(town_count(town, "warning", "|resolved"), 1);
    assert_int_equal(town_count(town, "warning", ""), 1);
}

static void test_the_same_record_again_is_a_duplicate_still(void **state)
{
    struct town *town = *state;
    assert_outcome(bench_put(town->bench, sample_review, "{}", 1), OUTCOME_STORED, 1);
    assert_int_equal(erase(town, 1), ERR_OK);
    assert_outcome(bench_put(town->bench, sample_review, "{}", 1), OUTCOME_DUPLICATE, 1);
    assert_rejected(bench_put(town->bench, sample_review, "{\"summary\": \"另一项活动的概况说明。\"}", 1), "conflict",
                    "id");
    assert_rejected(bench_put(town->bench, sample_review, "{\"attachments\": null}", 2), "not_unique", "activity_no");
    assert_int_equal(look(town, 1).remnants, 1);
}

static void test_it_is_done_once_and_to_what_is_there(void **state)
{
    struct town *town = *state;
    assert_outcome(bench_put(town->bench, sample_review, "{}", 1), OUTCOME_STORED, 1);
    assert_int_equal(erase(town, 9), ERR_NOT_FOUND);
    assert_int_equal(erase(town, 1), ERR_OK);
    assert_int_equal(erase(town, 1), ERR_EXISTS);
    assert_int_equal(look(town, 1).erased, 1);
}

static err_t count_logged(void *self, const struct logged *logged)
{
    int *numbers = self;
    *numbers = *numbers * 10 + (int)logged->number;
    return ERR_OK;
}

static void test_neighbours_in_the_batch_are_untouched(void **state)
{
    struct town *town = *state;
    msgpack_sbuffer records[3];
    int numbers = 0;
    bench_record(sample_review, "{\"activity_no\": \"1\"}", 1, &records[0]);
    bench_record(sample_warning, "{}", 2, &records[1]);
    bench_record(sample_review, "{\"activity_no\": \"3\"}", 3, &records[2]);
    struct batch *batch = bench_batch(town->bench, records, 3, false);
    assert_non_null(batch);
    assert_int_equal(store_begin(town->bench->store), ERR_OK);
    assert_int_equal(store_put_batch(town->bench->store, batch), ERR_OK);
    assert_int_equal(store_commit(town->bench->store), ERR_OK);
    batch_free(batch);
    assert_int_equal(erase(town, 2), ERR_OK);
    assert_true(look(town, 1).hash_fits && look(town, 3).hash_fits);
    assert_int_equal(look(town, 1).remnants + look(town, 3).remnants, 0);
    assert_int_equal(store_each_logged(town->bench->store, 1, count_logged, &numbers), ERR_OK);
    assert_int_equal(numbers, 123); /* the desk finds each of them, in order */
    for (int i = 0; i < 3; i++) {
        msgpack_sbuffer_destroy(&records[i]);
    }
}

static bool holds(struct town *town, const char *text)
{
    char path[PATH_SIZE];
    bool is_found = false;
    static char content[1 << 20];
    store_truncate_log(town->bench->store);
    home_file(&town->bench->home, "store.db", path);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(content, 1, sizeof content, file);
    fclose(file);
    for (size_t i = 0; i + strlen(text) <= size && !is_found; i++) {
        is_found = memcmp(content + i, text, strlen(text)) == 0;
    }
    return is_found;
}

/* What came again beside something new, and what was refused beside it, leaves no copy that would outlive the first. */
static void test_no_second_copy_is_kept(void **state)
{
    struct town *town = *state;
    msgpack_sbuffer records[3];
    assert_outcome(bench_put(town->bench, sample_review, "{\"summary\": \"secret-words-of-the-first\"}", 1),
                   OUTCOME_STORED, 1);
    bench_record(sample_review, "{\"summary\": \"secret-words-of-the-first\"}", 1, &records[0]);
    bench_record(sample_review, "{\"activity_no\": \"2\"}", 2, &records[1]);
    bench_record(sample_review, "{\"summary\": \"secret-words-that-are-refused\"}", 3, &records[2]);
    struct batch *batch = bench_batch(town->bench, records, 3, false);
    assert_int_equal(store_begin(town->bench->store), ERR_OK);
    assert_int_equal(store_put_batch(town->bench->store, batch), ERR_OK);
    assert_int_equal(store_commit(town->bench->store), ERR_OK);
    assert_int_equal(batch->items[0].outcome, OUTCOME_DUPLICATE);
    assert_int_equal(batch->items[1].outcome, OUTCOME_STORED);
    assert_int_equal(batch->items[2].outcome, OUTCOME_REJECTED);
    batch_free(batch);
    assert_true(holds(town, "secret-words-of-the-first"));
    assert_false(holds(town, "secret-words-that-are-refused"));
    assert_int_equal(erase(town, 1), ERR_OK);
    assert_false(holds(town, "secret-words-of-the-first"));
    int numbers = 0;
    assert_int_equal(store_each_logged(town->bench->store, 2, count_logged, &numbers), ERR_OK);
    assert_int_equal(numbers, 2);
    assert_true(look(town, 2).hash_fits);
    for (int i = 0; i < 3; i++) {
        msgpack_sbuffer_destroy(&records[i]);
    }
}

/* ---- terms ---- */

static void set_term(struct retention *retention, int kind, int64_t months)
{
    *retention = (struct retention){.is_set = true, .done_day = INT64_MIN};
    retention->months[kind] = months;
}

/* The pass of a day to its end; the steps in which something was erased. */
static int pass(struct town *town, struct retention *retention, int64_t now)
{
    int steps = 0;
    bool has_more = true;
    for (int i = 0; i < 1000 && has_more; i++) {
        bool is_erased = false;
        assert_int_equal(retention_run(retention, &town->city, town->bench->store, now, &is_erased, &has_more), ERR_OK);
        steps += is_erased;
    }
    assert_false(has_more);
    return steps;
}

/* The passes of the two days before, in which nothing is erased: the hub has not seen those before them. */
static void eve(struct town *town, struct retention *retention, int64_t now)
{
    assert_int_equal(pass(town, retention, now - 2 * DAY), 0);
    assert_int_equal(pass(town, retention, now - DAY), 0);
}

static void test_content_goes_when_its_term_is_over_and_nobody_waits(void **state)
{
    struct town *town = *state;
    struct retention retention;
    set_term(&retention, KIND_RISK_WARNING, 12);
    int64_t now = clock_ms();
    assert_outcome(bench_put(town->bench, sample_warning, "{}", 1), OUTCOME_STORED, 1);
    assert_outcome(bench_put(town->bench, sample_review, "{}", 2), OUTCOME_STORED, 2);
    town_desk(town, now);
    eve(town, &retention, now + INT64_C(330) * DAY);
    assert_int_equal(pass(town, &retention, now + INT64_C(330) * DAY), 0);
    eve(town, &retention, now + 13 * MONTH);
    assert_int_equal(pass(town, &retention, now + 13 * MONTH), 0); /* nobody has acknowledged the warning */
    assert_int_equal(look(town, 1).remnants, 0);
    assert_string_equal(town_file(town, warning_step("acknowledge")), "");
    assert_string_equal(town_file(town, warning_step("resolve")), "");
    town_desk(town, now + 13 * MONTH);
    assert_int_equal(pass(town, &retention, now + 13 * MONTH), 0); /* the day's pass is done */
    assert_int_equal(pass(town, &retention, now + 13 * MONTH + DAY), 1);
    assert_int_equal(look(town, 1).remnants, 1);
    assert_int_equal(look(town, 2).remnants, 0); /* has no term */
    assert_int_equal(town_count(town, "warning", "|resolved"), 1);
    assert_int_equal(pass(town, &retention, now + 13 * MONTH + 2 * DAY), 0);
    retention_done(&retention);
}

static const char rejected[] =
    "{\"decision\": \"rejected\", \"rejection_reason\": \"不符合要求。\", \"next_follow_up_on\": null}"; /* nothing is
                                                                                                            awaited */
static const char rejected_too[] = "{\"decision\": \"rejected\", \"rejection_reason\": \"不符合要求。\", "
                                   "\"next_follow_up_on\": null, \"activity_no\": \"2\"}";

static void test_a_clock_that_is_wrong_for_a_while_erases_nothing(void **state)
{
    struct town *town = *state;
    struct retention retention;
    set_term(&retention, KIND_REVIEW_REPORT, 6);
    int64_t now = clock_ms();
    assert_outcome(bench_put(town->bench, sample_review, rejected, 1), OUTCOME_STORED, 1);
    town_desk(town, now);
    assert_int_equal(pass(town, &retention, now), 0);
    assert_int_equal(pass(town, &retention, now + 120 * MONTH), 0);
    retention.done_day = INT64_MIN; /* the hub was started again in that hour */
    assert_int_equal(pass(town, &retention, now + 120 * MONTH), 0);
    assert_int_equal(pass(town, &retention, now + DAY), 0);
    assert_int_equal(pass(town, &retention, now + 2 * DAY), 0);
    assert_int_equal(look(town, 1).remnants, 0);
    retention_done(&retention);
}

/* Long before, and long after what is kept for six months. */
static void test_a_wrong_clock_that_passes_midnight_erases_nothing(void **state)
{
    struct town *town = *state;
    struct retention retention;
    set_term(&retention, KIND_REVIEW_REPORT, 6);
    int64_t now = clock_ms();
    int64_t midnight = day_start(day_of(now, 480) + 366, 480);
    assert_outcome(bench_put(town->bench, sample_review, rejected, 1), OUTCOME_STORED, 1);
    town_desk(town, now);
    eve(town, &retention, now);
    assert_int_equal(pass(town, &retention, now), 0);
    assert_int_equal(pass(town, &retention, midnight - 10 * MINUTE), 0);
    assert_int_equal(pass(town, &retention, midnight + 10 * MINUTE), 0);
    assert_int_equal(pass(town, &retention, now), 0);
    assert_int_equal(look(town, 1).remnants, 0);
    retention_done(&retention);
}

static void test_a_clock_that_jumps_within_a_pass_erases_nothing(void **state)
{
    struct town *town = *state;
    struct retention retention;
    bool is_erased = false;
    bool has_more = false;
    set_term(&retention, KIND_REVIEW_REPORT, 6);
    int64_t now = clock_ms();
    assert_outcome(bench_put(town->bench, sample_review, rejected, 1), OUTCOME_STORED, 1);
    assert_outcome(bench_put(town->bench, sample_review, rejected_too, 2), OUTCOME_STORED, 2);
    assert_int_equal(sqlite3_exec(town->bench->store->db,
                                  "update batch set at = at - 17280000000 where id = (select min(batch) from record)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    town_desk(town, now);
    eve(town, &retention, now);
    assert_int_equal(retention_run(&retention, &town->city, town->bench->store, now, &is_erased, &has_more), ERR_OK);
    assert_true(is_erased && has_more);
    assert_int_equal(pass(town, &retention, now + 12 * MONTH), 0);
    assert_int_equal(pass(town, &retention, now), 0);
    assert_int_equal(look(town, 1).remnants, 1);
    assert_int_equal(look(town, 2).remnants, 0);
    retention_done(&retention);
}

static void test_what_a_wrong_clock_has_dated_holds_nobody_up(void **state)
{
    struct town *town = *state;
    struct retention retention;
    set_term(&retention, KIND_REVIEW_REPORT, 6);
    int64_t now = clock_ms();
    assert_outcome(bench_put(town->bench, sample_review, rejected, 1), OUTCOME_STORED, 1);
    assert_outcome(bench_put(town->bench, sample_review, rejected_too, 2), OUTCOME_STORED, 2);
    assert_int_equal(sqlite3_exec(town->bench->store->db,
                                  "update batch set at = at + 315360000000 where id = (select min(batch) from record)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    town_desk(town, now);
    eve(town, &retention, now + 8 * MONTH);
    assert_int_equal(pass(town, &retention, now + 8 * MONTH), 1);
    assert_int_equal(look(town, 1).remnants, 0);
    assert_int_equal(look(town, 2).remnants, 1);
    eve(town, &retention, now + 130 * MONTH);
    assert_int_equal(pass(town, &retention, now + 130 * MONTH), 1);
    assert_int_equal(look(town, 1).remnants, 1);
    retention_done(&retention);
}

static void test_a_term_that_is_changed_counts_for_what_waited(void **state)
{
    struct town *town = *state;
    struct retention retention;
    set_term(&retention, KIND_RISK_WARNING, 12);
    int64_t now = clock_ms();
    assert_outcome(bench_put(town->bench, sample_warning, "{}", 1), OUTCOME_STORED, 1);
    town_desk(town, now);
    eve(town, &retention, now + 13 * MONTH);
    assert_int_equal(pass(town, &retention, now + 13 * MONTH), 0); /* nobody has acknowledged the warning */
    assert_string_equal(town_file(town, warning_step("acknowledge")), "");
    assert_string_equal(town_file(town, warning_step("resolve")), "");
    town_desk(town, now + 13 * MONTH);
    set_term(&retention, KIND_RISK_WARNING, 60);
    assert_int_equal(pass(town, &retention, now + 13 * MONTH + DAY), 0);
    set_term(&retention, KIND_REVIEW_REPORT, 60); /* the line of the warnings is gone for a day */
    assert_int_equal(pass(town, &retention, now + 13 * MONTH + 2 * DAY), 0);
    assert_int_equal(look(town, 1).remnants, 0);
    set_term(&retention, KIND_RISK_WARNING, 60);
    eve(town, &retention, now + 61 * MONTH);
    assert_int_equal(pass(town, &retention, now + 61 * MONTH), 1);
    assert_int_equal(look(town, 1).remnants, 1);
    retention_done(&retention);
}

static int count_remnants(struct town *town, const struct kind *kind)
{
    struct seen seen = {0};
    struct record_filter filter = {.sector = -1, .level = -1, .from = INT64_MIN, .to = INT64_MAX, .kind = kind};
    assert_int_equal(store_each_record(town->bench->store, &filter, note_row, &seen), ERR_OK);
    return seen.remnants;
}

static void test_not_before_the_follower_has_it(void **state)
{
    struct town *town = *state;
    struct retention retention;
    const struct kind *acceptance = kind_by_number(KIND_ACCEPTANCE);
    set_term(&retention, KIND_ACCEPTANCE, 1);
    int64_t now = clock_ms();
    assert_outcome(
        bench_put(town->bench, sample_review,
                  "{\"decision\": \"rejected\", \"rejection_reason\": \"不符合要求。\", \"next_follow_up_on\": null}",
                  1),
        OUTCOME_STORED, 1);
    assert_string_equal(town_file(town, "{\"kind\": \"acceptance\", \"addressee\": \"" SAMPLE_PARTY
                                        "\", \"refers_to\": \"019a2b3c-4d5e-7001-8002-030405060701\", \"note\": "
                                        "\"已收悉。\", \"submitter\": {\"name\": \"赵敏\", \"role\": \"经办人\"}}"),
                        "");
    town_desk(town, now);
    eve(town, &retention, now + 3 * MONTH);
    assert_int_equal(pass(town, &retention, now + 3 * MONTH), 0);
    assert_int_equal(count_remnants(town, acceptance), 0);
    retention_acknowledge(&retention, town->bench->party.row,
                          bench_head(town->bench->store, "inbox", town->bench->party.row));
    assert_int_equal(pass(town, &retention, now + 3 * MONTH + DAY), 1);
    assert_int_equal(count_remnants(town, acceptance), 1);
    retention_done(&retention);
}

static void test_a_hub_that_is_killed_between_goes_on(void **state)
{
    enum { MANY = 200 };
    struct town *town = *state;
    struct retention retention;
    int64_t now = clock_ms();
    int steps = 0;
    bool has_more = true;
    for (int n = 1; n <= MANY; n++) {
        char patch[256];
        snprintf(patch, sizeof patch,
                 "{\"activity_no\": \"%d\", \"decision\": \"rejected\", \"rejection_reason\": \"不符合要求。\", "
                 "\"next_follow_up_on\": null}",
                 n); /* nothing is awaited of it */
        assert_outcome(bench_put(town->bench, sample_review, patch, (uint8_t)n), OUTCOME_STORED, (uint64_t)n);
    }
    town_desk(town, now);
    set_term(&retention, KIND_REVIEW_REPORT, 6);
    eve(town, &retention, now + 12 * MONTH);
    for (int i = 0; i < 1000 && has_more; i++) {
        bool is_erased = false;
        set_term(&retention, KIND_REVIEW_REPORT, 6); /* as after each start: it knows nothing */
        assert_int_equal(
            retention_run(&retention, &town->city, town->bench->store, now + 12 * MONTH, &is_erased, &has_more),
            ERR_OK);
        steps += is_erased;
        bench_reopen(town->bench);
        store_set_city(town->bench->store, town->city.party.row);
    }
    assert_false(has_more);
    assert_int_equal(count_remnants(town, kind_by_number(KIND_REVIEW_REPORT)), MANY);
    assert_true(steps > 1);
    struct seen seen = {0};
    struct record_filter filter = {
        .sector = -1, .level = -1, .from = INT64_MIN, .to = INT64_MAX, .kind = kind_by_number(KIND_ADMINISTRATIVE_ACT)};
    assert_int_equal(store_each_record(town->bench->store, &filter, note_row, &seen), ERR_OK);
    assert_int_equal(seen.count, steps); /* an act each, of the commit that it was done in */
    assert_int_equal(town_count(town, "review", ""), MANY);
}

static void test_the_file_names_kinds_and_months(void **state)
{
    static const struct {
        const char *text, *expected;
    } faults[] = {{"weather = 3\n", ":1: weather: "},
                  {"risk_warning = 9\nadministrative_act = 3\n", ":2: administrative_act: "},
                  {"review_report = 0\n", "1200"},
                  {"review_report = soon\n", "1200"},
                  {"review_report = 1201\n", "1200"},
                  {"review_report\n", "1200"},
                  {"review_report = 12\n    risk_warning = 60\n", "1200"},
                  {"review_report = 1\nreview_report = 120\n", "twice"},
                  {"review_report = \"\n", "not a ZPL file"}};
    struct town *town = *state;
    struct retention retention = {0};
    char reason[512];
    assert_int_equal(retention_load(&town->home, &retention, reason), ERR_OK);
    assert_false(retention.is_set);
    static const char good[] = "review_report = 120\nrisk_warning = 60\n";
    assert_int_equal(home_write(&town->home, RETENTION_FILE, good, strlen(good)), ERR_OK);
    assert_int_equal(retention_load(&town->home, &retention, reason), ERR_OK);
    char *text = retention_text(&retention);
    assert_string_equal(text, "retention review_report = 120\nretention risk_warning = 60\n");
    free(text);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        assert_int_equal(home_write(&town->home, RETENTION_FILE, faults[i].text, strlen(faults[i].text)), ERR_OK);
        assert_int_equal(retention_load(&town->home, &retention, reason), ERR_INVALID);
        assert_non_null(strstr(reason, RETENTION_FILE ":"));
        assert_non_null(strstr(reason, faults[i].expected));
        assert_int_equal(retention.months[KIND_REVIEW_REPORT], 120); /* what was goes on */
    }
}

#define TOWN_TEST(test) cmocka_unit_test_setup_teardown(test, town_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOWN_TEST(test_figures_and_later_steps_do_not_notice),
        TOWN_TEST(test_the_same_record_again_is_a_duplicate_still),
        TOWN_TEST(test_it_is_done_once_and_to_what_is_there),
        TOWN_TEST(test_neighbours_in_the_batch_are_untouched),
        TOWN_TEST(test_no_second_copy_is_kept),
        TOWN_TEST(test_content_goes_when_its_term_is_over_and_nobody_waits),
        TOWN_TEST(test_a_clock_that_is_wrong_for_a_while_erases_nothing),
        TOWN_TEST(test_a_wrong_clock_that_passes_midnight_erases_nothing),
        TOWN_TEST(test_a_clock_that_jumps_within_a_pass_erases_nothing),
        TOWN_TEST(test_what_a_wrong_clock_has_dated_holds_nobody_up),
        TOWN_TEST(test_a_term_that_is_changed_counts_for_what_waited),
        TOWN_TEST(test_not_before_the_follower_has_it),
        TOWN_TEST(test_a_hub_that_is_killed_between_goes_on),
        TOWN_TEST(test_the_file_names_kinds_and_months),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
