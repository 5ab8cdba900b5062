/* hub/blobs.h - the actor that owns the attachments: the only writer of the shelf (hub/shelf.h), so that neither the
 * front nor the writer ever waits for the disk under a large file.
 *
 * The front hands it each BLOB message (BLOB; it comes back when it is worked off, so that the front can bound what is
 * under way) and the end of each session (GONE). Batches that name attachments pass through it on their way to the
 * writer (BATCH). What the writer tells it to, it takes from the shelf (LEAVE). */
#ifndef HUB_BLOBS_H
#define HUB_BLOBS_H

#include "hub/options.h"
#include "hub/shelf.h"

struct blobs_config {
    struct options options; /* copied; SIGHUP sends a new one as RELOAD */
    struct shelf *shelf;    /* taken: the actor uses and closes it */
};

/* Pipe commands: "RELOAD" with a struct options. */
void blobs_actor(zsock_t *pipe, void *config);

#endif
