/* agent/reading.h - a message of the inbox was read: noted here, and, for a notice or a shared warning, told to whoever
 * sent it by a `notice_read` record. Both happen once, in one transaction. */
#ifndef AGENT_READING_H
#define AGENT_READING_H

#include "agent/settings.h"
#include "agent/spool.h"
#include "common/membership.h"

struct reader_desk {
    const struct home *home; /* borrowed, as are these */
    const struct membership *membership;
    const struct settings *settings;
    struct spool *spool;
};

/* *ret_at: when it was first read. ERR_NOT_FOUND: the inbox has no such entry. */
MUST_CHECK err_t reading_note(const struct reader_desk *desk, int64_t row, int64_t *ret_at);

#endif
