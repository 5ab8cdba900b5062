#include "proto/kind_rows.h"

#undef SUBMITTER_PRESENCE
#define SUBMITTER_PRESENCE OPTIONAL /* a rule of the hub may share */

/* Shared warning 预警共享. Derived from a warning by the rights function. */

enum field_index {
    SHARED_SOURCE_ID = COMMON_FIELDS,
    SHARED_SOURCE_PARTY,
    SHARED_HEADLINE,
    SHARED_DESCRIPTION,
    SHARED_LEVEL,
    SHARED_STATUS,
    SHARED_SECTOR,
    SHARED_RISK_DOMAIN,
    SHARED_RISK_SUBDOMAIN,
    SHARED_HARM_KIND,
    SHARED_SYSTEM_NAME,
    SHARED_MODEL_NAME,
    SHARED_MODEL_VENDOR,
    SHARED_MODEL_VERSION,
    SHARED_MEASURES_ADVISED,
    SHARED_DISCOVERED_AT,
    SHARED_AUDIENCE,
    SHARED_FIELDS
};

_Static_assert((int)SHARED_FIELDS <= (int)KIND_FIELDS_MAX, "seen fields are bits of 64");

static const struct field shared_warning_fields[SHARED_FIELDS] = {
#include "proto/fields_common.def"
    [SHARED_SOURCE_ID] = ROW("source_id", FIELD_ID, REQUIRED, 16, 16, "Derived from", "来源预警", "PLAN"),
    [SHARED_SOURCE_PARTY] = ROW_SECRET("source_party", FIELD_TEXT, OPTIONAL, 1, 64, "Reported by", "来源主体", "PLAN"),
    [SHARED_HEADLINE] = ROW("headline", FIELD_TEXT, REQUIRED, 4, 120, "Headline", "标题", "CAP headline"),
    [SHARED_DESCRIPTION] =
        ROW("description", FIELD_TEXT, REQUIRED, 10, 8000, "Description", "情况描述", "CAP description"),
    [SHARED_LEVEL] = {"level", FIELD_NUMBER, REQUIRED, 1, 4, &enum_warning_level, NULL, 0, false, "Level", "预警级别",
                      "national emergency plans"},
    [SHARED_STATUS] = ROW_CODE("status", OPTIONAL, enum_warning_status, "Status", "性质", "CAP status"),
    [SHARED_SECTOR] = ROW_CODE("sector", REQUIRED, enum_sector, "Sector", "领域", "PLAN"),
    [SHARED_RISK_DOMAIN] =
        ROW_CODE("risk_domain", REQUIRED, enum_risk_domain, "Risk domain", "风险大类", "MIT AI Risk Repository"),
    [SHARED_RISK_SUBDOMAIN] = ROW_CODE("risk_subdomain", OPTIONAL, enum_risk_subdomain, "Risk subdomain", "风险子类",
                                       "MIT AI Risk Repository"),
    [SHARED_HARM_KIND] = ROW_INNER("harm_kind", FIELD_LIST, OPTIONAL, 1, 8, NULL, harm_kind_row, false, "Kinds of harm",
                                   "损害类型", "OECD/EU practice"),
    [SHARED_SYSTEM_NAME] = ROW("system_name", FIELD_TEXT, OPTIONAL, 1, 100, "System", "系统名称", "PLAN"),
    [SHARED_MODEL_NAME] = ROW("model_name", FIELD_TEXT, OPTIONAL, 1, 100, "Model", "模型名称", "AI-M"),
    [SHARED_MODEL_VENDOR] = ROW("model_vendor", FIELD_TEXT, OPTIONAL, 1, 100, "Model vendor", "模型提供方", "AI-M"),
    [SHARED_MODEL_VERSION] = ROW("model_version", FIELD_TEXT, OPTIONAL, 1, 100, "Model version", "模型版本", "AI-M"),
    [SHARED_MEASURES_ADVISED] =
        ROW("measures_advised", FIELD_TEXT, OPTIONAL, 1, 4000, "Measures advised", "建议措施", "CAP instruction"),
    [SHARED_DISCOVERED_AT] =
        ROW("discovered_at", FIELD_TIME, OPTIONAL, 0, TIME_LAST, "Discovered at", "发现时间", "PLAN"),
    [SHARED_AUDIENCE] = AUDIENCE_ROW,
};

static const struct rule shared_warning_rules[] = {
    {.op = RULE_ONE_OF,
     .field = SHARED_STATUS,
     .mask = BUT(STATUS_DRAFT),
     .reason = "CAP status: a draft is never sent"},
    {.op = RULE_IN_DOMAIN,
     .field = SHARED_RISK_SUBDOMAIN,
     .other = SHARED_RISK_DOMAIN,
     .reason = "MIT AI Risk Repository: the subdomain is of another risk_domain"},
    {.op = RULE_NOT_FUTURE, .field = SHARED_DISCOVERED_AT, .reason = "later than now"},
};

const struct kind kind_shared_warning = {
    .name = "shared_warning",
    .number = KIND_SHARED_WARNING,
    .en = "Shared warning",
    .zh = "预警共享",
    .fields = shared_warning_fields,
    .field_count = SHARED_FIELDS,
    .rules = shared_warning_rules,
    .rule_count = COUNT(shared_warning_rules),
    .family = &record_family,
    .life = &sharing_life,
    .references = {"replaces"},
    .filers = BY_CITY | BY_PROVINCE,
    .priority = 1,
};
