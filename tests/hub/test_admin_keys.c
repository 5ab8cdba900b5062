/* The operator's requests about parties and their keys, as they may come over the control socket: by whoever may write
 * to it, with any frames at all. */
#include "tests/hub/office_sample.h"

#include "common/text.h"

#define CITY "city-330100"
#define CODE "0123456789ABCDEFGHJK"

static const char *state_of(struct office *office, const char *name)
{
    static struct party party;
    assert_int_equal(store_find_party(office->town->bench->store, name, &party), ERR_OK);
    return party.state;
}

static size_t good_keys_of(struct office *office, const char *name)
{
    struct party party;
    struct party_keys keys;
    size_t count = 0;
    assert_int_equal(store_find_party(office->town->bench->store, name, &party), ERR_OK);
    assert_int_equal(store_load_keys(office->town->bench->store, party.row, &keys), ERR_OK);
    for (size_t i = 0; i < keys.count; i++) {
        count += party_key_lets_in(&keys.list[i], clock_ms());
    }
    return count;
}

static void test_nobody_is_registered_as_a_city(void **state)
{
    struct office *office = *state;
    struct party party;
    static const char *const roles[] = {"city", "", "operator"};
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        assert_false(ASK(office, "party-add", roles[i], "city-999999", "某市", "", "", "", CODE, "72"));
        assert_int_equal(store_find_party(office->town->bench->store, "city-999999", &party), ERR_NOT_FOUND);
    }
    assert_true(ASK(office, "party-add", "province", "province-1", "省厅", "", "", "", CODE, "72"));
}

static void test_the_citys_own_row_is_no_peers(void **state)
{
    struct office *office = *state;
    char hex[2 * KEY_SIZE + 1];
    hex_text(office->town->identity.curve_public, KEY_SIZE, hex);
    assert_false(ASK(office, "invite", CITY, CODE, "72", "1"));
    assert_non_null(strstr(office->said, CITY));
    assert_false(ASK(office, "key-revoke", CITY, hex));
    assert_false(ASK(office, "set-state", CITY, "revoked"));
    assert_false(ASK(office, "set-state", CITY, "suspended"));
    assert_string_equal(state_of(office, CITY), "active");
    assert_int_equal(good_keys_of(office, CITY), 1);
    assert_true(ASK(office, "invite", SAMPLE_PARTY, CODE, "72", "1"));
    assert_true(ASK(office, "set-state", SAMPLE_PARTY, "suspended"));
    assert_string_equal(state_of(office, SAMPLE_PARTY), "suspended");
}

/* A link would be good for nothing, and the institution be sent for another. */
static void test_who_is_revoked_gets_no_link(void **state)
{
    struct office *office = *state;
    assert_true(ASK(office, "set-state", SAMPLE_PARTY, "revoked"));
    assert_false(ASK(office, "invite", SAMPLE_PARTY, CODE, "72", "1"));
    assert_non_null(strstr(office->said, "final"));
}

/* Not by its keys, which anybody can make: an administrator with no way to the home would be the city. */
static void test_a_running_hub_gives_its_place_to_nobody(void **state)
{
    struct office *office = *state;
    struct identity own;
    char hex[2][2 * SIGNING_KEY_MAX + 1];
    assert_int_equal(identity_make(&suite_ed25519, &own), ERR_OK);
    hex_text(own.curve_public, KEY_SIZE, hex[0]);
    hex_text(own.signing.key.bytes, own.signing.key.size, hex[1]);
    assert_false(ASK(office, "key-leaked", hex[0], hex[1]));
    assert_non_null(strstr(office->said, "stop the hub"));
    struct party_key city;
    int64_t owner = 0;
    struct store *store = office->town->bench->store;
    assert_int_equal(store_find_key(store, office->town->identity.curve_public, &owner, &city), ERR_OK);
    assert_int_equal(city.revoked_at, 0);
    assert_int_equal(good_keys_of(office, CITY), 1);
}

/* Also where it is one of the city's own former keys, which whoever has the leaked one may have. */
static void test_leaked_keys_give_way_to_new_ones_alone(void **state)
{
    struct office *office = *state;
    struct identity fresh;
    struct invitation open;
    assert_int_equal(identity_make(&suite_ed25519, &fresh), ERR_OK);
    assert_true(ASK(office, "invite", SAMPLE_PARTY, CODE, "72", "0"));
    const struct identity *const pairs[] = {&office->town->identity, &office->town->bench->identity, &fresh, &fresh};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        office->admin.fresh = pairs[i];
        assert_int_equal(ask(office, "key-leaked", (const char *const[]){NULL}), i == 2);
        assert_int_equal(good_keys_of(office, CITY), 1);
        err_t is_open =
            store_open_invitation(office->town->bench->store, office->town->bench->party.row, clock_ms(), &open);
        assert_int_equal(is_open, i < 2 ? ERR_OK : ERR_NOT_FOUND);
    }
}

/* A link that was made for it by an older release. */
static void test_nobody_joins_as_the_city(void **state)
{
    struct office *office = *state;
    struct store *store = office->town->bench->store;
    struct enrolment enrolment = {.code = CODE, .signing_key.size = KEY_SIZE};
    const struct invitation invitation = {CODE, INT64_MAX, true, "演练"};
    assert_int_equal(store_begin(store), ERR_OK);
    assert_int_equal(store_put_invitation(store, CITY, &invitation, 10), ERR_OK);
    assert_int_equal(store_enrol(store, &enrolment, clock_ms()), ERR_OK);
    assert_int_equal(store_commit(store), ERR_OK);
    assert_string_equal(enrolment.refusal, "code_invalid");
    assert_int_equal(good_keys_of(office, CITY), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OFFICE_TEST(test_nobody_is_registered_as_a_city),
        OFFICE_TEST(test_the_citys_own_row_is_no_peers),
        OFFICE_TEST(test_who_is_revoked_gets_no_link),
        OFFICE_TEST(test_a_running_hub_gives_its_place_to_nobody),
        OFFICE_TEST(test_leaked_keys_give_way_to_new_ones_alone),
        OFFICE_TEST(test_nobody_joins_as_the_city),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
