/* What the hub is asked for of its ledger: where received records stand in it, as far as a receipt does not prove it,
 * and whether it goes on from what it has signed before. */
#include "agent/spool_db.h"
#include "agent/spool_hub.h"

err_t spool_unplaced(struct spool *spool, uint64_t after, uint64_t *ret_numbers, size_t max, size_t *ret_count)
{
    err_t err = ERR_OK;
    *ret_count = 0;
    sqlite3_bind_int64(spool->unplaced, 1, (sqlite3_int64)after);
    sqlite3_bind_int64(spool->unplaced, 2, (sqlite3_int64)max);
    while ((err = db_step(spool->unplaced)) == ERR_OK) {
        ret_numbers[(*ret_count)++] = (uint64_t)sqlite3_column_int64(spool->unplaced, 0);
    }
    sqlite3_reset(spool->unplaced);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static err_t find_unplaced(struct spool *spool, const struct ledger_proof *proof, const struct tree_head *head,
                           int64_t *ret_seq, int64_t *ret_receipt)
{
    sqlite3_stmt *stmt = spool->find_unplaced;
    sqlite3_bind_int64(stmt, 1, (sqlite3_int64)proof->number);
    err_t err = db_step(stmt);
    if (err == ERR_OK) {
        struct view hash = db_column_view(stmt, 2);
        struct view epoch = db_column_view(stmt, 3);
        bool is_whole = hash.size == RECORD_HASH_SIZE && epoch.size == EPOCH_SIZE;
        *ret_seq = sqlite3_column_int64(stmt, 0);
        *ret_receipt = sqlite3_column_int64(stmt, 1);
        err = is_whole && inclusion_holds(spool->suite, hash.at, proof->number, epoch.at, head, proof->inclusion)
                  ? ERR_OK
                  : ERR_INVALID;
    }
    sqlite3_reset(stmt);
    return err;
}

static err_t keep_inclusion(struct spool *spool, int64_t seq, int64_t receipt, const struct ledger_proof *proof,
                            const struct tree_head *head, const struct signing_key *hub_key)
{
    sqlite3_stmt *stmt = spool->add_inclusion;
    sqlite3_bind_int64(stmt, 1, seq);
    sqlite3_bind_int64(stmt, 2, receipt);
    sqlite3_bind_int64(stmt, 3, head->at);
    db_bind_view(stmt, 4, proof->head);
    db_bind_view(stmt, 5, proof->signature);
    db_bind_view(stmt, 6, signing_key_view(hub_key));
    db_bind_view(stmt, 7, proof->inclusion);
    err_t err = db_run(stmt);
    sqlite3_bind_int64(spool->note_placed, 1, seq);
    return err == ERR_OK ? db_run(spool->note_placed) : err;
}

err_t spool_take_proof(struct spool *spool, const struct ledger_proof *proof, const struct tree_head *head,
                       const struct signing_key *hub_key)
{
    int64_t seq = 0;
    int64_t receipt = 0;
    err_t err = proof->number <= INT64_MAX ? spool_begin(spool) : ERR_NOT_FOUND;
    if (err != ERR_OK) {
        return err;
    }
    err = find_unplaced(spool, proof, head, &seq, &receipt);
    return spool_end(spool, err == ERR_OK ? keep_inclusion(spool, seq, receipt, proof, head, hub_key) : err);
}

static err_t read_head(sqlite3_stmt *stmt, int64_t *ret_row, struct tree_head *ret_head)
{
    err_t err = db_step(stmt);
    if (err == ERR_OK) {
        *ret_row = sqlite3_column_int64(stmt, 0);
        err = head_decode(db_column_view(stmt, 1), ret_head) == ERR_OK ? ERR_OK : ERR_NOT_FOUND;
    }
    sqlite3_reset(stmt);
    return err;
}

err_t spool_open_head(struct spool *spool, bool can_show)
{
    int64_t row = 0;
    struct tree_head head;
    err_t err = can_show ? read_head(spool->newest_head, &row, &head) : ERR_NOT_FOUND;
    spool->session_head = err == ERR_OK && head.size > 0 ? row : 0;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* In a session that ends before the hub has shown anything, receipts may come that are of an older copy's ledger
 * already. Where none came, the next session finds the same last head. */
err_t spool_keep_head(struct spool *spool)
{
    sqlite3_bind_int64(spool->add_head, 1, spool->session_head);
    return spool->session_head > 0 ? db_run(spool->add_head) : ERR_OK;
}

err_t spool_forget_heads(struct spool *spool)
{
    return db_exec(spool->db, "delete from open_head; insert or replace into meta(key, value) select 'ledger_from', "
                              "ifnull(max(row), 0) from receipt");
}

err_t spool_next_head(struct spool *spool, int64_t *ret_row, struct tree_head *ret_head)
{
    sqlite3_bind_int64(spool->next_head, 1, spool->session_head);
    return read_head(spool->next_head, ret_row, ret_head);
}

err_t spool_close_head(struct spool *spool, int64_t row)
{
    sqlite3_bind_int64(spool->drop_head, 1, row);
    err_t err = db_run(spool->drop_head);
    spool->session_head = err == ERR_OK && spool->session_head == row ? 0 : spool->session_head;
    return err;
}
