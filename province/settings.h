/* province/settings.h - what province.zpl may say. */
#ifndef PROVINCE_SETTINGS_H
#define PROVINCE_SETTINGS_H

#include <stdio.h>

#include "common/config.h"
#include "common/home.h"
#include "common/log.h"

#define SETTINGS_FILE "province.zpl"

struct settings {
    char name[CONFIG_TEXT_SIZE];
    enum log_level log_level;
    char cap_sender[CONFIG_TEXT_SIZE];
    int64_t credit;
    int64_t utc_offset_minutes;
    int64_t retry_ms;
    int64_t stall_ms;
    int64_t witness_ms;
};

MUST_CHECK err_t settings_load(const struct home *home, struct settings *ret_settings, char reterr_reason[512]);
/* Reads the file again and takes over what may change while running; names of the rest go to ret_names. */
MUST_CHECK err_t settings_reload(const struct home *home, struct settings *settings, char ret_names[256],
                                 char reterr_reason[512]);
void settings_print_sample(FILE *file);

#endif
