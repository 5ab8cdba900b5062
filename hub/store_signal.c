#include "hub/store_signal.h"

#include <string.h>

#include "hub/store_sqlite.h"
#include "proto/kinds.h"

static void bind_text(sqlite3_stmt *stmt, int index, struct view text)
{
    sqlite3_bind_text(stmt, index, text.size > 0 ? (const char *)text.at : "", (int)text.size, SQLITE_STATIC);
}

err_t store_put_signal_row(struct store *store, int64_t owner, const struct signal_row *row)
{
    sqlite3_stmt *stmt = db_prepare(
        store->db, "insert or replace into signal_row(owner, root, party, day, at, model, vendor, sector, domain,"
                   " subdomain, harms, level) values(?,?,?,?,?,?,?,?,?,?,?,?)");
    sqlite3_bind_int64(stmt, 1, owner);
    db_bind_view(stmt, 2, (struct view){row->id, RECORD_ID_SIZE});
    bind_text(stmt, 3, row->party);
    sqlite3_bind_int64(stmt, 4, row->day);
    sqlite3_bind_int64(stmt, 5, row->at);
    bind_text(stmt, 6, row->model);
    bind_text(stmt, 7, row->vendor);
    sqlite3_bind_int(stmt, 8, row->sector);
    sqlite3_bind_int(stmt, 9, row->domain);
    sqlite3_bind_int(stmt, 10, row->subdomain);
    sqlite3_bind_int64(stmt, 11, row->harm_kinds);
    sqlite3_bind_int(stmt, 12, row->level);
    err_t err = db_run(stmt);
    sqlite3_finalize(stmt);
    return err;
}

err_t store_drop_signal_row(struct store *store, int64_t owner, const uint8_t root[RECORD_ID_SIZE], bool *ret_was)
{
    sqlite3_stmt *stmt = db_prepare(store->db, "delete from signal_row where owner = ? and root = ?");
    sqlite3_bind_int64(stmt, 1, owner);
    db_bind_view(stmt, 2, (struct view){root, RECORD_ID_SIZE});
    err_t err = db_run(stmt);
    *ret_was = err == ERR_OK && sqlite3_changes(store->db) > 0;
    sqlite3_finalize(stmt);
    return err;
}

err_t store_each_signal_row(struct store *store, int64_t first, int64_t last,
                            err_t (*each)(void *self, const struct signal_row *row), void *self)
{
    sqlite3_stmt *stmt =
        db_prepare(store->db, "select root, party, day, at, model, vendor, sector, domain, subdomain, harms, level"
                              " from signal_row where day between ? and ?");
    sqlite3_bind_int64(stmt, 1, first);
    sqlite3_bind_int64(stmt, 2, last);
    err_t err = db_step(stmt);
    while (err == ERR_OK) {
        struct signal_row row = {.party = db_column_view(stmt, 1),
                                 .day = sqlite3_column_int64(stmt, 2),
                                 .at = sqlite3_column_int64(stmt, 3),
                                 .model = db_column_view(stmt, 4),
                                 .vendor = db_column_view(stmt, 5),
                                 .sector = sqlite3_column_int(stmt, 6),
                                 .domain = sqlite3_column_int(stmt, 7),
                                 .subdomain = sqlite3_column_int(stmt, 8),
                                 .harm_kinds = (unsigned)sqlite3_column_int64(stmt, 9),
                                 .level = sqlite3_column_int(stmt, 10),
                                 .status = STATUS_ACTUAL,
                                 .state = STATE_RAISED}; /* others have no row */
        db_column_copy(stmt, 0, row.id, RECORD_ID_SIZE);
        err = each(self, &row);
        err = err == ERR_OK ? db_step(stmt) : err;
    }
    sqlite3_finalize(stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

err_t store_signal_first_day(struct store *store, int64_t *ret_day)
{
    sqlite3_stmt *stmt = db_prepare(store->db, "select day from signal_row order by day limit 1");
    err_t err = db_step(stmt);
    *ret_day = err == ERR_OK ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_finalize(stmt);
    return err;
}

err_t store_put_raised(struct store *store, const struct raised *raised)
{
    sqlite3_stmt *stmt =
        db_prepare(store->db, "insert into signal_raised(rule, cluster, day, at, id, evidence) values(?,?,?,?,?,?)");
    db_bind_str(stmt, 1, raised->rule);
    db_bind_str(stmt, 2, raised->cluster);
    sqlite3_bind_int64(stmt, 3, raised->day);
    sqlite3_bind_int64(stmt, 4, raised->at);
    db_bind_view(stmt, 5, (struct view){raised->id, RECORD_ID_SIZE});
    db_bind_view(stmt, 6, raised->evidence);
    err_t err = db_run(stmt);
    sqlite3_finalize(stmt);
    return err;
}

err_t store_each_raised(struct store *store, void (*each)(void *self, const struct raised *raised), void *self)
{
    sqlite3_stmt *stmt =
        db_prepare(store->db, "select rule, cluster, day, at, id, evidence from signal_raised order by row");
    err_t err = db_step(stmt);
    while (err == ERR_OK) {
        struct raised raised = {.rule = db_column_str(stmt, 0),
                                .cluster = db_column_str(stmt, 1),
                                .day = sqlite3_column_int64(stmt, 2),
                                .at = sqlite3_column_int64(stmt, 3),
                                .evidence = db_column_view(stmt, 5)};
        db_column_copy(stmt, 4, raised.id, RECORD_ID_SIZE);
        each(self, &raised);
        err = db_step(stmt);
    }
    sqlite3_finalize(stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* ERR_NOT_FOUND leaves 0. */
static err_t get_number(struct store *store, const char *key, int64_t *ret_number)
{
    sqlite3_stmt *get = store_statement(store, GET_META);
    db_bind_str(get, 1, key);
    err_t err = db_step(get);
    *ret_number = err == ERR_OK ? sqlite3_column_int64(get, 0) : 0;
    sqlite3_reset(get);
    return err;
}

static err_t put_number(struct store *store, const char *key, int64_t number)
{
    sqlite3_stmt *put = store_statement(store, PUT_META);
    db_bind_str(put, 1, key);
    sqlite3_bind_int64(put, 2, number);
    return db_run(put);
}

err_t store_signal_rows_to(struct store *store, int64_t *ret_batch)
{
    err_t err = get_number(store, "signal_rows_to", ret_batch);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

err_t store_set_signal_rows_to(struct store *store, int64_t batch)
{
    return put_number(store, "signal_rows_to", batch);
}

err_t store_signal_day(struct store *store, int64_t *ret_day)
{
    return get_number(store, "signal_day", ret_day);
}

err_t store_set_signal_day(struct store *store, int64_t day)
{
    return put_number(store, "signal_day", day);
}
