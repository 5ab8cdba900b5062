/* notices: how far each notice of the province's own got in each city: from the outbox, whether the city has it; from
 * the city's cells of the family `issued`, to how many institutions it went, how many have it, opened it and answered
 * it, and how many answers are overdue. */
#include <string.h>

#include "proto/project.h"
#include "province/commands.h"
#include "province/desk.h"
#include "province/listing.h"

/* ?1 city. A notice that supersedes another one is delivered in the thread of the first: `root` finds it. */
static const char notices_sql[] =
    "with recursive n as (select f.id, f.at, f.kind, f.title, d.hub, d.state, record_json(d.body) as body"
    "  from filing f join delivery d on d.id = f.id where f.kind in ('notice', 'shared_warning')),"
    " chain(id, hub, root, depth) as (select id, hub, lower(hex(id)), 0 from n union all"
    "  select c.id, c.hub, replace(coalesce(json_extract(n.body, '$.supersedes'), json_extract(n.body, '$.replaces')),"
    "   '-', ''), c.depth + 1 from chain c join n on n.hub = c.hub and lower(hex(n.id)) = c.root and c.depth < 32"
    "  where coalesce(json_extract(n.body, '$.supersedes'), json_extract(n.body, '$.replaces')) is not null)"
    " select n.id, n.at, n.kind, n.title, hub_city(n.hub), hub_name(n.hub),"
    " case n.state when 0 then 'accepted' when 1 then 'received' else 'rejected' end,"
    " json_extract(n.body, '$.due_at'),"
    " n.hub, (select root from chain c where c.id = n.id and c.hub = n.hub order by depth desc limit 1) from n"
    " where (?1 is null or hub_city(n.hub) = ?1) order by n.at desc, n.id, n.hub";
enum { SHOWN_OF_STMT = 8, COLUMN_HUB = 8, COLUMN_ROOT = 9 };

/* ?1 hub, ?2 the root's hex digits. Who answered has opened it, and who opened it has it; who is late is counted beside
 * that. */
static const char issued_sql[] =
    "select total(iif(state <> 'late', count, 0)), total(iif(state in ('delivered', 'opened', 'answered'), count, 0)),"
    " total(iif(state in ('opened', 'answered'), count, 0)), total(iif(state = 'answered', count, 0)),"
    " total(iif(state = 'late', count, 0)) from (select count, replace(dims, rtrim(dims, "
    "'abcdefghijklmnopqrstuvwxyz'), '')"
    " as state from cell c join member h on h.hub = c.hub and h.shown = c.generation"
    " where c.hub = ?1 and c.family = '" FAMILY_ISSUED "' and replace(substr(c.dims, 1, 36), '-', '') = ?2)";

static const struct listing_column columns[] = {
    {{"id", "Id", "编号", false}, LIST_ID, NULL},
    {{"filed_at", "Filed", "提交时间", false}, LIST_TIME, NULL},
    {{"kind", "Kind", "种类", false}, LIST_KIND, NULL},
    {{"title", "Title", "标题", false}, LIST_TEXT, NULL},
    {{"city", "City", "城市", false}, LIST_TEXT, NULL},
    {{"hub_name", "Hub", "枢纽", false}, LIST_TEXT, NULL},
    {{"state", "In the city", "城市状态", false}, LIST_CODE, &enum_sending},
    {{"due_at", "Due", "答复期限", false}, LIST_TEXT, NULL},
    {{"sent", "Sent", "发送", true}, LIST_NUMBER, NULL},
    {{"delivered", "Delivered", "已送达", true}, LIST_NUMBER, NULL},
    {{"opened", "Opened", "已读", true}, LIST_NUMBER, NULL},
    {{"answered", "Answered", "已答复", true}, LIST_NUMBER, NULL},
    {{"late", "Late", "逾期", true}, LIST_NUMBER, NULL},
};
enum { COLUMNS = sizeof columns / sizeof *columns, FIGURES = COLUMNS - SHOWN_OF_STMT };

/* Nothing is known of a city that does not have the notice. */
static err_t count_issued(struct desk *desk, sqlite3_stmt *notice, int64_t ret_figures[FIGURES])
{
    bool is_received = strcmp(db_column_str(notice, 6), "received") == 0;
    sqlite3_stmt *stmt = db_prepare(desk->look.db, issued_sql);
    sqlite3_bind_int64(stmt, 1, sqlite3_column_int64(notice, COLUMN_HUB));
    db_bind_str(stmt, 2, db_column_str(notice, COLUMN_ROOT));
    err_t err = db_step(stmt);
    for (int i = 0; i < FIGURES && err == ERR_OK; i++) {
        ret_figures[i] = is_received ? sqlite3_column_int64(stmt, i) : -1;
    }
    sqlite3_finalize(stmt);
    return err;
}

/* `notices` is a join across two databases, so its rows are printed one by one: the statement's first columns, then the
 * figures. */
static err_t print(struct desk *desk, const struct arguments *arguments)
{
    sqlite3_stmt *stmt = db_prepare(outbox_db(desk->outbox), notices_sql);
    db_bind_str(stmt, 1, arguments->city);
    struct listing *listing = listing_open(&desk->look, columns, COLUMNS, COLUMNS, arguments->form);
    err_t err = db_step(stmt);
    while (err == ERR_OK) {
        int64_t figures[FIGURES] = {0};
        err = count_issued(desk, stmt, figures);
        if (err == ERR_OK) {
            listing_row(listing, stmt, SHOWN_OF_STMT, figures);
            err = db_step(stmt);
        }
    }
    listing_close(listing);
    sqlite3_finalize(stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

int cmd_notices(const struct home *home, const struct arguments *arguments)
{
    struct desk desk;
    if (!desk_open(home, &desk)) {
        return EXIT_REFUSED;
    }
    outbox_functions(&desk);
    err_t err = print(&desk, arguments);
    desk_close(&desk);
    return err == ERR_OK ? EXIT_DONE : look_failed(err);
}
