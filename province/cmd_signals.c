/* signals: what the rules find among the warnings that the cities passed up. An institution is named as its city names
 * it; those whose names a city withheld count as one (common/signal.h). */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/signal.h"
#include "common/text.h"
#include "proto/kinds.h"
#include "province/commands.h"
#include "province/desk.h"

#define RULES_FILE "signals.zpl"
#define MEMO       "signals"

enum { CLUSTER_SIZE = SIGNAL_CLUSTER_SIZE * 2, FIGURE_SIZE = 32 };

/* A thread a row: its newest content and its state now. What the province itself warned of is no evidence, and comes up
 * from every city that it was filed with. */
static const char threads_sql[] =
    "select c.record, c.thread, h.city, c.owner, (select l.state from record l where l.hub = c.hub"
    " and l.generation = c.generation and l.thread = c.thread order by l.cursor desc limit 1),"
    " (select f.role from record f where f.hub = c.hub and f.generation = c.generation and f.id = c.thread), "
    "max(c.cursor)"
    " from record c join member h on h.hub = c.hub and h.shown = c.generation"
    " where c.thread_kind = 'risk_warning' and c.is_content and c.role <> 'province' group by c.hub, c.thread";

static err_t add_row(struct signal_set *set, sqlite3_stmt *stmt, int utc_offset_minutes, int64_t today)
{
    struct record_context context = {.now_ms = clock_ms(), .utc_offset_minutes = utc_offset_minutes};
    char party[SIGNAL_PARTY_SIZE];
    struct faults ignored = {0};
    struct record record;
    struct signal_row row;
    const char *owner = db_column_str(stmt, 3);
    const char *state = db_column_str(stmt, 4);
    int role = role_find(db_column_str(stmt, 5)); /* -1: the thread began before it came up, as no composite does */
    err_t checked = record_check(db_column_view(stmt, 0), &context, &record, &ignored);
    (void)checked; /* it came up without its confidential fields, so it is never whole */
    if (record.kind != kind_by_number(KIND_RISK_WARNING) || db_column_view(stmt, 1).size != RECORD_ID_SIZE) {
        return ERR_OK;
    }
    signal_party(db_column_str(stmt, 2), (struct view){(const uint8_t *)owner, strlen(owner)}, party);
    int now = enumeration_index(&enum_warning_state, (struct view){(const uint8_t *)state, strlen(state)});
    bool is_row = signal_row_of(&record, db_column_view(stmt, 1).at, (struct view){(uint8_t *)party, strlen(party)},
                                role < 0 ? ROLE_ENTITY : (enum role)role, now, utc_offset_minutes, &row);
    return is_row && row.day <= today ? signal_set_add(set, &row) : ERR_OK;
}

static err_t fill(struct look *look, struct signal_set *set, int64_t today)
{
    sqlite3_stmt *stmt = db_prepare(look->db, threads_sql);
    err_t err = db_step(stmt);
    while (err == ERR_OK) {
        err = add_row(set, stmt, (int)look->settings.utc_offset_minutes, today);
        err = err == ERR_OK ? db_step(stmt) : err;
    }
    sqlite3_finalize(stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static const struct table_column columns[] = {
    {"rule", "Rule", "规则", false},         {"cluster", "Cluster", "聚集", false},
    {"count", "Warnings", "件数", true},     {"institutions", "Institutions", "机构数", true},
    {"cities", "Cities", "城市数", true},    {"expected", "Expected", "预期", false},
    {"ratio", "Ratio", "倍数", false},       {"ror", "ROR", "ROR", false},
    {"ror_low", "ROR low", "下限", false},   {"level", "Level", "级别", true},
    {"first_at", "First", "首次", false},    {"last_at", "Last", "末次", false},
    {"evidence", "Evidence", "依据", false},
};
enum { COLUMNS = sizeof columns / sizeof *columns, TEXT_COLUMNS = 12 };

static void write_cluster(const struct signal *signal, bool with_labels, char ret_text[CLUSTER_SIZE])
{
    size_t used = 0;
    ret_text[0] = '\0';
    for (int key = 0; key < SIGNAL_KEYS; key++) {
        const char *value = signal->values[key];
        if (value && used < CLUSTER_SIZE) {
            const struct enumeration *codes = signal_keys[key].codes;
            const char *word = with_labels && codes ? enumeration_label(codes, value, text_is_chinese()) : value;
            used += (size_t)snprintf(
                ret_text + used, CLUSTER_SIZE - used, "%s%s=%s", used ? " " : "",
                with_labels ? tr(signal_keys[key].en, signal_keys[key].zh) : signal_keys[key].field, word);
        }
    }
}

static void write_decimal(bool is_known, double number, char ret_text[FIGURE_SIZE])
{
    ret_text[0] = '\0';
    if (is_known && isfinite(number)) {
        snprintf(ret_text, FIGURE_SIZE, "%.2f", number);
    }
}

/* The city stands before the '/' of a party's name here. */
static size_t count_cities(const struct signal *signal)
{
    size_t cities = 0;
    for (size_t i = 0; i < signal->count; i++) {
        bool is_seen = false;
        for (size_t k = 0; k < i && !is_seen; k++) {
            is_seen = memcmp(signal->evidence[i]->party.at, signal->evidence[k]->party.at, 6) == 0;
        }
        cities += !is_seen;
    }
    return cities;
}

static char *evidence_text(const struct signal *signal)
{
    char *text = mem_alloc(signal->count * 38 + 1);
    size_t used = 0;
    for (size_t i = 0; i < signal->count; i++) {
        char id[37];
        record_id_text(signal->evidence[i]->id, id);
        used += (size_t)snprintf(text + used, 38, "%s%s", i ? " " : "", id);
    }
    return text;
}

static void print_signal(struct table *table, const struct look *look, const struct signal *signal)
{
    enum { COUNTS = 3 };
    static const int decimals[] = {5, 6, 7, 8};
    char cluster[CLUSTER_SIZE];
    char label[CLUSTER_SIZE];
    char texts[COLUMNS][FIGURE_SIZE];
    char local[2][FIGURE_SIZE];
    const double values[] = {signal->expected, signal->ratio, signal->table.ror, signal->table.low};
    char *evidence = evidence_text(signal);
    const char *cells[COLUMNS] = {signal->rule->name, cluster};
    const char *labels[COLUMNS] = {signal->rule->label, label};
    const size_t counts[COUNTS] = {signal->count, signal->parties, count_cities(signal)};
    write_cluster(signal, false, cluster);
    write_cluster(signal, true, label);
    for (int i = 0; i < COUNTS; i++) {
        snprintf(texts[2 + i], FIGURE_SIZE, "%zu", counts[i]);
    }
    for (int i = 0; i < 4; i++) {
        write_decimal(i < 2 ? signal->has_base : signal->has_table, values[i], texts[decimals[i]]);
    }
    snprintf(texts[9], FIGURE_SIZE, "%" PRId64, signal->rule->level);
    const int64_t times[] = {signal->first_at, signal->last_at};
    for (int i = 0; i < 2; i++) {
        time_text(times[i], texts[10 + i]);
        local_time_text(times[i], (int)look->settings.utc_offset_minutes, local[i]);
        labels[10 + i] = local[i];
    }
    for (int i = 2; i < COLUMNS - 1; i++) {
        cells[i] = *texts[i] ? texts[i] : NULL;
    }
    cells[COLUMNS - 1] = evidence;
    table_row(table, cells, labels);
    free(evidence);
}

static void print_all(const struct look *look, const struct signal_list *found, enum table_form form)
{
    struct table *table = table_open(stdout, form, columns, form == TABLE_TEXT ? TEXT_COLUMNS : COLUMNS);
    for (size_t i = 0; i < found->count; i++) {
        print_signal(table, look, &found->list[i]);
    }
    table_close(table);
}

/* ---- filing ---- */

/* What was filed before; NULL after the reason was told. */
static struct signal_memory *recall(struct desk *desk)
{
    char *text = NULL;
    struct signal_memory *memory = signal_memory_open();
    err_t err = outbox_read_memo(desk->outbox, MEMO, &text);
    json_t *json = text ? json_loads(text, 0, NULL) : NULL;
    err = err == ERR_OK && text ? signal_memory_from_json(memory, json) : err;
    json_decref(json);
    free(text);
    if (err != ERR_OK) {
        complain(tr("what was signalled before cannot be read: %s", "无法读取已发出的信号：%s"), err_text(err));
        signal_memory_close(memory);
        return NULL;
    }
    return memory;
}

/* The warning and the memory of it are kept together, so that no crash makes one without the other. */
static int file_signal(struct desk *desk, struct signal_memory *memory, const struct signal *signal)
{
    int64_t hubs[HUBS_MAX];
    json_t *fields = NULL;
    if (signal_to_warning(signal, &fields) != ERR_OK) {
        complain(tr("the rule %s found what makes no warning", "规则 %s 的结果无法形成预警"), signal->rule->name);
        return EXIT_REFUSED;
    }
    for (size_t i = 0; i < desk->member_count; i++) {
        hubs[i] = desk->members[i].hub;
    }
    signal_memory_put(memory, signal);
    json_t *json = signal_memory_to_json(memory);
    char *text = json_dumps(json, JSON_COMPACT);
    int code = desk_file(desk, fields, hubs, desk->member_count, &(struct outbox_memo){MEMO, text});
    free(text);
    json_decref(json);
    json_decref(fields);
    return code;
}

static int file_all(struct desk *desk, const struct signal_list *found)
{
    int code = EXIT_DONE;
    struct signal_memory *memory = recall(desk);
    if (!memory) {
        return EXIT_REFUSED;
    }
    for (size_t i = 0; i < found->count && code == EXIT_DONE; i++) {
        if (signal_is_news(memory, &found->list[i])) {
            code = file_signal(desk, memory, &found->list[i]);
        }
    }
    signal_memory_close(memory);
    return code;
}

/* DESK is NULL where nothing is to be filed. */
static int look_for(struct look *look, struct desk *desk, const struct signal_rules *rules, enum table_form form)
{
    int offset = (int)look->settings.utc_offset_minutes;
    int64_t now = clock_ms();
    int64_t today = day_of(now, offset);
    struct signal_set *set = signal_set_open(rules);
    err_t err = fill(look, set, today);
    int code = EXIT_DONE;
    if (err == ERR_OK) {
        struct signal_list found;
        signal_find(set, today, now, &found);
        if (desk) {
            code = file_all(desk, &found);
        } else {
            print_all(look, &found, form);
        }
        signal_list_done(&found);
    }
    signal_set_close(set);
    return err == ERR_OK ? code : look_failed(err);
}

/* Two at once would both file what is new. */
static int file_locked(const struct home *home, const struct signal_rules *rules)
{
    struct desk desk;
    int lock = -1;
    err_t err = home_lock(home, "signals.lock", &lock);
    if (err != ERR_OK) {
        complain(err == ERR_BUSY ? tr("another signals --file is under way in %s: try again",
                                      "%s 中正在执行另一个 signals --file，请稍后重试")
                                 : tr("cannot write in %s", "无法写入 %s"),
                 home->path);
        return EXIT_REFUSED;
    }
    if (!desk_open(home, &desk)) {
        return EXIT_REFUSED;
    }
    int code = look_for(&desk.look, &desk, rules, TABLE_TEXT);
    desk_close(&desk);
    return code; /* the lock goes with the process */
}

int cmd_signals(const struct home *home, const struct arguments *arguments)
{
    struct look look;
    char own[PATH_SIZE];
    char reason[512];
    struct signal_rules *rules = mem_alloc(sizeof *rules);
    home_file(home, RULES_FILE, own);
    int code = EXIT_REFUSED;
    err_t err = signal_rules_load(arguments->rules ? arguments->rules : own, rules, reason);
    if (err == ERR_NOT_FOUND) {
        complain(tr("%s is not there: copy deploy/signals.zpl to it, or name a file with --rules",
                    "没有 %s：请复制 deploy/signals.zpl 至该处，或用 --rules 指定文件"),
                 arguments->rules ? arguments->rules : own);
    } else if (err != ERR_OK) {
        complain("%s", reason);
    } else if (arguments->is_filing) {
        code = file_locked(home, rules);
    } else if (look_open(home, &look)) {
        code = look_for(&look, NULL, rules, arguments->form);
        look_close(&look);
    }
    free(rules);
    return code;
}
