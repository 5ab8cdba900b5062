/* agent/cmd_cap.h - a CAP 1.2 message, filed as a warning: what submit does with a file of that form.
 *
 * A message is filed once: it is known by its sender, identifier and sent, kept in the transaction that stores the
 * record, so that later messages find the thread that they refer to. */
#ifndef AGENT_CMD_CAP_H
#define AGENT_CMD_CAP_H

#include "agent/accept.h"
#include "agent/office.h"
#include "common/cap.h"

struct cap_source {
    const char *path; /* "-": standard input */
    const struct cap_set *sets;
    size_t set_count;
    const uint8_t *corrects; /* as in agent/accept.h */
};

/* Whether the file's name says that it is CAP. */
bool cap_is_named(const char *path);
/* Says on stderr what was wrong, by CAP's elements, and what was left out. True: *ret_result counts one record, which
 * is on disk, now or since the message was first filed. */
bool cap_submit(struct office *office, const struct cap_source *source, struct accept_result *ret_result);

#endif
