/* common/cap_rows.h - the mapping of CAP 1.2 as rows; for common/cap_*.c and what prints docs/cap.md. */
#ifndef COMMON_CAP_ROWS_H
#define COMMON_CAP_ROWS_H

#include "proto/schema.h"

#define CAP_NAMESPACE "urn:oasis:names:tc:emergency:cap:1.2"
#define CAP_PREFIX    "AGN:"
#define CAP_GEOCODE   "GB/T 2260"
#define CAP_PROFILE   "AGN:1"

enum cap_block { CAP_ALERT, CAP_INFO, CAP_RESOURCE, CAP_AREA, CAP_PAIR, CAP_BLOCKS };

enum cap_use {
    CAP_IS_FIELD, /* the element is the field, both ways */
    CAP_IS_PLACE, /* read and written by code of its own */
    CAP_DERIVED,  /* written from what the record says elsewhere; read, it adds nothing */
    CAP_LEFT,     /* never written; read, it is left out with a note */
    CAP_REFUSED,  /* never written; read, it is an error, since it would be lost */
};

/* Which code writes an element that is not simply a field. */
enum cap_say {
    SAY_FIELD,
    SAY_IDENTIFIER,
    SAY_SENDER,
    SAY_SENT,
    SAY_STATUS,
    SAY_SCOPE,
    SAY_RESTRICTION,
    SAY_CODE,
    SAY_NOTE,
    SAY_REFERENCES,
    SAY_INCIDENTS,
    SAY_INFO,
    SAY_LANGUAGE,
    SAY_CATEGORY,
    SAY_EVENT,
    SAY_RESPONSE,
    SAY_SENDER_NAME,
    SAY_PROSE,
    SAY_PARAMETERS,
    SAY_RESOURCES,
    SAY_AREA,
    SAY_NOTHING,
};

/* A code of ours and CAP's word for it. Where several codes have one word, the first is meant unless a parameter
 * says. */
struct cap_word {
    const char *code;
    const char *word;
};

struct cap_row {
    const char *element;
    enum cap_block block;
    enum cap_use use;
    enum cap_say say;
    const char *field; /* of a risk_warning; NULL: none */
    const struct cap_word *words;
    size_t word_count;
    bool is_required; /* by CAP */
    bool is_many;
    const char *en, *zh; /* what it is, for docs/cap.md */
};

extern const struct cap_row cap_rows[];
extern const size_t cap_row_count;
extern const char *const cap_block_paths[CAP_BLOCKS];

const struct kind *cap_kind(void);
/* The schema's row of a warning's field, or NULL. */
const struct field *cap_schema_row(const char *key);
/* NULL: CAP has no such element there. */
const struct cap_row *cap_find_row(enum cap_block block, const char *element);
/* The row that is the field, or NULL: it stands in a parameter. */
const struct cap_row *cap_field_row(const char *field);
/* The schema's row of what may stand in a parameter AGN:FIELD; NULL: nothing of that name may. */
const struct field *cap_parameter_row(const char *field);
/* NULL: no such word or code. */
const char *cap_word_of(const struct cap_row *row, const char *code);
const char *cap_code_of(const struct cap_row *row, const char *word);

#endif
