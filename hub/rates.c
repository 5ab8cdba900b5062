#include "hub/rates.h"

/* Of proofs an agent asks for as many as its window holds after a crash, a province for one each witness_ms, and
 * for two of each head that it compares, a little fewer than this limit (province/inquiry.c). */
enum { SECOND_MS = 1000, MINUTE_MS = 60000, DAY_MS = 86400000, FOLLOWS_PER_MINUTE = 60, PROOFS_PER_MINUTE = 1200 };

/* As much of a peer as waits at the hub at most: that may be under way when its session ends without its knowing. */
enum { STRAY_BYTES_PER_MINUTE = 16 << 20 };

#define MS_NS INT64_C(1000000)

void rates_configure(const struct options *options, struct rate_limit ret_limits[RATES])
{
    const struct rate_limit limits[RATES] = {
        [RATE_RECORDS] = {options->rate_records, SECOND_MS, 0, "rate_records: too many records a second"},
        [RATE_BYTES] = {options->rate_kib << 10, SECOND_MS, 0, "rate_kib: too many bytes or messages a second"},
        [RATE_DAY] = {options->day_records, DAY_MS, 0, "day_records: too many records a day"},
        [RATE_SESSIONS] = {options->sessions_per_minute, MINUTE_MS, 0, "sessions_per_minute: too many sessions"},
        [RATE_FOLLOWS] = {FOLLOWS_PER_MINUTE, MINUTE_MS, 0, "too many FOLLOWs a minute"},
        [RATE_PROOFS] = {PROOFS_PER_MINUTE, MINUTE_MS, 0, "too many PROVEs a minute"},
        [RATE_OFFERS] = {options->offers_per_minute, MINUTE_MS, 0, "offers_per_minute: too many attachments offered"},
        [RATE_STRAY] = {STRAY_BYTES_PER_MINUTE, MINUTE_MS, 0, "too many bytes outside a session"},
    };
    for (int i = 0; i < RATES; i++) {
        int64_t burst_ms = options->rate_burst_s * SECOND_MS;
        ret_limits[i] = limits[i];
        ret_limits[i].burst_ms = limits[i].period_ms > burst_ms ? limits[i].period_ms : burst_ms;
    }
    ret_limits[RATE_STRAY].burst_ms = MINUTE_MS;
}

static int64_t burst_ns(const struct rate_limit *limit)
{
    return limit->burst_ms * MS_NS;
}

/* The time in which AMOUNT comes back. */
static int64_t price_ns(const struct rate_limit *limit, uint64_t amount)
{
    double price = (double)amount * (double)limit->period_ms * (double)MS_NS / (double)limit->amount;
    return price < (double)burst_ns(limit) ? (int64_t)price : burst_ns(limit);
}

static int64_t paid_after(const struct rate_limit *limit, const struct rate *rate, uint64_t amount, int64_t now_ns)
{
    return (rate->paid_ns > now_ns ? rate->paid_ns : now_ns) + price_ns(limit, amount);
}

int64_t rate_wait_ms(const struct rate_limit *limit, const struct rate *rate, uint64_t amount, int64_t now_ms)
{
    if (limit->amount == 0) {
        return 0;
    }
    int64_t over_ns = paid_after(limit, rate, amount, now_ms * MS_NS) - now_ms * MS_NS - burst_ns(limit);
    return over_ns > 0 ? (over_ns + MS_NS - 1) / MS_NS : 0;
}

void rate_take(const struct rate_limit *limit, struct rate *rate, uint64_t amount, int64_t now_ms)
{
    if (limit->amount > 0) {
        rate->paid_ns = paid_after(limit, rate, amount, now_ms * MS_NS);
    }
}

int64_t rates_take(const struct rate_limit limits[RATES], struct rate rates[RATES], const struct demand *demands,
                   size_t count, int64_t now_ms, const char **ret_what)
{
    int64_t wait_ms = 0;
    for (size_t i = 0; i < count; i++) {
        enum rate_kind kind = demands[i].kind;
        int64_t due_ms = rate_wait_ms(&limits[kind], &rates[kind], demands[i].amount, now_ms);
        if (due_ms > wait_ms) {
            wait_ms = due_ms;
            *ret_what = limits[kind].what;
        }
    }
    for (size_t i = 0; i < count && wait_ms == 0; i++) {
        enum rate_kind kind = demands[i].kind;
        rate_take(&limits[kind], &rates[kind], demands[i].amount, now_ms);
    }
    return wait_ms;
}
