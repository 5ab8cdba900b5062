/* hub/sessions.h - the peers that are in a session now. Pure but for closing a TCP connection. */
#ifndef HUB_SESSIONS_H
#define HUB_SESSIONS_H

#include <netinet/in.h>

#include "hub/mail.h"
#include "hub/rates.h"
#include "hub/unsent.h"

enum { ROUTING_SIZE_MAX = 16 };

/* A TCP connection, with its far end to know it again by: descriptors are reused. */
struct connection {
    int fd; /* -1: none */
    struct sockaddr_storage far_end;
};

struct peer {
    struct party party;
    struct party_keys keys;
    uint64_t session; /* 0: none */
    int64_t key;      /* the row of the key that the session was made with */
    uint8_t routing[ROUTING_SIZE_MAX];
    size_t routing_size;
    struct connection connection;
    uint64_t window, max_batch; /* as its WELCOME said, whatever is set since */
    uint64_t in_flight;
    size_t queued_bytes; /* with the checker or the writer; of ended sessions too */
    uint32_t checking;   /* batches with the checker, likewise */
    struct unsent *unsent;
    struct rate rates[RATES];
    int64_t limited_ms, refused_ms; /* when the log last said that it is too fast, that a batch was refused */
    uint64_t received;              /* the highest entity sequence number with an outcome */
    uint64_t told;                  /* the highest that it has said it has given out, though it may not be stored yet */
    int malformed;
    uint32_t proving; /* PROVEs that are not answered; of ended sessions too */
    uint32_t parcels; /* BLOB messages that are not worked off; of ended sessions too */
    uint64_t unread_chunks,
        probed_chunks;    /* served, and not shown to have been read; of those, how many the PING asks for */
    uint64_t probe_token; /* 0: no such PING is under way */
    int64_t heard_ms, pinged_ms;
    int64_t weighed_ms; /* when it was last looked how much has come by the connection */
    uint64_t weighed;   /* how much that was when something was read last */
    int64_t who_ms;     /* the last WHO, and to which connection */
    uint8_t who_routing[ROUTING_SIZE_MAX];
};

struct sessions;

/* TOTAL counts what the peers have not read, together. */
struct sessions *sessions_open(struct unsent *total);
/* Takes NULL. */
void sessions_close(struct sessions *sessions);
/* The peer of a registry row, made or refreshed from STANDING. */
struct peer *sessions_put(struct sessions *sessions, const struct registrant *registrant);
/* NULL when the row is unknown. */
struct peer *sessions_find(struct sessions *sessions, int64_t row);
void sessions_each(struct sessions *sessions, void (*each)(void *self, struct peer *peer), void *self);

struct connection connection_of(int fd);
bool connection_is(const struct connection *one, const struct connection *other);
/* Its far end's address, for the log; "" where it has none. */
void connection_address(const struct connection *connection, char ret_address[64]);
/* The bytes that have come by it so far; 0 where it is gone, or no TCP connection. */
uint64_t connection_received(const struct connection *connection);
/* Closes it, if it is still the same one: a ROUTER has no way to drop a peer. */
void connection_cut(const struct connection *connection);

#endif
