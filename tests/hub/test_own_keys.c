/* The pair that is announced to take the place of the hub's own: found by the present pair's word alone, and used when
 * its time has come. */
#include "tests/hub/hub_sample.h"

#include "common/succession.h"
#include "hub/city.h"
#include "hub/own_keys.h"

enum { NOW = 1000, SINCE = 5000 };

static void announce(struct bench *bench, const struct identity *former, const struct identity *next)
{
    uint8_t proof[SIGNATURE_SIZE];
    struct party_key key = {.since = SINCE, .signing_key = next->signing.key};
    memcpy(key.curve_key, next->curve_public, KEY_SIZE);
    successor_sign(former, next, SINCE, proof);
    assert_int_equal(store_begin(bench->store), ERR_OK);
    assert_int_equal(store_put_key(bench->store, bench->party.row, &key, (struct view){proof, sizeof proof}), ERR_OK);
    assert_int_equal(store_commit(bench->store), ERR_OK);
}

static struct party_key key_of(struct bench *bench, const struct identity *identity)
{
    struct party_key key;
    int64_t owner = 0;
    assert_int_equal(store_find_key(bench->store, identity->curve_public, &owner, &key), ERR_OK);
    return key;
}

static void test_nothing_is_announced(void **state)
{
    struct bench *bench = *state;
    struct announced announced;
    struct identity stranger;
    assert_int_equal(announced_find(bench->store, &bench->identity, &announced), ERR_NOT_FOUND);
    assert_int_equal(identity_make(&suite_ed25519, &stranger), ERR_OK);
    assert_int_equal(announced_find(bench->store, &stranger, &announced), ERR_NOT_FOUND);
    announce(bench, &stranger, &stranger);
    assert_int_equal(announced_find(bench->store, &bench->identity, &announced), ERR_NOT_FOUND);
}

static void test_its_time_comes(void **state)
{
    struct bench *bench = *state;
    struct announced announced;
    struct identity next;
    struct identity read;
    char reason[256];
    assert_int_equal(identity_prepare_next(&bench->home, &next, reason), ERR_OK);
    announce(bench, &bench->identity, &next);
    assert_int_equal(announced_find(bench->store, &bench->identity, &announced), ERR_OK);
    assert_int_equal(announced.key.since, SINCE);
    assert_memory_equal(announced.key.curve_key, next.curve_public, KEY_SIZE);
    assert_int_equal(announced_load(&bench->home, &announced, SINCE - 1, &read, reason), ERR_BUSY);
    assert_int_equal(announced_load(&bench->home, &announced, SINCE, &read, reason), ERR_OK);
    assert_memory_equal(read.curve_secret, next.curve_secret, KEY_SIZE);
    /* and after it nothing more is announced */
    assert_int_equal(announced_find(bench->store, &next, &announced), ERR_NOT_FOUND);
}

static void test_it_takes_the_place_once_its_time_has_come(void **state)
{
    struct bench *bench = *state;
    struct announced announced;
    struct identity next;
    struct identity read;
    struct identity own = bench->identity;
    bool is_taken = true;
    char reason[256];
    assert_int_equal(announced_take(bench->store, &bench->home, SINCE, &own, &announced, &is_taken, reason), ERR_OK);
    assert_false(is_taken);
    assert_int_equal(identity_prepare_next(&bench->home, &next, reason), ERR_OK);
    announce(bench, &bench->identity, &next);
    assert_int_equal(announced_take(bench->store, &bench->home, SINCE - 1, &own, &announced, &is_taken, reason),
                     ERR_OK);
    assert_false(is_taken);
    assert_memory_equal(announced.key.curve_key, next.curve_public, KEY_SIZE);
    assert_memory_equal(&own, &bench->identity, sizeof own);
    assert_int_equal(announced_take(bench->store, &bench->home, SINCE, &own, &announced, &is_taken, reason), ERR_OK);
    assert_true(is_taken);
    assert_int_equal(announced.key.row, 0);
    assert_memory_equal(&own, &next, sizeof own);
    assert_int_equal(identity_load(&bench->home, &read, reason), ERR_OK);
    assert_memory_equal(&read, &next, sizeof read);
    assert_int_equal(key_of(bench, &bench->identity).until, SINCE);
    /* and where identity.zpl is put back from before, it is the older one, of which the check alone speaks */
    own = bench->identity;
    assert_int_equal(announced_take(bench->store, &bench->home, SINCE, &own, &announced, &is_taken, reason), ERR_OK);
    assert_false(is_taken);
    assert_string_equal(reason, "");
    char why[512];
    assert_int_equal(own_keys_check(bench->store, &bench->home, &(struct options){.city = "330100"}, &own, why),
                     ERR_INVALID);
    assert_non_null(strstr(why, "identity.zpl is older"));
}

/* Until it is found the present one goes on, which has not ended: what it signs meanwhile is good. */
static void test_where_it_is_lost_the_present_one_goes_on(void **state)
{
    struct bench *bench = *state;
    const struct options options = {.city = "330100"};
    struct announced announced;
    struct identity next;
    struct identity own = bench->identity;
    bool is_taken = true;
    char reason[256];
    char why[512];
    assert_int_equal(identity_make(&suite_ed25519, &next), ERR_OK);
    announce(bench, &bench->identity, &next);
    assert_int_equal(announced_take(bench->store, &bench->home, SINCE, &own, &announced, &is_taken, reason), ERR_OK);
    assert_false(is_taken);
    assert_non_null(strstr(reason, "not here any more"));
    assert_memory_equal(&own, &bench->identity, sizeof own);
    assert_int_equal(key_of(bench, &own).until, 0);
    assert_int_equal(own_keys_check(bench->store, &bench->home, &options, &own, why), ERR_OK);
    /* and once another is announced in its place, nothing is left of it */
    assert_int_equal(store_begin(bench->store), ERR_OK);
    assert_int_equal(store_end_key(bench->store, announced.key.row, NOW), ERR_OK);
    assert_int_equal(store_commit(bench->store), ERR_OK);
    assert_int_equal(announced_find(bench->store, &own, &announced), ERR_NOT_FOUND);
    struct party_key ended = key_of(bench, &next);
    assert_int_equal(party_key_state(&ended, NOW), KEY_RETIRED);
}

static void test_what_is_not_here_is_not_used(void **state)
{
    struct bench *bench = *state;
    struct announced announced;
    struct identity next;
    struct identity read;
    char reason[256];
    assert_int_equal(identity_make(&suite_ed25519, &next), ERR_OK);
    announce(bench, &bench->identity, &next);
    assert_int_equal(announced_find(bench->store, &bench->identity, &announced), ERR_OK);
    assert_int_equal(announced_load(&bench->home, &announced, SINCE, &read, reason), ERR_NOT_FOUND);
    assert_int_equal(identity_prepare_next(&bench->home, &read, reason), ERR_OK);
    assert_int_equal(announced_load(&bench->home, &announced, SINCE, &read, reason), ERR_NOT_FOUND);
    assert_non_null(strstr(reason, "key rotate announces others"));
}

static void test_what_is_revoked_is_not_announced(void **state)
{
    struct bench *bench = *state;
    struct announced announced;
    struct identity next;
    int64_t count = 0;
    assert_int_equal(identity_make(&suite_ed25519, &next), ERR_OK);
    announce(bench, &bench->identity, &next);
    assert_int_equal(store_begin(bench->store), ERR_OK);
    assert_int_equal(store_revoke_keys(bench->store, bench->party.row, 0, "leaked", NOW, &count), ERR_OK);
    assert_int_equal(store_commit(bench->store), ERR_OK);
    assert_int_equal(count, 2);
    assert_int_equal(announced_find(bench->store, &bench->identity, &announced), ERR_NOT_FOUND);
}

/* The store is of before the keys, or of after their end; a hub that is new is neither. */
static void test_what_the_registry_does_not_hold_to_be_good_signs_nothing(void **state)
{
    struct bench *bench = *state;
    const struct options options = {.city = "330100", .name = "杭州"};
    struct identity other;
    struct city city;
    int64_t count = 0;
    char reason[512];
    assert_int_equal(identity_make(&suite_ed25519, &other), ERR_OK);
    assert_int_equal(own_keys_check(bench->store, &bench->home, &options, &other, reason), ERR_OK);
    assert_int_equal(city_open(bench->store, &other, &options, &city), ERR_OK);
    assert_int_equal(own_keys_check(bench->store, &bench->home, &options, &other, reason), ERR_OK);
    const struct options elsewhere = {.city = "330200", .name = "杭州"};
    assert_int_equal(own_keys_check(bench->store, &bench->home, &elsewhere, &other, reason), ERR_INVALID);
    assert_true(strstr(reason, "330200") && strstr(reason, "330100"));
    struct identity later;
    assert_int_equal(identity_make(&suite_ed25519, &later), ERR_OK);
    assert_int_equal(own_keys_check(bench->store, &bench->home, &options, &later, reason), ERR_INVALID);
    assert_non_null(strstr(reason, "one backup"));
    assert_int_equal(store_begin(bench->store), ERR_OK);
    assert_int_equal(store_revoke_keys(bench->store, city.party.row, 0, "leaked", NOW, &count), ERR_OK);
    assert_int_equal(store_commit(bench->store), ERR_OK);
    assert_int_equal(own_keys_check(bench->store, &bench->home, &options, &other, reason), ERR_INVALID);
    assert_non_null(strstr(reason, "--leaked"));
}

int main(void)
{
#define OWN_TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        OWN_TEST(test_nothing_is_announced),
        OWN_TEST(test_its_time_comes),
        OWN_TEST(test_it_takes_the_place_once_its_time_has_come),
        OWN_TEST(test_where_it_is_lost_the_present_one_goes_on),
        OWN_TEST(test_what_is_not_here_is_not_used),
        OWN_TEST(test_what_is_revoked_is_not_announced),
        OWN_TEST(test_what_the_registry_does_not_hold_to_be_good_signs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
