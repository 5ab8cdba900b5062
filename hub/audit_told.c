/* What goes up and into the inboxes. */
#include "hub/audit_parts.h"

#include <inttypes.h>
#include <string.h>

#include "common/text.h"
#include "hub/store_delivery.h"
#include "proto/check.h"
#include "proto/kinds.h"

/* A change of a figure behind the pruned ones names how many records there were then: those that came after it cannot
 * have been among what was pruned, nor what comes after a row that is left. */
static const char first_kept_sql[] =
    "select min(n) from (select min(number) as n from uplink where change > ?1 and event is null union all select "
    "min(size) + 1 from cell where change > ?1 and size > 0)";

static err_t find_first_kept(struct audit *audit, uint64_t pruned, int64_t *ret_first)
{
    *ret_first = 0;
    if (pruned == 0) {
        return ERR_OK;
    }
    sqlite3_stmt *get = db_prepare(audit->seen->db, first_kept_sql);
    sqlite3_bind_int64(get, 1, (int64_t)pruned);
    err_t err = db_step(get);
    bool is_known = err == ERR_OK && sqlite3_column_type(get, 0) != SQLITE_NULL;
    *ret_first = is_known ? sqlite3_column_int64(get, 0) : INT64_MAX;
    sqlite3_finalize(get);
    return err;
}

/* How far the uplink was pruned is an act each time. Only of records of before there were acts is the store itself
 * believed. */
static err_t look_at_pruning(struct audit *audit)
{
    struct told *told = &audit->told;
    uint64_t noted = 0;
    err_t err = store_pruned(audit->seen, "uplink", &noted);
    told->is_known = true;
    err = err == ERR_OK ? find_first_kept(audit, noted, &told->first_kept_before) : err;
    err = err == ERR_OK ? find_first_kept(audit, noted < told->pruned ? noted : told->pruned, &told->first_kept) : err;
    if (err == ERR_OK && told->first_act == 1 && noted > told->pruned) {
        audit_say(
            audit, "uplink_differs", "uplink",
            tr("pruned to %" PRIu64 ", and the acts say %" PRIu64, "已清理至 %" PRIu64 "，而管理行为所记为 %" PRIu64),
            noted, told->pruned);
    }
    return err;
}

err_t audit_is_pruned(struct audit *audit, sqlite3_stmt *row, bool is_seen, bool *ret_is)
{
    const struct told *told = &audit->told;
    int64_t number = sqlite3_column_int64(row, 5);
    err_t err = told->is_known ? ERR_OK : look_at_pruning(audit);
    bool is_before = (uint64_t)number < told->first_act;
    *ret_is = !is_seen && number < (is_before ? told->first_kept_before : told->first_kept);
    return err;
}

/* The thread of the record that an inbox's row names, by what lies where it says. ERR_NOT_FOUND: that is another. */
static err_t find_thread(struct store *store, sqlite3_stmt *row, uint8_t ret_root[RECORD_ID_SIZE])
{
    static const char sql[] = "select coalesce(root, id) from record where id = ? and party = ? and number = ? and "
                              "coalesce(owner, party) = ? and batch = ? and offset = ? and size = ?";
    struct view bytes;
    struct value id = {0};
    err_t err = store_get_item(store, sqlite3_column_int64(row, 9), sqlite3_column_int64(row, 10),
                               sqlite3_column_int64(row, 11), &bytes);
    if (err != ERR_OK || !check_peek(bytes, &id) || !id.is_present) {
        return err == ERR_OK ? ERR_NOT_FOUND : err;
    }
    sqlite3_stmt *get = store_borrow(store, sql);
    db_bind_view(get, 1, id.view);
    sqlite3_bind_int64(get, 2, sqlite3_column_int64(row, 7));
    sqlite3_bind_int64(get, 3, sqlite3_column_int64(row, 5));
    sqlite3_bind_int64(get, 4, sqlite3_column_int64(row, 8));
    for (int i = 5; i <= 7; i++) {
        sqlite3_bind_int64(get, i, sqlite3_column_int64(row, i + 4));
    }
    err = db_step(get);
    err = err == ERR_OK && !db_column_copy(get, 0, ret_root, RECORD_ID_SIZE) ? ERR_NOT_FOUND : err;
    store_return(store, get);
    return err;
}

static err_t has_audience(struct store *store, int64_t owner, const uint8_t root[RECORD_ID_SIZE], bool *ret_has)
{
    sqlite3_stmt *get = store_borrow(store, "select kind from record where id = ? and party = ?");
    db_bind_view(get, 1, (struct view){root, RECORD_ID_SIZE});
    sqlite3_bind_int64(get, 2, owner);
    err_t err = db_step(get);
    const struct kind *kind = err == ERR_OK ? kind_by_number(sqlite3_column_int(get, 0)) : NULL;
    *ret_has = kind && kind_field(kind, "audience") >= 0;
    store_return(store, get);
    return err;
}

err_t audit_is_sent(struct audit *audit, sqlite3_stmt *row, bool is_seen, bool *ret_is)
{
    struct store *store = is_seen ? audit->seen : audit->replay;
    uint8_t root[RECORD_ID_SIZE];
    struct delivery delivery;
    int64_t owner = sqlite3_column_int64(row, 8);
    *ret_is = false;
    if (store_role_of(audit->replay, owner) == ROLE_ENTITY) { /* it is told of its own, whoever else there is */
        return ERR_OK;
    }
    err_t err = find_thread(store, row, root);
    err = err == ERR_OK ? has_audience(store, owner, root, ret_is) : err;
    if (err == ERR_OK && *ret_is && is_seen) {
        err = store_get_delivery(store, owner, root, sqlite3_column_int64(row, 6), &delivery);
        *ret_is = err == ERR_OK;
    }
    return err == ERR_NOT_FOUND || err == ERR_IO ? ERR_OK : err;
}
