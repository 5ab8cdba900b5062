/* agent/watch.h - the watched folder of `agn-agent run`: files that another system drops are accepted as `submit`
 * would.
 *
 * A thread of its own with its own handle of the spool. A file is taken when it is complete: renamed into the folder,
 * or closed and unchanged for a while. It is taken whole or not at all, then moved to done/, or to failed/ with its
 * faults beside it. The hash of its bytes is kept in the transaction that stores its records, so that a file which was
 * accepted but not yet moved when the power went is not filed again; nor is the same file dropped twice. */
#ifndef AGENT_WATCH_H
#define AGENT_WATCH_H

#include "agent/office.h"

struct watch;

/* OFFICE is borrowed: its spool is not touched. Signals are blocked already. NULL with the reason in the user's
 * language. */
struct watch *watch_start(const struct office *office, char reterr_reason[512]);
/* Ends the thread after the file at hand. Takes NULL. */
void watch_stop(struct watch *watch);

/* Names that are not taken: hidden, of a file still being copied, of an editor's copy, our own. */
bool watch_ignores(const char *name);

#endif
