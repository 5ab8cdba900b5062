/* common/cap_reading.h - a CAP message while it is read; for common/cap_read.c (the message as a whole),
 * common/cap_info.c (its info block) and common/cap_values.c (texts into fields). */
#ifndef COMMON_CAP_READING_H
#define COMMON_CAP_READING_H

#include "common/cap.h"
#include "common/cap_rows.h"
#include "common/cap_tree.h"

struct cap_reading {
    struct cap_message *message;
    struct faults *faults;
    json_t *record;
    json_t *set;   /* fields that a person has set: path → true */
    json_t *exact; /* what AGN: parameters say of fields that have an element */
};

void cap_fault(struct cap_reading *reading, const char *code, const char *path, const char *reason);
/* What is left out, and why. */
void cap_note(struct cap_reading *reading, const char *path, const char *why);
/* Whether a person has set the field: what the message says of it is not looked at then. */
bool cap_is_set(const struct cap_reading *reading, const char *field);

/* TEXT as ROW's type has it. False: it is no value of the type; whether it keeps the row is the validator's to say. */
bool cap_put_value(json_t *into, const struct field *row, const char *text);
/* The same, as one more element of a list. */
bool cap_append_value(json_t *into, const struct field *row, const char *text);
void cap_take_set(struct cap_reading *reading, const struct cap_set *set);

/* The elements of a block against their rows. */
void cap_check_block(struct cap_reading *reading, const xmlNode *node, enum cap_block block);
/* The block's elements that are fields. */
void cap_take_fields(struct cap_reading *reading, const xmlNode *node, enum cap_block block);
void cap_take_info(struct cap_reading *reading, const xmlNode *alert);

#endif
