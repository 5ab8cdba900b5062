/* province/replica.h - what the province knows of its hubs' cities.
 *
 * One process writes (`run`), listings read. Events are applied in one transaction together with the hub's epoch and
 * cursor, so acknowledge a cursor only after replica_apply() returned ERR_OK. Values are absolute: applying an event
 * twice changes nothing.
 *
 * A record that a hub passes up is kept once, as it came, at the cursor of its commit; so is an alert of a clock. They
 * stay although the hub prunes or loses them (is_held = 0), since what was told is not untold.
 *
 * A hub's cells, records and alerts carry a generation. Normally `generation` = `shown`. A resync begins a generation
 * beside the shown one and fills it from the hub's snapshot; when the hub's head is reached, the same transaction makes
 * it the shown one and removes the old: until then the old figures stay visible as they were, and a crash at any moment
 * goes on from the stored cursor. */
#ifndef PROVINCE_REPLICA_H
#define PROVINCE_REPLICA_H

#include "common/db.h"
#include "common/home.h"
#include "proto/message.h"

#define REPLICA_FILE "replica.db"

struct replica;

/* A reader of a home that has no replica yet gets an empty one in memory. */
MUST_CHECK err_t replica_open(const struct home *home, bool is_writer, struct replica **ret_replica,
                              char reterr_reason[256]);
/* Takes NULL. */
void replica_close(struct replica *replica);
/* For listings: borrowed. */
sqlite3 *replica_db(struct replica *replica);

/* The view `member`, of which the listings read, has the rows of these hubs of `hub` alone from now on; before, of all.
 * Copies. */
void replica_set_members(struct replica *replica, const int64_t *hubs, size_t count);

/* record_json(BLOB) for the SQL of a connection: a stored record as JSON text. The replica's own has it. */
void replica_add_functions(sqlite3 *db);

/* Where following a hub stands. */
struct standing {
    bool has_epoch;
    bool is_synced;    /* the hub's head was reached at least once */
    bool is_resyncing; /* a snapshot is being read beside the shown figures */
    uint8_t epoch[EPOCH_SIZE];
    uint64_t cursor;
    uint64_t head;
};

/* Makes or renames the hub's row. */
MUST_CHECK err_t replica_put_hub(struct replica *replica, int64_t hub, const char *name, const char *city,
                                 const char *endpoint);
MUST_CHECK err_t replica_get_standing(struct replica *replica, int64_t hub, struct standing *ret_standing);

/* How the connection is, for `status`. NEXT_TRY_AT 0: none. */
MUST_CHECK err_t replica_set_link(struct replica *replica, int64_t hub, const char *state, const char *reason,
                                  int64_t next_try_at, int64_t now);

/* The hub has shown no head of its ledger SINCE then, or does; for `status`. The earliest stays until it does. */
MUST_CHECK err_t replica_set_silent(struct replica *replica, int64_t hub, int64_t since);

struct applied {
    uint64_t cursor; /* to acknowledge */
    uint64_t head;
    uint32_t cells;
    uint32_t warnings; /* of the records */
    uint32_t records;
    uint32_t alerts;
    uint32_t skipped;    /* unreadable; counted in the hub's row too */
    bool is_caught_up;   /* the head is reached */
    bool is_resynced;    /* ... and with it a resync has ended */
    uint32_t cells_gone; /* cells with a count that the snapshot did not hold */
    bool is_other_epoch; /* nothing was applied: the events are of another life of the store */
    bool is_behind_us;   /* nothing was applied: the head lies before what was applied already */
};

/* Applies one EVENTS. IS_FIRST: the first after a FOLLOW, whose head is compared with the cursor. */
MUST_CHECK err_t replica_apply(struct replica *replica, int64_t hub, const struct events *events, bool is_first,
                               int64_t now, struct applied *ret_applied);

/* Prepares to read the hub's snapshot from cursor 0 of EPOCH. WHY is `pruned`, `epoch` or `rewound`. (`upgraded` is
 * what replica_open() notes when an older release has passed over kinds that this one keeps.) */
MUST_CHECK err_t replica_begin_resync(struct replica *replica, int64_t hub, const uint8_t epoch[EPOCH_SIZE],
                                      const char *why, int64_t now);

/* Forgets changes older than the listings look back, and lets the write-ahead log shrink. */
void replica_tidy(struct replica *replica, int64_t now);

enum { HOUR_MS = 3600000 };

#endif
