#include "hub/feeder.h"

#include <inttypes.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"

/* Between two bursts of mail whoever follows is served: 64 proofs take some 30 ms. */
enum { PAGES_MAX = 64, BYTES_MAX = 4 << 20, FAILED_WAIT_MS = 1000, FAILED_WAIT_MOST_MS = 64000, BURST = 64 };

/* A page under way: released when the follower acknowledges its last event. */
struct sent_page {
    uint64_t last;
    uint32_t count;
    size_t size;
};

struct follower {
    int64_t row;
    uint64_t session;
    char stream[16];
    uint64_t cursor; /* the last event sent */
    uint64_t credit;
    uint64_t events_out;
    size_t bytes_out;
    size_t page_count;
    struct sent_page pages[PAGES_MAX];
    bool is_due;        /* there may be something to send */
    bool is_other_life; /* its cursor is of another store */
    bool is_admitted;   /* its cursor was found to be one to go on from */
    bool is_greeted;    /* the answer to FOLLOW, which comes even when it is empty, was sent */
    int64_t wait_ms;    /* after a failure; 0: there was none */
    int64_t retry_ms;   /* not before */
};

struct feeder {
    struct store *store;
    zsock_t *pipe, *inbox, *to_front, *to_writer;
    struct follower **followers; /* by row: a role has one stream */
    size_t capacity;
    bool is_dirty; /* cells changed since the last publication */
};

static struct follower *find(struct feeder *feeder, const struct mail *mail)
{
    size_t row = (size_t)mail->row;
    struct follower *follower = row < feeder->capacity ? feeder->followers[row] : NULL;
    return follower && (mail->session == 0 || follower->session == mail->session) ? follower : NULL;
}

static void forget(struct feeder *feeder, int64_t row)
{
    if ((size_t)row < feeder->capacity) {
        free(feeder->followers[row]);
        feeder->followers[row] = NULL;
    }
}

static void send_gap(struct feeder *feeder, const struct follower *follower, uint64_t first, const char *why)
{
    log_warn("follow-gap", "row=%" PRId64 " stream=%s cursor=%" PRIu64 " why=%s", follower->row, follower->stream,
             follower->cursor, why);
    struct message message = {.type = MESSAGE_GAP};
    message.gap = (struct gap){.session = follower->session,
                               .stream = {(const uint8_t *)follower->stream, strlen(follower->stream)},
                               .epoch = {store_epoch(feeder->store), EPOCH_SIZE},
                               .first = first,
                               .why = {(const uint8_t *)why, strlen(why)}};
    struct mail *mail = mail_new(MAIL_SEND);
    mail->row = follower->row;
    mail->session = follower->session;
    mail->frame = msgpack_sbuffer_new();
    message_encode(&message, mail->frame);
    mail_send(feeder->to_front, &mail);
}

/* What its side has durably, by its own word: of an inbox it is what `delivered` counts, and no content is erased
 * before it is there. */
static void tell_received(struct feeder *feeder, const struct follower *follower, uint64_t cursor)
{
    uint64_t received = cursor < follower->cursor ? cursor : follower->cursor;
    if (received == 0) {
        return;
    }
    struct mail *mail = mail_new(MAIL_ACK);
    memcpy(mail->stream, follower->stream, sizeof mail->stream);
    mail->row = follower->row;
    mail->cursor = received;
    mail_send(feeder->to_writer, &mail);
}

static void on_follow(struct feeder *feeder, const struct mail *mail)
{
    forget(feeder, mail->row);
    size_t row = (size_t)mail->row;
    if (row >= feeder->capacity) {
        size_t capacity = (row + 1) * 2;
        feeder->followers = mem_grow(feeder->followers, capacity, sizeof *feeder->followers);
        memset(feeder->followers + feeder->capacity, 0, (capacity - feeder->capacity) * sizeof *feeder->followers);
        feeder->capacity = capacity;
    }
    struct follower *follower = mem_alloc(sizeof *follower);
    *follower = (struct follower){
        .row = mail->row, .session = mail->session, .cursor = mail->cursor, .credit = mail->credit, .is_due = true};
    follower->is_other_life =
        mail->has_epoch ? memcmp(mail->epoch, store_epoch(feeder->store), EPOCH_SIZE) != 0 : mail->cursor > 0;
    memcpy(follower->stream, mail->stream, sizeof follower->stream);
    feeder->followers[row] = follower;
}

static void on_ack(struct feeder *feeder, const struct mail *mail)
{
    struct follower *follower = find(feeder, mail);
    size_t done = 0;
    if (!follower || !follower->is_admitted) {
        return;
    }
    while (done < follower->page_count && follower->pages[done].last <= mail->cursor) {
        follower->events_out -= follower->pages[done].count;
        follower->bytes_out -= follower->pages[done].size;
        done++;
    }
    follower->page_count -= done;
    memmove(follower->pages, follower->pages + done, follower->page_count * sizeof *follower->pages);
    tell_received(feeder, follower, mail->cursor);
}

static void wake(struct feeder *feeder, const char *stream)
{
    for (size_t i = 0; i < feeder->capacity; i++) {
        if (feeder->followers[i] && strcmp(feeder->followers[i]->stream, stream) == 0) {
            feeder->followers[i]->is_due = true;
        }
    }
}

static void on_committed(struct feeder *feeder, const struct mail *mail)
{
    if (mail->row == ROW_ALL) {
        wake(feeder, "inbox");
    } else if (mail->row) {
        struct follower *follower = find(feeder, mail);
        if (follower) {
            follower->is_due = true;
        }
    } else if (mail->is_urgent) {
        wake(feeder, "uplink");
    } else {
        feeder->is_dirty = true;
    }
}

static void on_tick(struct feeder *feeder)
{
    if (feeder->is_dirty) {
        feeder->is_dirty = false;
        wake(feeder, "uplink");
    }
}

static void on_prove(struct feeder *feeder, struct mail *mail)
{
    struct mail *answer = mail_new(MAIL_PROVE);
    answer->row = mail->row;
    answer->session = mail->session;
    answer->question = mail->question;
    mail->question = NULL;
    err_t err = store_prove(feeder->store, answer->question);
    answer->question->failed = err != ERR_OK;
    if (err != ERR_OK) {
        log_error("prove-failed", "number=%" PRIu64 " error=\"%s\"", answer->question->prove.number, err_name(err));
    }
    mail_send(feeder->to_front, &answer);
}

static void on_mail(struct feeder *feeder, struct mail *mail)
{
    switch (mail->type) {
    case MAIL_FOLLOW:
        on_follow(feeder, mail);
        break;
    case MAIL_ACK:
        on_ack(feeder, mail);
        break;
    case MAIL_GONE:
        if (find(feeder, mail)) {
            forget(feeder, mail->row);
        }
        break;
    case MAIL_COMMITTED:
        on_committed(feeder, mail);
        break;
    case MAIL_TICK:
        on_tick(feeder);
        break;
    case MAIL_PROVE:
        on_prove(feeder, mail);
        break;
    default:
        break;
    }
    mail_free(mail);
}

static bool may_send(const struct follower *follower)
{
    return follower->is_due && follower->page_count < PAGES_MAX && follower->events_out < follower->credit &&
           follower->bytes_out < BYTES_MAX && (follower->wait_ms == 0 || clock_monotonic_ms() >= follower->retry_ms);
}

/* Whether it can go on from its cursor: *ret_why is NULL then. What it missed, it must be told. */
static err_t admit(struct feeder *feeder, struct follower *follower, const char **ret_why)
{
    uint64_t pruned = 0;
    uint64_t head = 0;
    *ret_why = NULL;
    err_t err = store_pruned(feeder->store, follower->stream, &pruned);
    err = err == ERR_OK ? store_head(feeder->store, follower->stream, follower->row, &head) : err;
    if (err != ERR_OK) {
        return err;
    }
    /* A cursor beyond the head was given out by a store that this one is an older copy of. */
    if (follower->is_other_life || follower->cursor > head) {
        *ret_why = "epoch";
        send_gap(feeder, follower, 0, *ret_why);
    } else if (follower->cursor > 0 && follower->cursor < pruned) {
        *ret_why = "pruned";
        send_gap(feeder, follower, pruned, *ret_why);
    } else {
        follower->is_admitted = true;
        tell_received(feeder, follower, follower->cursor);
        log_info("follow", "row=%" PRId64 " stream=%s cursor=%" PRIu64, follower->row, follower->stream,
                 follower->cursor);
    }
    return ERR_OK;
}

static void send_page(struct feeder *feeder, struct follower *follower, const struct page *page)
{
    struct mail *mail = mail_new(MAIL_SEND);
    mail->row = follower->row;
    mail->session = follower->session;
    mail->frame = msgpack_sbuffer_new();
    events_begin(mail->frame, follower->session, follower->stream, store_epoch(feeder->store), page->head, page->count);
    msgpack_sbuffer_write(mail->frame, page->events.data, page->events.size);
    mail_send(feeder->to_front, &mail);
}

static err_t feed(struct feeder *feeder, struct follower *follower)
{
    struct page page = {0};
    msgpack_sbuffer_init(&page.events);
    uint64_t room = follower->credit - follower->events_out;
    err_t err = store_page(feeder->store, follower->stream, follower->row, follower->cursor,
                           (uint32_t)(room < 1000 ? room : 1000), EVENTS_SIZE_MAX, &page);
    if (err == ERR_OK && (page.count > 0 || !follower->is_greeted || follower->cursor < page.head)) {
        send_page(feeder, follower, &page);
        follower->is_greeted = true;
    }
    if (page.count == 0 && err == ERR_OK) {
        follower->cursor = page.last =
            page.head; /* what stood between was pruned: nothing is left to send up to the head */
    }
    if (page.count > 0 && err == ERR_OK) {
        follower->pages[follower->page_count++] = (struct sent_page){page.last, page.count, page.size};
        follower->events_out += page.count;
        follower->bytes_out += page.size;
        follower->cursor = page.last;
    }
    follower->is_due = err != ERR_OK || page.last < page.head;
    msgpack_sbuffer_destroy(&page.events);
    return err;
}

/* A row that cannot be read may stay so: it is tried ever more seldom, whoever wakes the follower meanwhile. */
static void put_off(struct follower *follower, err_t err)
{
    int64_t wait_ms = follower->wait_ms ? follower->wait_ms * 2 : FAILED_WAIT_MS;
    follower->wait_ms = wait_ms < FAILED_WAIT_MOST_MS ? wait_ms : FAILED_WAIT_MOST_MS;
    follower->retry_ms = clock_monotonic_ms() + follower->wait_ms;
    log_error("feed-failed", "row=%" PRId64 " stream=%s cursor=%" PRIu64 " error=\"%s\" trying again in %" PRId64 " ms",
              follower->row, follower->stream, follower->cursor, err_name(err), follower->wait_ms);
}

/* True when it may have more at once. */
static bool serve_one(struct feeder *feeder, struct follower *follower)
{
    const char *gap = NULL;
    err_t err = follower->is_admitted ? ERR_OK : admit(feeder, follower, &gap);
    if (gap) {
        forget(feeder, follower->row);
        return false;
    }
    err = err == ERR_OK ? feed(feeder, follower) : err;
    if (err != ERR_OK) {
        put_off(follower, err);
        return false;
    }
    follower->wait_ms = 0;
    return may_send(follower);
}

/* One page each in turn, so that one who catches up does not hold the others. */
static bool serve_all(struct feeder *feeder)
{
    bool has_more = false;
    for (size_t i = 0; i < feeder->capacity; i++) {
        if (feeder->followers[i] && may_send(feeder->followers[i])) {
            has_more = serve_one(feeder, feeder->followers[i]) || has_more;
        }
    }
    return has_more;
}

static bool read_pipe(struct feeder *feeder)
{
    char *command = zstr_recv(feeder->pipe);
    bool is_end = !command || streq(command, "$TERM");
    if (!is_end) {
        zstr_send(feeder->pipe, PULSE); /* nothing else is asked */
    }
    free(command);
    return is_end;
}

static void serve(struct feeder *feeder)
{
    zmq_pollitem_t items[2] = {{.socket = zsock_resolve(feeder->pipe), .events = ZMQ_POLLIN},
                               {.socket = zsock_resolve(feeder->inbox), .events = ZMQ_POLLIN}};
    bool has_more = false;
    for (;;) {
        if (zmq_poll(items, 2, has_more ? 0 : FAILED_WAIT_MS) < 0 && errno == ETERM) {
            return;
        }
        if ((items[0].revents & ZMQ_POLLIN) && read_pipe(feeder)) {
            return;
        }
        struct mail *mail = NULL;
        for (int i = 0; i < BURST && (mail = mail_receive(feeder->inbox, false)); i++) {
            on_mail(feeder, mail);
        }
        has_more = serve_all(feeder);
    }
}

void feeder_actor(zsock_t *pipe, void *config)
{
    const struct feeder_config *given = config;
    struct feeder feeder = {.store = given->store, .pipe = pipe};
    struct mail *mail = NULL;
    feeder.inbox = zsock_new_pull("@inproc://feeder");
    feeder.to_front = zsock_new_push(">inproc://front");
    feeder.to_writer = zsock_new_push(">inproc://writer");
    zsock_signal(pipe, 0);
    serve(&feeder);
    while ((mail = mail_receive(feeder.inbox, false))) {
        mail_free(mail);
    }
    zsock_destroy(&feeder.inbox);
    zsock_destroy(&feeder.to_front);
    zsock_destroy(&feeder.to_writer);
    for (size_t i = 0; i < feeder.capacity; i++) {
        free(feeder.followers[i]);
    }
    free(feeder.followers);
    store_close(feeder.store);
}
