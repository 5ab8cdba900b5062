/* hub/own_keys.h - the pair that is announced to take the place of the hub's own (PROTOCOL.md §11). */
#ifndef HUB_OWN_KEYS_H
#define HUB_OWN_KEYS_H

#include "common/identity.h"
#include "hub/options.h"
#include "hub/store.h"

struct announced {
    struct party_key key; /* row 0: none */
    uint8_t proof[SIGNATURE_SIZE];
};

/* What the pair of IDENTITY has named, and nobody has revoked or replaced. ERR_NOT_FOUND: nothing. */
MUST_CHECK err_t announced_find(struct store *store, const struct identity *identity, struct announced *ret_announced);
/* Reads the pair itself, when its time has come. ERR_BUSY: that is still ahead. */
MUST_CHECK err_t announced_load(const struct home *home, const struct announced *announced, int64_t now_ms,
                                struct identity *ret_next, char reterr_reason[256]);
/* Who holds the hub's home does this before anything is signed: when its time has come, the announced pair takes the
 * place of IDENTITY's, in the home, in the registry and here. *ret_announced is what is announced then. ERR_OK with a
 * reason: that pair cannot be read, and IDENTITY's goes on. */
MUST_CHECK err_t announced_take(struct store *store, const struct home *home, int64_t now_ms, struct identity *identity,
                                struct announced *ret_announced, bool *ret_is_taken, char reterr_reason[256]);
/* Whether the home's keys are the city's, as the registry has them, and good: nothing may be signed with others, nor
 * for another city. ERR_INVALID with what to do. */
MUST_CHECK err_t own_keys_check(struct store *store, const struct home *home, const struct options *options,
                                const struct identity *identity, char reterr_reason[512]);

#endif
