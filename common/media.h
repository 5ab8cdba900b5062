/* common/media.h - what a file is, by its content (PROTOCOL.md §9, Types). The name counts for nothing.
 *
 * The files come from anybody: every length and every reference in them is held against the file's size, and what is
 * looked at is bounded. Nothing is unpacked. */
#ifndef COMMON_MEDIA_H
#define COMMON_MEDIA_H

#include <stdbool.h>

#include "proto/err.h"
#include "proto/reader.h"

/* The media type of the file at PATH: a static text, one of those that media_is_taken(). ERR_NOT_FOUND: it is none of
 * them; ERR_IO: the file cannot be read. *ret_type is NULL then. */
MUST_CHECK err_t media_find(const char *path, const char **ret_type);

bool media_is_taken(struct view type);

/* What a file name of the type ends with: ".pdf". "" for a type that is not taken. */
const char *media_suffix(const char *type);

#endif
