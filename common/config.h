/* common/config.h - ZPL configuration by a table of options.
 *
 * An unknown key, a value of the wrong type or out of bounds stops the start with file, line, key, what was expected
 * and the nearest right key. */
#ifndef COMMON_CONFIG_H
#define COMMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"

enum option_type {
    OPTION_NUMBER,   /* int64_t */
    OPTION_TEXT,     /* char[CONFIG_TEXT_SIZE] */
    OPTION_FLAG,     /* bool */
    OPTION_LOG_LEVEL /* enum log_level */
};
enum { CONFIG_TEXT_SIZE = 256 };

struct option_row {
    const char *name;
    enum option_type type;
    size_t offset;
    const char *standard; /* the default, as text */
    int64_t low, high;    /* numbers: bounds; texts: bounds of the length */
    bool reload;          /* may change on SIGHUP */
    const char *en, *zh;
};

/* Fills TARGET with the defaults, then with PATH's values where the file exists. */
MUST_CHECK err_t config_load(const char *path, const struct option_row *rows, size_t count, void *target,
                             char reterr_reason[512]);
/* For what the bounds of a row cannot say: PATH with the line of KEY, its VALUE, and what was EXPECTED in the reader's
 * language, to reterr_reason. */
MUST_CHECK err_t config_refuse(const char *path, const char *key, const char *value, const char *expected,
                               char reterr_reason[512]);
/* Copies from FRESH to TARGET the rows that may be reloaded; names of changed rows that may not, go to reterr_names
 * (may be ""). */
void config_reload(const struct option_row *rows, size_t count, void *target, const void *fresh, char ret_names[256]);
/* A line a row that differs from its default, "name = value". The caller frees it. */
char *config_text(const struct option_row *rows, size_t count, const void *target);
/* The sample: every option with its default, bounds and doc, as comments. */
void config_print_sample(const struct option_row *rows, size_t count, void *file);

#endif
