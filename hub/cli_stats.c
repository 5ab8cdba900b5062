#include <czmq.h>
#include <inttypes.h>

#include "common/mem.h"
#include "common/text.h"
#include "hub/cli.h"

enum { GROUP_KEY = 512, COLUMNS_MAX = DIMS_MAX + 4 };

/* Cells summed by the chosen dims; `key` joins their codes by '|'. */
struct tally {
    char key[GROUP_KEY];
    int64_t count, sum;
};

struct stats {
    const struct family *family;
    int chosen[DIMS_MAX + 1]; /* index of a dim, or -1 for the day */
    size_t chosen_count;
    zhashx_t *groups;
};

static void add_part(char *key, const char *part, size_t size)
{
    size_t used = strlen(key);
    snprintf(key + used, GROUP_KEY - used, "%s%.*s", used ? "|" : "", (int)size, part);
}

static void dim_at(const char *dims, int index, const char **ret_at, size_t *ret_size)
{
    for (int i = 0; i < index && *dims; i++) {
        dims += strcspn(dims, "|");
        dims += *dims == '|';
    }
    *ret_at = dims;
    *ret_size = strcspn(dims, "|");
}

static void add_cell(void *self, const struct cell_row *row)
{
    struct stats *stats = self;
    char key[GROUP_KEY] = "";
    for (size_t i = 0; i < stats->chosen_count; i++) {
        char day[11];
        const char *part = day;
        size_t size = 10;
        if (stats->chosen[i] < 0) {
            date_text(row->day, day);
        } else {
            dim_at(row->dims, stats->chosen[i], &part, &size);
        }
        add_part(key, part, size);
    }
    struct tally *group = zhashx_lookup(stats->groups, key);
    if (!group) {
        group = mem_alloc(sizeof *group);
        snprintf(group->key, sizeof group->key, "%s", key);
        zhashx_insert(stats->groups, key, group);
    }
    group->count += row->count;
    group->sum += row->sum;
}

static bool choose(struct stats *stats, const char *by)
{
    for (const char *at = by; *at && stats->chosen_count <= DIMS_MAX;) {
        size_t size = strcspn(at, ",");
        int found = -2;
        for (size_t i = 0; i < stats->family->dim_count; i++) {
            if (strlen(stats->family->dims[i]) == size && strncmp(stats->family->dims[i], at, size) == 0) {
                found = (int)i;
            }
        }
        if (size == 3 && strncmp(at, "day", 3) == 0) {
            found = -1;
        }
        if (found == -2) {
            return false;
        }
        stats->chosen[stats->chosen_count++] = found;
        at += size + (at[size] == ',');
    }
    return stats->chosen_count > 0;
}

static int compare_groups(const void *a, const void *b)
{
    return strcmp((*(struct tally *const *)a)->key, (*(struct tally *const *)b)->key);
}

static void print_groups(struct stats *stats, enum table_form form)
{
    struct table_column columns[COLUMNS_MAX] = {{"family", "family", "类别", false}};
    size_t column_count = 1;
    for (size_t i = 0; i < stats->chosen_count; i++) {
        const char *name = stats->chosen[i] < 0 ? "day" : stats->family->dims[stats->chosen[i]];
        columns[column_count++] = (struct table_column){name, name, name, false};
    }
    columns[column_count++] = (struct table_column){"count", "count", "件数", true};
    columns[column_count++] = (struct table_column){"sum", stats->family->sum_en, stats->family->sum_zh, true};
    size_t count = zhashx_size(stats->groups);
    struct tally **sorted = mem_alloc(count * sizeof *sorted);
    size_t used = 0;
    for (struct tally *group = zhashx_first(stats->groups); group; group = zhashx_next(stats->groups)) {
        sorted[used++] = group;
    }
    qsort(sorted, count, sizeof *sorted, compare_groups);
    struct table *table = table_open(stdout, form, columns, column_count);
    for (size_t i = 0; i < count; i++) {
        char parts[DIMS_MAX + 1][64];
        char numbers[2][24];
        const char *cells[COLUMNS_MAX] = {stats->family->name};
        const char *labels[COLUMNS_MAX] = {text_is_chinese() ? stats->family->zh : stats->family->en};
        if (sorted[i]->count == 0) {
            continue;
        }
        for (size_t part = 0; part < stats->chosen_count; part++) {
            const char *at = NULL;
            size_t size = 0;
            dim_at(sorted[i]->key, (int)part, &at, &size);
            snprintf(parts[part], sizeof parts[part], "%.*s", (int)size, at);
            cells[part + 1] = parts[part];
            const struct enumeration *codes =
                stats->chosen[part] < 0 ? NULL : enumeration_find(stats->family->dims[stats->chosen[part]]);
            labels[part + 1] = codes ? enumeration_label(codes, parts[part], text_is_chinese()) : parts[part];
        }
        snprintf(numbers[0], sizeof numbers[0], "%" PRId64, sorted[i]->count);
        snprintf(numbers[1], sizeof numbers[1], "%" PRId64, sorted[i]->sum);
        cells[column_count - 2] = numbers[0];
        cells[column_count - 1] = numbers[1];
        table_row(table, cells, labels);
    }
    table_close(table);
    free(sorted);
}

static void destroy_group(void **item_p)
{
    free(*item_p);
    *item_p = NULL;
}

static int print_family(struct store *store, const struct family *family, const char *by, enum table_form form,
                        bool is_only)
{
    struct stats stats = {.family = family, .groups = zhashx_new()};
    zhashx_set_destructor(stats.groups, destroy_group);
    char all[256] = "day";
    for (size_t i = 0; i < family->dim_count; i++) {
        size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, ",%s", family->dims[i]);
    }
    bool is_chosen = choose(&stats, by ? by : all);
    if (!is_chosen && !is_only) {
        zhashx_destroy(&stats.groups); /* this family does not know one of the dims: the other may */
        return 0;
    }
    int status = is_chosen ? 0 : cli_fail(tr("--by: choose from %s", "--by：可选 %s"), all);
    err_t err = status == 0 ? store_each_cell(store, family->name, add_cell, &stats) : ERR_OK;
    if (err != ERR_OK) {
        status = cli_fail("%s", err_text(err));
    } else if (status == 0) {
        print_groups(&stats, form);
    }
    zhashx_destroy(&stats.groups);
    return status;
}

/* Whether there is a family that can be grouped so. */
static bool is_known_to_any(const char *by)
{
    const struct family *family = NULL;
    for (size_t i = 0; (family = family_at(i)); i++) {
        struct stats stats = {.family = family};
        if (choose(&stats, by)) {
            return true;
        }
    }
    return false;
}

int cli_stats(const struct home *home, int argc, char **argv)
{
    struct argument arguments[] = {
        {"family", false, NULL}, {"by", false, NULL}, {"json", true, NULL}, {"csv", true, NULL}};
    size_t count = sizeof arguments / sizeof *arguments;
    size_t rest = 0;
    struct options options;
    if (!cli_parse(argc, argv, arguments, count, NULL, 0, &rest)) {
        return 2;
    }
    const struct family *only = arguments[0].value ? family_find(arguments[0].value) : NULL;
    enum table_form form = cli_form(arguments, count);
    char names[FAMILY_NAMES_SIZE];
    family_names(names);
    if (arguments[0].value && !only) {
        return cli_fail(tr("--family: expected one of %s, not %s", "--family：应为 %s 之一，而不是 %s"), names,
                        arguments[0].value),
               2;
    }
    if (form != TABLE_TEXT && form != TABLE_XLSX && !only) {
        return cli_fail(tr("--json, --jsonl and --csv print one family: add --family with one of %s",
                           "--json、--jsonl 与 --csv 每次输出一个类别：请加 --family，取值为 %s 之一"),
                        names),
               2;
    }
    if (arguments[1].value && !only && !is_known_to_any(arguments[1].value)) {
        return cli_fail(tr("--by %s: no family has these", "--by %s：没有任何类别含有这些分组"), arguments[1].value), 2;
    }
    struct store *store = cli_open_store(home, &options);
    int status = store ? 0 : 1;
    const struct family *family = NULL;
    for (size_t i = 0; status == 0 && (family = family_at(i)); i++) {
        if (!only || family == only) {
            status = print_family(store, family, arguments[1].value, form, only != NULL);
        }
    }
    store_close(store);
    return status;
}
