#include "hub/sharing.h"

#include <string.h>

#include "hub/history.h"
#include "hub/store_sqlite.h"
#include "proto/kinds.h"
#include "proto/rights.h"

const char *share_act_code(enum share_act act)
{
    static const char *const codes[] = {"-", "share", "update", "withdraw"};
    return codes[act];
}

int share_mode_find(const char *code)
{
    static const char *const codes[] = {"off", "propose", "auto"};
    for (int mode = SHARE_OFF; mode <= SHARE_AUTO; mode++) {
        if (strcmp(codes[mode], code) == 0) {
            return mode;
        }
    }
    return -1;
}

json_t *sharing_leaving(struct view bytes)
{
    msgpack_sbuffer stripped;
    msgpack_sbuffer_init(&stripped);
    json_t *record = NULL;
    if (rights_strip(bytes, false, &stripped) == ERR_OK) {
        record = record_to_json((struct view){(const uint8_t *)stripped.data, stripped.size});
    }
    msgpack_sbuffer_destroy(&stripped);
    return record;
}

json_t *sharing_audience(const json_t *leaving)
{
    const char *scope = json_string_value(json_object_get(leaving, "share_scope"));
    if (!scope || strcmp(scope, "city_only") == 0) {
        return NULL;
    }
    if (strcmp(scope, "affected_sectors") == 0) {
        return json_pack("{s:[O]}", "sectors", json_object_get(leaving, "sector"));
    }
    return json_object();
}

json_t *sharing_copy(const json_t *leaving, const char *owner, const uint8_t root[RECORD_ID_SIZE])
{
    const struct kind *kind = kind_by_number(KIND_SHARED_WARNING);
    char id[37];
    json_t *record = json_object();
    for (size_t i = COMMON_FIELDS; i < kind->field_count; i++) {
        json_t *value = json_object_get(leaving, kind->fields[i].key);
        if (value) {
            json_object_set(record, kind->fields[i].key, value);
        }
    }
    record_id_text(root, id);
    json_object_set_new(record, "kind", json_string(kind->name));
    json_object_set_new(record, "source_id", json_string(id));
    json_object_set_new(record, "source_party", json_string(owner));
    return record;
}

json_t *sharing_derive(const struct history *history, const char *owner, const uint8_t root[RECORD_ID_SIZE],
                       uint8_t ret_digest[RECORD_HASH_SIZE])
{
    json_t *leaving = sharing_leaving(history->content.bytes);
    json_t *copy = sharing_copy(leaving, owner, root);
    json_t *audience = sharing_audience(leaving);
    if (audience) {
        json_object_set_new(copy, "audience", audience);
    }
    char *text = json_dumps(copy, JSON_COMPACT | JSON_SORT_KEYS);
    suite_hash_leaf(&suite_ed25519, (struct view){(const uint8_t *)text, strlen(text)}, ret_digest);
    free(text);
    json_decref(leaving);
    return copy;
}

/* ---- rows ---- */

#define SHARE_COLUMNS "owner, root, level, act, copy, digest, by_hand, withdrawn"

static void read_share(sqlite3_stmt *stmt, struct share_row *ret_row)
{
    *ret_row = (struct share_row){.owner = sqlite3_column_int64(stmt, 0),
                                  .level = sqlite3_column_int(stmt, 2),
                                  .act = (enum share_act)sqlite3_column_int(stmt, 3),
                                  .has_copy = sqlite3_column_bytes(stmt, 4) == RECORD_ID_SIZE,
                                  .is_by_hand = sqlite3_column_int(stmt, 6) != 0,
                                  .is_withdrawn = sqlite3_column_int(stmt, 7) != 0};
    db_column_copy(stmt, 1, ret_row->root, RECORD_ID_SIZE);
    db_column_copy(stmt, 4, ret_row->copy, RECORD_ID_SIZE);
    db_column_copy(stmt, 5, ret_row->digest, RECORD_HASH_SIZE);
}

err_t store_get_share(struct store *store, int64_t owner, const uint8_t root[RECORD_ID_SIZE], struct share_row *ret_row)
{
    sqlite3_stmt *stmt = db_prepare(store->db, "select " SHARE_COLUMNS " from share where owner = ? and root = ?");
    sqlite3_bind_int64(stmt, 1, owner);
    db_bind_view(stmt, 2, (struct view){root, RECORD_ID_SIZE});
    *ret_row = (struct share_row){.owner = owner};
    memcpy(ret_row->root, root, RECORD_ID_SIZE);
    err_t err = db_step(stmt);
    if (err == ERR_OK) {
        read_share(stmt, ret_row);
    }
    sqlite3_finalize(stmt);
    return err;
}

err_t store_put_share(struct store *store, const struct share_row *row)
{
    sqlite3_stmt *stmt =
        db_prepare(store->db, "insert or replace into share(" SHARE_COLUMNS ") values(?,?,?,?,?,?,?,?)");
    sqlite3_bind_int64(stmt, 1, row->owner);
    db_bind_view(stmt, 2, (struct view){row->root, RECORD_ID_SIZE});
    sqlite3_bind_int(stmt, 3, row->level);
    sqlite3_bind_int(stmt, 4, (int)row->act);
    db_bind_view(stmt, 5, (struct view){row->copy, row->has_copy ? RECORD_ID_SIZE : 0});
    db_bind_view(stmt, 6, (struct view){row->digest, RECORD_HASH_SIZE});
    sqlite3_bind_int(stmt, 7, row->is_by_hand);
    sqlite3_bind_int(stmt, 8, row->is_withdrawn);
    err_t err = db_run(stmt);
    sqlite3_finalize(stmt);
    return err;
}

err_t store_drop_share(struct store *store, const struct share_row *row)
{
    sqlite3_stmt *stmt = db_prepare(store->db, "delete from share where owner = ? and root = ?");
    sqlite3_bind_int64(stmt, 1, row->owner);
    db_bind_view(stmt, 2, (struct view){row->root, RECORD_ID_SIZE});
    err_t err = db_run(stmt);
    sqlite3_finalize(stmt);
    return err;
}

/* A copy that is out is kept in step whatever the level is by now. */
err_t store_shares_waiting(struct store *store, int64_t level, bool with_by_hand, struct share_row *ret_rows,
                           size_t max, size_t *ret_count)
{
    sqlite3_stmt *stmt =
        db_prepare(store->db, "select " SHARE_COLUMNS " from share where (act > 1 or (act = 1 and level <= ?))"
                              " and (by_hand = 0 or ?) order by level, root limit ?");
    sqlite3_bind_int64(stmt, 1, level);
    sqlite3_bind_int(stmt, 2, with_by_hand);
    sqlite3_bind_int64(stmt, 3, (int64_t)max);
    *ret_count = 0;
    err_t err = db_step(stmt);
    while (err == ERR_OK && *ret_count < max) {
        read_share(stmt, &ret_rows[(*ret_count)++]);
        err = db_step(stmt);
    }
    sqlite3_finalize(stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* ---- by hand ---- */

/* The row of the warning that OBJECT is a copy of. ERR_NOT_FOUND: it is no copy, or of nothing that the hub has; what
 * is wrong with it, the check says. */
static err_t find_source(struct store *store, const json_t *object, struct party *ret_owner, struct share_row *ret_row)
{
    const char *kind = json_string_value(json_object_get(object, "kind"));
    const char *name = json_string_value(json_object_get(object, "source_party"));
    const char *source = json_string_value(json_object_get(object, "source_id"));
    uint8_t root[RECORD_ID_SIZE];
    if (!kind || strcmp(kind, "shared_warning") != 0 || !name || !source || record_id_parse(source, root) != ERR_OK) {
        return ERR_NOT_FOUND;
    }
    err_t err = store_find_party(store, name, ret_owner);
    if (err != ERR_OK) {
        return err;
    }
    err = store_get_share(store, ret_owner->row, root, ret_row);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* The thread of the copy that OBJECT replaces. */
static bool names_copy(struct store *store, const json_t *object, const struct share_row *row)
{
    const char *text = json_string_value(json_object_get(object, "replaces"));
    uint8_t id[RECORD_ID_SIZE];
    uint8_t root[RECORD_ID_SIZE];
    return text && record_id_parse(text, id) == ERR_OK && store_root_of(store, store->city_row, id, root) == ERR_OK &&
           memcmp(root, row->copy, RECORD_ID_SIZE) == 0;
}

err_t sharing_claim(struct store *store, const json_t *object, struct share_row *ret_row, bool *ret_is_copy)
{
    struct party owner;
    struct history source = {0};
    *ret_is_copy = false;
    err_t err = find_source(store, object, &owner, ret_row);
    if (err != ERR_OK) {
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    bool is_out = ret_row->has_copy && !ret_row->is_withdrawn;
    bool is_change = json_object_get(object, "replaces") != NULL;
    if (is_out && !is_change) {
        return ERR_EXISTS;
    }
    if (is_change && !(is_out && names_copy(store, object, ret_row))) {
        return ERR_OK;
    }
    err = history_read(store, &owner, ret_row->root, store->settings.utc_offset_minutes, &source);
    if (err == ERR_OK && source.kind && source.kind->number == KIND_RISK_WARNING && source.content.kind) {
        json_decref(sharing_derive(&source, owner.party, ret_row->root, ret_row->digest));
        *ret_is_copy = true;
    }
    history_done(&source);
    return err;
}

err_t sharing_claimed(struct store *store, struct share_row *row, const uint8_t id[RECORD_ID_SIZE])
{
    if (!row->has_copy || row->is_withdrawn) {
        memcpy(row->copy, id, RECORD_ID_SIZE);
    }
    row->has_copy = row->is_by_hand = true;
    row->is_withdrawn = false;
    row->act = SHARE_NOTHING;
    return store_put_share(store, row);
}
