#include "proto/kind_rows.h"

/* Opinion of the expert re-review 专家复核意见. */

enum field_index {
    DECIDED_REQUEST_ID = COMMON_FIELDS,
    DECIDED_EXPERTS,
    DECIDED_OPINION,
    DECIDED_GROUNDS,
    DECIDED_CONDITIONS,
    DECIDED_DECIDED_ON,
    DECIDED_FIELDS
};

_Static_assert((int)DECIDED_FIELDS <= (int)KIND_FIELDS_MAX, "seen fields are bits of 64");

static const struct field expert_fields[] = {
    ROW_SECRET("name", FIELD_TEXT, REQUIRED, 1, 100, "Name", "姓名", "M2023 ch. 3 s. 4"),
    ROW_CODE("profession", REQUIRED, enum_profession, "Profession", "专业背景", "M2023 ch. 3 s. 4"),
    ROW_SECRET("organisation", FIELD_TEXT, REQUIRED, 1, 200, "Organisation", "单位", "M2023 ch. 3 s. 4"),
};
static const struct field expert_row[] = {
    ROW_INNER("expert", FIELD_MAP, REQUIRED, 0, 0, NULL, expert_fields, true, "Expert", "复核专家", "M2023 ch. 3 s. 4"),
};

static const struct field rereview_decision_fields[DECIDED_FIELDS] = {
#include "proto/fields_common.def"
    [DECIDED_REQUEST_ID] = ROW("request_id", FIELD_ID, REQUIRED, 16, 16, "Request", "所涉复核申请", "M2023 ch. 3 s. 4"),
    [DECIDED_EXPERTS] = ROW_INNER("experts", FIELD_LIST, REQUIRED, 5, 99, NULL, expert_row, true, "Experts", "复核专家",
                                  "M2023 ch. 3 s. 4"),
    [DECIDED_OPINION] = ROW_CODE("opinion", REQUIRED, enum_opinion, "Opinion", "复核意见", "M2023 ch. 3 s. 4"),
    [DECIDED_GROUNDS] = ROW("grounds", FIELD_TEXT, REQUIRED, 1, 4000, "Grounds", "意见理由", "M2023 ch. 3 s. 4"),
    [DECIDED_CONDITIONS] =
        ROW("conditions", FIELD_TEXT, OPTIONAL, 1, 2000, "Conditions", "修改意见/条件", "M2023 ch. 3 s. 4"),
    [DECIDED_DECIDED_ON] =
        ROW("decided_on", FIELD_DATE, REQUIRED, DATE_FIRST, DATE_LAST, "Decided on", "意见日期", "M2023 ch. 3 s. 4"),
};

static const struct rule rereview_decision_rules[] = {
    {.op = RULE_REQUIRED,
     .field = COMMON_ADDRESSEE,
     .reason = "required: the party whose thread the record belongs to"},
    {.op = RULE_NOT_FUTURE, .field = DECIDED_DECIDED_ON, .reason = "later than today"},
};

const struct kind kind_rereview_decision = {
    .name = "rereview_decision",
    .number = KIND_REREVIEW_DECISION,
    .en = "Opinion of the expert re-review",
    .zh = "专家复核意见",
    .fields = rereview_decision_fields,
    .field_count = DECIDED_FIELDS,
    .rules = rereview_decision_rules,
    .rule_count = COUNT(rereview_decision_rules),
    .references = {"request_id"},
    .filers = BY_CITY | BY_PROVINCE,
    .up = UP_ALWAYS,
    .priority = 1,
};
