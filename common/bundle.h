/* common/bundle.h - the evidence for one record as a file that proves itself: docs/evidence.md.
 *
 * Whoever has such a file and the hub's public key needs nothing else, and no network. Every byte of a bundle that was
 * read may be hostile. */
#ifndef COMMON_BUNDLE_H
#define COMMON_BUNDLE_H

#include <jansson.h>

#include "common/evidence.h"

#define BUNDLE_FORMAT "agn-evidence-1"

enum { BUNDLE_SIZE_MAX = 4 << 20 }; /* of the file */

struct bundle {
    struct view record;         /* the item, byte for byte */
    struct receipt receipt;     /* session and batch are not part of it */
    struct view hub_key;        /* that signed it */
    struct inclusion inclusion; /* beside it; head empty: none */
    /* The SUBMIT's signature, as the receipt repeats it; of a receipt that does not, one that was made since. */
    struct view hub_curve_key;   /* under which the batch was signed */
    struct view party_key;       /* the institution's signing key */
    struct view batch_signature; /* over the hashes that the receipt lists */
    uint8_t *bytes;              /* what bundle_read() made; NULL where the views are borrowed */
};

/* A new reference. */
json_t *bundle_json(const struct bundle *bundle);
/* ERR_INVALID with the member and what is wrong with it. To be released with bundle_done(). */
MUST_CHECK err_t bundle_read(const json_t *json, struct bundle *ret_bundle, char reterr_reason[256]);
void bundle_done(struct bundle *bundle);

/* All that can be checked: the receipt (proof->flaw says what fails), that the institution signed the batch, and the
 * place in the ledger. HUB_KEY is the key that is trusted: that of the file counts for nothing. INCLUSION_KEY is the
 * one that is trusted for the inclusion; NULL: none is that it names, and the inclusion is left out of account. */
void bundle_check(const struct bundle *bundle, const struct signing_key *hub_key,
                  const struct signing_key *inclusion_key, struct proof *ret_proof);

#endif
