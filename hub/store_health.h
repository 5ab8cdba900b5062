/* hub/store_health.h - how much room was told last, kept with the uplink's event that tells it. */
#ifndef HUB_STORE_HEALTH_H
#define HUB_STORE_HEALTH_H

#include "hub/health.h"

struct rooms {
    enum room disk, connections;
    uint64_t disk_free; /* bytes */
    uint64_t connections_free;
};

/* The states alone: what was free then is not kept. */
MUST_CHECK err_t store_get_rooms(struct store *store, struct rooms *ret_rooms);
/* In the open group. The words are the event's. */
MUST_CHECK err_t store_put_rooms(struct store *store, const struct rooms *rooms, const char *disk,
                                 const char *connections, int64_t now);

#endif
