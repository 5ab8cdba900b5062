#include "hub/group.h"

#include "common/mem.h"
#include "common/text.h"
#include "hub/news.h"
#include "hub/store_attached.h"

static const char *retry_code(err_t err)
{
    return err == ERR_FULL ? "disk_full" : "store_failed";
}

static void fail_mail(struct mail *mail, err_t err)
{
    if (mail->type == MAIL_ENROL) {
        snprintf(mail->enrolment->refusal, sizeof mail->enrolment->refusal, "busy");
    } else if (mail->type == MAIL_BATCH) {
        mail->batch->failure = retry_code(err);
    } else if (mail->type == MAIL_LEFT) {
        mail->leaver->failed = true;
    } else {
        mail->failed = true;
    }
}

/* An operator who stops a key or its party finds nothing of it behind that in the log: what was taken before, and waits
 * here, comes too late. */
static err_t put_batch(struct store *store, struct batch *batch)
{
    bool may_file = false;
    err_t err = store_may_file(store, batch->party_row, &batch->signing_key, &may_file);
    if (err != ERR_OK || may_file) {
        return err == ERR_OK ? store_put_batch(store, batch) : err;
    }
    batch->stored = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        batch->items[i].outcome = OUTCOME_RETRY;
        batch->items[i].retry = "revoked";
    }
    return ERR_OK;
}

static err_t put_mail(struct store *store, struct mail *mail)
{
    switch (mail->type) {
    case MAIL_BATCH:
        return put_batch(store, mail->batch);
    case MAIL_LEFT:
        return mail->leaver->failed ? ERR_OK : store_left(store, mail->leaver);
    case MAIL_ENROL:
        return store_enrol(store, mail->enrolment, clock_ms());
    default:
        return store_note_told(store, mail->row, mail->cursor);
    }
}

/* Opens one transaction over COUNT mails and decides their outcomes. Without ERR_OK nothing is left of it. */
static err_t decide(struct store *store, struct mail **mails, size_t count)
{
    err_t err = store_begin(store);
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        err = put_mail(store, mails[i]);
    }
    err = err == ERR_OK ? store_settle(store) : err;
    if (err != ERR_OK) {
        store_rollback(store);
    }
    return err;
}

/* What the receipt of a batch says of the ledger. */
static void place(struct store *store, struct batch *batch)
{
    struct merkle_path path;
    batch->ledger = *store_group_head(store);
    free(batch->proof); /* of a group that was not committed */
    batch->proof = NULL;
    batch->proof_size = 0;
    if (batch->stored > 0) {
        store_prove_group(store, batch->first_number, batch->stored, &path);
        batch->proof_size = merkle_path_view(&path).size;
        batch->proof = (uint8_t *)mem_copy(path.hashes, batch->proof_size);
    }
}

/* Lends the batches to the front, which signs their receipts while the commit waits for the disk. */
static void lend(struct store *store, zsock_t *to_front, struct mail **mails, size_t count)
{
    struct mail *decided = mail_new(MAIL_DECIDED);
    decided->lent = mem_grow(NULL, count, sizeof *decided->lent);
    for (size_t i = 0; i < count; i++) {
        if (mails[i]->batch) {
            place(store, mails[i]->batch);
            decided->lent[decided->lent_count++] = mails[i]->batch;
        }
    }
    if (decided->lent_count > 0) {
        mail_send(to_front, &decided);
    }
    mail_free(decided);
}

/* Makes what was decided durable: a failure leaves the outcomes alone. */
static err_t commit(struct store *store, zsock_t *to_feeder)
{
    err_t err = store_commit(store);
    if (err == ERR_OK) {
        news_tell(store, to_feeder); /* the next group's beginning forgets whom it concerns */
    } else {
        store_rollback(store);
    }
    return err;
}

void group_fail(struct mail **mails, size_t count, err_t err)
{
    for (size_t i = 0; i < count; i++) {
        fail_mail(mails[i], err);
    }
}

/* The others would meet it, too. */
static bool is_everybodys(err_t err)
{
    return err == ERR_FULL || err == ERR_BUSY;
}

/* One batch that cannot be stored must not hold up the others that came with it. */
static err_t write_singly(struct store *store, zsock_t *to_front, zsock_t *to_feeder, struct mail **mails, size_t count)
{
    err_t err = ERR_OK;
    for (size_t i = 0; i < count; i++) {
        err_t one = group_write(store, to_front, to_feeder, mails + i, 1);
        err = one != ERR_OK ? one : err;
        if (is_everybodys(one)) {
            group_fail(mails + i + 1, count - i - 1, one);
            break;
        }
    }
    return err;
}

err_t group_write(struct store *store, zsock_t *to_front, zsock_t *to_feeder, struct mail **mails, size_t count)
{
    err_t err = decide(store, mails, count);
    if (err != ERR_OK && !is_everybodys(err) && count > 1) {
        return write_singly(store, to_front, to_feeder, mails, count);
    }
    if (err == ERR_OK) {
        lend(store, to_front, mails, count);
        err = commit(store, to_feeder);
    }
    if (err == ERR_FULL) {
        store_forget_log(store); /* the log may hold room that the database does not need */
    }
    if (err != ERR_OK) {
        group_fail(mails, count, err);
    }
    return err;
}
