/* proto/reader.h - a bounded pull reader for hostile msgpack.
 *
 * Reads values one by one from bytes it does not own; nothing is allocated and every announced length is compared with
 * what is left before it is believed. A failed reader stays failed. */
#ifndef PROTO_READER_H
#define PROTO_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"

enum { READER_DEPTH_MAX = 8 };

/* Bytes somebody else owns. */
struct view {
    const uint8_t *at;
    size_t size;
};

enum token_type { TOKEN_NIL, TOKEN_BOOL, TOKEN_UINT, TOKEN_INT, TOKEN_STR, TOKEN_BIN, TOKEN_ARRAY, TOKEN_MAP };

/* TOKEN_INT is a negative integer, in `integer`. `count` is the elements of an array or the pairs of a map. */
struct token {
    enum token_type type;
    bool flag;
    uint64_t number;
    int64_t integer;
    uint32_t count;
    struct view view;
};

struct reader {
    const uint8_t *at;
    const uint8_t *end;
};

static inline struct reader reader_over(const void *bytes, size_t size)
{
    const uint8_t *at = (const uint8_t *)bytes;
    return (struct reader){.at = at, .end = size > 0 ? at + size : at}; /* NULL + 0 is not defined in C */
}

/* Reads the next value; for an array or a map, only its head. ERR_TRUNCATED, or ERR_INVALID for float and ext. */
MUST_CHECK err_t reader_next(struct reader *reader, struct token *ret_token);

/* Skips one whole value, at most READER_DEPTH_MAX deep; *ret_view covers its bytes. ret_view may be NULL. */
MUST_CHECK err_t reader_skip(struct reader *reader, struct view *ret_view);

/* As reader_next, but ERR_INVALID when the value is of another type. */
MUST_CHECK err_t reader_uint(struct reader *reader, uint64_t *ret_number);
MUST_CHECK err_t reader_int(struct reader *reader, int64_t *ret_number);
MUST_CHECK err_t reader_bool(struct reader *reader, bool *ret_flag);
MUST_CHECK err_t reader_str(struct reader *reader, struct view *ret_text);
MUST_CHECK err_t reader_bin(struct reader *reader, struct view *ret_bytes);
MUST_CHECK err_t reader_array(struct reader *reader, uint32_t *ret_count);
MUST_CHECK err_t reader_map(struct reader *reader, uint32_t *ret_count);

/* Strict UTF-8 without NUL, surrogates or overlong forms; counts code points. */
bool utf8_check(struct view text, size_t *ret_count);

bool view_is(struct view text, const char *literal);
bool view_equals(struct view a, struct view b);

#endif
