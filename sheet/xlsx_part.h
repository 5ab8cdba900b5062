/* sheet/xlsx_part.h - one part of a workbook, unpacked and parsed piece by piece; for sheet/xlsx*.c alone.
 *
 * A part is bounded by what it unpacks to, by its depth and by the size of one token. Document types, and with them
 * entities, are refused. Names come without their namespaces. */
#ifndef SHEET_XLSX_PART_H
#define SHEET_XLSX_PART_H

#include <expat.h>
#include <minizip/unzip.h>

#include "sheet/sheet.h"

enum { PART_SIZE_MAX = 268435456, PART_DEPTH_MAX = 64, PART_TOKEN_MAX = 4194304, PART_NAME_SIZE = 256 };

struct part_handlers {
    void (*start)(void *self, const char *name, const XML_Char **attributes);
    void (*end)(void *self, const char *name);
    void (*text)(void *self, const char *text, size_t size);
};

struct part {
    unzFile zip;
    XML_Parser parser;
    const struct part_handlers *handlers;
    void *self;
    const char *flaw; /* why parsing was ended, in the user's language */
    uint64_t fed;
    unsigned depth;
    bool is_open;
    bool is_fed;
    bool is_paused;
};

/* FILE is borrowed. NULL: it is no ZIP. */
unzFile part_zip_open(FILE *file);

/* ERR_NOT_FOUND: the workbook has no such part. */
MUST_CHECK err_t part_open(struct part *part, unzFile zip, const char *name, const struct part_handlers *handlers,
                           void *self);
/* Parses on until a handler calls part_pause() (ERR_OK) or the part ends (ERR_NOT_FOUND). ERR_INVALID: part->flaw. */
MUST_CHECK err_t part_go_on(struct part *part);
void part_close(struct part *part);
/* The whole of a part at once. */
MUST_CHECK err_t part_read(unzFile zip, const char *name, const struct part_handlers *handlers, void *self,
                           const char **reterr_flaw);

/* From a handler: return from part_go_on() after this event. */
void part_pause(struct part *part);
/* From a handler: the part is refused. */
void part_fail(struct part *part, const char *flaw);

/* The value of an attribute by its name without namespace; NULL when it is absent. */
const char *part_attribute(const XML_Char **attributes, const char *name);

#endif
