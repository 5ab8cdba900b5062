#include <assert.h>

#include "proto/strict.h"

/* Any bytes, value by value. The reader never passes the end, never goes back and never succeeds after a failure; what
 * the strict walk takes, the plain one takes, and both end at the same byte. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_tokens(struct reader reader)
{
    err_t err = ERR_OK;
    while (err == ERR_OK) {
        const uint8_t *before = reader.at;
        struct token token;
        err = reader_next(&reader, &token);
        assert(reader.at <= reader.end && (err != ERR_OK || reader.at > before));
        if (err == ERR_OK && (token.type == TOKEN_STR || token.type == TOKEN_BIN)) {
            size_t count = 0;
            assert(token.view.at >= before && token.view.at + token.view.size == reader.at);
            assert(!utf8_check(token.view, &count) || count <= token.view.size);
        }
    }
    assert(reader.at == reader.end);
}

static void skip_values(struct reader reader)
{
    struct reader strict = reader;
    struct view view;
    while (reader_skip(&reader, &view) == ERR_OK) {
        assert(view.size > 0 && view.at + view.size == reader.at);
        if (strict_skip(&strict, 0) != ERR_OK) {
            assert(strict.at == strict.end);
            return;
        }
        assert(strict.at == reader.at);
    }
    err_t err = strict_skip(&strict, 0);
    assert(err != ERR_OK && reader.at == reader.end);
    (void)err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_tokens(reader_over(data, size));
    skip_values(reader_over(data, size));
    return 0;
}
