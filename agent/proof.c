#include "agent/proof.h"

#include <string.h>

#include "common/evidence.h"
#include "common/log.h"
#include "common/text.h"

static bool find_result(const struct receipt_body *body, const struct item *item, struct result *ret_result)
{
    struct reader results = body->results;
    for (uint32_t i = 0; i < body->count && result_next(&results, ret_result) == ERR_OK; i++) {
        if (ret_result->id.size == RECORD_ID_SIZE && memcmp(ret_result->id.at, item->id, RECORD_ID_SIZE) == 0 &&
            ret_result->hash.size == RECORD_HASH_SIZE &&
            memcmp(ret_result->hash.at, item->hash, RECORD_HASH_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

static const char *find_flaw(const struct item *item, struct view item_bytes, const struct stored_receipt *receipt,
                             struct proof *proof)
{
    struct receipt_body body;
    struct result result;
    struct signing_key hub_key;
    uint8_t hash[RECORD_HASH_SIZE];
    const struct receipt *told = &receipt->receipt;
    const struct signed_head head = {told->head, told->algorithm, told->signature};
    if (signing_key_take(receipt->hub_key, &hub_key) != ERR_OK || !head_is_signed(&head, &hub_key)) {
        return tr("the hub's signature does not fit", "枢纽签名不符");
    }
    const char *flaw = receipt_flaw(signing_key_suite(&hub_key), told, &body, &proof->head);
    if (flaw) {
        return flaw;
    }
    log_safe(body.hub.at, body.hub.size, proof->hub, sizeof proof->hub);
    log_safe(body.party.at, body.party.size, proof->party, sizeof proof->party);
    proof->signed_at = body.at;
    if (!find_result(&body, item, &result)) {
        return tr("the receipt does not name this record", "回执中没有这条记录");
    }
    proof->outcome = result.outcome;
    proof->number = result.number;
    proof->at = result.at;
    suite_hash_leaf(signing_key_suite(&hub_key), item_bytes, hash);
    if (memcmp(hash, item->hash, RECORD_HASH_SIZE) != 0) {
        return tr("the record's bytes have changed since it was accepted", "记录内容自受理后已被改动");
    }
    bool is_stored = result.outcome == OUTCOME_STORED || result.outcome == OUTCOME_DUPLICATE;
    return is_stored && result.number != item->number ? tr("the number is not the receipt's", "编号与回执不符") : NULL;
}

void proof_check(const struct item *item, struct view item_bytes, const struct stored_receipt *receipt,
                 struct proof *ret_proof)
{
    memset(ret_proof, 0, sizeof *ret_proof);
    ret_proof->flaw = find_flaw(item, item_bytes, receipt, ret_proof);
    ret_proof->is_verified = ret_proof->flaw == NULL;
}
