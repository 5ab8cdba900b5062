#include "tests/hub/hub_sample.h"

enum { OVERLAP = 500 };

/* By a code: keys of bytes KEY; the refusal, "" where it was taken in. */
static const char *enrol(struct bench *bench, struct enrolment *enrolment, uint8_t key, int64_t now)
{
    memset(enrolment->curve_key, key, KEY_SIZE);
    enrolment->signing_key.size = KEY_SIZE;
    memset(enrolment->signing_key.bytes, key + 100, KEY_SIZE);
    assert_int_equal(store_begin(bench->store), ERR_OK);
    assert_int_equal(store_enrol(bench->store, enrolment, now), ERR_OK);
    assert_int_equal(store_commit(bench->store), ERR_OK);
    return enrolment->refusal;
}

static const char *enrol_by_code(struct bench *bench, const char *code, uint8_t key, int64_t now)
{
    static struct enrolment enrolment;
    memset(&enrolment, 0, sizeof enrolment);
    snprintf(enrolment.code, sizeof enrolment.code, "%s", code);
    return enrol(bench, &enrolment, key, now);
}

static const char *succeed(struct bench *bench, const uint8_t former_key[KEY_SIZE], uint8_t key, int64_t now)
{
    static struct enrolment enrolment;
    enrolment = (struct enrolment){.has_former = true, .overlap_ms = OVERLAP};
    memcpy(enrolment.former_key, former_key, KEY_SIZE);
    return enrol(bench, &enrolment, key, now);
}

static void invite(struct bench *bench, const char *code, bool replaces, const char *reason)
{
    const struct invitation invitation = {code, 1000, replaces, reason};
    assert_int_equal(store_begin(bench->store), ERR_OK);
    assert_int_equal(store_put_invitation(bench->store, SAMPLE_PARTY, &invitation, 10), ERR_OK);
    assert_int_equal(store_commit(bench->store), ERR_OK);
}

/* The states of the party's keys, the newest first, a letter each. */
static const char *states(struct bench *bench, int64_t now)
{
    static char text[PARTY_KEYS_MAX + 1];
    struct party_keys keys;
    assert_int_equal(store_load_keys(bench->store, bench->party.row, &keys), ERR_OK);
    for (size_t i = 0; i < keys.count; i++) {
        text[i] = "acrtx"[party_key_state(&keys.list[i], now)];
    }
    text[keys.count] = '\0';
    return text;
}

static const uint8_t *key_of(uint8_t byte)
{
    static uint8_t key[KEY_SIZE];
    memset(key, byte, KEY_SIZE);
    return key;
}

static void test_a_code_works_once_until_it_expires_and_again_for_its_own_key(void **state)
{
    struct bench *bench = *state;
    invite(bench, "SECOND", true, "burned");
    assert_string_equal(enrol_by_code(bench, "NOSUCH", 7, 20), "code_invalid");
    assert_string_equal(enrol_by_code(bench, "SECOND", 7, 1000), "code_expired");
    assert_string_equal(enrol_by_code(bench, "SECOND", 7, 20), "");
    assert_string_equal(enrol_by_code(bench, "SECOND", 7, 5000), "");
    assert_string_equal(enrol_by_code(bench, "SECOND", 8, 20), "code_used");
    assert_string_equal(states(bench, 30), "cx");
}

static void test_a_key_that_was_revoked_does_not_come_in_by_its_old_code(void **state)
{
    struct bench *bench = *state;
    int64_t count = 0;
    invite(bench, "SECOND", true, "burned");
    assert_string_equal(enrol_by_code(bench, "SECOND", 7, 20), "");
    assert_int_equal(store_begin(bench->store), ERR_OK);
    assert_int_equal(store_revoke_keys(bench->store, bench->party.row, 0, "stolen", 30, &count), ERR_OK);
    assert_int_equal(store_commit(bench->store), ERR_OK);
    assert_string_equal(enrol_by_code(bench, "SECOND", 7, 40), "code_used");
    assert_string_equal(states(bench, 40), "xx");
}

static void expect_open(struct bench *bench, err_t expected, bool replaces)
{
    struct invitation open = {0};
    assert_int_equal(store_open_invitation(bench->store, bench->party.row, 20, &open), expected);
    assert_int_equal(open.replaces, replaces);
}

/* A link that was lost on its way may be in anybody's hands, and a key may have been taken together with one. */
static void test_a_newer_code_and_the_end_of_a_key_end_the_open_code(void **state)
{
    struct bench *bench = *state;
    struct enrolment enrolment = {.code = "SIXTH"};
    int64_t count = 0;
    invite(bench, "SECOND", true, "burned");
    expect_open(bench, ERR_OK, true);
    invite(bench, "THIRD", false, "");
    expect_open(bench, ERR_OK, false);
    assert_string_equal(enrol_by_code(bench, "SECOND", 7, 20), "code_expired");
    assert_int_equal(store_begin(bench->store), ERR_OK);
    assert_int_equal(store_revoke_keys(bench->store, bench->party.row, 0, "stolen", 10, &count), ERR_OK);
    assert_int_equal(store_commit(bench->store), ERR_OK);
    expect_open(bench, ERR_NOT_FOUND, false);
    assert_string_equal(enrol_by_code(bench, "THIRD", 7, 20), "code_expired");
    invite(bench, "FOURTH", false, "");
    assert_string_equal(enrol_by_code(bench, "FOURTH", 7, 20), "");
    assert_string_equal(enrol_by_code(bench, "FOURTH", 7, 20), ""); /* the answer was lost */
    invite(bench, "FIFTH", false, "");
    assert_int_equal(store_begin(bench->store), ERR_OK);
    assert_int_equal(store_end_invitations(bench->store, bench->party.row + 1, 15), ERR_OK);
    assert_int_equal(store_commit(bench->store), ERR_OK);
    expect_open(bench, ERR_OK, false);
    assert_int_equal(store_begin(bench->store), ERR_OK);
    assert_int_equal(store_end_invitations(bench->store, 0, 15), ERR_OK);
    assert_int_equal(store_commit(bench->store), ERR_OK);
    expect_open(bench, ERR_NOT_FOUND, false);
    invite(bench, "SIXTH", true, "burned");
    assert_string_equal(enrol(bench, &enrolment, 9, 20), "");
    assert_string_equal(states(bench, 20), "cxx");
}

static void test_a_code_that_replaces_nothing_is_refused_to_a_second_machine(void **state)
{
    struct bench *bench = *state;
    invite(bench, "SECOND", false, "");
    assert_string_equal(enrol_by_code(bench, "SECOND", 7, 20), "key_held");
    assert_string_equal(states(bench, 30), "c");
}

static void test_the_same_keys_may_join_again_by_a_new_code(void **state)
{
    struct bench *bench = *state;
    struct enrolment enrolment = {.code = "SECOND"};
    invite(bench, "SECOND", false, "");
    memcpy(enrolment.curve_key, bench->identity.curve_public, KEY_SIZE);
    enrolment.signing_key = bench->identity.signing.key;
    assert_int_equal(store_begin(bench->store), ERR_OK);
    assert_int_equal(store_enrol(bench->store, &enrolment, 20), ERR_OK);
    assert_int_equal(store_commit(bench->store), ERR_OK);
    assert_string_equal(enrolment.refusal, "");
    assert_string_equal(states(bench, 30), "c");
}

static void test_a_successor_is_taken_once_and_its_former_retires_by_itself(void **state)
{
    struct bench *bench = *state;
    assert_string_equal(succeed(bench, bench->identity.curve_public, 7, 20), "");
    assert_string_equal(states(bench, 30), "cr");
    assert_string_equal(succeed(bench, bench->identity.curve_public, 7, 40), ""); /* the answer was lost */
    assert_string_equal(states(bench, 20 + OVERLAP - 1), "cr");
    assert_string_equal(states(bench, 20 + OVERLAP), "ct");
    assert_string_equal(succeed(bench, bench->identity.curve_public, 7, 2000), "");
    assert_string_equal(states(bench, 2000), "ct");
}

static void test_only_the_current_pair_names_a_successor(void **state)
{
    struct bench *bench = *state;
    assert_string_equal(succeed(bench, bench->identity.curve_public, 7, 20), "");
    assert_string_equal(succeed(bench, bench->identity.curve_public, 8, 30), "key_retired");
    assert_string_equal(succeed(bench, key_of(99), 8, 30), "key_retired");
    assert_string_equal(succeed(bench, key_of(7), 8, 30), "");
    assert_string_equal(succeed(bench, key_of(8), 7, 40), "code_used");
    assert_string_equal(states(bench, 40), "crr");
}

static void test_a_revoked_key_names_no_successor_and_does_not_come_back(void **state)
{
    struct bench *bench = *state;
    struct party_keys keys;
    int64_t count = 0;
    assert_string_equal(succeed(bench, bench->identity.curve_public, 7, 20), "");
    assert_int_equal(store_load_keys(bench->store, bench->party.row, &keys), ERR_OK);
    assert_int_equal(store_begin(bench->store), ERR_OK);
    assert_int_equal(store_revoke_keys(bench->store, bench->party.row, keys.list[0].row, "lost", 30, &count), ERR_OK);
    assert_int_equal(store_commit(bench->store), ERR_OK);
    assert_int_equal(count, 1);
    assert_string_equal(states(bench, 40), "xr");
    assert_string_equal(succeed(bench, bench->identity.curve_public, 7, 40), "key_retired");
    assert_string_equal(succeed(bench, key_of(7), 8, 40), "key_retired");
    invite(bench, "AGAIN", true, "lost");
    assert_string_equal(enrol_by_code(bench, "AGAIN", 7, 50), "new_keys_needed");
    assert_string_equal(enrol_by_code(bench, "AGAIN", 9, 50), "");
    assert_string_equal(states(bench, 60), "cxx");
}

/* A link that was used in another's home: nothing of the one whose it is has changed. */
static void test_a_code_of_another_party_changes_nothing(void **state)
{
    struct bench *bench = *state;
    struct enrolment enrolment = {.code = "SECOND", .party = "91330100799655058B"};
    invite(bench, "SECOND", true, "lost");
    assert_string_equal(enrol(bench, &enrolment, 7, 20), "other_party");
    assert_string_equal(states(bench, 20), "c");
    snprintf(enrolment.party, sizeof enrolment.party, "%s", SAMPLE_PARTY);
    assert_string_equal(enrol(bench, &enrolment, 8, 20), "");
    assert_string_equal(states(bench, 20), "cx");
}

static void test_replacing_revokes_what_was_there_and_keeps_the_account(void **state)
{
    struct bench *bench = *state;
    struct enrolment enrolment = {.code = "SECOND"};
    batch_free(bench_put(bench, sample_review, "{}", 5));
    assert_int_equal(store_begin(bench->store), ERR_OK);
    assert_int_equal(store_note_told(bench->store, bench->party.row, 8), ERR_OK);
    assert_int_equal(store_note_told(bench->store, bench->party.row, 7), ERR_OK);
    assert_int_equal(store_commit(bench->store), ERR_OK);
    invite(bench, "SECOND", true, "burned");
    assert_string_equal(enrol(bench, &enrolment, 7, 20), "");
    assert_string_equal(states(bench, 20), "cx");
    assert_int_equal(enrolment.registrant.party.last_seq, 5);
    assert_int_equal(enrolment.registrant.party.given_out, 8);
}

/* Whoever copied the institution's key has named one of his own: a link that is to shut him out is not used up by the
 * key that he copied. */
static void test_a_link_that_replaces_takes_none_of_the_keys_it_ends(void **state)
{
    struct bench *bench = *state;
    struct enrolment enrolment = {.code = "SECOND"};
    assert_string_equal(succeed(bench, bench->identity.curve_public, 7, 20), "");
    invite(bench, "SECOND", true, "stolen");
    memcpy(enrolment.curve_key, bench->identity.curve_public, KEY_SIZE);
    enrolment.signing_key = bench->identity.signing.key;
    assert_int_equal(store_begin(bench->store), ERR_OK);
    assert_int_equal(store_enrol(bench->store, &enrolment, 30), ERR_OK);
    assert_int_equal(store_commit(bench->store), ERR_OK);
    assert_string_equal(enrolment.refusal, "new_keys_needed");
    assert_string_equal(states(bench, 30), "cr");
    assert_string_equal(enrol_by_code(bench, "SECOND", 8, 40), "");
    assert_string_equal(states(bench, 40), "cxx");
    assert_string_equal(enrol_by_code(bench, "SECOND", 8, 50), ""); /* the answer was lost */
}

/* Keys that seem to be of the future are those of a clock that was right before. */
static void test_a_clock_that_was_set_back_neither_shuts_out_nor_lets_in(void **state)
{
    struct bench *bench = *state;
    assert_string_equal(succeed(bench, bench->identity.curve_public, 7, 900), "");
    invite(bench, "SECOND", false, "");
    assert_string_equal(enrol_by_code(bench, "SECOND", 8, 100), "key_held");
    assert_string_equal(succeed(bench, key_of(7), 9, 100), "");
    assert_string_equal(states(bench, 900), "ctr");
}

static void test_a_stopped_party_changes_no_keys(void **state)
{
    struct bench *bench = *state;
    struct party party;
    assert_int_equal(store_begin(bench->store), ERR_OK);
    assert_int_equal(store_set_state(bench->store, SAMPLE_PARTY, "suspended", "", 10, &party), ERR_OK);
    assert_int_equal(store_commit(bench->store), ERR_OK);
    assert_string_equal(succeed(bench, bench->identity.curve_public, 7, 20), "suspended");
}

/* A link that was not used yet is no way around the operator. */
static void test_a_link_does_not_end_a_suspension(void **state)
{
    struct bench *bench = *state;
    struct party party;
    invite(bench, "SECOND", true, "burned");
    assert_int_equal(store_begin(bench->store), ERR_OK);
    assert_int_equal(store_set_state(bench->store, SAMPLE_PARTY, "suspended", "", 10, &party), ERR_OK);
    assert_int_equal(store_commit(bench->store), ERR_OK);
    assert_string_equal(enrol_by_code(bench, "SECOND", 7, 20), "suspended");
    assert_int_equal(store_find_party(bench->store, SAMPLE_PARTY, &party), ERR_OK);
    assert_string_equal(party.state, "suspended");
    assert_string_equal(states(bench, 30), "c");
    assert_int_equal(store_begin(bench->store), ERR_OK);
    assert_int_equal(store_set_state(bench->store, SAMPLE_PARTY, "active", "", 40, &party), ERR_OK);
    assert_int_equal(store_commit(bench->store), ERR_OK);
    assert_string_equal(enrol_by_code(bench, "SECOND", 7, 50), "");
}

int main(void)
{
#define KEYS_TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        KEYS_TEST(test_a_code_works_once_until_it_expires_and_again_for_its_own_key),
        KEYS_TEST(test_a_key_that_was_revoked_does_not_come_in_by_its_old_code),
        KEYS_TEST(test_a_newer_code_and_the_end_of_a_key_end_the_open_code),
        KEYS_TEST(test_a_code_that_replaces_nothing_is_refused_to_a_second_machine),
        KEYS_TEST(test_the_same_keys_may_join_again_by_a_new_code),
        KEYS_TEST(test_a_successor_is_taken_once_and_its_former_retires_by_itself),
        KEYS_TEST(test_only_the_current_pair_names_a_successor),
        KEYS_TEST(test_a_revoked_key_names_no_successor_and_does_not_come_back),
        KEYS_TEST(test_a_code_of_another_party_changes_nothing),
        KEYS_TEST(test_replacing_revokes_what_was_there_and_keeps_the_account),
        KEYS_TEST(test_a_link_that_replaces_takes_none_of_the_keys_it_ends),
        KEYS_TEST(test_a_clock_that_was_set_back_neither_shuts_out_nor_lets_in),
        KEYS_TEST(test_a_stopped_party_changes_no_keys),
        KEYS_TEST(test_a_link_does_not_end_a_suspension),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
