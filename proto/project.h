/* proto/project.h - what a store keeps of a record beside its bytes, and how it is counted.
 *
 * Pure: the same record, party and state give the same projection, so a recount from the records always gives the
 * figures. */
#ifndef PROTO_PROJECT_H
#define PROTO_PROJECT_H

#include "proto/record.h"

enum { DIMS_SIZE = 192, UNIQUE_SIZE = 320, DIMS_MAX = 6 };

enum warning_action { ACTION_RAISE, ACTION_UPDATE, ACTION_CANCEL, ACTION_ACKNOWLEDGE, ACTION_HANDLE, ACTION_RESOLVE };
enum warning_state {
    STATE_RAISED,
    STATE_ACKNOWLEDGED,
    STATE_HANDLING,
    STATE_RESOLVED,
    STATE_CANCELLED,
    STATE_SUPERSEDED
};

/* Where a record is counted. Codes in `dims` are joined by '|' in the order of the family's table. */
struct cell {
    const char *family; /* static; NULL: counted nowhere (rehearsal) */
    int64_t day;        /* days since 1970-01-01 */
    char dims[DIMS_SIZE];
    int64_t sum;
};

/* How a family counts: names of the dims, for table heads and PROTOCOL.md §6. */
struct family {
    const char *name;
    const char *en;
    const char *zh;
    const char *dims[DIMS_MAX]; /* names of enumerations, in order */
    size_t dim_count;
    const char *sum_en;
    const char *sum_zh;
};
const struct family *family_find(const char *name);
const struct family *family_at(size_t index);

struct party_facts {
    const char *party;       /* identifier */
    const char *entity_type; /* code */
};

/* Fields kept for search. -1: has none. */
struct projection {
    const struct kind *kind;
    uint8_t id[RECORD_ID_SIZE];
    uint64_t seq;
    int64_t created_at;
    int64_t day; /* the day it is counted under */
    int sector;  /* index in enum_sector, or -1 */
    int level;   /* 1-4, or -1 */
    int action;  /* enum warning_action, or -1 for kinds without threads */
    bool is_rehearsal;
    bool is_shared_up; /* share_scope province */
    bool has_reference;
    uint8_t reference[RECORD_ID_SIZE]; /* refers_to, else replaces */
    size_t unique_size;                /* 0: no natural key */
    char unique[UNIQUE_SIZE];
};

/* RECORD has passed record_check(). */
void project_record(const struct record *record, int utc_offset_minutes, struct projection *ret_projection);

/* The cell of a record in a thread state (STATE_RAISED for a new record or a kind without threads). */
void project_cell(const struct record *record, const struct party_facts *party, enum warning_state state,
                  int utc_offset_minutes, struct cell *ret_cell);

/* The state after ACTION in STATE: -1 when the transition is illegal. */
int warning_next(enum warning_action action, enum warning_state state);

/* Whether an entity (is_operator false) may file the action: data dictionary §7. */
bool warning_may_file(enum warning_action action, bool is_operator);

const char *warning_state_code(enum warning_state state);

#endif
