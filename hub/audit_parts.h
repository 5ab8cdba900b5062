/* hub/audit_parts.h - shared by audit.c (the replay) and audit_*.c. */
#ifndef HUB_AUDIT_PARTS_H
#define HUB_AUDIT_PARTS_H

#include "hub/audit.h"
#include "hub/store_sqlite.h"

struct audit {
    const struct audit_order *order;
    struct store *seen;   /* the hub's, read at one moment */
    struct store *replay; /* ours */
    struct audit_sums sums;
    bool is_cut; /* a batch could not be stored anew: neither can what follows it */
};

void audit_say(struct audit *audit, const char *code, const char *subject, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

struct logged;
/* Erased by an act of the city's that stands in the log and is about this record, and nothing but what an erasure
 * leaves: the words cannot have been changed. */
MUST_CHECK err_t audit_is_erased(struct audit *audit, const struct logged *logged, bool *ret_is);

/* From the store that is audited into ours. */
MUST_CHECK err_t audit_copy_registry(struct audit *audit);
/* After all records: their clocks and deliveries, and the figures that stand on those. */
MUST_CHECK err_t audit_count_duties(struct audit *audit);

/* What both stores say, row by row. */
MUST_CHECK err_t audit_compare(struct audit *audit);

#endif
