/* province/tally.h - the replica's cells added up by chosen dimensions.
 *
 * Warnings of one status are never added to those of another: a query names its status, or shows the status apart. */
#ifndef PROVINCE_TALLY_H
#define PROVINCE_TALLY_H

#include "common/db.h"
#include "province/vocabulary.h"

enum { BY_MAX = DIMENSIONS };

struct tally_query {
    const struct family *family;
    const struct dimension *by[BY_MAX];
    size_t by_count;
    int64_t from, to;   /* days, inclusive */
    const char *city;   /* NULL: all */
    const char *status; /* NULL: all, then `by` holds the status or the caller shows no sum over it */
    int64_t now;        /* for what changed in the 24 hours before */
};

struct tally_row {
    const char *values[BY_MAX]; /* codes; a day as a date; borrowed for the call */
    const char *city_name;
    int64_t count;
    int64_t sum;
    int64_t change; /* of the count, in the last 24 hours */
    int64_t size;   /* of the ledger that it was computed at: of several cells, the last one's; 0: not known */
};

/* Calls back for every group whose count is not zero, in the order of its values, the newest day first. */
MUST_CHECK err_t tally_each(sqlite3 *db, const struct tally_query *query,
                            void (*each)(void *self, const struct tally_row *row), void *self);

/* How many cells of the query's family, span and city changed in the last 24 hours. */
MUST_CHECK err_t tally_changed(sqlite3 *db, const struct tally_query *query, int64_t *ret_cells);

#endif
