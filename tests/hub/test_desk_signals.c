/* Signals by themselves: raised once whatever is cut off or opened again, over days that passed, over an older store.
 */
#include "tests/hub/city_sample.h"

#include "hub/store_sqlite.h"

static const char rules_text[] = "signals\n    model\n        group = \"model_name\"\n        window = 30\n"
                                 "        count = 2\n        level = 3\n        cool_down = 30\n        growth = 0\n";

static void write_rules(struct town *town, const char *text)
{
    assert_int_equal(home_write(&town->home, SIGNALS_FILE, text, strlen(text)), ERR_OK);
}

static void configure(struct town *town)
{
    char reason[512];
    snprintf(town->options.signals, sizeof town->options.signals, "%s", SIGNALS_FILE);
    snprintf(town->options.share_mode, sizeof town->options.share_mode, "off");
    assert_int_equal(desk_configure(&town->desk, &town->home, &town->options, reason), ERR_OK);
}

/* Another process on the same home. */
static void start_again(struct town *town)
{
    char reason[512];
    desk_close(&town->desk);
    bench_reopen(town->bench);
    assert_int_equal(city_open(town->bench->store, &town->identity, &town->options, &town->city), ERR_OK);
    assert_int_equal(desk_open(&town->desk, town->bench->store, &town->city, &town->home, 480, reason), ERR_OK);
    configure(town);
}

/* The desk, without the rest that it takes after a look. */
static void look(struct town *town, int64_t now)
{
    town->desk.signals.rest_until = 0;
    town_desk(town, now);
}

static void warn(struct town *town, uint8_t n, const char *patch)
{
    assert_outcome(bench_put(town->bench, sample_warning, patch, n), OUTCOME_STORED, n);
}

static void count_one(void *self, const struct raised *raised)
{
    int *count = self;
    (void)raised;
    (*count)++;
}

static int raised_count(struct town *town)
{
    int count = 0;
    assert_int_equal(store_each_raised(town->bench->store, count_one, &count), ERR_OK);
    return count;
}

static void test_a_cluster_is_raised_once_across_restarts(void **state)
{
    struct town *town = *state;
    write_rules(town, rules_text);
    configure(town);
    warn(town, 1, "{}");
    look(town, SAMPLE_NOW);
    assert_int_equal(raised_count(town), 0);
    warn(town, 2, "{}");
    start_again(town); /* before it was followed */
    look(town, SAMPLE_NOW);
    assert_int_equal(raised_count(town), 1);
    start_again(town);
    look(town, SAMPLE_NOW);
    look(town, SAMPLE_NOW + DAY);
    assert_int_equal(raised_count(town), 1);
    assert_int_equal(town_count(town, "warning", "|actual|"), 3); /* and it is no evidence of itself */
}

static void test_an_institution_keeps_no_warning_out_by_the_looks_of_a_composite_one(void **state)
{
    struct town *town = *state;
    write_rules(town, rules_text);
    configure(town);
    warn(town, 1, "{\"headline\": \"【聚集信号】问诊助手：30日内2件\"}");
    warn(town, 2, "{\"signal_rule\": \"model\"}");
    look(town, SAMPLE_NOW);
    assert_int_equal(raised_count(town), 1);
}

static void test_what_is_rolled_back_is_looked_at_again(void **state)
{
    struct town *town = *state;
    write_rules(town, rules_text);
    configure(town);
    warn(town, 1, "{}");
    warn(town, 2, "{}");
    struct store *store = town->bench->store;
    /* The disk fails after the composite warning has been written and before it is noted. */
    assert_int_equal(db_exec(store->db, "create temp trigger fail before insert on signal_raised begin select "
                                        "raise(abort, 'no'); end"),
                     ERR_OK);
    bool has_more = true;
    err_t err = ERR_OK;
    for (int i = 0; i < 10 && err == ERR_OK && has_more; i++) {
        err = desk_run(&town->desk, SAMPLE_NOW, 1000, &has_more);
    }
    assert_int_not_equal(err, ERR_OK);
    assert_int_equal(town_count(town, "warning", "|actual|"), 2);
    assert_int_equal(db_exec(store->db, "drop trigger fail"), ERR_OK);
    look(town, SAMPLE_NOW);
    assert_int_equal(raised_count(town), 1);
    assert_int_equal(town_count(town, "warning", "|actual|"), 3);
}

static void test_cancelled_and_exercise_warnings_leave_the_count(void **state)
{
    struct town *town = *state;
    char patch[160];
    char root[37];
    uint8_t id[RECORD_ID_SIZE];
    memcpy(id, sample_id, sizeof id);
    id[RECORD_ID_SIZE - 1] = 1;
    record_id_text(id, root);
    write_rules(town, rules_text);
    configure(town);
    warn(town, 1, "{}");
    look(town, SAMPLE_NOW);
    snprintf(patch, sizeof patch, "{\"action\": \"cancel\", \"refers_to\": \"%s\"}", root);
    warn(town, 2, patch);
    warn(town, 3, "{\"status\": \"exercise\"}");
    warn(town, 4, "{\"rehearsal\": true}");
    warn(town, 5, "{}");
    look(town, SAMPLE_NOW);
    assert_int_equal(raised_count(town), 0);
    warn(town, 6, "{}");
    look(town, SAMPLE_NOW);
    assert_int_equal(raised_count(town), 1);
}

/* The window of the day on which there were two is over when the hub runs again. */
static void test_days_that_passed_while_the_hub_was_down_are_looked_at(void **state)
{
    struct town *town = *state;
    write_rules(town, "signals\n    model\n        group = \"model_name\"\n        window = 4\n        count = 2\n");
    configure(town);
    look(town, SAMPLE_NOW - DAY);
    warn(town, 1, "{}"); /* discovered three days before SAMPLE_NOW */
    warn(town, 2, "{}");
    start_again(town);
    look(town, SAMPLE_NOW + 10 * DAY);
    assert_int_equal(raised_count(town), 1);
}

static void test_an_older_store_gets_its_rows(void **state)
{
    struct town *town = *state;
    struct store *store = town->bench->store;
    warn(town, 1, "{}");
    warn(town, 2, "{}");
    look(town, SAMPLE_NOW); /* without rules */
    assert_int_equal(db_exec(store->db, "delete from signal_row; insert into meta(key, value) select "
                                        "'signal_rows_to', value from meta where key = 'desk'"),
                     ERR_OK);
    write_rules(town, rules_text);
    start_again(town);
    look(town, SAMPLE_NOW);
    assert_int_equal(raised_count(town), 1);
}

static void test_a_bad_file_leaves_the_rules_that_were(void **state)
{
    struct town *town = *state;
    char reason[512];
    write_rules(town, rules_text);
    configure(town);
    write_rules(town, "signals\n    model\n        group = \"modle_name\"\n");
    assert_int_equal(desk_configure(&town->desk, &town->home, &town->options, reason), ERR_INVALID);
    assert_non_null(strstr(reason, "signals.zpl:3:"));
    snprintf(town->options.signals, sizeof town->options.signals, "other.zpl");
    assert_int_equal(desk_configure(&town->desk, &town->home, &town->options, reason), ERR_NOT_FOUND);
    warn(town, 1, "{}");
    warn(town, 2, "{}");
    look(town, SAMPLE_NOW);
    assert_int_equal(raised_count(town), 1);
}

int main(void)
{
#define TOWN_TEST(name) cmocka_unit_test_setup_teardown(name, town_setup, town_teardown)
    const struct CMUnitTest tests[] = {
        TOWN_TEST(test_a_cluster_is_raised_once_across_restarts),
        TOWN_TEST(test_an_institution_keeps_no_warning_out_by_the_looks_of_a_composite_one),
        TOWN_TEST(test_what_is_rolled_back_is_looked_at_again),
        TOWN_TEST(test_cancelled_and_exercise_warnings_leave_the_count),
        TOWN_TEST(test_days_that_passed_while_the_hub_was_down_are_looked_at),
        TOWN_TEST(test_an_older_store_gets_its_rows),
        TOWN_TEST(test_a_bad_file_leaves_the_rules_that_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
