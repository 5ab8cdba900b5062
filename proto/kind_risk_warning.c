#include "proto/kind_rows.h"

/* Risk warning 风险预警, after CAP 1.2. */

enum warning_field {
    WARNING_ACTION = COMMON_FIELDS,
    WARNING_REFERS_TO,
    WARNING_STATUS,
    WARNING_HEADLINE,
    WARNING_DESCRIPTION,
    WARNING_LEVEL,
    WARNING_URGENCY,
    WARNING_SEVERITY,
    WARNING_CERTAINTY,
    WARNING_SECTOR,
    WARNING_RISK_DOMAIN,
    WARNING_RISK_SUBDOMAIN,
    WARNING_HARM_KIND,
    WARNING_DEATHS,
    WARNING_INJURED,
    WARNING_AFFECTED_PEOPLE,
    WARNING_LIFECYCLE_PHASE,
    WARNING_CAUSE_ENTITY,
    WARNING_CAUSE_INTENT,
    WARNING_SYSTEM_NAME,
    WARNING_MODEL_NAME,
    WARNING_MODEL_VENDOR,
    WARNING_MODEL_VERSION,
    WARNING_OCCURRED_AT,
    WARNING_DISCOVERED_AT,
    WARNING_REGION,
    WARNING_MEASURES_TAKEN,
    WARNING_MEASURES_ADVISED,
    WARNING_EXPIRES_AT,
    WARNING_RELATED_ACTIVITY_NO,
    WARNING_SHARE_SCOPE,
    WARNING_REPORTER_CONFIDENTIAL,
    WARNING_ATTACHMENTS,
    WARNING_SIGNAL_RULE,
    WARNING_FIELDS
};
_Static_assert((int)WARNING_FIELDS <= (int)KIND_FIELDS_MAX, "seen fields are bits of 64");

static const struct field region_row[] = {
    ROW("district", FIELD_DISTRICT, REQUIRED, 6, 6, "District", "行政区划", "GB/T 2260"),
};

static const struct field risk_warning_fields[WARNING_FIELDS] = {
#include "proto/fields_common.def"
    [WARNING_ACTION] = ROW_CODE("action", REQUIRED, enum_warning_action, "Action", "操作", "CAP msgType"),
    [WARNING_REFERS_TO] = ROW("refers_to", FIELD_ID, OPTIONAL, 16, 16, "Refers to", "所指预警", "CAP references"),
    [WARNING_STATUS] = ROW_CODE("status", REQUIRED, enum_warning_status, "Status", "性质", "CAP status"),
    [WARNING_HEADLINE] = ROW("headline", FIELD_TEXT, REQUIRED, 4, 120, "Headline", "标题", "CAP headline"),
    [WARNING_DESCRIPTION] =
        ROW("description", FIELD_TEXT, REQUIRED, 10, 8000, "Description", "情况描述", "CAP description"),
    [WARNING_LEVEL] = {"level", FIELD_NUMBER, REQUIRED, 1, 4, &enum_warning_level, NULL, 0, false, "Level", "预警级别",
                       "national emergency plans"},
    [WARNING_URGENCY] = ROW_CODE("urgency", REQUIRED, enum_urgency, "Urgency", "紧迫性", "CAP urgency"),
    [WARNING_SEVERITY] = ROW_CODE("severity", REQUIRED, enum_severity, "Severity", "严重性", "CAP severity"),
    [WARNING_CERTAINTY] = ROW_CODE("certainty", REQUIRED, enum_certainty, "Certainty", "确定性", "CAP certainty"),
    [WARNING_SECTOR] = ROW_CODE("sector", REQUIRED, enum_sector, "Sector", "领域", "PLAN"),
    [WARNING_RISK_DOMAIN] =
        ROW_CODE("risk_domain", REQUIRED, enum_risk_domain, "Risk domain", "风险大类", "MIT AI Risk Repository"),
    [WARNING_RISK_SUBDOMAIN] = ROW_CODE("risk_subdomain", OPTIONAL, enum_risk_subdomain, "Risk subdomain", "风险子类",
                                        "MIT AI Risk Repository"),
    [WARNING_HARM_KIND] = ROW_INNER("harm_kind", FIELD_LIST, REQUIRED, 1, 8, NULL, harm_kind_row, false,
                                    "Kinds of harm", "损害类型", "OECD/EU practice"),
    [WARNING_DEATHS] = ROW("deaths", FIELD_NUMBER, OPTIONAL, 0, COUNT_LAST, "Deaths", "死亡人数", "PLAN"),
    [WARNING_INJURED] = ROW("injured", FIELD_NUMBER, OPTIONAL, 0, COUNT_LAST, "Injured", "受伤人数", "PLAN"),
    [WARNING_AFFECTED_PEOPLE] =
        ROW("affected_people", FIELD_NUMBER, OPTIONAL, 0, COUNT_LAST, "Affected people", "受影响人数", "PLAN"),
    [WARNING_LIFECYCLE_PHASE] =
        ROW_CODE("lifecycle_phase", OPTIONAL, enum_lifecycle_phase, "Life-cycle phase", "生命周期阶段", "PLAN"),
    [WARNING_CAUSE_ENTITY] =
        ROW_CODE("cause_entity", OPTIONAL, enum_cause_entity, "Cause: by whom", "起因主体", "MIT causal taxonomy"),
    [WARNING_CAUSE_INTENT] =
        ROW_CODE("cause_intent", OPTIONAL, enum_cause_intent, "Cause: intent", "起因意图", "MIT causal taxonomy"),
    [WARNING_SYSTEM_NAME] = ROW("system_name", FIELD_TEXT, OPTIONAL, 1, 100, "System", "系统名称", "PLAN"),
    [WARNING_MODEL_NAME] = ROW("model_name", FIELD_TEXT, OPTIONAL, 1, 100, "Model", "模型名称", "AI-M"),
    [WARNING_MODEL_VENDOR] = ROW("model_vendor", FIELD_TEXT, OPTIONAL, 1, 100, "Model vendor", "模型提供方", "AI-M"),
    [WARNING_MODEL_VERSION] = ROW("model_version", FIELD_TEXT, OPTIONAL, 1, 100, "Model version", "模型版本", "AI-M"),
    [WARNING_OCCURRED_AT] =
        ROW("occurred_at", FIELD_TIME, OPTIONAL, 0, TIME_LAST, "Occurred at", "发生时间", "CAP onset"),
    [WARNING_DISCOVERED_AT] =
        ROW("discovered_at", FIELD_TIME, REQUIRED, 0, TIME_LAST, "Discovered at", "发现时间", "PLAN"),
    [WARNING_REGION] =
        ROW_INNER("region", FIELD_LIST, OPTIONAL, 0, 50, NULL, region_row, false, "Region", "涉及地区", "CAP area"),
    [WARNING_MEASURES_TAKEN] =
        ROW("measures_taken", FIELD_TEXT, OPTIONAL, 1, 4000, "Measures taken", "已采取措施", "PLAN"),
    [WARNING_MEASURES_ADVISED] =
        ROW("measures_advised", FIELD_TEXT, OPTIONAL, 1, 4000, "Measures advised", "建议措施", "CAP instruction"),
    [WARNING_EXPIRES_AT] =
        ROW("expires_at", FIELD_TIME, OPTIONAL, 0, TIME_LAST, "Expires at", "失效时间", "CAP expires"),
    [WARNING_RELATED_ACTIVITY_NO] =
        ROW("related_activity_no", FIELD_TEXT, OPTIONAL, 1, 64, "Related review number", "相关审查编号", "PLAN"),
    [WARNING_SHARE_SCOPE] = ROW_CODE("share_scope", REQUIRED, enum_share_scope, "Share scope", "共享范围", "PLAN"),
    [WARNING_REPORTER_CONFIDENTIAL] = ROW_SECRET("reporter_confidential", FIELD_FLAG, OPTIONAL, 0, 1,
                                                 "Hide the institution's name", "共享时隐去单位名称", "PLAN"),
    [WARNING_ATTACHMENTS] = ROW_INNER("attachments", FIELD_LIST, OPTIONAL, 0, 20, NULL, attachment_row, false,
                                      "Attachments", "附件", "PLAN"),
    [WARNING_SIGNAL_RULE] = ROW("signal_rule", FIELD_TEXT, OPTIONAL, 1, 64,
                                "Signal rule that found it (of a composite warning of an authority)",
                                "所依据的信号规则（仅主管部门的聚集信号）", "PLAN"),
};

static const struct rule risk_warning_rules[] = {
    {.op = RULE_REQUIRED,
     .field = WARNING_REFERS_TO,
     .when = {IS(WARNING_ACTION, BUT(ACTION_RAISE))},
     .reason = "required unless the action is raise: the warning that is meant"},
    {.op = RULE_NOT_WANTED,
     .field = WARNING_REFERS_TO,
     .when = {IS(WARNING_ACTION, BIT(ACTION_RAISE))},
     .reason = "a warning that is raised refers to none"},
    {.op = RULE_ONE_OF,
     .field = WARNING_STATUS,
     .mask = BUT(STATUS_DRAFT),
     .reason = "CAP status: a draft is never sent"},
    {.op = RULE_IN_DOMAIN,
     .field = WARNING_RISK_SUBDOMAIN,
     .other = WARNING_RISK_DOMAIN,
     .reason = "MIT AI Risk Repository: the subdomain is of another risk_domain"},
    {.op = RULE_NOT_BEFORE,
     .field = WARNING_DISCOVERED_AT,
     .other = WARNING_OCCURRED_AT,
     .reason = "before occurred_at"},
    {.op = RULE_NOT_FUTURE, .field = WARNING_DISCOVERED_AT, .reason = "later than now"},
    {.op = RULE_AFTER,
     .field = WARNING_EXPIRES_AT,
     .other = WARNING_DISCOVERED_AT,
     .reason = "not after discovered_at"},
};

const struct kind kind_risk_warning = {
    .name = "risk_warning",
    .number = KIND_RISK_WARNING,
    .en = "Risk warning",
    .zh = "风险预警",
    .fields = risk_warning_fields,
    .field_count = WARNING_FIELDS,
    .rules = risk_warning_rules,
    .rule_count = COUNT(risk_warning_rules),
    .family = &warning_family,
    .life = &warning_life,
    .references = {"refers_to", "replaces"},
    .filers = BY_ENTITY | BY_CITY | BY_PROVINCE,
    .up = UP_GRAVE,
    .priority = 0,
};
