/* hub/rollup.h - the rollup cells of a store, gathered by the spans of days that a report speaks of, and how a
 * figure is made of them.
 *
 * Nothing is counted here but cells: a figure is a sum of cells, the mean of their sums, or one such sum as a share of
 * another. */
#ifndef HUB_ROLLUP_H
#define HUB_ROLLUP_H

#include "hub/report.h"

enum { MONTHS = 12 };
/* Days may lie in several: July 2026 is in the third quarter and a month of its own. */
enum when { NOW, PREVIOUS, YEAR_AGO, FIRST_MONTH, SPANS = FIRST_MONTH + MONTHS };

/* Cells whose dim has one of the codes "a|b"; "!a|b": any other. A family without the dim is not bound by it. */
struct selection {
    const char *dim;
    const char *codes;
};
enum { SELECTIONS = 3 };

enum reckoning {
    COUNT_OF, /* what is chosen */
    REST_OF,  /* `among` without it */
    SHARE_OF, /* of `among`; not defined where that is 0 */
    MEAN_OF,  /* its sum by its count, by `unit`; not defined where that is 0 */

};

/* One kind of figure. */
struct measure {
    const char *key;
    const char *en, *zh; /* NULL: the label of the first selection's code */
    const char *family;
    enum reckoning reckoning;
    struct selection of[2];
    struct selection among[2];
    int unit;           /* MEAN_OF: 60 makes hours of minutes; 0 is 1 */
    enum when when;     /* where a table's column has another span than its neighbours; NOW otherwise */
    const char *colour; /* in charts */
};

struct rollup;

/* Within a look. The spans are those of the report's span; one that no date can lie in has no cells. */
MUST_CHECK err_t rollup_load(struct store *store, struct span span, struct rollup **ret_rollup);
/* Whether no cell of NOW counts anything. */
bool rollup_is_empty(const struct rollup *rollup);
/* Takes NULL. */
void rollup_free(struct rollup *rollup);

/* The figure among the cells that WHERE chooses, COUNT of them. */
struct report_cell rollup_figure(const struct rollup *rollup, const struct measure *measure, enum when when,
                                 const struct selection *where, size_t count);
/* Calls back for each code that a dim of the family has in NOW, and WHERE does not leave out: those of the enumeration
 * in its order, those outside it after them in order of the alphabet. Codes without cells too where the dim is an
 * enumeration. */
void rollup_each_code(const struct rollup *rollup, const char *family, const char *dim, const struct selection *where,
                      size_t count, void (*each)(void *self, const char *code), void *self);

#endif
