#include "tests/proto/sample.h"

#include "proto/rights.h"

static json_t *strip(const char *sample, const char *patch)
{
    msgpack_sbuffer buffer;
    msgpack_sbuffer left;
    sample_bytes(sample, patch, &buffer);
    msgpack_sbuffer_init(&left);
    assert_int_equal(rights_strip(view_of(&buffer), false, &left), ERR_OK);
    json_t *json = record_to_json(view_of(&left));
    assert_non_null(json);
    msgpack_sbuffer_destroy(&buffer);
    msgpack_sbuffer_destroy(&left);
    return json;
}

static void test_personal_fields_stay_in_the_city(void **state)
{
    (void)state;
    json_t *json = strip(sample_review, "{}");
    assert_null(json_object_get(json, "submitter"));
    assert_null(json_object_get(json, "applicant"));
    assert_string_equal(json_string_value(json_object_get(json, "activity_no")), "伦审2026-017");
    assert_int_equal(json_object_size(json_object_get(json, "principles")), 6);
    assert_int_equal(json_array_size(json_object_get(json, "risks")), 1);
    assert_int_equal(json_array_size(json_object_get(json, "attachments")), 1);
    char *text = json_dumps(json, JSON_COMPACT);
    assert_null(strstr(text, "王芳"));
    assert_null(strstr(text, "李雷"));
    free(text);
    json_decref(json);
}

static void test_what_the_schema_does_not_know_stays(void **state)
{
    (void)state;
    json_t *json =
        strip(sample_review, "{\"secret\":\"秘密\",\"risks\":[{\"risk_subdomain\":\"2.1\",\"description\":\"d\","
                             "\"owner\":\"秘密\"}],\"deep\":{\"deeper\":[{\"x\":\"秘密\"}]}}");
    char *text = json_dumps(json, JSON_COMPACT);
    assert_null(strstr(text, "秘密"));
    assert_non_null(strstr(text, "2.1"));
    free(text);
    json_decref(json);
}

static void test_a_confidential_reporter_is_named_nowhere(void **state)
{
    (void)state;
    json_t *json = strip(sample_warning, "{}");
    assert_null(json_object_get(json, "reporter_confidential"));
    assert_null(json_object_get(json, "entity"));
    assert_non_null(json_object_get(json, "headline"));
    json_decref(json);
    json = strip(sample_warning, "{\"reporter_confidential\":false}");
    assert_string_equal(json_string_value(json_object_get(json, "entity")), SAMPLE_PARTY);
    json_decref(json);
    json = strip(sample_warning, "{\"reporter_confidential\":null}");
    assert_non_null(json_object_get(json, "entity"));
    json_decref(json);
}

static void test_the_flag_is_read_from_a_record(void **state)
{
    (void)state;
    static const struct {
        const char *sample;
        const char *patch;
        bool hides;
    } cases[] = {{sample_warning, "{}", true},
                 {sample_warning, "{\"reporter_confidential\":false}", false},
                 {sample_warning, "{\"reporter_confidential\":null}", false},
                 {sample_review, "{}", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        msgpack_sbuffer buffer;
        struct record record;
        struct faults faults;
        assert_int_equal(sample_check(cases[i].sample, cases[i].patch, &buffer, &record, &faults), ERR_OK);
        assert_int_equal(rights_hides_reporter(&record), cases[i].hides);
        msgpack_sbuffer_destroy(&buffer);
    }
}

static void test_every_confidential_row_is_stripped(void **state)
{
    (void)state;
    const char *const samples[] = {sample_review, sample_warning};
    for (size_t i = 0; i < 2; i++) {
        json_t *json = strip(samples[i], "{}");
        const struct kind *kind = kind_at(i);
        for (size_t k = 0; k < kind->field_count; k++) {
            if (kind->fields[k].confidential) {
                assert_null(json_object_get(json, kind->fields[k].key));
            }
        }
        json_decref(json);
    }
}

static void test_bytes_that_are_no_record_do_not_leave(void **state)
{
    (void)state;
    msgpack_sbuffer buffer;
    msgpack_sbuffer left;
    sample_bytes(sample_review, "{}", &buffer);
    for (size_t size = 0; size < buffer.size; size++) {
        msgpack_sbuffer_init(&left);
        assert_int_not_equal(rights_strip((struct view){(const uint8_t *)buffer.data, size}, false, &left), ERR_OK);
        msgpack_sbuffer_destroy(&left);
    }
    msgpack_sbuffer_destroy(&buffer);
    sample_bytes(sample_review, "{\"summary\":{\"hidden\":\"秘密\"}}", &buffer);
    msgpack_sbuffer_init(&left);
    assert_int_equal(rights_strip(view_of(&buffer), false, &left), ERR_INVALID);
    msgpack_sbuffer_destroy(&left);
    msgpack_sbuffer_destroy(&buffer);
}

static json_t *remnant(const char *sample, const char *patch)
{
    msgpack_sbuffer buffer;
    msgpack_sbuffer left;
    sample_bytes(sample, patch, &buffer);
    msgpack_sbuffer_init(&left);
    assert_int_equal(rights_remnant(view_of(&buffer), &left), ERR_OK);
    assert_int_equal(left.size, buffer.size);
    assert_true(rights_is_remnant(view_of(&left)));
    assert_false(rights_is_remnant(view_of(&buffer)));
    struct record record;
    struct faults faults = {0};
    struct record_context context = {.now_ms = SAMPLE_NOW, .utc_offset_minutes = 480};
    err_t err = record_check(view_of(&left), &context, &record, &faults);
    (void)err; /* what had to be there is missing now; the rest is read all the same */
    assert_non_null(record.kind);
    assert_true(record.values[COMMON_ID].is_present);
    json_t *json = record_to_json(view_of(&left));
    assert_non_null(json);
    msgpack_sbuffer_destroy(&buffer);
    msgpack_sbuffer_destroy(&left);
    return json;
}

static void test_of_an_erased_record_codes_and_dates_are_left(void **state)
{
    (void)state;
    json_t *json = remnant(sample_review, "{\"secret\":\"秘密\"}");
    static const char *const gone[] = {"submitter", "applicant",   "summary", "activity_title", "principles",
                                       "risks",     "attachments", "secret",  "reason"};
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) {
        assert_null(json_object_get(json, gone[i]));
    }
    static const char *const left[] = {"id",       "kind",       "seq",          "created_at",  "sector", "procedure",
                                       "decision", "decided_on", "review_stage", "activity_no", "round"};
    for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
        assert_non_null(json_object_get(json, left[i]));
    }
    json_decref(json);
    json = remnant(sample_warning, "{}");
    assert_true(json_is_true(json_object_get(json, "reporter_confidential"))); /* who asked for it stays withheld */
    assert_null(json_object_get(json, "headline"));
    assert_non_null(json_object_get(json, "level"));
    json_decref(json);
}

/* The filler's head grows with it: each size is met. */
static void test_a_remnant_has_the_size_of_its_record(void **state)
{
    (void)state;
    for (size_t size = 1; size < 70000; size += size < 600 ? 1 : 7919) {
        msgpack_sbuffer buffer;
        msgpack_sbuffer left;
        json_t *object = sample_json(sample_warning, "{}");
        char *text = calloc(1, size + 1);
        memset(text, 'x', size);
        json_object_set_new(object, "note", json_string(text));
        free(text);
        struct faults faults = {0};
        msgpack_sbuffer_init(&buffer);
        msgpack_sbuffer_init(&left);
        assert_int_equal(record_from_json(object, &buffer, &faults), ERR_OK);
        assert_int_equal(rights_remnant(view_of(&buffer), &left), ERR_OK);
        assert_int_equal(left.size, buffer.size);
        struct reader reader = reader_over((const uint8_t *)left.data, left.size);
        assert_int_equal(reader_skip(&reader, NULL), ERR_OK);
        assert_ptr_equal(reader.at, reader.end);
        json_decref(object);
        msgpack_sbuffer_destroy(&buffer);
        msgpack_sbuffer_destroy(&left);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_personal_fields_stay_in_the_city),
        cmocka_unit_test(test_what_the_schema_does_not_know_stays),
        cmocka_unit_test(test_a_confidential_reporter_is_named_nowhere),
        cmocka_unit_test(test_the_flag_is_read_from_a_record),
        cmocka_unit_test(test_every_confidential_row_is_stripped),
        cmocka_unit_test(test_bytes_that_are_no_record_do_not_leave),
        cmocka_unit_test(test_of_an_erased_record_codes_and_dates_are_left),
        cmocka_unit_test(test_a_remnant_has_the_size_of_its_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
