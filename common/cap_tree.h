/* common/cap_tree.h - hostile XML as a bounded tree, and what is looked up in it; for common/cap_*.c. */
#ifndef COMMON_CAP_TREE_H
#define COMMON_CAP_TREE_H

#include <libxml/tree.h>

#include "proto/fault.h"
#include "proto/reader.h"

enum { CAP_DEPTH_MAX = 16, CAP_ELEMENTS_MAX = 5000, CAP_TAG_MAX = 4096 };

/* NULL with one fault: too large or too deep, not well formed, with a document type or an entity. Nothing is fetched,
 * nothing expanded. To be freed with xmlFreeDoc(). */
xmlDocPtr cap_tree(struct view xml, struct faults *faults);

/* NODE or the first element behind it; NULL: there is none. */
const xmlNode *cap_first(const xmlNode *node);
/* Whether it is of CAP's namespace. */
bool cap_is_cap(const xmlNode *node);
const char *cap_name(const xmlNode *node);
/* The first element of CAP of this name at or after NODE. */
const xmlNode *cap_find(const xmlNode *node, const char *name);
/* The element's text, to be freed; NULL where there are elements in it. */
char *cap_text(const xmlNode *node);
/* A word, a time, a number: white space around it is layout. In place. */
char *cap_trim(char *text);

#endif
