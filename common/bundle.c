#include "common/bundle.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"

enum { HASHES_SIZE_MAX = MERKLE_PATH_MAX * MERKLE_HASH_SIZE };

/* Each member is hex; where it lies in the struct, and its bounds in bytes. */
static const struct member {
    const char *part; /* NULL: of the file itself */
    const char *key;
    size_t offset;
    size_t low, high;
} members[] = {
    {NULL, "record", offsetof(struct bundle, record), 1, RECORD_SIZE_MAX},
    {NULL, "hub_key", offsetof(struct bundle, hub_key), 1, SIGNING_KEY_MAX},
    {"receipt", "body", offsetof(struct bundle, receipt.body), 1, MESSAGE_SIZE_MAX},
    {"receipt", "head", offsetof(struct bundle, receipt.head), HEAD_SIZE, HEAD_SIZE},
    {"receipt", "signature", offsetof(struct bundle, receipt.signature), SIGNATURE_SIZE, SIGNATURE_SIZE},
    {"receipt", "path", offsetof(struct bundle, receipt.path), 0, HASHES_SIZE_MAX},
    {"receipt", "proof", offsetof(struct bundle, receipt.proof), 0, HASHES_SIZE_MAX},
    {"batch", "hub_curve_key", offsetof(struct bundle, hub_curve_key), KEY_SIZE, KEY_SIZE},
    {"batch", "party_key", offsetof(struct bundle, party_key), 1, SIGNING_KEY_MAX},
    {"batch", "signature", offsetof(struct bundle, batch_signature), SIGNATURE_SIZE, SIGNATURE_SIZE},
    {"inclusion", "hub_key", offsetof(struct bundle, inclusion.hub_key), 1, SIGNING_KEY_MAX},
    {"inclusion", "head", offsetof(struct bundle, inclusion.head), HEAD_SIZE, HEAD_SIZE},
    {"inclusion", "signature", offsetof(struct bundle, inclusion.signature), SIGNATURE_SIZE, SIGNATURE_SIZE},
    {"inclusion", "path", offsetof(struct bundle, inclusion.path), 0, HASHES_SIZE_MAX},
};
enum { MEMBERS = sizeof members / sizeof *members, INCLUSION_MEMBERS = 4 };

/* Those of the inclusion, the last ones, are all there or none. */
static size_t members_of(bool has_inclusion)
{
    return has_inclusion ? MEMBERS : MEMBERS - INCLUSION_MEMBERS;
}

static struct view *view_of(struct bundle *bundle, const struct member *member)
{
    return (struct view *)(void *)((char *)bundle + member->offset);
}

static json_t *hex_json(struct view bytes)
{
    char *text = mem_alloc(2 * bytes.size + 1);
    hex_text(bytes.at, bytes.size, text);
    json_t *string = json_string(text);
    free(text);
    return string;
}

static json_t *part_of(json_t *json, const char *part)
{
    if (part && !json_object_get(json, part)) {
        json_object_set_new(json, part, json_object());
    }
    return part ? json_object_get(json, part) : json;
}

json_t *bundle_json(const struct bundle *bundle)
{
    struct bundle copy = *bundle;
    const struct receipt *receipt = &bundle->receipt;
    json_t *json = json_pack("{ss}", "format", BUNDLE_FORMAT);
    json_object_set_new(json, "algorithm", json_stringn((const char *)receipt->algorithm.at, receipt->algorithm.size));
    for (size_t i = 0; i < members_of(bundle->inclusion.head.size > 0); i++) {
        json_object_set_new(part_of(json, members[i].part), members[i].key, hex_json(*view_of(&copy, &members[i])));
    }
    json_object_set_new(json_object_get(json, "receipt"), "index", json_integer((json_int_t)receipt->index));
    json_object_set_new(json_object_get(json, "receipt"), "count", json_integer((json_int_t)receipt->count));
    return json;
}

/* ---- reading ---- */

static const char *text_of(const json_t *json, const struct member *member)
{
    const json_t *part = member->part ? json_object_get(json, member->part) : json;
    return json_string_value(json_object_get(part, member->key));
}

static err_t read_number(const json_t *json, const char *key, uint64_t *ret_number, char reterr_reason[256])
{
    const json_t *number = json_object_get(json_object_get(json, "receipt"), key);
    if (!json_is_integer(number) || json_integer_value(number) < 0) {
        snprintf(reterr_reason, 256, tr("receipt.%s: expected a number", "receipt.%s：应为数字"), key);
        return ERR_INVALID;
    }
    *ret_number = (uint64_t)json_integer_value(number);
    return ERR_OK;
}

static err_t read_member(const json_t *json, const struct member *member, struct bundle *bundle, size_t *used,
                         char reterr_reason[256])
{
    const char *text = text_of(json, member);
    size_t size = text ? strlen(text) / 2 : 0;
    uint8_t *at = bundle->bytes + *used;
    if (!text || strlen(text) % 2 != 0 || size < member->low || size > member->high ||
        (size > 0 && hex_parse(text, at, size) != ERR_OK)) {
        snprintf(reterr_reason, 256,
                 tr("%s%s%s: expected %zu to %zu bytes in hex digits", "%s%s%s：应为 %zu 至 %zu 字节的十六进制"),
                 member->part ? member->part : "", member->part ? "." : "", member->key, member->low, member->high);
        return ERR_INVALID;
    }
    *view_of(bundle, member) = (struct view){at, size};
    *used += size;
    return ERR_OK;
}

err_t bundle_read(const json_t *json, struct bundle *ret_bundle, char reterr_reason[256])
{
    const char *format = json_string_value(json_object_get(json, "format"));
    const char *algorithm = json_string_value(json_object_get(json, "algorithm"));
    const struct suite *suite = algorithm ? suite_named(algorithm) : NULL;
    size_t count = members_of(json_object_get(json, "inclusion"));
    size_t total = 1;
    size_t used = 0;
    memset(ret_bundle, 0, sizeof *ret_bundle);
    if (!format || strcmp(format, BUNDLE_FORMAT) != 0 || !suite) {
        snprintf(reterr_reason, 256,
                 tr("expected \"format\": \"%s\" and an \"algorithm\" that is known",
                    "应含 \"format\": \"%s\" 及已知的 \"algorithm\""),
                 BUNDLE_FORMAT);
        return ERR_INVALID;
    }
    for (size_t i = 0; i < count; i++) {
        const char *text = text_of(json, &members[i]);
        size_t size = text ? strlen(text) / 2 : 0;
        total += size <= members[i].high ? size : 0;
    }
    ret_bundle->bytes = mem_alloc(total);
    ret_bundle->receipt.algorithm = suite_label(suite);
    err_t err = read_number(json, "index", &ret_bundle->receipt.index, reterr_reason);
    err = err == ERR_OK ? read_number(json, "count", &ret_bundle->receipt.count, reterr_reason) : err;
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        err = read_member(json, &members[i], ret_bundle, &used, reterr_reason);
    }
    if (err != ERR_OK) {
        bundle_done(ret_bundle);
    }
    return err;
}

void bundle_done(struct bundle *bundle)
{
    free(bundle->bytes);
    memset(bundle, 0, sizeof *bundle);
}

/* ---- checking ---- */

/* The hub says whose key the batch was signed with. Without its word any key would do, and proves nothing of whom. */
static bool is_as_checked(const struct bundle *bundle, const struct receipt_body *body)
{
    return view_equals(bundle->batch_signature, body->signature) && view_equals(bundle->party_key, body->party_key) &&
           view_equals(bundle->hub_curve_key, body->hub_curve_key);
}

/* Of a receipt that is verified. That what it names of the batch fits was part of this; where it names nothing, the
 * file's own is to fit. */
static bool is_batch_signed(const struct bundle *bundle, const struct suite *suite)
{
    struct receipt_body body;
    if (receipt_body_decode(bundle->receipt.body, &body) != ERR_OK) {
        return false;
    }
    if (body.signature.size > 0) {
        return is_as_checked(bundle, &body);
    }
    body.signature = bundle->batch_signature;
    body.party_key = bundle->party_key;
    body.hub_curve_key = bundle->hub_curve_key;
    return batch_is_signed(suite, &body);
}

void bundle_check(const struct bundle *bundle, const struct signing_key *hub_key,
                  const struct signing_key *inclusion_key, struct proof *ret_proof)
{
    evidence_check(bundle->record, &bundle->receipt, hub_key, ret_proof);
    if (ret_proof->is_verified && !is_batch_signed(bundle, signing_key_suite(hub_key))) {
        ret_proof->flaw = tr("the institution's signature over the batch does not fit", "机构对批次的签名不符");
        ret_proof->is_verified = ret_proof->is_in_ledger = false;
    }
    if (ret_proof->is_verified && inclusion_key && bundle->inclusion.head.size > 0) {
        evidence_place(bundle->record, &bundle->inclusion, inclusion_key, ret_proof);
    }
}
