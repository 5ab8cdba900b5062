/* `run`: one process, one loop, one follower a hub. */
#include <czmq.h>
#include <inttypes.h>
#include <signal.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/service.h"
#include "common/text.h"
#include "province/commands.h"
#include "province/follower.h"

/* The loop waits for the outbox no longer than a command holds it. */
enum { TICK_MS = 250, TIDY_MS = 3600000, OUTBOX_WAIT_MS = 500 };

struct run {
    const struct home *home;
    struct settings settings;
    struct keyring keys;
    struct replica *replica;
    struct outbox *outbox;
    struct witness *witness;
    zloop_t *loop;
    int lock;
    int wake;
    bool is_rescan_due;
    int64_t tidied_ms;
    struct follower **followers;
    size_t follower_count;
    struct service service;
};

static void warn_membership(const char *reason)
{
    log_error("membership-damaged", "text=\"%s\" leaving this hub out", reason);
}

static struct follower *find_follower(struct run *run, const struct hub_member *member)
{
    for (size_t i = 0; i < run->follower_count; i++) {
        if (follower_is_of(run->followers[i], member)) {
            return run->followers[i];
        }
    }
    return NULL;
}

static bool is_member(const struct follower *follower, const struct hub_member *members, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (follower_is_of(follower, &members[i])) {
            return true;
        }
    }
    return false;
}

/* Followers of files that are gone or changed are closed first, then those of new files opened. */
static void rescan(struct run *run)
{
    struct hub_member *members = NULL;
    size_t count = 0;
    run->is_rescan_due = false;
    err_t err = hubs_load(run->home, &members, &count, warn_membership);
    if (err != ERR_OK) {
        log_error("memberships-unread", "text=\"%s\" going on with those known", err_name(err));
        return;
    }
    size_t kept = 0;
    for (size_t i = 0; i < run->follower_count; i++) {
        struct follower *follower = run->followers[i];
        if (is_member(follower, members, count)) {
            run->followers[kept++] = follower;
        } else {
            log_info("hub-left", "hub=%" PRId64, follower_hub(follower));
            follower_close(follower);
        }
    }
    run->follower_count = kept;
    run->followers = mem_grow(run->followers, kept + count, sizeof(struct follower *));
    const struct follower_site site = {run->loop, run->replica, run->outbox, run->witness, &run->keys, &run->settings};
    for (size_t i = 0; i < count; i++) {
        if (!find_follower(run, &members[i])) {
            log_info("hub-joined", "hub=%" PRId64 " endpoint=%s", members[i].hub, members[i].membership.endpoint);
            run->followers[run->follower_count++] = follower_open(&site, &members[i]);
        }
    }
    free(members);
}

static void reload(struct run *run)
{
    char names[256];
    char reason[512];
    if (settings_reload(run->home, &run->settings, names, reason) != ERR_OK) {
        log_error("settings-refused", "text=\"%s\" going on with the old ones", reason);
    } else if (*names) {
        log_warn("settings-need-restart", "names=%s", names);
    } else {
        log_info("settings-reloaded", "credit=%" PRId64, run->settings.credit);
    }
}

/* SIGHUP stays blocked and is asked for, because a handler would end the loop's poll. */
static bool is_hup_pending(void)
{
    sigset_t set;
    const struct timespec at_once = {0};
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    return sigtimedwait(&set, NULL, &at_once) == SIGHUP;
}

static bool is_work_due(struct run *run, int64_t now)
{
    bool is_due = run->is_rescan_due;
    for (size_t i = 0; i < run->follower_count; i++) {
        is_due = follower_check(run->followers[i], now) || is_due;
    }
    return is_due;
}

static int on_tick(zloop_t *loop, int timer, void *arg)
{
    (void)loop;
    (void)timer;
    struct run *run = arg;
    int64_t now = clock_monotonic_ms();
    if (is_hup_pending()) {
        reload(run);
        run->is_rescan_due = true;
    }
    if (now - run->tidied_ms > TIDY_MS) {
        run->tidied_ms = now;
        replica_tidy(run->replica, clock_ms());
    }
    for (size_t i = 0; i < run->follower_count; i++) {
        follower_send(run->followers[i], now, false);
    }
    /* Links are closed and opened by on_wake(): a timer of theirs may be due in this same round of the loop. */
    if (is_work_due(run, now) && write(run->wake, "t", 1) != 1) {
        log_debug("wake-full", "text=\"it will be read anyhow\"");
    }
    service_alive(&run->service, now);
    return 0;
}

static int on_wake(zloop_t *loop, zmq_pollitem_t *item, void *arg)
{
    (void)loop;
    struct run *run = arg;
    char bytes[64];
    int64_t now = clock_monotonic_ms();
    bool is_filed = false;
    bool is_told = false;
    ssize_t size = read(item->fd, bytes, sizeof bytes);
    for (ssize_t i = 0; i < size; i++) {
        run->is_rescan_due = run->is_rescan_due || bytes[i] == WAKE_HUBS;
        is_filed = is_filed || bytes[i] == WAKE_OUTBOX;
        is_told = is_told || bytes[i] == WAKE_WITNESS;
    }
    for (size_t i = 0; is_told && i < run->follower_count; i++) {
        follower_witness(run->followers[i]);
    }
    for (size_t i = 0; is_filed && i < run->follower_count; i++) {
        follower_send(run->followers[i], now, true);
    }
    if (run->is_rescan_due) {
        rescan(run);
    }
    if (keyring_refresh(&run->keys)) {
        log_info("keys-changed", "hubs=%zu connecting with the new ones", run->follower_count);
        for (size_t i = 0; i < run->follower_count; i++) {
            follower_keys_changed(run->followers[i]);
        }
    }
    for (size_t i = 0; i < run->follower_count; i++) {
        if (follower_check(run->followers[i], now)) {
            follower_renew(run->followers[i]);
        }
    }
    return 0;
}

static bool open_keys(struct run *run)
{
    char reason[256];
    err_t err = keyring_open(run->home, &run->keys, reason);
    if (err == ERR_NOT_FOUND) {
        complain(tr("%s is not initialised: agn-province init --name NAME, then agn-province join LINK",
                    "%s 尚未初始化：请先执行 agn-province init --name 名称，再执行 agn-province join LINK"),
                 run->home->path);
    } else if (err != ERR_OK) {
        complain("%s", reason);
    }
    return err == ERR_OK;
}

static bool open_lock(struct run *run)
{
    err_t err = home_lock(run->home, RUN_LOCK, &run->lock);
    if (err == ERR_BUSY) {
        complain(tr("another agn-province run uses %s already", "已有另一个 agn-province run 正在使用 %s"),
                 run->home->path);
    } else if (err != ERR_OK) {
        complain(tr("cannot write in %s: %s", "无法写入 %s：%s"), run->home->path, err_text(err));
    }
    return err == ERR_OK;
}

static bool open_run(struct run *run)
{
    char reason[512];
    if (settings_load(run->home, &run->settings, reason) != ERR_OK) {
        complain("%s", reason);
        return false;
    }
    log_set_level(run->settings.log_level);
    if (!open_keys(run) || !open_lock(run)) {
        return false;
    }
    if (replica_open(run->home, true, &run->replica, reason) != ERR_OK) {
        complain("%s", reason);
        return false;
    }
    if (outbox_open(run->home, OUTBOX_WAIT_MS, &run->outbox, reason) != ERR_OK) {
        complain("%s", reason);
        return false;
    }
    if (witness_open(run->home, true, &run->witness, reason) != ERR_OK) {
        complain("%s", reason);
        return false;
    }
    run->wake = hubs_open_wake(run->home);
    if (run->wake < 0) {
        complain(tr("cannot make the FIFO %s/wake: is a file of that name in the way?",
                    "无法创建管道 %s/wake：是否存在同名文件？"),
                 run->home->path);
        return false;
    }
    return true;
}

static void close_run(struct run *run)
{
    for (size_t i = 0; i < run->follower_count; i++) {
        follower_close(run->followers[i]);
    }
    free(run->followers);
    zloop_destroy(&run->loop);
    if (run->replica) {
        db_checkpoint(replica_db(run->replica), true);
    }
    replica_close(run->replica);
    outbox_close(run->outbox);
    witness_close(run->witness);
    keyring_done(&run->keys);
    if (run->wake >= 0) {
        close(run->wake);
    }
}

static void block_hup(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

int cmd_run(const struct home *home, const struct arguments *arguments)
{
    (void)arguments;
    struct run run = {.home = home, .lock = -1, .wake = -1};
    block_hup(); /* before any thread is made, so that none takes it */
    zsys_init();
    if (!open_run(&run)) {
        close_run(&run);
        return EXIT_REFUSED;
    }
    run.loop = zloop_new();
    run.tidied_ms = clock_monotonic_ms();
    replica_tidy(run.replica, clock_ms());
    zmq_pollitem_t wake = {.fd = run.wake, .events = ZMQ_POLLIN};
    zloop_poller(run.loop, &wake, on_wake, &run);
    zloop_poller_set_tolerant(run.loop, &wake);
    zloop_timer(run.loop, TICK_MS, 0, on_tick, &run);
    rescan(&run);
    log_info("province-ready", "hubs=%zu credit=%" PRId64, run.follower_count, run.settings.credit);
    service_ready(&run.service);
    while (!zsys_interrupted) {
        zloop_start(run.loop); /* a signal that means nothing here ends it too */
    }
    log_info("province-stopping", "hubs=%zu", run.follower_count);
    service_stopping();
    close_run(&run);
    return EXIT_DONE;
}
