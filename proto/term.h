/* proto/term.h - the statutory terms as rows, and the clocks that they set running.
 *
 * Pure: no store, no time of day. Whoever keeps the records hands in what is known of a case and gets its clocks: when
 * each began, when it is due, when it ended. Instants are UTC milliseconds, 0 meaning "not yet"; `due_at` is the last
 * millisecond that is in time, so a term in days ends with the local day. The day that starts a term is not counted. A
 * date has no hour: a term in hours that a date starts runs from the end of that day, in favour of whoever owes.
 *
 * How a store keeps them, one row a clock, in the transaction of the record that moved it:
 *  - After each record of a thread it goes through the whole thread again with term_advance() and replaces the thread's
 *    rows, so that what they say depends on when things happened and never on when somebody looked. A row that runs and
 *    is not in the result any more is void.
 *  - A changed length applies to new cases: the store keeps each clock's `length` and, before it reckons a case again,
 *    puts the lengths of its rows into a copy of the settings with term_keep(). The configuration's words for the
 *    operator say the same.
 *  - For each row it keeps how many alerts are done, from 0. The clerk sleeps until the earliest clock_next_at(), asks
 *    clock_alert_due() until there is none, and stores `index` + 1 each time. A new due_at begins again at 0. So
 * nothing is sent twice after a restart, and a clock that jumps forward and back can bring an alert early, never lose
 * one. */
#ifndef PROTO_TERM_H
#define PROTO_TERM_H

#include "proto/life.h"
#include "proto/period.h"

enum term_index {
    TERM_DECISION_GENERAL,
    TERM_DECISION_SIMPLIFIED,
    TERM_DECISION_EMERGENCY,
    TERM_REREVIEW_REQUEST,
    TERM_REREVIEW_REQUEST_EMERGENCY,
    TERM_EXPERT_REREVIEW,
    TERM_EXPERT_REREVIEW_EMERGENCY,
    TERM_FOLLOW_UP,
    TERM_FOLLOW_UP_LISTED,
    TERM_COMMITTEE_REGISTRATION,
    TERM_LISTED_REGISTRATION,
    TERM_ANNUAL_REPORT,
    TERM_ACKNOWLEDGE_1,
    TERM_ACKNOWLEDGE_2,
    TERM_ACKNOWLEDGE_3,
    TERM_ACKNOWLEDGE_4,
    TERM_PERIODIC_REPORT,
    TERM_ANSWER_NOTICE,
    TERMS
};

enum term_unit {
    UNIT_HOURS,
    UNIT_DAYS,
    UNIT_WORKING_DAYS,
    UNIT_MONTHS,
    UNIT_DATE,  /* month * 100 + day, of the year in which the term starts */
    UNIT_FIELD, /* no length: the due date stands in the record */
    UNIT_AGAIN, /* of an alert: as long after the due date as the term itself was */
    TERM_UNITS
};

struct term_length {
    int64_t number;
    enum term_unit unit;
};

/* A field's code against a list "a|b": enums by code, numbers in decimal, flags true or false. An absent field is none
 * of the list. */
struct term_condition {
    const char *key;
    bool is_not;
    const char *codes;
};

enum term_case { CASE_ANY, CASE_ORDINARY, CASE_EMERGENCY };

enum term_start {
    START_FIELD,             /* date or time; the clock does not run without it */
    START_FIELD_OR_RECEIVED, /* the field where it stands */
    START_RECEIVED,          /* the hub took the thread's first record */
    START_GRADED,            /* the hub took the record since which the present level stands */
    START_PERIOD_END,        /* the beginning of the day after the period */
};

enum term_end {
    END_FIELD,  /* date or time; a date counts from its beginning */
    END_STANDS, /* the field stands; its moment is that of `event` */
    END_STATE,  /* the first of `states` is reached */
    END_EVENT,
};

/* What other records tell of a case. A request or report that was withdrawn tells nothing; one that only rehearses, of
 * a rehearsal alone. */
enum term_event {
    EVENT_REREVIEW_REQUESTED, /* a rereview_request for this report was taken */
    EVENT_FOLLOWED_UP, /* the activity's next report at stage follow_up or closing: the beginning of its decided_on, or
                          when it was taken */
    EVENT_REGISTERED,  /* the first record of the thread in which registered_platform_no stands was taken */
    EVENT_REPORTED,    /* the first report of the period, or its zero report, was taken */
    EVENT_ANSWERED,    /* the addressee's answer was taken */
    TERM_EVENTS
};

enum { TOLD_ENTITY = 1, TOLD_CITY = 2, TOLD_PROVINCE = 4, TOLD_DUTY = 8 /* the next person on duty at the city */ };

enum alert_stage { ALERT_BEFORE, ALERT_OVERDUE, ALERT_ESCALATED, ALERT_STAGES };

enum { TERM_CONDITIONS = 3, TERM_ALERTS = 3, TERM_STATES = 8 };

/* Before the due date by days: at the beginning of that local day; by hours: to the millisecond. ALERT_OVERDUE is due
 * with the first millisecond that is late, ALERT_ESCALATED by `offset` after the due date. In order of time. */
struct term_alert {
    enum alert_stage stage;
    struct term_length offset;
    unsigned told; /* TOLD_ bits; 0: the row is not used */
};

struct term {
    enum term_index index;
    const struct label *label;
    const char *source;
    const char *root; /* kind whose thread owes it; of a periodic term, what is reported */
    unsigned owners;  /* BY_ bits: in whose threads it runs */
    enum term_case which;
    struct term_condition when[TERM_CONDITIONS];
    enum term_start start;
    const char *start_key;
    struct term_length length; /* as the source has it; the settings may say otherwise */
    const char *due_key;       /* this date or time, where it stands, is the due date */
    enum term_end end;
    const char *end_key;
    enum term_event event;
    const struct life *life; /* of the root, for `states` */
    unsigned states;         /* bits */
    struct term_alert alerts[TERM_ALERTS];
};

extern const struct term terms[TERMS];
extern const struct enumeration enum_term, enum_clock_state, enum_alert_stage;

/* -1 when unknown. */
int term_find(const char *code);
bool term_is_periodic(const struct term *term);

struct term_settings {
    struct term_length lengths[TERMS];
    int utc_offset_minutes;
    enum period_unit period; /* of the periodic report: PERIOD_MONTH or PERIOD_QUARTER */
    /* The COUNTth working day after DAY: calendar_add_working_days() of common/calendar.h and its calendar. */
    int64_t (*add_working_days)(const void *calendar, int64_t day, int64_t count);
    const void *calendar;
};

/* The lengths of the table, quarters; the calendar is the caller's to set. */
void term_settings_default(int utc_offset_minutes, struct term_settings *ret_settings);
/* A clock that runs keeps its length: see above. */
void term_keep(struct term_settings *settings, enum term_index index, struct term_length length);

struct term_facts {
    enum role owner; /* of the thread */
    int64_t received_at;
    int64_t graded_at;               /* for kinds without a level, or while it never changed: received_at */
    int state;                       /* of the kind's life */
    int64_t reached_at[TERM_STATES]; /* the first moment of each state */
    int64_t event_at[TERM_EVENTS];
    bool is_emergency; /* of a re-review: the report it is about goes by the emergency procedure, whatever it says */
};

struct clock {
    const struct term *term;
    struct term_length length; /* that it was reckoned with */
    int64_t started_at;
    int64_t due_at;
    int64_t ended_at;
    bool is_void;  /* the case was withdrawn, or cancelled before it ended */
    bool is_drill; /* a rehearsal or an exercise: runs and reminds, but is counted nowhere and goes no higher than the
                      city */
};

/* The clocks of the thread whose content is CONTENT, checked by record_check(); a notice has one set for each
 * addressee, with that one's answer in FACTS. Returns how many there are. */
size_t term_clocks(const struct record *content, const struct term_facts *facts, const struct term_settings *settings,
                   struct clock ret_clocks[TERMS]);

/* What a thread has set running so far: one clock a term. Begins as {0}. */
struct term_run {
    struct clock clocks[TERMS];
    size_t count;
};

/* Brings the clocks to where they stand after the record taken at AT, the thread being as CONTENT and FACTS say: once
 * for each record, in their order. A clock that this does not set running any more is void. But what has been decided
 * of a grade stands (START_GRADED): in time where it was ended, overdue where nobody had by its due date and the grade
 * still was the same; the end may come later. A grade that comes back after that sets no second clock running. */
void term_advance(struct term_run *run, const struct record *content, const struct term_facts *facts, int64_t at,
                  const struct term_settings *settings);

/* Periodic terms: an entity that joined at JOINED_AT owes the period of that day and all that follow, until it leaves.
 * Puts the first MAX of those that have ended at NOW_MS into ret_periods; returns how many there are. */
size_t term_periodic(const struct term *term, int64_t joined_at, int64_t now_ms, const struct term_settings *settings,
                     struct period *ret_periods, size_t max);
/* ENDED_AT as of EVENT_REPORTED. */
struct clock term_period_clock(const struct term *term, struct period period, int64_t ended_at,
                               const struct term_settings *settings);

enum clock_state { CLOCK_OPEN, CLOCK_MET, CLOCK_OVERDUE, CLOCK_VOID };
enum clock_state clock_state(const struct clock *clock, int64_t now_ms);

struct alert {
    enum alert_stage stage;
    unsigned told;
    int64_t at;
    unsigned index;
};

/* When the clerk has to look at this clock again, DONE alerts being done: INT64_MAX for never. */
int64_t clock_next_at(const struct clock *clock, unsigned done, const struct term_settings *settings);
/* The next alert whose time has come. Of reminders that a later one or the due date has overtaken none is sent. */
bool clock_alert_due(const struct clock *clock, unsigned done, int64_t now_ms, const struct term_settings *settings,
                     struct alert *ret_alert);

#endif
