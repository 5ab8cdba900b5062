#include <stdio.h>
#include <string.h>

#include "proto/message.h"
#include "tests/test.h"

static void test_faults_beyond_the_limit_are_not_kept(void **state)
{
    (void)state;
    struct faults faults = {0};
    for (int i = 0; i < 3 * FAULTS_MAX; i++) {
        fault_add(&faults, "missing", "sector", "number %d", i);
    }
    assert_int_equal(faults.count, FAULTS_MAX);
    assert_string_equal(faults.list[0].reason, "number 0");
    assert_string_equal(faults.list[FAULTS_MAX - 1].reason, "number 15");
}

static void test_a_long_reason_is_cut_between_characters(void **state)
{
    (void)state;
    for (int shift = 0; shift < 3; shift++) {
        struct faults faults = {0};
        char text[2 * FAULT_REASON_SIZE] = "";
        size_t size = (size_t)shift;
        memset(text, 'x', size);
        for (; size + 3 < sizeof text; size += 3) {
            memcpy(text + size, "\xe8\xaf\xad", 3);
        }
        text[size] = '\0';
        fault_add(&faults, "rule", "summary", "%s", text);
        struct view reason = {(const uint8_t *)faults.list[0].reason, strlen(faults.list[0].reason)};
        assert_true(utf8_check(reason, NULL));
        assert_true(reason.size > FAULT_REASON_SIZE - 4 && reason.size < FAULT_REASON_SIZE);
    }
}

static void test_faults_travel_both_ways(void **state)
{
    (void)state;
    struct faults faults = {0};
    struct faults again;
    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    for (int i = 0; i < FAULTS_MAX; i++) {
        fault_add(&faults, "too_long", "risks[2].description", "%d characters", i);
    }
    faults_encode(&faults, &buffer);
    assert_int_equal(faults_decode((struct view){(const uint8_t *)buffer.data, buffer.size}, &again), ERR_OK);
    assert_int_equal(again.count, FAULTS_MAX);
    for (size_t i = 0; i < again.count; i++) {
        assert_string_equal(again.list[i].code, faults.list[i].code);
        assert_string_equal(again.list[i].field, faults.list[i].field);
        assert_string_equal(again.list[i].reason, faults.list[i].reason);
    }
    for (size_t size = 0; size < buffer.size; size++) {
        assert_int_not_equal(faults_decode((struct view){(const uint8_t *)buffer.data, size}, &again), ERR_OK);
    }
    msgpack_sbuffer_destroy(&buffer);
}

static void pack_fault(msgpack_packer *packer, const char *code, size_t reason_size, bool is_extended)
{
    char reason[1000];
    memset(reason, 'r', sizeof reason);
    msgpack_pack_array(packer, is_extended ? 4 : 3);
    msgpack_pack_str_with_body(packer, code, strlen(code));
    msgpack_pack_str_with_body(packer, "", 0);
    msgpack_pack_str_with_body(packer, reason, reason_size);
    if (is_extended) {
        msgpack_pack_nil(packer);
    }
}

static void test_a_later_hub_may_say_more(void **state)
{
    (void)state;
    struct faults faults;
    msgpack_packer packer;
    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    msgpack_pack_array(&packer, 2);
    pack_fault(&packer, "a_code_with_a_name_longer_than_ours", 1000, false);
    pack_fault(&packer, "rule", 4, true);
    assert_int_equal(faults_decode((struct view){(const uint8_t *)buffer.data, buffer.size}, &faults), ERR_OK);
    assert_int_equal(faults.count, 2);
    assert_int_equal(strlen(faults.list[0].code), FAULT_CODE_SIZE - 1);
    assert_int_equal(strlen(faults.list[0].reason), FAULT_REASON_SIZE - 1);
    assert_string_equal(faults.list[1].code, "rule");
    msgpack_sbuffer_destroy(&buffer);
}

static void test_no_faults_or_too_many_are_refused(void **state)
{
    (void)state;
    static const size_t counts[] = {0, FAULTS_MAX + 1};
    for (size_t i = 0; i < 2; i++) {
        struct faults faults;
        msgpack_packer packer;
        msgpack_sbuffer buffer;
        msgpack_sbuffer_init(&buffer);
        msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
        msgpack_pack_array(&packer, counts[i]);
        for (size_t j = 0; j < counts[i]; j++) {
            pack_fault(&packer, "rule", 1, false);
        }
        assert_int_equal(faults_decode((struct view){(const uint8_t *)buffer.data, buffer.size}, &faults), ERR_INVALID);
        msgpack_sbuffer_destroy(&buffer);
    }
}

/* Each code of PROTOCOL.md §8, as its tables and its list of retry codes give them. */
static void assert_labelled(const char *code)
{
    assert_string_not_equal(fault_label(code, 0), code);
    assert_string_not_equal(fault_label(code, 1), code);
    assert_string_not_equal(fault_label(code, 0), fault_label(code, 1));
    assert_true(strlen(code) < FAULT_CODE_SIZE);
}

static size_t label_codes(char *cell)
{
    size_t count = 0;
    char *rest = NULL;
    for (char *code = strtok_r(cell, " ,|`.", &rest); code != NULL; code = strtok_r(NULL, " ,|`.", &rest)) {
        assert_labelled(code);
        count++;
    }
    return count;
}

static void test_every_code_of_the_protocol_has_both_labels(void **state)
{
    (void)state;
    FILE *file = fopen(VECTORS_DIR "/../PROTOCOL.md", "r");
    char line[2048];
    bool is_inside = false;
    size_t count = 0;
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        is_inside = strncmp(line, "## ", 3) == 0 ? strncmp(line, "## 8. Codes", 11) == 0 : is_inside;
        char *codes = NULL;
        if (is_inside && strncmp(line, "| ", 2) == 0 && strncmp(line, "| code", 6) != 0) {
            codes = strtok(line, "|");
        } else if (is_inside && strncmp(line, "Retry codes: ", 13) == 0) {
            line[strcspn(line, "\n")] = '\0';
            codes = line + 13;
        }
        count += codes != NULL ? label_codes(codes) : 0;
    }
    fclose(file);
    assert_true(count >= 40);
    assert_string_equal(fault_label("a_code_of_a_later_version", 1), "a_code_of_a_later_version");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults_beyond_the_limit_are_not_kept),
        cmocka_unit_test(test_a_long_reason_is_cut_between_characters),
        cmocka_unit_test(test_faults_travel_both_ways),
        cmocka_unit_test(test_a_later_hub_may_say_more),
        cmocka_unit_test(test_no_faults_or_too_many_are_refused),
        cmocka_unit_test(test_every_code_of_the_protocol_has_both_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
