#include "proto/prose.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { MARKS_IN_A_ROW = 30 };

static bool is_tail(uint8_t byte)
{
    return (byte & 0xC0) == 0x80;
}

static size_t decode_three(const uint8_t *at, uint32_t *ret_point)
{
    *ret_point = (uint32_t)(at[0] & 0x0F) << 12 | (uint32_t)(at[1] & 0x3F) << 6 | (at[2] & 0x3F);
    bool is_surrogate = *ret_point >= 0xD800 && *ret_point <= 0xDFFF;
    return is_tail(at[1]) && is_tail(at[2]) && *ret_point >= 0x800 && !is_surrogate ? 3 : 0;
}

static size_t decode_four(const uint8_t *at, uint32_t *ret_point)
{
    *ret_point = (uint32_t)(at[0] & 0x07) << 18 | (uint32_t)(at[1] & 0x3F) << 12 | (uint32_t)(at[2] & 0x3F) << 6 |
                 (at[3] & 0x3F);
    bool is_in_range = *ret_point >= 0x10000 && *ret_point <= 0x10FFFF;
    return is_tail(at[1]) && is_tail(at[2]) && is_tail(at[3]) && is_in_range ? 4 : 0;
}

/* Bytes of one character that is not ASCII; 0 when it is not well formed (RFC 3629). */
static size_t decode(const uint8_t *at, size_t left, uint32_t *ret_point)
{
    if (at[0] >= 0xC2 && at[0] <= 0xDF && left >= 2) {
        *ret_point = (uint32_t)(at[0] & 0x1F) << 6 | (at[1] & 0x3F);
        return is_tail(at[1]) ? 2 : 0;
    }
    if (at[0] >= 0xE0 && at[0] <= 0xEF && left >= 3) {
        return decode_three(at, ret_point);
    }
    if (at[0] >= 0xF0 && at[0] <= 0xF4 && left >= 4) {
        return decode_four(at, ret_point);
    }
    return 0;
}

/* Ranges in which every character is a starter with NFC_Quick_Check=Yes (Unicode 14), so that no neighbour changes it.
 * To widen one, run the check over it first: a single combining mark inside makes the fast path wrong. */
static const struct {
    uint32_t first;
    uint32_t last;
} stable_ranges[] = {
    {0xA0, 0x2FF},                                          /* Latin */
    {0x2010, 0x2027}, {0x2030, 0x205E},                     /* punctuation */
    {0x2070, 0x20CF}, {0x2100, 0x2125},   {0x2190, 0x2328}, /* symbols */
    {0x232B, 0x2ADB}, {0x2E80, 0x3029},   {0x3030, 0x3098}, /* radicals, CJK punctuation, hiragana */
    {0x309B, 0x9FFF}, {0xAC00, 0xD7A3},                     /* katakana, ideographs, hangul syllables */
    {0xFF00, 0xFFEF}, {0x20000, 0x2F7FF},                   /* full width, more ideographs */
};

static bool is_stable(uint32_t point)
{
    for (size_t i = 0; i < sizeof stable_ranges / sizeof stable_ranges[0]; i++) {
        if (point <= stable_ranges[i].last) {
            return point >= stable_ranges[i].first;
        }
    }
    return false;
}

static bool is_control(uint32_t point)
{
    return (point < 0x20 && point != '\n' && point != '\t') || (point >= 0x7F && point <= 0x9F);
}

enum prose_flaw prose_scan(struct view text, struct prose *ret_prose)
{
    const uint8_t *at = text.at;
    const uint8_t *end = at + text.size;
    bool has_bad_character = false;
    unsigned marks = 0;
    *ret_prose = (struct prose){.is_stable = true};
    for (; at < end; ret_prose->count++) {
        if (*at < 0x80) {
            has_bad_character |= is_control(*at);
            marks = 0;
            at++;
            continue;
        }
        /* U+4000 to U+9FFF, most of Chinese text: nothing else to ask. */
        if (*at >= 0xE4 && *at <= 0xE9 && end - at >= 3 && is_tail(at[1]) && is_tail(at[2])) {
            marks = 0;
            at += 3;
            continue;
        }
        uint32_t point = 0;
        size_t size = decode(at, (size_t)(end - at), &point);
        if (size == 0) {
            return PROSE_BAD_UTF8;
        }
        at += size;
        has_bad_character |= is_control(point);
        if (is_stable(point)) {
            marks = 0;
            continue;
        }
        ret_prose->is_stable = false;
        marks = utf8proc_get_property((utf8proc_int32_t)point)->combining_class > 0 ? marks + 1 : 0;
        has_bad_character |= marks > MARKS_IN_A_ROW;
    }
    return has_bad_character ? PROSE_BAD_CHARACTER : PROSE_SOUND;
}

static char *normalise(struct view text, size_t *ret_size)
{
    utf8proc_uint8_t *normal = NULL;
    utf8proc_ssize_t size = utf8proc_map(text.at, (utf8proc_ssize_t)text.size, &normal,
                                         (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    assert(size >= 0); /* out of memory, or text that was not scanned */
    *ret_size = (size_t)size;
    return (char *)normal;
}

bool prose_is_nfc(struct view text)
{
    size_t size = 0;
    char *normal = normalise(text, &size);
    bool is_same = size == text.size && memcmp(normal, text.at, size) == 0;
    free(normal);
    return is_same;
}

char *prose_to_nfc(struct view text, size_t *ret_size)
{
    struct prose prose;
    if (prose_scan(text, &prose) != PROSE_SOUND || prose.is_stable) {
        return NULL;
    }
    return normalise(text, ret_size);
}
