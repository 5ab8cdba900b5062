#include "common/log.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "proto/reader.h"

static const char *const level_names[] = {"debug", "info", "warn", "error"};
enum { LEVELS = sizeof level_names / sizeof *level_names };

static _Atomic enum log_level threshold = LOG_LEVEL_INFO; /* set anew while other threads log */

const char *log_level_name(enum log_level level)
{
    return level_names[level];
}

bool log_level_find(const char *name, enum log_level *ret_level)
{
    for (int i = 0; i < LEVELS; i++) {
        if (strcmp(level_names[i], name) == 0) {
            *ret_level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

void log_set_level(enum log_level level)
{
    threshold = level;
}

void log_event(enum log_level level, const char *event, const char *format, ...)
{
    if (level < threshold) {
        return;
    }
    char line[1024];
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    size_t at = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%S", &parts);
    at += (size_t)snprintf(line + at, sizeof line - at, ".%03ldZ %s %s ", now.tv_nsec / 1000000, level_names[level],
                           event);
    va_list args;
    va_start(args, format);
    vsnprintf(line + at, sizeof line - at - 1, format, args);
    va_end(args);
    /* One write, so that lines of several threads do not mix. */
    size_t size = strlen(line);
    line[size++] = '\n';
    fwrite(line, 1, size, stderr);
}

const char *log_safe(const void *text, size_t size, char *out, size_t out_size)
{
    const uint8_t *at = text;
    size_t kept = size < out_size - 1 ? size : out_size - 1;
    while (kept < size && kept > 0 && (at[kept] & 0xc0) == 0x80) {
        kept--; /* no half a character */
    }
    bool is_utf8 = utf8_check((struct view){at, kept}, NULL);
    for (size_t i = 0; i < kept; i++) {
        /* A line break and what begins a command, as two bytes of UTF-8 each. */
        bool is_c1 = kept - i > 1 && at[i] == 0xc2 && at[i + 1] < 0xa0;
        bool is_plain = at[i] >= 0x20 && at[i] != 0x7f && (at[i] < 0x80 || is_utf8) && !is_c1;
        out[i] = is_plain ? (char)at[i] : '?';
        if (is_c1) {
            out[++i] = '?';
        }
    }
    out[kept] = '\0';
    return out;
}
