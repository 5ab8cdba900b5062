#include <assert.h>
#include <string.h>

#include "proto/message_rows.h"

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
    assert((size_t)message->type < message_shape_count && message_shapes[message->type].name);
    const struct shape *shape = &message_shapes[message->type];
    msgpack_packer packer;
    size_t count = shape->count;
    if (count > 0 && shape->rows[count - 1].is_later && is_absent(&shape->rows[count - 1], message)) {
        count--;
    }
    msgpack_packer_init(&packer, buffer, msgpack_sbuffer_write);
    msgpack_pack_array(&packer, count + 1);
    msgpack_pack_uint64(&packer, (uint64_t)message->type);
    for (size_t i = 0; i < count; i++) {
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
