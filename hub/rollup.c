#include "hub/rollup.h"

#include <czmq.h>
#include <string.h>

#include "common/mem.h"

/* All cells of a family and combination of codes, by span. */
struct fact {
    const struct family *family;
    char dims[DIMS_SIZE]; /* the codes, each with a NUL at its end */
    const char *codes[DIMS_MAX];
    int64_t count[SPANS];
    int64_t sum[SPANS];
};

struct rollup {
    int64_t first[SPANS], last[SPANS]; /* days; first > last where the span has none */
    zhashx_t *index;                   /* by family and dims; borrows from `facts` */
    struct fact **facts;
    size_t count, room;
};

static void set_spans(struct rollup *rollup, struct span span)
{
    struct span spans[SPANS] = {
        [NOW] = span, [PREVIOUS] = span_shift(span, -1), [YEAR_AGO] = span_shift(span, -12 / span.months)};
    for (int i = 0; i < MONTHS; i++) {
        spans[FIRST_MONTH + i] = span_month(span, i - MONTHS + 1);
    }
    for (int i = 0; i < SPANS; i++) {
        bool is_dated = span_is_dated(spans[i]);
        rollup->first[i] = is_dated ? span_first_day(spans[i]) : 0;
        rollup->last[i] = is_dated ? span_last_day(spans[i]) : -1;
    }
}

static struct fact *make_fact(struct rollup *rollup, const struct cell_row *row)
{
    struct fact *fact = mem_alloc(sizeof *fact);
    fact->family = family_find(row->family);
    snprintf(fact->dims, sizeof fact->dims, "%s", row->dims);
    char *at = fact->dims;
    for (size_t i = 0; i < DIMS_MAX; i++) {
        fact->codes[i] = at;
        at += strcspn(at, "|");
        if (*at) {
            *at++ = '\0';
        }
    }
    if (rollup->count == rollup->room) {
        rollup->room = rollup->room ? rollup->room * 2 : 256;
        rollup->facts = mem_grow(rollup->facts, rollup->room, sizeof(struct fact *));
    }
    return rollup->facts[rollup->count++] = fact;
}

static struct fact *fact_of(struct rollup *rollup, const struct cell_row *row)
{
    char key[DIMS_SIZE + 64];
    snprintf(key, sizeof key, "%s|%s", row->family, row->dims);
    struct fact *fact = zhashx_lookup(rollup->index, key);
    if (!fact) {
        fact = make_fact(rollup, row);
        zhashx_insert(rollup->index, key, fact);
    }
    return fact;
}

static void add_row(void *self, const struct cell_row *row)
{
    struct rollup *rollup = self;
    struct fact *fact = NULL;
    if (!family_find(row->family)) {
        return; /* of a later version: nothing here speaks of it */
    }
    for (int i = 0; i < SPANS; i++) {
        if (row->day >= rollup->first[i] && row->day <= rollup->last[i]) {
            fact = fact ? fact : fact_of(rollup, row);
            fact->count[i] += row->count;
            fact->sum[i] += row->sum;
        }
    }
}

err_t rollup_load(struct store *store, struct span span, struct rollup **ret_rollup)
{
    struct rollup *rollup = mem_alloc(sizeof *rollup);
    rollup->index = zhashx_new();
    set_spans(rollup, span);
    err_t err = store_each_cell(store, NULL, add_row, rollup);
    *ret_rollup = rollup;
    return err;
}

void rollup_free(struct rollup *rollup)
{
    if (!rollup) {
        return;
    }
    zhashx_destroy(&rollup->index);
    for (size_t i = 0; i < rollup->count; i++) {
        free(rollup->facts[i]);
    }
    free(rollup->facts);
    free(rollup);
}

bool rollup_is_empty(const struct rollup *rollup)
{
    for (size_t i = 0; i < rollup->count; i++) {
        if (rollup->facts[i]->count[NOW] != 0) {
            return false;
        }
    }
    return true;
}

/* -1: the family has no such dim. */
static int dim_of(const struct family *family, const char *dim)
{
    for (size_t i = 0; i < family->dim_count; i++) {
        if (strcmp(family->dims[i], dim) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static bool is_listed(const char *codes, const char *code)
{
    bool is_not = *codes == '!';
    codes += is_not;
    while (*codes) {
        size_t size = strcspn(codes, "|");
        if (strlen(code) == size && strncmp(codes, code, size) == 0) {
            return !is_not;
        }
        codes += size + (codes[size] == '|');
    }
    return is_not;
}

static bool fits(const struct fact *fact, const struct selection *selections, size_t count)
{
    for (size_t i = 0; i < count && selections[i].dim; i++) {
        int dim = dim_of(fact->family, selections[i].dim);
        if (dim >= 0 && !is_listed(selections[i].codes, fact->codes[dim])) {
            return false;
        }
    }
    return true;
}

struct total {
    int64_t count, sum;
};

static struct total total_of(const struct rollup *rollup, const char *family, const struct selection of[2],
                             enum when when, const struct selection *where, size_t where_count)
{
    struct total total = {0, 0};
    for (size_t i = 0; i < rollup->count; i++) {
        const struct fact *fact = rollup->facts[i];
        if (strcmp(fact->family->name, family) == 0 && fits(fact, of, 2) && fits(fact, where, where_count)) {
            total.count += fact->count[when];
            total.sum += fact->sum[when];
        }
    }
    return total;
}

struct report_cell rollup_figure(const struct rollup *rollup, const struct measure *measure, enum when when,
                                 const struct selection *where, size_t count)
{
    struct total of = total_of(rollup, measure->family, measure->of, when, where, count);
    struct total among = {0, 0};
    if (measure->reckoning == SHARE_OF || measure->reckoning == REST_OF) {
        among = total_of(rollup, measure->family, measure->among, when, where, count);
    }
    switch (measure->reckoning) {
    case REST_OF:
        return (struct report_cell){.form = REPORT_COUNT, .number = (double)(among.count - of.count)};
    case SHARE_OF:
        return among.count > 0
                   ? (struct report_cell){.form = REPORT_PERCENT, .number = (double)of.count / (double)among.count}
                   : (struct report_cell){.form = REPORT_NONE};
    case MEAN_OF:
        return of.count > 0 ? (struct report_cell){.form = REPORT_DECIMAL,
                                                   .number = (double)of.sum / (double)of.count /
                                                             (measure->unit ? measure->unit : 1)}
                            : (struct report_cell){.form = REPORT_NONE};
    default:
        return (struct report_cell){.form = REPORT_COUNT, .number = (double)of.count};
    }
}

static bool leaves_out(const struct selection *where, size_t count, const char *dim, const char *code)
{
    for (size_t i = 0; i < count && where[i].dim; i++) {
        if (strcmp(where[i].dim, dim) == 0 && !is_listed(where[i].codes, code)) {
            return true;
        }
    }
    return false;
}

static int compare_codes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Codes of the dim that no enumeration lists: districts, "-", what a later version knows. */
static size_t other_codes(const struct rollup *rollup, const char *family, const char *dim,
                          const struct enumeration *codes, const struct selection *where, size_t count,
                          const char **ret_codes)
{
    size_t found = 0;
    for (size_t i = 0; i < rollup->count; i++) {
        const struct fact *fact = rollup->facts[i];
        int index = strcmp(fact->family->name, family) == 0 ? dim_of(fact->family, dim) : -1;
        if (index < 0 || fact->count[NOW] == 0 || !fits(fact, where, count)) {
            continue;
        }
        struct view code = {(const uint8_t *)fact->codes[index], strlen(fact->codes[index])};
        if (!codes || enumeration_index(codes, code) < 0) {
            ret_codes[found++] = fact->codes[index];
        }
    }
    if (found > 1) {
        qsort(ret_codes, found, sizeof *ret_codes, compare_codes);
    }
    return found;
}

void rollup_each_code(const struct rollup *rollup, const char *family, const char *dim, const struct selection *where,
                      size_t count, void (*each)(void *self, const char *code), void *self)
{
    const struct enumeration *codes = enumeration_find(dim);
    for (size_t i = 0; codes && i < codes->count; i++) {
        if (!leaves_out(where, count, dim, codes->labels[i].code)) {
            each(self, codes->labels[i].code);
        }
    }
    const char **others = mem_alloc((rollup->count + 1) * sizeof *others);
    size_t found = other_codes(rollup, family, dim, codes, where, count, others);
    for (size_t i = 0; i < found; i++) {
        if (i == 0 || strcmp(others[i], others[i - 1]) != 0) {
            each(self, others[i]);
        }
    }
    free(others);
}
