#include "proto/kind_rows.h"

/* Annual report 年度报告. Compiled from the records of the year, completed by a person. */

enum field_index {
    ANNUAL_YEAR = COMMON_FIELDS,
    ANNUAL_BY_PROCEDURE,
    ANNUAL_BY_DECISION,
    ANNUAL_BY_LIST_ITEM,
    ANNUAL_COMMITTEE_CHANGES,
    ANNUAL_TRAININGS_HELD,
    ANNUAL_PEOPLE_TRAINED,
    ANNUAL_INCIDENTS_AND_LESSONS,
    ANNUAL_PROBLEMS_AND_SUGGESTIONS,
    ANNUAL_PLATFORM_SUBMITTED_ON,
    ANNUAL_FIELDS
};

_Static_assert((int)ANNUAL_FIELDS <= (int)KIND_FIELDS_MAX, "seen fields are bits of 64");

static const struct field count_row[] = {
    ROW("count", FIELD_NUMBER, REQUIRED, 0, COUNT_LAST, "Reviews", "审查件数", "M2023 ch. 4"),
};

static const struct field annual_report_fields[ANNUAL_FIELDS] = {
#include "proto/fields_common.def"
    [ANNUAL_YEAR] = ROW("year", FIELD_NUMBER, REQUIRED, YEAR_FIRST, YEAR_LAST, "Year", "年度", "M2023 ch. 4"),
    [ANNUAL_BY_PROCEDURE] = ROW_INNER("by_procedure", FIELD_ENUM_MAP, REQUIRED, 4, 4, &enum_procedure, count_row, false,
                                      "Reviews by procedure", "各审查程序件数", "M2023 ch. 4"),
    [ANNUAL_BY_DECISION] = ROW_INNER("by_decision", FIELD_ENUM_MAP, REQUIRED, 6, 6, &enum_decision, count_row, false,
                                     "Reviews by decision", "各审查决定件数", "M2023 ch. 4"),
    [ANNUAL_BY_LIST_ITEM] =
        ROW_INNER("by_list_item", FIELD_ENUM_MAP, REQUIRED, 5, 5, &enum_rereview_list_item, count_row, false,
                  "Reviews by item of the re-review list", "各清单事项件数", "M2023 ch. 4"),
    [ANNUAL_COMMITTEE_CHANGES] = ROW("committee_changes", FIELD_TEXT, OPTIONAL, 1, 4000, "Changes of the committee",
                                     "委员会变动情况", "M2023 ch. 4"),
    [ANNUAL_TRAININGS_HELD] =
        ROW("trainings_held", FIELD_NUMBER, REQUIRED, 0, 9999, "Trainings held", "开展培训次数", "M2023 ch. 4"),
    [ANNUAL_PEOPLE_TRAINED] =
        ROW("people_trained", FIELD_NUMBER, REQUIRED, 0, COUNT_LAST, "People trained", "培训人数", "M2023 ch. 4"),
    [ANNUAL_INCIDENTS_AND_LESSONS] = ROW("incidents_and_lessons", FIELD_TEXT, OPTIONAL, 1, 8000,
                                         "Incidents and lessons", "事件与教训", "M2023 ch. 4"),
    [ANNUAL_PROBLEMS_AND_SUGGESTIONS] = ROW("problems_and_suggestions", FIELD_TEXT, OPTIONAL, 1, 8000,
                                            "Problems and suggestions", "问题与建议", "M2023 ch. 4"),
    [ANNUAL_PLATFORM_SUBMITTED_ON] = ROW("platform_submitted_on", FIELD_DATE, OPTIONAL, DATE_FIRST, DATE_LAST,
                                         "Submitted to the national platform on", "国家平台提交日期", "M2023 ch. 4"),
};

static const struct rule annual_report_rules[] = {
    {.op = RULE_NOT_FUTURE, .field = ANNUAL_YEAR, .reason = "the year has not begun"},
    {.op = RULE_NOT_FUTURE, .field = ANNUAL_PLATFORM_SUBMITTED_ON, .reason = "later than today"},
};

static const int annual_report_unique[] = {ANNUAL_YEAR, -1};

const struct kind kind_annual_report = {
    .name = "annual_report",
    .number = KIND_ANNUAL_REPORT,
    .en = "Annual report",
    .zh = "年度报告",
    .fields = annual_report_fields,
    .field_count = ANNUAL_FIELDS,
    .rules = annual_report_rules,
    .rule_count = COUNT(annual_report_rules),
    .unique = annual_report_unique,
    .family = &record_family,
    .life = &filing_life,
    .references = {"replaces"},
    .filers = BY_ENTITY,
    .priority = 1,
};
