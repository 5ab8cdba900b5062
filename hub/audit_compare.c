#include "hub/audit_parts.h"

#include <inttypes.h>
#include <string.h>

#include "common/text.h"

/* What is compared: rows by a key, in its order, which for all but the two streams is one of an index, so that nothing
 * is sorted; both stores are asked the same. The size is how many records there were when a figure last changed that
 * stands on records alone. A stream's rows stand in it in the order of their keys: the place is that in the stream. */
static const struct comparison {
    const char *code;
    const char *what;
    const char *sql; /* key, its text, what stands there, size, place, and, where there is one, whose (a number) and
                        what is_excused wants */
    /* Whether the row may well stand in one of the stores alone. NULL: it may not. */
    err_t (*is_excused)(struct audit *audit, sqlite3_stmt *row, bool is_seen, bool *ret_is);
} comparisons[] = {
    {"record_differs", "record",
     "select printf('%s %020d', lower(hex(r.id)), r.party), printf('%d', r.number), printf('%s of %s kind %d day %d "
     "sector %s level %s thread %s of %s item %d of batch %d at %d size %d', lower(hex(r.id)), p.party, r.kind, r.day, "
     "r.sector, r.level, lower(hex(r.root)), o.party, r.position, r.batch, r.offset, r.size), 0, 0 from record r left "
     "join party p on p.row = r.party left join party o on o.row = "
     "r.owner order by r.id, r.party",
     NULL},
    {"thread_differs", "thread",
     "select printf('%020d %s', t.owner, lower(hex(t.root))), printf('%s %s', p.party, lower(hex(t.root))), printf("
     "'kind %d state %d received %d acknowledged %d resolved %d about %d up %d in batch %d at %d size %d', t.kind, "
     "t.state, t.received_at, t.acknowledged_at, t.resolved_at, t.about, t.is_up, t.batch, t.offset, t.size), 0, 0 "
     "from "
     "thread t left join party p on p.row = t.owner order by t.owner, t.root",
     NULL},
    {"cell_differs", "cell",
     "select printf('%s %020d %s', family, day, dims), printf('%s %s %s', family, date(day * 86400, 'unixepoch'), "
     "dims), printf('count %d sum %d', count, sum), iif(family in ('review', 'warning', 'record', 'rereview'), size, "
     "0), 0 from cell where count <> 0 or sum <> 0 order by family, day, dims",
     NULL},
    {"account_differs", "account",
     "select printf('%020d', a.party), p.party, printf('%d stored', a.stored), 0, 0 from account a left join party p "
     "on "
     "p.row = a.party where a.stored <> 0 order by a.party",
     NULL},
    {"key_differs", "natural key",
     "select printf('%020d %020d %s', k.party, k.kind, hex(k.key)), printf('%s of %s', hex(k.key), p.party), "
     "printf('record %s', lower(hex(k.id))), 0, 0 from natural_key k left join party p on p.row = k.party order by "
     "k.party, k.kind, k.key",
     NULL},
    {"tile_differs", "tile",
     "select printf('%020d', key), printf('%d', key), lower(hex(nodes)), 0, 0 from tile order by key", NULL},
    {"uplink_differs", "uplink of record",
     "select printf('%020d', u.number), printf('%d', u.number), printf('of %s state %s in batch %d at %d size %d', "
     "p.party, u.state, u.batch, u.offset, u.size), 0, u.change, u.number from uplink u left join party p on p.row = "
     "u.party where u.event is null order by u.number",
     audit_is_pruned},
    {"inbox_differs", "inbox",
     "select printf('%020d %020d', b.number, b.party), printf('of %s, record %d', p.party, b.number), printf('of %s, "
     "thread of %s state %s at %d in batch %d at %d size %d', f.party, o.party, b.state, b.at, b.batch, b.offset, "
     "b.size), 0, b.cursor, b.number, b.party, b.filer, b.owner, b.batch, b.offset, b.size from bulletin b left join "
     "party p on p.row = b.party left join party f on f.row = b.filer left join party o on o.row = b.owner where "
     "b.event is null order by b.number, b.party",
     audit_is_sent},
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

/* What stands in one store alone. */
static err_t check_single(struct audit *audit, const struct comparison *comparison, sqlite3_stmt *row, bool is_seen)
{
    bool is_excused = false;
    err_t err = comparison->is_excused ? comparison->is_excused(audit, row, is_seen, &is_excused) : ERR_OK;
    if (err == ERR_OK && !is_excused) {
        say(audit, comparison, row, is_seen ? column(row, 2) : tr("nothing", "无"),
            is_seen ? tr("nothing", "无") : column(row, 2));
    }
    return err;
}

static void check_pair(struct audit *audit, const struct comparison *comparison, sqlite3_stmt *seen,
                       sqlite3_stmt *replay)
{
    if (strcmp(column(seen, 2), column(replay, 2)) != 0) {
        say(audit, comparison, seen, column(seen, 2), column(replay, 2));
    } else {
        check_size(audit, comparison, seen, replay);
    }
}

/* Of one record: its number, the last place that the one before it has, and that of its own so far. */
struct turn {
    int64_t number, before, last;
};

/* Who reads a stream goes on from a place: what was moved to before it is not read. Those whom one record reaches have
 * no order among themselves. */
static void check_place(struct audit *audit, const struct comparison *comparison, sqlite3_stmt *seen, struct turn *turn)
{
    int64_t place = sqlite3_column_int64(seen, 4);
    if (place == 0) {
        return;
    }
    if (sqlite3_column_int64(seen, 5) != turn->number) {
        *turn = (struct turn){sqlite3_column_int64(seen, 5), turn->last, place};
    }
    if (place <= turn->before) {
        say(audit, comparison, seen, tr("before what came before it", "排在先前内容之前"),
            tr("after it", "应排在其后"));
    }
    turn->last = place > turn->last ? place : turn->last;
}

static err_t compare(struct audit *audit, const struct comparison *comparison)
{
    sqlite3_stmt *seen = db_prepare(audit->seen->db, comparison->sql);
    sqlite3_stmt *replay = db_prepare(audit->replay->db, comparison->sql);
    struct turn turn = {0};
    err_t err = ERR_OK;
    err_t left = db_step(seen);
    err_t right = db_step(replay);
    while (err == ERR_OK && (left == ERR_OK || right == ERR_OK) && (left == ERR_OK || left == ERR_NOT_FOUND) &&
           (right == ERR_OK || right == ERR_NOT_FOUND)) {
        int order = left != ERR_OK ? 1 : right != ERR_OK ? -1 : strcmp(column(seen, 0), column(replay, 0));
        audit->sums.rows++;
        if (order == 0) {
            check_pair(audit, comparison, seen, replay);
        } else {
            err = check_single(audit, comparison, order < 0 ? seen : replay, order < 0);
        }
        if (order <= 0) {
            check_place(audit, comparison, seen, &turn);
            left = db_step(seen);
        }
        right = order >= 0 ? db_step(replay) : right;
    }
    sqlite3_finalize(seen);
    sqlite3_finalize(replay);
    if (err == ERR_OK) {
        err = left != ERR_NOT_FOUND ? left : right;
    }
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
