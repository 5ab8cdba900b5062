/* The session side of PROTOCOL.md §4: what each message of a peer does. */
#include "hub/front_parts.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"

enum {
    MALFORMED_MAX = 10,
    PEER_QUEUE_MAX = 16 << 20, /* bytes of batches that wait, of one peer */
    WHO_MS = 1000,
    BUSY_AFTER_MS = 500,
    LAST_WORD_MS = 200,
    /* Beyond these a batch is for the checker. Up to them a check takes 0.2 ms, most of it for the signature. */
    LARGE_ITEMS = 8,
    LARGE_BYTES = 32 << 10
};

static const char bad_signature[] = "the signature does not fit the batch";

static bool comes_by_session(const struct arrival *arrival)
{
    const struct peer *peer = arrival->peer;
    return peer->session && peer->routing_size == zmq_msg_size((zmq_msg_t *)&arrival->routing) &&
           memcmp(peer->routing, zmq_msg_data((zmq_msg_t *)&arrival->routing), peer->routing_size) == 0;
}

void front_end_session(struct front *front, struct peer *peer)
{
    zsock_t *const ends[] = {front->to_feeder, front->to_blobs};
    for (int i = 0; i < 2 && peer->session; i++) {
        struct mail *gone = mail_new(MAIL_GONE);
        gone->row = peer->party.row;
        gone->session = peer->session;
        mail_send(ends[i], &gone);
    }
    if (peer->session) {
        doors_in_session(front->doors, &peer->connection, false, clock_monotonic_ms());
    }
    peer->session = 0;
    peer->in_flight = 0;
    peer->unread_chunks = peer->probed_chunks = peer->probe_token = 0;
}

void front_doom(struct front *front, const struct connection *connection)
{
    struct doom *doom = mem_alloc(sizeof *doom);
    *doom = (struct doom){*connection, clock_monotonic_ms() + LAST_WORD_MS};
    zlistx_add_end(front->doomed, doom);
}

static void turn_out(struct front *front, struct peer *peer, const char *code, const char *reason)
{
    reply_refuse(front, peer->routing, peer->routing_size, code, reason, 0, 0);
    front_end_session(front, peer);
    front_doom(front, &peer->connection);
}

void front_dismiss(struct front *front, struct peer *peer, const char *code, const char *reason)
{
    log_info("session-ended", "party=%s session=%" PRIu64 " code=%s", peer->party.party, peer->session, code);
    turn_out(front, peer, code, reason);
}

/* All that shows of a key that two machines have. */
static void supersede(struct front *front, struct peer *peer, const struct arrival *younger)
{
    char address[64];
    connection_address(&peer->connection, address);
    log_warn("session-superseded", "party=%s session=%" PRIu64 " address=%s younger_address=%s", peer->party.party,
             peer->session, address, younger->address);
    turn_out(front, peer, "session_superseded", "the same key opened another session");
}

/* What a peer has given out and not sent yet shows as missing, should it never come. Until it is stored each HELLO
 * has it stored again. */
static void note_told(struct front *front, struct peer *peer, uint64_t sent)
{
    if (sent > INT64_MAX / 2) {
        return;
    }
    peer->told = sent > peer->told ? sent : peer->told;
    if (sent <= peer->party.given_out || sent <= peer->received) {
        return;
    }
    struct mail *mail = mail_new(MAIL_TOLD);
    mail->row = peer->party.row;
    mail->cursor = sent;
    mail_send(front->to_writer, &mail);
}

static void on_hello(struct front *front, struct arrival *arrival, const struct message *message)
{
    struct peer *peer = arrival->peer;
    if (message->hello.version != PROTOCOL_VERSION) {
        reply_refuse(front, zmq_msg_data(&arrival->routing), zmq_msg_size(&arrival->routing), "unsupported",
                     "this hub speaks AGN/1", 0, 0);
        return;
    }
    const struct demand demands[] = {{RATE_SESSIONS, 1}, {RATE_BYTES, 0}};
    const char *what = NULL;
    int64_t after_ms = front_limit(front, peer, demands, 2, &what);
    if (after_ms > 0) {
        struct connection connection = front_connection(arrival);
        reply_refuse(front, zmq_msg_data(&arrival->routing), zmq_msg_size(&arrival->routing), "busy", what, 0,
                     (uint64_t)after_ms);
        front_doom(front, &connection);
        return;
    }
    if (peer->session && !comes_by_session(arrival)) {
        supersede(front, peer, arrival);
    } else {
        front_end_session(front, peer);
    }
    peer->session = ++front->last_session;
    assert(zmq_msg_size(&arrival->routing) <= sizeof peer->routing); /* the ROUTER's own */
    peer->routing_size = zmq_msg_size(&arrival->routing);
    memcpy(peer->routing, zmq_msg_data(&arrival->routing), peer->routing_size);
    peer->key = arrival->key->row;
    peer->connection = front_connection(arrival);
    doors_in_session(front->doors, &peer->connection, true, clock_monotonic_ms());
    peer->window = (uint64_t)front->options.window;
    peer->max_batch = (uint64_t)front->options.max_batch;
    peer->malformed = 0;
    peer->heard_ms = peer->pinged_ms = clock_monotonic_ms();
    peer->weighed_ms = 0;
    note_told(front, peer, message->hello.sent);
    log_debug("session-new", "party=%s session=%" PRIu64, peer->party.party, peer->session);
    reply_welcome(front, peer);
}

static void refuse_batch(struct front *front, struct peer *peer, uint64_t batch, const char *code, const char *reason,
                         int64_t after_ms)
{
    if (after_ms == 0) {
        front_charge_fault(front, peer);
        if (front_may_say(&peer->refused_ms)) {
            log_warn("batch-refused", "party=%s batch=%" PRIu64 " code=%s", peer->party.party, batch, code);
        }
    }
    reply_refuse(front, peer->routing, peer->routing_size, code, reason, batch, (uint64_t)after_ms);
}

/* Of a batch that breaks no limit of a rate: true when there is room for it now. */
static bool has_room(const struct front *front, const struct peer *peer, size_t size)
{
    return front->queued_bytes + size <= (size_t)front->options.queue_mib << 20 &&
           peer->queued_bytes + size <= PEER_QUEUE_MAX;
}

/* To the writer, or back where it came from. Until now it counted as it was before its check. */
static void settle_batch(struct front *front, struct peer *peer, struct batch *batch, bool is_signed)
{
    bool is_of_session = peer->session == batch->session;
    front->queued_bytes -= batch->size;
    peer->queued_bytes -= batch->size;
    if (is_signed) {
        batch->size = batch_size(batch);
        front->queued_bytes += batch->size;
        peer->queued_bytes += batch->size;
        struct mail *mail = mail_new(MAIL_BATCH);
        mail->batch = batch;
        mail_send(batch->names_blobs ? front->to_blobs : front->to_writer, &mail);
        return;
    }
    if (is_of_session) {
        peer->in_flight -= batch->count;
        refuse_batch(front, peer, batch->batch, "bad_signature", bad_signature, 0);
    } else {
        front_charge_fault(front, peer);
    }
    batch_free(batch);
}

void front_on_checked(struct front *front, struct mail *mail)
{
    struct batch *batch = mail->batch;
    struct peer *peer = sessions_find(front->sessions, batch->party_row);
    mail->batch = NULL;
    peer->checking--;
    settle_batch(front, peer, batch, mail->is_signed);
}

/* Its check would keep the others waiting. */
static bool is_large(const struct batch *batch)
{
    return batch->count > LARGE_ITEMS || zmq_msg_size((zmq_msg_t *)&batch->frame) > LARGE_BYTES;
}

/* A party's batches are taken up in the order of their coming: where one is being checked, the next follow it. Only
 * those that name attachments may fall behind (PROTOCOL.md, section 9). */
static void take_batch(struct front *front, struct arrival *arrival, const struct submit *submit)
{
    struct peer *peer = arrival->peer;
    struct batch *batch = intake_take(&peer->party, arrival->key, submit, &arrival->frame, clock_ms());
    if (!batch) {
        refuse_batch(front, peer, submit->batch, "bad_signature", bad_signature, 0);
        return;
    }
    batch->size = batch_size(batch);
    peer->in_flight += batch->count;
    peer->queued_bytes += batch->size;
    front->queued_bytes += batch->size;
    if (peer->checking == 0 && !is_large(batch)) {
        settle_batch(front, peer, batch, intake_check(&front->intake, batch));
        return;
    }
    struct mail *mail = mail_new(MAIL_BATCH);
    mail->batch = batch;
    peer->checking++;
    mail_send(front->to_checker, &mail);
}

static void on_submit(struct front *front, struct arrival *arrival, const struct message *message)
{
    struct peer *peer = arrival->peer;
    const struct submit *submit = &message->submit;
    size_t size = zmq_msg_size(&arrival->frame);
    const struct demand demands[] = {{RATE_RECORDS, submit->count}, {RATE_DAY, submit->count}, {RATE_BYTES, 0}};
    const char *what = NULL;
    int64_t after_ms = 0;
    if (submit->count == 0 || submit->count > peer->max_batch) {
        refuse_batch(front, peer, submit->batch, "batch_too_large", "a batch holds 1 to max_batch items", 0);
    } else if (peer->in_flight + submit->count > peer->window) {
        refuse_batch(front, peer, submit->batch, "window_exceeded",
                     "more items without a receipt than the window allows", 0);
    } else if (front->is_stopping) {
        refuse_batch(front, peer, submit->batch, "stopping", "try again later", BUSY_AFTER_MS);
    } else if (!has_room(front, peer, size)) {
        refuse_batch(front, peer, submit->batch, "busy", "too much waits to be written", BUSY_AFTER_MS);
    } else if ((after_ms = front_limit(front, peer, demands, 3, &what)) > 0) {
        refuse_batch(front, peer, submit->batch, "rate_limited", what, after_ms);
    } else {
        take_batch(front, arrival, submit);
    }
}

static void on_follow(struct front *front, struct arrival *arrival, const struct message *message)
{
    struct peer *peer = arrival->peer;
    const struct follow *follow = &message->follow;
    const char *own = strcmp(peer->party.role, "province") == 0 ? "uplink" : "inbox";
    if (!view_is(follow->stream, own)) {
        reply_refuse(front, peer->routing, peer->routing_size, "not_permitted", "this role may not follow this stream",
                     0, 0);
        return;
    }
    const struct demand demand = {RATE_FOLLOWS, 1};
    const char *what = NULL;
    int64_t after_ms = front_limit(front, peer, &demand, 1, &what);
    if (after_ms > 0) {
        reply_refuse(front, peer->routing, peer->routing_size, "rate_limited", what, 0, (uint64_t)after_ms);
        return;
    }
    struct mail *mail = mail_new(MAIL_FOLLOW);
    mail->row = peer->party.row;
    mail->session = peer->session;
    mail->cursor = follow->cursor;
    mail->credit = follow->credit;
    mail->has_epoch = follow->epoch.size == EPOCH_SIZE;
    snprintf(mail->stream, sizeof mail->stream, "%s", own);
    if (mail->has_epoch) {
        memcpy(mail->epoch, follow->epoch.at, EPOCH_SIZE);
    }
    mail_send(front->to_feeder, &mail);
}

static void on_cursor(struct front *front, struct arrival *arrival, const struct message *message)
{
    struct mail *mail = mail_new(MAIL_ACK);
    mail->row = arrival->peer->party.row;
    mail->session = arrival->peer->session;
    mail->cursor = message->cursor.cursor;
    mail_send(front->to_feeder, &mail);
}

static void on_ping(struct front *front, struct arrival *arrival, const struct message *message)
{
    struct message pong = {.type = MESSAGE_PONG, .ping = message->ping};
    reply_message(front, arrival->peer->routing, arrival->peer->routing_size, &pong);
}

static void on_bye(struct front *front, struct arrival *arrival, const struct message *message)
{
    (void)message;
    front_end_session(front, arrival->peer);
    front_doom(front, &arrival->peer->connection); /* nothing more is to come: what did would only be held */
}

/* What a peer may send, and where its session number stands; offset 0: it has none. */
static const struct input {
    void (*act)(struct front *front, struct arrival *arrival, const struct message *message);
    size_t session_offset;
} inputs[] = {
    [MESSAGE_HELLO] = {on_hello, 0},
    [MESSAGE_SUBMIT] = {on_submit, offsetof(struct message, submit.session)},
    [MESSAGE_FOLLOW] = {on_follow, offsetof(struct message, follow.session)},
    [MESSAGE_CURSOR] = {on_cursor, offsetof(struct message, cursor.session)},
    [MESSAGE_PING] = {on_ping, offsetof(struct message, ping.session)},
    [MESSAGE_PONG] = {front_on_pong, offsetof(struct message, ping.session)},
    [MESSAGE_BYE] = {on_bye, offsetof(struct message, session)},
    [MESSAGE_BLOB_OFFER] = {front_on_blob, offsetof(struct message, blob_offer.session)},
    [MESSAGE_BLOB_WANT] = {front_on_blob, offsetof(struct message, blob_want.session)},
    [MESSAGE_BLOB_CHUNK] = {front_on_blob, offsetof(struct message, blob_chunk.session)},
    [MESSAGE_PROVE] = {front_on_prove, offsetof(struct message, prove.session)},
};

static void on_malformed(struct front *front, struct arrival *arrival, const char *code, const char *reason)
{
    struct peer *peer = arrival->peer;
    reply_refuse(front, zmq_msg_data(&arrival->routing), zmq_msg_size(&arrival->routing), code, reason, 0, 0);
    peer->malformed++;
    front_charge_fault(front, peer);
    if (front_may_say(&peer->refused_ms)) {
        log_warn("message-malformed", "party=%s count=%d reason=\"%s\"", peer->party.party, peer->malformed, reason);
    }
    if (peer->malformed >= MALFORMED_MAX) {
        struct connection connection = front_connection(arrival);
        if (comes_by_session(arrival)) {
            front_end_session(front, peer);
        }
        front_doom(front, &connection);
        peer->malformed = 0;
    }
}

static void say_who(struct front *front, struct arrival *arrival)
{
    struct peer *peer = arrival->peer;
    const void *routing = zmq_msg_data(&arrival->routing);
    size_t size = zmq_msg_size(&arrival->routing);
    int64_t now = clock_monotonic_ms();
    bool is_same = size <= ROUTING_SIZE_MAX && memcmp(peer->who_routing, routing, size) == 0;
    if (is_same && now - peer->who_ms < WHO_MS) {
        return;
    }
    struct message who = {.type = MESSAGE_WHO};
    peer->who_ms = now;
    memcpy(peer->who_routing, routing, size <= ROUTING_SIZE_MAX ? size : 0);
    reply_message(front, routing, size, &who);
}

/* Why nobody may speak with this key, which is one of the party's or NULL: a REFUSE code and the reason. NULL: it is
 * good. */
static const char *judge_key(const struct party *party, const struct party_key *key, const char **ret_reason)
{
    if (strcmp(party->state, "active") != 0) {
        *ret_reason = *party->reason ? party->reason : "stopped by the operator";
        return party->state;
    }
    if (key && party_key_lets_in(key, clock_ms())) {
        return NULL;
    }
    bool is_revoked = key && key->revoked_at;
    *ret_reason = is_revoked ? "the operator revoked this key" : "another key has taken the place of this one";
    return is_revoked ? "revoked" : "key_retired";
}

void front_watch_key(struct front *front, struct peer *peer)
{
    const char *reason = NULL;
    const char *code = peer->session ? judge_key(&peer->party, party_keys_find(&peer->keys, peer->key), &reason) : NULL;
    if (code) {
        front_dismiss(front, peer, code, reason);
    }
}

void front_on_message(struct front *front, struct arrival *arrival)
{
    const char *why = NULL;
    const char *code = judge_key(&arrival->peer->party, arrival->key, &why);
    if (code) {
        /* A connection that was open before its key was stopped, without a session that could have been ended. */
        struct connection connection = front_connection(arrival);
        reply_refuse(front, zmq_msg_data(&arrival->routing), zmq_msg_size(&arrival->routing), code, why, 0, 0);
        front_doom(front, &connection);
        return;
    }
    bool is_stray = !comes_by_session(arrival);
    if (front_is_flooding(front, arrival, is_stray)) {
        return;
    }
    struct message message;
    char reason[128] = "";
    struct view frame = {zmq_msg_data(&arrival->frame), zmq_msg_size(&arrival->frame)};
    err_t err = message_decode(frame, &message, reason);
    if (err != ERR_OK) {
        on_malformed(front, arrival, err == ERR_NOT_FOUND ? "unsupported" : "malformed", reason);
        return;
    }
    size_t type = (size_t)message.type;
    const struct input *input = type < sizeof inputs / sizeof *inputs && inputs[type].act ? &inputs[type] : NULL;
    if (!input) {
        on_malformed(front, arrival, "malformed", "a peer may not send this type");
        return;
    }
    if (input->session_offset) {
        uint64_t session = 0;
        memcpy(&session, (const char *)&message + input->session_offset, sizeof session);
        if (is_stray || session != arrival->peer->session) {
            say_who(front, arrival);
            return;
        }
        arrival->peer->heard_ms = clock_monotonic_ms();
    }
    input->act(front, arrival, &message);
}
