/* hub/sessions.h - the peers that are in a session now. Pure but for closing a TCP connection. */
#ifndef HUB_SESSIONS_H
#define HUB_SESSIONS_H

#include <netinet/in.h>
#include <openssl/evp.h>

#include "hub/mail.h"

enum { ROUTING_SIZE_MAX = 16 };

struct peer {
    struct party party;
    EVP_PKEY *verifier;
    uint64_t session; /* 0: none */
    uint8_t routing[ROUTING_SIZE_MAX];
    size_t routing_size;
    int fd; /* the connection under the session, with its far end to know it again by: descriptors are reused */
    struct sockaddr_storage far_end;
    uint64_t in_flight;
    uint64_t received; /* the highest entity sequence number with an outcome */
    int malformed;
    int64_t heard_ms, pinged_ms, who_ms;
};

struct sessions;

struct sessions *sessions_open(void);
/* Takes NULL. */
void sessions_close(struct sessions *sessions);
/* The peer of a registry row, made or refreshed from PARTY. */
struct peer *sessions_put(struct sessions *sessions, const struct party *party);
/* NULL when the row is unknown. */
struct peer *sessions_find(struct sessions *sessions, int64_t row);
void sessions_each(struct sessions *sessions, void (*each)(void *self, struct peer *peer), void *self);

void peer_remember_connection(struct peer *peer, int fd);
/* Closes the TCP connection, if it is still the one remembered: a ROUTER has no way to drop a peer. */
void peer_cut(struct peer *peer);

#endif
