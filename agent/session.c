#include "agent/session.h"

#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

#include "agent/blobs.h"
#include "common/log.h"

enum { SWEEP_FIRST_MS = 5000, SWEEP_MS = 3600000 };

static void reload(struct session *session)
{
    char names[256];
    char reason[512];
    if (settings_reload(session->office->home, &session->office->settings, names, reason) != ERR_OK) {
        log_error("reload-refused", "reason=\"%s\" text=\"nothing was changed\"", reason);
        return;
    }
    log_info("reloaded", "needs_restart=%s", names);
}

static int on_signal(zloop_t *loop, zmq_pollitem_t *item, void *arg)
{
    (void)loop;
    struct session *session = arg;
    struct signalfd_siginfo info;
    while (read(item->fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo != SIGHUP) {
            log_info("stopping", "signal=%u", info.ssi_signo);
            session->was_stopped = true;
            return -1;
        }
        reload(session);
    }
    return 0;
}

static int on_sweep(zloop_t *loop, int timer, void *arg)
{
    (void)loop;
    (void)timer;
    const struct session *session = arg;
    blobs_sweep(session->office->home, session->office->spool, session->office->settings.attachment_keep_days);
    return 0;
}

/* Blocked before ZeroMQ makes its threads, and read from a descriptor: nothing is ever interrupted. */
static int catch_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static bool open_courier(struct session *session)
{
    char reason[256];
    const struct office *office = session->office;
    const struct courier_config config = {.home = office->home,
                                          .spool = office->spool,
                                          .membership = &session->membership,
                                          .keys = &session->keys,
                                          .settings = &office->settings};
    session->courier = courier_open(session->loop, &config, reason);
    if (!session->courier) {
        complain("%s", reason);
    }
    return session->courier != NULL;
}

bool session_open(struct office *office, struct session *ret_session)
{
    char reason[256];
    memset(ret_session, 0, sizeof *ret_session);
    ret_session->office = office;
    ret_session->membership = office->membership;
    if (keyring_open(office->home, &ret_session->keys, reason) != ERR_OK) {
        complain("%s", reason);
        return false;
    }
    if (identity_awaits_fresh(office->home)) {
        log_warn("join-unfinished", "text=\"a join with new keys was cut short: do it again, agn-agent join LINK\"");
    }
    zsys_handler_set(NULL);
    ret_session->signals = (zmq_pollitem_t){.fd = catch_signals(), .events = ZMQ_POLLIN};
    ret_session->loop = zloop_new();
    if (!open_courier(ret_session)) {
        session_close(ret_session);
        return false;
    }
    zloop_poller(ret_session->loop, &ret_session->signals, on_signal, ret_session);
    zloop_timer(ret_session->loop, SWEEP_FIRST_MS, 1, on_sweep, ret_session);
    zloop_timer(ret_session->loop, SWEEP_MS, 0, on_sweep, ret_session);
    return true;
}

/* What `join` has written. False: it cannot be used. */
static bool take_up(struct session *session)
{
    char reason[256];
    courier_close(session->courier);
    session->courier = NULL;
    if (membership_load(session->office->home, MEMBERSHIP_FILE, &session->membership, reason) != ERR_OK) {
        complain("%s", reason);
        return false;
    }
    return open_courier(session);
}

void session_run(struct session *session)
{
    do {
        zloop_start(session->loop);
    } while (!session->was_stopped && courier_is_outdated(session->courier) && take_up(session));
}

void session_close(struct session *session)
{
    courier_close(session->courier);
    zloop_destroy(&session->loop);
    close(session->signals.fd);
    keyring_done(&session->keys);
}
