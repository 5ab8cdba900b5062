#include "proto/life.h"

#include "proto/kinds.h"
#include "proto/project.h"

#define COUNT(rows)  (sizeof(rows) / sizeof(rows)[0])
#define IN(state)    (1U << (state))
#define BY_INITIATOR (BY_ENTITY | BY_CITY)
#define BY_AUTHORITY (BY_CITY | BY_PROVINCE)
#define BY_ANYBODY   (BY_ENTITY | BY_CITY | BY_PROVINCE)

/* What an institution files: registrations, review reports, zero and annual reports. */
#define FILING_OPEN (IN(FILING_FILED) | IN(FILING_RETURNED) | IN(FILING_ACCEPTED))
static const struct transition filing_steps[] = {
    {KIND_OF_ROOT, NO_ACTION, 0, FILING_FILED, BY_ENTITY, WHOSE_OWN, true},
    {KIND_OF_ROOT, NO_ACTION, FILING_OPEN, FILING_FILED, BY_ENTITY, WHOSE_OWN, true},
    {KIND_WITHDRAWAL, NO_ACTION, FILING_OPEN, FILING_WITHDRAWN, BY_ENTITY, WHOSE_OWN, false},
    {KIND_RETURN_FOR_CORRECTION, NO_ACTION, IN(FILING_FILED) | IN(FILING_ACCEPTED), FILING_RETURNED, BY_CITY, WHOSE_OWN,
     false},
    {KIND_ACCEPTANCE, NO_ACTION, IN(FILING_FILED), FILING_ACCEPTED, BY_CITY, WHOSE_OWN, false},
};

#define WARNING_OPEN (IN(STATE_RAISED) | IN(STATE_ACKNOWLEDGED) | IN(STATE_HANDLING))
static const struct transition warning_steps[] = {
    {KIND_OF_ROOT, ACTION_RAISE, 0, STATE_RAISED, BY_ANYBODY, WHOSE_OWN, true},
    {KIND_OF_ROOT, ACTION_UPDATE, WARNING_OPEN, STATE_STAYS, BY_ANYBODY, WHOSE_OWN, true},
    {KIND_OF_ROOT, ACTION_CANCEL, WARNING_OPEN, STATE_CANCELLED, BY_ANYBODY, WHOSE_OWN, false},
    {KIND_OF_ROOT, ACTION_ACKNOWLEDGE, IN(STATE_RAISED), STATE_ACKNOWLEDGED, BY_AUTHORITY, WHOSE_ANY, false},
    {KIND_OF_ROOT, ACTION_HANDLE, WARNING_OPEN, STATE_HANDLING, BY_INITIATOR, WHOSE_OWN, false},
    {KIND_OF_ROOT, ACTION_RESOLVE, IN(STATE_ACKNOWLEDGED) | IN(STATE_HANDLING), STATE_RESOLVED, BY_CITY, WHOSE_OWN,
     false},
};

static const struct transition rereview_steps[] = {
    {KIND_OF_ROOT, NO_ACTION, 0, REREVIEW_REQUESTED, BY_INITIATOR, WHOSE_OWN, true},
    {KIND_OF_ROOT, NO_ACTION, IN(REREVIEW_REQUESTED), REREVIEW_REQUESTED, BY_INITIATOR, WHOSE_OWN, true},
    {KIND_REREVIEW_DECISION, NO_ACTION, IN(REREVIEW_REQUESTED), REREVIEW_DECIDED, BY_AUTHORITY, WHOSE_ANY, false},
    {KIND_WITHDRAWAL, NO_ACTION, IN(REREVIEW_REQUESTED), REREVIEW_WITHDRAWN, BY_INITIATOR, WHOSE_OWN, false},
};

static const struct transition notice_steps[] = {
    {KIND_OF_ROOT, NO_ACTION, 0, ISSUE_CURRENT, BY_AUTHORITY, WHOSE_OWN, true},
    {KIND_OF_ROOT, NO_ACTION, IN(ISSUE_CURRENT), ISSUE_CURRENT, BY_AUTHORITY, WHOSE_OWN, true},
    {KIND_WITHDRAWAL, NO_ACTION, IN(ISSUE_CURRENT), ISSUE_WITHDRAWN, BY_AUTHORITY, WHOSE_OWN, false},
    {KIND_NOTICE_READ, NO_ACTION, IN(ISSUE_CURRENT) | IN(ISSUE_WITHDRAWN), STATE_STAYS, BY_ENTITY, WHOSE_DELIVERED,
     false},
    {KIND_NOTICE_ANSWER, NO_ACTION, IN(ISSUE_CURRENT), STATE_STAYS, BY_ENTITY, WHOSE_DELIVERED, false},
};

static const struct transition sharing_steps[] = {
    {KIND_OF_ROOT, NO_ACTION, 0, ISSUE_CURRENT, BY_AUTHORITY, WHOSE_OWN, true},
    {KIND_OF_ROOT, NO_ACTION, IN(ISSUE_CURRENT), ISSUE_CURRENT, BY_AUTHORITY, WHOSE_OWN, true},
    {KIND_WITHDRAWAL, NO_ACTION, IN(ISSUE_CURRENT), ISSUE_WITHDRAWN, BY_AUTHORITY, WHOSE_OWN, false},
    {KIND_NOTICE_READ, NO_ACTION, IN(ISSUE_CURRENT) | IN(ISSUE_WITHDRAWN), STATE_STAYS, BY_ENTITY, WHOSE_DELIVERED,
     false},
};

static const struct transition plan_steps[] = {
    {KIND_OF_ROOT, NO_ACTION, 0, ISSUE_CURRENT, BY_CITY, WHOSE_OWN, true},
    {KIND_OF_ROOT, NO_ACTION, IN(ISSUE_CURRENT), ISSUE_CURRENT, BY_CITY, WHOSE_OWN, true},
    {KIND_PLAN_PROGRESS, NO_ACTION, IN(ISSUE_CURRENT), STATE_STAYS, BY_CITY, WHOSE_OWN, false},
    {KIND_WITHDRAWAL, NO_ACTION, IN(ISSUE_CURRENT), ISSUE_WITHDRAWN, BY_CITY, WHOSE_OWN, false},
};

/* What was done stays as it was said. */
static const struct transition act_steps[] = {
    {KIND_OF_ROOT, NO_ACTION, 0, ISSUE_CURRENT, BY_CITY, WHOSE_OWN, true},
};

#define LIFE(name_, states_, steps_, uncounted_, closed_)                                                              \
    {                                                                                                                  \
        .name = (name_), .states = &(states_), .steps = (steps_), .step_count = COUNT(steps_),                         \
        .uncounted = (uncounted_), .closed = (closed_)                                                                 \
    }

const struct life filing_life =
    LIFE("filing", enum_filing_state, filing_steps, IN(FILING_WITHDRAWN), IN(FILING_WITHDRAWN));
const struct life warning_life =
    LIFE("warning", enum_warning_state, warning_steps, 0, IN(STATE_RESOLVED) | IN(STATE_CANCELLED));
const struct life rereview_life = LIFE("rereview", enum_rereview_state, rereview_steps, IN(REREVIEW_WITHDRAWN),
                                       IN(REREVIEW_DECIDED) | IN(REREVIEW_WITHDRAWN));
const struct life notice_life =
    LIFE("notice", enum_issue_state, notice_steps, IN(ISSUE_WITHDRAWN), IN(ISSUE_WITHDRAWN));
const struct life sharing_life =
    LIFE("sharing", enum_issue_state, sharing_steps, IN(ISSUE_WITHDRAWN), IN(ISSUE_WITHDRAWN));
const struct life act_life = LIFE("act", enum_issue_state, act_steps, 0, IN(ISSUE_CURRENT));
const struct life plan_life = LIFE("plan", enum_issue_state, plan_steps, IN(ISSUE_WITHDRAWN), IN(ISSUE_WITHDRAWN));

/* A kind and action have one row that begins, and one that goes on, in a life. */
static bool is_of(const struct transition *step, const struct kind *root, const struct kind *kind, int action)
{
    int number = step->kind == KIND_OF_ROOT ? root->number : step->kind;
    return number == kind->number && step->action == action;
}

static const struct transition *find(const struct kind *root, const struct kind *kind, int action, bool begins)
{
    const struct life *life = root->life;
    for (size_t i = 0; life && i < life->step_count; i++) {
        if ((life->steps[i].from == 0) == begins && is_of(&life->steps[i], root, kind, action)) {
            return &life->steps[i];
        }
    }
    return NULL;
}

const struct transition *life_beginning(const struct kind *kind, int action)
{
    return find(kind, kind, action, true);
}

const struct transition *life_step(const struct kind *root, const struct kind *kind, int action)
{
    return find(root, kind, action, false);
}

bool step_fits(const struct transition *step, int state)
{
    return (step->from >> state & 1U) != 0;
}

bool step_permits(const struct transition *step, const struct actor *actor)
{
    if ((step->by >> actor->role & 1U) == 0) {
        return false;
    }
    switch (step->whose) {
    case WHOSE_OWN:
        return actor->is_owner || (actor->role == ROLE_CITY && actor->owner == ROLE_ENTITY);
    case WHOSE_ANY:
        return true;
    case WHOSE_DELIVERED:
        return actor->is_addressed;
    }
    return false;
}

const char *life_state_code(const struct life *life, int state)
{
    return life->states->labels[state].code;
}
