/* What hubs say to the outbox: WELCOME and RECEIPT, each taken in one transaction. */
#include "province/outbox_db.h"

#include <inttypes.h>
#include <string.h>

#include "common/log.h"

err_t outbox_pick(struct outbox *outbox, int64_t hub, const struct flights *flights, uint32_t room,
                  struct parcels *parcels)
{
    size_t used = 0;
    parcels->count = 0;
    sqlite3_stmt *stmt = outbox_statement(outbox, OUTBOX_PICK, hub);
    err_t err = ERR_OK;
    while (parcels->count < room && parcels->count < BATCH_ITEMS_MAX && (err = db_step(stmt)) == ERR_OK) {
        uint64_t seq = (uint64_t)sqlite3_column_int64(stmt, 0);
        struct view body = db_column_view(stmt, 1);
        if (flights_has(flights, seq)) {
            continue;
        }
        if (used + body.size > PARCELS_BYTES_MAX) {
            break;
        }
        memcpy(parcels->bytes + used, body.at, body.size);
        parcels->seqs[parcels->count] = seq;
        parcels->items[parcels->count++] = (struct view){parcels->bytes + used, body.size};
        used += body.size;
    }
    sqlite3_reset(stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static err_t take_epoch(struct outbox *outbox, int64_t hub, struct view epoch, struct outbox_welcome *effect)
{
    sqlite3_stmt *stmt = outbox_statement(outbox, OUTBOX_GET_PEER, hub);
    err_t err = db_step(stmt);
    struct view known = err == ERR_OK ? db_column_view(stmt, 1) : (struct view){0};
    bool is_known = known.size == EPOCH_SIZE;
    bool is_same = is_known && memcmp(known.at, epoch.at, EPOCH_SIZE) == 0;
    sqlite3_reset(stmt);
    if (is_same || (err != ERR_OK && err != ERR_NOT_FOUND)) {
        return err;
    }
    err = ERR_OK;
    if (is_known) {
        effect->is_epoch_changed = true;
        stmt = outbox_statement(outbox, OUTBOX_SEND_AGAIN, hub);
        db_bind_view(stmt, 2, epoch);
        err = db_run(stmt);
        effect->sent_again = err == ERR_OK ? (uint64_t)sqlite3_changes64(outbox->db) : 0;
    }
    if (err == ERR_OK) {
        stmt = outbox_statement(outbox, OUTBOX_SET_EPOCH, hub);
        db_bind_view(stmt, 2, epoch);
        err = db_run(stmt);
    }
    return err;
}

/* A backup put back under the same epoch shows in the hub's own count, where it lost the highest number; else in its
 * ledger (province/inquiry.h). */
static err_t take_received(struct outbox *outbox, int64_t hub, uint64_t received, uint64_t given_out,
                           struct outbox_welcome *effect)
{
    uint64_t last = 0;
    sqlite3_stmt *stmt = outbox_statement(outbox, OUTBOX_LAST_RECEIVED, hub);
    err_t err = db_step(stmt);
    uint64_t confirmed = err == ERR_OK ? (uint64_t)sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_reset(stmt);
    if (err == ERR_OK && confirmed > received) {
        effect->is_hub_behind = true;
        err = db_run(outbox_statement(outbox, OUTBOX_SEND_ALL_AGAIN, hub));
        effect->sent_again += err == ERR_OK ? (uint64_t)sqlite3_changes64(outbox->db) : 0;
    }
    err = err == ERR_OK ? outbox_last_seq(outbox, hub, &last) : err;
    if (err == ERR_OK && given_out > last) {
        effect->is_behind_hub = true;
        stmt = outbox_statement(outbox, OUTBOX_SET_SEQ, hub);
        sqlite3_bind_int64(stmt, 2, (int64_t)given_out);
        err = db_run(stmt);
    }
    return err;
}

err_t outbox_take_welcome(struct outbox *outbox, int64_t hub, const struct welcome *welcome,
                          struct outbox_welcome *ret_effect)
{
    memset(ret_effect, 0, sizeof *ret_effect);
    uint64_t given_out = welcome->given_out > welcome->received ? welcome->given_out : welcome->received;
    if (welcome->epoch.size != EPOCH_SIZE || given_out > INT64_MAX / 2) {
        return ERR_INVALID;
    }
    err_t err = outbox_begin(outbox);
    if (err != ERR_OK) {
        return err;
    }
    err = take_epoch(outbox, hub, welcome->epoch, ret_effect);
    err = err == ERR_OK ? take_received(outbox, hub, welcome->received, given_out, ret_effect) : err;
    return outbox_end(outbox, err);
}

err_t outbox_last_head(struct outbox *outbox, int64_t hub, const uint8_t epoch[EPOCH_SIZE], struct kept_head *ret_head)
{
    sqlite3_stmt *stmt = outbox_statement(outbox, OUTBOX_LAST_HEAD, hub);
    db_bind_view(stmt, 2, (struct view){epoch, EPOCH_SIZE});
    err_t err = db_step(stmt);
    if (err == ERR_OK &&
        kept_head_take(db_column_view(stmt, 0), db_column_view(stmt, 1), db_column_view(stmt, 2), ret_head) != ERR_OK) {
        err = ERR_NOT_FOUND;
    }
    sqlite3_reset(stmt);
    return err;
}

err_t outbox_send_all_again(struct outbox *outbox, int64_t hub, uint64_t *ret_count)
{
    err_t err = db_run(outbox_statement(outbox, OUTBOX_SEND_ALL_AGAIN, hub));
    *ret_count = err == ERR_OK ? (uint64_t)sqlite3_changes64(outbox->db) : 0;
    return err;
}

/* A receipt being taken. */
struct taking {
    struct outbox *outbox;
    int64_t hub;
    const struct receipt_body *body;
    const struct receipt *receipt;
    const struct signing_key *hub_key;
    int64_t row; /* of the stored receipt; 0: not stored yet */
    struct verdicts *verdicts;
};

static err_t keep_receipt(struct taking *taking)
{
    const struct receipt *receipt = taking->receipt;
    sqlite3_stmt *stmt = outbox_statement(taking->outbox, OUTBOX_PUT_RECEIPT, taking->hub);
    db_bind_view(stmt, 2, taking->body->epoch);
    sqlite3_bind_int64(stmt, 3, taking->body->at);
    db_bind_view(stmt, 4, receipt->body);
    sqlite3_bind_text64(stmt, 5, (const char *)receipt->algorithm.at, receipt->algorithm.size, SQLITE_TRANSIENT,
                        SQLITE_UTF8);
    db_bind_view(stmt, 6, receipt->signature);
    db_bind_view(stmt, 7, signing_key_view(taking->hub_key));
    db_bind_view(stmt, 8, receipt->head);
    sqlite3_bind_int64(stmt, 9, (int64_t)receipt->index);
    sqlite3_bind_int64(stmt, 10, (int64_t)receipt->count);
    db_bind_view(stmt, 11, receipt->path);
    db_bind_view(stmt, 12, receipt->proof);
    err_t err = db_run(stmt);
    taking->row = sqlite3_last_insert_rowid(taking->outbox->db);
    return err;
}

/* ERR_NOT_FOUND: no delivery of ours to this hub has this id and this hash, or there is no such time. */
static err_t match(struct taking *taking, const struct result *result, uint64_t *ret_seq, int *ret_state)
{
    if (result->id.size != RECORD_ID_SIZE || result->hash.size != RECORD_HASH_SIZE || result->at < 0 ||
        result->at > TIME_MAX) {
        return ERR_NOT_FOUND;
    }
    sqlite3_stmt *stmt = outbox_statement(taking->outbox, OUTBOX_MATCH, taking->hub);
    db_bind_view(stmt, 2, result->id);
    db_bind_view(stmt, 3, result->hash);
    err_t err = db_step(stmt);
    if (err == ERR_OK) {
        *ret_seq = (uint64_t)sqlite3_column_int64(stmt, 0);
        *ret_state = sqlite3_column_int(stmt, 1);
    }
    sqlite3_reset(stmt);
    return err;
}

static err_t settle(struct taking *taking, uint64_t seq, const struct result *result)
{
    bool is_rejected = result->outcome == OUTCOME_REJECTED;
    sqlite3_stmt *stmt = outbox_statement(taking->outbox, OUTBOX_SETTLE, taking->hub);
    sqlite3_bind_int64(stmt, 2, (int64_t)seq);
    sqlite3_bind_int(stmt, 3, is_rejected ? SENDING_REJECTED : SENDING_RECEIVED);
    sqlite3_bind_int64(stmt, 4, result->at);
    sqlite3_bind_null(stmt, 5);
    sqlite3_bind_null(stmt, 6);
    if (is_rejected) {
        db_bind_view(stmt, 6, result->faults);
    } else {
        sqlite3_bind_int64(stmt, 5, (int64_t)result->number);
    }
    sqlite3_bind_int64(stmt, 7, taking->row);
    return db_run(stmt);
}

/* What the hub had confirmed once, and was sent again, stays confirmed whatever it says now: the receipt is evidence.
 * But where it only lacks what the record refers to, since others have not sent that again, somebody must see to it. */
static err_t keep_received(struct taking *taking, uint64_t seq, const struct result *result, bool *ret_was_received)
{
    struct faults faults;
    *ret_was_received = false;
    if (result->outcome != OUTCOME_REJECTED || faults_decode(result->faults, &faults) != ERR_OK || faults.count == 0 ||
        strcmp(faults.list[0].code, "unknown_reference") == 0) {
        return ERR_OK;
    }
    sqlite3_stmt *stmt = outbox_statement(taking->outbox, OUTBOX_KEEP_RECEIVED, taking->hub);
    sqlite3_bind_int64(stmt, 2, (int64_t)seq);
    err_t err = db_run(stmt);
    *ret_was_received = err == ERR_OK && sqlite3_changes(taking->outbox->db) > 0;
    if (*ret_was_received) {
        log_error("receipt-contradicted",
                  "hub=%" PRId64 " seq=%" PRIu64 " text=\"the hub rejects a filing that it had confirmed: its first "
                  "receipt stands; show it to the city's operator\"",
                  taking->hub, seq);
    }
    return err;
}

/* The first outcome stays: only a delivery that waits is moved. The receipt is kept when the first one needs it. */
static err_t take_result(struct taking *taking, const struct result *result)
{
    uint64_t seq = 0;
    int state = SENDING_ACCEPTED;
    err_t err = match(taking, result, &seq, &state);
    if (err != ERR_OK) {
        taking->verdicts->ignored += err == ERR_NOT_FOUND;
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    verdicts_add(taking->verdicts, seq, result);
    if (result->outcome == OUTCOME_RETRY || state != SENDING_ACCEPTED) {
        return ERR_OK;
    }
    bool was_received = false;
    err = keep_received(taking, seq, result, &was_received);
    if (err != ERR_OK || was_received) {
        return err;
    }
    err = taking->row == 0 ? keep_receipt(taking) : ERR_OK;
    return err == ERR_OK ? settle(taking, seq, result) : err;
}

err_t outbox_take_receipt(struct outbox *outbox, int64_t hub, const struct receipt_body *body,
                          const struct receipt *receipt, const struct signing_key *hub_key,
                          struct verdicts *ret_verdicts)
{
    /* cppcheck-suppress ctuuninitvar; filled below */
    struct taking taking = {outbox, hub, body, receipt, hub_key, 0, ret_verdicts};
    struct reader results = body->results;
    ret_verdicts->count = 0;
    ret_verdicts->ignored = 0;
    if (body->count > BATCH_ITEMS_MAX) {
        return ERR_INVALID;
    }
    err_t err = outbox_begin(outbox);
    if (err != ERR_OK) {
        return err;
    }
    for (uint32_t i = 0; i < body->count && err == ERR_OK; i++) {
        struct result result;
        err = result_next(&results, &result);
        err = err == ERR_OK ? take_result(&taking, &result) : err;
    }
    return outbox_end(outbox, err);
}

err_t outbox_note_trouble(struct outbox *outbox, int64_t hub, const char *trouble)
{
    sqlite3_stmt *stmt = outbox_statement(outbox, OUTBOX_SET_TROUBLE, hub);
    db_bind_str(stmt, 2, trouble);
    return db_run(stmt);
}
