/* agent/wake.h - how `submit` tells a running `run` or `sync` that there is something new: a FIFO in the home.
 *
 * A byte in it means "look at the spool"; nothing else is ever said. Whoever sends must hold run.lock, so the FIFO has
 * one listener. */
#ifndef AGENT_WAKE_H
#define AGENT_WAKE_H

#include <stdbool.h>

#include "common/home.h"

#define RUN_LOCK "run.lock"

/* *ret_fd stays open and non-blocking. */
MUST_CHECK err_t wake_listen(const struct home *home, int *ret_fd);
void wake_drain(int fd);
/* True where somebody listens. */
bool wake_poke(const struct home *home);
/* As wake_poke, without waking. */
bool wake_is_heard(const struct home *home);

#endif
