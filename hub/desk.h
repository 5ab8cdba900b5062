/* hub/desk.h - what follows from the records without anybody's doing: clocks, reminders, escalations, cases that have
 * to be opened, who reported and who did not.
 *
 * The desk follows the log by batch number and keeps its place in the same commit as what it writes, so a crash between
 * any two lines repeats nothing and skips nothing. It runs on the writer's handle when the writer has nothing better to
 * do: deadlines are hours and months, receipts are not kept waiting for them. */
#ifndef HUB_DESK_H
#define HUB_DESK_H

#include "hub/city.h"
#include "hub/desk_signals.h"
#include "hub/sharing.h"
#include "hub/store_clock.h"
#include "hub/terms.h"

/* What the parties' sides have of their inboxes, as they said since the last commit of it. */
struct desk_received {
    uint64_t *upto; /* by the party's row */
    size_t room;
    int64_t *waiting; /* rows, each once */
    size_t count, taken;
};

struct desk {
    struct store *store;
    struct city *city;
    struct site_terms site;
    struct {
        int64_t done_day; /* the local day for which the periods were opened */
        int64_t day, row; /* for which they are being opened, and the last party that has its own */
    } periods;
    int64_t plans_day; /* likewise for which the plans were measured */
    struct {
        int64_t wait_ms;   /* how long a clock that has leapt must stand */
        int64_t believed;  /* the local day that the desk goes by */
        int64_t waits_for; /* the one that it does not go by yet; INT64_MIN: none */
        int64_t since_ms;  /* monotonic: since when */
    } leap;
    struct desk_signals signals;
    enum share_mode share_mode;
    int64_t share_level;
    bool shares_due; /* there may be something to share */
    struct desk_received received;
};

MUST_CHECK err_t desk_open(struct desk *desk, struct store *store, struct city *city, const struct home *home,
                           int utc_offset_minutes, char reterr_reason[512]);
void desk_close(struct desk *desk);
/* The site's terms, read again. On failure those that were stay; the reason names file and line. */
MUST_CHECK err_t desk_load_terms(struct desk *desk, const struct home *home, char reterr_reason[512]);
/* What the options say of sharing and of signals: at the start, and again on SIGHUP. On failure the rules for signals
 * stay as they were; the reason names file and line. */
MUST_CHECK err_t desk_configure(struct desk *desk, const struct home *home, const struct options *options,
                                char reterr_reason[512]);

/* Does a part of what is to be done, in a commit of its own; at most about BUDGET_MS. *ret_has_more: it was not all. */
MUST_CHECK err_t desk_run(struct desk *desk, int64_t now, int64_t budget_ms, bool *ret_has_more);

/* The party has durably what stands in its inbox up to the cursor: its deliveries are `delivered` with the next runs.
 */
void desk_note_received(struct desk *desk, int64_t party, uint64_t cursor);

struct history;
/* ---- shared by desk*.c ---- */
/* Reckons the clocks of a thread anew and writes what changed. */
MUST_CHECK err_t desk_thread(struct desk *desk, int64_t owner, const uint8_t root[RECORD_ID_SIZE], int64_t now);
/* Of what other threads tell of this one, as they stand now: sets when a re-review of it was asked for and when it was
 * followed up; 0: not. */
MUST_CHECK err_t desk_find_mentions(struct desk *desk, int64_t owner, const uint8_t root[RECORD_ID_SIZE],
                                    const struct history *history, int64_t events[TERM_EVENTS]);
/* A re-review goes by the emergency procedure when it says so, or when the report that it is about does. */
MUST_CHECK err_t desk_inherits_emergency(struct desk *desk, const struct party *owner, const struct history *history,
                                         bool *ret_is_emergency);
/* Reckons the clocks of the other threads that a record tells of. */
MUST_CHECK err_t desk_mentioned(struct desk *desk, const struct logged *logged, const struct record *record,
                                int64_t now);
/* The review number of a report; "" of anything else. */
void desk_read_activity(const struct record *content, char ret_activity[ACTIVITY_SIZE]);
MUST_CHECK err_t desk_report(struct desk *desk, const struct logged *logged, const struct record *record, int64_t now);
/* Whether what is due by the calendar may be done at NOW. */
MUST_CHECK err_t desk_believes(struct desk *desk, int64_t now, bool *ret_believes);
/* The day's note may not have been written. */
void desk_forget_day(struct desk *desk);
/* UNTIL: of the monotonic clock. */
MUST_CHECK err_t desk_periods(struct desk *desk, int64_t now, int64_t until, bool *ret_has_more);
/* All of them are looked at again. */
void desk_forget_periods(struct desk *desk);
MUST_CHECK err_t desk_receive(struct desk *desk, int64_t now, bool *ret_has_more);
/* After the run's commit, or its failure. */
void desk_end_receive(struct desk *desk, bool is_committed);
void desk_free_received(struct desk *desk);
MUST_CHECK err_t desk_alerts(struct desk *desk, int64_t now, bool *ret_has_more);
/* What of the thread's warning is to be shared, as the thread stands. */
MUST_CHECK err_t desk_share_row(struct desk *desk, const struct party *owner, const uint8_t root[RECORD_ID_SIZE],
                                const struct history *history);
/* A shared warning of the city, as its thread stands: its source is shared. */
MUST_CHECK err_t desk_share_noted(struct desk *desk, const uint8_t copy[RECORD_ID_SIZE], const struct history *history);
MUST_CHECK err_t desk_shares(struct desk *desk, int64_t now, bool *ret_has_more);
/* What else follows from a thread of this kind. */
MUST_CHECK err_t desk_derived(struct desk *desk, const struct party *owner, const uint8_t root[RECORD_ID_SIZE],
                              const struct history *history);
/* The plan is looked after, or not any more, as its thread stands. */
MUST_CHECK err_t desk_plan_row(struct desk *desk, const uint8_t root[RECORD_ID_SIZE], const struct history *history);
MUST_CHECK err_t desk_plans(struct desk *desk, int64_t now);
/* Writes the row and what else follows from it: what a notice's addressee owes is late. */
MUST_CHECK err_t desk_put_clock(struct desk *desk, const struct clock_row *old, struct clock_row *row);
/* The row as of now: its state, and when to look again. */
void desk_settle(const struct desk *desk, struct clock_row *row, int64_t now);

#endif
