/* proto/project.h - what a store keeps of a record beside its bytes, and how it is counted.
 *
 * Pure: the same record, party and state give the same projection, so a recount from the records always gives the
 * figures. */
#ifndef PROTO_PROJECT_H
#define PROTO_PROJECT_H

#include "proto/period.h"
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
    const char
        *family; /* static; NULL: counted nowhere: a rehearsal, an uncounted state, a kind that begins no thread */
    int64_t day; /* days since 1970-01-01 */
    char dims[DIMS_SIZE];
    int64_t sum;
};

/* How a family counts: names of the dims, for table heads and PROTOCOL.md §6. Some cells no record makes: clocks,
 * completeness and deliveries are the store's to count. */
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
/* All of them with commas between, for messages. */
enum { FAMILY_NAMES_SIZE = 256 };
void family_names(char ret_names[FAMILY_NAMES_SIZE]);

/* Beside the table: how far each notice of the province got in a city. Its dims are the id of the notice's first
 * record, the entity type, and the state of the delivery; an id is no code, so that no listing of codes can show it. */
#define FAMILY_ISSUED "issued"

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
    int action;  /* the field `action`, or -1 for kinds without one */
    bool is_rehearsal;
    bool is_shared_up; /* share_scope province */
    bool has_reference;
    uint8_t reference[RECORD_ID_SIZE];
    const char *reference_key; /* the field that it stands in: the first of kind->references; static */
    bool has_link;
    uint8_t link[RECORD_ID_SIZE];  /* of the field kind->link */
    struct view addressee;         /* points into the record's bytes; empty: none */
    struct view activity_no;       /* likewise */
    char period[PERIOD_TEXT_SIZE]; /* the field `period`, or `year`; "": none */
    size_t unique_size;            /* 0: no natural key */
    char unique[UNIQUE_SIZE];
};

/* RECORD has passed record_check(). */
void project_record(const struct record *record, int utc_offset_minutes, struct projection *ret_projection);

/* What is known of a thread beside the record that counts. Times are UTC milliseconds, 0: not yet. */
struct thread_facts {
    int state; /* by the life of the thread's kind */
    int64_t received_at;
    int64_t acknowledged_at;
    int64_t resolved_at;
    /* Of an expert re-review; NULL: there is none, or not yet. */
    const struct record *opinion;  /* the rereview_decision */
    const struct record *reviewed; /* the review_report that it is about, as it stood when the request came */
};

/* The cell of a thread whose content is RECORD. */
void project_cell(const struct record *record, const struct party_facts *party, const struct thread_facts *facts,
                  int utc_offset_minutes, struct cell *ret_cell);

#endif
