#include "agent/watch_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

#include "agent/accept.h"
#include "agent/cmd_cap.h"
#include "agent/input_table.h"
#include "agent/vocabulary.h"
#include "agent/wake.h"
#include "common/log.h"
#include "common/text.h"

/* A name of AS_MAX bytes can get a number and the ending of a note, and is a file's name still. */
enum {
    FAULTS_FILE_MAX = 1000,
    NAME_SIZE = 272,
    NUMBER_MAX = 9999,
    AS_MAX = 255 - (int)(sizeof "-9999.already.txt" - 1)
};

/* The work on one file. */
struct job {
    const struct watched *watched;
    const char *name;
    char as[NAME_SIZE]; /* its name in done/ or failed/ */
    char path[PATH_SIZE];
    struct stat seen;
    uint8_t hash[DIGEST_SIZE];
    const struct input *input;
    struct accept_result result;
    FILE *errors;              /* open from the first fault on */
    char note_path[PATH_SIZE]; /* of what stands beside it */
    size_t told;
};

static void path_in(const struct watched *watched, const char *folder, const char *name, char ret_path[PATH_SIZE])
{
    snprintf(ret_path, PATH_SIZE, "%s/%s%s%s", watched->folder, folder, *folder ? "/" : "", name);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec && S_ISREG(b->st_mode);
}

static err_t hash_open(int fd, uint8_t ret_hash[DIGEST_SIZE])
{
    uint8_t bytes[65536];
    ssize_t size = 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_good = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;
    while (is_good && (size = read(fd, bytes, sizeof bytes)) > 0) {
        is_good = EVP_DigestUpdate(context, bytes, (size_t)size) == 1;
    }
    is_good = is_good && size == 0 && EVP_DigestFinal_ex(context, ret_hash, NULL) == 1;
    EVP_MD_CTX_free(context);
    return is_good ? ERR_OK : ERR_IO;
}

static err_t hash_file(struct job *job)
{
    int fd = open(job->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
    }
    err_t err = hash_open(fd, job->hash);
    close(fd);
    return err;
}

/* ---- What stands beside a file ---- */

/* Whoever may read the folder may read this. */
static FILE *open_note(struct job *job, const char *folder, const char *suffix)
{
    char name[NAME_SIZE + 16];
    struct stat info;
    snprintf(name, sizeof name, "%s%s", job->as, suffix);
    path_in(job->watched, folder, name, job->note_path);
    unlink(job->note_path); /* of an attempt that was cut short; and never through a link */
    int fd = open(job->note_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0 && stat(job->watched->folder, &info) == 0 && fchmod(fd, info.st_mode & 0666) != 0) {
        log_debug("watch-mode", "err=%d", errno);
    }
    return fd < 0 ? NULL : fdopen(fd, "w");
}

/* PART: the sheet of a workbook, or "". */
static void print_fault(FILE *file, const char *part, size_t line, const struct fault *fault)
{
    char sheet[256];
    char field[FAULT_FIELD_SIZE];
    char reason[FAULT_REASON_SIZE];
    log_safe(part, strlen(part), sheet, sizeof sheet);
    log_safe(fault->field, strlen(fault->field), field, sizeof field);
    log_safe(fault->reason, strlen(fault->reason), reason, sizeof reason);
    fprintf(file, "%s%s%sline %zu, %s: %s (%s): %s\n", *sheet ? "sheet " : "", sheet, *sheet ? ", " : "", line,
            *field ? field : "record", fault->code, fault_label(fault->code, 0), reason);
    fprintf(file, "%s%s%s第 %zu 行，%s：%s：%s\n", *sheet ? "工作表 " : "", sheet, *sheet ? "，" : "", line,
            *field ? field : "整条记录", fault_label(fault->code, 1), reason);
}

static void on_refused(void *self, size_t line, const struct faults *faults)
{
    struct job *job = self;
    if (!job->errors) {
        job->errors = open_note(job, WATCH_FAILED, ".errors.txt");
    }
    for (size_t i = 0; job->errors && i < faults->count; i++) {
        if (job->told++ < FAULTS_FILE_MAX) {
            print_fault(job->errors, input_part(job->input), line, &faults->list[i]);
        }
    }
}

/* A file without faults of records, that is refused all the same. */
static void tell_flaw(struct job *job, const char *en, const char *zh)
{
    job->errors = open_note(job, WATCH_FAILED, ".errors.txt");
    if (job->errors) {
        fprintf(job->errors, "%s\n%s\n", en, zh);
    }
}

static bool close_errors(struct job *job)
{
    bool is_written = job->errors != NULL;
    if (job->errors && job->told > FAULTS_FILE_MAX) {
        fprintf(job->errors, "%zu faults in all; the first %d stand here\n共 %zu 处错误，此处列出前 %d 处\n", job->told,
                FAULTS_FILE_MAX, job->told, FAULTS_FILE_MAX);
    }
    if (job->errors) {
        is_written = !ferror(job->errors);
        is_written = fclose(job->errors) == 0 && is_written;
    }
    job->errors = NULL;
    return is_written;
}

static void drop_errors(struct job *job)
{
    if (job->errors) {
        fclose(job->errors);
        unlink(job->note_path);
        job->errors = NULL;
    }
}

static void note_already(struct job *job, const struct taken_file *before)
{
    char when[20];
    char name[256];
    FILE *file = open_note(job, WATCH_DONE, ".already.txt");
    if (!file) {
        return;
    }
    local_time_text(before->at, job->watched->utc_offset_minutes, when);
    log_safe(before->name, strlen(before->name), name, sizeof name);
    fprintf(file,
            "the same bytes were accepted %s as %s: %" PRIu64 " records from number %" PRIu64
            " on; nothing was filed again\n"
            "相同内容已于 %s 以 %s 受理：%" PRIu64 " 条记录，自序号 %" PRIu64 " 起；未重复报送\n",
            when, name, before->count, before->first_seq, when, name, before->count, before->first_seq);
    fclose(file);
}

/* ---- Moving ---- */

static bool is_free(const struct watched *watched, const char *name)
{
    char done[PATH_SIZE];
    char failed[PATH_SIZE];
    path_in(watched, WATCH_DONE, name, done);
    path_in(watched, WATCH_FAILED, name, failed);
    return access(done, F_OK) != 0 && access(failed, F_OK) != 0;
}

/* How much of TEXT's SIZE bytes to take for no more than MOST, whole characters. */
static int cut(const char *text, int size, int most)
{
    int kept = size < most ? size : most;
    while (kept > 0 && kept < size && ((unsigned char)text[kept] & 0xC0) == 0x80) {
        kept--;
    }
    return kept;
}

/* The NUMBERth name for files that are called NAME. Where that leaves no room for what is added to it, the part before
 * its ending is cut. */
static void number_name(const char *name, int number, char ret_name[NAME_SIZE])
{
    const char *end = strrchr(name, '.');
    char added[16] = "";
    bool is_ending = end && end != name && strlen(end) < AS_MAX / 2;
    end = is_ending ? end : name + strlen(name);
    int stem = cut(name, (int)(end - name), AS_MAX - (int)strlen(end));
    if (number > 1) {
        snprintf(added, sizeof added, "-%d", number);
    }
    snprintf(ret_name, NAME_SIZE, "%.*s%s%s", stem, name, added, end);
}

/* An older file of this name stays: the newer gets a number. */
static void name_target(struct job *job)
{
    int number = 1;
    do {
        number_name(job->name, number, job->as);
    } while (!is_free(job->watched, job->as) && number++ < NUMBER_MAX);
}

/* False with errno set; EEXIST where there is something of the name TO. Not every file system can look and move in one
 * step. */
static bool rename_to_free(const char *from, const char *to)
{
    struct stat info;
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) {
        return true;
    }
    if (errno != EINVAL) {
        return false;
    }
    if (lstat(to, &info) == 0) {
        errno = EEXIST;
        return false;
    }
    return errno == ENOENT && rename(from, to) == 0;
}

/* The name may be taken once more. */
static bool put_back(const struct job *job, const char *from)
{
    int number = 1;
    bool is_back = false;
    do {
        char name[NAME_SIZE];
        char path[PATH_SIZE];
        number_name(job->name, number, name);
        path_in(job->watched, "", name, path);
        is_back = rename_to_free(from, path);
    } while (!is_back && errno == EEXIST && number++ < NUMBER_MAX);
    return is_back;
}

/* The file that was dealt with, and no other: nothing but a look afterwards tells which one the name stood for. Where
 * the process is killed between the two, another lies where it does not belong, and nobody is told.
 * ERR_BUSY: another, which is in the folder again. ERR_EXISTS: another, which lies where it does not belong. */
static err_t move_to(const struct job *job, const char *folder)
{
    char target[PATH_SIZE];
    struct stat moved;
    path_in(job->watched, folder, job->as, target);
    if (rename(job->path, target) != 0) {
        return errno == ENOSPC ? ERR_FULL : ERR_IO;
    }
    if (lstat(target, &moved) != 0 || is_same(&job->seen, &moved)) {
        return ERR_OK;
    }
    return put_back(job, target) ? ERR_BUSY : ERR_EXISTS;
}

bool watch_make_folders(const char *folder)
{
    static const char *const names[] = {WATCH_DONE, WATCH_FAILED};
    struct stat info;
    if (stat(folder, &info) != 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[PATH_SIZE];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        if (mkdir(path, 0700) == 0) {
            if (chmod(path, info.st_mode & 0777) != 0) {
                return false;
            }
        } else if (errno != EEXIST || access(path, W_OK | X_OK) != 0) {
            return false;
        }
    }
    return access(folder, R_OK | W_OK | X_OK) == 0;
}

/* ---- Accepting ---- */

/* Inside the transaction: it must still be the file that was looked at, and is remembered with its records. */
static err_t keep_hash(void *self, struct spool *spool)
{
    struct job *job = self;
    struct stat now;
    if (lstat(job->path, &now) != 0 || !is_same(&job->seen, &now)) {
        return ERR_BUSY;
    }
    struct taken_file file = {.at = clock_ms(), .first_seq = job->result.first_seq, .count = job->result.good};
    snprintf(file.name, sizeof file.name, "%s", job->name);
    return spool_add_file(spool, job->hash, &file);
}

static err_t accept_file(struct job *job)
{
    const struct watched *watched = job->watched;
    struct input input;
    char reason[256] = "";
    if (cap_is_named(job->name)) {
        tell_flaw(job, "a CAP message: file it with agn-agent submit, which says what else it needs",
                  "CAP 消息：请用 agn-agent submit 报送，其会提示所缺内容");
        return ERR_OK;
    }
    err_t err = input_open_any(&input, job->path, watched->home, NULL, watched->utc_offset_minutes, reason);
    if (err == ERR_INVALID) {
        tell_flaw(job, reason, "文件无法读取");
        return ERR_OK;
    }
    if (err != ERR_OK) {
        return err;
    }
    struct accept_order order = {.home = watched->home,
                                 .spool = watched->spool,
                                 .utc_offset_minutes = watched->utc_offset_minutes,
                                 .party = watched->party,
                                 .files = {.folder = watched->folder, .is_confined = true},
                                 .on_refused = on_refused,
                                 .self = job};
    /* cppcheck-suppress autoVariables; taken back when the file is done */
    job->input = &input;
    spool_attach(watched->spool, keep_hash, job);
    err = accept_input(&order, &input, &job->result);
    spool_attach(watched->spool, NULL, NULL);
    input_close(&input);
    job->input = NULL;
    if (err == ERR_OK && job->result.good + job->result.refused == 0) {
        tell_flaw(job, "no record in it", "文件中没有记录");
    }
    return err;
}

static void move_away(struct job *job, const char *folder, enum watch_outcome outcome, struct watch_report *report)
{
    err_t err = move_to(job, folder);
    report->outcome = outcome;
    report->is_replaced = err == ERR_BUSY;
    if (err == ERR_BUSY || err == ERR_EXISTS) {
        unlink(job->note_path); /* of a file that is nowhere any more */
    }
    if (err != ERR_OK && !(report->is_replaced && outcome == WATCH_ACCEPTED)) {
        report->outcome = err == ERR_BUSY ? WATCH_LATER : err == ERR_EXISTS ? WATCH_MISPLACED : WATCH_STUCK;
        report->err = err;
    }
}

static void finish(struct job *job, err_t err, struct watch_report *report)
{
    report->accepted = job->result.accepted;
    report->refused = job->result.refused;
    report->first_seq = job->result.first_seq;
    report->err = err;
    if (err != ERR_OK) {
        drop_errors(job);
        report->outcome = err == ERR_NOT_FOUND ? WATCH_GONE : WATCH_LATER;
    } else if (job->result.accepted > 0) {
        drop_errors(job);
        wake_poke(job->watched->home);
        move_away(job, WATCH_DONE, WATCH_ACCEPTED, report);
    } else if (!close_errors(job)) {
        report->outcome = WATCH_LATER; /* nobody would learn why */
        report->err = ERR_FULL;
    } else {
        move_away(job, WATCH_FAILED, WATCH_REFUSED, report);
    }
}

void watch_take(const struct watched *watched, const char *name, const struct stat *seen,
                struct watch_report *ret_report)
{
    struct job job = {.watched = watched, .name = name, .seen = *seen};
    struct taken_file before;
    memset(ret_report, 0, sizeof *ret_report);
    path_in(watched, "", name, job.path);
    name_target(&job);
    err_t err = hash_file(&job);
    if (err == ERR_OK && (err = spool_find_file(watched->spool, job.hash, &before)) == ERR_OK) {
        ret_report->first_seq = before.first_seq;
        /* Not a second copy but the very file, accepted and not moved: then no note. */
        if (strcmp(before.name, name) != 0 || seen->st_mtim.tv_sec * 1000 > before.at) {
            note_already(&job, &before);
        }
        move_away(&job, WATCH_DONE, WATCH_ALREADY, ret_report);
        return;
    }
    finish(&job, err == ERR_NOT_FOUND && access(job.path, F_OK) == 0 ? accept_file(&job) : err, ret_report);
}
