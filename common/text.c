#include "common/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "proto/reader.h"

static bool is_chinese; /* the program's own language */
static _Thread_local enum { OWN, ENGLISH, CHINESE } spoken;

int text_foreign_argument(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        bool is_text = utf8_check((struct view){(const uint8_t *)argv[i], strlen(argv[i])}, NULL);
        if (!is_text && access(argv[i], F_OK) != 0) {
            return i;
        }
    }
    return 0;
}

void text_init(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && *value) {
            is_chinese = strncmp(value, "zh", 2) == 0;
            return;
        }
    }
}

bool text_is_chinese(void)
{
    return spoken == OWN ? is_chinese : spoken == CHINESE;
}

const char *text_language(void)
{
    return tr("en", "zh");
}

void text_speak(const char *language)
{
    spoken = !language ? OWN : strcmp(language, "zh") == 0 ? CHINESE : ENGLISH;
}

const char *tr(const char *en, const char *zh)
{
    return text_is_chinese() ? zh : en;
}

const char *err_text(err_t err)
{
    return err_label(err, text_is_chinese());
}

void hex_text(const uint8_t *bytes, size_t size, char *ret_text)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        ret_text[2 * i] = digits[bytes[i] >> 4];
        ret_text[2 * i + 1] = digits[bytes[i] & 15];
    }
    ret_text[2 * size] = '\0';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

err_t number_parse(const char *text, int64_t low, int64_t high, int64_t *ret_number)
{
    errno = 0;
    long long number = strtoll(text, NULL, 10);
    if (!*text || strspn(text, "0123456789") != strlen(text) || errno || number < low || number > high) {
        return ERR_INVALID;
    }
    *ret_number = number;
    return ERR_OK;
}

err_t number_typed(const char *name, const char *text, int64_t low, int64_t high, int64_t *ret_number,
                   char reterr_reason[NUMBER_REASON])
{
    err_t err = number_parse(text, low, high, ret_number);
    if (err != ERR_OK) {
        snprintf(reterr_reason, NUMBER_REASON,
                 tr("%s: expected a number %" PRId64 " to %" PRId64 ", not %.80s",
                    "%s：应为 %" PRId64 " 至 %" PRId64 " 的数，而不是 %.80s"),
                 name, low, high, text);
    }
    return err;
}

err_t hex_parse(const char *text, uint8_t *ret_bytes, size_t size)
{
    if (strlen(text) != 2 * size) {
        return ERR_INVALID;
    }
    for (size_t i = 0; i < size; i++) {
        int high = hex_digit(text[2 * i]);
        int low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return ERR_INVALID;
        }
        ret_bytes[i] = (uint8_t)(high << 4 | low);
    }
    return ERR_OK;
}

static int64_t clock_of(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_ms(void)
{
    return clock_of(CLOCK_REALTIME);
}

int64_t clock_monotonic_ms(void)
{
    return clock_of(CLOCK_MONOTONIC);
}

void local_time_text(int64_t ms, int utc_offset_minutes, char ret_text[20])
{
    time_t seconds = (time_t)(ms / 1000 + (int64_t)utc_offset_minutes * 60);
    struct tm parts;
    if (!gmtime_r(&seconds, &parts) || strftime(ret_text, 20, "%Y-%m-%d %H:%M:%S", &parts) == 0) {
        snprintf(ret_text, 20, "?");
    }
}
