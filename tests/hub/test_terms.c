#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hub/terms.h"
#include "tests/home.h"
#include "tests/test.h"

static void write_file(const struct home *home, const char *name, const char *text)
{
    assert_int_equal(home_write(home, name, text, strlen(text)), ERR_OK);
}

static int set_up(void **state)
{
    struct home *home = calloc(1, sizeof *home);
    assert_non_null(home);
    make_home(home);
    *state = home;
    return 0;
}

static int tear_down(void **state)
{
    struct home *home = *state;
    remove_home(home);
    free(home);
    return 0;
}

static void test_the_page_has_the_tables_of_the_program(void **state)
{
    (void)state;
    char *tables = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&tables, &size);
    assert_non_null(file);
    terms_print_page(file);
    fclose(file);
    file = fopen(TESTS_DIR "/../docs/clocks.md", "r");
    assert_non_null(file);
    char *page = calloc(1, 1 << 16);
    assert_non_null(page);
    assert_in_range(fread(page, 1, (1 << 16) - 1, file), 1, (1 << 16) - 2);
    fclose(file);
    if (!strstr(page, tables)) {
        fail_msg("docs/clocks.md is not what `agn-hub terms --markdown` prints");
    }
    free(page);
    free(tables);
}

static void test_a_home_without_files_has_the_terms_of_the_sources(void **state)
{
    const struct home *home = *state;
    char reason[512] = "";
    struct site_terms site;
    assert_int_equal(site_terms_open(home, 480, &site, reason), ERR_OK);
    assert_int_equal(site.settings.lengths[TERM_DECISION_GENERAL].number, 30);
    assert_int_equal(site.settings.add_working_days(site.settings.calendar, 20728, 1), 20731); /* Friday, 2 October */
    char *text = site_terms_text(&site);
    assert_string_equal(text, "");
    free(text);
    site_terms_close(&site);
}

static void test_the_files_of_the_home_are_in_force(void **state)
{
    const struct home *home = *state;
    char reason[512] = "";
    struct site_terms site;
    struct term_words words;
    write_file(home, "terms.conf", "term decision_general = 45 days\n");
    write_file(home, "calendar.txt", "2026-10-05 holiday\n");
    assert_int_equal(site_terms_open(home, 480, &site, reason), ERR_OK);
    assert_int_equal(site.settings.add_working_days(site.settings.calendar, 20728, 1), 20732);
    term_words(&terms[TERM_DECISION_GENERAL], &site.settings, false, &words);
    assert_string_equal(words.length, "45 days");
    assert_string_equal(words.standard, "30 days");
    assert_string_equal(words.when, "procedure = general");
    assert_string_equal(words.start, "accepted_on");
    assert_string_equal(words.end, "decided_on");
    assert_string_equal(words.before, "5 days before: the institution");
    assert_string_equal(words.after, "the institution, the city");
    char *text = site_terms_text(&site);
    assert_string_equal(text, "term decision_general = 45 days\ncalendar 2026-10-05 holiday\n");
    free(text);
    site_terms_close(&site);
}

static void test_a_wrong_file_is_named(void **state)
{
    const struct home *home = *state;
    char reason[512] = "";
    struct site_terms site;
    write_file(home, "calendar.txt", "2026-10-05 feast\n");
    assert_int_equal(site_terms_open(home, 480, &site, reason), ERR_INVALID);
    assert_non_null(strstr(reason, "/calendar.txt:1: "));
    write_file(home, "terms.conf", "\nterm decision = 45 days\n");
    assert_int_equal(site_terms_open(home, 480, &site, reason), ERR_INVALID);
    assert_non_null(strstr(reason, "/terms.conf:2: "));
}

static void test_no_cell_of_the_tables_is_cut_or_empty(void **state)
{
    (void)state;
    struct term_settings settings;
    term_settings_default(480, &settings);
    for (int i = 0; i < TERMS * 2; i++) {
        struct term_words words;
        term_words(&terms[i / 2], &settings, i % 2 == 1, &words);
        assert_in_range(strlen(words.start), 1, sizeof words.start - 2);
        assert_in_range(strlen(words.end), 1, sizeof words.end - 2);
        assert_in_range(strlen(words.length), 1, sizeof words.length - 2);
        assert_in_range(strlen(words.after), 1, sizeof words.after - 2);
        assert_in_range(strlen(words.when), 0, sizeof words.when - 2);
        assert_in_range(strlen(words.before), 0, sizeof words.before - 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_page_has_the_tables_of_the_program),
        cmocka_unit_test_setup_teardown(test_a_home_without_files_has_the_terms_of_the_sources, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_files_of_the_home_are_in_force, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_wrong_file_is_named, set_up, tear_down),
        cmocka_unit_test(test_no_cell_of_the_tables_is_cut_or_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
