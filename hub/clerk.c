#include "hub/clerk.h"

#include <string.h>

#include "hub/mail.h"

struct clerk {
    struct options options;
    zsock_t *to_writer, *to_feeder;
    int publish_timer, desk_timer;
};

static int tick(zsock_t *sock)
{
    struct mail *mail = mail_new(MAIL_TICK);
    mail_send(sock, &mail);
    return 0;
}

static int on_publish(zloop_t *loop, int timer, void *arg)
{
    (void)loop;
    (void)timer;
    return tick(((struct clerk *)arg)->to_feeder);
}

static int on_desk(zloop_t *loop, int timer, void *arg)
{
    (void)loop;
    (void)timer;
    return tick(((struct clerk *)arg)->to_writer);
}

static void set_timers(struct clerk *clerk, zloop_t *loop)
{
    clerk->publish_timer = zloop_timer(loop, (size_t)clerk->options.publish_ms, 0, on_publish, clerk);
    clerk->desk_timer = zloop_timer(loop, (size_t)clerk->options.desk_ms, 0, on_desk, clerk);
}

static int on_pipe(zloop_t *loop, zsock_t *pipe, void *arg)
{
    struct clerk *clerk = arg;
    zmsg_t *message = zmsg_recv(pipe);
    char *command = message ? zmsg_popstr(message) : NULL;
    bool is_end = !command || streq(command, "$TERM");
    if (command && streq(command, "RELOAD")) {
        zframe_t *frame = zmsg_pop(message);
        memcpy(&clerk->options, zframe_data(frame), sizeof clerk->options);
        zframe_destroy(&frame);
        zloop_timer_end(loop, clerk->publish_timer);
        zloop_timer_end(loop, clerk->desk_timer);
        set_timers(clerk, loop);
    } else if (command && streq(command, PULSE)) {
        zstr_send(pipe, PULSE);
    }
    free(command);
    zmsg_destroy(&message);
    return is_end ? -1 : 0;
}

void clerk_actor(zsock_t *pipe, void *config)
{
    struct clerk clerk = {.options = *(const struct options *)config};
    clerk.to_writer = zsock_new_push(">inproc://writer");
    clerk.to_feeder = zsock_new_push(">inproc://feeder");
    zloop_t *loop = zloop_new();
    zloop_reader(loop, pipe, on_pipe, &clerk);
    set_timers(&clerk, loop);
    zsock_signal(pipe, 0);
    zloop_start(loop);
    zloop_destroy(&loop);
    zsock_destroy(&clerk.to_writer);
    zsock_destroy(&clerk.to_feeder);
}
