/* hub/verbs.h - the commands of agn-hub: the one table of what there is, how it is written and what it is for. */
#ifndef HUB_VERBS_H
#define HUB_VERBS_H

#include <stdio.h>

#include "hub/cli.h"

/* The verb whose words WORDS begin with; *ret_own: how many they are. NULL: there is none. */
const struct verb *verb_find(int count, char **words, int *ret_own);
/* Prints the verbs that the words name or begin to name, all of them where there are no words, and what goes for every
 * verb. False where no verb fits: nothing has been printed. */
bool verbs_help(FILE *file, int count, char **words);

#endif
