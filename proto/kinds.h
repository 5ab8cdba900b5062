/* proto/kinds.h - indexes into the tables of proto/kinds.c and proto/enums.c, for the rows of rules that name them.
 *
 * Only the tables, the rules and the projection need this; everybody else goes by key. A new field is a new index here
 * and a new row there; an index is never stored, so the order may change. */
#ifndef PROTO_KINDS_H
#define PROTO_KINDS_H

#include "proto/schema.h"

enum kind_number { KIND_REVIEW_REPORT = 1, KIND_RISK_WARNING = 2 };

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
    WARNING_FIELDS
};

_Static_assert((int)REVIEW_FIELDS <= (int)KIND_FIELDS_MAX && (int)WARNING_FIELDS <= (int)KIND_FIELDS_MAX,
               "seen fields are bits of 64");

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

extern const struct enumeration enum_tier, enum_principle, enum_assessment, enum_risk_grade, enum_urgency,
    enum_severity, enum_certainty, enum_risk_subdomain, enum_harm_kind, enum_lifecycle_phase, enum_cause_entity,
    enum_cause_intent, enum_share_scope, enum_attachment_role;

extern const struct family review_family, warning_family;

/* What is known of a record before its kind is: the common fields alone. */
extern const struct field common_fields[COMMON_FIELDS];

#endif
