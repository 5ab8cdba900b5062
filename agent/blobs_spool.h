/* agent/blobs_spool.h - what became of each attachment, and which records wait for it (PROTOCOL.md §9).
 *
 * The spool remembers states, agent/blobs.h has the bytes. A record goes to the hub when all its attachments are kept
 * there; what refers to a record with attachments goes when that has its receipt. Each call is a transaction of its own
 * unless one is open. */
#ifndef AGENT_BLOBS_SPOOL_H
#define AGENT_BLOBS_SPOOL_H

#include "agent/spool.h"

/* Stored as numbers: new ones go to the end. WAITING: to be uploaded (or fetched back). KEPT: the hub has it (or it is
 * here again). REFUSED: it stays so until something has changed; `code` says why. */
enum blob_state { BLOB_WAITING, BLOB_KEPT, BLOB_REFUSED, BLOB_STATES };

enum { BLOB_NAME_SIZE = 801, BLOB_TYPE_SIZE = 101, BLOBS_OF_ITEM = 20 };

/* Codes of our own beside those of §8: the copy in the home is gone, or has been changed. */
#define BLOB_FILE_MISSING "file_missing"
#define BLOB_FILE_DAMAGED "file_damaged"

struct blob_note {
    int64_t row;
    uint8_t hash[BLOB_HASH_SIZE];
    uint64_t size;
    char media_type[BLOB_TYPE_SIZE];
    char name[BLOB_NAME_SIZE]; /* as the first record called it; made safe to print */
    enum blob_state state;
    char code[FAULT_CODE_SIZE]; /* of a refused one */
    int64_t at;                 /* when it was taken, or came into its state */
    uint64_t records;           /* that wait for a receipt and name it */
};

/* The next one to upload: what a warning needs comes first. ERR_NOT_FOUND: none. */
MUST_CHECK err_t spool_next_blob(struct spool *spool, struct blob_note *ret_note);
/* CODE "" but for a refused one. */
MUST_CHECK err_t spool_settle_blob(struct spool *spool, const uint8_t hash[BLOB_HASH_SIZE], enum blob_state state,
                                   const char *code);
/* The oldest refused one that a record waits for. ERR_NOT_FOUND: none. */
MUST_CHECK err_t spool_refused_blob(struct spool *spool, struct blob_note *ret_note);
/* All refused ones that a record waits for are to be uploaded again. */
MUST_CHECK err_t spool_retry_blobs(struct spool *spool);
/* The hub says that it lacks an attachment of this item (`missing_blob`): all of them are offered again. */
MUST_CHECK err_t spool_doubt_blobs(struct spool *spool, uint64_t seq);

MUST_CHECK err_t spool_find_blob(struct spool *spool, const uint8_t hash[BLOB_HASH_SIZE], struct blob_note *ret_note);
/* Up to MAX in the order in which they were taken, after the row AFTER. */
MUST_CHECK err_t spool_list_blobs(struct spool *spool, int64_t after, struct blob_note *ret_notes, size_t max,
                                  size_t *ret_count);
/* Those that an item names; at most BLOBS_OF_ITEM. */
MUST_CHECK err_t spool_item_blobs(struct spool *spool, uint64_t seq, struct blob_note ret_notes[BLOBS_OF_ITEM],
                                  size_t *ret_count);
/* The next after the row AFTER that is at the hub, or refused, since before BEFORE_MS, and that no record waits for or
 * has waited for since. */
MUST_CHECK err_t spool_old_blob(struct spool *spool, int64_t after, int64_t before_ms, struct blob_note *ret_note);
/* Whether an item up to UPTO_SEQ waits that may be sent, or is under way. */
MUST_CHECK err_t spool_has_sendable(struct spool *spool, uint64_t upto_seq, bool *ret_has);

/* What a person wants back from the hub. A new wish forgets what became of the last one. */
MUST_CHECK err_t spool_want_blob(struct spool *spool, const uint8_t hash[BLOB_HASH_SIZE]);
MUST_CHECK err_t spool_next_wanted(struct spool *spool, uint8_t ret_hash[BLOB_HASH_SIZE]);
MUST_CHECK err_t spool_settle_wanted(struct spool *spool, const uint8_t hash[BLOB_HASH_SIZE], enum blob_state state,
                                     const char *code);
/* Fills row, hash, state, code and at. */
MUST_CHECK err_t spool_find_wanted(struct spool *spool, const uint8_t hash[BLOB_HASH_SIZE], struct blob_note *ret_note);

#endif
