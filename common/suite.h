/* common/suite.h - the two signature suites: which algorithm signs, and which one hashes.
 *
 *   ed25519   Ed25519 (RFC 8032, by libsodium) with SHA-256
 *   sm2-sm3   SM2 with SM3 (GB/T 32918.2, GB/T 32905, by OpenSSL), on the recommended curve and with the standard's
 *             user id 1234567812345678; a signature is r ‖ s, a public key the compressed point
 *
 * A site uses one of them for everything that is evidence. The size of a public key names its suite, so a key needs no
 * second fact beside it. */
#ifndef COMMON_SUITE_H
#define COMMON_SUITE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/message.h"

enum { SUITE_HASH_SIZE = RECORD_HASH_SIZE, SIGNING_KEY_MAX = 33, SIGNING_SECRET_SIZE = 32 };

struct suite;
extern const struct suite suite_ed25519;
extern const struct suite suite_sm2_sm3;

/* NULL when no suite has this name. */
const struct suite *suite_find(struct view name);
const struct suite *suite_named(const char *name);
const char *suite_name(const struct suite *suite);
/* The same as bytes, for a message's `algorithm`. */
struct view suite_label(const struct suite *suite);

/* ---- hashing ---- */

/* Of the parts one after the other. */
void suite_hash(const struct suite *suite, const struct view *parts, size_t count, uint8_t ret_hash[SUITE_HASH_SIZE]);
/* RFC 6962's hashes: of 00 ‖ leaf, which is also a record's, and of 01 ‖ left ‖ right. */
void suite_hash_leaf(const struct suite *suite, struct view leaf, uint8_t ret_hash[SUITE_HASH_SIZE]);
void suite_hash_node(const struct suite *suite, const uint8_t left[SUITE_HASH_SIZE],
                     const uint8_t right[SUITE_HASH_SIZE], uint8_t ret_hash[SUITE_HASH_SIZE]);

/* ---- signing ---- */

struct signing_key {
    uint8_t size; /* 0: there is none */
    uint8_t bytes[SIGNING_KEY_MAX];
};

/* ERR_INVALID, and no key, when the size is no suite's. Copies. */
MUST_CHECK err_t signing_key_take(struct view bytes, struct signing_key *ret_key);
/* The same of hex digits. */
MUST_CHECK err_t signing_key_parse(const char *hex, struct signing_key *ret_key);
struct view signing_key_view(const struct signing_key *key);
bool signing_key_equal(const struct signing_key *a, const struct signing_key *b);
/* NULL where there is no key. */
const struct suite *signing_key_suite(const struct signing_key *key);

struct signing_pair {
    struct signing_key key;
    uint8_t secret[SIGNING_SECRET_SIZE]; /* Ed25519: the seed; SM2: the scalar, big-endian */
};

MUST_CHECK err_t signing_pair_make(const struct suite *suite, struct signing_pair *ret_pair);
/* The pair of what is kept of it. ERR_INVALID when SECRET is none of this suite. */
MUST_CHECK err_t signing_pair_restore(const struct suite *suite, const uint8_t secret[SIGNING_SECRET_SIZE],
                                      struct signing_pair *ret_pair);

void signing_pair_sign(const struct signing_pair *pair, struct view bytes, uint8_t ret_signature[SIGNATURE_SIZE]);

/* ALGORITHM is what the message names: one that is not the key's is refused. For Ed25519 stricter than RFC 8032 must
 * be: keys and signatures of small order, which fit many messages, are never good. */
bool signature_check(const struct signing_key *key, struct view algorithm, struct view bytes, struct view signature);

/* Of a thread that has signed, before it says that it has ended: OpenSSL keeps a random generator for it, and gives
 * that back by itself only when the thread is gone, which the program's end does not wait for. */
void suite_end_thread(void);

#endif
