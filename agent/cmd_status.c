/* status: one look says whether anything needs a person. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/commands.h"
#include "agent/office.h"
#include "agent/progress.h"
#include "agent/views.h"
#include "agent/vocabulary.h"
#include "agent/wake.h"
#include "common/log.h"
#include "common/text.h"

struct standing {
    struct counts counts;
    uint64_t stages[STAGES]; /* of what was received */
    json_t *attachments;
    struct connection connection; /* of the process that runs, else of the last that did */
    bool is_running;
    bool is_connected;
};

static err_t read_standing(struct office *office, struct standing *ret_standing)
{
    memset(ret_standing, 0, sizeof *ret_standing);
    err_t err = spool_counts(office->spool, &ret_standing->counts);
    if (err == ERR_OK) {
        err = spool_connection(office->spool, &ret_standing->connection);
        err = err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    struct progress *progress = NULL;
    err = err == ERR_OK ? progress_open(office->spool, false, &progress) : err;
    if (err == ERR_OK) {
        progress_counts(progress, ret_standing->stages);
    }
    progress_close(progress);
    err = err == ERR_OK ? attachments_view(office->spool, &ret_standing->attachments) : err;
    ret_standing->is_running = wake_is_heard(office->home);
    ret_standing->is_connected = ret_standing->is_running && ret_standing->connection.is_ready;
    return err;
}

static void set_time(json_t *object, const char *key, int64_t ms)
{
    char text[25];
    time_text(ms, text);
    json_object_set_new(object, key, ms ? json_string(text) : json_null());
}

static void print_json(const struct office *office, const struct standing *standing)
{
    const struct membership *membership = &office->membership;
    const struct connection *connection = &standing->connection;
    json_t *link = json_pack("{sb sb ss ss}", "running", standing->is_running, "connected", standing->is_connected,
                             "reason", connection->reason, "refusal", connection->refusal);
    set_time(link, "since", connection->since_ms);
    set_time(link, "next_try", standing->is_running ? connection->next_try_ms : 0);
    json_t *counts = json_object();
    for (int i = 0; i < ITEM_STATES; i++) {
        json_object_set_new(counts, state_code((enum item_state)i),
                            json_integer((json_int_t)standing->counts.by_state[i]));
    }
    json_t *stages = json_object();
    for (int i = STAGE_FILED; i < STAGES; i++) {
        json_object_set_new(stages, stage_code(i), json_integer((json_int_t)standing->stages[i]));
    }
    json_t *object = json_pack("{ss ss ss ss ss ss so so so sI}", "party", membership->party, "name", membership->name,
                               "hub", membership->hub, "city", membership->city, "endpoint", membership->endpoint,
                               "home", office->home->path, "link", link, "counts", counts, "of_received", stages,
                               "last_seq", (json_int_t)standing->counts.last_seq);
    set_time(object, "oldest_waiting_at", standing->counts.oldest_waiting_at);
    json_object_set(object, "attachments", standing->attachments);
    json_dumpf(object, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(object);
}

static void print_link(const struct office *office, const struct standing *standing)
{
    const struct connection *connection = &standing->connection;
    char since[20];
    char next[20];
    local_time_text(connection->since_ms, (int)office->settings.utc_offset_minutes, since);
    local_time_text(connection->next_try_ms, (int)office->settings.utc_offset_minutes, next);
    if (!standing->is_running) {
        puts(tr("not running: start agn-agent run, or send with agn-agent sync",
                "未运行：请启动 agn-agent run，或用 agn-agent sync 发送"));
    } else if (standing->is_connected) {
        printf(tr("connected since %s\n", "已连接，自 %s\n"), since);
        if (connection->reason[0]) {
            printf(tr("the hub asks to wait until %s: %s\n", "枢纽要求等待至 %s：%s\n"), next, connection->reason);
        }
    } else {
        printf(tr("not connected since %s: %s\n", "未连接，自 %s：%s\n"), since, connection->reason);
    }
    if (standing->is_running && !standing->is_connected && connection->next_try_ms > 0) {
        printf(tr("next try %s\n", "下次尝试 %s\n"), next);
    }
    if (connection->refusal[0]) {
        printf(tr("sending has stopped, the hub refuses: %s\n", "已停止发送，枢纽拒绝：%s\n"), connection->refusal);
    }
}

static void print_waiting(const struct standing *standing)
{
    uint64_t waiting = standing->counts.by_state[ITEM_ACCEPTED];
    const struct connection *connection = &standing->connection;
    char age[32];
    if (waiting == 0) {
        puts(tr("nothing waits", "没有待报记录"));
        return;
    }
    age_text(clock_ms() - standing->counts.oldest_waiting_at, age);
    const char *why = !standing->is_running    ? tr("agn-agent is not running", "agn-agent 未运行")
                      : connection->refusal[0] ? connection->refusal
                      : connection->reason[0]  ? connection->reason
                                               : tr("being sent", "正在发送");
    bool is_unreachable = standing->is_running && !standing->is_connected;
    printf(tr("%" PRIu64 " waiting, oldest %s%s: %s\n", "%" PRIu64 " 条待报，最早已等待 %s%s：%s\n"), waiting, age,
           is_unreachable ? tr(", hub unreachable", "，无法连接枢纽") : "", why);
}

static void print_count(const char *label, uint64_t count)
{
    printf("  %s%*s %8" PRIu64 "\n", label, 28 - text_width(label), "", count);
}

/* Each record under the furthest word that it has come to. */
static void print_counts(const struct standing *standing)
{
    uint64_t beyond = standing->stages[STAGE_FILED] + standing->stages[STAGE_READ] + standing->stages[STAGE_DECIDED];
    for (int i = 0; i < ITEM_STATES; i++) {
        uint64_t count = standing->counts.by_state[i];
        print_count(state_label((enum item_state)i), i != ITEM_RECEIVED ? count : count > beyond ? count - beyond : 0);
        for (int k = STAGE_FILED; i == ITEM_RECEIVED && k < STAGES; k++) {
            print_count(stage_label(k), standing->stages[k]);
        }
    }
}

/* Those that stand in the way of records, each with what to do. */
static void print_attachments(const struct standing *standing)
{
    enum { SHOWN = 10 };
    json_int_t waiting = json_integer_value(json_object_get(standing->attachments, "waiting"));
    json_int_t refused = json_integer_value(json_object_get(standing->attachments, "refused"));
    const json_t *faults = json_object_get(standing->attachments, "faults");
    if (waiting + refused > 0) {
        printf(tr("attachments: %" JSON_INTEGER_FORMAT " to upload, %" JSON_INTEGER_FORMAT " refused\n",
                  "附件：%" JSON_INTEGER_FORMAT " 个待上传，%" JSON_INTEGER_FORMAT " 个未被接受\n"),
               waiting, refused);
    }
    for (size_t i = 0; i < json_array_size(faults) && i < SHOWN; i++) {
        const json_t *fault = json_array_get(faults, i);
        const char *code = json_string_value(json_object_get(fault, "code"));
        const char *advice = blob_advice(code);
        printf("  %s: %s (%s)%s%s\n", json_string_value(json_object_get(fault, "name")), code,
               fault_label(code, text_is_chinese()), *advice ? ": " : "", advice);
    }
}

static void print_text(const struct office *office, const struct standing *standing)
{
    const struct membership *membership = &office->membership;
    char name[402];
    char hub[256];
    printf(tr("%s (%s) at %s, city %s, %s\n", "%s（%s），加入 %s，城市 %s，%s\n"),
           log_safe(membership->name, strlen(membership->name), name, sizeof name), membership->party,
           log_safe(membership->hub, strlen(membership->hub), hub, sizeof hub), membership->city, membership->endpoint);
    print_link(office, standing);
    print_waiting(standing);
    print_attachments(standing);
    print_counts(standing);
    if (standing->counts.by_state[ITEM_REJECTED] > 0) {
        puts(tr("rejected records wait for you: agn-agent list --state rejected",
                "有被退回的记录待处理：agn-agent list --state rejected"));
    }
}

int cmd_status(const struct home *home, const struct arguments *arguments)
{
    struct office office;
    struct standing standing;
    if (!office_open(home, QUICK_WAIT_MS, &office)) {
        return EXIT_REFUSED;
    }
    err_t err = read_standing(&office, &standing);
    if (err != ERR_OK) {
        complain_spool(&office, "status", err);
    } else if (arguments->form == TABLE_JSON) {
        print_json(&office, &standing);
    } else {
        print_text(&office, &standing);
    }
    json_decref(standing.attachments);
    office_close(&office);
    return err == ERR_OK ? EXIT_DONE : EXIT_REFUSED;
}
