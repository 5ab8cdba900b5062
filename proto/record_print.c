#include "proto/check.h"
#include "proto/kinds.h"
#include "proto/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* JSON out: from any well-formed map, so that a refused record can be shown as well. What JSON cannot hold is shown as
 * near as may be: bytes in hex, integers above 2^63 - 1 as text, text that is no UTF-8 as U+FFFD. */

static json_t *text_json(struct view text)
{
    json_t *json = json_stringn((const char *)text.at, text.size);
    return json != NULL ? json : json_string("\xEF\xBF\xBD");
}

static json_t *number_json(uint64_t number, const struct field *row)
{
    char text[25];
    if (row != NULL && row->type == FIELD_TIME && number <= (uint64_t)TIME_MAX) {
        time_text((int64_t)number, text);
        return json_string(text);
    }
    if (number <= INT64_MAX) {
        return json_integer((json_int_t)number);
    }
    snprintf(text, sizeof text, "%" PRIu64, number);
    return json_string(text);
}

static json_t *bytes_json(struct view bytes, const struct field *row)
{
    static const char digits[] = "0123456789abcdef";
    if (row != NULL && row->type == FIELD_ID && bytes.size == RECORD_ID_SIZE) {
        char text[37];
        record_id_text(bytes.at, text);
        return json_string(text);
    }
    char *text = malloc(2 * bytes.size + 1);
    if (text == NULL) {
        abort();
    }
    for (size_t i = 0; i < bytes.size; i++) {
        text[2 * i] = digits[bytes.at[i] >> 4];
        text[2 * i + 1] = digits[bytes.at[i] & 15];
    }
    json_t *json = json_stringn(text, 2 * bytes.size);
    free(text);
    return json;
}

/* NULL when the bytes are malformed. ROW is NULL for what the table does not know. */
static json_t *value_json(struct reader *reader, const struct field *row, unsigned depth);

static json_t *map_json(struct reader *reader, const struct field *row, unsigned depth, uint32_t pairs)
{
    json_t *object = json_object();
    size_t guess = 0;
    for (uint32_t i = 0; i < pairs; i++) {
        struct view key;
        size_t count = 0;
        if (reader_str(reader, &key) != ERR_OK || !utf8_check(key, &count)) {
            json_decref(object);
            return NULL;
        }
        const struct field *inner = NULL;
        if (row != NULL && row->type == FIELD_ENUM_MAP) {
            inner = &row->fields[0];
        } else if (row != NULL && row->type == FIELD_MAP) {
            int index = check_find_row(row->fields, row->field_count, guess, key);
            inner = index < 0 ? NULL : &row->fields[index];
            guess = index < 0 ? guess : (size_t)index + 1;
        }
        json_t *member = value_json(reader, inner, depth + 1);
        if (member == NULL || json_object_setn_new(object, (const char *)key.at, key.size, member) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

static json_t *array_json(struct reader *reader, const struct field *row, unsigned depth, uint32_t count)
{
    const struct field *inner = row != NULL && row->type == FIELD_LIST ? &row->fields[0] : NULL;
    json_t *array = json_array();
    for (uint32_t i = 0; i < count; i++) {
        json_t *member = value_json(reader, inner, depth + 1);
        if (member == NULL) {
            json_decref(array);
            return NULL;
        }
        json_array_append_new(array, member);
    }
    return array;
}

static json_t *value_json(struct reader *reader, const struct field *row, unsigned depth)
{
    struct token token;
    if (reader_next(reader, &token) != ERR_OK) {
        return NULL;
    }
    switch (token.type) {
    case TOKEN_NIL:
        return json_null();
    case TOKEN_BOOL:
        return json_boolean(token.flag);
    case TOKEN_UINT:
        return number_json(token.number, row);
    case TOKEN_INT:
        return json_integer(token.integer);
    case TOKEN_STR:
        return text_json(token.view);
    case TOKEN_BIN:
        return bytes_json(token.view, row);
    case TOKEN_ARRAY:
        return depth > READER_DEPTH_MAX ? NULL : array_json(reader, row, depth, token.count);
    case TOKEN_MAP:
        return depth > READER_DEPTH_MAX ? NULL : map_json(reader, row, depth, token.count);
    }
    return NULL;
}

json_t *record_to_json(struct view bytes)
{
    struct value id;
    const struct kind *kind = check_peek(bytes, &id);
    struct field whole = {.type = FIELD_MAP,
                          .fields = kind != NULL ? kind->fields : common_fields,
                          .field_count = kind != NULL ? kind->field_count : COMMON_FIELDS};
    struct reader reader = reader_over(bytes.at, bytes.size);
    json_t *json = value_json(&reader, &whole, 1);
    if (json == NULL || !json_is_object(json) || reader.at != reader.end) {
        json_decref(json);
        return NULL;
    }
    return json;
}
