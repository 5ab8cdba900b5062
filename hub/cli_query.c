#include <inttypes.h>
#include <openssl/evp.h>

#include "common/text.h"
#include "hub/cli.h"
#include "proto/life.h"
#include "proto/rights.h"

enum { LIMIT_MAX = 1000000000 };

struct query {
    struct table *table;
    int utc_offset_minutes;
    bool is_refused;
};

static const struct table_column record_columns[] = {
    {"number", "no.", "序号", true},       {"received_at", "received", "接收时间", false},
    {"day", "day", "日期", false},         {"kind", "kind", "种类", false},
    {"entity", "code", "机构代码", false}, {"entity_name", "institution", "机构", false},
    {"sector", "sector", "领域", false},   {"level", "level", "级别", true},
    {"state", "state", "状态", false},     {"title", "title", "标题", false},
    {"id", "id", "编号", false},
};
static const struct table_column refusal_columns[] = {
    {"refused_at", "refused", "退回时间", false},
    {"entity", "code", "机构代码", false},
    {"entity_name", "institution", "机构", false},
    {"code", "code", "原因代码", false},
    {"field", "field", "字段", false},
    {"reason", "reason", "原因", false},
    {"id", "id", "编号", false},
};
enum {
    RECORD_COLUMNS = sizeof record_columns / sizeof *record_columns,
    REFUSAL_COLUMNS = sizeof refusal_columns / sizeof *refusal_columns
};

static void list_refusal(struct query *query, const struct record_row *row)
{
    struct faults faults;
    char at[20];
    char id[37];
    local_time_text(row->at, query->utc_offset_minutes, at);
    record_id_text(row->id, id);
    if (faults_decode(row->faults, &faults) != ERR_OK) {
        faults.count = 0;
    }
    for (size_t i = 0; i < faults.count; i++) {
        const char *cells[REFUSAL_COLUMNS] = {
            at, row->party, row->party_name, faults.list[i].code, faults.list[i].field, faults.list[i].reason, id};
        table_row(query->table, cells, NULL);
    }
}

/* What a person calls the record: the first of these that it has. */
static const char *title_of(json_t *object)
{
    static const char *const keys[] = {"activity_title", "headline", "title",  "name", "committee_name",
                                       "opinion",        "period",   "reason", "note"};
    const char *title = NULL;
    for (size_t i = 0; i < sizeof keys / sizeof *keys && !title; i++) {
        title = json_string_value(json_object_get(object, keys[i]));
    }
    return title;
}

static void list_record(void *self, const struct record_row *row)
{
    struct query *query = self;
    char number[24];
    char level[8];
    char at[20];
    char day[11];
    char id[37];
    if (query->is_refused) {
        list_refusal(query, row);
        return;
    }
    snprintf(number, sizeof number, "%" PRIu64, row->number);
    snprintf(level, sizeof level, "%d", row->level);
    local_time_text(row->at, query->utc_offset_minutes, at);
    date_text(row->day, day);
    record_id_text(row->id, id);
    json_t *object = record_to_json(row->bytes);
    const char *title = row->erased_at ? tr("(content erased)", "（内容已擦除）") : title_of(object);
    bool zh = text_is_chinese();
    bool has_level = row->level > 0;
    const char *sector = row->sector >= 0 ? enum_sector.labels[row->sector].code : NULL;
    const char *cells[RECORD_COLUMNS] = {number,
                                         at,
                                         day,
                                         row->kind ? row->kind->name : "?",
                                         row->party,
                                         row->party_name,
                                         sector,
                                         has_level ? level : NULL,
                                         *row->state ? row->state : NULL,
                                         title,
                                         id};
    const char *labels[RECORD_COLUMNS] = {0};
    labels[3] = row->kind ? (zh ? row->kind->zh : row->kind->en) : "?";
    labels[6] = sector ? enumeration_label(&enum_sector, sector, zh) : NULL;
    labels[8] = *row->state ? enumeration_label(row->thread_kind->life->states, row->state, zh) : NULL;
    table_row(query->table, cells, labels);
    json_decref(object);
}

/* An empty reason means that the filter is good. */
static const char *read_filter(const struct argument *arguments, size_t count, struct record_filter *ret_filter)
{
    *ret_filter = (struct record_filter){.sector = -1, .level = -1, .from = INT64_MIN, .to = INT64_MAX};
    const char *kind = cli_value(arguments, count, "kind");
    const char *sector = cli_value(arguments, count, "sector");
    ret_filter->party = cli_value(arguments, count, "entity");
    ret_filter->is_refused = cli_value(arguments, count, "refused") != NULL;
    if (kind && !(ret_filter->kind = kind_find((struct view){(const uint8_t *)kind, strlen(kind)}))) {
        return tr("--kind: see `agn-hub schema` for the kinds", "--kind：种类见 agn-hub schema");
    }
    if (sector && (ret_filter->sector =
                       enumeration_index(&enum_sector, (struct view){(const uint8_t *)sector, strlen(sector)})) < 0) {
        return tr("--sector: not a sector's code", "--sector：不是领域代码");
    }
    const char *days_fault = cli_days(arguments, count, ret_filter);
    if (days_fault) {
        return days_fault;
    }
    if (ret_filter->is_refused &&
        (ret_filter->kind || ret_filter->sector >= 0 || cli_value(arguments, count, "level"))) {
        return tr("--refused: not with --kind, --sector or --level, which are not kept of refused records",
                  "--refused：不能与 --kind、--sector、--level 同用，被退回的记录不保留这些内容");
    }
    if (ret_filter->is_refused && cli_value(arguments, count, "full")) {
        return tr("--full: of refused records only the faults are kept", "--full：被退回的记录只保留其问题");
    }
    return "";
}

/* False after the reason has been printed. */
static bool read_numbers(const struct argument *arguments, size_t count, struct record_filter *filter)
{
    int64_t level = filter->level;
    bool is_good = cli_number(arguments, count, "level", 1, 4, &level) &&
                   cli_number(arguments, count, "limit", 1, LIMIT_MAX, &filter->limit);
    filter->level = (int)level;
    return is_good;
}

int cli_query(const struct home *home, int argc, char **argv)
{
    struct argument arguments[] = {{"kind", false, NULL},  {"entity", false, NULL}, {"sector", false, NULL},
                                   {"level", false, NULL}, {"from", false, NULL},   {"to", false, NULL},
                                   {"limit", false, NULL}, {"refused", true, NULL}, {"json", true, NULL},
                                   {"full", true, NULL},   {"csv", true, NULL}};
    size_t count = sizeof arguments / sizeof *arguments;
    size_t rest = 0;
    struct record_filter filter;
    struct options options;
    if (!cli_parse(argc, argv, arguments, count, NULL, 0, &rest)) {
        return 2;
    }
    const char *fault = read_filter(arguments, count, &filter);
    if (*fault) {
        return cli_fail("%s", fault), 2;
    }
    if (!read_numbers(arguments, count, &filter)) {
        return 2;
    }
    struct store *store = cli_open_store(home, &options);
    if (!store) {
        return 1;
    }
    if (cli_value(arguments, count, "full")) {
        int status = cli_export(store, &filter, cli_form(arguments, count));
        store_close(store);
        return status;
    }
    const struct table_column *columns = filter.is_refused ? refusal_columns : record_columns;
    struct query query = {.utc_offset_minutes = (int)options.utc_offset_minutes, .is_refused = filter.is_refused};
    query.table =
        table_open(stdout, cli_form(arguments, count), columns, filter.is_refused ? REFUSAL_COLUMNS : RECORD_COLUMNS);
    err_t err = store_each_record(store, &filter, list_record, &query);
    table_close(query.table);
    store_close(store);
    return err == ERR_OK ? 0 : cli_fail("%s", err_text(err));
}

/* ---- history ---- */

struct root {
    char owner[RECORD_PARTY_SIZE];
    uint8_t id[RECORD_ID_SIZE];
    int found;
};

static void note_root(void *self, const struct record_row *row)
{
    struct root *root = self;
    root->found++;
    snprintf(root->owner, sizeof root->owner, "%s", row->owner);
    memcpy(root->id, row->root, RECORD_ID_SIZE);
}

int cli_history(const struct home *home, int argc, char **argv)
{
    struct argument arguments[] = {{"json", true, NULL}, {"csv", true, NULL}};
    struct record_filter filter = {.sector = -1, .level = -1, .from = INT64_MIN, .to = INT64_MAX};
    struct options options;
    struct root root = {.found = 0};
    const char *rest[1];
    size_t count = 0;
    uint8_t id[RECORD_ID_SIZE];
    if (!cli_parse(argc, argv, arguments, 2, rest, 1, &count) || count != 1) {
        return cli_usage();
    }
    if (!cli_record_id(rest[0], id)) {
        return 2;
    }
    struct store *store = cli_open_store(home, &options);
    if (!store) {
        return 1;
    }
    filter.id = id;
    err_t err = store_each_record(store, &filter, note_root, &root);
    if (err == ERR_OK && root.found > 0) {
        struct query query = {.utc_offset_minutes = (int)options.utc_offset_minutes};
        query.table = table_open(stdout, cli_form(arguments, 2), record_columns, RECORD_COLUMNS);
        err = store_each_in_thread(store, root.owner, root.id, list_record, &query);
        table_close(query.table);
    }
    store_close(store);
    if (err == ERR_OK && root.found == 0) {
        return cli_fail(tr("no record %s", "没有记录 %s"), rest[0]);
    }
    return err == ERR_OK ? 0 : cli_fail("%s", err_text(err));
}

/* ---- show ---- */

struct showing {
    struct store *store;
    struct registrant city;
    int utc_offset_minutes;
    bool is_json;
    int found;
};

struct proving {
    const struct record_row *row;
    struct signing_key key; /* the filer's */
    bool is_proved;
};

/* The hub has had several keys; which one the filer spoke to is not noted with the batch. */
static void try_hub_key(void *self, const struct party_key *hub_key, const char *reason, struct view proof)
{
    (void)reason;
    (void)proof;
    struct proving *proving = self;
    const struct record_row *row = proving->row;
    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    submit_signed_bytes(hub_key->curve_key, row->hashes.at, (uint32_t)(row->hashes.size / RECORD_HASH_SIZE), &buffer);
    proving->is_proved =
        proving->is_proved || signature_check(&proving->key, suite_label(signing_key_suite(&proving->key)),
                                              (struct view){(const uint8_t *)buffer.data, buffer.size}, row->signature);
    msgpack_sbuffer_destroy(&buffer);
}

/* The evidence, checked now: the record's hash stands in the batch's list, and the entity signed that list. What was
 * erased has its hash there alone. */
static bool is_proved(const struct showing *showing, const struct record_row *row)
{
    uint8_t hash[RECORD_HASH_SIZE];
    struct proving proving = {.row = row};
    if (row->hash.size != RECORD_HASH_SIZE || signing_key_take(row->signing_key, &proving.key) != ERR_OK) {
        return false;
    }
    suite_hash_leaf(signing_key_suite(&proving.key), row->bytes, hash);
    return (row->erased_at || memcmp(hash, row->hash.at, RECORD_HASH_SIZE) == 0) &&
           store_each_key(showing->store, showing->city.party.row, try_hub_key, &proving) == ERR_OK &&
           proving.is_proved;
}

static void note_act(void *self, const struct record_row *row)
{
    json_t **act = self;
    json_decref(*act);
    *act = record_to_json(row->bytes);
}

/* When, why and by whom; NULL: its content is there. */
static json_t *erasure_of(const struct showing *showing, const struct record_row *row)
{
    char at[20];
    char id[37];
    char hash[2 * RECORD_HASH_SIZE + 1];
    json_t *act = NULL;
    struct record_filter filter = {.sector = -1, .level = -1, .from = INT64_MIN, .to = INT64_MAX, .id = row->erased_by};
    if (!row->erased_at || store_each_record(showing->store, &filter, note_act, &act) != ERR_OK) {
        return NULL;
    }
    local_time_text(row->erased_at, showing->utc_offset_minutes, at);
    record_id_text(row->erased_by, id);
    hex_text(row->hash.at, row->hash.size < RECORD_HASH_SIZE ? row->hash.size : RECORD_HASH_SIZE, hash);
    json_t *erasure = json_pack("{s:s, s:s, s:s, s:O?, s:O?, s:O?}", "at", at, "record_hash", hash, "id", id, "act",
                                json_object_get(act, "act"), "operator", json_object_get(act, "operator"), "reason",
                                json_object_get(act, "reason"));
    json_decref(act);
    return erasure;
}

/* What a regulation advises and the record does not keep; empty where its content was erased. */
static json_t *advice_of(const struct showing *showing, const struct record_row *row)
{
    struct record record;
    struct faults faults;
    json_t *advice = json_array();
    struct record_context context = {.now_ms = row->at, .utc_offset_minutes = showing->utc_offset_minutes};
    faults.count = 0;
    if (record_check(row->bytes, &context, &record, &faults) == ERR_OK) {
        record_advice(&record, &context, &faults);
        for (size_t i = 0; i < faults.count; i++) {
            const struct fault *fault = &faults.list[i];
            json_array_append_new(advice, json_pack("{s:s, s:s, s:s}", "field", fault->field, "code", fault->code,
                                                    "reason", fault->reason));
        }
    }
    return advice;
}

static void print_advice(const json_t *advice)
{
    size_t i = 0;
    const json_t *one = NULL;
    json_array_foreach(advice, i, one)
    {
        const char *code = json_string_value(json_object_get(one, "code"));
        printf("%s: %s: %s (%s)\n", tr("advice", "提示"), json_string_value(json_object_get(one, "field")),
               fault_label(code, text_is_chinese()), json_string_value(json_object_get(one, "reason")));
    }
}

static void show_record(void *self, const struct record_row *row)
{
    struct showing *showing = self;
    char at[20];
    local_time_text(row->at, showing->utc_offset_minutes, at);
    showing->found++;
    json_t *record = record_to_json(row->bytes);
    bool proved = is_proved(showing, row);
    json_t *erasure = erasure_of(showing, row);
    json_t *advice = advice_of(showing, row);
    if (erasure) {
        json_object_del(record, ERASED_KEY);
    }
    if (showing->is_json) {
        json_t *object = json_pack("{s:I, s:s, s:s, s:s, s:b, s:s, s:o}", "number", (json_int_t)row->number, "entity",
                                   row->party, "entity_name", row->party_name, "received_at", at, "signature_verified",
                                   proved, "state", row->state, "record", record ? record : json_null());
        json_object_set_new(object, "erased", erasure ? erasure : json_null());
        json_object_set_new(object, "advice", advice);
        json_dumpf(object, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(object);
        return;
    }
    printf(tr("number %" PRIu64 ", received %s, from %s %s\nsignature: %s\n",
              "序号 %" PRIu64 "，接收时间 %s，报送机构 %s %s\n签名：%s\n"),
           row->number, at, row->party, row->party_name,
           proved ? tr("verified", "验证通过") : tr("DOES NOT FIT", "验证失败"));
    print_advice(advice);
    if (erasure) {
        puts(tr("content erased; what is left is not what was signed:", "内容已擦除；以下为保留部分，并非签名原文："));
        json_dumpf(erasure, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_dumpf(record, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(erasure);
    json_decref(advice);
    json_decref(record);
}

int cli_show(const struct home *home, int argc, char **argv)
{
    struct argument arguments[] = {{"json", true, NULL}};
    const char *rest[1];
    size_t count = 0;
    uint8_t id[RECORD_ID_SIZE];
    struct options options;
    if (!cli_parse(argc, argv, arguments, 1, rest, 1, &count) || count != 1) {
        return cli_usage();
    }
    if (!cli_record_id(rest[0], id)) {
        return 2;
    }
    struct store *store = cli_open_store(home, &options);
    if (!store) {
        return 1;
    }
    struct record_filter filter = {.sector = -1, .level = -1, .from = INT64_MIN, .to = INT64_MAX, .id = id};
    struct showing showing = {
        .store = store, .utc_offset_minutes = (int)options.utc_offset_minutes, .is_json = arguments[0].value != NULL};
    if (!cli_city(store, &options, &showing.city)) {
        store_close(store);
        return 1;
    }
    err_t err = store_each_record(store, &filter, show_record, &showing);
    store_close(store);
    if (err == ERR_OK && showing.found == 0) {
        return cli_fail(tr("no record %s; refused ones: agn-hub query --refused",
                           "没有记录 %s；被退回的记录见 agn-hub query --refused"),
                        rest[0]);
    }
    return err == ERR_OK ? 0 : cli_fail("%s", err_text(err));
}
