/* proto/strict.h - what PROTOCOL.md §2 asks of maps and texts, also of those that nobody here looks at.
 *
 * A message is judged whole: an unknown key or an extra element is ignored only when it is well formed, so that two
 * readers of the same bytes agree on whether they are a message. For the codec's own files. */
#ifndef PROTO_STRICT_H
#define PROTO_STRICT_H

#include "proto/reader.h"

enum { KEYS_MAX = 64 };

/* The keys of one map so far. Remembering them is bounded, so their number is. */
struct keys {
    uint32_t count;
    struct view list[KEYS_MAX];
};

/* Reads the next key of a map: text, and none of those before. */
MUST_CHECK err_t keys_next(struct keys *keys, struct reader *reader, struct view *ret_key);

/* As reader_str, but ERR_INVALID unless it is UTF-8 without NUL. */
MUST_CHECK err_t strict_text(struct reader *reader, struct view *ret_text);

/* Skips one whole value that stands inside DEPTH arrays and maps. */
MUST_CHECK err_t strict_skip(struct reader *reader, unsigned depth);

#endif
