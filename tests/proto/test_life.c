#include "tests/proto/sample.h"

#include "proto/kinds.h"
#include "proto/life.h"
#include "proto/project.h"

/* Every step there is, written from the data dictionary §3, §4 and §7 alone. What is not written here must be refused:
 * each kind is tried in each life, with each action, in each state, by each party. A state of NULL begins a thread; a
 * `to` of NULL leaves the state as it is. `own` and `city`: the owner; the city in a thread of an institution. */
enum who { OWN, ANY, DELIVERED };
struct legal {
    const char *root, *kind, *action; /* action NULL: the kind has none */
    const char *from, *to;
    unsigned by;
    enum who who;
    bool is_content;
};

#define E BY_ENTITY
#define C BY_CITY
#define P BY_PROVINCE
#define FILING(kind_)                                                                                                  \
    {kind_, kind_, NULL, NULL, "filed", E, OWN, true}, {kind_, kind_, NULL, "filed", "filed", E, OWN, true},           \
        {kind_, kind_, NULL, "returned", "filed", E, OWN, true},                                                       \
        {kind_, kind_, NULL, "accepted", "filed", E, OWN, true},                                                       \
        {kind_, "withdrawal", NULL, "filed", "withdrawn", E, OWN, false},                                              \
        {kind_, "withdrawal", NULL, "returned", "withdrawn", E, OWN, false},                                           \
        {kind_, "withdrawal", NULL, "accepted", "withdrawn", E, OWN, false},                                           \
        {kind_, "return_for_correction", NULL, "filed", "returned", C, OWN, false},                                    \
        {kind_, "return_for_correction", NULL, "accepted", "returned", C, OWN, false},                                 \
    {                                                                                                                  \
        kind_, "acceptance", NULL, "filed", "accepted", C, OWN, false                                                  \
    }
#define WARNING(action_, from_, to_, by_, who_, is_content_)                                                           \
    {                                                                                                                  \
        "risk_warning", "risk_warning", action_, from_, to_, by_, who_, is_content_                                    \
    }
#define ISSUE(kind_, by_)                                                                                              \
    {kind_, kind_, NULL, NULL, "current", by_, OWN, true}, {kind_, kind_, NULL, "current", "current", by_, OWN, true}, \
    {                                                                                                                  \
        kind_, "withdrawal", NULL, "current", "withdrawn", by_, OWN, false                                             \
    }
#define READ(kind_)                                                                                                    \
    {kind_, "notice_read", NULL, "current", NULL, E, DELIVERED, false},                                                \
    {                                                                                                                  \
        kind_, "notice_read", NULL, "withdrawn", NULL, E, DELIVERED, false                                             \
    }

static const struct legal table[] = {
    FILING("entity_registration"),
    FILING("committee_registration"),
    FILING("review_report"),
    FILING("zero_report"),
    FILING("annual_report"),
    WARNING("raise", NULL, "raised", E | C | P, OWN, true),
    WARNING("update", "raised", NULL, E | C | P, OWN, true),
    WARNING("update", "acknowledged", NULL, E | C | P, OWN, true),
    WARNING("update", "handling", NULL, E | C | P, OWN, true),
    WARNING("cancel", "raised", "cancelled", E | C | P, OWN, false),
    WARNING("cancel", "acknowledged", "cancelled", E | C | P, OWN, false),
    WARNING("cancel", "handling", "cancelled", E | C | P, OWN, false),
    WARNING("acknowledge", "raised", "acknowledged", C | P, ANY, false),
    WARNING("handle", "raised", "handling", E | C, OWN, false),
    WARNING("handle", "acknowledged", "handling", E | C, OWN, false),
    WARNING("handle", "handling", "handling", E | C, OWN, false),
    WARNING("resolve", "acknowledged", "resolved", C, OWN, false),
    WARNING("resolve", "handling", "resolved", C, OWN, false),
    {"rereview_request", "rereview_request", NULL, NULL, "requested", E | C, OWN, true},
    {"rereview_request", "rereview_request", NULL, "requested", "requested", E | C, OWN, true},
    {"rereview_request", "rereview_decision", NULL, "requested", "decided", C | P, ANY, false},
    {"rereview_request", "withdrawal", NULL, "requested", "withdrawn", E | C, OWN, false},
    ISSUE("notice", C | P),
    READ("notice"),
    {"notice", "notice_answer", NULL, "current", NULL, E, DELIVERED, false},
    ISSUE("shared_warning", C | P),
    READ("shared_warning"),
    ISSUE("city_plan", C),
    {"city_plan", "plan_progress", NULL, "current", NULL, C, OWN, false},
    {"administrative_act", "administrative_act", NULL, NULL, "current", C, OWN, true},
};

static bool is_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static const struct legal *find(const struct kind *root, const struct kind *kind, const char *action, const char *from)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (is_text(table[i].root, root->name) && is_text(table[i].kind, kind->name) &&
            is_text(table[i].action, action) && is_text(table[i].from, from)) {
            return &table[i];
        }
    }
    return NULL;
}

static bool may(const struct legal *legal, const struct actor *actor)
{
    bool is_owner = actor->is_owner || (actor->role == ROLE_CITY && actor->owner == ROLE_ENTITY);
    return (legal->by >> actor->role & 1U) != 0 &&
           (legal->who == ANY || (legal->who == OWN && is_owner) || (legal->who == DELIVERED && actor->is_addressed));
}

static void assert_actors(const struct transition *step, const struct legal *legal)
{
    for (int role = 0; role < ROLES; role++) {
        for (int owner = 0; owner < ROLES; owner++) {
            for (int bits = 0; bits < 4; bits++) {
                struct actor actor = {.role = (enum role)role,
                                      .owner = (enum role)owner,
                                      .is_owner = (bits & 1) != 0,
                                      .is_addressed = (bits & 2) != 0};
                assert_int_equal(step_permits(step, &actor), may(legal, &actor));
            }
        }
    }
}

/* STATE is -1 for a beginning. */
static void assert_step(const struct kind *root, const struct kind *kind, int action, int state)
{
    const char *code = action == NO_ACTION ? NULL : enum_warning_action.labels[action].code;
    const char *from = state < 0 ? NULL : life_state_code(root->life, state);
    const struct legal *legal = find(root, kind, code, from);
    const struct transition *step =
        state < 0 ? (root == kind ? life_beginning(kind, action) : NULL) : life_step(root, kind, action);
    bool is_possible = step && (state < 0 || step_fits(step, state));
    if (is_possible != (legal != NULL)) {
        print_error("%s: %s %s from %s\n", root->name, kind->name, code ? code : "", from ? from : "nothing");
    }
    assert_int_equal(is_possible, legal != NULL);
    if (!legal) {
        return;
    }
    const char *to = step->to == STATE_STAYS ? NULL : life_state_code(root->life, step->to);
    if (!is_text(to, legal->to)) {
        print_error("%s: %s %s from %s leads to %s\n", root->name, kind->name, code ? code : "",
                    from ? from : "nothing", to ? to : "where it was");
    }
    assert_true(is_text(to, legal->to));
    assert_int_equal(step->is_content, legal->is_content);
    assert_actors(step, legal);
}

static void test_each_step_is_legal_or_refused_as_written_here(void **state)
{
    (void)state;
    for (size_t i = 0; kind_at(i); i++) {
        const struct kind *root = kind_at(i);
        for (size_t k = 0; root->life && kind_at(k); k++) {
            const struct kind *kind = kind_at(k);
            int last = kind_field(kind, "action") >= 0 ? (int)enum_warning_action.count - 1 : NO_ACTION;
            for (int action = last == NO_ACTION ? NO_ACTION : 0; action <= last; action++) {
                for (int from = -1; from < (int)root->life->states->count; from++) {
                    assert_step(root, kind, action, from);
                }
            }
        }
    }
}

static void test_what_is_written_here_is_of_kinds_that_exist(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct kind *root = kind_find(view_str(table[i].root));
        const struct kind *kind = kind_find(view_str(table[i].kind));
        assert_non_null(root->life);
        assert_non_null(kind);
        /* Who may take a step may file the kind at all. */
        assert_int_equal(table[i].by & ~kind->filers, 0);
        assert_true(!table[i].from || enumeration_index(root->life->states, view_str(table[i].from)) >= 0);
    }
}

static void test_a_kind_without_a_life_begins_no_thread_and_has_a_reference(void **state)
{
    (void)state;
    for (size_t i = 0; kind_at(i); i++) {
        const struct kind *kind = kind_at(i);
        assert_int_equal(life_beginning(kind, kind_field(kind, "action") >= 0 ? 0 : NO_ACTION) != NULL,
                         kind->life != NULL);
        assert_true(kind->references[0] != NULL || kind->life != NULL);
        assert_true(kind->filers != 0);
        for (size_t k = 0; k < KIND_REFERENCES && kind->references[k]; k++) {
            int index = kind_field(kind, kind->references[k]);
            assert_true(index >= 0 && kind->fields[index].type == FIELD_ID);
        }
        if (kind->link) {
            assert_int_equal(kind->fields[kind_field(kind, kind->link)].type, FIELD_ID);
        }
    }
}

static void test_nothing_leaves_a_closed_state_but_reading(void **state)
{
    (void)state;
    for (size_t i = 0; kind_at(i); i++) {
        const struct life *life = kind_at(i)->life;
        for (size_t k = 0; life && k < life->step_count; k++) {
            assert_true((life->steps[k].from & life->closed) == 0 || life->steps[k].kind == KIND_NOTICE_READ);
            assert_true((life->uncounted & ~life->closed) == 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_step_is_legal_or_refused_as_written_here),
        cmocka_unit_test(test_what_is_written_here_is_of_kinds_that_exist),
        cmocka_unit_test(test_a_kind_without_a_life_begins_no_thread_and_has_a_reference),
        cmocka_unit_test(test_nothing_leaves_a_closed_state_but_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
