/* agent/courier_blobs.h - attachments on their way to the hub and back, on the courier's link (PROTOCOL.md §9).
 *
 * One at a time, what a person wants back first. Chunks go out behind everything else and never more at once than the
 * line takes in about a second, so that a warning or a PING never waits long behind them: each run of chunks is
 * followed by a probe, and its answer says that the line is free again. What is under way is known here alone; the
 * spool knows what is still to do. */
#ifndef AGENT_COURIER_BLOBS_H
#define AGENT_COURIER_BLOBS_H

#include "agent/courier.h"
#include "common/link.h"

struct porter;

/* CONFIG is borrowed. */
struct porter *porter_open(const struct courier_config *config);
/* Takes NULL. */
void porter_close(struct porter *porter);

/* A new session, or none: what was under way is forgotten. */
void porter_reset(struct porter *porter);
/* There may be something new in the spool. */
void porter_look(struct porter *porter, struct link *link);
/* For every 250 ms of a session: what was put off, and what does not move. */
void porter_tick(struct porter *porter, struct link *link);

/* True: an attachment has come to the hub, so records may go. */
bool porter_take(struct porter *porter, struct link *link, const struct message *message);
void porter_probed(struct porter *porter, struct link *link, uint64_t token);
/* A REFUSE without a batch, which may be the answer to an attachment. */
void porter_refused(struct porter *porter, const struct refuse *refusal);

/* Bytes that came over, either way: it rises as long as something moves. */
uint64_t porter_moved(const struct porter *porter);

#endif
