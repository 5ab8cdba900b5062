#include "proto/kinds.h"
#include "proto/term.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

/* Enumerations by name, codes and labels. */

/* The kinds, and the states of every life and count under the one name that the dims bear. Warnings come first, so that
 * their indexes are those of enum warning_state. Made from the tables when first asked for. */
enum { KINDS_MAX = 64, STATES_MAX = 64 };
static struct label kind_labels[KINDS_MAX];
static struct label state_labels[STATES_MAX];
static struct enumeration enum_kind = {"kind", kind_labels, 0};
static struct enumeration enum_state = {"state", state_labels, 0};
static pthread_once_t gather_once = PTHREAD_ONCE_INIT;

static void gather_states(const struct enumeration *states)
{
    for (size_t i = 0; i < states->count; i++) {
        const char *code = states->labels[i].code;
        if (enumeration_index(&enum_state, (struct view){(const uint8_t *)code, strlen(code)}) < 0) {
            assert(enum_state.count < STATES_MAX);
            state_labels[enum_state.count++] = states->labels[i];
        }
    }
}

static void gather(void)
{
    static const struct enumeration *const states[] = {
        &enum_warning_state, &enum_filing_state,       &enum_rereview_state, &enum_issue_state,
        &enum_clock_state,   &enum_completeness_state, &enum_delivery_state};
    const struct kind *kind = NULL;
    while ((kind = kind_at(enum_kind.count))) {
        assert(enum_kind.count < KINDS_MAX);
        kind_labels[enum_kind.count++] = (struct label){kind->name, kind->en, kind->zh};
    }
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        gather_states(states[i]);
    }
}

/* By its own name, or by the shorter one that a record's field and an aggregate's dimension bear. */
static const struct {
    const char *name;
    const struct enumeration *codes;
} names[] = {
    {"tier", &enum_tier},
    {"entity_type", &enum_entity_type},
    {"sector", &enum_sector},
    {"procedure", &enum_procedure},
    {"decision", &enum_decision},
    {"review_stage", &enum_review_stage},
    {"rereview_list_item", &enum_rereview_list_item},
    {"principle", &enum_principle},
    {"assessment", &enum_assessment},
    {"risk_grade", &enum_risk_grade},
    {"warning_level", &enum_warning_level},
    {"level", &enum_warning_level},
    {"warning_status", &enum_warning_status},
    {"status", &enum_warning_status},
    {"warning_state", &enum_warning_state},
    {"filing_state", &enum_filing_state},
    {"rereview_state", &enum_rereview_state},
    {"issue_state", &enum_issue_state},
    {"warning_action", &enum_warning_action},
    {"action", &enum_warning_action},
    {"urgency", &enum_urgency},
    {"severity", &enum_severity},
    {"certainty", &enum_certainty},
    {"risk_domain", &enum_risk_domain},
    {"risk_subdomain", &enum_risk_subdomain},
    {"harm_kind", &enum_harm_kind},
    {"lifecycle_phase", &enum_lifecycle_phase},
    {"cause_entity", &enum_cause_entity},
    {"cause_intent", &enum_cause_intent},
    {"share_scope", &enum_share_scope},
    {"attachment_role", &enum_attachment_role},
    {"opinion", &enum_opinion},
    {"notice_category", &enum_notice_category},
    {"category", &enum_notice_category},
    {"gender", &enum_gender},
    {"profession", &enum_profession},
    {"work_item_state", &enum_work_item_state},
    {"cover", &enum_cover},
    {"covers", &enum_cover},
    {"plan_measure", &enum_plan_measure},
    {"measure", &enum_plan_measure},
    {"answer_type", &enum_answer_type},
    {"completeness_state", &enum_completeness_state},
    {"delivery_state", &enum_delivery_state},
    {"clock_state", &enum_clock_state},
    {"alert_stage", &enum_alert_stage},
    {"term", &enum_term},
    {"operator_role", &enum_operator_role},
    {"act", &enum_act},
    {"district", &enum_district},
    {"state", &enum_state},
    {"kind", &enum_kind},
};

const struct enumeration *enumeration_find(const char *name)
{
    pthread_once(&gather_once, gather);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i].name, name) == 0) {
            return names[i].codes;
        }
    }
    return NULL;
}

int enumeration_index(const struct enumeration *codes, struct view code)
{
    for (size_t i = 0; i < codes->count; i++) {
        const char *known = codes->labels[i].code;
        if (code.size > 0 && known[0] == (char)code.at[0] && view_is(code, known)) {
            return (int)i;
        }
    }
    return -1;
}

const char *enumeration_label(const struct enumeration *codes, const char *code, bool chinese)
{
    for (size_t i = 0; i < codes->count; i++) {
        if (strcmp(codes->labels[i].code, code) == 0) {
            return chinese ? codes->labels[i].zh : codes->labels[i].en;
        }
    }
    return code;
}
