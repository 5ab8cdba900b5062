/* province/replica_db.h - shared by the replica's files only. */
#ifndef PROVINCE_REPLICA_DB_H
#define PROVINCE_REPLICA_DB_H

#include "province/replica.h"

enum statement {
    PUT_HUB,
    GET_HUB,
    SET_LINK,
    SET_POSITION,
    SET_SYNCED,
    START_GENERATION,
    DROP_HALF_CELLS,
    DROP_HALF_RECORDS,
    DROP_HALF_ALERTS,
    GET_CELL,
    PUT_CELL,
    PUT_CHANGE,
    FORGET_CHANGES,
    FIND_THREAD,
    TAKE_LOST_RECORD,
    TAKE_LOST_ALERT,
    NEXT_ARRIVAL,
    PUT_RECORD,
    PUT_ALERT,
    SET_HEALTH,
    SET_SILENT,
    KEEP_TIMES,
    COUNT_GONE,
    KEEP_FIRST_RECORDS,
    KEEP_FIRST_ALERTS,
    CARRY_RECORDS,
    CARRY_ALERTS,
    DROP_OLD_CELLS,
    DROP_OLD_RECORDS,
    DROP_OLD_ALERTS,
    SHOW_GENERATION,
    STATEMENTS
};

/* A hub's row as the writer needs it. */
struct hub_position {
    struct standing standing;
    int64_t generation;
    int64_t shown;
    bool is_other_life; /* the resync's reason: the old life's records are not the hub's any more */
};

struct replica {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
    int commits;      /* since the last checkpoint */
    bool has_members; /* what the view `member` has is limited */
    int64_t *members;
    size_t member_count;
};

/* One EVENTS being applied, in its transaction. */
struct apply {
    struct replica *replica;
    int64_t hub;
    int64_t now;
    int64_t arrival; /* the place of what it brings among all that was shown */
    struct hub_position position;
    struct applied *applied;
};

/* ERR_INVALID: unreadable, to be passed over. province/replica_record.c. */
MUST_CHECK err_t apply_record(struct apply *apply, const struct record_event *event, uint64_t cursor);
MUST_CHECK err_t apply_alert(struct apply *apply, const struct clock_event *event, uint64_t cursor);

/* What the replica takes for a code: letters, digits, `_`, `.`, `-`; so that '|' never stands inside one. */
bool replica_is_code(struct view text, size_t size_max);
/* Binds NULL where it is empty. */
void replica_bind_text(sqlite3_stmt *stmt, int index, struct view text);

/* The statement, reset, with HUB bound to ?1. */
sqlite3_stmt *replica_statement(struct replica *replica, enum statement which, int64_t hub);
MUST_CHECK err_t replica_begin(struct replica *replica);
/* Commits when ERR is ERR_OK, rolls back otherwise; returns what became of it. */
MUST_CHECK err_t replica_end(struct replica *replica, err_t err);
MUST_CHECK err_t replica_position(struct replica *replica, int64_t hub, struct hub_position *ret_position);

#endif
