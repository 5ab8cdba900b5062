/* common/identity.h - the two key pairs of a party, and signatures.
 *
 * The CURVE pair says who is speaking, the signing pair (of either suite) makes evidence. Kept in the home as
 * identity.zpl, mode 0600: a file that others may read is refused. The secrets in it may be sealed with a passphrase
 * (common/seal.h). */
#ifndef COMMON_IDENTITY_H
#define COMMON_IDENTITY_H

#include <stdint.h>

#include "common/home.h"
#include "common/suite.h"

struct identity {
    uint8_t curve_public[KEY_SIZE];
    uint8_t curve_secret[KEY_SIZE];
    struct signing_pair signing;
};

/* Both pairs, saved nowhere. */
MUST_CHECK err_t identity_make(const struct suite *suite, struct identity *ret_identity);
/* Makes both pairs and saves them durably. */
MUST_CHECK err_t identity_create(const struct home *home, const struct suite *suite, struct identity *ret_identity,
                                 char reterr_reason[256]);
/* ERR_NOT_FOUND when there is no identity file. Asks for the passphrase where the keys are sealed. */
MUST_CHECK err_t identity_load(const struct home *home, struct identity *ret_identity, char reterr_reason[256]);
/* As identity_load(), or identity_create() where there is no identity file. */
MUST_CHECK err_t identity_open(const struct home *home, const struct suite *suite, struct identity *ret_identity,
                               char reterr_reason[256]);
/* The public keys alone, for which nobody is asked; the secrets are zeros, and nothing may be signed. */
MUST_CHECK err_t identity_load_public(const struct home *home, struct identity *ret_identity, char reterr_reason[256]);
void identity_done(struct identity *identity);

/* The pairs that are to take the place of the home's (PROTOCOL.md §11), in a file beside them. Prepare makes them where
 * there are none yet, of the same suite and kept in the same way; promote puts them in the place. ERR_NOT_FOUND: there
 * are none. */
MUST_CHECK err_t identity_prepare_next(const struct home *home, struct identity *ret_next, char reterr_reason[256]);
MUST_CHECK err_t identity_load_next(const struct home *home, struct identity *ret_next, char reterr_reason[256]);
/* CURVE_PUBLIC: of the pair that is meant; others that lie there by now stay, ERR_NOT_FOUND. */
MUST_CHECK err_t identity_promote_next(const struct home *home, const uint8_t curve_public[KEY_SIZE]);

/* Pairs in place of ones that are ended, in a file of their own: likewise. Until they are promoted all else stays as it
 * is; then the next ones, which lay beside the ended ones, are gone too, and all other fresh ones. A promotion that was
 * cut short is done again.
 *
 * CODE is that of the join link that they are for; NULL: for none. What lies there for another link is not used: since
 * when, and who has read it, nobody knows. But it stays until it is known that the hub has not taken it. */
bool identity_has_fresh(const struct home *home, const char *code);
/* For whatever link. */
bool identity_awaits_fresh(const struct home *home);
/* As identity_load_public(), of those for no link. */
MUST_CHECK err_t identity_load_fresh_public(const struct home *home, struct identity *ret_fresh,
                                            char reterr_reason[256]);
MUST_CHECK err_t identity_prepare_fresh(const struct home *home, const char *code, struct identity *ret_fresh,
                                        char reterr_reason[256]);
MUST_CHECK err_t identity_promote_fresh(const struct home *home, const char *code);
void identity_drop_fresh(const struct home *home, const char *code);
/* All of them. */
void identity_forget_fresh(const struct home *home);

/* Writes the file anew, sealed with a passphrase that is asked for, or open. ERR_EXISTS when it is so already, ERR_BUSY
 * when others changed the keys meanwhile. The reason is a text for the user in every case. */
MUST_CHECK err_t identity_seal(const struct home *home, bool is_sealed, char ret_reason[256]);

const struct suite *identity_suite(const struct identity *identity);

void identity_sign(const struct identity *identity, struct view bytes, uint8_t ret_signature[SIGNATURE_SIZE]);

#endif
