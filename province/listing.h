/* province/listing.h - one query, one listing: a table for people, CSV or JSON from the columns of a statement. */
#ifndef PROVINCE_LISTING_H
#define PROVINCE_LISTING_H

#include "common/db.h"
#include "proto/schema.h"
#include "province/look.h"

enum { LISTING_COLUMNS_MAX = 24 };

enum listing_form {
    LIST_TEXT,
    LIST_NUMBER,
    LIST_TIME,  /* UTC milliseconds; shown in the site's zone */
    LIST_ID,    /* the 16 bytes of a record's id */
    LIST_FLAG,  /* 0 or 1 */
    LIST_CODE,  /* of `codes` */
    LIST_STATE, /* of a thread, whatever its life */
    LIST_KIND,  /* of record; also the name of a family or a term */
};

/* One column of the statement, in its order. */
struct listing_column {
    struct table_column head;
    enum listing_form form;
    const struct enumeration *codes;
};

/* Steps STMT to its end; SQL NULL is an empty cell. A table for people shows the first TEXT_COUNT columns alone. */
MUST_CHECK err_t listing_print(const struct look *look, sqlite3_stmt *stmt, const struct listing_column *columns,
                               size_t count, size_t text_count, enum table_form form);

/* The same row by row, for a listing that joins two databases. */
struct listing;
struct listing *listing_open(const struct look *look, const struct listing_column *columns, size_t count,
                             size_t text_count, enum table_form form);
/* One row: the first SHOWN columns are those of STMT at its present row, the rest NUMBERS, -1 for an empty cell. */
void listing_row(struct listing *listing, sqlite3_stmt *stmt, size_t shown, const int64_t *numbers);
/* Returns the number of rows. */
size_t listing_close(struct listing *listing);

/* The word for a thread's state in the user's language. */
const char *listing_state(const char *code);

#endif
