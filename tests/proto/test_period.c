#include "tests/proto/sample.h"

#include "proto/period.h"

static int64_t day_number(const char *text)
{
    int64_t day = 0;
    assert_int_equal(date_parse(view_str(text), &day), ERR_OK);
    return day;
}

static struct period period_of(const char *text)
{
    struct period period = {0};
    assert_int_equal(period_parse(view_str(text), &period), ERR_OK);
    return period;
}

static void test_a_period_has_its_first_day_its_last_and_the_next(void **state)
{
    (void)state;
    static const struct {
        const char *text, *first, *last, *next;
        enum period_unit unit;
    } rows[] = {
        {"2026-01", "2026-01-01", "2026-01-31", "2026-02", PERIOD_MONTH},
        {"2026-02", "2026-02-01", "2026-02-28", "2026-03", PERIOD_MONTH},
        {"2028-02", "2028-02-01", "2028-02-29", "2028-03", PERIOD_MONTH},
        {"2026-12", "2026-12-01", "2026-12-31", "2027-01", PERIOD_MONTH},
        {"2026-Q1", "2026-01-01", "2026-03-31", "2026-Q2", PERIOD_QUARTER},
        {"2026-Q3", "2026-07-01", "2026-09-30", "2026-Q4", PERIOD_QUARTER},
        {"2026-Q4", "2026-10-01", "2026-12-31", "2027-Q1", PERIOD_QUARTER},
        {"2000", "2000-01-01", "2000-12-31", "2001", PERIOD_YEAR},
        {"2099", "2099-01-01", "2099-12-31", "2100", PERIOD_YEAR},
        {"2099-Q4", "2099-10-01", "2099-12-31", "2100-Q1", PERIOD_QUARTER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[PERIOD_TEXT_SIZE];
        struct period period = period_of(rows[i].text);
        assert_int_equal(period.unit, rows[i].unit);
        assert_int_equal(period_first_day(period), day_number(rows[i].first));
        assert_int_equal(period_last_day(period), day_number(rows[i].last));
        period_text(period, text);
        assert_string_equal(text, rows[i].text);
        period_text(period_next(period), text);
        assert_string_equal(text, rows[i].next);
    }
}

static void test_what_is_no_period_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",       "2026-",   "2026-1",   "2026-00",  "2026-13", "2026-Q0", "2026-Q5",    "2026-q1",  "2026Q1",
        "2026-Q", "2026-QQ", "2026-Q11", "2026-001", "2026-1a", " 2026",   "2026 ",      "202",      "20266",
        "1999",   "2100",    "1999-12",  "2100-Q1",  "2026/01", "2026-+1", "2026-01-01", "２０２６",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct period period;
        if (period_parse(view_str(wrong[i]), &period) != ERR_INVALID) {
            fail_msg("taken for a period: %s", wrong[i]);
        }
    }
}

static void test_every_day_lies_in_exactly_its_period(void **state)
{
    (void)state;
    for (int unit = PERIOD_MONTH; unit < PERIOD_UNITS; unit++) {
        struct period period = period_of_day(day_number("2023-12-31"), (enum period_unit)unit);
        for (int64_t day = day_number("2024-01-01"); day <= day_number("2029-01-01"); day++) {
            struct period own = period_of_day(day, (enum period_unit)unit);
            if (own.index != period.index || own.year != period.year) {
                assert_false(period_contains(period, day));
                assert_int_equal(period_last_day(period), day - 1);
                period = period_next(period);
            }
            assert_true(own.index == period.index && own.year == period.year);
            assert_true(period_contains(own, day));
        }
        assert_int_equal(period.year, 2029);
    }
}

static void test_a_local_day_is_whole_in_every_zone(void **state)
{
    (void)state;
    int64_t day = day_number("2026-11-23");
    assert_int_equal(day_start(day, 0), SAMPLE_NOW);
    assert_int_equal(day_start(day, 480), SAMPLE_NOW - 8 * 3600000);
    assert_int_equal(day_end(day, 480), SAMPLE_NOW + 16 * 3600000 - 1);
    static const int zones[] = {-720, -210, 0, 345, 480, 840};
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        assert_int_equal(day_of(day_start(day, zones[i]), zones[i]), day);
        assert_int_equal(day_of(day_end(day, zones[i]), zones[i]), day);
        assert_int_equal(day_end(day, zones[i]) + 1, day_start(day + 1, zones[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_period_has_its_first_day_its_last_and_the_next),
        cmocka_unit_test(test_what_is_no_period_is_refused),
        cmocka_unit_test(test_every_day_lies_in_exactly_its_period),
        cmocka_unit_test(test_a_local_day_is_whole_in_every_zone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
