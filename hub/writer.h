/* hub/writer.h - the actor that owns the only read-write store handle: group commit, enrolment, the operator's
 * commands, checkpoints.
 *
 * Whatever has queued since the last commit goes into one transaction, so the group grows with the load and nobody
 * waits for a timer. Outcomes are shown to the front before the commit, so that it signs receipts meanwhile; they leave
 * only after the commit has returned. */
#ifndef HUB_WRITER_H
#define HUB_WRITER_H

#include "hub/city.h"
#include "hub/desk.h"
#include "hub/operators.h"
#include "hub/options.h"
#include "hub/retention.h"
#include "hub/store.h"

struct writer_config {
    struct options options;
    struct store *store; /* taken: the writer uses and closes it */
    struct home home;
    const struct desk *desk;           /* taken */
    const struct city *city;           /* taken likewise; its identity is borrowed */
    const struct operators *operators; /* copied */
    const struct retention *retention; /* taken */
};

/* Pipe commands: "STOP" notes that the hub ends; "RELOAD" with a struct options and the uid_t of who asked for it. */
void writer_actor(zsock_t *pipe, void *config);

#endif
