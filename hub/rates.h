/* hub/rates.h - how much a peer may ask for in a time: token buckets. Pure: the clock is an argument.
 *
 * A bucket is one number, the moment at which all that was taken is paid for. It may lie ahead of the present by as
 * much as the burst is worth. */
#ifndef HUB_RATES_H
#define HUB_RATES_H

#include <stddef.h>
#include <stdint.h>

#include "hub/options.h"

enum rate_kind {
    RATE_RECORDS,
    RATE_BYTES,
    RATE_DAY,
    RATE_SESSIONS,
    RATE_FOLLOWS,
    RATE_PROOFS,
    RATE_OFFERS,
    RATE_STRAY,
    RATES
};

/* AMOUNT in each period; a burst of as much as comes in burst_ms. amount 0: no limit. */
struct rate_limit {
    int64_t amount;
    int64_t period_ms;
    int64_t burst_ms;
    const char *what; /* for the refusal's reason */
};

struct rate {
    int64_t paid_ns;
};

/* A session's limits as they are set. */
void rates_configure(const struct options *options, struct rate_limit ret_limits[RATES]);

struct demand {
    enum rate_kind kind;
    uint64_t amount;
};

/* Takes all that is demanded, or nothing: then the milliseconds until it may be, and for which limit. */
int64_t rates_take(const struct rate_limit limits[RATES], struct rate rates[RATES], const struct demand *demands,
                   size_t count, int64_t now_ms, const char **ret_what);

/* One bucket. Milliseconds until AMOUNT may be taken; 0: it may be now. What is more than a whole burst may be taken
 * when nothing else has been. */
int64_t rate_wait_ms(const struct rate_limit *limit, const struct rate *rate, uint64_t amount, int64_t now_ms);
void rate_take(const struct rate_limit *limit, struct rate *rate, uint64_t amount, int64_t now_ms);

#endif
