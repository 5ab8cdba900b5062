/* common/signal.h - clusters of risk warnings: rules over windows of days, as pharmacovigilance looks for signals.
 *
 * Pure: the same rules, rows and day give the same signals in the same order, whatever the order of the rows. A city
 * looks at the warnings of its institutions, the province at those that its cities pass up: same engine, other rows.
 *
 * A rule groups the rows by some keys and looks at the group's rows in the window that ends with a day:
 *
 *     count     rows in the window
 *     expected  rows a window in the `base` windows before it, of those that lie whole in what is known
 *     ratio     count / expected
 *     ROR       the reporting odds ratio a·d / b·c of the window's table of who (model, vendor, sector) against what
 *               (risk domain, subdomain, kind of harm), with its 95 % interval exp(ln ROR ± 1.96·√(1/a+1/b+1/c+1/d));
 *               where a field is 0, half is added to each (Haldane, Anscombe)
 *
 * Rows in which a key of the rule is not stated are left out of all its figures, of the table's too. Names of models
 * and vendors are compared in NFKC, case folded and with blanks collapsed. */
#ifndef COMMON_SIGNAL_H
#define COMMON_SIGNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/record.h"

enum signal_key {
    SIGNAL_MODEL_NAME,
    SIGNAL_MODEL_VENDOR,
    SIGNAL_SECTOR,
    SIGNAL_RISK_DOMAIN,
    SIGNAL_RISK_SUBDOMAIN,
    SIGNAL_HARM_KIND,
    SIGNAL_KEYS
};
#define SIGNAL_WHO  (1U << SIGNAL_MODEL_NAME | 1U << SIGNAL_MODEL_VENDOR | 1U << SIGNAL_SECTOR)
#define SIGNAL_WHAT (1U << SIGNAL_RISK_DOMAIN | 1U << SIGNAL_RISK_SUBDOMAIN | 1U << SIGNAL_HARM_KIND)

/* In the order of enum signal_key: the record's field, its labels, and its codes (NULL: free text). */
extern const struct signal_key_row {
    const char *field, *en, *zh;
    const struct enumeration *codes;
} signal_keys[SIGNAL_KEYS];

enum {
    SIGNAL_NAME_SIZE = 49,
    SIGNAL_RULES_MAX = 64,
    SIGNAL_IGNORED_MAX = 64,
    SIGNAL_TEXT_SIZE = 640, /* a name of 100 characters, normalised or not */
    SIGNAL_PARTY_SIZE = 80,
    SIGNAL_ROWS_MAX = 1000000,
    SIGNAL_CLUSTER_SIZE = 2048
};

/* ---- rules ---- */
struct signal_rule {
    char name[SIGNAL_NAME_SIZE];
    char label[128];   /* for people; the name where none is set */
    unsigned keys;     /* bits of enum signal_key */
    int64_t window;    /* days */
    int64_t base;      /* windows before it */
    int64_t count;     /* at least so many warnings */
    int64_t parties;   /* of at least so many institutions */
    double ratio;      /* to the base rate, at least; 0: not asked */
    double ror;        /* the lower bound of the ROR's interval exceeds it; 0: not asked */
    int64_t level;     /* of the composite warning */
    int64_t cool_down; /* days in which the same cluster is not signalled again */
    int64_t growth;    /* per cent by which the evidence must have grown to break the cool-down; 0: never breaks */
};
struct signal_rules {
    struct signal_rule list[SIGNAL_RULES_MAX];
    size_t count;
    char ignored[SIGNAL_IGNORED_MAX][SIGNAL_TEXT_SIZE]; /* names that say nothing ("unknown"), normalised */
    size_t ignored_count;
};

/* Reads the section `signals` of a ZPL file. ERR_INVALID names file, line, key, what was expected and the nearest right
 * key; *ret_rules is then not to be used. ERR_NOT_FOUND: no such file. */
MUST_CHECK err_t signal_rules_load(const char *path, struct signal_rules *ret_rules, char reterr_reason[512]);

/* As names are compared. "" where nothing is left, or TEXT is no UTF-8. */
void signal_normalise(const char *text, char ret_text[SIGNAL_TEXT_SIZE]);

/* ---- rows ---- */
/* Views are of UTF-8; an empty name is one that is not stated. */
struct signal_row {
    uint8_t id[RECORD_ID_SIZE];    /* of the warning that began the thread */
    struct view party;             /* who owns it */
    int64_t day;                   /* it is counted under */
    int64_t at;                    /* UTC milliseconds: discovered */
    struct view model, vendor;     /* as written */
    int sector, domain, subdomain; /* indexes of their enumerations; -1: not stated */
    unsigned harm_kinds;           /* bits; `none` is no kind of harm */
    int level;
    int status; /* enum warning_status: only actual ones are counted */
    int state;  /* enum warning_state: cancelled and superseded ones are not */
};

/* The row of a thread whose content is RECORD, a risk warning that has passed record_check(); it borrows from both. ID,
 * PARTY and OWNER, the party's role, are the thread's. False: a rehearsal, or itself a composite warning, or one that
 * does not say when it was discovered, which has not passed. */
bool signal_row_of(const struct record *record, const uint8_t id[RECORD_ID_SIZE], struct view party, enum role owner,
                   int state, int utc_offset_minutes, struct signal_row *ret_row);
/* The province's name for an institution of a city. ENTITY is empty where the city may not tell it: those of one city
 * count as one institution, since nothing shows that they are more. */
void signal_party(const char *city, struct view entity, char ret_party[SIGNAL_PARTY_SIZE]);

struct signal_set;
/* RULES is borrowed while the set lives. */
struct signal_set *signal_set_open(const struct signal_rules *rules);
/* Takes NULL. */
void signal_set_close(struct signal_set *set);
/* Copies the row; one that is not to be counted is passed over. Each thread is added once, and none after the first
 * signal_find(). ERR_TOO_LARGE above SIGNAL_ROWS_MAX. */
MUST_CHECK err_t signal_set_add(struct signal_set *set, const struct signal_row *row);
/* Days before it are not known, rather than empty; by default the day of the first row. */
void signal_set_known_from(struct signal_set *set, int64_t day);
size_t signal_set_count(const struct signal_set *set);
/* False: the set is empty. */
bool signal_set_days(struct signal_set *set, int64_t *ret_first, int64_t *ret_last);

/* ---- signals ---- */
struct signal_table {
    size_t a, b, c, d; /* who and what; who, not what; what, not who; neither */
    double ror, low, high;
};
void signal_odds(struct signal_table *table);

struct signal {
    const struct signal_rule *rule;
    const char *values[SIGNAL_KEYS]; /* codes, and names as first written; NULL: not a key of the rule */
    char
        cluster[SIGNAL_CLUSTER_SIZE]; /* the same as one text, names normalised: a cluster's identity beside the rule */
    int64_t day, at;                  /* found */
    size_t count, parties;
    bool has_base; /* a whole window before is known */
    double expected;
    double ratio;   /* INFINITY where none was expected */
    bool has_table; /* the rule has keys of who and of what */
    struct signal_table table;
    int64_t first_at, last_at;
    int sector; /* of all of the evidence, or -1: several */
    int domain; /* likewise, or the most frequent one */
    unsigned harm_kinds;
    int gravest;                        /* level of the gravest warning */
    const struct signal_row **evidence; /* `count` rows of the set, oldest first */
};
struct signal_list {
    struct signal *list;
    size_t count;
};
/* What the rules find with DAY as the last day of the windows, by rule and cluster. AT is when that is known. O(n log
 * n) for the first call of a set, less for later ones. The list borrows from the set. */
void signal_find(struct signal_set *set, int64_t day, int64_t at, struct signal_list *ret_list);
void signal_list_done(struct signal_list *list);

/* ---- what was signalled already ---- */
struct signal_memory;
struct signal_memory *signal_memory_open(void);
void signal_memory_close(struct signal_memory *memory);
/* Whether a person should be told: the cluster is new; or its cool-down is over and there is evidence that was not
 * named; or, within the cool-down, the evidence has grown by the rule's per cent. */
bool signal_is_news(const struct signal_memory *memory, const struct signal *signal);
/* The signal was given. Copies what it needs: rule, cluster, day and the ids of the evidence. */
void signal_memory_put(struct signal_memory *memory, const struct signal *signal);
/* An array of {rule, cluster, day, evidence}; new reference. ERR_INVALID leaves the memory as it was. */
json_t *signal_memory_to_json(const struct signal_memory *memory);
MUST_CHECK err_t signal_memory_from_json(struct signal_memory *memory, const json_t *json);

/* ---- the composite warning ---- */
/* A risk_warning to be filed by the city or the province: new reference. It names rule, figures and evidence, the
 * latter by the ids of the warnings alone, since an institution may have asked not to be named. */
MUST_CHECK err_t signal_to_warning(const struct signal *signal, json_t **ret_warning);
/* Whether the warning of a thread is of the former's making: such a one is no evidence. An authority's alone can be,
 * whatever an institution writes: no headline and no field keeps its warning out. */
bool signal_is_composite(const struct record *warning, enum role owner);

#endif
