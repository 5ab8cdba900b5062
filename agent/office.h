/* agent/office.h - what a command works with: the home with its settings, membership and spool. */
#ifndef AGENT_OFFICE_H
#define AGENT_OFFICE_H

#include "agent/settings.h"
#include "agent/spool.h"
#include "common/membership.h"

#define MEMBERSHIP_FILE "hub.zpl"

struct office {
    const struct home *home;
    struct settings settings;
    struct membership membership;
    struct spool *spool;
};

enum { QUICK_WAIT_MS = 10000, DAEMON_WAIT_MS = 1000 };

/* Says what is wrong on stderr, and what to do; false then. BUSY_MS 0: settings.write_wait_s. */
bool office_open(const struct home *home, int busy_ms, struct office *ret_office);
void office_close(struct office *office);

/* One line on stderr: program and text. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The spool failed at WHAT (a verb, in the user's language): names the disk where it is full. */
void complain_spool(const struct office *office, const char *what, err_t err);

#endif
