/* hub/store_fold.h - folds the write-ahead log into the database beside the writer, not in its way.
 *
 * Why this is safe with the SQLite of Debian 12, which has the WAL-reset defect (a log that is reset on one connection
 * while another folds it in can corrupt the database): a pass runs under a guard. The guard is a read transaction at
 * the log's present end, on a connection of its own, begun before the pass and ended after it. A writer resets the log
 * only after it has taken every reader's lock, so with the guard in place it appends; and a pass that begins when no
 * frame is left to fold has nothing to race with. One connection folds, one thread drives it, and nobody else does:
 * every other handle has autocheckpoint off.
 *
 * A page counts as folded only when it is on the disk (common/db.h), whatever becomes of this process meanwhile and
 * whoever else keeps the shared memory, in which that is noted. */
#ifndef HUB_STORE_FOLD_H
#define HUB_STORE_FOLD_H

#include <stdbool.h>

struct fold;

/* NULL when the database cannot be opened, or there is no thread for it: nothing is left open then. */
struct fold *fold_open(const char *path);
/* Waits for a pass under way. Takes NULL. */
void fold_close(struct fold *fold);

bool fold_is_running(struct fold *fold);
/* Begins a pass beside the writer, to whom it leaves the processor and the disk; none may be running. */
void fold_begin(struct fold *fold);
/* Waits for the pass that was begun. Pages that are left in the log; -1: it failed. */
int fold_end(struct fold *fold);
/* A whole pass by the caller, who waits for it and so lends it his haste; none may be running. As fold_end(). */
int fold_last(struct fold *fold);

#endif
