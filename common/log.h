/* common/log.h - one line an event on stderr: time level event key=value...
 *
 * The event id is stable, lower case with dashes, and listed in docs/operations.md (at debug only where an operator
 * needs it; a test compares). No payload and no key is ever logged; what a peer sent goes through log_safe(). */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

/* "debug", "info", "warn", "error". */
const char *log_level_name(enum log_level level);
/* False: no level is called so. */
bool log_level_find(const char *name, enum log_level *ret_level);

void log_set_level(enum log_level level);
void log_event(enum log_level level, const char *event, const char *format, ...) __attribute__((format(printf, 3, 4)));

#define log_debug(...) log_event(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_info(...)  log_event(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warn(...)  log_event(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_error(...) log_event(LOG_LEVEL_ERROR, __VA_ARGS__)

/* Copies TEXT with everything but printable ASCII and well-formed UTF-8 replaced; returns OUT. */
const char *log_safe(const void *text, size_t size, char *out, size_t out_size);

#endif
