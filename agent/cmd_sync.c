/* sync: sends what waits and ends when the last receipt is there. Where `run` or another sync holds the session, this
 * one watches the spool instead; should the other end, it takes over. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/commands.h"
#include "agent/session.h"
#include "agent/vocabulary.h"
#include "agent/wake.h"
#include "common/log.h"
#include "common/text.h"

enum {
    LOOK_MS = 100,
    INBOX_GRACE_MS = 1000,
    PROOF_GRACE_MS = 5000,
    BAR = 30,
    REJECTED_SHOWN = 20,
    TROUBLE_AFTER_MS = 500
};

struct syncing {
    struct office office;
    struct session session;
    int64_t deadline_ms; /* monotonic */
    int64_t patience_ms; /* 0: the deadline is the user's own */
    uint64_t moved;      /* bytes of attachments */
    int64_t empty_ms;    /* monotonic: when the last receipt came; 0: not yet */
    uint64_t upto_seq;   /* what was there at the start */
    uint64_t total;
    uint64_t waiting;
    bool is_terminal;
    bool is_done;
    bool is_stuck; /* all that waits, waits for attachments that are refused */
    char trouble[REASON_SIZE];
};

static void draw(const struct syncing *syncing)
{
    if (!syncing->is_terminal || syncing->total == 0) {
        return;
    }
    uint64_t done = syncing->total > syncing->waiting ? syncing->total - syncing->waiting : 0;
    int filled = (int)(done * BAR / syncing->total);
    fprintf(stderr, "\r[%.*s%*s] %" PRIu64 "/%" PRIu64 " ", filled, "##############################", BAR - filled, "",
            done, syncing->total);
}

static void tell_trouble(struct syncing *syncing, const char *trouble)
{
    if (*trouble && strcmp(trouble, syncing->trouble) != 0) {
        fprintf(stderr, "%s%s\n", syncing->is_terminal && syncing->total > 0 ? "\n" : "", trouble);
    }
    snprintf(syncing->trouble, sizeof syncing->trouble, "%s", trouble);
}

/* Whether nothing can be sent before a person has done something. */
static bool look_stuck(const struct syncing *syncing)
{
    struct blob_note note;
    bool has_sendable = true;
    struct spool *spool = syncing->office.spool;
    return syncing->waiting > 0 && spool_has_sendable(spool, syncing->upto_seq, &has_sendable) == ERR_OK &&
           !has_sendable && spool_next_blob(spool, &note) == ERR_NOT_FOUND &&
           spool_refused_blob(spool, &note) == ERR_OK;
}

/* An attachment takes as long as it takes: while it moves, there is time. */
static void extend(struct syncing *syncing, uint64_t moved)
{
    if (syncing->patience_ms > 0 && moved != syncing->moved) {
        syncing->deadline_ms = clock_monotonic_ms() + syncing->patience_ms;
    }
    syncing->moved = moved;
}

/* A spool that is busy just now is looked at again. */
static bool look(struct syncing *syncing)
{
    if (spool_waiting(syncing->office.spool, syncing->upto_seq, &syncing->waiting) != ERR_OK) {
        return false;
    }
    /* A restored hub may want back more than waited at the start. */
    syncing->total = syncing->waiting > syncing->total ? syncing->waiting : syncing->total;
    draw(syncing);
    return true;
}

/* Receipts are what counts: for the rest there is a while. */
static bool is_settled(const struct courier *courier, int64_t since_ms)
{
    return (courier_has_inbox(courier) || since_ms > INBOX_GRACE_MS) &&
           (!courier_is_proving(courier) || since_ms > PROOF_GRACE_MS);
}

static int on_look(zloop_t *loop, int timer, void *arg)
{
    (void)loop;
    (void)timer;
    struct syncing *syncing = arg;
    const struct courier *courier = syncing->session.courier;
    int64_t now = clock_monotonic_ms();
    tell_trouble(syncing, courier_trouble(courier));
    extend(syncing, courier_moved(courier));
    if (courier_was_ready(courier) && look(syncing)) {
        bool is_stuck = look_stuck(syncing);
        bool is_empty = syncing->waiting == 0 || is_stuck;
        syncing->empty_ms = !is_empty ? 0 : syncing->empty_ms ? syncing->empty_ms : now;
        bool is_over = is_empty && (now >= syncing->deadline_ms || is_settled(courier, now - syncing->empty_ms));
        syncing->is_stuck = is_over && is_stuck;
        syncing->is_done = is_over && !is_stuck;
    }
    return syncing->is_done || syncing->is_stuck || now >= syncing->deadline_ms ? -1 : 0;
}

/* This process has the lock: a session of its own. False: it could not be opened. */
static bool work(struct syncing *syncing)
{
    if (!session_open(&syncing->office, &syncing->session)) {
        return false;
    }
    zloop_timer(syncing->session.loop, LOOK_MS / 2, 0, on_look, syncing);
    session_run(&syncing->session);
    session_close(&syncing->session);
    return true;
}

static void rest(void)
{
    struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
    nanosleep(&pause, NULL);
}

static void read_trouble(struct syncing *syncing)
{
    struct connection connection;
    if (spool_connection(syncing->office.spool, &connection) == ERR_OK) {
        tell_trouble(syncing, connection.refusal[0] ? connection.refusal
                              : connection.is_ready ? ""
                                                    : connection.reason);
    }
}

/* Another process has the lock. Ends when the spool is sent, the time is over, or the lock came free. */
static void watch(struct syncing *syncing, int *ret_lock)
{
    int64_t seen = -1;
    int64_t trouble_ms = clock_monotonic_ms() + TROUBLE_AFTER_MS;
    wake_poke(syncing->office.home);
    while (clock_monotonic_ms() < syncing->deadline_ms) {
        int64_t version = 0;
        if (spool_version(syncing->office.spool, &version) == ERR_OK && version != seen && look(syncing)) {
            seen = version;
            syncing->is_done = syncing->waiting == 0;
            syncing->is_stuck = look_stuck(syncing);
        }
        if (syncing->is_done || syncing->is_stuck || home_lock(syncing->office.home, RUN_LOCK, ret_lock) == ERR_OK) {
            return;
        }
        if (clock_monotonic_ms() > trouble_ms) {
            read_trouble(syncing);
        }
        rest();
    }
}

static void print_rejected(const struct syncing *syncing)
{
    struct item items[REJECTED_SHOWN];
    size_t count = 0;
    if (spool_list(syncing->office.spool, ITEM_REJECTED, 0, items, REJECTED_SHOWN, &count) != ERR_OK) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct faults faults;
        char id[37];
        char text[1024];
        record_id_text(items[i].id, id);
        printf("%s  %s\n", id, items[i].title);
        if (spool_faults(syncing->office.spool, items[i].seq, &faults) != ERR_OK) {
            continue;
        }
        for (size_t f = 0; f < faults.count; f++) {
            fault_text(&faults.list[f], text, sizeof text);
            printf("    %s\n", text);
        }
    }
    puts(tr(
        "correct and submit again with --corrects ID, or discard ID --yes; agn-agent list --state rejected shows all",
        "请更正后用 submit --corrects ID 重报，或 discard ID --yes 放弃；agn-agent list --state rejected 可查看全部"));
}

static void print_refused(const struct syncing *syncing)
{
    enum { PAGE = 16 };
    struct blob_note page[PAGE];
    char text[2048];
    size_t count = PAGE;
    int64_t after = 0;
    while (count == PAGE && spool_list_blobs(syncing->office.spool, after, page, PAGE, &count) == ERR_OK) {
        for (size_t i = 0; i < count; i++) {
            after = page[i].row;
            if (page[i].state == BLOB_REFUSED) {
                blob_text(&page[i], text, sizeof text);
                fprintf(stderr, "  %s\n", text);
            }
        }
    }
}

/* Done is when everything that this agent accepted is with the city: a rejected record that nobody has dealt with is
 * told every time. */
static int report(struct syncing *syncing)
{
    struct counts counts;
    if (syncing->is_terminal && syncing->total > 0) {
        fputc('\n', stderr);
    }
    err_t err = spool_counts(syncing->office.spool, &counts);
    if (err != ERR_OK) {
        complain_spool(&syncing->office, "sync", err);
        return EXIT_REFUSED;
    }
    uint64_t answered = syncing->total - (syncing->waiting < syncing->total ? syncing->waiting : syncing->total);
    uint64_t rejected = counts.by_state[ITEM_REJECTED];
    printf(tr("%" PRIu64 " answered, %" PRIu64 " waiting, %" PRIu64 " rejected\n",
              "已答复 %" PRIu64 " 条，待答复 %" PRIu64 " 条，被退回 %" PRIu64 " 条\n"),
           answered, syncing->waiting, rejected);
    if (syncing->is_stuck) {
        complain(tr("records wait for attachments that the hub does not take. Nothing is lost:",
                    "有记录在等待未被枢纽接受的附件。数据不会丢失："));
        print_refused(syncing);
    } else if (!syncing->is_done) {
        complain(tr("not finished in time: %s. Nothing is lost; what waits is sent with the next sync or run",
                    "未能按时完成：%s。数据不会丢失，待报记录将在下次 sync 或 run 时发送"),
                 *syncing->trouble ? syncing->trouble : tr("receipts are still missing", "仍有回执未到"));
    }
    if (rejected > 0) {
        print_rejected(syncing);
    }
    return syncing->is_done && rejected == 0 ? EXIT_DONE : EXIT_REFUSED;
}

static bool begin(struct syncing *syncing, const struct arguments *arguments)
{
    struct counts counts;
    int64_t seconds = arguments->timeout_s > 0 ? arguments->timeout_s : syncing->office.settings.sync_timeout_s;
    syncing->patience_ms = arguments->timeout_s > 0 ? 0 : seconds * 1000;
    syncing->deadline_ms = clock_monotonic_ms() + seconds * 1000;
    syncing->is_terminal = isatty(STDERR_FILENO) == 1;
    if (syncing->office.settings.log_level == LOG_LEVEL_INFO) {
        log_set_level(LOG_LEVEL_WARN); /* sync tells the user itself */
    }
    err_t err = spool_counts(syncing->office.spool, &counts);
    if (err != ERR_OK) {
        complain_spool(&syncing->office, "sync", err);
        return false;
    }
    syncing->upto_seq = counts.last_seq;
    syncing->total = syncing->waiting = counts.by_state[ITEM_ACCEPTED];
    return true;
}

int cmd_sync(const struct home *home, const struct arguments *arguments)
{
    static struct syncing syncing;
    int code = EXIT_REFUSED;
    int lock = -1;
    if (!office_open(home, DAEMON_WAIT_MS, &syncing.office) || !begin(&syncing, arguments)) {
        office_close(&syncing.office);
        return EXIT_REFUSED;
    }
    err_t err = home_lock(home, RUN_LOCK, &lock);
    if (err == ERR_BUSY) {
        watch(&syncing, &lock);
    } else if (err != ERR_OK) {
        complain(tr("cannot write in %s", "无法写入 %s"), home->path);
        office_close(&syncing.office);
        return EXIT_REFUSED;
    }
    if (syncing.is_done || syncing.is_stuck || lock < 0 || work(&syncing)) {
        code = report(&syncing);
    }
    office_close(&syncing.office);
    return code;
}
