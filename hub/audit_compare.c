#include "hub/audit_parts.h"

#include <inttypes.h>
#include <string.h>

#include "common/text.h"

/* What is compared: rows by a key, in its order, which is one of an index, so that nothing is sorted; both stores are
 * asked the same. The size is how many records there were when a figure last changed that stands on records alone. */
static const struct comparison {
    const char *code;
    const char *what;
    const char *sql; /* key, its text, what stands there, size */
} comparisons[] = {
    {"record_differs", "record",
     "select printf('%s %020d', lower(hex(r.id)), r.party), printf('%d', r.number), printf('%s of %s kind %d day %d "
     "sector %s level %s thread %s of %s', lower(hex(r.id)), p.party, r.kind, r.day, r.sector, r.level, "
     "lower(hex(r.root)), o.party), 0 from record r left join party p on p.row = r.party left join party o on o.row = "
     "r.owner order by r.id, r.party"},
    {"thread_differs", "thread",
     "select printf('%020d %s', t.owner, lower(hex(t.root))), printf('%s %s', p.party, lower(hex(t.root))), printf("
     "'kind %d state %d received %d acknowledged %d resolved %d', t.kind, t.state, t.received_at, t.acknowledged_at, "
     "t.resolved_at), 0 from thread t left join party p on p.row = t.owner order by t.owner, t.root"},
    {"cell_differs", "cell",
     "select printf('%s %020d %s', family, day, dims), printf('%s %s %s', family, date(day * 86400, 'unixepoch'), "
     "dims), printf('count %d sum %d', count, sum), iif(family in ('review', 'warning', 'record', 'rereview'), size, "
     "0) from cell where count <> 0 or sum <> 0 order by family, day, dims"},
    {"tile_differs", "tile",
     "select printf('%020d', key), printf('%d', key), lower(hex(nodes)), 0 from tile order by key"},
};

static const char *column(sqlite3_stmt *stmt, int index)
{
    return db_column_str(stmt, index);
}

static void say(struct audit *audit, const struct comparison *comparison, sqlite3_stmt *row, const char *seen,
                const char *recounted)
{
    char subject[160];
    snprintf(subject, sizeof subject, "%s %.140s", comparison->what, column(row, 1));
    audit_say(audit, comparison->code, subject, tr("seen: %.140s; recounted: %.140s", "所见：%.140s；重算：%.140s"),
              seen, recounted);
}

/* A figure is of every ledger from the record that changed it last on: it must not name a smaller one, nor one that
 * there is not. 0: it was made before there was a ledger. */
static void check_size(struct audit *audit, const struct comparison *comparison, sqlite3_stmt *seen,
                       sqlite3_stmt *replay)
{
    char texts[2][48];
    int64_t named = sqlite3_column_int64(seen, 3);
    int64_t changed = sqlite3_column_int64(replay, 3);
    if (named != 0 && (named < changed || (uint64_t)named > audit->replay->number)) {
        snprintf(texts[0], sizeof texts[0], tr("of the ledger of %" PRId64, "台账 %" PRId64), named);
        snprintf(texts[1], sizeof texts[1], tr("of the ledger of %" PRId64 " or later", "台账 %" PRId64 " 或更后"),
                 changed);
        say(audit, comparison, seen, texts[0], texts[1]);
    }
}

static err_t compare(struct audit *audit, const struct comparison *comparison)
{
    sqlite3_stmt *seen = db_prepare(audit->seen->db, comparison->sql);
    sqlite3_stmt *replay = db_prepare(audit->replay->db, comparison->sql);
    err_t left = db_step(seen);
    err_t right = db_step(replay);
    while ((left == ERR_OK || right == ERR_OK) && (left == ERR_OK || left == ERR_NOT_FOUND) &&
           (right == ERR_OK || right == ERR_NOT_FOUND)) {
        int order = left != ERR_OK ? 1 : right != ERR_OK ? -1 : strcmp(column(seen, 0), column(replay, 0));
        audit->sums.rows++;
        if (order < 0) {
            say(audit, comparison, seen, column(seen, 2), tr("nothing", "无"));
        } else if (order > 0) {
            say(audit, comparison, replay, tr("nothing", "无"), column(replay, 2));
        } else if (strcmp(column(seen, 2), column(replay, 2)) != 0) {
            say(audit, comparison, seen, column(seen, 2), column(replay, 2));
        } else {
            check_size(audit, comparison, seen, replay);
        }
        left = order <= 0 ? db_step(seen) : left;
        right = order >= 0 ? db_step(replay) : right;
    }
    sqlite3_finalize(seen);
    sqlite3_finalize(replay);
    err_t err = left != ERR_NOT_FOUND ? left : right;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

err_t audit_compare(struct audit *audit)
{
    err_t err = ERR_OK;
    for (size_t i = 0; i < sizeof comparisons / sizeof *comparisons && err == ERR_OK; i++) {
        err = compare(audit, &comparisons[i]);
    }
    return err;
}
