/* tests/hub/hub_sample.h - a store in a temporary home with one entity, and signed batches for it. */
#ifndef TESTS_HUB_HUB_SAMPLE_H
#define TESTS_HUB_HUB_SAMPLE_H

#include "tests/proto/sample.h"

#include <unistd.h>

#include "common/identity.h"
#include "hub/intake.h"
#include "hub/store.h"
#include "tests/home.h"

struct bench {
    struct home home;
    struct store *store;
    struct identity identity; /* of the hub and, for brevity, of the entity */
    struct party party;
    struct party_key key;
    struct intake intake;
};

static const struct store_settings bench_settings = {
    .suite = &suite_ed25519, .utc_offset_minutes = 480, .uplink_level = 2};

static inline void bench_reopen(struct bench *bench)
{
    char reason[256];
    store_close(bench->store);
    assert_int_equal(store_open(&bench->home, true, &bench_settings, &bench->store, reason), ERR_OK);
}

static inline void bench_enrol(struct bench *bench)
{
    struct party party = {.role = "entity",
                          .party = SAMPLE_PARTY,
                          .name = "甲医院",
                          .entity_type = "hospital",
                          .sectors = "healthcare",
                          .district = "330106"};
    struct enrolment enrolment = {.code = "ABCDEFGHJKMNPQRSTVWX"};
    memcpy(enrolment.curve_key, bench->identity.curve_public, KEY_SIZE);
    enrolment.signing_key = bench->identity.signing.key;
    assert_int_equal(store_begin(bench->store), ERR_OK);
    assert_int_equal(store_put_party(bench->store, &party, SAMPLE_NOW - INT64_C(100) * 86400000), ERR_OK);
    const struct invitation invitation = {.code = enrolment.code, .expires_at = 1000, .reason = ""};
    assert_int_equal(store_put_invitation(bench->store, SAMPLE_PARTY, &invitation, 1), ERR_OK);
    assert_int_equal(store_enrol(bench->store, &enrolment, 2), ERR_OK);
    assert_string_equal(enrolment.refusal, "");
    assert_int_equal(store_commit(bench->store), ERR_OK);
    bench->party = enrolment.registrant.party;
    bench->key = enrolment.registrant.keys.list[0];
}

static inline int bench_setup(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    char reason[256];
    make_home(&bench->home);
    assert_int_equal(identity_create(&bench->home, &suite_ed25519, &bench->identity, reason), ERR_OK);
    bench_reopen(bench);
    bench_enrol(bench);
    bench->intake.utc_offset_minutes = 480;
    bench->intake.suite = identity_suite(&bench->identity);
    memcpy(bench->intake.hub_key, bench->identity.curve_public, KEY_SIZE);
    *state = bench;
    return 0;
}

static inline int bench_teardown(void **state)
{
    struct bench *bench = *state;
    store_close(bench->store);
    identity_done(&bench->identity);
    remove_home(&bench->home);
    free(bench);
    return 0;
}

/* The cursor of the stream's last event. */
static inline uint64_t bench_head(struct store *store, const char *stream, int64_t party_row)
{
    uint64_t head = 0;
    assert_int_equal(store_head(store, stream, party_row, &head), ERR_OK);
    return head;
}

/* A record with the id 00…N and the sequence number N. */
static inline void bench_record(const char *sample, const char *patch, uint8_t n, msgpack_sbuffer *ret_buffer)
{
    struct faults faults = {0};
    uint8_t id[RECORD_ID_SIZE];
    memcpy(id, sample_id, sizeof id);
    id[RECORD_ID_SIZE - 1] = n;
    json_t *object = sample_json(sample, patch);
    msgpack_sbuffer_init(ret_buffer);
    assert_int_equal(record_accept_json(object, id, n, SAMPLE_NOW - 1000, ret_buffer, &faults), ERR_OK);
    json_decref(object);
}

/* As the front takes it, unchecked. SPOIL breaks the signature. */
static inline struct batch *bench_take(struct bench *bench, msgpack_sbuffer *records, uint32_t count, bool spoil)
{
    struct message message = {.type = MESSAGE_SUBMIT};
    uint8_t hashes[BATCH_ITEMS_MAX * RECORD_HASH_SIZE];
    uint8_t signature[SIGNATURE_SIZE];
    msgpack_sbuffer buffer;
    char reason[128];
    msgpack_sbuffer_init(&buffer);
    message.submit.session = 1;
    message.submit.batch = 1;
    message.submit.count = count;
    for (uint32_t i = 0; i < count; i++) {
        message.submit.items[i] = (struct view){(const uint8_t *)records[i].data, records[i].size};
        suite_hash_leaf(bench->intake.suite, message.submit.items[i], hashes + (size_t)i * RECORD_HASH_SIZE);
    }
    submit_signed_bytes(bench->intake.hub_key, hashes, count, &buffer);
    identity_sign(&bench->identity, (struct view){(const uint8_t *)buffer.data, buffer.size}, signature);
    signature[10] = (uint8_t)(signature[10] ^ spoil);
    message.submit.algorithm = suite_label(bench->intake.suite);
    message.submit.signature = (struct view){signature, SIGNATURE_SIZE};
    msgpack_sbuffer_clear(&buffer);
    message_encode(&message, &buffer);
    zmq_msg_t frame;
    zmq_msg_init_size(&frame, buffer.size);
    memcpy(zmq_msg_data(&frame), buffer.data, buffer.size);
    msgpack_sbuffer_destroy(&buffer);
    struct message decoded;
    assert_int_equal(message_decode((struct view){zmq_msg_data(&frame), zmq_msg_size(&frame)}, &decoded, reason),
                     ERR_OK);
    struct batch *batch = intake_take(&bench->party, &bench->key, &decoded.submit, &frame, SAMPLE_NOW);
    zmq_msg_close(&frame);
    assert_non_null(batch);
    return batch;
}

/* NULL when the intake refuses the signature. */
static inline struct batch *bench_batch(struct bench *bench, msgpack_sbuffer *records, uint32_t count, bool spoil)
{
    struct batch *batch = bench_take(bench, records, count, spoil);
    if (!intake_check(&bench->intake, batch)) {
        batch_free(batch);
        return NULL;
    }
    return batch;
}

/* Stores one record in a group of its own. */
static inline struct batch *bench_put(struct bench *bench, const char *sample, const char *patch, uint8_t n)
{
    msgpack_sbuffer record;
    bench_record(sample, patch, n, &record);
    struct batch *batch = bench_batch(bench, &record, 1, false);
    msgpack_sbuffer_destroy(&record);
    assert_non_null(batch);
    assert_int_equal(store_begin(bench->store), ERR_OK);
    assert_int_equal(store_put_batch(bench->store, batch), ERR_OK);
    assert_int_equal(store_commit(bench->store), ERR_OK);
    return batch;
}

static inline void assert_rejected(struct batch *batch, const char *code, const char *field)
{
    struct faults faults;
    const struct batch_item *item = &batch->items[0];
    assert_int_equal(item->outcome, OUTCOME_REJECTED);
    assert_int_equal(faults_decode((struct view){(const uint8_t *)item->refusal.data, item->refusal.size}, &faults),
                     ERR_OK);
    assert_string_equal(faults.list[0].code, code);
    assert_string_equal(faults.list[0].field, field);
    batch_free(batch);
}

static inline void assert_outcome(struct batch *batch, enum outcome outcome, uint64_t number)
{
    assert_int_equal(batch->items[0].outcome, outcome);
    assert_int_equal(batch->items[0].number, number);
    batch_free(batch);
}

#endif
