#include "common/home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/text.h"

void home_resolve(const char *option, const char *program, struct home *ret_home)
{
    const char *variable = getenv("AGN_HOME");
    const char *user = getenv("HOME");
    if (option && *option) {
        snprintf(ret_home->path, sizeof ret_home->path, "%s", option);
    } else if (variable && *variable) {
        snprintf(ret_home->path, sizeof ret_home->path, "%s", variable);
    } else {
        snprintf(ret_home->path, sizeof ret_home->path, "%s/.%s", user && *user ? user : ".", program);
    }
}

err_t home_create(const struct home *home, char reterr_reason[256])
{
    if (mkdir(home->path, 0700) == 0 || errno == EEXIST) {
        return ERR_OK;
    }
    snprintf(reterr_reason, 256, tr("cannot create the folder %.150s: %s", "无法创建文件夹 %.150s：%s"), home->path,
             strerror(errno));
    return errno == ENOSPC ? ERR_FULL : ERR_IO;
}

bool home_has(const struct home *home, const char *name)
{
    char path[PATH_SIZE];
    home_file(home, name, path);
    return access(path, F_OK) == 0;
}

void home_file(const struct home *home, const char *name, char ret_path[PATH_SIZE])
{
    snprintf(ret_path, PATH_SIZE, "%s/%s", home->path, name);
}

/* Makes a file that is not there. A home is its owner's: what root makes in it for him is his as well, for the program
 * that runs as him could not read it. */
static int create_file(const struct home *home, const char *path, int flags)
{
    struct stat folder;
    int fd = open(path, flags | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0 && geteuid() == 0 &&
        (stat(home->path, &folder) != 0 || (folder.st_uid != 0 && fchown(fd, folder.st_uid, (gid_t)-1) != 0))) {
        int error = errno;
        unlink(path);
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

/* Who comes first makes it. */
static int open_lock(const struct home *home, const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        fd = create_file(home, path, O_RDWR);
    }
    return fd < 0 && errno == EEXIST ? open(path, O_RDWR | O_CLOEXEC) : fd;
}

static err_t lock_file(const struct home *home, const char *name, int command, int *ret_fd)
{
    char path[PATH_SIZE];
    home_file(home, name, path);
    int fd = open_lock(home, path);
    if (fd < 0) {
        return errno == ENOSPC ? ERR_FULL : ERR_IO;
    }
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int status = fcntl(fd, command, &lock);
    while (status != 0 && errno == EINTR) {
        status = fcntl(fd, command, &lock);
    }
    if (status != 0) {
        err_t err = errno == EACCES || errno == EAGAIN ? ERR_BUSY : ERR_IO;
        close(fd);
        return err;
    }
    *ret_fd = fd;
    return ERR_OK;
}

err_t home_lock(const struct home *home, const char *name, int *ret_fd)
{
    return lock_file(home, name, F_SETLK, ret_fd);
}

err_t home_lock_wait(const struct home *home, const char *name, int *ret_fd)
{
    return lock_file(home, name, F_SETLKW, ret_fd);
}

static err_t write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return errno == ENOSPC ? ERR_FULL : ERR_IO;
        }
        bytes += written;
        size -= (size_t)written;
    }
    return fsync(fd) == 0 ? ERR_OK : ERR_IO;
}

/* What was renamed in it is durable. */
static err_t sync_folder_of(const char *path)
{
    char folder[PATH_SIZE];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash) {
        *slash = '\0';
    }
    int folder_fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder_fd < 0) {
        return ERR_IO;
    }
    err_t err = fsync(folder_fd) == 0 ? ERR_OK : ERR_IO;
    close(folder_fd);
    return err;
}

err_t home_write(const struct home *home, const char *name, const void *bytes, size_t size)
{
    char path[PATH_SIZE];
    char temporary[PATH_SIZE + 8];
    home_file(home, name, path);
    snprintf(temporary, sizeof temporary, "%s.new", path);
    unlink(temporary); /* of who was cut short */
    int fd = create_file(home, temporary, O_WRONLY);
    if (fd < 0) {
        return errno == ENOSPC ? ERR_FULL : ERR_IO;
    }
    err_t err = write_all(fd, bytes, size);
    if (close(fd) != 0 && err == ERR_OK) {
        err = ERR_IO;
    }
    if (err == ERR_OK && rename(temporary, path) != 0) {
        err = ERR_IO;
    }
    if (err != ERR_OK) {
        unlink(temporary);
        return err;
    }
    return sync_folder_of(path);
}

err_t home_rename(const struct home *home, const char *from, const char *to)
{
    char source[PATH_SIZE];
    char target[PATH_SIZE];
    home_file(home, from, source);
    home_file(home, to, target);
    return rename(source, target) == 0 ? sync_folder_of(target) : ERR_IO;
}

static err_t read_all(int fd, char *bytes, size_t size, size_t *ret_size)
{
    *ret_size = 0;
    while (*ret_size < size) {
        ssize_t got = read(fd, bytes + *ret_size, size - *ret_size);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got == 0 ? ERR_OK : ERR_IO;
        }
        *ret_size += (size_t)got;
    }
    return ERR_OK;
}

err_t file_read_private(const char *path, void *ret_bytes, size_t size, size_t *ret_size, char reterr_reason[256])
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0) {
        snprintf(reterr_reason, 256, "%.200s: %s", path, strerror(errno));
        err_t err = errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
        if (fd >= 0) {
            close(fd);
        }
        return err;
    }
    if (S_ISREG(status.st_mode) && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        snprintf(reterr_reason, 256,
                 tr("%.90s: others may read this secret, so it is not used: chmod 600 %.90s",
                    "%.90s：他人可读取该机密文件，拒绝使用：chmod 600 %.90s"),
                 path, path);
        close(fd);
        return ERR_INVALID;
    }
    err_t err = read_all(fd, ret_bytes, size, ret_size);
    if (err != ERR_OK) {
        snprintf(reterr_reason, 256, "%.200s: %s", path, strerror(errno));
    }
    close(fd);
    return err;
}
