/* province/view.h - a view: one query with its columns, filtered by city and state. */
#ifndef PROVINCE_VIEW_H
#define PROVINCE_VIEW_H

#include "province/listing.h"

struct view_query {
    const char *sql; /* ?1 city, ?2 state or NULL, ?3 now, ?4 the zone in minutes; what it does not use may be absent */
    const struct listing_column *columns;
    size_t count;
    size_t text_count;
};

/* Opens the replica, prints, and returns the exit code. PREPARE (may be NULL) adds what the SQL needs. */
int view_show(const struct home *home, const struct arguments *arguments, const struct view_query *query,
              bool (*prepare)(struct look *look));

#endif
