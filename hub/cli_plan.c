/* The city's plans: what was stated of each goal and work item beside what the hub measures, and the representative
 * units as the registry knows them. */

#include "common/mem.h"
#include "common/text.h"
#include "hub/cli.h"
#include "hub/plan.h"

struct plans {
    uint8_t (*roots)[RECORD_ID_SIZE];
    size_t count;
};

static void note_root(void *self, const struct plan_row *row)
{
    struct plans *plans = self;
    plans->roots = mem_grow(plans->roots, plans->count + 1, sizeof *plans->roots);
    memcpy(plans->roots[plans->count++], row->root, RECORD_ID_SIZE);
}

static json_t *find_row(const json_t *rows, const char *name, const json_t *wanted)
{
    size_t index = 0;
    json_t *row = NULL;
    json_array_foreach(rows, index, row)
    {
        if (json_equal(json_object_get(row, name), wanted)) {
            return row;
        }
    }
    return NULL;
}

static void set_or_null(json_t *object, const char *key, json_t *value)
{
    json_object_set_new(object, key, value ? json_incref(value) : json_null());
}

/* The plan's rows, each with what was stated, what was filed by the hub, and what it measures at this moment. */
static json_t *merge(const json_t *rows, const char *name, const char *value, const json_t *stated, const json_t *filed,
                     const json_t *now)
{
    json_t *list = json_array();
    size_t index = 0;
    json_t *row = NULL;
    json_array_foreach(rows, index, row)
    {
        json_t *merged = json_deep_copy(row);
        const char *key = json_string_value(json_object_get(row, name));
        set_or_null(merged, "stated", json_object_get(stated, key));
        set_or_null(merged, "measured", json_object_get(filed, key));
        set_or_null(merged, "now", json_object_get(find_row(now, name, json_object_get(row, name)), value));
        json_array_append_new(list, merged);
    }
    return list;
}

/* state: unknown to the registry, or as there (invited, active, suspended, revoked). */
static json_t *unit_json(struct store *store, const json_t *unit)
{
    struct party party;
    char at[25];
    json_t *object = json_deep_copy(unit);
    const char *uscc = json_string_value(json_object_get(unit, "uscc"));
    bool is_known = uscc && store_find_party(store, uscc, &party) == ERR_OK;
    json_object_set_new(object, "state", json_string(is_known ? party.state : "unknown"));
    json_object_set_new(object, "is_joined",
                        json_boolean(is_known && party.has_keys && !streq(party.state, "revoked")));
    json_object_set_new(object, "records", json_integer(is_known ? (json_int_t)party.stored : 0));
    if (is_known && party.last_at) {
        time_text(party.last_at, at);
    }
    json_object_set_new(object, "last_report_at", is_known && party.last_at ? json_string(at) : json_null());
    return object;
}

static json_t *units_json(struct store *store, const json_t *units)
{
    json_t *list = json_array();
    size_t index = 0;
    json_t *unit = NULL;
    json_array_foreach(units, index, unit)
    {
        json_array_append_new(list, unit_json(store, unit));
    }
    return list;
}

static json_t *plan_json(struct store *store, const struct plan *plan, const uint8_t root[RECORD_ID_SIZE])
{
    struct measures measures;
    int64_t first = 0;
    int64_t last = 0;
    json_t *goals = NULL;
    json_t *items = NULL;
    char id[37];
    record_id_text(root, id);
    plan_days(plan, &first, &last);
    if (measures_take(store, first, last, &measures) != ERR_OK) {
        return NULL;
    }
    plan_measure(plan, &measures, &goals, &items);
    const json_t *content = plan->content;
    json_t *object = json_pack(
        "{s:s, s:O, s:O, s:O, s:o, s:o, s:o}", "id", id, "title", json_object_get(content, "title"), "year",
        json_object_get(content, "year"), "lead_department", json_object_get(content, "lead_department"), "goals",
        merge(json_object_get(content, "goals"), "key", "value", plan->stated_goals, plan->measured_goals, goals),
        "work_items",
        merge(json_object_get(content, "work_items"), "no", "percent", plan->stated_items, plan->measured_items, items),
        "units", units_json(store, json_object_get(content, "units")));
    json_decref(goals);
    json_decref(items);
    return object;
}

/* ---- as tables ---- */

enum { CELLS_MAX = 8, CELL_SIZE = 32 };

/* A table of one list: the cell of a column is found by up to two names. */
struct column {
    struct table_column head;
    const char *key, *inner; /* inner: of the object under key */
    const char *codes;       /* its labels */
};

static const char registry_states[] = "registry"; /* labels of their own: state_label() */

static const struct column goal_columns[] = {
    {{"indicator", "indicator", "指标", false}, "indicator", NULL, NULL},
    {{"measure", "measured by", "计量方式", false}, "measure", NULL, "plan_measure"},
    {{"target", "target", "目标值", true}, "target", NULL, NULL},
    {{"stated", "stated", "填报值", true}, "stated", "value", NULL},
    {{"stated_on", "as of", "截至", false}, "stated", "as_of", NULL},
    {{"measured", "filed", "自动报送值", true}, "measured", "value", NULL},
    {{"measured_on", "as of", "截至", false}, "measured", "as_of", NULL},
    {{"now", "now", "当前值", true}, "now", NULL, NULL},
};
static const struct column item_columns[] = {
    {{"no", "no.", "序号", false}, "no", NULL, NULL},
    {{"title", "work item", "任务", false}, "title", NULL, NULL},
    {{"ends_on", "ends", "结束日期", false}, "ends_on", NULL, NULL},
    {{"state", "planned as", "方案状态", false}, "state", NULL, "work_item_state"},
    {{"stated_state", "stated", "填报状态", false}, "stated", "state", "work_item_state"},
    {{"stated_percent", "%", "填报%", true}, "stated", "percent", NULL},
    {{"measured", "filed %", "自动报送%", true}, "measured", "percent", NULL},
    {{"now", "now %", "当前%", true}, "now", NULL, NULL},
};
static const struct column unit_columns[] = {
    {{"uscc", "code", "机构代码", false}, "uscc", NULL, NULL},
    {{"name", "representative unit", "代表性单位", false}, "name", NULL, NULL},
    {{"entity_type", "type", "类型", false}, "entity_type", NULL, "entity_type"},
    {{"state", "registry", "登记状态", false}, "state", NULL, registry_states},
    {{"records", "records", "记录数", true}, "records", NULL, NULL},
    {{"last_report_at", "last report", "最近报送", false}, "last_report_at", NULL, NULL},
};

static const char *state_label(const char *code)
{
    static const struct label labels[] = {{"unknown", "not registered", "未登记"},
                                          {"invited", "invited", "待加入"},
                                          {"active", "joined", "已加入"},
                                          {"suspended", "suspended", "已暂停"},
                                          {"revoked", "revoked", "已吊销"}};
    for (size_t i = 0; code && i < sizeof labels / sizeof *labels; i++) {
        if (streq(labels[i].code, code)) {
            return tr(labels[i].en, labels[i].zh);
        }
    }
    return code;
}

static const char *cell_text(const struct column *column, const json_t *row, char ret_number[CELL_SIZE])
{
    const json_t *value = json_object_get(row, column->key);
    value = column->inner ? json_object_get(value, column->inner) : value;
    if (json_is_integer(value)) {
        snprintf(ret_number, CELL_SIZE, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return ret_number;
    }
    const char *text = json_string_value(value);
    if (column->codes == registry_states) {
        return state_label(text);
    }
    if (text && column->codes) {
        return enumeration_label(enumeration_find(column->codes), text, text_is_chinese());
    }
    return text;
}

static void print_list(const json_t *rows, const struct column *columns, size_t count)
{
    struct table_column heads[CELLS_MAX];
    size_t index = 0;
    json_t *row = NULL;
    if (json_array_size(rows) == 0) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        heads[i] = columns[i].head;
    }
    struct table *table = table_open(stdout, TABLE_TEXT, heads, count);
    json_array_foreach(rows, index, row)
    {
        char numbers[CELLS_MAX][CELL_SIZE];
        const char *cells[CELLS_MAX];
        for (size_t i = 0; i < count; i++) {
            cells[i] = cell_text(&columns[i], row, numbers[i]);
        }
        table_row(table, cells, NULL);
    }
    table_close(table);
}

static void print_plan(const json_t *plan)
{
    printf("%s  (%" JSON_INTEGER_FORMAT ", %s)\n%s\n\n", json_string_value(json_object_get(plan, "title")),
           json_integer_value(json_object_get(plan, "year")),
           json_string_value(json_object_get(plan, "lead_department")), json_string_value(json_object_get(plan, "id")));
    print_list(json_object_get(plan, "goals"), goal_columns, sizeof goal_columns / sizeof *goal_columns);
    putchar('\n');
    print_list(json_object_get(plan, "work_items"), item_columns, sizeof item_columns / sizeof *item_columns);
    putchar('\n');
    print_list(json_object_get(plan, "units"), unit_columns, sizeof unit_columns / sizeof *unit_columns);
}

static err_t collect(struct store *store, const char *city, json_t *list)
{
    struct plans plans = {0};
    err_t err = store_each_plan(store, note_root, &plans);
    for (size_t i = 0; i < plans.count && err == ERR_OK; i++) {
        struct plan plan;
        err = plan_read(store, city, plans.roots[i], &plan);
        json_t *object = err == ERR_OK && plan.content ? plan_json(store, &plan, plans.roots[i]) : NULL;
        if (object) {
            json_array_append_new(list, object);
        }
        plan_done(&plan);
    }
    free(plans.roots);
    return err;
}

int cli_plan(const struct home *home, int argc, char **argv)
{
    struct argument arguments[] = {{"json", true, NULL}};
    size_t rest = 0;
    struct options options;
    char city[RECORD_PARTY_SIZE];
    if (!cli_parse(argc, argv, arguments, 1, NULL, 0, &rest)) {
        return 2;
    }
    struct store *store = cli_open_store(home, &options);
    if (!store) {
        return 1;
    }
    json_t *list = json_array();
    snprintf(city, sizeof city, "city-%.6s", options.city);
    err_t err = collect(store, city, list);
    size_t index = 0;
    json_t *plan = NULL;
    store_close(store);
    if (err == ERR_OK && arguments[0].value) {
        json_dumpf(list, stdout, JSON_INDENT(1));
        putchar('\n');
    } else if (err == ERR_OK) {
        json_array_foreach(list, index, plan)
        {
            print_plan(plan);
        }
        if (json_array_size(list) == 0) {
            puts(tr("no plan is filed: agn-hub file city_plan.json", "尚未提交行动方案：agn-hub file city_plan.json"));
        }
    }
    json_decref(list);
    return err == ERR_OK ? 0 : cli_fail("%s", err_text(err));
}
