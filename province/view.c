#include "province/view.h"

#include "common/text.h"

static err_t print(const struct look *look, const struct arguments *arguments, const struct view_query *query)
{
    sqlite3_stmt *stmt = db_prepare(look->db, query->sql);
    int used = sqlite3_bind_parameter_count(stmt);
    if (used >= 1) {
        db_bind_str(stmt, 1, arguments->city);
    }
    if (used >= 2) {
        db_bind_str(stmt, 2, arguments->state);
    }
    if (used >= 3) {
        sqlite3_bind_int64(stmt, 3, clock_ms());
    }
    if (used >= 4) {
        sqlite3_bind_int64(stmt, 4, look->settings.utc_offset_minutes);
    }
    err_t err = listing_print(look, stmt, query->columns, query->count, query->text_count, arguments->form);
    sqlite3_finalize(stmt);
    return err;
}

int view_show(const struct home *home, const struct arguments *arguments, const struct view_query *query,
              bool (*prepare)(struct look *look))
{
    struct look look;
    if (!look_open(home, &look)) {
        return EXIT_REFUSED;
    }
    bool is_ready = !prepare || prepare(&look);
    err_t err = is_ready ? print(&look, arguments, query) : ERR_OK;
    look_close(&look);
    if (!is_ready) {
        return EXIT_REFUSED;
    }
    return err == ERR_OK ? EXIT_DONE : look_failed(err);
}
