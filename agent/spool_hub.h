/* agent/spool_hub.h - the hub's words, taken into the spool: WELCOME, RECEIPT, the inbox stream.
 *
 * Each is one transaction. A failure changes nothing, and then nothing may be acknowledged: the hub will say it
 * again. */
#ifndef AGENT_SPOOL_HUB_H
#define AGENT_SPOOL_HUB_H

#include "agent/spool.h"
#include "common/evidence.h"
#include "common/verdicts.h"

struct welcome_effect {
    bool is_epoch_changed;
    bool is_hub_behind;   /* it holds less than it has confirmed: a backup was put back */
    uint64_t sent_again;  /* items that only a lost life of the hub's store had confirmed */
    bool is_spool_behind; /* the hub holds higher sequence numbers: the spool was lost once */
    uint64_t last_seq;
};
MUST_CHECK err_t spool_take_welcome(struct spool *spool, const struct welcome *welcome,
                                    struct welcome_effect *ret_effect);

/* A head from which the hub has to show that its ledger goes on: the one that came with the last receipt before a
 * session of which it can tell, unless it has shown that since. ERR_NOT_FOUND: there is none. */
MUST_CHECK err_t spool_next_head(struct spool *spool, int64_t *ret_row, struct tree_head *ret_head);
/* It has, of the head of this ROW. */
MUST_CHECK err_t spool_close_head(struct spool *spool, int64_t row);
/* The hub has lost records that it had confirmed, and nobody can say which: all go again, and what it still has, it
 * answers as duplicate. */
MUST_CHECK err_t spool_send_all_again(struct spool *spool, uint64_t *ret_count);

/* The highest sequence number given out. */
MUST_CHECK err_t spool_given_out(struct spool *spool, uint64_t *ret_seq);
/* A spool that takes the place of a lost one goes on above what that is known to have given out. */
MUST_CHECK err_t spool_count_above(struct spool *spool, uint64_t given_out);

/* Somebody else has this signing key of the hub's since AT: what it has signed of a later date proves nothing; a place
 * in the ledger that was shown so is asked for again, and a record that was answered so is sent again. */
MUST_CHECK err_t spool_note_leak(struct spool *spool, const struct signing_key *key, int64_t at);
/* 0: it has not been reported leaked. */
MUST_CHECK err_t spool_leaked_at(struct spool *spool, struct view key, int64_t *ret_at);

/* Whether a receipt that is kept here was verified with this key of a hub's when it came. */
MUST_CHECK err_t spool_has_receipt_by(struct spool *spool, struct view key, bool *ret_has);

/* BODY's signature has been verified with HUB_KEY, which is kept with it. */
MUST_CHECK err_t spool_take_receipt(struct spool *spool, const struct receipt_body *body, const struct receipt *receipt,
                                    const struct signing_key *hub_key, struct verdicts *ret_verdicts);

/* An item's receipt as it is kept; the views stand in `bytes`, which the caller frees. */
struct stored_receipt {
    uint8_t *bytes;
    struct receipt receipt; /* session and batch are not kept */
    struct view epoch, hub_key;
    int64_t at;
    int64_t leaked_at; /* when the hub's key was reported leaked; 0: it was not */
    struct inclusion inclusion;
};
MUST_CHECK err_t spool_receipt(struct spool *spool, const struct item *item, struct stored_receipt *ret_receipt);

/* The numbers, above AFTER and at most MAX, of received records whose place in the ledger nothing proves, and of which
 * the hub's present store can tell. */
MUST_CHECK err_t spool_unplaced(struct spool *spool, uint64_t after, uint64_t *ret_numbers, size_t max,
                                size_t *ret_count);
/* Keeps what PROOF shows of the place of such a record. HEAD's signature has been verified with HUB_KEY, which is kept
 * with it. ERR_NOT_FOUND: none of this number waits for it. ERR_INVALID: it does not hold the record that is ours. */
MUST_CHECK err_t spool_take_proof(struct spool *spool, const struct ledger_proof *proof, const struct tree_head *head,
                                  const struct signing_key *hub_key);

/* Where the inbox was left. *ret_has_epoch is false before the first event. */
MUST_CHECK err_t spool_inbox_position(struct spool *spool, uint8_t ret_epoch[EPOCH_SIZE], bool *ret_has_epoch,
                                      uint64_t *ret_cursor);
/* Events not above the cursor are skipped. ERR_INVALID where they do not decode or come from another epoch than the one
 * followed. *ret_added counts the new ones. */
MUST_CHECK err_t spool_take_events(struct spool *spool, const struct events *events, int64_t now_ms,
                                   uint64_t *ret_cursor, uint32_t *ret_added);
/* After a GAP: the stream is read from 0 of this epoch. What was received stays. */
MUST_CHECK err_t spool_restart_inbox(struct spool *spool, const uint8_t epoch[EPOCH_SIZE]);

/* One event of the inbox after ROW; EVENT is freed by the caller. ERR_NOT_FOUND at the end. */
struct inbox_entry {
    int64_t row;
    int64_t taken_at;
    uint8_t *bytes;
    struct view event;
};
MUST_CHECK err_t spool_next_event(struct spool *spool, int64_t after_row, struct inbox_entry *ret_entry);

#endif
