#include "proto/rights.h"
#include "proto/check.h"
#include "proto/kinds.h"

/* One walk that copies what may leave, value by value and byte for byte. A map's head is written before its content is
 * known, so each map is gone through twice: counted, then copied. */

struct outlet {
    msgpack_sbuffer *buffer;
    msgpack_packer packer;
    bool hides_reporter;
};

/* What of a map may leave, and with what rows its values are read. NULL: it stays. */
static const struct field *leaving_row(const struct outlet *outlet, const struct field *row, struct view key)
{
    if (row->type == FIELD_ENUM_MAP) {
        return enumeration_index(row->codes, key) < 0 ? NULL : &row->fields[0];
    }
    int index = check_find_row(row->fields, row->field_count, 0, key);
    if (index < 0 || row->fields[index].confidential) {
        return NULL;
    }
    bool is_reporter = row->fields[index].type == FIELD_TEXT && (view_is(key, common_fields[COMMON_ENTITY].key) ||
                                                                 view_is(key, common_fields[COMMON_ADDRESSEE].key));
    return outlet->hides_reporter && is_reporter ? NULL : &row->fields[index];
}

static err_t count_leaving(const struct outlet *outlet, struct reader reader, const struct field *row, uint32_t pairs,
                           uint32_t *ret_count)
{
    *ret_count = 0;
    for (uint32_t i = 0; i < pairs; i++) {
        struct view key;
        err_t err = reader_str(&reader, &key);
        err = err != ERR_OK ? err : reader_skip(&reader, NULL);
        if (err != ERR_OK) {
            return err;
        }
        *ret_count += leaving_row(outlet, row, key) != NULL ? 1 : 0;
    }
    return ERR_OK;
}

static err_t copy_value(struct outlet *outlet, struct reader *reader, const struct field *row, unsigned depth);

static err_t copy_map(struct outlet *outlet, struct reader *reader, const struct field *row, unsigned depth)
{
    uint32_t pairs = 0;
    uint32_t leaving = 0;
    err_t err = reader_map(reader, &pairs);
    err = err != ERR_OK ? err : count_leaving(outlet, *reader, row, pairs, &leaving);
    if (err != ERR_OK) {
        return err;
    }
    msgpack_pack_map(&outlet->packer, leaving);
    for (uint32_t i = 0; i < pairs; i++) {
        struct view key;
        err = reader_str(reader, &key);
        if (err != ERR_OK) {
            return err;
        }
        const struct field *inner = leaving_row(outlet, row, key);
        if (inner != NULL) {
            msgpack_pack_str(&outlet->packer, key.size);
            msgpack_pack_str_body(&outlet->packer, key.at, key.size);
        }
        err = inner != NULL ? copy_value(outlet, reader, inner, depth + 1) : reader_skip(reader, NULL);
        if (err != ERR_OK) {
            return err;
        }
    }
    return ERR_OK;
}

static err_t copy_list(struct outlet *outlet, struct reader *reader, const struct field *row, unsigned depth)
{
    uint32_t count = 0;
    err_t err = reader_array(reader, &count);
    if (err != ERR_OK) {
        return err;
    }
    msgpack_pack_array(&outlet->packer, count);
    for (uint32_t i = 0; i < count; i++) {
        err = copy_value(outlet, reader, &row->fields[0], depth + 1);
        if (err != ERR_OK) {
            return err;
        }
    }
    return ERR_OK;
}

static err_t copy_value(struct outlet *outlet, struct reader *reader, const struct field *row, unsigned depth)
{
    if (depth > READER_DEPTH_MAX) {
        return ERR_INVALID;
    }
    if (row->type == FIELD_MAP || row->type == FIELD_ENUM_MAP) {
        return copy_map(outlet, reader, row, depth);
    }
    if (row->type == FIELD_LIST) {
        return copy_list(outlet, reader, row, depth);
    }
    struct token token;
    const uint8_t *start = reader->at;
    err_t err = reader_next(reader, &token);
    /* A container where the row has a scalar would carry out what no row allows. */
    if (err != ERR_OK || token.type == TOKEN_ARRAY || token.type == TOKEN_MAP) {
        return err != ERR_OK ? err : ERR_INVALID;
    }
    msgpack_sbuffer_write(outlet->buffer, (const char *)start, (size_t)(reader->at - start));
    return ERR_OK;
}

/* Whether the flag stands and is true, by the bytes alone. */
static bool asks_to_hide(struct view bytes)
{
    struct reader reader = reader_over(bytes.at, bytes.size);
    uint32_t pairs = 0;
    if (reader_map(&reader, &pairs) != ERR_OK) {
        return false;
    }
    for (uint32_t i = 0; i < pairs; i++) {
        struct view key;
        bool flag = false;
        if (reader_str(&reader, &key) != ERR_OK) {
            return false;
        }
        struct reader at_value = reader;
        if (view_is(key, "reporter_confidential") && reader_bool(&at_value, &flag) == ERR_OK) {
            return flag;
        }
        if (reader_skip(&reader, NULL) != ERR_OK) {
            return false;
        }
    }
    return false;
}

err_t rights_strip(struct view bytes, bool hides_reporter, msgpack_sbuffer *buffer)
{
    struct value id;
    const struct kind *kind = check_peek(bytes, &id);
    if (kind == NULL) {
        return ERR_INVALID;
    }
    struct field whole = {.type = FIELD_MAP, .fields = kind->fields, .field_count = kind->field_count};
    struct outlet outlet = {.buffer = buffer, .hides_reporter = hides_reporter || asks_to_hide(bytes)};
    msgpack_packer_init(&outlet.packer, buffer, msgpack_sbuffer_write);
    struct reader reader = reader_over(bytes.at, bytes.size);
    err_t err = copy_value(&outlet, &reader, &whole, 1);
    return err == ERR_OK && reader.at != reader.end ? ERR_INVALID : err;
}

bool rights_hides_reporter(const struct record *record)
{
    const struct value *flag = record_get(record, "reporter_confidential");
    return flag != NULL && flag->number == 1;
}
