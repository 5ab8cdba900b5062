/* common/cap_tree.h - hostile XML as a bounded tree; for common/cap_read.c. */
#ifndef COMMON_CAP_TREE_H
#define COMMON_CAP_TREE_H

#include <libxml/tree.h>

#include "proto/fault.h"
#include "proto/reader.h"

enum { CAP_DEPTH_MAX = 16, CAP_ELEMENTS_MAX = 5000, CAP_TAG_MAX = 4096 };

/* NULL with one fault: too large or too deep, not well formed, with a document type or an entity. Nothing is fetched,
 * nothing expanded. To be freed with xmlFreeDoc(). */
xmlDocPtr cap_tree(struct view xml, struct faults *faults);

#endif
