/* tests/system/clockjump.c - preloaded into the programs under test: moves their wall clock, not their timers.
 *
 * The file named by CLOCKJUMP_FILE is mapped, so that a test moves the clock of running programs by writing to it. Its
 * first eight bytes are an offset in milliseconds. The next eight, where they are there and not 0, are the time in UTC
 * milliseconds at which the clock stands still. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *offset_ms; /* the second one: where the clock stands */

__attribute__((constructor)) static void map_offset(void)
{
    const char *path = getenv("CLOCKJUMP_FILE");
    int fd = path ? open(path, O_RDONLY) : -1;
    if (fd < 0) {
        return;
    }
    void *map = mmap(NULL, 2 * sizeof *offset_ms, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (map != MAP_FAILED) {
        offset_ms = map;
    }
}

static int real_gettime(clockid_t clock, struct timespec *ret_time)
{
    static int (*real)(clockid_t, struct timespec *);
    if (!real) {
        *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    }
    return real(clock, ret_time);
}

int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
    int result = real_gettime(clock, ret_time);
    if (result == 0 && offset_ms && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t ms = offset_ms[0];
        int64_t stands_at = offset_ms[1];
        if (stands_at != 0) {
            ret_time->tv_sec = stands_at / 1000;
            ret_time->tv_nsec = stands_at % 1000 * 1000000;
            return result;
        }
        ret_time->tv_sec += ms / 1000;
        ret_time->tv_nsec += ms % 1000 * 1000000;
        if (ret_time->tv_nsec < 0) {
            ret_time->tv_nsec += 1000000000;
            ret_time->tv_sec--;
        } else if (ret_time->tv_nsec >= 1000000000) {
            ret_time->tv_nsec -= 1000000000;
            ret_time->tv_sec++;
        }
    }
    return result;
}

int gettimeofday(struct timeval *restrict ret_time, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    int result = clock_gettime(CLOCK_REALTIME, &now);
    ret_time->tv_sec = now.tv_sec;
    ret_time->tv_usec = now.tv_nsec / 1000;
    return result;
}

time_t time(time_t *ret_time)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (ret_time) {
        *ret_time = now.tv_sec;
    }
    return now.tv_sec;
}
