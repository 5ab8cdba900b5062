#include "common/signal_match.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "common/mem.h"
#include "proto/kinds.h"

const struct signal_key_row signal_keys[SIGNAL_KEYS] = {
    [SIGNAL_MODEL_NAME] = {"model_name", "model", "模型", NULL},
    [SIGNAL_MODEL_VENDOR] = {"model_vendor", "vendor", "模型提供方", NULL},
    [SIGNAL_SECTOR] = {"sector", "sector", "领域", &enum_sector},
    [SIGNAL_RISK_DOMAIN] = {"risk_domain", "risk domain", "风险大类", &enum_risk_domain},
    [SIGNAL_RISK_SUBDOMAIN] = {"risk_subdomain", "risk subdomain", "风险子类", &enum_risk_subdomain},
    [SIGNAL_HARM_KIND] = {"harm_kind", "kind of harm", "损害类型", &enum_harm_kind},
};

static bool is_blank(utf8proc_int32_t character)
{
    utf8proc_category_t category = utf8proc_category(character);
    return category == UTF8PROC_CATEGORY_ZS || character == '\t' || character == '\n' || character == '\r';
}

void signal_normalise(const char *text, char ret_text[SIGNAL_TEXT_SIZE])
{
    utf8proc_uint8_t *folded = utf8proc_NFKC_Casefold((const utf8proc_uint8_t *)text);
    const utf8proc_uint8_t *at = folded;
    size_t used = 0;
    bool is_between = false;
    while (at && *at) {
        utf8proc_int32_t character = 0;
        utf8proc_ssize_t size = utf8proc_iterate(at, -1, &character);
        bool blank = size > 0 && is_blank(character);
        size_t wanted = size > 0 ? (size_t)size + (is_between && used > 0) : 0;
        if (size <= 0 || used + wanted >= SIGNAL_TEXT_SIZE) {
            break; /* names are of 100 characters: only one that no record can hold is cut */
        }
        if (!blank) {
            if (is_between && used > 0) {
                ret_text[used++] = ' ';
            }
            memcpy(ret_text + used, at, (size_t)size);
            used += (size_t)size;
        }
        is_between = blank;
        at += size;
    }
    ret_text[used] = '\0';
    free(folded);
}

/* ---- names as numbers ---- */

static int compare_names(const void *a, const void *b)
{
    const struct name *left = a;
    const struct name *right = b;
    int order = strcmp(left->text, right->text);
    return order ? order : left->row < right->row ? -1 : left->row > right->row;
}

static bool is_ignored(const struct signal_rules *rules, const char *normalised)
{
    for (size_t i = 0; i < rules->ignored_count; i++) {
        if (strcmp(rules->ignored[i], normalised) == 0) {
            return true;
        }
    }
    return false;
}

/* TEXTS has one name a row, normalised, or NULL; it gives them away. */
static int32_t *number_names(char **texts, const char *const *written, size_t count, struct names *ret_names)
{
    struct name *list = mem_alloc((count + 1) * sizeof *list);
    int32_t *ids = mem_alloc((count + 1) * sizeof *ids);
    size_t used = 0;
    for (size_t row = 0; row < count; row++) {
        ids[row] = KEY_NOT_STATED;
        if (texts[row]) {
            list[used++] = (struct name){texts[row], written[row], row};
        }
    }
    qsort(list, used, sizeof *list, compare_names);
    size_t kept = 0;
    for (size_t i = 0; i < used; i++) {
        if (kept > 0 && strcmp(list[kept - 1].text, list[i].text) == 0) {
            ids[list[i].row] = (int32_t)kept - 1;
            free(list[i].text);
        } else {
            ids[list[i].row] = (int32_t)kept;
            list[kept++] = list[i];
        }
    }
    *ret_names = (struct names){list, kept};
    return ids;
}

static int32_t *number_field(struct signal_set *set, size_t offset, bool is_party, struct names *ret_names)
{
    char **texts = mem_alloc((set->count + 1) * sizeof *texts);
    const char **written = mem_alloc((set->count + 1) * sizeof *written);
    for (size_t row = 0; row < set->count; row++) {
        char normalised[SIGNAL_TEXT_SIZE];
        const struct view *view = (const struct view *)(const void *)((const char *)&set->rows[row] + offset);
        written[row] = (const char *)view->at; /* ends with a NUL in a set */
        if (is_party) {
            texts[row] = mem_text(written[row]);
            continue;
        }
        signal_normalise(written[row], normalised);
        texts[row] = *normalised && !is_ignored(set->rules, normalised) ? mem_text(normalised) : NULL;
    }
    int32_t *ids = number_names(texts, written, set->count, ret_names);
    free(texts);
    free(written);
    return ids;
}

const char *signal_value(const struct signal_set *set, enum signal_key key, int32_t id, bool is_normalised)
{
    const struct names *names = key == SIGNAL_MODEL_NAME ? &set->models : &set->vendors;
    if (signal_keys[key].codes) {
        return signal_keys[key].codes->labels[id].code;
    }
    return is_normalised ? names->list[id].text : names->list[id].first;
}

/* ---- indexes ---- */

static int32_t id_of(const struct signal_set *set, size_t row, enum signal_key key)
{
    switch (key) {
    case SIGNAL_MODEL_NAME:
        return set->model_ids[row];
    case SIGNAL_MODEL_VENDOR:
        return set->vendor_ids[row];
    case SIGNAL_SECTOR:
        return set->rows[row].sector;
    case SIGNAL_RISK_DOMAIN:
        return set->rows[row].domain;
    case SIGNAL_RISK_SUBDOMAIN:
        return set->rows[row].subdomain;
    default:
        return KEY_NOT_STATED; /* a set of bits: taken apart by add_row() */
    }
}

static int compare_ids(const struct entry *left, const struct entry *right)
{
    for (int key = 0; key < SIGNAL_KEYS; key++) {
        if (left->ids[key] != right->ids[key]) {
            return left->ids[key] < right->ids[key] ? -1 : 1;
        }
    }
    return 0;
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *left = a;
    const struct entry *right = b;
    int order = compare_ids(left, right);
    return order ? order : left->row < right->row ? -1 : left->row > right->row;
}

/* The entries of a row for a rule with the keys KEYS, of which the index looks at LOOKED. */
static void add_row(struct signal_set *set, size_t row, unsigned keys, unsigned looked, struct key_index *index)
{
    struct entry entry = {.row = (uint32_t)row};
    for (int key = 0; key < SIGNAL_KEYS; key++) {
        int32_t id = id_of(set, row, (enum signal_key)key);
        if (key != SIGNAL_HARM_KIND && (keys >> key & 1U) && id < 0) {
            return;
        }
        entry.ids[key] = (looked >> key & 1U) ? id : KEY_UNUSED;
    }
    if (!(keys >> SIGNAL_HARM_KIND & 1U)) {
        index->entries[index->entry_count++] = entry;
        return;
    }
    for (size_t harm = 0; harm < enum_harm_kind.count; harm++) {
        if (set->rows[row].harm_kinds >> harm & 1U) {
            entry.ids[SIGNAL_HARM_KIND] = (looked >> SIGNAL_HARM_KIND & 1U) ? (int32_t)harm : KEY_UNUSED;
            index->entries[index->entry_count++] = entry;
        }
    }
}

static void make_index(struct signal_set *set, unsigned keys, unsigned looked, struct key_index *index)
{
    size_t fold = keys >> SIGNAL_HARM_KIND & 1U ? enum_harm_kind.count : 1;
    index->entries = mem_alloc((set->count * fold + 1) * sizeof *index->entries);
    for (size_t row = 0; row < set->count; row++) {
        add_row(set, row, keys, looked, index);
    }
    qsort(index->entries, index->entry_count, sizeof *index->entries, compare_entries);
    size_t kept = 0; /* a row counts once in a group, however many kinds of harm are not looked at */
    for (size_t i = 0; i < index->entry_count; i++) {
        if (kept == 0 || compare_entries(&index->entries[kept - 1], &index->entries[i]) != 0) {
            index->entries[kept++] = index->entries[i];
        }
    }
    index->entry_count = kept;
    index->starts = mem_alloc((kept + 1) * sizeof *index->starts);
    for (size_t i = 0; i < kept; i++) {
        if (i == 0 || compare_ids(&index->entries[i - 1], &index->entries[i]) != 0) {
            index->starts[index->group_count++] = i;
        }
    }
    index->starts[index->group_count] = kept;
}

size_t index_group(const struct key_index *index, const struct entry *entry, unsigned mask)
{
    struct entry wanted = *entry;
    for (int key = 0; key < SIGNAL_KEYS; key++) {
        wanted.ids[key] = (mask >> key & 1U) ? entry->ids[key] : KEY_UNUSED;
    }
    size_t low = 0;
    size_t high = index->group_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_ids(&index->entries[index->starts[middle]], &wanted) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    assert(low < index->group_count);
    return low;
}

/* The first entry from LOW on whose row is of DAY or later. */
static size_t entry_from(const struct signal_set *set, const struct key_index *index, size_t low, size_t high,
                         int64_t day)
{
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->rows[index->entries[middle].row].day < day) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

size_t index_range(const struct signal_set *set, const struct key_index *index, size_t group, int64_t first_day,
                   int64_t last_day, size_t *ret_from)
{
    size_t end = index->starts[group + 1];
    *ret_from = entry_from(set, index, index->starts[group], end, first_day);
    return entry_from(set, index, *ret_from, end, last_day + 1) - *ret_from;
}

static int compare_rows(const void *a, const void *b)
{
    const struct signal_row *left = a;
    const struct signal_row *right = b;
    if (left->day != right->day) {
        return left->day < right->day ? -1 : 1;
    }
    if (left->at != right->at) {
        return left->at < right->at ? -1 : 1;
    }
    int order = memcmp(left->id, right->id, RECORD_ID_SIZE);
    return order ? order : strcmp((const char *)left->party.at, (const char *)right->party.at);
}

void signal_set_seal(struct signal_set *set)
{
    if (set->is_sealed) {
        return;
    }
    set->is_sealed = true;
    if (set->count > 0) {
        qsort(set->rows, set->count, sizeof *set->rows, compare_rows);
    }
    if (!set->has_known_from && set->count > 0) {
        set->known_from = set->rows[0].day;
    }
    set->model_ids = number_field(set, offsetof(struct signal_row, model), false, &set->models);
    set->vendor_ids = number_field(set, offsetof(struct signal_row, vendor), false, &set->vendors);
    set->party_ids = number_field(set, offsetof(struct signal_row, party), true, &set->parties);
    for (size_t i = 0; i < set->rules->count; i++) {
        unsigned keys = set->rules->list[i].keys;
        make_index(set, keys, keys, &set->indexes[i].joint);
        if ((keys & SIGNAL_WHO) && (keys & SIGNAL_WHAT)) {
            make_index(set, keys, keys & SIGNAL_WHO, &set->indexes[i].who);
            make_index(set, keys, keys & SIGNAL_WHAT, &set->indexes[i].what);
            make_index(set, keys, 0, &set->indexes[i].all);
        }
    }
}
