#include "proto/kinds.h"
#include "proto/project.h"
#include "proto/rules.h"

#include <string.h>

/* The record kinds, a row a field: key, type, presence, bounds, [codes, inner rows, confidential,] labels, source. The
 * macros lay out rows and do nothing else. Bounds are code points for text, bytes for ids and hashes, days since 1970
 * for dates, UTC milliseconds for times, elements for lists. A new field: its index in kinds.h, its row here, and the
 * rules that join it to others below the rows. */

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])
#define ROW(key, type, presence, low, high, ...)                                                                       \
    {                                                                                                                  \
        key, type, presence, low, high, NULL, NULL, 0, false, __VA_ARGS__                                              \
    }
#define ROW_SECRET(key, type, presence, low, high, ...)                                                                \
    {                                                                                                                  \
        key, type, presence, low, high, NULL, NULL, 0, true, __VA_ARGS__                                               \
    }
#define ROW_CODE(key, presence, codes, ...)                                                                            \
    {                                                                                                                  \
        key, FIELD_ENUM, presence, 0, 0, &(codes), NULL, 0, false, __VA_ARGS__                                         \
    }
#define ROW_INNER(key, type, presence, low, high, codes, rows, ...)                                                    \
    {                                                                                                                  \
        key, type, presence, low, high, codes, rows, COUNT(rows), __VA_ARGS__                                          \
    }

#define DATE_FIRST 10957LL         /* 2000-01-01 */
#define DATE_LAST  47481LL         /* 2099-12-31 */
#define TIME_LAST  4102444799999LL /* 2099-12-31T23:59:59.999Z */
#define COUNT_LAST 10000000000LL   /* more people than there are */
#define BLOB_LAST  67108864LL      /* PROTOCOL §2, BLOB_OFFER */

static const struct field submitter_fields[] = {
    ROW_SECRET("name", FIELD_TEXT, REQUIRED, 1, 100, "Name", "姓名", "PLAN"),
    ROW_SECRET("role", FIELD_TEXT, REQUIRED, 1, 100, "Role", "职务", "PLAN"),
    ROW_SECRET("phone", FIELD_TEXT, OPTIONAL, 3, 40, "Phone", "联系电话", "PLAN"),
    ROW_SECRET("email", FIELD_TEXT, OPTIONAL, 3, 254, "E-mail", "电子邮箱", "PLAN"),
};

static const struct field applicant_fields[] = {
    ROW_SECRET("name", FIELD_TEXT, REQUIRED, 1, 100, "Name", "姓名", "M2023 art. 9"),
    ROW_SECRET("title", FIELD_TEXT, OPTIONAL, 1, 100, "Title", "职称", "M2023 art. 9"),
};

static const struct field principle_fields[] = {
    ROW_CODE("assessment", REQUIRED, enum_assessment, "Assessment", "评估结论", "AI-M review focus"),
    ROW("note", FIELD_TEXT, OPTIONAL, 1, 500, "Note", "说明", "AI-M review focus"),
};
static const struct field principle_row[] = {
    ROW_INNER("principle", FIELD_MAP, REQUIRED, 0, 0, NULL, principle_fields, false, "Principle", "伦理原则",
              "AI-M review focus"),
};

static const struct field risk_fields[] = {
    ROW_CODE("risk_subdomain", REQUIRED, enum_risk_subdomain, "Risk subdomain", "风险子类", "MIT AI Risk Repository"),
    ROW("description", FIELD_TEXT, REQUIRED, 1, 500, "Description", "风险描述", "M2023 art. 9"),
    ROW("mitigation", FIELD_TEXT, OPTIONAL, 1, 500, "Mitigation", "防控措施", "M2023 art. 9"),
};
static const struct field risk_row[] = {
    ROW_INNER("risk", FIELD_MAP, REQUIRED, 0, 0, NULL, risk_fields, false, "Risk", "风险", "M2023 art. 9"),
};

static const struct field attachment_fields[] = {
    ROW("sha256", FIELD_HASH, REQUIRED, 32, 32, "SHA-256", "摘要", "PROTOCOL §2"),
    ROW("name", FIELD_TEXT, REQUIRED, 1, 200, "File name", "文件名", "PROTOCOL §2"),
    ROW("media_type", FIELD_TEXT, REQUIRED, 3, 100, "Media type", "媒体类型", "PROTOCOL §2"),
    ROW("size", FIELD_NUMBER, REQUIRED, 0, BLOB_LAST, "Size in bytes", "字节数", "PROTOCOL §2"),
    ROW_CODE("role", REQUIRED, enum_attachment_role, "Role", "用途", "PLAN"),
};
static const struct field attachment_row[] = {
    ROW_INNER("attachment", FIELD_MAP, REQUIRED, 0, 0, NULL, attachment_fields, false, "Attachment", "附件", "PLAN"),
};

static const struct field harm_kind_row[] = {
    ROW_CODE("harm_kind", REQUIRED, enum_harm_kind, "Kind of harm", "损害类型", "OECD/EU practice"),
};
static const struct field region_row[] = {
    ROW("district", FIELD_DISTRICT, REQUIRED, 6, 6, "District", "行政区划", "GB/T 2260"),
};

const struct field common_fields[COMMON_FIELDS] = {
#include "proto/fields_common.def" /* NOLINT(readability-duplicate-include): once a kind */
};

static const struct field review_report_fields[REVIEW_FIELDS] = {
#include "proto/fields_common.def" /* NOLINT(readability-duplicate-include): once a kind */
    [REVIEW_ACTIVITY_TITLE] =
        ROW("activity_title", FIELD_TEXT, REQUIRED, 2, 200, "Activity title", "活动名称", "M2023 art. 9"),
    [REVIEW_ACTIVITY_NO] = ROW("activity_no", FIELD_TEXT, REQUIRED, 1, 64, "Review number", "审查编号", "PLAN"),
    [REVIEW_ROUND] = ROW("round", FIELD_NUMBER, REQUIRED, 1, 99, "Round", "次数", "PLAN"),
    [REVIEW_SECTOR] = ROW_CODE("sector", REQUIRED, enum_sector, "Sector", "领域", "PLAN"),
    [REVIEW_LIFECYCLE_PHASE] =
        ROW_CODE("lifecycle_phase", REQUIRED, enum_lifecycle_phase, "Life-cycle phase", "生命周期阶段", "PLAN"),
    [REVIEW_SUMMARY] = ROW("summary", FIELD_TEXT, REQUIRED, 10, 4000, "Summary (aim, meaning, need)",
                           "概况（目的、意义、必要性）", "M2023 art. 9"),
    [REVIEW_APPLICANT] = ROW_INNER("applicant", FIELD_MAP, REQUIRED, 0, 0, NULL, applicant_fields, true, "Applicant",
                                   "活动负责人", "M2023 art. 9"),
    [REVIEW_FUNDING] = ROW("funding", FIELD_TEXT, OPTIONAL, 1, 200, "Funding", "经费来源", "M2023 art. 9"),
    [REVIEW_MODEL_NAME] = ROW("model_name", FIELD_TEXT, OPTIONAL, 1, 100, "Model", "模型名称", "AI-M"),
    [REVIEW_MODEL_VENDOR] = ROW("model_vendor", FIELD_TEXT, OPTIONAL, 1, 100, "Model vendor", "模型提供方", "AI-M"),
    [REVIEW_MODEL_FILING_NO] = ROW("model_filing_no", FIELD_TEXT, OPTIONAL, 1, 100,
                                   "Filing number of model or algorithm", "模型或算法备案号", "AI-M"),
    [REVIEW_DATA_SOURCES] =
        ROW("data_sources", FIELD_TEXT, OPTIONAL, 1, 2000, "Data sources", "数据来源", "M2023 art. 9"),
    [REVIEW_PERSONAL_DATA] =
        ROW("personal_data", FIELD_FLAG, REQUIRED, 0, 1, "Personal data", "涉及个人信息", "M2023 art. 15"),
    [REVIEW_MINORS_INVOLVED] =
        ROW("minors_involved", FIELD_FLAG, REQUIRED, 0, 1, "Minors involved", "涉及未成年人", "M2023 art. 15"),
    [REVIEW_PROCEDURE] = ROW_CODE("procedure", REQUIRED, enum_procedure, "Procedure", "审查程序", "M2023 ch. 3"),
    [REVIEW_REVIEW_STAGE] =
        ROW_CODE("review_stage", REQUIRED, enum_review_stage, "Review stage", "审查阶段", "M2023 ch. 3"),
    [REVIEW_DELEGATED_TO] =
        ROW("delegated_to", FIELD_USCC, OPTIONAL, 18, 18, "Reviewed by", "受托审查单位", "M2023 art. 13"),
    [REVIEW_APPLIED_ON] =
        ROW("applied_on", FIELD_DATE, REQUIRED, DATE_FIRST, DATE_LAST, "Applied on", "申请日期", "M2023 art. 9"),
    [REVIEW_ACCEPTED_ON] =
        ROW("accepted_on", FIELD_DATE, OPTIONAL, DATE_FIRST, DATE_LAST, "Accepted on", "受理日期", "M2023 art. 10"),
    [REVIEW_MET_ON] = ROW("met_on", FIELD_DATE, OPTIONAL, DATE_FIRST, DATE_LAST, "Met on", "会议日期", "M2023 art. 14"),
    [REVIEW_DECIDED_ON] =
        ROW("decided_on", FIELD_DATE, OPTIONAL, DATE_FIRST, DATE_LAST, "Decided on", "决定日期", "M2023 ch. 3 s. 2"),
    [REVIEW_MEMBERS_PRESENT] =
        ROW("members_present", FIELD_NUMBER, OPTIONAL, 0, 99, "Members present", "到会委员数", "M2023 art. 14"),
    [REVIEW_VOTES_FOR] = ROW("votes_for", FIELD_NUMBER, OPTIONAL, 0, 99, "Votes for", "同意票数", "M2023 ch. 3 s. 2"),
    [REVIEW_REVIEWERS] = ROW("reviewers", FIELD_NUMBER, OPTIONAL, 2, 99, "Reviewers", "审查委员数", "M2023 ch. 3 s. 3"),
    [REVIEW_REREVIEW_LIST_ITEM] = ROW_CODE("rereview_list_item", REQUIRED, enum_rereview_list_item,
                                           "Item of the re-review list", "专家复核清单事项", "M2023 annex"),
    [REVIEW_PRINCIPLES] = ROW_INNER("principles", FIELD_ENUM_MAP, REQUIRED, 6, 6, &enum_principle, principle_row, false,
                                    "Principles", "伦理原则评估", "AI-M review focus"),
    [REVIEW_RISK_GRADE] =
        ROW_CODE("risk_grade", REQUIRED, enum_risk_grade, "Risk grade", "风险等级", "M2023 ch. 3 s. 3"),
    [REVIEW_RISKS] = ROW_INNER("risks", FIELD_LIST, OPTIONAL, 0, 20, NULL, risk_row, false, "Main risks", "主要风险",
                               "M2023 art. 9"),
    [REVIEW_DECISION] = ROW_CODE("decision", OPTIONAL, enum_decision, "Decision", "审查决定", "M2023 ch. 3 s. 2"),
    [REVIEW_CONDITIONS] =
        ROW("conditions", FIELD_TEXT, OPTIONAL, 1, 2000, "Conditions", "修改意见/条件", "M2023 ch. 3 s. 2"),
    [REVIEW_REJECTION_REASON] =
        ROW("rejection_reason", FIELD_TEXT, OPTIONAL, 1, 2000, "Reason", "不予批准等的理由", "M2023 ch. 3 s. 2"),
    [REVIEW_NEXT_FOLLOW_UP_ON] = ROW("next_follow_up_on", FIELD_DATE, OPTIONAL, DATE_FIRST, DATE_LAST,
                                     "Next follow-up on", "下次跟踪审查日期", "M2023 ch. 3 s. 2"),
    [REVIEW_PLATFORM_REGISTERED_ON] = ROW("platform_registered_on", FIELD_DATE, OPTIONAL, DATE_FIRST, DATE_LAST,
                                          "Registered on the national platform on", "国家平台登记日期", "M2023 ch. 4"),
    [REVIEW_PLATFORM_NO] = ROW("platform_no", FIELD_TEXT, OPTIONAL, 1, 100, "Number on the national platform",
                               "国家平台编号", "M2023 ch. 4"),
    [REVIEW_ATTACHMENTS] = ROW_INNER("attachments", FIELD_LIST, OPTIONAL, 0, 20, NULL, attachment_row, false,
                                     "Attachments", "附件", "PLAN"),
};

static const struct field risk_warning_fields[WARNING_FIELDS] = {
#include "proto/fields_common.def" /* NOLINT(readability-duplicate-include): once a kind */
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
};

#define BIT(code) (UINT64_C(1) << (code))
#define BUT(code) (~BIT(code))
#define PRESENT(field_)                                                                                                \
    {                                                                                                                  \
        CONDITION_PRESENT, field_, 0                                                                                   \
    }
#define ABSENT(field_)                                                                                                 \
    {                                                                                                                  \
        CONDITION_ABSENT, field_, 0                                                                                    \
    }
#define IS(field_, set)                                                                                                \
    {                                                                                                                  \
        CONDITION_IS, field_, set                                                                                      \
    }

static const struct rule review_report_rules[] = {
    {.op = RULE_NOT_FUTURE, .field = REVIEW_APPLIED_ON, .reason = "later than today"},
    {.op = RULE_NOT_FUTURE, .field = REVIEW_ACCEPTED_ON, .reason = "later than today"},
    {.op = RULE_NOT_FUTURE, .field = REVIEW_MET_ON, .reason = "later than today"},
    {.op = RULE_NOT_FUTURE, .field = REVIEW_DECIDED_ON, .reason = "later than today"},
    {.op = RULE_NOT_FUTURE, .field = REVIEW_PLATFORM_REGISTERED_ON, .reason = "later than today"},

    /* Each date against the nearest earlier one that stands, so that one wrong date is one fault. */
    {.op = RULE_NOT_BEFORE, .field = REVIEW_ACCEPTED_ON, .other = REVIEW_APPLIED_ON, .reason = "before applied_on"},
    {.op = RULE_NOT_BEFORE, .field = REVIEW_MET_ON, .other = REVIEW_ACCEPTED_ON, .reason = "before accepted_on"},
    {.op = RULE_NOT_BEFORE,
     .field = REVIEW_MET_ON,
     .other = REVIEW_APPLIED_ON,
     .when = {ABSENT(REVIEW_ACCEPTED_ON)},
     .reason = "before applied_on"},
    {.op = RULE_NOT_BEFORE, .field = REVIEW_DECIDED_ON, .other = REVIEW_MET_ON, .reason = "before met_on"},
    {.op = RULE_NOT_BEFORE,
     .field = REVIEW_DECIDED_ON,
     .other = REVIEW_ACCEPTED_ON,
     .when = {ABSENT(REVIEW_MET_ON)},
     .reason = "before accepted_on"},
    {.op = RULE_NOT_BEFORE,
     .field = REVIEW_DECIDED_ON,
     .other = REVIEW_APPLIED_ON,
     .when = {ABSENT(REVIEW_MET_ON), ABSENT(REVIEW_ACCEPTED_ON)},
     .reason = "before applied_on"},

    {.op = RULE_REQUIRED,
     .field = REVIEW_DECISION,
     .when = {PRESENT(REVIEW_DECIDED_ON)},
     .reason = "required with decided_on"},
    {.op = RULE_REQUIRED,
     .field = REVIEW_DECIDED_ON,
     .when = {PRESENT(REVIEW_DECISION)},
     .reason = "required with a decision"},
    {.op = RULE_REQUIRED,
     .field = REVIEW_ACCEPTED_ON,
     .when = {PRESENT(REVIEW_DECIDED_ON)},
     .reason = "required with decided_on: M2023 art. 10, an application is accepted before it is decided"},

    {.op = RULE_REQUIRED,
     .field = REVIEW_MEMBERS_PRESENT,
     .when = {IS(REVIEW_PROCEDURE, BIT(PROCEDURE_GENERAL)), PRESENT(REVIEW_DECIDED_ON)},
     .reason = "required for a decision by the general procedure: M2023 art. 14"},
    {.op = RULE_REQUIRED,
     .field = REVIEW_VOTES_FOR,
     .when = {IS(REVIEW_PROCEDURE, BIT(PROCEDURE_GENERAL)), PRESENT(REVIEW_DECIDED_ON)},
     .reason = "required for a decision by the general procedure: M2023 ch. 3 s. 2"},
    {.op = RULE_AT_LEAST,
     .field = REVIEW_MEMBERS_PRESENT,
     .number = 5,
     .when = {IS(REVIEW_PROCEDURE, BIT(PROCEDURE_GENERAL)), PRESENT(REVIEW_DECIDED_ON)},
     .reason = "M2023 art. 14: at least 5 members attend the meeting"},
    {.op = RULE_NOT_ABOVE,
     .field = REVIEW_VOTES_FOR,
     .other = REVIEW_MEMBERS_PRESENT,
     .reason = "M2023 ch. 3 s. 2: only members present vote"},
    {.op = RULE_SHARE,
     .field = REVIEW_VOTES_FOR,
     .other = REVIEW_MEMBERS_PRESENT,
     .number = 2,
     .of = 3,
     .when = {IS(REVIEW_PROCEDURE, BIT(PROCEDURE_GENERAL)),
              IS(REVIEW_DECISION, BIT(DECISION_APPROVED) | BIT(DECISION_APPROVED_WITH_CHANGES))},
     .reason = "M2023 ch. 3 s. 2: an approval needs two thirds of the members present"},

    {.op = RULE_REQUIRED,
     .field = REVIEW_REVIEWERS,
     .when = {IS(REVIEW_PROCEDURE, BIT(PROCEDURE_SIMPLIFIED))},
     .reason = "required for the simplified procedure: M2023 ch. 3 s. 3, two or more members named by the chair"},
    {.op = RULE_ONE_OF,
     .field = REVIEW_RISK_GRADE,
     .mask = BIT(GRADE_MINIMAL),
     .when = {IS(REVIEW_PROCEDURE, BIT(PROCEDURE_SIMPLIFIED)),
              IS(REVIEW_REVIEW_STAGE, ~(BIT(STAGE_AMENDMENT) | BIT(STAGE_FOLLOW_UP)))},
     .reason = "M2023 ch. 3 s. 3: the simplified procedure is for minimal risk, an amendment or a follow-up"},
    {.op = RULE_ONE_OF,
     .field = REVIEW_PROCEDURE,
     .mask = BIT(PROCEDURE_EXPERT_REREVIEW) | BIT(PROCEDURE_EMERGENCY),
     .when = {IS(REVIEW_REREVIEW_LIST_ITEM, BUT(ITEM_NONE))},
     .reason = "M2023 art. 25-26: a listed activity goes through expert re-review or the emergency procedure"},
    {.op = RULE_ONE_OF,
     .field = REVIEW_DECISION,
     .mask = ~(BIT(DECISION_SUSPENDED) | BIT(DECISION_TERMINATED)),
     .when = {IS(REVIEW_REVIEW_STAGE, BUT(STAGE_FOLLOW_UP))},
     .reason = "M2023 ch. 3 s. 2: only a follow-up review suspends or terminates"},

    {.op = RULE_REQUIRED,
     .field = REVIEW_CONDITIONS,
     .when = {IS(REVIEW_DECISION, BIT(DECISION_APPROVED_WITH_CHANGES) | BIT(DECISION_RESUBMIT))},
     .reason = "required where changes are asked for: M2023 ch. 3 s. 2"},
    {.op = RULE_REQUIRED,
     .field = REVIEW_REJECTION_REASON,
     .when = {IS(REVIEW_DECISION, BIT(DECISION_REJECTED) | BIT(DECISION_SUSPENDED) | BIT(DECISION_TERMINATED))},
     .reason = "required for a rejection, suspension or termination: M2023 ch. 3 s. 2"},
    {.op = RULE_REQUIRED,
     .field = REVIEW_NEXT_FOLLOW_UP_ON,
     .when = {IS(REVIEW_DECISION, BIT(DECISION_APPROVED))},
     .reason = "required for an approval: M2023 ch. 3 s. 2, follow-up review"},
    {.op = RULE_AFTER, .field = REVIEW_NEXT_FOLLOW_UP_ON, .other = REVIEW_DECIDED_ON, .reason = "not after decided_on"},
    {.op = RULE_WITHIN_MONTHS,
     .field = REVIEW_NEXT_FOLLOW_UP_ON,
     .other = REVIEW_DECIDED_ON,
     .number = 12,
     .when = {IS(REVIEW_REREVIEW_LIST_ITEM, BIT(ITEM_NONE))},
     .reason = "M2023 ch. 3 s. 2: at most 12 months between follow-up reviews"},
    {.op = RULE_WITHIN_MONTHS,
     .field = REVIEW_NEXT_FOLLOW_UP_ON,
     .other = REVIEW_DECIDED_ON,
     .number = 6,
     .when = {IS(REVIEW_REREVIEW_LIST_ITEM, BUT(ITEM_NONE))},
     .reason = "M2023 ch. 3 s. 4: at most 6 months between follow-up reviews of a listed activity"},
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

static const int review_report_unique[] = {REVIEW_ACTIVITY_NO, REVIEW_REVIEW_STAGE, REVIEW_ROUND, -1};

static const struct kind kinds[] = {
    {
        .name = "review_report",
        .number = KIND_REVIEW_REPORT,
        .en = "Review report",
        .zh = "审查情况报送",
        .fields = review_report_fields,
        .field_count = REVIEW_FIELDS,
        .rules = review_report_rules,
        .rule_count = COUNT(review_report_rules),
        .unique = review_report_unique,
        .family = &review_family,
        .priority = 1,
    },
    {
        .name = "risk_warning",
        .number = KIND_RISK_WARNING,
        .en = "Risk warning",
        .zh = "风险预警",
        .fields = risk_warning_fields,
        .field_count = WARNING_FIELDS,
        .rules = risk_warning_rules,
        .rule_count = COUNT(risk_warning_rules),
        .unique = NULL,
        .family = &warning_family,
        .priority = 0,
    },
};

const struct kind *kind_find(struct view name)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (view_is(name, kinds[i].name)) {
            return &kinds[i];
        }
    }
    return NULL;
}

const struct kind *kind_by_number(int number)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (kinds[i].number == number) {
            return &kinds[i];
        }
    }
    return NULL;
}

const struct kind *kind_at(size_t index)
{
    return index < COUNT(kinds) ? &kinds[index] : NULL;
}

int kind_field(const struct kind *kind, const char *key)
{
    for (size_t i = 0; i < kind->field_count; i++) {
        if (kind->fields[i].key[0] == key[0] && strcmp(kind->fields[i].key, key) == 0) {
            return (int)i;
        }
    }
    return -1;
}
