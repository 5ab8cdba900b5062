/* province/leak.h - what a hub says at `join` of the leak of its key, and what that undoes here: heads that it has
 * signed, which nothing is held to any more. Only a person can tell whether the date is right. */
#ifndef PROVINCE_LEAK_H
#define PROVINCE_LEAK_H

#include "common/home.h"
#include "common/membership.h"

/* Notes the leak that MEMBERSHIP tells of, if any, before the new key is used, so that nothing that the leaked one
 * signed since is held against the hub. DATE: of the leak, as a person has it from the city; NULL: he was not asked.
 * False, with what is wrong or to be asked on stderr and nothing written: the hub is not to be joined. */
bool leak_take(const struct home *home, int64_t hub, const struct membership *membership, const char *date);

#endif
