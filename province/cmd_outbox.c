/* outbox: each delivery of what the province filed, newest filing first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "province/commands.h"
#include "province/desk.h"
#include "province/listing.h"

/* fault_words(), hub_city() and hub_name() are this file's own: the faults of a rejection are stored as they came, and
 * the hubs' names stand in their membership files. ?1 state, ?2 city. */
static const char outbox_sql[] =
    "select f.id, f.at, f.kind, f.title, hub_city(d.hub), hub_name(d.hub),"
    " case d.state when 0 then 'accepted' when 1 then 'received' else 'rejected' end as state,"
    " coalesce(fault_words(d.faults), case when d.state = 0 then nullif(p.trouble, '') end), d.outcome_at, d.hub,"
    " d.seq, d.number from delivery d join filing f on f.id = d.id left join peer p on p.hub = d.hub"
    " where (?1 is null or ?1 = case d.state when 0 then 'accepted' when 1 then 'received' else 'rejected' end)"
    " and (?2 is null or hub_city(d.hub) = ?2) order by f.at desc, f.id, d.hub";

static const struct listing_column columns[] = {
    {{"id", "Id", "编号", false}, LIST_ID, NULL},
    {{"filed_at", "Filed", "提交时间", false}, LIST_TIME, NULL},
    {{"kind", "Kind", "种类", false}, LIST_KIND, NULL},
    {{"title", "Title", "标题", false}, LIST_TEXT, NULL},
    {{"city", "City", "城市", false}, LIST_TEXT, NULL},
    {{"hub_name", "Hub", "枢纽", false}, LIST_TEXT, NULL},
    {{"state", "State", "状态", false}, LIST_CODE, &enum_sending},
    {{"why", "Why", "原因", false}, LIST_TEXT, NULL},
    {{"outcome_at", "Answered", "回执时间", false}, LIST_TIME, NULL},
    {{"hub", "Hub no.", "枢纽号", true}, LIST_NUMBER, NULL},
    {{"seq", "No. there", "流水号", true}, LIST_NUMBER, NULL},
    {{"number", "Hub's no.", "枢纽序号", true}, LIST_NUMBER, NULL},
};
enum { COLUMNS = sizeof columns / sizeof *columns, TEXT_COLUMNS = 9 };

static void sql_fault_words(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    struct view bytes = {sqlite3_value_blob(values[0]), (size_t)sqlite3_value_bytes(values[0])};
    struct faults *faults = mem_alloc(sizeof *faults);
    char text[1200] = "";
    size_t used = 0;
    if (bytes.size > 0 && faults_decode(bytes, faults) == ERR_OK) {
        for (size_t i = 0; i < faults->count && used < sizeof text; i++) {
            const struct fault *fault = &faults->list[i];
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s %s: %s", i ? "; " : "", fault->field,
                                     fault->code, fault->reason);
        }
        sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
    }
    free(faults);
}

static const struct membership *member_of(sqlite3_context *context, sqlite3_value *hub)
{
    const struct desk *desk = sqlite3_user_data(context);
    for (size_t i = 0; i < desk->member_count; i++) {
        if (desk->members[i].hub == sqlite3_value_int64(hub)) {
            return &desk->members[i].membership;
        }
    }
    return NULL;
}

static void sql_hub_city(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    const struct membership *member = member_of(context, values[0]);
    sqlite3_result_text(context, member ? member->city : "", -1, SQLITE_TRANSIENT);
}

static void sql_hub_name(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    const struct membership *member = member_of(context, values[0]);
    sqlite3_result_text(context, member ? member->hub : "", -1, SQLITE_TRANSIENT);
}

void outbox_functions(struct desk *desk)
{
    static const struct {
        const char *name;
        void (*act)(sqlite3_context *context, int count, sqlite3_value **values);
    } functions[] = {{"fault_words", sql_fault_words}, {"hub_city", sql_hub_city}, {"hub_name", sql_hub_name}};
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        sqlite3_create_function(outbox_db(desk->outbox), functions[i].name, 1, SQLITE_UTF8, desk, functions[i].act,
                                NULL, NULL);
    }
    replica_add_functions(outbox_db(desk->outbox));
}

int cmd_outbox(const struct home *home, const struct arguments *arguments)
{
    struct desk desk;
    const char *state = arguments->state;
    if (state && enumeration_index(&enum_sending, (struct view){(const uint8_t *)state, strlen(state)}) < 0) {
        complain(tr("--state: expected accepted, received or rejected, not %s",
                    "--state：应为 accepted、received 或 rejected，而不是 %s"),
                 state);
        return EXIT_USAGE;
    }
    if (!desk_open(home, &desk)) {
        return EXIT_REFUSED;
    }
    outbox_functions(&desk);
    sqlite3_stmt *stmt = db_prepare(outbox_db(desk.outbox), outbox_sql);
    db_bind_str(stmt, 1, state);
    db_bind_str(stmt, 2, arguments->city);
    err_t err = listing_print(&desk.look, stmt, columns, COLUMNS, TEXT_COLUMNS, arguments->form);
    sqlite3_finalize(stmt);
    desk_close(&desk);
    return err == ERR_OK ? EXIT_DONE : look_failed(err);
}
