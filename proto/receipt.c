#include <string.h>

#include "proto/message.h"

static void pack_str(msgpack_packer *packer, const char *text)
{
    msgpack_pack_str_with_body(packer, text, strlen(text));
}

static void pack_bin(msgpack_packer *packer, struct view bytes)
{
    msgpack_pack_bin_with_body(packer, bytes.at, bytes.size);
}

void receipt_body_begin(msgpack_sbuffer *buffer, const char *party, const char *hub, const uint8_t epoch[EPOCH_SIZE],
                        int64_t at, uint32_t count)
{
    msgpack_packer packer;
    msgpack_packer_init(&packer, buffer, msgpack_sbuffer_write);
    msgpack_pack_map(&packer, 5);
    pack_str(&packer, "party");
    pack_str(&packer, party);
    pack_str(&packer, "hub");
    pack_str(&packer, hub);
    pack_str(&packer, "epoch");
    pack_bin(&packer, (struct view){epoch, EPOCH_SIZE});
    pack_str(&packer, "at");
    msgpack_pack_uint64(&packer, (uint64_t)at);
    pack_str(&packer, "results");
    msgpack_pack_array(&packer, count);
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

err_t receipt_body_decode(struct view bytes, struct receipt_body *ret_body)
{
    struct reader reader = reader_over(bytes.at, bytes.size);
    static const char *const keys[] = {"party", "hub", "epoch", "at", "results"};
    uint32_t pairs = 0;
    unsigned seen = 0;
    memset(ret_body, 0, sizeof *ret_body);
    err_t err = reader_map(&reader, &pairs);
    for (uint32_t i = 0; i < pairs && err == ERR_OK; i++) {
        struct view key;
        unsigned which = 0;
        err = reader_str(&reader, &key);
        if (err != ERR_OK) {
            return err;
        }
        while (which < 5 && !view_is(key, keys[which])) {
            which++;
        }
        if (which < 5 && seen >> which & 1) {
            return ERR_INVALID;
        }
        seen |= 1u << which;
        err = which == 0   ? reader_str(&reader, &ret_body->party)
              : which == 1 ? reader_str(&reader, &ret_body->hub)
              : which == 2 ? reader_bin(&reader, &ret_body->epoch)
              : which == 3 ? decode_time(&reader, &ret_body->at)
              : which == 4 ? decode_results(&reader, ret_body)
                           : reader_skip(&reader, NULL);
    }
    if (err == ERR_OK && ((seen & 31) != 31 || reader.at != reader.end || ret_body->epoch.size != EPOCH_SIZE)) {
        return ERR_INVALID;
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
        err = reader_str(results, &ret_result->code);
        err = err == ERR_OK ? reader_uint(results, &ret_result->after_ms) : err;
    } else if (err == ERR_OK) {
        err = outcome == OUTCOME_REJECTED ? reader_skip(results, &ret_result->faults)
                                          : reader_uint(results, &ret_result->number);
        err = err == ERR_OK ? decode_time(results, &ret_result->at) : err;
    }
    for (uint32_t i = 5; i < elements && err == ERR_OK; i++) {
        err = reader_skip(results, NULL);
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

static err_t copy_str(struct reader *reader, char *out, size_t size)
{
    struct view text;
    err_t err = reader_str(reader, &text);
    if (err != ERR_OK) {
        return err;
    }
    if (text.size >= size || !utf8_check(text, NULL)) {
        return ERR_INVALID;
    }
    memcpy(out, text.at, text.size);
    out[text.size] = '\0';
    return ERR_OK;
}

err_t faults_decode(struct view bytes, struct faults *ret_faults)
{
    struct reader reader = reader_over(bytes.at, bytes.size);
    uint32_t count = 0;
    ret_faults->count = 0;
    err_t err = reader_array(&reader, &count);
    err = err == ERR_OK && count > FAULTS_MAX ? ERR_INVALID : err;
    for (uint32_t i = 0; i < count && err == ERR_OK; i++) {
        struct fault *fault = &ret_faults->list[i];
        uint32_t elements = 0;
        err = reader_array(&reader, &elements);
        err = err == ERR_OK && elements != 3 ? ERR_INVALID : err;
        err = err == ERR_OK ? copy_str(&reader, fault->code, sizeof fault->code) : err;
        err = err == ERR_OK ? copy_str(&reader, fault->field, sizeof fault->field) : err;
        err = err == ERR_OK ? copy_str(&reader, fault->reason, sizeof fault->reason) : err;
        ret_faults->count += err == ERR_OK;
    }
    return err;
}
