#include "sheet/csv_text.h"

#include <errno.h>
#include <string.h>

#include "common/text.h"

#define NO_CONVERTER ((iconv_t)-1)

static const struct {
    const char *mark;
    size_t size;
    const char *encoding;
} marks[] = {
    {"\xEF\xBB\xBF", 3, NULL},
    {"\xFF\xFE", 2, "UTF-16LE"},
    {"\xFE\xFF", 2, "UTF-16BE"},
};

/* UTF-8 byte by byte: how many tail bytes are due, and between which bounds the next must lie. */
struct utf8_state {
    int due;
    unsigned char low, high;
};

static bool utf8_step(struct utf8_state *state, unsigned char byte)
{
    if (state->due > 0) {
        bool is_good = byte >= state->low && byte <= state->high;
        *state = (struct utf8_state){state->due - 1, 0x80, 0xBF};
        return is_good;
    }
    if (byte < 0x80) {
        return byte != 0;
    }
    if (byte < 0xC2 || byte > 0xF4) {
        return false;
    }
    state->due = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
    state->low = byte == 0xE0 ? 0xA0 : byte == 0xF0 ? 0x90 : 0x80;  /* no longer than need be */
    state->high = byte == 0xED ? 0x9F : byte == 0xF4 ? 0x8F : 0xBF; /* no surrogates, nothing past U+10FFFF */
    return true;
}

static bool is_utf8(struct csv_text *text, bool *ret_has_nul)
{
    struct utf8_state state = {0};
    bool is_good = true;
    size_t size = 0;
    *ret_has_nul = false;
    while ((size = fread(text->in, 1, sizeof text->in, text->file)) > 0) {
        *ret_has_nul |= memchr(text->in, 0, size) != NULL;
        for (size_t i = 0; i < size && is_good; i++) {
            is_good = utf8_step(&state, (unsigned char)text->in[i]);
        }
    }
    return is_good && state.due == 0;
}

static err_t find_encoding(struct csv_text *text, char reterr_reason[SHEET_REASON_SIZE])
{
    char head[3] = "";
    bool has_nul = false;
    rewind(text->file);
    size_t size = fread(head, 1, sizeof head, text->file);
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (size >= marks[i].size && memcmp(head, marks[i].mark, marks[i].size) == 0) {
            text->begin = (long)marks[i].size;
            text->encoding = marks[i].encoding;
        }
    }
    if (text->encoding) {
        return ERR_OK;
    }
    fseek(text->file, text->begin, SEEK_SET);
    if (!is_utf8(text, &has_nul)) {
        text->encoding = "GB18030"; /* as spreadsheets set to Chinese write CSV */
    }
    if (ferror(text->file)) {
        snprintf(reterr_reason, SHEET_REASON_SIZE, "%s", strerror(errno ? errno : EIO));
        return ERR_IO;
    }
    if (has_nul || (text->begin > 0 && text->encoding)) {
        snprintf(reterr_reason, SHEET_REASON_SIZE, "%s",
                 has_nul ? tr("zero bytes: this is no CSV text", "含零字节，不是 CSV 文本")
                         : tr("marked as UTF-8, but the bytes are not", "标记为 UTF-8，但字节不符"));
        return ERR_INVALID;
    }
    return ERR_OK;
}

err_t csv_text_open(struct csv_text *text, FILE *file, char reterr_reason[SHEET_REASON_SIZE])
{
    *text = (struct csv_text){.file = file, .converter = NO_CONVERTER};
    err_t err = find_encoding(text, reterr_reason);
    if (err == ERR_OK && text->encoding) {
        text->converter = iconv_open("UTF-8", text->encoding);
        if (text->converter == NO_CONVERTER) {
            snprintf(reterr_reason, SHEET_REASON_SIZE, tr("this system cannot read %s", "本系统无法读取 %s"),
                     text->encoding);
            return ERR_INVALID;
        }
    }
    if (err == ERR_OK && csv_text_rewind(text) != ERR_OK) {
        snprintf(reterr_reason, SHEET_REASON_SIZE, "%s", strerror(errno));
        err = ERR_IO;
    }
    return err;
}

void csv_text_close(struct csv_text *text)
{
    if (text->converter != NO_CONVERTER) {
        iconv_close(text->converter);
    }
    text->converter = NO_CONVERTER;
}

err_t csv_text_rewind(struct csv_text *text)
{
    text->in_size = text->out_at = text->out_size = 0;
    text->is_ended = false;
    if (text->converter != NO_CONVERTER) {
        iconv(text->converter, NULL, NULL, NULL, NULL);
    }
    clearerr(text->file);
    return fseek(text->file, text->begin, SEEK_SET) == 0 ? ERR_OK : ERR_IO;
}

/* Fills `out`; false where the bytes are not of the encoding. */
static bool convert(struct csv_text *text)
{
    char *from = text->in;
    size_t left = text->in_size;
    char *to = text->out;
    size_t room = sizeof text->out;
    size_t done = iconv(text->converter, &from, &left, &to, &room);
    bool is_bad = done == (size_t)-1 && (errno == EILSEQ || (errno == EINVAL && text->is_ended));
    /* A sequence that was cut by the end of what was read waits for the rest. */
    memmove(text->in, from, left);
    text->in_size = left;
    text->out_size = sizeof text->out - room;
    text->out_at = 0;
    return !is_bad || text->out_size > 0;
}

static bool fill(struct csv_text *text)
{
    bool is_plain = text->converter == NO_CONVERTER;
    char *to = is_plain ? text->out : text->in + text->in_size;
    size_t size = fread(to, 1, is_plain ? sizeof text->out : sizeof text->in - text->in_size, text->file);
    text->is_ended = size == 0;
    text->out_at = text->out_size = 0;
    if (ferror(text->file)) {
        return false;
    }
    if (is_plain) {
        text->out_size = size;
        return true;
    }
    text->in_size += size;
    return text->in_size == 0 || convert(text);
}

int csv_text_take(struct csv_text *text)
{
    while (text->out_at == text->out_size) {
        if (text->is_ended && text->in_size == 0) {
            return TEXT_END;
        }
        if (!fill(text)) {
            return TEXT_BAD;
        }
    }
    unsigned char c = (unsigned char)text->out[text->out_at++];
    return c ? c : TEXT_BAD; /* a zero in UTF-16 */
}

void csv_text_give_back(struct csv_text *text, int c)
{
    if (c >= 0) {
        text->out_at--; /* it was taken from there just now */
    }
}
