/* province/alarms.h - what stands against the hubs' ledgers, for people. */
#ifndef PROVINCE_ALARMS_H
#define PROVINCE_ALARMS_H

#include "province/look.h"
#include "province/witness.h"

/* Puts the joined hubs into a temporary table `member` (hub, city, name) of the connection. */
MUST_CHECK err_t alarms_name_hubs(const struct home *home, sqlite3 *db);

/* Every alarm that stands, with both heads as they were signed; *ret_count of them. */
MUST_CHECK err_t alarms_print(const struct look *look, struct witness *witness, int64_t *ret_count);

#endif
