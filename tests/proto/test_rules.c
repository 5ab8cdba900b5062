#include "tests/proto/sample.h"

/* Each row breaks one rule that joins fields, and nothing else. */
struct spoil {
    const char *patch;
    const char *code;
    const char *field;
};

static const struct spoil review_spoils[] = {
    {"{\"applied_on\":\"2026-11-24\",\"accepted_on\":null,\"met_on\":null,\"decided_on\":null,\"decision\":null,"
     "\"next_follow_up_on\":null}",
     "in_future", "applied_on"},
    {"{\"accepted_on\":\"2026-11-24\",\"met_on\":null,\"decided_on\":null,\"decision\":null,\"next_follow_up_on\":"
     "null}",
     "in_future", "accepted_on"},
    {"{\"met_on\":\"2026-11-24\",\"decided_on\":null,\"decision\":null,\"next_follow_up_on\":null}", "in_future",
     "met_on"},
    {"{\"decided_on\":\"2026-11-24\"}", "in_future", "decided_on"},
    {"{\"platform_registered_on\":\"2026-11-24\"}", "in_future", "platform_registered_on"},
    {"{\"accepted_on\":\"2026-08-31\"}", "bad_order", "accepted_on"},
    {"{\"met_on\":\"2026-09-04\"}", "bad_order", "met_on"},
    {"{\"accepted_on\":null,\"met_on\":\"2026-08-31\",\"decided_on\":null,\"decision\":null,"
     "\"next_follow_up_on\":null}",
     "bad_order", "met_on"},
    {"{\"decided_on\":\"2026-09-19\",\"next_follow_up_on\":\"2027-09-01\"}", "bad_order", "decided_on"},
    {"{\"met_on\":null,\"decided_on\":\"2026-09-04\"}", "bad_order", "decided_on"},
    {"{\"decision\":null,\"next_follow_up_on\":null}", "missing", "decision"},
    {"{\"decided_on\":null}", "missing", "decided_on"},
    {"{\"accepted_on\":null}", "missing", "accepted_on"},
    {"{\"members_present\":null}", "missing", "members_present"},
    {"{\"votes_for\":null}", "missing", "votes_for"},
    {"{\"members_present\":4,\"votes_for\":4}", "rule", "members_present"},
    {"{\"votes_for\":8}", "rule", "votes_for"},
    {"{\"votes_for\":4}", "rule", "votes_for"},
    {"{\"decision\":\"approved_with_changes\",\"conditions\":\"补充说明\",\"votes_for\":4}", "rule", "votes_for"},
    {"{\"procedure\":\"simplified\",\"risk_grade\":\"minimal\"}", "missing", "reviewers"},
    {"{\"procedure\":\"simplified\",\"reviewers\":2}", "rule", "risk_grade"},
    {"{\"procedure\":\"simplified\",\"reviewers\":2,\"review_stage\":\"re_review\",\"risk_grade\":\"low\"}", "rule",
     "risk_grade"},
    {"{\"rereview_list_item\":\"public_opinion\",\"next_follow_up_on\":\"2027-03-21\"}", "rule", "procedure"},
    {"{\"rereview_list_item\":\"other_listed\",\"procedure\":\"simplified\",\"reviewers\":2,\"risk_grade\":\"minimal\","
     "\"next_follow_up_on\":\"2027-03-21\"}",
     "rule", "procedure"},
    {"{\"decision\":\"suspended\",\"rejection_reason\":\"超出批准范围\",\"next_follow_up_on\":null}", "rule",
     "decision"},
    {"{\"decision\":\"terminated\",\"rejection_reason\":\"超出批准范围\",\"next_follow_up_on\":null,"
     "\"review_stage\":\"closing\"}",
     "rule", "decision"},
    {"{\"decision\":\"approved_with_changes\"}", "missing", "conditions"},
    {"{\"decision\":\"resubmit\",\"next_follow_up_on\":null}", "missing", "conditions"},
    {"{\"decision\":\"rejected\",\"next_follow_up_on\":null}", "missing", "rejection_reason"},
    {"{\"decision\":\"suspended\",\"review_stage\":\"follow_up\",\"next_follow_up_on\":null}", "missing",
     "rejection_reason"},
    {"{\"decision\":\"terminated\",\"review_stage\":\"follow_up\",\"next_follow_up_on\":null}", "missing",
     "rejection_reason"},
    {"{\"next_follow_up_on\":null}", "missing", "next_follow_up_on"},
    {"{\"next_follow_up_on\":\"2026-09-21\"}", "bad_order", "next_follow_up_on"},
    {"{\"next_follow_up_on\":\"2027-09-22\"}", "rule", "next_follow_up_on"},
    {"{\"procedure\":\"expert_rereview\",\"rereview_list_item\":\"high_autonomy\"}", "rule", "next_follow_up_on"},
    {"{\"procedure\":\"expert_rereview\",\"rereview_list_item\":\"high_autonomy\",\"next_follow_up_on\":\"2027-03-"
     "22\"}",
     "rule", "next_follow_up_on"},
};

static const char *const review_sound[] = {
    "{}",
    "{\"decided_on\":\"2026-11-23\",\"next_follow_up_on\":\"2027-11-23\"}",
    "{\"applied_on\":\"2026-09-21\",\"accepted_on\":\"2026-09-21\",\"met_on\":\"2026-09-21\"}",
    "{\"votes_for\":5}", /* 5 of 7 is more than two thirds; 4 of 7 is not */
    "{\"members_present\":6,\"votes_for\":4}",
    "{\"decided_on\":null,\"decision\":null,\"next_follow_up_on\":null,\"members_present\":3,\"votes_for\":null}",
    "{\"procedure\":\"simplified\",\"reviewers\":2,\"risk_grade\":\"minimal\",\"members_present\":null,"
    "\"votes_for\":null}",
    "{\"procedure\":\"simplified\",\"reviewers\":2,\"risk_grade\":\"high\",\"review_stage\":\"amendment\"}",
    "{\"procedure\":\"simplified\",\"reviewers\":2,\"risk_grade\":\"high\",\"review_stage\":\"follow_up\"}",
    "{\"procedure\":\"emergency\",\"members_present\":null,\"votes_for\":null}",
    "{\"procedure\":\"expert_rereview\",\"rereview_list_item\":\"high_autonomy\",\"next_follow_up_on\":\"2027-03-21\"}",
    "{\"next_follow_up_on\":\"2027-09-21\"}",
    "{\"decision\":\"suspended\",\"review_stage\":\"follow_up\",\"rejection_reason\":\"超出批准范围\","
    "\"next_follow_up_on\":null}",
    "{\"decision\":\"approved_with_changes\",\"conditions\":\"补充知情同意书\",\"next_follow_up_on\":null}",
    "{\"decision\":\"rejected\",\"rejection_reason\":\"风险过高\",\"votes_for\":0,\"next_follow_up_on\":null}",
};

static const char reference[] = "\"refers_to\":\"019a2b3c-4d5e-7001-8002-030405060708\"";

static const struct spoil warning_spoils[] = {
    {"{\"action\":\"update\"}", "missing", "refers_to"},
    {"{\"action\":\"cancel\"}", "missing", "refers_to"},
    {"{\"action\":\"acknowledge\"}", "missing", "refers_to"},
    {"{\"action\":\"handle\"}", "missing", "refers_to"},
    {"{\"action\":\"resolve\"}", "missing", "refers_to"},
    {"{\"refers_to\":\"019a2b3c-4d5e-7001-8002-030405060708\"}", "not_wanted", "refers_to"},
    {"{\"status\":\"draft\"}", "rule", "status"},
    {"{\"risk_subdomain\":\"2.1\"}", "rule", "risk_subdomain"},
    {"{\"risk_domain\":\"discrimination_toxicity\"}", "rule", "risk_subdomain"},
    {"{\"occurred_at\":\"2026-11-20T01:30:00.001Z\"}", "bad_order", "discovered_at"},
    {"{\"discovered_at\":\"2026-11-23T00:05:00.001Z\"}", "in_future", "discovered_at"},
    {"{\"expires_at\":\"2026-11-20T01:30:00Z\"}", "bad_order", "expires_at"},
};

static const char *const warning_sound[] = {
    "{}",
    "{\"risk_subdomain\":null}",
    "{\"status\":\"exercise\"}",
    "{\"status\":\"test\"}",
    "{\"occurred_at\":\"2026-11-20T01:30:00Z\"}",
    "{\"occurred_at\":null,\"discovered_at\":\"2026-11-23T00:05:00Z\"}",
    "{\"expires_at\":\"2026-11-20T01:30:00.001Z\"}",
};

static void test_each_rule_of_a_review_is_named_when_broken(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof review_spoils / sizeof review_spoils[0]; i++) {
        assert_spoiled(sample_review, review_spoils[i].patch, review_spoils[i].code, review_spoils[i].field);
    }
}

static void test_reviews_at_the_edge_of_the_rules_are_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof review_sound / sizeof review_sound[0]; i++) {
        assert_sound(sample_review, review_sound[i]);
    }
}

static void test_each_rule_of_a_warning_is_named_when_broken(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof warning_spoils / sizeof warning_spoils[0]; i++) {
        assert_spoiled(sample_warning, warning_spoils[i].patch, warning_spoils[i].code, warning_spoils[i].field);
    }
}

static void test_warnings_at_the_edge_of_the_rules_are_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof warning_sound / sizeof warning_sound[0]; i++) {
        assert_sound(sample_warning, warning_sound[i]);
    }
    static const char *const actions[] = {"update", "cancel", "acknowledge", "handle", "resolve"};
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        char patch[128];
        snprintf(patch, sizeof patch, "{\"action\":\"%s\",%s}", actions[i], reference);
        assert_sound(sample_warning, patch);
    }
}

static void test_the_reason_of_a_broken_rule_names_its_clause(void **state)
{
    (void)state;
    msgpack_sbuffer buffer;
    struct record record;
    struct faults faults;
    assert_int_equal(sample_check(sample_review, "{\"votes_for\":4}", &buffer, &record, &faults), ERR_INVALID);
    assert_non_null(strstr(faults.list[0].reason, "M2023"));
    msgpack_sbuffer_destroy(&buffer);
}

static void test_a_faulty_field_is_not_called_missing_by_a_rule(void **state)
{
    (void)state;
    assert_spoiled(sample_review, "{\"decision\":\"maybe\"}", "bad_value", "decision");
    assert_spoiled(sample_review, "{\"accepted_on\":\"5 September\"}", "bad_format", "accepted_on");
    assert_spoiled(sample_review, "{\"members_present\":100}", "out_of_range", "members_present");
}

static void test_today_is_the_sites_day(void **state)
{
    (void)state;
    /* 2026-11-23T17:00Z is the 24th in Shanghai already. */
    struct record_context context = sample_context;
    context.now_ms += INT64_C(17) * 3600000;
    msgpack_sbuffer buffer;
    struct record record;
    struct faults faults;
    sample_bytes(sample_review, "{\"decided_on\":\"2026-11-24\"}", &buffer);
    assert_int_equal(record_check(view_of(&buffer), &context, &record, &faults), ERR_OK);
    context.utc_offset_minutes = 0;
    assert_int_equal(record_check(view_of(&buffer), &context, &record, &faults), ERR_INVALID);
    assert_one_fault(&faults, "in_future", "decided_on");
    msgpack_sbuffer_destroy(&buffer);
}

static void test_all_broken_rules_are_told_at_once(void **state)
{
    (void)state;
    msgpack_sbuffer buffer;
    struct record record;
    struct faults faults;
    assert_int_equal(sample_check(sample_review,
                                  "{\"members_present\":4,\"votes_for\":5,\"next_follow_up_on\":null,"
                                  "\"platform_registered_on\":\"2026-12-01\"}",
                                  &buffer, &record, &faults),
                     ERR_INVALID);
    assert_int_equal(faults.count, 4);
    msgpack_sbuffer_destroy(&buffer);

    /* Without the dates between, the decision is compared with the application. */
    assert_int_equal(sample_check(sample_review, "{\"accepted_on\":null,\"met_on\":null,\"decided_on\":\"2026-08-31\"}",
                                  &buffer, &record, &faults),
                     ERR_INVALID);
    assert_int_equal(faults.count, 3);
    assert_string_equal(faults.list[0].code, "bad_order");
    assert_string_equal(faults.list[0].field, "decided_on");
    assert_string_equal(faults.list[1].field, "accepted_on");
    assert_string_equal(faults.list[2].field, "next_follow_up_on");
    msgpack_sbuffer_destroy(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_rule_of_a_review_is_named_when_broken),
        cmocka_unit_test(test_reviews_at_the_edge_of_the_rules_are_sound),
        cmocka_unit_test(test_each_rule_of_a_warning_is_named_when_broken),
        cmocka_unit_test(test_warnings_at_the_edge_of_the_rules_are_sound),
        cmocka_unit_test(test_the_reason_of_a_broken_rule_names_its_clause),
        cmocka_unit_test(test_a_faulty_field_is_not_called_missing_by_a_rule),
        cmocka_unit_test(test_today_is_the_sites_day),
        cmocka_unit_test(test_all_broken_rules_are_told_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
