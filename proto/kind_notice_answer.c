#include "proto/kind_rows.h"

/* Answer to a notice 通知答复. */

enum field_index { ANSWER_REFERS_TO = COMMON_FIELDS, ANSWER_ANSWERS, ANSWER_NOTE, ANSWER_FIELDS };

_Static_assert((int)ANSWER_FIELDS <= (int)KIND_FIELDS_MAX, "seen fields are bits of 64");

enum answer_field { GIVEN_KEY, GIVEN_VALUE };
static const struct field answer_fields[] = {
    [GIVEN_KEY] = ROW("key", FIELD_TEXT, REQUIRED, 1, 40, "Key", "键", "PLAN"),
    [GIVEN_VALUE] = ROW("value", FIELD_TEXT, REQUIRED, 1, 4000, "Answer", "答复", "PLAN"),
};
static const struct field answer_row[] = {
    ROW_INNER("answer", FIELD_MAP, REQUIRED, 0, 0, NULL, answer_fields, false, "Answer", "答复", "PLAN"),
};

static const struct field notice_answer_fields[ANSWER_FIELDS] = {
#include "proto/fields_common.def"
    [ANSWER_REFERS_TO] = ROW("refers_to", FIELD_ID, REQUIRED, 16, 16, "Notice", "所答通知", "PLAN"),
    [ANSWER_ANSWERS] =
        ROW_INNER("answers", FIELD_LIST, OPTIONAL, 1, 50, NULL, answer_row, false, "Answers", "答复内容", "PLAN"),
    [ANSWER_NOTE] = ROW("note", FIELD_TEXT, OPTIONAL, 1, 4000, "Note", "说明", "PLAN"),
};

static const struct rule notice_answer_rules[] = {
    {.op = RULE_REQUIRED,
     .field = COMMON_ADDRESSEE,
     .reason = "required: the party whose thread the record belongs to"},
    {.op = RULE_REQUIRED,
     .field = ANSWER_NOTE,
     .when = {ABSENT(ANSWER_ANSWERS)},
     .reason = "required where there are no answers"},
    {.op = RULE_DISTINCT, .field = GIVEN_KEY, .within = ANSWER_ANSWERS, .reason = "stands twice"},
};

const struct kind kind_notice_answer = {
    .name = "notice_answer",
    .number = KIND_NOTICE_ANSWER,
    .en = "Answer to a notice",
    .zh = "通知答复",
    .fields = notice_answer_fields,
    .field_count = ANSWER_FIELDS,
    .rules = notice_answer_rules,
    .rule_count = COUNT(notice_answer_rules),
    .references = {"refers_to"},
    .filers = BY_ENTITY,
    .up = UP_TO_PROVINCE,
    .priority = 1,
};
