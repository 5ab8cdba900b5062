/* hub/store_signal.h - what the search for clusters keeps: a row a warning that counts, and what was raised already.
 *
 * Written by the desk in the same group as what it follows from, so that neither can be ahead of the other. */
#ifndef HUB_STORE_SIGNAL_H
#define HUB_STORE_SIGNAL_H

#include "common/signal.h"
#include "hub/store.h"

/* Puts the thread's row (its id is the thread's root), over the one that is there. */
MUST_CHECK err_t store_put_signal_row(struct store *store, int64_t owner, const struct signal_row *row);
/* The thread does not count, or not any more. *ret_was: it did. */
MUST_CHECK err_t store_drop_signal_row(struct store *store, int64_t owner, const uint8_t root[RECORD_ID_SIZE],
                                       bool *ret_was);
/* The rows counted from FIRST to LAST; each borrows from the statement until the next. Ends at the first error. */
MUST_CHECK err_t store_each_signal_row(struct store *store, int64_t first, int64_t last,
                                       err_t (*each)(void *self, const struct signal_row *row), void *self);
/* The day of the first row there is. ERR_NOT_FOUND: there is none. */
MUST_CHECK err_t store_signal_first_day(struct store *store, int64_t *ret_day);

/* A composite warning that was filed. */
struct raised {
    const char *rule, *cluster;
    int64_t day; /* the last of the window */
    int64_t at;  /* filed, UTC milliseconds */
    uint8_t id[RECORD_ID_SIZE];
    struct view evidence; /* ids, one after the other */
};
MUST_CHECK err_t store_put_raised(struct store *store, const struct raised *raised);
/* Oldest first. */
MUST_CHECK err_t store_each_raised(struct store *store, void (*each)(void *self, const struct raised *raised),
                                   void *self);

/* Batches up to this one were followed before there were rows, and are still to be gone through; 0: none. */
MUST_CHECK err_t store_signal_rows_to(struct store *store, int64_t *ret_batch);
MUST_CHECK err_t store_set_signal_rows_to(struct store *store, int64_t batch);

/* The last day whose windows were looked at with every rule. ERR_NOT_FOUND: none was. */
MUST_CHECK err_t store_signal_day(struct store *store, int64_t *ret_day);
MUST_CHECK err_t store_set_signal_day(struct store *store, int64_t day);

#endif
