#include "proto/reader.h"

#include <string.h>

static size_t left(const struct reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

/* A failed reader is at its end, so nothing more comes out of it. */
static err_t fail(struct reader *reader, err_t err)
{
    reader->at = reader->end;
    return err;
}

static err_t read_big_endian(struct reader *reader, size_t size, uint64_t *ret_number)
{
    if (left(reader) < size) {
        return fail(reader, ERR_TRUNCATED);
    }
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++) {
        number = number << 8 | *reader->at++;
    }
    *ret_number = number;
    return ERR_OK;
}

static err_t read_uint(struct reader *reader, size_t size, struct token *ret_token)
{
    ret_token->type = TOKEN_UINT;
    return read_big_endian(reader, size, &ret_token->number);
}

/* A non-negative number in a signed form is a TOKEN_UINT like any other. */
static err_t read_signed(struct reader *reader, size_t size, struct token *ret_token)
{
    uint64_t number = 0;
    err_t err = read_big_endian(reader, size, &number);
    if (err != ERR_OK) {
        return err;
    }
    unsigned shift = (unsigned)(64 - 8 * size);
    uint64_t widened = number << shift;
    bool is_negative = widened >> 63;
    if (is_negative && shift > 0) {
        number |= ~(uint64_t)0 << (64 - shift);
    }
    ret_token->type = is_negative ? TOKEN_INT : TOKEN_UINT;
    ret_token->number = is_negative ? 0 : number;
    memcpy(&ret_token->integer, &number, sizeof number);
    return ERR_OK;
}

static err_t read_bytes(struct reader *reader, uint64_t size, enum token_type type, struct token *ret_token)
{
    if (size > left(reader)) {
        return fail(reader, ERR_TRUNCATED);
    }
    ret_token->type = type;
    ret_token->view = (struct view){reader->at, (size_t)size};
    reader->at += size;
    return ERR_OK;
}

/* Every element takes a byte at least and every pair two: more than that cannot be there. */
static err_t read_head(struct reader *reader, uint64_t count, enum token_type type, struct token *ret_token)
{
    uint64_t least = type == TOKEN_MAP ? count * 2 : count;
    if (least > left(reader)) {
        return fail(reader, ERR_TRUNCATED);
    }
    ret_token->type = type;
    ret_token->count = (uint32_t)count;
    return ERR_OK;
}

static err_t read_sized(struct reader *reader, size_t width, enum token_type type, struct token *ret_token)
{
    uint64_t size = 0;
    err_t err = read_big_endian(reader, width, &size);
    if (err != ERR_OK) {
        return err;
    }
    bool is_head = type == TOKEN_ARRAY || type == TOKEN_MAP;
    return is_head ? read_head(reader, size, type, ret_token) : read_bytes(reader, size, type, ret_token);
}

/* The bytes 0xc0-0xdf of the msgpack specification; width 0: not allowed here (ext, float, unused). */
static const struct {
    err_t (*read)(struct reader *reader, size_t width, struct token *ret_token);
    uint8_t width;
    uint8_t sized_type; /* for read == NULL and width > 0 */
} forms[32] = {
    [0x04] = {NULL, 1, TOKEN_BIN},   [0x05] = {NULL, 2, TOKEN_BIN}, [0x06] = {NULL, 4, TOKEN_BIN},
    [0x0c] = {read_uint, 1, 0},      [0x0d] = {read_uint, 2, 0},    [0x0e] = {read_uint, 4, 0},
    [0x0f] = {read_uint, 8, 0},      [0x10] = {read_signed, 1, 0},  [0x11] = {read_signed, 2, 0},
    [0x12] = {read_signed, 4, 0},    [0x13] = {read_signed, 8, 0},  [0x19] = {NULL, 1, TOKEN_STR},
    [0x1a] = {NULL, 2, TOKEN_STR},   [0x1b] = {NULL, 4, TOKEN_STR}, [0x1c] = {NULL, 2, TOKEN_ARRAY},
    [0x1d] = {NULL, 4, TOKEN_ARRAY}, [0x1e] = {NULL, 2, TOKEN_MAP}, [0x1f] = {NULL, 4, TOKEN_MAP},
};

static err_t read_form(struct reader *reader, uint8_t byte, struct token *ret_token)
{
    unsigned index = byte - 0xc0u;
    if (byte == 0xc0) {
        ret_token->type = TOKEN_NIL;
        return ERR_OK;
    }
    if (byte == 0xc2 || byte == 0xc3) {
        ret_token->type = TOKEN_BOOL;
        ret_token->flag = byte == 0xc3;
        return ERR_OK;
    }
    if (forms[index].width == 0) {
        return fail(reader, ERR_INVALID);
    }
    if (forms[index].read) {
        return forms[index].read(reader, forms[index].width, ret_token);
    }
    return read_sized(reader, forms[index].width, (enum token_type)forms[index].sized_type, ret_token);
}

err_t reader_next(struct reader *reader, struct token *ret_token)
{
    if (reader->at == reader->end) {
        return ERR_TRUNCATED;
    }
    uint8_t byte = *reader->at++;
    ret_token->view = (struct view){0}; /* callers keep it whatever the type */
    if (byte < 0x80) {
        ret_token->type = TOKEN_UINT;
        ret_token->number = byte;
        return ERR_OK;
    }
    if (byte >= 0xe0) {
        ret_token->type = TOKEN_INT;
        ret_token->integer = (int64_t)byte - 256;
        return ERR_OK;
    }
    if (byte >= 0xc0) {
        return read_form(reader, byte, ret_token);
    }
    if (byte >= 0xa0) {
        return read_bytes(reader, byte & 0x1f, TOKEN_STR, ret_token);
    }
    return read_head(reader, byte & 0x0f, byte >= 0x90 ? TOKEN_ARRAY : TOKEN_MAP, ret_token);
}

err_t reader_skip(struct reader *reader, struct view *ret_view)
{
    const uint8_t *start = reader->at;
    uint64_t pending[READER_DEPTH_MAX + 1]; /* values still to come at each depth */
    int depth = 0;
    pending[0] = 1;
    for (;;) {
        struct token token;
        err_t err = reader_next(reader, &token);
        if (err != ERR_OK) {
            return err;
        }
        pending[depth]--;
        if (token.type == TOKEN_ARRAY || token.type == TOKEN_MAP) {
            if (depth == READER_DEPTH_MAX) {
                return fail(reader, ERR_INVALID);
            }
            pending[++depth] = token.type == TOKEN_MAP ? (uint64_t)token.count * 2 : token.count;
        }
        while (depth > 0 && pending[depth] == 0) {
            depth--;
        }
        if (depth == 0 && pending[0] == 0) {
            break;
        }
    }
    if (ret_view) {
        *ret_view = (struct view){start, (size_t)(reader->at - start)};
    }
    return ERR_OK;
}

static err_t read_as(struct reader *reader, enum token_type type, struct token *ret_token)
{
    err_t err = reader_next(reader, ret_token);
    if (err != ERR_OK) {
        return err;
    }
    return ret_token->type == type ? ERR_OK : fail(reader, ERR_INVALID);
}

err_t reader_uint(struct reader *reader, uint64_t *ret_number)
{
    struct token token;
    err_t err = read_as(reader, TOKEN_UINT, &token);
    if (err == ERR_OK) {
        *ret_number = token.number;
    }
    return err;
}

err_t reader_int(struct reader *reader, int64_t *ret_number)
{
    struct token token = {.type = TOKEN_NIL};
    err_t err = reader_next(reader, &token);
    if (err != ERR_OK) {
        return err;
    }
    if (token.type == TOKEN_INT) {
        *ret_number = token.integer;
        return ERR_OK;
    }
    if (token.type == TOKEN_UINT && token.number <= INT64_MAX) {
        *ret_number = (int64_t)token.number;
        return ERR_OK;
    }
    return fail(reader, ERR_INVALID);
}

err_t reader_bool(struct reader *reader, bool *ret_flag)
{
    struct token token;
    err_t err = read_as(reader, TOKEN_BOOL, &token);
    if (err == ERR_OK) {
        *ret_flag = token.flag;
    }
    return err;
}

static err_t read_view(struct reader *reader, enum token_type type, struct view *ret_view)
{
    struct token token;
    err_t err = read_as(reader, type, &token);
    if (err == ERR_OK) {
        *ret_view = token.view;
    }
    return err;
}

err_t reader_str(struct reader *reader, struct view *ret_text)
{
    return read_view(reader, TOKEN_STR, ret_text);
}

err_t reader_bin(struct reader *reader, struct view *ret_bytes)
{
    return read_view(reader, TOKEN_BIN, ret_bytes);
}

static err_t read_count(struct reader *reader, enum token_type type, uint32_t *ret_count)
{
    struct token token;
    err_t err = read_as(reader, type, &token);
    if (err == ERR_OK) {
        *ret_count = token.count;
    }
    return err;
}

err_t reader_array(struct reader *reader, uint32_t *ret_count)
{
    return read_count(reader, TOKEN_ARRAY, ret_count);
}

err_t reader_map(struct reader *reader, uint32_t *ret_count)
{
    return read_count(reader, TOKEN_MAP, ret_count);
}

static bool is_following(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* RFC 3629's table 3-7: how many bytes follow a lead byte, and the bounds of the first of them. */
static size_t continuation(uint8_t lead, uint8_t *ret_low, uint8_t *ret_high)
{
    *ret_low = 0x80;
    *ret_high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf) {
        return 1;
    }
    if (lead >= 0xe0 && lead <= 0xef) {
        *ret_low = lead == 0xe0 ? 0xa0 : 0x80;
        *ret_high = lead == 0xed ? 0x9f : 0xbf;
        return 2;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        *ret_low = lead == 0xf0 ? 0x90 : 0x80;
        *ret_high = lead == 0xf4 ? 0x8f : 0xbf;
        return 3;
    }
    return 0;
}

bool utf8_check(struct view text, size_t *ret_count)
{
    const uint8_t *at = text.at;
    const uint8_t *end = text.size > 0 ? at + text.size : at;
    size_t count = 0;
    for (; at < end; count++) {
        uint8_t lead = *at++;
        if (lead < 0x80) {
            if (lead == 0) {
                return false;
            }
            continue;
        }
        /* U+1000 to U+CFFF, which is nearly all of Chinese text: any two bytes that follow will do. */
        if (lead >= 0xe1 && lead <= 0xec && end - at >= 2 && is_following(at[0]) && is_following(at[1])) {
            at += 2;
            continue;
        }
        uint8_t low = 0;
        uint8_t high = 0;
        size_t more = continuation(lead, &low, &high);
        if (more == 0 || (size_t)(end - at) < more || *at < low || *at > high) {
            return false;
        }
        for (size_t i = 1; i < more; i++) {
            if (!is_following(at[i])) {
                return false;
            }
        }
        at += more;
    }
    if (ret_count) {
        *ret_count = count;
    }
    return true;
}

bool view_is(struct view text, const char *literal)
{
    return text.size == strlen(literal) && memcmp(text.at, literal, text.size) == 0;
}

bool view_equals(struct view a, struct view b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}
