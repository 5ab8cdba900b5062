/* common/workbook.h - a workbook that is written beside its place and then put into it: it is there whole or not at
 * all. */
#ifndef COMMON_WORKBOOK_H
#define COMMON_WORKBOOK_H

#include <xlsxwriter.h>

#include "common/home.h"

struct workbook_file {
    const char *path;     /* borrowed */
    char part[PATH_SIZE]; /* what is being written */
    lxw_workbook *workbook;
    char flaw[256]; /* the first one; "": none */
};

/* False: there is a flaw. CONSTANT_MEMORY: rows go to disk as they come, in order. */
bool workbook_begin(struct workbook_file *file, const char *path, bool constant_memory);
/* What is written will not be put in place. */
void workbook_spoil(struct workbook_file *file, const char *what);
/* Writes what was begun. False: there is a flaw, and nothing at PATH has changed. */
bool workbook_end(struct workbook_file *file);

#endif
