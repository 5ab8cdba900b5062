/* What a hub said of itself and of the institution is read back as it was, whatever it is called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/membership.h"

static void expect_name(const char *name, const char *read_back)
{
    char folder[] = "/tmp/agn-membership-XXXXXX";
    char path[PATH_SIZE];
    char reason[256];
    struct home home;
    struct membership read;
    struct membership membership = {
        .endpoint = "tcp://127.0.0.1:7701", .party = "12330106MB7K20416G", .city = "330100"};
    memset(membership.hub_key, 0x5a, KEY_SIZE);
    memset(membership.hub_signing_key, 0xa5, KEY_SIZE);
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
    assert_memory_equal(read.hub_signing_key, membership.hub_signing_key, KEY_SIZE);
    home_file(&home, "hub.zpl", path);
    remove(path);
    remove(folder);
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
        cmocka_unit_test(test_names_are_kept),
        cmocka_unit_test(test_nothing_in_a_name_becomes_a_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
