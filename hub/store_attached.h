/* hub/store_attached.h - which records name which attachments, so that one goes from the shelf with the content of the
 * last record of its party that named it.
 *
 * Store and shelf are two databases, and batches that name the attachment may be on their way meanwhile. So it goes in
 * three steps, each of which may be repeated after a crash:
 *   1. the commit that erases the record puts the attachment among those that are leaving; from there on the store
 *      takes no record that names it (`retry`, `missing_blob`), though the blobs actor let it pass;
 *   2. the blobs actor takes it from the shelf (LEAVE): whoever names it then is told to upload it anew;
 *   3. it answers (LEFT), in line with the party's batches that it let pass before, and the attachment is leaving no
 *      more.
 * Of the city's own records nothing is kept here: it uploads nothing. */
#ifndef HUB_STORE_ATTACHED_H
#define HUB_STORE_ATTACHED_H

#include "hub/store.h"

/* BYTES of the record ID are stored, or are about to be erased; both in the open group. */
MUST_CHECK err_t store_attach(struct store *store, int64_t party, const uint8_t id[RECORD_ID_SIZE], struct view bytes);
MUST_CHECK err_t store_detach(struct store *store, int64_t party, const uint8_t id[RECORD_ID_SIZE], struct view bytes);

/* Whether something that the record names is leaving. */
MUST_CHECK err_t store_is_leaving(struct store *store, int64_t party, struct view bytes, bool *ret_is_leaving);
/* The first that are leaving, at most CAPACITY. */
MUST_CHECK err_t store_leavers(struct store *store, struct leaver *ret_leavers, size_t capacity, size_t *ret_count);
/* It has gone from the shelf. */
MUST_CHECK err_t store_left(struct store *store, const struct leaver *leaver);

/* What a store of before has not kept: which attachments its records name. */
MUST_CHECK err_t store_learn_attached(struct store *store);

#endif
