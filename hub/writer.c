#include "hub/writer.h"

#include <inttypes.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"
#include "hub/acts.h"
#include "hub/admin.h"
#include "hub/control.h"
#include "hub/group.h"
#include "hub/health.h"
#include "hub/leavers.h"
#include "hub/news.h"
#include "hub/turns.h"

enum {
    IDLE_FOLD_MS = 3000,
    IDLE_DESK_MS = 100,
    DESK_BUDGET_MS = 20,
    DESK_BUSY_MS = 300, /* beside batches the desk has its turn so often, and so long: they wait for it */
    DESK_BUSY_BUDGET_MS = 2,
    COMPLAIN_MS = 10000
};

struct writer {
    struct options options;
    struct store *store;
    struct city city;
    struct admin admin;
    struct desk desk;
    bool is_desk_due;
    int64_t desk_ms; /* when the desk last did something */
    struct home home;
    struct operators operators;
    struct retention retention;
    bool is_retention_due;
    bool log_holds_erased;   /* the write-ahead log has to be emptied; at the start nobody knows */
    struct control *control; /* NULL: it could not be opened */
    zsock_t *pipe, *work, *to_front, *to_feeder;
    struct turns *turns;
    struct mail *group[GROUP_MAILS_MAX];
    size_t group_count;
    struct leavers leavers;
    struct health health;
    int64_t busy_ms; /* when the last group was written */
    int64_t complained_ms;
};

static uint64_t reserve_of(const struct writer *writer)
{
    return (uint64_t)writer->options.min_free_mb << 20;
}

static bool has_room(struct writer *writer)
{
    return disk_free(writer->home.path) >= reserve_of(writer);
}

static void complain(struct writer *writer, err_t err)
{
    int64_t now = clock_monotonic_ms();
    if (now - writer->complained_ms >= COMPLAIN_MS) {
        writer->complained_ms = now;
        log_error(err == ERR_FULL ? "disk-full" : "store-failed",
                  "home=%s error=\"%s\" answering retry until it is mended", writer->home.path, err_name(err));
    }
}

static void send_leavers(struct writer *writer)
{
    err_t err = has_room(writer) ? leavers_send(&writer->leavers, writer->store) : ERR_OK;
    if (err != ERR_OK) {
        complain(writer, err);
    }
}

static void send_outcomes(struct writer *writer)
{
    for (size_t i = 0; i < writer->group_count; i++) {
        struct mail *mail = writer->group[i];
        if (mail->type == MAIL_ENROL && !*mail->enrolment->refusal) {
            news_wake(writer->to_feeder, mail->enrolment->registrant.party.row);
        }
        if (mail->type != MAIL_LEFT) {
            mail_send(writer->to_front, &writer->group[i]);
        } else if (leavers_note(&writer->leavers, mail)) {
            send_leavers(writer);
        }
    }
    writer->group_count = 0;
}

static void write_group(struct writer *writer)
{
    struct store *store = writer->store;
    err_t err = ERR_FULL;
    if (has_room(writer)) {
        err = group_write(store, writer->to_front, writer->to_feeder, writer->group, writer->group_count);
    } else {
        store_forget_log(store);
        group_fail(writer->group, writer->group_count, err);
    }
    if (err != ERR_OK) {
        complain(writer, err);
    }
    send_outcomes(writer);
    writer->busy_ms = clock_monotonic_ms();
    store_fold(writer->store, writer->options.checkpoint_pages);
}

static bool is_busy(const struct writer *writer, int64_t now)
{
    return now - writer->busy_ms < IDLE_DESK_MS;
}

/* The desk stands back while there is anything to receipt, but never so far that who keeps the hub busy could stop the
 * clocks. */
static int64_t desk_wait_ms(const struct writer *writer)
{
    int64_t now = clock_monotonic_ms();
    int64_t turn_ms = writer->desk_ms + DESK_BUSY_MS;
    int64_t idle_ms = writer->busy_ms + IDLE_DESK_MS;
    int64_t from_ms = turn_ms < idle_ms ? turn_ms : idle_ms;
    return from_ms > now ? from_ms - now : 0;
}

/* As zmq_poll() takes it. */
static long patience_ms(const struct writer *writer)
{
    if (turns_waiting(writer->turns) > 0) {
        return 0;
    }
    if (writer->is_desk_due) {
        return (long)desk_wait_ms(writer);
    }
    return writer->is_retention_due ? 0 : -1;
}

static void run_desk(struct writer *writer)
{
    int64_t now_ms = clock_ms();
    int64_t budget_ms = is_busy(writer, clock_monotonic_ms()) ? DESK_BUSY_BUDGET_MS : DESK_BUDGET_MS;
    err_t err = has_room(writer) ? desk_run(&writer->desk, now_ms, budget_ms, &writer->is_desk_due) : ERR_FULL;
    if (err != ERR_OK) {
        complain(writer, err);
        writer->is_desk_due = false;
        return;
    }
    if (!writer->is_desk_due) {
        log_debug("desk-done", "now=%" PRId64, now_ms);
    }
    writer->desk_ms = clock_monotonic_ms();
    news_tell(writer->store, writer->to_feeder);
}

/* Beyond twice the reserve nothing is written for it. A failure is tried again with the next tick. */
static void look_at_room(struct writer *writer)
{
    bool is_news = false;
    writer->health.path = writer->home.path;
    writer->health.reserve = reserve_of(writer);
    err_t err = health_look(writer->store, &writer->health, clock_ms(), &is_news);
    if (err != ERR_OK) {
        complain(writer, err);
    } else if (is_news) {
        news_tell(writer->store, writer->to_feeder);
    }
}

/* Folds the log in when nothing else is to do, so that it does not happen under load. The file keeps its size: writing
 * over it is twice as fast as making it grow, which costs the file system a journal commit each time. */
static void on_tick(struct writer *writer)
{
    bool is_idle = clock_monotonic_ms() - writer->busy_ms > IDLE_FOLD_MS;
    store_fold(writer->store, is_idle ? 0 : writer->options.checkpoint_pages);
    if (writer->control) {
        control_tidy(writer->control);
    }
    look_at_room(writer);
    send_leavers(writer);
}

/* After the desk, so that every clock is known. Then the log holds what was erased, until it is emptied. */
static void run_retention(struct writer *writer)
{
    bool is_erased = false;
    err_t err = retention_run(&writer->retention, &writer->city, writer->store, clock_ms(), &is_erased,
                              &writer->is_retention_due);
    writer->log_holds_erased = writer->log_holds_erased || is_erased;
    if (err != ERR_OK) {
        complain(writer, err);
    }
    if (is_erased) {
        send_leavers(writer);
    }
    if (!writer->is_retention_due && writer->log_holds_erased) {
        writer->log_holds_erased = !store_forget_log(writer->store);
    }
}

static void on_ack(struct writer *writer, const struct mail *mail)
{
    retention_acknowledge(&writer->retention, mail->row, mail->cursor);
    if (strcmp(mail->stream, "inbox") == 0) {
        desk_note_received(&writer->desk, mail->row, mail->cursor);
    }
}

/* Takes in what has come. */
static void read_work(struct writer *writer)
{
    struct mail *mail = NULL;
    int64_t now_ms = clock_monotonic_ms();
    for (int i = 0; i < GROUP_MAILS_MAX && (mail = mail_receive(writer->work, false)); i++) {
        if (mail->type == MAIL_TICK) {
            on_tick(writer);
            writer->is_desk_due = writer->is_retention_due = true;
            mail_free(mail);
        } else if (mail->type == MAIL_ROOM) {
            writer->health.connections_free = mail->cursor;
            writer->health.connections_most = mail->credit;
            mail_free(mail);
        } else if (mail->type == MAIL_ACK) {
            on_ack(writer, mail);
            mail_free(mail);
        } else {
            turns_put(writer->turns, mail, now_ms);
        }
    }
}

static zmsg_t *greet_operator(void *self, uid_t uid)
{
    struct writer *writer = self;
    zmsg_t *refusal = admin_greet(&writer->admin, uid);
    if (refusal) {
        log_warn("operator-refused", "uid=%u reason=unknown", (unsigned)uid);
    }
    return refusal;
}

static zmsg_t *answer_operator(void *self, uid_t uid, zmsg_t *request)
{
    struct writer *writer = self;
    writer->admin.is_full = !has_room(writer);
    zmsg_t *reply = admin_run(&writer->admin, uid, request);
    if (writer->admin.is_refused) {
        log_warn("operator-refused", "uid=%u reason=role", (unsigned)uid);
    }
    if (zframe_streq(zmsg_first(reply), "ok")) {
        news_tell(writer->store, writer->to_feeder);
        if (writer->admin.changed.row) {
            news_tell_party(writer->store, &writer->admin.changed, writer->to_front, writer->to_feeder);
        }
        if (writer->admin.is_erased) {
            writer->log_holds_erased = true;
            send_leavers(writer);
        }
    }
    return reply;
}

/* Rules and terms that cannot be read change nothing: those that were go on. */
static void configure_desk(struct writer *writer)
{
    char reason[512];
    if (desk_configure(&writer->desk, &writer->home, &writer->options, reason) != ERR_OK) {
        log_error("reload-refused", "reason=\"%s\" keeping what was", reason);
    }
    if (desk_load_terms(&writer->desk, &writer->home, reason) != ERR_OK) {
        log_error("reload-refused", "reason=\"%s\" keeping what was", reason);
    }
    writer->is_desk_due = true;
}

/* Operators and terms of keeping that cannot be read change nothing either. What is not as it was noted last becomes a
 * record. */
static void configure_people_and_terms(struct writer *writer, uid_t by)
{
    char reason[512];
    struct operators fresh;
    if (operators_load(&writer->home, &fresh, reason) == ERR_OK) {
        writer->operators = fresh;
    } else {
        log_error("reload-refused", "reason=\"%s\" keeping what was", reason);
    }
    if (retention_load(&writer->home, &writer->retention, reason) != ERR_OK) {
        log_error("reload-refused", "reason=\"%s\" keeping what was", reason);
    }
    struct person person = operators_name(&writer->operators, by);
    struct in_force in_force = {&writer->options, &writer->operators, &writer->retention, &writer->desk.site};
    err_t err = acts_note_changes(&writer->city, writer->store, &in_force, &person);
    if (err != ERR_OK) {
        complain(writer, err);
    }
}

static bool read_pipe(struct writer *writer)
{
    zmsg_t *message = zmsg_recv(writer->pipe);
    char *command = message ? zmsg_popstr(message) : NULL;
    bool is_end = !command || streq(command, "$TERM");
    if (command && streq(command, "RELOAD")) {
        zframe_t *frame = zmsg_pop(message);
        memcpy(&writer->options, zframe_data(frame), sizeof writer->options);
        zframe_destroy(&frame);
        frame = zmsg_pop(message);
        configure_desk(writer);
        configure_people_and_terms(writer, *(const uid_t *)(const void *)zframe_data(frame));
        zframe_destroy(&frame);
    } else if (command && streq(command, "STOP")) {
        err_t err = acts_file_own(&writer->city, writer->store, ACT_HUB_STOP, AGN_VERSION);
        if (err != ERR_OK) {
            complain(writer, err);
        }
    } else if (command && streq(command, PULSE)) {
        zstr_send(writer->pipe, PULSE);
    }
    free(command);
    zmsg_destroy(&message);
    return is_end;
}

static void serve(struct writer *writer)
{
    zmq_pollitem_t items[3] = {{.socket = zsock_resolve(writer->pipe), .events = ZMQ_POLLIN},
                               {.socket = zsock_resolve(writer->work), .events = ZMQ_POLLIN},
                               {.fd = writer->control ? control_fd(writer->control) : -1, .events = ZMQ_POLLIN}};
    int item_count = writer->control ? 3 : 2;
    for (;;) {
        if (zmq_poll(items, item_count, patience_ms(writer)) < 0 && errno == ETERM) {
            return;
        }
        if ((items[0].revents & ZMQ_POLLIN) && read_pipe(writer)) {
            return;
        }
        if (items[2].revents & ZMQ_POLLIN) {
            control_serve(writer->control);
        }
        read_work(writer);
        writer->group_count = turns_take(writer->turns, clock_monotonic_ms(), writer->group);
        bool is_idle = writer->group_count == 0;
        if (!is_idle) {
            write_group(writer);
        }
        if (writer->is_desk_due && desk_wait_ms(writer) == 0) {
            run_desk(writer);
        } else if (is_idle && !writer->is_desk_due && writer->is_retention_due) {
            run_retention(writer);
        }
    }
}

void writer_actor(zsock_t *pipe, void *config)
{
    const struct writer_config *given = config;
    struct writer *writer = mem_alloc(sizeof *writer);
    struct mail *mail = NULL;
    char path[PATH_SIZE];
    *writer = (struct writer){.options = given->options, .store = given->store, .home = given->home, .pipe = pipe};
    writer->city = *given->city;
    writer->desk = *given->desk;
    writer->desk.store = writer->store;
    writer->desk.city = &writer->city;
    writer->operators = *given->operators;
    writer->retention = *given->retention;
    writer->log_holds_erased = store_has_erased(writer->store);
    writer->admin = (struct admin){.store = writer->store, .city = &writer->city, .operators = &writer->operators};
    struct control_service service = {greet_operator, answer_operator, writer};
    writer->turns = turns_open();
    writer->work = zsock_new_pull("@inproc://writer");
    writer->to_front = zsock_new_push(">inproc://front");
    writer->to_feeder = zsock_new_push(">inproc://feeder");
    writer->leavers.to_blobs = zsock_new_push(">inproc://blobs");
    home_file(&writer->home, "control.sock", path);
    writer->control = control_open(path, &service);
    if (!writer->control) {
        log_error("control-bind", "path=%s reason=\"%s\" operator commands will not reach the running hub", path,
                  strerror(errno));
    }
    send_leavers(writer); /* before anybody uploads one of them anew */
    zsock_signal(pipe, 0);
    serve(writer);
    while ((mail = mail_receive(writer->work, false))) {
        mail_free(mail);
    }
    zsock_destroy(&writer->work);
    turns_close(writer->turns);
    control_close(writer->control);
    zsock_destroy(&writer->to_front);
    zsock_destroy(&writer->to_feeder);
    zsock_destroy(&writer->leavers.to_blobs);
    store_truncate_log(writer->store);
    desk_close(&writer->desk);
    retention_done(&writer->retention);
    store_close(writer->store);
    free(writer);
    suite_end_thread();
}
