/* proto/message_rows.h - the layout of every message as rows: one an element, and one a key of its map. For
 * proto/message_*.c alone, which walk these rows to decode and to encode. */
#ifndef PROTO_MESSAGE_ROWS_H
#define PROTO_MESSAGE_ROWS_H

#include "proto/message.h"

enum form {
    FORM_UINT,
    FORM_STR,
    FORM_CITY,    /* a str of six digits */
    FORM_BIN,     /* low..high bytes */
    FORM_BIN_NIL, /* as FORM_BIN, or nil: an empty view */
    FORM_ITEMS,
    FORM_EVENTS,
    FORM_MAP,
    FORM_CAPABILITIES, /* an array of str that this version does not look at */
    FORM_STR_ARRAY,    /* an array of str, kept encoded */
};

struct row {
    const char *key; /* NULL for an element of the array */
    enum form form;
    size_t offset;
    size_t low, high; /* bytes, or the number's bounds where high is set */
    bool is_required;
    bool is_later;     /* an element, the last: older versions do not send it */
    size_t has_offset; /* where absence must be told from 0: the bool */
    const struct row *rows;
    size_t row_count;
};

/* The elements of a message after its type. */
struct shape {
    const char *name;
    const struct row *rows;
    size_t count;
};

/* By type; where `name` is NULL, there is no such message. */
extern const struct shape message_shapes[];
extern const size_t message_shape_count;

#endif
