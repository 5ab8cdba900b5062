#include "province/settings.h"

#include <stddef.h>

static const struct option_row rows[] = {
    {"name", OPTION_TEXT, offsetof(struct settings, name), "", 0, 200, false,
     "the province's own name, as `status` shows it"},
    {"log_level", OPTION_LOG_LEVEL, offsetof(struct settings, log_level), "info", 0, 0, true, "how much to log"},
    {"cap_sender", OPTION_TEXT, offsetof(struct settings, cap_sender), "", 0, 255, false,
     "sender of CAP messages: an address without spaces and commas, such as the province's domain; `cap` needs it"},
    {"credit", OPTION_NUMBER, offsetof(struct settings, credit), "2000", 1, 10000, true,
     "events that a hub may have under way beyond the last acknowledged one"},
    {"utc_offset_minutes", OPTION_NUMBER, offsetof(struct settings, utc_offset_minutes), "480", -720, 840, false,
     "the zone in which times are shown; 480 is Asia/Shanghai"},
    {"retry_ms", OPTION_NUMBER, offsetof(struct settings, retry_ms), "5000", 100, 600000, true,
     "how long to wait after the replica could not be written (a full disk) before the hub is asked again"},
    {"stall_ms", OPTION_NUMBER, offsetof(struct settings, stall_ms), "30000", 1000, 3600000, true,
     "how long a hub may owe events before its connection is rebuilt"},
    {"witness_ms", OPTION_NUMBER, offsetof(struct settings, witness_ms), "10000", 100, 3600000, true,
     "how long at least between two heads of a hub's ledger that are asked for while events come"},
};
enum { ROWS = sizeof rows / sizeof *rows };

err_t settings_load(const struct home *home, struct settings *ret_settings, char reterr_reason[512])
{
    char path[PATH_SIZE];
    home_file(home, SETTINGS_FILE, path);
    return config_load(path, rows, ROWS, ret_settings, reterr_reason);
}

err_t settings_reload(const struct home *home, struct settings *settings, char ret_names[256], char reterr_reason[512])
{
    struct settings fresh;
    ret_names[0] = '\0';
    err_t err = settings_load(home, &fresh, reterr_reason);
    if (err == ERR_OK) {
        config_reload(rows, ROWS, settings, &fresh, ret_names);
        log_set_level(settings->log_level);
    }
    return err;
}

void settings_print_sample(FILE *file)
{
    config_print_sample(rows, ROWS, file);
}
