#include "common/text.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

static void *hear_another(void *self)
{
    snprintf(self, 8, "%s", tr("en", "zh"));
    return NULL;
}

static void test_one_thread_speaks_anothers_language(void **state)
{
    char heard[8];
    pthread_t thread;
    (void)state;
    setenv("LC_ALL", "en_US.UTF-8", 1);
    text_init();
    text_speak("zh");
    assert_string_equal(tr("en", "zh"), "zh");
    assert_string_equal(text_language(), "zh");
    assert_true(text_is_chinese());
    assert_int_equal(pthread_create(&thread, NULL, hear_another, heard), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_string_equal(heard, "en");
    text_speak(NULL);
    assert_string_equal(text_language(), "en");
    setenv("LC_ALL", "zh_CN.UTF-8", 1);
    text_init();
    assert_string_equal(text_language(), "zh");
    text_speak("en");
    assert_string_equal(tr("en", "zh"), "en");
    text_speak("tlh"); /* as a program may send it */
    assert_string_equal(tr("en", "zh"), "en");
    text_speak(NULL);
    assert_string_equal(tr("en", "zh"), "zh");
    setenv("LC_ALL", "C", 1);
    text_init();
}

static void test_a_number_is_digits_within_bounds(void **state)
{
    static const char *const bad[] = {"", "x", "-1", "+1", " 1", "1 ", "1x", "0x1", "9", "11", "99999999999999999999"};
    char reason[NUMBER_REASON];
    char long_text[500];
    int64_t number = 7;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(number_typed("--level", bad[i], 10, 10, &number, reason), ERR_INVALID);
        assert_non_null(strstr(reason, "--level: expected a number 10 to 10, not "));
        assert_non_null(strstr(reason, bad[i]));
        assert_int_equal(number, 7);
    }
    memset(long_text, '9', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    assert_int_equal(number_typed("--level", long_text, 0, INT64_MAX, &number, reason), ERR_INVALID);
    assert_int_equal(number_typed("--level", "10", 10, 10, &number, reason), ERR_OK);
    assert_int_equal(number, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_one_thread_speaks_anothers_language),
                                       cmocka_unit_test(test_a_number_is_digits_within_bounds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
