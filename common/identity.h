/* common/identity.h - the two key pairs of a party, and signatures.
 *
 * The CURVE pair says who is speaking, the signing pair (Ed25519) makes evidence. Kept in the home as identity.zpl,
 * mode 0600. Ed25519 is libsodium's, which libzmq links for CURVE: it checks and signs in little more than half the
 * time that OpenSSL 3.0 takes, and a signature a batch is most of what a small batch costs. */
#ifndef COMMON_IDENTITY_H
#define COMMON_IDENTITY_H

#include <stdint.h>

#include "common/home.h"
#include "proto/message.h"

#define SIGNING_ALGORITHM "ed25519"

enum { SIGNING_SECRET_SIZE = 64 }; /* the seed, then the public key, as libsodium keeps them */

struct identity {
    uint8_t curve_public[KEY_SIZE];
    uint8_t curve_secret[KEY_SIZE];
    uint8_t signing_public[KEY_SIZE];
    uint8_t signing_secret[SIGNING_SECRET_SIZE];
};

/* Both pairs, saved nowhere. */
MUST_CHECK err_t identity_make(struct identity *ret_identity);
/* Makes both pairs and saves them durably. */
MUST_CHECK err_t identity_create(const struct home *home, struct identity *ret_identity, char reterr_reason[256]);
/* ERR_NOT_FOUND when there is no identity file. */
MUST_CHECK err_t identity_load(const struct home *home, struct identity *ret_identity, char reterr_reason[256]);
void identity_done(struct identity *identity);
/* The signing pair of SEED, which is what is kept of it. */
void identity_set_seed(struct identity *identity, const uint8_t seed[KEY_SIZE]);

void identity_sign(const struct identity *identity, struct view bytes, uint8_t ret_signature[SIGNATURE_SIZE]);

/* Stricter than RFC 8032 must be: keys and signatures of small order, which fit many messages, are never good. */
bool signature_check(const uint8_t signing_public[KEY_SIZE], struct view bytes, struct view signature);

#endif
