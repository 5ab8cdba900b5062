#include "hub/store_sqlite.h"

#include <string.h>

static void copy_column(sqlite3_stmt *stmt, int index, char *out, size_t size)
{
    snprintf(out, size, "%s", db_column_str(stmt, index));
}

void party_read(sqlite3_stmt *stmt, struct party *ret_party)
{
    memset(ret_party, 0, sizeof *ret_party);
    ret_party->row = sqlite3_column_int64(stmt, 0);
    copy_column(stmt, 1, ret_party->party, sizeof ret_party->party);
    copy_column(stmt, 2, ret_party->role, sizeof ret_party->role);
    copy_column(stmt, 3, ret_party->name, sizeof ret_party->name);
    copy_column(stmt, 4, ret_party->entity_type, sizeof ret_party->entity_type);
    copy_column(stmt, 5, ret_party->sectors, sizeof ret_party->sectors);
    copy_column(stmt, 6, ret_party->district, sizeof ret_party->district);
    copy_column(stmt, 7, ret_party->state, sizeof ret_party->state);
    copy_column(stmt, 8, ret_party->reason, sizeof ret_party->reason);
    ret_party->has_keys = sqlite3_column_int(stmt, 9) != 0;
    ret_party->created_at = sqlite3_column_int64(stmt, 10);
    ret_party->changed_at = sqlite3_column_int64(stmt, 11);
    ret_party->last_seq = (uint64_t)sqlite3_column_int64(stmt, 12);
    ret_party->stored = (uint64_t)sqlite3_column_int64(stmt, 13);
    ret_party->refused = (uint64_t)sqlite3_column_int64(stmt, 14);
    ret_party->last_at = sqlite3_column_int64(stmt, 15);
    uint64_t told = (uint64_t)sqlite3_column_int64(stmt, 16);
    ret_party->given_out = told > ret_party->last_seq ? told : ret_party->last_seq;
}

err_t store_put_party(struct store *store, const struct party *party, int64_t now)
{
    sqlite3_stmt *stmt = store_statement(store, PUT_PARTY);
    db_bind_str(stmt, 1, party->party);
    db_bind_str(stmt, 2, party->role);
    db_bind_str(stmt, 3, party->name);
    db_bind_str(stmt, 4, *party->entity_type ? party->entity_type : "-"); /* an authority: a cell has no empty code */
    db_bind_str(stmt, 5, party->sectors);
    db_bind_str(stmt, 6, party->district);
    db_bind_str(stmt, 7, "invited");
    sqlite3_bind_int64(stmt, 8, now);
    sqlite3_bind_int64(stmt, 9, now);
    return db_run(stmt);
}

err_t store_put_city(struct store *store, const struct party *party, const struct party_key *key, int64_t now)
{
    struct party stored;
    err_t err = store_put_party(store, party, now);
    err = err == ERR_OK ? store_find_party(store, party->party, &stored) : err;
    err = err == ERR_OK ? store_put_key(store, stored.row, key, (struct view){0}) : err;
    return err == ERR_OK ? store_set_active(store, stored.row, now) : err;
}

void store_set_city(struct store *store, int64_t row)
{
    store->city_row = row;
}

err_t store_find_party(struct store *store, const char *party, struct party *ret_party)
{
    sqlite3_stmt *stmt = store_statement(store, GET_PARTY);
    db_bind_str(stmt, 1, party);
    err_t err = db_step(stmt);
    if (err == ERR_OK) {
        party_read(stmt, ret_party);
    }
    sqlite3_reset(stmt);
    return err;
}

err_t store_party_at(struct store *store, int64_t row, struct party *ret_party)
{
    sqlite3_stmt *stmt = store_statement(store, GET_PARTY_ROW);
    sqlite3_bind_int64(stmt, 1, row);
    err_t err = db_step(stmt);
    if (err == ERR_OK) {
        party_read(stmt, ret_party);
    }
    sqlite3_reset(stmt);
    return err;
}

int store_role_of(struct store *store, int64_t row)
{
    struct party party;
    return store_party_at(store, row, &party) == ERR_OK ? role_find(party.role) : -1;
}

err_t store_each_party(struct store *store, void (*each)(void *self, const struct party *party), void *self)
{
    sqlite3_stmt *stmt = store_statement(store, EACH_PARTY);
    err_t err = db_step(stmt);
    while (err == ERR_OK) {
        struct party party;
        party_read(stmt, &party);
        each(self, &party);
        err = db_step(stmt);
    }
    sqlite3_reset(stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

err_t store_put_bulletin(struct store *store, const struct party *party, int64_t now)
{
    struct event event = {.type = EVENT_ENTITY_STATE};
    event.state = (struct state_event){.at = now,
                                       .state = {(const uint8_t *)party->state, strlen(party->state)},
                                       .reason = {(const uint8_t *)party->reason, strlen(party->reason)}};
    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    event_encode(&event, &buffer);
    sqlite3_stmt *stmt = store_statement(store, PUT_BULLETIN);
    sqlite3_bind_int64(stmt, 1, party->row);
    sqlite3_bind_int64(stmt, 2, now);
    db_bind_view(stmt, 3, (struct view){(const uint8_t *)buffer.data, buffer.size});
    err_t err = db_run(stmt);
    msgpack_sbuffer_destroy(&buffer);
    return err;
}

err_t store_set_state(struct store *store, const char *party, const char *state, const char *reason, int64_t now,
                      struct party *ret_party)
{
    err_t err = store_find_party(store, party, ret_party);
    if (err != ERR_OK) {
        return err;
    }
    sqlite3_stmt *stmt = store_statement(store, SET_STATE);
    db_bind_str(stmt, 1, party);
    db_bind_str(stmt, 2, state);
    db_bind_str(stmt, 3, reason);
    sqlite3_bind_int64(stmt, 4, now);
    err = db_run(stmt);
    err = err == ERR_OK ? store_party_at(store, ret_party->row, ret_party) : err;
    return err == ERR_OK ? store_put_bulletin(store, ret_party, now) : err;
}

err_t store_set_active(struct store *store, int64_t row, int64_t now)
{
    sqlite3_stmt *stmt = store_statement(store, SET_ACTIVE);
    sqlite3_bind_int64(stmt, 1, row);
    sqlite3_bind_int64(stmt, 2, now);
    return db_run(stmt);
}

err_t store_note_told(struct store *store, int64_t row, uint64_t seq)
{
    sqlite3_stmt *stmt = store_statement(store, PUT_TOLD);
    sqlite3_bind_int64(stmt, 1, row);
    sqlite3_bind_int64(stmt, 2, (int64_t)seq);
    return db_run(stmt);
}
