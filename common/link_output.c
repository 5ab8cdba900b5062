/* What the caller says to the hub. */
#include <string.h>

#include "common/link_parts.h"
#include "common/text.h"

bool link_send(struct link *link, const struct message *message)
{
    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    message_encode(message, &buffer);
    int sent = zmq_send(zsock_resolve(link->sock), buffer.data, buffer.size, ZMQ_DONTWAIT);
    msgpack_sbuffer_destroy(&buffer);
    return sent >= 0;
}

err_t link_blob(struct link *link, struct message *message)
{
    uint64_t *const sessions[] = {&message->blob_offer.session, &message->blob_want.session,
                                  &message->blob_chunk.session};
    static const enum message_type types[] = {MESSAGE_BLOB_OFFER, MESSAGE_BLOB_WANT, MESSAGE_BLOB_CHUNK};
    if (link->state != LINK_READY) {
        return ERR_BUSY;
    }
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (message->type == types[i]) {
            *sessions[i] = link->session;
        }
    }
    return link_send(link, message) ? ERR_OK : ERR_BUSY;
}

err_t link_probe(struct link *link, uint64_t token)
{
    struct message message = {.type = MESSAGE_PING};
    if (link->state != LINK_READY) {
        return ERR_BUSY;
    }
    message.ping = (struct ping){.session = link->session, .token = token | PROBE_BIT};
    return link_send(link, &message) ? ERR_OK : ERR_BUSY;
}

err_t link_prove(struct link *link, uint64_t number, uint64_t size, uint64_t from)
{
    struct message message = {.type = MESSAGE_PROVE};
    if (link->state != LINK_READY) {
        return ERR_BUSY;
    }
    message.prove = (struct prove){.session = link->session, .number = number, .size = size, .from = from};
    bool is_sent = link_send(link, &message);
    link->proving += is_sent;
    return is_sent ? ERR_OK : ERR_BUSY;
}

static void sign_batch(const struct link *link, const struct view *items, uint32_t count,
                       uint8_t ret_signature[SIGNATURE_SIZE])
{
    uint8_t hashes[BATCH_ITEMS_MAX * RECORD_HASH_SIZE];
    const struct suite *suite = identity_suite(&link->identity);
    msgpack_sbuffer buffer;
    for (uint32_t i = 0; i < count; i++) {
        suite_hash_leaf(suite, items[i], hashes + (size_t)i * RECORD_HASH_SIZE);
    }
    msgpack_sbuffer_init(&buffer);
    submit_signed_bytes(link->config.membership->hub_key, hashes, count, &buffer);
    identity_sign(&link->identity, (struct view){(const uint8_t *)buffer.data, buffer.size}, ret_signature);
    msgpack_sbuffer_destroy(&buffer);
}

err_t link_submit(struct link *link, const struct view *items, uint32_t count, uint64_t *ret_batch)
{
    if (count == 0 || count > link_room(link)) {
        return ERR_BUSY;
    }
    size_t total = 1024;
    for (uint32_t i = 0; i < count; i++) {
        total += items[i].size + 5;
    }
    if (total > MESSAGE_SIZE_MAX) {
        return ERR_TOO_LARGE;
    }
    uint8_t signature[SIGNATURE_SIZE];
    sign_batch(link, items, count, signature);
    struct message message = {.type = MESSAGE_SUBMIT};
    message.submit.session = link->session;
    message.submit.batch = ++link->batch;
    message.submit.count = count;
    memcpy(message.submit.items, items, count * sizeof *items);
    message.submit.algorithm = suite_label(identity_suite(&link->identity));
    message.submit.signature = (struct view){signature, SIGNATURE_SIZE};
    if (!link_send(link, &message)) {
        return ERR_BUSY;
    }
    if (link->in_flight == 0) {
        link->moved_ms = clock_monotonic_ms();
    }
    link->flights[link->flight_count++] = (struct flight){link->batch, count};
    link->in_flight += count;
    *ret_batch = link->batch;
    return ERR_OK;
}

void link_follow(struct link *link, const char *stream, const uint8_t *epoch, uint64_t cursor, uint64_t credit)
{
    struct message message = {.type = MESSAGE_FOLLOW};
    message.follow = (struct follow){.session = link->session,
                                     .stream = {(const uint8_t *)stream, strlen(stream)},
                                     .epoch = {epoch, epoch ? EPOCH_SIZE : 0},
                                     .cursor = cursor,
                                     .credit = credit};
    link_send(link, &message);
}

void link_ack(struct link *link, const char *stream, uint64_t cursor)
{
    struct message message = {.type = MESSAGE_CURSOR};
    message.cursor = (struct cursor){
        .session = link->session, .stream = {(const uint8_t *)stream, strlen(stream)}, .cursor = cursor};
    link_send(link, &message);
}
