#include "hub/cli.h"

#include <stdlib.h>
#include <string.h>

#include "tests/home.h"
#include "tests/test.h"

static void list(const char *path)
{
    static const struct table_column columns[] = {{"id", "id", "编号", false}};
    static const char *const cells[] = {"1"};
    table_workbook(path);
    struct table *table = table_open(stdout, TABLE_XLSX, columns, 1);
    table_row(table, cells, NULL);
    table_close(table);
}

static bool is_workbook(const char *path)
{
    char head[2] = "";
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    bool is_zip = fread(head, 1, 2, file) == 2 && memcmp(head, "PK", 2) == 0;
    fclose(file);
    return is_zip;
}

/* In this order: what has failed stays failed for the run. */
static void test_a_listing_that_was_broken_off_leaves_the_workbook_as_it_was(void **state)
{
    struct home home;
    char path[PATH_SIZE];
    (void)state;
    make_home(&home);
    home_file(&home, "list.xlsx", path);
    list(path);
    assert_int_equal(cli_finish(1), 1); /* a verdict */
    assert_true(is_workbook(path));
    assert_int_equal(home_write(&home, "list.xlsx", "before", 6), ERR_OK);
    list(path);
    assert_int_equal(cli_finish(cli_fail("broken off")), 1);
    assert_false(is_workbook(path));
    remove_home(&home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_listing_that_was_broken_off_leaves_the_workbook_as_it_was)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
