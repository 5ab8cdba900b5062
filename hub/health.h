/* hub/health.h - whether the disk or the descriptors run short, told to the operator and the province before it is too
 * late. Of the disk: below twice min_free_mb it is low, below min_free_mb full, and records are answered with retry. Of
 * the connections that the descriptors allow: low where fewer than a fifth is left, full where fewer than a tenth; at
 * the end those that are in no session are cut. */
#ifndef HUB_HEALTH_H
#define HUB_HEALTH_H

#include "hub/store.h"

enum room { ROOM_OK, ROOM_LOW, ROOM_FULL, ROOM_STATES };

/* UINT64_MAX where it cannot be told. */
uint64_t disk_free(const char *path);
/* Pure. RESERVE 0: always ok. A state that has been told is left for a better one only with a tenth to spare, so that
 * it does not change to and fro. */
enum room room_judge(enum room was, uint64_t free, uint64_t reserve);

struct health {
    const char *path;
    uint64_t reserve;                            /* of the disk, in bytes */
    uint64_t connections_free, connections_most; /* most 0: not known yet */
    int64_t told_at;
};

/* Looks, and where a state is another than the one that was told last, tells the log, and the uplink in a group of its
 * own; that connections are free again only a minute after the last word, since a flood comes and goes. *ret_is_news:
 * there is something for the followers. */
MUST_CHECK err_t health_look(struct store *store, struct health *health, int64_t now, bool *ret_is_news);

#endif
