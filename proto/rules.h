/* proto/rules.h - the rules that join fields of one record, as rows.
 *
 * A row says what must hold, when, and why; one function interprets all rows. A rule whose fields are absent or already
 * faulty says nothing: each mistake is named once. The fault's code follows from the operation. */
#ifndef PROTO_RULES_H
#define PROTO_RULES_H

#include "proto/record.h"

enum rule_op {
    RULE_REQUIRED,      /* the field stands: missing */
    RULE_NOT_WANTED,    /* the field does not stand: not_wanted */
    RULE_NOT_BEFORE,    /* date or time not before `other`: bad_order */
    RULE_AFTER,         /* date or time after `other`: bad_order */
    RULE_NOT_FUTURE,    /* date not after today, time not after now and 5 minutes, year (number) or period (text) begun:
                           in_future */
    RULE_WITHIN_MONTHS, /* date at most `number` months after `other`: rule */
    RULE_ONE_OF,        /* the code is one of `mask`: rule */
    RULE_AT_LEAST,      /* number not below `number`: rule */
    RULE_NOT_ABOVE,     /* number not above `other`: rule */
    RULE_SHARE,         /* number at least `number` / `of` of `other`: rule */
    RULE_IN_DOMAIN,     /* the risk subdomain belongs to the domain `other`: rule */
    RULE_IS_PERIOD,     /* the text is a period of a unit of `mask`, bits of enum period_unit: bad_format */
    RULE_IS_PARTY,      /* the credit code is the speaker's: entity_mismatch */
    RULE_DISTINCT,      /* with `within`: no two elements have the same: rule */
    RULE_SOME,          /* with `within`: the code of some element is one of `mask`: rule */
};

enum condition_op { CONDITION_NONE, CONDITION_PRESENT, CONDITION_ABSENT, CONDITION_IS };

/* CONDITION_IS: the field's code is one of the bits of `mask`. */
struct condition {
    enum condition_op op;
    int field;
    uint64_t mask;
};

enum { RULE_CONDITIONS = 2, CLOCK_SKEW_MS = 300000 };

/* With `within`, the index of a list, the rule is for each element of it: `field`, `other` and the conditions are then
 * indexes of the element's rows; 0 where the elements are no maps. */
struct rule {
    enum rule_op op;
    int within; /* 0: the record itself */
    int field;
    int other;
    int64_t number;
    int64_t of;
    uint64_t mask;
    struct condition when[RULE_CONDITIONS]; /* all must hold */
    bool is_advice;                         /* broken, it is told to the operator and refuses nothing */
    const char *reason;                     /* English, with the clause */
};

/* What holds for every kind. */
extern const struct rule common_rules[];
extern const size_t common_rule_count;
/* First the common rules, then the kind's; NULL past the last. */
const struct rule *rule_at(const struct kind *kind, size_t index);
/* The rows that the rule's indexes mean. */
const struct field *rule_rows(const struct kind *kind, const struct rule *rule);
const char *rule_fault_code(const struct rule *rule);

/* SEEN has a bit for each field that stands in the bytes, faulty or not; RECORD's values are only the sound ones. Looks
 * at the rules that are advice, or at the others. */
void rules_check(const struct record *record, uint64_t seen, const struct record_context *context, bool is_advice,
                 struct faults *faults);

#endif
