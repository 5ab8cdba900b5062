/* What a hub said of itself and of the institution is read back as it was, whatever it is called and signs with; and
 * join links. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/membership.h"
#include "tests/test.h"

static void expect_kept(const char *name, const char *read_back, const struct suite *suite)
{
    struct signing_pair pair;
    char folder[] = "/tmp/agn-membership-XXXXXX";
    char path[PATH_SIZE];
    char reason[256];
    struct home home;
    struct membership read;
    struct membership membership = {
        .endpoint = "tcp://127.0.0.1:7701", .party = "12330106MB7K20416G", .city = "330100"};
    memset(membership.hub_key, 0x5a, KEY_SIZE);
    assert_int_equal(signing_pair_make(suite, &pair), ERR_OK);
    membership.hub_signing_key = pair.key;
    snprintf(membership.name, sizeof membership.name, "%s", name);
    snprintf(membership.hub, sizeof membership.hub, "%s", name);
    assert_non_null(mkdtemp(folder));
    home_resolve(folder, "agn-test", &home);
    assert_int_equal(membership_save(&home, "hub.zpl", &membership), ERR_OK);
    assert_int_equal(membership_load(&home, "hub.zpl", &read, reason), ERR_OK);
    assert_string_equal(read.name, read_back);
    assert_string_equal(read.hub, read_back);
    assert_string_equal(read.endpoint, membership.endpoint);
    assert_string_equal(read.party, membership.party);
    assert_memory_equal(read.hub_key, membership.hub_key, KEY_SIZE);
    assert_true(signing_key_equal(&read.hub_signing_key, &membership.hub_signing_key));
    assert_ptr_equal(membership_suite(&read), suite);
    home_file(&home, "hub.zpl", path);
    remove(path);
    remove(folder);
}

static void expect_name(const char *name, const char *read_back)
{
    expect_kept(name, read_back, &suite_ed25519);
}

static void test_a_key_of_either_suite_is_kept(void **state)
{
    (void)state;
    expect_kept("hub", "hub", &suite_ed25519);
    expect_kept("hub", "hub", &suite_sm2_sm3);
}

#define LINK_HEAD                                                                                                      \
    "agn://hub.example:7701/5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a/"                         \
    "ABCDEFGHJKMNPQRSTVWX?enrol=7702"

static void test_a_link_says_the_suite(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const struct suite *suite; /* NULL: no link */
    } links[] = {
        {LINK_HEAD, &suite_ed25519},
        {LINK_HEAD "&suite=sm2-sm3", &suite_sm2_sm3},
        {LINK_HEAD "&suite=ed25519", &suite_ed25519},
        {LINK_HEAD "&suite=", NULL},
        {LINK_HEAD "&suite=sm2", NULL},
        {LINK_HEAD "&suite=sm2-sm3&suite=ed25519", NULL},
        {LINK_HEAD "&suites=sm2-sm3", NULL},
        {LINK_HEAD "x", NULL},
    };
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        struct join_link link;
        char reason[256];
        char text[600];
        err_t err = join_link_parse(links[i].text, &link, reason);
        assert_int_equal(err, links[i].suite ? ERR_OK : ERR_INVALID);
        if (links[i].suite) {
            assert_ptr_equal(link.suite, links[i].suite);
            join_link_format("hub.example", 7701, 7702, &link, text, sizeof text);
            assert_string_equal(text, links[i].suite == &suite_ed25519 ? LINK_HEAD : links[i].text);
        }
    }
}

static void test_names_are_kept(void **state)
{
    (void)state;
    static const char *const names[] = {"杭州市科技伦理治理中心", "",    "“砚石”公司", "\"砚石\"公司",
                                        "O'Neill # 1 = {",        "a\\b"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        expect_name(names[i], names[i]);
    }
}

static void test_nothing_in_a_name_becomes_a_key(void **state)
{
    (void)state;
    expect_name("\"砚石\" O'Neill", "'砚石' O'Neill");
    expect_name("x\"\nhub_key = \"00", "x\" hub_key = \"00");
    expect_name("x'\"\r\nparty = '1", "x''  party = '1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_key_of_either_suite_is_kept),
        cmocka_unit_test(test_a_link_says_the_suite),
        cmocka_unit_test(test_names_are_kept),
        cmocka_unit_test(test_nothing_in_a_name_becomes_a_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
