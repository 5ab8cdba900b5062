/* How far a notice got: sent, delivered when the other side has it for certain, opened, answered; late while the answer
 * is overdue. */
#include "tests/hub/city_sample.h"

#include "hub/store_delivery.h"

#define DUE_AT (SAMPLE_NOW + 10 * DAY)

static void issue(struct town *town, const char *members)
{
    char text[800];
    char due[25];
    time_text(DUE_AT, due);
    snprintf(text, sizeof text,
             "{\"kind\": \"notice\", " BY_OPERATOR ", \"title\": \"开展自查\", \"body\": \"请于月底前完成自查。\", "
             "\"category\": \"requirement\", \"audience\": {}, \"must_answer\": true, \"due_at\": \"%s\"%s}",
             due, members);
    assert_string_equal(town_file(town, text), "");
}

static void respond(struct town *town, const char *kind, const char *patch, uint8_t n)
{
    char notice[37];
    char text[400];
    record_id_text(town->last, notice);
    snprintf(text, sizeof text,
             "{\"kind\": \"%s\", \"addressee\": \"city-330100\", \"refers_to\": \"%s\", \"submitter\": {\"name\": "
             "\"王芳\", \"role\": \"秘书\"}}",
             kind, notice);
    struct batch *batch = bench_put(town->bench, text, patch, n);
    assert_int_equal(batch->items[0].outcome, OUTCOME_STORED);
    batch_free(batch);
}

static uint64_t inbox_head(struct town *town)
{
    return bench_head(town->bench->store, "inbox", town->bench->party.row);
}

static void acknowledge(struct town *town, uint64_t cursor)
{
    desk_note_received(&town->desk, town->bench->party.row, cursor);
    town_desk(town, SAMPLE_NOW + HOUR);
}

static void expect_state(struct town *town, const char *state, int64_t late)
{
    char dims[64];
    snprintf(dims, sizeof dims, "requirement|hospital|%s", state);
    assert_int_equal(town_count(town, "notice", dims), 1);
    assert_int_equal(town_count(town, "notice", "|late"), late);
    assert_int_equal(town_count(town, "notice", ""), 1 + late);
}

static void test_an_acknowledged_cursor_past_it_makes_it_delivered_and_one_before_it_does_not(void **state)
{
    struct town *town = *state;
    issue(town, "");
    uint64_t head = inbox_head(town);
    acknowledge(town, head - 1);
    expect_state(town, "sent", 0);
    acknowledge(town, head);
    expect_state(town, "delivered", 0);
    acknowledge(town, 1); /* who reads everything again has had it before */
    expect_state(town, "delivered", 0);
    respond(town, "notice_read", "{\"read_at\": \"2026-11-22T00:00:00Z\"}", 1);
    expect_state(town, "opened", 0);
}

static void test_who_opens_has_it_whether_or_not_the_cursor_was_seen(void **state)
{
    struct town *town = *state;
    struct delivery delivery;
    issue(town, "");
    respond(town, "notice_read", "{\"read_at\": \"2026-11-22T00:00:00Z\"}", 1);
    assert_int_equal(
        store_get_delivery(town->bench->store, town->city.party.row, town->last, town->bench->party.row, &delivery),
        ERR_OK);
    assert_true(delivery.delivered_at != 0);
    acknowledge(town, inbox_head(town));
    expect_state(town, "opened", 0);
}

static void test_it_is_late_beside_its_state_until_it_is_answered(void **state)
{
    struct town *town = *state;
    issue(town, "");
    respond(town, "notice_read", "{\"read_at\": \"2026-11-22T00:00:00Z\"}", 1);
    town_desk(town, DUE_AT);
    expect_state(town, "opened", 0);
    town_desk(town, DUE_AT + 1);
    expect_state(town, "opened", 1);
    assert_int_equal(town_count(town, "clock", "answer_notice|hospital|overdue"), 1);
    respond(town, "notice_answer", "{\"note\": \"已完成\"}", 2);
    expect_state(town, "answered", 0);
    town_desk(town, DUE_AT + DAY);
    expect_state(town, "answered", 0);
}

static void test_a_later_due_date_takes_the_lateness_back(void **state)
{
    struct town *town = *state;
    char notice[37];
    char text[700];
    issue(town, "");
    town_desk(town, DUE_AT + 1);
    expect_state(town, "sent", 1);
    record_id_text(town->last, notice);
    snprintf(text, sizeof text,
             "{\"kind\": \"notice\", " BY_OPERATOR ", \"title\": \"开展自查\", \"body\": \"延期。\", \"category\": "
             "\"requirement\", \"audience\": {}, \"must_answer\": true, \"due_at\": \"2027-03-01T00:00:00Z\", "
             "\"supersedes\": \"%s\"}",
             notice);
    assert_string_equal(town_file(town, text), "");
    town_desk(town, DUE_AT + 2);
    expect_state(town, "sent", 0);
}

static void test_what_was_withdrawn_or_rehearsed_is_counted_in_no_state(void **state)
{
    struct town *town = *state;
    char notice[37];
    char withdrawal[300];
    issue(town, "");
    town_desk(town, DUE_AT + 1);
    record_id_text(town->last, notice);
    snprintf(withdrawal, sizeof withdrawal,
             "{\"kind\": \"withdrawal\", " BY_OPERATOR ", \"replaces\": \"%s\", \"reason\": \"过时\"}", notice);
    assert_string_equal(town_file(town, withdrawal), "");
    assert_int_equal(town_count(town, "notice", ""), 0);
    acknowledge(town, inbox_head(town));
    town_desk(town, DUE_AT + DAY);
    assert_int_equal(town_count(town, "notice", ""), 0);
    issue(town, ", \"rehearsal\": true");
    acknowledge(town, inbox_head(town));
    town_desk(town, DUE_AT + DAY);
    assert_int_equal(town_count(town, "notice", ""), 0);
}

static void test_a_failed_commit_forgets_no_acknowledgement(void **state)
{
    struct town *town = *state;
    bool has_more = false;
    issue(town, "");
    desk_note_received(&town->desk, town->bench->party.row, inbox_head(town));
    assert_int_equal(store_begin(town->bench->store), ERR_OK); /* the desk cannot begin another */
    assert_int_not_equal(desk_run(&town->desk, SAMPLE_NOW, 1000, &has_more), ERR_OK);
    expect_state(town, "sent", 0);
    town_desk(town, SAMPLE_NOW);
    expect_state(town, "delivered", 0);
}

static void test_to_have_nothing_is_no_acknowledgement(void **state)
{
    struct town *town = *state;
    for (int i = 0; i < 1000; i++) {
        desk_note_received(&town->desk, town->bench->party.row, 0);
    }
    assert_int_equal(town->desk.received.count, 0);
    for (int i = 0; i < 1000; i++) {
        desk_note_received(&town->desk, town->bench->party.row, 7);
    }
    assert_int_equal(town->desk.received.count, 1);
}

#define TOWN_TEST(name) cmocka_unit_test_setup_teardown(name, town_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOWN_TEST(test_an_acknowledged_cursor_past_it_makes_it_delivered_and_one_before_it_does_not),
        TOWN_TEST(test_who_opens_has_it_whether_or_not_the_cursor_was_seen),
        TOWN_TEST(test_it_is_late_beside_its_state_until_it_is_answered),
        TOWN_TEST(test_a_later_due_date_takes_the_lateness_back),
        TOWN_TEST(test_what_was_withdrawn_or_rehearsed_is_counted_in_no_state),
        TOWN_TEST(test_a_failed_commit_forgets_no_acknowledgement),
        TOWN_TEST(test_to_have_nothing_is_no_acknowledgement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
