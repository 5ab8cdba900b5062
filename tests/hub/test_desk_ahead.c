#include "tests/hub/city_sample.h"

#include <openssl/rand.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_clock_that_is_ahead_by_decades_does_not_end_the_hub, town_setup,
                                        town_teardown),
        cmocka_unit_test_setup_teardown(test_the_periods_of_many_are_opened_in_some_runs, town_setup, town_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
