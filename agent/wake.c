#include "agent/wake.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define WAKE_FILE "wake"

err_t wake_listen(const struct home *home, int *ret_fd)
{
    char path[PATH_SIZE];
    struct stat info;
    home_file(home, WAKE_FILE, path);
    if (lstat(path, &info) == 0 && !S_ISFIFO(info.st_mode)) {
        unlink(path);
    }
    if (mkfifo(path, 0600) != 0 && errno != EEXIST) {
        return errno == ENOSPC ? ERR_FULL : ERR_IO;
    }
    /* Open for writing too, so that it never reads as ended when the last writer has gone. */
    int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return ERR_IO;
    }
    *ret_fd = fd;
    return ERR_OK;
}

void wake_drain(int fd)
{
    char bytes[256];
    while (read(fd, bytes, sizeof bytes) > 0) {
    }
}

/* -1: nobody has it open for reading, so nobody runs. */
static int open_to_write(const struct home *home)
{
    char path[PATH_SIZE];
    home_file(home, WAKE_FILE, path);
    return open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
}

bool wake_poke(const struct home *home)
{
    int fd = open_to_write(home);
    if (fd < 0) {
        return false;
    }
    /* A full FIFO holds enough to wake anybody. */
    bool is_heard = write(fd, "w", 1) == 1 || errno == EAGAIN;
    close(fd);
    return is_heard;
}

bool wake_is_heard(const struct home *home)
{
    int fd = open_to_write(home);
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}
