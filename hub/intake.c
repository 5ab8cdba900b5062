#include "hub/intake.h"

#include <assert.h>
#include <string.h>

#include "common/identity.h"
#include "common/mem.h"

static bool is_signed(const struct intake *intake, const struct batch *batch)
{
    uint8_t hashes[BATCH_ITEMS_MAX * RECORD_HASH_SIZE];
    for (uint32_t i = 0; i < batch->count; i++) {
        memcpy(hashes + (size_t)i * RECORD_HASH_SIZE, batch->items[i].hash, RECORD_HASH_SIZE);
    }
    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    submit_signed_bytes(intake->hub_key, hashes, batch->count, &buffer);
    bool is_good = signature_check(&batch->signing_key, batch->algorithm,
                                   (struct view){(const uint8_t *)buffer.data, buffer.size}, batch->signature);
    msgpack_sbuffer_destroy(&buffer);
    return is_good;
}

static void take_item(const struct intake *intake, struct batch *batch, const struct record *record,
                      struct batch_item *item)
{
    static const struct thread_facts begun = {0}; /* every life begins in its first state */
    const struct value *attachments = record_get(record, "attachments");
    item->has_id = true;
    batch->names_blobs = batch->names_blobs || (attachments && attachments->is_present);
    project_record(record, intake->utc_offset_minutes, &item->projection);
    project_cell(record, &batch->facts, &begun, intake->utc_offset_minutes, &item->cell);
}

static void check_item(const struct intake *intake, struct batch *batch, const struct record_context *context,
                       struct batch_item *item)
{
    struct record record;
    struct faults faults;
    faults.count = 0;
    if (record_check(item->bytes, context, &record, &faults) == ERR_OK) {
        take_item(intake, batch, &record, item);
        return;
    }
    item->faults = mem_alloc(sizeof *item->faults);
    *item->faults = faults;
    const struct value *id = &record.values[COMMON_ID];
    const struct value *seq = &record.values[COMMON_SEQ];
    item->has_id = id->is_present && id->view.size == RECORD_ID_SIZE;
    item->projection.seq = seq->is_present ? (uint64_t)seq->number : 0;
    if (item->has_id) {
        memcpy(item->projection.id, id->view.at, RECORD_ID_SIZE);
    }
}

static void name_party(struct batch *batch, const struct party *party, int64_t at)
{
    batch->party_row = party->row;
    batch->role = (enum role)role_find(party->role);
    batch->at = at;
    memcpy(batch->party, party->party, sizeof batch->party);
    memcpy(batch->entity_type, party->entity_type, sizeof batch->entity_type);
    batch->facts = (struct party_facts){batch->party, batch->entity_type};
}

struct batch *intake_take(const struct party *party, const struct party_key *key, const struct submit *submit,
                          zmq_msg_t *frame, int64_t now_ms)
{
    if (submit->signature.size != SIGNATURE_SIZE) {
        return NULL;
    }
    struct batch *batch = batch_new(submit->count);
    for (uint32_t i = 0; i < submit->count; i++) {
        batch->items[i].bytes = submit->items[i];
    }
    name_party(batch, party, now_ms);
    batch->session = submit->session;
    batch->batch = submit->batch;
    batch->algorithm = submit->algorithm;
    batch->signature = submit->signature;
    batch->signing_key = key->signing_key;
    /* A frame with a signature is too long to be kept inside zmq_msg_t, so its bytes stay where the views point. */
    const void *data = zmq_msg_data(frame);
    zmq_msg_move(&batch->frame, frame);
    assert(zmq_msg_data(&batch->frame) == data);
    (void)data;
    return batch;
}

bool intake_check(const struct intake *intake, struct batch *batch)
{
    struct record_context context = {
        .now_ms = batch->at, .utc_offset_minutes = intake->utc_offset_minutes, .party = batch->party};
    for (uint32_t i = 0; i < batch->count; i++) {
        suite_hash_leaf(intake->suite, batch->items[i].bytes, batch->items[i].hash);
    }
    if (!is_signed(intake, batch)) {
        return false;
    }
    for (uint32_t i = 0; i < batch->count; i++) {
        check_item(intake, batch, &context, &batch->items[i]);
    }
    return true;
}

struct batch *intake_batch(const struct intake *intake, const struct party *party, const struct party_key *key,
                           const struct submit *submit, zmq_msg_t *frame, int64_t now_ms)
{
    struct batch *batch = intake_take(party, key, submit, frame, now_ms);
    if (batch && !intake_check(intake, batch)) {
        batch_free(batch);
        return NULL;
    }
    return batch;
}

static void take_again(const struct intake *intake, struct batch *batch, const struct record_context *context,
                       struct batch_item *item)
{
    struct record record;
    struct faults ignored = {0};
    err_t checked = record_check(item->bytes, context, &record, &ignored);
    (void)checked; /* rules may have changed since, and what was erased is no text any more */
    if (record.kind) {
        take_item(intake, batch, &record, item);
    } else {
        item->has_id = false;
        item->retry = "store_failed"; /* no record any more: it leaves nothing behind */
    }
}

struct batch *intake_again(const struct intake *intake, const struct party *party, const struct kept_batch *kept)
{
    struct batch *batch = batch_new(kept->count);
    struct record_context context = {.now_ms = kept->at, .utc_offset_minutes = intake->utc_offset_minutes};
    zmq_msg_init_size(&batch->frame, kept->bytes.size + 1);
    const uint8_t *bytes = memcpy(zmq_msg_data(&batch->frame), kept->bytes.at, kept->bytes.size);
    size_t end = 0;
    batch->again = kept->id;
    name_party(batch, party, kept->at);
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct kept_item *from = &kept->items[i];
        struct batch_item *item = &batch->items[i];
        item->bytes = (struct view){bytes + (from->size > 0 ? from->offset : end), from->size};
        end = from->size > 0 ? from->offset + from->size : end;
        item->has_number = from->has_number;
        memcpy(item->hash, from->hash, RECORD_HASH_SIZE);
        take_again(intake, batch, &context, item);
    }
    return batch;
}
