#include "hub/hub.h"

#include <czmq.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include <sqlite3.h>

#include "common/log.h"
#include "common/service.h"
#include "common/text.h"
#include "hub/acts.h"
#include "hub/blobs.h"
#include "hub/checker.h"
#include "hub/clerk.h"
#include "hub/feeder.h"
#include "hub/front.h"
#include "hub/mail.h"
#include "hub/own_keys.h"
#include "hub/writer.h"

enum { POLL_MS = 200, STOP_WAIT_MS = 15000, KEYS_LOOK_MS = 1000, KEYS_RETRY_MS = 60000, ACTORS = 6 };

static volatile sig_atomic_t is_ended;
static volatile sig_atomic_t is_reload_due;
static volatile sig_atomic_t reload_by; /* the user who sent SIGHUP, as the kernel says */

struct hub {
    struct home home;
    struct options options;
    struct identity identity;
    int lock;
    zactor_t *feeder, *writer, *blobs, *checker, *front, *clerk;
    struct store *registry;
    struct store *watch;        /* this thread's own */
    struct announced announced; /* as the front tells it */
    int64_t keys_look_ms;
    int64_t keys_retry_ms; /* of what is announced and could not be read */
    struct service service;
    unsigned asked; /* a bit an actor that owes a pulse */
};

static void on_signal(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (number == SIGHUP) {
        reload_by = (sig_atomic_t)info->si_uid;
        is_reload_due = 1;
    } else {
        is_ended = 1;
    }
}

/* Those that are blocked wait, through execv() too. */
static void let_signals(bool in)
{
    sigset_t ours;
    sigemptyset(&ours);
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGHUP);
    sigprocmask(in ? SIG_UNBLOCK : SIG_BLOCK, &ours, NULL);
}

static void catch_signals(void)
{
    zsys_handler_set(NULL);
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    let_signals(true);
}

/* Each connection is a descriptor; at the limit libzmq would spin or abort, so it is checked before anything is bound.
 */
static bool raise_descriptors(const struct options *options)
{
    struct rlimit limit;
    rlim_t need = (rlim_t)options->max_peers + DESCRIPTOR_RESERVE;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < need) {
        fprintf(stderr,
                tr("agn-hub: max_peers = %" PRId64
                   " needs %llu descriptors, the limit is %llu: raise LimitNOFILE (ulimit -Hn) or lower max_peers\n",
                   "agn-hub：max_peers = %" PRId64
                   " 需要 %llu 个文件描述符，当前上限为 %llu：请提高 LimitNOFILE（ulimit -Hn）或减小 max_peers\n"),
                options->max_peers, (unsigned long long)need, (unsigned long long)limit.rlim_max);
        return false;
    }
    /* Room for everybody's old connection beside the new one, and no more: each takes memory. */
    limit.rlim_cur =
        limit.rlim_max < need + (rlim_t)options->max_peers ? limit.rlim_max : need + (rlim_t)options->max_peers;
    setrlimit(RLIMIT_NOFILE, &limit);
    return true;
}

static bool has_fit_zmq(void)
{
    int major = 0;
    int minor = 0;
    int patch = 0;
    zmq_version(&major, &minor, &patch);
    if (major * 10000 + minor * 100 + patch < 40303 || !zmq_has("curve")) {
        fprintf(stderr, "agn-hub: libzmq %d.%d.%d: 4.3.3 or newer with CURVE is needed\n", major, minor, patch);
        return false;
    }
    return true;
}

static struct store *open_store(const struct hub *hub, bool is_writer)
{
    char reason[256];
    struct store *store = NULL;
    struct store_settings settings = options_store_settings(&hub->options);
    if (store_open(&hub->home, is_writer, &settings, &store, reason) != ERR_OK) {
        fprintf(stderr, "agn-hub: %s\n", reason);
        return NULL;
    }
    return store;
}

static struct shelf *open_shelf(const struct hub *hub)
{
    char reason[256];
    struct shelf *shelf = NULL;
    if (shelf_open(&hub->home, true, &shelf, reason) != ERR_OK) {
        fprintf(stderr, "agn-hub: %s\n", reason);
        return NULL;
    }
    return shelf;
}

/* Says who may act here: one alone, or who of the file is no user of this machine. */
static bool know_operators(const struct hub *hub, struct operators *ret_operators)
{
    char reason[512];
    if (operators_load(&hub->home, ret_operators, reason) != ERR_OK) {
        fprintf(stderr, "agn-hub: %s\n", reason);
        return false;
    }
    if (!ret_operators->is_mapped) {
        log_info("operators-none", "user=%s acts alone, in every role; name others in %s", ret_operators->list[0].user,
                 OPERATORS_FILE);
    }
    for (size_t i = 0; i < ret_operators->count; i++) {
        if (!ret_operators->list[i].is_known) {
            log_warn("operator-unknown", "user=%s is no user of this machine", ret_operators->list[i].user);
        }
    }
    return true;
}

static bool has_good_keys(const struct hub *hub, struct store *store)
{
    char reason[512];
    err_t err = own_keys_check(store, &hub->home, &hub->options, &hub->identity, reason);
    if (err != ERR_OK) {
        fprintf(stderr, "agn-hub: %s\n", reason);
    }
    return err == ERR_OK;
}

static void say_unread(const char *reason)
{
    log_error("own-keys-unread", "reason=\"%s\" going on with the former", reason);
}

static bool take_turn(struct hub *hub, struct store *store)
{
    char reason[256];
    bool is_taken = false;
    err_t err = announced_take(store, &hub->home, clock_ms(), &hub->identity, &hub->announced, &is_taken, reason);
    if (err != ERR_OK) {
        fprintf(stderr, "agn-hub: %s\n", reason);
        return false;
    }
    if (is_taken) {
        log_info("own-keys-changed", "the announced keys are in use");
    } else if (*reason) {
        say_unread(reason);
    }
    return true;
}

/* A change was announced, or its time has come: the hub begins anew, and every peer is told by its next WELCOME. */
static bool has_key_news(struct hub *hub)
{
    struct announced announced;
    struct identity next;
    char reason[256];
    int64_t now = clock_monotonic_ms();
    if (now < hub->keys_look_ms) {
        return false;
    }
    hub->keys_look_ms = now + KEYS_LOOK_MS;
    if (announced_find(hub->watch, &hub->identity, &announced) != ERR_OK) {
        return false;
    }
    if (announced.key.row != hub->announced.key.row) {
        return true;
    }
    if (now < hub->keys_retry_ms) {
        return false;
    }
    err_t err = announced_load(&hub->home, &announced, clock_ms(), &next, reason);
    if (err != ERR_OK && err != ERR_BUSY) {
        hub->keys_retry_ms = now + KEYS_RETRY_MS;
        say_unread(reason);
    }
    identity_done(&next);
    return err == ERR_OK;
}

static bool know_terms(const struct hub *hub, struct retention *ret_retention)
{
    char reason[512];
    if (retention_load(&hub->home, ret_retention, reason) != ERR_OK) {
        fprintf(stderr, "agn-hub: %s\n", reason);
        return false;
    }
    return true;
}

/* A hub that cannot write now, on a full disk, serves all the same: what changed is noted the next time. */
static void note_start(struct city *city, struct store *store, const struct in_force *in_force)
{
    err_t err = acts_note_changes(city, store, in_force, NULL);
    err = err == ERR_OK ? acts_file_own(city, store, ACT_HUB_START, AGN_VERSION) : err;
    if (err != ERR_OK) {
        log_error("act-unwritten", "act=hub_start error=\"%s\"", err_name(err));
    }
}

/* What the actors take over when all of it is open. */
struct parts {
    struct store *ledger; /* the writer's */
    struct store *feed;   /* the feeder's */
    struct shelf *shelf;
    struct city city;
    struct desk desk;
    struct operators operators;
    struct retention retention;
};

static bool open_writing(struct hub *hub, struct parts *parts)
{
    char reason[512];
    parts->ledger = open_store(hub, true);
    if (!parts->ledger || !take_turn(hub, parts->ledger) || !has_good_keys(hub, parts->ledger)) {
        return false;
    }
    err_t err = city_open(parts->ledger, &hub->identity, &hub->options, &parts->city);
    if (err != ERR_OK) {
        fprintf(stderr, "agn-hub: %s: store.db: %s\n", hub->home.path, err_text(err));
        return false;
    }
    if (desk_open(&parts->desk, parts->ledger, &parts->city, &hub->home, (int)hub->options.utc_offset_minutes,
                  reason) != ERR_OK ||
        desk_configure(&parts->desk, &hub->home, &hub->options, reason) != ERR_OK) {
        fprintf(stderr, "agn-hub: %s\n", reason);
        return false;
    }
    return know_operators(hub, &parts->operators) && know_terms(hub, &parts->retention);
}

static bool open_reading(struct hub *hub, struct parts *parts)
{
    parts->feed = open_store(hub, false);
    parts->shelf = open_shelf(hub);
    hub->registry = open_store(hub, false);
    hub->watch = open_store(hub, false);
    return parts->feed && parts->shelf && hub->registry && hub->watch;
}

static void close_parts(struct parts *parts)
{
    shelf_close(parts->shelf);
    store_close(parts->feed);
    retention_done(&parts->retention);
    desk_close(&parts->desk);
    store_close(parts->ledger);
}

static bool start_actors(struct hub *hub)
{
    zsys_set_io_threads((size_t)hub->options.io_threads + 1); /* the last one for those who enrol */
    zsys_set_sndhwm(0); /* between actors nothing is dropped or blocks: the front bounds what is taken in; its ROUTERs
                           have limits of their own */
    zsys_set_rcvhwm(0);
    zsys_set_linger(0);
    struct parts parts = {0};
    bool is_open = open_writing(hub, &parts);
    if (is_open) {
        struct in_force in_force = {&hub->options, &parts.operators, &parts.retention, &parts.desk.site};
        note_start(&parts.city, parts.ledger, &in_force);
        is_open = open_reading(hub, &parts);
    }
    if (!is_open) {
        close_parts(&parts);
        return false;
    }
    struct writer_config writer = {.options = hub->options,
                                   .store = parts.ledger,
                                   .home = hub->home,
                                   .desk = &parts.desk,
                                   .city = &parts.city,
                                   .operators = &parts.operators,
                                   .retention = &parts.retention};
    struct intake intake = {.suite = identity_suite(&hub->identity),
                            .utc_offset_minutes = (int)hub->options.utc_offset_minutes};
    memcpy(intake.hub_key, hub->identity.curve_public, KEY_SIZE);
    struct front_config front = {.options = hub->options,
                                 .identity = &hub->identity,
                                 .announced = hub->announced,
                                 .intake = intake,
                                 .registry = hub->registry};
    struct feeder_config feeder = {.store = parts.feed};
    struct blobs_config blobs = {.options = hub->options, .shelf = parts.shelf};
    memcpy(front.epoch, store_epoch(front.registry), EPOCH_SIZE);
    hub->feeder = zactor_new(feeder_actor, &feeder);
    hub->writer = zactor_new(writer_actor, &writer);
    hub->blobs = zactor_new(blobs_actor, &blobs);
    hub->checker = zactor_new(checker_actor, &intake);
    hub->front = zactor_new(front_actor, &front);
    hub->clerk = zactor_new(clerk_actor, &hub->options);
    char *answer = zstr_recv(hub->front);
    bool is_ready = answer && streq(answer, "READY");
    free(answer);
    return is_ready;
}

static void reload(struct hub *hub)
{
    struct options fresh;
    char reason[512];
    char ignored[256];
    is_reload_due = 0;
    if (options_load(&hub->home, &fresh, reason) != ERR_OK) {
        log_error("reload-refused", "reason=\"%s\" keeping what was", reason);
        return;
    }
    config_reload(option_rows, option_count, &hub->options, &fresh, ignored);
    log_set_level(hub->options.log_level);
    uid_t by = (uid_t)reload_by;
    zactor_t *actors[] = {hub->front, hub->writer, hub->clerk, hub->blobs};
    for (int i = 0; i < 4; i++) {
        zmsg_t *message = zmsg_new();
        zmsg_addstr(message, "RELOAD");
        zmsg_addmem(message, &hub->options, sizeof hub->options);
        zmsg_addmem(message, &by, sizeof by);
        zactor_send(actors[i], &message);
    }
    log_info("reloaded", "needs_restart=\"%s\"", ignored);
}

/* A sign of life is given when every actor has turned its loop since it was asked: one that hangs, in a commit or on
 * the disk, withholds it, and the service manager starts the hub anew. */
static void feel_pulse(struct hub *hub)
{
    zactor_t *actors[ACTORS] = {hub->front, hub->writer, hub->feeder, hub->blobs, hub->checker, hub->clerk};
    int64_t now = clock_monotonic_ms();
    bool is_asking = hub->asked == 0;
    if (!service_is_due(&hub->service, now)) {
        return;
    }
    for (int i = 0; i < ACTORS; i++) {
        unsigned bit = 1u << i;
        if (is_asking) {
            zstr_send(actors[i], PULSE);
            hub->asked |= bit;
        } else if ((hub->asked & bit) && (zsock_events(actors[i]) & ZMQ_POLLIN)) {
            char *answer = zstr_recv(actors[i]);
            hub->asked &= ~bit;
            free(answer);
        }
    }
    if (hub->asked == 0) {
        service_alive(&hub->service, now);
    }
}

/* What was taken is committed and answered before the front says that it has stopped. */
static void stop(struct hub *hub)
{
    log_info("hub-stopping", "finishing what was taken");
    zstr_send(hub->front, "STOP");
    zsock_set_rcvtimeo(hub->front, STOP_WAIT_MS);
    char *answer = zstr_recv(hub->front);
    if (answer && streq(answer, PULSE)) { /* one that was still owed */
        free(answer);
        answer = zstr_recv(hub->front);
    }
    zstr_send(hub->writer, "STOP");
    log_info("hub-stopped", "clean=%s", answer ? "yes" : "no");
    free(answer);
}

static void destroy_actors(struct hub *hub)
{
    zactor_destroy(&hub->clerk);
    zactor_destroy(&hub->front);
    zactor_destroy(&hub->checker);
    zactor_destroy(&hub->blobs);
    zactor_destroy(&hub->feeder);
    zactor_destroy(&hub->writer);
    store_close(hub->registry);
    store_close(hub->watch);
    hub->registry = hub->watch = NULL;
}

static bool prepare(struct hub *hub)
{
    char reason[512];
    if (!home_has(&hub->home, "hub.zpl")) {
        fprintf(stderr,
                tr("agn-hub: %s is not a hub's home: run `agn-hub init` first\n",
                   "agn-hub：%s 不是枢纽目录：请先运行 agn-hub init\n"),
                hub->home.path);
        return false;
    }
    if (options_load_keys(&hub->home, &hub->options, &hub->identity, reason) != ERR_OK) {
        fprintf(stderr, "agn-hub: %s\n", reason);
        return false;
    }
    err_t err = home_lock(&hub->home, "hub.lock", &hub->lock);
    if (err != ERR_OK) {
        fprintf(stderr, tr("agn-hub: %s: %s\n", "agn-hub：%s：%s\n"), hub->home.path,
                err == ERR_BUSY ? tr("another hub runs on this home", "已有枢纽在此目录上运行") : err_text(err));
        return false;
    }
    return raise_descriptors(&hub->options) && has_fit_zmq();
}

/* Until it is to end, or to begin anew with other keys. */
static void serve(struct hub *hub)
{
    bool has_news = false;
    log_info("hub-ready", "endpoint=%s enrol=%s sqlite=%s", hub->options.endpoint, hub->options.enrol_endpoint,
             sqlite3_libversion());
    service_ready(&hub->service);
    while (!is_ended && !has_news) {
        zclock_sleep(POLL_MS);
        feel_pulse(hub);
        if (is_reload_due) {
            reload(hub);
        }
        has_news = has_key_news(hub);
    }
    if (is_ended) {
        service_stopping();
    }
    stop(hub);
}

int hub_run(const struct home *home)
{
    struct hub hub = {.home = *home, .lock = -1};
    if (!prepare(&hub)) {
        return 1;
    }
    log_set_level(hub.options.log_level);
    catch_signals();
    bool is_ready = start_actors(&hub);
    if (is_ready) {
        serve(&hub);
    }
    destroy_actors(&hub);
    identity_done(&hub.identity);
    let_signals(false);
    if (is_ready && !is_ended) {
        fcntl(hub.lock, F_SETFD, 0); /* the home stays locked through execv() */
        return HUB_ANEW;
    }
    close(hub.lock);
    return is_ready ? 0 : 1;
}
