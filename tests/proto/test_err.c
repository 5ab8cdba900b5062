#include <string.h>

#include "proto/err.h"
#include "tests/test.h"

static bool is_ascii(const char *text)
{
    while (*text && (unsigned char)*text < 0x80) {
        text++;
    }
    return *text == '\0';
}

/* One beyond the last is told as well: it is none of ours. */
static void test_every_failure_is_told_in_both_languages(void **state)
{
    (void)state;
    for (int err = ERR_OK; err <= ERR_IO + 1; err++) {
        const char *en = err_label((err_t)err, false);
        const char *zh = err_label((err_t)err, true);
        assert_true(strlen(en) > 0 && is_ascii(en));
        assert_true(strlen(zh) > 0 && !is_ascii(zh));
        assert_string_equal(err_name((err_t)err), en);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_failure_is_told_in_both_languages)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
