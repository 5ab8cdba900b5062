#include "proto/kind_rows.h"

/* Review report 审查情况报送. */

enum review_field {
    REVIEW_ACTIVITY_TITLE = COMMON_FIELDS,
    REVIEW_ACTIVITY_NO,
    REVIEW_ROUND,
    REVIEW_SECTOR,
    REVIEW_LIFECYCLE_PHASE,
    REVIEW_SUMMARY,
    REVIEW_APPLICANT,
    REVIEW_FUNDING,
    REVIEW_MODEL_NAME,
    REVIEW_MODEL_VENDOR,
    REVIEW_MODEL_FILING_NO,
    REVIEW_DATA_SOURCES,
    REVIEW_PERSONAL_DATA,
    REVIEW_MINORS_INVOLVED,
    REVIEW_PROCEDURE,
    REVIEW_REVIEW_STAGE,
    REVIEW_DELEGATED_TO,
    REVIEW_APPLIED_ON,
    REVIEW_ACCEPTED_ON,
    REVIEW_MET_ON,
    REVIEW_DECIDED_ON,
    REVIEW_MEMBERS_PRESENT,
    REVIEW_VOTES_FOR,
    REVIEW_REVIEWERS,
    REVIEW_REREVIEW_LIST_ITEM,
    REVIEW_PRINCIPLES,
    REVIEW_RISK_GRADE,
    REVIEW_RISKS,
    REVIEW_DECISION,
    REVIEW_CONDITIONS,
    REVIEW_REJECTION_REASON,
    REVIEW_NEXT_FOLLOW_UP_ON,
    REVIEW_PLATFORM_REGISTERED_ON,
    REVIEW_PLATFORM_NO,
    REVIEW_ATTACHMENTS,
    REVIEW_FIELDS
};
_Static_assert((int)REVIEW_FIELDS <= (int)KIND_FIELDS_MAX, "seen fields are bits of 64");

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

static const struct field review_report_fields[REVIEW_FIELDS] = {
#include "proto/fields_common.def"
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

static const int review_report_unique[] = {REVIEW_ACTIVITY_NO, REVIEW_REVIEW_STAGE, REVIEW_ROUND, -1};

const struct kind kind_review_report = {
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
    .life = &filing_life,
    .references = {"replaces"},
    .filers = BY_ENTITY,
    .priority = 1,
};
