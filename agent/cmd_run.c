/* run: stays connected until it is stopped. */
#include "agent/commands.h"
#include "agent/http.h"
#include "agent/session.h"
#include "agent/wake.h"
#include "agent/watch.h"
#include "common/log.h"
#include "common/service.h"
#include "common/text.h"

enum { PULSE_MS = 250 };

/* What works beside the session, each on a thread of its own; both are off unless they are configured. */
struct helpers {
    struct http *http;
    struct watch *watch;
};

/* Says on stderr what is wrong; false then, and there is nothing to stop. */
static bool start_helpers(const struct office *office, struct helpers *ret_helpers)
{
    char reason[512] = "";
    *ret_helpers = (struct helpers){.http = NULL};
    if (office->settings.http_port > 0 && !(ret_helpers->http = http_start(office, reason))) {
        complain("%s", reason);
        return false;
    }
    if (office->settings.watch_dir[0] && !(ret_helpers->watch = watch_start(office, reason))) {
        complain("%s", reason);
        http_stop(ret_helpers->http);
        return false;
    }
    return true;
}

static void stop_helpers(struct helpers *helpers)
{
    http_stop(helpers->http);
    watch_stop(helpers->watch);
}

static int on_pulse(zloop_t *loop, int timer, void *arg)
{
    (void)loop;
    (void)timer;
    service_alive(arg, clock_monotonic_ms());
    return 0;
}

/* The lock is held. Returns the exit code. */
static int work(struct office *office)
{
    struct session session;
    struct helpers helpers;
    struct service service;
    int code = EXIT_REFUSED;
    if (!session_open(office, &session)) {
        return EXIT_REFUSED;
    }
    /* After the session, which has blocked the signals: the threads inherit that. */
    if (start_helpers(office, &helpers)) {
        log_info("agent-started", "version=" AGN_VERSION " party=%s hub=%s home=%s", office->membership.party,
                 office->membership.endpoint, office->home->path);
        service_ready(&service);
        zloop_timer(session.loop, PULSE_MS, 0, on_pulse, &service);
        session_run(&session);
        service_stopping();
        code = session.was_stopped ? EXIT_DONE : EXIT_REFUSED;
        stop_helpers(&helpers);
        log_info("agent-stopped", "code=%d", code);
    }
    session_close(&session);
    return code;
}

int cmd_run(const struct home *home, const struct arguments *arguments)
{
    (void)arguments;
    struct office office;
    int lock = -1;
    int code = EXIT_REFUSED;
    if (!office_open(home, DAEMON_WAIT_MS, &office)) {
        office_close(&office);
        return EXIT_REFUSED;
    }
    err_t err = home_lock(home, RUN_LOCK, &lock);
    if (err != ERR_OK) {
        complain(err == ERR_BUSY
                     ? tr("another agn-agent run or sync works with %s already", "%s 已有 agn-agent run 或 sync 在运行")
                     : tr("cannot write in %s", "无法写入 %s"),
                 home->path);
    } else {
        code = work(&office);
    }
    office_close(&office);
    return code; /* the lock goes with the process */
}
