#include "hub/mail.h"

#include "common/mem.h"

struct batch *batch_new(uint32_t count)
{
    /* Not zeroed as a whole: an item is about a kilobyte, and the front fills each. */
    struct batch *batch = mem_grow(NULL, 1, sizeof *batch + count * sizeof *batch->items);
    memset(batch, 0, sizeof *batch);
    zmq_msg_init(&batch->frame);
    msgpack_sbuffer_init(&batch->receipt);
    batch->count = count;
    for (uint32_t i = 0; i < count; i++) {
        batch->items[i].faults = NULL;
        batch->items[i].has_number = false;
        batch->items[i].retry = NULL;
        batch->items[i].number = 0;
        batch->items[i].at = 0;
        msgpack_sbuffer_init(&batch->items[i].refusal);
    }
    return batch;
}

void batch_free(struct batch *batch)
{
    if (!batch) {
        return;
    }
    for (uint32_t i = 0; i < batch->count; i++) {
        free(batch->items[i].faults);
        msgpack_sbuffer_destroy(&batch->items[i].refusal);
    }
    msgpack_sbuffer_destroy(&batch->receipt);
    free(batch->proof);
    zmq_msg_close(&batch->frame);
    free(batch);
}

size_t batch_size(const struct batch *batch)
{
    size_t size = sizeof *batch + zmq_msg_size(&batch->frame) + batch->count * sizeof *batch->items;
    for (uint32_t i = 0; i < batch->count; i++) {
        /* The faults as the front found them, and once more as the store encodes them. */
        size += batch->items[i].faults ? 2 * sizeof *batch->items[i].faults : 0;
    }
    return size;
}

struct parcel *parcel_new(const char *party, bool is_want, zmq_msg_t *frame)
{
    struct parcel *parcel = mem_alloc(sizeof *parcel);
    snprintf(parcel->party, sizeof parcel->party, "%s", party);
    parcel->is_want = is_want;
    zmq_msg_init(&parcel->frame);
    zmq_msg_move(&parcel->frame, frame);
    return parcel;
}

struct mail *mail_new(enum mail_type type)
{
    struct mail *mail = mem_alloc(sizeof *mail);
    mail->type = type;
    return mail;
}

void mail_free(struct mail *mail)
{
    if (!mail) {
        return;
    }
    batch_free(mail->batch);
    free(mail->enrolment);
    free(mail->registrant);
    free(mail->lent);
    free(mail->question);
    free(mail->leaver);
    if (mail->parcel) {
        zmq_msg_close(&mail->parcel->frame);
        free(mail->parcel);
    }
    if (mail->frame) {
        msgpack_sbuffer_free(mail->frame);
    }
    free(mail);
}

void mail_send(zsock_t *sock, struct mail **mail_p)
{
    struct mail *mail = *mail_p;
    *mail_p = NULL;
    /* Queues between actors have no limit, so a send that would block has nobody at the other end: that actor has
     * ended, and whoever waits for it would wait for ever. */
    if (zmq_send(zsock_resolve(sock), &mail, sizeof mail, ZMQ_DONTWAIT) < 0) {
        mail_free(mail);
    }
}

struct mail *mail_receive(zsock_t *sock, bool wait)
{
    struct mail *mail = NULL;
    int size = zmq_recv(zsock_resolve(sock), &mail, sizeof mail, wait ? 0 : ZMQ_DONTWAIT);
    if (size != (int)sizeof mail) {
        return NULL;
    }
    return mail;
}
