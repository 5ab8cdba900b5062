/* hub/audit_parts.h - shared by audit.c (the replay) and audit_compare.c. */
#ifndef HUB_AUDIT_PARTS_H
#define HUB_AUDIT_PARTS_H

#include "hub/audit.h"
#include "hub/store_sqlite.h"

struct audit {
    const struct audit_order *order;
    struct store *seen;   /* the hub's, read at one moment */
    struct store *replay; /* ours */
    struct audit_sums sums;
};

void audit_say(struct audit *audit, const char *code, const char *subject, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* What both stores say, row by row. */
MUST_CHECK err_t audit_compare(struct audit *audit);

#endif
