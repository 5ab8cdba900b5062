#include "tests/hub/city_sample.h"

#include "common/text.h"
#include "hub/report.h"
#include "hub/rollup.h"

/* Figures of a small store, counted by hand; that they equal a recount of many records is tests/system/report.py. */

static const struct report_table *table_of(const struct report *report, const char *key)
{
    for (size_t i = 0; i < report->section_count; i++) {
        for (size_t k = 0; k < report->sections[i].table_count; k++) {
            if (strcmp(report->sections[i].tables[k].key, key) == 0) {
                return &report->sections[i].tables[k];
            }
        }
    }
    fail_msg("no table %s", key);
    return NULL;
}

static const struct report_row *row_of(const struct report *report, const char *key, const char *code)
{
    const struct report_table *table = table_of(report, key);
    for (size_t i = 0; i < table->row_count; i++) {
        if (strcmp(table->rows[i].code, code) == 0) {
            return &table->rows[i];
        }
    }
    fail_msg("%s: no row %s", key, code);
    return NULL;
}

static void collect(struct town *town, const char *period, struct report *ret_report)
{
    struct span span;
    assert_int_equal(span_parse(period, &span), ERR_OK);
    assert_int_equal(report_collect(town->bench->store, &town->options, span, false, SAMPLE_NOW, ret_report), ERR_OK);
}

static double number(const struct report *report, const char *key, const char *code, size_t column)
{
    return row_of(report, key, code)->cells[column].number;
}

static void test_figures_of_two_reviews_and_a_warning(void **state)
{
    struct town *town = *state;
    struct report report;
    assert_outcome(bench_put(town->bench, sample_review, "{}", 1), OUTCOME_STORED, 1);
    assert_outcome(bench_put(town->bench, sample_review,
                             "{\"activity_no\": \"二\", \"decision\": \"rejected\", \"rejection_reason\": \"不符\", "
                             "\"next_follow_up_on\": null, \"accepted_on\": \"2026-09-11\"}",
                             2),
                   OUTCOME_STORED, 2);
    assert_outcome(bench_put(town->bench, sample_warning, "{}", 3), OUTCOME_STORED, 3);
    assert_outcome(bench_put(town->bench, sample_warning, "{\"status\": \"exercise\"}", 4), OUTCOME_STORED, 4);
    town_desk(town, SAMPLE_NOW);
    collect(town, "2026-Q3", &report);
    assert_true(number(&report, "headline", "reviews", 1) == 2);
    assert_true(number(&report, "headline", "approved_share", 1) == 0.5);
    assert_true(number(&report, "headline", "days", 1) == 13); /* 16 and 10 */
    assert_true(number(&report, "review_sector", "healthcare", 1) == 2);
    assert_true(number(&report, "headline", "warnings", 1) == 0);
    assert_int_equal(table_of(&report, "grave_warnings")->row_count, 0);
    report_free(&report);
    collect(town, "2026-11", &report);
    assert_true(number(&report, "headline", "reviews", 1) == 0);
    assert_int_equal(row_of(&report, "headline", "days")->cells[1].form, REPORT_NONE);
    assert_true(number(&report, "headline", "warnings", 1) == 1); /* the exercise stands apart */
    assert_true(number(&report, "warning_level", "2", 1) == 1);
    assert_true(number(&report, "warning_exercises", "exercise", 2) == 1);
    const struct report_table *grave = table_of(&report, "grave_warnings");
    assert_int_equal(grave->row_count, 1);
    assert_string_equal(grave->rows[0].cells[2].text, "(withheld at the reporter's request)");
    assert_string_equal(grave->rows[0].cells[3].text, "问诊助手给出错误剂量");
    report_free(&report);
}

#define ROOT "019a2b3c-4d5e-7001-8002-0304050607"

/* The city's update carries the content that counts; the warning is its reporter's all the same. */
static void test_a_grave_warning_is_its_reporters_after_an_update_by_the_city(void **state)
{
    struct town *town = *state;
    struct report report;
    assert_outcome(bench_put(town->bench, sample_warning, "{\"reporter_confidential\": null}", 1), OUTCOME_STORED, 1);
    json_t *update = sample_json(sample_warning, "{\"entity\": null, \"reporter_confidential\": null, \"action\": "
                                                 "\"update\", \"addressee\": \"" SAMPLE_PARTY "\", \"refers_to\": "
                                                 "\"" ROOT "01\", \"headline\": \"市级核实\"}");
    char *text = json_dumps(update, JSON_COMPACT);
    assert_string_equal(town_file(town, text), "");
    free(text);
    json_decref(update);
    collect(town, "2026-11", &report);
    const struct report_table *grave = table_of(&report, "grave_warnings");
    assert_int_equal(grave->row_count, 1);
    assert_string_equal(grave->rows[0].cells[3].text, "市级核实");
    assert_string_equal(grave->rows[0].cells[2].text, "甲医院");
    report_free(&report);
}

static void test_a_reporter_who_is_withheld_is_not_named_by_what_is_overdue(void **state)
{
    struct town *town = *state;
    struct report report;
    struct span span;
    char month[11];
    assert_outcome(bench_put(town->bench, sample_warning, "{}", 1), OUTCOME_STORED, 1);
    assert_outcome(bench_put(town->bench, sample_warning, "{\"reporter_confidential\": null}", 2), OUTCOME_STORED, 2);
    town_desk(town, clock_ms());
    town_desk(town, clock_ms() + 5 * HOUR);
    date_text(day_of(clock_ms() + 4 * HOUR, 480), month);
    month[7] = '\0';
    assert_int_equal(span_parse(month, &span), ERR_OK);
    assert_int_equal(report_collect(town->bench->store, &town->options, span, false, clock_ms(), &report), ERR_OK);
    const struct report_table *overdue = table_of(&report, "overdue_terms");
    assert_int_equal(overdue->row_count, 2);
    for (size_t i = 0; i < 2; i++) {
        bool is_withheld = strcmp(overdue->rows[i].cells[3].text, ROOT "01") == 0;
        assert_string_equal(overdue->rows[i].cells[0].text,
                            is_withheld ? "(withheld at the reporter's request)" : "甲医院");
        assert_string_equal(overdue->rows[i].cells[1].text, is_withheld ? "" : SAMPLE_PARTY);
    }
    report_free(&report);
}

static void test_the_period_before_and_a_year_ago_have_their_own_figures(void **state)
{
    struct town *town = *state;
    struct report report;
    assert_outcome(bench_put(town->bench, sample_review, "{}", 1), OUTCOME_STORED, 1);
    collect(town, "2026-Q4", &report);
    assert_true(number(&report, "headline", "reviews", 2) == 1);
    assert_true(number(&report, "headline", "reviews", 3) == -1); /* by 100 per cent */
    report_free(&report);
    collect(town, "2027-H2", &report);
    assert_true(number(&report, "headline", "reviews", 4) == 1);
    report_free(&report);
    collect(town, "2027", &report);
    assert_int_equal(table_of(&report, "headline")->column_count, 4); /* the year before is the period before */
    report_free(&report);
}

static void test_an_empty_period_says_so(void **state)
{
    struct town *town = *state;
    struct report report;
    collect(town, "2001-02", &report);
    assert_int_equal(report.remark_count, 1);
    assert_non_null(strstr(report.remarks[0], "no figures"));
    report_free(&report);
}

static void test_a_look_is_of_one_moment(void **state)
{
    struct town *town = *state;
    struct bench *bench = town->bench;
    struct store *reader = NULL;
    struct moment moment;
    struct tally tally = {.dims = ""};
    char reason[256];
    assert_int_equal(store_open(&bench->home, false, &bench_settings, &reader, reason), ERR_OK);
    assert_outcome(bench_put(bench, sample_review, "{}", 1), OUTCOME_STORED, 1);
    assert_int_equal(store_look(reader, &moment), ERR_OK);
    assert_int_equal(moment.number, 1);
    assert_outcome(bench_put(bench, sample_review, "{\"activity_no\": \"二\"}", 2), OUTCOME_STORED, 2);
    assert_int_equal(store_each_cell(reader, "review", tally_cell, &tally), ERR_OK);
    assert_int_equal(tally.count, 1);
    store_end_look(reader);
    assert_int_equal(store_look(reader, &moment), ERR_OK);
    assert_int_equal(moment.number, 2);
    store_end_look(reader);
    store_close(reader);
}

static void test_spans(void **state)
{
    static const struct {
        const char *text, *first, *last, *before;
    } good[] = {{"2026-02", "2026-02-01", "2026-02-28", "2026-01"}, {"2026-Q1", "2026-01-01", "2026-03-31", "2025-Q4"},
                {"2026-H2", "2026-07-01", "2026-12-31", "2026-H1"}, {"2026-H1", "2026-01-01", "2026-06-30", "2025-H2"},
                {"2099-12", "2099-12-01", "2099-12-31", "2099-11"}, {"2024", "2024-01-01", "2024-12-31", "2023"}};
    static const char *const bad[] = {"",     "2026-H3", "2026-H0",  "2026-Q5", "2026-13",
                                      "1999", "2100-H1", "2026-H12", "x"};
    struct span span;
    char text[PERIOD_TEXT_SIZE];
    char day[11];
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(span_parse(good[i].text, &span), ERR_OK);
        date_text(span_first_day(span), day);
        assert_string_equal(day, good[i].first);
        date_text(span_last_day(span), day);
        assert_string_equal(day, good[i].last);
        span_text(span_shift(span, -1), text);
        assert_string_equal(text, good[i].before);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(span_parse(bad[i], &span), ERR_INVALID);
    }
}

static void test_numbers_as_text(void **state)
{
    static const struct {
        struct report_cell cell;
        const char *text;
    } numbers[] = {{{REPORT_COUNT, 1234567, NULL}, "1,234,567"},
                   {{REPORT_COUNT, 0, NULL}, "0"},
                   {{REPORT_COUNT, 100, NULL}, "100"},
                   {{REPORT_DECIMAL, 2.25, NULL}, "2.2"},
                   {{REPORT_PERCENT, 0.125, NULL}, "12.5%"},
                   {{REPORT_CHANGE, 0.5, NULL}, "+50.0%"},
                   {{REPORT_CHANGE, -1, NULL}, "-100.0%"},
                   {{REPORT_POINTS, -0.01, NULL}, "0.0 pp"},
                   {{REPORT_NONE, 0, NULL}, "—"}};
    char text[REPORT_NUMBER_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        report_number(&numbers[i].cell, text);
        assert_string_equal(text, numbers[i].text);
    }
}

static void test_what_people_wrote_is_escaped(void **state)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    (void)state;
    assert_non_null(file);
    report_escape("<a href=\"x\">&'\x01甲", file);
    assert_int_equal(fclose(file), 0);
    assert_string_equal(text, "&lt;a href=&quot;x&quot;&gt;&amp;&#39;甲");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_figures_of_two_reviews_and_a_warning, town_setup, town_teardown),
        cmocka_unit_test_setup_teardown(test_a_grave_warning_is_its_reporters_after_an_update_by_the_city, town_setup,
                                        town_teardown),
        cmocka_unit_test_setup_teardown(test_a_reporter_who_is_withheld_is_not_named_by_what_is_overdue, town_setup,
                                        town_teardown),
        cmocka_unit_test_setup_teardown(test_the_period_before_and_a_year_ago_have_their_own_figures, town_setup,
                                        town_teardown),
        cmocka_unit_test_setup_teardown(test_an_empty_period_says_so, town_setup, town_teardown),
        cmocka_unit_test_setup_teardown(test_a_look_is_of_one_moment, town_setup, town_teardown),
        cmocka_unit_test(test_spans),
        cmocka_unit_test(test_numbers_as_text),
        cmocka_unit_test(test_what_people_wrote_is_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
