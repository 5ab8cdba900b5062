#include "tests/proto/sample.h"

static int64_t days(const char *text)
{
    int64_t number = INT64_MIN;
    assert_int_equal(date_parse(view_str(text), &number), ERR_OK);
    return number;
}

static void test_dates_have_the_numbers_of_the_calendar(void **state)
{
    (void)state;
    assert_int_equal(days("1970-01-01"), 0);
    assert_int_equal(days("1969-12-31"), -1);
    assert_int_equal(days("2000-01-01"), 10957);
    assert_int_equal(days("2000-02-29"), 11016);
    assert_int_equal(days("2026-11-23"), 20780);
    assert_int_equal(days("2099-12-31"), 47481);
    assert_int_equal(days("0001-01-01"), -719162);
}

static void test_every_day_of_four_centuries_goes_to_text_and_back(void **state)
{
    (void)state;
    for (int64_t day = days("1899-12-31"); day <= days("2301-01-01"); day++) {
        char text[11];
        date_text(day, text);
        assert_int_equal(days(text), day);
    }
}

static void test_days_that_the_calendar_lacks_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "2026-02-29", "1900-02-29", "2026-04-31", "2026-13-01",  "2026-00-10", "2026-01-00",
        "2026-01-32", "0000-01-01", "2026-1-1",   "20260101",    "2026/01/01", "2026-01-01T",
        "+026-01-01", "2026-01- 1", "",           "２０２６-01",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int64_t number = 0;
        assert_int_equal(date_parse(view_str(wrong[i]), &number), ERR_INVALID);
    }
}

static void test_times_are_read_in_every_zone(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } times[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-23T00:00:00Z", SAMPLE_NOW},
        {"2026-11-23T08:00:00+08:00", SAMPLE_NOW},
        {"2026-11-22t19:30:00-04:30", SAMPLE_NOW},
        {"2026-11-23 00:00:00.5z", SAMPLE_NOW + 500},
        {"2026-11-23T00:00:00.123456789Z", SAMPLE_NOW + 123},
        {"2026-11-23T00:00:00.007-00:00", SAMPLE_NOW + 7},
        {"1969-12-31T23:59:59.999Z", -1},
    };
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        int64_t ms = INT64_MIN;
        assert_int_equal(time_parse(times[i].text, &ms), ERR_OK);
        assert_int_equal(ms, times[i].ms);
    }
}

static void test_times_without_zone_or_out_of_the_day_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "2026-11-23",
        "2026-11-23T00:00:00",
        "2026-11-23T00:00:00.Z",
        "2026-11-23T24:00:00Z",
        "2026-11-23T00:60:00Z",
        "2026-11-23T00:00:60Z",
        "2026-02-30T00:00:00Z",
        "2026-11-23T00:00:00+0800",
        "2026-11-23T00:00:00+24:00",
        "2026-11-23T00:00:00+08:60",
        "2026-11-23T00:00:00ZZ",
        "2026-11-23T0:000:00Z",
        "2026-11-23X00:00:00Z",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int64_t ms = 0;
        assert_int_equal(time_parse(wrong[i], &ms), ERR_INVALID);
    }
}

static void test_a_time_is_written_in_utc_with_milliseconds(void **state)
{
    (void)state;
    char text[25];
    time_text(SAMPLE_NOW + 45296789, text);
    assert_string_equal(text, "2026-11-23T12:34:56.789Z");
    time_text(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
    time_text(INT64_C(253402300799999), text);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
}

static void test_a_time_that_no_calendar_has_is_shown_as_unknown(void **state)
{
    (void)state;
    static const int64_t times[] = {INT64_C(253402300800000), INT64_MAX, INT64_C(-62167219200001), INT64_MIN + 1};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char text[25];
        time_text(times[i], text);
        assert_string_equal(text, "?");
    }
}

static void test_the_day_is_that_of_the_zone(void **state)
{
    (void)state;
    assert_int_equal(day_of(SAMPLE_NOW, 0), 20780);
    assert_int_equal(day_of(SAMPLE_NOW - 1, 0), 20779);
    assert_int_equal(day_of(SAMPLE_NOW - 1, 480), 20780);
    assert_int_equal(day_of(SAMPLE_NOW, -480), 20779);
    assert_int_equal(day_of(-1, 0), -1);
}

static void test_months_end_with_the_month(void **state)
{
    (void)state;
    assert_int_equal(date_add_months(days("2026-09-21"), 12), days("2027-09-21"));
    assert_int_equal(date_add_months(days("2026-08-31"), 6), days("2027-02-28"));
    assert_int_equal(date_add_months(days("2027-08-31"), 6), days("2028-02-29"));
    assert_int_equal(date_add_months(days("2028-02-29"), 12), days("2029-02-28"));
    assert_int_equal(date_add_months(days("2026-12-31"), 1), days("2027-01-31"));
    assert_int_equal(date_add_months(days("2026-01-31"), -2), days("2025-11-30"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates_have_the_numbers_of_the_calendar),
        cmocka_unit_test(test_every_day_of_four_centuries_goes_to_text_and_back),
        cmocka_unit_test(test_days_that_the_calendar_lacks_are_refused),
        cmocka_unit_test(test_times_are_read_in_every_zone),
        cmocka_unit_test(test_times_without_zone_or_out_of_the_day_are_refused),
        cmocka_unit_test(test_a_time_is_written_in_utc_with_milliseconds),
        cmocka_unit_test(test_a_time_that_no_calendar_has_is_shown_as_unknown),
        cmocka_unit_test(test_the_day_is_that_of_the_zone),
        cmocka_unit_test(test_months_end_with_the_month),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
