#include "tests/proto/sample.h"

#include "proto/project.h"

static const struct party_facts hospital = {.party = SAMPLE_PARTY, .entity_type = "hospital"};

static void load(const char *sample, const char *patch, msgpack_sbuffer *buffer, struct record *record)
{
    struct faults faults;
    assert_int_equal(sample_check(sample, patch, buffer, record, &faults), ERR_OK);
}

static void assert_cell(const char *sample, const char *patch, enum warning_state state, const char *family,
                        const char *day, const char *dims, int64_t sum)
{
    msgpack_sbuffer buffer;
    struct record record;
    struct cell cell;
    char text[11];
    load(sample, patch, &buffer, &record);
    project_cell(&record, &hospital, state, 480, &cell);
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
    project_cell(&record, &hospital, STATE_RAISED, 480, &cell);
    assert_null(cell.family);
    msgpack_sbuffer_destroy(&buffer);
    load(sample_review, "{\"rehearsal\":false}", &buffer, &record);
    project_cell(&record, &hospital, STATE_RAISED, 480, &cell);
    assert_non_null(cell.family);
    msgpack_sbuffer_destroy(&buffer);
}

static void test_a_review_is_projected_with_its_natural_key(void **state)
{
    (void)state;
    msgpack_sbuffer buffer;
    struct record record;
    struct projection projection;
    load(sample_review, "{\"replaces\":\"019a2b3c-4d5e-7001-8002-0304050607ff\",\"rehearsal\":true}", &buffer, &record);
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

static void test_a_warning_is_projected_with_its_thread(void **state)
{
    (void)state;
    msgpack_sbuffer buffer;
    struct record record;
    struct projection projection;
    load(sample_warning,
         "{\"action\":\"update\",\"refers_to\":\"019a2b3c-4d5e-7001-8002-0304050607aa\","
         "\"replaces\":\"019a2b3c-4d5e-7001-8002-0304050607ff\"}",
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

static void test_a_thread_moves_as_the_table_says(void **state)
{
    (void)state;
    enum {
        NO = -1,
        R = STATE_RAISED,
        A = STATE_ACKNOWLEDGED,
        H = STATE_HANDLING,
        S = STATE_RESOLVED,
        C = STATE_CANCELLED
    };
    static const int next[6][6] = {
        /* raised, acknowledged, handling, resolved, cancelled, superseded */
        [ACTION_RAISE] = {NO, NO, NO, NO, NO, NO}, [ACTION_UPDATE] = {R, A, H, NO, NO, NO},
        [ACTION_CANCEL] = {C, C, C, NO, NO, NO},   [ACTION_ACKNOWLEDGE] = {A, NO, NO, NO, NO, NO},
        [ACTION_HANDLE] = {H, H, H, NO, NO, NO},   [ACTION_RESOLVE] = {NO, S, S, NO, NO, NO},
    };
    for (int action = 0; action < 6; action++) {
        for (int from = 0; from < 6; from++) {
            assert_int_equal(warning_next((enum warning_action)action, (enum warning_state)from), next[action][from]);
        }
    }
}

static void test_an_entity_may_not_acknowledge_or_resolve(void **state)
{
    (void)state;
    static const bool entity_may[] = {[ACTION_RAISE] = true,        [ACTION_UPDATE] = true, [ACTION_CANCEL] = true,
                                      [ACTION_ACKNOWLEDGE] = false, [ACTION_HANDLE] = true, [ACTION_RESOLVE] = false};
    for (int action = 0; action < 6; action++) {
        assert_int_equal(warning_may_file((enum warning_action)action, false), entity_may[action]);
        assert_true(warning_may_file((enum warning_action)action, true));
    }
}

static void test_families_have_the_dims_of_the_protocol(void **state)
{
    (void)state;
    assert_ptr_equal(family_find("review"), family_at(0));
    assert_ptr_equal(family_find("warning"), family_at(1));
    assert_null(family_at(2));
    assert_null(family_find("weather"));
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < family_at(i)->dim_count; k++) {
            assert_non_null(enumeration_find(family_at(i)->dims[k]));
        }
    }
    assert_string_equal(family_at(1)->dims[5], "state");
    assert_string_equal(warning_state_code(STATE_SUPERSEDED), "superseded");
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
        cmocka_unit_test(test_a_warning_is_projected_with_its_thread),
        cmocka_unit_test(test_a_thread_moves_as_the_table_says),
        cmocka_unit_test(test_an_entity_may_not_acknowledge_or_resolve),
        cmocka_unit_test(test_families_have_the_dims_of_the_protocol),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
