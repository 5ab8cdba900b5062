#include "proto/check.h" /* before cmocka.h, which has macros of its names */

#include "tests/proto/sample.h"

/* The sample with PAIRS more pairs, given as bytes. */
static void with_raw(const char *sample, const char *patch, uint16_t pairs, const void *raw, size_t size,
                     msgpack_sbuffer *ret_buffer)
{
    msgpack_sbuffer base;
    sample_bytes(sample, patch, &base);
    const uint8_t *head = (const uint8_t *)base.data;
    assert_int_equal(head[0], 0xde); /* map 16: the samples have more than 15 pairs */
    unsigned count = (unsigned)(head[1] << 8 | head[2]) + pairs;
    const uint8_t new_head[3] = {0xde, (uint8_t)(count >> 8), (uint8_t)count};
    msgpack_sbuffer_init(ret_buffer);
    msgpack_sbuffer_write(ret_buffer, (const char *)new_head, 3);
    msgpack_sbuffer_write(ret_buffer, base.data + 3, base.size - 3);
    msgpack_sbuffer_write(ret_buffer, raw, size);
    msgpack_sbuffer_destroy(&base);
}

static err_t check_raw(const char *sample, const char *patch, uint16_t pairs, const void *raw, size_t size,
                       struct faults *ret_faults)
{
    msgpack_sbuffer buffer;
    struct record record;
    with_raw(sample, patch, pairs, raw, size, &buffer);
    err_t err = record_check(view_of(&buffer), &sample_context, &record, ret_faults);
    msgpack_sbuffer_destroy(&buffer);
    return err;
}

static void assert_raw(const char *patch, const void *raw, size_t size, const char *code, const char *field)
{
    struct faults faults;
    assert_int_equal(check_raw(sample_review, patch, 1, raw, size, &faults), ERR_INVALID);
    assert_one_fault(&faults, code, field);
}

static void test_a_good_record_of_each_kind_is_read(void **state)
{
    (void)state;
    msgpack_sbuffer buffer;
    struct record record;
    struct faults faults;
    assert_int_equal(sample_check(sample_review, "{}", &buffer, &record, &faults), ERR_OK);
    assert_int_equal(faults.count, 0);
    assert_ptr_equal(record.kind, kind_find(view_str("review_report")));
    assert_memory_equal(record.values[COMMON_ID].view.at, sample_id, RECORD_ID_SIZE);
    assert_int_equal(record_get(&record, "seq")->number, 7);
    assert_int_equal(record_get(&record, "procedure")->number, 0);
    assert_int_equal(record_get(&record, "personal_data")->number, 1);
    assert_int_equal(record_get(&record, "minors_involved")->number, 0);
    assert_int_equal(record_get(&record, "decided_on")->number, 20717);
    assert_true(view_is(record_get(&record, "activity_no")->view, "伦审2026-017"));
    assert_int_equal(record_get(&record, "principles")->view.at[0], 0x86);
    assert_null(record_get(&record, "funding"));
    assert_null(record_get(&record, "headline"));
    msgpack_sbuffer_destroy(&buffer);
    assert_int_equal(sample_check(sample_warning, "{}", &buffer, &record, &faults), ERR_OK);
    assert_int_equal(record_get(&record, "level")->number, 2);
    assert_int_equal(record_get(&record, "discovered_at")->number, INT64_C(1795138200000));
    msgpack_sbuffer_destroy(&buffer);
}

static void test_each_faulty_field_is_named_with_its_path(void **state)
{
    (void)state;
    static const struct {
        const char *patch;
        const char *code;
        const char *field;
    } cases[] = {
        {"{\"activity_title\":\"一\"}", "too_short", "activity_title"},
        {"{\"activity_no\":\"\"}", "too_short", "activity_no"},
        {"{\"round\":0}", "out_of_range", "round"},
        {"{\"round\":100}", "out_of_range", "round"},
        {"{\"round\":-1}", "wrong_type", "round"},
        {"{\"round\":\"1\"}", "wrong_type", "round"},
        {"{\"reviewers\":1}", "out_of_range", "reviewers"},
        {"{\"sector\":\"space\"}", "bad_value", "sector"},
        {"{\"sector\":\"\"}", "bad_value", "sector"},
        {"{\"sector\":3}", "wrong_type", "sector"},
        {"{\"summary\":null}", "missing", "summary"},
        {"{\"summary\":[1]}", "wrong_type", "summary"},
        {"{\"submitter\":null}", "missing", "submitter"},
        {"{\"submitter\":{\"name\":\"王芳\"}}", "missing", "submitter.role"},
        {"{\"submitter\":\"王芳\"}", "wrong_type", "submitter"},
        {"{\"applicant\":{}}", "missing", "applicant.name"},
        {"{\"personal_data\":1}", "wrong_type", "personal_data"},
        {"{\"delegated_to\":\"914403001922038217\"}", "bad_check_digit", "delegated_to"},
        {"{\"delegated_to\":\"91440300192203821I\"}", "bad_format", "delegated_to"},
        {"{\"met_on\":\"2026-9-20\"}", "bad_format", "met_on"},
        {"{\"applied_on\":\"1999-12-31\"}", "out_of_range", "applied_on"},
        {"{\"next_follow_up_on\":\"2100-01-01\"}", "out_of_range", "next_follow_up_on"},
        {"{\"in_reply_to\":\"none\"}", "wrong_type", "in_reply_to"},
        {"{\"rehearsal\":\"yes\"}", "wrong_type", "rehearsal"},
        {"{\"entity\":\"91330100799655058B\"}", "entity_mismatch", "entity"},
        {"{\"risks\":[{\"risk_subdomain\":\"2.1\",\"description\":\"d\"},{\"risk_subdomain\":\"9.9\","
         "\"description\":\"d\"}]}",
         "bad_value", "risks[1].risk_subdomain"},
        {"{\"risks\":[{\"risk_subdomain\":\"2.1\"}]}", "missing", "risks[0].description"},
        {"{\"risks\":[7]}", "wrong_type", "risks[0]"},
        {"{\"attachments\":[{\"sha256\":\"00\",\"name\":\"a\",\"media_type\":\"a/b\",\"size\":1,\"role\":\"plan\"}]}",
         "wrong_type", "attachments[0].sha256"},
        {"{\"attachments\":[{\"sha256\":\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\","
         "\"name\":\"a\",\"media_type\":\"a/b\",\"size\":67108865,\"role\":\"plan\"}]}",
         "out_of_range", "attachments[0].size"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_spoiled(sample_review, cases[i].patch, cases[i].code, cases[i].field);
    }
    assert_spoiled(sample_warning, "{\"harm_kind\":[]}", "too_short", "harm_kind");
    assert_spoiled(sample_warning, "{\"harm_kind\":[\"none\",\"fun\"]}", "bad_value", "harm_kind[1]");
    assert_spoiled(sample_warning, "{\"region\":[\"330106\",\"33010\"]}", "bad_format", "region[1]");
    assert_spoiled(sample_warning, "{\"level\":5}", "out_of_range", "level");
    assert_spoiled(sample_warning, "{\"deaths\":10000000001}", "out_of_range", "deaths");
    assert_spoiled(sample_warning, "{\"discovered_at\":\"yesterday\"}", "bad_format", "discovered_at");
    assert_spoiled(sample_warning, "{\"discovered_at\":true}", "wrong_type", "discovered_at");
    assert_spoiled(sample_warning, "{\"expires_at\":4102444800000}", "out_of_range", "expires_at");
}

static void test_an_unknown_kind_is_told_with_what_is_common(void **state)
{
    (void)state;
    msgpack_sbuffer buffer;
    struct record record;
    struct faults faults;
    assert_int_equal(sample_check(sample_review, "{\"kind\":\"love_letter\"}", &buffer, &record, &faults), ERR_INVALID);
    assert_one_fault(&faults, "unknown_kind", "kind");
    assert_null(record.kind);
    assert_true(record.values[COMMON_ID].is_present);
    assert_null(record_get(&record, "activity_no"));
    msgpack_sbuffer_destroy(&buffer);
    assert_int_equal(sample_check(sample_review, "{\"kind\":null}", &buffer, &record, &faults), ERR_INVALID);
    assert_one_fault(&faults, "missing", "kind");
    msgpack_sbuffer_destroy(&buffer);
    assert_int_equal(sample_check(sample_review, "{\"kind\":12}", &buffer, &record, &faults), ERR_INVALID);
    assert_one_fault(&faults, "wrong_type", "kind");
    msgpack_sbuffer_destroy(&buffer);
}

static void test_another_schema_version_is_unknown(void **state)
{
    (void)state;
    json_t *object = sample_json(sample_warning, "{\"id\":\"019a2b3c-4d5e-7001-8002-030405060708\",\"schema\":2,"
                                                 "\"seq\":1,\"created_at\":\"2026-11-22T00:00:00Z\"}");
    msgpack_sbuffer buffer;
    struct record record;
    struct faults faults;
    msgpack_sbuffer_init(&buffer);
    assert_int_equal(record_from_json(object, &buffer, &faults), ERR_OK);
    assert_int_equal(record_check(view_of(&buffer), &sample_context, &record, &faults), ERR_INVALID);
    assert_one_fault(&faults, "unknown_schema", "schema");
    json_decref(object);
    msgpack_sbuffer_destroy(&buffer);
}

static void test_all_six_principles_are_wanted_and_no_other(void **state)
{
    (void)state;
    msgpack_sbuffer buffer;
    struct record record;
    struct faults faults;
    assert_int_equal(sample_check(sample_review, "{\"principles\":{}}", &buffer, &record, &faults), ERR_INVALID);
    assert_int_equal(faults.count, 6);
    assert_string_equal(faults.list[0].field, "principles.wellbeing");
    assert_string_equal(faults.list[5].field, "principles.privacy");
    msgpack_sbuffer_destroy(&buffer);

    json_t *object = json_loads(sample_review, 0, NULL);
    json_t *principles = json_object_get(object, "principles");
    json_object_set_new(json_object_get(principles, "privacy"), "note", json_string("bell\x07"));
    json_object_set_new(json_object_get(principles, "fairness"), "assessment", json_string("so so"));
    json_object_del(json_object_get(principles, "wellbeing"), "assessment");
    json_object_set_new(principles, "beauty", json_object());
    char *text = json_dumps(object, 0);
    assert_int_equal(sample_check(text, "{}", &buffer, &record, &faults), ERR_INVALID);
    assert_int_equal(faults.count, 4);
    assert_string_equal(faults.list[0].field, "principles.wellbeing.assessment");
    assert_string_equal(faults.list[0].code, "missing");
    assert_string_equal(faults.list[1].field, "principles.fairness.assessment");
    assert_string_equal(faults.list[2].field, "principles.privacy.note");
    assert_string_equal(faults.list[2].code, "bad_character");
    assert_string_equal(faults.list[3].field, "principles");
    assert_string_equal(faults.list[3].code, "bad_value");
    free(text);
    json_decref(object);
    msgpack_sbuffer_destroy(&buffer);
}

static void test_every_prefix_is_refused_and_the_id_read_when_it_is_there(void **state)
{
    (void)state;
    msgpack_sbuffer buffer;
    struct record record;
    struct faults faults;
    sample_bytes(sample_review, "{}", &buffer);
    for (size_t size = 0; size < buffer.size; size++) {
        uint8_t *copy = malloc(size + 1); /* its end is the end of an allocation: a read beyond it is seen */
        memcpy(copy, buffer.data, size);
        uint8_t *exact = realloc(copy, size > 0 ? size : 1);
        assert_int_equal(record_check((struct view){exact, size}, &sample_context, &record, &faults), ERR_INVALID);
        assert_string_equal(faults.list[faults.count - 1].code, "malformed");
        free(exact);
    }
    assert_int_equal(
        record_check((struct view){(const uint8_t *)buffer.data, buffer.size - 1}, &sample_context, &record, &faults),
        ERR_INVALID);
    assert_memory_equal(record.values[COMMON_ID].view.at, sample_id, RECORD_ID_SIZE);
    msgpack_sbuffer_destroy(&buffer);
}

static void test_bytes_that_are_no_record_are_malformed(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
    } cases[] = {{"", 0},
                 {"\x90", 1},
                 {"\xc0", 1},
                 {"\xc1", 1},
                 {"\x80\x80", 2},
                 {"\x81\x01\x01", 3},
                 {"\x81\xa1x\xca\x00\x00\x00\x00", 8},
                 {"\x81\xa1x\xd4\x05\x00", 6},
                 {"\xdf\xff\xff\xff\xff", 5},
                 {"\x81\xa2id\xc6\xff\xff\xff\xff", 9},
                 {"\x81\xa2\xc3\x28\x01", 5}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct record record;
        struct faults faults;
        struct view bytes = {(const uint8_t *)cases[i].bytes, cases[i].size};
        assert_int_equal(record_check(bytes, &sample_context, &record, &faults), ERR_INVALID);
        assert_string_equal(faults.list[faults.count - 1].code, "malformed");
    }
}

static void test_keys_that_stand_twice_are_refused_known_or_not(void **state)
{
    (void)state;
    assert_raw("{}", "\xa5round\x02", 7, "duplicate_key", "round");
    assert_raw("{\"x\":1}", "\xa1x\x02", 3, "duplicate_key", "");
    assert_raw("{}", "\xa1x\x82\xa1y\x01\xa1y\x02", 9, "duplicate_key", "");
    assert_raw("{\"submitter\":null}", "\xa9submitter\x83\xa4name\xa1n\xa4role\xa1r\xa4name\xa1m", 32, "duplicate_key",
               "submitter.name");
}

static void test_unknown_keys_are_ignored_up_to_64_in_a_map(void **state)
{
    (void)state;
    assert_sound(sample_review, "{\"later\":{\"than\":[1,-1,null,true,{\"this\":\"版本\"}]},\"note\":\"x\"}");
    char raw[65 * 4];
    size_t size = 0;
    for (int i = 0; i < 65; i++) {
        raw[size++] = '\xa2';
        raw[size++] = (char)('a' + i % 26);
        raw[size++] = (char)('a' + i / 26);
        raw[size++] = '\x01';
    }
    struct faults faults;
    assert_int_equal(check_raw(sample_review, "{}", 64, raw, size - 4, &faults), ERR_OK);
    assert_int_equal(check_raw(sample_review, "{}", 65, raw, size, &faults), ERR_INVALID);
    assert_one_fault(&faults, "malformed", "");
}

static void test_nesting_ends_at_8(void **state)
{
    (void)state;
    /* The record's map is the first level. */
    struct faults faults;
    assert_int_equal(check_raw(sample_review, "{}", 1, "\xa1x\x91\x91\x91\x91\x91\x91\x90", 9, &faults), ERR_OK);
    assert_raw("{}", "\xa1x\x91\x91\x91\x91\x91\x91\x91\x90", 10, "malformed", "");
    /* Where a row wants a text, the list is of the wrong type first. */
    err_t err =
        check_raw(sample_review, "{\"summary\":null}", 1, "\xa7summary\x91\x91\x91\x91\x91\x91\x91\x90", 16, &faults);
    assert_int_equal(err, ERR_INVALID);
    assert_int_equal(faults.count, 2);
    assert_string_equal(faults.list[0].code, "wrong_type");
    assert_string_equal(faults.list[1].code, "malformed");
    assert_string_equal(faults.list[1].field, "summary");
}

static void assert_title(const char *raw, size_t size, const char *code)
{
    char pair[256] = "\xae"
                     "activity_title\xd9";
    size_t head = 16;
    pair[head++] = (char)size;
    memcpy(pair + head, raw, size);
    struct faults faults;
    err_t err = check_raw(sample_review, "{\"activity_title\":null}", 1, pair, head + size, &faults);
    assert_int_equal(err, code == NULL ? ERR_OK : ERR_INVALID);
    if (code != NULL) {
        assert_one_fault(&faults, code, "activity_title");
    }
}

static void test_text_is_utf8_without_control_characters_in_nfc(void **state)
{
    (void)state;
    assert_title("line\nand\ttab", 12, NULL);
    assert_title("caf\xc3\xa9", 5, NULL);
    assert_title("\xe3\x81\x8c\xe3\x83\x91\xef\xbc\x8c", 9, NULL); /* composed kana */
    assert_title("\xf0\xa0\x80\x80\xf0\x9f\x98\x80", 8, NULL);     /* beyond the BMP */
    assert_title("q\xcc\xa3\xcc\x87", 5, NULL);                    /* marks that do not compose */
    assert_title("cafe\xcc\x81", 6, "not_nfc");                    /* e + acute */
    assert_title("\xe3\x81\x8b\xe3\x82\x99", 6, "not_nfc");        /* ka + voicing mark */
    assert_title("\xef\xa4\x80x", 4, "not_nfc");                   /* compatibility ideograph */
    assert_title("\xe2\x84\xa6x", 4, "not_nfc");                   /* ohm sign */
    assert_title("q\xcc\x87\xcc\xa3", 5, "not_nfc");               /* marks out of order */
    assert_title("\xe1\x84\x80\xe1\x85\xa1", 6, "not_nfc");        /* hangul by letters */
    assert_title("a\0b", 3, "bad_character");
    assert_title("a\x1b[31m", 6, "bad_character");
    assert_title("a\x7f", 2, "bad_character");
    assert_title("a\xc2\x85", 3, "bad_character");
    assert_title("ab\xff", 3, "bad_utf8");
    assert_title("\xc0\xaf"
                 "ab",
                 4, "bad_utf8");
    assert_title("\xed\xa0\x80"
                 "ab",
                 5, "bad_utf8");
    assert_title("\xe4\xb8", 2, "bad_utf8");
    assert_title("\xf4\x90\x80\x80", 4, "bad_utf8");
    char marks[80];
    sample_repeat(marks, sizeof marks, "q", "\xcc\xa3", 30, "");
    assert_title(marks, strlen(marks), NULL);
    sample_repeat(marks, sizeof marks, "q", "\xcc\xa3", 31, "");
    assert_title(marks, strlen(marks), "bad_character");
}

static void test_text_is_counted_in_characters_not_bytes(void **state)
{
    (void)state;
    char patch[1024];
    sample_repeat(patch, sizeof patch, "{\"activity_no\":\"", "审", 64, "\"}");
    assert_sound(sample_review, patch);
    sample_repeat(patch, sizeof patch, "{\"activity_no\":\"", "审", 64, "x\"}");
    assert_spoiled(sample_review, patch, "too_long", "activity_no");
}

static void test_an_unknown_texts_bytes_must_be_utf8(void **state)
{
    (void)state;
    assert_raw("{}", "\xa1x\xa1\xff", 4, "bad_utf8", "");
    assert_raw("{}", "\xa1x\xa1\x00", 4, "bad_utf8", "");
}

static void test_an_item_over_the_limit_is_too_large_and_its_id_known(void **state)
{
    (void)state;
    msgpack_sbuffer buffer;
    struct record record;
    struct faults faults;
    size_t size = RECORD_SIZE_MAX;
    char *raw = calloc(1, size);
    static const char head[7] = {'\xa1', 'x', '\xc6', '\x00', '\x03', '\xff', '\xf0'};
    memcpy(raw, head, sizeof head);
    with_raw(sample_review, "{}", 1, raw, 7 + 0x3fff0, &buffer);
    assert_true(buffer.size > RECORD_SIZE_MAX);
    assert_int_equal(record_check(view_of(&buffer), &sample_context, &record, &faults), ERR_INVALID);
    assert_one_fault(&faults, "too_large", "");
    assert_memory_equal(record.values[COMMON_ID].view.at, sample_id, RECORD_ID_SIZE);
    msgpack_sbuffer_destroy(&buffer);
    free(raw);
}

static void test_ids_of_another_size_are_not_ids(void **state)
{
    (void)state;
    assert_raw("{}",
               "\xabin_reply_to\xc4\x0f"
               "123456789012345",
               29, "too_short", "in_reply_to");
    assert_raw("{}",
               "\xabin_reply_to\xc4\x11"
               "12345678901234567",
               31, "too_long", "in_reply_to");
}

static void test_no_party_means_no_comparison(void **state)
{
    (void)state;
    msgpack_sbuffer buffer;
    struct record record;
    struct faults faults;
    struct record_context context = sample_context;
    context.party = NULL;
    sample_bytes(sample_review, "{\"entity\":\"91330100799655058B\"}", &buffer);
    assert_int_equal(record_check(view_of(&buffer), &context, &record, &faults), ERR_OK);
    msgpack_sbuffer_destroy(&buffer);
    assert_sound(sample_review, "{\"entity\":\"914403001922038216\"}");
}

static void test_faults_are_collected_up_to_16(void **state)
{
    (void)state;
    struct record record;
    struct faults faults;
    static const char bytes[] = "\x81\xa4kind\xadreview_report";
    assert_int_equal(
        record_check((struct view){(const uint8_t *)bytes, sizeof bytes - 1}, &sample_context, &record, &faults),
        ERR_INVALID);
    assert_int_equal(faults.count, FAULTS_MAX);
    assert_string_equal(faults.list[0].field, "id");
    assert_false(record.values[COMMON_ID].is_present);
}

/* Such a key is longer than the row's, which is not to be read beyond its end. */
static void test_a_key_with_a_nul_is_another_key(void **state)
{
    static const struct field rows[] = {{.key = "seq\0\0\0"}};
    static const uint8_t keys[] = "seq\0\0\0";
    (void)state;
    assert_int_equal(check_find_row(rows, 1, 0, (struct view){keys, 3}), 0);
    for (size_t size = 4; size < sizeof keys; size++) {
        assert_int_equal(check_find_row(rows, 1, 0, (struct view){keys, size}), -1);
    }
}

static void test_keys_in_any_order_are_read(void **state)
{
    (void)state;
    json_t *object = json_loads(sample_warning, 0, NULL);
    json_t *reversed = json_object();
    const char *keys[64];
    size_t count = 0;
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(object, key, value)
    {
        keys[count++] = key;
    }
    while (count > 0) {
        key = keys[--count];
        json_object_set(reversed, key, json_object_get(object, key));
    }
    json_object_set_new(reversed, "created_at", json_integer(SAMPLE_NOW));
    json_object_set_new(reversed, "seq", json_integer(1));
    json_object_set_new(reversed, "schema", json_integer(1));
    json_object_set_new(reversed, "id", json_string("019a2b3c-4d5e-7001-8002-030405060708"));
    msgpack_sbuffer buffer;
    struct record record;
    struct faults faults;
    msgpack_sbuffer_init(&buffer);
    assert_int_equal(record_from_json(reversed, &buffer, &faults), ERR_OK);
    assert_int_equal(record_check(view_of(&buffer), &sample_context, &record, &faults), ERR_OK);
    assert_int_equal(record_get(&record, "level")->number, 2);
    msgpack_sbuffer_destroy(&buffer);
    json_decref(object);
    json_decref(reversed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_good_record_of_each_kind_is_read),
        cmocka_unit_test(test_each_faulty_field_is_named_with_its_path),
        cmocka_unit_test(test_an_unknown_kind_is_told_with_what_is_common),
        cmocka_unit_test(test_another_schema_version_is_unknown),
        cmocka_unit_test(test_all_six_principles_are_wanted_and_no_other),
        cmocka_unit_test(test_every_prefix_is_refused_and_the_id_read_when_it_is_there),
        cmocka_unit_test(test_bytes_that_are_no_record_are_malformed),
        cmocka_unit_test(test_keys_that_stand_twice_are_refused_known_or_not),
        cmocka_unit_test(test_unknown_keys_are_ignored_up_to_64_in_a_map),
        cmocka_unit_test(test_nesting_ends_at_8),
        cmocka_unit_test(test_text_is_utf8_without_control_characters_in_nfc),
        cmocka_unit_test(test_text_is_counted_in_characters_not_bytes),
        cmocka_unit_test(test_an_unknown_texts_bytes_must_be_utf8),
        cmocka_unit_test(test_an_item_over_the_limit_is_too_large_and_its_id_known),
        cmocka_unit_test(test_ids_of_another_size_are_not_ids),
        cmocka_unit_test(test_no_party_means_no_comparison),
        cmocka_unit_test(test_faults_are_collected_up_to_16),
        cmocka_unit_test(test_a_key_with_a_nul_is_another_key),
        cmocka_unit_test(test_keys_in_any_order_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
