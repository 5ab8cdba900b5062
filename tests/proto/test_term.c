#include "tests/proto/term_sample.h"

static bool is_moment(const struct kind *kind, const char *key)
{
    int field = kind_field(kind, key);
    return field >= 0 && (kind->fields[field].type == FIELD_DATE || kind->fields[field].type == FIELD_TIME);
}

static void check_condition(const struct kind *kind, const struct term_condition *when)
{
    int field = kind_field(kind, when->key);
    assert_true(field >= 0);
    const struct field *row = &kind->fields[field];
    char codes[120];
    char *rest = NULL;
    snprintf(codes, sizeof codes, "%s", when->codes);
    for (char *code = strtok_r(codes, "|", &rest); code; code = strtok_r(NULL, "|", &rest)) {
        if (row->type == FIELD_ENUM) {
            assert_true(enumeration_index(row->codes, view_str(code)) >= 0);
        } else {
            assert_true(row->type == FIELD_NUMBER || strcmp(code, "true") == 0 || strcmp(code, "false") == 0);
        }
    }
}

static void test_each_row_fits_the_kind_it_is_about(void **state)
{
    (void)state;
    for (size_t i = 0; i < TERMS; i++) {
        const struct term *term = &terms[i];
        assert_int_equal(term->index, i);
        assert_int_equal(term_find(term->label->code), i);
        assert_true(*term->label->en && *term->label->zh && *term->source && term->owners);
        const struct kind *kind = kind_find(view_str(term->root));
        assert_non_null(kind);
        for (size_t j = 0; j < TERM_CONDITIONS && term->when[j].key; j++) {
            check_condition(kind, &term->when[j]);
        }
        assert_true(!term->start_key || is_moment(kind, term->start_key));
        assert_true(!term->due_key || is_moment(kind, term->due_key));
        assert_int_equal(term->start == START_FIELD || term->start == START_FIELD_OR_RECEIVED, term->start_key != NULL);
        assert_true(term->end != END_FIELD || is_moment(kind, term->end_key));
        assert_true(term->end != END_STANDS || kind_field(kind, term->end_key) >= 0);
        assert_true(term->end != END_STATE || (term->life == kind->life && term->states != 0));
        assert_true(term_is_periodic(term) || (kind->life && kind->life->states->count <= TERM_STATES));
    }
    assert_int_equal(term_find("decision"), -1);
    assert_int_equal(term_find(""), -1);
}

static void test_each_row_tells_somebody_when_it_is_overdue(void **state)
{
    (void)state;
    for (size_t i = 0; i < TERMS; i++) {
        int late = 0;
        bool is_over = false;
        for (size_t j = 0; j < TERM_ALERTS; j++) {
            const struct term_alert *row = &terms[i].alerts[j];
            if (row->told == 0) {
                is_over = true;
                continue;
            }
            assert_false(is_over);
            assert_true(j == 0 || row->stage >= row[-1].stage);
            late += row->stage == ALERT_OVERDUE ? 1 : 0;
            assert_true(row->stage != ALERT_BEFORE || row->offset.unit == UNIT_DAYS || row->offset.unit == UNIT_HOURS);
            assert_true(row->stage != ALERT_ESCALATED || row->offset.unit == UNIT_AGAIN ||
                        row->offset.unit == UNIT_HOURS);
        }
        assert_int_equal(late, 1);
    }
}

/* One clock: `drop` takes a field away that the rules of the kind ask for, so that the length shows. */
struct row {
    enum term_index index;
    const char *sample, *patch, *drop, *received, *started, *due, *ended;
    enum clock_state state_at_end; /* at `ended`, or at the last millisecond that is in time */
};

#define GENERAL(accepted, decided)                                                                                     \
    "\"applied_on\":\"" accepted "\",\"accepted_on\":\"" accepted "\",\"met_on\":null,\"decided_on\":\"" decided       \
    "\",\"next_follow_up_on\":null,\"decision\":\"rejected\",\"rejection_reason\":\"不符合要求\""
#define UNDECIDED                                                                                                      \
    ",\"decided_on\":null,\"decision\":null,\"met_on\":null,\"next_follow_up_on\":null,\"members_present\":null,"      \
    "\"votes_for\":null"
#define PROCEDURE(name, accepted)                                                                                      \
    "\"procedure\":\"" name "\",\"risk_grade\":\"minimal\",\"applied_on\":\"" accepted                                 \
    "\",\"accepted_on\":\"" accepted "\"" UNDECIDED
#define APPROVED_ON(day) "\"decided_on\":\"" day "\",\"met_on\":null"

static const struct row rows[] = {
    {TERM_DECISION_GENERAL, sample_review, "", NULL, "2026-10-20 09:00", "2026-09-05 00:00", "2026-10-05 24:00",
     "2026-09-21 00:00", CLOCK_MET},
    {TERM_DECISION_GENERAL, sample_review, GENERAL("2026-09-05", "2026-10-05"), NULL, "2026-10-20 09:00",
     "2026-09-05 00:00", "2026-10-05 24:00", "2026-10-05 00:00", CLOCK_MET},
    {TERM_DECISION_GENERAL, sample_review, GENERAL("2026-09-05", "2026-10-06"), NULL, "2026-10-20 09:00",
     "2026-09-05 00:00", "2026-10-05 24:00", "2026-10-06 00:00", CLOCK_OVERDUE},
    {TERM_DECISION_GENERAL, sample_review, PROCEDURE("general", "2026-12-15"), NULL, "2026-12-20 09:00",
     "2026-12-15 00:00", "2027-01-14 24:00", "", CLOCK_OPEN},
    {TERM_DECISION_SIMPLIFIED, sample_review, PROCEDURE("simplified", "2028-01-30") ",\"reviewers\":2", NULL,
     "2028-02-01 09:00", "2028-01-30 00:00", "2028-02-29 24:00", "", CLOCK_OPEN},
    {TERM_DECISION_SIMPLIFIED, sample_review, PROCEDURE("simplified", "2027-01-30") ",\"reviewers\":2", NULL,
     "2027-02-01 09:00", "2027-01-30 00:00", "2027-03-01 24:00", "", CLOCK_OPEN},
    {TERM_DECISION_EMERGENCY, sample_review, PROCEDURE("emergency", "2026-09-05"), NULL, "2026-09-05 10:00",
     "2026-09-05 00:00", "2026-09-08 24:00", "", CLOCK_OPEN},
    {TERM_REREVIEW_REQUEST, sample_review, LISTED_PATCH, NULL, "2026-09-30 10:00", "2026-09-30 10:00",
     "2026-10-10 24:00", "", CLOCK_OPEN},
    {TERM_REREVIEW_REQUEST, sample_review, LISTED_PATCH, NULL, "2026-11-23 00:00", "2026-11-23 00:00",
     "2026-11-26 24:00", "", CLOCK_OPEN},
    {TERM_REREVIEW_REQUEST_EMERGENCY, sample_review, LISTED_PATCH ",\"procedure\":\"emergency\"", NULL,
     "2026-09-30 22:00", "2026-09-30 22:00", "2026-10-01 04:00", "", CLOCK_OPEN},
    {TERM_EXPERT_REREVIEW, sample_request, "\"received_on\":\"2026-01-31\"", NULL, "2026-02-02 10:00",
     "2026-01-31 00:00", "2026-03-02 24:00", "", CLOCK_OPEN},
    {TERM_EXPERT_REREVIEW, sample_request, "", NULL, "2026-02-01 01:00", "2026-02-01 01:00", "2026-03-03 24:00", "",
     CLOCK_OPEN},
    {TERM_EXPERT_REREVIEW_EMERGENCY, sample_request, "\"is_emergency\":true,\"received_on\":\"2026-09-30\"", NULL,
     "2026-09-30 10:00", "2026-09-30 10:00", "2026-10-01 22:00", "", CLOCK_OPEN},
    {TERM_FOLLOW_UP, sample_review, "", NULL, "2026-10-20 09:00", "2026-09-21 00:00", "2027-09-01 24:00", "",
     CLOCK_OPEN},
    {TERM_FOLLOW_UP, sample_review, "", "next_follow_up_on", "2026-10-20 09:00", "2026-09-21 00:00", "2027-09-21 24:00",
     "", CLOCK_OPEN},
    {TERM_FOLLOW_UP, sample_review, APPROVED_ON("2028-02-29") ",\"next_follow_up_on\":\"2029-01-01\"",
     "next_follow_up_on", "2028-03-01 09:00", "2028-02-29 00:00", "2029-02-28 24:00", "", CLOCK_OPEN},
    {TERM_FOLLOW_UP_LISTED, sample_review, LISTED_PATCH, NULL, "2026-10-20 09:00", "2026-09-21 00:00",
     "2027-03-21 24:00", "", CLOCK_OPEN},
    {TERM_FOLLOW_UP_LISTED, sample_review,
     LISTED_PATCH "," APPROVED_ON("2027-08-31") ",\"next_follow_up_on\":\"2027-12-31\"", "next_follow_up_on",
     "2027-09-01 09:00", "2027-08-31 00:00", "2028-02-29 24:00", "", CLOCK_OPEN},
    {TERM_FOLLOW_UP_LISTED, sample_review,
     LISTED_PATCH "," APPROVED_ON("2026-08-31") ",\"accepted_on\":\"2026-08-30\",\"applied_on\":\"2026-08-30\","
                                                "\"next_follow_up_on\":\"2026-12-31\"",
     "next_follow_up_on", "2026-09-01 09:00", "2026-08-31 00:00", "2027-02-28 24:00", "", CLOCK_OPEN},
    {TERM_COMMITTEE_REGISTRATION, sample_committee, "", NULL, "2026-02-20 09:00", "2026-02-01 00:00",
     "2026-03-03 24:00", "", CLOCK_OPEN},
    {TERM_COMMITTEE_REGISTRATION, sample_committee, "\"registered_platform_no\":\"KL-1\"", NULL, "2026-02-20 09:00",
     "2026-02-01 00:00", "2026-03-03 24:00", "2026-02-20 09:00", CLOCK_MET},
    {TERM_COMMITTEE_REGISTRATION, sample_committee, "\"registered_platform_no\":\"KL-1\"", NULL, "2027-01-01 09:00",
     "2026-02-01 00:00", "2026-03-03 24:00", "2026-03-03 24:00", CLOCK_MET},
    {TERM_LISTED_REGISTRATION, sample_review, LISTED_PATCH, NULL, "2026-10-20 09:00", "2026-09-21 00:00",
     "2026-10-21 24:00", "", CLOCK_OPEN},
    {TERM_LISTED_REGISTRATION, sample_review, LISTED_PATCH ",\"platform_registered_on\":\"2026-10-21\"", NULL,
     "2026-10-22 09:00", "2026-09-21 00:00", "2026-10-21 24:00", "2026-10-21 00:00", CLOCK_MET},
    {TERM_LISTED_REGISTRATION, sample_review, LISTED_PATCH ",\"platform_registered_on\":\"2026-10-22\"", NULL,
     "2026-10-22 09:00", "2026-09-21 00:00", "2026-10-21 24:00", "2026-10-22 00:00", CLOCK_OVERDUE},
    {TERM_ACKNOWLEDGE_1, sample_warning, "\"level\":1", NULL, "2026-11-20 23:30", "2026-11-20 23:30",
     "2026-11-21 00:30", "", CLOCK_OPEN},
    {TERM_ACKNOWLEDGE_2, sample_warning, "\"level\":2", NULL, "2026-11-20 23:30", "2026-11-20 23:30",
     "2026-11-21 03:30", "", CLOCK_OPEN},
    {TERM_ACKNOWLEDGE_3, sample_warning, "\"level\":3", NULL, "2026-11-20 23:30", "2026-11-20 23:30",
     "2026-11-21 23:30", "", CLOCK_OPEN},
    {TERM_ACKNOWLEDGE_4, sample_warning, "\"level\":4,\"status\":\"exercise\"", NULL, "2026-11-20 23:30",
     "2026-11-20 23:30", "2026-11-23 23:30", "", CLOCK_OPEN},
    {TERM_ANSWER_NOTICE, sample_notice, "", NULL, "2026-12-01 09:00", "2026-12-01 09:00", "2026-12-10 18:00", "",
     CLOCK_OPEN},
};

static const enum role owners[TERMS] = {[TERM_ANSWER_NOTICE] = ROLE_CITY};

static void check_row(const struct row *row)
{
    struct content content;
    struct clock clocks[TERMS];
    struct term_settings settings = sample_settings();
    struct term_facts facts = sample_facts(row->received);
    facts.owner = owners[row->index];
    content_open(row->sample, row->patch, &content);
    if (row->drop) {
        content_drop(&content, row->drop);
    }
    size_t count = term_clocks(&content.record, &facts, &settings, clocks);
    const struct clock *clock = clock_of(clocks, count, row->index);
    assert_non_null(clock);
    assert_int_equal(clock->started_at, instant(row->started));
    assert_int_equal(clock->due_at, instant(row->due));
    assert_int_equal(clock->ended_at, instant(row->ended));
    assert_int_equal(clock_state(clock, clock->due_at), row->state_at_end);
    assert_int_equal(clock_state(clock, clock->due_at + 1), clock->ended_at ? row->state_at_end : CLOCK_OVERDUE);
    assert_int_equal(clock_state(clock, INT64_C(1)), row->state_at_end); /* the time of day has no say in what ended */
    content_done(&content);
}

static void test_each_term_is_reckoned_as_by_hand(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        print_message("row %zu: %s\n", i, terms[rows[i].index].label->code);
        check_row(&rows[i]);
    }
}

/* The terms of a content, by code, in the table's order. */
static void check_terms(const char *sample, const char *patch, struct term_facts facts, const char *expected)
{
    struct content content;
    struct clock clocks[TERMS];
    struct term_settings settings = sample_settings();
    char codes[256] = "";
    content_open(sample, patch, &content);
    size_t count = term_clocks(&content.record, &facts, &settings, clocks);
    for (size_t i = 0; i < count; i++) {
        size_t used = strlen(codes);
        snprintf(codes + used, sizeof codes - used, "%s%s", i ? " " : "", clocks[i].term->label->code);
    }
    assert_string_equal(codes, expected);
    content_done(&content);
}

static void test_only_the_terms_whose_conditions_hold_run(void **state)
{
    (void)state;
    struct term_facts facts = sample_facts("2026-10-20 09:00");
    struct term_facts of_city = facts;
    of_city.owner = ROLE_CITY;
    check_terms(sample_review, "", facts, "decision_general follow_up");
    check_terms(sample_review, "\"review_stage\":\"closing\"", facts, "decision_general");
    check_terms(sample_review, "\"review_stage\":\"follow_up\"", facts, "decision_general follow_up");
    check_terms(sample_review, PROCEDURE("simplified", "2026-09-05") ",\"reviewers\":2", facts, "decision_simplified");
    check_terms(sample_review, PROCEDURE("general", "2026-09-05") ",\"accepted_on\":null", facts, "");
    check_terms(sample_review, LISTED_PATCH, facts, "rereview_request follow_up_listed listed_registration");
    check_terms(sample_review, LISTED_PATCH ",\"review_stage\":\"follow_up\"", facts, "follow_up_listed");
    check_terms(sample_review, LISTED_PATCH UNDECIDED, facts, "rereview_request");
    check_terms(sample_review, LISTED_PATCH ",\"procedure\":\"emergency\"", facts,
                "decision_emergency rereview_request_emergency follow_up_listed listed_registration");
    check_terms(sample_review,
                LISTED_PATCH ",\"decision\":\"rejected\",\"rejection_reason\":\"不符合\",\"next_follow_up_on\":null",
                facts, "");
    check_terms(sample_committee, "", facts, "committee_registration");
    check_terms(sample_request, "", facts, "expert_rereview");
    check_terms(sample_request, "", of_city, "expert_rereview");
    facts.is_emergency = true;
    check_terms(sample_request, "", facts, "expert_rereview_emergency");
    facts.is_emergency = false;
    check_terms(sample_warning, "\"status\":\"test\"", facts, "");
    check_terms(sample_warning, "", facts, "acknowledge_2");
    check_terms(sample_warning, "", of_city, ""); /* nobody acknowledges his own */
    check_terms(sample_notice, "\"must_answer\":false,\"due_at\":null", of_city, "");
    check_terms(sample_notice, "", of_city, "answer_notice");
    of_city.owner = ROLE_PROVINCE;
    check_terms(sample_notice, "", of_city, "answer_notice");
}

static struct clock only_clock(const char *sample, const char *patch, const struct term_facts *facts,
                               enum term_index index)
{
    struct content content;
    struct clock clocks[TERMS];
    struct term_settings settings = sample_settings();
    content_open(sample, patch, &content);
    size_t count = term_clocks(&content.record, facts, &settings, clocks);
    const struct clock *clock = clock_of(clocks, count, index);
    assert_non_null(clock);
    struct clock copy = *clock;
    content_done(&content);
    return copy;
}

static void test_other_records_end_a_clock_to_the_millisecond(void **state)
{
    (void)state;
    static const struct {
        enum term_index index;
        enum term_event event;
        const char *sample, *patch, *due;
        enum role owner;
    } ends[] = {
        {TERM_REREVIEW_REQUEST, EVENT_REREVIEW_REQUESTED, sample_review, LISTED_PATCH, "2026-10-10 24:00", ROLE_ENTITY},
        {TERM_FOLLOW_UP, EVENT_FOLLOWED_UP, sample_review, "", "2027-09-01 24:00", ROLE_ENTITY},
        {TERM_COMMITTEE_REGISTRATION, EVENT_REGISTERED, sample_committee,
         "\"established_on\":\"2026-09-29\",\"registered_platform_no\":\"KL-1\"", "2026-10-29 24:00", ROLE_ENTITY},
        {TERM_ANSWER_NOTICE, EVENT_ANSWERED, sample_notice, "", "2026-12-10 18:00", ROLE_PROVINCE},
    };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct term_facts facts = sample_facts("2026-09-30 09:00");
        facts.owner = ends[i].owner;
        for (int late = 0; late <= 1; late++) {
            facts.event_at[ends[i].event] = instant(ends[i].due) + late;
            struct clock clock = only_clock(ends[i].sample, ends[i].patch, &facts, ends[i].index);
            assert_int_equal(clock.ended_at, instant(ends[i].due) + late);
            assert_int_equal(clock_state(&clock, INT64_MAX), late ? CLOCK_OVERDUE : CLOCK_MET);
        }
    }
}

static void test_a_state_reached_ends_a_clock(void **state)
{
    (void)state;
    struct term_facts facts = sample_facts("2026-09-30 09:00");
    facts.state = REREVIEW_DECIDED;
    facts.reached_at[REREVIEW_REQUESTED] = facts.received_at;
    facts.reached_at[REREVIEW_DECIDED] = instant("2026-10-30 24:00");
    struct clock clock = only_clock(sample_request, "", &facts, TERM_EXPERT_REREVIEW);
    assert_int_equal(clock_state(&clock, INT64_MAX), CLOCK_MET);
    facts.reached_at[REREVIEW_DECIDED]++;
    clock = only_clock(sample_request, "", &facts, TERM_EXPERT_REREVIEW);
    assert_int_equal(clock_state(&clock, INT64_MAX), CLOCK_OVERDUE);

    facts = sample_facts("2026-11-20 10:00");
    facts.state = STATE_RESOLVED;
    facts.reached_at[STATE_RAISED] = facts.received_at;
    facts.reached_at[STATE_RESOLVED] = instant("2026-11-20 18:00");
    facts.reached_at[STATE_HANDLING] = instant("2026-11-20 14:00");
    clock = only_clock(sample_warning, "", &facts, TERM_ACKNOWLEDGE_2);
    assert_int_equal(clock.ended_at, instant("2026-11-20 14:00"));
    assert_int_equal(clock_state(&clock, INT64_MAX), CLOCK_MET);
}

static void test_a_case_that_is_withdrawn_or_cancelled_has_void_clocks(void **state)
{
    (void)state;
    struct term_settings settings = sample_settings();
    struct term_facts facts = sample_facts("2026-09-30 09:00");
    facts.state = FILING_RETURNED;
    struct clock clock = only_clock(sample_review, "", &facts, TERM_DECISION_GENERAL);
    assert_false(clock.is_void);
    facts.state = FILING_WITHDRAWN; /* it never was: even what had ended */
    clock = only_clock(sample_review, "", &facts, TERM_DECISION_GENERAL);
    assert_int_equal(clock_state(&clock, INT64_MAX), CLOCK_VOID);
    assert_int_equal(clock_next_at(&clock, 0, &settings), INT64_MAX);

    facts = sample_facts("2026-11-20 10:00");
    facts.state = STATE_CANCELLED;
    clock = only_clock(sample_warning, "", &facts, TERM_ACKNOWLEDGE_2);
    assert_int_equal(clock_state(&clock, INT64_MAX), CLOCK_VOID);
    facts.reached_at[STATE_ACKNOWLEDGED] = instant("2026-11-20 11:00"); /* a cancellation undoes no answer */
    clock = only_clock(sample_warning, "", &facts, TERM_ACKNOWLEDGE_2);
    assert_int_equal(clock_state(&clock, INT64_MAX), CLOCK_MET);
    facts = sample_facts("2026-11-20 10:00");
    facts.owner = ROLE_CITY;
    facts.state = ISSUE_WITHDRAWN;
    clock = only_clock(sample_notice, "", &facts, TERM_ANSWER_NOTICE);
    assert_int_equal(clock_state(&clock, INT64_MAX), CLOCK_VOID);
}

static void test_a_later_level_begins_its_own_clock(void **state)
{
    (void)state;
    struct content content;
    struct clock clocks[TERMS];
    struct term_settings settings = sample_settings();
    struct term_facts facts = sample_facts("2026-11-20 10:00");
    facts.graded_at = instant("2026-11-21 09:00");
    struct clock clock = only_clock(sample_warning, "\"level\":1", &facts, TERM_ACKNOWLEDGE_1);
    assert_int_equal(clock.started_at, instant("2026-11-21 09:00"));
    assert_int_equal(clock.due_at, instant("2026-11-21 10:00"));

    facts.state = STATE_ACKNOWLEDGED;
    facts.reached_at[STATE_ACKNOWLEDGED] = instant("2026-11-20 12:00");
    content_open(sample_warning, "\"level\":1", &content);
    assert_int_equal(term_clocks(&content.record, &facts, &settings, clocks), 0);
    content_done(&content);
}

/* The warning's clocks after it was raised at 10:00 and acted on; LEVEL 0: it stays, else it is so from AT on. */
struct warning_run {
    struct term_run run;
    struct term_facts facts;
    int level;
};

static void advance(struct warning_run *warning, const char *at, int level, int state)
{
    struct content content;
    char patch[32];
    struct term_settings settings = sample_settings();
    int64_t moment = instant(at);
    if (warning->facts.received_at == 0) {
        warning->facts = sample_facts(at);
    }
    if (level != warning->level) {
        warning->facts.graded_at = moment;
        warning->level = level;
    }
    warning->facts.state = state;
    if (warning->facts.reached_at[state] == 0) {
        warning->facts.reached_at[state] = moment;
    }
    snprintf(patch, sizeof patch, "\"level\":%d", level);
    content_open(sample_warning, patch, &content);
    term_advance(&warning->run, &content.record, &warning->facts, moment, &settings);
    content_done(&content);
}

static void expect_run(const struct warning_run *warning, enum term_index term, const char *started, const char *ended,
                       enum clock_state state)
{
    for (size_t i = 0; i < warning->run.count; i++) {
        const struct clock *clock = &warning->run.clocks[i];
        if (clock->term->index == term) {
            assert_int_equal(clock->started_at, instant(started));
            assert_int_equal(clock->ended_at, instant(ended));
            assert_int_equal(clock_state(clock, instant("2027-01-01 00:00")), state);
            return;
        }
    }
    fail_msg("no clock");
}

static void test_an_acknowledgement_is_not_undone_by_a_later_level(void **state)
{
    (void)state;
    struct warning_run warning = {0};
    advance(&warning, "2026-11-20 10:00", 3, STATE_RAISED);
    advance(&warning, "2026-11-20 12:00", 3, STATE_ACKNOWLEDGED);
    advance(&warning, "2026-11-20 13:00", 1, STATE_ACKNOWLEDGED);
    assert_int_equal(warning.run.count, 1);
    expect_run(&warning, TERM_ACKNOWLEDGE_3, "2026-11-20 10:00", "2026-11-20 12:00", CLOCK_MET);
}

static void test_a_grade_that_changed_in_time_is_void_and_one_that_was_late_stays_overdue(void **state)
{
    (void)state;
    struct warning_run warning = {0};
    advance(&warning, "2026-11-20 10:00", 2, STATE_RAISED);
    advance(&warning, "2026-11-20 11:00", 1, STATE_RAISED);
    expect_run(&warning, TERM_ACKNOWLEDGE_2, "2026-11-20 10:00", "", CLOCK_VOID);
    advance(&warning, "2026-11-20 13:00", 3, STATE_RAISED); /* an hour after level 1 was due */
    expect_run(&warning, TERM_ACKNOWLEDGE_1, "2026-11-20 11:00", "", CLOCK_OVERDUE);
    advance(&warning, "2026-11-20 14:00", 1, STATE_RAISED); /* once more: it is overdue already */
    expect_run(&warning, TERM_ACKNOWLEDGE_1, "2026-11-20 11:00", "", CLOCK_OVERDUE);
    advance(&warning, "2026-11-20 14:30", 1, STATE_ACKNOWLEDGED);
    expect_run(&warning, TERM_ACKNOWLEDGE_1, "2026-11-20 11:00", "2026-11-20 14:30", CLOCK_OVERDUE);
    expect_run(&warning, TERM_ACKNOWLEDGE_3, "2026-11-20 13:00", "", CLOCK_VOID);
}

static void test_a_cancelled_warning_leaves_nothing_that_was_not_ended(void **state)
{
    (void)state;
    struct warning_run warning = {0};
    advance(&warning, "2026-11-20 10:00", 1, STATE_RAISED);
    advance(&warning, "2026-11-20 13:00", 3, STATE_RAISED);
    advance(&warning, "2026-11-20 14:00", 3, STATE_CANCELLED);
    expect_run(&warning, TERM_ACKNOWLEDGE_1, "2026-11-20 10:00", "", CLOCK_VOID);
    expect_run(&warning, TERM_ACKNOWLEDGE_3, "2026-11-20 13:00", "", CLOCK_VOID);
}

static void test_a_report_that_is_corrected_has_the_clocks_of_the_correction_alone(void **state)
{
    (void)state;
    struct content content;
    struct term_run run = {0};
    struct term_settings settings = sample_settings();
    struct term_facts facts = sample_facts("2026-09-30 09:00");
    content_open(sample_review, "\"decided_on\":null,\"decision\":null,\"next_follow_up_on\":null", &content);
    term_advance(&run, &content.record, &facts, instant("2026-09-30 09:00"), &settings);
    content_done(&content);
    assert_int_equal(run.count, 1);
    assert_int_equal(run.clocks[0].term->index, TERM_DECISION_GENERAL);
    content_open(sample_review,
                 "\"decided_on\":null,\"decision\":null,\"next_follow_up_on\":null,\"procedure\":\"emergency\","
                 "\"members_present\":null,\"votes_for\":null",
                 &content);
    term_advance(&run, &content.record, &facts, instant("2026-12-30 09:00"), &settings); /* overdue: of a mistake */
    content_done(&content);
    assert_int_equal(run.count, 2);
    assert_true(run.clocks[0].is_void);
    assert_false(run.clocks[1].is_void);
}

static void test_a_running_clock_keeps_the_length_it_began_with(void **state)
{
    (void)state;
    struct content content;
    struct clock clocks[TERMS];
    struct term_settings settings = sample_settings();
    struct term_facts facts = sample_facts("2026-09-30 09:00");
    content_open(sample_review, PROCEDURE("general", "2026-09-05"), &content);
    settings.lengths[TERM_DECISION_GENERAL] = (struct term_length){20, UNIT_WORKING_DAYS};
    assert_int_equal(term_clocks(&content.record, &facts, &settings, clocks), 1);
    assert_int_equal(clocks[0].due_at, instant("2026-10-09 24:00")); /* 18 from 7 to 30 September, 8, 9 */
    assert_int_equal(clocks[0].length.number, 20);
    struct term_length kept = clocks[0].length;
    settings.lengths[TERM_DECISION_GENERAL] = (struct term_length){36, UNIT_HOURS};
    assert_int_equal(term_clocks(&content.record, &facts, &settings, clocks), 1);
    assert_int_equal(clocks[0].due_at, instant("2026-09-07 12:00") - 1);
    term_keep(&settings, TERM_DECISION_GENERAL, kept);
    assert_int_equal(term_clocks(&content.record, &facts, &settings, clocks), 1);
    assert_int_equal(clocks[0].due_at, instant("2026-10-09 24:00"));
    content_done(&content);
}

static void test_a_notice_without_a_due_date_has_no_clock(void **state)
{
    (void)state;
    struct content content;
    struct clock clocks[TERMS];
    struct term_settings settings = sample_settings();
    struct term_facts facts = sample_facts("2026-12-01 09:00");
    facts.owner = ROLE_CITY;
    content_open(sample_notice, "", &content);
    content_drop(&content, "due_at");
    assert_int_equal(term_clocks(&content.record, &facts, &settings, clocks), 0);
    content_done(&content);
}

static void test_the_zone_decides_where_a_day_ends(void **state)
{
    (void)state;
    struct content content;
    struct clock clocks[TERMS];
    struct term_settings settings = sample_settings();
    struct term_facts facts = sample_facts("2026-09-30 09:00");
    content_open(sample_review, PROCEDURE("general", "2026-09-05"), &content);
    static const int zones[] = {-480, 0, 330, 480};
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        settings.utc_offset_minutes = zones[i];
        assert_int_equal(term_clocks(&content.record, &facts, &settings, clocks), 1);
        assert_int_equal(clocks[0].due_at, instant("2026-10-05 24:00") + (ZONE - zones[i]) * INT64_C(60000));
    }
    content_done(&content);
}

static void test_an_entity_owes_each_period_from_its_join_on(void **state)
{
    (void)state;
    struct term_settings settings = sample_settings();
    struct period periods[4];
    char text[PERIOD_TEXT_SIZE];
    int64_t joined = instant("2026-08-15 09:00");
    const struct term *periodic = &terms[TERM_PERIODIC_REPORT];
    assert_int_equal(term_periodic(periodic, joined, instant("2026-09-30 24:00"), &settings, periods, 4), 0);
    assert_int_equal(term_periodic(periodic, joined, instant("2026-10-01 00:00"), &settings, periods, 4), 1);
    period_text(periods[0], text);
    assert_string_equal(text, "2026-Q3");
    assert_int_equal(term_periodic(periodic, joined, instant("2027-12-01 00:00"), &settings, periods, 4), 5);
    period_text(periods[3], text);
    assert_string_equal(text, "2027-Q2");
    settings.period = PERIOD_MONTH;
    assert_int_equal(term_periodic(periodic, joined, instant("2026-10-01 00:00"), &settings, periods, 4), 2);
    period_text(periods[1], text);
    assert_string_equal(text, "2026-09");
    const struct term *annual = &terms[TERM_ANNUAL_REPORT];
    assert_int_equal(term_periodic(annual, joined, instant("2026-12-31 24:00"), &settings, periods, 4), 0);
    assert_int_equal(term_periodic(annual, joined, instant("2027-01-01 00:00"), &settings, periods, 4), 1);
    period_text(periods[0], text);
    assert_string_equal(text, "2026");
    /* The last moment of a year in Shanghai is not yet the new one, though its UTC day may be any. */
    assert_int_equal(
        term_periodic(annual, instant("2026-12-31 24:00"), instant("2027-01-01 00:00"), &settings, periods, 4), 1);
    assert_int_equal(
        term_periodic(annual, instant("2027-01-01 00:00"), instant("2027-12-31 24:00"), &settings, periods, 4), 0);
}

static void test_periods_are_due_after_their_end(void **state)
{
    (void)state;
    static const struct {
        enum term_index index;
        const char *period, *started, *due;
    } due[] = {
        {TERM_PERIODIC_REPORT, "2026-Q3", "2026-10-01 00:00", "2026-10-10 24:00"},
        {TERM_PERIODIC_REPORT, "2026-Q4", "2027-01-01 00:00", "2027-01-10 24:00"},
        {TERM_PERIODIC_REPORT, "2028-02", "2028-03-01 00:00", "2028-03-10 24:00"},
        {TERM_ANNUAL_REPORT, "2026", "2027-01-01 00:00", "2027-03-31 24:00"},
        {TERM_ANNUAL_REPORT, "2027", "2028-01-01 00:00", "2028-03-31 24:00"},
    };
    struct term_settings settings = sample_settings();
    for (size_t i = 0; i < sizeof due / sizeof due[0]; i++) {
        struct period period;
        assert_int_equal(period_parse(view_str(due[i].period), &period), ERR_OK);
        struct clock clock = term_period_clock(&terms[due[i].index], period, 0, &settings);
        assert_int_equal(clock.started_at, instant(due[i].started));
        assert_int_equal(clock.due_at, instant(due[i].due));
        assert_int_equal(clock_state(&clock, clock.due_at), CLOCK_OPEN);
        assert_int_equal(clock_state(&clock, clock.due_at + 1), CLOCK_OVERDUE);
        clock = term_period_clock(&terms[due[i].index], period, clock.due_at + 1, &settings);
        assert_int_equal(clock_state(&clock, 0), CLOCK_OVERDUE);
        clock = term_period_clock(&terms[due[i].index], period, clock.started_at - 1, &settings);
        assert_int_equal(clock_state(&clock, INT64_MAX), CLOCK_MET);
    }
    struct period quarter = {PERIOD_QUARTER, 2026, 3};
    settings.lengths[TERM_PERIODIC_REPORT] = (struct term_length){2, UNIT_WORKING_DAYS};
    assert_int_equal(term_period_clock(&terms[TERM_PERIODIC_REPORT], quarter, 0, &settings).due_at,
                     instant("2026-10-09 24:00"));
    settings.lengths[TERM_PERIODIC_REPORT] = (struct term_length){12, UNIT_HOURS};
    assert_int_equal(term_period_clock(&terms[TERM_PERIODIC_REPORT], quarter, 0, &settings).due_at,
                     instant("2026-10-01 12:00") - 1);
}

struct step_row {
    const char *at;
    enum alert_stage stage;
    unsigned told;
};

/* Each alert comes at its millisecond, not one earlier, once, and none is left after the last. */
static void check_alerts(const struct clock *clock, const struct step_row *steps, size_t count)
{
    struct term_settings settings = sample_settings();
    struct alert alert;
    unsigned done = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t at = instant(steps[i].at);
        assert_int_equal(clock_next_at(clock, done, &settings), at);
        assert_false(clock_alert_due(clock, done, at - 1, &settings, &alert));
        assert_true(clock_alert_due(clock, done, at, &settings, &alert));
        assert_int_equal(alert.at, at);
        assert_int_equal(alert.stage, steps[i].stage);
        assert_int_equal(alert.told, steps[i].told);
        done = alert.index + 1;
    }
    assert_int_equal(clock_next_at(clock, done, &settings), INT64_MAX);
    assert_false(clock_alert_due(clock, done, INT64_MAX, &settings, &alert));
}

static void test_reminders_overdue_and_escalation_come_in_their_time(void **state)
{
    (void)state;
    static const struct step_row decision[] = {{"2026-09-30 00:00", ALERT_BEFORE, TOLD_ENTITY},
                                               {"2026-10-06 00:00", ALERT_OVERDUE, TOLD_ENTITY | TOLD_CITY}};
    static const struct step_row emergency[] = {{"2026-09-08 11:59:59.999", ALERT_BEFORE, TOLD_ENTITY},
                                                {"2026-09-09 00:00", ALERT_OVERDUE, TOLD_CITY | TOLD_PROVINCE}};
    static const struct step_row gravest[] = {{"2026-09-30 10:00:00.001", ALERT_OVERDUE, TOLD_DUTY},
                                              {"2026-09-30 11:00:00.001", ALERT_ESCALATED, TOLD_PROVINCE}};
    static const struct step_row annual[] = {{"2027-03-01 00:00", ALERT_BEFORE, TOLD_ENTITY},
                                             {"2027-03-24 00:00", ALERT_BEFORE, TOLD_ENTITY},
                                             {"2027-04-01 00:00", ALERT_OVERDUE, TOLD_CITY}};
    static const struct step_row notice[] = {{"2026-12-08 00:00", ALERT_BEFORE, TOLD_ENTITY},
                                             {"2026-12-10 18:00:00.001", ALERT_OVERDUE, TOLD_CITY}};
    struct term_settings settings = sample_settings();
    struct term_facts facts = sample_facts("2026-09-30 09:00");
    struct clock clock = only_clock(sample_review, PROCEDURE("general", "2026-09-05"), &facts, TERM_DECISION_GENERAL);
    check_alerts(&clock, decision, 2);
    clock = only_clock(sample_review, PROCEDURE("emergency", "2026-09-05"), &facts, TERM_DECISION_EMERGENCY);
    check_alerts(&clock, emergency, 2);
    clock = only_clock(sample_warning, "\"level\":1", &facts, TERM_ACKNOWLEDGE_1);
    check_alerts(&clock, gravest, 2);
    clock = term_period_clock(&terms[TERM_ANNUAL_REPORT], (struct period){PERIOD_YEAR, 2026, 1}, 0, &settings);
    check_alerts(&clock, annual, 3);
    clock.ended_at = clock.started_at;
    check_alerts(&clock, NULL, 0);
    facts.owner = ROLE_CITY;
    clock = only_clock(sample_notice, "", &facts, TERM_ANSWER_NOTICE);
    check_alerts(&clock, notice, 2);
}

static void test_after_an_outage_only_what_still_matters_is_sent(void **state)
{
    (void)state;
    struct term_settings settings = sample_settings();
    struct alert alert;
    struct clock clock =
        term_period_clock(&terms[TERM_ANNUAL_REPORT], (struct period){PERIOD_YEAR, 2026, 1}, 0, &settings);
    assert_true(clock_alert_due(&clock, 0, instant("2027-03-25 08:00"), &settings, &alert));
    assert_int_equal(alert.index, 1); /* of two reminders the later */
    assert_true(clock_alert_due(&clock, 0, instant("2027-04-05 08:00"), &settings, &alert));
    assert_int_equal(alert.stage, ALERT_OVERDUE);
    struct term_facts facts = sample_facts("2026-09-30 09:00");
    clock = only_clock(sample_warning, "\"level\":1", &facts, TERM_ACKNOWLEDGE_1);
    assert_true(clock_alert_due(&clock, 0, instant("2026-10-05 08:00"), &settings, &alert));
    assert_int_equal(alert.stage, ALERT_OVERDUE); /* both are told, one after the other */
    assert_true(clock_alert_due(&clock, alert.index + 1, instant("2026-10-05 08:00"), &settings, &alert));
    assert_int_equal(alert.stage, ALERT_ESCALATED);
}

static void test_no_reminder_stands_before_its_clock(void **state)
{
    (void)state;
    struct term_settings settings = sample_settings();
    struct term_facts facts = sample_facts("2026-12-09 09:00");
    facts.owner = ROLE_CITY;
    struct clock clock = only_clock(sample_notice, "", &facts, TERM_ANSWER_NOTICE);
    assert_int_equal(clock_next_at(&clock, 0, &settings), instant("2026-12-10 18:00") + 1);
}

static void test_drills_run_and_stay_in_the_city(void **state)
{
    (void)state;
    static const struct step_row steps[] = {{"2026-09-30 10:00:00.001", ALERT_OVERDUE, TOLD_DUTY}};
    struct term_facts facts = sample_facts("2026-09-30 09:00");
    struct clock clock = only_clock(sample_warning, "\"level\":1,\"status\":\"exercise\"", &facts, TERM_ACKNOWLEDGE_1);
    assert_true(clock.is_drill);
    check_alerts(&clock, steps, 1);
    clock = only_clock(sample_warning, "\"level\":1,\"rehearsal\":true", &facts, TERM_ACKNOWLEDGE_1);
    assert_true(clock.is_drill);
    clock = only_clock(sample_warning, "\"level\":1", &facts, TERM_ACKNOWLEDGE_1);
    assert_false(clock.is_drill);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_row_fits_the_kind_it_is_about),
        cmocka_unit_test(test_each_row_tells_somebody_when_it_is_overdue),
        cmocka_unit_test(test_each_term_is_reckoned_as_by_hand),
        cmocka_unit_test(test_only_the_terms_whose_conditions_hold_run),
        cmocka_unit_test(test_other_records_end_a_clock_to_the_millisecond),
        cmocka_unit_test(test_a_state_reached_ends_a_clock),
        cmocka_unit_test(test_a_case_that_is_withdrawn_or_cancelled_has_void_clocks),
        cmocka_unit_test(test_a_later_level_begins_its_own_clock),
        cmocka_unit_test(test_an_acknowledgement_is_not_undone_by_a_later_level),
        cmocka_unit_test(test_a_grade_that_changed_in_time_is_void_and_one_that_was_late_stays_overdue),
        cmocka_unit_test(test_a_cancelled_warning_leaves_nothing_that_was_not_ended),
        cmocka_unit_test(test_a_report_that_is_corrected_has_the_clocks_of_the_correction_alone),
        cmocka_unit_test(test_a_running_clock_keeps_the_length_it_began_with),
        cmocka_unit_test(test_a_notice_without_a_due_date_has_no_clock),
        cmocka_unit_test(test_the_zone_decides_where_a_day_ends),
        cmocka_unit_test(test_an_entity_owes_each_period_from_its_join_on),
        cmocka_unit_test(test_periods_are_due_after_their_end),
        cmocka_unit_test(test_reminders_overdue_and_escalation_come_in_their_time),
        cmocka_unit_test(test_after_an_outage_only_what_still_matters_is_sent),
        cmocka_unit_test(test_no_reminder_stands_before_its_clock),
        cmocka_unit_test(test_drills_run_and_stay_in_the_city),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
