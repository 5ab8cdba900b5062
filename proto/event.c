/* One row a key of an event's map, by type: decoding and encoding walk the same rows. */
#include <stddef.h>
#include <string.h>

#include "proto/message.h"
#include "proto/strict.h"

enum form { FORM_STR, FORM_BIN, FORM_ID, FORM_UINT, FORM_INT, FORM_TIME, FORM_DIMS };

struct row {
    const char *key;
    enum form form;
    size_t offset;
    bool is_required;
};

#define OF(field) offsetof(struct event, field)

static const struct row cell_rows[] = {
    {"family", FORM_STR, OF(cell.family), true}, {"day", FORM_STR, OF(cell.day), true},
    {"dims", FORM_DIMS, OF(cell.dims), true},    {"count", FORM_INT, OF(cell.count), true},
    {"sum", FORM_INT, OF(cell.sum), true},       {"revision", FORM_UINT, OF(cell.revision), true},
    {"size", FORM_UINT, OF(cell.size), false},
};
static const struct row record_rows[] = {
    {"number", FORM_UINT, OF(record.number), true}, {"received_at", FORM_TIME, OF(record.received_at), true},
    {"role", FORM_STR, OF(record.role), true},      {"entity_type", FORM_STR, OF(record.entity_type), false},
    {"entity", FORM_STR, OF(record.entity), false}, {"entity_name", FORM_STR, OF(record.entity_name), false},
    {"owner", FORM_STR, OF(record.owner), false},   {"state", FORM_STR, OF(record.state), true},
    {"record", FORM_BIN, OF(record.record), true},
};
static const struct row clock_rows[] = {
    {"at", FORM_TIME, OF(clock.at), true},         {"due_at", FORM_TIME, OF(clock.due_at), true},
    {"term", FORM_STR, OF(clock.term), true},      {"stage", FORM_STR, OF(clock.stage), true},
    {"entity", FORM_STR, OF(clock.entity), false}, {"entity_name", FORM_STR, OF(clock.entity_name), false},
    {"root", FORM_ID, OF(clock.root), false},      {"period", FORM_STR, OF(clock.period), false},
};
static const struct row state_rows[] = {
    {"at", FORM_TIME, OF(state.at), true},
    {"state", FORM_STR, OF(state.state), true},
    {"reason", FORM_STR, OF(state.reason), true},
};
static const struct row health_rows[] = {
    {"at", FORM_TIME, OF(health.at), true},
    {"disk", FORM_STR, OF(health.disk), true},
    {"free_mib", FORM_UINT, OF(health.free_mib), true},
    {"connections", FORM_STR, OF(health.connections), false},
    {"connections_free", FORM_UINT, OF(health.connections_free), false},
};

static const struct {
    const char *name;
    const struct row *rows;
    size_t count;
} types[] = {
    [EVENT_CELL] = {"cell", cell_rows, sizeof cell_rows / sizeof *cell_rows},
    [EVENT_RECORD] = {"record", record_rows, sizeof record_rows / sizeof *record_rows},
    [EVENT_CLOCK] = {"clock", clock_rows, sizeof clock_rows / sizeof *clock_rows},
    [EVENT_ENTITY_STATE] = {"entity_state", state_rows, sizeof state_rows / sizeof *state_rows},
    [EVENT_HUB_HEALTH] = {"hub_health", health_rows, sizeof health_rows / sizeof *health_rows},
};
enum { TYPES = sizeof types / sizeof *types };

static err_t decode_dims(struct reader *reader, struct cell_event *cell)
{
    err_t err = reader_array(reader, &cell->dim_count);
    err = err == ERR_OK && cell->dim_count > 6 ? ERR_INVALID : err;
    for (uint32_t i = 0; err == ERR_OK && i < cell->dim_count; i++) {
        err = strict_text(reader, &cell->dims[i]);
    }
    return err;
}

static err_t decode_row(struct reader *reader, const struct row *row, struct event *event)
{
    struct view view = {0};
    uint64_t number = 0;
    int64_t integer = 0;
    err_t err = ERR_OK;
    switch (row->form) {
    case FORM_STR:
        err = strict_text(reader, &view);
        memcpy((char *)event + row->offset, &view, sizeof view);
        break;
    case FORM_BIN:
    case FORM_ID:
        err = reader_bin(reader, &view);
        err = err == ERR_OK && row->form == FORM_ID && view.size != RECORD_ID_SIZE ? ERR_INVALID : err;
        memcpy((char *)event + row->offset, &view, sizeof view);
        break;
    case FORM_UINT:
        err = reader_uint(reader, &number);
        memcpy((char *)event + row->offset, &number, sizeof number);
        break;
    case FORM_INT:
    case FORM_TIME:
        err = reader_int(reader, &integer);
        err = err == ERR_OK && row->form == FORM_TIME && (integer < 0 || integer > TIME_MAX) ? ERR_INVALID : err;
        memcpy((char *)event + row->offset, &integer, sizeof integer);
        break;
    case FORM_DIMS:
        err = decode_dims(reader, &event->cell);
        break;
    }
    return err;
}

/* The type decides the rows, and it need not come first: so it is looked for before anything else, and the map's form
 * is checked on the way. */
static err_t find_type(struct view bytes, size_t *ret_type)
{
    struct reader reader = reader_over(bytes.at, bytes.size);
    struct keys keys;
    struct view name = {0};
    uint32_t count = 0;
    err_t err = reader_map(&reader, &count);
    keys.count = 0;
    for (uint32_t i = 0; i < count && err == ERR_OK; i++) {
        struct view key;
        err = keys_next(&keys, &reader, &key);
        if (err == ERR_OK) {
            err = view_is(key, "type") ? strict_text(&reader, &name) : strict_skip(&reader, 1);
        }
    }
    if (err != ERR_OK || name.size == 0 || reader.at != reader.end) {
        return err == ERR_OK ? ERR_INVALID : err;
    }
    for (*ret_type = 0; *ret_type < TYPES; (*ret_type)++) {
        if (view_is(name, types[*ret_type].name)) {
            return ERR_OK;
        }
    }
    return ERR_NOT_FOUND;
}

err_t event_decode(struct view bytes, struct event *ret_event)
{
    size_t type = 0;
    uint32_t count = 0;
    unsigned seen = 0;
    err_t err = find_type(bytes, &type);
    if (err != ERR_OK) {
        return err;
    }
    memset(ret_event, 0, sizeof *ret_event);
    ret_event->type = (enum event_type)type;
    struct reader reader = reader_over(bytes.at, bytes.size);
    err = reader_map(&reader, &count);
    for (uint32_t i = 0; i < count && err == ERR_OK; i++) {
        struct view key;
        size_t row = 0;
        err = reader_str(&reader, &key);
        while (row < types[type].count && !view_is(key, types[type].rows[row].key)) {
            row++;
        }
        if (err == ERR_OK && row < types[type].count) {
            seen |= 1u << row;
            err = decode_row(&reader, &types[type].rows[row], ret_event);
        } else if (err == ERR_OK) {
            err = reader_skip(&reader, NULL);
        }
    }
    for (size_t row = 0; row < types[type].count && err == ERR_OK; row++) {
        err = types[type].rows[row].is_required && !(seen >> row & 1) ? ERR_INVALID : ERR_OK;
    }
    return err;
}

static bool is_absent(const struct row *row, const struct event *event)
{
    struct view view;
    uint64_t number = 0;
    if (row->is_required) {
        return false;
    }
    if (row->form == FORM_UINT) {
        memcpy(&number, (const char *)event + row->offset, sizeof number);
        return number == 0;
    }
    memcpy(&view, (const char *)event + row->offset, sizeof view);
    return view.size == 0;
}

static void encode_row(msgpack_packer *packer, const struct row *row, const struct event *event)
{
    const char *at = (const char *)event + row->offset;
    struct view view = {0};
    uint64_t number = 0;
    int64_t integer = 0;
    switch (row->form) {
    case FORM_STR:
        memcpy(&view, at, sizeof view);
        msgpack_pack_str_with_body(packer, view.at, view.size);
        break;
    case FORM_BIN:
    case FORM_ID:
        memcpy(&view, at, sizeof view);
        msgpack_pack_bin_with_body(packer, view.at, view.size);
        break;
    case FORM_UINT:
        memcpy(&number, at, sizeof number);
        msgpack_pack_uint64(packer, number);
        break;
    case FORM_INT:
    case FORM_TIME:
        memcpy(&integer, at, sizeof integer);
        msgpack_pack_int64(packer, integer);
        break;
    case FORM_DIMS:
        msgpack_pack_array(packer, event->cell.dim_count);
        for (uint32_t i = 0; i < event->cell.dim_count; i++) {
            msgpack_pack_str_with_body(packer, event->cell.dims[i].at, event->cell.dims[i].size);
        }
        break;
    }
}

void event_encode(const struct event *event, msgpack_sbuffer *buffer)
{
    msgpack_packer packer;
    size_t pairs = 1;
    msgpack_packer_init(&packer, buffer, msgpack_sbuffer_write);
    for (size_t i = 0; i < types[event->type].count; i++) {
        pairs += !is_absent(&types[event->type].rows[i], event);
    }
    msgpack_pack_map(&packer, pairs);
    msgpack_pack_str_with_body(&packer, "type", 4);
    msgpack_pack_str_with_body(&packer, types[event->type].name, strlen(types[event->type].name));
    for (size_t i = 0; i < types[event->type].count; i++) {
        const struct row *row = &types[event->type].rows[i];
        if (!is_absent(row, event)) {
            msgpack_pack_str_with_body(&packer, row->key, strlen(row->key));
            encode_row(&packer, row, event);
        }
    }
}
