#include "proto/kind_rows.h"

/* Acceptance 接收. */

enum field_index { ACCEPTANCE_REFERS_TO = COMMON_FIELDS, ACCEPTANCE_NOTE, ACCEPTANCE_FIELDS };

_Static_assert((int)ACCEPTANCE_FIELDS <= (int)KIND_FIELDS_MAX, "seen fields are bits of 64");

static const struct field acceptance_fields[ACCEPTANCE_FIELDS] = {
#include "proto/fields_common.def"
    [ACCEPTANCE_REFERS_TO] = ROW("refers_to", FIELD_ID, REQUIRED, 16, 16, "Refers to", "所指记录", "PROTOCOL §7"),
    [ACCEPTANCE_NOTE] = ROW("note", FIELD_TEXT, OPTIONAL, 1, 1000, "Note", "说明", "PLAN"),
};

static const struct rule acceptance_rules[] = {
    {.op = RULE_REQUIRED,
     .field = COMMON_ADDRESSEE,
     .reason = "required: the party whose thread the record belongs to"},
};

const struct kind kind_acceptance = {
    .name = "acceptance",
    .number = KIND_ACCEPTANCE,
    .en = "Acceptance",
    .zh = "接收",
    .fields = acceptance_fields,
    .field_count = ACCEPTANCE_FIELDS,
    .rules = acceptance_rules,
    .rule_count = COUNT(acceptance_rules),
    .references = {"refers_to"},
    .filers = BY_CITY,
    .priority = 1,
};
