/* agent/session.h - the frame of `run` and `sync`: the lock, the keys, the loop, the courier, and the signals.
 *
 * SIGTERM and SIGINT end the loop, SIGHUP reloads the settings. What `join` writes meanwhile is taken up. */
#ifndef AGENT_SESSION_H
#define AGENT_SESSION_H

#include "agent/courier.h"
#include "agent/office.h"
#include "common/keyring.h"

struct session {
    struct office *office;
    struct membership membership; /* the office's is for other threads, and stays */
    struct keyring keys;
    zloop_t *loop;
    struct courier *courier;
    zmq_pollitem_t signals;
    bool was_stopped; /* by a signal */
};

/* The caller holds run.lock. Says on stderr what is wrong; false then, and there is nothing to close. */
bool session_open(struct office *office, struct session *ret_session);
/* Returns when a signal came or a callback on the loop ended it. */
void session_run(struct session *session);
void session_close(struct session *session);

#endif
