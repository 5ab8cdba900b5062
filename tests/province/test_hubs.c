/* The files of the hubs that were joined: what a session changes in them, and what a person has said since. */
#include <string.h>
#include <unistd.h>

#include "province/hubs.h"
#include "tests/home.h"

static struct membership hub_with(uint8_t key)
{
    struct signing_pair pair;
    struct membership membership = {
        .endpoint = "tcp://127.0.0.1:7701", .party = "province-1", .name = "P", .hub = "H", .city = "330100"};
    memset(membership.hub_key, key, KEY_SIZE);
    assert_int_equal(signing_pair_make(&suite_ed25519, &pair), ERR_OK);
    membership.hub_signing_key = pair.key;
    return membership;
}

static struct membership only_member(const struct home *home)
{
    struct hub_member *members = NULL;
    size_t count = 0;
    assert_int_equal(hubs_load(home, &members, &count, NULL), ERR_OK);
    assert_int_equal(count, 1);
    struct membership membership = members[0].membership;
    free(members);
    return membership;
}

static void test_a_session_changes_its_hubs_file_unless_a_person_has(void **state)
{
    (void)state;
    struct home home;
    char reason[512];
    struct membership former = hub_with(1);
    struct membership followed = hub_with(2); /* what a session with FORMER has named */
    struct membership joined = hub_with(3);
    snprintf(followed.name, sizeof followed.name, "as it was when the session began");
    make_home(&home);
    assert_int_equal(hubs_save(&home, 1, &former, reason), ERR_OK);
    assert_int_equal(hubs_update(&home, 1, &former, &followed), ERR_OK);
    struct membership read = only_member(&home);
    assert_true(membership_is_same(&read, &followed));
    assert_string_equal(read.name, former.name);
    assert_int_equal(hubs_save(&home, 1, &joined, reason), ERR_OK);
    assert_int_equal(hubs_update(&home, 1, &followed, &former), ERR_NOT_FOUND);
    read = only_member(&home);
    assert_true(membership_is_same(&read, &joined));
    remove_home(&home);
}

static void test_a_file_that_was_removed_does_not_come_back(void **state)
{
    (void)state;
    struct home home;
    char reason[512];
    char path[PATH_SIZE];
    struct membership former = hub_with(1);
    make_home(&home);
    assert_int_equal(hubs_save(&home, 1, &former, reason), ERR_OK);
    home_file(&home, "hubs/1.zpl", path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(hubs_update(&home, 1, &former, &former), ERR_NOT_FOUND);
    assert_int_not_equal(access(path, F_OK), 0);
    remove_home(&home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_session_changes_its_hubs_file_unless_a_person_has),
        cmocka_unit_test(test_a_file_that_was_removed_does_not_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
