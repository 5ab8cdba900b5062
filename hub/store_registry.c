#include "hub/store_sqlite.h"

#include <openssl/sha.h>
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
    struct view curve_key = db_column_view(stmt, 9);
    ret_party->has_keys =
        curve_key.size == KEY_SIZE && signing_key_take(db_column_view(stmt, 10), &ret_party->signing_key) == ERR_OK;
    if (ret_party->has_keys) {
        memcpy(ret_party->curve_key, curve_key.at, KEY_SIZE);
    }
    ret_party->created_at = sqlite3_column_int64(stmt, 11);
    ret_party->changed_at = sqlite3_column_int64(stmt, 12);
    ret_party->last_seq = (uint64_t)sqlite3_column_int64(stmt, 13);
    ret_party->stored = (uint64_t)sqlite3_column_int64(stmt, 14);
    ret_party->refused = (uint64_t)sqlite3_column_int64(stmt, 15);
    ret_party->last_at = sqlite3_column_int64(stmt, 16);
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

err_t store_put_city(struct store *store, const struct party *party, int64_t now)
{
    struct party stored;
    err_t err = store_put_party(store, party, now);
    err = err == ERR_OK ? store_find_party(store, party->party, &stored) : err;
    if (err != ERR_OK) {
        return err;
    }
    sqlite3_stmt *keys = store_statement(store, SET_KEYS);
    sqlite3_bind_int64(keys, 1, stored.row);
    db_bind_view(keys, 2, (struct view){party->curve_key, KEY_SIZE});
    db_bind_view(keys, 3, signing_key_view(&party->signing_key));
    sqlite3_bind_int64(keys, 4, now);
    return db_run(keys);
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

/* The code has 100 random bits, so a plain hash of it tells nothing. */
static void hash_code(const char *code, uint8_t ret_hash[SHA256_DIGEST_LENGTH])
{
    SHA256((const unsigned char *)code, strlen(code), ret_hash);
}

err_t store_put_invitation(struct store *store, const char *party, const char *code, int64_t now, int64_t expires_at)
{
    struct party found;
    err_t err = store_find_party(store, party, &found);
    if (err != ERR_OK) {
        return err;
    }
    uint8_t hash[SHA256_DIGEST_LENGTH];
    hash_code(code, hash);
    sqlite3_stmt *stmt = store_statement(store, PUT_INVITATION);
    db_bind_view(stmt, 1, (struct view){hash, sizeof hash});
    sqlite3_bind_int64(stmt, 2, found.row);
    sqlite3_bind_int64(stmt, 3, now);
    sqlite3_bind_int64(stmt, 4, expires_at);
    return db_run(stmt);
}

static err_t put_bulletin(struct store *store, const struct party *party, int64_t now)
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

/* Why this code may not be used with this key: a REFUSE code, or "". */
static err_t judge_code(struct store *store, const uint8_t *hash, const struct enrolment *enrolment, int64_t now,
                        int64_t *ret_row, bool *ret_again, const char **ret_refusal)
{
    sqlite3_stmt *get = store_statement(store, GET_INVITATION);
    db_bind_view(get, 1, (struct view){hash, SHA256_DIGEST_LENGTH});
    err_t err = db_step(get);
    *ret_refusal = "";
    *ret_again = false;
    if (err == ERR_NOT_FOUND) {
        *ret_refusal = "code_invalid";
        err = ERR_OK;
    } else if (err == ERR_OK) {
        struct view used_by = db_column_view(get, 2);
        *ret_row = sqlite3_column_int64(get, 0);
        *ret_again = used_by.size == KEY_SIZE && memcmp(used_by.at, enrolment->curve_key, KEY_SIZE) == 0;
        if (used_by.size > 0 && !*ret_again) {
            *ret_refusal = "code_used";
        } else if (!*ret_again && now >= sqlite3_column_int64(get, 1)) {
            *ret_refusal = "code_expired";
        }
    }
    sqlite3_reset(get);
    return err;
}

static err_t use_code(struct store *store, const uint8_t *hash, const struct enrolment *enrolment, int64_t row,
                      int64_t now)
{
    sqlite3_stmt *use = store_statement(store, USE_INVITATION);
    db_bind_view(use, 1, (struct view){hash, SHA256_DIGEST_LENGTH});
    sqlite3_bind_int64(use, 2, now);
    db_bind_view(use, 3, (struct view){enrolment->curve_key, KEY_SIZE});
    err_t err = db_run(use);
    if (err != ERR_OK) {
        return err;
    }
    sqlite3_stmt *keys = store_statement(store, SET_KEYS);
    sqlite3_bind_int64(keys, 1, row);
    db_bind_view(keys, 2, (struct view){enrolment->curve_key, KEY_SIZE});
    db_bind_view(keys, 3, signing_key_view(&enrolment->signing_key));
    sqlite3_bind_int64(keys, 4, now);
    return db_run(keys);
}

/* A key names one party for ever: another party's key is refused as if the code were used up. */
static err_t owner_of_key(struct store *store, const uint8_t key[KEY_SIZE], int64_t *ret_row)
{
    sqlite3_stmt *stmt = store_statement(store, KEY_OWNER);
    db_bind_view(stmt, 1, (struct view){key, KEY_SIZE});
    err_t err = db_step(stmt);
    *ret_row = err == ERR_OK ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_reset(stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

err_t store_enrol(struct store *store, struct enrolment *enrolment, int64_t now)
{
    uint8_t hash[SHA256_DIGEST_LENGTH];
    int64_t row = 0;
    int64_t owner = 0;
    bool is_again = false;
    const char *refusal = "";
    hash_code(enrolment->code, hash);
    err_t err = judge_code(store, hash, enrolment, now, &row, &is_again, &refusal);
    if (err == ERR_OK && !*refusal) {
        err = owner_of_key(store, enrolment->curve_key, &owner);
        refusal = owner && owner != row ? "code_used" : "";
    }
    snprintf(enrolment->refusal, sizeof enrolment->refusal, "%s", refusal);
    if (err != ERR_OK || *refusal) {
        return err;
    }
    err = store_party_at(store, row, &enrolment->party);
    if (err == ERR_OK && strcmp(enrolment->party.state, "revoked") == 0) {
        snprintf(enrolment->refusal, sizeof enrolment->refusal, "revoked");
        return ERR_OK;
    }
    if (err == ERR_OK && !is_again) {
        err = use_code(store, hash, enrolment, row, now);
        err = err == ERR_OK ? store_party_at(store, row, &enrolment->party) : err;
        err = err == ERR_OK ? put_bulletin(store, &enrolment->party, now) : err;
    }
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
    return err == ERR_OK ? put_bulletin(store, ret_party, now) : err;
}
