/* What the rules of deploy/signals.zpl find among the warnings: now, or day by day through the past. */
#include <inttypes.h>
#include <math.h>

#include "common/mem.h"
#include "common/text.h"
#include "hub/cli.h"
#include "hub/desk_signals.h"
#include "hub/signal_input.h"
#include "hub/signal_rows.h"

/* One cluster through a replay, or one signal. */
struct finding {
    const char *rule, *label;
    char *cluster;
    char *values[SIGNAL_KEYS];
    struct signal first; /* as first found; its borrowed parts are not used */
    json_t *evidence;    /* ids */
    int64_t last_day;    /* when last signalled */
    size_t raised, peak; /* how often, and the most warnings at a time */
};

struct findings {
    struct finding *list;
    size_t count;
};

static json_t *evidence_list(const struct signal *signal)
{
    json_t *list = json_array();
    for (size_t i = 0; i < signal->count; i++) {
        char id[37];
        record_id_text(signal->evidence[i]->id, id);
        json_array_append_new(list, json_string(id));
    }
    return list;
}

static void note_signal(struct findings *findings, const struct signal *signal)
{
    for (size_t i = 0; i < findings->count; i++) {
        struct finding *known = &findings->list[i];
        if (streq(known->rule, signal->rule->name) && streq(known->cluster, signal->cluster)) {
            known->last_day = signal->day;
            known->raised++;
            known->peak = signal->count > known->peak ? signal->count : known->peak;
            return;
        }
    }
    findings->list = mem_grow(findings->list, findings->count + 1, sizeof *findings->list);
    struct finding *fresh = &findings->list[findings->count++];
    *fresh = (struct finding){.rule = signal->rule->name,
                              .label = signal->rule->label,
                              .cluster = mem_text(signal->cluster),
                              .first = *signal,
                              .evidence = evidence_list(signal),
                              .last_day = signal->day,
                              .raised = 1,
                              .peak = signal->count};
    for (int key = 0; key < SIGNAL_KEYS; key++) {
        fresh->values[key] = signal->values[key] ? mem_text(signal->values[key]) : NULL;
    }
}

static void findings_done(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        free(findings->list[i].cluster);
        json_decref(findings->list[i].evidence);
        for (int key = 0; key < SIGNAL_KEYS; key++) {
            free(findings->list[i].values[key]);
        }
    }
    free(findings->list);
}

/* ---- looking ---- */

static void look(struct signal_set *set, int64_t day, int utc_offset_minutes, struct signal_memory *memory,
                 struct findings *findings)
{
    struct signal_list found;
    signal_find(set, day, day_end(day, utc_offset_minutes), &found);
    for (size_t i = 0; i < found.count; i++) {
        if (!memory || signal_is_news(memory, &found.list[i])) {
            note_signal(findings, &found.list[i]);
            if (memory) {
                signal_memory_put(memory, &found.list[i]);
            }
        }
    }
    signal_list_done(&found);
}

/* Every day, also one that brings no warning: the base rate falls then. */
static void replay(struct signal_set *set, int utc_offset_minutes, struct findings *findings)
{
    struct signal_memory *memory = signal_memory_open();
    int64_t first = 0;
    int64_t last = -1;
    if (signal_set_days(set, &first, &last)) {
        for (int64_t day = first; day <= last; day++) {
            look(set, day, utc_offset_minutes, memory, findings);
        }
    }
    signal_memory_close(memory);
}

/* ---- printing ---- */

static const struct table_column columns[] = {
    {"rule", "rule", "规则", false},
    {"model_name", "model", "模型", false},
    {"model_vendor", "vendor", "提供方", false},
    {"sector", "sector", "领域", false},
    {"risk_domain", "risk domain", "风险大类", false},
    {"risk_subdomain", "subdomain", "风险子类", false},
    {"harm_kind", "harm", "损害类型", false},
    {"found", "found", "发现日", false},
    {"count", "count", "件数", true},
    {"institutions", "institutions", "机构数", true},
    {"expected", "expected", "预期", true},
    {"ratio", "ratio", "倍数", true},
    {"ror", "ROR", "ROR", true},
    {"low", "low", "下限", true},
    {"high", "high", "上限", true},
    {"level", "level", "级别", true},
    {"raised", "raised", "次数", true},
    {"peak", "most", "峰值", true},
    {"last_found", "last", "末次", false},
};
/* The last three are a replay's. */
enum {
    COLUMNS = sizeof columns / sizeof *columns,
    FIGURES = COLUMNS - 1 - SIGNAL_KEYS,
    CELL_SIZE = 32,
    CLUSTER_SIZE = SIGNAL_CLUSTER_SIZE * 2
};

static void write_decimal(bool is_known, double number, char ret_text[CELL_SIZE])
{
    ret_text[0] = '\0';
    if (is_known && isfinite(number)) {
        snprintf(ret_text, CELL_SIZE, "%.2f", number);
    }
}

/* The texts of a row from `found` on. */
static void write_figures(const struct finding *finding, char ret_texts[FIGURES][CELL_SIZE])
{
    const struct signal *signal = &finding->first;
    date_text(signal->day, ret_texts[0]);
    snprintf(ret_texts[1], CELL_SIZE, "%zu", signal->count);
    snprintf(ret_texts[2], CELL_SIZE, "%zu", signal->parties);
    write_decimal(signal->has_base, signal->expected, ret_texts[3]);
    write_decimal(signal->has_base, signal->ratio, ret_texts[4]);
    write_decimal(signal->has_table, signal->table.ror, ret_texts[5]);
    write_decimal(signal->has_table, signal->table.low, ret_texts[6]);
    write_decimal(signal->has_table, signal->table.high, ret_texts[7]);
    snprintf(ret_texts[8], CELL_SIZE, "%" PRId64, signal->rule->level);
    snprintf(ret_texts[9], CELL_SIZE, "%zu", finding->raised);
    snprintf(ret_texts[10], CELL_SIZE, "%zu", finding->peak);
    date_text(finding->last_day, ret_texts[11]);
}

/* What a person calls the cluster. */
static void write_cluster(const struct finding *finding, char ret_text[CLUSTER_SIZE])
{
    size_t used = 0;
    for (int key = 0; key < SIGNAL_KEYS; key++) {
        const char *value = finding->values[key];
        const struct enumeration *codes = signal_keys[key].codes;
        if (value) {
            used += (size_t)snprintf(ret_text + used, CLUSTER_SIZE - used, "%s%s", used > 0 ? " · " : "",
                                     codes ? enumeration_label(codes, value, text_is_chinese()) : value);
        }
    }
}

/* CSV has a column a key; a person reads them as one. */
static void print_table(const struct findings *findings, enum table_form form, bool is_replay)
{
    static const struct table_column cluster_column = {"cluster", "cluster", "聚集", false};
    bool is_text = form == TABLE_TEXT;
    struct table_column heads[COLUMNS];
    size_t keys = is_text ? 1 : SIGNAL_KEYS;
    size_t count = 1 + keys + (is_replay ? FIGURES : FIGURES - 3);
    heads[0] = columns[0];
    memcpy(heads + 1, is_text ? &cluster_column : columns + 1, keys * sizeof *heads);
    memcpy(heads + 1 + keys, columns + 1 + SIGNAL_KEYS, FIGURES * sizeof *heads);
    struct table *table = table_open(stdout, form, heads, count);
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];
        char texts[FIGURES][CELL_SIZE];
        char cluster[CLUSTER_SIZE];
        const char *cells[COLUMNS] = {is_text && text_is_chinese() ? finding->label : finding->rule, cluster};
        write_cluster(finding, cluster);
        write_figures(finding, texts);
        for (size_t key = 0; key < SIGNAL_KEYS && !is_text; key++) {
            cells[1 + key] = finding->values[key];
        }
        for (size_t at = 0; at < FIGURES; at++) {
            cells[1 + keys + at] = *texts[at] ? texts[at] : NULL;
        }
        table_row(table, cells, NULL);
    }
    table_close(table);
}

static json_t *decimal_json(bool is_known, double number)
{
    return is_known && isfinite(number) ? json_real(number) : json_null();
}

static json_t *finding_json(const struct finding *finding, bool is_replay)
{
    const struct signal *signal = &finding->first;
    const struct signal_table *odds = &signal->table;
    char texts[FIGURES][CELL_SIZE];
    char at[2][25];
    json_t *row = json_pack("{s:s, s:s}", "rule", finding->rule, "label", finding->label);
    write_figures(finding, texts);
    time_text(signal->first_at, at[0]);
    time_text(signal->last_at, at[1]);
    for (int key = 0; key < SIGNAL_KEYS; key++) {
        json_object_set_new(row, signal_keys[key].field,
                            finding->values[key] ? json_string(finding->values[key]) : json_null());
    }
    json_object_update_new(
        row, json_pack("{s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:I, s:s, s:s, s:O}", "found", texts[0], "count",
                       (json_int_t)signal->count, "institutions", (json_int_t)signal->parties, "expected",
                       decimal_json(signal->has_base, signal->expected), "ratio",
                       decimal_json(signal->has_base, signal->ratio), "ror", decimal_json(signal->has_table, odds->ror),
                       "low", decimal_json(signal->has_table, odds->low), "high",
                       decimal_json(signal->has_table, odds->high), "level", (json_int_t)signal->rule->level,
                       "first_at", at[0], "last_at", at[1], "evidence", finding->evidence));
    if (signal->has_table) {
        json_object_set_new(row, "table",
                            json_pack("[I, I, I, I]", (json_int_t)odds->a, (json_int_t)odds->b, (json_int_t)odds->c,
                                      (json_int_t)odds->d));
    }
    if (is_replay) {
        json_object_update_new(row, json_pack("{s:I, s:I, s:s}", "raised", (json_int_t)finding->raised, "peak",
                                              (json_int_t)finding->peak, "last_found", texts[11]));
    }
    return row;
}

/* Ratios are no integers and the evidence is a list: both more than a table's cells are. Of lines each is an object. */
static void print_json(const struct findings *findings, bool is_lines, bool is_replay)
{
    for (size_t i = 0; i < findings->count; i++) {
        json_t *row = finding_json(&findings->list[i], is_replay);
        if (!is_lines) {
            fputs(i == 0 ? "[\n" : ",\n", stdout);
        }
        json_dumpf(row, stdout, JSON_COMPACT | JSON_REAL_PRECISION(12));
        if (is_lines) {
            putchar('\n');
        }
        json_decref(row);
    }
    if (!is_lines) {
        puts(findings->count ? "\n]" : "[]");
    }
}

/* ---- the verb ---- */

static bool read_days(const struct argument *arguments, size_t count, int64_t ret_days[2])
{
    static const char *const names[] = {"from", "to"};
    for (int i = 0; i < 2; i++) {
        const char *text = cli_value(arguments, count, names[i]);
        if (text && date_parse((struct view){(const uint8_t *)text, strlen(text)}, &ret_days[i]) != ERR_OK) {
            cli_fail(tr("--%s: YYYY-MM-DD", "--%s：YYYY-MM-DD"), names[i]);
            return false;
        }
    }
    return true;
}

static bool load_rules(const struct home *home, const struct options *options, const char *path,
                       struct signal_rules *ret_rules)
{
    char own[PATH_SIZE];
    char reason[512];
    (void)signals_path(home, options, own); /* a file that is not there is said below */
    err_t err = signal_rules_load(path ? path : own, ret_rules, reason);
    if (err == ERR_NOT_FOUND && !path) {
        cli_fail(tr("%s is not there: copy deploy/signals.zpl to it, or name a file with --rules",
                    "没有 %s：请复制 deploy/signals.zpl 至该处，或用 --rules 指定文件"),
                 own);
    } else if (err != ERR_OK) {
        cli_fail("%s", reason);
    }
    return err == ERR_OK;
}

/* From the hub's store, or from a file. False after the reason has been printed. */
static bool fill_set(const struct home *home, const char *input, const int64_t days[2], int offset,
                     struct signal_set *set)
{
    char reason[512];
    struct options options;
    if (input) {
        err_t err = signal_input_add(input, offset, clock_ms(), days[0], days[1], set, reason);
        return err == ERR_OK || (cli_fail("%s", reason), false);
    }
    struct store *store = cli_open_store(home, &options);
    if (!store) {
        return false;
    }
    err_t err = signal_rows_add(store, offset, days[0], days[1], set);
    store_close(store);
    return err == ERR_OK || (cli_fail("%s", err_text(err)), false);
}

static int look_and_print(struct signal_set *set, const int64_t days[2], int offset, bool is_replay,
                          enum table_form form)
{
    struct findings findings = {0};
    if (is_replay) {
        replay(set, offset, &findings);
    } else {
        look(set, days[1], offset, NULL, &findings);
    }
    if (form == TABLE_JSON || form == TABLE_JSON_LINES) {
        print_json(&findings, form == TABLE_JSON_LINES, is_replay);
    } else {
        print_table(&findings, form, is_replay);
    }
    findings_done(&findings);
    return 0;
}

static int list_raised(const struct home *home, enum table_form form)
{
    struct options options;
    struct store *store = cli_open_store(home, &options);
    int status = store ? cli_raised(store, form) : 1;
    store_close(store);
    return status;
}

int cli_signals(const struct home *home, int argc, char **argv)
{
    enum { FROM, TO, RULES, REPLAY, INPUT, RAISED, JSON, CSV, ARGUMENTS };
    struct argument arguments[ARGUMENTS] = {
        [FROM] = {"from", false, NULL},    [TO] = {"to", false, NULL},       [RULES] = {"rules", false, NULL},
        [REPLAY] = {"replay", true, NULL}, [INPUT] = {"input", false, NULL}, [RAISED] = {"raised", true, NULL},
        [JSON] = {"json", true, NULL},     [CSV] = {"csv", true, NULL}};
    size_t rest = 0;
    struct options options;
    char reason[512];
    int64_t days[2] = {INT64_MIN, INT64_MAX};
    if (!cli_parse(argc, argv, arguments, ARGUMENTS, NULL, 0, &rest) || !read_days(arguments, ARGUMENTS, days)) {
        return 2;
    }
    if (arguments[RAISED].value) {
        return list_raised(home, cli_form(arguments, ARGUMENTS));
    }
    if (options_load(home, &options, reason) != ERR_OK) {
        return cli_fail("%s", reason);
    }
    struct signal_rules *rules = mem_alloc(sizeof *rules);
    int offset = (int)options.utc_offset_minutes;
    int status = 1;
    days[1] = days[1] == INT64_MAX ? day_of(clock_ms(), offset) : days[1];
    if (load_rules(home, &options, arguments[RULES].value, rules)) {
        struct signal_set *set = signal_set_open(rules);
        if (days[0] != INT64_MIN) {
            signal_set_known_from(set, days[0]);
        }
        if (fill_set(home, arguments[INPUT].value, days, offset, set)) {
            status = look_and_print(set, days, offset, arguments[REPLAY].value, cli_form(arguments, ARGUMENTS));
        }
        signal_set_close(set);
    }
    free(rules);
    return status;
}
