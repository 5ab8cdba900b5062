#include "proto/kind_rows.h"

#undef SUBMITTER_PRESENCE
#define SUBMITTER_PRESENCE OPTIONAL /* `operator` says who; some acts are the hub's own */

/* Administrative act 管理行为: what an operator, or the hub by its configuration, did to the hub itself. It stays in
 * the city: it answers nothing, is delivered to nobody and stands in no figure. */

enum field_index {
    ADMINISTRATIVE_ACT = COMMON_FIELDS,
    ADMINISTRATIVE_SUBJECT,
    ADMINISTRATIVE_DETAIL,
    ADMINISTRATIVE_OPERATOR,
    ADMINISTRATIVE_UNIX_USER,
    ADMINISTRATIVE_ROLE,
    ADMINISTRATIVE_FIELDS
};

_Static_assert((int)ADMINISTRATIVE_FIELDS <= (int)KIND_FIELDS_MAX, "seen fields are bits of 64");

static const struct field administrative_act_fields[ADMINISTRATIVE_FIELDS] = {
#include "proto/fields_common.def"
    [ADMINISTRATIVE_ACT] = ROW_CODE("act", REQUIRED, enum_act, "Act", "行为", "GB/T 22239"),
    [ADMINISTRATIVE_SUBJECT] = ROW("subject", FIELD_TEXT, REQUIRED, 1, 200, "Subject", "对象", "GB/T 22239"),
    [ADMINISTRATIVE_DETAIL] = ROW("detail", FIELD_TEXT, OPTIONAL, 1, 2000, "Detail", "详情", "GB/T 22239"),
    [ADMINISTRATIVE_OPERATOR] =
        ROW_SECRET("operator", FIELD_TEXT, REQUIRED, 1, 100, "Operator", "操作人", "GB/T 22239"),
    [ADMINISTRATIVE_UNIX_USER] =
        ROW_SECRET("unix_user", FIELD_TEXT, OPTIONAL, 1, 64, "User of the machine", "系统用户", "GB/T 22239"),
    [ADMINISTRATIVE_ROLE] = ROW_CODE("role", OPTIONAL, enum_operator_role, "In the role of", "操作角色", "GB/T 22239"),
};

const struct kind kind_administrative_act = {
    .name = "administrative_act",
    .number = KIND_ADMINISTRATIVE_ACT,
    .en = "Administrative act",
    .zh = "管理行为",
    .fields = administrative_act_fields,
    .field_count = ADMINISTRATIVE_FIELDS,
    .life = &act_life,
    .filers = BY_CITY,
    .priority = 1,
};
