#include "common/flights.h"

#include <assert.h>

/* Its index, or the count where it is not there. */
static size_t find(const struct flights *flights, uint64_t seq)
{
    size_t i = 0;
    while (i < flights->count && flights->list[i].seq != seq) {
        i++;
    }
    return i;
}

static void remove_at(struct flights *flights, size_t index)
{
    flights->list[index] = flights->list[--flights->count]; /* the order has no meaning */
}

uint32_t flights_room(const struct flights *flights)
{
    return (uint32_t)(FLIGHTS_MAX - flights->count);
}

bool flights_has(const struct flights *flights, uint64_t seq)
{
    return find(flights, seq) < flights->count;
}

void flights_add(struct flights *flights, uint64_t seq, uint64_t batch)
{
    assert(flights->count < FLIGHTS_MAX && !flights_has(flights, seq));
    flights->list[flights->count++] = (struct flight){.seq = seq, .batch = batch};
}

void flights_drop(struct flights *flights, uint64_t seq)
{
    size_t index = find(flights, seq);
    if (index < flights->count) {
        remove_at(flights, index);
    }
}

void flights_hold(struct flights *flights, uint64_t seq, int64_t due_ms)
{
    size_t index = find(flights, seq);
    if (index < flights->count) {
        flights->list[index].due_ms = due_ms;
    }
}

void flights_hold_batch(struct flights *flights, uint64_t batch, int64_t due_ms)
{
    for (size_t i = 0; i < flights->count; i++) {
        if (flights->list[i].batch == batch && flights->list[i].due_ms == 0) {
            flights->list[i].due_ms = due_ms;
        }
    }
}

bool flights_release(struct flights *flights, int64_t now_ms)
{
    bool is_any = false;
    for (size_t i = flights->count; i-- > 0;) {
        const struct flight *flight = &flights->list[i];
        if (flight->due_ms > 0 && flight->due_ms <= now_ms) {
            remove_at(flights, i);
            is_any = true;
        }
    }
    return is_any;
}

void flights_clear(struct flights *flights)
{
    flights->count = 0;
}
