/* hub/days.h - which days the hub has seen, so that a clock that is wrong for a while is found out: by the day that was
 * seen last, and how many in a row were. Whoever must not go by a wrong clock keeps a note of his own. */
#ifndef HUB_DAYS_H
#define HUB_DAYS_H

#include "hub/store.h"

struct days {
    int64_t last;     /* INT64_MIN: none yet */
    int64_t in_a_row; /* the last one among them */
};

struct days days_seen(struct store *store, const char *key);
/* Notes TODAY in the open group, where it is not the last one anyway, and has it in DAYS. */
MUST_CHECK err_t days_see(struct store *store, const char *key, int64_t today, struct days *days);

#endif
