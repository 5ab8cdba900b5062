/* agent/spool_db.h - the spool's statements, for the files spool*.c alone. */
#ifndef AGENT_SPOOL_DB_H
#define AGENT_SPOOL_DB_H

#include "agent/spool.h"
#include "common/db.h"

struct spool {
    sqlite3 *db;
    const struct suite *suite;
    sqlite3_stmt *get_meta, *set_meta;
    sqlite3_stmt *add, *close_rejected, *close_blocked, *pick, *find, *list, *list_state, *faults, *bytes;
    sqlite3_stmt *count_states, *oldest, *waiting, *version;
    sqlite3_stmt *get_connection, *set_connection;
    sqlite3_stmt *match, *keep_received, *settle, *add_receipt, *get_receipt, *by_hub_key, *add_leak, *get_leak,
        *send_again, *send_all_again, *last_received, *add_inbox, *list_inbox;
    sqlite3_stmt *unplaced, *find_unplaced, *add_inclusion, *note_placed, *doubt_places, *doubt_answers;
    sqlite3_stmt *newest_head, *add_head, *next_head, *drop_head;
    sqlite3_stmt *add_blob, *link_blob, *link_earlier, *next_blob, *settle_blob, *refused_blob, *retry_blobs,
        *doubt_blob, *find_blob, *list_blobs, *item_blobs, *old_blob, *sendable;
    sqlite3_stmt *want_blob, *next_wanted, *settle_wanted, *find_wanted;
    sqlite3_stmt *find_key, *add_key, *find_file, *add_file, *find_read, *add_read;
    int64_t session_head;                            /* a receipt's row, as spool_open_head() leaves it; 0: none */
    err_t (*rider)(void *self, struct spool *spool); /* NULL: none */
    void *rider_self;
};

/* Small facts by key. A missing number is 0; a missing blob is ERR_NOT_FOUND. */
MUST_CHECK err_t meta_number(struct spool *spool, const char *key, uint64_t *ret_number);
MUST_CHECK err_t meta_set_number(struct spool *spool, const char *key, uint64_t number);
MUST_CHECK err_t meta_epoch(struct spool *spool, const char *key, uint8_t ret_epoch[EPOCH_SIZE]);
MUST_CHECK err_t meta_set_epoch(struct spool *spool, const char *key, const uint8_t epoch[EPOCH_SIZE]);

/* agent/blobs_spool.c: notes what attachments a new item names, and what it must be sent after. In a transaction. */
MUST_CHECK err_t spool_link_blobs(struct spool *spool, const struct acceptance *acceptance);

/* agent/blobs_spool.c: takes an item that waits for a refused attachment to STATE, with the refusals as its faults. BY
 * as in spool_correct(). ERR_NOT_FOUND: the item ID is none such. In a transaction. */
MUST_CHECK err_t spool_close_blocked(struct spool *spool, const uint8_t id[RECORD_ID_SIZE], enum item_state state,
                                     uint64_t by);

/* agent/spool_places.c: a session begins, in which the hub is to show that its ledger goes on from the last head
 * before, where it CAN_SHOW that. Nothing is written for it: what waits goes out from a full disk, too. */
MUST_CHECK err_t spool_open_head(struct spool *spool, bool can_show);
/* The session takes a first receipt, and its head is the last no more. In that receipt's transaction. */
MUST_CHECK err_t spool_keep_head(struct spool *spool);
/* The ledger is another one now. In a transaction. */
MUST_CHECK err_t spool_forget_heads(struct spool *spool);

/* Commits where ERR is ERR_OK, else rolls back; the outcome of both. */
MUST_CHECK err_t spool_end(struct spool *spool, err_t err);

#endif
