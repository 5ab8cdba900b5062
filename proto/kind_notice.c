#include "proto/kind_rows.h"

/* Notice 通知. */

enum field_index {
    NOTICE_TITLE = COMMON_FIELDS,
    NOTICE_BODY,
    NOTICE_CATEGORY,
    NOTICE_AUDIENCE,
    NOTICE_MUST_ANSWER,
    NOTICE_ANSWER_FORM,
    NOTICE_DUE_AT,
    NOTICE_ATTACHMENTS,
    NOTICE_SUPERSEDES,
    NOTICE_FIELDS
};

_Static_assert((int)NOTICE_FIELDS <= (int)KIND_FIELDS_MAX, "seen fields are bits of 64");

static const struct field choice_row[] = {
    ROW("choice", FIELD_TEXT, REQUIRED, 1, 100, "Choice", "选项", "PLAN"),
};
enum question_field { QUESTION_KEY, QUESTION_LABEL, QUESTION_TYPE, QUESTION_REQUIRED, QUESTION_CHOICES };
static const struct field question_fields[] = {
    [QUESTION_KEY] = ROW("key", FIELD_TEXT, REQUIRED, 1, 40, "Key", "键", "PLAN"),
    [QUESTION_LABEL] = ROW("label", FIELD_TEXT, REQUIRED, 1, 200, "Question", "问题", "PLAN"),
    [QUESTION_TYPE] = ROW_CODE("type", REQUIRED, enum_answer_type, "Type of the answer", "答复类型", "PLAN"),
    [QUESTION_REQUIRED] = ROW("required", FIELD_FLAG, OPTIONAL, 0, 1, "Required", "必答", "PLAN"),
    [QUESTION_CHOICES] =
        ROW_INNER("choices", FIELD_LIST, OPTIONAL, 1, 50, NULL, choice_row, false, "Choices", "选项", "PLAN"),
};
static const struct field question_row[] = {
    ROW_INNER("question", FIELD_MAP, REQUIRED, 0, 0, NULL, question_fields, false, "Question", "问题", "PLAN"),
};

static const struct field notice_fields[NOTICE_FIELDS] = {
#include "proto/fields_common.def"
    [NOTICE_TITLE] = ROW("title", FIELD_TEXT, REQUIRED, 2, 200, "Title", "标题", "PLAN"),
    [NOTICE_BODY] = ROW("body", FIELD_TEXT, REQUIRED, 1, 20000, "Text", "正文", "PLAN"),
    [NOTICE_CATEGORY] = ROW_CODE("category", REQUIRED, enum_notice_category, "Category", "类别", "PLAN"),
    [NOTICE_AUDIENCE] = AUDIENCE_ROW,
    [NOTICE_MUST_ANSWER] = ROW("must_answer", FIELD_FLAG, REQUIRED, 0, 1, "Must be answered", "须答复", "PLAN"),
    [NOTICE_ANSWER_FORM] = ROW_INNER("answer_form", FIELD_LIST, OPTIONAL, 0, 50, NULL, question_row, false,
                                     "Form of the answer", "答复表", "PLAN"),
    [NOTICE_DUE_AT] = ROW("due_at", FIELD_TIME, OPTIONAL, 0, TIME_LAST, "Answer by", "答复期限", "PLAN"),
    [NOTICE_ATTACHMENTS] = ATTACHMENTS_ROW,
    [NOTICE_SUPERSEDES] = ROW("supersedes", FIELD_ID, OPTIONAL, 16, 16, "Supersedes", "替代的通知", "PLAN"),
};

static const struct rule notice_rules[] = {
    {.op = RULE_REQUIRED,
     .field = NOTICE_DUE_AT,
     .when = {IS(NOTICE_MUST_ANSWER, IS_TRUE)},
     .reason = "required of what must be answered"},
    {.op = RULE_NOT_WANTED,
     .field = NOTICE_DUE_AT,
     .when = {IS(NOTICE_MUST_ANSWER, IS_FALSE)},
     .reason = "only for what must be answered"},
    {.op = RULE_AFTER, .field = NOTICE_DUE_AT, .other = COMMON_CREATED_AT, .reason = "not after created_at"},
    {.op = RULE_DISTINCT, .field = QUESTION_KEY, .within = NOTICE_ANSWER_FORM, .reason = "stands twice"},
    {.op = RULE_REQUIRED,
     .field = QUESTION_CHOICES,
     .within = NOTICE_ANSWER_FORM,
     .when = {IS(QUESTION_TYPE, BIT(ANSWER_ENUM))},
     .reason = "required of the type enum"},
    {.op = RULE_NOT_WANTED,
     .field = QUESTION_CHOICES,
     .within = NOTICE_ANSWER_FORM,
     .when = {IS(QUESTION_TYPE, BUT(ANSWER_ENUM))},
     .reason = "only for the type enum"},
};

const struct kind kind_notice = {
    .name = "notice",
    .number = KIND_NOTICE,
    .en = "Notice",
    .zh = "通知",
    .fields = notice_fields,
    .field_count = NOTICE_FIELDS,
    .rules = notice_rules,
    .rule_count = COUNT(notice_rules),
    .family = &record_family,
    .life = &notice_life,
    .references = {"supersedes", "replaces"},
    .filers = BY_CITY | BY_PROVINCE,
    .priority = 1,
};
