/* hub/audit_parts.h - shared by audit.c and audit_*.c. */
#ifndef HUB_AUDIT_PARTS_H
#define HUB_AUDIT_PARTS_H

#include "hub/audit.h"
#include "hub/store_sqlite.h"

enum { AUDIT_CODES = 32 };
/* A batch is taken, and its head made, under the time of their commit, a moment after the batch's key was looked at. */
enum { UNDER_WAY_MS = 60 * 1000 };

struct tiles;

/* What the acts say of the uplink, and what follows from it. */
struct told {
    uint64_t first_act;        /* the number of the first act that says a setting; UINT64_MAX: there is none */
    uint64_t pruned;           /* how far, as the acts say */
    bool is_known;             /* these: */
    int64_t first_kept;        /* the first record whose row no pruning can have taken; 0: there was none */
    int64_t first_kept_before; /* the same by what the store notes, for records of before there were acts */
};

struct audit {
    const struct audit_order *order;
    struct store *seen;   /* the hub's, read at one moment */
    struct store *replay; /* ours */
    struct tiles *ledger; /* the hub's */
    struct audit_sums sums;
    struct told told;
    struct {
        const char *code;
        uint64_t count;
    } tallies[AUDIT_CODES];
};

/* Counts each; lists the first ones of a code. */
void audit_say(struct audit *audit, const char *code, const char *subject, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

struct logged;
/* Erased by an act of the city's that stands in the log and is about this record, and nothing but what an erasure
 * leaves: that this is what it left is asked when the act passes. */
MUST_CHECK err_t audit_is_erased(struct audit *audit, const struct logged *logged, bool *ret_is);

/* ---- audit_acts.c ---- */
struct passing {
    uint64_t number;
    int64_t at;
    struct view bytes;
};
/* How grave a warning goes up one by one is a setting. That it was changed is an act, and holds from then on; before
 * the first such act it was as that one says, and in a store without any it is as it is now. */
MUST_CHECK err_t audit_begin_acts(struct audit *audit);
/* A record of PARTY passes. Where it is an act of the city's: the settings, how far the uplink was pruned, and whether
 * what it erased is as it left it. */
MUST_CHECK err_t audit_follow_act(struct audit *audit, int64_t party, const struct passing *passing);

/* From the store that is audited into ours. */
MUST_CHECK err_t audit_copy_registry(struct audit *audit);
/* After all records: their clocks and deliveries, and the figures that stand on those. */
MUST_CHECK err_t audit_count_duties(struct audit *audit);

/* A row of `batch`. */
struct batch_row {
    int64_t id, party, at;
    uint64_t first_number, stored;
    struct view hashes, signing_key, signature, bytes;
};
/* Checks it and stores it anew. */
MUST_CHECK err_t audit_batch(struct audit *audit, const struct batch_row *row);

/* ---- audit_ledger.c: the hub's heads beside the tree that the replay makes ---- */
struct heads {
    struct audit *audit;
    sqlite3_stmt *stmt;
    struct tiles *made;   /* the replay's */
    err_t more;           /* ERR_OK: STMT stands at the next head to be met */
    uint64_t size, first; /* of that one, and how many leaves came before its own */
    uint64_t before;      /* the size of the one that was met last */
    int64_t at;
    bool may_be_grown; /* it may be of when the store had no ledger yet: not of the time of what it covers */
};
MUST_CHECK err_t heads_open(struct audit *audit, struct heads *ret_heads);
void heads_close(struct heads *heads);
/* A batch that comes next: the hub signed a head with its time in the same commit. */
void heads_check_time(struct heads *heads, const struct batch_row *row);
/* All that stand for what was stored anew by now. */
MUST_CHECK err_t heads_meet(struct heads *heads);
/* After the last record: those that stand for more. */
MUST_CHECK err_t heads_meet_rest(struct heads *heads);

/* Records that are gone keep their numbers: their leaves are taken from the hub's ledger, as long as it has them, so
 * that the number given out next is NUMBER. */
MUST_CHECK err_t audit_skip(struct audit *audit, uint64_t number);
/* Whether the hub's ledger has this hash under this number. */
MUST_CHECK err_t audit_has_leaf(struct audit *audit, uint64_t number, const uint8_t hash[RECORD_HASH_SIZE],
                                bool *ret_has);
MUST_CHECK err_t audit_leaf(struct audit *audit, uint64_t number, uint8_t ret_hash[RECORD_HASH_SIZE]);

/* ---- audit_told.c: what stands in a stream of one of the stores alone, and why it may ---- */
/* A record's row in the uplink: it was pruned. */
MUST_CHECK err_t audit_is_pruned(struct audit *audit, sqlite3_stmt *row, bool is_seen, bool *ret_is);
/* In an inbox: whom a notice reaches is decided by what the registry says when it is filed; the replay knows only what
 * it says now. */
MUST_CHECK err_t audit_is_sent(struct audit *audit, sqlite3_stmt *row, bool is_seen, bool *ret_is);

/* What both stores say, row by row. */
MUST_CHECK err_t audit_compare(struct audit *audit);

#endif
