#include "tests/hub/city_sample.h"

#include "common/text.h"

/* Clocks of the store, moved by hand: what term.c reckons is tested there; here it is that the desk writes it, counts
 * it, says it once, and that a restart changes nothing. */

#define FOLLOW_UP                                                                                                      \
    "\"review_stage\": \"follow_up\", \"applied_on\": \"2026-11-01\", \"accepted_on\": \"2026-11-02\", \"met_on\": "   \
    "\"2026-11-10\", \"decided_on\": \"2026-11-11\""
#define WITHDRAWAL_OF(n)                                                                                               \
    "{\"kind\": \"withdrawal\", \"submitter\": {\"name\": \"王芳\", \"role\": \"秘书\"}, \"replaces\": "           \
    "\"019a2b3c-4d5e-7001-8002-0304050607" n "\", \"reason\": \"误报\"}"

/* About the thread of the record N. */
static struct clock_row find_clock(struct town *town, uint8_t n, const char *term)
{
    struct clock_row rows[TERMS];
    size_t count = 0;
    uint8_t root[RECORD_ID_SIZE];
    memcpy(root, sample_id, RECORD_ID_SIZE);
    root[RECORD_ID_SIZE - 1] = n;
    assert_int_equal(
        store_clocks_of(town->bench->store, &town->bench->party, (struct view){root, RECORD_ID_SIZE}, rows, &count),
        ERR_OK);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].clock.term->label->code, term) == 0) {
            return rows[i];
        }
    }
    fail_msg("no clock %s", term);
    return rows[0];
}

static int reminders(struct town *town, const char *stream, const char *term, const char *stage)
{
    struct page page;
    struct event last = {.type = EVENT_CELL};
    int count = town_events(town, stream, EVENT_CLOCK, term, &page, &last);
    if (count > 0) {
        assert_true(view_is(last.clock.stage, stage));
    }
    msgpack_sbuffer_destroy(&page.events);
    return count;
}

static void test_an_approval_starts_the_follow_up_clock_and_a_later_report_ends_it(void **state)
{
    struct town *town = *state;
    assert_outcome(bench_put(town->bench, sample_review, "{}", 1), OUTCOME_STORED, 1);
    town_desk(town, SAMPLE_NOW);
    assert_int_equal(town_count(town, "clock", "follow_up|hospital|open"), 1);
    assert_int_equal(town_count(town, "clock", "decision_general|hospital|met"), 1);
    struct clock_row row = find_clock(town, 1, "follow_up");
    assert_string_equal(row.activity, "伦审2026-017");
    assert_outcome(bench_put(town->bench, sample_review,
                             "{\"review_stage\": \"follow_up\", \"applied_on\": \"2026-11-01\", "
                             "\"accepted_on\": \"2026-11-02\", \"met_on\": \"2026-11-10\", "
                             "\"decided_on\": \"2026-11-11\"}",
                             2),
                   OUTCOME_STORED, 2);
    town_desk(town, SAMPLE_NOW);
    assert_int_equal(town_count(town, "clock", "follow_up|hospital|met"), 1);
    assert_int_equal(town_count(town, "clock", "follow_up|hospital|open"), 1); /* of the follow-up itself */
}

static void test_a_rehearsed_follow_up_ends_what_was_rehearsed_alone(void **state)
{
    struct town *town = *state;
    assert_outcome(bench_put(town->bench, sample_review, "{}", 1), OUTCOME_STORED, 1);
    assert_outcome(bench_put(town->bench, sample_review, "{" FOLLOW_UP ", \"rehearsal\": true}", 2), OUTCOME_STORED, 2);
    assert_outcome(bench_put(town->bench, sample_review, "{\"activity_no\": \"演练\", \"rehearsal\": true}", 3),
                   OUTCOME_STORED, 3);
    town_desk(town, SAMPLE_NOW);
    assert_int_equal(town_count(town, "clock", "follow_up|hospital|met"), 0);
    assert_int_equal(find_clock(town, 1, "follow_up").state, CLOCK_OPEN);
    assert_outcome(
        bench_put(town->bench, sample_review, "{" FOLLOW_UP ", \"activity_no\": \"演练\", \"rehearsal\": true}", 4),
        OUTCOME_STORED, 4);
    town_desk(town, SAMPLE_NOW);
    assert_int_equal(find_clock(town, 3, "follow_up").state, CLOCK_MET);
}

static void test_each_of_many_follow_ups_ends_the_one_before(void **state)
{
    enum { ROUNDS = 40 };
    struct town *town = *state;
    for (uint8_t i = 1; i <= ROUNDS; i++) {
        char patch[400];
        snprintf(patch, sizeof patch, "{" FOLLOW_UP ", \"round\": %d}", i);
        assert_outcome(bench_put(town->bench, sample_review, patch, i), OUTCOME_STORED, i);
        town_desk(town, SAMPLE_NOW);
        assert_int_equal(town_count(town, "clock", "follow_up|hospital|open"), 1);
        assert_int_equal(town_count(town, "clock", "follow_up|hospital|met"), i - 1);
    }
}

static void test_a_follow_up_that_is_withdrawn_has_ended_nothing(void **state)
{
    struct town *town = *state;
    assert_outcome(bench_put(town->bench, sample_review, "{}", 1), OUTCOME_STORED, 1);
    assert_outcome(bench_put(town->bench, sample_review, "{" FOLLOW_UP "}", 2), OUTCOME_STORED, 2);
    town_desk(town, SAMPLE_NOW);
    assert_int_equal(find_clock(town, 1, "follow_up").state, CLOCK_MET);
    assert_outcome(bench_put(town->bench, WITHDRAWAL_OF("02"), "{}", 3), OUTCOME_STORED, 3);
    town_desk(town, SAMPLE_NOW);
    assert_int_equal(find_clock(town, 1, "follow_up").state, CLOCK_OPEN);
    assert_int_equal(town_count(town, "clock", "follow_up|hospital|open"), 1);
    assert_int_equal(town_count(town, "clock", "follow_up|hospital|met"), 0);
    assert_outcome(bench_put(town->bench, sample_review, "{" FOLLOW_UP ", \"round\": 2}", 4), OUTCOME_STORED, 4);
    town_desk(town, SAMPLE_NOW);
    assert_int_equal(find_clock(town, 1, "follow_up").state, CLOCK_MET);
}

static void test_an_amended_follow_up_does_not_follow_up_itself(void **state)
{
    struct town *town = *state;
    assert_outcome(bench_put(town->bench, sample_review, "{" FOLLOW_UP "}", 1), OUTCOME_STORED, 1);
    assert_outcome(
        bench_put(town->bench, sample_review,
                  "{" FOLLOW_UP ", \"replaces\": \"019a2b3c-4d5e-7001-8002-030405060701\", \"reason\": \"补正\"}", 2),
        OUTCOME_STORED, 2);
    town_desk(town, SAMPLE_NOW);
    assert_int_equal(town_count(town, "clock", "follow_up|hospital|open"), 1);
    assert_int_equal(town_count(town, "clock", "follow_up|hospital|met"), 0);
}

/* The request names an amendment of the report and does not say that it is an emergency: both are found out. */
static void test_a_request_is_as_urgent_as_the_report_it_names(void **state)
{
    static const char listed[] =
        "{\"rereview_list_item\": \"high_autonomy\", \"procedure\": \"emergency\", "
        "\"members_present\": null, \"votes_for\": null, \"next_follow_up_on\": \"2027-02-01\"%s}";
    char report[400];
    char amendment[400];
    struct town *town = *state;
    snprintf(report, sizeof report, listed, "");
    snprintf(amendment, sizeof amendment, listed,
             ", \"replaces\": \"019a2b3c-4d5e-7001-8002-030405060701\", \"reason\": \"补正\"");
    assert_outcome(bench_put(town->bench, sample_review, report, 1), OUTCOME_STORED, 1);
    assert_outcome(bench_put(town->bench, sample_review, amendment, 2), OUTCOME_STORED, 2);
    assert_outcome(
        bench_put(town->bench,
                  "{\"kind\": \"rereview_request\", \"submitter\": {\"name\": \"王芳\", \"role\": \"秘书\"}, "
                  "\"report_id\": \"019a2b3c-4d5e-7001-8002-030405060702\", \"rereview_list_item\": "
                  "\"high_autonomy\", \"materials\": \"初审意见\"}",
                  "{}", 3),
        OUTCOME_STORED, 3);
    town_desk(town, SAMPLE_NOW);
    assert_int_equal(town_count(town, "clock", "expert_rereview_emergency|hospital|open"), 1);
    assert_int_equal(town_count(town, "clock", "expert_rereview|"), 0);
    assert_int_equal(town_count(town, "clock", "rereview_request_emergency|hospital|met"), 1);
}

static void test_a_reminder_and_the_word_after_are_said_once_across_a_restart(void **state)
{
    struct town *town = *state;
    assert_outcome(bench_put(town->bench, sample_review, "{}", 1), OUTCOME_STORED, 1);
    town_desk(town, SAMPLE_NOW);
    int64_t due = find_clock(town, 1, "follow_up").clock.due_at;
    town_desk(town, due - 40 * DAY);
    assert_int_equal(reminders(town, "inbox", "follow_up", "before"), 0);
    town_desk(town, due - 29 * DAY);
    town_desk(town, due - 28 * DAY);
    assert_int_equal(reminders(town, "inbox", "follow_up", "before"), 1);
    bench_reopen(town->bench);
    town->desk.store = town->bench->store;
    town_desk(town, due - 27 * DAY);
    assert_int_equal(reminders(town, "inbox", "follow_up", "before"), 1);
    town_desk(town, due + 1);
    town_desk(town, due + DAY);
    town_desk(town, due - 10 * DAY); /* a clock that jumps back says nothing again */
    assert_int_equal(reminders(town, "inbox", "follow_up", "overdue"), 2);
    town_desk(town, due + DAY);
    assert_int_equal(town_count(town, "clock", "follow_up|hospital|overdue"), 1);
    assert_int_equal(town_count(town, "clock", "follow_up"), 1);
}

static void test_a_grave_warning_nobody_acknowledges_goes_up(void **state)
{
    struct town *town = *state;
    assert_outcome(bench_put(town->bench, sample_warning, "{\"level\": 1}", 1), OUTCOME_STORED, 1);
    int64_t now = clock_ms();
    town_desk(town, now);
    int64_t due = find_clock(town, 1, "acknowledge_1").clock.due_at;
    assert_in_range(due - now, HOUR - 60000, HOUR + 1);
    town_desk(town, due + 1);
    assert_int_equal(reminders(town, "uplink", "acknowledge_1", ""), 0);
    town_desk(town, due + HOUR + 1);
    assert_int_equal(reminders(town, "uplink", "acknowledge_1", "escalated"), 1);
    town_desk(town, due + 2 * HOUR);
    assert_int_equal(reminders(town, "uplink", "acknowledge_1", "escalated"), 1);
}

/* The sample asks for it; another warning does not. */
static void test_a_reporter_who_is_withheld_is_not_named_by_the_clock_that_goes_up(void **state)
{
    struct town *town = *state;
    struct page page;
    struct event event;
    assert_outcome(bench_put(town->bench, sample_warning, "{\"level\": 1}", 1), OUTCOME_STORED, 1);
    town_desk(town, clock_ms());
    town_desk(town, clock_ms() + 3 * HOUR);
    assert_int_equal(town_events(town, "uplink", EVENT_CLOCK, "acknowledge_1", &page, &event), 1);
    assert_int_equal(event.clock.root.size, RECORD_ID_SIZE);
    assert_int_equal(event.clock.entity.size, 0);
    assert_int_equal(event.clock.entity_name.size, 0);
    msgpack_sbuffer_destroy(&page.events);
    assert_outcome(bench_put(town->bench, sample_warning, "{\"level\": 1, \"reporter_confidential\": null}", 2),
                   OUTCOME_STORED, 2);
    town_desk(town, clock_ms());
    town_desk(town, clock_ms() + 3 * HOUR);
    assert_int_equal(town_events(town, "uplink", EVENT_CLOCK, "acknowledge_1", &page, &event), 2);
    assert_true(view_is(event.clock.entity, SAMPLE_PARTY));
    assert_true(view_is(event.clock.entity_name, "甲医院"));
    msgpack_sbuffer_destroy(&page.events);
}

static void test_the_hub_opens_the_case_that_nobody_asked_for(void **state)
{
    struct town *town = *state;
    struct page page;
    struct event event;
    assert_outcome(bench_put(town->bench, sample_review,
                             "{\"rereview_list_item\": \"high_autonomy\", \"procedure\": \"expert_rereview\", "
                             "\"members_present\": null, \"votes_for\": null, \"next_follow_up_on\": \"2027-02-01\"}",
                             1),
                   OUTCOME_STORED, 1);
    int64_t now = clock_ms();
    town_desk(town, now);
    int64_t due = find_clock(town, 1, "rereview_request").clock.due_at;
    town_desk(town, due);
    assert_int_equal(town_events(town, "uplink", EVENT_RECORD, NULL, &page, &event), 0);
    msgpack_sbuffer_destroy(&page.events);
    town_desk(town, due + 1);
    town_desk(town, due + DAY);
    assert_int_equal(town_events(town, "uplink", EVENT_RECORD, NULL, &page, &event), 1);
    assert_true(view_is(event.record.role, "city"));
    msgpack_sbuffer_destroy(&page.events);
    assert_int_equal(town_events(town, "inbox", EVENT_RECORD, NULL, &page, &event), 1); /* the institution is told */
    msgpack_sbuffer_destroy(&page.events);
    assert_int_equal(town_count(town, "clock", "expert_rereview|"), 1);
}

/* A listed activity's report. */
static const char listed[] = "{\"rereview_list_item\": \"high_autonomy\", \"procedure\": \"expert_rereview\", "
                             "\"members_present\": null, \"votes_for\": null, \"next_follow_up_on\": \"2027-02-01\"}";
static const char asked[] = "{\"kind\": \"rereview_request\", \"submitter\": {\"name\": \"王芳\", \"role\": \"秘书\"}, "
                            "\"report_id\": \"019a2b3c-4d5e-7001-8002-030405060701\", \"rereview_list_item\": "
                            "\"high_autonomy\", \"materials\": \"初审意见\"}";

static int cases(struct town *town)
{
    struct page page;
    struct event event;
    int count = town_events(town, "inbox", EVENT_RECORD, NULL, &page, &event);
    msgpack_sbuffer_destroy(&page.events);
    return count;
}

static void test_a_rehearsed_request_asks_for_nothing_real(void **state)
{
    struct town *town = *state;
    assert_outcome(bench_put(town->bench, sample_review, listed, 1), OUTCOME_STORED, 1);
    assert_outcome(bench_put(town->bench, asked, "{\"rehearsal\": true}", 2), OUTCOME_STORED, 2);
    town_desk(town, clock_ms());
    assert_int_equal(find_clock(town, 1, "rereview_request").state, CLOCK_OPEN);
    town_desk(town, find_clock(town, 1, "rereview_request").clock.due_at + 1);
    assert_int_equal(cases(town), 1);
}

static void test_a_request_that_is_withdrawn_was_not_made(void **state)
{
    struct town *town = *state;
    assert_outcome(bench_put(town->bench, sample_review, listed, 1), OUTCOME_STORED, 1);
    assert_outcome(bench_put(town->bench, asked, "{}", 2), OUTCOME_STORED, 2);
    town_desk(town, clock_ms());
    assert_int_equal(find_clock(town, 1, "rereview_request").state, CLOCK_MET);
    assert_outcome(bench_put(town->bench, WITHDRAWAL_OF("02"), "{}", 3), OUTCOME_STORED, 3);
    town_desk(town, clock_ms());
    assert_int_equal(find_clock(town, 1, "rereview_request").state, CLOCK_OPEN);
    assert_int_equal(town_count(town, "clock", "rereview_request|hospital|met"), 0);
    town_desk(town, find_clock(town, 1, "rereview_request").clock.due_at + 1);
    assert_int_equal(cases(town), 1);
}

static const char zero[] = "{\"kind\": \"zero_report\", \"period\": \"2026-Q3\", \"covers\": \"both\", "
                           "\"submitter\": {\"name\": \"王芳\", \"role\": \"秘书\"}}";

static void test_periods_are_expected_received_in_time_or_zero(void **state)
{
    struct town *town = *state;
    /* The entity was registered in the third quarter of 2026. */
    town_desk(town, SAMPLE_NOW);
    assert_int_equal(town_count(town, "completeness", "|expected"), 1);
    assert_int_equal(town_count(town, "completeness", "|received"), 0);
    assert_outcome(bench_put(town->bench, zero, "{}", 1), OUTCOME_STORED, 1);
    town_desk(town, SAMPLE_NOW);
    assert_int_equal(town_count(town, "completeness", "|received"), 1);
    assert_int_equal(town_count(town, "completeness", "|zero"), 1);
    assert_int_equal(town_count(town, "completeness", "|on_time"), 0);
    assert_outcome(bench_put(town->bench, sample_review, "{}", 2), OUTCOME_STORED, 2); /* decided in that quarter */
    town_desk(town, SAMPLE_NOW);
    assert_int_equal(town_count(town, "completeness", "|received"), 1);
    assert_int_equal(town_count(town, "completeness", "|zero"), 0);
    assert_int_equal(town_count(town, "completeness", "|expected"), 1);
}

static void test_an_exercise_is_no_report_of_its_period(void **state)
{
    static const char discovered[] = "\"occurred_at\": null, \"discovered_at\": \"2026-09-10T09:30:00+08:00\"";
    struct town *town = *state;
    char patch[200];
    snprintf(patch, sizeof patch, "{\"status\": \"exercise\", %s}", discovered);
    assert_outcome(bench_put(town->bench, sample_warning, patch, 1), OUTCOME_STORED, 1);
    snprintf(patch, sizeof patch, "{\"status\": \"test\", %s}", discovered);
    assert_outcome(bench_put(town->bench, sample_warning, patch, 2), OUTCOME_STORED, 2);
    town_desk(town, SAMPLE_NOW);
    assert_int_equal(town_count(town, "completeness", "|expected"), 1);
    assert_int_equal(town_count(town, "completeness", "|received"), 0);
    snprintf(patch, sizeof patch, "{%s}", discovered);
    assert_outcome(bench_put(town->bench, sample_warning, patch, 3), OUTCOME_STORED, 3);
    town_desk(town, SAMPLE_NOW);
    assert_int_equal(town_count(town, "completeness", "|received"), 1);
}

static void change_period(struct town *town, enum period_unit unit, int64_t now)
{
    town->desk.site.settings.period = unit;
    desk_forget_periods(&town->desk); /* as desk_load_terms() does */
    town_desk(town, now);
}

static void report_for(struct town *town, const char *period, int64_t at)
{
    bool is_news = false;
    assert_int_equal(store_begin(town->bench->store), ERR_OK);
    assert_int_equal(
        store_note_report(town->bench->store, town->bench->party.row, "periodic_report", period, at, false, &is_news),
        ERR_OK);
    assert_int_equal(store_commit(town->bench->store), ERR_OK);
}

/* The entity was registered in August; the third quarter is over, the fourth has begun. */
static void test_another_period_makes_nobody_late_for_what_was_owed_by_the_former(void **state)
{
    struct town *town = *state;
    town_desk(town, SAMPLE_NOW);
    assert_int_equal(town_count(town, "completeness", "|expected"), 1);
    report_for(town, "2026-Q4", SAMPLE_NOW); /* a report of October that came before the change */
    change_period(town, PERIOD_MONTH, SAMPLE_NOW);
    assert_int_equal(town_count(town, "completeness", "|expected"), 2); /* October */
    assert_int_equal(town_count(town, "completeness", "|received"), 1);
    assert_outcome(bench_put(town->bench, sample_review, "{}", 1), OUTCOME_STORED, 1); /* decided in September */
    town_desk(town, SAMPLE_NOW);
    assert_int_equal(town_count(town, "completeness", "|received"), 2); /* the third quarter's */
    town_desk(town, SAMPLE_NOW + 40 * DAY);
    assert_int_equal(town_count(town, "completeness", "|expected"), 4); /* November, December */
    assert_int_equal(town_count(town, "completeness", "|received"), 3); /* by the end of November */
    change_period(town, PERIOD_QUARTER, SAMPLE_NOW + 40 * DAY);
    assert_int_equal(town_count(town, "completeness", "|expected"), 4);
    town_desk(town, SAMPLE_NOW + 130 * DAY);
    assert_int_equal(town_count(town, "completeness", "|expected"), 5); /* the first quarter of 2027 */
}

static void test_the_desk_keeps_its_place_with_what_it_wrote(void **state)
{
    struct town *town = *state;
    int64_t done = 0;
    int64_t head = 0;
    assert_outcome(bench_put(town->bench, sample_review, "{}", 1), OUTCOME_STORED, 1);
    assert_int_equal(store_desk(town->bench->store, &done, &head), ERR_OK);
    assert_int_equal(done, 0);
    assert_int_equal(head, 1);
    town_desk(town, SAMPLE_NOW);
    int64_t count = town_count(town, "clock", "");
    bench_reopen(town->bench);
    town->desk.store = town->bench->store;
    desk_forget_periods(&town->desk);
    town_desk(town, SAMPLE_NOW);
    assert_int_equal(town_count(town, "clock", ""), count);
    assert_int_equal(store_desk(town->bench->store, &done, &head), ERR_OK);
    assert_int_equal(done, head);
}

int main(void)
{
#define TOWN_TEST(name) cmocka_unit_test_setup_teardown(name, town_setup, town_teardown)
    const struct CMUnitTest tests[] = {
        TOWN_TEST(test_an_approval_starts_the_follow_up_clock_and_a_later_report_ends_it),
        TOWN_TEST(test_a_rehearsed_follow_up_ends_what_was_rehearsed_alone),
        TOWN_TEST(test_each_of_many_follow_ups_ends_the_one_before),
        TOWN_TEST(test_a_follow_up_that_is_withdrawn_has_ended_nothing),
        TOWN_TEST(test_an_amended_follow_up_does_not_follow_up_itself),
        TOWN_TEST(test_a_request_is_as_urgent_as_the_report_it_names),
        TOWN_TEST(test_a_reminder_and_the_word_after_are_said_once_across_a_restart),
        TOWN_TEST(test_a_grave_warning_nobody_acknowledges_goes_up),
        TOWN_TEST(test_a_reporter_who_is_withheld_is_not_named_by_the_clock_that_goes_up),
        TOWN_TEST(test_the_hub_opens_the_case_that_nobody_asked_for),
        TOWN_TEST(test_a_rehearsed_request_asks_for_nothing_real),
        TOWN_TEST(test_a_request_that_is_withdrawn_was_not_made),
        TOWN_TEST(test_periods_are_expected_received_in_time_or_zero),
        TOWN_TEST(test_an_exercise_is_no_report_of_its_period),
        TOWN_TEST(test_another_period_makes_nobody_late_for_what_was_owed_by_the_former),
        TOWN_TEST(test_the_desk_keeps_its_place_with_what_it_wrote),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
