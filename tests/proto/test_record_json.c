#include "tests/proto/sample.h"

#include "proto/rules.h"

static err_t from_text(const char *text, msgpack_sbuffer *buffer, struct faults *faults)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(json);
    msgpack_sbuffer_init(buffer);
    err_t err = record_from_json(json, buffer, faults);
    json_decref(json);
    return err;
}

static void assert_packed(const char *text, const char *bytes, size_t size)
{
    msgpack_sbuffer buffer;
    struct faults faults;
    assert_int_equal(from_text(text, &buffer, &faults), ERR_OK);
    assert_int_equal(buffer.size, size);
    assert_memory_equal(buffer.data, bytes, size);
    msgpack_sbuffer_destroy(&buffer);
}

static void assert_unpackable(const char *text, const char *code, const char *field)
{
    msgpack_sbuffer buffer;
    struct faults faults;
    assert_int_equal(from_text(text, &buffer, &faults), ERR_INVALID);
    assert_one_fault(&faults, code, field);
    msgpack_sbuffer_destroy(&buffer);
}

static void test_a_record_goes_to_json_and_back_byte_for_byte(void **state)
{
    (void)state;
    const char *const samples[] = {sample_review, sample_warning};
    for (size_t i = 0; i < 2; i++) {
        msgpack_sbuffer buffer;
        msgpack_sbuffer again;
        struct faults faults;
        sample_bytes(samples[i], "{\"later\":{\"list\":[1,-5,null,false,\"版本\"]}}", &buffer);
        json_t *json = record_to_json(view_of(&buffer));
        assert_non_null(json);
        msgpack_sbuffer_init(&again);
        assert_int_equal(record_from_json(json, &again, &faults), ERR_OK);
        assert_int_equal(again.size, buffer.size);
        assert_memory_equal(again.data, buffer.data, buffer.size);
        json_decref(json);
        msgpack_sbuffer_destroy(&buffer);
        msgpack_sbuffer_destroy(&again);
    }
}

static void test_json_has_the_forms_of_the_protocol(void **state)
{
    (void)state;
    msgpack_sbuffer buffer;
    sample_bytes(sample_warning, "{}", &buffer);
    json_t *json = record_to_json(view_of(&buffer));
    assert_string_equal(json_string_value(json_object_get(json, "id")), "019a2b3c-4d5e-7001-8002-030405060708");
    assert_string_equal(json_string_value(json_object_get(json, "created_at")), "2026-11-23T00:00:00.000Z");
    assert_string_equal(json_string_value(json_object_get(json, "discovered_at")), "2026-11-20T01:30:00.000Z");
    assert_int_equal(json_integer_value(json_object_get(json, "level")), 2);
    json_decref(json);
    msgpack_sbuffer_destroy(&buffer);
    sample_bytes(sample_review, "{}", &buffer);
    json = record_to_json(view_of(&buffer));
    const json_t *attachment = json_array_get(json_object_get(json, "attachments"), 0);
    assert_string_equal(json_string_value(json_object_get(attachment, "sha256")),
                        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
    assert_string_equal(json_string_value(json_object_get(json, "applied_on")), "2026-09-01");
    json_decref(json);
    msgpack_sbuffer_destroy(&buffer);
}

static void test_the_agents_fields_come_first_and_are_its_own(void **state)
{
    (void)state;
    json_t *object = sample_json(sample_review, "{\"id\":\"ffffffff-ffff-ffff-ffff-ffffffffffff\",\"seq\":99,"
                                                "\"schema\":9,\"created_at\":0,\"rehearsal\":true}");
    msgpack_sbuffer buffer;
    struct record record;
    struct faults faults;
    msgpack_sbuffer_init(&buffer);
    assert_int_equal(record_accept_json(object, sample_id, 1234, SAMPLE_NOW, &buffer, &faults), ERR_OK);
    assert_int_equal(record_check(view_of(&buffer), &sample_context, &record, &faults), ERR_OK);
    assert_memory_equal(record.values[COMMON_ID].view.at, sample_id, RECORD_ID_SIZE);
    assert_int_equal(record.values[COMMON_SEQ].number, 1234);
    assert_int_equal(record.values[COMMON_CREATED_AT].number, SAMPLE_NOW);
    static const char head[] = "\xa2id\xc4\x10";
    assert_memory_equal(buffer.data + 3, head, sizeof head - 1);
    assert_memory_equal(buffer.data + 3 + 5 + 16, "\xa4kind\xadreview_report\xa6schema\x01\xa3seq\xcd\x04\xd2", 34);
    json_decref(object);
    msgpack_sbuffer_destroy(&buffer);
}

static void test_texts_are_put_into_nfc(void **state)
{
    (void)state;
    msgpack_sbuffer buffer;
    struct record record;
    struct faults faults;
    assert_int_equal(
        sample_check(sample_review, "{\"model_name\":\"cafe\\u0301 \\u304b\\u3099\"}", &buffer, &record, &faults),
        ERR_OK);
    assert_true(view_is(record_get(&record, "model_name")->view, "caf\xc3\xa9 \xe3\x81\x8c"));
    msgpack_sbuffer_destroy(&buffer);
    assert_spoiled(sample_review, "{\"model_name\":\"bell\\u0007 e\\u0301\"}", "bad_character", "model_name");
}

static void test_what_does_not_fit_its_row_is_packed_as_it_is(void **state)
{
    (void)state;
    assert_packed("{}", "\x80", 1);
    assert_packed("{\"id\":\"x\",\"seq\":-1}", "\x82\xa2id\xa1x\xa3seq\xff", 11);
    assert_packed("{\"created_at\":\"noon\"}",
                  "\x81\xaa"
                  "created_at\xa4noon",
                  17);
    assert_packed("{\"created_at\":5}",
                  "\x81\xaa"
                  "created_at\x05",
                  13);
    assert_packed("{\"rehearsal\":null}", "\x81\xa9rehearsal\xc0", 12);
    assert_packed("{\"unknown\":[true,\"2026-01-01T00:00:00Z\"]}",
                  "\x81\xa7unknown\x92\xc3\xb4"
                  "2026-01-01T00:00:00Z",
                  32);
    assert_packed("{\"submitter\":[{\"name\":1}]}", "\x81\xa9submitter\x91\x81\xa4name\x01", 19);
}

static void test_integers_are_packed_in_their_shortest_form(void **state)
{
    (void)state;
    assert_packed("{\"x\":[127,128,255,256,65535,65536,4294967295,4294967296,9223372036854775807,-32,-33]}",
                  "\x81\xa1x\x9b\x7f\xcc\x80\xcc\xff\xcd\x01\x00\xcd\xff\xff\xce\x00\x01\x00\x00\xce\xff\xff\xff\xff"
                  "\xcf\x00\x00\x00\x01\x00\x00\x00\x00\xcf\x7f\xff\xff\xff\xff\xff\xff\xff\xe0\xd0\xdf",
                  4 + 1 + 2 + 2 + 3 + 3 + 5 + 5 + 9 + 9 + 1 + 2);
}

static void test_what_has_no_encoding_is_named(void **state)
{
    (void)state;
    assert_unpackable("[]", "wrong_type", "");
    assert_unpackable("\"text\"", "wrong_type", "");
    assert_unpackable("{\"kind\":\"review_report\",\"round\":1.5}", "wrong_type", "round");
    assert_unpackable("{\"kind\":\"review_report\",\"risks\":[{},{\"weight\":0.1}]}", "wrong_type", "risks[1].weight");
    assert_unpackable("{\"a\":[[[[[[[[]]]]]]]]}", "malformed", "a[0][0][0][0][0][0][0]");
    assert_unpackable("{\"\\u001b[2J\":0.5}", "wrong_type", "?");
    msgpack_sbuffer buffer;
    struct faults faults;
    assert_int_equal(from_text("{\"a\":[[[[[[[]]]]]]]}", &buffer, &faults), ERR_OK);
    msgpack_sbuffer_destroy(&buffer);
}

static void test_any_well_formed_map_can_be_shown(void **state)
{
    (void)state;
    static const char bytes[] = "\x87\xa2id\xa1x\xa1"
                                "a\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xa1"
                                "b\xc4\x02\x0a\xff\xa1"
                                "c\xa1\xff\xa1"
                                "d\xd0\x80\xaa"
                                "created_at\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xa1"
                                "e\x80";
    json_t *json = record_to_json((struct view){(const uint8_t *)bytes, sizeof bytes - 1});
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "id")), "x");
    assert_string_equal(json_string_value(json_object_get(json, "a")), "18446744073709551615");
    assert_string_equal(json_string_value(json_object_get(json, "b")), "0aff");
    assert_string_equal(json_string_value(json_object_get(json, "c")), "\xEF\xBF\xBD");
    assert_int_equal(json_integer_value(json_object_get(json, "d")), -128);
    assert_string_equal(json_string_value(json_object_get(json, "created_at")), "18446744073709551615");
    json_decref(json);
}

static void test_malformed_bytes_have_no_json(void **state)
{
    (void)state;
    msgpack_sbuffer buffer;
    sample_bytes(sample_review, "{}", &buffer);
    for (size_t size = 0; size < buffer.size; size++) {
        assert_null(record_to_json((struct view){(const uint8_t *)buffer.data, size}));
    }
    msgpack_sbuffer_destroy(&buffer);
    assert_null(record_to_json((struct view){(const uint8_t *)"\x80\x80", 2}));
    assert_null(record_to_json((struct view){(const uint8_t *)"\x90", 1}));
    assert_null(record_to_json((struct view){(const uint8_t *)"\x81\xa1\xff\x01", 4}));
    assert_null(record_to_json((struct view){(const uint8_t *)"\x81\xa1x\x91\x91\x91\x91\x91\x91\x91\x90", 11}));
}

static void test_each_kind_has_a_json_schema(void **state)
{
    (void)state;
    for (size_t i = 0; kind_at(i) != NULL; i++) {
        const struct kind *kind = kind_at(i);
        json_t *schema = kind_json_schema(kind);
        const json_t *properties = json_object_get(schema, "properties");
        assert_string_equal(json_string_value(json_object_get(schema, "$schema")),
                            "https://json-schema.org/draft/2020-12/schema");
        assert_int_equal(json_object_size(properties), kind->field_count);
        for (size_t k = 0; k < kind->field_count; k++) {
            const json_t *member = json_object_get(properties, kind->fields[k].key);
            assert_string_equal(json_string_value(json_object_get(member, "title")), kind->fields[k].en);
            assert_string_equal(json_string_value(json_object_get(member, "x-title-zh")), kind->fields[k].zh);
            assert_string_equal(json_string_value(json_object_get(member, "x-source")), kind->fields[k].source);
            assert_int_equal(json_is_true(json_object_get(member, "x-confidential")), kind->fields[k].confidential);
        }
        assert_int_equal(json_array_size(json_object_get(schema, "x-rules")), common_rule_count + kind->rule_count);
        json_decref(schema);
    }
}

static void assert_rows(const struct field *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_non_null(rows[i].key);
        assert_non_null(rows[i].source);
        assert_true(rows[i].en[0] != '\0' && rows[i].zh[0] != '\0');
        assert_true(rows[i].low <= rows[i].high);
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(rows[i].key, rows[k].key);
        }
        bool is_container = rows[i].type == FIELD_MAP || rows[i].type == FIELD_LIST || rows[i].type == FIELD_ENUM_MAP;
        assert_int_equal(rows[i].fields != NULL, is_container);
        assert_true((rows[i].type != FIELD_ENUM && rows[i].type != FIELD_ENUM_MAP) || rows[i].codes != NULL);
        assert_rows(rows[i].fields, rows[i].field_count);
    }
}

static void test_every_row_of_the_tables_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; kind_at(i) != NULL; i++) {
        const struct kind *kind = kind_at(i);
        assert_rows(kind->fields, kind->field_count);
        assert_ptr_equal(kind_by_number(kind->number), kind);
        assert_string_equal(kind->fields[COMMON_ID].key, "id");
        assert_string_equal(kind->fields[COMMON_SUBMITTER].key, "submitter");
        assert_int_equal(kind_field(kind, "seq"), COMMON_SEQ);
        assert_int_equal(kind_field(kind, "weather"), -1);
    }
    assert_int_equal(kind_find(view_str("risk_warning"))->priority, 0);
    assert_string_equal(kind_by_number(17)->name, "plan_progress");
    assert_string_equal(kind_by_number(18)->name, "administrative_act");
    assert_null(kind_by_number(19));
}

static const char *const enumerations[] = {"entity_type",
                                           "sector",
                                           "procedure",
                                           "decision",
                                           "review_stage",
                                           "rereview_list_item",
                                           "principle",
                                           "assessment",
                                           "risk_grade",
                                           "warning_level",
                                           "warning_status",
                                           "warning_state",
                                           "warning_action",
                                           "urgency",
                                           "severity",
                                           "certainty",
                                           "risk_domain",
                                           "risk_subdomain",
                                           "harm_kind",
                                           "lifecycle_phase",
                                           "cause_entity",
                                           "cause_intent",
                                           "share_scope",
                                           "attachment_role",
                                           "tier",
                                           "opinion",
                                           "notice_category",
                                           "gender",
                                           "profession",
                                           "work_item_state",
                                           "cover",
                                           "plan_measure",
                                           "answer_type",
                                           "completeness_state",
                                           "delivery_state",
                                           "clock_state",
                                           "alert_stage",
                                           "term",
                                           "kind",
                                           "state",
                                           "filing_state",
                                           "rereview_state",
                                           "issue_state"};

static void test_every_code_has_both_labels(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof enumerations / sizeof enumerations[0]; i++) {
        const struct enumeration *codes = enumeration_find(enumerations[i]);
        assert_non_null(codes);
        assert_string_equal(codes->name, enumerations[i]);
        for (size_t k = 0; k < codes->count; k++) {
            assert_true(codes->labels[k].en[0] != '\0' && codes->labels[k].zh[0] != '\0');
            assert_int_equal(enumeration_index(codes, view_str(codes->labels[k].code)), k);
        }
    }
}

static void test_an_enumeration_is_found_by_its_name_and_a_label_by_its_code(void **state)
{
    (void)state;
    assert_int_equal(enumeration_find("risk_subdomain")->count, 24);
    assert_null(enumeration_find("weather"));
    assert_string_equal(enumeration_label(&enum_decision, "rejected", true), "不予批准");
    assert_string_equal(enumeration_label(&enum_decision, "rejected", false), "Rejected");
    assert_string_equal(enumeration_label(&enum_decision, "-", true), "-");
    assert_ptr_equal(enumeration_find("level"), &enum_warning_level);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_record_goes_to_json_and_back_byte_for_byte),
        cmocka_unit_test(test_json_has_the_forms_of_the_protocol),
        cmocka_unit_test(test_the_agents_fields_come_first_and_are_its_own),
        cmocka_unit_test(test_texts_are_put_into_nfc),
        cmocka_unit_test(test_what_does_not_fit_its_row_is_packed_as_it_is),
        cmocka_unit_test(test_integers_are_packed_in_their_shortest_form),
        cmocka_unit_test(test_what_has_no_encoding_is_named),
        cmocka_unit_test(test_any_well_formed_map_can_be_shown),
        cmocka_unit_test(test_malformed_bytes_have_no_json),
        cmocka_unit_test(test_each_kind_has_a_json_schema),
        cmocka_unit_test(test_every_row_of_the_tables_is_whole),
        cmocka_unit_test(test_every_code_has_both_labels),
        cmocka_unit_test(test_an_enumeration_is_found_by_its_name_and_a_label_by_its_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
