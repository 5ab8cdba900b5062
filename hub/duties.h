/* hub/duties.h - which role may do what: the one table that says so, for administrative acts and for records alike.
 *
 * The roles are those of separated administration (GB/T 22239): who runs the business (operator), who judges it
 * (reviewer), who watches over both (auditor: reads everything, changes nothing), who keeps the hub (administrator:
 * entities, keys, configuration, retention; no business). */
#ifndef HUB_DUTIES_H
#define HUB_DUTIES_H

#include "proto/kinds.h"

/* Each returns the role, of ROLES, in which it may be done; -1: in none. What no row names may be done by nobody. */
int duty_act(enum act act, unsigned roles);
int duty_record(const struct kind *kind, int action, unsigned roles);
/* Whether the act has to say why. */
bool duty_needs_reason(enum act act);

#endif
