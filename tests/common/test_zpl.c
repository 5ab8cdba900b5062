/* ZPL files: what is not read, and where something stands in them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/zpl.h"
#include "tests/test.h"

static char path[] = "/tmp/agn-zpl-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_lines(const char *line, size_t count)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (size_t i = 0; i < count; i++) {
        assert_true(fputs(line, file) >= 0);
    }
    assert_int_equal(fclose(file), 0);
}

static bool is_read(void)
{
    zconfig_t *tree = zpl_load(path);
    bool is_there = tree != NULL;
    zconfig_destroy(&tree);
    return is_there;
}

static void test_size_and_lines_are_bounded(void **state)
{
    (void)state;
    write_lines("a\n", ZPL_LINES_MAX);
    assert_true(is_read());
    write_lines("a\n", ZPL_LINES_MAX + 1);
    assert_false(is_read());
    write_lines("#23456789012345678901234567890123456789012345678901234567890123456789\n", ZPL_LINES_MAX);
    assert_true(is_read());
    write_lines("#                                                                    "
                "                                                                    \n",
                ZPL_LINES_MAX);
    assert_false(is_read());
    write_lines("a = \"\n", 1);
    assert_false(is_read());
    write_lines("", 0);
    assert_true(is_read());
}

static void assert_place(const char *section, const char *key, const char *expected)
{
    char place[ZPL_PLACE_SIZE];
    zpl_place(path, section, key, place);
    assert_memory_equal(place, path, strlen(path));
    assert_string_equal(place + strlen(path), expected);
}

static void test_a_key_is_found_by_its_line(void **state)
{
    (void)state;
    write_lines("#   key = 0\nkey2 = 1\nkey= 2\n\nfirst\n    key = 3\nkey-3#\nsecond\n    key = 4\n", 1);
    assert_place(NULL, "key", ":3");
    assert_place(NULL, "key2", ":2");
    assert_place(NULL, "key-3", ":7");
    assert_place("first", "key", ":6");
    assert_place("second", "key", ":9");
    assert_place("second", "second", ":8");
    assert_place("second", "key2", "");
    assert_place(NULL, "ke", "");
    assert_place("third", "key", "");
}

/* However long the lines before it are. */
static void test_long_lines_are_one_each(void **state)
{
    (void)state;
    char line[5000];
    memset(line, 'a', sizeof line);
    snprintf(line + sizeof line - 16, 16, "\nkey = 1\n");
    write_lines(line, 1);
    assert_place(NULL, "key", ":2");
}

static void test_prose_is_what_a_record_may_hold(void **state)
{
    (void)state;
    size_t count = 0;
    assert_true(zpl_is_prose("杭州 hub", &count));
    assert_int_equal(count, 6);
    assert_true(zpl_is_prose("", &count));
    assert_int_equal(count, 0);
    assert_false(zpl_is_prose("\xba\xbc\xd6\xdd", &count)); /* 杭州 in GBK */
    assert_false(zpl_is_prose("a\x1b[2J", &count));
    assert_false(zpl_is_prose("a\xc2\x9b", &count));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_size_and_lines_are_bounded),
        cmocka_unit_test(test_a_key_is_found_by_its_line),
        cmocka_unit_test(test_long_lines_are_one_each),
        cmocka_unit_test(test_prose_is_what_a_record_may_hold),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
