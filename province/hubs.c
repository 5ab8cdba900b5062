#include "province/hubs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/text.h"

#define FOLDER   "hubs"
#define WAKE     "wake"
#define NAME_FMT FOLDER "/%" PRId64 ".zpl"

/* N of "N.zpl"; 0 for every other name. */
static int64_t number_of(const char *name)
{
    size_t digits = strspn(name, "0123456789");
    if (digits == 0 || digits > 6 || name[0] == '0' || strcmp(name + digits, ".zpl") != 0) {
        return 0;
    }
    return strtol(name, NULL, 10);
}

static int compare_numbers(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

err_t hubs_numbers(const struct home *home, int64_t ret_numbers[HUBS_MAX], size_t *ret_count)
{
    char path[PATH_SIZE];
    home_file(home, FOLDER, path);
    *ret_count = 0;
    DIR *folder = opendir(path);
    if (!folder) {
        return errno == ENOENT ? ERR_OK : ERR_IO;
    }
    for (struct dirent *entry = readdir(folder); entry && *ret_count < HUBS_MAX; entry = readdir(folder)) {
        int64_t number = number_of(entry->d_name);
        if (number > 0) {
            ret_numbers[(*ret_count)++] = number;
        }
    }
    closedir(folder);
    qsort(ret_numbers, *ret_count, sizeof *ret_numbers, compare_numbers);
    return ERR_OK;
}

err_t hubs_load(const struct home *home, struct hub_member **ret_members, size_t *ret_count,
                void (*warn)(const char *reason))
{
    int64_t numbers[HUBS_MAX];
    size_t count = 0;
    *ret_members = NULL;
    *ret_count = 0;
    err_t err = hubs_numbers(home, numbers, &count);
    if (err != ERR_OK) {
        return err;
    }
    struct hub_member *members = mem_alloc(count * sizeof *members);
    for (size_t i = 0; i < count; i++) {
        char name[64];
        char reason[256];
        snprintf(name, sizeof name, NAME_FMT, numbers[i]);
        struct hub_member *member = &members[*ret_count];
        member->hub = numbers[i];
        if (membership_load(home, name, &member->membership, reason) == ERR_OK) {
            (*ret_count)++;
        } else if (warn) {
            warn(reason);
        }
    }
    *ret_members = members;
    return ERR_OK;
}

err_t hubs_save(const struct home *home, int64_t hub, const struct membership *membership, char reterr_reason[256])
{
    struct home folder;
    char name[64];
    int length = snprintf(folder.path, sizeof folder.path, "%s/" FOLDER, home->path);
    if (length < 0 || (size_t)length >= sizeof folder.path) {
        snprintf(reterr_reason, 256, tr("the folder's path is too long", "文件夹路径过长"));
        return ERR_TOO_LARGE;
    }
    err_t err = home_create(&folder, reterr_reason);
    if (err != ERR_OK) {
        return err;
    }
    snprintf(name, sizeof name, NAME_FMT, hub);
    err = membership_save(home, name, membership);
    if (err != ERR_OK) {
        snprintf(reterr_reason, 256, tr("cannot save %.150s/%s: %s", "无法保存 %.150s/%s：%s"), home->path, name,
                 err_text(err));
    }
    return err;
}

err_t hubs_update(const struct home *home, int64_t hub, const struct membership *former,
                  const struct membership *membership)
{
    char name[64];
    snprintf(name, sizeof name, NAME_FMT, hub);
    return membership_update(home, name, former, membership);
}

bool hubs_wake(const struct home *home, enum wake what)
{
    char path[PATH_SIZE];
    home_file(home, WAKE, path);
    const char letter = (char)what;
    /* Opening a FIFO for writing without a reader fails: nobody runs. */
    int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool is_told = write(fd, &letter, 1) == 1 || errno == EAGAIN;
    close(fd);
    return is_told;
}

int hubs_open_wake(const struct home *home)
{
    char path[PATH_SIZE];
    struct stat status;
    home_file(home, WAKE, path);
    if (mkfifo(path, 0600) != 0 && errno != EEXIST) {
        return -1;
    }
    /* Open for both, so that the last writer's leaving is no end of file. */
    int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && (fstat(fd, &status) != 0 || !S_ISFIFO(status.st_mode))) {
        close(fd);
        return -1;
    }
    return fd;
}

bool hubs_is_running(const struct home *home)
{
    char path[PATH_SIZE];
    home_file(home, RUN_LOCK, path);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    /* Asked about, not taken: a listing must never keep `run` from starting. */
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    bool is_running = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    close(fd);
    return is_running;
}
