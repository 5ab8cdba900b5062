/* What comes over the control socket is judged by the hub, whatever the command that sent it has judged. */
#include "tests/hub/office_sample.h"

static void count_record(void *self, const struct record_row *row)
{
    (void)row;
    ++*(int *)self;
}

static int count_acts(const struct office *office)
{
    int count = 0;
    struct record_filter filter = {.sector = -1, .level = -1, .from = INT64_MIN, .to = INT64_MAX, .with_acts = true};
    assert_int_equal(store_each_record(office->town->bench->store, &filter, count_record, &count), ERR_OK);
    return count;
}

static void test_a_cursor_is_a_number_up_to_the_head(void **state)
{
    struct office *office = *state;
    struct store *store = office->town->bench->store;
    char head[24];
    char beyond[24];
    uint64_t warnings = 0;
    assert_outcome(bench_put(office->town->bench, sample_warning, "{\"level\": 1}", 1), OUTCOME_STORED, 1);
    snprintf(head, sizeof head, "%d", (int)store_head(store, "uplink", 0));
    snprintf(beyond, sizeof beyond, "%d", (int)store_head(store, "uplink", 0) + 1);
    const char *const bad[] = {"x", "-1", "", "1x", "0x1", " 1", "99999999999999999999", beyond};
    int acts = count_acts(office);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(ASK(office, "prune", bad[i]));
        assert_non_null(strstr(office->admin.text, "--upto"));
        assert_non_null(strstr(office->admin.text, head));
    }
    assert_int_equal(count_acts(office), acts);
    assert_int_equal(store_count_uplink(store, INT64_MAX, &warnings), ERR_OK);
    assert_int_equal(warnings, 1);
    assert_true(ASK(office, "prune", head));
    assert_int_equal(store_count_uplink(store, INT64_MAX, &warnings), ERR_OK);
    assert_int_equal(warnings, 0);
    assert_int_equal(count_acts(office), acts + 1);
}

static void test_the_hours_of_a_link_are_a_number(void **state)
{
    struct office *office = *state;
    static const char *const bad[] = {"3d", "abc", "", "0", "-1", "8761"};
    int acts = count_acts(office);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(ASK(office, "invite", SAMPLE_PARTY, "ABCDEFGHJKMNPQRSTVWY", bad[i], "0"));
        assert_non_null(strstr(office->admin.text, "1 to 8760"));
        assert_false(
            ASK(office, "party-add", "province", "province-1", "省", "", "", "", "ABCDEFGHJKMNPQRSTVWZ", bad[i]));
        assert_non_null(strstr(office->admin.text, "1 to 8760"));
    }
    assert_int_equal(count_acts(office), acts);
    assert_true(ASK(office, "party-add", "province", "province-1", "省", "", "", "", "ABCDEFGHJKMNPQRSTVWZ", "8760"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {OFFICE_TEST(test_a_cursor_is_a_number_up_to_the_head),
                                       OFFICE_TEST(test_the_hours_of_a_link_are_a_number)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
