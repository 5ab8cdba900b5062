#include "proto/kinds.h"
#include "proto/project.h"
#include "proto/term.h"

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])
#define IN(state)   (1U << (state))
#define ROW(index_) .index = (index_), .label = &term_labels[index_]
#define HOURS(n)                                                                                                       \
    {                                                                                                                  \
        (n), UNIT_HOURS                                                                                                \
    }
#define DAYS(n)                                                                                                        \
    {                                                                                                                  \
        (n), UNIT_DAYS                                                                                                 \
    }
#define LATE(whom)                                                                                                     \
    {                                                                                                                  \
        ALERT_OVERDUE, DAYS(0), (whom)                                                                                 \
    }
#define REPORT_TERM .root = "review_report", .owners = BY_ENTITY
#define IF(key_, codes_)                                                                                               \
    {                                                                                                                  \
        .key = (key_), .codes = (codes_)                                                                               \
    }
#define UNLESS(key_, codes_)                                                                                           \
    {                                                                                                                  \
        .key = (key_), .is_not = true, .codes = (codes_)                                                               \
    }
#define APPROVED IF("decision", "approved|approved_with_changes")
#define LISTED   UNLESS("rereview_list_item", "none")
/* A follow-up or a closing review is no new approval. */
#define NEW_REVIEW UNLESS("review_stage", "follow_up|closing")

static const struct label term_labels[TERMS] = {
    [TERM_DECISION_GENERAL] = {"decision_general", "Decision, general procedure", "审查决定（一般程序）"},
    [TERM_DECISION_SIMPLIFIED] = {"decision_simplified", "Decision, simplified procedure", "审查决定（简易程序）"},
    [TERM_DECISION_EMERGENCY] = {"decision_emergency", "Decision, emergency procedure", "审查决定（应急程序）"},
    [TERM_REREVIEW_REQUEST] = {"rereview_request", "Request for expert re-review of a listed activity",
                               "清单活动申请专家复核"},
    [TERM_REREVIEW_REQUEST_EMERGENCY] = {"rereview_request_emergency",
                                         "Request for expert re-review of a listed activity, emergency",
                                         "清单活动申请专家复核（应急）"},
    [TERM_EXPERT_REREVIEW] = {"expert_rereview", "Expert re-review", "专家复核"},
    [TERM_EXPERT_REREVIEW_EMERGENCY] = {"expert_rereview_emergency", "Expert re-review, emergency", "专家复核（应急）"},
    [TERM_FOLLOW_UP] = {"follow_up", "Follow-up review", "跟踪审查"},
    [TERM_FOLLOW_UP_LISTED] = {"follow_up_listed", "Follow-up review of a listed activity", "清单活动跟踪审查"},
    [TERM_COMMITTEE_REGISTRATION] = {"committee_registration", "Registration of the committee",
                                     "科技伦理（审查）委员会登记"},
    [TERM_LISTED_REGISTRATION] = {"listed_registration", "Registration of a listed activity", "清单活动登记"},
    [TERM_ANNUAL_REPORT] = {"annual_report", "Annual report", "年度报告"},
    [TERM_ACKNOWLEDGE_1] = {"acknowledge_1", "Acknowledge a warning of level 1 (red)", "受理特别重大预警（红）"},
    [TERM_ACKNOWLEDGE_2] = {"acknowledge_2", "Acknowledge a warning of level 2 (orange)", "受理重大预警（橙）"},
    [TERM_ACKNOWLEDGE_3] = {"acknowledge_3", "Acknowledge a warning of level 3 (yellow)", "受理较大预警（黄）"},
    [TERM_ACKNOWLEDGE_4] = {"acknowledge_4", "Acknowledge a warning of level 4 (blue)", "受理一般预警（蓝）"},
    [TERM_PERIODIC_REPORT] = {"periodic_report", "Periodic report or zero report", "定期报送或零报告"},
    [TERM_ANSWER_NOTICE] = {"answer_notice", "Answer to a notice", "答复通知"},
};

/* A warning in whose thread the institution handles before anybody acknowledged cannot be acknowledged any more. */
#define ACKNOWLEDGE(index_, level, hours, ...)                                                                         \
    [index_] = {ROW(index_),                                                                                           \
                .source = "site",                                                                                      \
                .root = "risk_warning",                                                                                \
                .owners = BY_ENTITY | BY_PROVINCE,                                                                     \
                .when = {IF("level", level), IF("status", "actual|exercise")},                                         \
                .start = START_GRADED,                                                                                 \
                .length = HOURS(hours),                                                                                \
                .end = END_STATE,                                                                                      \
                .life = &warning_life,                                                                                 \
                .states = IN(STATE_ACKNOWLEDGED) | IN(STATE_HANDLING) | IN(STATE_RESOLVED),                            \
                .alerts = {LATE(TOLD_DUTY), __VA_ARGS__}}
#define THEN_PROVINCE                                                                                                  \
    {                                                                                                                  \
        ALERT_ESCALATED, {0, UNIT_AGAIN}, TOLD_PROVINCE                                                                \
    }
#define NOBODY_ELSE                                                                                                    \
    {                                                                                                                  \
        0                                                                                                              \
    }

const struct term terms[TERMS] = {
    [TERM_DECISION_GENERAL] = {ROW(TERM_DECISION_GENERAL), .source = "M2023 ch. 3 s. 2", REPORT_TERM,
                               .when = {IF("procedure", "general")}, .start = START_FIELD, .start_key = "accepted_on",
                               .length = DAYS(30), .end = END_FIELD, .end_key = "decided_on",
                               .alerts = {{ALERT_BEFORE, DAYS(5), TOLD_ENTITY}, LATE(TOLD_ENTITY | TOLD_CITY)}},
    [TERM_DECISION_SIMPLIFIED] = {ROW(TERM_DECISION_SIMPLIFIED), .source = "M2023 ch. 3 s. 2-3", REPORT_TERM,
                                  .when = {IF("procedure", "simplified")}, .start = START_FIELD,
                                  .start_key = "accepted_on", .length = DAYS(30), .end = END_FIELD,
                                  .end_key = "decided_on",
                                  .alerts = {{ALERT_BEFORE, DAYS(5), TOLD_ENTITY}, LATE(TOLD_ENTITY | TOLD_CITY)}},
    [TERM_DECISION_EMERGENCY] =
        {ROW(TERM_DECISION_EMERGENCY), .source = "M2023 ch. 3 s. 5", REPORT_TERM,
         .when = {IF("procedure", "emergency")}, .start = START_FIELD, .start_key = "accepted_on", .length = HOURS(72),
         .end = END_FIELD, .end_key = "decided_on",
         .alerts = {{ALERT_BEFORE, HOURS(12), TOLD_ENTITY}, LATE(TOLD_CITY | TOLD_PROVINCE)}},
    [TERM_REREVIEW_REQUEST] = {ROW(TERM_REREVIEW_REQUEST), .source = "M2023 art. 26; length: site", REPORT_TERM,
                               .when = {LISTED, NEW_REVIEW, UNLESS("decision", "rejected|resubmit")},
                               .which = CASE_ORDINARY, .start = START_RECEIVED, .length = {3, UNIT_WORKING_DAYS},
                               .end = END_EVENT, .event = EVENT_REREVIEW_REQUESTED,
                               .alerts = {{ALERT_BEFORE, DAYS(1), TOLD_ENTITY}, LATE(TOLD_ENTITY | TOLD_CITY)}},
    [TERM_REREVIEW_REQUEST_EMERGENCY] = {ROW(TERM_REREVIEW_REQUEST_EMERGENCY),
                                         .source = "M2023 art. 26, ch. 3 s. 5; length: site", REPORT_TERM,
                                         .when = {LISTED, NEW_REVIEW, UNLESS("decision", "rejected|resubmit")},
                                         .which = CASE_EMERGENCY, .start = START_RECEIVED, .length = HOURS(6),
                                         .end = END_EVENT, .event = EVENT_REREVIEW_REQUESTED,
                                         .alerts = {LATE(TOLD_ENTITY | TOLD_CITY)}},
    [TERM_EXPERT_REREVIEW] = {ROW(TERM_EXPERT_REREVIEW), .source = "M2023 ch. 3 s. 4", .root = "rereview_request",
                              .owners = BY_ENTITY | BY_CITY, .which = CASE_ORDINARY, .start = START_FIELD_OR_RECEIVED,
                              .start_key = "received_on", .length = DAYS(30), .end = END_STATE, .life = &rereview_life,
                              .states = IN(REREVIEW_DECIDED),
                              .alerts = {{ALERT_BEFORE, DAYS(5), TOLD_CITY}, LATE(TOLD_PROVINCE)}},
    [TERM_EXPERT_REREVIEW_EMERGENCY] =
        {ROW(TERM_EXPERT_REREVIEW_EMERGENCY), .source = "M2023 ch. 3 s. 5",
         .root = "rereview_request", .owners = BY_ENTITY | BY_CITY, .which = CASE_EMERGENCY,
         .start = START_RECEIVED, /* a date has no hour */
         .length = HOURS(36), .end = END_STATE, .life = &rereview_life, .states = IN(REREVIEW_DECIDED),
         .alerts = {{ALERT_BEFORE, HOURS(6), TOLD_CITY}, LATE(TOLD_PROVINCE)}},
    [TERM_FOLLOW_UP] = {ROW(TERM_FOLLOW_UP), .source = "M2023 ch. 3 s. 2", REPORT_TERM,
                        .when = {APPROVED, IF("rereview_list_item", "none"), UNLESS("review_stage", "closing")},
                        .start = START_FIELD, .start_key = "decided_on", .length = {12, UNIT_MONTHS},
                        .due_key = "next_follow_up_on", .end = END_EVENT, .event = EVENT_FOLLOWED_UP,
                        .alerts = {{ALERT_BEFORE, DAYS(30), TOLD_ENTITY}, LATE(TOLD_ENTITY | TOLD_CITY)}},
    [TERM_FOLLOW_UP_LISTED] = {ROW(TERM_FOLLOW_UP_LISTED), .source = "M2023 ch. 3 s. 4", REPORT_TERM,
                               .when = {APPROVED, LISTED, UNLESS("review_stage", "closing")}, .start = START_FIELD,
                               .start_key = "decided_on", .length = {6, UNIT_MONTHS}, .due_key = "next_follow_up_on",
                               .end = END_EVENT, .event = EVENT_FOLLOWED_UP,
                               .alerts = {{ALERT_BEFORE, DAYS(30), TOLD_ENTITY}, LATE(TOLD_ENTITY | TOLD_CITY)}},
    [TERM_COMMITTEE_REGISTRATION] = {ROW(TERM_COMMITTEE_REGISTRATION), .source = "M2023 ch. 4",
                                     .root = "committee_registration", .owners = BY_ENTITY, .start = START_FIELD,
                                     .start_key = "established_on", .length = DAYS(30), .end = END_STANDS,
                                     .end_key = "registered_platform_no", .event = EVENT_REGISTERED,
                                     .alerts = {{ALERT_BEFORE, DAYS(7), TOLD_ENTITY}, LATE(TOLD_ENTITY | TOLD_CITY)}},
    [TERM_LISTED_REGISTRATION] = {ROW(TERM_LISTED_REGISTRATION), .source = "M2023 ch. 4", REPORT_TERM,
                                  .when = {APPROVED, LISTED, NEW_REVIEW}, .start = START_FIELD,
                                  .start_key = "decided_on", .length = DAYS(30), .end = END_FIELD,
                                  .end_key = "platform_registered_on",
                                  .alerts = {{ALERT_BEFORE, DAYS(7), TOLD_ENTITY}, LATE(TOLD_ENTITY | TOLD_CITY)}},
    [TERM_ANNUAL_REPORT] =
        {ROW(TERM_ANNUAL_REPORT), .source = "M2023 ch. 4", .root = "annual_report", .owners = BY_ENTITY,
         .start = START_PERIOD_END, .length = {331, UNIT_DATE}, .end = END_EVENT, .event = EVENT_REPORTED,
         .alerts = {{ALERT_BEFORE, DAYS(30), TOLD_ENTITY}, {ALERT_BEFORE, DAYS(7), TOLD_ENTITY}, LATE(TOLD_CITY)}},
    ACKNOWLEDGE(TERM_ACKNOWLEDGE_1, "1", 1, THEN_PROVINCE),
    ACKNOWLEDGE(TERM_ACKNOWLEDGE_2, "2", 4, THEN_PROVINCE),
    ACKNOWLEDGE(TERM_ACKNOWLEDGE_3, "3", 24, NOBODY_ELSE),
    ACKNOWLEDGE(TERM_ACKNOWLEDGE_4, "4", 72, NOBODY_ELSE),
    [TERM_PERIODIC_REPORT] = {ROW(TERM_PERIODIC_REPORT), .source = "site", .root = "zero_report", .owners = BY_ENTITY,
                              .start = START_PERIOD_END, .length = DAYS(10), .end = END_EVENT, .event = EVENT_REPORTED,
                              .alerts = {{ALERT_BEFORE, DAYS(3), TOLD_ENTITY}, LATE(TOLD_ENTITY | TOLD_CITY)}},
    [TERM_ANSWER_NOTICE] = {ROW(TERM_ANSWER_NOTICE), .source = "notice", .root = "notice",
                            .owners = BY_CITY | BY_PROVINCE, .when = {IF("must_answer", "true")},
                            .start = START_RECEIVED, .length = {0, UNIT_FIELD}, .due_key = "due_at", .end = END_EVENT,
                            .event = EVENT_ANSWERED, .alerts = {{ALERT_BEFORE, DAYS(2), TOLD_ENTITY}, LATE(TOLD_CITY)}},
};

static const struct label clock_state_labels[] = {
    [CLOCK_OPEN] = {"open", "Running", "进行中"},
    [CLOCK_MET] = {"met", "In time", "按时完成"},
    [CLOCK_OVERDUE] = {"overdue", "Overdue", "逾期"},
    [CLOCK_VOID] = {"void", "Void", "作废"},
};
static const struct label alert_stage_labels[ALERT_STAGES] = {
    [ALERT_BEFORE] = {"before", "Reminder", "到期提醒"},
    [ALERT_OVERDUE] = {"overdue", "Overdue", "逾期"},
    [ALERT_ESCALATED] = {"escalated", "Escalated", "升级上报"},
};

const struct enumeration enum_term = {"term", term_labels, TERMS};
const struct enumeration enum_clock_state = {"clock_state", clock_state_labels, COUNT(clock_state_labels)};
const struct enumeration enum_alert_stage = {"alert_stage", alert_stage_labels, COUNT(alert_stage_labels)};
