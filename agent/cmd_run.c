/* run: stays connected until it is stopped. */
#include "agent/commands.h"
#include "agent/session.h"
#include "agent/wake.h"
#include "common/log.h"
#include "common/text.h"

int cmd_run(const struct home *home, const struct arguments *arguments)
{
    (void)arguments;
    struct office office;
    struct session session;
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
    } else if (session_open(&office, &session)) {
        log_info("agent-started", "version=" AGN_VERSION " party=%s hub=%s home=%s", office.membership.party,
                 office.membership.endpoint, home->path);
        session_run(&session);
        code = session.was_stopped ? EXIT_DONE : EXIT_REFUSED;
        session_close(&session);
        log_info("agent-stopped", "code=%d", code);
    }
    office_close(&office);
    return code; /* the lock goes with the process */
}
