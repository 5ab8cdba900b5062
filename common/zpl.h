/* common/zpl.h - a ZPL file as a tree, and where in it something stands. zconfig_load() would read files of any size,
 * and leaks where one is no ZPL. */
#ifndef COMMON_ZPL_H
#define COMMON_ZPL_H

#include <czmq.h>

/* What zconfig does with a line takes time by the number of those before it. */
enum { ZPL_SIZE_MAX = 1048576, ZPL_LINES_MAX = 10000, ZPL_PLACE_SIZE = 216 };

/* NULL: it cannot be read, is over ZPL_SIZE_MAX bytes or ZPL_LINES_MAX lines, or is no ZPL. The caller destroys it. */
zconfig_t *zpl_load(const char *path);
/* The same, with the reason where it is NULL. */
zconfig_t *zpl_open(const char *path, char reterr_reason[512]);

/* Text that a record may hold, too: UTF-8 without control characters. *ret_count: its code points. */
bool zpl_is_prose(const char *value, size_t *ret_count);

/* "PATH:LINE" of KEY, of the first one below SECTION where that is not NULL; SECTION itself is a key of it. Without the
 * line where there is none. */
void zpl_place(const char *path, const char *section, const char *key, char ret_place[ZPL_PLACE_SIZE]);

#endif
