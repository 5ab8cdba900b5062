/* Every role against every act and every record that the city may file. */
#include <string.h>

#include "hub/duties.h"
#include "proto/life.h"
#include "tests/test.h"

#define O (1U << OPERATOR_OPERATOR)
#define R (1U << OPERATOR_REVIEWER)
#define A (1U << OPERATOR_ADMINISTRATOR)

/* Written from docs/operations.md, not from the program. */
static const struct {
    const char *act;
    unsigned roles;
    bool needs_reason;
} acts[] = {
    {"entity_add", A, false}, {"peer_add", A, false},      {"invite", A, false},    {"suspend", A, true},
    {"resume", A, false},     {"revoke", A, true},         {"prune", A, true},      {"erase", A, true},
    {"retention", 0, false},  {"configuration", A, false}, {"operators", A, false}, {"hub_start", 0, false},
    {"hub_stop", 0, false},   {"key_replace", A, true},    {"key_revoke", A, true}, {"key_rotate", A, false},
    {"key_leaked", A, true},
};

static const struct {
    const char *kind, *action;
    unsigned roles;
} records[] = {
    {"acceptance", NULL, O | R},       {"return_for_correction", NULL, O | R},
    {"rereview_request", NULL, O | R}, {"rereview_decision", NULL, R},
    {"risk_warning", "raise", O},      {"risk_warning", "update", O},
    {"risk_warning", "cancel", O},     {"risk_warning", "acknowledge", O},
    {"risk_warning", "handle", O},     {"risk_warning", "resolve", O},
    {"shared_warning", NULL, O},       {"notice", NULL, O},
    {"withdrawal", NULL, O},           {"city_plan", NULL, O},
    {"plan_progress", NULL, O},
};

static void test_each_act_by_each_role(void **state)
{
    (void)state;
    assert_int_equal(sizeof acts / sizeof *acts, enum_act.count);
    for (int act = 0; act < ACTS; act++) {
        assert_string_equal(acts[act].act, enum_act.labels[act].code);
        assert_int_equal(duty_needs_reason((enum act)act), acts[act].needs_reason);
        for (unsigned roles = 0; roles < 1U << OPERATOR_ROLES; roles++) {
            int role = duty_act((enum act)act, roles);
            assert_int_equal(role >= 0, (acts[act].roles & roles) != 0);
            assert_true(role < 0 || (roles >> role & 1U));
        }
    }
}

static unsigned expected(const char *kind, const char *action)
{
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        bool is_action =
            action && records[i].action ? strcmp(action, records[i].action) == 0 : action == records[i].action;
        if (is_action && strcmp(kind, records[i].kind) == 0) {
            return records[i].roles;
        }
    }
    return 0;
}

static void assert_roles(const struct kind *kind, int action, unsigned allowed)
{
    for (unsigned roles = 0; roles < 1U << OPERATOR_ROLES; roles++) {
        int role = duty_record(kind, action, roles);
        assert_int_equal(role >= 0, (allowed & roles) != 0);
        assert_true(role < 0 || (roles >> role & 1U));
    }
}

static void test_each_record_by_each_role(void **state)
{
    (void)state;
    for (size_t i = 0; kind_at(i); i++) {
        const struct kind *kind = kind_at(i);
        bool has_action = kind_field(kind, "action") >= 0;
        assert_roles(kind, NO_ACTION, has_action ? 0 : expected(kind->name, NULL));
        for (size_t action = 0; action < enum_warning_action.count; action++) {
            assert_roles(kind, (int)action,
                         has_action ? expected(kind->name, enum_warning_action.labels[action].code) : 0);
        }
        /* What the city may file, somebody may file; but the acts come of acting alone. */
        bool is_filed = kind->filers & BY_CITY && kind->number != KIND_ADMINISTRATIVE_ACT;
        assert_int_equal(expected(kind->name, has_action ? "raise" : NULL) != 0, is_filed);
    }
}

static void test_the_auditor_changes_nothing(void **state)
{
    (void)state;
    unsigned auditor = 1U << OPERATOR_AUDITOR;
    for (int act = 0; act < ACTS; act++) {
        assert_int_equal(duty_act((enum act)act, auditor), -1);
    }
    for (size_t i = 0; kind_at(i); i++) {
        for (int action = NO_ACTION; action < (int)enum_warning_action.count; action++) {
            assert_int_equal(duty_record(kind_at(i), action, auditor), -1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_act_by_each_role),
        cmocka_unit_test(test_each_record_by_each_role),
        cmocka_unit_test(test_the_auditor_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
