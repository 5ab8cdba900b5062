#include "hub/front_parts.h"

#include <string.h>

#include "common/text.h"

enum {
    UNSENT_MAX = 16 << 20,   /* of one peer: an inbox's credit, and the chunks of an attachment */
    UNSENT_SHORT = 256 << 10 /* once all together are beyond send_mib */
};

static struct view text_view(const char *text)
{
    return (struct view){(const uint8_t *)text, strlen(text)};
}

static bool send_frame(zsock_t *router, const void *routing, size_t routing_size, struct unsent *unsent,
                       msgpack_sbuffer *buffer)
{
    void *handle = zsock_resolve(router);
    if (zmq_send(handle, routing, routing_size, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) {
        msgpack_sbuffer_destroy(buffer);
        msgpack_sbuffer_init(buffer);
        return false;
    }
    zmq_msg_t frame;
    unsent_message(unsent, buffer, &frame);
    bool is_sent = zmq_msg_send(&frame, handle, ZMQ_DONTWAIT) >= 0;
    zmq_msg_close(&frame);
    return is_sent;
}

static bool send_message(zsock_t *router, const void *routing, size_t routing_size, const struct message *message)
{
    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    message_encode(message, &buffer);
    return send_frame(router, routing, routing_size, NULL, &buffer);
}

bool reply_message(struct front *front, const void *routing, size_t routing_size, const struct message *message)
{
    return send_message(front->router, routing, routing_size, message);
}

bool reply_buffer(struct front *front, const struct peer *peer, msgpack_sbuffer *buffer)
{
    bool is_short = unsent_bytes(front->unsent) > (size_t)front->options.send_mib << 20;
    if (unsent_bytes(peer->unsent) > (is_short ? UNSENT_SHORT : UNSENT_MAX)) {
        return false;
    }
    return send_frame(front->router, peer->routing, peer->routing_size, peer->unsent, buffer);
}

static struct message refusal(const char *code, const char *reason, uint64_t batch, uint64_t after_ms)
{
    struct message message = {.type = MESSAGE_REFUSE};
    message.refuse = (struct refuse){.code = text_view(code),
                                     .reason = text_view(reason),
                                     .has_batch = batch > 0,
                                     .batch = batch,
                                     .after_ms = after_ms};
    return message;
}

bool reply_refuse(struct front *front, const void *routing, size_t routing_size, const char *code, const char *reason,
                  uint64_t batch, uint64_t after_ms)
{
    struct message message = refusal(code, reason, batch, after_ms);
    return send_message(front->router, routing, routing_size, &message);
}

bool reply_enrol_refuse(struct front *front, const void *routing, size_t routing_size, const char *code,
                        const char *reason, uint64_t after_ms)
{
    struct message message = refusal(code, reason, 0, after_ms);
    return send_message(front->enrol_router, routing, routing_size, &message);
}

static struct successor successor_of(const struct announced *announced)
{
    return announced->key.row ? (struct successor){.curve_key = {announced->key.curve_key, KEY_SIZE},
                                                   .signing_key = signing_key_view(&announced->key.signing_key),
                                                   .since = (uint64_t)announced->key.since,
                                                   .proof = {announced->proof, SIGNATURE_SIZE}}
                              : (struct successor){0};
}

/* Whoever has lost his own count goes on above it. */
static uint64_t given_out(const struct peer *peer)
{
    uint64_t known = peer->party.given_out > peer->told ? peer->party.given_out : peer->told;
    return known > peer->received ? known : peer->received;
}

bool reply_welcome(struct front *front, const struct peer *peer)
{
    struct message message = {.type = MESSAGE_WELCOME};
    message.welcome = (struct welcome){.session = peer->session,
                                       .hub = text_view(front->options.name),
                                       .city = text_view(front->options.city),
                                       .epoch = {front->epoch, EPOCH_SIZE},
                                       .party = text_view(peer->party.party),
                                       .role = text_view(peer->party.role),
                                       .window = peer->window,
                                       .max_batch = peer->max_batch,
                                       .max_item = RECORD_SIZE_MAX,
                                       .max_message = MESSAGE_SIZE_MAX,
                                       .ping_ms = (uint64_t)front->options.ping_ms,
                                       .time = (uint64_t)clock_ms(),
                                       .received = peer->received,
                                       .given_out = given_out(peer),
                                       .successor = successor_of(&front->announced)};
    return reply_message(front, peer->routing, peer->routing_size, &message);
}

static void encode_sectors(const char *sectors, msgpack_sbuffer *buffer)
{
    msgpack_packer packer;
    msgpack_packer_init(&packer, buffer, msgpack_sbuffer_write);
    size_t count = *sectors ? 1 : 0;
    for (const char *at = sectors; *at; at++) {
        count += *at == ',';
    }
    msgpack_pack_array(&packer, count);
    for (const char *at = sectors; *at; at += strcspn(at, ",") + (at[strcspn(at, ",")] == ',')) {
        msgpack_pack_str_with_body(&packer, at, strcspn(at, ","));
    }
}

bool reply_enrolled(struct front *front, const struct enrolment *enrolment)
{
    const struct party *party = &enrolment->registrant.party;
    msgpack_sbuffer sectors;
    uint8_t leaks[LEAKS_SIZE_MAX];
    const struct leak *newest = &front->leaks[0];
    msgpack_sbuffer_init(&sectors);
    encode_sectors(party->sectors, &sectors);
    struct message message = {.type = MESSAGE_ENROLLED};
    message.enrolled =
        (struct enrolled){.party = text_view(party->party),
                          .name = text_view(party->name),
                          .role = text_view(party->role),
                          .hub = text_view(front->options.name),
                          .city = text_view(front->options.city),
                          .algorithm = suite_label(front->intake.suite),
                          .hub_key = signing_key_view(&front->identity->signing.key),
                          .epoch = {front->epoch, EPOCH_SIZE},
                          .entity_type = text_view(strcmp(party->role, "entity") == 0 ? party->entity_type : ""),
                          .sectors = {(const uint8_t *)sectors.data, sectors.size},
                          .given_out = party->given_out,
                          .leaked_key = signing_key_view(&newest->key),
                          .leaked_at = (uint64_t)newest->at,
                          .leaks = {leaks, leaks_encode(front->leaks, front->leak_count, leaks)}};
    bool is_sent = send_message(front->enrol_router, enrolment->routing, enrolment->routing_size, &message);
    msgpack_sbuffer_destroy(&sectors);
    return is_sent;
}
