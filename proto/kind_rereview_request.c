#include "proto/kind_rows.h"

#undef SUBMITTER_PRESENCE
#define SUBMITTER_PRESENCE OPTIONAL /* the hub opens a case by itself */

/* Request for expert re-review 专家复核申请. By the institution, or opened by the city: then
 * `addressee` is the institution. */

enum field_index {
    REREVIEW_REPORT_ID = COMMON_FIELDS,
    REREVIEW_REREVIEW_LIST_ITEM,
    REREVIEW_MATERIALS,
    REREVIEW_ATTACHMENTS,
    REREVIEW_RECEIVED_ON,
    REREVIEW_IS_EMERGENCY,
    REREVIEW_FIELDS
};

_Static_assert((int)REREVIEW_FIELDS <= (int)KIND_FIELDS_MAX, "seen fields are bits of 64");

static const struct field rereview_request_fields[REREVIEW_FIELDS] = {
#include "proto/fields_common.def"
    [REREVIEW_REPORT_ID] =
        ROW("report_id", FIELD_ID, REQUIRED, 16, 16, "Review report", "所涉审查报送", "M2023 ch. 3 s. 4"),
    [REREVIEW_REREVIEW_LIST_ITEM] = ROW_CODE("rereview_list_item", REQUIRED, enum_rereview_list_item,
                                             "Item of the re-review list", "专家复核清单事项", "M2023 annex"),
    [REREVIEW_MATERIALS] =
        ROW("materials", FIELD_TEXT, REQUIRED, 1, 4000, "Materials", "申请材料说明", "M2023 ch. 3 s. 4"),
    [REREVIEW_ATTACHMENTS] = ATTACHMENTS_ROW,
    [REREVIEW_RECEIVED_ON] = ROW("received_on", FIELD_DATE, OPTIONAL, DATE_FIRST, DATE_LAST, "Materials received on",
                                 "材料收到日期", "M2023 ch. 3 s. 4"),
    [REREVIEW_IS_EMERGENCY] = ROW("is_emergency", FIELD_FLAG, OPTIONAL, 0, 1, "Emergency", "应急", "M2023 ch. 3 s. 5"),
};

static const struct rule rereview_request_rules[] = {
    {.op = RULE_ONE_OF,
     .field = REREVIEW_REREVIEW_LIST_ITEM,
     .mask = BUT(ITEM_NONE),
     .reason = "M2023 ch. 3 s. 4: only an activity of the list is re-reviewed"},
    {.op = RULE_NOT_FUTURE, .field = REREVIEW_RECEIVED_ON, .reason = "later than today"},
    {.op = RULE_REQUIRED,
     .field = COMMON_SUBMITTER,
     .when = {ABSENT(COMMON_ADDRESSEE)},
     .reason = "required of what an institution files"},
};

const struct kind kind_rereview_request = {
    .name = "rereview_request",
    .number = KIND_REREVIEW_REQUEST,
    .en = "Request for expert re-review",
    .zh = "专家复核申请",
    .fields = rereview_request_fields,
    .field_count = REREVIEW_FIELDS,
    .rules = rereview_request_rules,
    .rule_count = COUNT(rereview_request_rules),
    .family = &rereview_family,
    .life = &rereview_life,
    .references = {"replaces"},
    .link = "report_id",
    .filers = BY_ENTITY | BY_CITY,
    .up = UP_ALWAYS,
    .priority = 1,
};
