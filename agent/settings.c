#include "agent/settings.h"

#include <stddef.h>
#include <string.h>

#include "common/log.h"
#include "common/text.h"
#include "common/zpl.h"

static const struct option_row rows[] = {
    {"log_level", OPTION_LOG_LEVEL, offsetof(struct settings, log_level), "info", 0, 0, true,
     "How much to log on stderr"},
    {"utc_offset_minutes", OPTION_NUMBER, offsetof(struct settings, utc_offset_minutes), "480", -720, 840, false,
     "The zone in which times are shown and \"today\" is meant; 480 is Asia/Shanghai"},
    {"sync_timeout_s", OPTION_NUMBER, offsetof(struct settings, sync_timeout_s), "60", 1, 86400, false,
     "How long `agn-agent sync` waits for receipts where it is not told with --timeout, in seconds"},
    {"write_wait_s", OPTION_NUMBER, offsetof(struct settings, write_wait_s), "60", 1, 3600, false,
     "How long `agn-agent submit` waits for another process's turn at the spool, in seconds"},
    {"retry_ms", OPTION_NUMBER, offsetof(struct settings, retry_ms), "5000", 100, 600000, true,
     "When to send again what the spool could not note (a full disk) or the hub put off without a time"},
    {"inbox_credit", OPTION_NUMBER, offsetof(struct settings, inbox_credit), "500", 1, 10000, false,
     "Inbox events that the hub may have under way beyond the last acknowledged one"},
    {"http_port", OPTION_NUMBER, offsetof(struct settings, http_port), "0", 0, 65535, false,
     "Port of the local endpoint of `agn-agent run` for other software on this machine; 0: none. The token is in "
     "http.token"},
    {"http_address", OPTION_TEXT, offsetof(struct settings, http_address), "127.0.0.1", 3, 9, false,
     "Where the local endpoint listens: 127.0.0.1 or ::1, no other"},
    {"cap_sender", OPTION_TEXT, offsetof(struct settings, cap_sender), "", 0, 255, false,
     "Sender of CAP messages: an address without spaces and commas; empty: this institution's identifier"},
    {"watch_dir", OPTION_TEXT, offsetof(struct settings, watch_dir), "", 0, 255, false,
     "A folder, by its full path: `agn-agent run` accepts the files that are dropped there; empty: none"},
    {"watch_settle_ms", OPTION_NUMBER, offsetof(struct settings, watch_settle_ms), "2000", 100, 600000, false,
     "How long a file that was written in place must stay unchanged before it is taken"},
    {"attachments_dir", OPTION_TEXT, offsetof(struct settings, attachments_dir), "", 0, 255, false,
     "A folder, by its full path: records filed by the local endpoint may name attachments in it; empty: they may name "
     "none"},
    {"attachment_keep_days", OPTION_NUMBER, offsetof(struct settings, attachment_keep_days), "0", 0, 36500, true,
     "For how many days after the last receipt the agent keeps its own copy of an attachment; 0: for ever"},
};
enum { ROWS = sizeof rows / sizeof *rows };

/* What the bounds of a row cannot say. */
static err_t check_texts(const char *path, const struct settings *settings, char reterr_reason[512])
{
    char place[ZPL_PLACE_SIZE];
    if (strcmp(settings->http_address, "127.0.0.1") != 0 && strcmp(settings->http_address, "::1") != 0) {
        zpl_place(path, NULL, "http_address", place);
        snprintf(reterr_reason, 512,
                 tr("%s: http_address: expected 127.0.0.1 or ::1: the endpoint is for this machine alone",
                    "%s：http_address：应为 127.0.0.1 或 ::1，该接口仅供本机使用"),
                 place);
        return ERR_INVALID;
    }
    const struct {
        const char *key, *value;
    } folders[] = {{"watch_dir", settings->watch_dir}, {"attachments_dir", settings->attachments_dir}};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        if (folders[i].value[0] && folders[i].value[0] != '/') {
            zpl_place(path, NULL, folders[i].key, place);
            snprintf(reterr_reason, 512,
                     tr("%s: %s: expected a full path, beginning with /", "%s：%s：应为以 / 开头的完整路径"), place,
                     folders[i].key);
            return ERR_INVALID;
        }
    }
    return ERR_OK;
}

err_t settings_load(const struct home *home, struct settings *ret_settings, char reterr_reason[512])
{
    char path[PATH_SIZE];
    home_file(home, SETTINGS_FILE, path);
    err_t err = config_load(path, rows, ROWS, ret_settings, reterr_reason);
    err = err == ERR_OK ? check_texts(path, ret_settings, reterr_reason) : err;
    if (err == ERR_OK) {
        log_set_level(ret_settings->log_level);
    }
    return err;
}

err_t settings_reload(const struct home *home, struct settings *settings, char ret_names[256], char reterr_reason[512])
{
    struct settings fresh;
    ret_names[0] = '\0';
    err_t err = settings_load(home, &fresh, reterr_reason);
    if (err == ERR_OK) {
        config_reload(rows, ROWS, settings, &fresh, ret_names);
    }
    return err;
}

void settings_print_sample(FILE *file)
{
    config_print_sample(rows, ROWS, file);
}
