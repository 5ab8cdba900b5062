/* A clock may be wrong for a while: a dead battery, a year mistyped. What the desk makes of it lasts: periods that
 * nobody owes yet, words that something is overdue, records in the city's name. So a day that does not follow one that
 * the desk has gone by counts when the clock has stood by it for a time. */
#include "hub/desk.h"

#include <inttypes.h>

#include "common/log.h"
#include "common/text.h"
#include "hub/days.h"

static const char key[] = "desk_day";

/* The time runs on over midnight. */
static bool has_stood(struct desk *desk, int64_t today)
{
    bool is_same = today == desk->leap.waits_for || today == desk->leap.waits_for + 1;
    if (!is_same) {
        desk->leap.since_ms = clock_monotonic_ms();
    }
    desk->leap.waits_for = today;
    bool has = clock_monotonic_ms() - desk->leap.since_ms >= desk->leap.wait_ms;
    if (!has && !is_same) {
        log_warn("desk-waits",
                 "wait_s=%" PRId64 " the clock has leapt by more than a day: deadlines wait until it has "
                 "stood so long",
                 desk->leap.wait_ms / 1000);
    }
    return has;
}

void desk_forget_day(struct desk *desk)
{
    desk->leap.believed = INT64_MIN;
}

err_t desk_believes(struct desk *desk, int64_t now, bool *ret_believes)
{
    int64_t today = day_of(now, desk->site.settings.utc_offset_minutes);
    err_t err = ERR_OK;
    *ret_believes = true;
    if (today != desk->leap.believed) {
        struct days days = days_seen(desk->store, key);
        if (days.last != INT64_MIN && today > days.last + 1 && !has_stood(desk, today)) {
            *ret_believes = false;
            return ERR_OK;
        }
        err = days_see(desk->store, key, today, &days);
        desk->leap.believed = today;
    }
    desk->leap.waits_for = INT64_MIN;
    return err;
}
