/* proto/check.h - the parts of the validator, for record.c alone.
 *
 * One walk over the bytes, guided by rows. A value that breaks its row is a fault and the walk goes on; bytes that are
 * no msgpack as PROTOCOL.md says are a fault and end it: then, and only then, a function here returns an error. Nothing
 * is allocated but by the normaliser, for text that may be out of NFC. */
#ifndef PROTO_CHECK_H
#define PROTO_CHECK_H

#include "proto/record.h"

enum { SCHEMA_VERSION = 1 };

struct check {
    struct reader reader;
    struct faults *faults;
};

/* Where the walk stands, for a fault's path: a key of a table, or, without one, an index. */
struct trail {
    const struct trail *up;
    const char *key;
    uint32_t index;
};

/* The rows of one map, and where their values go; `values` may be NULL. `seen` has a bit for each row that stands. */
struct rows {
    const struct field *fields;
    size_t count;
    struct value *values;
    uint64_t seen;
};

struct path {
    char text[FAULT_FIELD_SIZE];
};
struct path path_of(const struct trail *step);

/* What the wire type of a row is, and its name for a person. */
enum token_type check_token_type(enum field_type type);
const char *check_expected(enum field_type type);

/* A value that is no container, of the right wire type. *ret_value is set where it keeps its row. */
void check_scalar(struct check *check, const struct field *row, const struct token *token, const struct trail *step,
                  struct value *ret_value);
void check_fault_code(struct check *check, const struct enumeration *codes, const struct trail *step);

/* PAIRS keys and values. DEPTH is the map's; the record's own has 1. */
MUST_CHECK err_t check_pairs(struct check *check, struct rows *rows, const struct trail *up, unsigned depth,
                             uint32_t pairs);
/* The row of KEY, or -1. Senders write keys in the order of the table, so the search starts at GUESS: the row behind
 * the last one found. */
int check_find_row(const struct field *fields, size_t count, size_t guess, struct view key);
/* The fault `malformed`; always ERR_INVALID. */
err_t check_malformed(struct check *check, const struct trail *step, const char *reason);
MUST_CHECK err_t check_next(struct check *check, const struct trail *step, struct token *ret_token);

/* The kind that BYTES name, and the id where it is readable, without checking the rest; NULL when there is none. */
const struct kind *check_peek(struct view bytes, struct value *ret_id);

#endif
