/* hub/signal_rows.h - the warnings of a store as rows for common/signal.h: one a thread, as its newest content says. */
#ifndef HUB_SIGNAL_ROWS_H
#define HUB_SIGNAL_ROWS_H

#include "common/signal.h"
#include "hub/store.h"

/* Adds what was counted from FIRST to LAST (days; INT64_MIN, INT64_MAX: open). */
MUST_CHECK err_t signal_rows_add(struct store *store, int utc_offset_minutes, int64_t first, int64_t last,
                                 struct signal_set *set);

#endif
