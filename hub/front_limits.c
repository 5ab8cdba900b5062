/* What a peer may ask for (hub/rates.h), and what an address may hold (hub/doors.h), by what libzmq's monitors tell of
 * the connections. */
#include "hub/front_parts.h"

#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>

#include "common/log.h"
#include "common/text.h"

enum {
    SAY_MS = 10000,
    EVENTS_BURST = 1024,
    MINUTE_MS = 60000,
    MESSAGE_COUNTS_AS = 4096,    /* at least, of RATE_BYTES */
    FAULT_COUNTS_AS = 256 << 10, /* likewise, beside its size: honest clients make few */
    FLOOD_MS = 5000,
    FRESH_BYTES_MAX = 64 << 10,  /* a handshake, and a HELLO or an ENROL */
    UNREAD_BYTES_MAX = 16 << 20, /* far more than the whole messages that are held for a peer */
    AFTER_LEAST_MS = 100,
    AFTER_MOST_MS = 1800000 /* a longer wait than an hour a peer takes for a mistake */
};

/* Below the limit by what else is open, and what the I/O thread accepts before the front hears of it. */
static size_t connections_max(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur - DESCRIPTOR_RESERVE;
}

void front_tell_room(struct front *front)
{
    struct mail *mail = mail_new(MAIL_ROOM);
    mail->cursor = doors_room(front->doors);
    mail->credit = mail->cursor + doors_count(front->doors);
    mail_send(front->to_writer, &mail);
}

void front_configure(struct front *front)
{
    const struct options *options = &front->options;
    struct door_limits doors = {
        .connections = connections_max(),
        .address_connections = options->address_connections,
        .accepts = {.amount = options->address_per_minute, .period_ms = MINUTE_MS, .burst_ms = MINUTE_MS}};
    doors_configure(front->doors, &doors);
    rates_configure(options, front->limits);
}

bool front_may_say(int64_t *said_ms)
{
    int64_t now = clock_monotonic_ms();
    if (*said_ms > 0 && now - *said_ms < SAY_MS) {
        return false;
    }
    *said_ms = now;
    return true;
}

int64_t front_limit(struct front *front, struct peer *peer, const struct demand *demands, size_t count,
                    const char **ret_what)
{
    int64_t wait_ms = rates_take(front->limits, peer->rates, demands, count, clock_monotonic_ms(), ret_what);
    if (wait_ms == 0) {
        return 0;
    }
    if (front_may_say(&peer->limited_ms)) {
        log_warn("peer-limited", "party=%s limit=\"%s\" after_ms=%" PRId64, peer->party.party, *ret_what, wait_ms);
    }
    return wait_ms < AFTER_LEAST_MS ? AFTER_LEAST_MS : wait_ms > AFTER_MOST_MS ? AFTER_MOST_MS : wait_ms;
}

struct connection front_connection(const struct arrival *arrival)
{
    char address[sizeof arrival->address];
    struct connection connection = connection_of(arrival->fd);
    connection_address(&connection, address);
    return strcmp(address, arrival->address) == 0 ? connection : (struct connection){.fd = -1};
}

bool front_is_barred(void *self, int64_t party)
{
    const struct front *front = self;
    const struct peer *peer = sessions_find(front->sessions, party);
    return peer && rate_wait_ms(&front->limits[RATE_STRAY], &peer->rates[RATE_STRAY], 0, clock_monotonic_ms()) > 0;
}

/* Everything that comes with a key counts, whatever it is and by whichever of its connections. Who goes on far beyond
 * what is granted is cut off, and finds no session until it is paid for. What comes outside a session does nothing, so
 * little of it is granted. */
bool front_is_flooding(struct front *front, struct arrival *arrival, bool is_stray)
{
    struct peer *peer = arrival->peer;
    const struct rate_limit *limits = front->limits;
    size_t size = zmq_msg_size(&arrival->frame);
    int64_t now = clock_monotonic_ms();
    rate_take(&limits[RATE_BYTES], &peer->rates[RATE_BYTES], size > MESSAGE_COUNTS_AS ? size : MESSAGE_COUNTS_AS, now);
    rate_take(&limits[RATE_STRAY], &peer->rates[RATE_STRAY], is_stray ? size : 0, now);
    bool is_flood = rate_wait_ms(&limits[RATE_BYTES], &peer->rates[RATE_BYTES], 0, now) > FLOOD_MS;
    if (!is_flood && !(is_stray && front_is_barred(front, peer->party.row))) {
        return false;
    }
    struct connection connection = front_connection(arrival);
    if (!is_stray) {
        front_dismiss(front, peer, "busy", limits[RATE_BYTES].what);
    }
    connection_cut(&connection);
    return true;
}

static void say(struct front *front, enum door_verdict verdict, const struct connection *connection)
{
    static const char *const events[] = {"", "address-limited", "connections-short", "message-endless"};
    char address[64];
    if (front_may_say(&front->doors_said_ms[verdict])) {
        connection_address(connection, address);
        log_warn(events[verdict], "address=%s connections=%zu", address, doors_count(front->doors));
    }
}

void front_charge_fault(struct front *front, struct peer *peer)
{
    rate_take(&front->limits[RATE_BYTES], &peer->rates[RATE_BYTES], FAULT_COUNTS_AS, clock_monotonic_ms());
}

void front_on_foreign(struct front *front, const struct arrival *arrival)
{
    if (arrival->peer) {
        rate_take(&front->limits[RATE_BYTES], &arrival->peer->rates[RATE_BYTES],
                  arrival->size > MESSAGE_COUNTS_AS ? arrival->size : MESSAGE_COUNTS_AS, clock_monotonic_ms());
        front_charge_fault(front, arrival->peer);
    }
    if (arrival->is_rest) {
        return; /* its connection was cut with the beginning, and another may have the descriptor by now */
    }
    if (front_may_say(&front->foreign_said_ms)) {
        log_warn("message-foreign", "address=%s bytes=%zu no message of AGN/1: more than one frame, or a routing id",
                 arrival->address, arrival->size);
    }
    struct connection connection = front_connection(arrival);
    connection_cut(&connection);
}

/* libzmq bounds a frame, and how many whole messages it holds, but not how many frames a message has that never ends.
 * So what has come by a connection is compared with what was read. */
static void weigh_waiting(void *self, const struct connection *connection, uint64_t *base)
{
    struct front *front = self;
    uint64_t received = connection_received(connection);
    uint64_t limit = *base == 0 ? FRESH_BYTES_MAX : UNREAD_BYTES_MAX;
    *base = *base == UINT64_MAX ? received : *base;
    if (received > *base && received - *base > limit) {
        say(front, DOOR_HEAVY, connection);
        connection_cut(connection);
    }
}

static void weigh_peer(void *self, struct peer *peer)
{
    struct front *front = self;
    if (!peer->session) {
        return;
    }
    uint64_t received = connection_received(&peer->connection);
    bool is_read = peer->heard_ms >= peer->weighed_ms; /* something, since the last time */
    peer->weighed_ms = front->now_ms;
    peer->weighed = is_read ? received : peer->weighed;
    if (received > peer->weighed && received - peer->weighed > UNREAD_BYTES_MAX) {
        say(front, DOOR_HEAVY, &peer->connection);
        front_end_session(front, peer);
        connection_cut(&peer->connection);
    }
}

void front_weigh(struct front *front)
{
    doors_each_waiting(front->doors, weigh_waiting, front);
    sessions_each(front->sessions, weigh_peer, front);
}

void front_watch(struct front *front, int endpoint, zsock_t *router)
{
    char address[40];
    snprintf(address, sizeof address, "inproc://front-monitor-%d", endpoint);
    zmq_socket_monitor(zsock_resolve(router), address,
                       ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_ACCEPT_FAILED | ZMQ_EVENT_DISCONNECTED);
    front->monitors[endpoint] = zsock_new(ZMQ_PAIR);
    zsock_connect(front->monitors[endpoint], "%s", address);
}

static void on_accepted(struct front *front, int endpoint, int fd)
{
    struct connection victim;
    struct connection connection = connection_of(fd);
    if (connection.fd < 0) {
        return; /* gone already */
    }
    enum door_verdict verdict = doors_accepted(front->doors, endpoint, &connection, clock_monotonic_ms(), &victim);
    if (verdict != DOOR_OPEN) {
        connection_cut(&victim);
        say(front, verdict, &victim);
    }
}

/* False when nothing is there. */
static bool read_event(zsock_t *monitor, uint16_t *ret_event, int *ret_value)
{
    uint8_t frame[sizeof(uint16_t) + sizeof(uint32_t)];
    uint32_t value = 0;
    if (zmq_recv(zsock_resolve(monitor), frame, sizeof frame, ZMQ_DONTWAIT) != (int)sizeof frame) {
        return false;
    }
    memcpy(ret_event, frame, sizeof *ret_event);
    memcpy(&value, frame + sizeof *ret_event, sizeof value);
    *ret_value = (int)value;
    return zmq_recv(zsock_resolve(monitor), NULL, 0, ZMQ_DONTWAIT) >= 0; /* the endpoint's own address */
}

/* The I/O thread tries again at once, and again, until a descriptor is free. */
static void on_accept_failed(struct front *front, int error)
{
    struct connection victim;
    if (doors_oldest(front->doors, &victim)) {
        connection_cut(&victim);
    }
    if (front_may_say(&front->accept_said_ms)) {
        log_warn("accept-failed", "reason=\"%s\" connections=%zu", zmq_strerror(error), doors_count(front->doors));
    }
}

void front_on_monitor(struct front *front, int endpoint)
{
    uint16_t event = 0;
    int value = 0;
    for (int i = 0; i < EVENTS_BURST && read_event(front->monitors[endpoint], &event, &value); i++) {
        if (event == ZMQ_EVENT_ACCEPTED) {
            on_accepted(front, endpoint, value);
        } else if (event == ZMQ_EVENT_DISCONNECTED) {
            doors_closed(front->doors, endpoint, value);
        } else if (event == ZMQ_EVENT_ACCEPT_FAILED) {
            on_accept_failed(front, value);
        }
    }
}

void front_cut_overdue(struct front *front)
{
    struct connection victim;
    while (doors_overdue(front->doors, clock_monotonic_ms(), &victim)) {
        connection_cut(&victim);
    }
}
