#include "tests/hub/city_sample.h"

#include <openssl/rand.h>

#include "hub/store_sqlite.h"

/* A machine's clock that stands where no calendar is. */

enum { YEARS = 73, DISTRICTS = 13, TYPES = 5 };

#define YEAR (365 * DAY)

static void join(struct town *town, const char *type, int district, int number)
{
    struct store *store = town->bench->store;
    struct party party = {.role = "entity", .name = "x", .sectors = "healthcare"};
    struct party found;
    snprintf(party.party, sizeof party.party, "P%d", number);
    snprintf(party.entity_type, sizeof party.entity_type, "%s", type);
    snprintf(party.district, sizeof party.district, "3301%02d", district);
    assert_int_equal(store_put_party(store, &party, SAMPLE_NOW), ERR_OK);
    assert_int_equal(store_find_party(store, party.party, &found), ERR_OK);
    struct party_key key = {.since = SAMPLE_NOW, .signing_key = town->bench->key.signing_key};
    RAND_bytes(key.curve_key, KEY_SIZE);
    assert_int_equal(store_put_key(store, found.row, &key, (struct view){0}), ERR_OK);
    assert_int_equal(store_set_active(store, found.row, SAMPLE_NOW), ERR_OK);
}

static void join_many(struct town *town)
{
    static const char *const types[TYPES] = {"enterprise", "university", "institute", "hospital", "other"};
    assert_int_equal(store_begin(town->bench->store), ERR_OK);
    for (int i = 0; i < DISTRICTS * TYPES; i++) {
        join(town, types[i % TYPES], 1 + i / TYPES, i);
    }
    assert_int_equal(store_commit(town->bench->store), ERR_OK);
}

static void test_a_clock_that_is_ahead_by_decades_does_not_end_the_hub(void **state)
{
    struct town *town = *state;
    bool has_more = false;
    join_many(town);
    assert_int_equal(desk_run(&town->desk, SAMPLE_NOW + YEARS * YEAR, 100000, &has_more), ERR_OK);
    assert_true(town_count(town, "completeness", "|expected") >= (int64_t)DISTRICTS * TYPES * YEARS * 4);
}

static void test_the_periods_of_many_are_opened_in_some_runs(void **state)
{
    struct town *town = *state;
    bool has_more = true;
    int runs = 0;
    join_many(town);
    while (has_more) {
        assert_int_equal(desk_run(&town->desk, SAMPLE_NOW + 100 * DAY, 0, &has_more), ERR_OK);
        runs++;
    }
    assert_true(runs > DISTRICTS * TYPES);
    assert_int_equal(town_count(town, "completeness", "|expected"), DISTRICTS * TYPES + 2);
}

/* As a desk that was opened anew finds it, which is told to wait an hour. */
static void restart(struct town *town)
{
    char reason[512];
    desk_close(&town->desk);
    assert_int_equal(desk_open(&town->desk, town->bench->store, &town->city, &town->home, 480, reason), ERR_OK);
    town->desk.leap.wait_ms = HOUR;
}

struct state {
    int64_t expected, overdue;
    uint64_t uplink, records;
};

static struct state look(struct town *town)
{
    return (struct state){town_count(town, "completeness", "|expected"), town_count(town, "clock", "|overdue"),
                          bench_head(town->bench->store, "uplink", 0), town->bench->store->number};
}

/* The city asks for the re-review itself when that is overdue. */
static const char listed[] = "{\"rereview_list_item\": \"high_autonomy\", \"procedure\": \"expert_rereview\", "
                             "\"members_present\": null, \"votes_for\": null, \"next_follow_up_on\": \"2027-02-01\"}";

static void test_a_clock_that_is_ahead_for_a_while_changes_nothing(void **state)
{
    struct town *town = *state;
    join_many(town);
    batch_free(bench_put(town->bench, sample_review, listed, 1));
    restart(town);
    town_desk(town, SAMPLE_NOW);
    struct state before = look(town);
    for (int run = 0; run < 3; run++) {
        town_desk(town, SAMPLE_NOW + 2 * YEAR + 12 * HOUR * run); /* midnight is among them */
        restart(town);
    }
    struct state ahead = look(town);
    assert_memory_equal(&ahead, &before, sizeof before);
    for (int day = 0; day < 3; day++) {
        town_desk(town, SAMPLE_NOW + day * DAY);
    }
    struct state after = look(town);
    assert_memory_equal(&after, &before, sizeof before);
}

static void test_a_clock_that_stands_an_hour_after_its_leap_is_gone_by(void **state)
{
    struct town *town = *state;
    restart(town);
    town_desk(town, SAMPLE_NOW);
    struct state before = look(town);
    town_desk(town, SAMPLE_NOW + YEAR);
    town->desk.leap.since_ms -= HOUR - 10000;
    town_desk(town, SAMPLE_NOW + YEAR + DAY); /* midnight was among it */
    assert_int_equal(look(town).expected, before.expected);
    town->desk.leap.since_ms -= 10000;
    town_desk(town, SAMPLE_NOW + YEAR + DAY);
    assert_int_equal(look(town).expected, before.expected + 4);
    restart(town);
    town_desk(town, SAMPLE_NOW + YEAR + 2 * DAY); /* the days that follow are ordinary ones */
    assert_int_equal(town->desk.leap.waits_for, INT64_MIN);
}

/* What was waited for once does not count for another leap. */
static void test_each_leap_is_waited_for(void **state)
{
    struct town *town = *state;
    restart(town);
    town_desk(town, SAMPLE_NOW);
    struct state before = look(town);
    town_desk(town, SAMPLE_NOW + YEAR);
    town->desk.leap.since_ms -= HOUR / 2;
    town_desk(town, SAMPLE_NOW);
    town->desk.leap.since_ms -= HOUR;
    town_desk(town, SAMPLE_NOW + YEAR);
    assert_int_equal(look(town).expected, before.expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_clock_that_is_ahead_by_decades_does_not_end_the_hub, town_setup,
                                        town_teardown),
        cmocka_unit_test_setup_teardown(test_the_periods_of_many_are_opened_in_some_runs, town_setup, town_teardown),
        cmocka_unit_test_setup_teardown(test_a_clock_that_is_ahead_for_a_while_changes_nothing, town_setup,
                                        town_teardown),
        cmocka_unit_test_setup_teardown(test_a_clock_that_stands_an_hour_after_its_leap_is_gone_by, town_setup,
                                        town_teardown),
        cmocka_unit_test_setup_teardown(test_each_leap_is_waited_for, town_setup, town_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
