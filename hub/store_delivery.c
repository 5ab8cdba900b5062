#include "hub/store_delivery.h"

#include <string.h>

#include "hub/store_sqlite.h"

#define DELIVERY_COLUMNS                                                                                               \
    "select owner, root, party, at, day, category, entity_type, cursor, delivered_at, opened_at, answered_at, "        \
    "is_late from delivery "

static const char get_sql[] = DELIVERY_COLUMNS "where owner = ? and root = ? and party = ?";
static const char each_sql[] = DELIVERY_COLUMNS "where owner = ? and root = ? order by party";
static const char every_sql[] = DELIVERY_COLUMNS;
static const char waiting_sql[] = DELIVERY_COLUMNS "where party = ? and delivered_at = 0 and cursor <= ? limit 1";
static const char put_sql[] =
    "insert into delivery(owner, root, party, at, day, category, entity_type, cursor, delivered_at, opened_at, "
    "answered_at, is_late) values(?,?,?,?,?,?,?,?,?,?,?,?) on conflict do update set category = excluded.category, "
    "delivered_at = excluded.delivered_at, opened_at = excluded.opened_at, answered_at = excluded.answered_at, "
    "is_late = excluded.is_late";

enum delivery_state delivery_state(const struct delivery *delivery)
{
    return delivery->answered_at    ? DELIVERY_ANSWERED
           : delivery->opened_at    ? DELIVERY_OPENED
           : delivery->delivered_at ? DELIVERY_DELIVERED
                                    : DELIVERY_SENT;
}

bool delivery_is_late(const struct delivery *delivery)
{
    return delivery->is_late && delivery->answered_at == 0;
}

/* What the province issued is also counted by notice, so that each city's share of one can be seen there. */
static void count_state(struct store *store, const struct delivery *delivery, enum delivery_state state, int64_t count)
{
    struct cell cell = {.family = "notice", .day = delivery->day};
    char root[37];
    const char *code = enum_delivery_state.labels[state].code;
    snprintf(cell.dims, sizeof cell.dims, "%s|%s|%s", delivery->category, delivery->entity_type, code);
    cells_add(store, &cell, count);
    if (store_role_of(store, delivery->owner) == ROLE_PROVINCE) {
        record_id_text(delivery->root, root);
        cell.family = FAMILY_ISSUED;
        snprintf(cell.dims, sizeof cell.dims, "%s|%s|%s", root, delivery->entity_type, code);
        cells_add(store, &cell, count);
    }
}

void store_count_delivery(struct store *store, const struct delivery *delivery, int64_t count)
{
    if (!*delivery->category) {
        return;
    }
    count_state(store, delivery, delivery_state(delivery), count);
    if (delivery_is_late(delivery)) {
        count_state(store, delivery, DELIVERY_LATE, count);
    }
}

/* ERR_IO where the row is not what was written. */
static err_t read_row(sqlite3_stmt *stmt, struct delivery *ret)
{
    *ret = (struct delivery){.owner = sqlite3_column_int64(stmt, 0),
                             .party = sqlite3_column_int64(stmt, 2),
                             .at = sqlite3_column_int64(stmt, 3),
                             .day = sqlite3_column_int64(stmt, 4),
                             .cursor = sqlite3_column_int64(stmt, 7),
                             .delivered_at = sqlite3_column_int64(stmt, 8),
                             .opened_at = sqlite3_column_int64(stmt, 9),
                             .answered_at = sqlite3_column_int64(stmt, 10),
                             .is_late = sqlite3_column_int(stmt, 11) != 0};
    snprintf(ret->category, sizeof ret->category, "%s", db_column_str(stmt, 5));
    snprintf(ret->entity_type, sizeof ret->entity_type, "%s", db_column_str(stmt, 6));
    return db_column_copy(stmt, 1, ret->root, RECORD_ID_SIZE) ? ERR_OK : ERR_IO;
}

static err_t read_one(struct store *store, sqlite3_stmt *stmt, struct delivery *ret)
{
    err_t err = db_step(stmt);
    err = err == ERR_OK ? read_row(stmt, ret) : err;
    store_return(store, stmt);
    return err;
}

static err_t read_each(struct store *store, sqlite3_stmt *stmt,
                       err_t (*each)(void *self, const struct delivery *delivery), void *self)
{
    struct delivery delivery;
    err_t err = db_step(stmt);
    while (err == ERR_OK) {
        err = read_row(stmt, &delivery);
        err = err == ERR_OK ? each(self, &delivery) : err;
        err = err == ERR_OK ? db_step(stmt) : err;
    }
    store_return(store, stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

err_t store_get_delivery(struct store *store, int64_t owner, const uint8_t root[RECORD_ID_SIZE], int64_t party,
                         struct delivery *ret_delivery)
{
    sqlite3_stmt *stmt = store_borrow(store, get_sql);
    sqlite3_bind_int64(stmt, 1, owner);
    db_bind_view(stmt, 2, (struct view){root, RECORD_ID_SIZE});
    sqlite3_bind_int64(stmt, 3, party);
    return read_one(store, stmt, ret_delivery);
}

err_t store_each_delivery(struct store *store, int64_t owner, const uint8_t root[RECORD_ID_SIZE],
                          err_t (*each)(void *self, const struct delivery *delivery), void *self)
{
    sqlite3_stmt *stmt = store_borrow(store, each_sql);
    sqlite3_bind_int64(stmt, 1, owner);
    db_bind_view(stmt, 2, (struct view){root, RECORD_ID_SIZE});
    return read_each(store, stmt, each, self);
}

err_t store_every_delivery(struct store *store, err_t (*each)(void *self, const struct delivery *delivery), void *self)
{
    return read_each(store, store_borrow(store, every_sql), each, self);
}

err_t store_put_delivery(struct store *store, const struct delivery *old, const struct delivery *delivery)
{
    sqlite3_stmt *stmt = store_borrow(store, put_sql);
    sqlite3_bind_int64(stmt, 1, delivery->owner);
    db_bind_view(stmt, 2, (struct view){delivery->root, RECORD_ID_SIZE});
    sqlite3_bind_int64(stmt, 3, delivery->party);
    sqlite3_bind_int64(stmt, 4, delivery->at);
    sqlite3_bind_int64(stmt, 5, delivery->day);
    db_bind_str(stmt, 6, delivery->category);
    db_bind_str(stmt, 7, delivery->entity_type);
    sqlite3_bind_int64(stmt, 8, delivery->cursor);
    sqlite3_bind_int64(stmt, 9, delivery->delivered_at);
    sqlite3_bind_int64(stmt, 10, delivery->opened_at);
    sqlite3_bind_int64(stmt, 11, delivery->answered_at);
    sqlite3_bind_int(stmt, 12, delivery->is_late);
    err_t err = db_run(stmt);
    store_return(store, stmt);
    if (err == ERR_OK) {
        if (old) {
            store_count_delivery(store, old, -1);
        }
        store_count_delivery(store, delivery, 1);
    }
    return err;
}

err_t store_note_received(struct store *store, int64_t party, uint64_t cursor, int64_t now)
{
    err_t err = ERR_OK;
    while (err == ERR_OK) {
        struct delivery old;
        sqlite3_stmt *stmt = store_borrow(store, waiting_sql);
        sqlite3_bind_int64(stmt, 1, party);
        sqlite3_bind_int64(stmt, 2, (int64_t)cursor);
        err = read_one(store, stmt, &old);
        if (err == ERR_OK) {
            struct delivery received = old;
            received.delivered_at = now;
            err = store_put_delivery(store, &old, &received);
        }
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

err_t store_set_late(struct store *store, int64_t owner, const uint8_t root[RECORD_ID_SIZE], int64_t party,
                     bool is_late)
{
    struct delivery old;
    err_t err = store_get_delivery(store, owner, root, party, &old);
    if (err != ERR_OK || old.is_late == is_late) {
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    struct delivery delivery = old;
    delivery.is_late = is_late;
    return store_put_delivery(store, &old, &delivery);
}
