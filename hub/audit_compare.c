#include "hub/audit_parts.h"

#include <string.h>

/* What is compared: rows by a key, in its order; both stores are asked the same. */
static const struct comparison {
    const char *code;
    const char *what;
    const char *sql; /* key, then what stands there */
} comparisons[] = {
    {"record_differs", "record",
     "select printf('%020d', r.number), printf('%s of %s kind %d day %d sector %s level %s thread %s of %s', "
     "lower(hex(r.id)), p.party, r.kind, r.day, r.sector, r.level, lower(hex(r.root)), o.party) from record r join "
     "party "
     "p on p.row = r.party left join party o on o.row = r.owner order by r.number"},
    {"thread_differs", "thread",
     "select printf('%s %s', p.party, lower(hex(t.root))), printf('kind %d state %d received %d acknowledged %d "
     "resolved "
     "%d', t.kind, t.state, t.received_at, t.acknowledged_at, t.resolved_at) from thread t join party p on p.row = "
     "t.owner order by 1"},
    {"cell_differs", "cell",
     "select printf('%s %s %s', family, date(day * 86400, 'unixepoch'), dims), printf('count %d sum %d', count, sum) "
     "from "
     "cell where family in ('review', 'warning', 'record', 'rereview') and (count <> 0 or sum <> 0) order by 1"},
    {"leaves_differ", "ledger of", "select printf('%020d', size), lower(hex(leaves)) from head order by size"},
    {"tile_differs", "tile", "select printf('%020d', key), lower(hex(nodes)) from tile order by key"},
};

static const char *column(sqlite3_stmt *stmt, int index)
{
    return db_column_str(stmt, index);
}

static void say(struct audit *audit, const struct comparison *comparison, sqlite3_stmt *row, const char *seen,
                const char *recounted)
{
    char subject[160];
    const char *key = column(row, 0);
    key += strspn(key, "0"); /* numbers are padded for the order */
    snprintf(subject, sizeof subject, "%s %.140s", comparison->what, key);
    audit_say(audit, comparison->code, subject, "seen: %.140s; recounted: %.140s", seen, recounted);
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
            say(audit, comparison, seen, column(seen, 1), "nothing");
        } else if (order > 0) {
            say(audit, comparison, replay, "nothing", column(replay, 1));
        } else if (strcmp(column(seen, 1), column(replay, 1)) != 0) {
            say(audit, comparison, seen, column(seen, 1), column(replay, 1));
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
