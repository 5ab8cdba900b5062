/* tests/home.h - a home of a test's own, and its end. */
#ifndef TESTS_HOME_H
#define TESTS_HOME_H

#include <stdio.h>
#include <stdlib.h>

#include "common/home.h"
#include "tests/test.h"

static inline void make_home(struct home *home)
{
    snprintf(home->path, sizeof home->path, "/tmp/agn-test-XXXXXX");
    assert_non_null(mkdtemp(home->path));
}

/* With all that is in it. */
static inline void remove_home(const struct home *home)
{
    char command[PATH_SIZE + 16];
    snprintf(command, sizeof command, "rm -rf '%s'", home->path);
    assert_int_equal(system(command), 0);
}

#endif
