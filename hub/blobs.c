#include "hub/blobs.h"

#include <czmq.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"
#include "hub/uploads.h"

enum { TICK_MS = 1000, BURST = 64 };

struct blobs {
    struct uploads uploads;
    zsock_t *pipe, *inbox, *to_front, *to_writer;
    int64_t ticked_ms;
};

static void send_to_peer(void *self, int64_t row, uint64_t session, const struct message *message)
{
    struct blobs *blobs = self;
    struct mail *mail = mail_new(MAIL_SEND);
    mail->row = row;
    mail->session = session;
    mail->frame = msgpack_sbuffer_new();
    message_encode(message, mail->frame);
    mail_send(blobs->to_front, &mail);
}

static void apply_options(struct blobs *blobs, const struct options *options)
{
    blobs->uploads.quota = (uint64_t)options->blob_quota_mib << 20;
    blobs->uploads.min_free = (uint64_t)options->min_free_mb << 20;
}

/* The front has decoded it before: only its frame came along, since views do not survive a move of a small one. */
static void on_parcel(struct blobs *blobs, struct mail *mail)
{
    struct message message;
    char reason[128];
    struct view frame = {zmq_msg_data(&mail->parcel->frame), zmq_msg_size(&mail->parcel->frame)};
    struct speaker speaker = {mail->row, mail->session, mail->parcel->party};
    if (message_decode(frame, &message, reason) == ERR_OK) {
        uploads_on_message(&blobs->uploads, &speaker, &message);
    }
    mail_send(blobs->to_front, &mail);
}

static void on_leave(struct blobs *blobs, struct mail *mail)
{
    char hash[2 * BLOB_HASH_SIZE + 1];
    struct leaver *leaver = mail->leaver;
    hex_text(leaver->hash, BLOB_HASH_SIZE, hash);
    err_t err = shelf_remove(blobs->uploads.shelf, leaver->party, leaver->hash);
    leaver->failed = err != ERR_OK;
    if (leaver->failed) {
        log_warn("blob-removed", "party=%s sha256=%.16s result=\"%s\" trying again", leaver->party, hash,
                 err_name(err));
    } else {
        log_info("blob-removed", "party=%s sha256=%.16s", leaver->party, hash);
    }
    mail->type = MAIL_LEFT;
    mail_send(blobs->to_writer, &mail);
}

static void on_mail(struct blobs *blobs, struct mail *mail)
{
    if (mail->type == MAIL_BLOB) {
        on_parcel(blobs, mail);
    } else if (mail->type == MAIL_BATCH) {
        uploads_judge(&blobs->uploads, mail->batch);
        mail_send(blobs->to_writer, &mail);
    } else if (mail->type == MAIL_LEAVE) {
        on_leave(blobs, mail);
    } else {
        if (mail->type == MAIL_GONE) {
            uploads_end(&blobs->uploads, mail->row);
        }
        mail_free(mail);
    }
}

static void tick(struct blobs *blobs)
{
    int64_t now = clock_monotonic_ms();
    if (now - blobs->ticked_ms >= TICK_MS) {
        blobs->ticked_ms = now;
        uploads_tick(&blobs->uploads);
        shelf_fold(blobs->uploads.shelf);
    }
}

static bool read_pipe(struct blobs *blobs)
{
    zmsg_t *message = zmsg_recv(blobs->pipe);
    char *command = message ? zmsg_popstr(message) : NULL;
    bool is_end = !command || streq(command, "$TERM");
    if (command && streq(command, "RELOAD")) {
        struct options options;
        zframe_t *frame = zmsg_pop(message);
        memcpy(&options, zframe_data(frame), sizeof options);
        apply_options(blobs, &options);
        zframe_destroy(&frame);
    } else if (command && streq(command, PULSE)) {
        zstr_send(blobs->pipe, PULSE);
    }
    free(command);
    zmsg_destroy(&message);
    return is_end;
}

static void serve(struct blobs *blobs)
{
    zmq_pollitem_t items[2] = {{.socket = zsock_resolve(blobs->pipe), .events = ZMQ_POLLIN},
                               {.socket = zsock_resolve(blobs->inbox), .events = ZMQ_POLLIN}};
    for (;;) {
        if (zmq_poll(items, 2, TICK_MS) < 0 && errno == ETERM) {
            return;
        }
        if ((items[0].revents & ZMQ_POLLIN) && read_pipe(blobs)) {
            return;
        }
        struct mail *mail = NULL;
        for (int i = 0; i < BURST && (mail = mail_receive(blobs->inbox, false)); i++) {
            on_mail(blobs, mail);
        }
        tick(blobs);
    }
}

void blobs_actor(zsock_t *pipe, void *config)
{
    const struct blobs_config *given = config;
    struct blobs *blobs = mem_alloc(sizeof *blobs);
    struct mail *mail = NULL;
    *blobs = (struct blobs){.pipe = pipe};
    blobs->uploads.shelf = given->shelf;
    blobs->uploads.say = send_to_peer;
    blobs->uploads.self = blobs;
    apply_options(blobs, &given->options);
    blobs->inbox = zsock_new_pull("@inproc://blobs");
    blobs->to_front = zsock_new_push(">inproc://front");
    blobs->to_writer = zsock_new_push(">inproc://writer");
    zsock_signal(pipe, 0);
    serve(blobs);
    uploads_end_all(&blobs->uploads);
    while ((mail = mail_receive(blobs->inbox, false))) {
        mail_free(mail);
    }
    zsock_destroy(&blobs->inbox);
    zsock_destroy(&blobs->to_front);
    zsock_destroy(&blobs->to_writer);
    shelf_fold(blobs->uploads.shelf);
    shelf_close(blobs->uploads.shelf);
    free(blobs);
}
