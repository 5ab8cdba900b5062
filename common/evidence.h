/* common/evidence.h - what a hub has signed, checked: heads of the ledger, and receipts that stand in one
 * (PROTOCOL.md §10). Pure. Every byte may be hostile. */
#ifndef COMMON_EVIDENCE_H
#define COMMON_EVIDENCE_H

#include "common/merkle.h"
#include "proto/message.h"

/* A head and who vouches for it; the views are borrowed. */
struct signed_head {
    struct view head, algorithm, signature;
};

bool head_is_signed(const struct signed_head *head, const struct signing_key *hub_key);

/* How a head stands to one that was known before, of the same hub. All but the first cannot be, as long as the hub's
 * store is the same: both are signed, so together they are the proof. */
enum heads {
    HEADS_AGREE,
    HEADS_ROLLBACK,    /* the later one is smaller */
    HEADS_FORK,        /* of one size, with two roots */
    HEADS_REWRITTEN,   /* the larger is not shown to go on with the smaller */
    HEADS_OLD_KEY,     /* one is signed with a key that the hub had no more by then; its content is not looked at */
    HEADS_OTHER_STORE, /* the later one is of another epoch: nothing leads from the known ledger to it */
};

/* CONSISTENCY: what the hub sent to show that LATER goes on with KNOWN; looked at where LATER is the larger. */
enum heads heads_compare(const struct suite *suite, const struct tree_head *known, const struct tree_head *later,
                         struct view consistency);

/* What the signature of the batch that BODY answers covers, for the hub of this CURVE key: appends to BUFFER.
 * ERR_INVALID: it answers none, or more items than fit a batch. */
MUST_CHECK err_t batch_signed_bytes(const struct receipt_body *body, const uint8_t hub_curve_key[KEY_SIZE],
                                    msgpack_sbuffer *buffer);
/* Whether the signature that BODY names is good: by its key, for its hub. */
bool batch_is_signed(const struct suite *suite, const struct receipt_body *body);

/* Whether a receipt proves what its body says: NULL, and then both results are set, or the flaw for a person. The
 * hub's signature is not looked at: head_is_signed(). */
const char *receipt_flaw(const struct suite *suite, const struct receipt *receipt, struct receipt_body *ret_body,
                         struct tree_head *ret_head);

/* What the hub shows where it is asked (PROVE): that a record stands in the ledger under a head that it has signed. The
 * views are borrowed; where nothing was shown all of them are empty. */
struct inclusion {
    struct view head, signature, path;
    struct view hub_key; /* that signed the head; the hub may have changed its own since */
};

/* Whether PATH leads from record NUMBER, whose leaf hash is LEAF, to the root of HEAD, and that is of this EPOCH. The
 * signature is not looked at. */
bool inclusion_holds(const struct suite *suite, const uint8_t leaf[MERKLE_HASH_SIZE], uint64_t number,
                     const uint8_t epoch[EPOCH_SIZE], const struct tree_head *head, struct view path);

/* What a receipt, and what was shown beside it, proves of one record. */
struct proof {
    bool is_verified;
    const char *flaw;  /* where it is not: for a person */
    bool is_in_ledger; /* its place is proved; otherwise the hub's word alone is signed */
    bool is_by_party;  /* the hub names the key that the batch was signed with */
    enum outcome outcome;
    uint64_t number;
    int64_t at;
    int64_t signed_at;
    struct tree_head head; /* of the ledger in which its place is proved; else of that commit's */
    char hub[256];
    char party[64];
};

/* The hub's signature, the receipt in its commit and in the ledger, and the record's own result in it. Before a flaw is
 * found the other members are set as far as they are known. */
void evidence_check(struct view record, const struct receipt *receipt, const struct signing_key *hub_key,
                    struct proof *ret_proof);

/* After evidence_check() has verified: the place of the record, as INCLUSION shows it under HUB_KEY's signature. One
 * that does not hold is a flaw. */
void evidence_place(struct view record, const struct inclusion *inclusion, const struct signing_key *hub_key,
                    struct proof *proof);

#endif
