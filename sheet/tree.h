/* sheet/tree.h - the values of a row by the paths of their columns, put together to a record.
 *
 * In the tree a list is an object, its elements by the number of their columns: columns may come in any order, and
 * elements in between may be absent. */
#ifndef SHEET_TREE_H
#define SHEET_TREE_H

#include <jansson.h>

#include "proto/schema.h"

/* VALUE (stolen) at PATH of the tree. False: there is a value in the way. */
bool tree_put(json_t *tree, const char *path, json_t *value);
/* The elements of a list in the tree by rising number. NUMBERS has room for all keys; returns how many. */
size_t tree_numbers(const json_t *list, long *ret_numbers);
/* KIND as one row, so that the walk is the same at every depth. */
struct field tree_whole(const struct kind *kind);
/* Of the value at KEY of a map of ROW; NULL: the schema knows none. */
const struct field *tree_row(const struct field *row, const char *key);
/* The record that the tree is, of KIND: a new reference. */
json_t *tree_record(const json_t *tree, const struct kind *kind);

#endif
