#include "hub/rates.h"
#include "tests/test.h"

static const struct rate_limit ten_a_second = {.amount = 10, .period_ms = 1000, .burst_ms = 5000, .what = "ten"};

static void test_a_burst_then_the_rate(void **state)
{
    (void)state;
    struct rate rate = {0};
    assert_int_equal(rate_wait_ms(&ten_a_second, &rate, 50, 7000), 0);
    rate_take(&ten_a_second, &rate, 50, 7000);
    assert_int_equal(rate_wait_ms(&ten_a_second, &rate, 1, 7000), 100);
    assert_int_equal(rate_wait_ms(&ten_a_second, &rate, 10, 7000), 1000);
    assert_int_equal(rate_wait_ms(&ten_a_second, &rate, 1, 7099), 1);
    assert_int_equal(rate_wait_ms(&ten_a_second, &rate, 1, 7100), 0);
}

static void test_who_waits_as_told_is_served(void **state)
{
    (void)state;
    struct rate rate = {0};
    int64_t now = 1;
    uint64_t taken = 0;
    for (int i = 0; i < 1000; i++) {
        now += rate_wait_ms(&ten_a_second, &rate, 7, now);
        assert_int_equal(rate_wait_ms(&ten_a_second, &rate, 7, now), 0);
        rate_take(&ten_a_second, &rate, 7, now);
        taken += 7;
        assert_true(taken <= 50 + (uint64_t)now / 100 + 1);
    }
    assert_in_range(now, 694000, 696000); /* 7,000 less the burst, at ten a second */
}

static void test_an_idle_bucket_holds_no_more_than_its_burst(void **state)
{
    (void)state;
    struct rate rate = {0};
    rate_take(&ten_a_second, &rate, 50, 0);
    rate_take(&ten_a_second, &rate, 50, 100000000);
    assert_int_equal(rate_wait_ms(&ten_a_second, &rate, 1, 100000000), 100);
}

static void test_more_than_a_burst_waits_for_a_full_bucket_not_for_ever(void **state)
{
    (void)state;
    struct rate rate = {0};
    assert_int_equal(rate_wait_ms(&ten_a_second, &rate, 1000000, 1000), 0);
    rate_take(&ten_a_second, &rate, 1, 1000);
    assert_int_equal(rate_wait_ms(&ten_a_second, &rate, 1000000, 1000), 100);
    assert_int_equal(rate_wait_ms(&ten_a_second, &rate, UINT64_MAX, 1000), 100);
}

static void test_no_limit(void **state)
{
    (void)state;
    struct rate_limit limit = ten_a_second;
    struct rate rate = {0};
    limit.amount = 0;
    rate_take(&limit, &rate, UINT64_MAX, 1000);
    assert_int_equal(rate_wait_ms(&limit, &rate, UINT64_MAX, 1000), 0);
}

static void test_all_is_taken_or_nothing(void **state)
{
    (void)state;
    struct rate_limit limits[RATES] = {{0}};
    struct rate rates[RATES] = {{0}};
    const struct demand demands[] = {{RATE_RECORDS, 20}, {RATE_BYTES, 30}};
    const char *what = NULL;
    limits[RATE_RECORDS] = limits[RATE_BYTES] = ten_a_second;
    limits[RATE_BYTES].what = "bytes";
    assert_int_equal(rates_take(limits, rates, demands, 2, 0, &what), 0);
    assert_null(what);
    assert_int_equal(rates_take(limits, rates, demands, 2, 0, &what), 1000);
    assert_string_equal(what, "bytes");
    assert_int_equal(rate_wait_ms(&ten_a_second, &rates[RATE_RECORDS], 30, 0), 0);
    assert_int_equal(rates_take(limits, rates, demands, 2, 1000, &what), 0);
}

/* What an institution files after a long outage, and what the settings stand for. */
static void test_the_settings(void **state)
{
    (void)state;
    struct options options = {.rate_records = 2000,
                              .rate_kib = 8192,
                              .rate_burst_s = 100,
                              .day_records = 1000000,
                              .sessions_per_minute = 60,
                              .offers_per_minute = 600};
    struct rate_limit limits[RATES];
    struct rate rates[RATES] = {{0}};
    const char *what = NULL;
    rates_configure(&options, limits);
    for (int i = 0; i < 140000 / 64; i++) {
        const struct demand demands[] = {{RATE_RECORDS, 64}, {RATE_DAY, 64}, {RATE_BYTES, 65536}};
        assert_int_equal(rates_take(limits, rates, demands, 3, i, &what), 0);
    }
    const struct demand one = {RATE_SESSIONS, 1};
    for (int i = 0; i < 100; i++) {
        assert_int_equal(rates_take(limits, rates, &one, 1, 0, &what), 0);
    }
    assert_int_equal(rates_take(limits, rates, &one, 1, 0, &what), 1000);
    assert_int_equal(limits[RATE_DAY].burst_ms, 86400000);
    const struct demand under_way = {RATE_STRAY, 16 << 20}; /* in a session that ended unseen */
    assert_int_equal(rates_take(limits, rates, &under_way, 1, 0, &what), 0);
    assert_true(rate_wait_ms(&limits[RATE_STRAY], &rates[RATE_STRAY], 1 << 20, 0) > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_burst_then_the_rate),
        cmocka_unit_test(test_who_waits_as_told_is_served),
        cmocka_unit_test(test_an_idle_bucket_holds_no_more_than_its_burst),
        cmocka_unit_test(test_more_than_a_burst_waits_for_a_full_bucket_not_for_ever),
        cmocka_unit_test(test_no_limit),
        cmocka_unit_test(test_all_is_taken_or_nothing),
        cmocka_unit_test(test_the_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
