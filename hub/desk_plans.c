/* The plans' own measures: taken once a local day, filed when a figure has changed. */
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "hub/desk.h"
#include "hub/history.h"
#include "hub/plan.h"
#include "proto/life.h"

enum { PLANS_MAX = 64 };

err_t desk_plan_row(struct desk *desk, const uint8_t root[RECORD_ID_SIZE], const struct history *history)
{
    desk->plans_day = INT64_MIN;
    return history->facts.state == ISSUE_WITHDRAWN ? store_drop_plan(desk->store, root)
                                                   : store_note_plan(desk->store, root);
}

struct due_plans {
    int64_t today;
    struct plan_row rows[PLANS_MAX];
    size_t count;
};

static void note_due(void *self, const struct plan_row *row)
{
    struct due_plans *due = self;
    if (row->day != due->today && due->count < PLANS_MAX) {
        due->rows[due->count] = *row;
        due->rows[due->count++].filed = mem_text(row->filed);
    }
}

static err_t file_progress(struct desk *desk, const struct plan_row *row, json_t *goals, json_t *items, int64_t now)
{
    struct filed filed;
    struct faults faults = {0};
    char root[37];
    char today[11];
    record_id_text(row->root, root);
    date_text(row->day, today);
    json_t *record = json_pack("{s:s, s:s, s:s, s:b, s:{s:s, s:s}}", "kind", "plan_progress", "refers_to", root,
                               "as_of", today, "is_measured", true, "submitter", "name", "AGN", "role", "自动计量");
    if (json_array_size(goals) > 0) {
        json_object_set(record, "goals", goals);
    }
    if (json_array_size(items) > 0) {
        json_object_set(record, "items", items);
    }
    err_t err = city_file(desk->city, desk->store, record, now, &filed, &faults);
    json_decref(record);
    if (err == ERR_INVALID) { /* not before tomorrow again */
        log_error("plan-refused", "plan=%s field=%s reason=\"%s\"", root, faults.count > 0 ? faults.list[0].field : "",
                  faults.count > 0 ? faults.list[0].reason : "");
        return ERR_OK;
    }
    if (err == ERR_OK) {
        log_info("plan-measured", "plan=%s", root);
    }
    return err;
}

static err_t measure(struct desk *desk, const struct plan *plan, struct plan_row *row, int64_t now)
{
    struct measures measures;
    int64_t first = 0;
    int64_t last = 0;
    json_t *goals = NULL;
    json_t *items = NULL;
    plan_days(plan, &first, &last);
    err_t err = store_settle(desk->store); /* what this group has counted is to be seen */
    err = err == ERR_OK ? measures_take(desk->store, first, last, &measures) : err;
    if (err != ERR_OK) {
        return err;
    }
    plan_measure(plan, &measures, &goals, &items);
    json_t *figures = json_pack("{s:o, s:o}", "goals", goals, "items", items);
    char *text = json_dumps(figures, JSON_COMPACT | JSON_SORT_KEYS);
    bool has_any = json_array_size(goals) + json_array_size(items) > 0;
    if (has_any && strcmp(text, row->filed) != 0) {
        err = file_progress(desk, row, goals, items, now);
    }
    struct plan_row fresh = *row;
    fresh.filed = text;
    err = err == ERR_OK ? store_put_plan(desk->store, &fresh) : err;
    free(text);
    json_decref(figures);
    return err;
}

static err_t look_at_plan(struct desk *desk, struct plan_row *row, int64_t today, int64_t now)
{
    struct plan plan;
    err_t err = plan_read(desk->store, desk->city->party.party, row->root, &plan);
    row->day = today;
    if (err == ERR_OK && plan.content && !plan.is_withdrawn) {
        err = measure(desk, &plan, row, now);
    } else if (err == ERR_OK) {
        err = store_drop_plan(desk->store, row->root);
    }
    plan_done(&plan);
    return err;
}

err_t desk_plans(struct desk *desk, int64_t now)
{
    int64_t today = day_of(now, desk->site.settings.utc_offset_minutes);
    if (today == desk->plans_day) {
        return ERR_OK;
    }
    struct due_plans *due = mem_alloc(sizeof *due);
    due->today = today;
    err_t err = store_each_plan(desk->store, note_due, due);
    for (size_t i = 0; i < due->count && err == ERR_OK; i++) {
        err = look_at_plan(desk, &due->rows[i], today, now);
    }
    bool is_all = due->count < PLANS_MAX; /* the others in the next round */
    for (size_t i = 0; i < due->count; i++) {
        free((char *)due->rows[i].filed);
    }
    free(due);
    desk->plans_day = err == ERR_OK && is_all ? today : desk->plans_day;
    return err;
}
