/* hub/store_delivery.h - to whom each notice and shared warning was sent, and how far it got with them.
 *
 * A delivery is a row and its count, in the families `notice` and `issued`: in one of the states `sent`, `delivered`,
 * `opened` and `answered`, and beside it in `late` while its answer is overdue. Whoever changes the row changes the
 * count with it, since both are store_put_delivery(). */
#ifndef HUB_STORE_DELIVERY_H
#define HUB_STORE_DELIVERY_H

#include "hub/store.h"
#include "proto/kinds.h"

struct delivery {
    int64_t owner; /* of the thread: a party's row */
    uint8_t root[RECORD_ID_SIZE];
    int64_t party;
    int64_t at, day;      /* when it was sent; the day that it is counted under */
    char category[64];    /* "-": a shared warning; "": a rehearsal, or withdrawn: counted nowhere */
    char entity_type[32]; /* of the party when it was sent */
    int64_t cursor;       /* in the party's inbox */
    int64_t delivered_at; /* the party's side has it durably; 0: not known to */
    int64_t opened_at, answered_at;
    bool is_late; /* its answer is overdue */
};

/* Never DELIVERY_LATE: that stands beside it. */
enum delivery_state delivery_state(const struct delivery *delivery);
bool delivery_is_late(const struct delivery *delivery);

/* ERR_NOT_FOUND: it was not sent to the party. */
MUST_CHECK err_t store_get_delivery(struct store *store, int64_t owner, const uint8_t root[RECORD_ID_SIZE],
                                    int64_t party, struct delivery *ret_delivery);
/* Writes the row, and moves it from the cells of OLD (NULL: it is new) to its own. */
MUST_CHECK err_t store_put_delivery(struct store *store, const struct delivery *old, const struct delivery *delivery);
/* In order of party. The callback may put the delivery that it is given. */
MUST_CHECK err_t store_each_delivery(struct store *store, int64_t owner, const uint8_t root[RECORD_ID_SIZE],
                                     err_t (*each)(void *self, const struct delivery *delivery), void *self);
/* All of them, in whatever order. */
MUST_CHECK err_t store_every_delivery(struct store *store, err_t (*each)(void *self, const struct delivery *delivery),
                                      void *self);
void store_count_delivery(struct store *store, const struct delivery *delivery, int64_t count);

/* The party has durably what stands in its inbox up to the cursor. */
MUST_CHECK err_t store_note_received(struct store *store, int64_t party, uint64_t cursor, int64_t now);
/* The answer that a notice's addressee owes is overdue, or not any more. */
MUST_CHECK err_t store_set_late(struct store *store, int64_t owner, const uint8_t root[RECORD_ID_SIZE], int64_t party,
                                bool is_late);

#endif
