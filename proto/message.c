/* One row an element of a message and one row a key of its map; decoding and encoding both walk these rows. */
#include "proto/message.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "proto/strict.h"

enum { PATH_SIZE_MAX = PATH_HASHES_MAX * RECORD_HASH_SIZE };

enum form {
    FORM_UINT,
    FORM_STR,
    FORM_CITY,    /* a str of six digits */
    FORM_BIN,     /* low..high bytes */
    FORM_BIN_NIL, /* as FORM_BIN, or nil: an empty view */
    FORM_ITEMS,
    FORM_EVENTS,
    FORM_MAP,
    FORM_CAPABILITIES, /* an array of str that this version does not look at */
    FORM_STR_ARRAY,    /* an array of str, kept encoded */
};

struct row {
    const char *key; /* NULL for an element of the array */
    enum form form;
    size_t offset;
    size_t low, high; /* bytes, or the number's bounds where high is set */
    bool is_required;
    size_t has_offset; /* where absence must be told from 0: the bool */
    const struct row *rows;
    size_t row_count;
};

struct shape {
    const char *name;
    const struct row *rows;
    size_t count;
};

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
                                       STR_ELEMENT(blob_done.code, 32)};
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
static const struct shape shapes[] = {
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
enum { SHAPES = sizeof shapes / sizeof *shapes, CITY_SIZE = 6 };

/* ---- decoding ---- */

static err_t decode_uint(struct reader *reader, const struct row *row, struct message *message)
{
    uint64_t number = 0;
    err_t err = reader_uint(reader, &number);
    if (err != ERR_OK) {
        return err;
    }
    if (number < row->low || (row->high > 0 && number > row->high)) {
        return ERR_INVALID;
    }
    memcpy((char *)message + row->offset, &number, sizeof number);
    return ERR_OK;
}

static err_t decode_str(struct reader *reader, const struct row *row, struct message *message)
{
    struct view text;
    err_t err = strict_text(reader, &text);
    if (err != ERR_OK) {
        return err;
    }
    if (text.size > row->high) {
        return ERR_INVALID;
    }
    memcpy((char *)message + row->offset, &text, sizeof text);
    return ERR_OK;
}

static err_t decode_city(struct reader *reader, const struct row *row, struct message *message)
{
    struct view code;
    err_t err = reader_str(reader, &code);
    err = err == ERR_OK && code.size != CITY_SIZE ? ERR_INVALID : err;
    for (size_t i = 0; i < CITY_SIZE && err == ERR_OK; i++) {
        err = code.at[i] < '0' || code.at[i] > '9' ? ERR_INVALID : ERR_OK;
    }
    if (err == ERR_OK) {
        memcpy((char *)message + row->offset, &code, sizeof code);
    }
    return err;
}

static err_t decode_bin(struct reader *reader, const struct row *row, struct message *message)
{
    struct view bytes;
    err_t err = reader_bin(reader, &bytes);
    if (err != ERR_OK) {
        return err;
    }
    if (bytes.size < row->low || bytes.size > row->high) {
        return ERR_INVALID;
    }
    memcpy((char *)message + row->offset, &bytes, sizeof bytes);
    return ERR_OK;
}

static err_t decode_bin_or_nil(struct reader *reader, const struct row *row, struct message *message)
{
    struct reader ahead = *reader;
    struct token token;
    if (reader_next(&ahead, &token) == ERR_OK && token.type == TOKEN_NIL) {
        *reader = ahead;
        return ERR_OK;
    }
    return decode_bin(reader, row, message);
}

static err_t decode_items(struct reader *reader, const struct row *row, struct message *message)
{
    (void)row;
    uint32_t count = 0;
    struct view beyond;
    err_t err = reader_array(reader, &count);
    message->submit.count = count; /* a batch over the limit is counted, so that it can be refused by its number */
    for (uint32_t i = 0; i < count && err == ERR_OK; i++) {
        err = reader_bin(reader, i < BATCH_ITEMS_MAX ? &message->submit.items[i] : &beyond);
    }
    return err;
}

err_t events_next(struct reader *list, uint64_t *ret_cursor, struct view *ret_event)
{
    uint32_t elements = 0;
    err_t err = reader_array(list, &elements);
    if (err == ERR_OK && elements < 2) {
        return ERR_INVALID;
    }
    err = err == ERR_OK ? reader_uint(list, ret_cursor) : err;
    err = err == ERR_OK ? reader_bin(list, ret_event) : err;
    for (uint32_t i = 2; i < elements && err == ERR_OK; i++) {
        err = strict_skip(list, 3);
    }
    return err;
}

static err_t decode_events(struct reader *reader, const struct row *row, struct message *message)
{
    (void)row;
    err_t err = reader_array(reader, &message->events.count);
    const uint8_t *start = reader->at;
    for (uint32_t i = 0; i < message->events.count && err == ERR_OK; i++) {
        uint64_t at = 0;
        struct view event;
        err = events_next(reader, &at, &event);
    }
    message->events.list = reader_over(start, (size_t)(reader->at - start));
    return err;
}

static err_t decode_strings(struct reader *reader, struct view *ret_encoded)
{
    const uint8_t *start = reader->at;
    uint32_t count = 0;
    struct view text;
    err_t err = reader_array(reader, &count);
    for (uint32_t i = 0; i < count && err == ERR_OK; i++) {
        err = strict_text(reader, &text);
    }
    *ret_encoded = (struct view){start, (size_t)(reader->at - start)};
    return err;
}

static err_t decode_capabilities(struct reader *reader, const struct row *row, struct message *message)
{
    (void)row;
    struct view encoded;
    err_t err = decode_strings(reader, &encoded);
    struct reader list = reader_over(encoded.at, encoded.size);
    uint32_t count = 0;
    struct view name;
    if (err == ERR_OK && message->type == MESSAGE_WELCOME) {
        err = reader_array(&list, &count);
        for (uint32_t i = 0; i < count && reader_str(&list, &name) == ERR_OK; i++) {
            message->welcome.has_proofs = message->welcome.has_proofs || view_is(name, "proof");
        }
    }
    return err;
}

static err_t decode_str_array(struct reader *reader, const struct row *row, struct message *message)
{
    struct view encoded;
    err_t err = decode_strings(reader, &encoded);
    memcpy((char *)message + row->offset, &encoded, sizeof encoded);
    return err;
}

static err_t decode_map(struct reader *reader, const struct row *map, struct message *message);

static err_t (*const decoders[])(struct reader *reader, const struct row *row, struct message *message) = {
    [FORM_UINT] = decode_uint,
    [FORM_STR] = decode_str,
    [FORM_CITY] = decode_city,
    [FORM_BIN] = decode_bin,
    [FORM_BIN_NIL] = decode_bin_or_nil,
    [FORM_ITEMS] = decode_items,
    [FORM_EVENTS] = decode_events,
    [FORM_MAP] = decode_map,
    [FORM_CAPABILITIES] = decode_capabilities,
    [FORM_STR_ARRAY] = decode_str_array,
};

static const struct row *find_key(const struct row *map, struct view key)
{
    for (size_t i = 0; i < map->row_count; i++) {
        if (view_is(key, map->rows[i].key)) {
            return &map->rows[i];
        }
    }
    return NULL;
}

static err_t decode_pair(struct reader *reader, const struct row *map, struct view key, struct message *message,
                         uint64_t *seen)
{
    const struct row *row = find_key(map, key);
    if (!row) {
        return strict_skip(reader, 2);
    }
    *seen |= (uint64_t)1 << (row - map->rows);
    if (row->has_offset) {
        bool has = true;
        memcpy((char *)message + row->has_offset, &has, sizeof has);
    }
    return decoders[row->form](reader, row, message);
}

static err_t decode_map(struct reader *reader, const struct row *map, struct message *message)
{
    struct keys keys;
    uint32_t count = 0;
    uint64_t seen = 0;
    err_t err = reader_map(reader, &count);
    keys.count = 0;
    for (uint32_t i = 0; i < count && err == ERR_OK; i++) {
        struct view key;
        err = keys_next(&keys, reader, &key);
        err = err == ERR_OK ? decode_pair(reader, map, key, message, &seen) : err;
    }
    for (size_t i = 0; i < map->row_count && err == ERR_OK; i++) {
        err = map->rows[i].is_required && !(seen >> i & 1) ? ERR_INVALID : ERR_OK;
    }
    return err;
}

static err_t decode_elements(struct reader *reader, const struct shape *shape, uint32_t count,
                             struct message *ret_message, char reterr_reason[128])
{
    if (count < shape->count + 1) {
        snprintf(reterr_reason, 128, "%s has too few elements", shape->name);
        return ERR_INVALID;
    }
    for (size_t i = 0; i < shape->count; i++) {
        err_t err = decoders[shape->rows[i].form](reader, &shape->rows[i], ret_message);
        if (err != ERR_OK) {
            snprintf(reterr_reason, 128, "%s: element %zu is %s", shape->name, i + 1,
                     err == ERR_TRUNCATED ? "truncated" : "wrong");
            return err;
        }
    }
    for (size_t i = shape->count + 1; i < count; i++) {
        err_t err = strict_skip(reader, 1);
        if (err != ERR_OK) {
            snprintf(reterr_reason, 128, "%s: an extra element is malformed", shape->name);
            return err;
        }
    }
    if (reader->at != reader->end) {
        snprintf(reterr_reason, 128, "%s: bytes after the message", shape->name);
        return ERR_INVALID;
    }
    return ERR_OK;
}

err_t message_decode(struct view frame, struct message *ret_message, char reterr_reason[128])
{
    struct reader reader = reader_over(frame.at, frame.size);
    uint32_t count = 0;
    uint64_t type = 0;
    if (frame.size > MESSAGE_SIZE_MAX) {
        snprintf(reterr_reason, 128, "longer than %d bytes", MESSAGE_SIZE_MAX);
        return ERR_TOO_LARGE;
    }
    err_t err = reader_array(&reader, &count);
    if (err == ERR_OK) {
        err = count > 0 ? reader_uint(&reader, &type) : ERR_INVALID;
    }
    if (err != ERR_OK) {
        snprintf(reterr_reason, 128, "not an array that begins with a type");
        return err;
    }
    if (type >= SHAPES || !shapes[type].name) {
        snprintf(reterr_reason, 128, "type %llu is not implemented", (unsigned long long)type);
        return ERR_NOT_FOUND;
    }
    /* SUBMIT's views are set as they are read; clearing a kilobyte of them for each message would be waste. */
    memset(ret_message, 0, type == MESSAGE_SUBMIT ? offsetof(struct message, submit.items) : sizeof *ret_message);
    ret_message->type = (enum message_type)type;
    return decode_elements(&reader, &shapes[type], count, ret_message, reterr_reason);
}

/* ---- encoding ---- */

static struct view view_at(const struct message *message, size_t offset)
{
    struct view view;
    memcpy(&view, (const char *)message + offset, sizeof view);
    return view;
}

static uint64_t number_at(const struct message *message, size_t offset)
{
    uint64_t number = 0;
    memcpy(&number, (const char *)message + offset, sizeof number);
    return number;
}

static void pack_str(msgpack_packer *packer, struct view text)
{
    msgpack_pack_str(packer, text.size);
    msgpack_pack_str_body(packer, text.at, text.size);
}

static void pack_bin(msgpack_packer *packer, struct view bytes)
{
    msgpack_pack_bin(packer, bytes.size);
    msgpack_pack_bin_body(packer, bytes.at, bytes.size);
}

static void pack_text(msgpack_packer *packer, const char *text)
{
    pack_str(packer, (struct view){(const uint8_t *)text, strlen(text)});
}

static bool is_absent(const struct row *row, const struct message *message)
{
    if (row->is_required || row->form == FORM_CAPABILITIES) {
        return false;
    }
    if (row->has_offset) {
        return !*((const char *)message + row->has_offset);
    }
    return row->form == FORM_UINT ? number_at(message, row->offset) == 0 : view_at(message, row->offset).size == 0;
}

static void encode_row(msgpack_packer *packer, const struct row *row, const struct message *message);

static void encode_map(msgpack_packer *packer, const struct row *map, const struct message *message)
{
    size_t count = 0;
    for (size_t i = 0; i < map->row_count; i++) {
        count += !is_absent(&map->rows[i], message);
    }
    msgpack_pack_map(packer, count);
    for (size_t i = 0; i < map->row_count; i++) {
        if (!is_absent(&map->rows[i], message)) {
            pack_text(packer, map->rows[i].key);
            encode_row(packer, &map->rows[i], message);
        }
    }
}

static void encode_row(msgpack_packer *packer, const struct row *row, const struct message *message)
{
    switch (row->form) {
    case FORM_UINT:
        msgpack_pack_uint64(packer, number_at(message, row->offset));
        break;
    case FORM_STR:
    case FORM_CITY:
        pack_str(packer, view_at(message, row->offset));
        break;
    case FORM_BIN:
    case FORM_BIN_NIL: {
        struct view bytes = view_at(message, row->offset);
        if (row->form == FORM_BIN_NIL && bytes.size == 0) {
            msgpack_pack_nil(packer);
        } else {
            pack_bin(packer, bytes);
        }
        break;
    }
    case FORM_ITEMS:
        msgpack_pack_array(packer, message->submit.count);
        for (uint32_t i = 0; i < message->submit.count; i++) {
            pack_bin(packer, message->submit.items[i]);
        }
        break;
    case FORM_EVENTS: {
        struct view list = {message->events.list.at, (size_t)(message->events.list.end - message->events.list.at)};
        msgpack_pack_array(packer, message->events.count);
        msgpack_sbuffer_write(packer->data, (const char *)list.at, list.size);
        break;
    }
    case FORM_MAP:
        encode_map(packer, row, message);
        break;
    case FORM_CAPABILITIES:
        msgpack_pack_array(packer, 4);
        pack_text(packer, "submit");
        pack_text(packer, "follow");
        pack_text(packer, "blob");
        pack_text(packer, "proof");
        break;
    case FORM_STR_ARRAY: {
        struct view encoded = view_at(message, row->offset);
        msgpack_sbuffer_write(packer->data, (const char *)encoded.at, encoded.size);
        break;
    }
    }
}

void message_encode(const struct message *message, msgpack_sbuffer *buffer)
{
    assert((size_t)message->type < SHAPES && shapes[message->type].name);
    const struct shape *shape = &shapes[message->type];
    msgpack_packer packer;
    msgpack_packer_init(&packer, buffer, msgpack_sbuffer_write);
    msgpack_pack_array(&packer, shape->count + 1);
    msgpack_pack_uint64(&packer, (uint64_t)message->type);
    for (size_t i = 0; i < shape->count; i++) {
        encode_row(&packer, &shape->rows[i], message);
    }
}

void events_begin(msgpack_sbuffer *buffer, uint64_t session, const char *stream, const uint8_t epoch[EPOCH_SIZE],
                  uint64_t head, uint32_t count)
{
    msgpack_packer packer;
    msgpack_packer_init(&packer, buffer, msgpack_sbuffer_write);
    msgpack_pack_array(&packer, 6);
    msgpack_pack_uint64(&packer, MESSAGE_EVENTS);
    msgpack_pack_uint64(&packer, session);
    pack_text(&packer, stream);
    pack_bin(&packer, (struct view){epoch, EPOCH_SIZE});
    msgpack_pack_uint64(&packer, head);
    msgpack_pack_array(&packer, count);
}

void events_add(msgpack_sbuffer *buffer, uint64_t at, struct view event)
{
    msgpack_packer packer;
    msgpack_packer_init(&packer, buffer, msgpack_sbuffer_write);
    msgpack_pack_array(&packer, 2);
    msgpack_pack_uint64(&packer, at);
    pack_bin(&packer, event);
}

/* ---- what signatures cover ---- */

static void add_prefix(msgpack_sbuffer *buffer, const char *prefix)
{
    msgpack_sbuffer_write(buffer, prefix, strlen(prefix) + 1);
}

void submit_signed_bytes(const uint8_t hub_key[KEY_SIZE], const uint8_t *hashes, uint32_t count,
                         msgpack_sbuffer *buffer)
{
    const char big_endian[4] = {(char)(count >> 24), (char)(count >> 16), (char)(count >> 8), (char)count};
    add_prefix(buffer, "AGN/1 submit");
    msgpack_sbuffer_write(buffer, (const char *)hub_key, KEY_SIZE);
    msgpack_sbuffer_write(buffer, big_endian, sizeof big_endian);
    msgpack_sbuffer_write(buffer, (const char *)hashes, (size_t)count * RECORD_HASH_SIZE);
}

void head_signed_bytes(struct view head, msgpack_sbuffer *buffer)
{
    add_prefix(buffer, "AGN/1 head");
    msgpack_sbuffer_write(buffer, (const char *)head.at, head.size);
}

void enrol_signed_bytes(const uint8_t curve_key[KEY_SIZE], struct view ticket, msgpack_sbuffer *buffer)
{
    add_prefix(buffer, "AGN/1 enrol");
    msgpack_sbuffer_write(buffer, (const char *)curve_key, KEY_SIZE);
    msgpack_sbuffer_write(buffer, (const char *)ticket.at, ticket.size);
}

void successor_signed_bytes(const uint8_t former_key[KEY_SIZE], const uint8_t curve_key[KEY_SIZE], int64_t since,
                            struct view signing_key, msgpack_sbuffer *buffer)
{
    char big_endian[8];
    for (int i = 0; i < 8; i++) {
        big_endian[i] = (char)((uint64_t)since >> (56 - 8 * i));
    }
    add_prefix(buffer, "AGN/1 successor");
    msgpack_sbuffer_write(buffer, (const char *)former_key, KEY_SIZE);
    msgpack_sbuffer_write(buffer, (const char *)curve_key, KEY_SIZE);
    msgpack_sbuffer_write(buffer, big_endian, sizeof big_endian);
    msgpack_sbuffer_write(buffer, (const char *)signing_key.at, signing_key.size);
}
