#include "proto/message_rows.h"

enum { PATH_SIZE_MAX = PATH_HASHES_MAX * RECORD_HASH_SIZE };

#define OF(field) offsetof(struct message, field)
#define ELEMENT(form_, field)                                                                                          \
    {                                                                                                                  \
        .form = (form_), .offset = OF(field)                                                                           \
    }
#define COUNT(rows) (sizeof(rows) / sizeof *(rows))
#define MAP(table)                                                                                                     \
    {                                                                                                                  \
        .form = FORM_MAP, .rows = (table), .row_count = COUNT(table)                                                   \
    }

static const struct row about[] = {
    {.key = "software", .form = FORM_STR, .offset = OF(hello.software), .high = 64, .is_required = true},
    {.key = "capabilities", .form = FORM_CAPABILITIES},
    {.key = "sent", .form = FORM_UINT, .offset = OF(hello.sent)},
    {.key = "epoch", .form = FORM_BIN, .offset = OF(hello.epoch), .low = EPOCH_SIZE, .high = EPOCH_SIZE},
};
static const struct row terms[] = {
    {.key = "hub", .form = FORM_STR, .offset = OF(welcome.hub), .high = 400, .is_required = true},
    {.key = "city", .form = FORM_CITY, .offset = OF(welcome.city), .is_required = true},
    {.key = "epoch",
     .form = FORM_BIN,
     .offset = OF(welcome.epoch),
     .low = EPOCH_SIZE,
     .high = EPOCH_SIZE,
     .is_required = true},
    {.key = "party", .form = FORM_STR, .offset = OF(welcome.party), .high = 64, .is_required = true},
    {.key = "role", .form = FORM_STR, .offset = OF(welcome.role), .high = 16, .is_required = true},
    {.key = "window", .form = FORM_UINT, .offset = OF(welcome.window), .is_required = true},
    {.key = "max_batch", .form = FORM_UINT, .offset = OF(welcome.max_batch), .is_required = true},
    {.key = "max_item", .form = FORM_UINT, .offset = OF(welcome.max_item), .is_required = true},
    {.key = "max_message", .form = FORM_UINT, .offset = OF(welcome.max_message), .is_required = true},
    {.key = "ping_ms", .form = FORM_UINT, .offset = OF(welcome.ping_ms), .is_required = true},
    {.key = "time", .form = FORM_UINT, .offset = OF(welcome.time), .is_required = true},
    {.key = "received", .form = FORM_UINT, .offset = OF(welcome.received), .is_required = true},
    {.key = "given_out", .form = FORM_UINT, .offset = OF(welcome.given_out)},
    {.key = "successor_key",
     .form = FORM_BIN,
     .offset = OF(welcome.successor.curve_key),
     .low = KEY_SIZE,
     .high = KEY_SIZE},
    {.key = "successor_signing_key",
     .form = FORM_BIN,
     .offset = OF(welcome.successor.signing_key),
     .low = 32,
     .high = 256},
    {.key = "successor_since", .form = FORM_UINT, .offset = OF(welcome.successor.since)},
    {.key = "successor_proof", .form = FORM_BIN, .offset = OF(welcome.successor.proof), .low = 1, .high = 256},
    {.key = "capabilities", .form = FORM_CAPABILITIES, .is_required = true},
};
static const struct row detail[] = {
    {.key = "batch", .form = FORM_UINT, .offset = OF(refuse.batch), .has_offset = OF(refuse.has_batch)},
    {.key = "after_ms", .form = FORM_UINT, .offset = OF(refuse.after_ms)},
};
static const struct row request[] = {
    {.key = "code", .form = FORM_STR, .offset = OF(enrol.code), .high = 64},
    {.key = "algorithm", .form = FORM_STR, .offset = OF(enrol.algorithm), .high = 32, .is_required = true},
    {.key = "signing_key",
     .form = FORM_BIN,
     .offset = OF(enrol.signing_key),
     .low = 32,
     .high = 256,
     .is_required = true},
    {.key = "proof", .form = FORM_BIN, .offset = OF(enrol.proof), .low = 1, .high = 256, .is_required = true},
    {.key = "former_key", .form = FORM_BIN, .offset = OF(enrol.former_key), .low = KEY_SIZE, .high = KEY_SIZE},
    {.key = "former_proof", .form = FORM_BIN, .offset = OF(enrol.former_proof), .low = 1, .high = 256},
    {.key = "software", .form = FORM_STR, .offset = OF(enrol.software), .high = 64},
    {.key = "party", .form = FORM_STR, .offset = OF(enrol.party), .high = 64},
};
static const struct row grant[] = {
    {.key = "party", .form = FORM_STR, .offset = OF(enrolled.party), .high = 64, .is_required = true},
    {.key = "name", .form = FORM_STR, .offset = OF(enrolled.name), .high = 400, .is_required = true},
    {.key = "role", .form = FORM_STR, .offset = OF(enrolled.role), .high = 16, .is_required = true},
    {.key = "hub", .form = FORM_STR, .offset = OF(enrolled.hub), .high = 400, .is_required = true},
    {.key = "city", .form = FORM_CITY, .offset = OF(enrolled.city), .is_required = true},
    {.key = "algorithm", .form = FORM_STR, .offset = OF(enrolled.algorithm), .high = 32, .is_required = true},
    {.key = "hub_key", .form = FORM_BIN, .offset = OF(enrolled.hub_key), .low = 32, .high = 256, .is_required = true},
    {.key = "epoch",
     .form = FORM_BIN,
     .offset = OF(enrolled.epoch),
     .low = EPOCH_SIZE,
     .high = EPOCH_SIZE,
     .is_required = true},
    {.key = "entity_type", .form = FORM_STR, .offset = OF(enrolled.entity_type), .high = 32},
    {.key = "sectors", .form = FORM_STR_ARRAY, .offset = OF(enrolled.sectors), .high = 32},
    {.key = "given_out", .form = FORM_UINT, .offset = OF(enrolled.given_out)},
    {.key = "leaked_key", .form = FORM_BIN, .offset = OF(enrolled.leaked_key), .low = 32, .high = 256},
    {.key = "leaked_at", .form = FORM_UINT, .offset = OF(enrolled.leaked_at)},
    {.key = "leaks", .form = FORM_BIN, .offset = OF(enrolled.leaks), .low = 40, .high = 512},
};

#define STR_ELEMENT(field, most)                                                                                       \
    {                                                                                                                  \
        .form = FORM_STR, .offset = OF(field), .high = (most)                                                          \
    }
#define BIN_ELEMENT(form_, field, least, most)                                                                         \
    {                                                                                                                  \
        .form = (form_), .offset = OF(field), .low = (least), .high = (most)                                           \
    }

static const struct row hello[] = {ELEMENT(FORM_UINT, hello.version), MAP(about)};
static const struct row welcome[] = {{.form = FORM_UINT, .offset = OF(welcome.session), .low = 1, .high = SIZE_MAX},
                                     MAP(terms)};
static const struct row refuse[] = {STR_ELEMENT(refuse.code, 32), STR_ELEMENT(refuse.reason, 400), MAP(detail)};
static const struct row ping[] = {ELEMENT(FORM_UINT, ping.session), ELEMENT(FORM_UINT, ping.token)};
static const struct row bye[] = {ELEMENT(FORM_UINT, session)};
static const struct row submit[] = {ELEMENT(FORM_UINT, submit.session),
                                    {.form = FORM_UINT, .offset = OF(submit.batch), .low = 1, .high = SIZE_MAX},
                                    ELEMENT(FORM_ITEMS, submit.items),
                                    STR_ELEMENT(submit.algorithm, 32),
                                    BIN_ELEMENT(FORM_BIN, submit.signature, 1, 256)};
static const struct row receipt[] = {ELEMENT(FORM_UINT, receipt.session),
                                     ELEMENT(FORM_UINT, receipt.batch),
                                     BIN_ELEMENT(FORM_BIN, receipt.body, 1, MESSAGE_SIZE_MAX),
                                     BIN_ELEMENT(FORM_BIN, receipt.head, HEAD_SIZE, HEAD_SIZE),
                                     STR_ELEMENT(receipt.algorithm, 32),
                                     BIN_ELEMENT(FORM_BIN, receipt.signature, 1, 256),
                                     ELEMENT(FORM_UINT, receipt.index),
                                     ELEMENT(FORM_UINT, receipt.count),
                                     BIN_ELEMENT(FORM_BIN, receipt.path, 0, PATH_SIZE_MAX),
                                     BIN_ELEMENT(FORM_BIN, receipt.proof, 0, PATH_SIZE_MAX)};
static const struct row follow[] = {ELEMENT(FORM_UINT, follow.session),
                                    STR_ELEMENT(follow.stream, 16),
                                    BIN_ELEMENT(FORM_BIN_NIL, follow.epoch, EPOCH_SIZE, EPOCH_SIZE),
                                    ELEMENT(FORM_UINT, follow.cursor),
                                    {.form = FORM_UINT, .offset = OF(follow.credit), .low = 1, .high = CREDIT_MAX}};
static const struct row events[] = {ELEMENT(FORM_UINT, events.session), STR_ELEMENT(events.stream, 16),
                                    BIN_ELEMENT(FORM_BIN, events.epoch, EPOCH_SIZE, EPOCH_SIZE),
                                    ELEMENT(FORM_UINT, events.head), ELEMENT(FORM_EVENTS, events.list)};
static const struct row cursor[] = {ELEMENT(FORM_UINT, cursor.session), STR_ELEMENT(cursor.stream, 16),
                                    ELEMENT(FORM_UINT, cursor.cursor)};
static const struct row gap[] = {ELEMENT(FORM_UINT, gap.session), STR_ELEMENT(gap.stream, 16),
                                 BIN_ELEMENT(FORM_BIN, gap.epoch, EPOCH_SIZE, EPOCH_SIZE),
                                 ELEMENT(FORM_UINT, gap.first), STR_ELEMENT(gap.why, 16)};
static const struct row enrol[] = {ELEMENT(FORM_UINT, enrol.version), MAP(request)};
static const struct row enrolled[] = {MAP(grant)};
#define UINT_ELEMENT(field, least, most)                                                                               \
    {                                                                                                                  \
        .form = FORM_UINT, .offset = OF(field), .low = (least), .high = (most)                                         \
    }
static const struct row blob_offer[] = {
    ELEMENT(FORM_UINT, blob_offer.session), BIN_ELEMENT(FORM_BIN, blob_offer.sha256, BLOB_HASH_SIZE, BLOB_HASH_SIZE),
    UINT_ELEMENT(blob_offer.size, 1, BLOB_SIZE_MAX), STR_ELEMENT(blob_offer.media_type, 100)};
static const struct row blob_want[] = {ELEMENT(FORM_UINT, blob_want.session),
                                       BIN_ELEMENT(FORM_BIN, blob_want.sha256, BLOB_HASH_SIZE, BLOB_HASH_SIZE),
                                       UINT_ELEMENT(blob_want.offset, 0, BLOB_SIZE_MAX),
                                       UINT_ELEMENT(blob_want.credit, 1, BLOB_SIZE_MAX / BLOB_CHUNK_MAX)};
static const struct row blob_chunk[] = {
    ELEMENT(FORM_UINT, blob_chunk.session), BIN_ELEMENT(FORM_BIN, blob_chunk.sha256, BLOB_HASH_SIZE, BLOB_HASH_SIZE),
    UINT_ELEMENT(blob_chunk.offset, 0, BLOB_SIZE_MAX), BIN_ELEMENT(FORM_BIN, blob_chunk.bytes, 1, BLOB_CHUNK_MAX)};
static const struct row blob_done[] = {ELEMENT(FORM_UINT, blob_done.session),
                                       BIN_ELEMENT(FORM_BIN, blob_done.sha256, BLOB_HASH_SIZE, BLOB_HASH_SIZE),
                                       STR_ELEMENT(blob_done.code, 32),
                                       {.form = FORM_UINT, .offset = OF(blob_done.after_ms), .is_later = true}};
static const struct row prove[] = {ELEMENT(FORM_UINT, prove.session), ELEMENT(FORM_UINT, prove.number),
                                   ELEMENT(FORM_UINT, prove.size), ELEMENT(FORM_UINT, prove.from)};
static const struct row proof[] = {ELEMENT(FORM_UINT, proof.session),
                                   ELEMENT(FORM_UINT, proof.number),
                                   BIN_ELEMENT(FORM_BIN, proof.head, HEAD_SIZE, HEAD_SIZE),
                                   STR_ELEMENT(proof.algorithm, 32),
                                   BIN_ELEMENT(FORM_BIN, proof.signature, 1, 256),
                                   BIN_ELEMENT(FORM_BIN, proof.inclusion, 0, PATH_SIZE_MAX),
                                   BIN_ELEMENT(FORM_BIN, proof.consistency, 0, PATH_SIZE_MAX)};

#define SHAPE(type, name, rows) [type] = {name, rows, COUNT(rows)}
const struct shape message_shapes[] = {
    SHAPE(MESSAGE_HELLO, "HELLO", hello),
    SHAPE(MESSAGE_WELCOME, "WELCOME", welcome),
    [MESSAGE_WHO] = {"WHO", NULL, 0},
    SHAPE(MESSAGE_REFUSE, "REFUSE", refuse),
    SHAPE(MESSAGE_PING, "PING", ping),
    SHAPE(MESSAGE_PONG, "PONG", ping),
    SHAPE(MESSAGE_BYE, "BYE", bye),
    SHAPE(MESSAGE_SUBMIT, "SUBMIT", submit),
    SHAPE(MESSAGE_RECEIPT, "RECEIPT", receipt),
    SHAPE(MESSAGE_FOLLOW, "FOLLOW", follow),
    SHAPE(MESSAGE_EVENTS, "EVENTS", events),
    SHAPE(MESSAGE_CURSOR, "CURSOR", cursor),
    SHAPE(MESSAGE_GAP, "GAP", gap),
    SHAPE(MESSAGE_ENROL, "ENROL", enrol),
    SHAPE(MESSAGE_ENROLLED, "ENROLLED", enrolled),
    SHAPE(MESSAGE_BLOB_OFFER, "BLOB_OFFER", blob_offer),
    SHAPE(MESSAGE_BLOB_WANT, "BLOB_WANT", blob_want),
    SHAPE(MESSAGE_BLOB_CHUNK, "BLOB_CHUNK", blob_chunk),
    SHAPE(MESSAGE_BLOB_DONE, "BLOB_DONE", blob_done),
    SHAPE(MESSAGE_PROVE, "PROVE", prove),
    SHAPE(MESSAGE_PROOF, "PROOF", proof),
};
const size_t message_shape_count = sizeof message_shapes / sizeof *message_shapes;
