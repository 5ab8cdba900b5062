/* hub/store.h - what the hub remembers.
 *
 * One thread uses one store. Writes happen between store_begin() and store_commit(); nothing written is durable before
 * store_commit() returns ERR_OK, so receipts are sent after that call and never before. After any failed write the
 * caller rolls back the whole group and answers `retry`. Numbers, changes and cursors rise in commit order; they are
 * never times. store_sqlite*.c is the first implementation. */
#ifndef HUB_STORE_H
#define HUB_STORE_H

#include "common/home.h"
#include "hub/mail.h"

struct store;

struct store_settings {
    const struct suite *suite; /* whose hash the ledger is of */
    int utc_offset_minutes;
    int uplink_level; /* warnings at or above (1 is gravest) go up one by one */
};

/* Opens the store in HOME, creating and migrating it where the handle may write. The caller owns *ret_store. */
MUST_CHECK err_t store_open(const struct home *home, bool is_writer, const struct store_settings *settings,
                            struct store **ret_store, char reterr_reason[256]);
/* Takes NULL; an open group is rolled back. */
void store_close(struct store *store);

const uint8_t *store_epoch(const struct store *store);

/* ---- writing ---- */
MUST_CHECK err_t store_begin(struct store *store);
/* Writes what the group has kept in memory. After it the commit can fail for want of a disk, and for nothing else. */
MUST_CHECK err_t store_settle(struct store *store);
MUST_CHECK err_t store_commit(struct store *store);
void store_rollback(struct store *store);

/* The ledger with the open group, once it is settled, and after its commit. */
const struct tree_head *store_group_head(const struct store *store);
/* That COUNT records of the group from number FIRST on stand in it side by side. */
void store_prove_group(const struct store *store, uint64_t first, uint64_t count, struct merkle_path *ret_path);

/* Decides each item's outcome and writes what it implies: record, natural key, thread, cell, uplink, account. Outcomes
 * are final only after the commit. */
MUST_CHECK err_t store_put_batch(struct store *store, struct batch *batch);

/* A text that the store keeps under a key of the caller's. NULL: none yet; the caller frees it. */
char *store_noted(struct store *store, const char *key);
MUST_CHECK err_t store_note(struct store *store, const char *key, const char *text);

/* Whether the open or last group put anything into the uplink that should not wait. */
bool store_has_urgent(const struct store *store);
/* The party whose registration the open or last group accepted. False: none. */
bool store_registered(struct store *store, struct party *ret_party);
/* Whose inboxes the open or last group put something into: the count, of which at most MAILED_MAX are listed. */
enum { MAILED_MAX = 64 };
size_t store_mailed(const struct store *store, const int64_t **ret_parties);
/* Folds the write-ahead log into the database, beside the writing and after each commit a bit: call it between groups.
 * PAGES: from which length of the log on; 0: all of it, since nothing else is to do. */
void store_fold(struct store *store, int64_t pages);
/* Folds all of it in and gives the log's room back to the disk. Waits. */
void store_truncate_log(struct store *store);

/* ---- registry ---- */
/* The city's own party, active and with keys from the start. */
MUST_CHECK err_t store_put_city(struct store *store, const struct party *party, const struct party_key *key,
                                int64_t now);
/* Which row that is; each handle that stores batches is told. */
void store_set_city(struct store *store, int64_t row);
/* ERR_EXISTS when the identifier is taken. */
MUST_CHECK err_t store_put_party(struct store *store, const struct party *party, int64_t now);
/* A one-time code; only its hash is kept. One that replaces revokes, for the reason given, what keys the party has when
 * it is used; another is refused to a party that has a current key. A party has one open code: a newer one ends it, as
 * does the end of any of its keys. */
struct invitation {
    const char *code;
    int64_t expires_at;
    bool replaces;
    const char *reason;
};
MUST_CHECK err_t store_put_invitation(struct store *store, const char *party, const struct invitation *invitation,
                                      int64_t now);
/* Ends the open codes of a party; PARTY 0: of all. */
MUST_CHECK err_t store_end_invitations(struct store *store, int64_t party, int64_t now);
/* The party's open code, by its time and use alone. ERR_NOT_FOUND: it has none. */
MUST_CHECK err_t store_open_invitation(struct store *store, int64_t party, int64_t now,
                                       struct invitation *ret_invitation);
/* Takes a new pair of keys in: by a code, which makes the party active, or by its former pair. The refusal's code is
 * set where it is refused; err_t speaks of the store alone. */
MUST_CHECK err_t store_enrol(struct store *store, struct enrolment *enrolment, int64_t now);
/* ERR_NOT_FOUND when there is no such party. *ret_party as it is now. Writes a bulletin to the entity. */
MUST_CHECK err_t store_set_state(struct store *store, const char *party, const char *state, const char *reason,
                                 int64_t now, struct party *ret_party);
MUST_CHECK err_t store_find_party(struct store *store, const char *party, struct party *ret_party);
MUST_CHECK err_t store_set_active(struct store *store, int64_t row, int64_t now);
/* The party has given out sequence numbers up to SEQ. */
MUST_CHECK err_t store_note_told(struct store *store, int64_t row, uint64_t seq);
/* Calls back for each party in order of row. */
MUST_CHECK err_t store_each_party(struct store *store, void (*each)(void *self, const struct party *party), void *self);

/* ---- keys of the parties ---- */
/* PROOF: by the pair before it; empty: there is none. */
MUST_CHECK err_t store_put_key(struct store *store, int64_t party, const struct party_key *key, struct view proof);
MUST_CHECK err_t store_find_key(struct store *store, const uint8_t curve_key[KEY_SIZE], int64_t *ret_party,
                                struct party_key *ret_key);
MUST_CHECK err_t store_load_keys(struct store *store, int64_t party, struct party_keys *ret_keys);
/* Calls back for each, the newest first. */
MUST_CHECK err_t store_each_key(struct store *store, int64_t party,
                                void (*each)(void *self, const struct party_key *key, const char *reason,
                                             struct view proof),
                                void *self);
MUST_CHECK err_t store_end_key(struct store *store, int64_t key, int64_t until);
/* KEY 0: each that has not ended. */
MUST_CHECK err_t store_revoke_keys(struct store *store, int64_t party, int64_t key, const char *reason, int64_t now,
                                   int64_t *ret_count);
/* Whether neither the party nor this key of it has been stopped. One that retires may file what was taken before. */
MUST_CHECK err_t store_may_file(struct store *store, int64_t party, const struct signing_key *key, bool *ret_may);

/* ---- following ---- */
struct page {
    uint32_t count;
    uint64_t last;          /* the last event's cursor */
    uint64_t head;          /* of the stream */
    size_t size;            /* of the encoded events */
    msgpack_sbuffer events; /* events_add() after events_add() */
};
/* Events after CURSOR, at most COUNT and about SIZE bytes, and none behind one that cannot be read. `uplink` or `inbox`
 * (then of PARTY_ROW). The caller initialises and destroys page->events. */
MUST_CHECK err_t store_page(struct store *store, const char *stream, int64_t party_row, uint64_t cursor, uint32_t count,
                            size_t size, struct page *ret_page);
/* The cursor of the stream's last event. */
MUST_CHECK err_t store_head(struct store *store, const char *stream, int64_t party_row, uint64_t *ret_head);
/* The cursor below which events of the stream were pruned (0: none). */
MUST_CHECK err_t store_pruned(struct store *store, const char *stream, uint64_t *ret_pruned);
/* Removes warnings passed up, up to the cursor; cells stay. */
MUST_CHECK err_t store_prune_uplink(struct store *store, uint64_t upto, uint64_t *ret_removed);
/* How many that would be. */
MUST_CHECK err_t store_count_uplink(struct store *store, uint64_t upto, uint64_t *ret_count);

/* ---- erasing ---- */
/* Overwrites the content of a record of the party, where it lies, with what rights_remnant() leaves of it; its hash
 * stays in the batch; attachments that no other record of the party names begin to leave (hub/store_attached.h). ACT is
 * the id of the administrative act in this group. ERR_NOT_FOUND: no such record; ERR_EXISTS: it was erased before;
 * ERR_INVALID: there is nothing in it to erase. */
MUST_CHECK err_t store_erase(struct store *store, int64_t party, const uint8_t id[RECORD_ID_SIZE],
                             const uint8_t act[RECORD_ID_SIZE], int64_t now);
/* What an act says of what it leaves, so that it cannot be changed either: the leaf hash of each remnant (false: there
 * is nothing to erase), and in hex the hash over all that one act leaves, in the order of their numbers. */
enum { ERASED_MAX = 128, LEFT_TEXT = 2 * RECORD_HASH_SIZE + 1 };
bool store_hash_left(const struct store *store, struct view bytes, uint8_t ret_hash[RECORD_HASH_SIZE]);
void store_bind_left(const struct store *store, const uint8_t *hashes, size_t count, char ret_text[LEFT_TEXT]);
/* By an act that stands in the log. ERR_NOT_FOUND: it was not. */
MUST_CHECK err_t store_is_erased(struct store *store, int64_t party, const uint8_t id[RECORD_ID_SIZE]);
/* Whether anything was: after a crash its content may still lie in the write-ahead log. */
bool store_has_erased(struct store *store);
/* Whether a clock of the thread runs or is late: then its content is still needed. */
MUST_CHECK err_t store_has_clock(struct store *store, int64_t owner, const uint8_t root[RECORD_ID_SIZE], bool *ret_has);
/* The number of the first record that a follower has not acknowledged who stands at CURSOR; UINT64_MAX: none. */
MUST_CHECK err_t store_first_unread(struct store *store, const char *stream, int64_t party_row, uint64_t cursor,
                                    uint64_t *ret_number);
/* Batches with records of the kind whose term is over and that were still needed: to be looked at again. */
MUST_CHECK err_t store_retain(struct store *store, int64_t batch, const struct kind *kind, bool is_retained);
/* The next after these. ERR_NOT_FOUND: no more. */
MUST_CHECK err_t store_next_retained(struct store *store, int64_t *batch, int *kind);

/* Folds the log in and empties it, in which erased content lies too. False: somebody reads or folds; try again. */
bool store_forget_log(struct store *store);

/* ---- looking ---- */
/* The point in the history of a store that is looked at. */
struct moment {
    uint64_t number;        /* of the last record; 0: there is none */
    uint64_t revision;      /* of the last change of a figure */
    int64_t at;             /* when that record was taken; 0: there is none */
    int64_t batches_behind; /* taken, but not yet gone through for their clocks */
};
/* What is read until store_end_look() is as it was at one moment. Short: a look keeps the log from being folded in. */
MUST_CHECK err_t store_look(struct store *store, struct moment *ret_moment);
void store_end_look(struct store *store);

/* The ledger as it is committed: size, root and time of its newest head. */
MUST_CHECK err_t store_ledger_head(struct store *store, struct tree_head *ret_head);
/* Answers a PROVE as PROTOCOL.md §10 says: of the tree of the size that is asked for, or of the largest there is. */
MUST_CHECK err_t store_prove(struct store *store, struct question *question);

struct record_filter {
    const char *party; /* NULL: all; likewise the others */
    const struct kind *kind;
    int sector; /* -1: all */
    int level;
    int64_t from, to; /* days, inclusive; INT64_MIN, INT64_MAX: open */
    int64_t limit;    /* newest first; 0: none */
    bool is_refused;
    bool with_acts;    /* administrative acts too, though no kind is named */
    const uint8_t *id; /* NULL: all; otherwise nothing else is compared */
};
struct record_row {
    uint64_t number; /* 0: refused */
    uint8_t id[RECORD_ID_SIZE];
    uint8_t root[RECORD_ID_SIZE];   /* of its thread */
    const char *owner, *owner_role; /* of its thread */
    const struct kind *thread_kind;
    const char *party, *party_name, *role; /* of the filer */
    const char *state;                     /* of the thread now; "" where the kind has none */
    int64_t at, day;
    const struct kind *kind;
    int sector, level;
    struct view bytes, hash, hashes, signature, signing_key; /* empty for a refused one, but hash */
    struct view faults;
    int64_t
        erased_at; /* 0: not; otherwise the bytes are what rights_remnant() has left, and the hash is the record's */
    uint8_t erased_by[RECORD_ID_SIZE]; /* the administrative act */
};
MUST_CHECK err_t store_each_record(struct store *store, const struct record_filter *filter,
                                   void (*each)(void *self, const struct record_row *row), void *self);

/* The history of a thread, oldest first. ERR_NOT_FOUND when there is no such party. */
MUST_CHECK err_t store_each_in_thread(struct store *store, const char *owner, const uint8_t root[RECORD_ID_SIZE],
                                      void (*each)(void *self, const struct record_row *row), void *self);

struct cell_row {
    const char *family, *dims;
    int64_t day, count, sum;
    uint64_t revision;
};
MUST_CHECK err_t store_each_cell(struct store *store, const char *family,
                                 void (*each)(void *self, const struct cell_row *row), void *self);

#endif
