#include <stdlib.h>
#include <string.h>

#include "proto/reader.h"
#include "tests/test.h"

/* Exactly as long as the bytes, so that a sanitizer sees a read beyond them. */
static err_t first_token(const uint8_t *bytes, size_t size, struct token *ret_token)
{
    uint8_t *exact = malloc(size > 0 ? size : 1);
    memcpy(exact, bytes, size);
    struct reader reader = reader_over(exact, size);
    err_t err = reader_next(&reader, ret_token);
    if (err == ERR_OK && ret_token->type != TOKEN_ARRAY && ret_token->type != TOKEN_MAP) {
        assert_ptr_equal(reader.at, reader.end);
    }
    free(exact);
    return err;
}

static const struct {
    uint8_t bytes[9];
    size_t size;
    uint64_t number;
    int64_t negative; /* where it is one */
} integers[] = {
    {{0x00}, 1, 0, 0},
    {{0x7f}, 1, 127, 0},
    {{0xe0}, 1, 0, -32},
    {{0xff}, 1, 0, -1},
    {{0xcc, 0xff}, 2, 255, 0},
    {{0xcd, 0xff, 0xff}, 3, 65535, 0},
    {{0xce, 0xff, 0xff, 0xff, 0xff}, 5, UINT32_MAX, 0},
    {{0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 9, UINT64_MAX, 0},
    {{0xd0, 0x80}, 2, 0, -128},
    {{0xd0, 0x7f}, 2, 127, 0},
    {{0xd1, 0x80, 0x00}, 3, 0, -32768},
    {{0xd1, 0x00, 0x01}, 3, 1, 0},
    {{0xd2, 0x80, 0x00, 0x00, 0x00}, 5, 0, INT32_MIN},
    {{0xd2, 0x00, 0x00, 0x00, 0x05}, 5, 5, 0},
    {{0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0}, 9, 0, INT64_MIN},
    {{0xd3, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 9, INT64_MAX, 0},
    {{0xcf, 0, 0, 0, 0, 0, 0, 0, 1}, 9, 1, 0}, /* any form is accepted, not only the shortest */
};

static void test_integers_of_every_form_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
        struct token token;
        assert_int_equal(first_token(integers[i].bytes, integers[i].size, &token), ERR_OK);
        assert_int_equal(token.type, integers[i].negative < 0 ? TOKEN_INT : TOKEN_UINT);
        if (token.type == TOKEN_INT) {
            assert_true(token.integer == integers[i].negative);
        } else {
            assert_true(token.number == integers[i].number);
        }
        for (size_t size = 0; size < integers[i].size; size++) {
            assert_int_equal(first_token(integers[i].bytes, size, &token), ERR_TRUNCATED);
        }
    }
}

/* A head that announces more than there is, by one. */
static const struct {
    uint8_t bytes[6];
    size_t size;
} lengths[] = {
    {{0xa1}, 1},                         /* fixstr */
    {{0xd9, 0x01}, 2},                   /* str 8 */
    {{0xda, 0x00, 0x01}, 3},             /* str 16 */
    {{0xdb, 0xff, 0xff, 0xff, 0xff}, 5}, /* str 32 */
    {{0xc4, 0x01}, 2},                   /* bin 8 */
    {{0xc5, 0x00, 0x01}, 3},             /* bin 16 */
    {{0xc6, 0xff, 0xff, 0xff, 0xff}, 5}, /* bin 32 */
    {{0x91}, 1},                         /* fixarray */
    {{0xdc, 0x00, 0x01}, 3},             /* array 16 */
    {{0xdd, 0xff, 0xff, 0xff, 0xff}, 5}, /* array 32 */
    {{0x81, 0xa0}, 2},                   /* fixmap: a pair is two bytes */
    {{0xde, 0x00, 0x01, 0xa0}, 4},       /* map 16 */
    {{0xdf, 0x80, 0x00, 0x00, 0x00}, 5}, /* map 32: twice the count does not wrap */
};

static void test_lengths_beyond_the_end_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct token token;
        for (size_t size = 0; size <= lengths[i].size; size++) {
            assert_int_equal(first_token(lengths[i].bytes, size, &token), ERR_TRUNCATED);
        }
    }
}

static void test_floats_ext_and_the_unused_byte_are_refused(void **state)
{
    (void)state;
    static const uint8_t refused[] = {0xc1, 0xc7, 0xc8, 0xc9, 0xca, 0xcb, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8};
    for (size_t i = 0; i < sizeof refused; i++) {
        uint8_t bytes[32] = {refused[i]};
        struct token token;
        assert_int_equal(first_token(bytes, sizeof bytes, &token), ERR_INVALID);
    }
}

static void test_a_failed_reader_stays_failed(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0xc1, 0x01, 0x02};
    struct reader reader = reader_over(bytes, sizeof bytes);
    uint64_t number = 0;
    assert_int_equal(reader_uint(&reader, &number), ERR_INVALID);
    assert_int_equal(reader_uint(&reader, &number), ERR_TRUNCATED);
    struct view text;
    reader = reader_over(bytes + 1, 2);
    assert_int_equal(reader_str(&reader, &text), ERR_INVALID); /* a number there: the wrong type fails it, too */
    assert_int_equal(reader_uint(&reader, &number), ERR_TRUNCATED);
}

static void test_bin_and_str_are_not_interchanged(void **state)
{
    (void)state;
    static const uint8_t text[] = {0xa1, 'x'};
    static const uint8_t bytes[] = {0xc4, 0x01, 'x'};
    struct view view;
    struct reader reader = reader_over(text, sizeof text);
    assert_int_equal(reader_bin(&reader, &view), ERR_INVALID);
    reader = reader_over(bytes, sizeof bytes);
    assert_int_equal(reader_str(&reader, &view), ERR_INVALID);
    reader = reader_over(bytes, sizeof bytes);
    assert_int_equal(reader_bin(&reader, &view), ERR_OK);
    assert_int_equal(view.size, 1);
}

static void test_an_int_takes_both_signs_but_no_more_than_63_bits(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0xff, 0x05, 0xcf, 0x80, 0, 0, 0, 0, 0, 0, 0};
    struct reader reader = reader_over(bytes, sizeof bytes);
    int64_t number = 0;
    assert_int_equal(reader_int(&reader, &number), ERR_OK);
    assert_int_equal(number, -1);
    assert_int_equal(reader_int(&reader, &number), ERR_OK);
    assert_int_equal(number, 5);
    assert_int_equal(reader_int(&reader, &number), ERR_INVALID);
}

static void test_skip_covers_one_value_of_any_shape(void **state)
{
    (void)state;
    /* [1, {"a": [nil, true]}, "xyz"], then 7 */
    static const uint8_t bytes[] = {0x93, 1, 0x81, 0xa1, 'a', 0x92, 0xc0, 0xc3, 0xa3, 'x', 'y', 'z', 7};
    struct reader reader = reader_over(bytes, sizeof bytes);
    struct view view;
    uint64_t number = 0;
    assert_int_equal(reader_skip(&reader, &view), ERR_OK);
    assert_ptr_equal(view.at, bytes);
    assert_int_equal(view.size, sizeof bytes - 1);
    assert_int_equal(reader_uint(&reader, &number), ERR_OK);
    assert_int_equal(number, 7);
    for (size_t size = 0; size < sizeof bytes - 1; size++) {
        reader = reader_over(bytes, size);
        assert_int_equal(reader_skip(&reader, NULL), ERR_TRUNCATED);
    }
}

static void test_skip_stops_at_the_depth_limit_whatever_follows(void **state)
{
    (void)state;
    enum { LEVELS = 100000 };
    uint8_t *bytes = malloc(LEVELS);
    memset(bytes, 0x91, LEVELS);
    bytes[READER_DEPTH_MAX] = 0x00;
    struct reader reader = reader_over(bytes, LEVELS);
    assert_int_equal(reader_skip(&reader, NULL), ERR_OK);
    bytes[READER_DEPTH_MAX] = 0x91;
    reader = reader_over(bytes, LEVELS);
    assert_int_equal(reader_skip(&reader, NULL), ERR_INVALID);
    free(bytes);
}

static void test_a_reader_over_nothing_is_at_its_end(void **state)
{
    (void)state;
    struct reader reader = reader_over(NULL, 0);
    struct token token;
    size_t count = 1;
    assert_int_equal(reader_next(&reader, &token), ERR_TRUNCATED);
    assert_int_equal(reader_skip(&reader, NULL), ERR_TRUNCATED);
    assert_true(utf8_check((struct view){NULL, 0}, &count));
    assert_int_equal(count, 0);
}

static const struct {
    const char *text;
    size_t size;
    bool is_good;
    size_t count;
} texts[] = {
    {"", 0, true, 0},
    {"plain text", 10, true, 10},
    {"\xe4\xbc\xa6\xe7\x90\x86", 6, true, 2},
    {"\xc2\x80\xdf\xbf", 4, true, 2},
    {"\xe0\xa0\x80\xef\xbf\xbf", 6, true, 2},
    {"\xed\x9f\xbf\xee\x80\x80", 6, true, 2}, /* both sides of the surrogates */
    {"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 8, true, 2},
    {"a\0b", 3, false, 0},
    {"\x80", 1, false, 0},             /* nothing to continue */
    {"\xc0\x80", 2, false, 0},         /* overlong NUL */
    {"\xc1\xbf", 2, false, 0},         /* overlong */
    {"\xe0\x9f\xbf", 3, false, 0},     /* overlong */
    {"\xf0\x8f\xbf\xbf", 4, false, 0}, /* overlong */
    {"\xed\xa0\x80", 3, false, 0},     /* a surrogate */
    {"\xf4\x90\x80\x80", 4, false, 0}, /* above U+10FFFF */
    {"\xf5\x80\x80\x80", 4, false, 0},
    {"\xff", 1, false, 0},
    {"\xe4\xbc", 2, false, 0}, /* cut */
    {"\xe4\xbc\x41", 3, false, 0},
    {"\xe4\x41\xa6", 3, false, 0},
};

static void test_utf8_is_strict(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t count = 0;
        struct view view = {(const uint8_t *)texts[i].text, texts[i].size};
        assert_int_equal(utf8_check(view, &count), texts[i].is_good);
        if (texts[i].is_good) {
            assert_int_equal(count, texts[i].count);
        }
        assert_int_equal(utf8_check(view, NULL), texts[i].is_good);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers_of_every_form_are_read),
        cmocka_unit_test(test_lengths_beyond_the_end_are_refused),
        cmocka_unit_test(test_floats_ext_and_the_unused_byte_are_refused),
        cmocka_unit_test(test_a_failed_reader_stays_failed),
        cmocka_unit_test(test_bin_and_str_are_not_interchanged),
        cmocka_unit_test(test_an_int_takes_both_signs_but_no_more_than_63_bits),
        cmocka_unit_test(test_skip_covers_one_value_of_any_shape),
        cmocka_unit_test(test_skip_stops_at_the_depth_limit_whatever_follows),
        cmocka_unit_test(test_a_reader_over_nothing_is_at_its_end),
        cmocka_unit_test(test_utf8_is_strict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
