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

/* ?1 city, ?2 since (UTC milliseconds), ?3 the same in hours, ?4 since which arrival; 0: the time counts. Figures are
 * the journal's, which goes back two days and counts by the hour. */
#define IS_NEW(row) "iif(?4 > 0, " row ".arrival > ?4, " row ".first_at >= ?2)"
static const char changes_sql[] =
    "select h.city as city, h.name as name, 'record' as subject, r.kind as code, count(*) as count,"
    " count(distinct r.thread) as threads, max(r.first_at) as latest, h.hub as hub"
    " from record r join member h on h.hub = r.hub and h.shown = r.generation"
    " where " IS_NEW("r") " and (?1 is null or h.city = ?1) group by h.hub, r.kind"
                          " union all select h.city, h.name, 'overdue', a.term, count(*), count(distinct a.root), "
                          "max(a.first_at), h.hub"
                          " from alert a join member h on h.hub = a.hub and h.shown = a.generation"
                          " where " IS_NEW(
                              "a") " and (?1 is null or h.city = ?1) group by h.hub, a.term"
                                   " union all select h.city, h.name, 'figure', c.family, sum(c.delta), null, "
                                   "max(c.hour) * 3600000, h.hub"
                                   " from change c join member h on h.hub = c.hub where c.hour >= ?3 and c.family in "
                                   "('review', 'warning')"
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

/* What had been shown when the official last looked. */
struct mark {
    int64_t at; /* 0: never */
    int64_t arrival;
};

/* A file of an older release has the time alone. */
static struct mark last_seen(const struct home *home)
{
    struct mark mark = {0};
    char path[PATH_SIZE];
    char text[64];
    char *rest = NULL;
    home_file(home, SEEN_FILE, path);
    FILE *file = fopen(path, "r");
    if (!file) {
        return mark;
    }
    if (fgets(text, sizeof text, file)) {
        mark.at = strtoll(text, &rest, 10);
        mark.arrival = strtoll(rest, NULL, 10);
    }
    fclose(file);
    return mark.at > 0 ? mark : (struct mark){0};
}

static void note_seen(const struct home *home, const struct mark *mark)
{
    char text[64];
    int size = snprintf(text, sizeof text, "%" PRId64 " %" PRId64 "\n", mark->at, mark->arrival);
    err_t err = home_write(home, SEEN_FILE, text, (size_t)size);
    if (err != ERR_OK) {
        complain(tr("%s/" SEEN_FILE " cannot be written (%s): the next time begins where this one did",
                    "无法写入 %s/" SEEN_FILE "（%s）：下次仍从本次起点开始"),
                 home->path, err_text(err));
    }
}

/* The last arrival of all that a transaction begun here sees. */
static err_t begin(sqlite3 *db, int64_t *ret_arrival)
{
    err_t err = db_exec(db, "begin");
    sqlite3_stmt *stmt = db_prepare(db, "select last from arrivals");
    err = err == ERR_OK ? db_step(stmt) : err;
    *ret_arrival = err == ERR_OK ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_finalize(stmt);
    return err;
}

static err_t print(const struct look *look, const struct arguments *arguments, const struct mark *since)
{
    sqlite3_stmt *stmt = db_prepare(look->db, changes_sql);
    db_bind_str(stmt, 1, arguments->city);
    sqlite3_bind_int64(stmt, 2, since->at);
    sqlite3_bind_int64(stmt, 3, since->at / HOUR_MS);
    sqlite3_bind_int64(stmt, 4, since->arrival);
    if (arguments->form == TABLE_TEXT) {
        char local[20];
        local_time_text(since->at, (int)look->settings.utc_offset_minutes, local);
        printf(tr("since %s\n", "自 %s 起\n"), since->at > 0 ? local : tr("the beginning", "最初"));
    }
    err_t err = listing_print(look, stmt, columns, COLUMNS, TEXT_COLUMNS, arguments->form);
    sqlite3_finalize(stmt);
    return err;
}

int cmd_changes(const struct home *home, const struct arguments *arguments)
{
    struct look look;
    int64_t day = 0;
    struct mark now = {.at = clock_ms()};
    if (arguments->since && !arguments_date("since", arguments->since, &day)) {
        return EXIT_USAGE;
    }
    if (!look_open(home, &look)) {
        return EXIT_REFUSED;
    }
    struct mark since = {.at = day * 86400000 - look.settings.utc_offset_minutes * 60000};
    if (!arguments->since) {
        since = last_seen(home);
    }
    err_t err = begin(look.db, &now.arrival);
    if (since.arrival > now.arrival) {
        since = (struct mark){0}; /* the count is another one: rather all of it once more than some of it never */
    }
    err = err == ERR_OK ? print(&look, arguments, &since) : err;
    look_close(&look);
    if (err != ERR_OK || !print_is_whole()) {
        return look_failed(err == ERR_OK ? ERR_IO : err);
    }
    /* Only the whole, and only where nothing else was asked for, has been looked at. */
    if (!arguments->since && !arguments->city) {
        note_seen(home, &now);
    }
    return EXIT_DONE;
}
