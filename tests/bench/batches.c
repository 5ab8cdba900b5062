#include "tests/bench/batches.h"

#include <stdlib.h>
#include <string.h>

#include "common/evidence.h"
#include "common/mem.h"
#include "common/text.h"

/* Records of one batch in one buffer, found again by their ends: the buffer moves while it grows. */
struct draft {
    msgpack_sbuffer bytes;
    size_t ends[BATCH_ITEMS_MAX];
    uint8_t hashes[BATCH_ITEMS_MAX * RECORD_HASH_SIZE];
};

static void draft_records(struct draft *draft, const struct swarm_peer *peer, record_maker *make, uint64_t seq,
                          int64_t accepted_ms, uint32_t items, struct view ret_items[BATCH_ITEMS_MAX])
{
    msgpack_sbuffer_clear(&draft->bytes);
    for (uint32_t i = 0; i < items; i++) {
        make(peer->index, seq + i, accepted_ms, &draft->bytes);
        draft->ends[i] = draft->bytes.size;
    }
    size_t at = 0;
    for (uint32_t i = 0; i < items; i++) {
        ret_items[i] = (struct view){(const uint8_t *)draft->bytes.data + at, draft->ends[i] - at};
        suite_hash_leaf(identity_suite(&peer->member->identity), ret_items[i],
                        draft->hashes + (size_t)i * RECORD_HASH_SIZE);
        at = draft->ends[i];
    }
}

static void read_id(struct view item, uint8_t ret_id[RECORD_ID_SIZE])
{
    struct reader reader = reader_over(item.at, item.size);
    struct view key;
    struct view id;
    uint32_t pairs = 0;
    /* AGN's encoder puts the id first. */
    if (reader_map(&reader, &pairs) != ERR_OK || reader_str(&reader, &key) != ERR_OK || !view_is(key, "id") ||
        reader_bin(&reader, &id) != ERR_OK || id.size != RECORD_ID_SIZE) {
        fail("a record does not begin with its id");
    }
    memcpy(ret_id, id.at, RECORD_ID_SIZE);
}

static void encode_submit(struct draft *draft, const struct swarm *swarm, const struct swarm_peer *peer,
                          struct message *message, struct ready_batch *ret_batch)
{
    msgpack_sbuffer buffer;
    uint8_t signature[SIGNATURE_SIZE];
    msgpack_sbuffer_init(&buffer);
    submit_signed_bytes(swarm->keyring->hub_key, draft->hashes, message->submit.count, &buffer);
    identity_sign(&peer->member->identity, (struct view){(const uint8_t *)buffer.data, buffer.size}, signature);
    message->submit.algorithm = suite_label(identity_suite(&peer->member->identity));
    message->submit.signature = (struct view){signature, sizeof signature};
    msgpack_sbuffer_clear(&buffer);
    message_encode(message, &buffer);
    ret_batch->frame = mem_copy(buffer.data, buffer.size);
    ret_batch->size = buffer.size;
    msgpack_sbuffer_destroy(&buffer);
}

void ready_make(struct ready_list *list, const struct swarm *swarm, const struct swarm_peer *peer, record_maker *make,
                size_t count, uint32_t items)
{
    struct draft draft;
    /* As if all peers had accepted their first batch at one moment, and the next a millisecond later: a record's id
     * begins with that time, so records that are sent together have ids side by side. */
    int64_t accepted_ms = swarm->began_ms;
    *list = (struct ready_list){.count = count, .items = items};
    list->batches = mem_alloc(count * sizeof *list->batches);
    msgpack_sbuffer_init(&draft.bytes);
    for (size_t i = 0; i < count; i++) {
        struct message message = {.type = MESSAGE_SUBMIT};
        message.submit.session = peer->session;
        message.submit.batch = i + 1;
        message.submit.count = items;
        draft_records(&draft, peer, make, peer->received + 1 + i * items, accepted_ms + (int64_t)i, items,
                      message.submit.items);
        read_id(message.submit.items[0], list->batches[i].first_id);
        encode_submit(&draft, swarm, peer, &message, &list->batches[i]);
    }
    msgpack_sbuffer_destroy(&draft.bytes);
}

void ready_done(struct ready_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->batches[i].frame);
    }
    free(list->batches);
    memset(list, 0, sizeof *list);
}

void ready_send(struct ready_list *list, struct swarm *swarm, struct swarm_peer *peer)
{
    struct ready_batch *batch = &list->batches[list->sent++];
    batch->sent_s = now_s();
    swarm_send(swarm, peer, batch->frame, batch->size);
}

void tally_open(struct tally *tally, size_t peer_count)
{
    memset(tally, 0, sizeof *tally);
    tally->last = mem_alloc(peer_count * sizeof *tally->last);
    tally->last_count = peer_count;
}

void tally_done(struct tally *tally)
{
    samples_done(&tally->latency_ms);
    for (size_t i = 0; i < tally->last_count; i++) {
        msgpack_sbuffer_destroy(&tally->last[i]);
    }
    free(tally->last);
    memset(tally, 0, sizeof *tally);
}

static void note_trouble(struct tally *tally, const struct result *result)
{
    struct faults faults;
    if (tally->trouble[0]) {
        return;
    }
    if (result->outcome == OUTCOME_REJECTED && faults_decode(result->faults, &faults) == ERR_OK && faults.count) {
        snprintf(tally->trouble, sizeof tally->trouble, "%s %s: %.100s", faults.list[0].code, faults.list[0].field,
                 faults.list[0].reason);
    } else if (result->outcome == OUTCOME_RETRY) {
        snprintf(tally->trouble, sizeof tally->trouble, "%.*s", (int)result->code.size, (const char *)result->code.at);
    } else {
        snprintf(tally->trouble, sizeof tally->trouble, "outcome %d", (int)result->outcome);
    }
}

static void keep_last(msgpack_sbuffer *last, const struct receipt *receipt)
{
    const struct message message = {.type = MESSAGE_RECEIPT, .receipt = *receipt};
    msgpack_sbuffer_clear(last);
    message_encode(&message, last);
}

struct ready_batch *tally_take(struct tally *tally, struct ready_list *list, const struct swarm_peer *peer,
                               const struct receipt *receipt, bool from_due)
{
    struct receipt_body body;
    double now = now_s();
    if (receipt->batch == 0 || receipt->batch > list->sent || receipt_body_decode(receipt->body, &body) != ERR_OK ||
        body.count != list->items) {
        fail(tr("a receipt that fits no submission", "收到的回执与任何提交都不对应"));
    }
    for (uint32_t i = 0; i < body.count; i++) {
        struct result result;
        if (result_next(&body.results, &result) != ERR_OK) {
            fail(tr("a receipt that does not decode", "回执无法解码"));
        }
        tally->outcomes[result.outcome]++;
        if (result.outcome != OUTCOME_STORED) {
            note_trouble(tally, &result);
        }
    }
    struct ready_batch *batch = &list->batches[receipt->batch - 1];
    samples_add(&tally->latency_ms, (now - (from_due ? batch->due_s : batch->sent_s)) * 1e3);
    tally->last_s = now;
    list->done++;
    keep_last(&tally->last[peer->index], receipt);
    return batch;
}

void tally_verify(const struct tally *tally, const struct keyring *keyring)
{
    for (size_t i = 0; i < tally->last_count; i++) {
        struct view frame = {(const uint8_t *)tally->last[i].data, tally->last[i].size};
        struct message message;
        struct receipt_body body;
        struct tree_head head;
        char reason[128];
        if (frame.size == 0) {
            continue;
        }
        if (message_decode(frame, &message, reason) != ERR_OK) {
            fail(tr("a receipt that does not decode", "回执无法解码"));
        }
        const struct receipt *receipt = &message.receipt;
        const struct signed_head signed_head = {receipt->head, receipt->algorithm, receipt->signature};
        if (!head_is_signed(&signed_head, &keyring->hub_signing_key) ||
            receipt_flaw(signing_key_suite(&keyring->hub_signing_key), receipt, &body, &head)) {
            fail(tr("a receipt that proves nothing", "回执不能作为凭证"));
        }
    }
}

void tally_report(struct tally *tally, uint64_t expected, struct results *results)
{
    static const char *const names[] = {"stored", "duplicate", "rejected", "retry"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        results_add(results, names[i], (double)tally->outcomes[i], 0);
    }
    if (tally->outcomes[OUTCOME_STORED] != expected || tally->trouble[0]) {
        results_close(results);
        fail(tr("not every record was stored (%s)", "并非所有记录都已入库（%s）"), tally->trouble);
    }
}
