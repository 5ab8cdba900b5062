/* hub/front_parts.h - shared by the front's files only: front.c (the loop), front_session.c, front_enrol.c,
 * front_blob.c, front_receipts.c, front_reply.c. */
#ifndef HUB_FRONT_PARTS_H
#define HUB_FRONT_PARTS_H

#include "common/merkle_growth.h"
#include "common/succession.h"
#include "hub/doors.h"
#include "hub/front.h"
#include "hub/intake.h"
#include "hub/sessions.h"

struct gate;

enum { ENDPOINT_SESSIONS, ENDPOINT_ENROL, ENDPOINTS };

/* A connection to be cut once its last message has had time to leave. */
struct doom {
    struct connection connection;
    int64_t due_ms;
};

struct front {
    struct options options;
    const struct identity *identity;
    struct announced announced;        /* the pair that comes after */
    struct leak leaks[PARTY_KEYS_MAX]; /* the hub's own keys, the newest first */
    size_t leak_count;
    struct intake intake;
    uint8_t epoch[EPOCH_SIZE];
    zsock_t *pipe, *router, *enrol_router, *zap, *inbox, *to_writer, *to_feeder, *to_blobs, *to_checker;
    zsock_t *monitors[ENDPOINTS];
    struct gate *gate;
    struct doors *doors;
    struct sessions *sessions;
    struct unsent *unsent; /* of all peers */
    struct rate_limit limits[RATES];
    zlistx_t *doomed;            /* struct doom, in order of time */
    struct tree_head ledger;     /* as it was when the last batch was done */
    struct merkle_growth bodies; /* of the receipts that are signed together */
    uint64_t last_session;
    size_t queued_bytes;   /* of batches with the checker, with the writer, or on the way there */
    uint32_t enrolments;   /* likewise */
    uint64_t parcel_bytes; /* with the blobs actor */
    uint64_t last_probe;
    int64_t now_ms, ticked_ms, weighed_ms, stop_by_ms;
    int64_t doors_said_ms[DOOR_VERDICTS], accept_said_ms, enrol_said_ms,
        foreign_said_ms; /* when the log last said it */
    bool is_stopping;
};

/* A message from a connection, with what the transport says of it. */
struct arrival {
    zmq_msg_t routing;
    zmq_msg_t frame;             /* the first that was read after the routing id */
    bool is_rest;                /* of a message that was begun in an earlier turn */
    size_t size;                 /* of all that were read */
    bool is_foreign;             /* no message of AGN/1, whatever its content: PROTOCOL.md §1 */
    char user[2 * KEY_SIZE + 1]; /* as hub/zap.h has it */
    struct peer *peer;
    const struct party_key *key; /* that the connection was made with; NULL: one that is out */
    char address[64];
    int fd;
};

/* front_session.c */
void front_on_message(struct front *front, struct arrival *arrival);
/* The checker is done with a batch. Takes it out of MAIL. */
void front_on_checked(struct front *front, struct mail *mail);
void front_end_session(struct front *front, struct peer *peer);
void front_doom(struct front *front, const struct connection *connection);
/* Ends the peer's session where its key or the party itself is not good any more. */
void front_watch_key(struct front *front, struct peer *peer);
/* The last word to a connection, then the end of its session; the connection itself is doomed. */
void front_dismiss(struct front *front, struct peer *peer, const char *code, const char *reason);

/* front_limits.c */
/* At most once in ten seconds for each *said_ms: a flood must not become one of the log. */
bool front_may_say(int64_t *said_ms);
/* Takes what is demanded, all or nothing: then how long to stay away, at most half an hour, and for what. */
int64_t front_limit(struct front *front, struct peer *peer, const struct demand *demands, size_t count,
                    const char **ret_what);
/* Watches an endpoint's connections; before it is bound. */
void front_watch(struct front *front, int endpoint, zsock_t *router);
void front_on_monitor(struct front *front, int endpoint);
void front_cut_overdue(struct front *front);
/* None where it is gone: a message may outlive its connection, and then the descriptor may be somebody else's already.
 * Of two connections of one address it cannot tell. */
struct connection front_connection(const struct arrival *arrival);
/* A fault of PEER's counts beside the size of what it sent. */
void front_charge_fault(struct front *front, struct peer *peer);
/* Something that no peer of AGN/1 sends: counts, and its connection is cut. */
void front_on_foreign(struct front *front, const struct arrival *arrival);
/* Once a second: how many connections there may yet be, to the writer. */
void front_tell_room(struct front *front);
/* Once a second: cuts those that send what is never read. */
void front_weigh(struct front *front);
/* Whether what came with ARRIVAL is so far beyond its peer's limits that its connection was cut. */
bool front_is_flooding(struct front *front, struct arrival *arrival, bool is_stray);
/* Whether PARTY has sent so much outside a session that its connections are refused for now. */
bool front_is_barred(void *self, int64_t party);
void front_configure(struct front *front);

/* front_blob.c */
void front_on_blob(struct front *front, struct arrival *arrival, const struct message *message);
/* The blobs actor is done with one. */
void front_on_worked_off(struct front *front, const struct mail *mail);
void front_on_pong(struct front *front, struct arrival *arrival, const struct message *message);

/* front_receipts.c */
/* Makes the receipts of batches that were decided together, and keeps each with its batch. FAILURE is why the commit
 * failed, or NULL. Nothing of the batch that the writer may still change is read: while it commits they are only lent.
 */
void receipts_sign(struct front *front, struct batch *const *batches, size_t count, const struct tree_head *ledger,
                   const char *failure);
/* Sends the receipt of a batch that is done: the one that was made before unless the commit failed. As front_reply.c.
 */
bool reply_receipt(struct front *front, const struct peer *peer, struct batch *batch);
void front_on_prove(struct front *front, struct arrival *arrival, const struct message *message);
void front_on_proven(struct front *front, const struct mail *mail);

/* front_enrol.c */
void front_on_enrol(struct front *front, struct arrival *arrival, const uint8_t curve_key[KEY_SIZE]);
void front_on_enrolled(struct front *front, const struct enrolment *enrolment);

/* front_reply.c. All return false when the connection is gone or takes no more; the truth is the receipt, so most
 * callers go on. */
bool reply_message(struct front *front, const void *routing, size_t routing_size, const struct message *message);
/* Takes over BUFFER's content; the caller still owns the emptied struct. False too when PEER has left too much unread.
 */
bool reply_buffer(struct front *front, const struct peer *peer, msgpack_sbuffer *buffer);
/* batch 0 and after_ms 0: absent. */
bool reply_refuse(struct front *front, const void *routing, size_t routing_size, const char *code, const char *reason,
                  uint64_t batch, uint64_t after_ms);
bool reply_welcome(struct front *front, const struct peer *peer);
/* These two go to the enrolment endpoint. */
bool reply_enrol_refuse(struct front *front, const void *routing, size_t routing_size, const char *code,
                        const char *reason, uint64_t after_ms);
bool reply_enrolled(struct front *front, const struct enrolment *enrolment);

#endif
