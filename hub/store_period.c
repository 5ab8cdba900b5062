/* What was reported of which period, and how complete it is: the family `completeness`. */
#include "hub/store_sqlite.h"

#include "hub/store_clock.h"
#include "proto/kinds.h"

err_t store_note_report(struct store *store, int64_t party, const char *term, const char *period, int64_t at,
                        bool is_zero, bool *ret_is_news)
{
    sqlite3_stmt *stmt =
        store_borrow(store, "insert into reported(party, term, period, at, is_zero) values(?,?,?,?,?) on conflict do "
                            "update set is_zero = 0 where is_zero = 1 and excluded.is_zero = 0");
    sqlite3_bind_int64(stmt, 1, party);
    db_bind_str(stmt, 2, term);
    db_bind_str(stmt, 3, period);
    sqlite3_bind_int64(stmt, 4, at);
    sqlite3_bind_int(stmt, 5, is_zero);
    err_t err = db_run(stmt);
    *ret_is_news = err == ERR_OK && sqlite3_changes(store->db) > 0;
    store_return(store, stmt);
    return err;
}

int64_t store_reported_at(struct store *store, int64_t party, const char *term, const char *period, bool *ret_is_zero)
{
    sqlite3_stmt *stmt =
        store_borrow(store, "select at, is_zero from reported where party = ? and term = ? and period = ?");
    sqlite3_bind_int64(stmt, 1, party);
    db_bind_str(stmt, 2, term);
    db_bind_str(stmt, 3, period);
    bool is_there = db_step(stmt) == ERR_OK;
    int64_t at = is_there ? sqlite3_column_int64(stmt, 0) : 0;
    *ret_is_zero = is_there && sqlite3_column_int(stmt, 1) != 0;
    store_return(store, stmt);
    return at;
}

/* Texts of one unit sort as their periods do; ids, which stand in the same column, do not begin with a digit's byte for
 * centuries, and are longer. */
bool store_newest_period(struct store *store, int64_t party, const char *term, enum period_unit unit,
                         struct period *ret_period)
{
    sqlite3_stmt *stmt = store_borrow(
        store, "select root from clock where party = ?1 and root >= x'32' and root < x'33' and length(root) = 7 and "
               "term = ?2 and (substr(root, 6, 1) = x'51') = ?3 order by root desc limit 1");
    sqlite3_bind_int64(stmt, 1, party);
    db_bind_str(stmt, 2, term);
    sqlite3_bind_int(stmt, 3, unit == PERIOD_QUARTER);
    bool is_there = db_step(stmt) == ERR_OK && period_parse(db_column_view(stmt, 0), ret_period) == ERR_OK;
    store_return(store, stmt);
    return is_there;
}

/* Under the period's first day and the facts that the institution had when it ended: then its clock starts. */
void store_count_period(struct store *store, const struct clock_row *row, int64_t reported_at, bool is_zero,
                        int64_t count)
{
    const bool counts[] = {[COMPLETENESS_EXPECTED] = true,
                           [COMPLETENESS_RECEIVED] = reported_at != 0,
                           [COMPLETENESS_ON_TIME] = reported_at != 0 && reported_at <= row->clock.due_at,
                           [COMPLETENESS_ZERO] = reported_at != 0 && is_zero};
    char dims[DIMS_SIZE];
    struct period period;
    if (row->clock.term->index != TERM_PERIODIC_REPORT ||
        period_parse((struct view){row->root, row->root_size}, &period) != ERR_OK) {
        return;
    }
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        snprintf(dims, sizeof dims, "%s|%s|%s", row->facts.entity_type, row->facts.district,
                 enum_completeness_state.labels[i].code);
        if (counts[i]) {
            store_count(store, "completeness", period_first_day(period), dims, count);
        }
    }
}
