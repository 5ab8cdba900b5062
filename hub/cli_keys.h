/* hub/cli_keys.h - the verbs about keys and join links, and what they share with those about parties. */
#ifndef HUB_CLI_KEYS_H
#define HUB_CLI_KEYS_H

#include <czmq.h>

#include "hub/cli.h"

/* Asks for something that CODES come of, and prints their links when it is done. Takes all three. */
int cli_call_for_links(const struct home *home, zmsg_t *request, zlist_t *codes);
zlist_t *cli_codes(void);
/* The new code stands in the list. */
const char *cli_add_code(zlist_t *codes);
/* The hours for which a link is good: --valid-hours, or as many as usual. False after the reason has been printed:
 * return 2. */
bool cli_link_hours(const struct argument *arguments, size_t count, int64_t *ret_hours);

/* The identifier of the party, which NAME is, or which alone of its ROLE is called so and is not revoked. False after
 * printing. */
bool cli_find_party(const struct home *home, const char *name, const char *role, char ret_party[RECORD_PARTY_SIZE]);

/* invite PARTY, keys PARTY, key revoke PARTY KEY: of institutions and of the province alike, which ROLE tells. */
int cli_invite(const struct home *home, int argc, char **argv, const char *role);
int cli_party_keys(const struct home *home, int argc, char **argv, const char *role);
int cli_key_revoke(const struct home *home, int argc, char **argv, const char *role);
MUST_CHECK err_t cli_list_keys(struct store *store, const char *party, enum table_form form, int utc_offset_minutes);

#endif
