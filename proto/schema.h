/* proto/schema.h - record kinds and enumerations as tables.
 *
 * One row says all there is to know of a field; the validator, the JSON codec, the JSON Schema printer, the tables on a
 * terminal and the rights function interpret these rows. A new kind is a new table (proto/kinds.c) and nothing else.
 * Source clauses are cited so: M2023 = the ethics review measures (trial), PLAN = the pilot's
 * action plan, CAP = OASIS CAP 1.2, AI-M = the AI ethics service measures. */
#ifndef PROTO_SCHEMA_H
#define PROTO_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/reader.h"

struct label {
    const char *code;
    const char *en;
    const char *zh;
};

struct enumeration {
    const char *name;
    const struct label *labels;
    size_t count;
};

enum field_type {
    FIELD_TEXT,   /* low..high code points */
    FIELD_ENUM,   /* a code of `codes` */
    FIELD_NUMBER, /* low..high; where `codes` is set its labels are for the numbers low.. */
    FIELD_FLAG,
    FIELD_DATE,
    FIELD_TIME,
    FIELD_ID,
    FIELD_HASH,
    FIELD_USCC,     /* unified social credit code, GB 32100-2015, check character verified */
    FIELD_DISTRICT, /* GB/T 2260, six digits */
    FIELD_MAP,      /* of `fields` */
    FIELD_LIST,     /* low..high elements, each like the one row `fields[0]` */
    FIELD_ENUM_MAP, /* every code of `codes` once as key, each value like the one row `fields[0]` */
};

enum presence { OPTIONAL, REQUIRED };

struct field {
    const char *key;
    enum field_type type;
    enum presence presence;
    int64_t low;
    int64_t high;
    const struct enumeration *codes;
    const struct field *fields;
    size_t field_count;
    bool confidential; /* personal or trade secret: never leaves the city */
    const char *en;
    const char *zh;
    const char *source;
};

enum { KIND_FIELDS_MAX = 64, COMMON_FIELDS = 12, KIND_REFERENCES = 2 };

/* Index of the common fields, which every kind's table starts with. */
enum common_field {
    COMMON_ID,
    COMMON_KIND,
    COMMON_SCHEMA,
    COMMON_SEQ,
    COMMON_CREATED_AT,
    COMMON_IN_REPLY_TO,
    COMMON_REPLACES,
    COMMON_REHEARSAL,
    COMMON_ENTITY,
    COMMON_ADDRESSEE,
    COMMON_REASON,
    COMMON_SUBMITTER
};

struct rule;   /* proto/rules.h: the rules that join fields */
struct family; /* proto/project.h: how a record is counted */
struct life;   /* proto/life.h: the states of the threads that a kind begins */

/* Who files. */
enum role { ROLE_ENTITY, ROLE_CITY, ROLE_PROVINCE, ROLES };
enum { BY_ENTITY = 1 << ROLE_ENTITY, BY_CITY = 1 << ROLE_CITY, BY_PROVINCE = 1 << ROLE_PROVINCE };

/* What goes to the province one by one. */
enum upward {
    UP_NEVER,
    UP_GRAVE, /* from a level that the hub sets, or where share_scope says so */
    UP_ALWAYS,
    UP_TO_PROVINCE, /* where it answers a record of the province */
};

struct kind {
    const char *name;
    int number; /* stable: kept in stores */
    const char *en;
    const char *zh;
    const struct field *fields; /* COMMON_FIELDS common ones first */
    size_t field_count;
    const struct rule *rules;
    size_t rule_count;
    const int *unique; /* field indexes of the natural key, -1 at the end, or NULL */
    const struct family *family;
    const struct life *life; /* NULL: no threads begin with it */
    /* Keys of the fields that may name the thread, the first that stands counts. None: every record begins one. */
    const char *references[KIND_REFERENCES];
    const char *link; /* key of an id of another thread of the same owner that must exist, or NULL */
    unsigned filers;  /* BY_ bits */
    enum upward up;
    int priority; /* lower is sent first */
};

const struct kind *kind_find(struct view name);
const struct kind *kind_by_number(int number);
/* index from 0; NULL past the last. */
const struct kind *kind_at(size_t index);
/* -1 when absent. */
int kind_field(const struct kind *kind, const char *key);

const struct enumeration *enumeration_find(const char *name);
/* -1 when the code is unknown. */
int enumeration_index(const struct enumeration *codes, struct view code);
/* The label for a person; the code itself when unknown. */
const char *enumeration_label(const struct enumeration *codes, const char *code, bool chinese);

/* -1 when unknown. */
int role_find(const char *name);
const char *role_name(enum role role);

extern const struct enumeration enum_entity_type, enum_sector, enum_procedure, enum_decision, enum_review_stage,
    enum_rereview_list_item, enum_warning_level, enum_warning_status, enum_warning_state, enum_risk_domain,
    enum_warning_action;

#endif
