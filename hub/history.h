/* hub/history.h - what the records of a thread tell of it: its state, when it got there, the content that counts now.
 *
 * Reckoned anew from the records each time, so that it cannot drift from them. */
#ifndef HUB_HISTORY_H
#define HUB_HISTORY_H

#include "hub/store_clock.h"

/* What counts of the thread from one record on; borrows `bytes`. */
struct history_content {
    struct record record;
    uint8_t *bytes;
};

/* The thread as it stood after one of its records. */
struct history_step {
    int64_t at;
    struct term_facts facts;
    const struct history_content *content;
};

struct history {
    const struct kind *kind; /* of the root; NULL: the thread is not there */
    struct term_facts facts;
    uint64_t number;       /* of the root */
    struct record content; /* the last of `contents`; its kind is NULL where there is none */
    struct history_content **contents;
    size_t content_count, content_room;
    struct history_step *steps; /* in order; none before there is a content */
    size_t step_count, step_room;
    int utc_offset_minutes;
    int64_t level;
};

/* The whole thread of OWNER. The caller calls history_done() whatever is returned. */
MUST_CHECK err_t history_read(struct store *store, const struct party *owner, const uint8_t root[RECORD_ID_SIZE],
                              int utc_offset_minutes, struct history *ret_history);
void history_done(struct history *history);

#endif
