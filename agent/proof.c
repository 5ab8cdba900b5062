#include "agent/proof.h"

#include <string.h>

#include "common/text.h"

static const char *find_flaw(const struct item *item, const struct stored_receipt *receipt, const struct proof *proof)
{
    if (receipt->leaked_at && proof->signed_at > receipt->leaked_at) {
        return tr("signed by a key that had been reported leaked before", "签名密钥在签名之前已被报告泄露");
    }
    bool is_stored = proof->outcome == OUTCOME_STORED || proof->outcome == OUTCOME_DUPLICATE;
    return is_stored && proof->number != item->number ? tr("the number is not the receipt's", "编号与回执不符") : NULL;
}

void proof_check(const struct item *item, struct view item_bytes, const struct stored_receipt *receipt,
                 struct proof *ret_proof)
{
    struct signing_key hub_key = {0};
    err_t err = signing_key_take(receipt->hub_key, &hub_key); /* no key fits no signature */
    (void)err;
    evidence_check(item_bytes, &receipt->receipt, &hub_key, ret_proof);
    if (!ret_proof->flaw) {
        ret_proof->flaw = find_flaw(item, receipt, ret_proof);
        ret_proof->is_verified = !ret_proof->flaw;
        ret_proof->is_in_ledger = ret_proof->is_in_ledger && ret_proof->is_verified;
    }
}
