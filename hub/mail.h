/* hub/mail.h - what the actors say to one another: one pointer a message over inproc, owned by whoever holds it.
 *
 *   front  → writer  BATCH, ENROL, TOLD                writer → front   DECIDED, BATCH, ENROL, TOLD, PARTY
 *   front  → feeder  FOLLOW, ACK, GONE, PROVE          feeder → front   SEND (a frame for a session), PROVE (answered)
 *   writer → feeder  COMMITTED                         feeder → writer  ACK (of an inbox)
 *   clerk  → feeder, writer  TICK
 *   front  → checker BATCH (a large one, not checked)  checker → front   CHECKED
 *   front  → blobs   BLOB, BATCH, GONE                 blobs  → front    SEND, then BLOB (worked off)
 *   blobs  → writer  BATCH (one that names attachments), LEFT
 *   writer → blobs   LEAVE */
#ifndef HUB_MAIL_H
#define HUB_MAIL_H

#include <czmq.h>

#include "common/merkle.h"
#include "hub/party.h"
#include "proto/project.h"

/* On an actor's pipe: asked by the hub, and answered the same when its loop has turned. */
#define PULSE "PULSE"

enum { ROW_ALL = -1 };

struct batch_item {
    struct view bytes;
    uint8_t hash[RECORD_HASH_SIZE];
    struct projection projection; /* only `id` when invalid, and that only when has_id */
    struct cell cell;
    bool has_id;
    struct faults *faults; /* owned; NULL when valid */
    bool has_number;       /* of a batch that was stored before: it keeps its number and leaf, whatever becomes of it */
    const char *retry;     /* a retry code (static): nothing of the item is to be stored now; NULL: it may be */
    /* The outcome, set by the store. */
    enum outcome outcome;
    uint64_t number;
    int64_t at;
    msgpack_sbuffer refusal; /* the encoded faults of a rejection */
};

/* A SUBMIT on its way through the writer and back, verified by then. Owns the frame that the items point into.
 *
 * Outcomes are decided before they are durable. In between the writer lends the batch to the front (DECIDED), which
 * signs the receipt while the commit waits for the disk, and sends it only when the batch is done: from DECIDED on both
 * read the outcomes, nobody changes them, and a commit that fails says so in `failure`. */
struct batch {
    zmq_msg_t frame;
    int64_t party_row;
    enum role role;
    struct party_facts facts; /* point into the two texts below */
    char party[RECORD_PARTY_SIZE];
    char entity_type[32];
    struct signing_key signing_key;
    uint64_t session;
    uint64_t batch;
    int64_t at; /* when the front took it */
    struct view algorithm, signature;
    size_t size; /* the front's: as which it counts until it is done */
    /* Of the commit, set by the writer: the ledger then, and that the stored items stand in it side by side. */
    struct tree_head ledger;
    uint8_t *proof;
    size_t proof_size;
    uint64_t first_number; /* of the stored items */
    uint32_t stored;
    msgpack_sbuffer receipt; /* the front's: the frame, made while the commit waits for the disk */
    const char *failure;     /* the writer's: a retry code (static) that stands in place of every outcome */
    int64_t again;           /* the number of the batch that it was stored as before, as of `at`; 0: it is new */
    bool names_blobs;        /* some item names an attachment */
    uint32_t count;
    struct batch_item items[];
};

struct batch *batch_new(uint32_t count);
/* Takes NULL. */
void batch_free(struct batch *batch);
/* What it takes of memory while the writer has it, its answer included. */
size_t batch_size(const struct batch *batch);

/* A new pair of keys, vouched for by a code or, where has_former, by the pair whose place it takes. */
struct enrolment {
    uint8_t routing[16];
    size_t routing_size;
    char address[64];
    char code[32];
    bool has_former;
    uint8_t former_key[KEY_SIZE];
    uint8_t former_proof[SIGNATURE_SIZE]; /* verified */
    int64_t overlap_ms;                   /* how long the former pair stays good */
    uint8_t curve_key[KEY_SIZE];
    struct signing_key signing_key;
    char party[RECORD_PARTY_SIZE]; /* the only one that it may be; "": any */
    /* The outcome: "" or a REFUSE code; then the party as it is now. */
    char refusal[24];
    struct registrant registrant;
};

/* A BLOB message on its way to the actor that works it off, and back. Owns the frame. */
struct parcel {
    char party[RECORD_PARTY_SIZE];
    bool is_want;
    zmq_msg_t frame;
};

/* An attachment that no record of the party names any more, on its way to the shelf, and back when it has left it. */
struct leaver {
    int64_t party_row;
    char party[RECORD_PARTY_SIZE];
    uint8_t hash[BLOB_HASH_SIZE];
    bool failed;
};

/* A PROVE on its way to the feeder, and back with its answer. */
struct question {
    struct prove prove;
    bool failed;
    struct tree_head head; /* size and root */
    struct merkle_path inclusion, consistency;
};

/* Takes over FRAME's content. */
struct parcel *parcel_new(const char *party, bool is_want, zmq_msg_t *frame);

enum mail_type {
    MAIL_BATCH,
    MAIL_CHECKED,
    MAIL_DECIDED,
    MAIL_ENROL,
    MAIL_TOLD,
    MAIL_ROOM,
    MAIL_PARTY,
    MAIL_FOLLOW,
    MAIL_ACK,
    MAIL_GONE,
    MAIL_SEND,
    MAIL_COMMITTED,
    MAIL_TICK,
    MAIL_BLOB,
    MAIL_PROVE,
    MAIL_LEAVE,
    MAIL_LEFT,
    MAIL_STOP
};

struct mail {
    enum mail_type type;
    int64_t
        row; /* FOLLOW, ACK, GONE, SEND, BLOB: the peer; COMMITTED: whose inbox has news, or ROW_ALL; 0: the uplink */
    uint64_t session; /* likewise */
    char stream[16];
    bool has_epoch;
    uint8_t epoch[EPOCH_SIZE];
    uint64_t cursor; /* TOLD: the highest number that the peer says it has given out; ROOM: connections that are free */
    uint64_t credit; /* ROOM: and of how many */
    bool is_urgent;  /* COMMITTED: a warning goes up */
    bool is_signed;  /* CHECKED: the signature fits */
    bool failed;     /* TOLD, on its way back: it was not stored */
    struct batch *batch;
    struct batch **lent; /* DECIDED: still the writer's, at the latest until the batches themselves come */
    size_t lent_count;
    struct question *question; /* PROVE, both ways */
    struct leaver *leaver;     /* LEAVE, LEFT */
    struct enrolment *enrolment;
    struct parcel *parcel;
    struct registrant *registrant;
    msgpack_sbuffer *frame;
};

struct mail *mail_new(enum mail_type type);
void mail_free(struct mail *mail);
/* Takes *mail_p. */
void mail_send(zsock_t *sock, struct mail **mail_p);
/* NULL when nothing is there (DONTWAIT). */
struct mail *mail_receive(zsock_t *sock, bool wait);

#endif
