/* hub/store_clock.h - the running clocks, as rows. Used by the desk, within an open group; and by commands that look.
 *
 * A clock is somebody's duty (`party`) about something (`root`: a thread's record, or a period's text). It is counted
 * in the family `clock` by term, entity type and state, under the day when it is due, and under the facts that its
 * party had when it started. */
#ifndef HUB_STORE_CLOCK_H
#define HUB_STORE_CLOCK_H

#include "hub/store_facts.h"
#include "proto/term.h"

enum { ACTIVITY_SIZE = 257 };

struct clock_row {
    struct party party; /* whose duty */
    int64_t owner;      /* of the thread: a party's row; 0 for a period */
    uint8_t root[RECORD_ID_SIZE];
    size_t root_size;             /* RECORD_ID_SIZE, or the length of a period's text */
    char activity[ACTIVITY_SIZE]; /* review number, "" for none: the next report of the activity ends a follow-up */
    struct clock clock;
    enum clock_state state; /* as last counted */
    unsigned done;          /* alerts */
    int64_t next_at;        /* when the clerk looks again; INT64_MAX: never */
    struct facts facts;     /* of the party when the clock started: set by store_put_clock() */
};

/* All clocks of a duty holder about ROOT, at most TERMS. */
MUST_CHECK err_t store_clocks_of(struct store *store, const struct party *party, struct view root,
                                 struct clock_row ret_rows[TERMS], size_t *ret_count);
/* Writes the row, and moves it from the cell of OLD (NULL: it is new) to its own. */
MUST_CHECK err_t store_put_clock(struct store *store, const struct clock_row *old, struct clock_row *row);
void store_count_clock(struct store *store, const struct clock_row *row, int64_t count);
/* The first clocks whose time has come. */
MUST_CHECK err_t store_clocks_due(struct store *store, int64_t now, struct clock_row *ret_rows, size_t max,
                                  size_t *ret_count);
/* Roots of the party's clocks of this activity that come after AFTER, in order. */
MUST_CHECK err_t store_roots_of_activity(struct store *store, int64_t party, const char *activity, struct view after,
                                         uint8_t (*ret_roots)[RECORD_ID_SIZE], size_t max, size_t *ret_count);
/* Clocks that run or are late, by due date; UPTO: due at the latest. PARTY NULL: everybody's. */
MUST_CHECK err_t store_each_clock(struct store *store, const char *party, int64_t upto, bool with_ended,
                                  void (*each)(void *self, const struct clock_row *row), void *self);

/* ---- what other records tell of a case ---- */
/* A thread that tells something of another. */
struct mention {
    int64_t owner;
    uint8_t root[RECORD_ID_SIZE];
    int64_t at;
};
/* A follow-up or closing report of an activity: NUMBER orders them, `at` is when it followed up. */
MUST_CHECK err_t store_note_follow_up(struct store *store, const char *activity, uint64_t number,
                                      const struct mention *mention);
/* Those after NUMBER, the first one first. */
MUST_CHECK err_t store_each_follow_up(struct store *store, int64_t party, const char *activity, uint64_t number,
                                      err_t (*each)(void *self, const struct mention *mention), void *self);
/* The threads whose records are linked to this one, by when the record was taken. */
MUST_CHECK err_t store_each_link(struct store *store, int64_t party, const uint8_t root[RECORD_ID_SIZE],
                                 err_t (*each)(void *self, const struct mention *mention), void *self);
/* The root of the thread that a record of the party belongs to. */
MUST_CHECK err_t store_root_of(struct store *store, int64_t party, const uint8_t id[RECORD_ID_SIZE],
                               uint8_t ret_root[RECORD_ID_SIZE]);
/* A report of a period; the first counts, and a zero report only while there is no other. */
MUST_CHECK err_t store_note_report(struct store *store, int64_t party, const char *term, const char *period, int64_t at,
                                   bool is_zero, bool *ret_is_news);
/* 0: nothing was reported. */
int64_t store_reported_at(struct store *store, int64_t party, const char *term, const char *period, bool *ret_is_zero);
/* The newest period of this unit for which the party has a clock of the term. False: there is none. */
bool store_newest_period(struct store *store, int64_t party, const char *term, enum period_unit unit,
                         struct period *ret_period);
void store_count_period(struct store *store, const struct clock_row *row, int64_t reported_at, bool is_zero,
                        int64_t count);

/* When the party first used an invitation; 0: never. */
int64_t store_joined_at(struct store *store, int64_t party);

/* Counts a cell of a family that the hub makes itself: dims joined by '|'. */
void store_count(struct store *store, const char *family, int64_t day, const char *dims, int64_t count);

/* ---- the desk's place in the log ---- */
struct logged {
    struct party party;
    enum role role;
    int64_t batch, at;
    uint64_t number;
    uint8_t id[RECORD_ID_SIZE];
    uint8_t root[RECORD_ID_SIZE];
    int64_t owner;
    bool has_history; /* its thread has other records */
    struct view bytes;
    int64_t position; /* in the batch's hashes, and where the bytes lie in it, as its row says */
    int64_t offset;
    struct view hash; /* as it was signed; the bytes have another one where the content was erased, or changed */
};
/* The last batch that the desk has worked through, and the last there is. */
MUST_CHECK err_t store_desk(struct store *store, int64_t *ret_done, int64_t *ret_head);
MUST_CHECK err_t store_set_desk(struct store *store, int64_t batch);
/* The records that a batch stored, in order. */
MUST_CHECK err_t store_each_logged(struct store *store, int64_t batch,
                                   err_t (*each)(void *self, const struct logged *logged), void *self);
/* Puts an event of a clock into the inbox of its party, or into the uplink. */
MUST_CHECK err_t store_put_event(struct store *store, int64_t party, int64_t at, struct view event);
MUST_CHECK err_t store_put_uplink_event(struct store *store, struct view event);
MUST_CHECK err_t store_batch_time(struct store *store, int64_t batch, int64_t *ret_at);
MUST_CHECK err_t store_party_at(struct store *store, int64_t row, struct party *ret_party);

#endif
