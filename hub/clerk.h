/* hub/clerk.h - the actor that owns the timers: when aggregates are published and when the log is folded in. */
#ifndef HUB_CLERK_H
#define HUB_CLERK_H

#include <czmq.h>

#include "hub/options.h"

/* config: struct options. Pipe commands: "RELOAD" with a struct options. */
void clerk_actor(zsock_t *pipe, void *config);

#endif
