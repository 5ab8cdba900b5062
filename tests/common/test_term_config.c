#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/term_config.h"
#include "tests/test.h"

static err_t load_text(const char *text, struct term_settings *settings, char reterr_reason[512])
{
    char path[] = "/tmp/terms-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    err_t err = term_config_load(path, settings, reterr_reason);
    unlink(path);
    return err;
}

static void assert_length(const struct term_settings *settings, enum term_index index, int64_t number,
                          enum term_unit unit)
{
    assert_int_equal(settings->lengths[index].number, number);
    assert_int_equal(settings->lengths[index].unit, unit);
}

static void test_the_table_holds_where_nothing_is_set(void **state)
{
    (void)state;
    char reason[512] = "";
    struct term_settings settings;
    term_settings_default(480, &settings);
    assert_int_equal(term_config_load("/tmp/terms-that-are-not-there", &settings, reason), ERR_OK);
    assert_int_equal(load_text("# nothing\n\n", &settings, reason), ERR_OK);
    for (int i = 0; i < TERMS; i++) {
        assert_length(&settings, (enum term_index)i, terms[i].length.number, terms[i].length.unit);
    }
    assert_int_equal(settings.period, PERIOD_QUARTER);
}

static void test_every_unit_can_be_set(void **state)
{
    (void)state;
    static const char text[] =
        "term decision_general = 45 days # longer\r\n  term\trereview_request=20   working_days\n"
        "term expert_rereview_emergency = 36 hours\nterm follow_up = 1 month\n"
        "term annual_report = 02-28\nperiod = month\nterm periodic_report = 1 working_day";
    char reason[512] = "";
    struct term_settings settings;
    term_settings_default(480, &settings);
    if (load_text(text, &settings, reason) != ERR_OK) {
        fail_msg("%s", reason);
    }
    assert_length(&settings, TERM_DECISION_GENERAL, 45, UNIT_DAYS);
    assert_length(&settings, TERM_REREVIEW_REQUEST, 20, UNIT_WORKING_DAYS);
    assert_length(&settings, TERM_EXPERT_REREVIEW_EMERGENCY, 36, UNIT_HOURS);
    assert_length(&settings, TERM_FOLLOW_UP, 1, UNIT_MONTHS);
    assert_length(&settings, TERM_ANNUAL_REPORT, 228, UNIT_DATE);
    assert_length(&settings, TERM_PERIODIC_REPORT, 1, UNIT_WORKING_DAYS);
    assert_length(&settings, TERM_DECISION_SIMPLIFIED, 30, UNIT_DAYS);
    assert_int_equal(settings.period, PERIOD_MONTH);
}

static void test_a_wrong_line_is_named_and_nothing_changes(void **state)
{
    (void)state;
    static const struct {
        const char *text, *place, *word;
    } rows[] = {
        {"term decision_genral = 45 days", ":1: ", "decision_general"},
        {"term decision_general = 20 days\nterm decision_general = 45 days", ":2: ", "twice"},
        {"period = month\nperiod = month", ":2: ", "twice"},
        {"\nperiod = year", ":2: ", "quarter"},
        {"term decision_general 45 days", ":1: ", "LENGTH"},
        {"terms decision_general = 45 days", ":1: ", "LENGTH"},
        {"decision_general = 45 days", ":1: ", "LENGTH"},
        {"term decision_general =", ":1: ", "1-3660 days"},
        {"term decision_general = 45", ":1: ", "1-3660 days"},
        {"term decision_general = days", ":1: ", "1-3660 days"},
        {"term decision_general = 0 days", ":1: ", "1-3660 days"},
        {"term decision_general = -1 days", ":1: ", "1-3660 days"},
        {"term decision_general = 3661 days", ":1: ", "1-3660 days"},
        {"term decision_general = 99999999999999999999 days", ":1: ", "1-3660 days"},
        {"term decision_general = 18446744073709551617 days", ":1: ", "1-3660 days"},
        {"term decision_general = 4.5 days", ":1: ", "1-3660 days"},
        {"term decision_general = 45 Days", ":1: ", "1-3660 days"},
        {"term decision_general = 45 days days", ":1: ", "1-3660 days"},
        {"term decision_general = 03-31", ":1: ", "1-3660 days"},
        {"term annual_report = 90 days", ":1: ", "MM-DD"},
        {"term annual_report = 02-29", ":1: ", "MM-DD"},
        {"term annual_report = 3-31", ":1: ", "MM-DD"},
        {"term annual_report = 13-01", ":1: ", "MM-DD"},
        {"term answer_notice = 3 days", ":1: ", "due date"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char reason[512] = "";
        struct term_settings settings;
        struct term_settings before;
        term_settings_default(480, &settings);
        before = settings;
        assert_int_equal(load_text(rows[i].text, &settings, reason), ERR_INVALID);
        if (!strstr(reason, rows[i].place) || !strstr(reason, rows[i].word)) {
            fail_msg("%s: %s", rows[i].text, reason);
        }
        assert_memory_equal(&settings, &before, sizeof settings);
    }
}

static void test_a_length_is_written_as_it_is_read(void **state)
{
    (void)state;
    for (int i = 0; i < TERMS; i++) {
        char text[LENGTH_TEXT_SIZE];
        char reason[256];
        struct term_settings settings;
        term_settings_default(480, &settings);
        term_length_text(terms[i].length, text);
        if (terms[i].length.unit == UNIT_FIELD) {
            assert_string_equal(text, "-");
            continue;
        }
        settings.lengths[i] = (struct term_length){0};
        assert_int_equal(term_config_set(terms[i].label->code, text, &settings, reason), ERR_OK);
        assert_length(&settings, (enum term_index)i, terms[i].length.number, terms[i].length.unit);
    }
}

static void test_a_length_is_said_in_both_languages(void **state)
{
    (void)state;
    static const struct {
        struct term_length length;
        const char *en, *zh;
    } rows[] = {
        {{1, UNIT_HOURS}, "1 hour", "1小时"},
        {{3, UNIT_WORKING_DAYS}, "3 working days", "3个工作日"},
        {{12, UNIT_MONTHS}, "12 months", "12个月"},
        {{331, UNIT_DATE}, "until 31 March", "至当年3月31日"},
        {{0, UNIT_FIELD}, "as the record says", "由记录写明"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[LENGTH_TEXT_SIZE];
        term_length_words(rows[i].length, false, text);
        assert_string_equal(text, rows[i].en);
        term_length_words(rows[i].length, true, text);
        assert_string_equal(text, rows[i].zh);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_table_holds_where_nothing_is_set),
        cmocka_unit_test(test_every_unit_can_be_set),
        cmocka_unit_test(test_a_wrong_line_is_named_and_nothing_changes),
        cmocka_unit_test(test_a_length_is_written_as_it_is_read),
        cmocka_unit_test(test_a_length_is_said_in_both_languages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
