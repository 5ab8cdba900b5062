/* province/witness.h - what the hubs have signed of their ledgers (PROTOCOL.md §10), kept for ever: a head of every
 * size that was shown, and an alarm with both heads wherever two of them cannot both be true.
 *
 * It is a file of its own beside the replica, since the replica may be read anew from the hubs and this may not. `run`
 * keeps heads and raises alarms; commands tell it of heads that somebody else was shown, and clear alarms. Several
 * processes take turns. What was cleared stays, with the reason; the hub's heads then begin a new line, whose first is
 * compared with none before it. */
#ifndef PROVINCE_WITNESS_H
#define PROVINCE_WITNESS_H

#include "common/db.h"
#include "common/evidence.h"
#include "common/home.h"
#include "proto/schema.h"

#define WITNESS_FILE "witness.db"

struct witness;

/* A head whose signature was found good. */
struct kept_head {
    struct tree_head head;
    uint8_t bytes[HEAD_SIZE];
    uint8_t signature[SIGNATURE_SIZE];
    struct signing_key key; /* that signed it: a hub may have changed its own since */
};

/* ERR_INVALID: they are no head, or of a size beyond all that can be kept. The signature is not checked. */
MUST_CHECK err_t kept_head_take(struct view bytes, struct view signature, struct view key, struct kept_head *ret_head);

/* The codes of an alarm, in the order of enum heads but for the first. */
extern const struct enumeration enum_alarm;
/* HEADS is none of agreement. */
const char *alarm_code(enum heads heads);

/* A reader of a home that has none yet gets an empty one in memory. */
MUST_CHECK err_t witness_open(const struct home *home, bool is_writer, struct witness **ret_witness,
                              char reterr_reason[256]);
/* Takes NULL. */
void witness_close(struct witness *witness);
/* For listings: borrowed. */
sqlite3 *witness_db(struct witness *witness);

/* The largest head of the hub's present line, in this epoch or, where it has none of that, in another; whichever of its
 * keys has signed it: what the next one of this epoch is held to. ERR_NOT_FOUND: none yet. */
MUST_CHECK err_t witness_last(struct witness *witness, int64_t hub, const uint8_t epoch[EPOCH_SIZE],
                              struct kept_head *ret_head);
/* Whether it has ever shown one. */
MUST_CHECK err_t witness_knows(struct witness *witness, int64_t hub, bool *ret_knows);
/* A head of a size that is known already changes nothing. */
MUST_CHECK err_t witness_keep(struct witness *witness, int64_t hub, const struct kept_head *head, int64_t now);

/* The hub has this key no more since AT, by its clock, the earliest that was said: another one has taken its place, or
 * it has leaked, which is for good. What it signed until then stays what it was; a head that it signed later is kept,
 * and is doubtful: nothing is held to it. */
MUST_CHECK err_t witness_retire(struct witness *witness, int64_t hub, const struct signing_key *key, int64_t at,
                                bool is_leaked);
/* The hub signs with this key in a session of its own. Had another one taken its place, it has it again: it was put
 * back with it and joined anew, or the other one has named it. What it signs is its word as before, so that all of it
 * is held to the last head, by whichever key; what was doubtful stays so. One that has leaked stays old. */
MUST_CHECK err_t witness_reinstate(struct witness *witness, int64_t hub, const struct signing_key *key);
struct old_key {
    int64_t at; /* since when */
    bool is_leaked;
};
/* ERR_NOT_FOUND: not known to be retired. */
MUST_CHECK err_t witness_retired(struct witness *witness, int64_t hub, const struct signing_key *key,
                                 struct old_key *ret_old);
/* What witness_retire() would make doubtful of the heads of the hub's present line. */
struct doubt {
    int64_t count, smallest, largest; /* sizes; 0 where there is none, as the next */
    int64_t sound_size;               /* the largest that stays sound */
};
MUST_CHECK err_t witness_would_doubt(struct witness *witness, int64_t hub, const struct signing_key *key, int64_t at,
                                     struct doubt *ret_doubt);
MUST_CHECK err_t witness_doubts(struct witness *witness, int64_t hub, const struct kept_head *head,
                                bool *ret_is_doubtful);
/* Whether an alarm of that old key is cleared. */
MUST_CHECK err_t witness_settled(struct witness *witness, int64_t hub, const struct signing_key *key,
                                 bool *ret_is_settled);
/* The largest doubtful head by an old key of which no alarm has told. ERR_NOT_FOUND: none. */
MUST_CHECK err_t witness_doubtful(struct witness *witness, int64_t hub, struct kept_head *ret_head);

/* A kept head of the same hub's present line that contradicts HEAD by itself: of its epoch and size with another root,
 * or of another epoch where of HEAD's none was ever kept. Ask first whether HEAD is explained. ERR_NOT_FOUND: none
 * does. */
MUST_CHECK err_t witness_other(struct witness *witness, int64_t hub, const struct tree_head *head,
                               struct kept_head *ret_head);

/* Whether HEAD was kept before an alarm that is cleared, or is one of the two that it told of; or was shown to somebody
 * as one by an old key, and that alarm is cleared: what it says is explained, and nothing is held to it any more. */
MUST_CHECK err_t witness_explained(struct witness *witness, int64_t hub, const struct kept_head *head,
                                   bool *ret_is_explained);

/* Two signed heads of one hub that cannot both be true. */
struct contradiction {
    enum heads heads;
    const struct kept_head *known, *later;
    const char *told_by; /* who was shown KNOWN; NULL: this province itself */
};
/* Whether an alarm stands already that says the same of the known head; of an old key: of any head by it. */
MUST_CHECK err_t witness_stands(struct witness *witness, int64_t hub, const struct contradiction *contradiction,
                                bool *ret_stands);
/* *ret_is_new is false where one does. */
MUST_CHECK err_t witness_raise(struct witness *witness, int64_t hub, const struct contradiction *contradiction,
                               int64_t now, bool *ret_is_new);
/* How many alarms of the hub stand; of all hubs where it is 0. */
MUST_CHECK err_t witness_standing(struct witness *witness, int64_t hub, int64_t *ret_count);
/* ERR_NOT_FOUND: no such alarm stands. */
MUST_CHECK err_t witness_clear(struct witness *witness, int64_t alarm, const char *person, const char *why,
                               int64_t now);

/* ---- heads that somebody else was shown ---- */

struct told_head {
    int64_t id;
    struct kept_head head;
    char told_by[256];
};

/* Who was shown the head of a receipt of this province's own. */
#define TOLD_BY_RECEIPT "(receipt)"

/* Told once more it is compared once more. */
MUST_CHECK err_t witness_tell(struct witness *witness, int64_t hub, const struct kept_head *head, const char *told_by,
                              int64_t now, int64_t *ret_id);
/* The head of the newest receipt, in the place of those before that were found to agree. What was found to contradict
 * the ledger is not told again: the alarm keeps it. */
MUST_CHECK err_t witness_tell_receipt(struct witness *witness, int64_t hub, const struct kept_head *head, int64_t now);
/* The oldest that waits, of this epoch. ERR_NOT_FOUND: none. */
MUST_CHECK err_t witness_next_told(struct witness *witness, int64_t hub, const uint8_t epoch[EPOCH_SIZE],
                                   struct told_head *ret_told);
MUST_CHECK err_t witness_settle_told(struct witness *witness, int64_t id, enum heads heads, int64_t now);
/* ERR_NOT_FOUND: it waits still. */
MUST_CHECK err_t witness_verdict(struct witness *witness, int64_t id, enum heads *ret_heads);

#endif
