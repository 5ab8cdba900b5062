/* hub/uploads.h - what the hub does with each message about an attachment: PROTOCOL.md §9's table, without a socket.
 *
 *   none    an OFFER is judged and answered: kept, refused, or a WANT from where the part is durable  → taking
 *   taking  a CHUNK in turn is written; every UPLOAD_SYNC bytes the part is synced and noted; WANT again when half the
 *           credit is used; the last one is checked and kept                                         → none
 *           anything out of turn, another offer, the end of the session, silence                     → none, part kept
 *
 * When all slots are taken, the one that has been silent longest yields to the next offer, if for UPLOAD_YIELD_MS.
 *
 * `kept` is said only after the content, its name and its row in the registry are on the disk. A failure of the disk is
 * answered with a code that may be tried again, and keeps the part. */
#ifndef HUB_UPLOADS_H
#define HUB_UPLOADS_H

#include "hub/mail.h"
#include "hub/shelf.h"

enum {
    UPLOADS_MAX = 64,
    UPLOAD_SYNC = 8 << 20,
    UPLOAD_SILENCE_MS = 60000,
    UPLOAD_YIELD_MS = 5000,
    PART_LIFE_HOURS = 72
};

struct upload {
    int64_t row; /* the peer's; 0: the slot is free */
    uint64_t session;
    char party[RECORD_PARTY_SIZE];
    struct shelf_part part;
    int fd;
    uint64_t taken; /* bytes, durable or not */
    uint64_t limit; /* up to where the peer may send */
    int64_t heard_ms;
};

struct uploads {
    struct shelf *shelf;      /* borrowed */
    uint64_t quota, min_free; /* bytes */
    /* An answer to the peer ROW; the message's views are valid during the call. */
    void (*say)(void *self, int64_t row, uint64_t session, const struct message *message);
    void *self;
    int64_t purged_ms;
    struct upload slots[UPLOADS_MAX];
};

struct speaker {
    int64_t row;
    uint64_t session;
    const char *party;
};

/* MESSAGE is a BLOB_OFFER, BLOB_WANT or BLOB_CHUNK. */
void uploads_on_message(struct uploads *uploads, const struct speaker *speaker, const struct message *message);
/* The peer's session is over. */
void uploads_end(struct uploads *uploads, int64_t row);
/* Ends uploads that have become silent, throws old parts away. */
void uploads_tick(struct uploads *uploads);
/* Keeps what has come of each. */
void uploads_end_all(struct uploads *uploads);

/* Marks the items of a batch that name what their sender has not uploaded, and rejects those that name it wrongly. */
void uploads_judge(struct uploads *uploads, struct batch *batch);

#endif
