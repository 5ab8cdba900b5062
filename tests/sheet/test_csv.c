#include "tests/sheet/reading.h"

#include "common/mem.h"

/* CSV in every form that it is met in; what is none is refused with the row. */

struct sample {
    const char *bytes;
    size_t size;
    const char *want; /* the cells, or a word of the reason */
};
#define SAMPLE(bytes, want)                                                                                            \
    {                                                                                                                  \
        bytes, sizeof(bytes) - 1, want                                                                                 \
    }

static void test_cells_are_read(void **state)
{
    static const struct sample samples[] = {
        SAMPLE("a,b\n1,2\n", "1: 0=a 1=b; 2: 0=1 1=2; "),
        SAMPLE("a,b\r\n\r\n,2", "1: 0=a 1=b; 3: 1=2; "),
        SAMPLE("a,b\r1,2\r", "1: 0=a 1=b; 2: 0=1 1=2; "),
        SAMPLE("a;b,c;d\n", "1: 0=a 1=b,c 2=d; "),
        SAMPLE("a\tb\n", "1: 0=a 1=b; "),
        SAMPLE("sep=;\na;b\n", "1: 0=a 1=b; "),
        SAMPLE("\"a,\"\"b\"\"\n\",c\n", "1: 0=a,\"b\"\n 1=c; "),
        SAMPLE("a\"b,\"\"\n", "1: 0=a\"b; "),
        SAMPLE("", ""),
        SAMPLE("\xEF\xBB\xBF\xE4\xB8\xAD,1\n", "1: 0=中 1=1; "),
        SAMPLE("\xD6\xD0\xCE\xC4,\x81\x30\x89\x37\n", "1: 0=中文 1=\xC3\x9E; "), /* GB18030, with four bytes too */
        SAMPLE("\xFF\xFE\x2D\x4E,\0b\0\n\0", "1: 0=中 1=b; "),
        SAMPLE("\xFE\xFF\x4E\x2D\0,\0b", "1: 0=中 1=b; "),
    };
    char shown[SHOWN_SIZE];
    char reason[SHEET_REASON_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        assert_int_equal(read_all(file_of(samples[i].bytes, samples[i].size), shown, reason), ERR_OK);
        assert_string_equal(shown, samples[i].want);
    }
}

static void test_what_is_no_table_is_refused(void **state)
{
    static const struct sample samples[] = {
        SAMPLE("a,b\n\"1,2\n", "row 2: a quote is not closed"),
        SAMPLE("a,b\n1,\"2\"3\n", "row 2: text after a closing quote"),
        SAMPLE("a\0b\n", "zero bytes"),
        SAMPLE("\xEF\xBB\xBF\xD6\xD0\n", "marked as UTF-8"),
        SAMPLE("a\n\xD6\xD0\xFF\xFF\n", "neither UTF-8 nor GB18030"),
        SAMPLE("a\n\xD6\xD0\xD6", "neither UTF-8 nor GB18030"),
        SAMPLE("\xFF\xFE\x61\0b", "neither UTF-8 nor GB18030"),
        SAMPLE("\xFF\xFE\0\0", "neither UTF-8 nor GB18030"),
        SAMPLE("\xD0\xCF\x11\xE0", "old or password-protected"),
    };
    char shown[SHOWN_SIZE];
    char reason[SHEET_REASON_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        assert_int_equal(read_all(file_of(samples[i].bytes, samples[i].size), shown, reason), ERR_INVALID);
        assert_non_null(strstr(reason, samples[i].want));
    }
}

/* COUNT times C, after HEAD. */
static FILE *long_file(const char *head, char c, size_t count)
{
    size_t begin = strlen(head);
    char *bytes = mem_alloc(begin + count);
    memcpy(bytes, head, begin);
    memset(bytes + begin, c, count);
    FILE *file = file_of(bytes, begin + count);
    free(bytes);
    return file;
}

static void test_sizes_are_bounded(void **state)
{
    char shown[SHOWN_SIZE];
    char reason[SHEET_REASON_SIZE];
    (void)state;
    assert_int_equal(read_all(long_file("", 'x', SHEET_CELL_MAX), shown, reason), ERR_OK);
    assert_int_equal(read_all(long_file("", 'x', SHEET_CELL_MAX + 1), shown, reason), ERR_INVALID);
    assert_int_equal(read_all(long_file("\"", 'x', SHEET_CELL_MAX + 1), shown, reason), ERR_INVALID);
    assert_non_null(strstr(reason, "quote not closed"));
    assert_int_equal(read_all(long_file("", ',', SHEET_COLUMNS_MAX - 1), shown, reason), ERR_OK);
    assert_int_equal(read_all(long_file("", ',', SHEET_COLUMNS_MAX), shown, reason), ERR_INVALID);
    assert_int_equal(read_all(long_file("x", '\n', SHEET_ROWS_MAX), shown, reason), ERR_INVALID);
    assert_non_null(strstr(reason, "too many rows"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells_are_read),
        cmocka_unit_test(test_what_is_no_table_is_refused),
        cmocka_unit_test(test_sizes_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
