/* hub/party.h - one row of the registry, and the key pairs by which it is known.
 *
 * A key pair is never removed: what it signed while it was good stays evidence. Whether it is good now follows from its
 * times alone, so that an overlap ends by itself. */
#ifndef HUB_PARTY_H
#define HUB_PARTY_H

#include "common/suite.h"

enum { PARTY_STATE_SIZE = 12, PARTY_KEYS_MAX = 8 };

/* `row` is small and never reused. */
struct party {
    int64_t row;
    char party[RECORD_PARTY_SIZE];
    char role[12];
    char name[401];
    char entity_type[32];
    char sectors[256];
    char district[8];
    char state[PARTY_STATE_SIZE]; /* invited, active, suspended, revoked */
    char reason[401];
    bool has_keys; /* it has joined once */
    int64_t created_at;
    int64_t changed_at;
    /* Accounts: what has been kept. */
    uint64_t last_seq;  /* the highest number with an outcome */
    uint64_t given_out; /* the highest that the party is known to have given out */
    uint64_t stored;
    uint64_t refused;
    int64_t last_at;
};

struct party_key {
    int64_t row; /* never reused */
    uint8_t curve_key[KEY_SIZE];
    struct signing_key signing_key;
    int64_t since;
    int64_t until;      /* another one has taken its place; 0: no end is set */
    int64_t revoked_at; /* 0: it is not */
};

/* Its newest keys, the newest first: older ones are out, whatever their times say. */
struct party_keys {
    size_t count;
    struct party_key list[PARTY_KEYS_MAX];
};

struct registrant {
    struct party party;
    struct party_keys keys;
};

/* coming: not good yet; current: good, no end is set; retiring: good beside the one that took its place. */
enum key_state { KEY_COMING, KEY_CURRENT, KEY_RETIRING, KEY_RETIRED, KEY_REVOKED };
enum key_state party_key_state(const struct party_key *key, int64_t now_ms);
bool party_key_is_good(const struct party_key *key, int64_t now_ms);
/* Whether a peer may come in with it. A peer's key is good from the moment that it is noted: one that seems to be of
 * the future shows that this clock was set back, and that must shut nobody out. */
bool party_key_lets_in(const struct party_key *key, int64_t now_ms);
/* NULL where it is not among them. */
const struct party_key *party_keys_find(const struct party_keys *keys, int64_t row);

#endif
