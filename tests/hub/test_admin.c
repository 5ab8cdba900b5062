/* What comes over the control socket is judged by the hub, whatever the command that sent it has judged. */
#include "tests/hub/office_sample.h"

#include "common/text.h"
#include "hub/store_sqlite.h"

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
    snprintf(head, sizeof head, "%d", (int)bench_head(store, "uplink", 0));
    snprintf(beyond, sizeof beyond, "%d", (int)bench_head(store, "uplink", 0) + 1);
    const char *const bad[] = {"x", "-1", "", "1x", "0x1", " 1", "99999999999999999999", beyond};
    int acts = count_acts(office);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(ASK(office, "prune", bad[i]));
        assert_non_null(strstr(office->said, "--upto"));
        assert_non_null(strstr(office->said, head));
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
        assert_non_null(strstr(office->said, "1 to 8760"));
        assert_false(
            ASK(office, "party-add", "province", "province-1", "省", "", "", "", "ABCDEFGHJKMNPQRSTVWZ", bad[i]));
        assert_non_null(strstr(office->said, "1 to 8760"));
    }
    assert_int_equal(count_acts(office), acts);
    assert_true(ASK(office, "party-add", "province", "province-1", "省", "", "", "", "ABCDEFGHJKMNPQRSTVWZ", "8760"));
}

/* The hub runs in a language of its own. */
static void test_the_answer_is_in_the_readers_language(void **state)
{
    struct office *office = *state;
    text_speak("zh");
    zmsg_t *request = admin_request("prune", "归档");
    text_speak(NULL);
    zmsg_addstr(request, "x");
    zmsg_t *reply = admin_run(&office->admin, 7, request);
    char *text = zframe_strdup((zmsg_first(reply), zmsg_next(reply)));
    assert_non_null(strstr(text, "应为游标"));
    assert_string_equal(text_language(), "en");
    free(text);
    zmsg_destroy(&request);
    zmsg_destroy(&reply);
    assert_false(ASK(office, "prune", "x"));
    assert_non_null(strstr(office->said, "expected a cursor"));
    /* Nothing has been heard of a stranger. */
    reply = admin_greet(&office->admin, 8);
    assert_int_equal(zmsg_size(reply), 3);
    zmsg_first(reply);
    char *english = zframe_strdup(zmsg_next(reply));
    char *chinese = zframe_strdup(zmsg_next(reply));
    assert_non_null(strstr(english, "no operator of this hub"));
    assert_non_null(strstr(chinese, "不是本枢纽的操作人员"));
    assert_string_equal(text_language(), "en");
    free(english);
    free(chinese);
    zmsg_destroy(&reply);
}

static void test_on_a_full_disk_what_adds_much_waits(void **state)
{
    struct office *office = *state;
    office->admin.is_full = true;
    assert_false(ASK(office, "party-add", "province", "province-1", "省", "", "", "", "ABCDEFGHJKMNPQRSTVWZ", "72"));
    assert_non_null(strstr(office->said, "full"));
    assert_false(ASK(office, "file", "{}"));
    assert_non_null(strstr(office->said, "full"));
    assert_true(ASK(office, "set-state", SAMPLE_PARTY, "suspended"));
}

static int refuse_commit(void *self)
{
    (void)self;
    return 1;
}

static void test_what_was_not_committed_is_not_said_to_be_done(void **state)
{
    struct office *office = *state;
    sqlite3_commit_hook(office->town->bench->store->db, refuse_commit, NULL);
    assert_false(ASK(office, "prune", "0"));
    assert_null(strstr(office->said, "removed"));
    assert_true(*office->said);
    sqlite3_commit_hook(office->town->bench->store->db, NULL, NULL);
    assert_true(ASK(office, "prune", "0"));
    assert_non_null(strstr(office->said, "removed"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OFFICE_TEST(test_the_answer_is_in_the_readers_language),
        OFFICE_TEST(test_on_a_full_disk_what_adds_much_waits),
        OFFICE_TEST(test_a_cursor_is_a_number_up_to_the_head),
        OFFICE_TEST(test_the_hours_of_a_link_are_a_number),
        OFFICE_TEST(test_what_was_not_committed_is_not_said_to_be_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
