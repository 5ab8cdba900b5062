/* hub/checker.h - the actor that checks large batches, so that handshakes, receipts and small batches do not wait in
 * the front for a megabyte's hash or for sixty-four records' rules.
 *
 * The front hands it each large batch (BATCH), and every other of a party that has one here, which keeps them in their
 * order; each comes back as CHECKED, the parties in turns (hub/turns.h). What waits here the front counts as queued. */
#ifndef HUB_CHECKER_H
#define HUB_CHECKER_H

#include <czmq.h>

#include "hub/intake.h"

/* CONFIG: a struct intake, copied. */
void checker_actor(zsock_t *pipe, void *config);

#endif
