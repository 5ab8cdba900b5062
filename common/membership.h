/* common/membership.h - what a peer knows of the hub that it has joined: the link that it came by, and the file that
 * remembers it. */
#ifndef COMMON_MEMBERSHIP_H
#define COMMON_MEMBERSHIP_H

#include "common/identity.h"

enum { FORMER_HUB_KEYS_MAX = 8, FORMER_HUB_KEYS_SIZE = FORMER_HUB_KEYS_MAX * (2 * SIGNING_KEY_MAX + 1) };

/* A signing key that is in wrong hands, as the hub reported AT (UTC ms): what it has signed after SINCE is not to be
 * believed. */
struct leak {
    struct signing_key key;
    int64_t at;
    int64_t since; /* the same, or LEAKED_EVER */
};
/* A leaked key alone has said that this one is the hub's. */
#define LEAKED_EVER 1
enum { LEAKS_TOLD_MAX = 8, LEAKS_MAX = LEAKS_TOLD_MAX + FORMER_HUB_KEYS_MAX + 2 };

struct membership {
    char endpoint[300]; /* tcp://host:port */
    uint8_t hub_key[KEY_SIZE];
    struct signing_key hub_signing_key;
    char party[64];
    char name[401];
    char role[16];
    char hub[256];
    char city[8];
    char entity_type[32];
    char sectors[256];        /* codes, comma-separated */
    char enrol_endpoint[300]; /* "": of a file that an earlier release wrote */
    /* The pair that the hub has named to take the place of its own (common/succession.h); size 0: none. */
    uint8_t next_hub_key[KEY_SIZE];
    struct signing_key next_hub_signing_key;
    char former_hub_keys[FORMER_HUB_KEYS_SIZE]; /* signing keys in hex, the newest first, a comma between two */
    /* Of the ENROLLED that this is of; not kept in the file. */
    uint64_t given_out;
    size_t leak_count;
    struct leak leaks[LEAKS_MAX];
};

/* What the hub and all of its peers use. */
const struct suite *membership_suite(const struct membership *membership);

struct join_link {
    char endpoint[300];
    char enrol_endpoint[300];
    uint8_t hub_key[KEY_SIZE];
    char code[21];
    const struct suite *suite; /* of the hub, and so of its peers */
};

MUST_CHECK err_t join_link_parse(const char *text, struct join_link *ret_link, char reterr_reason[256]);
/* LINK's endpoints are not looked at; host: as the peers reach the hub. */
void join_link_format(const char *host, int port, int enrol_port, const struct join_link *link, char *ret_text,
                      size_t size);

/* NAME such as "hub.zpl". */
MUST_CHECK err_t membership_save(const struct home *home, const char *name, const struct membership *membership);
MUST_CHECK err_t membership_load(const struct home *home, const char *name, struct membership *ret_membership,
                                 char reterr_reason[256]);

/* Held by a join or a change of keys, which are one at a time. */
#define JOIN_LOCK "join.lock"

/* By the pair in use. */
bool membership_has_same_keys(const struct membership *one, const struct membership *other);
/* The same hub in the same place. */
bool membership_is_same(const struct membership *one, const struct membership *other);
/* The hub's keys alone: those in use, the next and the former. */
void membership_copy_hub_keys(const struct membership *from, struct membership *to);
/* Saves the hub's keys, as a session that began with FORMER has changed them in MEMBERSHIP; all else in the file stays.
 * ERR_NOT_FOUND: the file names another hub or other keys by now, or is gone, which a person has said since: it stays
 * as it is, for a session by keys that have leaked must not be able to undo a join. ERR_BUSY: a join is under way. */
MUST_CHECK err_t membership_update(const struct home *home, const char *name, const struct membership *former,
                                   const struct membership *membership);

#endif
