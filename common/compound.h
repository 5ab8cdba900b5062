/* common/compound.h - the streams in the root of an OLE compound file ([MS-CFB]): Office's format before 2007.
 *
 * The file is hostile: references may lead anywhere or in circles. Each is held against what is there, each directory
 * entry is visited once, and at most COMPOUND_DIRECTORY_MAX bytes of directory are read. */
#ifndef COMMON_COMPOUND_H
#define COMMON_COMPOUND_H

#include <stdbool.h>

#include "proto/err.h"
#include "proto/reader.h"

enum { COMPOUND_DIRECTORY_MAX = 4 << 20, COMPOUND_NAME_SIZE = 32 };

/* True when the file begins as a compound file does. */
bool compound_is(struct view head);

/* Calls EACH with the name of every stream in the root storage; a character outside ASCII is given as '?'.
 * ERR_INVALID: no compound file, or no root. */
MUST_CHECK err_t compound_each_stream(int fd, void (*each)(void *self, const char name[COMPOUND_NAME_SIZE]),
                                      void *self);

#endif
