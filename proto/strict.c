#include "proto/strict.h"

#include <assert.h>
#include <string.h>

/* A failed reader is at its end, so nothing more comes out of it. */
static err_t fail(struct reader *reader)
{
    reader->at = reader->end;
    return ERR_INVALID;
}

err_t strict_text(struct reader *reader, struct view *ret_text)
{
    err_t err = reader_str(reader, ret_text);
    if (err == ERR_OK && !utf8_check(*ret_text, NULL)) {
        return fail(reader);
    }
    return err;
}

err_t keys_next(struct keys *keys, struct reader *reader, struct view *ret_key)
{
    err_t err = strict_text(reader, ret_key);
    if (err != ERR_OK) {
        return err;
    }
    for (uint32_t i = 0; i < keys->count; i++) {
        if (keys->list[i].size == ret_key->size && memcmp(keys->list[i].at, ret_key->at, ret_key->size) == 0) {
            return fail(reader);
        }
    }
    if (keys->count == KEYS_MAX) {
        return fail(reader);
    }
    keys->list[keys->count++] = *ret_key;
    return ERR_OK;
}

/* One array or map on the way down: how many elements or pairs are still to come. */
struct level {
    uint32_t left;
    bool is_map;
    struct keys keys;
};

static err_t next_value(struct reader *reader, struct level *level, struct token *ret_token)
{
    if (level != NULL) {
        level->left--;
        struct view key;
        err_t err = level->is_map ? keys_next(&level->keys, reader, &key) : ERR_OK;
        if (err != ERR_OK) {
            return err;
        }
    }
    err_t err = reader_next(reader, ret_token);
    if (err == ERR_OK && ret_token->type == TOKEN_STR && !utf8_check(ret_token->view, NULL)) {
        return fail(reader);
    }
    return err;
}

err_t strict_skip(struct reader *reader, unsigned depth)
{
    struct level levels[READER_DEPTH_MAX]; /* instead of recursion; set as they are entered */
    unsigned open = 0;
    assert(depth <= READER_DEPTH_MAX);
    do {
        struct token token;
        err_t err = next_value(reader, open > 0 ? &levels[open - 1] : NULL, &token);
        if (err != ERR_OK) {
            return err;
        }
        if (token.type == TOKEN_ARRAY || token.type == TOKEN_MAP) {
            if (depth + open == READER_DEPTH_MAX) {
                return fail(reader);
            }
            struct level *level = &levels[open++];
            level->left = token.count;
            level->is_map = token.type == TOKEN_MAP;
            level->keys.count = 0;
        }
        while (open > 0 && levels[open - 1].left == 0) {
            open--;
        }
    } while (open > 0);
    return ERR_OK;
}
