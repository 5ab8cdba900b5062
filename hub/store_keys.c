/* The key pairs of the parties: hub/party.h. */
#include "hub/store_sqlite.h"

#include <string.h>

/* After the party's row, in column 0. ERR_IO where the row is not what was written. */
static err_t read_key(sqlite3_stmt *stmt, struct party_key *ret_key)
{
    struct view curve_key = db_column_view(stmt, 2);
    if (curve_key.size != KEY_SIZE || signing_key_take(db_column_view(stmt, 3), &ret_key->signing_key) != ERR_OK) {
        return ERR_IO;
    }
    ret_key->row = sqlite3_column_int64(stmt, 1);
    memcpy(ret_key->curve_key, curve_key.at, KEY_SIZE);
    ret_key->since = sqlite3_column_int64(stmt, 4);
    ret_key->until = sqlite3_column_int64(stmt, 5);
    ret_key->revoked_at = sqlite3_column_int64(stmt, 6);
    return ERR_OK;
}

err_t store_put_key(struct store *store, int64_t party, const struct party_key *key, struct view proof)
{
    sqlite3_stmt *stmt = store_statement(store, PUT_PARTY_KEY);
    sqlite3_bind_int64(stmt, 1, party);
    db_bind_view(stmt, 2, (struct view){key->curve_key, KEY_SIZE});
    db_bind_view(stmt, 3, signing_key_view(&key->signing_key));
    sqlite3_bind_int64(stmt, 4, key->since);
    db_bind_view(stmt, 5, proof);
    return db_run(stmt);
}

err_t store_find_key(struct store *store, const uint8_t curve_key[KEY_SIZE], int64_t *ret_party,
                     struct party_key *ret_key)
{
    sqlite3_stmt *stmt = store_statement(store, FIND_PARTY_KEY);
    db_bind_view(stmt, 1, (struct view){curve_key, KEY_SIZE});
    err_t err = db_step(stmt);
    if (err == ERR_OK) {
        *ret_party = sqlite3_column_int64(stmt, 0);
        err = read_key(stmt, ret_key);
    }
    sqlite3_reset(stmt);
    return err;
}

err_t store_each_key(struct store *store, int64_t party,
                     void (*each)(void *self, const struct party_key *key, const char *reason, struct view proof),
                     void *self)
{
    sqlite3_stmt *stmt = store_statement(store, EACH_PARTY_KEY);
    sqlite3_bind_int64(stmt, 1, party);
    err_t err = db_step(stmt);
    while (err == ERR_OK) {
        struct party_key key;
        err = read_key(stmt, &key);
        if (err == ERR_OK) {
            each(self, &key, db_column_str(stmt, 7), db_column_view(stmt, 8));
            err = db_step(stmt);
        }
    }
    sqlite3_reset(stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static void keep_key(void *self, const struct party_key *key, const char *reason, struct view proof)
{
    (void)reason;
    (void)proof;
    struct party_keys *keys = self;
    if (keys->count < PARTY_KEYS_MAX) {
        keys->list[keys->count++] = *key;
    }
}

err_t store_load_keys(struct store *store, int64_t party, struct party_keys *ret_keys)
{
    ret_keys->count = 0;
    return store_each_key(store, party, keep_key, ret_keys);
}

err_t store_end_key(struct store *store, int64_t key, int64_t until)
{
    sqlite3_stmt *stmt = store_statement(store, END_PARTY_KEY);
    sqlite3_bind_int64(stmt, 1, key);
    sqlite3_bind_int64(stmt, 2, until);
    return db_run(stmt);
}

err_t store_revoke_keys(struct store *store, int64_t party, int64_t key, const char *reason, int64_t now,
                        int64_t *ret_count)
{
    sqlite3_stmt *stmt = store_statement(store, REVOKE_PARTY_KEYS);
    sqlite3_bind_int64(stmt, 1, party);
    sqlite3_bind_int64(stmt, 2, key);
    sqlite3_bind_int64(stmt, 3, now);
    db_bind_str(stmt, 4, reason);
    err_t err = db_run(stmt);
    *ret_count = err == ERR_OK ? sqlite3_changes64(store->db) : 0;
    return err == ERR_OK ? store_end_invitations(store, party, now) : err; /* who had the key may have a link, too */
}

err_t store_may_file(struct store *store, int64_t party, const struct signing_key *key, bool *ret_may)
{
    sqlite3_stmt *stmt = store_statement(store, MAY_FILE);
    sqlite3_bind_int64(stmt, 1, party);
    db_bind_view(stmt, 2, signing_key_view(key));
    err_t err = db_step(stmt);
    sqlite3_reset(stmt);
    *ret_may = err == ERR_OK;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}
