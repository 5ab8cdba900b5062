/* agent/proof.h - whether a kept receipt proves what the spool says of an item. */
#ifndef AGENT_PROOF_H
#define AGENT_PROOF_H

#include "agent/spool_hub.h"
#include "common/evidence.h"

/* evidence_check() of the item's bytes and its receipt, evidence_place() where its place was shown beside that, and
 * that the spool says the same. */
void proof_check(const struct item *item, struct view item_bytes, const struct stored_receipt *receipt,
                 struct proof *ret_proof);

/* The flaw of a receipt that was signed after its key had leaked; NULL: none. LEAKED_AT 0: the key has not. */
const char *proof_leak(const struct proof *proof, int64_t leaked_at);

#endif
