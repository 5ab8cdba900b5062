/* plans: the cities' action plans and their progress, side by side. What a plan says of itself holds until a later
 * progress record says it anew. */
#include <string.h>

#include "common/text.h"
#include "proto/record.h"
#include "province/commands.h"
#include "province/view.h"

/* `p` is the newest content of each plan that stands; `i` its work items and `g` its goals as they are now. */
#define PLANS                                                                                                          \
    "with p as (select r.hub, r.generation, r.thread, h.city, h.name, record_json(r.record) as plan, r.received_at,"   \
    "  max(r.cursor) as cursor from record r join member h on h.hub = r.hub and h.shown = r.generation"                \
    "  where r.thread_kind = 'city_plan' and r.is_content and (?1 is null or h.city = ?1)"                             \
    "  and 'withdrawn' <> (select l.state from record l where l.hub = r.hub and l.generation = r.generation"           \
    "   and l.thread = r.thread order by l.cursor desc limit 1) group by r.hub, r.generation, r.thread),"              \
    " pr as (select r.hub, r.generation, r.thread, r.cursor, record_json(r.record) as said from record r"              \
    "  where r.kind = 'plan_progress'),"                                                                               \
    " i as (select p.*, e.value as item, e.key as place, (select s.value from pr,"                                     \
    "   json_each(pr.said, '$.items') s where pr.hub = p.hub and pr.generation = p.generation"                         \
    "   and pr.thread = p.thread and pr.cursor > p.cursor and json_extract(s.value, '$.no')"                           \
    "   = json_extract(e.value, '$.no') order by pr.cursor desc limit 1) as news"                                      \
    "  from p, json_each(p.plan, '$.work_items') e),"                                                                  \
    " g as (select p.*, e.value as goal, e.key as place, (select s.value from pr,"                                     \
    "   json_each(pr.said, '$.goals') s where pr.hub = p.hub and pr.generation = p.generation"                         \
    "   and pr.thread = p.thread and pr.cursor > p.cursor and json_extract(s.value, '$.key')"                          \
    "   = json_extract(e.value, '$.key') order by pr.cursor desc limit 1) as news"                                     \
    "  from p, json_each(p.plan, '$.goals') e) "
#define ITEM_STATE_NOW "coalesce(json_extract(news, '$.state'), json_extract(item, '$.state'))"
#define SAME_PLAN      "hub = p.hub and generation = p.generation and thread = p.thread"

static const char plans_sql[] =
    PLANS "select p.thread, p.city, p.name, json_extract(p.plan, '$.title'), json_extract(p.plan, '$.year'),"
          " (select count(*) from i where i." SAME_PLAN "),"
          " (select count(*) from i where i." SAME_PLAN " and " ITEM_STATE_NOW " = 'done'),"
          " (select count(*) from i where i." SAME_PLAN " and " ITEM_STATE_NOW " not in ('done', 'dropped')"
          "  and json_extract(item, '$.ends_on') < date(?3 / 1000 + ?4 * 60, 'unixepoch') and ?2 is ?2),"
          " (select count(*) from g where g." SAME_PLAN "),"
          " (select count(*) from g where g." SAME_PLAN
          "  and json_extract(news, '$.value') >= json_extract(goal, '$.target')),"
          " coalesce(json_array_length(p.plan, '$.units'), 0),"
          " (select json_extract(pr.said, '$.as_of') from pr where pr." SAME_PLAN " order by pr.cursor desc limit 1),"
          " (select count(*) from pr where pr." SAME_PLAN "), json_extract(p.plan, '$.lead_department')"
          " from p order by p.city, p.hub, p.cursor";
static const struct listing_column plans_columns[] = {
    {{"id", "Plan", "方案编号", false}, LIST_ID, NULL},
    {{"city", "City", "城市", false}, LIST_TEXT, NULL},
    {{"hub_name", "Hub", "枢纽", false}, LIST_TEXT, NULL},
    {{"title", "Plan", "方案名称", false}, LIST_TEXT, NULL},
    {{"year", "Year", "年度", true}, LIST_NUMBER, NULL},
    {{"items", "Work items", "任务", true}, LIST_NUMBER, NULL},
    {{"items_done", "done", "已完成", true}, LIST_NUMBER, NULL},
    {{"items_late", "late", "逾期", true}, LIST_NUMBER, NULL},
    {{"goals", "Goals", "指标", true}, LIST_NUMBER, NULL},
    {{"goals_reached", "reached", "已达成", true}, LIST_NUMBER, NULL},
    {{"units", "Units", "代表性单位", true}, LIST_NUMBER, NULL},
    {{"as_of", "As of", "截至", false}, LIST_TEXT, NULL},
    {{"progress_records", "Reports", "进展次数", true}, LIST_NUMBER, NULL},
    {{"lead_department", "Lead", "牵头部门", false}, LIST_TEXT, NULL},
};

static const char items_sql[] =
    PLANS "select city, name, json_extract(plan, '$.title'), json_extract(item, '$.no'), json_extract(item, '$.title'),"
          " " ITEM_STATE_NOW ", json_extract(news, '$.percent'), json_extract(item, '$.ends_on'),"
          " json_extract(item, '$.ends_on') < date(?3 / 1000 + ?4 * 60, 'unixepoch') and ?2 is ?2"
          "  and " ITEM_STATE_NOW " not in ('done', 'dropped'),"
          " json_extract(item, '$.responsible'), json_extract(item, '$.starts_on'), json_extract(news, '$.note'),"
          " thread from i order by city, hub, cursor, place";
static const struct listing_column items_columns[] = {
    {{"city", "City", "城市", false}, LIST_TEXT, NULL},
    {{"hub_name", "Hub", "枢纽", false}, LIST_TEXT, NULL},
    {{"plan", "Plan", "方案名称", false}, LIST_TEXT, NULL},
    {{"no", "No.", "序号", false}, LIST_TEXT, NULL},
    {{"title", "Work item", "任务", false}, LIST_TEXT, NULL},
    {{"state", "State", "状态", false}, LIST_CODE, NULL},
    {{"percent", "%", "完成比例", true}, LIST_NUMBER, NULL},
    {{"ends_on", "Ends on", "结束日期", false}, LIST_TEXT, NULL},
    {{"late", "Late", "逾期", false}, LIST_FLAG, NULL},
    {{"responsible", "Responsible", "责任单位", false}, LIST_TEXT, NULL},
    {{"starts_on", "Starts on", "开始日期", false}, LIST_TEXT, NULL},
    {{"note", "Note", "说明", false}, LIST_TEXT, NULL},
    {{"id", "Plan", "方案编号", false}, LIST_ID, NULL},
};
enum { ITEM_STATE_COLUMN = 5 };

static const char goals_sql[] =
    PLANS "select city, name, json_extract(plan, '$.title'), json_extract(goal, '$.key'),"
          " json_extract(goal, '$.indicator'), json_extract(goal, '$.target'), json_extract(news, '$.value'),"
          " json_extract(goal, '$.unit'), coalesce(json_extract(news, '$.value') >= json_extract(goal, '$.target'), 0),"
          " json_extract(goal, '$.due_on'), json_extract(goal, '$.goal'), json_extract(goal, '$.measure'),"
          " json_extract(news, '$.note'), thread from g order by city, hub, cursor, place";
static const struct listing_column goals_columns[] = {
    {{"city", "City", "城市", false}, LIST_TEXT, NULL},
    {{"hub_name", "Hub", "枢纽", false}, LIST_TEXT, NULL},
    {{"plan", "Plan", "方案名称", false}, LIST_TEXT, NULL},
    {{"key", "Key", "键", false}, LIST_TEXT, NULL},
    {{"indicator", "Indicator", "指标", false}, LIST_TEXT, NULL},
    {{"target", "Target", "目标值", true}, LIST_NUMBER, NULL},
    {{"actual", "Actual", "当前值", true}, LIST_NUMBER, NULL},
    {{"unit", "Unit", "单位", false}, LIST_TEXT, NULL},
    {{"reached", "Reached", "达成", false}, LIST_FLAG, NULL},
    {{"due_on", "Due on", "完成日期", false}, LIST_TEXT, NULL},
    {{"goal", "Goal", "目标", false}, LIST_TEXT, NULL},
    {{"measure", "Measured by", "计量方式", false}, LIST_TEXT, NULL},
    {{"note", "Note", "说明", false}, LIST_TEXT, NULL},
    {{"id", "Plan", "方案编号", false}, LIST_ID, NULL},
};

static const char units_sql[] =
    PLANS "select city, name, json_extract(plan, '$.title'), json_extract(e.value, '$.name'),"
          " json_extract(e.value, '$.uscc'), json_extract(e.value, '$.entity_type'), json_extract(e.value, '$.field'),"
          " thread from p, json_each(p.plan, '$.units') e order by city, hub, cursor, e.key";
static const struct listing_column units_columns[] = {
    {{"city", "City", "城市", false}, LIST_TEXT, NULL},
    {{"hub_name", "Hub", "枢纽", false}, LIST_TEXT, NULL},
    {{"plan", "Plan", "方案名称", false}, LIST_TEXT, NULL},
    {{"name", "Unit", "单位名称", false}, LIST_TEXT, NULL},
    {{"uscc", "USCC", "统一社会信用代码", false}, LIST_TEXT, NULL},
    {{"entity_type", "Kind", "主体类型", false}, LIST_CODE, &enum_entity_type},
    {{"field", "Field", "领域方向", false}, LIST_TEXT, NULL},
    {{"id", "Plan", "方案编号", false}, LIST_ID, NULL},
};

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

static const struct {
    const char *by;
    struct view_query query;
} forms[] = {
    {"item", {items_sql, items_columns, COUNT(items_columns), 10}},
    {"goal", {goals_sql, goals_columns, COUNT(goals_columns), 11}},
    {"unit", {units_sql, units_columns, COUNT(units_columns), 7}},
};

int cmd_plans(const struct home *home, const struct arguments *arguments)
{
    struct view_query query = {plans_sql, plans_columns, COUNT(plans_columns), 13};
    struct listing_column labelled[COUNT(items_columns)];
    bool is_known = !arguments->by;
    for (size_t i = 0; arguments->by && i < COUNT(forms); i++) {
        if (strcmp(forms[i].by, arguments->by) == 0) {
            query = forms[i].query;
            is_known = true;
        }
    }
    if (!is_known) {
        complain(tr("--by: expected item, goal or unit, not %s", "--by：应为 item、goal 或 unit，而不是 %s"),
                 arguments->by);
        return EXIT_USAGE;
    }
    if (query.columns == items_columns) {
        memcpy(labelled, items_columns, sizeof labelled);
        labelled[ITEM_STATE_COLUMN].codes = enumeration_find("work_item_state");
        query.columns = labelled;
    }
    return view_show(home, arguments, &query, NULL);
}
