#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/calendar.h"
#include "proto/record.h"
#include "tests/test.h"

static int64_t day_number(const char *text)
{
    int64_t day = 0;
    assert_int_equal(date_parse((struct view){(const uint8_t *)text, strlen(text)}, &day), ERR_OK);
    return day;
}

static err_t load_text(const char *text, size_t size, struct calendar **ret_calendar, char reterr_reason[512])
{
    char path[] = "/tmp/calendar-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, size), size);
    close(fd);
    err_t err = calendar_load(path, ret_calendar, reterr_reason);
    unlink(path);
    return err;
}

static struct calendar *load_2026(void)
{
    char reason[512] = "";
    struct calendar *calendar = NULL;
    if (calendar_load(TESTS_DIR "/../deploy/calendar-2026.txt", &calendar, reason) != ERR_OK) {
        fail_msg("%s", reason);
    }
    return calendar;
}

static void test_without_a_file_only_weekends_are_off(void **state)
{
    (void)state;
    assert_true(calendar_is_working_day(NULL, day_number("2026-10-02")));  /* Friday */
    assert_false(calendar_is_working_day(NULL, day_number("2026-10-03"))); /* Saturday */
    assert_false(calendar_is_working_day(NULL, day_number("2026-10-04")));
    assert_true(calendar_is_working_day(NULL, day_number("2026-10-05")));
    assert_false(calendar_is_working_day(NULL, day_number("1969-12-28"))); /* Sunday */
    assert_true(calendar_is_working_day(NULL, day_number("1969-12-29")));
    assert_false(calendar_covers(NULL, 2026));
}

static void test_the_shipped_file_has_the_days_of_2026(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        int worked;
    } months[] = {
        /* counted by hand from the notice and a wall calendar */
        {"2026-01-01", "2026-01-31", 21}, {"2026-02-01", "2026-02-28", 16}, {"2026-03-01", "2026-03-31", 22},
        {"2026-04-01", "2026-04-30", 21}, {"2026-05-01", "2026-05-31", 19}, {"2026-06-01", "2026-06-30", 21},
        {"2026-07-01", "2026-07-31", 23}, {"2026-08-01", "2026-08-31", 21}, {"2026-09-01", "2026-09-30", 22},
        {"2026-10-01", "2026-10-31", 18}, {"2026-11-01", "2026-11-30", 21}, {"2026-12-01", "2026-12-31", 23},
    };
    struct calendar *calendar = load_2026();
    for (size_t i = 0; i < sizeof months / sizeof months[0]; i++) {
        int worked = 0;
        for (int64_t day = day_number(months[i].from); day <= day_number(months[i].to); day++) {
            worked += calendar_is_working_day(calendar, day) ? 1 : 0;
        }
        if (worked != months[i].worked) {
            print_error("%s: %d\n", months[i].from, worked);
        }
        assert_int_equal(worked, months[i].worked);
    }
    assert_true(calendar_covers(calendar, 2026));
    assert_false(calendar_covers(calendar, 2025));
    assert_false(calendar_covers(calendar, 2027));
    calendar_free(calendar);
}

static void test_working_days_jump_holidays_and_count_make_up_days(void **state)
{
    (void)state;
    static const struct {
        const char *day;
        int64_t count;
        const char *with_file, *without;
    } rows[] = {
        {"2026-09-30", 0, "2026-09-30", "2026-09-30"},  {"2026-09-30", 1, "2026-10-08", "2026-10-01"},
        {"2026-09-30", 3, "2026-10-10", "2026-10-05"},  {"2026-09-30", 4, "2026-10-12", "2026-10-06"},
        {"2026-10-03", 0, "2026-10-03", "2026-10-03"},  {"2026-10-03", 1, "2026-10-08", "2026-10-05"},
        {"2026-09-18", 1, "2026-09-20", "2026-09-21"},  {"2026-09-18", 20, "2026-10-22", "2026-10-16"},
        {"2026-02-13", 2, "2026-02-24", "2026-02-17"},  {"2026-12-31", 1, "2027-01-01", "2027-01-01"},
        {"2026-10-08", -1, "2026-09-30", "2026-10-07"}, {"2026-10-12", -2, "2026-10-09", "2026-10-08"},
    };
    struct calendar *calendar = load_2026();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t day = day_number(rows[i].day);
        assert_int_equal(calendar_add_working_days(calendar, day, rows[i].count), day_number(rows[i].with_file));
        assert_int_equal(calendar_add_working_days(NULL, day, rows[i].count), day_number(rows[i].without));
    }
    calendar_free(calendar);
}

static void test_comments_blank_lines_windows_and_any_order_are_read(void **state)
{
    (void)state;
    static const char text[] = "\xEF\xBB\xBF# 2026\r\n\r\n   \t\r\n2026-10-10\tworkday   补班 # 周六\r\n"
                               "2026-10-05 holiday\r\n  2026-10-01 holiday 国庆节 (1)";
    char reason[512] = "";
    struct calendar *calendar = NULL;
    assert_int_equal(load_text(text, sizeof text - 1, &calendar, reason), ERR_OK);
    assert_false(calendar_is_working_day(calendar, day_number("2026-10-01")));
    assert_true(calendar_is_working_day(calendar, day_number("2026-10-02")));
    assert_false(calendar_is_working_day(calendar, day_number("2026-10-05")));
    assert_true(calendar_is_working_day(calendar, day_number("2026-10-10")));
    char *days = calendar_text(calendar);
    assert_string_equal(days,
                        "calendar 2026-10-01 holiday\ncalendar 2026-10-05 holiday\ncalendar 2026-10-10 workday\n");
    free(days);
    calendar_free(calendar);
    assert_int_equal(load_text("", 0, &calendar, reason), ERR_OK);
    assert_true(calendar_is_working_day(calendar, day_number("2026-10-01")));
    calendar_free(calendar);
}

static void test_a_wrong_line_is_named_with_its_number(void **state)
{
    (void)state;
    static const struct {
        const char *text, *place, *word;
    } rows[] = {
        {"# one\n2026-02-30 holiday\n", ":2: ", "YYYY-MM-DD"},
        {"2026-10-01 Holiday\n", ":1: ", "holiday"},
        {"2026-10-01\n", ":1: ", "holiday"},
        {"holiday 2026-10-01\n", ":1: ", "YYYY-MM-DD"},
        {"2026-10-01 holiday\n\n2026-10-12 workday\n", ":3: ", "check the date"},
        {"2026-10-01 holiday\n2026-10-02 holiday\n2026-10-01 holiday\n", ":3: ", "twice"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char reason[512] = "";
        struct calendar *calendar = NULL;
        assert_int_equal(load_text(rows[i].text, strlen(rows[i].text), &calendar, reason), ERR_INVALID);
        assert_null(calendar);
        assert_non_null(strstr(reason, rows[i].place));
        assert_non_null(strstr(reason, rows[i].word));
        assert_non_null(strstr(reason, "/tmp/calendar-"));
    }
}

static void test_what_is_no_text_is_refused(void **state)
{
    (void)state;
    char reason[512] = "";
    char text[1024];
    struct calendar *calendar = NULL;
    memset(text, ' ', sizeof text); /* the rest of the line alone would be a blank one */
    memcpy(text, "2026-10-01 holiday ", 19);
    assert_int_equal(load_text(text, sizeof text, &calendar, reason), ERR_INVALID);
    assert_int_equal(load_text("2026-10-01\0 holiday\n2026", 24, &calendar, reason), ERR_INVALID);
    assert_int_equal(calendar_load("/tmp", &calendar, reason), ERR_IO);
    assert_int_equal(calendar_load("/tmp/calendar-that-is-not-there", &calendar, reason), ERR_NOT_FOUND);
    assert_non_null(strstr(reason, "calendar-that-is-not-there"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_file_only_weekends_are_off),
        cmocka_unit_test(test_the_shipped_file_has_the_days_of_2026),
        cmocka_unit_test(test_working_days_jump_holidays_and_count_make_up_days),
        cmocka_unit_test(test_comments_blank_lines_windows_and_any_order_are_read),
        cmocka_unit_test(test_a_wrong_line_is_named_with_its_number),
        cmocka_unit_test(test_what_is_no_text_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
