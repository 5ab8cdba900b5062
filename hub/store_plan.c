/* The plans that the desk looks after. */
#include <string.h>

#include "hub/plan.h"
#include "hub/store_sqlite.h"

err_t store_note_plan(struct store *store, const uint8_t root[RECORD_ID_SIZE])
{
    sqlite3_stmt *stmt =
        db_prepare(store->db, "insert into plan(root, day, filed) values(?, null, '') on conflict do nothing");
    db_bind_view(stmt, 1, (struct view){root, RECORD_ID_SIZE});
    err_t err = db_run(stmt);
    sqlite3_finalize(stmt);
    return err;
}

err_t store_put_plan(struct store *store, const struct plan_row *row)
{
    sqlite3_stmt *stmt = db_prepare(store->db, "insert or replace into plan(root, day, filed) values(?,?,?)");
    db_bind_view(stmt, 1, (struct view){row->root, RECORD_ID_SIZE});
    sqlite3_bind_int64(stmt, 2, row->day);
    db_bind_str(stmt, 3, row->filed);
    err_t err = db_run(stmt);
    sqlite3_finalize(stmt);
    return err;
}

err_t store_drop_plan(struct store *store, const uint8_t root[RECORD_ID_SIZE])
{
    sqlite3_stmt *stmt = db_prepare(store->db, "delete from plan where root = ?");
    db_bind_view(stmt, 1, (struct view){root, RECORD_ID_SIZE});
    err_t err = db_run(stmt);
    sqlite3_finalize(stmt);
    return err;
}

err_t store_each_plan(struct store *store, void (*each)(void *self, const struct plan_row *row), void *self)
{
    sqlite3_stmt *stmt = db_prepare(store->db, "select root, day, filed from plan order by root");
    err_t err = db_step(stmt);
    while (err == ERR_OK) {
        bool is_measured = sqlite3_column_type(stmt, 1) != SQLITE_NULL;
        struct plan_row row = {.day = is_measured ? sqlite3_column_int64(stmt, 1) : INT64_MIN,
                               .filed = db_column_str(stmt, 2)};
        db_column_copy(stmt, 0, row.root, RECORD_ID_SIZE);
        each(self, &row);
        err = db_step(stmt);
    }
    sqlite3_finalize(stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}
