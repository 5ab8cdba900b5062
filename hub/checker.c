#include "hub/checker.h"

#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "hub/turns.h"

struct checker {
    struct intake intake;
    struct turns *turns;
    struct mail *group[GROUP_MAILS_MAX];
    zsock_t *pipe, *work, *to_front;
};

static void read_work(struct checker *checker)
{
    struct mail *mail = NULL;
    int64_t now_ms = clock_monotonic_ms();
    for (int i = 0; i < GROUP_MAILS_MAX && (mail = mail_receive(checker->work, false)); i++) {
        turns_put(checker->turns, mail, now_ms);
    }
}

static void check_group(struct checker *checker)
{
    size_t count = turns_take(checker->turns, clock_monotonic_ms(), checker->group);
    for (size_t i = 0; i < count; i++) {
        struct mail *mail = checker->group[i];
        mail->type = MAIL_CHECKED;
        mail->is_signed = intake_check(&checker->intake, mail->batch);
        mail_send(checker->to_front, &mail);
    }
}

/* True when the actor is to end. */
static bool read_pipe(struct checker *checker)
{
    char *command = zstr_recv(checker->pipe);
    bool is_end = !command || streq(command, "$TERM");
    if (command && streq(command, PULSE)) {
        zstr_send(checker->pipe, PULSE);
    }
    free(command);
    return is_end;
}

static void serve(struct checker *checker)
{
    zmq_pollitem_t items[2] = {{.socket = zsock_resolve(checker->pipe), .events = ZMQ_POLLIN},
                               {.socket = zsock_resolve(checker->work), .events = ZMQ_POLLIN}};
    for (;;) {
        if (zmq_poll(items, 2, turns_waiting(checker->turns) > 0 ? 0 : -1) < 0 && errno == ETERM) {
            return;
        }
        if ((items[0].revents & ZMQ_POLLIN) && read_pipe(checker)) {
            return;
        }
        read_work(checker);
        check_group(checker);
    }
}

void checker_actor(zsock_t *pipe, void *config)
{
    struct checker *checker = mem_alloc(sizeof *checker);
    struct mail *mail = NULL;
    *checker = (struct checker){.intake = *(const struct intake *)config, .pipe = pipe};
    checker->turns = turns_open();
    checker->work = zsock_new_pull("@inproc://checker");
    checker->to_front = zsock_new_push(">inproc://front");
    zsock_signal(pipe, 0);
    serve(checker);
    while ((mail = mail_receive(checker->work, false))) {
        mail_free(mail);
    }
    turns_close(checker->turns);
    zsock_destroy(&checker->work);
    zsock_destroy(&checker->to_front);
    free(checker);
}
