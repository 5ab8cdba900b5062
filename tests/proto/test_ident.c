#include "tests/proto/sample.h"

#include "proto/ident.h"

static void test_published_credit_codes_are_sound(void **state)
{
    (void)state;
    assert_true(uscc_check(view_str("914403001922038216")));
    assert_true(uscc_check(view_str("91330100799655058B")));
    assert_true(uscc_check(view_str("91440300708461136T")));
}

static void test_each_wrong_character_of_a_credit_code_is_seen(void **state)
{
    (void)state;
    static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    char code[] = "91330100799655058B";
    for (size_t i = 0; i < 18; i++) {
        char right = code[i];
        for (size_t k = 0; k < sizeof alphabet - 1; k++) {
            code[i] = alphabet[k];
            assert_int_equal(uscc_check(view_str(code)), alphabet[k] == right);
        }
        code[i] = right;
    }
}

static void test_credit_codes_of_another_form_are_no_credit_codes(void **state)
{
    (void)state;
    static const char *const codes[] = {
        "",
        "9144030019220382",
        "91440300192203821",
        "9144030019220382166",
        "91440300192203821I",
        "9144O3001922038216",
        "91440300192203821o",
        "91330100799655058b",
        "91A40300192203821",
    };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        assert_false(uscc_check(view_str(codes[i])));
        assert_false(uscc_is_formed(view_str(codes[i])));
    }
    assert_true(uscc_is_formed(view_str("914403001922038217")));
    assert_false(uscc_check((struct view){(const uint8_t *)"91440300192203821\0", 18}));
}

static void test_districts_of_every_rank_are_known_by_their_form(void **state)
{
    (void)state;
    static const char *const sound[] = {"330000", "330100", "330106", "110101", "500101", "710000", "820000", "659001"};
    static const char *const unsound[] = {"",       "33010",  "3301066", "330006",      "160101",
                                          "990000", "000000", "33010A",  "７１００００"};
    for (size_t i = 0; i < sizeof sound / sizeof sound[0]; i++) {
        assert_true(district_check(view_str(sound[i])));
    }
    for (size_t i = 0; i < sizeof unsound / sizeof unsound[0]; i++) {
        assert_false(district_check(view_str(unsound[i])));
    }
}

static void test_ids_are_version_7_and_rise_with_the_clock(void **state)
{
    (void)state;
    uint8_t first[RECORD_ID_SIZE];
    uint8_t second[RECORD_ID_SIZE];
    record_make_id(SAMPLE_NOW, first);
    record_make_id(SAMPLE_NOW + 1, second);
    assert_int_equal(first[6] >> 4, 7);
    assert_int_equal(first[8] >> 6, 2);
    assert_true(memcmp(first, second, RECORD_ID_SIZE) < 0);
    uint64_t ms = 0;
    for (int i = 0; i < 6; i++) {
        ms = ms << 8 | first[i];
    }
    assert_int_equal(ms, SAMPLE_NOW);
    record_make_id(SAMPLE_NOW, second);
    assert_memory_not_equal(first, second, RECORD_ID_SIZE);
}

static void test_an_id_goes_to_text_and_back(void **state)
{
    (void)state;
    char text[37];
    uint8_t id[RECORD_ID_SIZE];
    record_id_text(sample_id, text);
    assert_string_equal(text, "019a2b3c-4d5e-7001-8002-030405060708");
    assert_int_equal(record_id_parse(text, id), ERR_OK);
    assert_memory_equal(id, sample_id, RECORD_ID_SIZE);
    assert_int_equal(record_id_parse("019A2B3C-4D5E-7001-8002-030405060708", id), ERR_OK);
    assert_memory_equal(id, sample_id, RECORD_ID_SIZE);
    static const char *const wrong[] = {
        "",
        "019a2b3c",
        "019a2b3c-4d5e-7001-8002-03040506070",
        "019a2b3c-4d5e-7001-8002-0304050607080",
        "019a2b3c04d5e-7001-8002-030405060708",
        "019a2b3c-4d5e-7001-8002-03040506070g",
        "{19a2b3c-4d5e-7001-8002-030405060708",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(record_id_parse(wrong[i], id), ERR_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_credit_codes_are_sound),
        cmocka_unit_test(test_each_wrong_character_of_a_credit_code_is_seen),
        cmocka_unit_test(test_credit_codes_of_another_form_are_no_credit_codes),
        cmocka_unit_test(test_districts_of_every_rank_are_known_by_their_form),
        cmocka_unit_test(test_ids_are_version_7_and_rise_with_the_clock),
        cmocka_unit_test(test_an_id_goes_to_text_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
