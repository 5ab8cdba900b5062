/* cases: the expert re-reviews, a row a case. The due date is reckoned here by the table of terms (M2023 ch. 3 s. 4
 * and 5), with the lengths of the home's terms.conf where the site has set others; the city's own clock stands in its
 * cells (table: clock) and its lateness in `overdue`. */

#include "common/calendar.h"
#include "common/term_config.h"
#include "proto/life.h"
#include "proto/record.h"
#include "province/commands.h"
#include "province/view.h"

static struct term_settings settings;
static struct calendar *calendar;

static const char cases_sql[] =
    "with c as (select r.*, max(cursor) as last from record r where thread_kind = 'rereview_request' and is_content"
    "  group by hub, generation, thread),"
    " l as (select hub, generation, thread, state, max(cursor) from record where thread_kind = 'rereview_request'"
    "  group by hub, generation, thread),"
    " f as (select hub, generation, thread, role, entity, entity_name, received_at, min(cursor) from record"
    "  where thread_kind = 'rereview_request' group by hub, generation, thread),"
    " d as (select hub, generation, thread, role, record, received_at, max(cursor) from record"
    "  where kind = 'rereview_decision' group by hub, generation, thread)"
    " select c.thread, h.city, h.name, case f.role when 'entity' then f.entity_name"
    "  else coalesce(json_extract(record_json(c.record), '$.addressee'), '') end,"
    " json_extract(record_json(c.record), '$.rereview_list_item'), f.received_at, l.state,"
    " case_due(c.record, f.received_at) as due,"
    " case when l.state = 'withdrawn' then 'void' when d.received_at is not null then"
    "  iif(d.received_at <= case_due(c.record, f.received_at), 'met', 'overdue')"
    "  when ?3 <= case_due(c.record, f.received_at) then 'open' else 'overdue' end,"
    " json_extract(record_json(d.record), '$.opinion'), json_extract(record_json(d.record), '$.decided_on'), d.role,"
    " f.role, f.entity, coalesce(json_extract(record_json(c.record), '$.is_emergency'), 0),"
    " json_extract(record_json(c.record), '$.received_on'),"
    " json_extract(record_json(c.record), '$.report_id'), c.is_held"
    " from c join member h on h.hub = c.hub and h.shown = c.generation"
    " join l on l.hub = c.hub and l.generation = c.generation and l.thread = c.thread"
    " join f on f.hub = c.hub and f.generation = c.generation and f.thread = c.thread"
    " left join d on d.hub = c.hub and d.generation = c.generation and d.thread = c.thread"
    " where (?1 is null or h.city = ?1) and (?2 is null or l.state = ?2) order by l.state <> 'requested', due, c.hub";

enum { CODE_ITEM = 4, CODE_OPINION = 9, TEXT_COLUMNS = 12 };

/* case_due(RECORD, RECEIVED_AT): UTC milliseconds; NULL where the record cannot be read, or came at no time (an older
 * release has kept such). */
static void sql_case_due(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    struct view bytes = {sqlite3_value_blob(values[0]), (size_t)sqlite3_value_bytes(values[0])};
    struct term_facts facts = {.owner = ROLE_ENTITY, .received_at = sqlite3_value_int64(values[1])};
    struct record_context checking = {.now_ms = facts.received_at, .utc_offset_minutes = settings.utc_offset_minutes};
    struct faults ignored = {0};
    struct record record;
    struct clock clocks[TERMS];
    facts.graded_at = facts.reached_at[REREVIEW_REQUESTED] = facts.received_at;
    err_t checked = record_check(bytes, &checking, &record, &ignored);
    (void)checked; /* without its confidential fields it is not whole; what the clock needs is there */
    size_t clock_count = record.kind && facts.received_at > 0 ? term_clocks(&record, &facts, &settings, clocks) : 0;
    if (clock_count > 0) {
        sqlite3_result_int64(context, clocks[0].due_at);
    } else {
        sqlite3_result_null(context);
    }
}

static bool prepare(struct look *look)
{
    char path[PATH_SIZE];
    char reason[512];
    term_settings_default((int)look->settings.utc_offset_minutes, &settings);
    home_file(look->home, "terms.conf", path);
    if (term_config_load(path, &settings, reason) != ERR_OK) {
        complain("%s", reason);
        return false;
    }
    home_file(look->home, "calendar.txt", path);
    err_t err = calendar_load(path, &calendar, reason);
    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        complain("%s", reason);
        return false;
    }
    settings.add_working_days = calendar_add_working_days;
    settings.calendar = calendar;
    return sqlite3_create_function(look->db, "case_due", 2, SQLITE_UTF8, NULL, sql_case_due, NULL, NULL) == SQLITE_OK;
}

int cmd_cases(const struct home *home, const struct arguments *arguments)
{
    struct listing_column columns[] = {
        {{"id", "Case", "案件", false}, LIST_ID, NULL},
        {{"city", "City", "城市", false}, LIST_TEXT, NULL},
        {{"hub_name", "Hub", "枢纽", false}, LIST_TEXT, NULL},
        {{"institution", "Institution", "机构", false}, LIST_TEXT, NULL},
        {{"rereview_list_item", "List item", "清单项", false}, LIST_CODE, NULL},
        {{"opened_at", "Opened", "发起时间", false}, LIST_TIME, NULL},
        {{"state", "State", "状态", false}, LIST_STATE, NULL},
        {{"due_at", "Due", "期限", false}, LIST_TIME, NULL},
        {{"clock", "Clock", "时限状态", false}, LIST_CODE, &enum_clock_state},
        {{"opinion", "Opinion", "复核意见", false}, LIST_CODE, NULL},
        {{"decided_on", "Decided on", "意见日期", false}, LIST_TEXT, NULL},
        {{"decided_by", "Decided by", "意见方", false}, LIST_TEXT, NULL},
        {{"opened_by", "Opened by", "发起方", false}, LIST_TEXT, NULL},
        {{"party", "Party", "主体代码", false}, LIST_TEXT, NULL},
        {{"emergency", "Emergency", "应急", false}, LIST_FLAG, NULL},
        {{"received_on", "Received on", "材料收到日期", false}, LIST_TEXT, NULL},
        {{"report_id", "Report", "报告", false}, LIST_TEXT, NULL},
        {{"held", "At the hub", "枢纽留存", false}, LIST_FLAG, NULL},
    };
    columns[CODE_ITEM].codes = &enum_rereview_list_item;
    columns[CODE_OPINION].codes = enumeration_find("opinion");
    const struct view_query query = {cases_sql, columns, sizeof columns / sizeof *columns, TEXT_COLUMNS};
    int code = view_show(home, arguments, &query, prepare);
    calendar_free(calendar);
    return code;
}
