/* hub/signal_input.h - warnings of a file as rows for common/signal.h, to try rules on what no hub has taken. */
#ifndef HUB_SIGNAL_INPUT_H
#define HUB_SIGNAL_INPUT_H

#include "common/signal.h"

/* Reads JSON lines from PATH ("-": standard input): risk warnings that raise, in the form that `agn-agent submit`
 * takes, `entity` naming who reported it. Row N of the file gets the id 00000000-0000-7000-8000-N. Adds what was
 * counted from FIRST to LAST (days). ERR_INVALID: the reason names line, field and what is wrong. */
MUST_CHECK err_t signal_input_add(const char *path, int utc_offset_minutes, int64_t now, int64_t first, int64_t last,
                                  struct signal_set *set, char reterr_reason[512]);

#endif
