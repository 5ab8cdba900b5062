#include "proto/kind_rows.h"

/* City plan 行动方案, the pilot's action plan as data. */

enum field_index {
    PLAN_TITLE = COMMON_FIELDS,
    PLAN_YEAR,
    PLAN_UNTIL_YEAR,
    PLAN_LEAD_DEPARTMENT,
    PLAN_LIAISON,
    PLAN_SECTORS,
    PLAN_ENTITY_TYPES,
    PLAN_WORK_BASIS,
    PLAN_GOALS,
    PLAN_DUTIES,
    PLAN_WORK_ITEMS,
    PLAN_EXPECTED_RESULTS,
    PLAN_UNITS,
    PLAN_FIELDS
};

_Static_assert((int)PLAN_FIELDS <= (int)KIND_FIELDS_MAX, "seen fields are bits of 64");

static const struct field liaison_fields[] = {
    ROW_SECRET("name", FIELD_TEXT, REQUIRED, 1, 100, "Name", "姓名", "PLAN"),
    ROW_SECRET("position", FIELD_TEXT, OPTIONAL, 1, 100, "Position", "职务", "PLAN"),
    ROW_SECRET("phone", FIELD_TEXT, REQUIRED, 3, 40, "Phone", "联系电话", "PLAN"),
    ROW_SECRET("email", FIELD_TEXT, OPTIONAL, 3, 254, "E-mail", "电子邮箱", "PLAN"),
};
enum goal_field { GOAL_KEY, GOAL_GOAL, GOAL_INDICATOR, GOAL_MEASURE, GOAL_TARGET, GOAL_UNIT, GOAL_DUE_ON };
static const struct field goal_fields[] = {
    [GOAL_KEY] = ROW("key", FIELD_TEXT, REQUIRED, 1, 40, "Key", "键", "PLAN"),
    [GOAL_GOAL] = ROW("goal", FIELD_TEXT, REQUIRED, 1, 500, "Goal", "目标", "PLAN"),
    [GOAL_INDICATOR] = ROW("indicator", FIELD_TEXT, REQUIRED, 1, 200, "Indicator", "指标", "PLAN"),
    [GOAL_MEASURE] = ROW_CODE("measure", REQUIRED, enum_plan_measure, "Measured by", "计量方式", "PLAN"),
    [GOAL_TARGET] = ROW("target", FIELD_NUMBER, REQUIRED, 0, COUNT_LAST, "Target", "目标值", "PLAN"),
    [GOAL_UNIT] = ROW("unit", FIELD_TEXT, REQUIRED, 1, 20, "Unit", "单位", "PLAN"),
    [GOAL_DUE_ON] = ROW("due_on", FIELD_DATE, REQUIRED, DATE_FIRST, DATE_LAST, "Due on", "完成日期", "PLAN"),
};
static const struct field goal_row[] = {
    ROW_INNER("goal", FIELD_MAP, REQUIRED, 0, 0, NULL, goal_fields, false, "Goal", "目标", "PLAN"),
};
static const struct field duty_row[] = {
    ROW("duty", FIELD_TEXT, REQUIRED, 1, 4000, "Duties", "职责", "PLAN"),
};
enum item_field {
    ITEM_NO,
    ITEM_TITLE,
    ITEM_RESPONSIBLE,
    ITEM_STARTS_ON,
    ITEM_ENDS_ON,
    ITEM_STATE,
    ITEM_MEASURE,
    ITEM_TARGET
};
static const struct field item_fields[] = {
    [ITEM_NO] = ROW("no", FIELD_TEXT, REQUIRED, 1, 40, "Number", "序号", "PLAN"),
    [ITEM_TITLE] = ROW("title", FIELD_TEXT, REQUIRED, 1, 300, "Work item", "任务", "PLAN"),
    [ITEM_RESPONSIBLE] = ROW("responsible", FIELD_TEXT, REQUIRED, 1, 200, "Responsible", "责任单位", "PLAN"),
    [ITEM_STARTS_ON] = ROW("starts_on", FIELD_DATE, REQUIRED, DATE_FIRST, DATE_LAST, "Starts on", "开始日期", "PLAN"),
    [ITEM_ENDS_ON] = ROW("ends_on", FIELD_DATE, REQUIRED, DATE_FIRST, DATE_LAST, "Ends on", "结束日期", "PLAN"),
    [ITEM_STATE] = ROW_CODE("state", REQUIRED, enum_work_item_state, "State", "状态", "PLAN"),
    [ITEM_MEASURE] = ROW_CODE("measure", OPTIONAL, enum_plan_measure, "Measured by", "计量方式", "PLAN"),
    [ITEM_TARGET] = ROW("target", FIELD_NUMBER, OPTIONAL, 1, COUNT_LAST, "Target", "目标值", "PLAN"),
};
static const struct field item_row[] = {
    ROW_INNER("item", FIELD_MAP, REQUIRED, 0, 0, NULL, item_fields, false, "Work item", "任务", "PLAN"),
};
static const struct field result_row[] = {
    ROW("result", FIELD_TEXT, REQUIRED, 1, 500, "Expected result", "预期成果", "PLAN"),
};
enum unit_field { UNIT_USCC, UNIT_NAME, UNIT_ENTITY_TYPE, UNIT_FIELD };
static const struct field unit_fields[] = {
    [UNIT_USCC] =
        ROW("uscc", FIELD_USCC, REQUIRED, 18, 18, "Unified social credit code", "统一社会信用代码", "GB 32100-2015"),
    [UNIT_NAME] = ROW("name", FIELD_TEXT, REQUIRED, 2, 100, "Name", "单位名称", "PLAN"),
    [UNIT_ENTITY_TYPE] = ROW_CODE("entity_type", REQUIRED, enum_entity_type, "Kind of institution", "主体类型", "PLAN"),
    [UNIT_FIELD] = ROW("field", FIELD_TEXT, OPTIONAL, 1, 200, "Field", "领域方向", "PLAN"),
};
static const struct field unit_row[] = {
    ROW_INNER("unit", FIELD_MAP, REQUIRED, 0, 0, NULL, unit_fields, false, "Unit", "单位", "PLAN"),
};

static const struct field city_plan_fields[PLAN_FIELDS] = {
#include "proto/fields_common.def"
    [PLAN_TITLE] = ROW("title", FIELD_TEXT, REQUIRED, 2, 70, "Title", "方案名称", "PLAN"),
    [PLAN_YEAR] = ROW("year", FIELD_NUMBER, REQUIRED, YEAR_FIRST, YEAR_LAST, "Year", "年度", "PLAN"),
    [PLAN_UNTIL_YEAR] =
        ROW("until_year", FIELD_NUMBER, OPTIONAL, YEAR_FIRST, YEAR_LAST, "Until the year", "截止年度", "PLAN"),
    [PLAN_LEAD_DEPARTMENT] =
        ROW("lead_department", FIELD_TEXT, REQUIRED, 2, 200, "Lead department", "牵头部门", "PLAN"),
    [PLAN_LIAISON] =
        ROW_INNER("liaison", FIELD_MAP, REQUIRED, 0, 0, NULL, liaison_fields, true, "Liaison", "联络人", "PLAN"),
    [PLAN_SECTORS] = SECTORS_ROW(REQUIRED),
    [PLAN_ENTITY_TYPES] = ENTITY_TYPES_ROW(REQUIRED),
    [PLAN_WORK_BASIS] = ROW("work_basis", FIELD_TEXT, REQUIRED, 1, 8000, "Work basis", "工作基础", "PLAN"),
    [PLAN_GOALS] = ROW_INNER("goals", FIELD_LIST, REQUIRED, 1, 50, NULL, goal_row, false, "Goals", "工作目标", "PLAN"),
    [PLAN_DUTIES] = ROW_INNER("duties", FIELD_ENUM_MAP, REQUIRED, 3, 3, &enum_tier, duty_row, false, "Duties by tier",
                              "各级职责", "PLAN"),
    [PLAN_WORK_ITEMS] =
        ROW_INNER("work_items", FIELD_LIST, REQUIRED, 1, 200, NULL, item_row, false, "Work items", "工作任务", "PLAN"),
    [PLAN_EXPECTED_RESULTS] = ROW_INNER("expected_results", FIELD_LIST, REQUIRED, 1, 50, NULL, result_row, false,
                                        "Expected results", "预期成果", "PLAN"),
    [PLAN_UNITS] = ROW_INNER("units", FIELD_LIST, OPTIONAL, 0, 500, NULL, unit_row, false, "Representative units",
                             "代表性单位", "PLAN"),
};

static const struct rule city_plan_rules[] = {
    {.op = RULE_NOT_BEFORE, .field = PLAN_UNTIL_YEAR, .other = PLAN_YEAR, .reason = "before year"},
    {.op = RULE_DISTINCT, .field = 0, .within = PLAN_SECTORS, .reason = "stands twice"},
    {.op = RULE_DISTINCT, .field = 0, .within = PLAN_ENTITY_TYPES, .reason = "stands twice"},
    {.op = RULE_DISTINCT, .field = GOAL_KEY, .within = PLAN_GOALS, .reason = "stands twice"},
    {.op = RULE_DISTINCT, .field = ITEM_NO, .within = PLAN_WORK_ITEMS, .reason = "stands twice"},
    {.op = RULE_NOT_BEFORE,
     .field = ITEM_ENDS_ON,
     .within = PLAN_WORK_ITEMS,
     .other = ITEM_STARTS_ON,
     .reason = "before starts_on"},
    {.op = RULE_DISTINCT, .field = UNIT_USCC, .within = PLAN_UNITS, .reason = "stands twice"},
};

static const int city_plan_unique[] = {PLAN_TITLE, PLAN_YEAR, -1};

const struct kind kind_city_plan = {
    .name = "city_plan",
    .number = KIND_CITY_PLAN,
    .en = "City plan",
    .zh = "行动方案",
    .fields = city_plan_fields,
    .field_count = PLAN_FIELDS,
    .rules = city_plan_rules,
    .rule_count = COUNT(city_plan_rules),
    .unique = city_plan_unique,
    .family = &record_family,
    .life = &plan_life,
    .references = {"replaces"},
    .filers = BY_CITY,
    .up = UP_ALWAYS,
    .priority = 1,
};
