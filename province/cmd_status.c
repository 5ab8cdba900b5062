/* status: how each hub stands, and what is held in all. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/json_text.h"
#include "common/mem.h"
#include "common/text.h"
#include "province/alarms.h"
#include "province/commands.h"
#include "province/hubs.h"
#include "province/look.h"

/* This many times what lies between two heads at least, a hub may owe one. */
enum { SILENT_TURNS = 10 };

struct hub_status {
    int64_t hub;
    char name[256];
    char city[8];
    char endpoint[300];
    char link[16];
    char reason[640];
    char gap_why[16];
    char epoch[2 * EPOCH_SIZE + 1];
    int64_t since, next_try_at, last_event_at, last_gap_at; /* 0: none */
    int64_t cursor, head, gaps, skipped, cells, warnings;
    bool is_synced;
    bool is_resyncing;
    char disk[33]; /* "": the hub has said nothing */
    int64_t disk_free_mib, disk_at;
    char connections[33]; /* likewise; said at the same time */
    int64_t connections_free;
    int64_t alarms;       /* that stand */
    int64_t silent_since; /* no head of its ledger came, although it is connected and has shown some; 0: they come */
    bool is_silent;       /* ... for long */
};

struct status {
    bool is_running;
    struct hub_status *hubs;
    size_t count;
    struct witness *witness;
    int64_t connected, caught_up, cells, warnings, alarms, silent;
};

static const char hubs_sql[] =
    "select h.hub, h.name, h.city, h.endpoint, h.link, coalesce(h.link_reason, ''), coalesce(h.last_gap_why, ''),"
    " lower(hex(coalesce(h.epoch, ''))), coalesce(h.link_since, 0), coalesce(h.next_try_at, 0),"
    " coalesce(h.last_event_at, 0), coalesce(h.last_gap_at, 0), h.cursor, h.head, h.gaps, h.skipped,"
    " (select count(*) from cell c where c.hub = h.hub and c.generation = h.shown and c.count <> 0),"
    " (select count(distinct thread) from warning w where w.hub = h.hub and w.generation = h.shown),"
    " h.is_synced, h.generation <> h.shown, coalesce(h.disk, ''), coalesce(h.disk_free_mib, 0),"
    " coalesce(h.disk_at, 0), coalesce(h.silent_since, 0), coalesce(h.connections, ''),"
    " coalesce(h.connections_free, 0) from member h order by h.hub";

static void copy_column(sqlite3_stmt *stmt, int index, char *out, size_t size)
{
    snprintf(out, size, "%s", db_column_str(stmt, index));
}

static void read_hub(sqlite3_stmt *stmt, struct hub_status *ret_hub)
{
    int64_t *const numbers[] = {&ret_hub->since,  &ret_hub->next_try_at, &ret_hub->last_event_at, &ret_hub->last_gap_at,
                                &ret_hub->cursor, &ret_hub->head,        &ret_hub->gaps,          &ret_hub->skipped,
                                &ret_hub->cells,  &ret_hub->warnings};
    memset(ret_hub, 0, sizeof *ret_hub);
    ret_hub->hub = sqlite3_column_int64(stmt, 0);
    copy_column(stmt, 1, ret_hub->name, sizeof ret_hub->name);
    copy_column(stmt, 2, ret_hub->city, sizeof ret_hub->city);
    copy_column(stmt, 3, ret_hub->endpoint, sizeof ret_hub->endpoint);
    copy_column(stmt, 4, ret_hub->link, sizeof ret_hub->link);
    copy_column(stmt, 5, ret_hub->reason, sizeof ret_hub->reason);
    copy_column(stmt, 6, ret_hub->gap_why, sizeof ret_hub->gap_why);
    copy_column(stmt, 7, ret_hub->epoch, sizeof ret_hub->epoch);
    for (int i = 0; i < (int)(sizeof numbers / sizeof *numbers); i++) {
        *numbers[i] = sqlite3_column_int64(stmt, 8 + i);
    }
    ret_hub->is_synced = sqlite3_column_int(stmt, 18) != 0;
    ret_hub->is_resyncing = sqlite3_column_int(stmt, 19) != 0;
    copy_column(stmt, 20, ret_hub->disk, sizeof ret_hub->disk);
    ret_hub->disk_free_mib = sqlite3_column_int64(stmt, 21);
    ret_hub->disk_at = sqlite3_column_int64(stmt, 22);
    copy_column(stmt, 24, ret_hub->connections, sizeof ret_hub->connections);
    ret_hub->connections_free = sqlite3_column_int64(stmt, 25);
    ret_hub->silent_since = sqlite3_column_int64(stmt, 23);
}

static struct hub_status *add_hub(struct status *status)
{
    status->hubs = mem_grow(status->hubs, status->count + 1, sizeof *status->hubs);
    return &status->hubs[status->count++];
}

static err_t read_replica(const struct look *look, struct status *status)
{
    sqlite3_stmt *stmt = db_prepare(look->db, hubs_sql);
    err_t err = db_step(stmt);
    while (err == ERR_OK) {
        read_hub(stmt, add_hub(status));
        err = db_step(stmt);
    }
    sqlite3_finalize(stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* Hubs that were joined and never followed yet are in the folder only. */
static void add_new_members(const struct look *look, struct status *status)
{
    struct hub_member *members = NULL;
    size_t count = 0;
    size_t known = status->count;
    if (hubs_load(look->home, &members, &count, NULL) != ERR_OK) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        bool is_known = false;
        for (size_t k = 0; k < known; k++) {
            is_known = is_known || status->hubs[k].hub == members[i].hub;
        }
        if (!is_known) {
            struct hub_status *hub = add_hub(status);
            memset(hub, 0, sizeof *hub);
            hub->hub = members[i].hub;
            snprintf(hub->name, sizeof hub->name, "%s", members[i].membership.hub);
            snprintf(hub->city, sizeof hub->city, "%s", members[i].membership.city);
            snprintf(hub->endpoint, sizeof hub->endpoint, "%s", members[i].membership.endpoint);
            snprintf(hub->link, sizeof hub->link, "stopped");
        }
    }
    free(members);
}

/* A hub that shows its ledger no more may have something to hide; one that never did is of an older release. */
static err_t read_silence(const struct look *look, struct status *status, struct hub_status *hub)
{
    bool is_known = false;
    err_t err = witness_knows(status->witness, hub->hub, &is_known);
    if (!is_known || !status->is_running || strcmp(hub->link, "connected") != 0) {
        hub->silent_since = 0;
    }
    hub->is_silent = hub->silent_since > 0 && clock_ms() - hub->silent_since > SILENT_TURNS * look->settings.witness_ms;
    status->silent += hub->is_silent;
    return err;
}

static err_t read_witness(const struct look *look, struct status *status)
{
    err_t err = witness_standing(status->witness, 0, &status->alarms);
    for (size_t i = 0; i < status->count && err == ERR_OK; i++) {
        struct hub_status *hub = &status->hubs[i];
        err = witness_standing(status->witness, hub->hub, &hub->alarms);
        err = err == ERR_OK ? read_silence(look, status, hub) : err;
    }
    return err;
}

static bool is_caught_up(const struct hub_status *hub)
{
    return hub->is_synced && !hub->is_resyncing && hub->cursor >= hub->head;
}

static void add_up(struct status *status)
{
    for (size_t i = 0; i < status->count; i++) {
        struct hub_status *hub = &status->hubs[i];
        if (!status->is_running) {
            snprintf(hub->link, sizeof hub->link, "stopped"); /* whatever a run that was killed has left */
            hub->next_try_at = 0;
        }
        status->connected += strcmp(hub->link, "connected") == 0;
        status->caught_up += is_caught_up(hub);
        status->cells += hub->cells;
        status->warnings += hub->warnings;
    }
}

static void set_time(json_t *object, const char *key, int64_t ms)
{
    char text[25];
    if (ms > 0) {
        time_text(ms, text);
    }
    json_object_set_new(object, key, ms > 0 ? json_string(text) : json_null());
}

static json_t *hub_json(const struct hub_status *hub)
{
    json_t *object =
        json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s}", "hub", (json_int_t)hub->hub, "name", hub->name, "city",
                  hub->city, "endpoint", hub->endpoint, "link", hub->link, "reason", hub->reason, "epoch", hub->epoch);
    set_time(object, "since", hub->since);
    set_time(object, "next_try_at", hub->next_try_at);
    set_time(object, "last_event_at", hub->last_event_at);
    json_t *rest = json_pack("{s:I, s:I, s:b, s:b, s:I, s:s, s:I, s:I, s:I, s:I}", "cursor", (json_int_t)hub->cursor,
                             "head", (json_int_t)hub->head, "caught_up", is_caught_up(hub), "resyncing",
                             hub->is_resyncing, "gaps", (json_int_t)hub->gaps, "last_gap_why", hub->gap_why,
                             "unreadable_events", (json_int_t)hub->skipped, "cells", (json_int_t)hub->cells, "warnings",
                             (json_int_t)hub->warnings, "ledger_alarms", (json_int_t)hub->alarms);
    json_object_update(object, rest);
    json_decref(rest);
    set_time(object, "last_gap_at", hub->last_gap_at);
    set_time(object, "ledger_silent_since", hub->silent_since);
    if (*hub->disk) {
        json_t *disk = json_pack("{s:s, s:I}", "state", hub->disk, "free_mib", (json_int_t)hub->disk_free_mib);
        set_time(disk, "at", hub->disk_at);
        json_object_set_new(object, "disk", disk);
    }
    if (*hub->connections) {
        json_t *connections =
            json_pack("{s:s, s:I}", "state", hub->connections, "free", (json_int_t)hub->connections_free);
        set_time(connections, "at", hub->disk_at);
        json_object_set_new(object, "connections", connections);
    }
    return object;
}

static void print_json(const struct look *look, const struct status *status)
{
    json_t *hubs = json_array();
    for (size_t i = 0; i < status->count; i++) {
        json_array_append_new(hubs, hub_json(&status->hubs[i]));
    }
    json_t *root = json_pack("{s:s, s:b, s:o, s:{s:I, s:I, s:I, s:I, s:I, s:I}}", "name", look->settings.name,
                             "running", status->is_running, "hubs", hubs, "totals", "hubs", (json_int_t)status->count,
                             "connected", (json_int_t)status->connected, "caught_up", (json_int_t)status->caught_up,
                             "cells", (json_int_t)status->cells, "warnings", (json_int_t)status->warnings,
                             "ledger_alarms", (json_int_t)status->alarms);
    json_text_write(root, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(root);
}

static const char *link_label(const char *link)
{
    static const char *const labels[][3] = {
        {"connected", "connected", "已连接"}, {"connecting", "connecting", "正在连接"},
        {"waiting", "waiting", "等待重试"},   {"refused", "refused", "被拒绝"},
        {"stopped", "not running", "未运行"},
    };
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        if (strcmp(labels[i][0], link) == 0) {
            return tr(labels[i][1], labels[i][2]);
        }
    }
    return link;
}

static const char *figures_label(const struct hub_status *hub)
{
    if (hub->is_resyncing) {
        return tr("old, snapshot under way", "旧数据（快照重建中）");
    }
    return is_caught_up(hub) ? tr("up to date", "最新") : tr("catching up", "追赶中");
}

static void print_rows(const struct look *look, const struct status *status, enum table_form form)
{
    static const struct table_column columns[] = {
        {"hub", "#", "#", true},
        {"name", "Hub", "枢纽", false},
        {"city", "City", "城市", false},
        {"link", "Link", "连接", false},
        {"since", "Since", "起始时间", false},
        {"figures", "Figures", "数据", false},
        {"cursor", "Cursor", "游标", true},
        {"head", "Head", "最新位置", true},
        {"last_event_at", "Last event", "最近事件", false},
        {"epoch", "Epoch", "纪元", false},
        {"cells", "Cells", "单元数", true},
        {"warnings", "Warnings", "预警", true},
        {"ledger_alarms", "Ledger alarms", "台账警报", true},
    };
    enum { COLUMNS = sizeof columns / sizeof *columns };
    struct table *table = table_open(stdout, form, columns, COLUMNS);
    int offset = (int)look->settings.utc_offset_minutes;
    for (size_t i = 0; i < status->count; i++) {
        const struct hub_status *hub = &status->hubs[i];
        char numbers[6][24];
        char times[2][25] = {"", ""};
        char shown[2][20] = {"-", "-"};
        char short_epoch[9];
        const int64_t values[] = {hub->hub, hub->cursor, hub->head, hub->cells, hub->warnings, hub->alarms};
        const int64_t moments[] = {hub->since, hub->last_event_at};
        for (int k = 0; k < 6; k++) {
            snprintf(numbers[k], sizeof numbers[k], "%" PRId64, values[k]);
        }
        for (int k = 0; k < 2; k++) {
            if (moments[k] > 0) {
                time_text(moments[k], times[k]);
                local_time_text(moments[k], offset, shown[k]);
            }
        }
        snprintf(short_epoch, sizeof short_epoch, "%.8s", hub->epoch);
        const char *figures = hub->is_resyncing ? "resyncing" : is_caught_up(hub) ? "current" : "behind";
        const char *const cells[COLUMNS] = {numbers[0], hub->name,  hub->city,  hub->link, times[0],
                                            figures,    numbers[1], numbers[2], times[1],  hub->epoch,
                                            numbers[3], numbers[4], numbers[5]};
        const char *const labels[COLUMNS] = {
            [3] = link_label(hub->link), [4] = shown[0], [5] = figures_label(hub), [8] = shown[1], [9] = short_epoch};
        table_row(table, cells, labels);
    }
    table_close(table);
}

static void print_disk(const struct hub_status *hub, int offset)
{
    char at[20];
    if (!*hub->disk || strcmp(hub->disk, "ok") == 0) {
        return;
    }
    bool is_full = strcmp(hub->disk, "full") == 0;
    local_time_text(hub->disk_at, offset, at);
    printf(tr("hub %" PRId64 ": its disk %s, %" PRId64 " MiB free at %s: ask its operator to make room\n",
              "枢纽 %" PRId64 "：磁盘%s，剩余 %" PRId64 " MiB（%s）：请通知其管理员腾出空间\n"),
           hub->hub, is_full ? tr("is full, it takes no records", "已满，暂不接收记录") : tr("runs short", "空间不足"),
           hub->disk_free_mib, at);
}

static void print_connections(const struct hub_status *hub, int offset)
{
    char at[20];
    if (!*hub->connections || strcmp(hub->connections, "ok") == 0) {
        return;
    }
    local_time_text(hub->disk_at, offset, at);
    printf(tr("hub %" PRId64 ": its connections run short, %" PRId64 " left at %s: tell its operator, who may be under "
              "attack or should raise max_peers and LimitNOFILE\n",
              "枢纽 %" PRId64 "：连接数不足，剩余 %" PRId64
              " 个（%s）：请通知其管理员排查是否受到攻击，或提高 max_peers "
              "与 LimitNOFILE\n"),
           hub->hub, hub->connections_free, at);
}

/* What needs a person, one line a hub. */
static void print_troubles(const struct look *look, const struct status *status)
{
    int offset = (int)look->settings.utc_offset_minutes;
    for (size_t i = 0; i < status->count; i++) {
        const struct hub_status *hub = &status->hubs[i];
        char at[20];
        if (*hub->reason && strcmp(hub->link, "connected") != 0) {
            printf(tr("hub %" PRId64 ": %s", "枢纽 %" PRId64 "：%s"), hub->hub, hub->reason);
            if (hub->next_try_at > 0) {
                local_time_text(hub->next_try_at, offset, at);
                printf(tr("; next try %s", "；下次重试 %s"), at);
            }
            putchar('\n');
        }
        if (hub->last_gap_at > 0) {
            local_time_text(hub->last_gap_at, offset, at);
            printf(tr("hub %" PRId64 ": figures rebuilt from a snapshot %" PRId64 " times, last at %s (%s)\n",
                      "枢纽 %" PRId64 "：已 %" PRId64 " 次由快照重建数据，最近一次 %s（%s）\n"),
                   hub->hub, hub->gaps, at, hub->gap_why);
        }
        print_disk(hub, offset);
        print_connections(hub, offset);
        if (hub->silent_since > 0) {
            local_time_text(hub->silent_since, offset, at);
            printf(tr("hub %" PRId64 ": has shown nothing of its ledger since %s although it is connected: ask its "
                      "operator\n",
                      "枢纽 %" PRId64 "：自 %s 起虽保持连接但未再出示台账：请向其管理员核实\n"),
                   hub->hub, at);
        }
        if (hub->skipped > 0) {
            printf(tr("hub %" PRId64 ": %" PRId64 " events could not be read: update this program or ask the hub's "
                      "operator\n",
                      "枢纽 %" PRId64 "：有 %" PRId64 " 条事件无法读取：请更新本程序或联系枢纽管理员\n"),
                   hub->hub, hub->skipped);
        }
    }
}

static void print_text(const struct look *look, struct status *status)
{
    if (*look->settings.name) {
        printf("%s\n", look->settings.name);
    }
    puts(status->is_running ? tr("agn-province is running", "agn-province 正在运行")
                            : tr("agn-province is not running: start agn-province run",
                                 "agn-province 未运行：请启动 agn-province run"));
    if (status->count == 0) {
        puts(tr("no hub joined yet: agn-province join LINK", "尚未加入任何枢纽：agn-province join LINK"));
        return;
    }
    print_rows(look, status, TABLE_TEXT);
    err_t err = alarms_print(look, status->witness, &status->alarms);
    if (err != ERR_OK) {
        complain("%s", err_text(err));
    }
    print_troubles(look, status);
    printf(tr("%zu hubs, %" PRId64 " connected, %" PRId64 " up to date; %" PRId64 " cells, %" PRId64 " warnings\n",
              "共 %zu 个枢纽，已连接 %" PRId64 "，数据最新 %" PRId64 "；%" PRId64 " 个单元，%" PRId64 " 条预警\n"),
           status->count, status->connected, status->caught_up, status->cells, status->warnings);
}

static void print(const struct look *look, struct status *status, enum table_form form)
{
    if (form == TABLE_JSON) {
        print_json(look, status);
    } else if (form == TABLE_TEXT) {
        print_text(look, status);
    } else {
        print_rows(look, status, form);
    }
}

int cmd_status(const struct home *home, const struct arguments *arguments)
{
    struct look look;
    struct status status = {.is_running = hubs_is_running(home)};
    char reason[256];
    if (!look_open(home, &look)) {
        return EXIT_REFUSED;
    }
    if (witness_open(home, false, &status.witness, reason) != ERR_OK) {
        complain("%s", reason);
        look_close(&look);
        return EXIT_REFUSED;
    }
    err_t err = read_replica(&look, &status);
    if (err == ERR_OK) {
        add_new_members(&look, &status);
        err = read_witness(&look, &status);
    }
    if (err == ERR_OK) {
        add_up(&status);
        print(&look, &status, arguments->form);
    }
    free(status.hubs);
    witness_close(status.witness);
    look_close(&look);
    if (err != ERR_OK) {
        return look_failed(err);
    }
    return status.alarms > 0 || status.silent > 0 ? EXIT_REFUSED : EXIT_DONE;
}
