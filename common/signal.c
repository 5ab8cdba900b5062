#include "common/signal.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/mem.h"
#include "common/signal_match.h"
#include "proto/kinds.h"
#include "proto/project.h"

/* The normal distribution's 97.5 % point. */
static const double Z_95 = 1.959963984540054;

/* ---- the set ---- */

struct signal_set *signal_set_open(const struct signal_rules *rules)
{
    struct signal_set *set = mem_alloc(sizeof *set);
    set->rules = rules;
    return set;
}

static void free_names(struct names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->list[i].text);
    }
    free(names->list);
}

static void free_index(struct key_index *index)
{
    free(index->entries);
    free(index->starts);
}

static void free_view(struct view view)
{
    union {
        const uint8_t *at;
        void *owned;
    } bytes = {view.at};
    free(bytes.owned);
}

void signal_set_close(struct signal_set *set)
{
    if (!set) {
        return;
    }
    for (size_t i = 0; i < set->count; i++) {
        free_view(set->rows[i].party);
        free_view(set->rows[i].model);
        free_view(set->rows[i].vendor);
    }
    for (size_t i = 0; i < set->rules->count; i++) {
        free_index(&set->indexes[i].joint);
        free_index(&set->indexes[i].who);
        free_index(&set->indexes[i].what);
        free_index(&set->indexes[i].all);
    }
    free_names(&set->models);
    free_names(&set->vendors);
    free_names(&set->parties);
    free(set->model_ids);
    free(set->vendor_ids);
    free(set->party_ids);
    free(set->rows);
    free(set);
}

static struct view copy_view(struct view view)
{
    return (struct view){(const uint8_t *)mem_copy(view.at, view.size), view.size};
}

err_t signal_set_add(struct signal_set *set, const struct signal_row *row)
{
    assert(!set->is_sealed);
    if (row->status != STATUS_ACTUAL || row->state == STATE_CANCELLED || row->state == STATE_SUPERSEDED) {
        return ERR_OK;
    }
    if (set->count == SIGNAL_ROWS_MAX || row->party.size >= SIGNAL_PARTY_SIZE || row->model.size >= SIGNAL_TEXT_SIZE ||
        row->vendor.size >= SIGNAL_TEXT_SIZE) {
        return ERR_TOO_LARGE;
    }
    if (set->count == set->room) {
        set->room = set->room ? set->room * 2 : 256;
        set->rows = mem_grow(set->rows, set->room, sizeof *set->rows);
    }
    struct signal_row *copy = &set->rows[set->count++];
    *copy = *row;
    copy->party = copy_view(row->party);
    copy->model = copy_view(row->model);
    copy->vendor = copy_view(row->vendor);
    return ERR_OK;
}

void signal_set_known_from(struct signal_set *set, int64_t day)
{
    assert(!set->is_sealed);
    set->has_known_from = true;
    set->known_from = day;
}

size_t signal_set_count(const struct signal_set *set)
{
    return set->count;
}

bool signal_set_days(struct signal_set *set, int64_t *ret_first, int64_t *ret_last)
{
    signal_set_seal(set);
    if (set->count == 0) {
        return false;
    }
    *ret_first = set->rows[0].day;
    *ret_last = set->rows[set->count - 1].day;
    return true;
}

/* ---- figures ---- */

void signal_odds(struct signal_table *table)
{
    double half = table->a == 0 || table->b == 0 || table->c == 0 || table->d == 0 ? 0.5 : 0.0;
    double a = (double)table->a + half;
    double b = (double)table->b + half;
    double c = (double)table->c + half;
    double d = (double)table->d + half;
    double log_ror = log(a * d / (b * c));
    double width = Z_95 * sqrt(1 / a + 1 / b + 1 / c + 1 / d);
    table->ror = exp(log_ror);
    table->low = exp(log_ror - width);
    table->high = exp(log_ror + width);
}

struct window {
    int64_t first, last; /* days */
};

static void fill_base(const struct signal_set *set, const struct signal_rule *rule, size_t group, struct window window,
                      const struct key_index *joint, struct signal *signal)
{
    int64_t known = window.first > set->known_from ? (window.first - set->known_from) / rule->window : 0;
    int64_t windows = known < rule->base ? known : rule->base;
    if (windows == 0) {
        return;
    }
    size_t from = 0;
    size_t before = index_range(set, joint, group, window.first - windows * rule->window, window.first - 1, &from);
    signal->has_base = true;
    signal->expected = (double)before / (double)windows;
    signal->ratio = before > 0 ? (double)signal->count / signal->expected : INFINITY;
}

static void fill_table(const struct signal_set *set, const struct rule_index *index, const struct entry *entry,
                       struct window window, struct signal *signal)
{
    size_t ignored = 0;
    unsigned keys = signal->rule->keys;
    if (!(keys & SIGNAL_WHO) || !(keys & SIGNAL_WHAT)) {
        return;
    }
    size_t who = index_range(set, &index->who, index_group(&index->who, entry, keys & SIGNAL_WHO), window.first,
                             window.last, &ignored);
    size_t what = index_range(set, &index->what, index_group(&index->what, entry, keys & SIGNAL_WHAT), window.first,
                              window.last, &ignored);
    size_t all = index_range(set, &index->all, 0, window.first, window.last, &ignored);
    signal->has_table = true;
    signal->table = (struct signal_table){
        .a = signal->count, .b = who - signal->count, .c = what - signal->count, .d = all - who - what + signal->count};
    signal_odds(&signal->table);
}

static int compare_ids(const void *a, const void *b)
{
    int32_t left = *(const int32_t *)a;
    int32_t right = *(const int32_t *)b;
    return left < right ? -1 : left > right;
}

static size_t count_parties(const struct signal_set *set, const struct entry *entries, size_t count)
{
    int32_t *parties = mem_alloc(count * sizeof *parties);
    size_t distinct = 0;
    for (size_t i = 0; i < count; i++) {
        parties[i] = set->party_ids[entries[i].row];
    }
    qsort(parties, count, sizeof *parties, compare_ids);
    for (size_t i = 0; i < count; i++) {
        distinct += i == 0 || parties[i] != parties[i - 1];
    }
    free(parties);
    return distinct;
}

/* What the evidence has in common: kept for the composite warning. */
static void fill_evidence(const struct signal_set *set, const struct entry *entries, struct signal *signal)
{
    size_t domains[16] = {0};
    assert(enum_risk_domain.count <= 16);
    signal->evidence = mem_alloc(signal->count * sizeof *signal->evidence);
    signal->gravest = 4;
    signal->domain = 0;
    for (size_t i = 0; i < signal->count; i++) {
        const struct signal_row *row = &set->rows[entries[i].row];
        signal->evidence[i] = row;
        signal->sector = i == 0 || signal->sector == row->sector ? row->sector : -1;
        signal->harm_kinds |= row->harm_kinds;
        signal->gravest = row->level >= 1 && row->level < signal->gravest ? row->level : signal->gravest;
        signal->first_at = i == 0 || row->at < signal->first_at ? row->at : signal->first_at;
        signal->last_at = i == 0 || row->at > signal->last_at ? row->at : signal->last_at;
        if (row->domain >= 0 && ++domains[row->domain] > domains[signal->domain]) {
            signal->domain = row->domain;
        }
    }
    /* Of equally frequent domains the first of the table, whatever the order of the rows. */
    for (int domain = signal->domain; domain >= 0; domain--) {
        signal->domain = domains[domain] >= domains[signal->domain] ? domain : signal->domain;
    }
}

static void fill_values(const struct signal_set *set, const struct entry *entry, struct signal *signal)
{
    size_t used = 0;
    for (int key = 0; key < SIGNAL_KEYS; key++) {
        if (!(signal->rule->keys >> key & 1U)) {
            continue;
        }
        signal->values[key] = signal_value(set, (enum signal_key)key, entry->ids[key], false);
        used +=
            (size_t)snprintf(signal->cluster + used, sizeof signal->cluster - used, "%s%s=%s", used > 0 ? " " : "",
                             signal_keys[key].field, signal_value(set, (enum signal_key)key, entry->ids[key], true));
        assert(used < sizeof signal->cluster);
    }
}

/* ---- finding ---- */

static bool is_enough(const struct signal *signal)
{
    const struct signal_rule *rule = signal->rule;
    return (int64_t)signal->parties >= rule->parties &&
           (rule->ratio <= 0 || (signal->has_base && signal->ratio >= rule->ratio)) &&
           (rule->ror <= 0 || (signal->has_table && signal->table.low > rule->ror));
}

static struct signal *add_signal(struct signal_list *list, size_t *room)
{
    if (list->count == *room) {
        *room = *room ? *room * 2 : 16;
        list->list = mem_grow(list->list, *room, sizeof *list->list);
    }
    return &list->list[list->count];
}

static void look_at_group(struct signal_set *set, size_t rule_at, size_t group, int64_t day, struct signal *signal,
                          bool *ret_is_found)
{
    const struct signal_rule *rule = &set->rules->list[rule_at];
    const struct rule_index *index = &set->indexes[rule_at];
    struct window window = {day - rule->window + 1, day};
    size_t from = 0;
    size_t count = index_range(set, &index->joint, group, window.first, window.last, &from);
    *ret_is_found = false;
    if ((int64_t)count < rule->count) {
        return;
    }
    const struct entry *entries = &index->joint.entries[from];
    *signal = (struct signal){.rule = rule, .day = day, .count = count};
    signal->parties = count_parties(set, entries, count);
    fill_base(set, rule, group, window, &index->joint, signal);
    fill_table(set, index, entries, window, signal);
    if (is_enough(signal)) {
        fill_values(set, entries, signal);
        fill_evidence(set, entries, signal);
        *ret_is_found = true;
    }
}

void signal_find(struct signal_set *set, int64_t day, int64_t at, struct signal_list *ret_list)
{
    size_t room = 0;
    signal_set_seal(set);
    *ret_list = (struct signal_list){0};
    for (size_t rule = 0; rule < set->rules->count; rule++) {
        const struct key_index *joint = &set->indexes[rule].joint;
        for (size_t group = 0; group < joint->group_count; group++) {
            bool is_found = false;
            size_t size = joint->starts[group + 1] - joint->starts[group];
            if ((int64_t)size < set->rules->list[rule].count) {
                continue;
            }
            struct signal *signal = add_signal(ret_list, &room);
            look_at_group(set, rule, group, day, signal, &is_found);
            signal->at = at;
            ret_list->count += is_found;
        }
    }
}

void signal_list_done(struct signal_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->list[i].evidence);
    }
    free(list->list);
    *list = (struct signal_list){0};
}
