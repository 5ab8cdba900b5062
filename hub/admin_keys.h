/* hub/admin_keys.h - the operator's commands that concern keys: hub/admin.h runs them. */
#ifndef HUB_ADMIN_KEYS_H
#define HUB_ADMIN_KEYS_H

#include "hub/admin.h"

/* A new code for a party that is registered. */
MUST_CHECK err_t admin_invite(struct admin *admin, zmsg_t *request);
/* Revokes one key, named by the beginning of its CURVE key in hex. */
MUST_CHECK err_t admin_key_revoke(struct admin *admin, zmsg_t *request);
/* Revokes the hub's own keys, which somebody else has, and puts the fresh ones in their place, which sign for it. Doing
 * it again changes nothing. Nobody vouches for them: what the leaked ones sign from now on may be anybody's. */
MUST_CHECK err_t admin_key_leaked(struct admin *admin, zmsg_t *request);
/* Announces the pair that takes the place of the hub's own at a time ahead, by the present pair's proof. The same again
 * changes nothing; there is one change at a time: another pair takes the place of the announced one, which is lost. */
MUST_CHECK err_t admin_key_rotate(struct admin *admin, zmsg_t *request);

#endif
