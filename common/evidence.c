#include "common/evidence.h"

#include <string.h>

#include "common/log.h"
#include "common/text.h"

bool head_is_signed(const struct signed_head *head, const struct signing_key *hub_key)
{
    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    head_signed_bytes(head->head, &buffer);
    bool is_good = signature_check(hub_key, head->algorithm, (struct view){(const uint8_t *)buffer.data, buffer.size},
                                   head->signature);
    msgpack_sbuffer_destroy(&buffer);
    return is_good;
}

enum heads heads_compare(const struct suite *suite, const struct tree_head *known, const struct tree_head *later,
                         struct view consistency)
{
    if (memcmp(later->epoch, known->epoch, EPOCH_SIZE) != 0) {
        return HEADS_OTHER_STORE;
    }
    if (later->size < known->size) {
        return HEADS_ROLLBACK;
    }
    if (later->size == known->size) {
        return memcmp(later->root, known->root, MERKLE_HASH_SIZE) == 0 ? HEADS_AGREE : HEADS_FORK;
    }
    /* Every tree goes on with the empty one, and of that the hub has nothing to show. */
    bool is_shown = known->size == 0 ||
                    merkle_check_consistency(suite, known->size, known->root, later->size, later->root, consistency);
    return is_shown ? HEADS_AGREE : HEADS_REWRITTEN;
}

/* The records that a receipt says are stored have numbers that follow one another. False: they do not, or there are
 * more than fit a batch. */
static bool read_stored(const struct receipt_body *body, uint8_t leaves[BATCH_ITEMS_MAX][RECORD_HASH_SIZE],
                        uint64_t *ret_first, uint64_t *ret_count)
{
    struct reader results = body->results;
    *ret_count = 0;
    for (uint32_t i = 0; i < body->count; i++) {
        struct result result;
        if (result_next(&results, &result) != ERR_OK) {
            return false;
        }
        if (result.outcome != OUTCOME_STORED) {
            continue;
        }
        *ret_first = *ret_count == 0 ? result.number : *ret_first;
        if (*ret_count == BATCH_ITEMS_MAX || result.number == 0 || result.number - *ret_first != *ret_count) {
            return false;
        }
        memcpy(leaves[(*ret_count)++], result.hash.at, RECORD_HASH_SIZE);
    }
    return true;
}

static bool is_in_ledger(const struct suite *suite, const struct receipt_body *body, const struct tree_head *head,
                         struct view proof)
{
    uint8_t leaves[BATCH_ITEMS_MAX][RECORD_HASH_SIZE];
    uint64_t first = 0;
    uint64_t count = 0;
    if (!read_stored(body, leaves, &first, &count)) {
        return false;
    }
    return count == 0 ? proof.size == 0
                      : merkle_check_range(suite, leaves[0], first - 1, count, head->size, proof, head->root);
}

err_t batch_signed_bytes(const struct receipt_body *body, const uint8_t hub_curve_key[KEY_SIZE],
                         msgpack_sbuffer *buffer)
{
    uint8_t hashes[BATCH_ITEMS_MAX * RECORD_HASH_SIZE];
    struct reader results = body->results;
    err_t err = body->count > 0 && body->count <= BATCH_ITEMS_MAX ? ERR_OK : ERR_INVALID;
    for (uint32_t i = 0; i < body->count && err == ERR_OK; i++) {
        struct result result;
        err = result_next(&results, &result);
        if (err == ERR_OK) {
            memcpy(hashes + (size_t)i * RECORD_HASH_SIZE, result.hash.at, RECORD_HASH_SIZE);
        }
    }
    if (err == ERR_OK) {
        submit_signed_bytes(hub_curve_key, hashes, body->count, buffer);
    }
    return err;
}

bool batch_is_signed(const struct suite *suite, const struct receipt_body *body)
{
    struct signing_key key;
    msgpack_sbuffer covered;
    msgpack_sbuffer_init(&covered);
    bool is_good = signing_key_take(body->party_key, &key) == ERR_OK && signing_key_suite(&key) == suite &&
                   batch_signed_bytes(body, body->hub_curve_key.at, &covered) == ERR_OK &&
                   signature_check(&key, suite_label(suite), (struct view){(const uint8_t *)covered.data, covered.size},
                                   body->signature);
    msgpack_sbuffer_destroy(&covered);
    return is_good;
}

const char *receipt_flaw(const struct suite *suite, const struct receipt *receipt, struct receipt_body *ret_body,
                         struct tree_head *ret_head)
{
    uint8_t leaf[MERKLE_HASH_SIZE];
    if (head_decode(receipt->head, ret_head) != ERR_OK || receipt_body_decode(receipt->body, ret_body) != ERR_OK) {
        return tr("the receipt cannot be read", "回执无法读取");
    }
    suite_hash_leaf(suite, receipt->body, leaf);
    if (!merkle_check_inclusion(suite, leaf, receipt->index, receipt->count, receipt->path, ret_head->receipts)) {
        return tr("the receipt is not among those that the hub signed", "该回执不在枢纽签署的回执之列");
    }
    if (memcmp(ret_body->epoch.at, ret_head->epoch, EPOCH_SIZE) != 0) {
        return tr("the receipt and the ledger belong to different stores", "回执与台账不属于同一存储");
    }
    if (!is_in_ledger(suite, ret_body, ret_head, receipt->proof)) {
        return tr("the ledger does not hold the records as the receipt says", "台账中的记录与回执所述不符");
    }
    if (ret_body->signature.size > 0 && !batch_is_signed(suite, ret_body)) {
        return tr("the institution's signature over the batch does not fit", "机构对批次的签名不符");
    }
    return NULL;
}

bool inclusion_holds(const struct suite *suite, const uint8_t leaf[MERKLE_HASH_SIZE], uint64_t number,
                     const uint8_t epoch[EPOCH_SIZE], const struct tree_head *head, struct view path)
{
    return number > 0 && memcmp(epoch, head->epoch, EPOCH_SIZE) == 0 &&
           merkle_check_inclusion(suite, leaf, number - 1, head->size, path, head->root);
}

static bool find_result(const struct receipt_body *body, const uint8_t hash[RECORD_HASH_SIZE],
                        struct result *ret_result)
{
    struct reader results = body->results;
    for (uint32_t i = 0; i < body->count && result_next(&results, ret_result) == ERR_OK; i++) {
        if (memcmp(ret_result->hash.at, hash, RECORD_HASH_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

static const char *find_flaw(struct view record, const struct receipt *receipt, const struct signing_key *hub_key,
                             struct proof *proof)
{
    const struct suite *suite = signing_key_suite(hub_key);
    const struct signed_head head = {receipt->head, receipt->algorithm, receipt->signature};
    struct receipt_body body = {0};
    struct result result;
    uint8_t hash[RECORD_HASH_SIZE];
    if (!suite || !head_is_signed(&head, hub_key)) {
        return tr("the hub's signature does not fit", "枢纽签名不符");
    }
    const char *flaw = receipt_flaw(suite, receipt, &body, &proof->head);
    if (flaw) {
        return flaw;
    }
    log_safe(body.hub.at, body.hub.size, proof->hub, sizeof proof->hub);
    log_safe(body.party.at, body.party.size, proof->party, sizeof proof->party);
    proof->signed_at = body.at;
    proof->is_by_party = body.signature.size > 0;
    suite_hash_leaf(suite, record, hash);
    if (!find_result(&body, hash, &result)) {
        return tr("the receipt does not name this record, or its bytes have changed",
                  "回执中没有这条记录，或记录内容已被改动");
    }
    proof->outcome = result.outcome;
    proof->number = result.number;
    proof->at = result.at;
    return NULL;
}

void evidence_check(struct view record, const struct receipt *receipt, const struct signing_key *hub_key,
                    struct proof *ret_proof)
{
    memset(ret_proof, 0, sizeof *ret_proof);
    ret_proof->flaw = find_flaw(record, receipt, hub_key, ret_proof);
    ret_proof->is_verified = !ret_proof->flaw;
    ret_proof->is_in_ledger = ret_proof->is_verified && ret_proof->outcome == OUTCOME_STORED;
}

static bool is_placed(struct view record, const struct inclusion *inclusion, const struct signing_key *hub_key,
                      const struct proof *proof, struct tree_head *ret_head)
{
    const struct suite *suite = signing_key_suite(hub_key);
    uint8_t leaf[RECORD_HASH_SIZE];
    if (!suite || head_decode(inclusion->head, ret_head) != ERR_OK) {
        return false;
    }
    const struct signed_head head = {inclusion->head, suite_label(suite), inclusion->signature};
    suite_hash_leaf(suite, record, leaf);
    return head_is_signed(&head, hub_key) &&
           inclusion_holds(suite, leaf, proof->number, proof->head.epoch, ret_head, inclusion->path);
}

void evidence_place(struct view record, const struct inclusion *inclusion, const struct signing_key *hub_key,
                    struct proof *proof)
{
    struct tree_head head;
    if (is_placed(record, inclusion, hub_key, proof, &head)) {
        proof->is_in_ledger = true;
        proof->head = head;
        return;
    }
    proof->is_verified = proof->is_in_ledger = false;
    proof->flaw = tr("what the hub has shown of its ledger does not hold this record under its number",
                     "枢纽出示的台账证明中，该编号下并非这条记录");
}
