#include "proto/check.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

enum { UNKNOWN_KEYS_MAX = 64 };

struct unknown_keys {
    size_t count;
    struct view keys[UNKNOWN_KEYS_MAX];
};

err_t check_malformed(struct check *check, const struct trail *step, const char *reason)
{
    fault_add(check->faults, "malformed", path_of(step).text, "%s", reason);
    return ERR_INVALID;
}

err_t check_next(struct check *check, const struct trail *step, struct token *ret_token)
{
    switch (reader_next(&check->reader, ret_token)) {
    case ERR_OK:
        return ERR_OK;
    case ERR_TRUNCATED:
        return check_malformed(check, step, "ends too early");
    default:
        return check_malformed(check, step, "a float, an ext type or a byte that msgpack does not have");
    }
}

static err_t next_key(struct check *check, const struct trail *step, struct view *ret_key)
{
    struct token token;
    err_t err = check_next(check, step, &token);
    if (err != ERR_OK) {
        return err;
    }
    if (token.type != TOKEN_STR) {
        return check_malformed(check, step, "a key that is no text");
    }
    *ret_key = token.view;
    return ERR_OK;
}

/* A key that stands twice is an error even where nobody knows the key. Remembering them is bounded, so their number is.
 */
static err_t note_unknown(struct check *check, struct unknown_keys *unknown, struct view key, const struct trail *step)
{
    size_t count = 0;
    if (!utf8_check(key, &count)) {
        return check_malformed(check, step, "a key that is no UTF-8");
    }
    for (size_t i = 0; i < unknown->count; i++) {
        if (unknown->keys[i].size == key.size && memcmp(unknown->keys[i].at, key.at, key.size) == 0) {
            fault_add(check->faults, "duplicate_key", path_of(step).text, "an unknown key stands twice");
            return ERR_OK;
        }
    }
    if (unknown->count == UNKNOWN_KEYS_MAX) {
        return check_malformed(check, step, "more than 64 unknown keys in a map");
    }
    unknown->keys[unknown->count++] = key;
    return ERR_OK;
}

/* DEPTH is that of the value where it is a container; the record's own map has 1. */
static err_t skip_value(struct check *check, const struct trail *step, unsigned depth);

static err_t skip_pairs(struct check *check, const struct trail *step, unsigned depth, uint32_t pairs)
{
    struct unknown_keys unknown;
    unknown.count = 0;
    for (uint32_t i = 0; i < pairs; i++) {
        struct view key;
        err_t err = next_key(check, step, &key);
        err = err != ERR_OK ? err : note_unknown(check, &unknown, key, step);
        err = err != ERR_OK ? err : skip_value(check, step, depth + 1);
        if (err != ERR_OK) {
            return err;
        }
    }
    return ERR_OK;
}

/* Walks what belongs to a token already read and is of no use to us: it must be well formed all the same. */
static err_t skip_rest(struct check *check, const struct trail *step, unsigned depth, const struct token *token)
{
    bool is_container = token->type == TOKEN_ARRAY || token->type == TOKEN_MAP;
    if (is_container && depth > READER_DEPTH_MAX) {
        return check_malformed(check, step, "nested deeper than 8");
    }
    size_t count = 0;
    if (token->type == TOKEN_STR && !utf8_check(token->view, &count)) {
        fault_add(check->faults, "bad_utf8", path_of(step).text, "not UTF-8, or with NUL");
    }
    if (token->type == TOKEN_MAP) {
        return skip_pairs(check, step, depth, token->count);
    }
    for (uint32_t i = 0; token->type == TOKEN_ARRAY && i < token->count; i++) {
        err_t err = skip_value(check, step, depth + 1);
        if (err != ERR_OK) {
            return err;
        }
    }
    return ERR_OK;
}

static err_t skip_value(struct check *check, const struct trail *step, unsigned depth)
{
    struct token token;
    err_t err = check_next(check, step, &token);
    return err != ERR_OK ? err : skip_rest(check, step, depth, &token);
}

static err_t check_map(struct check *check, const struct field *row, const struct token *token,
                       const struct trail *step, unsigned depth);
static err_t check_list(struct check *check, const struct field *row, const struct token *token, const struct trail *up,
                        unsigned depth);
static err_t check_enum_map(struct check *check, const struct field *row, const struct token *token,
                            const struct trail *up, unsigned depth);

static err_t check_value(struct check *check, const struct field *row, const struct trail *step, unsigned depth,
                         struct value *value)
{
    const uint8_t *start = check->reader.at;
    struct token token;
    err_t err = check_next(check, step, &token);
    if (err != ERR_OK) {
        return err;
    }
    if (token.type != check_token_type(row->type)) {
        /* JSON writes a time as text, so a text here is a time that could not be read. */
        bool is_time_text = row->type == FIELD_TIME && token.type == TOKEN_STR;
        fault_add(check->faults, is_time_text ? "bad_format" : "wrong_type", path_of(step).text, "must be %s",
                  check_expected(row->type));
        return skip_rest(check, step, depth, &token);
    }
    switch (row->type) {
    case FIELD_MAP:
        err = check_map(check, row, &token, step, depth);
        break;
    case FIELD_LIST:
        err = check_list(check, row, &token, step, depth);
        break;
    case FIELD_ENUM_MAP:
        err = check_enum_map(check, row, &token, step, depth);
        break;
    default:
        check_scalar(check, row, &token, step, value);
        return ERR_OK;
    }
    *value = (struct value){.is_present = true, .view = {start, (size_t)(check->reader.at - start)}};
    return err;
}

static bool is_key(const char *row_key, struct view key)
{
    return key.size > 0 && row_key[0] == (char)key.at[0] && view_is(key, row_key);
}

int check_find_row(const struct field *fields, size_t count, size_t guess, struct view key)
{
    assert(guess <= count);
    for (size_t i = 0; i < count; i++) {
        size_t index = guess + i < count ? guess + i : guess + i - count;
        if (is_key(fields[index].key, key)) {
            return (int)index;
        }
    }
    return -1;
}

static void check_missing(struct check *check, const struct rows *rows, const struct trail *up)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->fields[i].presence == REQUIRED && (rows->seen >> i & 1) == 0) {
            struct trail step = {.up = up, .key = rows->fields[i].key};
            fault_add(check->faults, "missing", path_of(&step).text, "required");
        }
    }
}

err_t check_pairs(struct check *check, struct rows *rows, const struct trail *up, unsigned depth, uint32_t pairs)
{
    struct unknown_keys unknown;
    unknown.count = 0;
    size_t guess = 0;
    for (uint32_t i = 0; i < pairs; i++) {
        struct view key;
        err_t err = next_key(check, up, &key);
        if (err != ERR_OK) {
            return err;
        }
        int index = check_find_row(rows->fields, rows->count, guess, key);
        if (index < 0) {
            err = note_unknown(check, &unknown, key, up);
            err = err != ERR_OK ? err : skip_value(check, up, depth + 1);
        } else {
            struct trail step = {.up = up, .key = rows->fields[index].key};
            bool is_twice = (rows->seen >> index & 1) != 0;
            struct value ignored;
            guess = (size_t)index + 1;
            rows->seen |= UINT64_C(1) << index;
            if (is_twice) {
                fault_add(check->faults, "duplicate_key", path_of(&step).text, "stands twice");
                err = skip_value(check, &step, depth + 1);
            } else {
                err = check_value(check, &rows->fields[index], &step, depth + 1,
                                  rows->values != NULL ? &rows->values[index] : &ignored);
            }
        }
        if (err != ERR_OK) {
            return err;
        }
    }
    check_missing(check, rows, up);
    return ERR_OK;
}

static err_t check_map(struct check *check, const struct field *row, const struct token *token,
                       const struct trail *step, unsigned depth)
{
    struct rows rows = {.fields = row->fields, .count = row->field_count};
    return check_pairs(check, &rows, step, depth, token->count);
}

static err_t check_list(struct check *check, const struct field *row, const struct token *token, const struct trail *up,
                        unsigned depth)
{
    if (token->count < row->low || token->count > row->high) {
        fault_add(check->faults, token->count < row->low ? "too_short" : "too_long", path_of(up).text,
                  "%" PRIu32 " elements; must be %" PRId64 " to %" PRId64, token->count, row->low, row->high);
        return skip_rest(check, up, depth, token);
    }
    for (uint32_t i = 0; i < token->count; i++) {
        struct trail step = {.up = up, .index = i};
        struct value ignored;
        err_t err = check_value(check, &row->fields[0], &step, depth + 1, &ignored);
        if (err != ERR_OK) {
            return err;
        }
    }
    return ERR_OK;
}

static err_t check_enum_map(struct check *check, const struct field *row, const struct token *token,
                            const struct trail *up, unsigned depth)
{
    uint64_t seen = 0;
    for (uint32_t i = 0; i < token->count; i++) {
        struct view key;
        err_t err = next_key(check, up, &key);
        if (err != ERR_OK) {
            return err;
        }
        int index = enumeration_index(row->codes, key);
        struct trail step = {.up = up, .key = index < 0 ? NULL : row->codes->labels[index].code};
        struct value ignored;
        if (index < 0) {
            check_fault_code(check, row->codes, up);
            err = skip_value(check, up, depth + 1);
        } else if ((seen >> index & 1) != 0) {
            fault_add(check->faults, "duplicate_key", path_of(&step).text, "stands twice");
            err = skip_value(check, &step, depth + 1);
        } else {
            seen |= UINT64_C(1) << index;
            err = check_value(check, &row->fields[0], &step, depth + 1, &ignored);
        }
        if (err != ERR_OK) {
            return err;
        }
    }
    for (size_t i = 0; i < row->codes->count; i++) {
        struct trail step = {.up = up, .key = row->codes->labels[i].code};
        if ((seen >> i & 1) == 0) {
            fault_add(check->faults, "missing", path_of(&step).text, "required");
        }
    }
    return ERR_OK;
}
