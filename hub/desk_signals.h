/* hub/desk_signals.h - clusters of warnings, looked for without anybody's doing, each filed once as a composite
 * warning.
 *
 * The rows of the warnings follow the log (hub/store_signal.h). When they have changed, when a day has begun or when
 * the rules are new, every rule is looked at, one rule and day a round. The composite warning, the note that it was
 * raised and the rows are of the desk's one commit: a crash repeats nothing. What was not yet looked at when the
 * program ended is looked at when it starts. Days that passed meanwhile are looked at one by one, as if it had run. */
#ifndef HUB_DESK_SIGNALS_H
#define HUB_DESK_SIGNALS_H

#include "common/home.h"
#include "hub/options.h"
#include "hub/store_signal.h"

enum { SIGNAL_DAYS_BACK = 31, SIGNAL_DESK_ROWS_MAX = 200000 };

/* All zero: no rules, nothing is looked for. */
struct desk_signals {
    struct signal_rules *rules;   /* NULL: none */
    struct signal_memory *memory; /* what was raised; NULL: to be read from the store */
    int64_t changes, looked;      /* rows as often changed as the last look began with */
    int64_t done_day;             /* the last day looked at; INT64_MIN: to be read from the store */
    bool is_caught_up;            /* there is a row for every warning that the desk has passed */
    bool is_looking;
    int64_t day; /* where the look stands */
    size_t rule;
    int64_t spent_ms;
    int64_t rest_until; /* monotonic: not before, so that looking takes a small part of the time */
};

/* Reads the rules that the options name, in HOME. On failure what was stays; the reason names file and line. */
MUST_CHECK err_t signals_configure(struct desk_signals *signals, const struct home *home, const struct options *options,
                                   char reterr_reason[512]);
/* Where the rules lie. False: the site has none, and did not name a file. */
bool signals_path(const struct home *home, const struct options *options, char ret_path[PATH_SIZE]);
/* What was written since the last commit did not come to be. */
void signals_forget(struct desk_signals *signals);
void signals_close(struct desk_signals *signals);

struct desk;
struct history;
/* The thread's row, as the thread stands. */
MUST_CHECK err_t desk_signal_row(struct desk *desk, const struct party *owner, const uint8_t root[RECORD_ID_SIZE],
                                 const struct history *history);
/* One round. */
MUST_CHECK err_t desk_signals(struct desk *desk, int64_t now, bool *ret_has_more);

#endif
