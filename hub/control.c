/* SO_PEERCRED's struct and accept4() are Linux alone. */
#define _GNU_SOURCE /* NOLINT(bugprone-reserved-identifier) */
#include "hub/control.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"

enum { LENGTH_SIZE = 4, CHUNK = 65536, EVENTS = CONTROL_CLIENTS + 1 };

struct client {
    int fd;
    uid_t uid;
    int64_t since_ms;
    uint8_t *bytes; /* what has come of the request, its length first */
    size_t size, room;
};

struct control {
    struct control_service service;
    char path[sizeof((struct sockaddr_un *)0)->sun_path];
    int listener, poll;
    size_t count;
    struct client clients[CONTROL_CLIENTS];
};

/* ---- frames ---- */

static void put_length(uint8_t out[LENGTH_SIZE], size_t length)
{
    for (int i = 0; i < LENGTH_SIZE; i++) {
        out[i] = (uint8_t)(length >> (8 * (LENGTH_SIZE - 1 - i)));
    }
}

static size_t get_length(const uint8_t in[LENGTH_SIZE])
{
    size_t length = 0;
    for (int i = 0; i < LENGTH_SIZE; i++) {
        length = length << 8 | in[i];
    }
    return length;
}

/* With its own length first. The caller frees it. */
static uint8_t *encode(zmsg_t *message, size_t *ret_size)
{
    size_t size = LENGTH_SIZE * (1 + zmsg_size(message)) + zmsg_content_size(message);
    uint8_t *bytes = mem_alloc(size);
    uint8_t *at = bytes + LENGTH_SIZE;
    put_length(bytes, size - LENGTH_SIZE);
    for (zframe_t *frame = zmsg_first(message); frame; frame = zmsg_next(message)) {
        put_length(at, zframe_size(frame));
        memcpy(at + LENGTH_SIZE, zframe_data(frame), zframe_size(frame));
        at += LENGTH_SIZE + zframe_size(frame);
    }
    *ret_size = size;
    return bytes;
}

/* Without the length before it. NULL: not frames. */
static zmsg_t *decode(const uint8_t *bytes, size_t size)
{
    zmsg_t *message = zmsg_new();
    while (size >= LENGTH_SIZE && get_length(bytes) <= size - LENGTH_SIZE && zmsg_size(message) < CONTROL_FRAMES_MAX) {
        size_t length = get_length(bytes);
        zmsg_addmem(message, bytes + LENGTH_SIZE, length);
        bytes += LENGTH_SIZE + length;
        size -= LENGTH_SIZE + length;
    }
    if (size > 0 || zmsg_size(message) == 0) {
        zmsg_destroy(&message);
    }
    return message;
}

/* ---- the hub's side ---- */

static void let_go(struct control *control, size_t index)
{
    close(control->clients[index].fd); /* which takes it out of the poll */
    free(control->clients[index].bytes);
    control->clients[index] = control->clients[--control->count];
}

/* The reply fits into a fresh socket's buffer; if not, he has gone. Takes the reply. */
static void reply(int fd, zmsg_t *message)
{
    size_t size = 0;
    uint8_t *bytes = encode(message, &size);
    if (send(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)size) {
        log_debug("control-gone", "size=%zu", size);
    }
    free(bytes);
    zmsg_destroy(&message);
}

static void admit(struct control *control, int fd)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    zmsg_t *refusal = NULL;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
        close(fd);
        return;
    }
    if ((refusal = control->service.greet(control->service.self, peer.uid))) {
        reply(fd, refusal);
        close(fd);
        return;
    }
    if (control->count == CONTROL_CLIENTS) {
        size_t oldest = 0;
        for (size_t i = 1; i < control->count; i++) {
            oldest = control->clients[i].since_ms < control->clients[oldest].since_ms ? i : oldest;
        }
        let_go(control, oldest);
    }
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(control->poll, EPOLL_CTL_ADD, fd, &event) != 0) {
        close(fd);
        return;
    }
    control->clients[control->count++] = (struct client){.fd = fd, .uid = peer.uid, .since_ms = clock_monotonic_ms()};
}

/* While it cannot be accepted, a connection keeps the listener readable: it is left alone until the next tidying. */
static void listen_again(struct control *control, bool is_on)
{
    struct epoll_event event = {.events = is_on ? EPOLLIN : 0, .data.fd = control->listener};
    (void)epoll_ctl(control->poll, EPOLL_CTL_MOD, control->listener, &event);
}

static size_t wanted(const struct client *client)
{
    return LENGTH_SIZE + (client->size < LENGTH_SIZE ? 0 : get_length(client->bytes));
}

/* False: let him go. Memory is taken for what has come, not for what was announced. */
static bool hear(struct client *client)
{
    size_t want = wanted(client) - client->size;
    size_t part = want < CHUNK ? want : CHUNK;
    if (client->size + part > client->room) {
        client->room = (client->size + part) * 2;
        client->bytes = mem_grow(client->bytes, client->room, 1);
    }
    ssize_t got = recv(client->fd, client->bytes + client->size, part, MSG_DONTWAIT);
    if (got < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    client->size += (size_t)got;
    return got > 0 && wanted(client) <= CONTROL_REQUEST_MAX;
}

static void serve_client(struct control *control, size_t index)
{
    struct client *client = &control->clients[index];
    if (hear(client) && (client->size < LENGTH_SIZE || client->size < wanted(client))) {
        return;
    }
    zmsg_t *request = client->size > LENGTH_SIZE && client->size == wanted(client)
                          ? decode(client->bytes + LENGTH_SIZE, client->size - LENGTH_SIZE)
                          : NULL;
    if (request) {
        reply(client->fd, control->service.answer(control->service.self, client->uid, request));
    }
    zmsg_destroy(&request);
    let_go(control, index);
}

void control_serve(struct control *control)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(control->poll, events, EVENTS, 0);
    for (int i = 0; i < count; i++) {
        if (events[i].data.fd == control->listener) {
            int fd = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC);
            if (fd >= 0) {
                admit(control, fd);
            } else if (errno != EAGAIN) {
                listen_again(control, false);
            }
            continue;
        }
        for (size_t j = 0; j < control->count; j++) {
            if (control->clients[j].fd == events[i].data.fd) {
                serve_client(control, j);
                break;
            }
        }
    }
}

void control_tidy(struct control *control)
{
    int64_t now = clock_monotonic_ms();
    listen_again(control, true);
    for (size_t i = control->count; i-- > 0;) {
        if (now - control->clients[i].since_ms > CONTROL_PATIENCE_MS) {
            let_go(control, i);
        }
    }
}

int control_fd(const struct control *control)
{
    return control->poll;
}

/* False with errno: a path may be longer than the address of a Unix socket. */
static bool make_address(const char *path, struct sockaddr_un *ret_address)
{
    *ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof ret_address->sun_path) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(ret_address->sun_path, path, strlen(path) + 1);
    return true;
}

struct control *control_open(const char *path, const struct control_service *service)
{
    struct sockaddr_un address;
    if (!make_address(path, &address)) {
        return NULL;
    }
    struct control *control = mem_alloc(sizeof *control);
    struct epoll_event event = {.events = EPOLLIN};
    *control = (struct control){.service = *service, .poll = epoll_create1(EPOLL_CLOEXEC)};
    snprintf(control->path, sizeof control->path, "%s", path);
    control->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    event.data.fd = control->listener;
    unlink(path); /* left over */
    /* The folder says who may reach it, the kernel says who did: the socket itself is open. */
    if (control->poll < 0 || control->listener < 0 ||
        bind(control->listener, (const struct sockaddr *)&address, sizeof address) != 0 || chmod(path, 0666) != 0 ||
        listen(control->listener, CONTROL_CLIENTS) != 0 ||
        epoll_ctl(control->poll, EPOLL_CTL_ADD, control->listener, &event) != 0) {
        int reason = errno;
        control_close(control);
        errno = reason;
        return NULL;
    }
    return control;
}

void control_close(struct control *control)
{
    if (!control) {
        return;
    }
    while (control->count > 0) {
        let_go(control, 0);
    }
    close(control->listener);
    close(control->poll);
    unlink(control->path);
    free(control);
}

/* ---- the command's side ---- */

static bool hear_all(int fd, uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t got = recv(fd, bytes, size, 0);
        if (got <= 0) {
            return false;
        }
        bytes += got;
        size -= (size_t)got;
    }
    return true;
}

static zmsg_t *hear_reply(int fd)
{
    uint8_t bytes[CONTROL_REPLY_MAX];
    uint8_t length[LENGTH_SIZE];
    bool is_whole = hear_all(fd, length, sizeof length) && get_length(length) <= sizeof bytes &&
                    hear_all(fd, bytes, get_length(length));
    return is_whole ? decode(bytes, get_length(length)) : NULL;
}

/* A refusal may come before the whole request is said, so the reply is listened for whatever becomes of the rest. */
static void say_all(int fd, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t said = send(fd, bytes, size, MSG_NOSIGNAL);
        if (said <= 0) {
            return;
        }
        bytes += said;
        size -= (size_t)said;
    }
}

err_t control_call(const char *path, zmsg_t *request, int wait_ms, zmsg_t **ret_reply)
{
    struct sockaddr_un address;
    struct timeval wait = {.tv_sec = wait_ms / 1000, .tv_usec = (suseconds_t)(wait_ms % 1000) * 1000};
    int fd = make_address(path, &address) ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
    if (fd < 0) {
        return ERR_IO;
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        int reason = errno;
        close(fd);
        errno = reason;
        return reason == ENOENT || reason == ECONNREFUSED ? ERR_NOT_FOUND : ERR_IO;
    }
    size_t size = 0;
    uint8_t *bytes = encode(request, &size);
    say_all(fd, bytes, size);
    free(bytes);
    *ret_reply = hear_reply(fd);
    close(fd);
    errno = 0;
    return *ret_reply ? ERR_OK : ERR_IO;
}
