/* What a peer sent cannot make a line of its own in the log, nor command a terminal. */
#include <string.h>

#include "common/log.h"
#include "tests/test.h"

static void test_nothing_that_a_terminal_obeys_is_left(void **state)
{
    (void)state;
    static const char *const hostile[] = {"name\n2026-11-26T00:00:00.000Z info hub-ready",
                                          "\x1b[2J\x1b]0;title\a",
                                          "a\rb\tc\vd\fe",
                                          "\x7f\x01\x02",
                                          "\xc2\x85\xc2\x9b",
                                          "\xff\xfe\xc0\xaf"};
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        char out[128];
        const char *safe = log_safe(hostile[i], strlen(hostile[i]), out, sizeof out);
        assert_ptr_equal(safe, out);
        for (const char *at = safe; *at; at++) {
            assert_true((unsigned char)*at >= 0x20 && (unsigned char)*at != 0x7f);
        }
        assert_null(strstr(safe, "\xc2\x85")); /* C1 control characters: next line, and the start of a command */
        assert_null(strstr(safe, "\xc2\x9b"));
    }
}

static void test_what_people_write_is_left_as_it_is(void **state)
{
    (void)state;
    char out[128];
    static const char text[] = "杭州岚屿医院 (No. 1) – café";
    assert_string_equal(log_safe(text, strlen(text), out, sizeof out), text);
}

static void test_what_does_not_fit_is_cut_between_characters(void **state)
{
    (void)state;
    for (size_t room = 1; room < 20; room++) {
        char out[20];
        char again[64];
        const char *safe = log_safe("杭州岚屿医院", strlen("杭州岚屿医院"), out, room);
        assert_true(strlen(safe) < room);
        assert_string_equal(log_safe(safe, strlen(safe), again, sizeof again), safe);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_that_a_terminal_obeys_is_left),
        cmocka_unit_test(test_what_people_write_is_left_as_it_is),
        cmocka_unit_test(test_what_does_not_fit_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
