/* province/desk.h - what the filing commands share: the outbox, the hubs to address, and the thread that is answered.
 */
#ifndef PROVINCE_DESK_H
#define PROVINCE_DESK_H

#include <jansson.h>

#include "province/arguments.h"
#include "province/hubs.h"
#include "province/look.h"
#include "province/outbox.h"

struct desk {
    struct look look;
    struct outbox *outbox;
    struct hub_member *members;
    size_t member_count;
};

/* Says on stderr what is wrong; false then. */
bool desk_open(const struct home *home, struct desk *ret_desk);
void desk_close(struct desk *desk);

/* A thread of the replica. `content` is what counts of it now, as it came up. */
struct desk_thread {
    int64_t hub;
    uint8_t id[RECORD_ID_SIZE];    /* of the record that began it */
    char owner[RECORD_PARTY_SIZE]; /* "" where its name was withheld */
    char state[48];
    const struct kind *kind; /* of the record that began it */
    json_t *content;         /* owned; may be NULL */
};
/* The thread that has the record ID, at a hub of CITY where that is not NULL. Says what is wrong; false then. */
bool desk_find(struct desk *desk, const char *id, const char *city, struct desk_thread *ret_thread);

/* One JSON object of FILE ("-": standard input). Says what is wrong; NULL then. */
json_t *desk_read(const char *file);

/* Whose hand it is in: PERSON as the submitter where the record names none. */
void desk_sign(json_t *fields, const char *person);

/* A record on its way into a thread. */
struct step {
    const struct kind *root; /* of the record that began the thread; NULL: this one begins it */
    const struct kind *kind;
    const json_t *fields;
    const char *state; /* of the thread; NULL: not known here */
    bool is_own;       /* the province's own thread */
};
/* Whether the province may take it, by the kind's filers and life table. Says why not. */
bool desk_may(const struct step *wanted);

/* hub_city(N), hub_name(N), fault_words(BLOB) and record_json(BLOB) for the outbox's listings. */
void outbox_functions(struct desk *desk);

/* Files FIELDS with the COUNT hubs of HUBS, prints its id and wakes `run`; returns the exit code. MEMO (may be NULL)
 * is kept with it. */
int desk_file(struct desk *desk, const json_t *fields, const int64_t *hubs, size_t count,
              const struct outbox_memo *memo);

#endif
