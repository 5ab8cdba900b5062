#include "agent/spool_hub.h"

#include <inttypes.h>
#include <string.h>

#include "agent/spool_db.h"
#include "common/log.h"
#include "common/mem.h"

/* The edge heals the centre: a restored hub gets again what only its former life had confirmed. */
static err_t take_epoch(struct spool *spool, struct view epoch, struct welcome_effect *effect)
{
    uint8_t known[EPOCH_SIZE];
    err_t err = meta_epoch(spool, "epoch", known);
    if (err == ERR_OK && memcmp(known, epoch.at, EPOCH_SIZE) == 0) {
        return ERR_OK;
    }
    if (err == ERR_OK) {
        effect->is_epoch_changed = true;
        db_bind_view(spool->send_again, 1, epoch);
        err = db_run(spool->send_again);
        effect->sent_again = err == ERR_OK ? (uint64_t)sqlite3_changes(spool->db) : 0;
        err = err == ERR_OK ? spool_forget_heads(spool) : err;
    }
    return err == ERR_OK || err == ERR_NOT_FOUND ? meta_set_epoch(spool, "epoch", epoch.at) : err;
}

/* Not what it had rejected: a hub that has lost the outcome judges anew, knows by now what the record refers to, and
 * would file it beside what has taken its place. */
static err_t send_all_again(struct spool *spool, uint64_t *ret_count)
{
    err_t err = db_run(spool->send_all_again);
    *ret_count = err == ERR_OK ? (uint64_t)sqlite3_changes(spool->db) : 0;
    return err == ERR_OK ? spool_forget_heads(spool) : err;
}

/* A backup put back under the same epoch shows in the hub's own count, if it lost the highest number; else in its
 * ledger (agent/courier_proofs.h). */
static err_t take_received(struct spool *spool, uint64_t received, struct welcome_effect *effect)
{
    uint64_t confirmed = 0;
    err_t err = db_step(spool->last_received);
    if (err == ERR_OK) {
        confirmed = (uint64_t)sqlite3_column_int64(spool->last_received, 0);
    }
    sqlite3_reset(spool->last_received);
    if (err == ERR_OK && confirmed > received) {
        uint64_t count = 0;
        effect->is_hub_behind = true;
        err = send_all_again(spool, &count);
        effect->sent_again += count;
    }
    return err;
}

static err_t take_given_out(struct spool *spool, uint64_t given_out, struct welcome_effect *effect)
{
    err_t err = meta_number(spool, "last_seq", &effect->last_seq);
    if (err == ERR_OK && given_out > effect->last_seq) {
        effect->is_spool_behind = true;
        effect->last_seq = given_out;
        err = meta_set_number(spool, "last_seq", given_out);
    }
    return err;
}

err_t spool_send_all_again(struct spool *spool, uint64_t *ret_count)
{
    *ret_count = 0;
    err_t err = spool_begin(spool);
    if (err != ERR_OK) {
        return err;
    }
    err = spool_end(spool, send_all_again(spool, ret_count));
    spool->session_head = err == ERR_OK ? 0 : spool->session_head;
    return err;
}

err_t spool_given_out(struct spool *spool, uint64_t *ret_seq)
{
    return meta_number(spool, "last_seq", ret_seq);
}

err_t spool_count_above(struct spool *spool, uint64_t given_out)
{
    struct welcome_effect effect;
    err_t err = given_out <= INT64_MAX / 2 ? spool_begin(spool) : ERR_INVALID;
    return err == ERR_OK ? spool_end(spool, take_given_out(spool, given_out, &effect)) : err;
}

err_t spool_take_welcome(struct spool *spool, const struct welcome *welcome, struct welcome_effect *ret_effect)
{
    memset(ret_effect, 0, sizeof *ret_effect);
    uint64_t given_out = welcome->given_out > welcome->received ? welcome->given_out : welcome->received;
    if (welcome->epoch.size != EPOCH_SIZE || given_out > INT64_MAX / 2) {
        return ERR_INVALID;
    }
    err_t err = spool_begin(spool);
    if (err != ERR_OK) {
        return err;
    }
    err = take_epoch(spool, welcome->epoch, ret_effect);
    err = err == ERR_OK ? take_received(spool, welcome->received, ret_effect) : err;
    err = err == ERR_OK ? take_given_out(spool, given_out, ret_effect) : err;
    err = err == ERR_OK ? spool_open_head(spool, welcome->has_proofs) : err;
    return spool_end(spool, err);
}

err_t spool_note_leak(struct spool *spool, const struct signing_key *key, int64_t at)
{
    err_t err = spool_begin(spool);
    if (err != ERR_OK) {
        return err;
    }
    db_bind_view(spool->add_leak, 1, signing_key_view(key));
    sqlite3_bind_int64(spool->add_leak, 2, at);
    err = db_run(spool->add_leak);
    err = err == ERR_OK ? db_run(spool->doubt_places) : err;
    return spool_end(spool, err == ERR_OK ? db_run(spool->doubt_answers) : err);
}

err_t spool_leaked_at(struct spool *spool, struct view key, int64_t *ret_at)
{
    db_bind_view(spool->get_leak, 1, key);
    err_t err = db_step(spool->get_leak);
    *ret_at = err == ERR_OK ? sqlite3_column_int64(spool->get_leak, 0) : 0;
    sqlite3_reset(spool->get_leak);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

err_t spool_has_receipt_by(struct spool *spool, struct view key, bool *ret_has)
{
    db_bind_view(spool->by_hub_key, 1, key);
    err_t err = db_step(spool->by_hub_key);
    *ret_has = err == ERR_OK;
    sqlite3_reset(spool->by_hub_key);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static err_t keep_receipt(struct spool *spool, const struct receipt_body *body, const struct receipt *receipt,
                          const struct signing_key *hub_key, int64_t *ret_row)
{
    sqlite3_stmt *stmt = spool->add_receipt;
    db_bind_view(stmt, 1, body->epoch);
    sqlite3_bind_int64(stmt, 2, body->at);
    db_bind_view(stmt, 3, receipt->body);
    sqlite3_bind_text64(stmt, 4, (const char *)receipt->algorithm.at, receipt->algorithm.size, SQLITE_TRANSIENT,
                        SQLITE_UTF8);
    db_bind_view(stmt, 5, receipt->signature);
    db_bind_view(stmt, 6, signing_key_view(hub_key));
    db_bind_view(stmt, 7, receipt->head);
    sqlite3_bind_int64(stmt, 8, (sqlite3_int64)receipt->index);
    sqlite3_bind_int64(stmt, 9, (sqlite3_int64)receipt->count);
    db_bind_view(stmt, 10, receipt->path);
    db_bind_view(stmt, 11, receipt->proof);
    err_t err = db_run(stmt);
    *ret_row = sqlite3_last_insert_rowid(spool->db);
    return err;
}

/* ERR_NOT_FOUND: no item of ours has this id and this hash. Open: it waits, or has never had an outcome. */
static err_t match(struct spool *spool, const struct result *result, uint64_t *ret_seq, bool *ret_is_open)
{
    if (result->id.size != RECORD_ID_SIZE || result->hash.size != RECORD_HASH_SIZE) {
        return ERR_NOT_FOUND;
    }
    db_bind_view(spool->match, 1, result->id);
    db_bind_view(spool->match, 2, result->hash);
    err_t err = db_step(spool->match);
    if (err == ERR_OK) {
        *ret_seq = (uint64_t)sqlite3_column_int64(spool->match, 0);
        *ret_is_open = sqlite3_column_int(spool->match, 1) != 0;
    }
    sqlite3_reset(spool->match);
    return err;
}

static err_t settle(struct spool *spool, uint64_t seq, const struct result *result, int64_t receipt_row)
{
    bool is_rejected = result->outcome == OUTCOME_REJECTED;
    sqlite3_bind_int64(spool->settle, 1, (sqlite3_int64)seq);
    sqlite3_bind_int(spool->settle, 2, is_rejected ? ITEM_REJECTED : ITEM_RECEIVED);
    sqlite3_bind_int64(spool->settle, 3, result->at);
    sqlite3_bind_null(spool->settle, 4);
    sqlite3_bind_null(spool->settle, 5);
    if (is_rejected) {
        db_bind_view(spool->settle, 5, result->faults);
    } else {
        sqlite3_bind_int64(spool->settle, 4, (sqlite3_int64)result->number);
    }
    sqlite3_bind_int64(spool->settle, 6, receipt_row);
    sqlite3_bind_int(spool->settle, 7, result->outcome != OUTCOME_DUPLICATE); /* its place is part of the receipt */
    return db_run(spool->settle);
}

/* What the hub had confirmed once, and was sent again, stays confirmed whatever it says now: the receipt is evidence.
 * But where it only lacks what the record refers to, since others have not sent that again, somebody must see to it. */
static err_t keep_received(struct spool *spool, uint64_t seq, const struct result *result, bool *ret_was_received)
{
    struct faults faults;
    *ret_was_received = false;
    if (faults_decode(result->faults, &faults) != ERR_OK || faults.count == 0 ||
        strcmp(faults.list[0].code, "unknown_reference") == 0) {
        return ERR_OK;
    }
    sqlite3_bind_int64(spool->keep_received, 1, (sqlite3_int64)seq);
    err_t err = db_run(spool->keep_received);
    *ret_was_received = err == ERR_OK && sqlite3_changes(spool->db) > 0;
    if (*ret_was_received) {
        log_error("receipt-contradicted",
                  "seq=%" PRIu64 " text=\"the hub rejects a record that it had confirmed: its first receipt stands; "
                  "show it to the city's operator\"",
                  seq);
    }
    return err;
}

/* The first outcome stays: an item that has one and does not wait is not moved. The receipt is kept when the first item
 * needs it. */
static err_t take_result(struct spool *spool, const struct result *result, const struct receipt_body *body,
                         const struct receipt *receipt, const struct signing_key *hub_key, int64_t *receipt_row,
                         struct verdicts *verdicts)
{
    uint64_t seq = 0;
    bool is_open = false;
    err_t err = match(spool, result, &seq, &is_open);
    if (err != ERR_OK) {
        verdicts->ignored += err == ERR_NOT_FOUND;
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    verdicts_add(verdicts, seq, result);
    if (result->outcome == OUTCOME_RETRY || !is_open) {
        return ERR_OK;
    }
    if (result->outcome == OUTCOME_REJECTED) {
        bool was_received = false;
        err = keep_received(spool, seq, result, &was_received);
        if (err != ERR_OK || was_received) {
            return err;
        }
    }
    if (*receipt_row == 0) {
        err = spool_keep_head(spool);
        err = err == ERR_OK ? keep_receipt(spool, body, receipt, hub_key, receipt_row) : err;
    }
    return err == ERR_OK ? settle(spool, seq, result, *receipt_row) : err;
}

err_t spool_take_receipt(struct spool *spool, const struct receipt_body *body, const struct receipt *receipt,
                         const struct signing_key *hub_key, struct verdicts *ret_verdicts)
{
    struct reader results = body->results;
    int64_t receipt_row = 0;
    ret_verdicts->count = 0;
    ret_verdicts->ignored = 0;
    int64_t leaked_at = 0;
    err_t err = spool_leaked_at(spool, signing_key_view(hub_key), &leaked_at);
    if (err != ERR_OK || body->count > BATCH_ITEMS_MAX || (leaked_at > 0 && body->at > leaked_at)) {
        return err != ERR_OK ? err : ERR_INVALID; /* a session with the thief may last a moment longer */
    }
    err = spool_begin(spool);
    if (err != ERR_OK) {
        return err;
    }
    for (uint32_t i = 0; i < body->count && err == ERR_OK; i++) {
        struct result result;
        err = result_next(&results, &result);
        if (err == ERR_OK) {
            err = take_result(spool, &result, body, receipt, hub_key, &receipt_row, ret_verdicts);
        }
    }
    return spool_end(spool, err);
}

/* One allocation for all of them. */
err_t spool_receipt(struct spool *spool, const struct item *item, struct stored_receipt *ret_receipt)
{
    struct receipt *receipt = &ret_receipt->receipt;
    struct inclusion *inclusion = &ret_receipt->inclusion;
    const struct {
        int column;
        struct view *target;
    } views[] = {{0, &ret_receipt->epoch},    {2, &receipt->body},        {3, &receipt->algorithm},
                 {4, &receipt->signature},    {5, &ret_receipt->hub_key}, {6, &receipt->head},
                 {7, &receipt->path},         {8, &receipt->proof},       {12, &inclusion->head},
                 {13, &inclusion->signature}, {14, &inclusion->hub_key},  {15, &inclusion->path}};
    enum { VIEWS = sizeof views / sizeof *views };
    size_t used = 0;
    memset(ret_receipt, 0, sizeof *ret_receipt);
    sqlite3_bind_int64(spool->get_receipt, 1, item->receipt);
    sqlite3_bind_int64(spool->get_receipt, 2, (sqlite3_int64)item->seq);
    err_t err = db_step(spool->get_receipt);
    if (err == ERR_OK) {
        size_t total = 0;
        for (size_t i = 0; i < VIEWS; i++) {
            total += db_column_view(spool->get_receipt, views[i].column).size;
        }
        ret_receipt->bytes = mem_alloc(total);
        ret_receipt->at = sqlite3_column_int64(spool->get_receipt, 1);
        receipt->index = (uint64_t)sqlite3_column_int64(spool->get_receipt, 9);
        receipt->count = (uint64_t)sqlite3_column_int64(spool->get_receipt, 10);
        ret_receipt->leaked_at = sqlite3_column_int64(spool->get_receipt, 11);
        for (size_t i = 0; i < VIEWS; i++) {
            struct view column = db_column_view(spool->get_receipt, views[i].column);
            if (column.size > 0) {
                memcpy(ret_receipt->bytes + used, column.at, column.size);
            }
            *views[i].target = (struct view){ret_receipt->bytes + used, column.size};
            used += column.size;
        }
    }
    sqlite3_reset(spool->get_receipt);
    return err;
}
