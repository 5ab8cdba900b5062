/* hub/feeder.h - the actor that feeds the followers: catch-up and live are the same code, reading pages after a cursor.
 *
 * A follower is served only while it has credit, so one that is slow or dead costs the others nothing. Warnings go at
 * once; changed cells wait for the next publication and go out once however often they changed. */
#ifndef HUB_FEEDER_H
#define HUB_FEEDER_H

#include "hub/store.h"

struct feeder_config {
    struct store *store; /* a read handle; taken */
};

void feeder_actor(zsock_t *pipe, void *config);

#endif
