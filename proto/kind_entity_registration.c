#include "proto/kind_rows.h"

/* Registration of an institution 主体信息. One an institution; a change is a new record that
 * replaces the last. */

enum field_index {
    ENTITY_USCC = COMMON_FIELDS,
    ENTITY_NAME,
    ENTITY_ENTITY_TYPE,
    ENTITY_SECTORS,
    ENTITY_DISTRICT,
    ENTITY_ADDRESS,
    ENTITY_LEGAL_REPRESENTATIVE,
    ENTITY_CONTACT,
    ENTITY_AI_ACTIVITIES,
    ENTITY_STAFF_COUNT,
    ENTITY_HAS_COMMITTEE,
    ENTITY_DELEGATE_USCC,
    ENTITY_FIELDS
};

_Static_assert((int)ENTITY_FIELDS <= (int)KIND_FIELDS_MAX, "seen fields are bits of 64");

static const struct field contact_fields[] = {
    ROW_SECRET("name", FIELD_TEXT, REQUIRED, 1, 100, "Name", "姓名", "PLAN"),
    ROW_SECRET("position", FIELD_TEXT, REQUIRED, 1, 100, "Position", "职务", "PLAN"),
    ROW_SECRET("mobile", FIELD_TEXT, REQUIRED, 3, 40, "Mobile phone", "手机", "PLAN"),
    ROW_SECRET("landline", FIELD_TEXT, OPTIONAL, 3, 40, "Landline", "固定电话", "PLAN"),
    ROW_SECRET("email", FIELD_TEXT, REQUIRED, 3, 254, "E-mail", "电子邮箱", "PLAN"),
};

static const struct field entity_registration_fields[ENTITY_FIELDS] = {
#include "proto/fields_common.def"
    [ENTITY_USCC] =
        ROW("uscc", FIELD_USCC, REQUIRED, 18, 18, "Unified social credit code", "统一社会信用代码", "GB 32100-2015"),
    [ENTITY_NAME] = ROW("name", FIELD_TEXT, REQUIRED, 2, 100, "Name", "单位名称", "PLAN"),
    [ENTITY_ENTITY_TYPE] =
        ROW_CODE("entity_type", REQUIRED, enum_entity_type, "Kind of institution", "主体类型", "PLAN"),
    [ENTITY_SECTORS] = SECTORS_ROW(REQUIRED),
    [ENTITY_DISTRICT] = ROW("district", FIELD_DISTRICT, REQUIRED, 6, 6, "District", "行政区划", "GB/T 2260"),
    [ENTITY_ADDRESS] = ROW("address", FIELD_TEXT, OPTIONAL, 1, 200, "Address", "地址", "PLAN"),
    [ENTITY_LEGAL_REPRESENTATIVE] =
        ROW_SECRET("legal_representative", FIELD_TEXT, OPTIONAL, 1, 100, "Legal representative", "法定代表人", "PLAN"),
    [ENTITY_CONTACT] =
        ROW_INNER("contact", FIELD_MAP, REQUIRED, 0, 0, NULL, contact_fields, true, "Contact", "联系人", "PLAN"),
    [ENTITY_AI_ACTIVITIES] =
        ROW("ai_activities", FIELD_TEXT, OPTIONAL, 1, 2000, "AI activities", "人工智能活动概况", "PLAN"),
    [ENTITY_STAFF_COUNT] = ROW("staff_count", FIELD_NUMBER, OPTIONAL, 0, COUNT_LAST, "Staff", "从业人数", "PLAN"),
    [ENTITY_HAS_COMMITTEE] = ROW("has_committee", FIELD_FLAG, REQUIRED, 0, 1, "Has an ethics committee",
                                 "设有科技伦理（审查）委员会", "M2023 ch. 2"),
    [ENTITY_DELEGATE_USCC] =
        ROW("delegate_uscc", FIELD_USCC, OPTIONAL, 18, 18, "Delegated to", "受托审查单位", "M2023 art. 13"),
};

static const struct rule entity_registration_rules[] = {
    {.op = RULE_IS_PARTY,
     .field = ENTITY_USCC,
     .reason = "PROTOCOL section 7: the code is not that of the institution whose key signed"},
    {.op = RULE_DISTINCT, .field = 0, .within = ENTITY_SECTORS, .reason = "stands twice"},
    {.op = RULE_REQUIRED,
     .field = ENTITY_DELEGATE_USCC,
     .is_advice = true,
     .when = {IS(ENTITY_HAS_COMMITTEE, IS_FALSE)},
     .reason = "M2023 art. 13: without a committee, a listed activity is reviewed by another by written delegation"},
};

/* No field: one an institution. */
static const int entity_registration_unique[] = {-1};

const struct kind kind_entity_registration = {
    .name = "entity_registration",
    .number = KIND_ENTITY_REGISTRATION,
    .en = "Institution",
    .zh = "主体信息",
    .fields = entity_registration_fields,
    .field_count = ENTITY_FIELDS,
    .rules = entity_registration_rules,
    .rule_count = COUNT(entity_registration_rules),
    .unique = entity_registration_unique,
    .family = &record_family,
    .life = &filing_life,
    .references = {"replaces"},
    .filers = BY_ENTITY,
    .priority = 1,
};
