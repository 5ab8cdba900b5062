/* common/zpl.h - a ZPL file as a tree. zconfig_load() would read files of any size, and leaks where one is no ZPL. */
#ifndef COMMON_ZPL_H
#define COMMON_ZPL_H

#include <czmq.h>

enum { ZPL_SIZE_MAX = 1048576 };

/* NULL: it cannot be read, is over ZPL_SIZE_MAX bytes, or is no ZPL. The caller destroys it. */
zconfig_t *zpl_load(const char *path);

#endif
