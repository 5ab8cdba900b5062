/* hub/plan.h - a city plan as it stands: its content, what people stated of its progress, what the hub measured.
 *
 * Goals and work items that name a measure other than `manual` (a work item with a target beside it) fill themselves:
 * once a local day at most, and when a figure has changed, the hub files a plan_progress marked is_measured. It goes up
 * like any other, so the province has the numbers. What a person states stands beside it and is not overwritten. */
#ifndef HUB_PLAN_H
#define HUB_PLAN_H

#include <jansson.h>

#include "hub/measures.h"

struct plan {
    json_t *content; /* the city_plan that counts; NULL: there is none */
    /* By key of a goal {value, as_of, note} and by number of a work item {state, percent, as_of, note}: the last each.
     */
    json_t *stated_goals, *stated_items, *measured_goals, *measured_items;
    bool is_withdrawn;
};

/* The thread of the city's party. The caller calls plan_done() whatever is returned. */
MUST_CHECK err_t plan_read(struct store *store, const char *city, const uint8_t root[RECORD_ID_SIZE],
                           struct plan *ret_plan);
void plan_done(struct plan *plan);
/* From the first day of its first year to the last day of its last one. */
void plan_days(const struct plan *plan, int64_t *ret_first, int64_t *ret_last);
/* Goals [{key, value}] and work items [{no, state, percent}] that the hub measures: new references. */
void plan_measure(const struct plan *plan, const struct measures *measures, json_t **ret_goals, json_t **ret_items);

/* ---- the plans that the desk looks after ---- */
struct plan_row {
    uint8_t root[RECORD_ID_SIZE];
    int64_t day;       /* when it was last measured; INT64_MIN: never */
    const char *filed; /* the figures filed last, as JSON; "": none */
};
/* Knows of the plan from now on; one that is known stays as it is. */
MUST_CHECK err_t store_note_plan(struct store *store, const uint8_t root[RECORD_ID_SIZE]);
MUST_CHECK err_t store_put_plan(struct store *store, const struct plan_row *row);
MUST_CHECK err_t store_drop_plan(struct store *store, const uint8_t root[RECORD_ID_SIZE]);
/* In the order of their ids; EACH must not write. */
MUST_CHECK err_t store_each_plan(struct store *store, void (*each)(void *self, const struct plan_row *row), void *self);

#endif
