#include "hub/duties.h"

#include "proto/life.h"
#include "proto/project.h"

#define BIT(role)     (1U << (role))
#define OPERATOR      BIT(OPERATOR_OPERATOR)
#define REVIEWER      BIT(OPERATOR_REVIEWER)
#define ADMINISTRATOR BIT(OPERATOR_ADMINISTRATOR)

enum { NO_KIND = 0 };

/* An act, or a record by kind and action. What the hub does itself has no row. */
static const struct duty {
    enum act act;
    int kind;
    int action;
    unsigned roles;
    bool needs_reason;
} duties[] = {
    {ACT_ENTITY_ADD, NO_KIND, NO_ACTION, ADMINISTRATOR, false},
    {ACT_PEER_ADD, NO_KIND, NO_ACTION, ADMINISTRATOR, false},
    {ACT_INVITE, NO_KIND, NO_ACTION, ADMINISTRATOR, false},
    {ACT_SUSPEND, NO_KIND, NO_ACTION, ADMINISTRATOR, true},
    {ACT_RESUME, NO_KIND, NO_ACTION, ADMINISTRATOR, false},
    {ACT_REVOKE, NO_KIND, NO_ACTION, ADMINISTRATOR, true},
    {ACT_PRUNE, NO_KIND, NO_ACTION, ADMINISTRATOR, true},
    {ACT_ERASE, NO_KIND, NO_ACTION, ADMINISTRATOR, true},
    {ACT_CONFIGURATION, NO_KIND, NO_ACTION, ADMINISTRATOR, false},
    {ACT_OPERATORS, NO_KIND, NO_ACTION, ADMINISTRATOR, false},
    {ACT_KEY_REPLACE, NO_KIND, NO_ACTION, ADMINISTRATOR, true},
    {ACT_KEY_REVOKE, NO_KIND, NO_ACTION, ADMINISTRATOR, true},
    {ACT_KEY_ROTATE, NO_KIND, NO_ACTION, ADMINISTRATOR, false},
    {ACT_KEY_LEAKED, NO_KIND, NO_ACTION, ADMINISTRATOR, true},
    {ACTS, KIND_ACCEPTANCE, NO_ACTION, OPERATOR | REVIEWER, false},
    {ACTS, KIND_RETURN_FOR_CORRECTION, NO_ACTION, OPERATOR | REVIEWER, false},
    {ACTS, KIND_RISK_WARNING, ACTION_RAISE, OPERATOR, false},
    {ACTS, KIND_RISK_WARNING, ACTION_UPDATE, OPERATOR, false},
    {ACTS, KIND_RISK_WARNING, ACTION_CANCEL, OPERATOR, false},
    {ACTS, KIND_RISK_WARNING, ACTION_ACKNOWLEDGE, OPERATOR, false},
    {ACTS, KIND_RISK_WARNING, ACTION_HANDLE, OPERATOR, false},
    {ACTS, KIND_RISK_WARNING, ACTION_RESOLVE, OPERATOR, false},
    {ACTS, KIND_SHARED_WARNING, NO_ACTION, OPERATOR, false},
    {ACTS, KIND_NOTICE, NO_ACTION, OPERATOR, false},
    {ACTS, KIND_WITHDRAWAL, NO_ACTION, OPERATOR, false},
    {ACTS, KIND_CITY_PLAN, NO_ACTION, OPERATOR, false},
    {ACTS, KIND_PLAN_PROGRESS, NO_ACTION, OPERATOR, false},
    {ACTS, KIND_REREVIEW_REQUEST, NO_ACTION, OPERATOR | REVIEWER, false},
    {ACTS, KIND_REREVIEW_DECISION, NO_ACTION, REVIEWER, false},
};

static const struct duty *find(enum act act, int kind, int action)
{
    for (size_t i = 0; i < sizeof duties / sizeof *duties; i++) {
        if (duties[i].act == act && duties[i].kind == kind && duties[i].action == action) {
            return &duties[i];
        }
    }
    return NULL;
}

static int role_of(const struct duty *duty, unsigned roles)
{
    for (int role = 0; duty && role < OPERATOR_ROLES; role++) {
        if ((duty->roles & roles) >> role & 1U) {
            return role;
        }
    }
    return -1;
}

int duty_act(enum act act, unsigned roles)
{
    return act < ACTS ? role_of(find(act, NO_KIND, NO_ACTION), roles) : -1;
}

int duty_record(const struct kind *kind, int action, unsigned roles)
{
    return role_of(find(ACTS, kind->number, action), roles);
}

bool duty_needs_reason(enum act act)
{
    const struct duty *duty = find(act, NO_KIND, NO_ACTION);
    return duty && duty->needs_reason;
}
