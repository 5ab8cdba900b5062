/* hub/history.h - what the records of a thread tell of it: its state, when it got there, the content that counts now.
 *
 * Reckoned anew from the records each time, so that it cannot drift from them. */
#ifndef HUB_HISTORY_H
#define HUB_HISTORY_H

#include "hub/store_clock.h"

struct history {
    const struct kind *kind; /* of the root; NULL: the thread is not there */
    struct term_facts facts;
    uint64_t number;       /* of the root */
    struct record content; /* borrows `bytes` */
    uint8_t *bytes;
    int utc_offset_minutes;
    int64_t level;
};

/* The whole thread of OWNER. The caller calls history_done() whatever is returned. */
MUST_CHECK err_t history_read(struct store *store, const struct party *owner, const uint8_t root[RECORD_ID_SIZE],
                              int utc_offset_minutes, struct history *ret_history);
void history_done(struct history *history);

#endif
