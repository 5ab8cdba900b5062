/* hub/options.h - what a city may set in hub.zpl. */
#ifndef HUB_OPTIONS_H
#define HUB_OPTIONS_H

#include "common/config.h"
#include "common/identity.h"
#include "common/log.h"
#include "hub/store.h"

/* Where the rules lie unless the site says otherwise. */
#define SIGNALS_FILE "signals.zpl"

struct options {
    char name[CONFIG_TEXT_SIZE];
    char city[CONFIG_TEXT_SIZE];
    char endpoint[CONFIG_TEXT_SIZE];
    char enrol_endpoint[CONFIG_TEXT_SIZE];
    char host[CONFIG_TEXT_SIZE];
    char cap_sender[CONFIG_TEXT_SIZE]; /* "": host */
    char suite[CONFIG_TEXT_SIZE];
    enum log_level log_level;
    int64_t utc_offset_minutes;
    int64_t window;
    int64_t max_batch;
    int64_t ping_ms;
    int64_t publish_ms;
    int64_t desk_ms;
    int64_t leap_wait_s;
    int64_t uplink_level;
    int64_t min_free_mb;
    int64_t blob_quota_mib;
    int64_t checkpoint_pages;
    int64_t key_overlap_hours;
    int64_t io_threads;
    int64_t max_peers;
    int64_t rate_records;
    int64_t rate_kib;
    int64_t rate_burst_s;
    int64_t day_records;
    int64_t sessions_per_minute;
    int64_t offers_per_minute;
    int64_t address_connections;
    int64_t address_per_minute;
    int64_t queue_mib;
    int64_t send_mib;
    char signals[CONFIG_TEXT_SIZE];
    char share_mode[CONFIG_TEXT_SIZE];
    int64_t share_level;
};

extern const struct option_row option_rows[];
extern const size_t option_count;

/* Reads the file NAME in HOME; names the fault with file and line. */
MUST_CHECK err_t options_load_file(const struct home *home, const char *name, struct options *ret_options,
                                   char reterr_reason[512]);
/* Reads hub.zpl. */
MUST_CHECK err_t options_load(const struct home *home, struct options *ret_options, char reterr_reason[512]);
/* The same, and the hub's keys, which must be of the suite that hub.zpl names. */
MUST_CHECK err_t options_load_keys(const struct home *home, struct options *ret_options, struct identity *ret_identity,
                                   char reterr_reason[512]);
struct store_settings options_store_settings(const struct options *options);

#endif
