/* What was done to the hub and in the city's name: administrative acts, and what its operators filed, newest first. */
#include <inttypes.h>

#include "common/text.h"
#include "hub/cli.h"
#include "proto/kinds.h"

static const struct table_column columns[] = {
    {"number", "no.", "序号", true},
    {"at", "at", "时间", false},
    {"act", "act", "行为", false},
    {"subject", "subject", "对象", false},
    {"detail", "detail", "详情", false},
    {"reason", "why", "原因", false},
    {"operator", "operator", "操作人", false},
    {"unix_user", "user", "系统用户", false},
    {"role", "role", "角色", false},
    {"id", "id", "编号", false},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

struct log {
    struct table *table;
    int utc_offset_minutes;
    const char *act, *operator_name, *subject; /* NULL: every */
};

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static const char *either(const char *a, const char *b)
{
    return a ? a : b;
}

/* The act's code: of an administrative act its own, of a record its kind, and the action where it has one. */
static const char *act_of(const struct record_row *row, const json_t *record)
{
    return row->kind->number == KIND_ADMINISTRATIVE_ACT ? text_of(record, "act")
                                                        : either(text_of(record, "action"), row->kind->name);
}

static const char *act_label(const struct record_row *row, const char *act)
{
    bool zh = text_is_chinese();
    const char *label =
        enumeration_label(row->kind->number == KIND_ADMINISTRATIVE_ACT ? &enum_act : &enum_warning_action, act, zh);
    return strcmp(act, row->kind->name) == 0 ? tr(row->kind->en, row->kind->zh) : label;
}

static bool is_wanted(const char *wanted, const char *a, const char *b)
{
    return !wanted || (a && strcmp(wanted, a) == 0) || (b && strcmp(wanted, b) == 0);
}

static void list_act(void *self, const struct record_row *row)
{
    const struct log *log = self;
    char number[24];
    char at[20];
    char id[37];
    json_t *record = row->kind ? record_to_json(row->bytes) : NULL;
    const char *act = record ? act_of(row, record) : NULL;
    const json_t *submitter = json_object_get(record, "submitter");
    const char *subject =
        either(text_of(record, "subject"), either(text_of(record, "refers_to"), text_of(record, "replaces")));
    const char *name = either(text_of(record, "operator"), text_of(submitter, "name"));
    const char *user = text_of(record, "unix_user");
    const char *role = either(text_of(record, "role"), text_of(submitter, "role"));
    snprintf(number, sizeof number, "%" PRIu64, row->number);
    local_time_text(row->at, log->utc_offset_minutes, at);
    record_id_text(row->id, id);
    const char *cells[COLUMNS] = {number, at,   act,  subject, text_of(record, "detail"), text_of(record, "reason"),
                                  name,   user, role, id};
    const char *labels[COLUMNS] = {0};
    if (act && is_wanted(log->act, act, row->kind->name) && is_wanted(log->operator_name, name, user) &&
        is_wanted(log->subject, subject, text_of(record, "addressee"))) {
        labels[2] = act_label(row, act);
        labels[8] = role ? enumeration_label(&enum_operator_role, role, text_is_chinese()) : NULL;
        table_row(log->table, cells, labels);
    }
    json_decref(record);
}

/* Whether there may be such an act in the log: as act_of() tells it, or the kind of a record of the city. */
static bool is_act(const char *code)
{
    struct view text = {(const uint8_t *)code, strlen(code)};
    return enumeration_index(&enum_act, text) >= 0 || enumeration_index(&enum_warning_action, text) >= 0 ||
           kind_find(text);
}

int cli_audit_log(const struct home *home, int argc, char **argv)
{
    struct argument arguments[] = {{"from", false, NULL}, {"to", false, NULL},      {"operator", false, NULL},
                                   {"act", false, NULL},  {"subject", false, NULL}, {"json", true, NULL},
                                   {"csv", true, NULL}};
    size_t count = sizeof arguments / sizeof *arguments;
    size_t rest = 0;
    char city[RECORD_PARTY_SIZE];
    struct options options;
    struct record_filter filter = {.sector = -1, .level = -1, .from = INT64_MIN, .to = INT64_MAX, .with_acts = true};
    if (!cli_parse(argc, argv, arguments, count, NULL, 0, &rest)) {
        return 2;
    }
    const char *fault = cli_days(arguments, count, &filter);
    if (fault) {
        return cli_fail("%s", fault), 2;
    }
    const char *act = cli_value(arguments, count, "act");
    if (act && !is_act(act)) {
        return cli_fail(
                   tr("--act: no act is called %s; the codes are those of docs/records.md, act and warning_action, "
                      "and the kinds of `agn-hub schema`",
                      "--act：没有代码为 %s 的行为；代码见 docs/records.md 的 act 与 warning_action，以及 agn-hub "
                      "schema 所列种类"),
                   act),
               2;
    }
    struct store *store = cli_open_store(home, &options);
    if (!store) {
        return 1;
    }
    snprintf(city, sizeof city, "city-%.6s", options.city);
    filter.party = city;
    struct log log = {table_open(stdout, cli_form(arguments, count), columns, COLUMNS), (int)options.utc_offset_minutes,
                      act, cli_value(arguments, count, "operator"), cli_value(arguments, count, "subject")};
    err_t err = store_each_record(store, &filter, list_act, &log);
    table_close(log.table);
    store_close(store);
    return err == ERR_OK ? 0 : cli_fail("%s", err_text(err));
}
