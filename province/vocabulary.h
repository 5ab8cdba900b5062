/* province/vocabulary.h - the dimensions by which figures are shown, and the words for their codes. */
#ifndef PROVINCE_VOCABULARY_H
#define PROVINCE_VOCABULARY_H

#include "proto/project.h"
#include "proto/schema.h"

enum { DIMENSIONS = 17 };

struct dimension {
    const char *key;         /* in --by, JSON and CSV */
    const char *enumeration; /* NULL: not of a cell's dims but of its place and day */
    const char *en;
    const char *zh;
};

/* NULL when there is none of that name. */
const struct dimension *dimension_find(const char *key);
/* In the order of the listings; NULL past the last. */
const struct dimension *dimension_at(size_t index);
/* All keys with commas between, for messages. */
const char *dimension_keys(void);

/* Its place among the dims of FAMILY, or -1. */
int dimension_place(const struct dimension *dimension, const struct family *family);
/* Whether figures of FAMILY can be shown by it. */
bool dimension_fits(const struct dimension *dimension, const struct family *family);

/* The word for a code in the user's language; the code itself where there is none. */
const char *code_label(const char *enumeration, const char *code);

#endif
