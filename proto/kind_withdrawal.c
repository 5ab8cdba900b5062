#include "proto/kind_rows.h"

/* Withdrawal 撤回. Takes back what the filer began; `reason` is required with `replaces`. */

enum field_index { WITHDRAWAL_NOTE = COMMON_FIELDS, WITHDRAWAL_FIELDS };

_Static_assert((int)WITHDRAWAL_FIELDS <= (int)KIND_FIELDS_MAX, "seen fields are bits of 64");

static const struct field withdrawal_fields[WITHDRAWAL_FIELDS] = {
#include "proto/fields_common.def"
    [WITHDRAWAL_NOTE] = ROW("note", FIELD_TEXT, OPTIONAL, 1, 1000, "Note", "说明", "PLAN"),
};

static const struct rule withdrawal_rules[] = {
    {.op = RULE_REQUIRED, .field = COMMON_REPLACES, .reason = "required: the record that is withdrawn"},
};

const struct kind kind_withdrawal = {
    .name = "withdrawal",
    .number = KIND_WITHDRAWAL,
    .en = "Withdrawal",
    .zh = "撤回",
    .fields = withdrawal_fields,
    .field_count = WITHDRAWAL_FIELDS,
    .rules = withdrawal_rules,
    .rule_count = COUNT(withdrawal_rules),
    .references = {"replaces"},
    .filers = BY_ENTITY | BY_CITY | BY_PROVINCE,
    .priority = 1,
};
