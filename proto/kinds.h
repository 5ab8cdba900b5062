/* proto/kinds.h - the kinds by number, and the codes that a rule or a program names.
 *
 * Only the tables, the rules and what asks for one kind or code need this; everybody else goes by key. A kind is a file
 * proto/kind_NAME.c, a number here and a line in proto/kinds.c. */
#ifndef PROTO_KINDS_H
#define PROTO_KINDS_H

#include "proto/schema.h"

/* Stable: kept in stores. */
enum kind_number {
    KIND_REVIEW_REPORT = 1,
    KIND_RISK_WARNING,
    KIND_ENTITY_REGISTRATION,
    KIND_COMMITTEE_REGISTRATION,
    KIND_ZERO_REPORT,
    KIND_ANNUAL_REPORT,
    KIND_WITHDRAWAL,
    KIND_ACCEPTANCE,
    KIND_RETURN_FOR_CORRECTION,
    KIND_REREVIEW_REQUEST,
    KIND_REREVIEW_DECISION,
    KIND_NOTICE,
    KIND_NOTICE_ANSWER,
    KIND_NOTICE_READ,
    KIND_SHARED_WARNING,
    KIND_CITY_PLAN,
    KIND_PLAN_PROGRESS,
    KIND_ADMINISTRATIVE_ACT
};

/* Codes that a rule names, in the order of their enumeration. */
enum procedure { PROCEDURE_GENERAL, PROCEDURE_SIMPLIFIED, PROCEDURE_EXPERT_REREVIEW, PROCEDURE_EMERGENCY };
enum decision {
    DECISION_APPROVED,
    DECISION_APPROVED_WITH_CHANGES,
    DECISION_RESUBMIT,
    DECISION_REJECTED,
    DECISION_SUSPENDED,
    DECISION_TERMINATED
};
enum review_stage { STAGE_INITIAL, STAGE_AMENDMENT, STAGE_FOLLOW_UP, STAGE_RE_REVIEW, STAGE_APPEAL, STAGE_CLOSING };
enum rereview_list_item { ITEM_HUMAN_MACHINE, ITEM_PUBLIC_OPINION, ITEM_HIGH_AUTONOMY, ITEM_OTHER_LISTED, ITEM_NONE };
enum risk_grade { GRADE_MINIMAL, GRADE_LOW, GRADE_MEDIUM, GRADE_HIGH };
enum warning_status { STATUS_ACTUAL, STATUS_EXERCISE, STATUS_TEST, STATUS_DRAFT };
enum share_scope { SCOPE_CITY_ONLY, SCOPE_AFFECTED_SECTORS, SCOPE_ALL_ENTITIES, SCOPE_PROVINCE };

enum gender { GENDER_FEMALE, GENDER_MALE, GENDER_UNSTATED };
enum profession { PROFESSION_TECHNICAL, PROFESSION_ETHICS, PROFESSION_LAW, PROFESSION_OTHER };
enum answer_type { ANSWER_TEXT, ANSWER_NUMBER, ANSWER_FLAG, ANSWER_DATE, ANSWER_ENUM };
enum plan_measure {
    MEASURE_MANUAL,
    MEASURE_UNITS_JOINED,
    MEASURE_REVIEWS_REPORTED,
    MEASURE_WARNINGS_ANSWERED,
    MEASURE_ANSWERED_PERCENT,
    MEASURE_COMPLETENESS,
    MEASURE_TIMELINESS,
    MEASURES
};
enum operator_role { OPERATOR_OPERATOR, OPERATOR_REVIEWER, OPERATOR_AUDITOR, OPERATOR_ADMINISTRATOR, OPERATOR_ROLES };
enum act {
    ACT_ENTITY_ADD,
    ACT_PEER_ADD,
    ACT_INVITE,
    ACT_SUSPEND,
    ACT_RESUME,
    ACT_REVOKE,
    ACT_PRUNE,
    ACT_ERASE,
    ACT_RETENTION,
    ACT_CONFIGURATION,
    ACT_OPERATORS,
    ACT_HUB_START,
    ACT_HUB_STOP,
    ACT_KEY_REPLACE,
    ACT_KEY_REVOKE,
    ACT_KEY_ROTATE,
    ACT_KEY_LEAKED,
    ACTS
};
enum cover { COVER_WARNINGS, COVER_REVIEWS, COVER_BOTH };
/* How complete a period's reports are, and how far a notice got: codes of cells that a store fills itself. */
enum completeness_state { COMPLETENESS_EXPECTED, COMPLETENESS_RECEIVED, COMPLETENESS_ON_TIME, COMPLETENESS_ZERO };
enum delivery_state { DELIVERY_SENT, DELIVERY_DELIVERED, DELIVERY_OPENED, DELIVERY_ANSWERED, DELIVERY_LATE };

extern const struct enumeration enum_tier, enum_principle, enum_assessment, enum_risk_grade, enum_urgency,
    enum_severity, enum_certainty, enum_risk_subdomain, enum_harm_kind, enum_lifecycle_phase, enum_cause_entity,
    enum_cause_intent, enum_share_scope, enum_attachment_role, enum_filing_state, enum_rereview_state, enum_issue_state,
    enum_opinion, enum_notice_category, enum_gender, enum_profession, enum_work_item_state, enum_cover,
    enum_plan_measure, enum_answer_type, enum_completeness_state, enum_delivery_state, enum_district,
    enum_operator_role, enum_act;

/* What is known of a record before its kind is: the common fields alone. */
extern const struct field common_fields[COMMON_FIELDS];

#endif
