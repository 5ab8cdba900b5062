/* hub/city.h - the city as a party: what the operator and the clerk file.
 *
 * The city's records go the way of everybody's: checked, signed (by the hub's key), numbered and stored as a batch, so
 * that an institution can prove what it was told. */
#ifndef HUB_CITY_H
#define HUB_CITY_H

#include <jansson.h>

#include "common/identity.h"
#include "hub/intake.h"
#include "hub/options.h"
#include "hub/store.h"

struct city {
    const struct identity *identity;
    struct party party;
    struct party_key key; /* its identity's */
    struct intake intake;
};

/* What the city is called in the registry. */
void city_party(const struct options *options, char ret_party[RECORD_PARTY_SIZE]);
/* Registers the city's party where that has not been done. IDENTITY is borrowed. */
MUST_CHECK err_t city_open(struct store *store, const struct identity *identity, const struct options *options,
                           struct city *ret_city);

/* What it files from now on is signed with IDENTITY, which is borrowed and whose keys the registry has. */
void city_sign_with(struct city *city, const struct identity *identity);

struct filed {
    uint8_t id[RECORD_ID_SIZE];
    uint64_t number;
};

/* Files OBJECT (kind and fields; the rest is assigned) in the open group. ERR_INVALID with the faults when it is not
 * sound or not possible: the caller rolls back. */
MUST_CHECK err_t city_file(struct city *city, struct store *store, const json_t *object, int64_t now,
                           struct filed *ret_filed, struct faults *ret_faults);

#endif
