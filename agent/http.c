#include "agent/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/http_api.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"

/* REQUEST_MS is what the head of a request may take, and then its body, however they trickle: SILENCE_S alone would let
 * one byte a few seconds hold a connection for ever. */
enum {
    CONNECTIONS_MAX = 16,
    CONNECTION_BYTES = 32 * 1024,
    SILENCE_S = 10,
    REQUEST_MS = 15000,
    STRANGER_MS = 2000, /* while all places are taken: what has shown no token by then makes room */
    SWEEP_MS = 500,
    DENIED_EVERY_MS = 10000
};

struct guest {
    struct MHD_Connection *connection; /* NULL: free */
    int fd;
    int64_t since_ms; /* monotonic: when its current request was let in, or the last one ended */
    bool is_known;    /* has shown the token */
};

struct http {
    struct api api;
    struct MHD_Daemon *daemon;
    pthread_t thread;
    int stop; /* eventfd */
    struct guest guests[CONNECTIONS_MAX];
    int64_t denied_ms; /* monotonic: when a refusal may be logged again */
};

/* A request on its way in. */
struct visit {
    struct request request;
    uint8_t *body;
    size_t capacity;
};

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static enum MHD_Result take_query(void *self, enum MHD_ValueKind kind, const char *key, const char *value)
{
    (void)kind;
    struct request *request = self;
    for (int i = 0; i < QUERIES; i++) {
        if (strcmp(query_names[i], key) == 0 && !request->query[i]) {
            request->query[i] = value ? value : "";
            return MHD_YES;
        }
    }
    request->has_unknown_query = true;
    return MHD_YES;
}

static enum MHD_Result give(struct MHD_Connection *connection, struct reply *reply)
{
    char *text = reply->text ? (char *)reply->text : json_dumps(reply->json, JSON_COMPACT);
    size_t size = reply->text ? reply->text_size : text ? strlen(text) : 0;
    struct MHD_Response *response = MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_COPY);
    if (!reply->text) {
        free(text);
    }
    if (!response) {
        return MHD_NO; /* no memory: the connection is closed */
    }
    MHD_add_response_header(response, "Content-Type", "application/json; charset=utf-8");
    MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (*reply->allow) {
        MHD_add_response_header(response, "Allow", reply->allow);
    }
    if (reply->status == MHD_HTTP_UNAUTHORIZED) {
        MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
    }
    if (reply->is_told_later) {
        MHD_add_response_header(response, "Retry-After", "1");
    }
    enum MHD_Result result = MHD_queue_response(connection, (unsigned)reply->status, response);
    MHD_destroy_response(response);
    return result;
}

static void tell_denied(struct http *http, const struct request *request, int status)
{
    int64_t now = clock_monotonic_ms();
    char path[64];
    if (now >= http->denied_ms) {
        http->denied_ms = now + DENIED_EVERY_MS;
        log_warn("http-denied", "status=%d path=%s", status,
                 log_safe(request->path, strlen(request->path), path, sizeof path));
    }
}

static struct guest *find_guest(struct http *http, const struct MHD_Connection *connection)
{
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        if (http->guests[i].connection == connection) {
            return &http->guests[i];
        }
    }
    return NULL;
}

/* The head is here. A refusal at this point spares the body. */
static enum MHD_Result begin(struct http *http, struct MHD_Connection *connection, const char *path, const char *method,
                             void **visit_p)
{
    struct visit *visit = mem_alloc(sizeof *visit);
    struct request *request = &visit->request;
    uint64_t size = 0;
    struct reply reply;
    const char *length = header(connection, "Content-Length");
    *visit_p = visit;
    *request = (struct request){.method = method,
                                .path = path,
                                .host = header(connection, "Host"),
                                .authorization = header(connection, "Authorization"),
                                .content_type = header(connection, "Content-Type"),
                                .key = header(connection, "Idempotency-Key")};
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, take_query, request);
    request->is_too_large = length && !read_count(length, FILING_SIZE_MAX, &size);
    if (api_admits(&http->api, request, &reply)) {
        struct guest *guest = find_guest(http, connection);
        if (guest) {
            guest->is_known = true;
            guest->since_ms = clock_monotonic_ms(); /* the time since the last request was nobody's delay */
        }
        return MHD_YES;
    }
    if (reply.is_denied) {
        tell_denied(http, request, reply.status);
    }
    enum MHD_Result result = give(connection, &reply);
    reply_done(&reply);
    return result;
}

static void keep(struct visit *visit, const char *data, size_t size)
{
    struct request *request = &visit->request;
    if (request->body.size + size > FILING_SIZE_MAX) {
        request->is_too_large = true; /* read on to its end, for the answer, but kept no more */
    }
    if (request->is_too_large) {
        return;
    }
    if (request->body.size + size > visit->capacity) {
        visit->capacity = 2 * (request->body.size + size);
        visit->body = mem_grow(visit->body, visit->capacity, 1);
    }
    memcpy(visit->body + request->body.size, data, size);
    request->body = (struct view){visit->body, request->body.size + size};
}

static enum MHD_Result on_request(void *self, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *data, size_t *data_size, void **visit_p)
{
    (void)version;
    struct http *http = self;
    struct visit *visit = *visit_p;
    struct reply reply;
    if (!visit) {
        return begin(http, connection, path, method, visit_p);
    }
    if (*data_size > 0) {
        keep(visit, data, *data_size);
        *data_size = 0;
        return MHD_YES;
    }
    api_answer(&http->api, &visit->request, &reply);
    log_debug("http", "method=%s status=%d bytes=%zu", method, reply.status, visit->request.body.size);
    enum MHD_Result result = give(connection, &reply);
    reply_done(&reply);
    return result;
}

static void on_completed(void *self, struct MHD_Connection *connection, void **visit_p,
                         enum MHD_RequestTerminationCode code)
{
    (void)code;
    struct http *http = self;
    struct visit *visit = *visit_p;
    struct guest *guest = find_guest(http, connection);
    if (guest) {
        guest->since_ms = clock_monotonic_ms();
    }
    if (visit) {
        free(visit->body);
        free(visit);
        *visit_p = NULL;
    }
}

static void on_connection(void *self, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    (void)context;
    struct http *http = self;
    bool is_new = code == MHD_CONNECTION_NOTIFY_STARTED;
    struct guest *guest = find_guest(http, is_new ? NULL : connection);
    if (!guest) {
        return;
    }
    memset(guest, 0, sizeof *guest);
    if (is_new) {
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *guest = (struct guest){
            .connection = connection, .fd = info ? info->connect_fd : -1, .since_ms = clock_monotonic_ms()};
    }
}

/* While it answers one, the daemon hears nobody: that is not the others' delay. */
static void serve(struct http *http)
{
    int64_t began_ms = clock_monotonic_ms();
    MHD_run(http->daemon);
    int64_t took_ms = clock_monotonic_ms() - began_ms;
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        http->guests[i].since_ms += took_ms;
    }
}

/* The daemon closes what is shut down here. */
static void sweep(struct http *http)
{
    int64_t now = clock_monotonic_ms();
    bool is_crowded = !find_guest(http, NULL);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        struct guest *guest = &http->guests[i];
        int64_t limit = is_crowded && !guest->is_known ? STRANGER_MS : REQUEST_MS;
        if (guest->connection && guest->fd >= 0 && now - guest->since_ms > limit) {
            log_debug("http-slow", "ms=%" PRId64, now - guest->since_ms);
            shutdown(guest->fd, SHUT_RDWR);
        }
    }
}

static void *work(void *self)
{
    struct http *http = self;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct pollfd fds[2] = {{.fd = http->stop, .events = POLLIN}, {.fd = info ? info->epoll_fd : -1, .events = POLLIN}};
    while (true) {
        MHD_UNSIGNED_LONG_LONG due = SWEEP_MS;
        if (MHD_get_timeout(http->daemon, &due) != MHD_YES || due > SWEEP_MS) {
            due = SWEEP_MS;
        }
        if (poll(fds, 2, (int)due) < 0 && errno != EINTR) {
            log_error("http-failed", "err=%d", errno);
            return NULL;
        }
        if (fds[0].revents) {
            return NULL;
        }
        serve(http);
        sweep(http);
    }
}

static struct MHD_Daemon *listen_at(struct http *http, const struct settings *settings)
{
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)settings->http_port)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)settings->http_port)};
    bool is_six = inet_pton(AF_INET6, settings->http_address, &six.sin6_addr) == 1;
    if (!is_six && inet_pton(AF_INET, settings->http_address, &four.sin_addr) != 1) {
        return NULL; /* settings_load() has let loopback addresses alone pass */
    }
    const void *address = is_six ? (const void *)&six : (const void *)&four;
    unsigned flags = MHD_USE_EPOLL | (is_six ? MHD_USE_IPv6 : MHD_NO_FLAG);
    return MHD_start_daemon(flags, (uint16_t)settings->http_port, NULL, NULL, on_request, http, MHD_OPTION_SOCK_ADDR,
                            (const struct sockaddr *)address, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES, MHD_OPTION_CONNECTION_TIMEOUT,
                            (unsigned)SILENCE_S, MHD_OPTION_NOTIFY_COMPLETED, on_completed, http,
                            MHD_OPTION_NOTIFY_CONNECTION, on_connection, http, MHD_OPTION_STRICT_FOR_CLIENT, 1,
                            MHD_OPTION_END);
}

static bool open_api(struct http *http, const struct office *office, char reterr_reason[512])
{
    http->api = (struct api){.home = office->home, .membership = &office->membership, .settings = &office->settings};
    return token_load(office->home, http->api.token, reterr_reason) == ERR_OK &&
           spool_open(office->home, membership_suite(&office->membership), DAEMON_WAIT_MS, &http->api.spool,
                      reterr_reason) == ERR_OK;
}

struct http *http_start(const struct office *office, char reterr_reason[512])
{
    const struct settings *settings = &office->settings;
    struct http *http = mem_alloc(sizeof *http);
    bool is_up = open_api(http, office, reterr_reason);
    http->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (is_up) {
        errno = 0;
        http->daemon = listen_at(http, settings);
        snprintf(reterr_reason, 512, tr("cannot listen on %s port %d: %s", "无法监听 %s 端口 %d：%s"),
                 settings->http_address, (int)settings->http_port, strerror(errno ? errno : EADDRNOTAVAIL));
        is_up = http->daemon && http->stop >= 0 && pthread_create(&http->thread, NULL, work, http) == 0;
    }
    if (is_up) {
        log_info("http-ready", "address=%s port=%d", settings->http_address, (int)settings->http_port);
        return http;
    }
    if (http->daemon) {
        MHD_stop_daemon(http->daemon);
    }
    spool_close(http->api.spool);
    close(http->stop);
    free(http);
    return NULL;
}

void http_stop(struct http *http)
{
    if (!http) {
        return;
    }
    uint64_t one = 1;
    if (write(http->stop, &one, sizeof one) == sizeof one) {
        pthread_join(http->thread, NULL);
    }
    MHD_stop_daemon(http->daemon);
    spool_close(http->api.spool);
    close(http->stop);
    free(http);
}
