/* hub/health.h - whether the disk runs short, told to the operator and the province before it is too late: below
 * twice min_free_mb it is low, below min_free_mb full, and records are answered with retry. */
#ifndef HUB_HEALTH_H
#define HUB_HEALTH_H

#include "hub/store.h"

enum disk_state { DISK_OK, DISK_LOW, DISK_FULL, DISK_STATES };

/* UINT64_MAX where it cannot be told. */
uint64_t disk_free(const char *path);
/* Pure. RESERVE 0: always ok. A state that has been told is left for a better one only with a tenth to spare, so that
 * it does not change to and fro. */
enum disk_state disk_judge(enum disk_state was, uint64_t free, uint64_t reserve);

/* Looks, and where the state is another than the one that was told last, tells the log, and the uplink in a group of
 * its own. *ret_is_news: there is something for the followers. */
MUST_CHECK err_t health_look(struct store *store, const char *path, uint64_t reserve, int64_t now, bool *ret_is_news);

#endif
