/* province/dispatch.h - carries one hub's deliveries of the outbox over the session that a follower holds.
 *
 * What is under way is known here alone and forgotten with the session, so everything without a receipt is sent again.
 * Disturbances (a full disk, a busy outbox) put things off, never end it. */
#ifndef PROVINCE_DISPATCH_H
#define PROVINCE_DISPATCH_H

#include "common/link.h"
#include "province/outbox.h"

struct dispatch;

/* Borrows all of it. */
struct dispatch *dispatch_open(struct outbox *outbox, int64_t hub, const struct membership *membership,
                               const int64_t *retry_ms);
/* Takes NULL. */
void dispatch_close(struct dispatch *dispatch);
/* For HELLO: the highest number given out. */
uint64_t dispatch_sent(struct dispatch *dispatch);

/* A new session, and its end. Where what the hub said could not be noted, nothing may be sent in this session: it would
 * hide what the hub has lost. */
MUST_CHECK err_t dispatch_ready(struct dispatch *dispatch, struct link *link, const struct welcome *welcome);
void dispatch_down(struct dispatch *dispatch);

/* Sends what may be sent now; for when something was filed. */
void dispatch_pump(struct dispatch *dispatch, struct link *link);
/* A few times a second. */
void dispatch_tick(struct dispatch *dispatch, struct link *link, int64_t now_monotonic);

void dispatch_receipt(struct dispatch *dispatch, const struct receipt_body *body, const struct receipt *receipt);
/* Of a REFUSE that names a batch. */
void dispatch_refuse(struct dispatch *dispatch, const struct refuse *refuse);

#endif
