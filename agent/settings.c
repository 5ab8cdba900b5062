#include "agent/settings.h"

#include <stddef.h>
#include <string.h>

#include "common/log.h"
#include "common/text.h"

static const struct option_row rows[] = {
    {"log_level", OPTION_LOG_LEVEL, offsetof(struct settings, log_level), "info", 0, 0, true,
     "How much to log on stderr", "标准错误输出的日志级别"},
    {"utc_offset_minutes", OPTION_NUMBER, offsetof(struct settings, utc_offset_minutes), "480", -720, 840, false,
     "The zone in which times are shown and \"today\" is meant; 480 is Asia/Shanghai",
     "显示时间与“今天”所用的时区，与 UTC 相差的分钟数；480 为 Asia/Shanghai"},
    {"sync_timeout_s", OPTION_NUMBER, offsetof(struct settings, sync_timeout_s), "60", 1, 86400, false,
     "How long `agn-agent sync` waits for receipts where it is not told with --timeout, in seconds",
     "未用 --timeout 指定时，`agn-agent sync` 等待回执的秒数"},
    {"write_wait_s", OPTION_NUMBER, offsetof(struct settings, write_wait_s), "60", 1, 3600, false,
     "How long `agn-agent submit` waits for another process's turn at the spool, in seconds",
     "`agn-agent submit` 等待其他进程释放本地库的秒数"},
    {"retry_ms", OPTION_NUMBER, offsetof(struct settings, retry_ms), "5000", 100, 600000, true,
     "When to send again what the spool could not note (a full disk) or the hub put off without a time",
     "本地库未能写入（磁盘已满）或枢纽未指明时间的推迟，多久后重发"},
    {"inbox_credit", OPTION_NUMBER, offsetof(struct settings, inbox_credit), "500", 1, 10000, false,
     "Inbox events that the hub may have under way beyond the last acknowledged one",
     "枢纽可在最近一次确认之后发出的收件箱事件数"},
    {"http_port", OPTION_NUMBER, offsetof(struct settings, http_port), "0", 0, 65535, false,
     "Port of the local endpoint of `agn-agent run` for other software on this machine; 0: none. The token is in "
     "http.token",
     "`agn-agent run` 供本机其他软件使用的本地接口端口；0：不开启。令牌见 http.token"},
    {"http_address", OPTION_TEXT, offsetof(struct settings, http_address), "127.0.0.1", 3, 9, false,
     "Where the local endpoint listens: 127.0.0.1 or ::1, no other", "本地接口监听地址：只能是 127.0.0.1 或 ::1"},
    {"cap_sender", OPTION_TEXT, offsetof(struct settings, cap_sender), "", 0, 255, false,
     "Sender of CAP messages: an address without spaces and commas; empty: this institution's identifier",
     "CAP 消息的发送者：不含空格和逗号的地址；空：取本机构标识"},
    {"watch_dir", OPTION_TEXT, offsetof(struct settings, watch_dir), "", 0, 255, false,
     "A folder, by its full path: `agn-agent run` accepts the files that are dropped there; empty: none",
     "监视文件夹的完整路径：`agn-agent run` 接受放入其中的文件；空：无"},
    {"watch_settle_ms", OPTION_NUMBER, offsetof(struct settings, watch_settle_ms), "2000", 100, 600000, false,
     "How long a file that was written in place must stay unchanged before it is taken",
     "就地写入的文件须保持不变多久才接受"},
    {"attachments_dir", OPTION_TEXT, offsetof(struct settings, attachments_dir), "", 0, 255, false,
     "A folder, by its full path: records filed by the local endpoint may name attachments in it; empty: they may name "
     "none",
     "文件夹的完整路径：经本地接口提交的记录可引用其中的附件；空：不可引用"},
    {"attachment_keep_days", OPTION_NUMBER, offsetof(struct settings, attachment_keep_days), "0", 0, 36500, true,
     "For how many days after the last receipt the agent keeps its own copy of an attachment; 0: for ever",
     "最后一次回执之后，本机保留附件副本的天数；0：永久保留"},
};
enum { ROWS = sizeof rows / sizeof *rows };

/* What the bounds of a row cannot say. */
static err_t check_texts(const char *path, const struct settings *settings, char reterr_reason[512])
{
    if (strcmp(settings->http_address, "127.0.0.1") != 0 && strcmp(settings->http_address, "::1") != 0) {
        return config_refuse(
            path, "http_address", settings->http_address,
            tr("127.0.0.1 or ::1: the endpoint is for this machine alone", "127.0.0.1 或 ::1，该接口仅供本机使用"),
            reterr_reason);
    }
    const struct {
        const char *key, *value;
    } folders[] = {{"watch_dir", settings->watch_dir}, {"attachments_dir", settings->attachments_dir}};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        if (folders[i].value[0] && folders[i].value[0] != '/') {
            return config_refuse(path, folders[i].key, folders[i].value,
                                 tr("a full path, beginning with /", "以 / 开头的完整路径"), reterr_reason);
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
