/* common/seal.h - a short secret under a passphrase: scrypt (RFC 7914) makes the key, AES-256-GCM seals. Both
 * OpenSSL's.
 *
 * What a seal costs to open is stored with it and comes from a file, so it is bounded before anything is allocated. */
#ifndef COMMON_SEAL_H
#define COMMON_SEAL_H

#include <stdint.h>

#include "proto/reader.h"

enum { SEAL_SALT_SIZE = 16, SEAL_NONCE_SIZE = 12, SEAL_TAG_SIZE = 16, SEAL_SECRET_SIZE = 64 };

struct seal {
    uint64_t n, r, p; /* scrypt's cost: 128 · n · r bytes of memory, p times */
    uint8_t salt[SEAL_SALT_SIZE];
    uint8_t nonce[SEAL_NONCE_SIZE];
    uint8_t tag[SEAL_TAG_SIZE];
    uint8_t bytes[SEAL_SECRET_SIZE];
};

/* COVERED is not hidden, but a seal opens with the same alone. */
MUST_CHECK err_t seal_close(struct view passphrase, struct view covered, const uint8_t secret[SEAL_SECRET_SIZE],
                            struct seal *ret_seal);
/* ERR_TOO_LARGE when the cost is beyond 2^14 to 2^20, 1 to 16, 1 to 4, or 256 MiB. ERR_INVALID when the passphrase is
 * another one, or anything was changed: which of them it is cannot be told. */
MUST_CHECK err_t seal_open(struct view passphrase, struct view covered, const struct seal *seal,
                           uint8_t ret_secret[SEAL_SECRET_SIZE]);

#endif
