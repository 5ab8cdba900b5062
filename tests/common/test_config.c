#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/config.h"
#include "common/log.h"
#include "tests/test.h"

struct target {
    int64_t number;
    bool flag;
    char text[CONFIG_TEXT_SIZE];
    enum log_level level;
};

static const struct option_row rows[] = {
    {"number", OPTION_NUMBER, offsetof(struct target, number), "7", -5, 1000, true, "a number", "数字"},
    {"flag", OPTION_FLAG, offsetof(struct target, flag), "no", 0, 1, false, "a flag", "开关"},
    {"text", OPTION_TEXT, offsetof(struct target, text), "x", 1, 20, false, "a text", "文本"},
    {"level", OPTION_LOG_LEVEL, offsetof(struct target, level), "info", 0, 0, true, "a level", "级别"},
};
enum { ROWS = sizeof rows / sizeof *rows };

static err_t load_text(const char *text, struct target *ret_target, char reterr_reason[512])
{
    char path[] = "/tmp/config-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    err_t err = config_load(path, rows, ROWS, ret_target, reterr_reason);
    unlink(path);
    return err;
}

static void test_what_is_not_set_is_at_its_default(void **state)
{
    (void)state;
    struct target target;
    char reason[512];
    assert_int_equal(config_load("/tmp/config-that-is-not-there", rows, ROWS, &target, reason), ERR_OK);
    assert_int_equal(target.number, 7);
    assert_false(target.flag);
    assert_string_equal(target.text, "x");
    assert_int_equal(target.level, LOG_LEVEL_INFO);
}

static void test_what_is_set_is_taken_and_told(void **state)
{
    (void)state;
    struct target target;
    char reason[512];
    assert_int_equal(load_text("number = -5\nflag = yes\ntext = \"a b\"\nlevel = warn\n", &target, reason), ERR_OK);
    char *text = config_text(rows, ROWS, &target);
    assert_string_equal(text, "number = -5\nflag = yes\ntext = a b\nlevel = warn\n");
    free(text);
}

static void test_a_refusal_names_line_value_and_what_was_expected(void **state)
{
    (void)state;
    static const struct {
        const char *line, *expected;
    } cases[] = {
        {"number = 1001", ":2: number = 1001: expected a number -5 to 1000"},
        {"number = 7x", ":2: number = 7x: expected a number"},
        {"flag = true", ":2: flag = true: expected yes or no"},
        {"text = \"\"", ":2: text = : expected a text of 1 to 20 bytes"},
        {"level = loud", ":2: level = loud: expected debug, info, warn or error"},
        {"numbre = 7", ":2: unknown key numbre; did you mean number?"},
        {"text = \xba\xbc\xd6\xdd", ":2: text = ????: expected UTF-8"}, /* 杭州 in GBK */
        {"text = a\x1b[2J", ":2: text = a?[2J: expected UTF-8 without control characters"},
        {"text = a\n    more", ":2: text = a: expected a text"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct target target;
        char text[64];
        char reason[512] = "";
        snprintf(text, sizeof text, "#\n%s\n", cases[i].line);
        assert_int_equal(load_text(text, &target, reason), ERR_INVALID);
        if (!strstr(reason, cases[i].expected)) {
            fail_msg("%s: %s", cases[i].line, reason);
        }
    }
}

static void test_only_what_may_be_reloaded_is_taken_over(void **state)
{
    (void)state;
    struct target target;
    struct target fresh;
    char reason[512];
    char names[256];
    assert_int_equal(load_text("", &target, reason), ERR_OK);
    assert_int_equal(load_text("number = 8\nflag = yes\ntext = y\nlevel = debug\n", &fresh, reason), ERR_OK);
    config_reload(rows, ROWS, &target, &fresh, names);
    assert_string_equal(names, "flag,text");
    assert_int_equal(target.number, 8);
    assert_int_equal(target.level, LOG_LEVEL_DEBUG);
    assert_false(target.flag);
    assert_string_equal(target.text, "x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_not_set_is_at_its_default),
        cmocka_unit_test(test_what_is_set_is_taken_and_told),
        cmocka_unit_test(test_a_refusal_names_line_value_and_what_was_expected),
        cmocka_unit_test(test_only_what_may_be_reloaded_is_taken_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
