/* agent/settings.h - what may be set in agent.zpl. */
#ifndef AGENT_SETTINGS_H
#define AGENT_SETTINGS_H

#include <stdio.h>

#include "common/config.h"
#include "common/home.h"
#include "common/log.h"

#define SETTINGS_FILE "agent.zpl"

struct settings {
    enum log_level log_level;
    int64_t utc_offset_minutes;
    int64_t sync_timeout_s;
    int64_t write_wait_s;
    int64_t retry_ms;
    int64_t inbox_credit;
    int64_t http_port; /* 0: no local endpoint */
    char http_address[CONFIG_TEXT_SIZE];
    char cap_sender[CONFIG_TEXT_SIZE]; /* "": the institution's identifier */
    char watch_dir[CONFIG_TEXT_SIZE];  /* "": none */
    int64_t watch_settle_ms;
    char attachments_dir[CONFIG_TEXT_SIZE]; /* "": the local endpoint takes none */
    int64_t attachment_keep_days;           /* 0: for ever */
};

/* The defaults, then the file where there is one; the log level is applied. */
MUST_CHECK err_t settings_load(const struct home *home, struct settings *ret_settings, char reterr_reason[512]);
/* On SIGHUP: only what may change while it runs. *ret_names: changed keys that need a restart. */
MUST_CHECK err_t settings_reload(const struct home *home, struct settings *settings, char ret_names[256],
                                 char reterr_reason[512]);
void settings_print_sample(FILE *file);

#endif
