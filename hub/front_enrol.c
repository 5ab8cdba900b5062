/* Enrolment (PROTOCOL.md §3): the lock-out, the proof, and the way to the writer, which judges the code. */
#include "hub/front_parts.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/succession.h"
#include "common/text.h"
#include "hub/gate.h"

enum { ENROLMENTS_MAX = 256, BUSY_AFTER_MS = 2000 };

struct refusal {
    const char *code; /* NULL: none */
    const char *reason;
    int64_t after_ms;
};

static const struct refusal busy = {"busy", "the hub cannot do it now; try again later", BUSY_AFTER_MS};

/* The new pair signs the ticket; where that is a former pair, it signs the new one. */
static bool is_proved(const struct front *front, const struct enrol *enrol, const struct signing_key *key,
                      const uint8_t curve_key[KEY_SIZE])
{
    const struct pass *former = enrol->former_key.size ? gate_known(front->gate, enrol->former_key.at) : NULL;
    msgpack_sbuffer covered;
    msgpack_sbuffer_init(&covered);
    enrol_signed_bytes(curve_key, former ? enrol->former_key : enrol->code, &covered);
    bool is_good = signature_check(key, enrol->algorithm, (struct view){(const uint8_t *)covered.data, covered.size},
                                   enrol->proof);
    if (is_good && former) {
        const struct successor successor = {
            .curve_key = {curve_key, KEY_SIZE}, .signing_key = enrol->signing_key, .proof = enrol->former_proof};
        is_good = successor_is_proved(&successor, enrol->former_key.at, &former->key.signing_key);
    }
    msgpack_sbuffer_destroy(&covered);
    return is_good;
}

static struct refusal judge(const struct front *front, const struct enrol *enrol, const uint8_t curve_key[KEY_SIZE])
{
    struct signing_key key;
    bool has_former = enrol->former_key.size > 0;
    if (signing_key_take(enrol->signing_key, &key) != ERR_OK ||
        enrol->code.size >= sizeof(((struct enrolment *)0)->code) || has_former != (enrol->code.size == 0) ||
        has_former != (enrol->former_proof.size == SIGNATURE_SIZE)) {
        return (struct refusal){"malformed", "a code, or a former key and its proof; keys of the right size", 0};
    }
    if (enrol->version != PROTOCOL_VERSION) {
        return (struct refusal){"unsupported", "this hub speaks AGN/1", 0};
    }
    if (signing_key_suite(&key) != front->intake.suite) {
        return (struct refusal){"wrong_suite", suite_name(front->intake.suite), 0};
    }
    if (front->enrolments >= ENROLMENTS_MAX) {
        return busy;
    }
    if (has_former && !gate_known(front->gate, enrol->former_key.at)) {
        return (struct refusal){"key_retired", "the former key is not known here; ask the operator for a link", 0};
    }
    if (!is_proved(front, enrol, &key, curve_key)) {
        return (struct refusal){"bad_signature", "the proof does not fit the keys", 0};
    }
    return (struct refusal){NULL, NULL, 0};
}

static struct enrolment *new_enrolment(const struct front *front, const struct arrival *arrival,
                                       const struct enrol *enrol, const uint8_t curve_key[KEY_SIZE])
{
    struct enrolment *enrolment = mem_alloc(sizeof *enrolment);
    assert(zmq_msg_size((zmq_msg_t *)&arrival->routing) <= sizeof enrolment->routing); /* the ROUTER's own */
    enrolment->routing_size = zmq_msg_size((zmq_msg_t *)&arrival->routing);
    memcpy(enrolment->routing, zmq_msg_data((zmq_msg_t *)&arrival->routing), enrolment->routing_size);
    memcpy(enrolment->curve_key, curve_key, KEY_SIZE);
    snprintf(enrolment->party, sizeof enrolment->party, "%.*s", (int)enrol->party.size, (const char *)enrol->party.at);
    (void)!signing_key_take(enrol->signing_key, &enrolment->signing_key); /* has been judged */
    enrolment->has_former = enrol->former_key.size > 0;
    if (enrolment->has_former) {
        memcpy(enrolment->former_key, enrol->former_key.at, KEY_SIZE);
        memcpy(enrolment->former_proof, enrol->former_proof.at, SIGNATURE_SIZE);
        enrolment->overlap_ms = front->options.key_overlap_hours * 3600000;
    } else {
        memcpy(enrolment->code, enrol->code.at, enrol->code.size);
    }
    snprintf(enrolment->address, sizeof enrolment->address, "%s", arrival->address);
    return enrolment;
}

void front_on_enrol(struct front *front, struct arrival *arrival, const uint8_t curve_key[KEY_SIZE])
{
    struct message message;
    char reason[128] = "";
    struct view frame = {zmq_msg_data(&arrival->frame), zmq_msg_size(&arrival->frame)};
    int64_t locked = gate_locked_ms(front->gate, arrival->address, clock_monotonic_ms());
    struct refusal refusal;
    if (locked > 0) {
        refusal = (struct refusal){"locked_out", "too many wrong codes from this address", locked};
    } else if (message_decode(frame, &message, reason) != ERR_OK || message.type != MESSAGE_ENROL) {
        refusal = (struct refusal){"malformed", *reason ? reason : "only ENROL is understood here", 0};
    } else {
        refusal = judge(front, &message.enrol, curve_key);
    }
    if (refusal.code) {
        reply_enrol_refuse(front, zmq_msg_data(&arrival->routing), zmq_msg_size(&arrival->routing), refusal.code,
                           refusal.reason, (uint64_t)refusal.after_ms);
        return;
    }
    front->enrolments++;
    struct mail *mail = mail_new(MAIL_ENROL);
    mail->enrolment = new_enrolment(front, arrival, &message.enrol, curve_key);
    mail_send(front->to_writer, &mail);
}

/* What the peer can do. */
static const char *advise(const char *refusal)
{
    static const struct {
        const char *refusal;
        const char *advice;
    } advices[] = {{"new_keys_needed", "join by the same link with a new pair of keys"},
                   {"other_party", "use it where it belongs; it is as good as before"},
                   {"key_held", "ask the operator for a join link that replaces it, if it is lost"},
                   {"suspended", "ask the operator; the link is as good as before"},
                   {"revoked", "the operator has ended this party's access for good"}};
    for (size_t i = 0; i < sizeof advices / sizeof *advices; i++) {
        if (strcmp(refusal, advices[i].refusal) == 0) {
            return advices[i].advice;
        }
    }
    return "ask the operator for a new join link";
}

void front_on_enrolled(struct front *front, const struct enrolment *enrolment)
{
    front->enrolments--;
    if (strcmp(enrolment->refusal, "busy") == 0) {
        reply_enrol_refuse(front, enrolment->routing, enrolment->routing_size, busy.code, busy.reason,
                           (uint64_t)busy.after_ms);
        return;
    }
    if (*enrolment->refusal) {
        if (front_may_say(&front->enrol_said_ms)) {
            log_warn("enrol-refused", "address=%s code=%s", enrolment->address, enrolment->refusal);
        }
        if (strcmp(enrolment->refusal, "code_invalid") == 0) {
            gate_wrong_code(front->gate, enrolment->address, clock_monotonic_ms());
        }
        reply_enrol_refuse(front, enrolment->routing, enrolment->routing_size, enrolment->refusal,
                           advise(enrolment->refusal), 0);
        return;
    }
    const struct party *party = &enrolment->registrant.party;
    log_info(enrolment->has_former ? "key-changed" : "party-enrolled", "party=%s role=%s", party->party, party->role);
    gate_right_code(front->gate, enrolment->address);
    gate_put(front->gate, &enrolment->registrant);
    front_watch_key(front, sessions_put(front->sessions, &enrolment->registrant));
    reply_enrolled(front, enrolment);
}
