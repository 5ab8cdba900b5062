/* common/signal_match.h - the inside of a signal set: rows in the order of time, and their keys as numbers. */
#ifndef COMMON_SIGNAL_MATCH_H
#define COMMON_SIGNAL_MATCH_H

#include "common/signal.h"

enum { KEY_NOT_STATED = -1, KEY_UNUSED = -2 };

struct name {
    char *text;        /* normalised, or a party */
    const char *first; /* as written in the first row that has it */
    size_t row;
};
struct names {
    struct name *list; /* sorted by text, each once */
    size_t count;
};

/* One row under one value of each key: a row with several kinds of harm has as many entries. */
struct entry {
    int32_t ids[SIGNAL_KEYS]; /* KEY_UNUSED where the index does not look at the key */
    uint32_t row;             /* in the order of time */
};
/* Entries by ids, then by time; groups are runs of equal ids. */
struct key_index {
    struct entry *entries;
    size_t entry_count;
    size_t *starts; /* of groups; one more at the end */
    size_t group_count;
};
struct rule_index {
    struct key_index joint, who, what, all;
};

struct signal_set {
    const struct signal_rules *rules;
    struct signal_row *rows;
    size_t count, room;
    bool is_sealed, has_known_from;
    int64_t known_from;
    struct names models, vendors, parties;
    int32_t *model_ids, *vendor_ids, *party_ids; /* by row */
    struct rule_index indexes[SIGNAL_RULES_MAX];
};

/* Sorts the rows and makes the indexes, once. */
void signal_set_seal(struct signal_set *set);
/* Entries of a group whose rows lie in the days; *ret_from is the first. */
size_t index_range(const struct signal_set *set, const struct key_index *index, size_t group, int64_t first_day,
                   int64_t last_day, size_t *ret_from);
/* The group with the entry's ids where MASK has the key. */
size_t index_group(const struct key_index *index, const struct entry *entry, unsigned mask);
const char *signal_value(const struct signal_set *set, enum signal_key key, int32_t id, bool is_normalised);

#endif
