/* changes: what came up since the official last looked, counted by city and subject. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "proto/record.h"
#include "proto/term.h"
#include "province/commands.h"
#include "province/listing.h"

#define SEEN_FILE "changes.seen"

static const struct label subject_labels[] = {
    {"record", "Records", "记录"},
    {"overdue", "Escalated", "逾期上报"},
    {"figure", "Figures", "统计"},
};
static const struct enumeration enum_subject = {"subject", subject_labels, 3};

/* ?1 city, ?2 since (UTC milliseconds), ?3 the same in hours. Figures are the journal's, which goes back two days and
 * counts by the hour. */
static const char changes_sql[] =
    "select h.city as city, h.name as name, 'record' as subject, r.kind as code, count(*) as count,"
    " count(distinct r.thread) as threads, max(r.first_at) as latest, h.hub as hub"
    " from record r join member h on h.hub = r.hub and h.shown = r.generation"
    " where r.first_at >= ?2 and (?1 is null or h.city = ?1) group by h.hub, r.kind"
    " union all select h.city, h.name, 'overdue', a.term, count(*), count(distinct a.root), max(a.first_at), h.hub"
    " from alert a join member h on h.hub = a.hub and h.shown = a.generation"
    " where a.first_at >= ?2 and (?1 is null or h.city = ?1) group by h.hub, a.term"
    " union all select h.city, h.name, 'figure', c.family, sum(c.delta), null, max(c.hour) * 3600000, h.hub"
    " from change c join member h on h.hub = c.hub where c.hour >= ?3 and c.family in ('review', 'warning')"
    " and (?1 is null or h.city = ?1) group by h.hub, c.family having sum(c.delta) <> 0"
    " order by 1, 8, 3, 4";

static const struct listing_column columns[] = {
    {{"city", "City", "城市", false}, LIST_TEXT, NULL},
    {{"hub_name", "Hub", "枢纽", false}, LIST_TEXT, NULL},
    {{"subject", "Subject", "类别", false}, LIST_CODE, &enum_subject},
    {{"code", "What", "内容", false}, LIST_KIND, NULL},
    {{"count", "New", "新增", true}, LIST_NUMBER, NULL},
    {{"threads", "in threads", "涉及线索", true}, LIST_NUMBER, NULL},
    {{"latest_at", "Latest", "最近", false}, LIST_TIME, NULL},
    {{"hub", "Hub no.", "枢纽号", true}, LIST_NUMBER, NULL},
};
enum { COLUMNS = sizeof columns / sizeof *columns, TEXT_COLUMNS = 7 };

/* 0: never. */
static int64_t last_seen(const struct home *home)
{
    char path[PATH_SIZE];
    char text[32] = "";
    home_file(home, SEEN_FILE, path);
    FILE *file = fopen(path, "r");
    if (!file) {
        return 0;
    }
    bool is_read = fgets(text, sizeof text, file) != NULL;
    fclose(file);
    long long seen = is_read ? strtoll(text, NULL, 10) : 0;
    return seen > 0 ? seen : 0;
}

static void note_seen(const struct home *home, int64_t now)
{
    char text[32];
    int size = snprintf(text, sizeof text, "%" PRId64 "\n", now);
    err_t err = home_write(home, SEEN_FILE, text, (size_t)size);
    if (err != ERR_OK) {
        complain(tr("%s/" SEEN_FILE " cannot be written (%s): the next time begins where this one did",
                    "无法写入 %s/" SEEN_FILE "（%s）：下次仍从本次起点开始"),
                 home->path, err_text(err));
    }
}

static err_t print(const struct look *look, const struct arguments *arguments, int64_t since)
{
    sqlite3_stmt *stmt = db_prepare(look->db, changes_sql);
    db_bind_str(stmt, 1, arguments->city);
    sqlite3_bind_int64(stmt, 2, since);
    sqlite3_bind_int64(stmt, 3, since / HOUR_MS);
    if (arguments->form == TABLE_TEXT) {
        char local[20];
        local_time_text(since, (int)look->settings.utc_offset_minutes, local);
        printf(tr("since %s\n", "自 %s 起\n"), since > 0 ? local : tr("the beginning", "最初"));
    }
    err_t err = listing_print(look, stmt, columns, COLUMNS, TEXT_COLUMNS, arguments->form);
    sqlite3_finalize(stmt);
    return err;
}

int cmd_changes(const struct home *home, const struct arguments *arguments)
{
    struct look look;
    int64_t day = 0;
    int64_t now = clock_ms();
    if (arguments->since && !arguments_date("since", arguments->since, &day)) {
        return EXIT_USAGE;
    }
    if (!look_open(home, &look)) {
        return EXIT_REFUSED;
    }
    int64_t since = arguments->since ? day * 86400000 - look.settings.utc_offset_minutes * 60000 : last_seen(home);
    err_t err = print(&look, arguments, since);
    look_close(&look);
    if (err != ERR_OK || !print_is_whole()) {
        return look_failed(err == ERR_OK ? ERR_IO : err);
    }
    /* Only the whole, and only where nothing else was asked for, has been looked at. */
    if (!arguments->since && !arguments->city) {
        note_seen(home, now);
    }
    return EXIT_DONE;
}
