/* records: whatever the cities passed up one by one, each record once, with the state of its thread now. */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "common/json_text.h"
#include "common/text.h"
#include "proto/record.h"
#include "province/commands.h"
#include "province/listing.h"

static const struct label standing_labels[] = {
    {"current", "Current", "有效"},
    {"replaced", "Replaced", "已被替代"},
    {"withdrawn", "Withdrawn", "已撤回"},
};
static const struct enumeration enum_standing = {"standing", standing_labels, 3};

/* A record that carries content is replaced by the thread's next one that does. ?1 city, ?2 state, ?3 kind, ?4 received
 * by the province since, ?5 thread, ?6 limit. */
#define STATE_NOW                                                                                                      \
    "(select l.state from record l where l.hub = r.hub and l.generation = r.generation and l.thread = r.thread"        \
    " order by l.cursor desc limit 1)"
static const char records_sql[] =
    "with s as (select r.*, h.city, h.name, " STATE_NOW " as now, exists (select 1 from record n where n.hub = r.hub"
    " and n.generation = r.generation and n.thread = r.thread and n.is_content and n.cursor > r.cursor) as is_old"
    " from record r join member h on h.hub = r.hub and h.shown = r.generation"
    " where (?1 is null or h.city = ?1) and (?3 is null or r.kind = ?3) and (?4 is null or r.first_at >= ?4)"
    " and (?5 is null or r.thread = ?5))"
    " select id, received_at, kind, city, name, entity_name, role, title, nullif(action, '') as action, now,"
    " case when now in ('withdrawn', 'cancelled') then 'withdrawn' when is_content and is_old then 'replaced'"
    " else 'current' end as standing, thread, hub, number, entity, state, first_at, is_held, record from s"
    " where (?2 is null or now = ?2) order by received_at desc, hub, cursor desc limit ?6";

static const struct listing_column columns[] = {
    {{"id", "Id", "编号", false}, LIST_ID, NULL},
    {{"received_at", "Received", "城市收到时间", false}, LIST_TIME, NULL},
    {{"kind", "Kind", "种类", false}, LIST_KIND, NULL},
    {{"city", "City", "城市", false}, LIST_TEXT, NULL},
    {{"hub_name", "Hub", "枢纽", false}, LIST_TEXT, NULL},
    {{"entity_name", "Filed by", "提交方", false}, LIST_TEXT, NULL},
    {{"role", "Role", "角色", false}, LIST_TEXT, NULL},
    {{"title", "Title", "标题", false}, LIST_TEXT, NULL},
    {{"action", "Action", "操作", false}, LIST_CODE, &enum_warning_action},
    {{"state", "State now", "当前状态", false}, LIST_STATE, NULL},
    {{"standing", "Standing", "效力", false}, LIST_CODE, &enum_standing},
    {{"thread", "Thread", "线索", false}, LIST_ID, NULL},
    {{"hub", "Hub no.", "枢纽号", true}, LIST_NUMBER, NULL},
    {{"number", "No.", "序号", true}, LIST_NUMBER, NULL},
    {{"entity", "Party", "主体代码", false}, LIST_TEXT, NULL},
    {{"state_then", "State then", "当时状态", false}, LIST_STATE, NULL},
    {{"came_up_at", "Came up", "省级收到时间", false}, LIST_TIME, NULL},
    {{"held", "At the hub", "枢纽留存", false}, LIST_FLAG, NULL},
};
enum { COLUMNS = sizeof columns / sizeof *columns, TEXT_COLUMNS = 11, COLUMN_RECORD = COLUMNS };

/* One thread, newest record first, with all that each says: as lines of JSON for a person too. */
static err_t print_details(sqlite3_stmt *stmt, enum table_form form, size_t *ret_rows)
{
    static const char *const keys[] = {"hub_name", "city", "kind", "state", "standing"};
    static const int places[] = {4, 3, 2, 9, 10};
    err_t err = db_step(stmt);
    for (*ret_rows = 0; err == ERR_OK; (*ret_rows)++) {
        json_t *object = json_object();
        char at[25];
        for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
            json_object_set_new(object, keys[i], json_string(db_column_str(stmt, places[i])));
        }
        time_text(sqlite3_column_int64(stmt, 1), at);
        json_object_set_new(object, "received_at", json_string(at));
        json_object_set_new(object, "number", json_integer(sqlite3_column_int64(stmt, 13)));
        json_t *record = record_to_json(db_column_view(stmt, COLUMN_RECORD));
        json_object_set_new(object, "record", record ? record : json_null());
        fputs(form != TABLE_JSON ? "" : *ret_rows ? ",\n " : "[\n ", stdout);
        json_text_write(object, stdout, form == TABLE_JSON ? JSON_COMPACT : JSON_INDENT(2));
        fputs(form == TABLE_JSON ? "" : "\n", stdout);
        json_decref(object);
        err = db_step(stmt);
    }
    if (form == TABLE_JSON) {
        puts(*ret_rows ? "\n]" : "[]");
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

struct filter {
    uint8_t id[RECORD_ID_SIZE];
    int64_t since; /* UTC milliseconds */
    int64_t limit;
};

static bool read_filter(const struct look *look, const struct arguments *arguments, struct filter *ret_filter)
{
    int64_t day = 0;
    ret_filter->limit = -1;
    if (arguments->kind && !kind_find((struct view){(const uint8_t *)arguments->kind, strlen(arguments->kind)})) {
        complain(tr("--kind: no kind %s; docs/records.md lists them", "--kind：没有种类 %s；见 docs/records.md"),
                 arguments->kind);
        return false;
    }
    if (arguments->id && record_id_parse(arguments->id, ret_filter->id) != ERR_OK) {
        complain(tr("--id: expected a record's id (UUID), not %s", "--id：应为记录编号（UUID），而不是 %s"),
                 arguments->id);
        return false;
    }
    if (arguments->since && !arguments_date("since", arguments->since, &day)) {
        return false;
    }
    ret_filter->since = day * 86400000 - look->settings.utc_offset_minutes * 60000;
    return !arguments->limit || arguments_number("--limit", arguments->limit, 1, 1000000, &ret_filter->limit);
}

/* Of the thread that has this record. */
static void bind_thread(const struct look *look, sqlite3_stmt *stmt, struct filter *filter)
{
    sqlite3_stmt *find =
        db_prepare(look->db, "select r.thread from record r join member h on h.hub = r.hub and h.shown = "
                             "r.generation where r.id = ?1 limit 1");
    db_bind_view(find, 1, (struct view){filter->id, RECORD_ID_SIZE});
    if (db_step(find) == ERR_OK && db_column_view(find, 0).size == RECORD_ID_SIZE) {
        memcpy(filter->id, db_column_view(find, 0).at, RECORD_ID_SIZE);
    }
    sqlite3_finalize(find);
    db_bind_view(stmt, 5, (struct view){filter->id, RECORD_ID_SIZE});
}

static int show(struct look *look, const struct arguments *arguments)
{
    struct filter filter = {.limit = -1};
    size_t rows = 0;
    if (!read_filter(look, arguments, &filter)) {
        return EXIT_USAGE;
    }
    sqlite3_stmt *stmt = db_prepare(look->db, records_sql);
    db_bind_str(stmt, 1, arguments->city);
    db_bind_str(stmt, 2, arguments->state);
    db_bind_str(stmt, 3, arguments->kind);
    if (arguments->since) {
        sqlite3_bind_int64(stmt, 4, filter.since);
    }
    if (arguments->id) {
        bind_thread(look, stmt, &filter);
    }
    sqlite3_bind_int64(stmt, 6, filter.limit);
    bool is_detailed = arguments->id && (arguments->form == TABLE_TEXT || arguments->form == TABLE_JSON);
    err_t err = is_detailed ? print_details(stmt, arguments->form, &rows)
                            : listing_print(look, stmt, columns, COLUMNS, TEXT_COLUMNS, arguments->form);
    sqlite3_finalize(stmt);
    if (err == ERR_OK && is_detailed && rows == 0) {
        complain(tr("no record %s was passed up", "没有编号为 %s 的上报记录"), arguments->id);
        return EXIT_REFUSED;
    }
    return err == ERR_OK ? EXIT_DONE : look_failed(err);
}

int cmd_records(const struct home *home, const struct arguments *arguments)
{
    struct look look;
    if (!look_open(home, &look)) {
        return EXIT_REFUSED;
    }
    int code = show(&look, arguments);
    look_close(&look);
    return code;
}
