#include "agent/proof.h"

#include "common/membership.h"
#include "common/text.h"

const char *proof_leak(const struct proof *proof, int64_t leaked_at)
{
    if (leaked_at == LEAKED_EVER) {
        return tr("signed by a key that only a leaked one had named", "签名密钥仅由已泄露的密钥指定");
    }
    return leaked_at && proof->signed_at > leaked_at
               ? tr("signed by a key that had been reported leaked before", "签名密钥在签名之前已被报告泄露")
               : NULL;
}

static const char *find_flaw(const struct item *item, const struct stored_receipt *receipt, const struct proof *proof)
{
    const char *leak = proof_leak(proof, receipt->leaked_at);
    if (leak) {
        return leak;
    }
    bool is_stored = proof->outcome == OUTCOME_STORED || proof->outcome == OUTCOME_DUPLICATE;
    return is_stored && proof->number != item->number ? tr("the number is not the receipt's", "编号与回执不符") : NULL;
}

/* No key fits no signature. */
static struct signing_key key_of(struct view bytes)
{
    struct signing_key key = {0};
    err_t err = signing_key_take(bytes, &key);
    (void)err;
    return key;
}

void proof_check(const struct item *item, struct view item_bytes, const struct stored_receipt *receipt,
                 struct proof *ret_proof)
{
    const struct signing_key hub_key = key_of(receipt->hub_key);
    const struct signing_key inclusion_key = key_of(receipt->inclusion.hub_key);
    evidence_check(item_bytes, &receipt->receipt, &hub_key, ret_proof);
    if (ret_proof->is_verified) {
        ret_proof->flaw = find_flaw(item, receipt, ret_proof);
        ret_proof->is_verified = !ret_proof->flaw;
        ret_proof->is_in_ledger = ret_proof->is_in_ledger && ret_proof->is_verified;
    }
    if (ret_proof->is_verified && receipt->inclusion.head.size > 0) {
        evidence_place(item_bytes, &receipt->inclusion, &inclusion_key, ret_proof);
    }
}
