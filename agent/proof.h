/* agent/proof.h - whether a kept receipt proves what the spool says of an item. */
#ifndef AGENT_PROOF_H
#define AGENT_PROOF_H

#include "agent/spool_hub.h"

struct proof {
    bool is_verified;
    const char *flaw; /* where it is not: for a person */
    enum outcome outcome;
    uint64_t number;
    int64_t at;
    int64_t signed_at;
    struct tree_head head; /* of the ledger that holds it */
    char hub[256];
    char party[64];
};

/* Checks now: the hub's signature over the body, the item's bytes against their hash, the item's result in the body
 * against the spool. */
void proof_check(const struct item *item, struct view item_bytes, const struct stored_receipt *receipt,
                 struct proof *ret_proof);

#endif
