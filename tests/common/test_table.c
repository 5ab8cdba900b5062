#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/table.h"
#include "tests/test.h"

/* What a program that prints SIZE bytes at a time to PATH says at its end. */
static bool is_whole_at(const char *path, size_t size)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char *text = malloc(size);
        if (!text || !freopen(path, "w", stdout)) {
            _exit(99);
        }
        memset(text, 'x', size);
        fwrite(text, 1, size, stdout);
        free(text);
        _exit(print_is_whole() ? 0 : 1);
    }
    int status = 0;
    assert_true(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) <= 1);
    return WEXITSTATUS(status) == 0;
}

/* A large piece goes past the stream's buffer, so that nothing is left for the last flush to fail with. */
static void test_what_did_not_leave_is_seen(void **state)
{
    (void)state;
    assert_true(is_whole_at("/dev/null", 65536));
    assert_false(is_whole_at("/dev/full", 10));
    assert_false(is_whole_at("/dev/full", 65536));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_did_not_leave_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
