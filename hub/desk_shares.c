/* Sharing by rule: hub/sharing.h. A row says what waits; it is acted upon only when the log has been followed to its
 * end, so that a copy that a person filed meanwhile is known. Copy and row are of one commit: a crash repeats nothing.
 */
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "hub/desk.h"
#include "hub/history.h"
#include "hub/sharing.h"
#include "proto/kinds.h"
#include "proto/life.h"
#include "proto/rights.h"

enum { SHARES_A_ROUND = 32 };

static int code_of(const struct record *record, const char *key)
{
    const struct value *value = record_get(record, key);
    return value ? (int)value->number : -1;
}

static bool may_be_shared(const struct history *history)
{
    int scope = code_of(&history->content, "share_scope");
    return !rights_is_remnant(history->content.bytes) && code_of(&history->content, "status") == STATUS_ACTUAL &&
           code_of(&history->content, "rehearsal") != 1 &&
           (scope == SCOPE_AFFECTED_SECTORS || scope == SCOPE_ALL_ENTITIES) &&
           history->facts.state != STATE_CANCELLED && history->facts.state != STATE_SUPERSEDED;
}

static enum share_act decide(const struct share_row *row, const struct history *history, const uint8_t *digest)
{
    bool may = may_be_shared(history);
    if (row->has_copy && !row->is_withdrawn) {
        return !may                                                 ? SHARE_WITHDRAW
               : memcmp(row->digest, digest, RECORD_HASH_SIZE) != 0 ? SHARE_UPDATE
                                                                    : SHARE_NOTHING;
    }
    /* What a person has withdrawn is not shared again by a rule. */
    return may && !row->is_withdrawn && history->facts.state != STATE_RESOLVED ? SHARE_FIRST : SHARE_NOTHING;
}

err_t desk_share_row(struct desk *desk, const struct party *owner, const uint8_t root[RECORD_ID_SIZE],
                     const struct history *history)
{
    struct share_row row;
    uint8_t digest[RECORD_HASH_SIZE];
    err_t err = store_get_share(desk->store, owner->row, root, &row);
    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        return err;
    }
    json_decref(sharing_derive(history, owner->party, root, digest));
    row.act = decide(&row, history, digest);
    row.level = code_of(&history->content, "level");
    desk->shares_due = desk->shares_due || row.act != SHARE_NOTHING;
    if (row.act == SHARE_NOTHING && !row.has_copy) {
        return err == ERR_OK ? store_drop_share(desk->store, &row) : ERR_OK;
    }
    return store_put_share(desk->store, &row);
}

/* Reads the source of a copy. ERR_NOT_FOUND: the copy does not name one that the hub has. */
static err_t read_source(struct desk *desk, const char *name, const uint8_t *root, struct party *ret_owner,
                         struct history *ret_history)
{
    err_t err = store_find_party(desk->store, name, ret_owner);
    err = err == ERR_OK
              ? history_read(desk->store, ret_owner, root, desk->site.settings.utc_offset_minutes, ret_history)
              : err;
    bool is_warning = err == ERR_OK && ret_history->kind && ret_history->kind->number == KIND_RISK_WARNING &&
                      ret_history->content.kind;
    return err == ERR_OK && !is_warning ? ERR_NOT_FOUND : err;
}

err_t desk_share_noted(struct desk *desk, const uint8_t copy[RECORD_ID_SIZE], const struct history *history)
{
    const struct value *name = record_get(&history->content, "source_party");
    const struct value *id = record_get(&history->content, "source_id");
    char owner_name[RECORD_PARTY_SIZE];
    struct party owner;
    struct history source = {0};
    struct share_row row;
    if (!name || name->view.size >= sizeof owner_name) {
        return ERR_OK;
    }
    snprintf(owner_name, sizeof owner_name, "%.*s", (int)name->view.size, (const char *)name->view.at);
    err_t err = read_source(desk, owner_name, id->view.at, &owner, &source);
    if (err != ERR_OK) {
        history_done(&source);
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    err = store_get_share(desk->store, owner.row, id->view.at, &row);
    err = err == ERR_NOT_FOUND ? ERR_OK : err;
    bool is_known = row.has_copy && memcmp(row.copy, copy, RECORD_ID_SIZE) == 0;
    bool is_by_hand = record_get(&history->content, "submitter") != NULL;
    if (err == ERR_OK && (is_known || !row.has_copy || row.is_withdrawn)) {
        uint8_t digest[RECORD_HASH_SIZE];
        json_decref(sharing_derive(&source, owner.party, row.root, digest));
        if (!is_known) { /* filed before there were rows */
            memcpy(row.digest, digest, RECORD_HASH_SIZE);
        }
        row.has_copy = true;
        row.is_by_hand = is_by_hand;
        row.is_withdrawn = history->facts.state == ISSUE_WITHDRAWN;
        memcpy(row.copy, copy, RECORD_ID_SIZE);
        row.act = decide(&row, &source, digest);
        row.level = code_of(&source.content, "level");
        err = store_put_share(desk->store, &row);
    }
    history_done(&source);
    return err;
}

/* ---- acting ---- */

static json_t *withdrawal_of(const struct share_row *row)
{
    char id[37];
    record_id_text(row->copy, id);
    return json_pack("{s:s, s:s, s:s, s:{s:s, s:s}}", "kind", "withdrawal", "replaces", id, "reason",
                     "来源预警已撤销或不再属于共享范围", "submitter", "name", "AGN", "role", "共享规则");
}

static err_t act_on(struct desk *desk, struct share_row *row, int64_t now)
{
    struct party owner;
    struct history source = {0};
    struct filed filed;
    struct faults faults = {0};
    enum share_act act = row->act;
    char id[37];
    err_t err = store_party_at(desk->store, row->owner, &owner);
    err = err == ERR_OK ? read_source(desk, owner.party, row->root, &owner, &source) : err;
    if (err != ERR_OK) {
        history_done(&source);
        return err == ERR_NOT_FOUND ? store_drop_share(desk->store, row) : err;
    }
    json_t *record = sharing_derive(&source, owner.party, row->root, row->digest);
    record_id_text(row->copy, id);
    if (act == SHARE_UPDATE) {
        json_object_set_new(record, "replaces", json_string(id));
        json_object_set_new(record, "reason", json_string("来源预警已更新"));
    } else if (act == SHARE_WITHDRAW) {
        json_decref(record);
        record = withdrawal_of(row);
    }
    err = city_file(desk->city, desk->store, record, now, &filed, &faults);
    json_decref(record);
    history_done(&source);
    row->act = SHARE_NOTHING;
    record_id_text(row->root, id);
    if (err == ERR_INVALID) { /* it is proposed no more; the next word on the warning tries again */
        log_error("share-refused", "warning=%s field=%s reason=\"%s\"", id,
                  faults.count > 0 ? faults.list[0].field : "", faults.count > 0 ? faults.list[0].reason : "");
        return store_put_share(desk->store, row);
    }
    if (err == ERR_OK && act == SHARE_FIRST) {
        row->has_copy = true;
        memcpy(row->copy, filed.id, RECORD_ID_SIZE);
    }
    row->is_withdrawn = act == SHARE_WITHDRAW;
    err = err == ERR_OK ? store_put_share(desk->store, row) : err;
    if (err == ERR_OK) {
        log_info("shared", "warning=%s act=%s level=%d", id, share_act_code(act), row->level);
    }
    return err;
}

err_t desk_shares(struct desk *desk, int64_t now, bool *ret_has_more)
{
    if (!desk->shares_due || desk->share_mode != SHARE_AUTO) {
        return ERR_OK;
    }
    struct share_row *rows = mem_alloc(SHARES_A_ROUND * sizeof *rows);
    size_t count = 0;
    size_t done = 0;
    err_t err = store_shares_waiting(desk->store, desk->share_level, false, rows, SHARES_A_ROUND, &count);
    for (size_t i = 0; i < count && err == ERR_OK; i++, done++) {
        err = act_on(desk, &rows[i], now);
    }
    free(rows);
    *ret_has_more = err == ERR_OK && count == SHARES_A_ROUND;
    desk->shares_due = err != ERR_OK || *ret_has_more;
    return err;
}
