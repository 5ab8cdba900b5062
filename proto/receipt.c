#include <string.h>

#include "proto/message.h"
#include "proto/strict.h"

static void pack_str(msgpack_packer *packer, const char *text)
{
    msgpack_pack_str_with_body(packer, text, strlen(text));
}

static void pack_text(msgpack_packer *packer, const char *key, struct view text)
{
    pack_str(packer, key);
    msgpack_pack_str_with_body(packer, text.at, text.size);
}

static void pack_bin(msgpack_packer *packer, struct view bytes)
{
    msgpack_pack_bin_with_body(packer, bytes.at, bytes.size);
}

static void pack_bytes(msgpack_packer *packer, const char *key, struct view bytes)
{
    pack_str(packer, key);
    pack_bin(packer, bytes);
}

void receipt_body_begin(msgpack_sbuffer *buffer, const struct receipt_body *body)
{
    msgpack_packer packer;
    bool is_signed = body->signature.size > 0;
    msgpack_packer_init(&packer, buffer, msgpack_sbuffer_write);
    msgpack_pack_map(&packer, is_signed ? 8 : 5);
    pack_text(&packer, "party", body->party);
    pack_text(&packer, "hub", body->hub);
    pack_bytes(&packer, "epoch", body->epoch);
    pack_str(&packer, "at");
    msgpack_pack_uint64(&packer, (uint64_t)body->at);
    if (is_signed) {
        pack_bytes(&packer, "signature", body->signature);
        pack_bytes(&packer, "party_key", body->party_key);
        pack_bytes(&packer, "hub_curve_key", body->hub_curve_key);
    }
    pack_str(&packer, "results");
    msgpack_pack_array(&packer, body->count);
}

static void pack_id(msgpack_packer *packer, struct view id)
{
    if (id.size == 0) {
        msgpack_pack_nil(packer);
    } else {
        pack_bin(packer, id);
    }
}

void receipt_body_add(msgpack_sbuffer *buffer, const struct result *result)
{
    msgpack_packer packer;
    msgpack_packer_init(&packer, buffer, msgpack_sbuffer_write);
    msgpack_pack_array(&packer, 5);
    msgpack_pack_uint64(&packer, (uint64_t)result->outcome);
    pack_id(&packer, result->id);
    pack_bin(&packer, result->hash);
    switch (result->outcome) {
    case OUTCOME_STORED:
    case OUTCOME_DUPLICATE:
        msgpack_pack_uint64(&packer, result->number);
        msgpack_pack_uint64(&packer, (uint64_t)result->at);
        break;
    case OUTCOME_REJECTED:
        msgpack_sbuffer_write(buffer, (const char *)result->faults.at, result->faults.size);
        msgpack_pack_uint64(&packer, (uint64_t)result->at);
        break;
    case OUTCOME_RETRY:
        msgpack_pack_str_with_body(&packer, result->code.at, result->code.size);
        msgpack_pack_uint64(&packer, result->after_ms);
        break;
    }
}

static err_t decode_results(struct reader *reader, struct receipt_body *body)
{
    err_t err = reader_array(reader, &body->count);
    const uint8_t *start = reader->at;
    for (uint32_t i = 0; i < body->count && err == ERR_OK; i++) {
        struct result result;
        err = result_next(reader, &result);
    }
    body->results = reader_over(start, (size_t)(reader->at - start));
    return err;
}

static err_t decode_time(struct reader *reader, int64_t *ret_at)
{
    uint64_t at = 0;
    err_t err = reader_uint(reader, &at);
    *ret_at = (int64_t)at;
    return err == ERR_OK && at > INT64_MAX ? ERR_INVALID : err;
}

static err_t decode_party(struct reader *reader, struct receipt_body *body)
{
    return strict_text(reader, &body->party);
}

static err_t decode_hub(struct reader *reader, struct receipt_body *body)
{
    return strict_text(reader, &body->hub);
}

static err_t decode_epoch(struct reader *reader, struct receipt_body *body)
{
    err_t err = reader_bin(reader, &body->epoch);
    return err == ERR_OK && body->epoch.size != EPOCH_SIZE ? ERR_INVALID : err;
}

static err_t decode_at(struct reader *reader, struct receipt_body *body)
{
    return decode_time(reader, &body->at);
}

static err_t decode_signature(struct reader *reader, struct receipt_body *body)
{
    err_t err = reader_bin(reader, &body->signature);
    return err == ERR_OK && body->signature.size != SIGNATURE_SIZE ? ERR_INVALID : err;
}

static err_t decode_party_key(struct reader *reader, struct receipt_body *body)
{
    err_t err = reader_bin(reader, &body->party_key);
    return err == ERR_OK && body->party_key.size == 0 ? ERR_INVALID : err;
}

static err_t decode_hub_curve_key(struct reader *reader, struct receipt_body *body)
{
    err_t err = reader_bin(reader, &body->hub_curve_key);
    return err == ERR_OK && body->hub_curve_key.size != KEY_SIZE ? ERR_INVALID : err;
}

/* The last ones may be missing, together. */
static const struct {
    const char *name;
    err_t (*decode)(struct reader *reader, struct receipt_body *body);
} body_keys[] = {{"party", decode_party},         {"hub", decode_hub},
                 {"epoch", decode_epoch},         {"at", decode_at},
                 {"results", decode_results},     {"signature", decode_signature},
                 {"party_key", decode_party_key}, {"hub_curve_key", decode_hub_curve_key}};
enum { BODY_KEYS = sizeof body_keys / sizeof *body_keys, NEEDED_KEYS = 5 };

static err_t decode_pair(struct reader *reader, struct keys *keys, struct receipt_body *body, unsigned *seen)
{
    struct view key;
    size_t which = 0;
    err_t err = keys_next(keys, reader, &key);
    if (err != ERR_OK) {
        return err;
    }
    while (which < BODY_KEYS && !view_is(key, body_keys[which].name)) {
        which++;
    }
    if (which == BODY_KEYS) {
        return strict_skip(reader, 1);
    }
    *seen |= 1u << which;
    return body_keys[which].decode(reader, body);
}

err_t receipt_body_decode(struct view bytes, struct receipt_body *ret_body)
{
    struct reader reader = reader_over(bytes.at, bytes.size);
    struct keys keys;
    uint32_t pairs = 0;
    unsigned seen = 0;
    memset(ret_body, 0, sizeof *ret_body);
    keys.count = 0;
    err_t err = reader_map(&reader, &pairs);
    for (uint32_t i = 0; i < pairs && err == ERR_OK; i++) {
        err = decode_pair(&reader, &keys, ret_body, &seen);
    }
    bool is_whole = (seen == (1u << BODY_KEYS) - 1 || seen == (1u << NEEDED_KEYS) - 1) && reader.at == reader.end;
    return err == ERR_OK && !is_whole ? ERR_INVALID : err;
}

/* Longer texts than we keep are cut between two characters. */
static void copy_text(struct view text, char *out, size_t size)
{
    size_t kept = text.size < size ? text.size : size - 1;
    while (kept < text.size && kept > 0 && (text.at[kept] & 0xc0) == 0x80) {
        kept--;
    }
    memcpy(out, text.at, kept);
    out[kept] = '\0';
}

static err_t read_fault(struct reader *reader, struct fault *fault)
{
    struct view code = {0};
    struct view field = {0};
    struct view reason = {0};
    uint32_t elements = 0;
    err_t err = reader_array(reader, &elements);
    err = err == ERR_OK && elements < 3 ? ERR_INVALID : err;
    err = err == ERR_OK ? strict_text(reader, &code) : err;
    err = err == ERR_OK ? strict_text(reader, &field) : err;
    err = err == ERR_OK ? strict_text(reader, &reason) : err;
    for (uint32_t i = 3; i < elements && err == ERR_OK; i++) {
        err = strict_skip(reader, 5);
    }
    if (err == ERR_OK && fault != NULL) {
        copy_text(code, fault->code, sizeof fault->code);
        copy_text(field, fault->field, sizeof fault->field);
        copy_text(reason, fault->reason, sizeof fault->reason);
    }
    return err;
}

/* FAULTS may be NULL: then they are only checked. */
static err_t read_faults(struct reader *reader, struct faults *faults)
{
    uint32_t count = 0;
    err_t err = reader_array(reader, &count);
    err = err == ERR_OK && (count == 0 || count > FAULTS_MAX) ? ERR_INVALID : err;
    for (uint32_t i = 0; i < count && err == ERR_OK; i++) {
        err = read_fault(reader, faults != NULL ? &faults->list[i] : NULL);
        if (err == ERR_OK && faults != NULL) {
            faults->count++;
        }
    }
    return err;
}

static err_t decode_id(struct reader *reader, struct view *ret_id)
{
    struct token token;
    err_t err = reader_next(reader, &token);
    if (err != ERR_OK) {
        return err;
    }
    *ret_id = token.type == TOKEN_BIN ? token.view : (struct view){0};
    bool is_good = token.type == TOKEN_NIL || (token.type == TOKEN_BIN && token.view.size == RECORD_ID_SIZE);
    return is_good ? ERR_OK : ERR_INVALID;
}

err_t result_next(struct reader *results, struct result *ret_result)
{
    uint32_t elements = 0;
    uint64_t outcome = 0;
    memset(ret_result, 0, sizeof *ret_result);
    err_t err = reader_array(results, &elements);
    err = err == ERR_OK && elements < 5 ? ERR_INVALID : err;
    err = err == ERR_OK ? reader_uint(results, &outcome) : err;
    err = err == ERR_OK && outcome > OUTCOME_RETRY ? ERR_INVALID : err;
    err = err == ERR_OK ? decode_id(results, &ret_result->id) : err;
    err = err == ERR_OK ? reader_bin(results, &ret_result->hash) : err;
    err = err == ERR_OK && ret_result->hash.size != RECORD_HASH_SIZE ? ERR_INVALID : err;
    ret_result->outcome = (enum outcome)outcome;
    if (err == ERR_OK && outcome == OUTCOME_RETRY) {
        err = strict_text(results, &ret_result->code);
        err = err == ERR_OK ? reader_uint(results, &ret_result->after_ms) : err;
    } else if (err == ERR_OK) {
        const uint8_t *start = results->at;
        err = outcome == OUTCOME_REJECTED ? read_faults(results, NULL) : reader_uint(results, &ret_result->number);
        if (outcome == OUTCOME_REJECTED) {
            ret_result->faults = (struct view){start, (size_t)(results->at - start)};
        }
        err = err == ERR_OK ? decode_time(results, &ret_result->at) : err;
    }
    for (uint32_t i = 5; i < elements && err == ERR_OK; i++) {
        err = strict_skip(results, 3);
    }
    return err;
}

void faults_encode(const struct faults *faults, msgpack_sbuffer *buffer)
{
    msgpack_packer packer;
    msgpack_packer_init(&packer, buffer, msgpack_sbuffer_write);
    msgpack_pack_array(&packer, faults->count);
    for (size_t i = 0; i < faults->count; i++) {
        msgpack_pack_array(&packer, 3);
        pack_str(&packer, faults->list[i].code);
        pack_str(&packer, faults->list[i].field);
        pack_str(&packer, faults->list[i].reason);
    }
}

err_t faults_decode(struct view bytes, struct faults *ret_faults)
{
    struct reader reader = reader_over(bytes.at, bytes.size);
    ret_faults->count = 0;
    err_t err = read_faults(&reader, ret_faults);
    return err == ERR_OK && reader.at != reader.end ? ERR_INVALID : err;
}

/* ---- heads ---- */

static void put_number(uint8_t *at, uint64_t number)
{
    for (int i = 7; i >= 0; i--, number >>= 8) {
        at[i] = (uint8_t)number;
    }
}

static uint64_t get_number(const uint8_t *at)
{
    uint64_t number = 0;
    for (int i = 0; i < 8; i++) {
        number = number << 8 | at[i];
    }
    return number;
}

enum { HEAD_ROOT = EPOCH_SIZE + 8, HEAD_AT = HEAD_ROOT + RECORD_HASH_SIZE, HEAD_RECEIPTS = HEAD_AT + 8 };

void head_encode(const struct tree_head *head, uint8_t ret_bytes[HEAD_SIZE])
{
    memcpy(ret_bytes, head->epoch, EPOCH_SIZE);
    put_number(ret_bytes + EPOCH_SIZE, head->size);
    memcpy(ret_bytes + HEAD_ROOT, head->root, RECORD_HASH_SIZE);
    put_number(ret_bytes + HEAD_AT, (uint64_t)head->at);
    memcpy(ret_bytes + HEAD_RECEIPTS, head->receipts, RECORD_HASH_SIZE);
}

err_t head_decode(struct view bytes, struct tree_head *ret_head)
{
    if (bytes.size != HEAD_SIZE) {
        return ERR_INVALID;
    }
    memcpy(ret_head->epoch, bytes.at, EPOCH_SIZE);
    ret_head->size = get_number(bytes.at + EPOCH_SIZE);
    memcpy(ret_head->root, bytes.at + HEAD_ROOT, RECORD_HASH_SIZE);
    uint64_t at = get_number(bytes.at + HEAD_AT);
    ret_head->at = (int64_t)at;
    memcpy(ret_head->receipts, bytes.at + HEAD_RECEIPTS, RECORD_HASH_SIZE);
    return at > INT64_MAX || ret_head->size > INT64_MAX ? ERR_INVALID : ERR_OK;
}
