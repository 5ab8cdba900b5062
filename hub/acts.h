/* hub/acts.h - administrative acts as records of the city: filed in the open group, so that there is no act without its
 * record, and no record without its act. */
#ifndef HUB_ACTS_H
#define HUB_ACTS_H

#include "hub/city.h"
#include "hub/operators.h"
#include "hub/options.h"
#include "hub/retention.h"
#include "hub/terms.h"

struct act_note {
    enum act act;
    const struct person *person; /* NULL: the hub itself */
    const char *subject;
    const char *detail; /* cut where it is too long; "" for none */
    const char *reason; /* "" for none */
};

/* ERR_INVALID with the faults, of the reason for instance: the caller rolls back. */
MUST_CHECK err_t acts_file(struct city *city, struct store *store, const struct act_note *note, int64_t now,
                           struct filed *ret_filed, struct faults *ret_faults);

/* TEXT is what now holds under this act, a line a part: what of it is not as it was when noted last is filed as the
 * act's detail, in as many acts as that takes. Nothing is filed when all is as it was. */
MUST_CHECK err_t acts_note_change(struct city *city, struct store *store, enum act act, const char *text,
                                  const struct person *person, int64_t now);

/* What the site has set, from the files of its home. */
struct in_force {
    const struct options *options;
    const struct operators *operators;
    const struct retention *retention;
    const struct site_terms *terms;
};
/* What changed of it, in a group of its own. PERSON: who let it be read again; NULL: nobody, the hub has started. */
MUST_CHECK err_t acts_note_changes(struct city *city, struct store *store, const struct in_force *in_force,
                                   const struct person *person);
/* An act of the hub itself, in a group of its own. */
MUST_CHECK err_t acts_file_own(struct city *city, struct store *store, enum act act, const char *detail);

#endif
