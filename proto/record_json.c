#include "proto/check.h"
#include "proto/ident.h"
#include "proto/kinds.h"
#include "proto/prose.h"
#include "proto/record.h"

#include <stdlib.h>
#include <string.h>

/* JSON in: every JSON value is packed as its row says, or, where it does not fit, as it is, so that the validator alone
 * judges. Only a number with a fraction and too deep a nesting have no encoding. */

struct packing {
    msgpack_packer packer;
    struct faults *faults;
    bool has_failed;
};

static void pack_text(struct packing *packing, const char *text, size_t size)
{
    msgpack_pack_str(&packing->packer, size);
    msgpack_pack_str_body(&packing->packer, text, size);
}

static void pack_bytes(struct packing *packing, const uint8_t *bytes, size_t size)
{
    msgpack_pack_bin(&packing->packer, size);
    msgpack_pack_bin_body(&packing->packer, bytes, size);
}

static err_t parse_hash(const char *text, uint8_t ret_hash[RECORD_HASH_SIZE])
{
    if (strlen(text) != (size_t)2 * RECORD_HASH_SIZE) {
        return ERR_INVALID;
    }
    for (size_t i = 0; i < RECORD_HASH_SIZE; i++) {
        int high = hex_digit(text[2 * i]);
        int low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return ERR_INVALID;
        }
        ret_hash[i] = (uint8_t)(high << 4 | low);
    }
    return ERR_OK;
}

static void pack_prose(struct packing *packing, const char *text, size_t size)
{
    size_t normal_size = 0;
    char *normal =
        size > RECORD_SIZE_MAX ? NULL : prose_to_nfc((struct view){(const uint8_t *)text, size}, &normal_size);
    if (normal == NULL) {
        pack_text(packing, text, size);
        return;
    }
    pack_text(packing, normal, normal_size);
    free(normal);
}

static void pack_string(struct packing *packing, const json_t *json, const struct field *row)
{
    const char *text = json_string_value(json);
    size_t size = json_string_length(json);
    uint8_t bytes[RECORD_HASH_SIZE];
    int64_t ms = 0;
    if (row != NULL && row->type == FIELD_TEXT) {
        pack_prose(packing, text, size);
    } else if (row != NULL && row->type == FIELD_ID && record_id_parse(text, bytes) == ERR_OK) {
        pack_bytes(packing, bytes, RECORD_ID_SIZE);
    } else if (row != NULL && row->type == FIELD_HASH && parse_hash(text, bytes) == ERR_OK) {
        pack_bytes(packing, bytes, RECORD_HASH_SIZE);
    } else if (row != NULL && row->type == FIELD_TIME && time_parse(text, &ms) == ERR_OK) {
        msgpack_pack_int64(&packing->packer, ms);
    } else {
        pack_text(packing, text, size);
    }
}

static void fail(struct packing *packing, const char *code, const struct trail *step, const char *reason)
{
    packing->has_failed = true;
    fault_add(packing->faults, code, path_of(step).text, "%s", reason);
}

/* A key of the sender's own goes into a path only where it can be printed. */
static const char *safe_key(const char *key)
{
    for (const char *at = key; *at != '\0'; at++) {
        if (*at <= ' ' || *at > '~') {
            return "?";
        }
    }
    return key;
}

static const struct field *row_of(const struct field *row, const char *key)
{
    if (row != NULL && row->type == FIELD_MAP) {
        int index = check_find_row(row->fields, row->field_count, 0, (struct view){(const uint8_t *)key, strlen(key)});
        return index < 0 ? NULL : &row->fields[index];
    }
    return row != NULL && row->type == FIELD_ENUM_MAP ? &row->fields[0] : NULL;
}

/* ROW is NULL for what the table does not know. DEPTH is the value's where it is a container. */
static void pack_value(struct packing *packing, const json_t *json, const struct field *row, const struct trail *step,
                       unsigned depth);

static void pack_pair(struct packing *packing, const char *key, const json_t *json, const struct field *row,
                      const struct trail *up, unsigned depth)
{
    struct trail step = {.up = up, .key = safe_key(key)};
    pack_text(packing, key, strlen(key));
    pack_value(packing, json, row, &step, depth);
}

static void pack_object(struct packing *packing, const json_t *json, const struct field *row, const struct trail *step,
                        unsigned depth)
{
    const char *key = NULL;
    json_t *member = NULL;
    msgpack_pack_map(&packing->packer, json_object_size(json));
    json_object_foreach((json_t *)json, key, member)
    {
        pack_pair(packing, key, member, row_of(row, key), step, depth + 1);
    }
}

static void pack_array(struct packing *packing, const json_t *json, const struct field *row, const struct trail *up,
                       unsigned depth)
{
    const struct field *inner = row != NULL && row->type == FIELD_LIST ? &row->fields[0] : NULL;
    size_t count = json_array_size(json);
    msgpack_pack_array(&packing->packer, count);
    for (size_t i = 0; i < count; i++) {
        struct trail step = {.up = up, .index = (uint32_t)i};
        pack_value(packing, json_array_get(json, i), inner, &step, depth + 1);
    }
}

static void pack_value(struct packing *packing, const json_t *json, const struct field *row, const struct trail *step,
                       unsigned depth)
{
    if (depth > READER_DEPTH_MAX && (json_is_object(json) || json_is_array(json))) {
        fail(packing, "malformed", step, "nested deeper than 8");
        return;
    }
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        pack_object(packing, json, row, step, depth);
        break;
    case JSON_ARRAY:
        pack_array(packing, json, row, step, depth);
        break;
    case JSON_STRING:
        pack_string(packing, json, row);
        break;
    case JSON_INTEGER:
        msgpack_pack_int64(&packing->packer, json_integer_value(json));
        break;
    case JSON_REAL:
        fail(packing, "wrong_type", step, "a number with a fraction or an exponent");
        break;
    case JSON_TRUE:
        msgpack_pack_true(&packing->packer);
        break;
    case JSON_FALSE:
        msgpack_pack_false(&packing->packer);
        break;
    case JSON_NULL:
        msgpack_pack_nil(&packing->packer);
        break;
    }
}

/* The whole record as one row, so that the walk is the same at every depth. */
static struct field whole_of(const json_t *object)
{
    const char *name = json_string_value(json_object_get(object, "kind"));
    const struct kind *kind = name == NULL ? NULL : kind_find((struct view){(const uint8_t *)name, strlen(name)});
    return (struct field){.type = FIELD_MAP,
                          .fields = kind != NULL ? kind->fields : common_fields,
                          .field_count = kind != NULL ? kind->field_count : COMMON_FIELDS};
}

static err_t begin(struct packing *packing, const json_t *object, msgpack_sbuffer *buffer, struct faults *faults)
{
    faults->count = 0;
    packing->faults = faults;
    packing->has_failed = false;
    msgpack_packer_init(&packing->packer, buffer, msgpack_sbuffer_write);
    if (!json_is_object(object)) {
        fail(packing, "wrong_type", NULL, "not a JSON object");
        return ERR_INVALID;
    }
    return ERR_OK;
}

err_t record_from_json(const json_t *object, msgpack_sbuffer *buffer, struct faults *ret_faults)
{
    struct packing packing;
    if (begin(&packing, object, buffer, ret_faults) != ERR_OK) {
        return ERR_INVALID;
    }
    struct field whole = whole_of(object);
    pack_value(&packing, object, &whole, NULL, 1);
    return packing.has_failed ? ERR_INVALID : ERR_OK;
}

static bool is_assigned(const char *key)
{
    static const enum common_field assigned[] = {COMMON_ID, COMMON_KIND, COMMON_SCHEMA, COMMON_SEQ, COMMON_CREATED_AT};
    for (size_t i = 0; i < sizeof assigned / sizeof assigned[0]; i++) {
        if (strcmp(common_fields[assigned[i]].key, key) == 0) {
            return true;
        }
    }
    return false;
}

static size_t count_given(const json_t *object)
{
    size_t count = 0;
    const char *key = NULL;
    json_t *member = NULL;
    json_object_foreach((json_t *)object, key, member)
    {
        count += is_assigned(key) ? 0 : 1;
    }
    return count;
}

static void pack_key(struct packing *packing, enum common_field field)
{
    pack_text(packing, common_fields[field].key, strlen(common_fields[field].key));
}

err_t record_accept_json(const json_t *object, const uint8_t id[RECORD_ID_SIZE], uint64_t seq, int64_t created_at,
                         msgpack_sbuffer *buffer, struct faults *ret_faults)
{
    struct packing packing;
    if (begin(&packing, object, buffer, ret_faults) != ERR_OK) {
        return ERR_INVALID;
    }
    struct field whole = whole_of(object);
    const json_t *kind = json_object_get(object, "kind");
    msgpack_pack_map(&packing.packer, count_given(object) + 4 + (kind != NULL ? 1 : 0));
    pack_key(&packing, COMMON_ID);
    pack_bytes(&packing, id, RECORD_ID_SIZE);
    if (kind != NULL) {
        pack_pair(&packing, "kind", kind, &common_fields[COMMON_KIND], NULL, 2);
    }
    pack_key(&packing, COMMON_SCHEMA);
    msgpack_pack_uint64(&packing.packer, SCHEMA_VERSION);
    pack_key(&packing, COMMON_SEQ);
    msgpack_pack_uint64(&packing.packer, seq);
    pack_key(&packing, COMMON_CREATED_AT);
    msgpack_pack_int64(&packing.packer, created_at);
    const char *key = NULL;
    json_t *member = NULL;
    json_object_foreach((json_t *)object, key, member)
    {
        if (!is_assigned(key)) {
            pack_pair(&packing, key, member, row_of(&whole, key), NULL, 2);
        }
    }
    return packing.has_failed ? ERR_INVALID : ERR_OK;
}
