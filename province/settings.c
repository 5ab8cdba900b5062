#include "province/settings.h"

#include <stddef.h>

static const struct option_row rows[] = {
    {"name", OPTION_TEXT, offsetof(struct settings, name), "", 0, 200, false,
     "The province's own name, as `status` shows it", "省级平台名称，由 `status` 显示"},
    {"log_level", OPTION_LOG_LEVEL, offsetof(struct settings, log_level), "info", 0, 0, true, "How much to log",
     "日志级别"},
    {"cap_sender", OPTION_TEXT, offsetof(struct settings, cap_sender), "", 0, 255, false,
     "Sender of CAP messages: an address without spaces and commas, such as the province's domain; `cap` needs it",
     "CAP 消息的发送者：不含空格和逗号的地址，如省级平台的域名；`cap` 需要此项"},
    {"credit", OPTION_NUMBER, offsetof(struct settings, credit), "2000", 1, 10000, true,
     "Events that a hub may have under way beyond the last acknowledged one", "枢纽可在最近一次确认之后发出的事件数"},
    {"utc_offset_minutes", OPTION_NUMBER, offsetof(struct settings, utc_offset_minutes), "480", -720, 840, false,
     "The zone in which times are shown; 480 is Asia/Shanghai",
     "显示时间所用的时区，与 UTC 相差的分钟数；480 为 Asia/Shanghai"},
    {"retry_ms", OPTION_NUMBER, offsetof(struct settings, retry_ms), "5000", 100, 600000, true,
     "How long to wait after the replica could not be written (a full disk) before the hub is asked again",
     "副本库未能写入（磁盘已满）时，多久后再次向枢纽请求"},
    {"stall_ms", OPTION_NUMBER, offsetof(struct settings, stall_ms), "30000", 1000, 3600000, true,
     "How long a hub may owe events before its connection is rebuilt", "枢纽应发事件而未发，多久后重建连接"},
    {"witness_ms", OPTION_NUMBER, offsetof(struct settings, witness_ms), "10000", 100, 3600000, true,
     "How long at least between two heads of a hub's ledger that are asked for while events come",
     "事件到达期间，两次索取枢纽台账签名根的最短间隔"},
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
