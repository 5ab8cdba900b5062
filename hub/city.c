#include "hub/city.h"

#include <string.h>

#include "common/text.h"

void city_party(const struct options *options, char ret_party[RECORD_PARTY_SIZE])
{
    snprintf(ret_party, RECORD_PARTY_SIZE, "city-%.6s", options->city);
}

void city_sign_with(struct city *city, const struct identity *identity)
{
    city->identity = identity;
    city->key = (struct party_key){.since = clock_ms(), .signing_key = identity->signing.key};
    memcpy(city->key.curve_key, identity->curve_public, KEY_SIZE);
    city->intake.suite = identity_suite(identity);
    memcpy(city->intake.hub_key, identity->curve_public, KEY_SIZE);
}

static err_t register_city(struct store *store, const struct options *options, struct city *city)
{
    struct party party = {.role = "city", .entity_type = "-"};
    int64_t now = clock_ms();
    city_party(options, party.party);
    snprintf(party.name, sizeof party.name, "%s", options->name);
    snprintf(party.district, sizeof party.district, "%.6s", options->city);
    err_t err = store_find_party(store, party.party, &city->party);
    if (err != ERR_NOT_FOUND) {
        return err;
    }
    err = store_begin(store);
    err = err == ERR_OK ? store_put_city(store, &party, &city->key, now) : err;
    err = err == ERR_OK ? store_commit(store) : err;
    if (err != ERR_OK) {
        store_rollback(store);
        return err;
    }
    return store_find_party(store, party.party, &city->party);
}

err_t city_open(struct store *store, const struct identity *identity, const struct options *options,
                struct city *ret_city)
{
    *ret_city = (struct city){.intake.utc_offset_minutes = (int)options->utc_offset_minutes};
    city_sign_with(ret_city, identity);
    err_t err = register_city(store, options, ret_city);
    if (err == ERR_OK) {
        store_set_city(store, ret_city->party.row);
    }
    return err;
}

/* The city's batch, made as a peer would make it. */
static struct batch *make_batch(struct city *city, struct view record, int64_t now)
{
    struct message message = {.type = MESSAGE_SUBMIT};
    uint8_t hash[RECORD_HASH_SIZE];
    uint8_t signature[SIGNATURE_SIZE];
    char reason[128];
    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    suite_hash_leaf(city->intake.suite, record, hash);
    submit_signed_bytes(city->intake.hub_key, hash, 1, &buffer);
    identity_sign(city->identity, (struct view){(const uint8_t *)buffer.data, buffer.size}, signature);
    msgpack_sbuffer_clear(&buffer);
    message.submit.batch = 1;
    message.submit.count = 1;
    message.submit.items[0] = record;
    message.submit.algorithm = suite_label(city->intake.suite);
    message.submit.signature = (struct view){signature, SIGNATURE_SIZE};
    message_encode(&message, &buffer);
    zmq_msg_t frame;
    zmq_msg_init_size(&frame, buffer.size);
    memcpy(zmq_msg_data(&frame), buffer.data, buffer.size);
    msgpack_sbuffer_destroy(&buffer);
    struct message decoded;
    struct batch *batch = NULL;
    if (message_decode((struct view){zmq_msg_data(&frame), zmq_msg_size(&frame)}, &decoded, reason) == ERR_OK) {
        batch = intake_batch(&city->intake, &city->party, &city->key, &decoded.submit, &frame, now);
    }
    zmq_msg_close(&frame);
    return batch;
}

static err_t store_one(struct city *city, struct store *store, struct view record, int64_t now, struct filed *ret_filed,
                       struct faults *ret_faults)
{
    struct batch *batch = make_batch(city, record, now);
    if (!batch) {
        return ERR_IO;
    }
    err_t err = store_put_batch(store, batch);
    const struct batch_item *item = &batch->items[0];
    if (err == ERR_OK && item->outcome == OUTCOME_REJECTED) {
        struct view faults = {(const uint8_t *)item->refusal.data, item->refusal.size};
        err = faults_decode(faults, ret_faults) == ERR_OK ? ERR_INVALID : ERR_IO;
    }
    ret_filed->number = item->number;
    batch_free(batch);
    return err;
}

err_t city_file(struct city *city, struct store *store, const json_t *object, int64_t now, struct filed *ret_filed,
                struct faults *ret_faults)
{
    struct party party;
    msgpack_sbuffer record;
    ret_faults->count = 0;
    err_t err = store_find_party(store, city->party.party, &party);
    if (err != ERR_OK) {
        return err;
    }
    msgpack_sbuffer_init(&record);
    record_make_id(now, ret_filed->id);
    err = record_accept_json(object, ret_filed->id, party.last_seq + 1, now, &record, ret_faults);
    if (err == ERR_OK) {
        err = store_one(city, store, (struct view){(const uint8_t *)record.data, record.size}, now, ret_filed,
                        ret_faults);
    }
    msgpack_sbuffer_destroy(&record);
    return err;
}
