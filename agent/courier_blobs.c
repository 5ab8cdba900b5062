/* The states and what is valid in each:
 *   idle      nothing is under way; due_ms says when to look again, 0 when something new is there
 *   offered   the file is open; the hub has not said yet from where on it wants it
 *   sending   taken ≤ drained ≤ sent ≤ limit ≤ size, all of them offsets in the file
 *   fetching  the part file is open and holds `sent` bytes */
#include "agent/courier_blobs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/blobs.h"
#include "agent/blobs_spool.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"

enum {
    LOOK_MS = 30000,
    FETCH_AGAIN_MS = 5000,
    AFTER_MOST_MS = 3600000, /* a longer wait is taken for a mistake */
    STALL_MS = 30000,
    PIPE_LEAST = 65536, /* with the hub's credit of eight chunks, never more than 16 messages */
    PIPE_FIRST = BLOB_CHUNK_MAX,
    PIPE_MOST = BLOB_CREDIT * BLOB_CHUNK_MAX,
    PROBE_FAST_MS = 250,
    PROBE_SLOW_MS = 1000,
    FETCH_CREDIT = 4,
    SHORT_HASH = 17
};

enum porter_state { PORTER_IDLE, PORTER_OFFERED, PORTER_SENDING, PORTER_FETCHING };

struct porter {
    const struct courier_config *config;
    enum porter_state state;
    int fd;
    uint8_t hash[BLOB_HASH_SIZE];
    char name[SHORT_HASH]; /* the hash's first digits, for the log */
    uint64_t size;
    uint64_t sent, limit, drained;
    uint64_t probe_end; /* the offset behind which the probe under way stands; 0: none is */
    uint64_t probe;     /* the token of the last one */
    int64_t probed_ms;
    uint64_t pipe;      /* bytes that may be on the line at once */
    uint32_t credit;    /* chunks that are still to come, fetching */
    int64_t stirred_ms; /* monotonic, as all of these: the last sign of life */
    int64_t due_ms;
    int64_t fetch_ms;    /* nothing is fetched before */
    int64_t after_ms;    /* what the hub has said of the next attempt, until that is settled */
    bool is_put_off;     /* until due_ms, whatever is new meanwhile */
    bool is_unsupported; /* this session's hub knows no attachments */
    uint64_t moved;
    uint8_t chunk[BLOB_CHUNK_MAX];
};

struct porter *porter_open(const struct courier_config *config)
{
    struct porter *porter = mem_alloc(sizeof *porter);
    porter->config = config;
    porter->fd = -1;
    porter->pipe = PIPE_FIRST;
    return porter;
}

static void rest(struct porter *porter, int64_t due_ms)
{
    if (porter->fd >= 0) {
        close(porter->fd);
    }
    porter->fd = -1;
    porter->state = PORTER_IDLE;
    porter->probe_end = 0;
    porter->due_ms = due_ms;
    porter->is_put_off = due_ms != 0;
}

void porter_close(struct porter *porter)
{
    if (porter) {
        rest(porter, 0);
        free(porter);
    }
}

void porter_reset(struct porter *porter)
{
    rest(porter, 0);
    porter->is_unsupported = false;
    porter->pipe = PIPE_FIRST;
}

uint64_t porter_moved(const struct porter *porter)
{
    return porter->moved;
}

static int64_t later(const struct porter *porter, int64_t least_ms)
{
    int64_t wait = porter->config->settings->retry_ms;
    return clock_monotonic_ms() + (wait > least_ms ? wait : least_ms);
}

/* One that the hub cannot give must not stand in the uploads' way. 0: not at all. */
static void put_off_fetch(struct porter *porter, int64_t least_ms)
{
    if (porter->state == PORTER_FETCHING) {
        porter->fetch_ms = least_ms > 0 ? later(porter, least_ms) : 0;
    }
}

/* ---- What became of one ---- */

/* The next is looked for at once; where the spool cannot be written, this one is offered again after a while. */
static void settle(struct porter *porter, enum blob_state state, const char *code)
{
    bool is_fetched = porter->state == PORTER_FETCHING;
    struct spool *spool = porter->config->spool;
    err_t err = is_fetched ? spool_settle_wanted(spool, porter->hash, state, code)
                           : spool_settle_blob(spool, porter->hash, state, code);
    bool is_later = state == BLOB_WAITING || err != ERR_OK;
    if (err != ERR_OK) {
        log_error("blob-not-noted", "sha256=%s err=\"%s\"", porter->name, err_name(err));
    } else if (state == BLOB_KEPT) {
        log_info(is_fetched ? "blob-fetched" : "blob-kept", "sha256=%s bytes=%" PRIu64, porter->name, porter->size);
    } else if (state == BLOB_WAITING) {
        log_warn("blob-put-off", "sha256=%s code=%s", porter->name, code);
    } else if (is_fetched) {
        log_warn("blob-not-had", "sha256=%s code=%s", porter->name, code);
    } else {
        log_error("blob-refused", "sha256=%s code=%s text=\"agn-agent attachment list says what to do\"", porter->name,
                  code);
    }
    int64_t after_ms = porter->after_ms;
    porter->after_ms = 0;
    put_off_fetch(porter, !is_later ? 0 : after_ms > FETCH_AGAIN_MS ? after_ms : FETCH_AGAIN_MS);
    rest(porter, is_later && !is_fetched ? later(porter, after_ms) : 0);
}

/* ---- Upload ---- */

static bool send_message(struct porter *porter, struct link *link, struct message *message)
{
    if (link_blob(link, message) != ERR_OK) {
        return false;
    }
    porter->moved += message->type == MESSAGE_BLOB_CHUNK ? message->blob_chunk.bytes.size : 0;
    return true;
}

static struct view hash_view(const struct porter *porter)
{
    return (struct view){porter->hash, BLOB_HASH_SIZE};
}

static bool is_of(const struct porter *porter, struct view hash)
{
    return hash.size == BLOB_HASH_SIZE && memcmp(hash.at, porter->hash, BLOB_HASH_SIZE) == 0;
}

static void name(struct porter *porter, const uint8_t hash[BLOB_HASH_SIZE])
{
    memcpy(porter->hash, hash, BLOB_HASH_SIZE);
    hex_text(hash, SHORT_HASH / 2, porter->name);
}

static void offer(struct porter *porter, struct link *link, const struct blob_note *note)
{
    char path[PATH_SIZE];
    struct stat info;
    name(porter, note->hash);
    blobs_path(porter->config->home, note->hash, path);
    porter->state = PORTER_OFFERED;
    porter->size = note->size;
    porter->fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (porter->fd < 0 || fstat(porter->fd, &info) != 0) {
        bool is_gone = porter->fd < 0 && errno == ENOENT;
        settle(porter, is_gone ? BLOB_REFUSED : BLOB_WAITING, is_gone ? BLOB_FILE_MISSING : "unreadable");
        return;
    }
    if ((uint64_t)info.st_size != note->size) {
        settle(porter, BLOB_REFUSED, BLOB_FILE_DAMAGED);
        return;
    }
    struct message message = {.type = MESSAGE_BLOB_OFFER};
    message.blob_offer.sha256 = hash_view(porter);
    message.blob_offer.size = note->size;
    message.blob_offer.media_type = (struct view){(const uint8_t *)note->media_type, strlen(note->media_type)};
    porter->stirred_ms = clock_monotonic_ms();
    if (!send_message(porter, link, &message)) {
        rest(porter, later(porter, 0));
    }
}

/* Reads SIZE bytes of the file from OFFSET on. False: it is not what it was, and the upload is over. */
static bool read_chunk(struct porter *porter, size_t size)
{
    size_t got = 0;
    while (got < size) {
        ssize_t part = pread(porter->fd, porter->chunk + got, size - got, (off_t)(porter->sent + got));
        if (part < 0 && errno == EINTR) {
            continue;
        }
        if (part <= 0) {
            settle(porter, part == 0 ? BLOB_REFUSED : BLOB_WAITING, part == 0 ? BLOB_FILE_DAMAGED : "unreadable");
            return false;
        }
        got += (size_t)part;
    }
    return true;
}

/* One probe at a time, behind all that was sent. */
static void probe(struct porter *porter, struct link *link)
{
    if (porter->probe_end == 0 && porter->drained < porter->sent && link_probe(link, porter->probe + 1) == ERR_OK) {
        porter->probe++;
        porter->probe_end = porter->sent;
        porter->probed_ms = clock_monotonic_ms();
    }
}

static void send_chunks(struct porter *porter, struct link *link)
{
    size_t step = porter->pipe < BLOB_CHUNK_MAX ? PIPE_LEAST : BLOB_CHUNK_MAX;
    while (porter->state == PORTER_SENDING && porter->sent < porter->limit &&
           porter->sent - porter->drained < porter->pipe) {
        uint64_t left = porter->limit - porter->sent;
        size_t size = left < step ? (size_t)left : step;
        if (!read_chunk(porter, size)) {
            return;
        }
        struct message message = {.type = MESSAGE_BLOB_CHUNK};
        message.blob_chunk.sha256 = hash_view(porter);
        message.blob_chunk.offset = porter->sent;
        message.blob_chunk.bytes = (struct view){porter->chunk, size};
        if (!send_message(porter, link, &message)) {
            break; /* the next tick tries again */
        }
        porter->sent += size;
    }
    probe(porter, link);
}

void porter_probed(struct porter *porter, struct link *link, uint64_t token)
{
    if (porter->state != PORTER_SENDING || porter->probe_end == 0 || token != porter->probe) {
        return; /* of an upload that is over */
    }
    int64_t now = clock_monotonic_ms();
    int64_t took = now - porter->probed_ms;
    if (took < PROBE_FAST_MS && porter->pipe < PIPE_MOST) {
        porter->pipe *= 2;
    } else if (took > PROBE_SLOW_MS && porter->pipe > PIPE_LEAST) {
        porter->pipe /= 2;
    }
    porter->drained = porter->probe_end;
    porter->probe_end = 0;
    porter->stirred_ms = now;
    send_chunks(porter, link);
}

static void take_want(struct porter *porter, struct link *link, const struct blob_want *want)
{
    bool is_first = porter->state == PORTER_OFFERED;
    if ((!is_first && porter->state != PORTER_SENDING) || !is_of(porter, want->sha256) ||
        want->offset > (is_first ? porter->size : porter->sent)) {
        return;
    }
    if (is_first) {
        porter->state = PORTER_SENDING;
        porter->sent = porter->drained = want->offset;
        porter->limit = 0;
    }
    uint64_t limit = want->offset + want->credit * BLOB_CHUNK_MAX;
    limit = limit < porter->size ? limit : porter->size;
    porter->limit = limit > porter->limit ? limit : porter->limit;
    porter->stirred_ms = clock_monotonic_ms();
    send_chunks(porter, link);
}

/* The hub threw the bytes away: they are what we sent, since the link is authenticated. So either our copy has changed,
 * or a part of another upload stood before them. */
static void look_at_copy(struct porter *porter)
{
    char path[PATH_SIZE];
    uint8_t hash[BLOB_HASH_SIZE];
    blobs_path(porter->config->home, porter->hash, path);
    bool is_sound = blobs_hash(path, hash) == ERR_OK && memcmp(hash, porter->hash, BLOB_HASH_SIZE) == 0;
    settle(porter, is_sound ? BLOB_WAITING : BLOB_REFUSED, is_sound ? "hash_mismatch" : BLOB_FILE_DAMAGED);
}

static bool is_for_later(struct view code)
{
    static const char *const codes[] = {"bad_offset", "busy", "disk_full", "store_failed"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (view_is(code, codes[i])) {
            return true;
        }
    }
    return false;
}

/* ---- Fetching back ---- */

static void want_more(struct porter *porter, struct link *link)
{
    struct message message = {.type = MESSAGE_BLOB_WANT};
    message.blob_want.sha256 = hash_view(porter);
    message.blob_want.offset = porter->sent;
    message.blob_want.credit = FETCH_CREDIT;
    porter->credit = FETCH_CREDIT;
    porter->stirred_ms = clock_monotonic_ms();
    if (!send_message(porter, link, &message)) {
        rest(porter, later(porter, 0));
    }
}

/* The part of a former attempt is gone on with: its bytes were written in order. */
static void fetch(struct porter *porter, struct link *link, const uint8_t hash[BLOB_HASH_SIZE])
{
    char path[PATH_SIZE];
    struct stat info;
    name(porter, hash);
    porter->state = PORTER_FETCHING;
    if (porter->is_unsupported) {
        settle(porter, BLOB_REFUSED, "unsupported");
        return;
    }
    blobs_part_path(porter->config->home, hash, path);
    if (blob_is_here(porter->config->home, hash)) {
        settle(porter, BLOB_KEPT, "");
        return;
    }
    bool is_open = blobs_make_folder(porter->config->home) == ERR_OK &&
                   (porter->fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)) >= 0 &&
                   fstat(porter->fd, &info) == 0;
    if (!is_open || (info.st_size > BLOB_SIZE_MAX && ftruncate(porter->fd, 0) != 0)) {
        settle(porter, BLOB_WAITING, "disk_full");
        return;
    }
    porter->sent = info.st_size > BLOB_SIZE_MAX ? 0 : (uint64_t)info.st_size;
    porter->size = porter->sent;
    want_more(porter, link);
}

static bool write_chunk(struct porter *porter, struct view bytes)
{
    size_t done = 0;
    while (done < bytes.size) {
        ssize_t part = pwrite(porter->fd, bytes.at + done, bytes.size - done, (off_t)(porter->sent + done));
        if (part < 0 && errno != EINTR) {
            return false;
        }
        done += part > 0 ? (size_t)part : 0;
    }
    return true;
}

static void take_chunk(struct porter *porter, struct link *link, const struct blob_chunk *chunk)
{
    if (porter->state != PORTER_FETCHING || !is_of(porter, chunk->sha256) || chunk->offset != porter->sent ||
        porter->credit == 0 || porter->sent + chunk->bytes.size > BLOB_SIZE_MAX) {
        return;
    }
    if (!write_chunk(porter, chunk->bytes)) {
        settle(porter, BLOB_WAITING, "disk_full");
        return;
    }
    porter->sent += chunk->bytes.size;
    porter->moved += chunk->bytes.size;
    porter->size = porter->sent;
    porter->stirred_ms = clock_monotonic_ms();
    if (--porter->credit == 0) {
        want_more(porter, link);
    }
}

/* A part that could not be synced is begun anew: of its failure the kernel tells once. */
static void finish_fetch(struct porter *porter)
{
    char path[PATH_SIZE];
    bool is_durable = fsync(porter->fd) == 0;
    err_t err = is_durable ? blobs_finish_part(porter->config->home, porter->hash) : ERR_IO;
    if (!is_durable) {
        blobs_part_path(porter->config->home, porter->hash, path);
        unlink(path);
    }
    if (err == ERR_OK) {
        settle(porter, BLOB_KEPT, "");
    } else if (err == ERR_INVALID) {
        settle(porter, BLOB_REFUSED, "hash_mismatch"); /* the part is removed: a new wish begins anew */
    } else {
        settle(porter, BLOB_WAITING, "disk_full");
    }
}

/* ---- The hub's word, and time ---- */

static bool take_done(struct porter *porter, const struct blob_done *done)
{
    char code[FAULT_CODE_SIZE];
    bool is_upload = porter->state == PORTER_OFFERED || porter->state == PORTER_SENDING;
    if (porter->state == PORTER_IDLE || !is_of(porter, done->sha256)) {
        return false;
    }
    if (view_is(done->code, "kept")) {
        if (is_upload) {
            settle(porter, BLOB_KEPT, "");
        } else {
            finish_fetch(porter);
        }
        return is_upload;
    }
    if (is_upload && view_is(done->code, "hash_mismatch")) {
        look_at_copy(porter);
        return false;
    }
    log_safe(done->code.at, done->code.size, code, sizeof code);
    porter->after_ms = done->after_ms < AFTER_MOST_MS ? (int64_t)done->after_ms : AFTER_MOST_MS;
    settle(porter, is_for_later(done->code) ? BLOB_WAITING : BLOB_REFUSED, code);
    return false;
}

/* Where nothing is under way: begins the next. */
static void begin(struct porter *porter, struct link *link)
{
    struct blob_note note;
    uint8_t hash[BLOB_HASH_SIZE];
    struct spool *spool = porter->config->spool;
    int64_t now = clock_monotonic_ms();
    porter->due_ms = porter->fetch_ms > now ? porter->fetch_ms : now + LOOK_MS;
    err_t err = now >= porter->fetch_ms ? spool_next_wanted(spool, hash) : ERR_NOT_FOUND;
    if (err == ERR_OK) {
        fetch(porter, link, hash);
        return;
    }
    if (porter->is_unsupported) {
        return;
    }
    err = err == ERR_NOT_FOUND ? spool_next_blob(spool, &note) : err;
    if (err == ERR_OK) {
        offer(porter, link, &note);
        return;
    }
    if (err != ERR_NOT_FOUND) {
        log_warn("spool-unreadable", "err=\"%s\"", err_name(err));
        rest(porter, later(porter, 0));
    }
}

/* One that cannot even be offered settles at once, and another may be next. */
static void go_on(struct porter *porter, struct link *link)
{
    while (porter->state == PORTER_IDLE && porter->due_ms == 0 && link_state(link) == LINK_READY) {
        begin(porter, link);
    }
}

bool porter_take(struct porter *porter, struct link *link, const struct message *message)
{
    bool is_kept = false;
    if (message->type == MESSAGE_BLOB_WANT) {
        take_want(porter, link, &message->blob_want);
    } else if (message->type == MESSAGE_BLOB_CHUNK) {
        take_chunk(porter, link, &message->blob_chunk);
    } else {
        is_kept = take_done(porter, &message->blob_done);
    }
    go_on(porter, link);
    return is_kept;
}

void porter_refused(struct porter *porter, const struct refuse *refusal)
{
    if (porter->state == PORTER_IDLE) {
        return;
    }
    bool is_offer = porter->state == PORTER_OFFERED || porter->state == PORTER_FETCHING;
    if (is_offer && view_is(refusal->code, "unsupported")) {
        porter->is_unsupported = true;
        settle(porter, porter->state == PORTER_FETCHING ? BLOB_REFUSED : BLOB_WAITING, "unsupported");
        return;
    }
    int64_t wait = refusal->after_ms < AFTER_MOST_MS ? (int64_t)refusal->after_ms : AFTER_MOST_MS;
    put_off_fetch(porter, wait > 0 ? wait : FETCH_AGAIN_MS);
    rest(porter, later(porter, wait));
}

void porter_look(struct porter *porter, struct link *link)
{
    if (!porter->is_put_off) {
        porter->due_ms = 0;
    }
    go_on(porter, link);
}

void porter_tick(struct porter *porter, struct link *link)
{
    int64_t now = clock_monotonic_ms();
    if (porter->state != PORTER_IDLE && now - porter->stirred_ms > STALL_MS) {
        log_warn("blob-stalled", "sha256=%s bytes=%" PRIu64 " of=%" PRIu64 " text=\"it is offered again\"",
                 porter->name, porter->sent, porter->size);
        put_off_fetch(porter, FETCH_AGAIN_MS);
        rest(porter, 0);
    }
    if (porter->state == PORTER_SENDING) {
        send_chunks(porter, link); /* where the socket was full */
    }
    if (porter->state == PORTER_IDLE && porter->due_ms != 0 && now >= porter->due_ms) {
        rest(porter, 0);
    }
    go_on(porter, link);
}
