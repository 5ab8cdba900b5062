/* overdue: the duties whose lateness came up to the province, and where their threads stand now. */
#include "proto/term.h"
#include "province/commands.h"
#include "province/view.h"

static const char overdue_sql[] =
    "select a.at, h.city, h.name, a.term, a.stage, a.due_at, nullif(a.entity_name, ''), nullif(a.period, ''),"
    " (select l.state from record l where l.hub = a.hub and l.generation = a.generation and l.thread = a.root"
    "  order by l.cursor desc limit 1),"
    " (select c.title from record c where c.hub = a.hub and c.generation = a.generation and c.thread = a.root"
    "  and c.is_content order by c.cursor desc limit 1),"
    " nullif(a.entity, ''), a.root, a.is_held, a.hub"
    " from alert a join member h on h.hub = a.hub and h.shown = a.generation"
    " where a.stage <> 'before' and (?1 is null or h.city = ?1) order by a.at desc, a.hub, a.cursor desc";

static const struct listing_column columns[] = {
    {{"at", "Told", "上报时间", false}, LIST_TIME, NULL},
    {{"city", "City", "城市", false}, LIST_TEXT, NULL},
    {{"hub_name", "Hub", "枢纽", false}, LIST_TEXT, NULL},
    {{"term", "Duty", "时限事项", false}, LIST_CODE, &enum_term},
    {{"stage", "Stage", "阶段", false}, LIST_CODE, &enum_alert_stage},
    {{"due_at", "Was due", "期限", false}, LIST_TIME, NULL},
    {{"entity_name", "Institution", "机构", false}, LIST_TEXT, NULL},
    {{"period", "Period", "期间", false}, LIST_TEXT, NULL},
    {{"state", "State now", "当前状态", false}, LIST_STATE, NULL},
    {{"title", "Title", "标题", false}, LIST_TEXT, NULL},
    {{"entity", "Party", "主体代码", false}, LIST_TEXT, NULL},
    {{"root", "Thread", "线索", false}, LIST_ID, NULL},
    {{"held", "At the hub", "枢纽留存", false}, LIST_FLAG, NULL},
    {{"hub", "Hub no.", "枢纽号", true}, LIST_NUMBER, NULL},
};
enum { TEXT_COLUMNS = 10 };

int cmd_overdue(const struct home *home, const struct arguments *arguments)
{
    const struct view_query query = {overdue_sql, columns, sizeof columns / sizeof *columns, TEXT_COLUMNS};
    return view_show(home, arguments, &query, NULL);
}
