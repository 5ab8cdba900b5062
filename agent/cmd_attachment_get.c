/* attachment get: from the copy that is here, else from the hub, through the session that runs or one of its own. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/attachment.h"
#include "agent/blobs.h"
#include "agent/session.h"
#include "agent/vocabulary.h"
#include "agent/wake.h"
#include "common/log.h"
#include "common/media.h"
#include "common/text.h"
#include "proto/message_blob.h"

enum { LOOK_MS = 100 };

struct wish {
    uint8_t hash[BLOB_HASH_SIZE];
    char name[BLOB_NAME_SIZE];
    bool is_asked; /* of the hub */
};

struct getting {
    struct office *office;
    struct session session;
    const char *out;
    struct wish wishes[BLOBS_OF_ITEM];
    size_t count;
    int64_t patience_ms, deadline_ms; /* the deadline moves while something comes, unless the user set one */
    uint64_t seen;
    bool is_over;
    char trouble[REASON_SIZE];
};

/* ---- What is wanted ---- */

/* A name for a file of this machine: the last part of what the record says, never hidden, never a path. */
static void name_wish(struct wish *wish, const char *said, const char *type)
{
    char hash[(size_t)2 * BLOB_HASH_SIZE + 1];
    const char *slash = strrchr(said, '/');
    const char *plain = slash ? slash + 1 : said;
    hex_text(wish->hash, BLOB_HASH_SIZE, hash);
    if (*plain && *plain != '.') {
        snprintf(wish->name, sizeof wish->name, "%s", plain);
    } else {
        snprintf(wish->name, sizeof wish->name, "%s%s", hash, media_suffix(type));
    }
}

static void add_wish(struct getting *getting, const uint8_t hash[BLOB_HASH_SIZE], const char *said, const char *type)
{
    for (size_t i = 0; i < getting->count; i++) {
        if (memcmp(getting->wishes[i].hash, hash, BLOB_HASH_SIZE) == 0) {
            return;
        }
    }
    if (getting->count < BLOBS_OF_ITEM) {
        struct wish *wish = &getting->wishes[getting->count++];
        memcpy(wish->hash, hash, BLOB_HASH_SIZE);
        name_wish(wish, said, type);
    }
}

static err_t wish_record(struct getting *getting, const uint8_t id[RECORD_ID_SIZE])
{
    struct item item;
    uint8_t *bytes = NULL;
    size_t size = 0;
    struct blob_ref ref;
    err_t err = spool_find(getting->office->spool, id, &item);
    err = err == ERR_OK ? spool_bytes(getting->office->spool, item.seq, &bytes, &size) : err;
    struct blob_refs refs = blob_refs_of((struct view){bytes, size});
    while (err == ERR_OK && blob_refs_next(&refs, &ref)) {
        char name[BLOB_NAME_SIZE];
        char type[BLOB_TYPE_SIZE];
        log_safe(ref.name.at, ref.name.size, name, sizeof name);
        log_safe(ref.media_type.at, ref.media_type.size, type, sizeof type);
        add_wish(getting, ref.sha256.at, name, type);
    }
    free(bytes);
    return err;
}

/* One of an earlier life of this home may be wanted too: the hub knows whose it is. */
static err_t wish_hash(struct getting *getting, const uint8_t hash[BLOB_HASH_SIZE])
{
    struct blob_note note = {.name = ""};
    err_t err = spool_find_blob(getting->office->spool, hash, &note);
    if (err == ERR_OK || err == ERR_NOT_FOUND) {
        add_wish(getting, hash, note.name, note.media_type);
        return ERR_OK;
    }
    return err;
}

/* Says what is wrong; false then. */
static bool read_wish(struct getting *getting, const char *text)
{
    uint8_t bytes[BLOB_HASH_SIZE];
    err_t err = ERR_INVALID;
    if (record_id_parse(text, bytes) == ERR_OK) {
        err = wish_record(getting, bytes);
    } else if (strlen(text) == (size_t)2 * BLOB_HASH_SIZE && hex_parse(text, bytes, BLOB_HASH_SIZE) == ERR_OK) {
        err = wish_hash(getting, bytes);
    }
    if (err == ERR_INVALID || err == ERR_NOT_FOUND) {
        complain(err == ERR_INVALID ? tr("%s: expected a SHA-256 in 64 hex digits, or the id of a record",
                                         "%s：应为 64 位十六进制的 SHA-256 或记录 ID")
                                    : tr("no record %s here; a SHA-256 is looked for at the hub too",
                                         "本机没有记录 %s；也可用 SHA-256 向枢纽查找"),
                 text);
        return false;
    }
    if (err != ERR_OK) {
        complain_spool(getting->office, "attachment get", err);
        return false;
    }
    if (getting->count == 0) {
        complain(tr("%s: the record has no attachments", "%s：该记录没有附件"), text);
    } else if (getting->count > 1 && getting->out) {
        complain(tr("%s has more than one attachment: without --out each is written under its own name",
                    "%s 有多个附件：请勿使用 --out，各附件将以原名写入当前文件夹"),
                 text);
        return false;
    }
    return getting->count > 0;
}

/* ---- Fetching ---- */

/* A copy that has been changed is no copy: it goes, so that the true one may come. */
static bool is_sound_here(const struct home *home, const uint8_t hash[BLOB_HASH_SIZE])
{
    char path[PATH_SIZE];
    uint8_t found[BLOB_HASH_SIZE];
    blobs_path(home, hash, path);
    if (!blob_is_here(home, hash)) {
        return false;
    }
    err_t err = blobs_hash(path, found);
    bool is_sound = err == ERR_OK && memcmp(found, hash, BLOB_HASH_SIZE) == 0;
    if (!is_sound && err != ERR_IO && err != ERR_NOT_FOUND) {
        unlink(path);
    }
    return is_sound;
}

static bool ask(struct getting *getting)
{
    bool is_any = false;
    for (size_t i = 0; i < getting->count; i++) {
        struct wish *wish = &getting->wishes[i];
        wish->is_asked = !is_sound_here(getting->office->home, wish->hash);
        err_t err = wish->is_asked ? spool_want_blob(getting->office->spool, wish->hash) : ERR_OK;
        if (err != ERR_OK) {
            complain_spool(getting->office, "attachment get", err);
            return false;
        }
        is_any |= wish->is_asked;
    }
    getting->is_over = !is_any;
    return true;
}

/* How much has come: the parts grow in the home, whoever fetches them. */
static uint64_t weigh(const struct getting *getting)
{
    uint64_t total = 0;
    for (size_t i = 0; i < getting->count; i++) {
        char path[PATH_SIZE];
        struct stat info;
        blobs_part_path(getting->office->home, getting->wishes[i].hash, path);
        total += stat(path, &info) == 0 ? (uint64_t)info.st_size : 0;
    }
    return total;
}

/* True: there is nothing more to wait for, or no more time. */
static bool look(struct getting *getting)
{
    bool is_settled = true;
    int64_t now = clock_monotonic_ms();
    for (size_t i = 0; i < getting->count && is_settled; i++) {
        struct blob_note note;
        is_settled = !getting->wishes[i].is_asked ||
                     (spool_find_wanted(getting->office->spool, getting->wishes[i].hash, &note) == ERR_OK &&
                      note.state != BLOB_WAITING);
    }
    uint64_t weight = weigh(getting);
    if (weight != getting->seen && getting->patience_ms > 0) {
        getting->deadline_ms = now + getting->patience_ms;
    }
    getting->seen = weight;
    getting->is_over = is_settled;
    return is_settled || now >= getting->deadline_ms;
}

static int on_look(zloop_t *loop, int timer, void *arg)
{
    (void)loop;
    (void)timer;
    struct getting *getting = arg;
    snprintf(getting->trouble, sizeof getting->trouble, "%s", courier_trouble(getting->session.courier));
    return look(getting) ? -1 : 0;
}

static void work(struct getting *getting)
{
    if (session_open(getting->office, &getting->session)) {
        zloop_timer(getting->session.loop, LOOK_MS, 0, on_look, getting);
        session_run(&getting->session);
        session_close(&getting->session);
    }
}

static void fetch(struct getting *getting)
{
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
    struct connection connection;
    int lock = -1;
    wake_poke(getting->office->home);
    while (home_lock(getting->office->home, RUN_LOCK, &lock) != ERR_OK) {
        if (look(getting)) {
            bool is_known = spool_connection(getting->office->spool, &connection) == ERR_OK && !connection.is_ready;
            snprintf(getting->trouble, sizeof getting->trouble, "%s", is_known ? connection.reason : "");
            return;
        }
        nanosleep(&pause, NULL);
    }
    if (getting->office->settings.log_level == LOG_LEVEL_INFO) {
        log_set_level(LOG_LEVEL_WARN);
    }
    work(getting);
}

/* ---- Writing ---- */

static bool copy_bytes(int from, int to)
{
    char bytes[65536];
    ssize_t size = 0;
    while ((size = read(from, bytes, sizeof bytes)) > 0) {
        for (ssize_t done = 0; done < size;) {
            ssize_t part = write(to, bytes + done, (size_t)(size - done));
            if (part < 0 && errno != EINTR) {
                return false;
            }
            done += part > 0 ? part : 0;
        }
    }
    return size == 0;
}

/* Never over a file that is there. */
static bool save(const struct getting *getting, const struct wish *wish)
{
    char path[PATH_SIZE];
    const char *target = getting->out ? getting->out : wish->name;
    blobs_path(getting->office->home, wish->hash, path);
    int from = open(path, O_RDONLY | O_CLOEXEC);
    int to = from < 0 ? -1 : open(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool is_saved = to >= 0 && copy_bytes(from, to) && fsync(to) == 0;
    int error = errno;
    if (to >= 0 && close(to) != 0) {
        is_saved = false;
    }
    if (from >= 0) {
        close(from);
    }
    if (is_saved) {
        puts(target);
        return true;
    }
    if (to >= 0) {
        unlink(target);
    }
    complain(error == EEXIST
                 ? tr("%s is there already: choose another name with --out", "%s 已存在：请用 --out 指定其他文件名")
                 : tr("%s cannot be written", "%s 无法写入"),
             target);
    return false;
}

static bool give(const struct getting *getting, const struct wish *wish)
{
    struct blob_note note;
    if (blob_is_here(getting->office->home, wish->hash)) {
        return save(getting, wish);
    }
    err_t err = spool_find_wanted(getting->office->spool, wish->hash, &note);
    if (err == ERR_OK && note.state == BLOB_REFUSED) {
        complain(tr("%s: %s (%s)", "%s：%s（%s）"), wish->name, note.code, fault_label(note.code, text_is_chinese()));
    } else {
        const char *reason = *getting->trouble             ? getting->trouble
                             : err == ERR_OK && *note.code ? fault_label(note.code, text_is_chinese())
                                                           : tr("the hub has not sent it yet", "枢纽尚未发送");
        complain(tr("%s has not come in time: %s. It is fetched on with the next run or sync; ask again then",
                    "%s 未能按时取回：%s。下次 run 或 sync 时继续取回，届时请重试"),
                 wish->name, reason);
    }
    return false;
}

int attachment_get(struct office *office, const struct arguments *arguments, const char *text)
{
    static struct getting getting;
    int64_t seconds = arguments->timeout_s > 0 ? arguments->timeout_s : office->settings.sync_timeout_s;
    getting = (struct getting){.office = office, .out = arguments->out};
    if (!read_wish(&getting, text) || !ask(&getting)) {
        return EXIT_REFUSED;
    }
    getting.patience_ms = arguments->timeout_s > 0 ? 0 : seconds * 1000;
    getting.deadline_ms = clock_monotonic_ms() + seconds * 1000;
    if (!getting.is_over) {
        fetch(&getting);
    }
    bool is_all = true;
    for (size_t i = 0; i < getting.count; i++) {
        is_all = give(&getting, &getting.wishes[i]) && is_all;
    }
    return is_all ? EXIT_DONE : EXIT_REFUSED;
}
