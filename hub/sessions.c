#include "hub/sessions.h"

#include <linux/tcp.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "common/mem.h"

struct sessions {
    struct peer **peers; /* by row */
    size_t capacity;
    struct unsent *total;
};

struct sessions *sessions_open(struct unsent *total)
{
    struct sessions *sessions = mem_alloc(sizeof *sessions);
    sessions->total = total;
    return sessions;
}

void sessions_close(struct sessions *sessions)
{
    if (!sessions) {
        return;
    }
    for (size_t i = 0; i < sessions->capacity; i++) {
        if (sessions->peers[i]) {
            unsent_close(sessions->peers[i]->unsent);
            free(sessions->peers[i]);
        }
    }
    free(sessions->peers);
    free(sessions);
}

static void make_room(struct sessions *sessions, size_t row)
{
    if (row < sessions->capacity) {
        return;
    }
    size_t capacity = (row + 1) * 2;
    sessions->peers = mem_grow(sessions->peers, capacity, sizeof *sessions->peers);
    memset(sessions->peers + sessions->capacity, 0, (capacity - sessions->capacity) * sizeof *sessions->peers);
    sessions->capacity = capacity;
}

struct peer *sessions_put(struct sessions *sessions, const struct registrant *registrant)
{
    size_t row = (size_t)registrant->party.row;
    make_room(sessions, row);
    struct peer *peer = sessions->peers[row];
    if (!peer) {
        peer = sessions->peers[row] = mem_alloc(sizeof *peer);
        peer->connection.fd = -1;
        peer->unsent = unsent_open(sessions->total);
        peer->received = registrant->party.last_seq;
    }
    peer->party = registrant->party;
    peer->keys = registrant->keys;
    return peer;
}

struct peer *sessions_find(struct sessions *sessions, int64_t row)
{
    return row > 0 && (size_t)row < sessions->capacity ? sessions->peers[row] : NULL;
}

void sessions_each(struct sessions *sessions, void (*each)(void *self, struct peer *peer), void *self)
{
    for (size_t i = 0; i < sessions->capacity; i++) {
        if (sessions->peers[i]) {
            each(self, sessions->peers[i]);
        }
    }
}

static bool far_end_of(int fd, struct sockaddr_storage *ret_end)
{
    socklen_t size = sizeof *ret_end;
    memset(ret_end, 0, sizeof *ret_end);
    return fd >= 0 && getpeername(fd, (struct sockaddr *)ret_end, &size) == 0;
}

struct connection connection_of(int fd)
{
    struct connection connection;
    connection.fd = far_end_of(fd, &connection.far_end) ? fd : -1;
    return connection;
}

bool connection_is(const struct connection *one, const struct connection *other)
{
    return one->fd == other->fd && memcmp(&one->far_end, &other->far_end, sizeof one->far_end) == 0;
}

void connection_address(const struct connection *connection, char ret_address[64])
{
    const struct sockaddr *far_end = (const struct sockaddr *)&connection->far_end;
    if (getnameinfo(far_end, sizeof connection->far_end, ret_address, 64, NULL, 0, NI_NUMERICHOST) != 0) {
        ret_address[0] = '\0';
    }
}

uint64_t connection_received(const struct connection *connection)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    struct connection now = connection_of(connection->fd);
    bool is_same = now.fd >= 0 && connection_is(&now, connection);
    return is_same && getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_bytes_received
                                                                                           : 0;
}

void connection_cut(const struct connection *connection)
{
    struct connection now = connection_of(connection->fd);
    if (now.fd >= 0 && connection_is(&now, connection)) {
        shutdown(connection->fd, SHUT_RDWR);
    }
}
