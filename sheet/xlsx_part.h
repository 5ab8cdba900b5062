/* sheet/xlsx_part.h - one part of a workbook, unpacked and parsed piece by piece; for sheet/xlsx*.c alone.
 *
 * A part is bounded by what it unpacks to, by its depth and by the size of one token, and all parts that are read of
 * one workbook, be it one part over and over, by what they unpack to together. Document types, and with them entities,
 * are refused. Names come without their namespaces. */
#ifndef SHEET_XLSX_PART_H
#define SHEET_XLSX_PART_H

#include <expat.h>
#include <minizip/unzip.h>

#include "sheet/sheet.h"

enum { PART_SIZE_MAX = 268435456, PART_DEPTH_MAX = 64, PART_TOKEN_MAX = 4194304, PART_NAME_SIZE = 256 };
enum { ZIP_SIZE_MAX = 2 * PART_SIZE_MAX, ZIP_PARTS_MAX = 4096 };

struct part_zip {
    unzFile file;
    uint64_t left; /* bytes that may still be unpacked, or taken from the shared texts */
};

struct part_handlers {
    void (*start)(void *self, const char *name, const XML_Char **attributes);
    void (*end)(void *self, const char *name);
    void (*text)(void *self, const char *text, size_t size);
};

struct part {
    struct part_zip *zip;
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

/* FILE is borrowed. False: it is no ZIP, or one of more than ZIP_PARTS_MAX parts. */
bool part_zip_open(FILE *file, struct part_zip *ret_zip);
void part_zip_close(struct part_zip *zip);

/* ERR_NOT_FOUND: the workbook has no such part. */
MUST_CHECK err_t part_open(struct part *part, struct part_zip *zip, const char *name,
                           const struct part_handlers *handlers, void *self);
/* Parses on until a handler calls part_pause() (ERR_OK) or the part ends (ERR_NOT_FOUND). ERR_INVALID: part->flaw. */
MUST_CHECK err_t part_go_on(struct part *part);
void part_close(struct part *part);
/* The whole of a part at once. */
MUST_CHECK err_t part_read(struct part_zip *zip, const char *name, const struct part_handlers *handlers, void *self,
                           const char **reterr_flaw);

/* From a handler: return from part_go_on() after this event. */
void part_pause(struct part *part);
/* From a handler: SIZE more bytes of the workbook's share are used up. */
void part_spend(struct part *part, size_t size);
/* From a handler: the part is refused. */
void part_fail(struct part *part, const char *flaw);

/* The value of an attribute by its name without namespace; NULL when it is absent. */
const char *part_attribute(const XML_Char **attributes, const char *name);

#endif
