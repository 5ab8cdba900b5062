/* The states and what may be trusted in each:
 *   idle      nothing is open
 *   greeting  a socket is open; HELLO goes out when the handshake is done; no session number yet
 *   ready     session, window and flights are valid
 *   waiting   nothing is open until due_ms */
#include "common/link.h"

#include <inttypes.h>
#include <string.h>

#include "common/evidence.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/succession.h"
#include "common/text.h"

enum {
    TICK_MS = 250,
    GREETING_MS = 10000,
    STALL_MS = 30000,
    BACKOFF_FIRST_MS = 500,
    BACKOFF_LAST_MS = 60000,
    REFUSED_MS = 5000,
    AFTER_MOST_MS = 3600000,
    RECEIVE_BURST = 64
};

/* Tells the caller's PINGs from the link's own. */
static const uint64_t PROBE_BIT = UINT64_C(1) << 62;

struct flight {
    uint64_t batch;
    uint32_t count;
};

struct link {
    zloop_t *loop;
    struct link_config config;
    struct link_handler handler;
    struct identity identity; /* of this socket: the ring's may change meanwhile */
    bool uses_next;
    bool uses_next_hub; /* this socket expects the pair that the hub has named */
    int timer;

    enum link_state state;
    zsock_t *sock;
    zsock_t *monitor;
    bool is_greeted; /* HELLO of this socket is sent */
    int attempts;
    int64_t due_ms; /* all times monotonic */
    int64_t opened_ms;
    int64_t heard_ms;
    int64_t pinged_ms;
    int64_t moved_ms; /* the last receipt, or the moment the first batch went into the empty flight list */

    uint64_t session;
    uint64_t ping_ms;
    uint32_t window;
    uint32_t max_batch;
    uint64_t batch;
    uint32_t proving; /* PROVEs of this session without an answer */
    uint32_t in_flight;
    size_t flight_count;
    struct flight flights[WINDOW_ITEMS];
};

/* A REFUSE that ends the session, and how long to stay away at least. */
static const struct {
    const char *code;
    int64_t wait_ms;
} ending_codes[] = {{"suspended", REFUSED_MS},
                    {"revoked", REFUSED_MS},
                    {"key_retired", REFUSED_MS},
                    {"session_superseded", BACKOFF_LAST_MS},
                    {"stopping", 1000}};

static int on_socket(zloop_t *loop, zsock_t *reader, void *arg);
static int on_monitor(zloop_t *loop, zsock_t *reader, void *arg);

static bool send_buffer(struct link *link, msgpack_sbuffer *buffer)
{
    int sent = zmq_send(zsock_resolve(link->sock), buffer->data, buffer->size, ZMQ_DONTWAIT);
    msgpack_sbuffer_destroy(buffer);
    return sent >= 0;
}

static bool send_message(struct link *link, const struct message *message)
{
    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    message_encode(message, &buffer);
    return send_buffer(link, &buffer);
}

static void close_socket(struct link *link)
{
    if (link->monitor) {
        zloop_reader_end(link->loop, link->monitor);
        zmq_socket_monitor(zsock_resolve(link->sock), NULL, 0);
        zsock_destroy(&link->monitor);
    }
    if (link->sock) {
        zloop_reader_end(link->loop, link->sock);
        zsock_destroy(&link->sock);
    }
}

static int64_t back_off(struct link *link, int64_t least_ms)
{
    int shift = link->attempts < 7 ? link->attempts : 7;
    int64_t wait = (int64_t)BACKOFF_FIRST_MS << shift;
    wait = wait < BACKOFF_LAST_MS ? wait : BACKOFF_LAST_MS;
    wait = wait > least_ms ? wait : least_ms;
    link->attempts++;
    int64_t half = wait / 2;
    return half + (int64_t)randof((int)half + 1);
}

static void go_down(struct link *link, const char *reason, int64_t least_ms)
{
    close_socket(link);
    int64_t wait = back_off(link, least_ms * 2);
    link->state = LINK_WAITING;
    link->due_ms = clock_monotonic_ms() + wait;
    link->session = 0;
    link->in_flight = 0;
    link->flight_count = 0;
    log_info("link-down", "hub=%s retry_ms=%" PRId64 " reason=\"%s\"", link->config.membership->endpoint, wait, reason);
    if (link->handler.on_down) {
        link->handler.on_down(link->handler.self, link, reason, wait);
    }
}

static void configure_socket(struct link *link)
{
    void *handle = zsock_resolve(link->sock);
    int on = 1;
    int receive_limit = 1000;
    int64_t message_limit = (int64_t)MESSAGE_SIZE_MAX * 2;
    const struct membership *membership = link->config.membership;
    zmq_setsockopt(handle, ZMQ_CURVE_SERVERKEY, link->uses_next_hub ? membership->next_hub_key : membership->hub_key,
                   KEY_SIZE);
    zmq_setsockopt(handle, ZMQ_CURVE_PUBLICKEY, link->identity.curve_public, KEY_SIZE);
    zmq_setsockopt(handle, ZMQ_CURVE_SECRETKEY, link->identity.curve_secret, KEY_SIZE);
    zmq_setsockopt(handle, ZMQ_IMMEDIATE, &on, sizeof on);
    zmq_setsockopt(handle, ZMQ_TCP_KEEPALIVE, &on, sizeof on);
    zmq_setsockopt(handle, ZMQ_RCVHWM, &receive_limit, sizeof receive_limit);
    zmq_setsockopt(handle, ZMQ_MAXMSGSIZE, &message_limit, sizeof message_limit);
    zsock_set_linger(link->sock, 0);
}

static void connect_now(struct link *link)
{
    char address[64];
    int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                 ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                 ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_DISCONNECTED;
    snprintf(address, sizeof address, "inproc://link-monitor-%p", (void *)link);
    const struct keyring *keys = link->config.keys;
    link->uses_next = link->uses_next && keys->has_next;
    link->identity = link->uses_next ? keys->next : keys->current;
    link->sock = zsock_new(ZMQ_DEALER);
    configure_socket(link);
    zmq_socket_monitor(zsock_resolve(link->sock), address, events);
    link->monitor = zsock_new(ZMQ_PAIR);
    zsock_set_linger(link->monitor, 0);
    if (zsock_connect(link->monitor, "%s", address) != 0 ||
        zsock_connect(link->sock, "%s", link->config.membership->endpoint) != 0) {
        go_down(link, tr("the hub's address is not usable", "枢纽地址不可用"), REFUSED_MS);
        return;
    }
    zloop_reader(link->loop, link->sock, on_socket, link);
    zloop_reader(link->loop, link->monitor, on_monitor, link);
    link->state = LINK_GREETING;
    link->is_greeted = false;
    link->opened_ms = link->heard_ms = link->pinged_ms = clock_monotonic_ms();
}

static void greet(struct link *link)
{
    struct message message = {.type = MESSAGE_HELLO};
    message.hello = (struct hello){.version = PROTOCOL_VERSION,
                                   .software = {(const uint8_t *)link->config.software, strlen(link->config.software)},
                                   .sent = link->config.sent};
    link->is_greeted = send_message(link, &message);
}

/* Where a change of the hub's keys is announced, it has one or the other. */
static void on_strange_hub(struct link *link)
{
    bool may_be_other = membership_has_successor(link->config.membership);
    link->uses_next_hub = may_be_other && !link->uses_next_hub;
    go_down(link,
            tr("the secure handshake failed: the hub's key has changed, or another service answers there. If the hub "
               "stays out of reach, ask the city operator for a new link and join again: keys and records stay",
               "安全握手失败：枢纽密钥已更换，或该地址上运行的是其他服务。如一直无法连接，请向市级管理员索取新链接并重"
               "新加入："
               "密钥和记录都会保留"),
            may_be_other ? 0 : REFUSED_MS);
}

static int on_monitor(zloop_t *loop, zsock_t *reader, void *arg)
{
    (void)loop;
    struct link *link = arg;
    if (reader != link->monitor) {
        return 0; /* a timer of the same round has closed it */
    }
    zframe_t *frame = zframe_recv(reader);
    zframe_t *address = frame && zframe_more(frame) ? zframe_recv(reader) : NULL;
    uint16_t event = 0;
    if (frame && zframe_size(frame) >= sizeof event) {
        memcpy(&event, zframe_data(frame), sizeof event);
    }
    zframe_destroy(&frame);
    zframe_destroy(&address);
    switch (event) {
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        greet(link);
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        link->uses_next = !link->uses_next; /* where a change of keys is under way, the hub has one or the other */
        go_down(link,
                tr("the hub refuses this key: it is unknown, suspended or revoked; ask the city operator",
                   "枢纽拒绝了本机密钥：未登记、已暂停或已吊销，请联系市级管理员"),
                REFUSED_MS);
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
        on_strange_hub(link);
        break;
    case ZMQ_EVENT_CONNECT_RETRIED:
        go_down(link, tr("cannot connect: no route, or the hub is not running", "无法连接：网络不通或枢纽未运行"), 0);
        break;
    case ZMQ_EVENT_DISCONNECTED:
        go_down(link, tr("the connection was closed", "连接已断开"), 0);
        break;
    default:
        break;
    }
    return 0;
}

static bool take_flight(struct link *link, uint64_t batch)
{
    for (size_t i = 0; i < link->flight_count; i++) {
        if (link->flights[i].batch == batch) {
            link->in_flight -= link->flights[i].count;
            link->flight_count--;
            memmove(&link->flights[i], &link->flights[i + 1], (link->flight_count - i) * sizeof *link->flights);
            return true;
        }
    }
    return false;
}

static void note_hub_keys(struct link *link, const struct successor *successor)
{
    bool is_other = link->uses_next_hub;
    if (link->uses_next_hub) {
        membership_take_successor(link->config.membership);
        link->uses_next_hub = false;
        log_info("hub-keys-changed", "hub=%s", link->config.membership->endpoint);
    }
    if (membership_note_successor(link->config.membership, successor)) {
        is_other = true;
        log_info("hub-keys-announced", "hub=%s since=%" PRIu64, link->config.membership->endpoint, successor->since);
    }
    if (is_other) {
        link->handler.on_hub_keys(link->handler.self, link);
    }
}

static void on_welcome(struct link *link, const struct message *message)
{
    const struct welcome *welcome = &message->welcome;
    note_hub_keys(link, &welcome->successor);
    link->state = LINK_READY;
    link->session = welcome->session;
    link->attempts = 0;
    link->in_flight = 0;
    link->flight_count = 0;
    link->proving = 0;
    link->window = welcome->window < WINDOW_ITEMS ? (uint32_t)welcome->window : WINDOW_ITEMS;
    link->max_batch = welcome->max_batch < BATCH_ITEMS_MAX ? (uint32_t)welcome->max_batch : BATCH_ITEMS_MAX;
    link->ping_ms = welcome->ping_ms < 100 ? 100 : welcome->ping_ms > 600000 ? 600000 : welcome->ping_ms;
    log_info("link-ready", "hub=%s session=%" PRIu64, link->config.membership->endpoint, link->session);
    if (link->handler.on_ready) {
        link->handler.on_ready(link->handler.self, link, welcome);
    }
}

static void on_who(struct link *link, const struct message *message)
{
    (void)message;
    link->state = LINK_GREETING;
    link->opened_ms = clock_monotonic_ms();
    greet(link);
}

static void on_refuse(struct link *link, const struct message *message)
{
    const struct refuse *refuse = &message->refuse;
    char code[32];
    char reason[512];
    log_safe(refuse->code.at, refuse->code.size, code, sizeof code);
    log_safe(refuse->reason.at, refuse->reason.size, reason, sizeof reason);
    log_warn("link-refused", "code=%s reason=\"%s\"", code, reason);
    if (refuse->has_batch) {
        take_flight(link, refuse->batch);
    }
    if (link->handler.on_refuse) {
        link->handler.on_refuse(link->handler.self, link, refuse);
    }
    for (size_t i = 0; i < sizeof ending_codes / sizeof *ending_codes; i++) {
        if (strcmp(code, ending_codes[i].code) == 0) {
            char text[600];
            snprintf(text, sizeof text, "%s: %s", fault_label(code, text_is_chinese()), reason);
            go_down(link, text, ending_codes[i].wait_ms);
            return;
        }
    }
    if (link->state == LINK_GREETING && refuse->after_ms > 0) {
        char text[600];
        snprintf(text, sizeof text, "%s: %s", fault_label(code, text_is_chinese()), reason);
        go_down(link, text, refuse->after_ms < AFTER_MOST_MS ? (int64_t)refuse->after_ms : AFTER_MOST_MS);
    }
}

static void on_ping(struct link *link, const struct message *message)
{
    struct message pong = {.type = MESSAGE_PONG, .ping = message->ping};
    send_message(link, &pong);
}

static void on_pong(struct link *link, const struct message *message)
{
    uint64_t token = message->ping.token;
    /* Of the link's own, hearing it was all. */
    if ((token & PROBE_BIT) && link->handler.on_probed) {
        link->handler.on_probed(link->handler.self, link, token ^ PROBE_BIT);
    }
}

static void on_bye(struct link *link, const struct message *message)
{
    (void)message;
    go_down(link, tr("the hub ended the session", "枢纽结束了会话"), 1000);
}

static void on_receipt(struct link *link, const struct message *message)
{
    const struct receipt *receipt = &message->receipt;
    struct signed_head head = {receipt->head, receipt->algorithm, receipt->signature};
    struct receipt_body body;
    struct tree_head ignored;
    const struct signing_key *key = &link->config.membership->hub_signing_key;
    const char *flaw = head_is_signed(&head, key) ? receipt_flaw(signing_key_suite(key), receipt, &body, &ignored)
                                                  : tr("the hub's signature does not fit", "枢纽签名不符");
    if (flaw) {
        log_error("receipt-unproved", "batch=%" PRIu64 " reason=\"%s\" ignoring it", receipt->batch, flaw);
        return;
    }
    if (take_flight(link, receipt->batch)) {
        link->moved_ms = clock_monotonic_ms();
    }
    if (link->handler.on_receipt) {
        link->handler.on_receipt(link->handler.self, link, &body, receipt);
    }
}

/* What nobody asked for costs no check of a signature. */
static void on_proof(struct link *link, const struct message *message)
{
    const struct ledger_proof *proof = &message->proof;
    struct signed_head signed_head = {proof->head, proof->algorithm, proof->signature};
    struct tree_head head;
    if (link->proving == 0) {
        log_debug("link-unexpected", "type=%d nothing was asked; ignoring it", (int)message->type);
        return;
    }
    link->proving--;
    if (!head_is_signed(&signed_head, &link->config.membership->hub_signing_key) ||
        head_decode(proof->head, &head) != ERR_OK) {
        log_error("proof-unsigned", "number=%" PRIu64 " the hub's signature does not fit; ignoring it", proof->number);
        return;
    }
    if (link->handler.on_proof) {
        link->handler.on_proof(link->handler.self, link, proof, &head);
    }
}

static void on_events(struct link *link, const struct message *message)
{
    if (link->handler.on_events) {
        link->handler.on_events(link->handler.self, link, &message->events);
    }
}

static void on_gap(struct link *link, const struct message *message)
{
    if (link->handler.on_gap) {
        link->handler.on_gap(link->handler.self, link, &message->gap);
    }
}

static void on_blob(struct link *link, const struct message *message)
{
    if (link->handler.on_blob) {
        link->handler.on_blob(link->handler.self, link, message);
    }
}

/* What a hub may send, in which states. */
static const struct {
    void (*act)(struct link *link, const struct message *message);
    bool is_greeting;
    bool is_ready;
} inputs[] = {
    [MESSAGE_WELCOME] = {on_welcome, true, false}, [MESSAGE_WHO] = {on_who, false, true},
    [MESSAGE_REFUSE] = {on_refuse, true, true},    [MESSAGE_PING] = {on_ping, false, true},
    [MESSAGE_PONG] = {on_pong, false, true},       [MESSAGE_BYE] = {on_bye, false, true},
    [MESSAGE_RECEIPT] = {on_receipt, false, true}, [MESSAGE_EVENTS] = {on_events, false, true},
    [MESSAGE_GAP] = {on_gap, false, true},         [MESSAGE_BLOB_WANT] = {on_blob, false, true},
    [MESSAGE_BLOB_CHUNK] = {on_blob, false, true}, [MESSAGE_BLOB_DONE] = {on_blob, false, true},
    [MESSAGE_PROOF] = {on_proof, false, true},
};

/* Every message with a session number has it first, so one place compares it. */
static bool is_of_session(const struct link *link, const struct message *message)
{
    switch (message->type) {
    case MESSAGE_WELCOME:
    case MESSAGE_WHO:
    case MESSAGE_REFUSE:
        return true;
    case MESSAGE_RECEIPT:
        return message->receipt.session == link->session;
    case MESSAGE_EVENTS:
        return message->events.session == link->session;
    case MESSAGE_GAP:
        return message->gap.session == link->session;
    case MESSAGE_BLOB_WANT:
        return message->blob_want.session == link->session;
    case MESSAGE_BLOB_CHUNK:
        return message->blob_chunk.session == link->session;
    case MESSAGE_BLOB_DONE:
        return message->blob_done.session == link->session;
    case MESSAGE_PROOF:
        return message->proof.session == link->session;
    case MESSAGE_BYE:
        return message->session == link->session;
    default:
        return message->ping.session == link->session;
    }
}

static void dispatch(struct link *link, struct view frame)
{
    struct message message;
    char reason[128];
    if (message_decode(frame, &message, reason) != ERR_OK) {
        log_warn("link-malformed", "reason=\"%s\" ignoring it", reason);
        return;
    }
    size_t type = (size_t)message.type;
    bool is_known = type < sizeof inputs / sizeof *inputs && inputs[type].act;
    bool is_due = is_known && (link->state == LINK_READY ? inputs[type].is_ready : inputs[type].is_greeting);
    if (!is_due || !is_of_session(link, &message)) {
        log_debug("link-unexpected", "type=%d state=%d ignoring it", (int)message.type, (int)link->state);
        return;
    }
    inputs[type].act(link, &message);
}

static int on_socket(zloop_t *loop, zsock_t *reader, void *arg)
{
    (void)loop;
    struct link *link = arg;
    for (int i = 0; i < RECEIVE_BURST && link->sock == reader; i++) {
        zmq_msg_t frame;
        zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, zsock_resolve(reader), ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&frame);
            return 0;
        }
        link->heard_ms = clock_monotonic_ms();
        dispatch(link, (struct view){zmq_msg_data(&frame), zmq_msg_size(&frame)});
        zmq_msg_close(&frame);
    }
    return 0;
}

static void ping(struct link *link, int64_t now)
{
    struct message message = {.type = MESSAGE_PING};
    message.ping = (struct ping){.session = link->session, .token = (uint64_t)now};
    link->pinged_ms = now;
    send_message(link, &message);
}

static int on_tick(zloop_t *loop, int timer, void *arg)
{
    (void)loop;
    (void)timer;
    struct link *link = arg;
    int64_t now = clock_monotonic_ms();
    int64_t silent = now - link->heard_ms;
    if (link->state == LINK_WAITING && now >= link->due_ms) {
        connect_now(link);
    } else if (link->state == LINK_GREETING && now - link->opened_ms > GREETING_MS) {
        go_down(link, tr("the hub does not answer", "枢纽没有应答"), 0);
    } else if (link->state == LINK_READY && silent > 3 * (int64_t)link->ping_ms) {
        go_down(link, tr("the hub has fallen silent", "枢纽已无响应"), 0);
    } else if (link->state == LINK_READY && link->in_flight > 0 && now - link->moved_ms > STALL_MS) {
        go_down(link,
                tr("records wait and no receipt moves: rebuilding the connection", "有记录等待而无回执：正在重建连接"),
                0);
    } else if (link->state == LINK_READY && silent > (int64_t)link->ping_ms &&
               now - link->pinged_ms > (int64_t)link->ping_ms / 2) {
        ping(link, now);
    }
    return 0;
}

struct link *link_open(zloop_t *loop, const struct link_config *config, const struct link_handler *handler)
{
    struct link *link = mem_alloc(sizeof *link);
    link->loop = loop;
    link->config = *config;
    link->handler = *handler;
    link->timer = zloop_timer(loop, TICK_MS, 0, on_tick, link);
    connect_now(link);
    return link;
}

void link_close(struct link *link)
{
    if (!link) {
        return;
    }
    if (link->state == LINK_READY) {
        struct message message = {.type = MESSAGE_BYE, .session = link->session};
        send_message(link, &message);
    }
    close_socket(link);
    zloop_timer_end(link->loop, link->timer);
    identity_done(&link->identity);
    free(link);
}

void link_renew(struct link *link)
{
    link->uses_next = false;
    link->attempts = 0;
    go_down(link, tr("a change of keys: connecting anew", "密钥已更换，正在重新连接"), 0);
}

bool link_uses_next(const struct link *link)
{
    return link->uses_next;
}

enum link_state link_state(const struct link *link)
{
    return link->state;
}

uint32_t link_room(const struct link *link)
{
    if (link->state != LINK_READY || link->in_flight >= link->window || link->flight_count >= WINDOW_ITEMS) {
        return 0;
    }
    uint32_t room = link->window - link->in_flight;
    return room < link->max_batch ? room : link->max_batch;
}

uint32_t link_in_flight(const struct link *link)
{
    return link->in_flight;
}

err_t link_blob(struct link *link, struct message *message)
{
    uint64_t *const sessions[] = {&message->blob_offer.session, &message->blob_want.session,
                                  &message->blob_chunk.session};
    static const enum message_type types[] = {MESSAGE_BLOB_OFFER, MESSAGE_BLOB_WANT, MESSAGE_BLOB_CHUNK};
    if (link->state != LINK_READY) {
        return ERR_BUSY;
    }
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (message->type == types[i]) {
            *sessions[i] = link->session;
        }
    }
    return send_message(link, message) ? ERR_OK : ERR_BUSY;
}

err_t link_probe(struct link *link, uint64_t token)
{
    struct message message = {.type = MESSAGE_PING};
    if (link->state != LINK_READY) {
        return ERR_BUSY;
    }
    message.ping = (struct ping){.session = link->session, .token = token | PROBE_BIT};
    return send_message(link, &message) ? ERR_OK : ERR_BUSY;
}

err_t link_prove(struct link *link, uint64_t number, uint64_t size, uint64_t from)
{
    struct message message = {.type = MESSAGE_PROVE};
    if (link->state != LINK_READY) {
        return ERR_BUSY;
    }
    message.prove = (struct prove){.session = link->session, .number = number, .size = size, .from = from};
    bool is_sent = send_message(link, &message);
    link->proving += is_sent;
    return is_sent ? ERR_OK : ERR_BUSY;
}

static void sign_batch(const struct link *link, const struct view *items, uint32_t count,
                       uint8_t ret_signature[SIGNATURE_SIZE])
{
    uint8_t hashes[BATCH_ITEMS_MAX * RECORD_HASH_SIZE];
    const struct suite *suite = identity_suite(&link->identity);
    msgpack_sbuffer buffer;
    for (uint32_t i = 0; i < count; i++) {
        suite_hash_leaf(suite, items[i], hashes + (size_t)i * RECORD_HASH_SIZE);
    }
    msgpack_sbuffer_init(&buffer);
    submit_signed_bytes(link->config.membership->hub_key, hashes, count, &buffer);
    identity_sign(&link->identity, (struct view){(const uint8_t *)buffer.data, buffer.size}, ret_signature);
    msgpack_sbuffer_destroy(&buffer);
}

err_t link_submit(struct link *link, const struct view *items, uint32_t count, uint64_t *ret_batch)
{
    if (count == 0 || count > link_room(link)) {
        return ERR_BUSY;
    }
    size_t total = 1024;
    for (uint32_t i = 0; i < count; i++) {
        total += items[i].size + 5;
    }
    if (total > MESSAGE_SIZE_MAX) {
        return ERR_TOO_LARGE;
    }
    uint8_t signature[SIGNATURE_SIZE];
    sign_batch(link, items, count, signature);
    struct message message = {.type = MESSAGE_SUBMIT};
    message.submit.session = link->session;
    message.submit.batch = ++link->batch;
    message.submit.count = count;
    memcpy(message.submit.items, items, count * sizeof *items);
    message.submit.algorithm = suite_label(identity_suite(&link->identity));
    message.submit.signature = (struct view){signature, SIGNATURE_SIZE};
    if (!send_message(link, &message)) {
        return ERR_BUSY;
    }
    if (link->in_flight == 0) {
        link->moved_ms = clock_monotonic_ms();
    }
    link->flights[link->flight_count++] = (struct flight){link->batch, count};
    link->in_flight += count;
    *ret_batch = link->batch;
    return ERR_OK;
}

void link_follow(struct link *link, const char *stream, const uint8_t *epoch, uint64_t cursor, uint64_t credit)
{
    struct message message = {.type = MESSAGE_FOLLOW};
    message.follow = (struct follow){.session = link->session,
                                     .stream = {(const uint8_t *)stream, strlen(stream)},
                                     .epoch = {epoch, epoch ? EPOCH_SIZE : 0},
                                     .cursor = cursor,
                                     .credit = credit};
    send_message(link, &message);
}

void link_ack(struct link *link, const char *stream, uint64_t cursor)
{
    struct message message = {.type = MESSAGE_CURSOR};
    message.cursor = (struct cursor){
        .session = link->session, .stream = {(const uint8_t *)stream, strlen(stream)}, .cursor = cursor};
    send_message(link, &message);
}
