/* sheet/headings.h - the row of a table that says what its columns are, and so which kind of record it holds; for
 * sheet/records.c. */
#ifndef SHEET_HEADINGS_H
#define SHEET_HEADINGS_H

#include "sheet/column.h"
#include "sheet/records.h"

enum { HEADING_SIZE = 80 };

struct heading {
    size_t at; /* column of the sheet */
    char text[HEADING_SIZE];
    err_t err; /* what column_find() said */
    struct column column;
};

/* Begins with zeros and, where it is known, the kind; whoever has it frees `list`. */
struct headings {
    const struct kind *kind;
    struct heading *list;
    size_t count, capacity;
};

/* Whether ROW is one of headings: at least half of its cells are known. Learns the kind from it where it can: a title
 * above the headings may be its name. */
bool headings_take(struct headings *headings, const struct sheet_row *row);
/* Whether ROW, below the headings, has nothing but paths; they decide then, with the words above them for people. */
bool headings_take_paths(struct headings *headings, const struct sheet_row *row);
/* What is wrong with the headings, all at once. */
void headings_check(const struct headings *headings, struct faults *faults);

#endif
