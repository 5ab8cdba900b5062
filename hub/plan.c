#include "hub/plan.h"

#include <string.h>

#include "proto/life.h"

/* A later word on the same goal or work item takes the place of the earlier one. */
static void note_rows(json_t *kept, const json_t *rows, const char *name, const json_t *as_of)
{
    size_t index = 0;
    json_t *row = NULL;
    json_array_foreach(rows, index, row)
    {
        json_t *copy = json_deep_copy(row);
        json_object_set(copy, "as_of", (json_t *)as_of);
        json_object_set_new(kept, json_string_value(json_object_get(row, name)), copy);
    }
}

static void note_record(void *self, const struct record_row *row)
{
    struct plan *plan = self;
    json_t *record = record_to_json(row->bytes);
    plan->is_withdrawn = strcmp(row->state, life_state_code(&plan_life, ISSUE_WITHDRAWN)) == 0;
    if (row->kind->number == KIND_CITY_PLAN) {
        json_decref(plan->content);
        plan->content = json_incref(record);
    } else if (row->kind->number == KIND_PLAN_PROGRESS) {
        bool is_measured = json_is_true(json_object_get(record, "is_measured"));
        const json_t *as_of = json_object_get(record, "as_of");
        note_rows(is_measured ? plan->measured_goals : plan->stated_goals, json_object_get(record, "goals"), "key",
                  as_of);
        note_rows(is_measured ? plan->measured_items : plan->stated_items, json_object_get(record, "items"), "no",
                  as_of);
    }
    json_decref(record);
}

err_t plan_read(struct store *store, const char *city, const uint8_t root[RECORD_ID_SIZE], struct plan *ret_plan)
{
    *ret_plan = (struct plan){.stated_goals = json_object(),
                              .stated_items = json_object(),
                              .measured_goals = json_object(),
                              .measured_items = json_object()};
    return store_each_in_thread(store, city, root, note_record, ret_plan);
}

void plan_done(struct plan *plan)
{
    json_decref(plan->content);
    json_decref(plan->stated_goals);
    json_decref(plan->stated_items);
    json_decref(plan->measured_goals);
    json_decref(plan->measured_items);
    *plan = (struct plan){0};
}

void plan_days(const struct plan *plan, int64_t *ret_first, int64_t *ret_last)
{
    const json_t *until = json_object_get(plan->content, "until_year");
    int first = (int)json_integer_value(json_object_get(plan->content, "year"));
    int last = until ? (int)json_integer_value(until) : first;
    *ret_first = period_first_day((struct period){PERIOD_YEAR, first, 1});
    *ret_last = period_first_day((struct period){PERIOD_YEAR, last + 1, 1}) - 1;
}

/* What a person said last of the work item's state; the plan's word where nobody did. */
static json_t *state_of(const struct plan *plan, const json_t *item)
{
    const char *no = json_string_value(json_object_get(item, "no"));
    json_t *stated = json_object_get(json_object_get(plan->stated_items, no), "state");
    return stated ? stated : json_object_get(item, "state");
}

static enum plan_measure measure_in(const json_t *row)
{
    return measure_of(json_string_value(json_object_get(row, "measure")));
}

void plan_measure(const struct plan *plan, const struct measures *measures, json_t **ret_goals, json_t **ret_items)
{
    size_t index = 0;
    json_t *row = NULL;
    *ret_goals = json_array();
    *ret_items = json_array();
    json_array_foreach(json_object_get(plan->content, "goals"), index, row)
    {
        enum plan_measure measure = measure_in(row);
        if (measures->has[measure]) {
            json_array_append_new(*ret_goals, json_pack("{s:O, s:I}", "key", json_object_get(row, "key"), "value",
                                                        (json_int_t)measures->values[measure]));
        }
    }
    json_array_foreach(json_object_get(plan->content, "work_items"), index, row)
    {
        enum plan_measure measure = measure_in(row);
        int64_t target = json_integer_value(json_object_get(row, "target"));
        if (measures->has[measure] && target > 0) {
            int64_t value = measures->values[measure];
            json_array_append_new(*ret_items, json_pack("{s:O, s:O, s:I}", "no", json_object_get(row, "no"), "state",
                                                        state_of(plan, row), "percent",
                                                        (json_int_t)(value >= target ? 100 : value * 100 / target)));
        }
    }
}
