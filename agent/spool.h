/* agent/spool.h - what this agent has accepted, and what became of it.
 *
 * One SQLite file that several processes write in turns: `submit` adds, `run` takes receipts. An item is on disk when
 * spool_commit() has returned, and stays there for ever: only its state moves, accepted → received or rejected,
 * rejected → corrected or discarded. An item that cannot be sent, since the hub refuses one of its attachments and no
 * receipt was ever given for it, goes to these two as well; should a receipt come all the same, that decides. Nothing
 * here knows of sockets or of what is under way; that is common/flights.h.
 */
#ifndef AGENT_SPOOL_H
#define AGENT_SPOOL_H

#include "common/flights.h"
#include "common/home.h"
#include "common/suite.h"

#define SPOOL_FILE "spool.db"

enum { TITLE_SIZE = 804, KIND_SIZE = 32, BATCH_BYTES_MAX = 900 * 1024, REASON_SIZE = 600 };

/* Stored as numbers: new ones go to the end. */
enum item_state { ITEM_ACCEPTED, ITEM_RECEIVED, ITEM_REJECTED, ITEM_CORRECTED, ITEM_DISCARDED, ITEM_STATES };

struct item {
    uint64_t seq;
    uint8_t id[RECORD_ID_SIZE];
    uint8_t hash[RECORD_HASH_SIZE];
    char kind[KIND_SIZE];
    char title[TITLE_SIZE];
    enum item_state state;
    int64_t accepted_at;
    int64_t outcome_at;    /* the hub's time; 0: no outcome yet */
    uint64_t number;       /* in the hub's log; 0: none */
    uint64_t corrected_by; /* sequence number; 0: none */
    int64_t receipt;       /* for spool_receipt(); 0: none. An item that is sent again keeps its older receipt. */
};

struct acceptance {
    uint64_t seq;
    uint8_t id[RECORD_ID_SIZE];
    const char *kind;
    const char *title;
    int priority;
    int64_t at;
    struct view bytes;
};

struct spool;

/* SUITE is the hub's: an item's hash is of it. BUSY_MS: how long to wait for another process's turn. *ret_spool is NULL
 * on failure. */
MUST_CHECK err_t spool_open(const struct home *home, const struct suite *suite, int busy_ms, struct spool **ret_spool,
                            char reterr_reason[256]);
/* Takes NULL. An open transaction is rolled back. */
void spool_close(struct spool *spool);

/* Accepting: one transaction a file. After a failure of any of these, call spool_rollback(). */
MUST_CHECK err_t spool_begin(struct spool *spool);
/* The number for the next item; within the transaction alone. */
MUST_CHECK err_t spool_next_seq(struct spool *spool, uint64_t *ret_seq);
MUST_CHECK err_t spool_add(struct spool *spool, const struct acceptance *acceptance);
/* The rejected item ID, or one that cannot be sent, is done with: BY replaces it. ERR_NOT_FOUND where no such item has
 * this id. */
MUST_CHECK err_t spool_correct(struct spool *spool, const uint8_t id[RECORD_ID_SIZE], uint64_t by);
MUST_CHECK err_t spool_commit(struct spool *spool);
/* What is to be kept with the next commit or not at all: ACT is called once, inside that transaction, and where it
 * fails so does the commit. NULL takes it back. */
void spool_attach(struct spool *spool, err_t (*act)(void *self, struct spool *spool), void *self);
void spool_rollback(struct spool *spool);

/* In a transaction of its own; as spool_correct. */
MUST_CHECK err_t spool_discard(struct spool *spool, const uint8_t id[RECORD_ID_SIZE]);

/* The next items to send: warnings first, then by sequence number, without those that FLIGHTS blocks; at most ROOM and
 * BATCH_BYTES_MAX together. The views point into the batch's own bytes. */
struct batch {
    uint32_t count;
    uint64_t seqs[BATCH_ITEMS_MAX];
    struct view items[BATCH_ITEMS_MAX];
    uint8_t *bytes; /* BATCH_BYTES_MAX of them */
};
void batch_init(struct batch *batch);
void batch_done(struct batch *batch);
MUST_CHECK err_t spool_pick(struct spool *spool, const struct flights *flights, uint32_t room, struct batch *batch);

/* Looking. A listing is read in pages, since an open statement would hold up everybody who writes. */
MUST_CHECK err_t spool_find(struct spool *spool, const uint8_t id[RECORD_ID_SIZE], struct item *ret_item);
/* Up to MAX items after AFTER_SEQ; STATE < 0: of every state. */
MUST_CHECK err_t spool_list(struct spool *spool, int state, uint64_t after_seq, struct item *ret_items, size_t max,
                            size_t *ret_count);
/* The faults of a rejected item, as the hub gave them. */
MUST_CHECK err_t spool_faults(struct spool *spool, uint64_t seq, struct faults *ret_faults);
/* The item's bytes as they were accepted; the caller frees them. */
MUST_CHECK err_t spool_bytes(struct spool *spool, uint64_t seq, uint8_t **ret_bytes, size_t *ret_size);

struct counts {
    uint64_t by_state[ITEM_STATES];
    int64_t oldest_waiting_at; /* 0: nothing waits */
    uint64_t last_seq;
};
MUST_CHECK err_t spool_counts(struct spool *spool, struct counts *ret_counts);
/* Items up to UPTO_SEQ that wait for a receipt. */
MUST_CHECK err_t spool_waiting(struct spool *spool, uint64_t upto_seq, uint64_t *ret_count);
/* Changes whenever another process has written. */
MUST_CHECK err_t spool_version(struct spool *spool, int64_t *ret_version);

/* What `status` tells of the connection. */
struct connection {
    bool is_ready;
    int64_t since_ms;
    int64_t next_try_ms;
    char reason[REASON_SIZE];  /* why it is down */
    char refusal[REASON_SIZE]; /* why nothing is sent although it is up; "" where all is well */
};
MUST_CHECK err_t spool_connection(struct spool *spool, struct connection *ret_connection);
/* Keeps `since_ms` of what is stored while is_ready does not change. */
MUST_CHECK err_t spool_note_connection(struct spool *spool, const struct connection *connection);

/* Not twice (agent/spool_once.c): requests by the key that a program gave them, files by the hash of their bytes. Both
 * are added inside the transaction that stores the records, and found for ever. */
enum { FILED_KEY_MAX = 255, DIGEST_SIZE = 32 };
struct filed_key {
    uint8_t digest[DIGEST_SIZE]; /* of the request */
    int64_t at;
    uint64_t first_seq, count;
    int status;       /* of the answer */
    struct view text; /* the answer; borrowed when added */
};
/* ERR_NOT_FOUND: it is new. *ret_bytes holds the text; the caller frees it. */
MUST_CHECK err_t spool_find_key(struct spool *spool, const char *key, struct filed_key *ret_filed, uint8_t **ret_bytes);
/* ERR_EXISTS where another process was quicker. */
MUST_CHECK err_t spool_add_key(struct spool *spool, const char *key, const struct filed_key *filed);

struct taken_file {
    char name[256];
    int64_t at;
    uint64_t first_seq, count;
};
MUST_CHECK err_t spool_find_file(struct spool *spool, const uint8_t hash[DIGEST_SIZE], struct taken_file *ret_file);
MUST_CHECK err_t spool_add_file(struct spool *spool, const uint8_t hash[DIGEST_SIZE], const struct taken_file *file);

/* When the inbox entry ROW was marked as read; 0: not yet. */
MUST_CHECK err_t spool_read_at(struct spool *spool, int64_t row, int64_t *ret_at);
/* The first time stays. ERR_NOT_FOUND where there is no such entry. In a transaction of its own unless one is open. */
MUST_CHECK err_t spool_mark_read(struct spool *spool, int64_t row, int64_t at);

#endif
