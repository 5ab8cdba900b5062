/* hub/retention.h - how long the content of records is kept: retention.zpl in the hub's home, months by kind.
 *
 *     review_report = 120
 *     risk_warning = 60
 *
 * What no line names is kept for ever. When its term is over, counted from the day the hub took it, a record's content
 * is erased as by `agn-hub erase`; but not while a clock of its thread runs, nor before every follower that gets it has
 * acknowledged it, nor on a day that does not follow two that the hub has seen: a clock that is wrong for some hours
 * erases nothing. Done a few records a commit, each with its administrative act and with the place that was reached, so
 * that a crash repeats nothing and skips nothing. */
#ifndef HUB_RETENTION_H
#define HUB_RETENTION_H

#include "hub/city.h"

#define RETENTION_FILE "retention.zpl"

enum { RETENTION_KINDS = 64 };

struct retention {
    int64_t months[RETENTION_KINDS]; /* by the kind's number; 0: for ever */
    bool is_set;                     /* some kind has a term */
    uint64_t *acknowledged;          /* by the follower's party row, since the hub runs; 0: nothing yet */
    size_t capacity;
    /* The pass that goes on: */
    int64_t done_day; /* the local day whose pass is done */
    bool is_under_way;
    int64_t pass_day;
    uint64_t up_to, down_to; /* records from these numbers on wait for the uplink's, an inbox's follower */
    int64_t retained_batch;  /* where the look at those retained is */
    int retained_kind;
};

/* Fills the terms; the rest stays. The reason names file, line, kind and what was expected. */
MUST_CHECK err_t retention_load(const struct home *home, struct retention *retention, char reterr_reason[512]);
void retention_done(struct retention *retention);
/* A line a kind that has a term. The caller frees it. */
char *retention_text(const struct retention *retention);

/* A follower has all up to CURSOR. */
void retention_acknowledge(struct retention *retention, int64_t party_row, uint64_t cursor);

/* A part of what is due, in a commit of its own. *ret_erased: something was; *ret_has_more: it was not all. */
MUST_CHECK err_t retention_run(struct retention *retention, struct city *city, struct store *store, int64_t now,
                               bool *ret_erased, bool *ret_has_more);

#endif
