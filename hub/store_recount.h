/* hub/store_recount.h - all figures anew from what is stored, once after a migration that changed how something is
 * counted. The same code makes the cells as when a record comes in; only what differs gets a new revision. */
#ifndef HUB_STORE_RECOUNT_H
#define HUB_STORE_RECOUNT_H

#include "hub/store.h"

/* Does what the migrations have left to be done (meta: `learn_facts`, `recount`, `learn_attached`), in one commit. */
MUST_CHECK err_t store_finish_migration(struct store *store);

/* Counts every delivery and clock, as their rows stand. */
MUST_CHECK err_t store_count_duties(struct store *store);

/* ---- shared by store_re*.c ---- */
/* What the registry has said over time, from the acceptances of registrations. */
MUST_CHECK err_t store_learn_facts(struct store *store);

#endif
