/* hub/unsent.h - the bytes that were given to libzmq for somebody and that it still holds: its own limits count
 * messages, not bytes.
 *
 * libzmq lets go of a message when it goes onto the connection, or when that is closed; it does so in a thread of its
 * own, and after the front's end, so an account lives until its last message does. */
#ifndef HUB_UNSENT_H
#define HUB_UNSENT_H

#include <msgpack.h>
#include <zmq.h>

struct unsent;

/* What is counted here counts in TOTAL too (NULL: in none). */
struct unsent *unsent_open(struct unsent *total);
/* Takes NULL. */
void unsent_close(struct unsent *unsent);
size_t unsent_bytes(const struct unsent *unsent);
/* A message over BUFFER's content, which is taken over and counted; UNSENT NULL: it is counted nowhere. */
void unsent_message(struct unsent *unsent, msgpack_sbuffer *buffer, zmq_msg_t *ret_message);

#endif
