/* tests/sheet/workbook.h - files of tables, made in place for the tests of sheet/ and its fuzz targets. */
#ifndef TESTS_SHEET_WORKBOOK_H
#define TESTS_SHEET_WORKBOOK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

/* A part of a workbook: `text` `times` over. */
struct part_text {
    const char *name;
    const char *text;
    size_t size;
    size_t times;
};

#define RELATION "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define PACKAGE  "http://schemas.openxmlformats.org/package/2006/relationships"
#define BOOK_RELATIONS                                                                                                 \
    "<Relationships xmlns='" PACKAGE "'><Relationship Id='r1' Type='" RELATION                                         \
    "/officeDocument' Target='xl/workbook.xml'/></Relationships>"
#define BOOK                                                                                                           \
    "<workbook xmlns:r='" RELATION "'><sheets><sheet name='review_report' sheetId='1' r:id='r1'/></sheets></workbook>"
#define SHEET_RELATIONS                                                                                                \
    "<Relationships xmlns='" PACKAGE "'><Relationship Id='r1' Type='" RELATION                                         \
    "/worksheet' Target='worksheets/sheet1.xml'/><Relationship Id='r2' Type='" RELATION                                \
    "/sharedStrings' Target='sharedStrings.xml'/><Relationship Id='r3' Type='" RELATION                                \
    "/styles' Target='styles.xml'/></Relationships>"
#define SHEET_PART  "xl/worksheets/sheet1.xml"
#define TEXTS_PART  "xl/sharedStrings.xml"
#define STYLES_PART "xl/styles.xml"

static inline FILE *file_of(const void *bytes, size_t size)
{
    FILE *file = tmpfile();
    if (!file || fwrite(bytes, 1, size, file) != size || fflush(file) != 0) {
        abort();
    }
    return file;
}

static inline voidpf give_opened(voidpf opaque, const void *name, int mode)
{
    (void)name, (void)mode;
    return opaque;
}

static inline int leave_opened(voidpf opaque, voidpf stream)
{
    (void)opaque;
    return fflush(stream);
}

static inline void put_part(zipFile zip, const struct part_text *part)
{
    int done = zipOpenNewFileInZip(zip, part->name, NULL, NULL, 0, NULL, 0, NULL, Z_DEFLATED, 1);
    for (size_t i = 0; i < part->times && done == ZIP_OK; i++) {
        done = zipWriteInFileInZip(zip, part->text, (unsigned)part->size);
    }
    if (done != ZIP_OK || zipCloseFileInZip(zip) != ZIP_OK) {
        abort();
    }
}

/* A workbook of PARTS; BOOK_TEXT is its list of sheets. */
static inline FILE *workbook_with(const char *book_text, const struct part_text *parts, size_t count)
{
    const struct part_text fixed[] = {
        {"_rels/.rels", BOOK_RELATIONS, sizeof BOOK_RELATIONS - 1, 1},
        {"xl/workbook.xml", book_text, strlen(book_text), 1},
        {"xl/_rels/workbook.xml.rels", SHEET_RELATIONS, sizeof SHEET_RELATIONS - 1, 1},
    };
    FILE *file = tmpfile();
    zlib_filefunc64_def functions;
    fill_fopen64_filefunc(&functions);
    functions.zopen64_file = give_opened;
    functions.zclose_file = leave_opened;
    functions.opaque = file;
    zipFile zip = file ? zipOpen2_64("", APPEND_STATUS_CREATE, NULL, &functions) : NULL;
    if (!zip) {
        abort();
    }
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        put_part(zip, &fixed[i]);
    }
    for (size_t i = 0; i < count; i++) {
        put_part(zip, &parts[i]);
    }
    if (zipClose(zip, NULL) != ZIP_OK) {
        abort();
    }
    return file;
}

/* A workbook of one sheet, `review_report`, whose other parts are PARTS. */
static inline FILE *workbook_of(const struct part_text *parts, size_t count)
{
    return workbook_with(BOOK, parts, count);
}

#endif
