#include "tests/proto/sample.h"

#include "proto/kinds.h"
#include "proto/life.h"
#include "proto/project.h"

static const struct party_facts hospital = {.party = SAMPLE_PARTY, .entity_type = "hospital"};

static void load(const char *sample, const char *patch, msgpack_sbuffer *buffer, struct record *record)
{
    struct faults faults;
    assert_int_equal(sample_check(sample, patch, buffer, record, &faults), ERR_OK);
}

static const struct thread_facts raised = {.state = STATE_RAISED, .received_at = SAMPLE_NOW};

static void assert_cell(const char *sample, const char *patch, int state, const char *family, const char *day,
                        const char *dims, int64_t sum)
{
    msgpack_sbuffer buffer;
    struct record record;
    struct cell cell;
    char text[11];
    load(sample, patch, &buffer, &record);
    struct thread_facts facts = {.state = state, .received_at = SAMPLE_NOW};
    project_cell(&record, &hospital, &facts, 480, &cell);
    assert_string_equal(cell.family, family);
    date_text(cell.day, text);
    assert_string_equal(text, day);
    assert_string_equal(cell.dims, dims);
    assert_int_equal(cell.sum, sum);
    msgpack_sbuffer_destroy(&buffer);
}

static void test_a_decided_review_is_counted_on_the_day_of_the_decision(void **state)
{
    (void)state;
    assert_cell(sample_review, "{}", STATE_RAISED, "review", "2026-09-21",
                "healthcare|hospital|general|approved|none|initial", 16);
}

static void test_an_undecided_review_is_counted_on_the_day_of_the_application(void **state)
{
    (void)state;
    assert_cell(sample_review, "{\"decided_on\":null,\"decision\":null,\"next_follow_up_on\":null}", STATE_RAISED,
                "review", "2026-09-01", "healthcare|hospital|general|-|none|initial", 0);
}

static void test_a_warning_is_counted_on_the_citys_day_of_its_discovery(void **state)
{
    (void)state;
    assert_cell(sample_warning, "{\"occurred_at\":null,\"discovered_at\":\"2026-11-19T16:30:00Z\"}", STATE_HANDLING,
                "warning", "2026-11-20", "healthcare|hospital|system_safety|2|actual|handling", 0);
    assert_cell(sample_warning, "{\"level\":4,\"status\":\"exercise\"}", STATE_RAISED, "warning", "2026-11-20",
                "healthcare|hospital|system_safety|4|exercise|raised", 0);
}

static void test_a_rehearsal_is_counted_nowhere(void **state)
{
    (void)state;
    msgpack_sbuffer buffer;
    struct record record;
    struct cell cell;
    load(sample_review, "{\"rehearsal\":true}", &buffer, &record);
    project_cell(&record, &hospital, &raised, 480, &cell);
    assert_null(cell.family);
    msgpack_sbuffer_destroy(&buffer);
    load(sample_review, "{\"rehearsal\":false}", &buffer, &record);
    project_cell(&record, &hospital, &raised, 480, &cell);
    assert_non_null(cell.family);
    msgpack_sbuffer_destroy(&buffer);
}

static void test_a_review_is_projected_with_its_natural_key(void **state)
{
    (void)state;
    msgpack_sbuffer buffer;
    struct record record;
    struct projection projection;
    load(sample_review,
         "{\"replaces\":\"019a2b3c-4d5e-7001-8002-0304050607ff\",\"reason\":\"更正\",\"rehearsal\":true}", &buffer,
         &record);
    project_record(&record, 480, &projection);
    assert_ptr_equal(projection.kind, kind_by_number(1));
    assert_memory_equal(projection.id, sample_id, RECORD_ID_SIZE);
    assert_int_equal(projection.seq, 7);
    assert_int_equal(projection.created_at, SAMPLE_NOW);
    assert_int_equal(projection.sector, 4);
    assert_int_equal(projection.level, -1);
    assert_int_equal(projection.action, -1);
    assert_true(projection.is_rehearsal);
    assert_false(projection.is_shared_up);
    assert_true(projection.has_reference);
    assert_int_equal(projection.reference[15], 0xff);
    static const char unique[] = "1\x1f伦审2026-017\x1finitial\x1f"
                                 "1";
    assert_int_equal(projection.unique_size, sizeof unique - 1);
    assert_memory_equal(projection.unique, unique, sizeof unique - 1);
    msgpack_sbuffer_destroy(&buffer);
}

static void test_the_longest_natural_key_has_room(void **state)
{
    (void)state;
    char patch[400];
    sample_repeat(patch, sizeof patch, "{\"activity_no\":\"", "\xF0\xA0\x80\x80", 64,
                  "\",\"round\":99,\"review_stage\":\"amendment\"}");
    msgpack_sbuffer buffer;
    struct record record;
    struct projection projection;
    load(sample_review, patch, &buffer, &record);
    project_record(&record, 480, &projection);
    assert_int_equal(projection.unique_size, 1 + 1 + 256 + 1 + 9 + 1 + 2);
    msgpack_sbuffer_destroy(&buffer);
}

static void test_every_natural_key_has_room_by_its_rows(void **state)
{
    (void)state;
    for (size_t i = 0; kind_at(i); i++) {
        const struct kind *kind = kind_at(i);
        size_t size = 4;
        for (const int *field = kind->unique; field && *field >= 0; field++) {
            const struct field *row = &kind->fields[*field];
            size += 1 + (row->type == FIELD_TEXT ? 4 * (size_t)row->high : 24);
        }
        assert_true(size < UNIQUE_SIZE);
    }
}

static void test_a_warning_is_projected_with_its_thread(void **state)
{
    (void)state;
    msgpack_sbuffer buffer;
    struct record record;
    struct projection projection;
    load(sample_warning,
         "{\"action\":\"update\",\"refers_to\":\"019a2b3c-4d5e-7001-8002-0304050607aa\","
         "\"replaces\":\"019a2b3c-4d5e-7001-8002-0304050607ff\",\"reason\":\"更正\"}",
         &buffer, &record);
    project_record(&record, 480, &projection);
    assert_int_equal(projection.level, 2);
    assert_int_equal(projection.action, ACTION_UPDATE);
    assert_true(projection.is_shared_up);
    assert_true(projection.has_reference);
    assert_int_equal(projection.reference[15], 0xaa);
    assert_int_equal(projection.unique_size, 0);
    msgpack_sbuffer_destroy(&buffer);
    load(sample_warning, "{\"share_scope\":\"city_only\"}", &buffer, &record);
    project_record(&record, 480, &projection);
    assert_false(projection.is_shared_up);
    assert_false(projection.has_reference);
    msgpack_sbuffer_destroy(&buffer);
}

static void sample_of(const char *kind, int line, msgpack_sbuffer *buffer, struct record *record)
{
    char path[512];
    struct faults faults;
    json_t *object = NULL;
    snprintf(path, sizeof path, TESTS_DIR "/data/kinds/%s.jsonl", kind);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    for (int i = 0; i < line; i++) {
        json_decref(object);
        object = json_loadf(file, JSON_DISABLE_EOF_CHECK, NULL);
    }
    fclose(file);
    msgpack_sbuffer_init(buffer);
    assert_int_equal(record_accept_json(object, sample_id, 7, SAMPLE_NOW, buffer, &faults), ERR_OK);
    assert_int_equal(record_check(view_of(buffer), &sample_context, record, &faults), ERR_OK);
    json_decref(object);
}

static void test_a_warning_sums_the_minutes_until_resolved_or_acknowledged(void **state)
{
    (void)state;
    msgpack_sbuffer buffer;
    struct record record;
    struct cell cell;
    struct thread_facts facts = raised;
    load(sample_warning, "{}", &buffer, &record);
    project_cell(&record, &hospital, &facts, 480, &cell);
    assert_int_equal(cell.sum, 0);
    facts.acknowledged_at = SAMPLE_NOW + 7 * 60000 + 59999;
    project_cell(&record, &hospital, &facts, 480, &cell);
    assert_int_equal(cell.sum, 7);
    facts.resolved_at = SAMPLE_NOW + 90 * 60000;
    project_cell(&record, &hospital, &facts, 480, &cell);
    assert_int_equal(cell.sum, 90);
    msgpack_sbuffer_destroy(&buffer);
}

static void test_every_other_kind_that_begins_a_thread_is_counted_by_kind_and_state(void **state)
{
    (void)state;
    for (size_t i = 0; kind_at(i); i++) {
        const struct kind *kind = kind_at(i);
        msgpack_sbuffer buffer;
        struct record record;
        struct cell cell;
        struct projection projection;
        char dims[96];
        sample_of(kind->name, 1, &buffer, &record);
        project_record(&record, 480, &projection);
        project_cell(&record, &hospital, &(struct thread_facts){.state = 0}, 480, &cell);
        assert_int_equal(cell.family != NULL, kind->life != NULL && kind->number != KIND_ADMINISTRATIVE_ACT);
        if (kind->family && strcmp(kind->family->name, "record") == 0) {
            snprintf(dims, sizeof dims, "%s|hospital|%s", kind->name, life_state_code(kind->life, 0));
            assert_string_equal(cell.dims, dims);
            assert_int_equal(cell.day, day_of(SAMPLE_NOW, 480));
            assert_int_equal(cell.sum, 0);
        }
        msgpack_sbuffer_destroy(&buffer);
    }
}

static void test_a_rereview_is_counted_with_its_opinion_and_the_sector_of_its_report(void **state)
{
    (void)state;
    msgpack_sbuffer buffers[3];
    struct record request;
    struct record opinion;
    struct record report;
    struct cell cell;
    sample_of("rereview_request", 1, &buffers[0], &request);
    sample_of("rereview_decision", 1, &buffers[1], &opinion);
    load(sample_review, "{\"sector\": \"finance\"}", &buffers[2], &report);
    int64_t received = record_get(&request, "received_on")->number;
    int64_t decided = record_get(&opinion, "decided_on")->number;
    const char *item = enum_rereview_list_item.labels[record_get(&request, "rereview_list_item")->number].code;
    const char *said = enum_opinion.labels[record_get(&opinion, "opinion")->number].code;
    char waiting[DIMS_SIZE];
    char given[DIMS_SIZE];
    snprintf(waiting, sizeof waiting, "finance|hospital|%s|-", item);
    snprintf(given, sizeof given, "finance|hospital|%s|%s", item, said);
    struct thread_facts facts = {.state = REREVIEW_REQUESTED, .received_at = SAMPLE_NOW, .reviewed = &report};
    project_cell(&request, &hospital, &facts, 480, &cell);
    assert_string_equal(cell.family, "rereview");
    assert_string_equal(cell.dims, waiting);
    assert_int_equal(cell.day, received); /* not the report's decided_on */
    assert_int_equal(cell.sum, 0);
    facts.state = REREVIEW_DECIDED;
    facts.opinion = &opinion;
    project_cell(&request, &hospital, &facts, 480, &cell);
    assert_string_equal(cell.dims, given);
    assert_int_equal(cell.day, decided);
    assert_int_equal(cell.sum, decided - received);
    request.values[kind_field(request.kind, "received_on")].is_present = false;
    project_cell(&request, &hospital, &facts, 480, &cell);
    assert_int_equal(cell.sum, decided - day_of(SAMPLE_NOW, 480));
    for (size_t i = 0; i < 3; i++) {
        msgpack_sbuffer_destroy(&buffers[i]);
    }
}

static void test_what_is_withdrawn_is_counted_nowhere(void **state)
{
    (void)state;
    msgpack_sbuffer buffer;
    struct record record;
    struct cell cell;
    load(sample_review, "{}", &buffer, &record);
    struct thread_facts facts = {.state = FILING_WITHDRAWN};
    project_cell(&record, &hospital, &facts, 480, &cell);
    assert_null(cell.family);
    facts.state = FILING_RETURNED;
    project_cell(&record, &hospital, &facts, 480, &cell);
    assert_non_null(cell.family);
    msgpack_sbuffer_destroy(&buffer);
}

static void test_reference_link_addressee_and_period_are_taken_by_the_kinds_row(void **state)
{
    (void)state;
    static const struct {
        const char *kind;
        int line;
        const char *reference, *period;
        bool has_link, is_addressed;
    } rows[] = {
        {"rereview_request", 2, NULL, "", true, true},     {"rereview_decision", 1, "request_id", "", false, true},
        {"notice", 2, "supersedes", "", false, false},     {"notice_answer", 1, "refers_to", "", false, true},
        {"withdrawal", 1, "replaces", "", false, false},   {"entity_registration", 2, "replaces", "", false, false},
        {"zero_report", 1, NULL, "2026-Q3", false, false}, {"annual_report", 1, NULL, "2025", false, false},
        {"city_plan", 1, NULL, "2026", false, false},      {"shared_warning", 1, NULL, "", false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        msgpack_sbuffer buffer;
        struct record record;
        struct projection projection;
        sample_of(rows[i].kind, rows[i].line, &buffer, &record);
        project_record(&record, 480, &projection);
        assert_int_equal(projection.has_reference, rows[i].reference != NULL);
        if (rows[i].reference) {
            assert_string_equal(projection.reference_key, rows[i].reference);
        }
        assert_int_equal(projection.has_link, rows[i].has_link);
        assert_int_equal(projection.addressee.size > 0, rows[i].is_addressed);
        assert_string_equal(projection.period, rows[i].period);
        msgpack_sbuffer_destroy(&buffer);
    }
}

static void test_one_registration_an_institution_and_one_plan_a_title_and_year(void **state)
{
    (void)state;
    static const char *const keys[][2] = {{"entity_registration", "3"},
                                          {"committee_registration", "4"},
                                          {"zero_report", "5\x1f"
                                                          "2026-Q3\x1fwarnings"},
                                          {"annual_report", "6\x1f"
                                                            "2025"},
                                          {"notice", ""}};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        msgpack_sbuffer buffer;
        struct record record;
        struct projection projection;
        sample_of(keys[i][0], 1, &buffer, &record);
        project_record(&record, 480, &projection);
        assert_int_equal(projection.unique_size, strlen(keys[i][1]));
        assert_memory_equal(projection.unique, keys[i][1], projection.unique_size);
        msgpack_sbuffer_destroy(&buffer);
    }
}

static void test_families_have_the_dims_of_the_protocol(void **state)
{
    (void)state;
    assert_ptr_equal(family_find("review"), family_at(0));
    assert_ptr_equal(family_find("warning"), family_at(1));
    static const char *const names[] = {"review", "warning", "rereview", "record", "clock", "completeness", "notice"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_string_equal(family_at(i)->name, names[i]);
        assert_ptr_equal(family_find(names[i]), family_at(i));
        for (size_t k = 0; k < family_at(i)->dim_count; k++) {
            assert_non_null(enumeration_find(family_at(i)->dims[k]));
        }
    }
    assert_null(family_at(sizeof names / sizeof names[0]));
    assert_null(family_find("weather"));
    assert_string_equal(family_at(1)->dims[5], "state");
}

static void test_the_states_of_every_family_have_labels_under_one_name(void **state)
{
    (void)state;
    static const char *const codes[] = {"raised",    "superseded", "filed",    "returned", "accepted", "withdrawn",
                                        "requested", "decided",    "current",  "open",     "met",      "overdue",
                                        "void",      "expected",   "received", "on_time",  "zero",     "sent",
                                        "opened",    "answered",   "late"};
    const struct enumeration *states = enumeration_find("state");
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        assert_true(enumeration_index(states, view_str(codes[i])) >= 0);
    }
    assert_int_equal(enumeration_index(states, view_str("handling")), STATE_HANDLING);
    assert_string_equal(enumeration_label(enumeration_find("kind"), "city_plan", true), "行动方案");
    assert_string_equal(enumeration_label(enumeration_find("district"), "330106", true), "330106");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_decided_review_is_counted_on_the_day_of_the_decision),
        cmocka_unit_test(test_an_undecided_review_is_counted_on_the_day_of_the_application),
        cmocka_unit_test(test_a_warning_is_counted_on_the_citys_day_of_its_discovery),
        cmocka_unit_test(test_a_rehearsal_is_counted_nowhere),
        cmocka_unit_test(test_a_review_is_projected_with_its_natural_key),
        cmocka_unit_test(test_the_longest_natural_key_has_room),
        cmocka_unit_test(test_every_natural_key_has_room_by_its_rows),
        cmocka_unit_test(test_a_warning_is_projected_with_its_thread),
        cmocka_unit_test(test_a_warning_sums_the_minutes_until_resolved_or_acknowledged),
        cmocka_unit_test(test_every_other_kind_that_begins_a_thread_is_counted_by_kind_and_state),
        cmocka_unit_test(test_a_rereview_is_counted_with_its_opinion_and_the_sector_of_its_report),
        cmocka_unit_test(test_what_is_withdrawn_is_counted_nowhere),
        cmocka_unit_test(test_reference_link_addressee_and_period_are_taken_by_the_kinds_row),
        cmocka_unit_test(test_one_registration_an_institution_and_one_plan_a_title_and_year),
        cmocka_unit_test(test_the_states_of_every_family_have_labels_under_one_name),
        cmocka_unit_test(test_families_have_the_dims_of_the_protocol),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
