/* common/text.h - words for people, and hex. */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"

enum { NUMBER_REASON = 256 };

/* Decides the language from LC_ALL, LC_MESSAGES, LANG; call once at start. */
void text_init(void);
/* The first argument that is neither UTF-8 nor the name of a file: texts go into records and requests, which take no
 * other bytes. 0: there is none. */
int text_foreign_argument(int argc, char **argv);
bool text_is_chinese(void);
/* "zh" or "en". */
const char *text_language(void);
/* This thread answers somebody who reads LANGUAGE, until it is told NULL: the program's own again. No other thread
 * notices. */
void text_speak(const char *language);
/* The text in the reader's language; both must take the same format arguments. */
const char *tr(const char *en, const char *zh) __attribute__((format_arg(1), format_arg(2)));
/* What ERR is, in the user's language. */
const char *err_text(err_t err);

void hex_text(const uint8_t *bytes, size_t size, char *ret_text); /* 2 × size + 1 */
/* Digits alone, LOW to HIGH, neither of them below 0. */
MUST_CHECK err_t number_parse(const char *text, int64_t low, int64_t high, int64_t *ret_number);
/* The same for what a person typed: where it is none, the reason names NAME, as he typed it ("--limit"), and the
 * bounds. */
MUST_CHECK err_t number_typed(const char *name, const char *text, int64_t low, int64_t high, int64_t *ret_number,
                              char reterr_reason[NUMBER_REASON]);
MUST_CHECK err_t hex_parse(const char *text, uint8_t *ret_bytes, size_t size);

int64_t clock_ms(void);           /* UTC, may jump */
int64_t clock_monotonic_ms(void); /* never jumps */
/* Local time in the site's zone, "2026-11-23 15:04:05". */
void local_time_text(int64_t ms, int utc_offset_minutes, char ret_text[20]);

#endif
