/* hub/hub.h - the hub as a whole: starts the actors, passes on signals, stops them in order. */
#ifndef HUB_HUB_H
#define HUB_HUB_H

#include "common/home.h"

/* hub_run() ended since the hub's keys are other ones now; SIGTERM, SIGINT and SIGHUP are blocked. */
enum { HUB_ANEW = -1 };

/* Serves until SIGTERM or SIGINT. Returns the exit status, or HUB_ANEW: the program is to be executed again, for czmq
 * does not work any more in a process in which it was shut down. */
int hub_run(const struct home *home);

#endif
