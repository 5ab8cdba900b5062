#include "common/zpl.h"

#include <string.h>

#include "common/text.h"
#include "proto/prose.h"

static bool has_bounded_lines(zchunk_t *chunk)
{
    const char *at = (const char *)zchunk_data(chunk);
    const char *end = at + zchunk_size(chunk);
    size_t lines = 0;
    while (at < end && lines <= ZPL_LINES_MAX) {
        const char *next = memchr(at, '\n', (size_t)(end - at));
        at = next ? next + 1 : end;
        lines++;
    }
    return lines <= ZPL_LINES_MAX;
}

zconfig_t *zpl_load(const char *path)
{
    zchunk_t *chunk = zchunk_slurp(path, ZPL_SIZE_MAX + 1);
    bool is_bounded = chunk && zchunk_size(chunk) <= ZPL_SIZE_MAX && has_bounded_lines(chunk);
    zconfig_t *tree = is_bounded ? zconfig_chunk_load(chunk) : NULL;
    zchunk_destroy(&chunk);
    return tree;
}

zconfig_t *zpl_open(const char *path, char reterr_reason[512])
{
    zconfig_t *tree = zpl_load(path);
    if (!tree) {
        snprintf(reterr_reason, 512,
                 tr("%.300s: not a ZPL file, or not to be read", "%.300s：不是有效的 ZPL 文件，或无法读取"), path);
    }
    return tree;
}

bool zpl_is_prose(const char *value, size_t *ret_count)
{
    struct prose prose;
    bool is_sound = prose_scan((struct view){(const uint8_t *)value, strlen(value)}, &prose) == PROSE_SOUND;
    *ret_count = prose.count;
    return is_sound;
}

static bool is_name(const char *at, size_t size, const char *name)
{
    return strlen(name) == size && memcmp(at, name, size) == 0;
}

/* zconfig keeps no line numbers, so the line is found again by its key; 0: it does not stand there. */
static int line_of(const char *path, const char *section, const char *key)
{
    char *line = NULL;
    size_t room = 0;
    int found = 0;
    bool is_inside = section == NULL;
    FILE *file = fopen(path, "r");
    for (int number = 1; file && !found && getline(&line, &room, file) > 0; number++) {
        const char *at = line + strspn(line, " ");
        size_t size = strcspn(at, " \t\v\f\r\n=#");
        is_inside = is_inside || is_name(at, size, section);
        found = is_inside && is_name(at, size, key) ? number : 0;
    }
    if (file) {
        fclose(file);
    }
    free(line);
    return found;
}

void zpl_place(const char *path, const char *section, const char *key, char ret_place[ZPL_PLACE_SIZE])
{
    int line = line_of(path, section, key);
    if (line > 0) {
        snprintf(ret_place, ZPL_PLACE_SIZE, "%.200s:%d", path, line);
    } else {
        snprintf(ret_place, ZPL_PLACE_SIZE, "%.200s", path);
    }
}
