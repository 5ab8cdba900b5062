#include "common/workbook.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void workbook_spoil(struct workbook_file *file, const char *what)
{
    if (!*file->flaw) {
        snprintf(file->flaw, sizeof file->flaw, "%.120s: %.120s", file->path, what);
    }
}

bool workbook_begin(struct workbook_file *file, const char *path, bool constant_memory)
{
    *file = (struct workbook_file){.path = path};
    int size = snprintf(file->part, sizeof file->part, "%s.XXXXXX", path);
    int fd = size < (int)sizeof file->part ? mkstemp(file->part) : -1;
    if (fd < 0) {
        workbook_spoil(file, strerror(size < (int)sizeof file->part ? errno : ENAMETOOLONG));
        return false;
    }
    close(fd);
    lxw_workbook_options options = {.constant_memory = constant_memory, .use_zip64 = LXW_TRUE};
    file->workbook = workbook_new_opt(file->part, &options);
    if (!file->workbook) {
        unlink(file->part);
        workbook_spoil(file, strerror(ENOMEM));
    }
    return file->workbook != NULL;
}

bool workbook_end(struct workbook_file *file)
{
    if (file->workbook) {
        errno = 0;
        lxw_error error = workbook_close(file->workbook);
        file->workbook = NULL;
        if (error != LXW_NO_ERROR) {
            workbook_spoil(file, errno ? strerror(errno) : lxw_strerror(error));
        } else if (!*file->flaw && rename(file->part, file->path) != 0) {
            workbook_spoil(file, strerror(errno));
        }
        if (*file->flaw) {
            unlink(file->part);
        }
    }
    return !*file->flaw;
}
