#include "proto/rights.h"
#include "proto/check.h"
#include "proto/kinds.h"

#include <string.h>

/* One walk that copies what may leave, value by value and byte for byte. A map's head is written before its content is
 * known, so each map is gone through twice: counted, then copied. */

struct outlet {
    msgpack_sbuffer *buffer;
    msgpack_packer packer;
    bool hides_reporter;
    const struct kind *remnant; /* of which no more is kept than its figures stand on; NULL: all that may leave */
};

static bool is_key_field(const struct kind *kind, int index)
{
    for (const int *field = kind->unique; field != NULL && *field >= 0; field++) {
        if (*field == index) {
            return true;
        }
    }
    return false;
}

/* Whether the field at INDEX outlives the content of its record. A flag may be confidential and has no words: that the
 * reporter is withheld is needed for ever. */
static bool outlives(const struct kind *kind, int index)
{
    if (kind->fields[index].confidential && kind->fields[index].type != FIELD_FLAG) {
        return false;
    }
    switch (kind->fields[index].type) {
    case FIELD_ENUM:
    case FIELD_NUMBER:
    case FIELD_FLAG:
    case FIELD_DATE:
    case FIELD_TIME:
    case FIELD_ID:
    case FIELD_DISTRICT:
        return true;
    case FIELD_TEXT:
        return index == COMMON_KIND || index == COMMON_ENTITY || index == COMMON_ADDRESSEE || is_key_field(kind, index);
    default:
        return false;
    }
}

/* What of a map may leave, and with what rows its values are read. NULL: it stays. */
static const struct field *leaving_row(const struct outlet *outlet, const struct field *row, struct view key)
{
    if (row->type == FIELD_ENUM_MAP) {
        return enumeration_index(row->codes, key) < 0 ? NULL : &row->fields[0];
    }
    int index = check_find_row(row->fields, row->field_count, 0, key);
    if (index < 0 || outlet->remnant != NULL) {
        return index >= 0 && outlives(outlet->remnant, index) ? &row->fields[index] : NULL;
    }
    if (row->fields[index].confidential) {
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
    msgpack_pack_map(&outlet->packer, leaving + (outlet->remnant != NULL ? 1 : 0));
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

/* The value under KEY of the map, by the bytes alone. False: there is none. */
static bool find_value(struct view bytes, const char *wanted, struct reader *ret_value)
{
    struct reader reader = reader_over(bytes.at, bytes.size);
    uint32_t pairs = 0;
    if (reader_map(&reader, &pairs) != ERR_OK) {
        return false;
    }
    for (uint32_t i = 0; i < pairs; i++) {
        struct view key;
        if (reader_str(&reader, &key) != ERR_OK) {
            return false;
        }
        *ret_value = reader;
        if (view_is(key, wanted)) {
            return true;
        }
        if (reader_skip(&reader, NULL) != ERR_OK) {
            return false;
        }
    }
    return false;
}

static bool asks_to_hide(struct view bytes)
{
    struct reader value;
    bool flag = false;
    return find_value(bytes, "reporter_confidential", &value) && reader_bool(&value, &flag) == ERR_OK && flag;
}

/* A pair of SIZE bytes: the key, and zeros. False: it takes more. */
static bool pack_filler(msgpack_packer *packer, size_t size)
{
    enum { HEAD_8 = 2, HEAD_16 = 3, HEAD_32 = 5, LAST_8 = 255, LAST_16 = 65535 };
    static const uint8_t zeros[1024];
    size_t key = 1 + strlen(ERASED_KEY);
    if (size < key + HEAD_8) {
        return false;
    }
    size_t head = size - key - HEAD_8 <= LAST_8 ? HEAD_8 : size - key - HEAD_16 <= LAST_16 ? HEAD_16 : HEAD_32;
    size_t left = size - key - head;
    const uint8_t heads[] = {(uint8_t)(head == HEAD_8    ? 0xc4
                                       : head == HEAD_16 ? 0xc5
                                                         : 0xc6),
                             (uint8_t)(left >> 24), (uint8_t)(left >> 16), (uint8_t)(left >> 8), (uint8_t)left};
    msgpack_pack_str(packer, strlen(ERASED_KEY));
    msgpack_pack_str_body(packer, ERASED_KEY, strlen(ERASED_KEY));
    packer->callback(packer->data, (const char *)heads, 1);
    packer->callback(packer->data, (const char *)heads + 1 + (HEAD_32 - head), head - 1);
    for (; left > 0; left -= left < sizeof zeros ? left : sizeof zeros) {
        packer->callback(packer->data, (const char *)zeros, left < sizeof zeros ? left : sizeof zeros);
    }
    return true;
}

bool rights_is_remnant(struct view bytes)
{
    struct reader value;
    return find_value(bytes, ERASED_KEY, &value);
}

static err_t copy_record(struct outlet *outlet, const struct kind *kind, struct view bytes)
{
    struct field whole = {.type = FIELD_MAP, .fields = kind->fields, .field_count = kind->field_count};
    struct reader reader = reader_over(bytes.at, bytes.size);
    msgpack_packer_init(&outlet->packer, outlet->buffer, msgpack_sbuffer_write);
    err_t err = copy_value(outlet, &reader, &whole, 1);
    return err == ERR_OK && reader.at != reader.end ? ERR_INVALID : err;
}

err_t rights_remnant(struct view bytes, msgpack_sbuffer *buffer)
{
    struct value id;
    const struct kind *kind = check_peek(bytes, &id);
    struct outlet outlet = {.buffer = buffer, .remnant = kind};
    size_t before = buffer->size;
    if (kind == NULL) {
        return ERR_INVALID;
    }
    err_t err = copy_record(&outlet, kind, bytes);
    size_t kept = buffer->size - before;
    if (err == ERR_OK && (kept >= bytes.size || !pack_filler(&outlet.packer, bytes.size - kept))) {
        err = ERR_NOT_FOUND;
    }
    return err;
}

err_t rights_strip(struct view bytes, bool hides_reporter, msgpack_sbuffer *buffer)
{
    struct value id;
    const struct kind *kind = check_peek(bytes, &id);
    if (kind == NULL) {
        return ERR_INVALID;
    }
    struct outlet outlet = {.buffer = buffer, .hides_reporter = hides_reporter || asks_to_hide(bytes)};
    return copy_record(&outlet, kind, bytes);
}

bool rights_hides_reporter(const struct record *record)
{
    const struct value *flag = record_get(record, "reporter_confidential");
    return flag != NULL && flag->number == 1;
}
