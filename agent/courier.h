/* agent/courier.h - carries the spool to the hub and its answers back; `run` and `sync` differ only in when they end.
 *
 * Lives on one zloop, which may go on after it, holds one session. What is under way is known here alone and forgotten
 * with the session, so everything without a receipt is sent again. Disturbances (a full disk, a busy spool) put things
 * off, never end it. */
#ifndef AGENT_COURIER_H
#define AGENT_COURIER_H

#include <czmq.h>

#include "agent/settings.h"
#include "agent/spool.h"
#include "common/keyring.h"
#include "common/membership.h"

struct courier;

struct courier_config {
    const struct home *home;
    struct spool *spool; /* borrowed, as are all of these */
    struct membership *membership;
    struct keyring *keys; /* borrowed, and read anew when its files change */
    const struct settings *settings;
};

/* NULL where the wake FIFO cannot be made; ERR_IO's reason in reterr_reason. */
struct courier *courier_open(zloop_t *loop, const struct courier_config *config, char reterr_reason[256]);
/* Takes NULL. Not from inside the loop's callbacks. */
void courier_close(struct courier *courier);

/* `join` has written another hub or other keys of it: the loop ends, and a new courier is due. */
bool courier_is_outdated(const struct courier *courier);
/* For `sync`: a session has been there; the inbox is read as far as it went; and why it does not go on, or "". */
bool courier_was_ready(const struct courier *courier);
bool courier_has_inbox(const struct courier *courier);
const char *courier_trouble(const struct courier *courier);
/* The hub is being asked for the places of records in its ledger. */
bool courier_is_proving(const struct courier *courier);
/* Bytes of attachments that came over; rises as long as one is under way and moves. */
uint64_t courier_moved(const struct courier *courier);

#endif
