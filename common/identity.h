/* common/identity.h - the two key pairs of a party, and signatures.
 *
 * The CURVE pair says who is speaking, the signing pair (Ed25519) makes evidence. Kept in the home as identity.zpl,
 * mode 0600. */
#ifndef COMMON_IDENTITY_H
#define COMMON_IDENTITY_H

#include <openssl/evp.h>
#include <stdint.h>

#include "common/home.h"
#include "proto/message.h"

#define SIGNING_ALGORITHM "ed25519"

struct identity {
    uint8_t curve_public[KEY_SIZE];
    uint8_t curve_secret[KEY_SIZE];
    uint8_t signing_public[KEY_SIZE];
    EVP_PKEY *signing_key;
};

/* Makes both pairs and saves them durably. */
MUST_CHECK err_t identity_create(const struct home *home, struct identity *ret_identity, char reterr_reason[256]);
/* ERR_NOT_FOUND when there is no identity file. */
MUST_CHECK err_t identity_load(const struct home *home, struct identity *ret_identity, char reterr_reason[256]);
void identity_done(struct identity *identity);

void identity_sign(const struct identity *identity, struct view bytes, uint8_t ret_signature[SIGNATURE_SIZE]);

/* A public signing key ready for many checks. verifier_open returns NULL when the bytes are no key. Takes NULL. */
EVP_PKEY *verifier_open(const uint8_t signing_public[KEY_SIZE]);
void verifier_close(EVP_PKEY *key);
bool verifier_check(EVP_PKEY *key, struct view bytes, struct view signature);

#endif
