/* proto/message.h - the messages of AGN/1, encoded and decoded (PROTOCOL.md §2).
 *
 * A decoded message borrows the frame. Encoders append to a msgpack_sbuffer that the caller initialises and destroys.
 * Lists of variable length (items, results, events) are read with their own small iterators, so that nothing is
 * allocated. */
#ifndef PROTO_MESSAGE_H
#define PROTO_MESSAGE_H

#include <msgpack.h>

#include "proto/fault.h"
#include "proto/reader.h"
#include "proto/record.h"

enum {
    PROTOCOL_VERSION = 1,
    MESSAGE_SIZE_MAX = 1048576,
    ENROL_SIZE_MAX = 4096, /* of a message to the enrolment endpoint */
    BATCH_ITEMS_MAX = 64,
    WINDOW_ITEMS = 256,
    EVENTS_SIZE_MAX = 262144,
    CREDIT_MAX = 10000,
    EPOCH_SIZE = 16,
    KEY_SIZE = 32,
    SIGNATURE_SIZE = 64,
    HEAD_SIZE = 96,
    PATH_HASHES_MAX = 124, /* of an audit path or a consistency proof */
    BLOB_HASH_SIZE = 32,
    BLOB_SIZE_MAX = 67108864,
    BLOB_CHUNK_MAX = 131072,
    BLOB_CREDIT = 8, /* chunks a side may have under way */
};

enum message_type {
    MESSAGE_HELLO = 1,
    MESSAGE_WELCOME,
    MESSAGE_WHO,
    MESSAGE_REFUSE,
    MESSAGE_PING,
    MESSAGE_PONG,
    MESSAGE_BYE,
    MESSAGE_SUBMIT,
    MESSAGE_RECEIPT,
    MESSAGE_FOLLOW,
    MESSAGE_EVENTS,
    MESSAGE_CURSOR,
    MESSAGE_GAP,
    MESSAGE_ENROL,
    MESSAGE_ENROLLED,
    MESSAGE_BLOB_OFFER,
    MESSAGE_BLOB_WANT,
    MESSAGE_BLOB_CHUNK,
    MESSAGE_BLOB_DONE,
    MESSAGE_PROVE,
    MESSAGE_PROOF,
};

struct hello {
    uint64_t version;
    struct view software;
    uint64_t sent;
    struct view epoch;
};
/* A pair of keys that takes the place of another one, whose signature PROOF vouches for it (PROTOCOL.md §11). */
struct successor {
    struct view curve_key, signing_key, proof;
    uint64_t since;
};
struct welcome {
    uint64_t session;
    struct view hub, city, epoch, party, role;
    uint64_t window, max_batch, max_item, max_message, ping_ms, time, received, given_out;
    bool has_proofs;            /* among its capabilities */
    struct successor successor; /* of the hub's pair; views of size 0: none is announced */
};
struct refuse {
    struct view code, reason;
    bool has_batch;
    uint64_t batch;
    uint64_t after_ms;
};
struct ping {
    uint64_t session, token;
};
/* A decoded count may exceed BATCH_ITEMS_MAX: then only the first BATCH_ITEMS_MAX items are there. */
struct submit {
    uint64_t session, batch;
    uint32_t count;
    struct view items[BATCH_ITEMS_MAX];
    struct view algorithm, signature;
};
/* `index` and `count` place the body among those of its commit, `path` proves that; `proof` that its records stand in
 * the ledger. */
struct receipt {
    uint64_t session, batch;
    struct view body, head, algorithm, signature;
    uint64_t index, count;
    struct view path, proof;
};
struct prove {
    uint64_t session, number, size, from; /* 0: no inclusion wanted, the newest tree, no consistency wanted */
};
struct ledger_proof {
    uint64_t session, number;
    struct view head, algorithm, signature, inclusion, consistency;
};
struct follow {
    uint64_t session;
    struct view stream, epoch;
    uint64_t cursor, credit;
};
struct events {
    uint64_t session;
    struct view stream, epoch;
    uint64_t head;
    uint32_t count;
    struct reader list;
};
struct cursor {
    uint64_t session;
    struct view stream;
    uint64_t cursor;
};
struct gap {
    uint64_t session;
    struct view stream, epoch;
    uint64_t first;
    struct view why;
};
struct blob_offer {
    uint64_t session;
    struct view sha256;
    uint64_t size;
    struct view media_type;
};
struct blob_want {
    uint64_t session;
    struct view sha256;
    uint64_t offset, credit;
};
struct blob_chunk {
    uint64_t session;
    struct view sha256;
    uint64_t offset;
    struct view bytes;
};
struct blob_done {
    uint64_t session;
    struct view sha256, code;
    uint64_t after_ms; /* of a code that holds for a while: not before; 0: not said */
};
struct enrol {
    uint64_t version;
    struct view code; /* or the two former_ */
    struct view algorithm, signing_key, proof, former_key, former_proof, software;
    struct view party; /* the only one that it may be; empty: any */
};
struct enrolled {
    struct view party, name, role, hub, city, algorithm, hub_key, epoch, entity_type;
    struct view sectors; /* encoded array, may be empty */
    uint64_t given_out;
    struct view leaked_key; /* the hub's former signing key, where that has leaked */
    uint64_t leaked_at;
    struct view leaks; /* all that have, that one first: common/succession.h */
};

/* epoch views are empty (size 0) where the message has nil or no epoch. */
struct message {
    enum message_type type;
    union {
        struct hello hello;
        struct welcome welcome;
        struct refuse refuse;
        struct ping ping;
        struct submit submit;
        struct receipt receipt;
        struct follow follow;
        struct events events;
        struct cursor cursor;
        struct gap gap;
        struct enrol enrol;
        struct enrolled enrolled;
        struct blob_offer blob_offer;
        struct blob_want blob_want;
        struct blob_chunk blob_chunk;
        struct blob_done blob_done;
        struct prove prove;
        struct ledger_proof proof;
        uint64_t session; /* BYE */
    };
};

/* ERR_INVALID or ERR_TRUNCATED with the reason for a log or a REFUSE; ERR_NOT_FOUND for a type this version does not
 * implement (later ones included). */
MUST_CHECK err_t message_decode(struct view frame, struct message *ret_message, char reterr_reason[128]);

/* Encodes any message but those with lists of results or events, from the same struct that decoding fills. */
void message_encode(const struct message *message, msgpack_sbuffer *buffer);

/* One event of an EVENTS: call count times on a copy of events->list. */
MUST_CHECK err_t events_next(struct reader *list, uint64_t *ret_cursor, struct view *ret_event);

/* EVENTS written as it goes: the head first with the exact count, then each event. */
void events_begin(msgpack_sbuffer *buffer, uint64_t session, const char *stream, const uint8_t epoch[EPOCH_SIZE],
                  uint64_t head, uint32_t count);
void events_add(msgpack_sbuffer *buffer, uint64_t at, struct view event);

enum outcome { OUTCOME_STORED, OUTCOME_DUPLICATE, OUTCOME_REJECTED, OUTCOME_RETRY };

struct result {
    enum outcome outcome;
    struct view id; /* may be empty */
    struct view hash;
    uint64_t number; /* stored, duplicate */
    int64_t at;
    struct view faults; /* rejected: the encoded array */
    struct view code;   /* retry */
    uint64_t after_ms;  /* retry */
};

struct receipt_body {
    struct view party, hub, epoch;
    int64_t at;
    /* What the hub has checked of the SUBMIT: its signature, the key that it fits, and the hub's CURVE key that it
     * covers. All or none: an older hub says none of it. */
    struct view signature, party_key, hub_curve_key;
    uint32_t count;
    struct reader results;
};
MUST_CHECK err_t receipt_body_decode(struct view body, struct receipt_body *ret_body);
MUST_CHECK err_t result_next(struct reader *results, struct result *ret_result);
/* COUNT results are to be added; BODY's own are not looked at. */
void receipt_body_begin(msgpack_sbuffer *buffer, const struct receipt_body *body);
void receipt_body_add(msgpack_sbuffer *buffer, const struct result *result);

/* What the hub signs once a commit (PROTOCOL.md §10): the ledger as it is then, and the receipts of that commit. */
struct tree_head {
    uint8_t epoch[EPOCH_SIZE];
    uint64_t size; /* records */
    uint8_t root[RECORD_HASH_SIZE];
    int64_t at;
    uint8_t
        receipts[RECORD_HASH_SIZE]; /* the root over the bodies of the receipts; zeros where it is signed for none */
};
void head_encode(const struct tree_head *head, uint8_t ret_bytes[HEAD_SIZE]);
MUST_CHECK err_t head_decode(struct view bytes, struct tree_head *ret_head);

/* The encoded faults array of a rejection, both ways. */
void faults_encode(const struct faults *faults, msgpack_sbuffer *buffer);
MUST_CHECK err_t faults_decode(struct view bytes, struct faults *ret_faults);

/* What a SUBMIT's signature covers: appends to BUFFER. HASHES are COUNT × 32 bytes. */
void submit_signed_bytes(const uint8_t hub_key[KEY_SIZE], const uint8_t *hashes, uint32_t count,
                         msgpack_sbuffer *buffer);
/* What a head's and an ENROL's signature covers. TICKET: the code, or the former CURVE key. */
void head_signed_bytes(struct view head, msgpack_sbuffer *buffer);
void enrol_signed_bytes(const uint8_t curve_key[KEY_SIZE], struct view ticket, msgpack_sbuffer *buffer);
/* What the signature covers by which a pair of keys names the one that takes its place, from SINCE on (0: at once). */
void successor_signed_bytes(const uint8_t former_key[KEY_SIZE], const uint8_t curve_key[KEY_SIZE], int64_t since,
                            struct view signing_key, msgpack_sbuffer *buffer);

/* One aggregate cell as it travels in an event (type cell). */
struct cell_event {
    struct view family, day;
    struct view dims[6];
    uint32_t dim_count;
    int64_t count, sum;
    uint64_t revision;
    uint64_t size; /* of the ledger that it was computed at; 0: not known */
};
/* A record on its way to somebody else, without its confidential fields (type record). Upwards: who filed it; the name
 * is absent where the reporter is hidden. Into an inbox: `owner` is the party whose thread it belongs to. */
struct record_event {
    uint64_t number;
    int64_t received_at;
    struct view role;                             /* of the filer */
    struct view entity_type, entity, entity_name; /* of the filer, upwards alone */
    struct view owner;                            /* into an inbox alone */
    struct view state, record;
};
/* A clock (type clock): a reminder or an overdue duty. Names the institution where it goes up. */
struct clock_event {
    int64_t at, due_at;
    struct view term, stage; /* before, overdue */
    struct view entity, entity_name;
    struct view root; /* the thread's record; absent for a duty of a period */
    struct view period;
};
/* A change of the entity's own standing (type entity_state). */
struct state_event {
    int64_t at;
    struct view state, reason;
};

/* The hub runs short of something, or no longer (type hub_health). */
struct health_event {
    int64_t at;
    struct view disk; /* ok, low, full */
    uint64_t free_mib;
    struct view connections; /* likewise; empty: an older hub says nothing of them */
    uint64_t connections_free;
};

enum event_type { EVENT_CELL, EVENT_RECORD, EVENT_CLOCK, EVENT_ENTITY_STATE, EVENT_HUB_HEALTH };
struct event {
    enum event_type type;
    union {
        struct cell_event cell;
        struct record_event record;
        struct clock_event clock;
        struct state_event state;
        struct health_event health;
    };
};

/* ERR_NOT_FOUND for an unknown type: a follower keeps its cursor moving past it. */
MUST_CHECK err_t event_decode(struct view bytes, struct event *ret_event);
void event_encode(const struct event *event, msgpack_sbuffer *buffer);

#endif
