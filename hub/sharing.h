/* hub/sharing.h - which warnings are to be shared with institutions, and what of them leaves.
 *
 * A warning that is actual and open, with share_scope affected_sectors or all_entities and of share_level or graver,
 * waits to be shared; by share_mode it is proposed to the operator (`agn-hub share --pending`), or shared by the desk.
 * A copy follows its source: it is updated when what may leave has changed, and withdrawn when the source is cancelled
 * or may not be shared any more. A copy that a person has filed is only ever proposed to be changed. */
#ifndef HUB_SHARING_H
#define HUB_SHARING_H

#include <jansson.h>

#include "hub/store.h"

enum share_mode { SHARE_OFF, SHARE_PROPOSE, SHARE_AUTO };
/* -1: no such mode. */
int share_mode_find(const char *code);
enum share_act { SHARE_NOTHING, SHARE_FIRST, SHARE_UPDATE, SHARE_WITHDRAW };
const char *share_act_code(enum share_act act); /* share, update, withdraw */

/* What may leave of a stored record: new reference, NULL where it cannot be read. */
json_t *sharing_leaving(struct view bytes);
/* Whom it concerns, by share_scope: new reference; NULL: it is not to be shared with institutions. */
json_t *sharing_audience(const json_t *leaving);
/* The shared_warning that follows from a warning, without audience and submitter: new reference. */
json_t *sharing_copy(const json_t *leaving, const char *owner, const uint8_t root[RECORD_ID_SIZE]);

struct history;
/* The copy as it would be now, with its audience, and its digest: new reference. */
json_t *sharing_derive(const struct history *history, const char *owner, const uint8_t root[RECORD_ID_SIZE],
                       uint8_t ret_digest[RECORD_HASH_SIZE]);

/* ---- rows: one a warning that was, is or may be shared ---- */
struct share_row {
    int64_t owner; /* party row */
    uint8_t root[RECORD_ID_SIZE];
    int level;
    enum share_act act; /* what waits */
    bool has_copy, is_by_hand, is_withdrawn;
    uint8_t copy[RECORD_ID_SIZE];     /* the thread of the shared_warning */
    uint8_t digest[RECORD_HASH_SIZE]; /* of what was shared last */
};
/* ERR_NOT_FOUND: there is none; the row is then empty but for owner and root. */
MUST_CHECK err_t store_get_share(struct store *store, int64_t owner, const uint8_t root[RECORD_ID_SIZE],
                                 struct share_row *ret_row);
MUST_CHECK err_t store_put_share(struct store *store, const struct share_row *row);
MUST_CHECK err_t store_drop_share(struct store *store, const struct share_row *row);
/* What a person files: *ret_is_copy: OBJECT is a copy of a warning, or changes the one that is out; *ret_row is the
 * warning's, with the digest of what may leave now. ERR_EXISTS: another copy is out. */
MUST_CHECK err_t sharing_claim(struct store *store, const json_t *object, struct share_row *ret_row, bool *ret_is_copy);
/* It was filed with this id, in the same group. */
MUST_CHECK err_t sharing_claimed(struct store *store, struct share_row *row, const uint8_t id[RECORD_ID_SIZE]);
/* The rows with something that waits, of LEVEL or graver, at most MAX, the gravest first; with those whose copy a
 * person filed, or without. */
MUST_CHECK err_t store_shares_waiting(struct store *store, int64_t level, bool with_by_hand, struct share_row *ret_rows,
                                      size_t max, size_t *ret_count);

#endif
