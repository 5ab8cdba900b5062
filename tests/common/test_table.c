/* What a listing prints never commands the terminal, JSON says the same of it, and what is cut short is no success. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/json_text.h"
#include "common/table.h"
#include "tests/test.h"

/* What a program that prints SIZE bytes at a time to PATH says at its end. */
static bool is_whole_at(const char *path, size_t size)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char *text = malloc(size);
        if (!text || !freopen(path, "w", stdout)) {
            _exit(99);
        }
        memset(text, 'x', size);
        fwrite(text, 1, size, stdout);
        free(text);
        _exit(print_is_whole() ? 0 : 1);
    }
    int status = 0;
    assert_true(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) <= 1);
    return WEXITSTATUS(status) == 0;
}

/* A large piece goes past the stream's buffer, so that nothing is left for the last flush to fail with. */
static void test_what_did_not_leave_is_seen(void **state)
{
    (void)state;
    assert_true(is_whole_at("/dev/null", 65536));
    assert_false(is_whole_at("/dev/full", 10));
    assert_false(is_whole_at("/dev/full", 65536));
}

#define COMMAND "\xc2\x9b" /* U+009B begins one, as ESC [ does */

static char *printed(enum table_form form)
{
    static const struct table_column columns[] = {{"name", "Name", "名称", false}};
    const char *const cells[] = {"a" COMMAND "31mb\x1b[0m\xc2\xa0杭"};
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    struct table *table = table_open(file, form, columns, 1);
    table_row(table, cells, NULL);
    table_close(table);
    assert_int_equal(fclose(file), 0);
    return text;
}

static void test_a_decimal_stays_one_and_nothing_is_no_number(void **state)
{
    (void)state;
    static const struct table_column columns[] = {{"a", "a", "a", true}, {"b", "b", "b", true}, {"c", "c", "c", true}};
    const char *const cells[] = {"0.75", "", "12"};
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    struct table *table = table_open(file, TABLE_JSON_LINES, columns, 3);
    table_row(table, cells, NULL);
    table_close(table);
    assert_int_equal(fclose(file), 0);
    assert_string_equal(text, "{\"a\":0.75,\"b\":null,\"c\":12}\n");
    free(text);
}

static void test_no_cell_commands_the_terminal(void **state)
{
    (void)state;
    char *text = printed(TABLE_TEXT);
    assert_null(strstr(text, COMMAND));
    assert_null(strchr(text, '\x1b'));
    assert_non_null(strstr(text, "a  31mb [0m\xc2\xa0杭"));
    free(text);
}

static void test_json_says_what_it_was_in_other_letters(void **state)
{
    (void)state;
    char *text = printed(TABLE_JSON);
    assert_null(strstr(text, COMMAND));
    assert_non_null(strstr(text, "a\\u009b31mb"));
    assert_non_null(strstr(text, "\xc2\xa0杭"));
    json_t *rows = json_loads(text, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 0), "name")),
                        "a" COMMAND "31mb\x1b[0m\xc2\xa0杭");
    json_decref(rows);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_did_not_leave_is_seen),
        cmocka_unit_test(test_a_decimal_stays_one_and_nothing_is_no_number),
        cmocka_unit_test(test_no_cell_commands_the_terminal),
        cmocka_unit_test(test_json_says_what_it_was_in_other_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
