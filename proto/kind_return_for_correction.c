#include "proto/kind_rows.h"

/* Return for correction 退回补正. All faults at one time, after M2023's rule that what is missing
 * is told once and completely. */

enum field_index { RETURN_REFERS_TO = COMMON_FIELDS, RETURN_FAULTS, RETURN_DUE_ON, RETURN_FIELDS };

_Static_assert((int)RETURN_FIELDS <= (int)KIND_FIELDS_MAX, "seen fields are bits of 64");

static const struct field fault_fields[] = {
    ROW("field", FIELD_TEXT, REQUIRED, 1, 100, "Field", "字段", "M2023 art. 10"),
    ROW("reason", FIELD_TEXT, REQUIRED, 1, 500, "Reason", "理由", "M2023 art. 10"),
};
static const struct field fault_row[] = {
    ROW_INNER("fault", FIELD_MAP, REQUIRED, 0, 0, NULL, fault_fields, false, "Fault", "补正事项", "M2023 art. 10"),
};

static const struct field return_for_correction_fields[RETURN_FIELDS] = {
#include "proto/fields_common.def"
    [RETURN_REFERS_TO] = ROW("refers_to", FIELD_ID, REQUIRED, 16, 16, "Refers to", "所指记录", "PROTOCOL §7"),
    [RETURN_FAULTS] = ROW_INNER("faults", FIELD_LIST, REQUIRED, 1, 50, NULL, fault_row, false,
                                "What is to be corrected", "补正事项", "M2023 art. 10"),
    [RETURN_DUE_ON] =
        ROW("due_on", FIELD_DATE, OPTIONAL, DATE_FIRST, DATE_LAST, "To be corrected by", "补正期限", "M2023 art. 10"),
};

static const struct rule return_for_correction_rules[] = {
    {.op = RULE_REQUIRED,
     .field = COMMON_ADDRESSEE,
     .reason = "required: the party whose thread the record belongs to"},
};

const struct kind kind_return_for_correction = {
    .name = "return_for_correction",
    .number = KIND_RETURN_FOR_CORRECTION,
    .en = "Return for correction",
    .zh = "退回补正",
    .fields = return_for_correction_fields,
    .field_count = RETURN_FIELDS,
    .rules = return_for_correction_rules,
    .rule_count = COUNT(return_for_correction_rules),
    .references = {"refers_to"},
    .filers = BY_CITY,
    .priority = 1,
};
