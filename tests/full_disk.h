/* tests/full_disk.h - a disk that is full and one that is not, by the limit on the size of files. */
#ifndef TESTS_FULL_DISK_H
#define TESTS_FULL_DISK_H

#include <signal.h>
#include <sys/resource.h>

#include "tests/test.h"

static inline void limit_files(rlim_t size)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

#endif
