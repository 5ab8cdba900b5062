#include "proto/kind_rows.h"

/* Zero report 零报告. "Nothing to report", signed and counted. */

enum field_index { ZERO_PERIOD = COMMON_FIELDS, ZERO_COVERS, ZERO_FIELDS };

_Static_assert((int)ZERO_FIELDS <= (int)KIND_FIELDS_MAX, "seen fields are bits of 64");

static const struct field zero_report_fields[ZERO_FIELDS] = {
#include "proto/fields_common.def"
    [ZERO_PERIOD] = ROW("period", FIELD_TEXT, REQUIRED, 7, 7, "Period (YYYY-MM or YYYY-Qn)",
                        "报告期（YYYY-MM 或 YYYY-Qn）", "PLAN"),
    [ZERO_COVERS] = ROW_CODE("covers", REQUIRED, enum_cover, "Covers", "零报告事项", "PLAN"),
};

static const struct rule zero_report_rules[] = {
    {.op = RULE_IS_PERIOD,
     .field = ZERO_PERIOD,
     .mask = BIT(PERIOD_MONTH) | BIT(PERIOD_QUARTER),
     .reason = "not a month YYYY-MM or a quarter YYYY-Qn"},
    {.op = RULE_NOT_FUTURE, .field = ZERO_PERIOD, .reason = "the period has not begun"},
};

static const int zero_report_unique[] = {ZERO_PERIOD, ZERO_COVERS, -1};

const struct kind kind_zero_report = {
    .name = "zero_report",
    .number = KIND_ZERO_REPORT,
    .en = "Zero report",
    .zh = "零报告",
    .fields = zero_report_fields,
    .field_count = ZERO_FIELDS,
    .rules = zero_report_rules,
    .rule_count = COUNT(zero_report_rules),
    .unique = zero_report_unique,
    .family = &record_family,
    .life = &filing_life,
    .references = {"replaces"},
    .filers = BY_ENTITY,
    .priority = 1,
};
