/* The states and what may be trusted in each:
 *   idle      nothing is open
 *   greeting  a socket is open; HELLO goes out when the handshake is done; no session number yet
 *   ready     session, window and flights are valid
 *   waiting   nothing is open until due_ms */
#include "common/link_parts.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/succession.h"
#include "common/text.h"

/* What a hub can make its peer hold in memory is the product of both; what is beyond waits in TCP. */
enum { RECEIVE_LIMIT = 32, CURVE_ROOM = 1024 };
enum { TICK_MS = 250, GREETING_MS = 10000, STALL_MS = 30000, BACKOFF_FIRST_MS = 500, RECEIVE_BURST = 64 };

static int on_socket(zloop_t *loop, zsock_t *reader, void *arg);
static int on_monitor(zloop_t *loop, zsock_t *reader, void *arg);

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

void link_go_down(struct link *link, const char *reason, int64_t least_ms)
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
    int receive_limit = RECEIVE_LIMIT;
    int64_t message_limit = (int64_t)MESSAGE_SIZE_MAX + CURVE_ROOM;
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

/* Each has a name of its own: libzmq frees one in the background, and a monitor that finds its name taken says nothing
 * for ever. */
static atomic_uint monitors;

static void connect_now(struct link *link)
{
    char address[64];
    int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                 ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                 ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_DISCONNECTED;
    snprintf(address, sizeof address, "inproc://link-monitor-%u", atomic_fetch_add(&monitors, 1));
    const struct keyring *keys = link->config.keys;
    link->uses_next = link->uses_next && keys->has_next;
    link->identity = link->uses_next ? keys->next : keys->current;
    link->sock = zsock_new(ZMQ_DEALER);
    configure_socket(link);
    bool is_watched = zmq_socket_monitor(zsock_resolve(link->sock), address, events) == 0;
    link->monitor = zsock_new(ZMQ_PAIR);
    zsock_set_linger(link->monitor, 0);
    if (!is_watched || zsock_connect(link->monitor, "%s", address) != 0 ||
        zsock_connect(link->sock, "%s", link->config.membership->endpoint) != 0) {
        link_go_down(link, tr("the hub's address is not usable", "枢纽地址不可用"), REFUSED_MS);
        return;
    }
    zloop_reader(link->loop, link->sock, on_socket, link);
    zloop_reader(link->loop, link->monitor, on_monitor, link);
    link->state = LINK_GREETING;
    link->is_greeted = false;
    link->opened_ms = link->heard_ms = link->pinged_ms = clock_monotonic_ms();
}

void link_greet(struct link *link)
{
    struct message message = {.type = MESSAGE_HELLO};
    message.hello = (struct hello){.version = PROTOCOL_VERSION,
                                   .software = {(const uint8_t *)link->config.software, strlen(link->config.software)},
                                   .sent = link->config.sent};
    link->is_greeted = link_send(link, &message);
}

/* A hub that has another key, or that takes no more connections for the moment, breaks the handshake off without a
 * word. Where a change of its keys is announced, it has one or the other. */
static void on_strange_hub(struct link *link)
{
    bool may_be_other = membership_has_successor(link->config.membership);
    link->uses_next_hub = may_be_other && !link->uses_next_hub;
    link_go_down(
        link,
        tr("the secure handshake failed: the hub takes no more connections from here for the moment, its key has "
           "changed, or another service answers there. If it stays so, ask the city operator for a new link and join "
           "again: keys and records stay",
           "安全握手失败：枢纽暂不接受本地址的更多连接，或其密钥已更换，或该地址上运行的是其他服务。如一直无法连接，"
           "请向市级管理员索取新链接并重新加入：密钥和记录都会保留"),
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
        link_greet(link);
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        link->uses_next = !link->uses_next; /* where a change of keys is under way, the hub has one or the other */
        link_go_down(link,
                     tr("the hub refuses this key: it is unknown, suspended or revoked; ask the city operator",
                        "枢纽拒绝了本机密钥：未登记、已暂停或已吊销，请联系市级管理员"),
                     REFUSED_MS);
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
        on_strange_hub(link);
        break;
    case ZMQ_EVENT_CONNECT_RETRIED:
        link_go_down(link, tr("cannot connect: no route, or the hub is not running", "无法连接：网络不通或枢纽未运行"),
                     0);
        break;
    case ZMQ_EVENT_DISCONNECTED:
        link_go_down(link, tr("the connection was closed", "连接已断开"), 0);
        break;
    default:
        break;
    }
    return 0;
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
        link_take(link, (struct view){zmq_msg_data(&frame), zmq_msg_size(&frame)});
        zmq_msg_close(&frame);
    }
    return 0;
}

static void ping(struct link *link, int64_t now)
{
    struct message message = {.type = MESSAGE_PING};
    message.ping = (struct ping){.session = link->session, .token = (uint64_t)now};
    link->pinged_ms = now;
    link_send(link, &message);
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
        link_go_down(link, tr("the hub does not answer", "枢纽没有应答"), 0);
    } else if (link->state == LINK_READY && silent > 3 * (int64_t)link->ping_ms) {
        link_go_down(link, tr("the hub has fallen silent", "枢纽已无响应"), 0);
    } else if (link->state == LINK_READY && link->in_flight > 0 && now - link->moved_ms > STALL_MS) {
        link_go_down(
            link,
            tr("records wait and no receipt moves: rebuilding the connection", "有记录等待而无回执：正在重建连接"), 0);
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
        link_send(link, &message);
    }
    close_socket(link);
    zloop_timer_end(link->loop, link->timer);
    identity_done(&link->identity);
    free(link);
}

void link_renew(struct link *link, const char *reason)
{
    link->uses_next = false;
    link->attempts = 0;
    link_go_down(link, reason, 0);
}

void link_set_sent(struct link *link, uint64_t sent)
{
    link->config.sent = sent;
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
