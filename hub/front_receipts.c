/* Receipts and proofs: what the hub signs. One signature covers all receipts of a commit, since what is signed is the
 * root of a tree over their bodies, next to the ledger's (PROTOCOL.md §10). */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "hub/front_parts.h"

enum { RETRY_AFTER_MS = 2000 };

static struct view text_view(const char *text)
{
    return (struct view){(const uint8_t *)text, strlen(text)};
}

/* A commit that failed leaves `retry` in place of every outcome: FAILURE says why. */
static void encode_body(const struct front *front, const struct batch *batch, const char *failure,
                        msgpack_sbuffer *body)
{
    struct receipt_body start = {.party = text_view(batch->party),
                                 .hub = text_view(front->options.name),
                                 .epoch = {front->epoch, EPOCH_SIZE},
                                 .at = clock_ms(),
                                 .signature = batch->signature,
                                 .party_key = signing_key_view(&batch->signing_key),
                                 .hub_curve_key = {front->intake.hub_key, KEY_SIZE},
                                 .count = batch->count};
    receipt_body_begin(body, &start);
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct batch_item *item = &batch->items[i];
        const char *retry = failure ? failure : item->retry;
        struct result result = {.outcome = failure ? OUTCOME_RETRY : item->outcome,
                                .id = {item->projection.id, item->has_id ? RECORD_ID_SIZE : 0},
                                .hash = {item->hash, RECORD_HASH_SIZE},
                                .number = item->number,
                                .at = item->at,
                                .faults = {(const uint8_t *)item->refusal.data, item->refusal.size},
                                .code = text_view(retry ? retry : ""),
                                .after_ms = RETRY_AFTER_MS};
        receipt_body_add(body, &result);
    }
}

static void sign_head(const struct front *front, const struct tree_head *head, uint8_t ret_bytes[HEAD_SIZE],
                      uint8_t ret_signature[SIGNATURE_SIZE])
{
    msgpack_sbuffer covered;
    msgpack_sbuffer_init(&covered);
    head_encode(head, ret_bytes);
    head_signed_bytes((struct view){ret_bytes, HEAD_SIZE}, &covered);
    identity_sign(front->identity, (struct view){(const uint8_t *)covered.data, covered.size}, ret_signature);
    msgpack_sbuffer_destroy(&covered);
}

/* Puts the message in place of the body. */
static void wrap(struct batch *batch, const char *failure, const struct receipt *common)
{
    struct message message = {.type = MESSAGE_RECEIPT, .receipt = *common};
    msgpack_sbuffer body = batch->receipt;
    message.receipt.session = batch->session;
    message.receipt.batch = batch->batch;
    message.receipt.body = (struct view){(const uint8_t *)body.data, body.size};
    message.receipt.proof = (struct view){batch->proof, failure ? 0 : batch->proof_size};
    msgpack_sbuffer_init(&batch->receipt);
    message_encode(&message, &batch->receipt);
    msgpack_sbuffer_destroy(&body);
}

void receipts_sign(struct front *front, struct batch *const *batches, size_t count, const struct tree_head *ledger,
                   const char *failure)
{
    uint8_t bytes[HEAD_SIZE];
    uint8_t signature[SIGNATURE_SIZE];
    struct merkle_source source = {front->intake.suite, growth_node, &front->bodies};
    struct tree_head head = *ledger;
    uint8_t *leaves = mem_grow(NULL, count, MERKLE_HASH_SIZE);
    for (size_t i = 0; i < count; i++) {
        msgpack_sbuffer *body = &batches[i]->receipt;
        msgpack_sbuffer_clear(body);
        encode_body(front, batches[i], failure, body);
        suite_hash_leaf(front->intake.suite, (struct view){(const uint8_t *)body->data, body->size},
                        leaves + i * MERKLE_HASH_SIZE);
    }
    growth_add(&front->bodies, leaves, count);
    free(leaves);
    err_t err = merkle_root(&source, count, head.receipts);
    assert(err == ERR_OK);
    sign_head(front, &head, bytes, signature);
    struct receipt common = {.head = {bytes, HEAD_SIZE},
                             .algorithm = suite_label(front->intake.suite),
                             .signature = {signature, SIGNATURE_SIZE},
                             .count = count};
    for (size_t i = 0; i < count; i++) {
        struct merkle_path path;
        err = merkle_inclusion(&source, i, count, &path);
        assert(err == ERR_OK);
        common.index = i;
        common.path = merkle_path_view(&path);
        wrap(batches[i], failure, &common);
    }
}

bool reply_receipt(struct front *front, const struct peer *peer, struct batch *batch)
{
    if (batch->failure || batch->receipt.size == 0) {
        receipts_sign(front, &batch, 1, batch->failure ? &front->ledger : &batch->ledger, batch->failure);
    }
    return reply_buffer(front, peer, &batch->receipt);
}

/* ---- proofs on request ---- */

enum { PROVING_MAX = 16, PROVE_AFTER_MS = 1000 };

void front_on_prove(struct front *front, struct arrival *arrival, const struct message *message)
{
    struct peer *peer = arrival->peer;
    const struct demand demand = {RATE_PROOFS, 1};
    const char *what = "too many proofs are asked for at once";
    int64_t after_ms = peer->proving < PROVING_MAX ? front_limit(front, peer, &demand, 1, &what) : PROVE_AFTER_MS;
    if (after_ms > 0) {
        reply_refuse(front, peer->routing, peer->routing_size, "busy", what, 0, (uint64_t)after_ms);
        return;
    }
    struct mail *mail = mail_new(MAIL_PROVE);
    mail->row = peer->party.row;
    mail->session = peer->session;
    mail->question = mem_alloc(sizeof *mail->question);
    mail->question->prove = message->prove;
    peer->proving++;
    mail_send(front->to_feeder, &mail);
}

/* The feeder's answer. */
void front_on_proven(struct front *front, const struct mail *mail)
{
    struct peer *peer = sessions_find(front->sessions, mail->row);
    const struct question *question = mail->question;
    uint8_t bytes[HEAD_SIZE];
    uint8_t signature[SIGNATURE_SIZE];
    peer->proving--;
    if (peer->session != mail->session || question->failed) {
        return; /* it will ask again */
    }
    struct tree_head head = question->head;
    memcpy(head.epoch, front->epoch, EPOCH_SIZE);
    head.at = clock_ms();
    sign_head(front, &head, bytes, signature);
    struct message message = {.type = MESSAGE_PROOF};
    message.proof = (struct ledger_proof){.session = peer->session,
                                          .number = question->prove.number,
                                          .head = {bytes, HEAD_SIZE},
                                          .algorithm = suite_label(front->intake.suite),
                                          .signature = {signature, SIGNATURE_SIZE},
                                          .inclusion = merkle_path_view(&question->inclusion),
                                          .consistency = merkle_path_view(&question->consistency)};
    reply_message(front, peer->routing, peer->routing_size, &message);
}
