/* hub/control.h - the socket by which the operator's commands reach the running hub.
 *
 * A Unix stream socket in the hub's home. A connection carries one request and one reply, each a length (4 bytes, big
 * endian) and that many bytes: frames, each a length likewise and its content. Who speaks says the kernel
 * (SO_PEERCRED). The hub's side never waits: whoever is slow, silent or says too much is let go, and so is the one that
 * has waited longest when there are too many. */
#ifndef HUB_CONTROL_H
#define HUB_CONTROL_H

#include <czmq.h>
#include <sys/types.h>

#include "proto/err.h"

enum {
    CONTROL_CLIENTS = 16,
    CONTROL_REQUEST_MAX = 16 << 20,
    CONTROL_REPLY_MAX = 16 << 10,
    CONTROL_FRAMES_MAX = 262144
};
/* How long a request may take to come in, in milliseconds. */
enum { CONTROL_PATIENCE_MS = 5000 };

struct control_service {
    /* Before anything is read from UID: NULL, or the reply by which he is refused. */
    zmsg_t *(*greet)(void *self, uid_t uid);
    /* The whole request of UID; the reply has at most CONTROL_REPLY_MAX bytes. */
    zmsg_t *(*answer)(void *self, uid_t uid, zmsg_t *request);
    void *self;
};

struct control;

/* NULL when the socket cannot be made; errno says why. PATH must be this process's to replace. */
struct control *control_open(const char *path, const struct control_service *service);
/* Takes NULL. */
void control_close(struct control *control);
/* Readable when control_serve() has something to do. */
int control_fd(const struct control *control);
void control_serve(struct control *control);
/* Lets go who was too slow. */
void control_tidy(struct control *control);

/* The command's side: connects, says, hears. ERR_NOT_FOUND: nobody listens there; ERR_IO: he does, and does not answer
 * within WAIT_MS, or this user may not reach the socket (errno is EACCES). */
MUST_CHECK err_t control_call(const char *path, zmsg_t *request, int wait_ms, zmsg_t **ret_reply);

#endif
