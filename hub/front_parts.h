/* hub/front_parts.h - shared by the front's files only: front.c (the loop), front_session.c, front_enrol.c,
 * front_blob.c, front_reply.c. */
#ifndef HUB_FRONT_PARTS_H
#define HUB_FRONT_PARTS_H

#include "hub/front.h"
#include "hub/intake.h"
#include "hub/sessions.h"

struct gate;

/* A connection to be cut once its last message has had time to leave. */
struct doom {
    struct connection connection;
    int64_t due_ms;
};

struct front {
    struct options options;
    const struct identity *identity;
    struct intake intake;
    uint8_t epoch[EPOCH_SIZE];
    zsock_t *pipe, *router, *enrol_router, *zap, *inbox, *to_writer, *to_feeder, *to_blobs;
    struct gate *gate;
    struct sessions *sessions;
    zlistx_t *doomed;  /* struct doom, in order of time */
    zlistx_t *decided; /* struct batch, the writer's: receipts to be signed while it commits */
    uint64_t last_session;
    uint64_t queued_items; /* with the writer, or on the way there */
    uint64_t parcel_bytes; /* with the blobs actor */
    uint64_t last_probe;
    int64_t now_ms, ticked_ms, stop_by_ms;
    bool is_stopping;
};

/* A message from a connection, with what the transport says of it. */
struct arrival {
    zmq_msg_t routing;
    zmq_msg_t frame;
    struct peer *peer;
    char address[64];
    int fd;
};

/* front_session.c */
void front_on_message(struct front *front, struct arrival *arrival);
void front_end_session(struct front *front, struct peer *peer);
void front_doom(struct front *front, const struct connection *connection);
/* The last word to a connection, then the end of its session; the connection itself is doomed. */
void front_dismiss(struct front *front, struct peer *peer, const char *code, const char *reason);

/* front_blob.c */
void front_on_blob(struct front *front, struct arrival *arrival, const struct message *message);
/* The blobs actor is done with one. */
void front_on_worked_off(struct front *front, const struct mail *mail);
void front_on_pong(struct front *front, struct arrival *arrival, const struct message *message);

/* front_enrol.c */
void front_on_enrol(struct front *front, struct arrival *arrival, const uint8_t curve_key[KEY_SIZE]);
void front_on_enrolled(struct front *front, const struct enrolment *enrolment);

/* front_reply.c. All return false when the connection is gone or takes no more; the truth is the receipt, so most
 * callers go on. */
bool reply_message(struct front *front, const void *routing, size_t routing_size, const struct message *message);
/* Takes over BUFFER's content; the caller still owns the emptied struct. */
bool reply_buffer(struct front *front, const void *routing, size_t routing_size, msgpack_sbuffer *buffer);
/* batch 0 and after_ms 0: absent. */
bool reply_refuse(struct front *front, const void *routing, size_t routing_size, const char *code, const char *reason,
                  uint64_t batch, uint64_t after_ms);
bool reply_welcome(struct front *front, const struct peer *peer);
/* Signs the receipt and keeps it with the batch. */
void reply_prepare(struct front *front, struct batch *batch);
/* Sends the receipt of a batch that is done, the prepared one if it still holds. */
bool reply_receipt(struct front *front, const struct peer *peer, struct batch *batch);
/* These two go to the enrolment endpoint. */
bool reply_enrol_refuse(struct front *front, const void *routing, size_t routing_size, const char *code,
                        const char *reason, uint64_t after_ms);
bool reply_enrolled(struct front *front, const struct enrolment *enrolment);

#endif
