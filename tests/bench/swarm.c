#include "tests/bench/swarm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <zmq.h>

#include "common/mem.h"
#include "common/text.h"
#include "tests/bench/measure.h"

enum { GREETINGS_AT_ONCE = 64, EVENTS_AT_ONCE = 256 };

static const double greeting_s = 10;
static const double tick_s = 0.5;

void swarm_open(struct swarm *swarm, const struct keyring *keyring)
{
    memset(swarm, 0, sizeof *swarm);
    swarm->began_ms = clock_ms();
    swarm->keyring = keyring;
    swarm->epoll = epoll_create1(0);
    swarm->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (swarm->epoll < 0 || swarm->timer < 0 || epoll_ctl(swarm->epoll, EPOLL_CTL_ADD, swarm->timer, &event) != 0) {
        fail("epoll: %s", strerror(errno));
    }
}

void swarm_close(struct swarm *swarm)
{
    for (size_t i = 0; i < swarm->count; i++) {
        zmq_close(swarm->peers[i]->socket);
        free(swarm->peers[i]);
    }
    free(swarm->peers);
    close(swarm->epoll);
    close(swarm->timer);
    memset(swarm, 0, sizeof *swarm);
}

static void *open_socket(void *context, const struct keyring *keyring, const struct identity *identity)
{
    int linger = 0;
    int64_t limit = (int64_t)MESSAGE_SIZE_MAX * 2;
    void *socket = zmq_socket(context, ZMQ_DEALER);
    if (!socket) {
        fail(tr("no more sockets: %s (ulimit -n?)", "无法再打开套接字：%s（请检查 ulimit -n）"), zmq_strerror(errno));
    }
    zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, keyring->hub_key, KEY_SIZE);
    zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, identity->curve_public, KEY_SIZE);
    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, identity->curve_secret, KEY_SIZE);
    zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &limit, sizeof limit);
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
    return socket;
}

struct swarm_peer *swarm_add(struct swarm *swarm, void *context, const struct keyring *keyring,
                             const struct member *member)
{
    struct swarm_peer *peer = mem_alloc(sizeof *peer);
    peer->member = member;
    peer->index = swarm->count;
    peer->socket = open_socket(context, keyring, &member->identity);
    int handle = -1;
    size_t size = sizeof handle;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};
    if (zmq_getsockopt(peer->socket, ZMQ_FD, &handle, &size) != 0 ||
        epoll_ctl(swarm->epoll, EPOLL_CTL_ADD, handle, &event) != 0) {
        fail("epoll: %s", strerror(errno));
    }
    swarm->peers = mem_grow(swarm->peers, swarm->count + 1, sizeof *swarm->peers);
    swarm->peers[swarm->count++] = peer;
    return peer;
}

static void greet(struct swarm *swarm, struct swarm_peer *peer)
{
    static const char software[] = "bench-load";
    struct message message = {.type = MESSAGE_HELLO};
    message.hello =
        (struct hello){.version = PROTOCOL_VERSION, .software = {(const uint8_t *)software, sizeof software - 1}};
    if (peer->state == PEER_READY) {
        swarm->ready_count--;
    }
    peer->state = PEER_GREETING;
    peer->session = 0;
    peer->asked_s = peer->heard_s = peer->pinged_s = now_s();
    swarm_send_message(swarm, peer, &message);
}

void swarm_connect(struct swarm *swarm, struct swarm_peer *peer)
{
    if (peer->state != PEER_AWAY) {
        zmq_disconnect(peer->socket, swarm->keyring->endpoint);
    }
    if (zmq_connect(peer->socket, swarm->keyring->endpoint) != 0) {
        fail("%s: %s", swarm->keyring->endpoint, zmq_strerror(errno));
    }
    greet(swarm, peer);
}

void swarm_connect_all(struct swarm *swarm, double timeout_s)
{
    double end = now_s() + timeout_s;
    size_t next = 0;
    while (swarm->ready_count < swarm->count) {
        while (next < swarm->count && next - swarm->ready_count < GREETINGS_AT_ONCE) {
            swarm_connect(swarm, swarm->peers[next++]);
        }
        if (now_s() > end) {
            fail(tr("only %zu of %zu peers were welcomed in %.0f s", "只有 %zu / %zu 个端点在 %.0f 秒内被接纳"),
                 swarm->ready_count, swarm->count, timeout_s);
        }
        swarm_turn(swarm, now_s() + 0.1);
    }
}

static void take_welcome(struct swarm *swarm, struct swarm_peer *peer, const struct welcome *welcome)
{
    if (peer->state != PEER_READY) {
        swarm->ready_count++;
    }
    peer->state = PEER_READY;
    peer->session = welcome->session;
    peer->received = welcome->received;
    peer->window = welcome->window;
    peer->ping_ms = welcome->ping_ms;
    if (swarm->handler.on_ready) {
        swarm->handler.on_ready(swarm->handler.self, peer);
    }
}

static void take_refuse(const struct swarm_peer *peer, const struct refuse *refuse)
{
    /* Said of a connection that this peer has left. */
    if (view_is(refuse->code, "session_superseded")) {
        return;
    }
    fail(tr("the hub refused: %.*s: %.*s (%s)", "枢纽拒绝：%.*s：%.*s（%s）"), (int)refuse->code.size,
         (const char *)refuse->code.at, (int)refuse->reason.size, (const char *)refuse->reason.at, peer->member->party);
}

static void take_message(struct swarm *swarm, struct swarm_peer *peer, struct message *message)
{
    const struct swarm_handler *handler = &swarm->handler;
    switch (message->type) {
    case MESSAGE_WELCOME:
        take_welcome(swarm, peer, &message->welcome);
        break;
    case MESSAGE_WHO:
        greet(swarm, peer);
        break;
    case MESSAGE_REFUSE:
        take_refuse(peer, &message->refuse);
        break;
    case MESSAGE_PING:
        swarm->pings_received++;
        message->type = MESSAGE_PONG;
        swarm_send_message(swarm, peer, message);
        break;
    case MESSAGE_RECEIPT:
        if (handler->on_receipt && message->receipt.session == peer->session) {
            handler->on_receipt(handler->self, peer, &message->receipt);
        }
        break;
    case MESSAGE_EVENTS:
        if (handler->on_events && message->events.session == peer->session) {
            handler->on_events(handler->self, peer, &message->events);
        }
        break;
    default:
        break;
    }
}

/* Until nothing is left: the descriptor of a ZeroMQ socket tells of changes, not of a state. */
static void drain(struct swarm *swarm, struct swarm_peer *peer)
{
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    peer->is_draining = true;
    while (zmq_msg_recv(&frame, peer->socket, ZMQ_DONTWAIT) >= 0) {
        struct message message;
        char reason[128];
        struct view bytes = {zmq_msg_data(&frame), zmq_msg_size(&frame)};
        peer->heard_s = now_s();
        if (message_decode(bytes, &message, reason) != ERR_OK) {
            fail(tr("the hub sent what does not decode: %s", "枢纽发来的消息无法解码：%s"), reason);
        }
        take_message(swarm, peer, &message);
    }
    peer->is_draining = false;
    zmq_msg_close(&frame);
}

void swarm_send(struct swarm *swarm, struct swarm_peer *peer, const void *bytes, size_t size)
{
    if (zmq_send(peer->socket, bytes, size, ZMQ_DONTWAIT) < 0) {
        fail(tr("cannot send: %s", "无法发送：%s"), zmq_strerror(errno));
    }
    /* Sending may have used up the descriptor's signal for something that came. */
    if (!peer->is_draining) {
        drain(swarm, peer);
    }
}

void swarm_send_message(struct swarm *swarm, struct swarm_peer *peer, const struct message *message)
{
    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    message_encode(message, &buffer);
    swarm_send(swarm, peer, buffer.data, buffer.size);
    msgpack_sbuffer_destroy(&buffer);
}

static void tick_peer(struct swarm *swarm, struct swarm_peer *peer, double now)
{
    double silence_s = (double)peer->ping_ms / 1e3;
    if (peer->state == PEER_GREETING && now - peer->asked_s > greeting_s) {
        swarm->greeted_again++;
        swarm_connect(swarm, peer);
    } else if (peer->state == PEER_READY && now - peer->heard_s > silence_s && now - peer->pinged_s > silence_s) {
        struct message message = {.type = MESSAGE_PING};
        message.ping = (struct ping){.session = peer->session, .token = ++swarm->pings_sent};
        peer->pinged_s = now;
        swarm_send_message(swarm, peer, &message);
    }
}

static void tick(struct swarm *swarm)
{
    double now = now_s();
    if (now - swarm->ticked_s < tick_s) {
        return;
    }
    swarm->ticked_s = now;
    for (size_t i = 0; i < swarm->count; i++) {
        tick_peer(swarm, swarm->peers[i], now);
    }
}

/* A timer in the poll set, because epoll_wait counts milliseconds and a schedule needs less. */
static void arm_timer(struct swarm *swarm, double until_s)
{
    double tick_at = swarm->ticked_s + tick_s;
    double at = until_s < tick_at ? until_s : tick_at;
    if (at == swarm->armed_s) {
        return;
    }
    struct itimerspec time = {0};
    time.it_value.tv_sec = (time_t)at;
    time.it_value.tv_nsec = (long)((at - (double)time.it_value.tv_sec) * 1e9);
    timerfd_settime(swarm->timer, TFD_TIMER_ABSTIME, &time, NULL);
    swarm->armed_s = at;
}

void swarm_turn(struct swarm *swarm, double until_s)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    tick(swarm);
    bool may_wait = until_s > now_s();
    if (may_wait) {
        arm_timer(swarm, until_s);
    }
    int count = epoll_wait(swarm->epoll, events, EVENTS_AT_ONCE, may_wait ? -1 : 0);
    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr) {
            drain(swarm, events[i].data.ptr);
            continue;
        }
        uint64_t expired = 0;
        if (read(swarm->timer, &expired, sizeof expired) > 0) {
            swarm->armed_s = 0;
        }
    }
}
