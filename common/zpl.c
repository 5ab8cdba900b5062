#include "common/zpl.h"

zconfig_t *zpl_load(const char *path)
{
    zchunk_t *chunk = zchunk_slurp(path, ZPL_SIZE_MAX + 1);
    zconfig_t *tree = chunk && zchunk_size(chunk) <= ZPL_SIZE_MAX ? zconfig_chunk_load(chunk) : NULL;
    zchunk_destroy(&chunk);
    return tree;
}
