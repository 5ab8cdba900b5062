/* hub/report_lists.h - the parts of a report that are no figures: cases one by one, and how the figures were made. */
#ifndef HUB_REPORT_LISTS_H
#define HUB_REPORT_LISTS_H

#include "hub/report.h"

/* Grave warnings, reports that are late, other terms that are overdue. Within the look that the figures are of. */
MUST_CHECK err_t report_lists(struct report *report, struct store *store, const struct options *options,
                              struct report_section *section);
/* Which records, which definitions, and what the figures do not say. */
void report_method(struct report *report, const struct options *options, const struct moment *moment,
                   struct report_section *section);

#endif
