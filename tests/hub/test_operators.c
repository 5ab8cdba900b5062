/* Who may act: the file, its faults, and a home without it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hub/operators.h"
#include "tests/home.h"
#include "tests/test.h"

static int setup(void **state)
{
    struct home *home = calloc(1, sizeof *home);
    make_home(home);
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    struct home *home = *state;
    remove_home(home);
    free(home);
    return 0;
}

static void write_file(const struct home *home, const char *text)
{
    assert_int_equal(home_write(home, OPERATORS_FILE, text, strlen(text)), ERR_OK);
}

static void test_without_the_file_the_owner_is_alone(void **state)
{
    struct operators operators;
    char reason[512];
    assert_int_equal(operators_load(*state, &operators, reason), ERR_OK);
    assert_false(operators.is_mapped);
    const struct person *owner = operators_find(&operators, geteuid());
    assert_non_null(owner);
    assert_int_equal(owner->roles, (1U << OPERATOR_ROLES) - 1);
    assert_null(operators_find(&operators, geteuid() + 1));
    operators_refusal(&operators, geteuid() + 1, reason, sizeof reason);
    assert_non_null(strstr(reason, owner->user));
}

static void test_the_file_names_users_and_roles(void **state)
{
    struct operators operators;
    char reason[512];
    write_file(*state, "root\n    name = \"郑怀瑾\"\n    role = \"operator, auditor\"\n"
                       "nosuchuser\n    name = \"李晨\"\n    role = administrator\n");
    assert_int_equal(operators_load(*state, &operators, reason), ERR_OK);
    assert_true(operators.is_mapped);
    assert_int_equal(operators.count, 2);
    const struct person *root = operators_find(&operators, 0);
    assert_non_null(root);
    assert_string_equal(root->name, "郑怀瑾");
    assert_int_equal(root->roles, 1U << OPERATOR_OPERATOR | 1U << OPERATOR_AUDITOR);
    assert_false(operators.list[1].is_known);
    char *text = operators_text(&operators);
    assert_string_equal(text, "root = 郑怀瑾 (operator, auditor)\nnosuchuser = 李晨 (administrator)\n");
    free(text);
    /* Whoever owns the home is nobody here unless he is named; and he is told by which name. */
    assert_null(operators_find(&operators, 54321));
    operators_refusal(&operators, 54321, reason, sizeof reason);
    assert_non_null(strstr(reason, "54321"));
    assert_non_null(strstr(reason, OPERATORS_FILE));
    struct person stranger = operators_name(&operators, 54321);
    assert_string_equal(stranger.user, "54321");
    assert_int_equal(stranger.roles, 0);
}

static void test_each_fault_names_line_and_user(void **state)
{
    static const struct {
        const char *text, *expected;
    } faults[] = {
        {"anna\n    name = \"A\"\n    role = mayor\n", "role"},
        {"anna\n    name = \"A\"\n    role = \"operator,,\"\n", "role"},
        {"anna\n    name = \"A\"\n", "role"},
        {"anna\n    name = \"A\"\n    role\n", "role"},
        {"anna\n    role = operator\n", "name"},
        {"anna\n    name\n    role = operator\n", "name"},
        {"anna\n    name = \xcd\xf5\n    role = operator\n", "UTF-8"}, /* 王 in GBK */
        {"anna\n    name = A\x1b[2J\n    role = operator\n", "control characters"},
        {"anna\n    name = \"A\"\n    role = operator\n    power = all\n", "nothing else"},
        {"anna\n    name = \"A\"\n    role = operator\n        power = all\n", "nothing else"},
        {"anna = B\n    name = \"A\"\n    role = operator\n", "nothing else"},
        {"anna\n    name = \"A\"\n    role = operator\n    role = administrator\n", "once each"},
        {"anna\n    name = \"A\"\n    role = operator\nanna\n    name = \"B\"\n    role = auditor\n", "twice"},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct operators operators;
        char reason[512] = "";
        char text[256];
        snprintf(text, sizeof text, "#\n%s", faults[i].text);
        write_file(*state, text);
        assert_int_equal(operators_load(*state, &operators, reason), ERR_INVALID);
        assert_non_null(strstr(reason, OPERATORS_FILE ":2: anna: "));
        assert_non_null(strstr(reason, faults[i].expected));
    }
}

static void test_more_than_there_is_room_for(void **state)
{
    struct operators operators;
    char reason[512];
    char *text = calloc(OPERATORS_MAX + 1, 64);
    for (int i = 0; i <= OPERATORS_MAX; i++) {
        sprintf(text + strlen(text), "u%d\n    name = \"A\"\n    role = operator\n", i);
    }
    write_file(*state, text);
    assert_int_equal(operators_load(*state, &operators, reason), ERR_INVALID);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_without_the_file_the_owner_is_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_file_names_users_and_roles, setup, teardown),
        cmocka_unit_test_setup_teardown(test_each_fault_names_line_and_user, setup, teardown),
        cmocka_unit_test_setup_teardown(test_more_than_there_is_room_for, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
