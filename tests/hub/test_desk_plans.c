/* The plans' own measures: filed once a day at most and on a change, through restarts, and up to the province. */
#include "tests/hub/city_sample.h"

#include "hub/plan.h"

static const char plan_text[] =
    "{\"kind\": \"city_plan\", \"submitter\": {\"name\": \"郑怀瑾\", \"role\": \"主任科员\"}, \"title\": "
    "\"试点行动方案\", \"year\": 2026, \"lead_department\": \"市科技局\", \"liaison\": {\"name\": \"郑怀瑾\", "
    "\"phone\": \"0571-85250031\"}, \"sectors\": [\"healthcare\"], \"entity_types\": [\"hospital\"], \"work_basis\": "
    "\"已有委员会四十二家。\", \"goals\": [{\"key\": \"joined\", \"goal\": \"接入\", \"indicator\": \"接入单位数\", "
    "\"measure\": \"units_joined\", \"target\": 40, \"unit\": \"家\", \"due_on\": \"2026-12-31\"}, {\"key\": "
    "\"reviews\", \"goal\": \"报送\", \"indicator\": \"审查数\", \"measure\": \"reviews_reported\", \"target\": 10, "
    "\"unit\": \"件\", \"due_on\": \"2026-12-31\"}, {\"key\": \"training\", \"goal\": \"培训\", \"indicator\": "
    "\"培训人次\", \"measure\": \"manual\", \"target\": 100, \"unit\": \"人次\", \"due_on\": \"2026-12-31\"}], "
    "\"duties\": {\"entity\": \"报送。\", \"city\": \"接收。\", \"province\": \"统筹。\"}, \"work_items\": [{\"no\": "
    "\"1\", \"title\": \"推动报送\", \"responsible\": \"市科技局\", \"starts_on\": \"2026-01-10\", \"ends_on\": "
    "\"2026-12-30\", \"state\": \"ongoing\", \"measure\": \"reviews_reported\", \"target\": 4}], "
    "\"expected_results\": [\"形成机制\"]}";

static struct plan read_plan(struct town *town, const uint8_t root[RECORD_ID_SIZE])
{
    struct plan plan;
    assert_int_equal(plan_read(town->bench->store, town->city.party.party, root, &plan), ERR_OK);
    assert_non_null(plan.content);
    return plan;
}

static json_int_t number_in(const json_t *rows, const char *key, const char *name)
{
    json_t *value = json_object_get(json_object_get(rows, key), name);
    return json_is_integer(value) ? json_integer_value(value) : -1;
}

/* How many of the records that went up the hub measured. */
static size_t progress_up(struct town *town)
{
    struct page page;
    struct event event;
    size_t count = (size_t)town_events(town, "uplink", EVENT_RECORD, NULL, &page, &event);
    msgpack_sbuffer_destroy(&page.events);
    return count - 1; /* the plan itself */
}

static void start_again(struct town *town)
{
    char reason[512];
    desk_close(&town->desk);
    bench_reopen(town->bench);
    assert_int_equal(city_open(town->bench->store, &town->identity, &town->options, &town->city), ERR_OK);
    assert_int_equal(desk_open(&town->desk, town->bench->store, &town->city, &town->home, 480, reason), ERR_OK);
}

static void test_goals_and_items_fill_themselves_daily_and_on_a_change(void **state)
{
    struct town *town = *state;
    uint8_t root[RECORD_ID_SIZE];
    assert_string_equal(town_file(town, plan_text), "");
    memcpy(root, town->last, sizeof root);
    town_desk(town, SAMPLE_NOW);
    struct plan plan = read_plan(town, root);
    assert_int_equal(number_in(plan.measured_goals, "joined", "value"), 1);
    assert_int_equal(number_in(plan.measured_goals, "reviews", "value"), 0);
    assert_int_equal(number_in(plan.measured_goals, "training", "value"), -1); /* a person's */
    assert_int_equal(number_in(plan.measured_items, "1", "percent"), 0);
    plan_done(&plan);
    assert_int_equal(progress_up(town), 1);

    assert_outcome(bench_put(town->bench, sample_review, "{}", 1), OUTCOME_STORED, 2 + 1);
    start_again(town);
    town_desk(town, SAMPLE_NOW + HOUR); /* the same day: once is enough */
    assert_int_equal(progress_up(town), 1);
    town_desk(town, SAMPLE_NOW + DAY);
    assert_int_equal(progress_up(town), 2);
    plan = read_plan(town, root);
    assert_int_equal(number_in(plan.measured_goals, "reviews", "value"), 1);
    assert_int_equal(number_in(plan.measured_items, "1", "percent"), 25);
    plan_done(&plan);
    start_again(town);
    town_desk(town, SAMPLE_NOW + DAY);
    town_desk(town, SAMPLE_NOW + 2 * DAY); /* nothing has changed */
    assert_int_equal(progress_up(town), 2);
}

static void test_what_a_person_stated_stands_beside_it(void **state)
{
    struct town *town = *state;
    uint8_t root[RECORD_ID_SIZE];
    char id[37];
    char progress[400];
    assert_string_equal(town_file(town, plan_text), "");
    memcpy(root, town->last, sizeof root);
    record_id_text(root, id);
    snprintf(progress, sizeof progress,
             "{\"kind\": \"plan_progress\", \"submitter\": {\"name\": \"郑\", \"role\": \"科员\"}, \"refers_to\": "
             "\"%s\", \"as_of\": \"2026-11-20\", \"goals\": [{\"key\": \"reviews\", \"value\": 7}], \"items\": "
             "[{\"no\": \"1\", \"state\": \"delayed\"}]}",
             id);
    assert_string_equal(town_file(town, progress), "");
    town_desk(town, SAMPLE_NOW);
    struct plan plan = read_plan(town, root);
    assert_int_equal(number_in(plan.stated_goals, "reviews", "value"), 7);
    assert_int_equal(number_in(plan.measured_goals, "reviews", "value"), 0);
    json_t *item = json_object_get(plan.measured_items, "1");
    assert_string_equal(json_string_value(json_object_get(item, "state")), "delayed"); /* only the share is measured */
    plan_done(&plan);
}

static void test_a_withdrawn_plan_is_left_alone(void **state)
{
    struct town *town = *state;
    char id[37];
    char withdrawal[256];
    assert_string_equal(town_file(town, plan_text), "");
    record_id_text(town->last, id);
    town_desk(town, SAMPLE_NOW);
    snprintf(withdrawal, sizeof withdrawal,
             "{\"kind\": \"withdrawal\", \"submitter\": {\"name\": \"郑\", \"role\": \"科员\"}, \"replaces\": \"%s\", "
             "\"reason\": \"重新编制\"}",
             id);
    assert_string_equal(town_file(town, withdrawal), "");
    assert_outcome(bench_put(town->bench, sample_review, "{}", 1), OUTCOME_STORED, 4);
    size_t before = progress_up(town);
    town_desk(town, SAMPLE_NOW + DAY);
    assert_int_equal(progress_up(town), before);
}

static void test_shares_are_of_what_is_over(void **state)
{
    struct town *town = *state;
    struct measures measures;
    struct store *store = town->bench->store;
    assert_int_equal(store_begin(store), ERR_OK);
    store_count(store, "clock", 20000, "acknowledge_1|hospital|met", 2);
    store_count(store, "clock", 20001, "acknowledge_4|hospital|overdue", 1);
    store_count(store, "clock", 20001, "acknowledge_4|hospital|open", 5);
    store_count(store, "clock", 20002, "acknowledge_4|hospital|met", 9); /* after the period */
    store_count(store, "completeness", 20000, "hospital|330106|expected", 3);
    store_count(store, "completeness", 20000, "hospital|330106|received", 2);
    store_count(store, "completeness", 20000, "hospital|330106|on_time", 1);
    assert_int_equal(store_commit(store), ERR_OK);
    assert_int_equal(measures_take(store, 20000, 20001, &measures), ERR_OK);
    assert_int_equal(measures.values[MEASURE_WARNINGS_ANSWERED], 2);
    assert_int_equal(measures.values[MEASURE_ANSWERED_PERCENT], 66);
    assert_int_equal(measures.values[MEASURE_COMPLETENESS], 66);
    assert_int_equal(measures.values[MEASURE_TIMELINESS], 33);
    assert_int_equal(measures_take(store, 20003, 20004, &measures), ERR_OK);
    assert_false(measures.has[MEASURE_ANSWERED_PERCENT]); /* a share of nothing */
    assert_false(measures.has[MEASURE_MANUAL]);
}

int main(void)
{
#define TOWN_TEST(name) cmocka_unit_test_setup_teardown(name, town_setup, town_teardown)
    const struct CMUnitTest tests[] = {
        TOWN_TEST(test_goals_and_items_fill_themselves_daily_and_on_a_change),
        TOWN_TEST(test_what_a_person_stated_stands_beside_it),
        TOWN_TEST(test_a_withdrawn_plan_is_left_alone),
        TOWN_TEST(test_shares_are_of_what_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
