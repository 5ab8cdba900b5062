#include "proto/ident.h"
#include "proto/record.h"

#include <assert.h>
#include <string.h>
#include <sys/random.h>

/* RFC 9562 section 5.7: 48 bits of milliseconds, version 7, variant 10, the rest random. */
void record_make_id(int64_t now_ms, uint8_t ret_id[RECORD_ID_SIZE])
{
    ssize_t size = getrandom(ret_id, RECORD_ID_SIZE, 0);
    assert(size == RECORD_ID_SIZE); /* requests up to 256 bytes are never cut short */
    for (int i = 0; i < 6; i++) {
        ret_id[i] = (uint8_t)((uint64_t)now_ms >> (40 - 8 * i));
    }
    ret_id[6] = (uint8_t)(0x70 | (ret_id[6] & 0x0F));
    ret_id[8] = (uint8_t)(0x80 | (ret_id[8] & 0x3F));
}

static bool is_dash(size_t position)
{
    return position == 8 || position == 13 || position == 18 || position == 23;
}

void record_id_text(const uint8_t id[RECORD_ID_SIZE], char ret_text[37])
{
    static const char digits[] = "0123456789abcdef";
    size_t position = 0;
    for (size_t i = 0; i < RECORD_ID_SIZE; i++) {
        if (is_dash(position)) {
            ret_text[position++] = '-';
        }
        ret_text[position++] = digits[id[i] >> 4];
        ret_text[position++] = digits[id[i] & 15];
    }
    ret_text[position] = '\0';
}

err_t record_id_parse(const char *text, uint8_t ret_id[RECORD_ID_SIZE])
{
    if (strlen(text) != 36) {
        return ERR_INVALID;
    }
    size_t position = 0;
    for (size_t i = 0; i < RECORD_ID_SIZE; i++) {
        if (is_dash(position) && text[position++] != '-') {
            return ERR_INVALID;
        }
        int high = hex_digit(text[position++]);
        int low = hex_digit(text[position++]);
        if (high < 0 || low < 0) {
            return ERR_INVALID;
        }
        ret_id[i] = (uint8_t)(high << 4 | low);
    }
    return ERR_OK;
}
