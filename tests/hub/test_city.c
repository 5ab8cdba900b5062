/* memmem() is not of POSIX. */
#define _GNU_SOURCE /* NOLINT(bugprone-reserved-identifier) */
#include "tests/hub/city_sample.h"

#include "hub/store_sqlite.h"

static const char first[] = "019a2b3c-4d5e-7001-8002-030405060701"; /* the record that bench_put made with n = 1 */

#define ON_FIRST "\"addressee\": \"" SAMPLE_PARTY "\", \"refers_to\": \"019a2b3c-4d5e-7001-8002-030405060701\""
#define ACCEPT   "{\"kind\": \"acceptance\", " ON_FIRST ", " BY_OPERATOR "}"
#define RETURN                                                                                                         \
    "{\"kind\": \"return_for_correction\", " ON_FIRST ", " BY_OPERATOR                                                 \
    ", \"faults\": [{\"field\": \"summary\", \"reason\": \"目的不清\"}]}"

#define EXPERT(name) "{\"name\": \"" name "\", \"profession\": \"ethics\", \"organisation\": \"某大学\"}"

static void expect_inbox(struct town *town, int count, const char *state)
{
    struct page page;
    struct event event = {.type = EVENT_CELL};
    assert_int_equal(town_events(town, "inbox", EVENT_RECORD, NULL, &page, &event), count);
    if (count > 0) {
        assert_true(view_is(event.record.state, state));
        assert_true(view_is(event.record.role, "city"));
    }
    msgpack_sbuffer_destroy(&page.events);
}

static void test_a_report_is_returned_corrected_and_accepted_in_one_thread(void **state)
{
    struct town *town = *state;
    assert_outcome(bench_put(town->bench, sample_review, "{}", 1), OUTCOME_STORED, 1);
    assert_string_equal(town_file(town, RETURN), "");
    expect_inbox(town, 1, "returned");
    assert_string_equal(town_file(town, ACCEPT), "illegal_transition:refers_to");
    assert_outcome(bench_put(town->bench, sample_review,
                             "{\"replaces\": \"019a2b3c-4d5e-7001-8002-030405060701\", \"reason\": \"补正\"}", 2),
                   OUTCOME_STORED, 3);
    assert_string_equal(town_file(town, ACCEPT), "");
    expect_inbox(town, 2, "accepted");
    assert_int_equal(town_count(town, "review", ""), 1);
}

static void test_a_withdrawn_report_is_counted_nowhere_and_closed(void **state)
{
    struct town *town = *state;
    assert_outcome(bench_put(town->bench, sample_review, "{}", 1), OUTCOME_STORED, 1);
    static const char withdrawal[] =
        "{\"kind\": \"withdrawal\", \"replaces\": \"019a2b3c-4d5e-7001-8002-030405060701\", \"reason\": \"活动取消\", "
        "\"submitter\": {\"name\": \"王芳\", \"role\": \"秘书\"}}";
    assert_outcome(bench_put(town->bench, withdrawal, "{}", 2), OUTCOME_STORED, 2);
    assert_int_equal(town_count(town, "review", ""), 0);
    assert_string_equal(town_file(town, ACCEPT), "illegal_transition:refers_to");
}

static void test_an_entity_may_not_accept_and_the_city_may_not_file_reports(void **state)
{
    struct town *town = *state;
    assert_outcome(bench_put(town->bench, sample_review, "{}", 1), OUTCOME_STORED, 1);
    assert_rejected(bench_put(town->bench, ACCEPT, "{}", 2), "record_not_permitted", "kind");
    assert_string_equal(town_file(town, sample_review), "record_not_permitted:kind");
}

static void test_a_reference_into_nowhere_is_refused(void **state)
{
    struct town *town = *state;
    assert_string_equal(town_file(town, ACCEPT), "unknown_reference:refers_to");
    assert_string_equal(town_file(town, "{\"kind\": \"acceptance\", \"addressee\": \"91330100799655058B\", "
                                        "\"refers_to\": \"019a2b3c-4d5e-7001-8002-030405060701\", " BY_OPERATOR "}"),
                        "unknown_reference:addressee");
    assert_outcome(bench_put(town->bench, sample_warning, "{}", 1), OUTCOME_STORED, 1);
    assert_string_equal(town_file(town, ACCEPT), "unknown_reference:refers_to"); /* a warning is not accepted */
}

static const char *warning_step(const char *action)
{
    static char text[4096];
    char patch[256];
    snprintf(patch, sizeof patch,
             "{\"action\": \"%s\", \"addressee\": \"" SAMPLE_PARTY "\", \"refers_to\": \"%s\", \"entity\": null}",
             action, first);
    json_t *object = sample_json(sample_warning, patch);
    char *dump = json_dumps(object, 0);
    snprintf(text, sizeof text, "%s", dump);
    free(dump);
    json_decref(object);
    return text;
}

static void test_the_city_acknowledges_and_resolves_what_an_entity_raised(void **state)
{
    struct town *town = *state;
    struct page page;
    struct event event;
    assert_outcome(bench_put(town->bench, sample_warning, "{}", 1), OUTCOME_STORED, 1);
    assert_string_equal(town_file(town, warning_step("resolve")), "illegal_transition:action");
    assert_string_equal(town_file(town, warning_step("acknowledge")), "");
    assert_string_equal(town_file(town, warning_step("acknowledge")), "illegal_transition:action");
    assert_string_equal(town_file(town, warning_step("resolve")), "");
    assert_int_equal(town_count(town, "warning", "|resolved"), 1);
    assert_int_equal(town_count(town, "warning", ""), 1);
    expect_inbox(town, 2, "resolved");
    assert_int_equal(town_events(town, "uplink", EVENT_RECORD, NULL, &page, &event), 3);
    msgpack_sbuffer_destroy(&page.events);
}

#define NOTICE(audience)                                                                                                  \
    "{\"kind\": \"notice\", " BY_OPERATOR ", \"title\": \"开展自查\", \"body\": \"请于月底前完成自查。\", " \
    "\"category\": \"requirement\", \"audience\": " audience ", \"must_answer\": true, "                                  \
    "\"due_at\": \"2026-12-01T00:00:00Z\"}"

static void answer(struct town *town, const char *kind, const char *patch, uint8_t n, const char *code)
{
    char notice[37];
    char text[512];
    record_id_text(town->last, notice);
    snprintf(text, sizeof text,
             "{\"kind\": \"%s\", \"addressee\": \"city-330100\", \"refers_to\": \"%s\", \"submitter\": {\"name\": "
             "\"王芳\", \"role\": \"秘书\"}}",
             kind, notice);
    if (code) {
        assert_rejected(bench_put(town->bench, text, patch, n), code, "kind");
    } else {
        struct batch *batch = bench_put(town->bench, text, patch, n);
        assert_int_equal(batch->items[0].outcome, OUTCOME_STORED);
        batch_free(batch);
    }
}

static bool uplink_names(struct town *town)
{
    struct page page;
    struct event event;
    town_events(town, "uplink", EVENT_RECORD, NULL, &page, &event);
    assert_true(page.size > 0);
    bool names = memmem(page.events.data, page.events.size, SAMPLE_PARTY, strlen(SAMPLE_PARTY)) != NULL;
    msgpack_sbuffer_destroy(&page.events);
    return names;
}

/* The wish stands in the warning, and what the city says of it names its addressee. */
static void test_who_asked_not_to_be_named_is_not_where_that_cannot_be_read(void **state)
{
    static const char *const spoils[] = {"update thread set state = 99", "update thread set batch = 99",
                                         "update thread set offset = 0, size = 1",
                                         "delete from thread; delete from record where root is null"};
    struct town *town = *state;
    assert_outcome(bench_put(town->bench, sample_warning, "{\"level\": 1, \"reporter_confidential\": true}", 1),
                   OUTCOME_STORED, 1);
    json_t *word = sample_json(sample_warning, "{\"action\": \"acknowledge\", " ON_FIRST
                                               ", \"entity\": null, \"reporter_confidential\": null}");
    char *text = json_dumps(word, 0);
    json_decref(word);
    assert_string_equal(town_file(town, text), "");
    free(text);
    assert_false(uplink_names(town));
    for (size_t i = 0; i < sizeof spoils / sizeof *spoils; i++) {
        assert_int_equal(sqlite3_exec(town->bench->store->db, spoils[i], NULL, NULL, NULL), SQLITE_OK);
        assert_false(uplink_names(town));
    }
}

static void test_a_withdrawn_notice_is_counted_no_more_even_when_it_is_read_later(void **state)
{
    struct town *town = *state;
    char notice[37];
    char withdrawal[400];
    assert_string_equal(town_file(town, NOTICE("{}")), "");
    record_id_text(town->last, notice);
    snprintf(withdrawal, sizeof withdrawal,
             "{\"kind\": \"withdrawal\", " BY_OPERATOR ", \"replaces\": \"%s\", \"reason\": \"过时\"}", notice);
    assert_string_equal(town_file(town, withdrawal), "");
    assert_int_equal(town_count(town, "notice", ""), 0);
    answer(town, "notice_read", "{\"read_at\": \"2026-11-22T00:00:00Z\"}", 1, NULL);
    assert_int_equal(town_count(town, "notice", ""), 0);
}

static void test_a_notice_reaches_its_audience_and_is_read_and_answered(void **state)
{
    struct town *town = *state;
    assert_string_equal(town_file(town, NOTICE("{\"sectors\": [\"healthcare\"]}")), "");
    expect_inbox(town, 1, "current");
    assert_int_equal(town_count(town, "notice", "requirement|hospital|sent"), 1);
    answer(town, "notice_read", "{\"read_at\": \"2026-11-22T00:00:00Z\"}", 1, NULL);
    assert_int_equal(town_count(town, "notice", "requirement|hospital|opened"), 1);
    answer(town, "notice_answer", "{\"answers\": [{\"key\": \"done\", \"value\": \"已完成\"}]}", 2, NULL);
    assert_int_equal(town_count(town, "notice", "requirement|hospital|answered"), 1);
    assert_int_equal(town_count(town, "notice", ""), 1);
}

static void test_a_notice_to_others_is_neither_seen_nor_answered(void **state)
{
    struct town *town = *state;
    assert_string_equal(town_file(town, NOTICE("{\"entity_types\": [\"university\"]}")), "");
    expect_inbox(town, 0, "");
    answer(town, "notice_read", "{\"read_at\": \"2026-11-22T00:00:00Z\"}", 1, "record_not_permitted");
}

static void test_an_accepted_registration_changes_the_registry(void **state)
{
    struct town *town = *state;
    struct party party;
    static const char registration[] =
        "{\"kind\": \"entity_registration\", \"uscc\": \"" SAMPLE_PARTY "\", \"name\": \"甲医院新院区\", "
        "\"entity_type\": \"hospital\", \"sectors\": [\"healthcare\", \"science\"], \"district\": \"330108\", "
        "\"contact\": {\"name\": \"王芳\", \"position\": \"秘书\", \"mobile\": \"13800000000\", \"email\": "
        "\"wf@example.cn\"}, "
        "\"has_committee\": true, \"submitter\": {\"name\": \"王芳\", \"role\": \"秘书\"}}";
    assert_outcome(bench_put(town->bench, registration, "{}", 1), OUTCOME_STORED, 1);
    assert_int_equal(store_find_party(town->bench->store, SAMPLE_PARTY, &party), ERR_OK);
    assert_string_equal(party.district, "330106");
    assert_string_equal(town_file(town, ACCEPT), "");
    assert_int_equal(store_find_party(town->bench->store, SAMPLE_PARTY, &party), ERR_OK);
    assert_string_equal(party.district, "330108");
    assert_string_equal(party.sectors, "healthcare,science");
    assert_string_equal(party.name, "甲医院新院区");
}

static void test_a_link_must_lead_to_a_report(void **state)
{
    struct town *town = *state;
    static const char request[] =
        "{\"kind\": \"rereview_request\", \"report_id\": \"019a2b3c-4d5e-7001-8002-030405060701\", "
        "\"rereview_list_item\": \"high_autonomy\", \"materials\": \"申请书及初审意见\", \"received_on\": "
        "\"2026-11-20\", "
        "\"submitter\": {\"name\": \"王芳\", \"role\": \"秘书\"}}";
    assert_rejected(bench_put(town->bench, request, "{}", 2), "unknown_reference", "report_id");
    assert_outcome(bench_put(town->bench, sample_review, "{}", 1), OUTCOME_STORED, 1);
    assert_outcome(bench_put(town->bench, request, "{}", 3), OUTCOME_STORED, 2);
    struct page page;
    struct event event;
    assert_int_equal(town_events(town, "uplink", EVENT_RECORD, NULL, &page, &event), 1);
    assert_true(view_is(event.record.state, "requested"));
    msgpack_sbuffer_destroy(&page.events);
}

#define LISTED                                                                                                         \
    "\"rereview_list_item\": \"high_autonomy\", \"procedure\": \"expert_rereview\", \"members_present\": null, "       \
    "\"votes_for\": null, \"next_follow_up_on\": \"2027-02-01\""

static void test_a_rereview_is_counted_by_its_opinion_under_what_its_report_said_when_it_came(void **state)
{
    struct town *town = *state;
    char decision[1200];
    char id[37];
    assert_outcome(bench_put(town->bench, sample_review, "{" LISTED ", \"sector\": \"finance\"}", 1), OUTCOME_STORED,
                   1);
    assert_string_equal(town_file(town, "{\"kind\": \"rereview_request\", \"addressee\": \"" SAMPLE_PARTY
                                        "\", \"report_id\": \"019a2b3c-4d5e-7001-8002-030405060701\", "
                                        "\"rereview_list_item\": \"high_autonomy\", \"materials\": \"由枢纽发起\", "
                                        "\"received_on\": \"2026-11-10\"}"),
                        "");
    assert_int_equal(town_count(town, "rereview", "finance|hospital|high_autonomy|-"), 1);
    record_id_text(town->last, id);
    assert_outcome(bench_put(town->bench, sample_review,
                             "{" LISTED ", \"sector\": \"culture\", \"replaces\": "
                             "\"019a2b3c-4d5e-7001-8002-030405060701\", \"reason\": \"更正\"}",
                             2),
                   OUTCOME_STORED, 3);
    snprintf(decision, sizeof decision,
             "{\"kind\": \"rereview_decision\", " BY_OPERATOR
             ", \"addressee\": \"city-330100\", \"request_id\": \"%s\", "
             "\"opinion\": \"disagree\", \"grounds\": \"风险不可接受\", \"decided_on\": \"2026-11-18\", \"experts\": "
             "[%s, %s, %s, %s, %s]}",
             id, EXPERT("甲"), EXPERT("乙"), EXPERT("丙"), EXPERT("丁"), EXPERT("戊"));
    assert_string_equal(town_file(town, decision), "");
    assert_int_equal(town_count(town, "rereview", "finance|hospital|high_autonomy|disagree"), 1);
    assert_int_equal(town_count(town, "rereview", ""), 1);
    assert_int_equal(town_sum(town, "rereview", "disagree"), 8);
    assert_int_equal(town_count(town, "record", "rereview"), 0);
}

int main(void)
{
#define TOWN_TEST(name) cmocka_unit_test_setup_teardown(name, town_setup, town_teardown)
    const struct CMUnitTest tests[] = {
        TOWN_TEST(test_a_report_is_returned_corrected_and_accepted_in_one_thread),
        TOWN_TEST(test_a_withdrawn_report_is_counted_nowhere_and_closed),
        TOWN_TEST(test_an_entity_may_not_accept_and_the_city_may_not_file_reports),
        TOWN_TEST(test_a_reference_into_nowhere_is_refused),
        TOWN_TEST(test_the_city_acknowledges_and_resolves_what_an_entity_raised),
        TOWN_TEST(test_who_asked_not_to_be_named_is_not_where_that_cannot_be_read),
        TOWN_TEST(test_a_notice_reaches_its_audience_and_is_read_and_answered),
        TOWN_TEST(test_a_withdrawn_notice_is_counted_no_more_even_when_it_is_read_later),
        TOWN_TEST(test_a_notice_to_others_is_neither_seen_nor_answered),
        TOWN_TEST(test_an_accepted_registration_changes_the_registry),
        TOWN_TEST(test_a_link_must_lead_to_a_report),
        TOWN_TEST(test_a_rereview_is_counted_by_its_opinion_under_what_its_report_said_when_it_came),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
