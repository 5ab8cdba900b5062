/* table: the cities' figures, and what changed in the last 24 hours. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "province/commands.h"
#include "province/look.h"
#include "province/tally.h"

enum { COLUMNS_MAX = BY_MAX + 6, NUMBER_SIZE = 24, CITY_SIZE = 512, FAMILIES_MAX = 8 };

#define DEFAULT_BY     "city,sector"
#define DEFAULT_STATUS "actual"

struct view_of_table {
    struct look look;
    enum table_form form;
    bool is_detailed;                      /* no --by, for a program: every dimension, each cell by itself */
    bool has_sum;                          /* people see a column of sums only where there are any */
    const struct dimension *shown[BY_MAX]; /* columns; a family that lacks one has an empty cell there */
    size_t shown_count;
    struct tally_query query; /* family and by: set for each family in turn */
    const struct family *families[FAMILIES_MAX];
    size_t family_count;
    struct table_column columns[COLUMNS_MAX];
    size_t column_count;
    struct table *table;
    struct tally_row totals;
};

static bool add_dimension(struct view_of_table *view, const char *key)
{
    const struct dimension *dimension = dimension_find(key);
    if (!dimension) {
        complain(tr("--by: unknown dimension %s; there are %s", "--by：未知维度 %s；可用维度为 %s"), key,
                 dimension_keys());
        return false;
    }
    for (size_t i = 0; i < view->shown_count; i++) {
        if (view->shown[i] == dimension) {
            return true;
        }
    }
    assert(view->shown_count < BY_MAX); /* there are no more than that */
    view->shown[view->shown_count++] = dimension;
    return true;
}

static bool read_by(const char *text, struct view_of_table *view)
{
    char copy[512];
    if (strlen(text) >= sizeof copy) {
        complain(tr("--by: there are only %s", "--by：可用维度只有 %s"), dimension_keys());
        return false;
    }
    snprintf(copy, sizeof copy, "%s", text);
    char *rest = copy;
    for (char *key = strtok_r(copy, ",", &rest); key; key = strtok_r(NULL, ",", &rest)) {
        if (!add_dimension(view, key)) {
            return false;
        }
    }
    return true;
}

/* "all" is no sum over all: the status is then shown apart. */
static bool read_status(const char *text, struct view_of_table *view)
{
    const struct enumeration *codes = enumeration_find("warning_status");
    bool is_apart = view->is_detailed;
    for (size_t i = 0; i < view->shown_count; i++) {
        is_apart = is_apart || strcmp(view->shown[i]->key, "status") == 0;
    }
    view->query.status = text ? text : is_apart ? NULL : DEFAULT_STATUS;
    if (!text) {
        return true;
    }
    if (strcmp(text, "all") == 0) {
        view->query.status = NULL;
        return is_apart || add_dimension(view, "status");
    }
    if (enumeration_index(codes, (struct view){(const uint8_t *)text, strlen(text)}) < 0) {
        complain(tr("--status: expected all, actual, exercise or test, not %s",
                    "--status：应为 all、actual、exercise 或 test，而不是 %s"),
                 text);
        return false;
    }
    return true;
}

static bool fits_family(const struct view_of_table *view, const struct family *family)
{
    for (size_t i = 0; i < view->shown_count; i++) {
        if (!dimension_fits(view->shown[i], family)) {
            return false;
        }
    }
    return true;
}

/* The family named, or every one that has all the dimensions. */
static bool read_families(const char *name, struct view_of_table *ret)
{
    if (name && !family_find(name)) {
        char names[FAMILY_NAMES_SIZE];
        family_names(names);
        complain(tr("--family: expected one of %s, not %s", "--family：应为 %s 之一，而不是 %s"), names, name);
        return false;
    }
    for (size_t i = 0; family_at(i) && ret->family_count < FAMILIES_MAX; i++) {
        const struct family *family = family_at(i);
        if ((!name || strcmp(family->name, name) == 0) && fits_family(ret, family)) {
            ret->families[ret->family_count++] = family;
        }
    }
    if (ret->family_count == 0) {
        complain(tr("--by: no family of figures has all of these dimensions%s%s",
                    "--by：没有任何统计类别同时具有这些维度%s%s"),
                 name ? " --family " : "", name ? name : "");
    }
    return ret->family_count > 0;
}

/* After the families are known: every dimension that one of them has. */
static void show_every_dimension(struct view_of_table *view)
{
    for (size_t i = 0; dimension_at(i); i++) {
        bool is_wanted = false;
        for (size_t k = 0; k < view->family_count; k++) {
            is_wanted = is_wanted || dimension_fits(dimension_at(i), view->families[k]);
        }
        if (is_wanted) {
            view->shown[view->shown_count++] = dimension_at(i);
        }
    }
}

static bool read_query(const struct arguments *arguments, struct view_of_table *ret)
{
    struct tally_query *query = &ret->query;
    query->from = INT32_MIN;
    query->to = INT32_MAX;
    query->city = arguments->city;
    query->now = clock_ms();
    ret->is_detailed = !arguments->by && ret->form != TABLE_TEXT;
    const char *by = arguments->by ? arguments->by : DEFAULT_BY;
    bool is_read = (ret->is_detailed || read_by(by, ret)) && read_status(arguments->status, ret) &&
                   (!arguments->from || arguments_date("from", arguments->from, &query->from)) &&
                   (!arguments->to || arguments_date("to", arguments->to, &query->to)) &&
                   read_families(arguments->family, ret);
    if (is_read && ret->is_detailed) {
        show_every_dimension(ret);
    }
    return is_read;
}

static void set_family(struct view_of_table *view, const struct family *family)
{
    view->query.family = family;
    view->query.by_count = 0;
    for (size_t i = 0; i < view->shown_count; i++) {
        if (dimension_fits(view->shown[i], family)) {
            view->query.by[view->query.by_count++] = view->shown[i];
        }
    }
}

static void add_column(struct view_of_table *view, const char *key, const char *en, const char *zh, bool is_number)
{
    view->columns[view->column_count++] = (struct table_column){key, en, zh, is_number};
}

/* People see the family in the headline and the hub's name beside the city's code; programs get columns for both. */
static void set_columns(struct view_of_table *view, const struct family *family)
{
    bool is_text = view->form == TABLE_TEXT;
    view->column_count = 0;
    if (!is_text) {
        add_column(view, "family", "Family", "类别", false);
    }
    for (size_t i = 0; i < view->shown_count; i++) {
        const struct dimension *dimension = view->shown[i];
        add_column(view, dimension->key, dimension->en, dimension->zh, false);
        if (!is_text && strcmp(dimension->key, "city") == 0) {
            add_column(view, "city_name", "City's hub", "城市枢纽", false);
        }
    }
    add_column(view, "count", "Count", "数量", true);
    if (view->has_sum) {
        add_column(view, "sum", family->sum_en, family->sum_zh, true);
    }
    add_column(view, "change_24h", "Last 24 h", "近24小时", true);
    if (view->is_detailed) {
        add_column(view, "ledger_size", "At ledger of", "台账记录数", true);
    }
}

struct row_cells {
    size_t count;
    const char *cells[COLUMNS_MAX];
    const char *labels[COLUMNS_MAX];
};

static void add_cell(struct row_cells *row, const char *cell, const char *label)
{
    row->cells[row->count] = cell;
    row->labels[row->count++] = label;
}

static void add_dimensions(const struct view_of_table *view, const struct tally_row *row, char city[CITY_SIZE],
                           struct row_cells *ret)
{
    size_t value = 0;
    for (size_t i = 0; i < view->shown_count; i++) {
        const struct dimension *dimension = view->shown[i];
        if (!dimension_fits(dimension, view->query.family)) {
            add_cell(ret, NULL, NULL);
            continue;
        }
        const char *code = row->values[value++];
        bool is_city = strcmp(dimension->key, "city") == 0;
        if (is_city) {
            snprintf(city, CITY_SIZE, "%s %.400s", code, row->city_name);
        }
        add_cell(ret, code, is_city ? city : code_label(dimension->enumeration, code));
        if (is_city && view->form != TABLE_TEXT) {
            add_cell(ret, row->city_name, NULL);
        }
    }
}

static void print_row(void *self, const struct tally_row *row)
{
    struct view_of_table *view = self;
    struct row_cells cells = {0};
    char numbers[4][NUMBER_SIZE];
    char change[NUMBER_SIZE];
    char city[CITY_SIZE];
    snprintf(numbers[0], NUMBER_SIZE, "%" PRId64, row->count);
    snprintf(numbers[1], NUMBER_SIZE, "%" PRId64, row->sum);
    snprintf(numbers[2], NUMBER_SIZE, "%" PRId64, row->change);
    snprintf(numbers[3], NUMBER_SIZE, "%" PRId64, row->size);
    snprintf(change, NUMBER_SIZE, "%+" PRId64, row->change);
    if (view->form != TABLE_TEXT) {
        add_cell(&cells, view->query.family->name, NULL);
    }
    add_dimensions(view, row, city, &cells);
    add_cell(&cells, numbers[0], NULL);
    if (view->has_sum) {
        add_cell(&cells, numbers[1], NULL);
    }
    add_cell(&cells, numbers[2], row->change ? change : "");
    if (view->is_detailed) {
        add_cell(&cells, row->size > 0 ? numbers[3] : NULL, NULL);
    }
    table_row(view->table, cells.cells, cells.labels);
}

static void keep_totals(void *self, const struct tally_row *row)
{
    ((struct view_of_table *)self)->totals = *row;
}

/* One group of all cells: of ACTUAL ones where the status is shown apart. */
static err_t read_totals(struct view_of_table *view, int64_t *ret_changed)
{
    struct tally_query whole = view->query;
    whole.by_count = 0;
    whole.status = whole.status ? whole.status : DEFAULT_STATUS;
    memset(&view->totals, 0, sizeof view->totals);
    err_t err = tally_each(view->look.db, &whole, keep_totals, view);
    return err == ERR_OK ? tally_changed(view->look.db, &whole, ret_changed) : err;
}

static err_t print_headline(struct view_of_table *view)
{
    const struct family *family = view->query.family;
    bool has_status = dimension_place(dimension_find("status"), family) >= 0;
    const char *status = view->query.status ? view->query.status : DEFAULT_STATUS;
    int64_t changed = 0;
    err_t err = read_totals(view, &changed);
    if (err != ERR_OK) {
        return err;
    }
    printf("%s", tr(family->en, family->zh));
    if (has_status) {
        printf(tr(" (%s)", "（%s）"), code_label("warning_status", status));
    }
    printf(tr(": %" PRId64 " in all; %+" PRId64 " in the last 24 hours (%" PRId64 " cells changed)\n",
              "：共 %" PRId64 "；近24小时 %+" PRId64 "（%" PRId64 " 个单元有变动）\n"),
           view->totals.count, view->totals.change, changed);
    return ERR_OK;
}

static void print_other(void *self, const struct tally_row *row)
{
    bool *is_first = self;
    if (strcmp(row->values[0], DEFAULT_STATUS) != 0) {
        printf("%s%s %" PRId64, *is_first ? tr("Not counted above: ", "未计入上表：") : tr(", ", "，"),
               code_label("warning_status", row->values[0]), row->count);
        *is_first = false;
    }
}

/* Exercises and tests are told of, never added. */
static err_t print_footnote(struct view_of_table *view)
{
    const struct dimension *status = dimension_find("status");
    struct tally_query query = view->query;
    bool is_first = true;
    if (dimension_place(status, query.family) < 0 || !query.status || strcmp(query.status, DEFAULT_STATUS) != 0) {
        return ERR_OK;
    }
    query.status = NULL;
    query.by[0] = status;
    query.by_count = 1;
    err_t err = tally_each(view->look.db, &query, print_other, &is_first);
    if (!is_first) {
        puts(tr(" (--status all shows them apart)", "（--status all 可分列显示）"));
    }
    return err;
}

static err_t print_text(struct view_of_table *view)
{
    err_t err = ERR_OK;
    for (size_t i = 0; i < view->family_count && err == ERR_OK; i++) {
        set_family(view, view->families[i]);
        fputs(i ? "\n" : "", stdout);
        err = print_headline(view);
        if (err != ERR_OK) {
            return err;
        }
        view->has_sum = view->totals.sum != 0;
        set_columns(view, view->query.family);
        view->table = table_open(stdout, view->form, view->columns, view->column_count);
        err = tally_each(view->look.db, &view->query, print_row, view);
        table_close(view->table);
        err = err == ERR_OK ? print_footnote(view) : err;
    }
    return err;
}

static err_t print_data(struct view_of_table *view)
{
    err_t err = ERR_OK;
    view->has_sum = true;
    set_columns(view, view->families[0]);
    view->table = table_open(stdout, view->form, view->columns, view->column_count);
    for (size_t i = 0; i < view->family_count && err == ERR_OK; i++) {
        set_family(view, view->families[i]);
        err = tally_each(view->look.db, &view->query, print_row, view);
    }
    table_close(view->table);
    return err;
}

int cmd_table(const struct home *home, const struct arguments *arguments)
{
    struct view_of_table view = {.form = arguments->form};
    if (!read_query(arguments, &view)) {
        return EXIT_USAGE;
    }
    if (!look_open(home, &view.look)) {
        return EXIT_REFUSED;
    }
    err_t err = view.form == TABLE_TEXT ? print_text(&view) : print_data(&view);
    look_close(&view.look);
    return err == ERR_OK ? EXIT_DONE : look_failed(err);
}
