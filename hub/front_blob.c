/* Attachments at the front: each message goes to the blobs actor as it came, and the front only sees to it that no peer
 * fills the hub's memory, by what it sends or by what it does not read. */
#include "hub/front_parts.h"

#include <string.h>

enum {
    PARCELS_MAX = 16, /* of a session, not worked off: PROTOCOL.md §2 */
    PARCEL_BYTES_MAX = 256 << 20,
    WORK_AFTER_MS = 1000,
    UNREAD_CHUNKS_MAX = 64 /* served to a session since its last PONG to a PING of ours: §9, Fetching back */
};

/* Never the token of a PING that asks whether the peer lives: those are times. */
#define PROBE_TOKEN (UINT64_C(1) << 62)

static struct view hash_of(const struct message *message)
{
    return message->type == MESSAGE_BLOB_OFFER  ? message->blob_offer.sha256
           : message->type == MESSAGE_BLOB_WANT ? message->blob_want.sha256
                                                : message->blob_chunk.sha256;
}

static void say_busy(struct front *front, struct peer *peer, const struct message *message, int64_t after_ms)
{
    static const char code[] = "busy";
    struct message done = {.type = MESSAGE_BLOB_DONE};
    done.blob_done = (struct blob_done){.session = peer->session,
                                        .sha256 = hash_of(message),
                                        .code = {(const uint8_t *)code, strlen(code)},
                                        .after_ms = (uint64_t)after_ms};
    reply_message(front, peer->routing, peer->routing_size, &done);
}

void front_on_blob(struct front *front, struct arrival *arrival, const struct message *message)
{
    struct peer *peer = arrival->peer;
    uint64_t size = zmq_msg_size(&arrival->frame);
    bool is_want = message->type == MESSAGE_BLOB_WANT;
    uint64_t chunks = is_want ? message->blob_want.credit : 0;
    chunks = chunks < BLOB_CREDIT ? chunks : BLOB_CREDIT;
    if (front->is_stopping || peer->parcels >= PARCELS_MAX || front->parcel_bytes + size > PARCEL_BYTES_MAX ||
        peer->unread_chunks + chunks > UNREAD_CHUNKS_MAX) {
        say_busy(front, peer, message, WORK_AFTER_MS);
        return;
    }
    const char *what = NULL;
    const struct demand demand =
        message->type == MESSAGE_BLOB_OFFER ? (struct demand){RATE_OFFERS, 1} : (struct demand){RATE_BYTES, 0};
    int64_t wait_ms = front_limit(front, peer, &demand, 1, &what);
    if (wait_ms > 0) {
        say_busy(front, peer, message, wait_ms);
        return;
    }
    struct mail *mail = mail_new(MAIL_BLOB);
    mail->row = peer->party.row;
    mail->session = peer->session;
    mail->parcel = parcel_new(peer->party.party, is_want, &arrival->frame);
    peer->parcels++;
    peer->unread_chunks += chunks;
    front->parcel_bytes += size;
    mail_send(front->to_blobs, &mail);
}

/* Whoever answers it has read all that was sent before. */
static void probe(struct front *front, struct peer *peer)
{
    struct message ping = {.type = MESSAGE_PING};
    peer->probe_token = PROBE_TOKEN + ++front->last_probe;
    peer->probed_chunks = peer->unread_chunks;
    ping.ping = (struct ping){.session = peer->session, .token = peer->probe_token};
    reply_message(front, peer->routing, peer->routing_size, &ping);
}

void front_on_worked_off(struct front *front, const struct mail *mail)
{
    struct peer *peer = sessions_find(front->sessions, mail->row);
    front->parcel_bytes -= zmq_msg_size(&mail->parcel->frame);
    peer->parcels--;
    if (mail->parcel->is_want && peer->session == mail->session && peer->probe_token == 0) {
        probe(front, peer);
    }
}

void front_on_pong(struct front *front, struct arrival *arrival, const struct message *message)
{
    struct peer *peer = arrival->peer;
    if (peer->probe_token == 0 || message->ping.token != peer->probe_token) {
        return; /* hearing it was all */
    }
    peer->probe_token = 0;
    peer->unread_chunks -= peer->probed_chunks;
    if (peer->unread_chunks > 0 && peer->parcels == 0) {
        probe(front, peer);
    }
}
