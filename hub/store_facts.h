/* hub/store_facts.h - a party's entity type and district as they stood.
 *
 * An accepted registration changes the registry from the next batch on. What was counted before it stays where it is:
 * each figure belongs to the facts of one moment, the same when it is added and when it is taken away. */
#ifndef HUB_STORE_FACTS_H
#define HUB_STORE_FACTS_H

#include "hub/store.h"

struct facts {
    char entity_type[32];
    char district[8];
};

/* As a batch found them. */
MUST_CHECK err_t store_facts_in(struct store *store, int64_t party, int64_t batch, struct facts *ret_facts);
/* As they stood at a moment. */
MUST_CHECK err_t store_facts_at(struct store *store, int64_t party, int64_t at, struct facts *ret_facts);
/* Before the registry changes to NEXT by a record of BATCH, taken at AT: keeps what it has said until then. */
MUST_CHECK err_t store_end_facts(struct store *store, int64_t party, const struct facts *next, int64_t batch,
                                 int64_t at);

#endif
