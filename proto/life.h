/* proto/life.h - the states of a thread and the steps between them, as rows.
 *
 * A thread is a record and all that refers to it. Its state changes by records alone: each step is filed by a named
 * party, and what no row allows is refused. docs/records.md has them as tables. */
#ifndef PROTO_LIFE_H
#define PROTO_LIFE_H

#include "proto/schema.h"

enum { KIND_OF_ROOT = 0, NO_ACTION = -1, STATE_STAYS = -1 };

/* In whose threads a party may take a step. */
enum whose {
    WHOSE_OWN,      /* its own; the city also in those of its institutions */
    WHOSE_ANY,      /* every one: an authority answers */
    WHOSE_DELIVERED /* those that were delivered to it */
};

struct transition {
    int kind;      /* enum kind_number, or KIND_OF_ROOT */
    int action;    /* value of the field `action`; NO_ACTION where the kind has none */
    unsigned from; /* bits of states; 0: the step begins a thread */
    int to;        /* or STATE_STAYS */
    unsigned by;   /* BY_ bits */
    enum whose whose;
    bool is_content; /* from now on the thread is counted and shown as this record says */
};

struct life {
    const char *name;
    const struct enumeration *states;
    const struct transition *steps;
    size_t step_count;
    unsigned uncounted; /* bits of the states in which the thread stands in no cell */
    unsigned closed;    /* bits of the states that nothing leaves: its clocks stop */
};

/* How a record of KIND with ACTION begins a thread of its own, or NULL: it has to refer to one. */
const struct transition *life_beginning(const struct kind *kind, int action);

/* The step of a record of KIND with ACTION in a thread that ROOT began, or NULL: it has no place there. Whether now is
 * the moment is step_fits(), whether this party may is step_permits(). */
const struct transition *life_step(const struct kind *root, const struct kind *kind, int action);

bool step_fits(const struct transition *step, int state);

struct actor {
    enum role role;
    enum role owner; /* the role of the thread's owner */
    bool is_owner;
    bool is_addressed; /* the thread was delivered to it */
};
bool step_permits(const struct transition *step, const struct actor *actor);

/* The state's code for the wire and its label's table. */
const char *life_state_code(const struct life *life, int state);

extern const struct life filing_life, warning_life, rereview_life, notice_life, sharing_life, plan_life, act_life;

enum filing_state { FILING_FILED, FILING_RETURNED, FILING_ACCEPTED, FILING_WITHDRAWN };
enum rereview_state { REREVIEW_REQUESTED, REREVIEW_DECIDED, REREVIEW_WITHDRAWN };
enum issue_state { ISSUE_CURRENT, ISSUE_WITHDRAWN }; /* notices, shared warnings, plans */

#endif
