/* hub/store_health.h - the state of the disk that was told last, kept with the uplink's event that tells it. */
#ifndef HUB_STORE_HEALTH_H
#define HUB_STORE_HEALTH_H

#include "hub/health.h"

MUST_CHECK err_t store_disk_state(struct store *store, enum disk_state *ret_state);
/* In the open group. WORD is the event's. */
MUST_CHECK err_t store_put_disk_state(struct store *store, enum disk_state state, const char *word, uint64_t free_mib,
                                      int64_t now);

#endif
