/* sheet/column.h - a record kind as the columns of one table, derived from its rows in proto/schema.h.
 *
 * A column is a path from the record down to one value: a field, or the fields of a map one after the other, the codes
 * of an enumeration that are keys, the elements of a list by number from 1: `activity_title`, `applicant.name`,
 * `principles.wellbeing.assessment`, `risks.2.description`. A list whose elements are single values may also stand in
 * one cell, the values parted by `;` or a line break: `harm_kind`.
 *
 * An attachment has a column more than its row has fields, that names its file: `attachments.1.file`. It is found by
 * its heading, and not among all columns of the kind. */
#ifndef SHEET_COLUMN_H
#define SHEET_COLUMN_H

#include "proto/schema.h"

enum { COLUMN_PATH_SIZE = 128, COLUMN_LABEL_SIZE = 512, HEADING_SIZE_MAX = 512 };

struct column {
    const struct field *row;           /* of what a cell holds; the list's where its elements stand in one cell */
    bool is_required;                  /* it, and everything around it */
    bool is_confidential;              /* it, or something around it */
    char path[COLUMN_PATH_SIZE];       /* stable, for programs */
    char labels[2][COLUMN_LABEL_SIZE]; /* English, Chinese; "主要风险·2·风险描述" */
};

/* How many elements of a list get columns of their own. PATH is the list's. COLUMN_JOINED: they stand in one cell, for
 * lists of single values alone. */
#define COLUMN_JOINED SIZE_MAX
typedef size_t column_count_of(void *self, const char *path, const struct field *list);

/* Every column of KIND in the order of its rows, the fields that the agent assigns among them. */
void columns_each(const struct kind *kind, column_count_of *count_of,
                  void (*each)(void *self, const struct column *column), void *self);

/* Whether a cell can hold a value of ROW, or one of its elements: it is no map and no list. */
bool column_is_single(const struct field *row);
/* A field that the agent assigns, and nobody else: id, schema, seq, created_at; and the kind. */
bool column_is_assigned(const struct column *column);

/* The column that HEADING names: its path (with the kind's name and a dot before it, or not), its English or Chinese
 * label, or anything before a path in brackets. Case, width, blanks and punctuation do not matter. ERR_NOT_FOUND;
 * ERR_EXISTS: two columns bear that label, *ret_column is one of them. */
MUST_CHECK err_t column_find(const struct kind *kind, const char *heading, struct column *ret_column);
/* The kind whose name or label is TEXT, or whose name stands before the dot of the path that TEXT is; or NULL. */
const struct kind *column_kind(const char *text);

/* TEXT without case, width, blanks and punctuation, to be freed; NULL: it is too long, or no text. */
char *column_fold(const char *text);

#endif
