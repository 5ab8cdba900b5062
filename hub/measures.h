/* hub/measures.h - what AGN itself measures of a city plan (enum plan_measure), from the registry and the cells. */
#ifndef HUB_MEASURES_H
#define HUB_MEASURES_H

#include "hub/store.h"
#include "proto/kinds.h"

struct measures {
    int64_t values[MEASURES];
    bool has[MEASURES]; /* false: by hand, or a share of nothing */
};

/* Units joined as of now; the others over the days FIRST to LAST: reviews by the day when they were decided, warnings
 * by the day when their acknowledgement was due, reports by their period's first day. Shares are per cent, rounded
 * down. */
MUST_CHECK err_t measures_take(struct store *store, int64_t first, int64_t last, struct measures *ret_measures);

/* The index of a code; MEASURE_MANUAL where it is NULL or unknown. */
enum plan_measure measure_of(const char *code);

#endif
