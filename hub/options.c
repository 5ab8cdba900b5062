#include "hub/options.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "hub/sharing.h"
#include "proto/record.h"

#define AT(field) offsetof(struct options, field)

const struct option_row option_rows[] = {
    {"name", OPTION_TEXT, AT(name), "AGN hub", 1, 100, false, "The hub's name, as peers and receipts show it",
     "枢纽名称，显示给接入方并写入回执"},
    {"city", OPTION_TEXT, AT(city), "330100", 6, 6, false, "District code of the city (GB/T 2260)",
     "城市行政区划代码（GB/T 2260）"},
    {"endpoint", OPTION_TEXT, AT(endpoint), "tcp://*:7701", 6, 255, false, "Where sessions are served", "会话服务地址"},
    {"enrol_endpoint", OPTION_TEXT, AT(enrol_endpoint), "tcp://*:7702", 6, 255, false, "Where join links are redeemed",
     "加入（登记密钥）服务地址"},
    {"host", OPTION_TEXT, AT(host), "127.0.0.1", 1, 255, true, "The hub's address as peers reach it, for join links",
     "接入方访问枢纽所用的地址，写入加入链接"},
    {"cap_sender", OPTION_TEXT, AT(cap_sender), "", 0, 255, true,
     "Sender of CAP messages: an address without spaces and commas; empty: `host`",
     "CAP 消息的发送者：不含空格和逗号的地址；空：取 `host`"},
    {"suite", OPTION_TEXT, AT(suite), "ed25519", 1, 16, false,
     "Signature suite: ed25519 or sm2-sm3. Chosen at `agn-hub init`, with the keys, and for good",
     "签名套件：ed25519 或 sm2-sm3。在 `agn-hub init` 时随密钥选定，不再更改"},
    {"log_level", OPTION_LOG_LEVEL, AT(log_level), "info", 0, 0, true, "How much to log", "日志级别"},
    {"utc_offset_minutes", OPTION_NUMBER, AT(utc_offset_minutes), "480", -720, 840, false,
     "The site's zone: 480 is Asia/Shanghai", "本地时区，与 UTC 相差的分钟数；480 为 Asia/Shanghai"},
    {"window", OPTION_NUMBER, AT(window), "256", 1, 256, true, "Items a peer may have under way without a receipt",
     "接入方未获回执的在途记录数上限"},
    {"max_batch", OPTION_NUMBER, AT(max_batch), "64", 1, 64, true, "Items in one batch", "一批记录的条数上限"},
    {"ping_ms", OPTION_NUMBER, AT(ping_ms), "30000", 200, 600000, true,
     "Silence after which a side pings; three times this ends a session", "静默多久后发出 PING；三倍于此则会话结束"},
    {"publish_ms", OPTION_NUMBER, AT(publish_ms), "1000", 10, 3600000, true,
     "How often changed aggregates are published upwards", "变动的统计数据向上发布的间隔"},
    {"desk_ms", OPTION_NUMBER, AT(desk_ms), "1000", 10, 60000, true, "How often deadlines are looked at",
     "检查期限的间隔"},
    {"leap_wait_s", OPTION_NUMBER, AT(leap_wait_s), "3600", 0, 86400, true,
     "How long a clock that has leapt ahead by more than a day, or a hub that was off so long, goes on before "
     "deadlines "
     "go by it",
     "时钟向前跳变一天以上（或枢纽停机一天以上）后，须持续运行多少秒，才据此计算期限"},
    {"uplink_level", OPTION_NUMBER, AT(uplink_level), "2", 0, 4, false,
     "Warnings of this level or graver go up one by one; 0: none", "此级别及更严重的预警逐条上报；0：不上报"},
    {"min_free_mb", OPTION_NUMBER, AT(min_free_mb), "64", 0, 1048576, true,
     "Below this much free disk, records are answered with retry", "磁盘剩余空间低于此值（MB）时，记录以 retry 答复"},
    {"blob_quota_mib", OPTION_NUMBER, AT(blob_quota_mib), "1024", 0, 1048576, true,
     "Attachments of one institution together, in MiB; 0: none are taken",
     "每家机构附件总量上限（MiB）；0：不接收附件"},
    {"checkpoint_pages", OPTION_NUMBER, AT(checkpoint_pages), "20000", 100, 1000000, true,
     "Write-ahead log pages (4 KiB) after which it is folded in under load",
     "高负载时预写日志达到多少页（每页 4 KiB）后合并"},
    {"key_overlap_hours", OPTION_NUMBER, AT(key_overlap_hours), "168", 0, 8760, true,
     "How long a peer's former key stays good after it has changed its keys; also how long a change of the hub's own "
     "is announced before it happens, where `key rotate` names no time",
     "接入方更换密钥后旧密钥继续有效的小时数；枢纽更换自身密钥而 `key rotate` 未指定时间时，也是启用前的公告小时数"},
    {"io_threads", OPTION_NUMBER, AT(io_threads), "2", 1, 16, false,
     "Threads that encrypt and move bytes; those who enrol have one of their own beside",
     "负责加密和收发数据的线程数；加入服务另有一个线程"},
    {"max_peers", OPTION_NUMBER, AT(max_peers), "6000", 10, 500000, false,
     "Connections to be ready for; the descriptor limit must allow them", "预计的连接数；文件描述符上限须足够"},
    {"rate_records", OPTION_NUMBER, AT(rate_records), "2000", 0, 10000000, true,
     "Records a second that a peer may submit in the long run; 0: no limit",
     "接入方长期平均每秒可提交的记录数；0：不限"},
    {"rate_kib", OPTION_NUMBER, AT(rate_kib), "8192", 0, 10485760, true,
     "KiB a second that a peer may send, likewise; each message counts as 4 KiB at least",
     "接入方长期平均每秒可发送的 KiB；每条消息至少按 4 KiB 计"},
    {"rate_burst_s", OPTION_NUMBER, AT(rate_burst_s), "10", 1, 86400, true,
     "So many seconds' worth of records and KiB may come at once; of what is counted by the minute as many, or a "
     "minute's worth where that is more",
     "可一次到达的记录与数据量，以若干秒的额度计；按分钟计的各项亦同，但至少为一分钟的额度"},
    {"day_records", OPTION_NUMBER, AT(day_records), "1000000", 0, 10000000000, true,
     "Records a day that a peer may submit, counted since the hub's start; 0: no limit",
     "接入方每日可提交的记录数，自枢纽启动时起计；0：不限"},
    {"sessions_per_minute", OPTION_NUMBER, AT(sessions_per_minute), "60", 0, 100000, true,
     "Sessions a minute that a peer may open; 0: no limit", "接入方每分钟可建立的会话数；0：不限"},
    {"offers_per_minute", OPTION_NUMBER, AT(offers_per_minute), "600", 0, 100000, true,
     "Attachments a minute that a peer may offer; 0: no limit", "接入方每分钟可申请上传的附件数；0：不限"},
    {"address_connections", OPTION_NUMBER, AT(address_connections), "512", 0, 1000000, true,
     "Connections of one address that are in no session; 0: no limit. A proxy before the hub makes all one address",
     "同一地址尚无会话的连接数上限；0：不限。经代理接入时所有接入方同为一个地址"},
    {"address_per_minute", OPTION_NUMBER, AT(address_per_minute), "600", 0, 10000000, true,
     "New connections of one address a minute; 0: no limit", "同一地址每分钟的新连接数上限；0：不限"},
    {"queue_mib", OPTION_NUMBER, AT(queue_mib), "128", 16, 1048576, true,
     "Memory for records that wait to be written; beyond it peers are told to try again",
     "待写入记录可占用的内存（MiB）；超过时请接入方稍后重试"},
    {"send_mib", OPTION_NUMBER, AT(send_mib), "256", 16, 1048576, true,
     "Memory for what peers have not read; beyond it those who read slowly lose their sessions",
     "接入方尚未读取的数据可占用的内存（MiB）；超过时读取缓慢者会话结束"},
    {"signals", OPTION_TEXT, AT(signals), SIGNALS_FILE, 1, 255, true,
     "Rules that look for clusters of warnings, in the hub's folder or by a whole path; none are looked for where this "
     "file is not there and no other is named",
     "发现预警聚集的规则文件，位于枢纽主目录内，或为完整路径；文件不存在且未另行指定时，不作发现"},
    {"share_mode", OPTION_TEXT, AT(share_mode), "propose", 3, 7, true,
     "What is done with warnings that are to be shared with institutions: off, propose (agn-hub share --pending lists "
     "them) or auto",
     "需共享给机构的预警如何处理：off、propose（由 agn-hub share --pending 列出）或 auto"},
    {"share_level", OPTION_NUMBER, AT(share_level), "2", 0, 4, true,
     "Warnings of this level or graver are proposed or shared; 0: none",
     "此级别及更严重的预警建议共享或自动共享；0：不共享"},
};
const size_t option_count = sizeof option_rows / sizeof *option_rows;

err_t options_load_file(const struct home *home, const char *name, struct options *ret_options, char reterr_reason[512])
{
    char path[PATH_SIZE];
    home_file(home, name, path);
    err_t err = config_load(path, option_rows, option_count, ret_options, reterr_reason);
    if (err == ERR_OK &&
        !district_check((struct view){(const uint8_t *)ret_options->city, strlen(ret_options->city)})) {
        return config_refuse(path, "city", ret_options->city,
                             tr("a six-digit district code such as 330100", "六位行政区划代码，如 330100"),
                             reterr_reason);
    }
    if (err == ERR_OK && !suite_named(ret_options->suite)) {
        return config_refuse(path, "suite", ret_options->suite, tr("ed25519 or sm2-sm3", "ed25519 或 sm2-sm3"),
                             reterr_reason);
    }
    if (err == ERR_OK && share_mode_find(ret_options->share_mode) < 0) {
        return config_refuse(path, "share_mode", ret_options->share_mode,
                             tr("off, propose or auto", "off、propose 或 auto"), reterr_reason);
    }
    return err;
}

err_t options_load(const struct home *home, struct options *ret_options, char reterr_reason[512])
{
    return options_load_file(home, "hub.zpl", ret_options, reterr_reason);
}

err_t options_load_keys(const struct home *home, struct options *ret_options, struct identity *ret_identity,
                        char reterr_reason[512])
{
    err_t err = options_load(home, ret_options, reterr_reason);
    err = err == ERR_OK ? identity_load(home, ret_identity, reterr_reason) : err;
    if (err == ERR_OK && identity_suite(ret_identity) != suite_named(ret_options->suite)) {
        const char *made = suite_name(identity_suite(ret_identity));
        snprintf(
            reterr_reason, 512,
            tr("%.200s/hub.zpl: suite = %s, but the hub's keys and records are of %s, which cannot be changed: put "
               "%s back, or make another hub with agn-hub init --suite %s",
               "%.200s/hub.zpl：suite = %s，但枢纽的密钥与记录属于 %s，不可更改：请改回 "
               "%s，或用 agn-hub init --suite %s 另建枢纽"),
            home->path, ret_options->suite, made, made, ret_options->suite);
        identity_done(ret_identity);
        err = ERR_INVALID;
    }
    return err;
}

struct store_settings options_store_settings(const struct options *options)
{
    return (struct store_settings){.suite = suite_named(options->suite),
                                   .utc_offset_minutes = (int)options->utc_offset_minutes,
                                   .uplink_level = (int)options->uplink_level};
}
