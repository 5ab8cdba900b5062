#include "hub/options.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "common/zpl.h"
#include "hub/sharing.h"
#include "proto/record.h"

#define AT(field) offsetof(struct options, field)

const struct option_row option_rows[] = {
    {"name", OPTION_TEXT, AT(name), "AGN hub", 1, 100, false, "The hub's name, as peers and receipts show it"},
    {"city", OPTION_TEXT, AT(city), "330100", 6, 6, false, "District code of the city (GB/T 2260)"},
    {"endpoint", OPTION_TEXT, AT(endpoint), "tcp://*:7701", 6, 255, false, "Where sessions are served"},
    {"enrol_endpoint", OPTION_TEXT, AT(enrol_endpoint), "tcp://*:7702", 6, 255, false, "Where join links are redeemed"},
    {"host", OPTION_TEXT, AT(host), "127.0.0.1", 1, 255, true, "The hub's address as peers reach it, for join links"},
    {"cap_sender", OPTION_TEXT, AT(cap_sender), "", 0, 255, true,
     "Sender of CAP messages: an address without spaces and commas; empty: `host`"},
    {"suite", OPTION_TEXT, AT(suite), "ed25519", 1, 16, false,
     "Signature suite: ed25519 or sm2-sm3. Chosen at `agn-hub init`, with the keys, and for good"},
    {"log_level", OPTION_LOG_LEVEL, AT(log_level), "info", 0, 0, true, "How much to log"},
    {"utc_offset_minutes", OPTION_NUMBER, AT(utc_offset_minutes), "480", -720, 840, false,
     "The site's zone: 480 is Asia/Shanghai"},
    {"window", OPTION_NUMBER, AT(window), "256", 1, 256, true, "Items a peer may have under way without a receipt"},
    {"max_batch", OPTION_NUMBER, AT(max_batch), "64", 1, 64, true, "Items in one batch"},
    {"ping_ms", OPTION_NUMBER, AT(ping_ms), "30000", 200, 600000, true,
     "Silence after which a side pings; three times this ends a session"},
    {"publish_ms", OPTION_NUMBER, AT(publish_ms), "1000", 10, 3600000, true,
     "How often changed aggregates are published upwards"},
    {"desk_ms", OPTION_NUMBER, AT(desk_ms), "1000", 10, 60000, true, "How often deadlines are looked at"},
    {"uplink_level", OPTION_NUMBER, AT(uplink_level), "2", 0, 4, false,
     "Warnings of this level or graver go up one by one; 0: none"},
    {"min_free_mb", OPTION_NUMBER, AT(min_free_mb), "64", 0, 1048576, true,
     "Below this much free disk, records are answered with retry"},
    {"blob_quota_mib", OPTION_NUMBER, AT(blob_quota_mib), "1024", 0, 1048576, true,
     "Attachments of one institution together, in MiB; 0: none are taken"},
    {"checkpoint_pages", OPTION_NUMBER, AT(checkpoint_pages), "20000", 100, 1000000, true,
     "Write-ahead log pages (4 KiB) after which it is folded in under load"},
    {"key_overlap_hours", OPTION_NUMBER, AT(key_overlap_hours), "168", 0, 8760, true,
     "How long a peer's former key stays good after it has changed its keys, and how long a change of the hub's own is "
     "announced before it happens"},
    {"io_threads", OPTION_NUMBER, AT(io_threads), "2", 1, 16, false,
     "Threads that encrypt and move bytes; those who enrol have one of their own beside"},
    {"max_peers", OPTION_NUMBER, AT(max_peers), "6000", 10, 500000, false,
     "Connections to be ready for; the descriptor limit must allow them"},
    {"rate_records", OPTION_NUMBER, AT(rate_records), "2000", 0, 10000000, true,
     "Records a second that a peer may submit in the long run; 0: no limit"},
    {"rate_kib", OPTION_NUMBER, AT(rate_kib), "8192", 0, 10485760, true,
     "KiB a second that a peer may send, likewise; each message counts as 4 KiB at least"},
    {"rate_burst_s", OPTION_NUMBER, AT(rate_burst_s), "10", 1, 86400, true,
     "So many seconds' worth of records, KiB, sessions and offers may come at once"},
    {"day_records", OPTION_NUMBER, AT(day_records), "1000000", 0, 10000000000, true,
     "Records a day that a peer may submit, counted since the hub's start; 0: no limit"},
    {"sessions_per_minute", OPTION_NUMBER, AT(sessions_per_minute), "60", 0, 100000, true,
     "Sessions a minute that a peer may open; 0: no limit"},
    {"offers_per_minute", OPTION_NUMBER, AT(offers_per_minute), "600", 0, 100000, true,
     "Attachments a minute that a peer may offer; 0: no limit"},
    {"address_connections", OPTION_NUMBER, AT(address_connections), "512", 0, 1000000, true,
     "Connections of one address that are in no session; 0: no limit. A proxy before the hub makes all one address"},
    {"address_per_minute", OPTION_NUMBER, AT(address_per_minute), "600", 0, 10000000, true,
     "New connections of one address a minute; 0: no limit"},
    {"queue_mib", OPTION_NUMBER, AT(queue_mib), "128", 16, 1048576, true,
     "Memory for records that wait to be written; beyond it peers are told to try again"},
    {"send_mib", OPTION_NUMBER, AT(send_mib), "256", 16, 1048576, true,
     "Memory for what peers have not read; beyond it those who read slowly lose their sessions"},
    {"signals", OPTION_TEXT, AT(signals), SIGNALS_FILE, 1, 255, true,
     "Rules that look for clusters of warnings, in the hub's folder or by a whole path; none are looked for where this "
     "file is not there and no other is named"},
    {"share_mode", OPTION_TEXT, AT(share_mode), "propose", 3, 7, true,
     "What is done with warnings that are to be shared with institutions: off, propose (agn-hub share --pending lists "
     "them) or auto"},
    {"share_level", OPTION_NUMBER, AT(share_level), "2", 0, 4, true,
     "Warnings of this level or graver are proposed or shared; 0: none"},
};
const size_t option_count = sizeof option_rows / sizeof *option_rows;

static err_t refuse(const char *path, const char *key, const char *value, const char *expected, char ret_reason[512])
{
    char place[ZPL_PLACE_SIZE];
    zpl_place(path, NULL, key, place);
    snprintf(ret_reason, 512, "%s: %s = %.40s: expected %s", place, key, value, expected);
    return ERR_INVALID;
}

err_t options_load(const struct home *home, struct options *ret_options, char reterr_reason[512])
{
    char path[PATH_SIZE];
    home_file(home, "hub.zpl", path);
    err_t err = config_load(path, option_rows, option_count, ret_options, reterr_reason);
    if (err == ERR_OK &&
        !district_check((struct view){(const uint8_t *)ret_options->city, strlen(ret_options->city)})) {
        return refuse(path, "city", ret_options->city, "a six-digit district code such as 330100", reterr_reason);
    }
    if (err == ERR_OK && !suite_named(ret_options->suite)) {
        return refuse(path, "suite", ret_options->suite, "ed25519 or sm2-sm3", reterr_reason);
    }
    if (err == ERR_OK && share_mode_find(ret_options->share_mode) < 0) {
        return refuse(path, "share_mode", ret_options->share_mode, "off, propose or auto", reterr_reason);
    }
    return err;
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
