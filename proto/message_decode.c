#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "proto/message_rows.h"
#include "proto/strict.h"

enum { CITY_SIZE = 6 };

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
    size_t needed = shape->count - (shape->count > 0 && shape->rows[shape->count - 1].is_later);
    if (count < needed + 1) {
        snprintf(reterr_reason, 128, "%s has too few elements", shape->name);
        return ERR_INVALID;
    }
    for (size_t i = 0; i < shape->count && i + 1 < count; i++) {
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
    if (type >= message_shape_count || !message_shapes[type].name) {
        snprintf(reterr_reason, 128, "type %llu is not implemented", (unsigned long long)type);
        return ERR_NOT_FOUND;
    }
    /* SUBMIT's views are set as they are read; clearing a kilobyte of them for each message would be waste. */
    memset(ret_message, 0, type == MESSAGE_SUBMIT ? offsetof(struct message, submit.items) : sizeof *ret_message);
    ret_message->type = (enum message_type)type;
    return decode_elements(&reader, &message_shapes[type], count, ret_message, reterr_reason);
}
