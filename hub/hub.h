/* hub/hub.h - the hub as a whole: starts the actors, passes on signals, stops them in order. */
#ifndef HUB_HUB_H
#define HUB_HUB_H

#include "common/home.h"

/* Serves until SIGTERM or SIGINT. Returns the exit status. */
int hub_run(const struct home *home);

#endif
