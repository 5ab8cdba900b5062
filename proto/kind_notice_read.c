#include "proto/kind_rows.h"

#undef SUBMITTER_PRESENCE
#define SUBMITTER_PRESENCE OPTIONAL /* the agent files it */

/* Receipt of reading 通知已读回执. Filed by the agent when a person opens the notice or shared
 * warning. */

enum field_index { READ_REFERS_TO = COMMON_FIELDS, READ_READ_AT, READ_FIELDS };

_Static_assert((int)READ_FIELDS <= (int)KIND_FIELDS_MAX, "seen fields are bits of 64");

static const struct field notice_read_fields[READ_FIELDS] = {
#include "proto/fields_common.def"
    [READ_REFERS_TO] =
        ROW("refers_to", FIELD_ID, REQUIRED, 16, 16, "Notice or shared warning", "所读通知或预警", "PLAN"),
    [READ_READ_AT] = ROW("read_at", FIELD_TIME, REQUIRED, 0, TIME_LAST, "Opened at", "打开时间", "PLAN"),
};

static const struct rule notice_read_rules[] = {
    {.op = RULE_REQUIRED,
     .field = COMMON_ADDRESSEE,
     .reason = "required: the party whose thread the record belongs to"},
    {.op = RULE_NOT_FUTURE, .field = READ_READ_AT, .reason = "later than now"},
};

const struct kind kind_notice_read = {
    .name = "notice_read",
    .number = KIND_NOTICE_READ,
    .en = "Receipt of reading",
    .zh = "通知已读回执",
    .fields = notice_read_fields,
    .field_count = READ_FIELDS,
    .rules = notice_read_rules,
    .rule_count = COUNT(notice_read_rules),
    .references = {"refers_to"},
    .filers = BY_ENTITY,
    .up = UP_TO_PROVINCE,
    .priority = 1,
};
