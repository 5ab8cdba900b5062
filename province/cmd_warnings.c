/* warnings: those that the hubs passed up one by one, a row a thread: what its last raise or update says, and the
 * state to which its last record brought it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/json_text.h"
#include "common/log.h"
#include "common/text.h"
#include "proto/record.h"
#include "province/commands.h"
#include "province/look.h"
#include "province/vocabulary.h"

enum {
    COLUMN_ID,
    COLUMN_HUB,
    COLUMN_HUB_NAME,
    COLUMN_CITY,
    COLUMN_NUMBER,
    COLUMN_RECEIVED_AT,
    COLUMN_ENTITY_TYPE,
    COLUMN_ENTITY,
    COLUMN_ENTITY_NAME,
    COLUMN_STATE,
    COLUMN_STATUS,
    COLUMN_LEVEL,
    COLUMN_SECTOR,
    COLUMN_RISK_DOMAIN,
    COLUMN_HEADLINE,
    COLUMN_RECORD,
    COLUMN_HELD,
    COLUMN_THREAD,
};

/* With max(), the other columns are of the row that holds the maximum. Content comes from the last record that says
 * something anew, where there is one, the state from the last of all; what a hub has lost stands before all that it
 * has. ?1 status, ?2 level, ?3 city, ?4 limit. */
static const char threads_sql[] =
    "with shown as (select w.*, h.name, h.city from warning w join member h on h.hub = w.hub and h.shown = "
    "w.generation),"
    " latest as (select hub, thread, state, max(cursor) from shown group by hub, thread),"
    " content as (select *, max(cursor + iif(is_content, 1 << 60, 0)) from shown group by hub, thread)"
    " select c.id, c.hub, c.name, c.city, c.number, c.received_at, c.entity_type, c.entity, c.entity_name, l.state,"
    " c.status, c.level, c.sector, c.risk_domain, c.headline, c.record, c.is_held, c.thread"
    " from content c join latest l on l.hub = c.hub and l.thread = c.thread"
    " where (?1 is null or c.status = ?1) and (?2 is null or c.level = ?2) and (?3 is null or c.city = ?3)"
    " order by c.received_at desc, c.hub, c.number desc limit ?4";

/* Every record of the thread that has the record ?1, in the order in which they came. */
static const char thread_sql[] =
    "select w.id, w.hub, h.name, h.city, w.number, w.received_at, w.entity_type, w.entity, w.entity_name, w.state,"
    " w.status, w.level, w.sector, w.risk_domain, w.headline, w.record, w.is_held, w.thread"
    " from warning w join member h on h.hub = w.hub and h.shown = w.generation"
    " where w.thread in (select thread from warning o where o.id = ?1 and o.hub = w.hub)"
    " order by w.hub, w.cursor";

static const struct table_column columns[] = {
    {"id", "Id", "编号", false},
    {"received_at", "Received", "收到时间", false},
    {"level", "Level", "级别", false},
    {"status", "Status", "性质", false},
    {"state", "State", "处置状态", false},
    {"city", "City", "城市", false},
    {"entity_name", "Institution", "机构", false},
    {"sector", "Sector", "领域", false},
    {"risk_domain", "Risk domain", "风险领域", false},
    {"headline", "Headline", "标题", false},
    {"number", "No.", "序号", true},
    {"held", "At the hub", "枢纽留存", false},
};
enum { COLUMNS = sizeof columns / sizeof *columns, TEXT_COLUMNS = 10 };

struct listing {
    struct look *look;
    enum table_form form;
    struct table *table;
    bool is_first;
};

static const char *text_or_null(sqlite3_stmt *stmt, int column)
{
    return (const char *)sqlite3_column_text(stmt, column);
}

static void id_of(sqlite3_stmt *stmt, int column, char ret_text[37])
{
    struct view id = db_column_view(stmt, column);
    ret_text[0] = '\0';
    if (id.size == RECORD_ID_SIZE) {
        record_id_text(id.at, ret_text);
    }
}

static void set_text(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, text ? json_string(text) : json_null());
}

static json_t *row_json(sqlite3_stmt *stmt)
{
    static const struct {
        const char *key;
        int column;
    } texts[] = {{"hub_name", COLUMN_HUB_NAME},       {"city", COLUMN_CITY},
                 {"entity_type", COLUMN_ENTITY_TYPE}, {"entity", COLUMN_ENTITY},
                 {"entity_name", COLUMN_ENTITY_NAME}, {"state", COLUMN_STATE},
                 {"status", COLUMN_STATUS},           {"sector", COLUMN_SECTOR},
                 {"risk_domain", COLUMN_RISK_DOMAIN}, {"headline", COLUMN_HEADLINE}};
    char id[37];
    char thread[37];
    char at[25];
    json_t *object = json_object();
    id_of(stmt, COLUMN_ID, id);
    id_of(stmt, COLUMN_THREAD, thread);
    time_text(sqlite3_column_int64(stmt, COLUMN_RECEIVED_AT), at);
    set_text(object, "id", id);
    set_text(object, "thread", thread);
    set_text(object, "received_at", at);
    json_object_set_new(object, "level", json_integer(sqlite3_column_int64(stmt, COLUMN_LEVEL)));
    json_object_set_new(object, "hub", json_integer(sqlite3_column_int64(stmt, COLUMN_HUB)));
    json_object_set_new(object, "number", json_integer(sqlite3_column_int64(stmt, COLUMN_NUMBER)));
    json_object_set_new(object, "held", json_boolean(sqlite3_column_int(stmt, COLUMN_HELD)));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        set_text(object, texts[i].key, text_or_null(stmt, texts[i].column));
    }
    json_t *record = record_to_json(db_column_view(stmt, COLUMN_RECORD));
    json_object_set_new(object, "record", record ? record : json_null());
    return object;
}

static void print_json(struct listing *listing, sqlite3_stmt *stmt)
{
    json_t *object = row_json(stmt);
    fputs(listing->is_first ? "[\n " : ",\n ", stdout);
    json_text_write(object, stdout, JSON_COMPACT);
    json_decref(object);
}

/* Terminals and files get what is safe to print: line breaks and control characters out. */
static void copy_plain(sqlite3_stmt *stmt, int column, char *out, size_t size)
{
    struct view text = {(const uint8_t *)sqlite3_column_text(stmt, column), (size_t)sqlite3_column_bytes(stmt, column)};
    log_safe(text.at, text.size, out, size);
}

static void print_row(struct listing *listing, sqlite3_stmt *stmt)
{
    char id[37];
    char at[25];
    char local[20];
    char level[24];
    char number[24];
    char city[512];
    char name[1024];
    char headline[1024];
    int64_t received_at = sqlite3_column_int64(stmt, COLUMN_RECEIVED_AT);
    bool is_held = sqlite3_column_int(stmt, COLUMN_HELD) != 0;
    bool is_hidden = sqlite3_column_type(stmt, COLUMN_ENTITY_NAME) == SQLITE_NULL;
    const char *status = db_column_str(stmt, COLUMN_STATUS);
    const char *state = db_column_str(stmt, COLUMN_STATE);
    const char *sector = db_column_str(stmt, COLUMN_SECTOR);
    const char *domain = db_column_str(stmt, COLUMN_RISK_DOMAIN);
    id_of(stmt, COLUMN_ID, id);
    time_text(received_at, at);
    local_time_text(received_at, (int)listing->look->settings.utc_offset_minutes, local);
    snprintf(level, sizeof level, "%d", sqlite3_column_int(stmt, COLUMN_LEVEL));
    snprintf(number, sizeof number, "%" PRId64, (int64_t)sqlite3_column_int64(stmt, COLUMN_NUMBER));
    snprintf(city, sizeof city, "%s %.400s", db_column_str(stmt, COLUMN_CITY), db_column_str(stmt, COLUMN_HUB_NAME));
    copy_plain(stmt, COLUMN_ENTITY_NAME, name, sizeof name);
    copy_plain(stmt, COLUMN_HEADLINE, headline, sizeof headline);
    const char *const cells[COLUMNS] = {id,
                                        at,
                                        level,
                                        status,
                                        state,
                                        db_column_str(stmt, COLUMN_CITY),
                                        is_hidden ? NULL : name,
                                        sector,
                                        domain,
                                        headline,
                                        number,
                                        is_held ? "yes" : "no"};
    const char *const labels[COLUMNS] = {[1] = local,
                                         [2] = code_label("warning_level", level),
                                         [3] = code_label("warning_status", status),
                                         [4] = code_label("warning_state", state),
                                         [5] = city,
                                         [6] = is_hidden ? tr("(withheld)", "隐去") : NULL,
                                         [7] = code_label("sector", sector),
                                         [8] = code_label("risk_domain", domain)};
    table_row(listing->table, cells, labels);
}

static err_t print_list(struct listing *listing, sqlite3_stmt *stmt)
{
    bool is_json = listing->form == TABLE_JSON;
    listing->is_first = true;
    if (!is_json) {
        listing->table =
            table_open(stdout, listing->form, columns, listing->form == TABLE_TEXT ? TEXT_COLUMNS : COLUMNS);
    }
    err_t err = db_step(stmt);
    while (err == ERR_OK) {
        if (is_json) {
            print_json(listing, stmt);
        } else {
            print_row(listing, stmt);
        }
        listing->is_first = false;
        err = db_step(stmt);
    }
    if (is_json) {
        puts(listing->is_first ? "[]" : "\n]");
    } else {
        table_close(listing->table);
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* One warning for a person: its list of records, then the last one's fields as JSON. */
static err_t print_details(struct listing *listing, sqlite3_stmt *stmt)
{
    err_t err = db_step(stmt);
    while (err == ERR_OK) {
        json_t *object = row_json(stmt);
        json_text_write(object, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(object);
        listing->is_first = false;
        err = db_step(stmt);
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static int show_one(struct look *look, const struct arguments *arguments)
{
    uint8_t id[RECORD_ID_SIZE];
    struct listing listing = {.look = look, .form = arguments->form, .is_first = true};
    if (record_id_parse(arguments->id, id) != ERR_OK) {
        complain(tr("--id: expected a record's id (UUID), not %s", "--id：应为记录编号（UUID），而不是 %s"),
                 arguments->id);
        return EXIT_USAGE;
    }
    sqlite3_stmt *stmt = db_prepare(look->db, thread_sql);
    db_bind_view(stmt, 1, (struct view){id, RECORD_ID_SIZE});
    err_t err = arguments->form == TABLE_TEXT ? print_details(&listing, stmt) : print_list(&listing, stmt);
    sqlite3_finalize(stmt);
    if (err != ERR_OK) {
        return look_failed(err);
    }
    if (listing.is_first) {
        complain(tr("no warning with the id %s was passed up", "没有编号为 %s 的上报预警"), arguments->id);
        return EXIT_REFUSED;
    }
    return EXIT_DONE;
}

static bool read_filters(const struct arguments *arguments, int64_t *ret_level, int64_t *ret_limit)
{
    const struct enumeration *codes = enumeration_find("warning_status");
    const char *status = arguments->status;
    if (status && strcmp(status, "all") != 0 &&
        enumeration_index(codes, (struct view){(const uint8_t *)status, strlen(status)}) < 0) {
        complain(tr("--status: expected all, actual, exercise or test, not %s",
                    "--status：应为 all、actual、exercise 或 test，而不是 %s"),
                 status);
        return false;
    }
    return (!arguments->level || arguments_number("--level", arguments->level, 1, 4, ret_level)) &&
           (!arguments->limit || arguments_number("--limit", arguments->limit, 1, 1000000, ret_limit));
}

static int show_list(struct look *look, const struct arguments *arguments)
{
    struct listing listing = {.look = look, .form = arguments->form};
    int64_t level = 0;
    int64_t limit = -1;
    if (!read_filters(arguments, &level, &limit)) {
        return EXIT_USAGE;
    }
    bool is_all = !arguments->status || strcmp(arguments->status, "all") == 0;
    sqlite3_stmt *stmt = db_prepare(look->db, threads_sql);
    db_bind_str(stmt, 1, is_all ? NULL : arguments->status);
    if (level > 0) {
        sqlite3_bind_int64(stmt, 2, level);
    }
    db_bind_str(stmt, 3, arguments->city);
    sqlite3_bind_int64(stmt, 4, limit);
    err_t err = print_list(&listing, stmt);
    sqlite3_finalize(stmt);
    return err == ERR_OK ? EXIT_DONE : look_failed(err);
}

int cmd_warnings(const struct home *home, const struct arguments *arguments)
{
    struct look look;
    if (!look_open(home, &look)) {
        return EXIT_REFUSED;
    }
    int code = arguments->id ? show_one(&look, arguments) : show_list(&look, arguments);
    look_close(&look);
    return code;
}
