/* common/flights.h - which items of a spool or an outbox may not be sent just now: under way in this session, or put
 * off.
 *
 * Kept in memory alone: a new session begins with none, so whatever has no receipt is sent again. Times are
 * monotonic. */
#ifndef COMMON_FLIGHTS_H
#define COMMON_FLIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/message.h"

enum { FLIGHTS_MAX = WINDOW_ITEMS };

/* `due_ms` 0: under way in `batch`. */
struct flight {
    uint64_t seq;
    uint64_t batch;
    int64_t due_ms;
};

struct flights {
    size_t count;
    struct flight list[FLIGHTS_MAX];
};

/* How many more items may be added. */
uint32_t flights_room(const struct flights *flights);
bool flights_has(const struct flights *flights, uint64_t seq);
/* There is room, and the item is not there yet. */
void flights_add(struct flights *flights, uint64_t seq, uint64_t batch);
void flights_drop(struct flights *flights, uint64_t seq);
/* Not before DUE_MS: one item, or what of a batch is still under way. */
void flights_hold(struct flights *flights, uint64_t seq, int64_t due_ms);
void flights_hold_batch(struct flights *flights, uint64_t batch, int64_t due_ms);
/* Forgets what has become due; true where that was anything. */
bool flights_release(struct flights *flights, int64_t now_ms);
void flights_clear(struct flights *flights);

#endif
