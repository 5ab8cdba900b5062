/* Enrolment (PROTOCOL.md §3): the lock-out, the proof, and the way to the writer, which judges the code. */
#include "hub/front_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"
#include "hub/gate.h"

enum { ENROLMENTS_MAX = 256, BUSY_AFTER_MS = 2000 };

static void refuse_busy(struct front *front, const void *routing, size_t routing_size)
{
    reply_enrol_refuse(front, routing, routing_size, "busy", "the hub cannot do it now; try again later",
                       BUSY_AFTER_MS);
}

void front_on_enrol(struct front *front, struct arrival *arrival, const uint8_t curve_key[KEY_SIZE])
{
    struct message message;
    char reason[128] = "";
    struct view frame = {zmq_msg_data(&arrival->frame), zmq_msg_size(&arrival->frame)};
    const void *routing = zmq_msg_data(&arrival->routing);
    size_t routing_size = zmq_msg_size(&arrival->routing);
    int64_t locked = gate_locked_ms(front->gate, arrival->address, clock_monotonic_ms());
    if (locked > 0) {
        reply_enrol_refuse(front, routing, routing_size, "locked_out", "too many wrong codes from this address",
                           (uint64_t)locked);
        return;
    }
    struct signing_key key;
    bool is_enrol = message_decode(frame, &message, reason) == ERR_OK && message.type == MESSAGE_ENROL;
    if (!is_enrol || signing_key_take(message.enrol.signing_key, &key) != ERR_OK ||
        message.enrol.code.size >= sizeof(((struct enrolment *)0)->code)) {
        reply_enrol_refuse(front, routing, routing_size, "malformed",
                           *reason ? reason : "only ENROL is understood here", 0);
        return;
    }
    if (message.enrol.version != PROTOCOL_VERSION) {
        reply_enrol_refuse(front, routing, routing_size, "unsupported", "this hub speaks AGN/1", 0);
        return;
    }
    if (signing_key_suite(&key) != front->intake.suite) {
        snprintf(reason, sizeof reason, "this hub uses %s", suite_name(front->intake.suite));
        reply_enrol_refuse(front, routing, routing_size, "wrong_suite", reason, 0);
        return;
    }
    if (front->enrolments >= ENROLMENTS_MAX) {
        refuse_busy(front, routing, routing_size);
        return;
    }
    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    enrol_signed_bytes(curve_key, message.enrol.code, &buffer);
    bool is_proved = signature_check(&key, message.enrol.algorithm,
                                     (struct view){(const uint8_t *)buffer.data, buffer.size}, message.enrol.proof);
    msgpack_sbuffer_destroy(&buffer);
    if (!is_proved) {
        reply_enrol_refuse(front, routing, routing_size, "bad_signature", "the proof does not fit the keys", 0);
        return;
    }
    front->enrolments++;
    struct mail *mail = mail_new(MAIL_ENROL);
    mail->enrolment = mem_alloc(sizeof *mail->enrolment);
    mail->enrolment->routing_size = routing_size;
    memcpy(mail->enrolment->routing, routing, routing_size);
    memcpy(mail->enrolment->curve_key, curve_key, KEY_SIZE);
    mail->enrolment->signing_key = key;
    memcpy(mail->enrolment->code, message.enrol.code.at, message.enrol.code.size);
    snprintf(mail->enrolment->address, sizeof mail->enrolment->address, "%s", arrival->address);
    mail_send(front->to_writer, &mail);
}

void front_on_enrolled(struct front *front, const struct enrolment *enrolment)
{
    front->enrolments--;
    if (strcmp(enrolment->refusal, "busy") == 0) {
        refuse_busy(front, enrolment->routing, enrolment->routing_size);
        return;
    }
    if (*enrolment->refusal) {
        log_warn("enrol-refused", "address=%s code=%s", enrolment->address, enrolment->refusal);
        if (strcmp(enrolment->refusal, "code_invalid") == 0) {
            gate_wrong_code(front->gate, enrolment->address, clock_monotonic_ms());
        }
        reply_enrol_refuse(front, enrolment->routing, enrolment->routing_size, enrolment->refusal,
                           "ask the operator for a new join link", 0);
        return;
    }
    log_info("party-enrolled", "party=%s role=%s", enrolment->party.party, enrolment->party.role);
    gate_right_code(front->gate, enrolment->address);
    gate_put(front->gate, &enrolment->party);
    sessions_put(front->sessions, &enrolment->party);
    reply_enrolled(front, enrolment);
}
