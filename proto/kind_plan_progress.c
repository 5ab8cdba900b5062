#include "proto/kind_rows.h"

/* Progress of a plan 方案进展. */

enum field_index {
    PROGRESS_REFERS_TO = COMMON_FIELDS,
    PROGRESS_AS_OF,
    PROGRESS_ITEMS,
    PROGRESS_GOALS,
    PROGRESS_NOTE,
    PROGRESS_IS_MEASURED,
    PROGRESS_FIELDS
};

_Static_assert((int)PROGRESS_FIELDS <= (int)KIND_FIELDS_MAX, "seen fields are bits of 64");

enum item_field { ITEM_NO, ITEM_STATE, ITEM_PERCENT, ITEM_NOTE };
static const struct field item_fields[] = {
    [ITEM_NO] = ROW("no", FIELD_TEXT, REQUIRED, 1, 40, "Number", "序号", "PLAN"),
    [ITEM_STATE] = ROW_CODE("state", REQUIRED, enum_work_item_state, "State", "状态", "PLAN"),
    [ITEM_PERCENT] = ROW("percent", FIELD_NUMBER, OPTIONAL, 0, 100, "Done in per cent", "完成比例", "PLAN"),
    [ITEM_NOTE] = ROW("note", FIELD_TEXT, OPTIONAL, 1, 1000, "Note", "说明", "PLAN"),
};
static const struct field item_row[] = {
    ROW_INNER("item", FIELD_MAP, REQUIRED, 0, 0, NULL, item_fields, false, "Work item", "任务", "PLAN"),
};
enum goal_field { GOAL_KEY, GOAL_VALUE, GOAL_NOTE };
static const struct field goal_fields[] = {
    [GOAL_KEY] = ROW("key", FIELD_TEXT, REQUIRED, 1, 40, "Key", "键", "PLAN"),
    [GOAL_VALUE] = ROW("value", FIELD_NUMBER, REQUIRED, 0, COUNT_LAST, "Reached", "当前值", "PLAN"),
    [GOAL_NOTE] = ROW("note", FIELD_TEXT, OPTIONAL, 1, 1000, "Note", "说明", "PLAN"),
};
static const struct field goal_row[] = {
    ROW_INNER("goal", FIELD_MAP, REQUIRED, 0, 0, NULL, goal_fields, false, "Goal", "目标", "PLAN"),
};

static const struct field plan_progress_fields[PROGRESS_FIELDS] = {
#include "proto/fields_common.def"
    [PROGRESS_REFERS_TO] = ROW("refers_to", FIELD_ID, REQUIRED, 16, 16, "Plan", "所指方案", "PLAN"),
    [PROGRESS_AS_OF] = ROW("as_of", FIELD_DATE, REQUIRED, DATE_FIRST, DATE_LAST, "As of", "截至日期", "PLAN"),
    [PROGRESS_ITEMS] =
        ROW_INNER("items", FIELD_LIST, OPTIONAL, 1, 200, NULL, item_row, false, "Work items", "任务进展", "PLAN"),
    [PROGRESS_GOALS] =
        ROW_INNER("goals", FIELD_LIST, OPTIONAL, 1, 50, NULL, goal_row, false, "Goals", "目标进展", "PLAN"),
    [PROGRESS_NOTE] = ROW("note", FIELD_TEXT, OPTIONAL, 1, 4000, "Note", "说明", "PLAN"),
    /* Filed by the hub itself, from its own figures. */
    [PROGRESS_IS_MEASURED] = ROW("is_measured", FIELD_FLAG, OPTIONAL, 0, 1, "Measured by the hub", "自动计量", "PLAN"),
};

static const struct rule plan_progress_rules[] = {
    {.op = RULE_NOT_FUTURE, .field = PROGRESS_AS_OF, .reason = "later than today"},
    {.op = RULE_REQUIRED,
     .field = PROGRESS_GOALS,
     .when = {ABSENT(PROGRESS_ITEMS)},
     .reason = "required where there are no items"},
    {.op = RULE_DISTINCT, .field = ITEM_NO, .within = PROGRESS_ITEMS, .reason = "stands twice"},
    {.op = RULE_DISTINCT, .field = GOAL_KEY, .within = PROGRESS_GOALS, .reason = "stands twice"},
};

const struct kind kind_plan_progress = {
    .name = "plan_progress",
    .number = KIND_PLAN_PROGRESS,
    .en = "Progress of a plan",
    .zh = "方案进展",
    .fields = plan_progress_fields,
    .field_count = PROGRESS_FIELDS,
    .rules = plan_progress_rules,
    .rule_count = COUNT(plan_progress_rules),
    .references = {"refers_to"},
    .filers = BY_CITY,
    .up = UP_ALWAYS,
    .priority = 1,
};
