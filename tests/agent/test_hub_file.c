/* hub.zpl is written by a session, which follows the hub's keys, and by `join`, whose word stands. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/hub_file.h"
#include "agent/office.h"
#include "tests/home.h"

static struct membership hub_with(uint8_t key)
{
    struct signing_pair pair;
    struct membership membership = {
        .endpoint = "tcp://127.0.0.1:7701", .party = "12330106MB7K20416G", .name = "P", .hub = "H", .city = "330100"};
    memset(membership.hub_key, key, KEY_SIZE);
    assert_int_equal(signing_pair_make(&suite_ed25519, &pair), ERR_OK);
    membership.hub_signing_key = pair.key;
    return membership;
}

static void expect_file(const struct home *home, const struct membership *expected)
{
    struct membership read;
    char reason[256];
    assert_int_equal(membership_load(home, MEMBERSHIP_FILE, &read, reason), ERR_OK);
    assert_true(membership_is_same(&read, expected));
    assert_string_equal(read.enrol_endpoint, expected->enrol_endpoint);
}

static void test_a_session_by_leaked_keys_does_not_undo_a_join(void **state)
{
    (void)state;
    struct home home;
    struct hub_file hub_file;
    struct membership membership = hub_with(1);
    struct membership joined = hub_with(2);
    struct membership followed = hub_with(3);
    make_home(&home);
    assert_int_equal(membership_save(&home, MEMBERSHIP_FILE, &membership), ERR_OK);
    hub_file_init(&hub_file, &home, &membership);
    assert_false(hub_file_look(&hub_file));
    membership.next_hub_signing_key = followed.hub_signing_key;
    memcpy(membership.next_hub_key, followed.hub_key, KEY_SIZE);
    hub_file_save(&hub_file, 0);
    assert_false(hub_file_look(&hub_file));
    assert_int_equal(membership_save(&home, MEMBERSHIP_FILE, &joined), ERR_OK);
    membership.hub_signing_key = followed.hub_signing_key;
    memcpy(membership.hub_key, followed.hub_key, KEY_SIZE);
    hub_file_save(&hub_file, 0);
    assert_true(hub_file.is_outdated);
    expect_file(&home, &joined);
    remove_home(&home);
}

static void test_what_only_join_says_stays(void **state)
{
    (void)state;
    struct home home;
    struct hub_file hub_file;
    struct membership membership = hub_with(1);
    struct membership joined = membership;
    make_home(&home);
    assert_int_equal(membership_save(&home, MEMBERSHIP_FILE, &membership), ERR_OK);
    hub_file_init(&hub_file, &home, &membership);
    snprintf(joined.enrol_endpoint, sizeof joined.enrol_endpoint, "tcp://127.0.0.1:7799");
    assert_int_equal(membership_save(&home, MEMBERSHIP_FILE, &joined), ERR_OK);
    hub_file_save(&hub_file, 0);
    expect_file(&home, &joined);
    remove_home(&home);
}

static void test_keys_that_cannot_be_written_are_written_later(void **state)
{
    (void)state;
    struct home home;
    struct hub_file hub_file;
    struct membership membership = hub_with(1);
    struct membership followed = hub_with(2);
    char in_the_way[PATH_SIZE];
    make_home(&home);
    assert_int_equal(membership_save(&home, MEMBERSHIP_FILE, &membership), ERR_OK);
    hub_file_init(&hub_file, &home, &membership);
    home_file(&home, MEMBERSHIP_FILE ".new", in_the_way);
    assert_int_equal(mkdir(in_the_way, 0700), 0);
    membership = followed;
    hub_file_save(&hub_file, 0);
    assert_true(hub_file.save_ms > 0);
    assert_int_equal(rmdir(in_the_way), 0);
    hub_file_tick(&hub_file, 0);
    assert_int_equal(hub_file.save_ms, 0);
    expect_file(&home, &followed);
    remove_home(&home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_session_by_leaked_keys_does_not_undo_a_join),
        cmocka_unit_test(test_what_only_join_says_stays),
        cmocka_unit_test(test_keys_that_cannot_be_written_are_written_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
