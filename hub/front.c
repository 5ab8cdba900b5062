#include "hub/front.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"
#include "hub/front_parts.h"
#include "hub/gate.h"
#include "hub/zap.h"

/* Each enrolment costs a signature's check; sessions go first. */
enum { TICK_MS = 200, WEIGH_MS = 1000, BURST = 64, ENROL_BURST = 2, STOP_MS = 10000, OWN_ROUTING_SIZE = 5 };

/* Of one message in a turn: AGN/1 has one. */
enum { FRAMES_MAX = 256 };

/* Then the receipts that are ready go out, so that who sends little does not wait for much of somebody else's. */
enum { BURST_US = 1000 };

/* When thousands reconnect at once, the kernel's queue is the only brake before their handshakes, and each of those
 * keeps the thread that serves the connected for about half a millisecond. Who finds the queue full tries again a
 * second or more later. Measured with 5,000: at 4096 all are back in 4 s and the connected stand still for 1 to 2 s; at
 * 128 it takes 12 s and they wait 0.1 s; at 32 some are out for more than 20 s. */
enum { ACCEPT_BACKLOG = 128 };

/* Messages of one connection that wait for the front, which reads them faster than the I/O thread can decrypt. */
enum { RECEIVE_LIMIT = 4 };

/* libzmq implements this option since 4.3.0, and its header names it only in draft builds. Without it a missing ZAP
 * handler would let anybody in. */
enum { ZAP_ENFORCE_DOMAIN = 93 };

static void note_received(struct peer *peer, const struct batch *batch)
{
    for (uint32_t i = 0; i < batch->count && !batch->failure; i++) {
        if (batch->items[i].has_id && !batch->items[i].retry && batch->items[i].projection.seq > peer->received) {
            peer->received = batch->items[i].projection.seq;
        }
    }
}

static void on_done(struct front *front, struct batch *batch)
{
    struct peer *peer = sessions_find(front->sessions, batch->party_row);
    front->queued_bytes -= batch->size;
    peer->queued_bytes -= batch->size;
    note_received(peer, batch);
    if (peer->session != batch->session) {
        return; /* the session is over: the peer sends again and gets the first outcome */
    }
    peer->in_flight -= batch->count;
    if (!batch->failure) {
        front->ledger = batch->ledger;
    }
    if (!reply_receipt(front, peer, batch)) {
        front_dismiss(front, peer, "busy", "you do not read your receipts");
    }
}

static void on_party(struct front *front, const struct registrant *registrant)
{
    gate_put(front->gate, registrant);
    front_watch_key(front, sessions_put(front->sessions, registrant));
}

static void on_told(struct front *front, const struct mail *mail)
{
    struct peer *peer = sessions_find(front->sessions, mail->row);
    if (!mail->failed && mail->cursor > peer->party.given_out) {
        peer->party.given_out = mail->cursor;
    }
}

static void on_send(struct front *front, struct mail *mail)
{
    struct peer *peer = sessions_find(front->sessions, mail->row);
    if (peer && peer->session == mail->session && !reply_buffer(front, peer, mail->frame)) {
        front_dismiss(front, peer, "busy", "you do not read what you asked for");
    }
}

static void on_mail(struct front *front, struct mail *mail)
{
    if (mail->type == MAIL_DECIDED) {
        receipts_sign(front, mail->lent, mail->lent_count, &mail->lent[0]->ledger, NULL);
    } else if (mail->type == MAIL_CHECKED) {
        front_on_checked(front, mail);
    } else if (mail->type == MAIL_BATCH) {
        on_done(front, mail->batch);
    } else if (mail->type == MAIL_ENROL) {
        front_on_enrolled(front, mail->enrolment);
    } else if (mail->type == MAIL_TOLD) {
        on_told(front, mail);
    } else if (mail->type == MAIL_PARTY) {
        on_party(front, mail->registrant);
    } else if (mail->type == MAIL_SEND) {
        on_send(front, mail);
    } else if (mail->type == MAIL_BLOB) {
        front_on_worked_off(front, mail);
    } else if (mail->type == MAIL_PROVE) {
        front_on_proven(front, mail);
    }
    mail_free(mail);
}

static void read_inbox(struct front *front)
{
    struct mail *mail = NULL;
    for (int i = 0; i < 4 * BURST && (mail = mail_receive(front->inbox, false)); i++) {
        on_mail(front, mail);
    }
}

static void read_metadata(struct arrival *arrival)
{
    const char *address = zmq_msg_gets(&arrival->frame, "Peer-Address");
    const char *user = zmq_msg_gets(&arrival->frame, "User-Id");
    snprintf(arrival->address, sizeof arrival->address, "%s", address ? address : "");
    snprintf(arrival->user, sizeof arrival->user, "%s", user ? user : "");
    arrival->fd = zmq_msg_get(&arrival->frame, ZMQ_SRCFD);
}

/* The ROUTER's own: who has chosen one for itself may have chosen any size. */
static bool is_own_routing(zmq_msg_t *routing)
{
    const uint8_t *bytes = zmq_msg_data(routing);
    return zmq_msg_size(routing) == OWN_ROUTING_SIZE && bytes[0] == 0;
}

/* Whether frames are left of the message that was read last. */
static bool is_amidst(void *router)
{
    int more = 0;
    size_t size = sizeof more;
    return zmq_getsockopt(router, ZMQ_RCVMORE, &more, &size) == 0 && more;
}

/* False when nothing is there. Of a message of many frames it reads some, and the rest in later turns. */
static bool receive(void *router, struct arrival *arrival)
{
    zmq_msg_t rest;
    *arrival = (struct arrival){.fd = -1, .is_rest = is_amidst(router)};
    zmq_msg_init(&arrival->routing);
    zmq_msg_init(&arrival->frame);
    if (!arrival->is_rest && zmq_msg_recv(&arrival->routing, router, ZMQ_DONTWAIT) < 0) {
        return false;
    }
    arrival->is_foreign = arrival->is_rest || !is_own_routing(&arrival->routing);
    if (zmq_msg_recv(&arrival->frame, router, ZMQ_DONTWAIT) < 0) {
        return false;
    }
    read_metadata(arrival);
    arrival->size = zmq_msg_size(&arrival->frame);
    for (int i = 0; i < FRAMES_MAX && is_amidst(router); i++) {
        zmq_msg_init(&rest);
        zmq_msg_recv(&rest, router, ZMQ_DONTWAIT);
        arrival->size += zmq_msg_size(&rest);
        arrival->is_foreign = true;
        zmq_msg_close(&rest);
    }
    return true;
}

/* The ZAP user id: the rows of the party and of its key. */
static void find_speaker(struct front *front, struct arrival *arrival)
{
    char *rest = NULL;
    arrival->peer = *arrival->user ? sessions_find(front->sessions, strtoll(arrival->user, &rest, 10)) : NULL;
    arrival->key =
        arrival->peer && *rest == '/' ? party_keys_find(&arrival->peer->keys, strtoll(rest + 1, NULL, 10)) : NULL;
}

static void read_sessions(struct front *front)
{
    int64_t end_us = zclock_usecs() + BURST_US;
    for (int i = 0; i < BURST && zclock_usecs() < end_us; i++) {
        struct arrival arrival;
        bool is_there = receive(zsock_resolve(front->router), &arrival);
        if (is_there) {
            find_speaker(front, &arrival);
            if (arrival.is_foreign) {
                front_on_foreign(front, &arrival);
            } else if (arrival.peer) {
                front_on_message(front, &arrival);
            }
        }
        zmq_msg_close(&arrival.routing);
        zmq_msg_close(&arrival.frame);
        if (!is_there) {
            return;
        }
    }
}

static void read_enrolments(struct front *front)
{
    for (int i = 0; i < ENROL_BURST; i++) {
        struct arrival arrival;
        uint8_t key[KEY_SIZE];
        bool is_there = receive(zsock_resolve(front->enrol_router), &arrival);
        if (is_there && arrival.is_foreign) {
            front_on_foreign(front, &arrival);
        } else if (is_there && hex_parse(arrival.user, key, KEY_SIZE) == ERR_OK) {
            front_on_enrol(front, &arrival, key);
        }
        zmq_msg_close(&arrival.routing);
        zmq_msg_close(&arrival.frame);
        if (!is_there) {
            return;
        }
    }
}

static void watch_peer(void *self, struct peer *peer)
{
    struct front *front = self;
    int64_t silent = front->now_ms - peer->heard_ms;
    front_watch_key(front, peer);
    if (!peer->session) {
        return;
    }
    if (silent > 3 * front->options.ping_ms) {
        log_info("session-silent", "party=%s session=%" PRIu64, peer->party.party, peer->session);
        front_end_session(front, peer);
        connection_cut(&peer->connection);
    } else if (silent > 2 * front->options.ping_ms && front->now_ms - peer->pinged_ms > front->options.ping_ms) {
        struct message ping = {.type = MESSAGE_PING};
        ping.ping = (struct ping){.session = peer->session, .token = (uint64_t)front->now_ms};
        peer->pinged_ms = front->now_ms;
        reply_message(front, peer->routing, peer->routing_size, &ping);
    }
}

static void tick(struct front *front)
{
    front->now_ms = clock_monotonic_ms();
    if (front->now_ms - front->ticked_ms < TICK_MS) {
        return;
    }
    front->ticked_ms = front->now_ms;
    struct doom *doom = NULL;
    while ((doom = zlistx_first(front->doomed)) && doom->due_ms <= front->now_ms) {
        connection_cut(&doom->connection);
        zlistx_delete(front->doomed, zlistx_cursor(front->doomed));
    }
    sessions_each(front->sessions, watch_peer, front);
    front_cut_overdue(front);
    if (front->now_ms - front->weighed_ms >= WEIGH_MS) {
        front->weighed_ms = front->now_ms;
        front_weigh(front);
        front_tell_room(front);
    }
}

static void say_stopping(void *self, struct peer *peer)
{
    if (peer->session) {
        reply_refuse(self, peer->routing, peer->routing_size, "stopping", "the hub is shutting down; reconnect later",
                     0, 0);
    }
}

/* True when the actor is to end. */
static bool read_pipe(struct front *front)
{
    zmsg_t *message = zmsg_recv(front->pipe);
    char *command = message ? zmsg_popstr(message) : NULL;
    bool is_end = !command || streq(command, "$TERM");
    if (command && streq(command, "STOP")) {
        front->is_stopping = true;
        front->stop_by_ms = clock_monotonic_ms() + STOP_MS;
    } else if (command && streq(command, "RELOAD")) {
        zframe_t *frame = zmsg_pop(message);
        memcpy(&front->options, zframe_data(frame), sizeof front->options);
        zframe_destroy(&frame);
        front_configure(front);
    } else if (command && streq(command, PULSE)) {
        zstr_send(front->pipe, PULSE);
    }
    free(command);
    zmsg_destroy(&message);
    return is_end;
}

static void serve(struct front *front)
{
    enum { ITEMS = 5 + ENDPOINTS };
    const struct bar bar = {front_is_barred, front};
    void *sockets[ITEMS] = {zsock_resolve(front->pipe),
                            zsock_resolve(front->zap),
                            zsock_resolve(front->inbox),
                            zsock_resolve(front->router),
                            zsock_resolve(front->enrol_router),
                            zsock_resolve(front->monitors[ENDPOINT_SESSIONS]),
                            zsock_resolve(front->monitors[ENDPOINT_ENROL])};
    zmq_pollitem_t items[ITEMS];
    for (int i = 0; i < ITEMS; i++) {
        items[i] = (zmq_pollitem_t){.socket = sockets[i], .events = ZMQ_POLLIN};
    }
    for (;;) {
        if (zmq_poll(items, ITEMS, TICK_MS) < 0 && errno == ETERM) {
            return;
        }
        if ((items[0].revents & ZMQ_POLLIN) && read_pipe(front)) {
            return;
        }
        /* Answers before questions: handshakes and receipts never wait for more work. */
        if (items[1].revents & ZMQ_POLLIN) {
            zap_answer(zsock_resolve(front->zap), front->gate, &bar);
        }
        for (int i = 0; i < ENDPOINTS; i++) {
            if (items[5 + i].revents & ZMQ_POLLIN) {
                front_on_monitor(front, i);
            }
        }
        if (items[2].revents & ZMQ_POLLIN) {
            read_inbox(front);
        }
        if (items[3].revents & ZMQ_POLLIN) {
            read_sessions(front);
        }
        if (items[4].revents & ZMQ_POLLIN) {
            read_enrolments(front);
        }
        tick(front);
        if (front->is_stopping && (front->queued_bytes == 0 || front->now_ms > front->stop_by_ms)) {
            sessions_each(front->sessions, say_stopping, front);
            front->is_stopping = false;
            front->stop_by_ms = INT64_MAX;
            zstr_send(front->pipe, "STOPPED");
        }
    }
}

struct loading {
    struct front *front;
    struct store *registry;
    err_t err;
};

/* Those that were in use: one that was announced beside them is revoked with them, but peers know the hub by another.
 */
static void note_leaks(struct front *front, const struct party_keys *keys)
{
    for (size_t i = 0; i < keys->count && front->leak_count < PARTY_KEYS_MAX; i++) {
        const struct party_key *key = &keys->list[i];
        if (key->revoked_at && key->since <= key->revoked_at) {
            front->leaks[front->leak_count++] = (struct leak){key->signing_key, key->revoked_at, key->revoked_at};
        }
    }
}

static void load_party(void *self, const struct party *party)
{
    struct loading *loading = self;
    struct registrant registrant = {.party = *party};
    if (loading->err == ERR_OK) {
        loading->err = store_load_keys(loading->registry, party->row, &registrant.keys);
    }
    if (strcmp(party->role, "city") == 0) {
        note_leaks(loading->front, &registrant.keys);
    }
    gate_put(loading->front->gate, &registrant);
    sessions_put(loading->front->sessions, &registrant);
}

static err_t load_registry(struct front *front, struct store *registry)
{
    struct loading loading = {front, registry, ERR_OK};
    err_t err = store_each_party(registry, load_party, &loading);
    return err == ERR_OK ? loading.err : err;
}

/* Handshakes with strangers have an I/O thread of their own, so that those who are connected do not wait for them. */
static uint64_t affinity_of(const struct options *options, int endpoint)
{
    uint64_t last = UINT64_C(1) << options->io_threads;
    return endpoint == ENDPOINT_ENROL ? last : last - 1;
}

static zsock_t *open_router(const struct front_config *config, int endpoint, const char *domain, int64_t message_limit)
{
    zsock_t *sock = zsock_new(ZMQ_ROUTER);
    void *handle = zsock_resolve(sock);
    uint64_t affinity = affinity_of(&config->options, endpoint);
    int on = 1;
    int receive_limit = RECEIVE_LIMIT;
    int send_limit = 1024;
    int backlog = ACCEPT_BACKLOG;
    int handshake_ms = 10000;
    int linger_ms = 1000; /* the last receipts of a hub that stops */
    zmq_setsockopt(handle, ZMQ_AFFINITY, &affinity, sizeof affinity);
    zmq_setsockopt(handle, ZMQ_ROUTER_MANDATORY, &on, sizeof on);
    zmq_setsockopt(handle, ZMQ_CURVE_SERVER, &on, sizeof on);
    zmq_setsockopt(handle, ZMQ_CURVE_SECRETKEY, config->identity->curve_secret, KEY_SIZE);
    zmq_setsockopt(handle, ZMQ_ZAP_DOMAIN, domain, strlen(domain));
    zmq_setsockopt(handle, ZAP_ENFORCE_DOMAIN, &on, sizeof on);
    zmq_setsockopt(handle, ZMQ_MAXMSGSIZE, &message_limit, sizeof message_limit);
    zmq_setsockopt(handle, ZMQ_RCVHWM, &receive_limit, sizeof receive_limit);
    zmq_setsockopt(handle, ZMQ_SNDHWM, &send_limit, sizeof send_limit);
    zmq_setsockopt(handle, ZMQ_BACKLOG, &backlog, sizeof backlog);
    zmq_setsockopt(handle, ZMQ_HANDSHAKE_IVL, &handshake_ms, sizeof handshake_ms);
    zmq_setsockopt(handle, ZMQ_TCP_KEEPALIVE, &on, sizeof on);
    zmq_setsockopt(handle, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    return sock;
}

static void free_doom(void **item_p)
{
    free(*item_p);
    *item_p = NULL;
}

static bool front_open(struct front *front, const struct front_config *config)
{
    front->options = config->options;
    front->identity = config->identity;
    front->announced = config->announced;
    front->intake = config->intake;
    front->bodies.suite = front->intake.suite;
    memcpy(front->epoch, config->epoch, EPOCH_SIZE);
    front->gate = gate_open();
    front->doors = doors_open();
    front->unsent = unsent_open(NULL);
    front->sessions = sessions_open(front->unsent);
    front_configure(front);
    front->doomed = zlistx_new();
    zlistx_set_destructor(front->doomed, free_doom);
    front->to_writer = zsock_new_push(">inproc://writer");
    front->to_feeder = zsock_new_push(">inproc://feeder");
    front->to_blobs = zsock_new_push(">inproc://blobs");
    front->to_checker = zsock_new_push(">inproc://checker");
    front->inbox = zsock_new_pull("@inproc://front");
    /* The handler answers before anybody can knock. */
    front->zap = zsock_new_rep("@inproc://zeromq.zap.01");
    front->router = open_router(config, ENDPOINT_SESSIONS, ZAP_DOMAIN_SESSIONS, MESSAGE_SIZE_MAX);
    front->enrol_router = open_router(config, ENDPOINT_ENROL, ZAP_DOMAIN_ENROL, ENROL_SIZE_MAX);
    front_watch(front, ENDPOINT_SESSIONS, front->router);
    front_watch(front, ENDPOINT_ENROL, front->enrol_router);
    if (load_registry(front, config->registry) != ERR_OK ||
        store_ledger_head(config->registry, &front->ledger) != ERR_OK || !front->zap) {
        log_error("front-registry", "the registry cannot be read");
        return false;
    }
    const struct {
        zsock_t *sock;
        const char *endpoint;
    } binds[] = {{front->router, config->options.endpoint}, {front->enrol_router, config->options.enrol_endpoint}};
    for (int i = 0; i < 2; i++) {
        if (zsock_bind(binds[i].sock, "%s", binds[i].endpoint) < 0) {
            log_error("front-bind", "endpoint=%s reason=\"%s\"", binds[i].endpoint, zmq_strerror(errno));
            return false;
        }
    }
    return true;
}

static void front_close(struct front *front)
{
    for (int i = 0; i < ENDPOINTS; i++) {
        zsock_destroy(&front->monitors[i]);
    }
    zsock_destroy(&front->router);
    zsock_destroy(&front->enrol_router);
    zsock_destroy(&front->zap);
    zsock_destroy(&front->inbox);
    zsock_destroy(&front->to_writer);
    zsock_destroy(&front->to_feeder);
    zsock_destroy(&front->to_blobs);
    zsock_destroy(&front->to_checker);
    zlistx_destroy(&front->doomed);
    growth_done(&front->bodies);
    sessions_close(front->sessions);
    unsent_close(front->unsent);
    doors_close(front->doors);
    gate_close(front->gate);
}

void front_actor(zsock_t *pipe, void *config)
{
    struct front front = {.pipe = pipe};
    bool is_open = front_open(&front, config);
    zsock_signal(pipe, 0);
    zstr_send(pipe, is_open ? "READY" : "FAILED");
    if (is_open) {
        serve(&front);
    } else {
        while (!read_pipe(&front)) {
        }
    }
    front_close(&front);
    suite_end_thread();
}
