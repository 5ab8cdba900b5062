/* hub/front.h - the actor that owns both ROUTERs, the ZAP handler and the sessions: decodes, authorises, keeps the
 * windows, validates or has it done (hub/checker.h), answers.
 *
 * Session states and transitions are PROTOCOL.md §4's. It never blocks: sends are DONTWAIT, and a peer that does not
 * read loses its session, not its records. */
#ifndef HUB_FRONT_H
#define HUB_FRONT_H

#include "common/identity.h"
#include "hub/intake.h"
#include "hub/options.h"
#include "hub/own_keys.h"

/* Descriptors that are not connections of peers: files, pipes, and those on the way from accept() to the front. */
enum { DESCRIPTOR_RESERVE = 256 };

struct front_config {
    struct options options; /* copied; SIGHUP sends a new one as RELOAD */
    const struct identity *identity;
    struct announced announced;
    struct intake intake;
    struct store *registry; /* a read handle of the front's own; used at start only */
    uint8_t epoch[EPOCH_SIZE];
};

/* Binds its sockets before it signals readiness; a failed bind makes zactor_new's actor answer "FAILED" on its pipe
 * instead of "READY". Pipe commands: "RELOAD" with a struct options, "STOP": answer what was taken, say goodbye, then
 * "STOPPED". */
void front_actor(zsock_t *pipe, void *config);

#endif
