/* common/suite_sm2.h - SM2 over OpenSSL, as suite.c needs it. */
#ifndef COMMON_SUITE_SM2_H
#define COMMON_SUITE_SM2_H

#include "common/suite.h"

enum { SM2_KEY_SIZE = 33 };

bool sm2_make(uint8_t ret_secret[SIGNING_SECRET_SIZE]);
/* False when SECRET is not within 1 to n - 2. */
bool sm2_public(const uint8_t secret[SIGNING_SECRET_SIZE], uint8_t ret_key[SIGNING_KEY_MAX]);
void sm2_sign(const struct signing_pair *pair, struct view bytes, uint8_t ret_signature[SIGNATURE_SIZE]);
/* SIGNATURE is of SIGNATURE_SIZE. */
bool sm2_check(const struct signing_key *key, struct view bytes, const uint8_t *signature);

#endif
