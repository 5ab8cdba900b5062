#include "agent/watch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "agent/watch_file.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"

/* The folder is looked at on every event, every TICK_MS while something in it is not settled, and every LOOK_MS in case
 * an event was lost or the folder is on a network, where there are none. */
enum { CANDIDATES_MAX = 256, NAME_MAX_SIZE = 256, TICK_MS = 250, LOOK_MS = 10000, STUCK_MS = 60000 };

/* A file that is there and not dealt with. */
struct candidate {
    char name[NAME_MAX_SIZE];
    struct stat seen;
    int64_t since_ms; /* monotonic: unchanged since */
    int64_t not_before_ms;
    bool is_whole; /* renamed into the folder, and not written to since */
    bool is_there;
    bool is_told; /* that it waits; once */
};

struct watch {
    struct watched watched;
    int64_t settle_ms, retry_ms;
    int inotify, stop;
    pthread_t thread;
    size_t count;
    struct candidate candidates[CANDIDATES_MAX];
};

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text);
    return size >= strlen(end) && strcmp(text + size - strlen(end), end) == 0;
}

bool watch_ignores(const char *name)
{
    static const char *const ends[] = {"~",         ".tmp",        ".temp",       ".part",     ".partial",
                                       ".filepart", ".crdownload", ".swp",        ".download", ".new",
                                       ".lock",     ".errors.txt", ".already.txt"};
    if (name[0] == '.' || name[0] == '~' || name[0] == '#') {
        return true;
    }
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        if (ends_with(name, ends[i])) {
            return true;
        }
    }
    return strcmp(name, WATCH_DONE) == 0 || strcmp(name, WATCH_FAILED) == 0;
}

static struct candidate *find(struct watch *watch, const char *name)
{
    for (size_t i = 0; i < watch->count; i++) {
        if (strcmp(watch->candidates[i].name, name) == 0) {
            return &watch->candidates[i];
        }
    }
    return NULL;
}

static int64_t changed_ms(const struct stat *info)
{
    return (int64_t)info->st_ctim.tv_sec * 1000 + info->st_ctim.tv_nsec / 1000000;
}

/* What waits for somebody to mend it must not keep out what comes: the oldest of that kind makes room for INFO where it
 * is older, and is met again when others are done with. NULL: there is none. */
static struct candidate *make_room(struct watch *watch, const struct stat *info)
{
    struct candidate *oldest = NULL;
    for (size_t i = 0; info && i < watch->count; i++) {
        struct candidate *candidate = &watch->candidates[i];
        if (candidate->is_told && (!oldest || changed_ms(&candidate->seen) < changed_ms(&oldest->seen))) {
            oldest = candidate;
        }
    }
    return oldest && changed_ms(&oldest->seen) < changed_ms(info) ? oldest : NULL;
}

/* INFO may be NULL. NULL where there is no room: it is met again when others are done with. */
static struct candidate *find_or_add(struct watch *watch, const char *name, const struct stat *info)
{
    struct candidate *candidate = find(watch, name);
    if (candidate || strlen(name) >= NAME_MAX_SIZE) {
        return candidate;
    }
    candidate = watch->count < CANDIDATES_MAX ? &watch->candidates[watch->count++] : make_room(watch, info);
    if (!candidate) {
        return NULL;
    }
    memset(candidate, 0, sizeof *candidate);
    snprintf(candidate->name, sizeof candidate->name, "%s", name);
    candidate->since_ms = clock_monotonic_ms();
    return candidate;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void look_at(struct watch *watch, int folder, const char *name)
{
    struct stat info;
    if (watch_ignores(name) || fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode)) {
        return;
    }
    struct candidate *candidate = find_or_add(watch, name, &info);
    if (!candidate) {
        return;
    }
    candidate->is_there = true;
    if (!is_same(&candidate->seen, &info)) {
        candidate->is_whole = candidate->is_whole && candidate->seen.st_ino == 0; /* not seen since it was renamed */
        candidate->seen = info;
        candidate->since_ms = clock_monotonic_ms();
        candidate->not_before_ms = 0;
        candidate->is_told = false;
    }
}

static void forget_gone(struct watch *watch)
{
    size_t kept = 0;
    for (size_t i = 0; i < watch->count; i++) {
        if (watch->candidates[i].is_there) {
            watch->candidates[kept++] = watch->candidates[i];
        }
    }
    watch->count = kept;
}

static void scan(struct watch *watch)
{
    DIR *folder = opendir(watch->watched.folder);
    if (!folder) {
        log_error("watch-unreadable", "err=%d", errno);
        return;
    }
    for (size_t i = 0; i < watch->count; i++) {
        watch->candidates[i].is_there = false;
    }
    for (struct dirent *entry = NULL; (entry = readdir(folder));) {
        look_at(watch, dirfd(folder), entry->d_name);
    }
    closedir(folder);
    forget_gone(watch);
}

/* Whether some process has it open for writing. Only a file's owner may ask; for the others the time must do. */
static bool is_being_written(const struct watch *watch, const struct candidate *candidate)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", watch->watched.folder, candidate->name);
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool is_busy = fcntl(fd, F_SETLEASE, F_RDLCK) != 0 && errno == EAGAIN;
    close(fd); /* the lease goes with it */
    return is_busy;
}

static bool is_ready(const struct watch *watch, const struct candidate *candidate, int64_t now)
{
    if (now < candidate->not_before_ms) {
        return false;
    }
    return candidate->is_whole ||
           (now - candidate->since_ms >= watch->settle_ms && !is_being_written(watch, candidate));
}

static void tell(struct candidate *candidate, const struct watch_report *report)
{
    char name[NAME_MAX_SIZE];
    log_safe(candidate->name, strlen(candidate->name), name, sizeof name);
    switch (report->outcome) {
    case WATCH_ACCEPTED:
        log_info("watch-accepted", "file=\"%s\" records=%zu first=%" PRIu64, name, report->accepted, report->first_seq);
        break;
    case WATCH_ALREADY:
        log_warn("watch-already", "file=\"%s\" first=%" PRIu64 " text=\"the same bytes were accepted before\"", name,
                 report->first_seq);
        break;
    case WATCH_REFUSED:
        log_warn("watch-refused", "file=\"%s\" refused=%zu", name, report->refused);
        break;
    case WATCH_LATER:
    case WATCH_STUCK:
        if (!candidate->is_told) {
            log_error(report->outcome == WATCH_STUCK ? "watch-stuck" : "watch-later",
                      "file=\"%s\" err=\"%s\" text=\"it stays in the folder and is tried again\"", name,
                      err_name(report->err));
        }
        candidate->is_told = true;
        break;
    case WATCH_MISPLACED:
        log_error("watch-misplaced",
                  "file=\"%s\" text=\"one that was saved over it lies in done/ or failed/, not filed: move it back\"",
                  name);
        break;
    case WATCH_GONE:
        break;
    }
}

static bool is_stopping(const struct watch *watch)
{
    struct pollfd fd = {.fd = watch->stop, .events = POLLIN};
    return poll(&fd, 1, 0) > 0;
}

/* What the agent itself has renamed into the folder is not complete for that. Whatever else was renamed in at this
 * moment has to settle. */
static void drop_events(const struct watch *watch)
{
    char bytes[4096];
    while (read(watch->inotify, bytes, sizeof bytes) > 0) {
    }
}

static void take_ready(struct watch *watch)
{
    size_t kept = 0;
    for (size_t i = 0; i < watch->count; i++) {
        struct candidate *candidate = &watch->candidates[i];
        struct watch_report report = {.outcome = WATCH_LATER};
        if (!is_stopping(watch) && is_ready(watch, candidate, clock_monotonic_ms())) {
            watch_take(&watch->watched, candidate->name, &candidate->seen, &report);
            tell(candidate, &report);
            candidate->not_before_ms =
                clock_monotonic_ms() + (report.outcome == WATCH_STUCK ? STUCK_MS : watch->retry_ms);
        }
        if (report.is_replaced) {
            drop_events(watch);
        }
        if (report.outcome == WATCH_LATER || report.outcome == WATCH_STUCK || report.is_replaced) {
            if (kept != i) {
                watch->candidates[kept] = *candidate;
            }
            kept++;
        }
    }
    watch->count = kept;
}

/* A file that was renamed into the folder was complete before. */
static void read_events(struct watch *watch)
{
    _Alignas(struct inotify_event) char bytes[16384];
    ssize_t size = 0;
    while ((size = read(watch->inotify, bytes, sizeof bytes)) > 0) {
        for (const char *at = bytes; at < bytes + size;) {
            struct inotify_event event;
            memcpy(&event, at, sizeof event);
            const char *name = at + sizeof event;
            at = name + event.len;
            if (!(event.mask & IN_MOVED_TO) || event.len == 0 || watch_ignores(name)) {
                continue;
            }
            struct candidate *candidate = find_or_add(watch, name, NULL);
            if (candidate) {
                memset(&candidate->seen, 0, sizeof candidate->seen); /* of the file that had the name before */
                candidate->is_whole = true;
            }
        }
    }
}

static void *work(void *self)
{
    struct watch *watch = self;
    struct pollfd fds[2] = {{.fd = watch->stop, .events = POLLIN}, {.fd = watch->inotify, .events = POLLIN}};
    while (!is_stopping(watch)) {
        read_events(watch);
        scan(watch);
        take_ready(watch);
        if (poll(fds, 2, watch->count > 0 ? TICK_MS : LOOK_MS) < 0 && errno != EINTR) {
            log_error("watch-failed", "err=%d", errno);
            break;
        }
    }
    return NULL;
}

/* Not the home or a part of it: the agent's own files are no records. */
static bool is_apart(const struct home *home, const char *folder)
{
    char *a = realpath(home->path, NULL);
    char *b = realpath(folder, NULL);
    bool is_inside = a && b && strncmp(a, b, strlen(a)) == 0 && (b[strlen(a)] == '/' || b[strlen(a)] == '\0');
    free(a);
    free(b);
    return !is_inside;
}

static bool open_folder(struct watch *watch, char reterr_reason[512])
{
    const char *folder = watch->watched.folder;
    if (!is_apart(watch->watched.home, folder)) {
        snprintf(reterr_reason, 512, tr("watch_dir %s lies within the agent's home", "watch_dir %s 位于代理主目录内"),
                 folder);
        return false;
    }
    errno = 0;
    if (watch_make_folders(folder)) {
        watch->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        if (watch->inotify >= 0 &&
            inotify_add_watch(watch->inotify, folder, IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR) >= 0) {
            return true;
        }
    }
    snprintf(reterr_reason, 512,
             tr("watch_dir %s: %s; the agent must be able to read and write there",
                "watch_dir %s：%s；代理须能读写该文件夹"),
             folder, strerror(errno));
    return false;
}

static void release(struct watch *watch)
{
    spool_close(watch->watched.spool);
    if (watch->inotify >= 0) {
        close(watch->inotify);
    }
    if (watch->stop >= 0) {
        close(watch->stop);
    }
    free(watch);
}

struct watch *watch_start(const struct office *office, char reterr_reason[512])
{
    struct watch *watch = mem_alloc(sizeof *watch);
    watch->watched = (struct watched){.home = office->home,
                                      .folder = office->settings.watch_dir,
                                      .party = office->membership.party,
                                      .utc_offset_minutes = (int)office->settings.utc_offset_minutes};
    watch->settle_ms = office->settings.watch_settle_ms;
    watch->retry_ms = office->settings.retry_ms;
    watch->inotify = -1;
    watch->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    bool is_up = watch->stop >= 0 && open_folder(watch, reterr_reason) &&
                 spool_open(office->home, membership_suite(&office->membership), DAEMON_WAIT_MS, &watch->watched.spool,
                            reterr_reason) == ERR_OK;
    if (is_up && pthread_create(&watch->thread, NULL, work, watch) == 0) {
        log_info("watch-ready", "folder=\"%s\"", watch->watched.folder);
        return watch;
    }
    release(watch);
    return NULL;
}

void watch_stop(struct watch *watch)
{
    if (!watch) {
        return;
    }
    uint64_t one = 1;
    if (write(watch->stop, &one, sizeof one) == sizeof one) {
        pthread_join(watch->thread, NULL);
    }
    release(watch);
}
