#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/test.h"
#include <zip.h>

#include "common/media.h"

#define OFFICE "application/vnd.openxmlformats-officedocument."

static char path[] = "/tmp/agn-media-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_bytes(const void *bytes, size_t size)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

/* NULL: none that is taken. */
static void assert_type(const char *wanted)
{
    const char *type = NULL;
    err_t err = media_find(path, &type);
    if (!wanted) {
        assert_int_equal(err, ERR_NOT_FOUND);
        return;
    }
    assert_int_equal(err, ERR_OK);
    assert_string_equal(type, wanted);
    assert_true(media_is_taken((struct view){(const uint8_t *)wanted, strlen(wanted)}));
    assert_string_not_equal(media_suffix(wanted), "");
}

static void test_pictures_and_pdf_are_told_by_their_beginning(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        const char *type;
    } cases[] = {
        {"%PDF-1.4\n", 9, "application/pdf"},
        {" %PDF-1.4\n", 10, NULL},
        {"%PDF", 4, NULL},
        {"\x89PNG\r\n\x1a\n", 8, "image/png"},
        {"\x89PNG\n\x1a\n", 7, NULL},
        {"\xff\xd8\xff\xe0", 4, "image/jpeg"},
        {"\xff\xd8", 2, NULL},
        {"GIF89a", 6, "image/gif"},
        {"GIF88a", 6, NULL},
        {"II*\0", 4, "image/tiff"},
        {"MM\0*", 4, "image/tiff"},
        {"RIFF\1\0\0\0WEBPVP8 ", 16, "image/webp"},
        {"RIFF\1\0\0\0WAVEfmt ", 16, NULL},
        {"\0\0\0\x18"
         "ftypheic",
         12, "image/heic"},
        {"\0\0\0\x18"
         "ftypmp42",
         12, NULL},
        {"MZ", 2, NULL},
        {"", 0, NULL},
        {"PK\3\4", 4, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_bytes(cases[i].bytes, cases[i].size);
        assert_type(cases[i].type);
    }
}

static void write_zip(const char *const *names)
{
    unlink(path);
    zipFile zip = zipOpen(path, APPEND_STATUS_CREATE);
    assert_non_null(zip);
    for (; *names; names++) {
        assert_int_equal(zipOpenNewFileInZip(zip, *names, NULL, NULL, 0, NULL, 0, NULL, Z_DEFLATED, 1), ZIP_OK);
        assert_int_equal(zipWriteInFileInZip(zip, "<x/>", 4), ZIP_OK);
        zipCloseFileInZip(zip);
    }
    zipClose(zip, NULL);
}

static void test_zip_files_are_told_by_their_entries(void **state)
{
    (void)state;
    static const struct {
        const char *names[5];
        const char *type;
    } cases[] = {
        {{"[Content_Types].xml", "word/document.xml"}, OFFICE "wordprocessingml.document"},
        {{"xl/workbook.xml", "[Content_Types].xml"}, OFFICE "spreadsheetml.sheet"},
        {{"[Content_Types].xml", "ppt/presentation.xml"}, OFFICE "presentationml.presentation"},
        {{"OFD.xml", "Doc_0/Document.xml"}, "application/ofd"},
        {{"word/document.xml"}, NULL},
        {{"[Content_Types].xml"}, NULL},
        {{"[Content_Types].xml", "word/document.xml", "xl/workbook.xml"}, NULL},
        {{"[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"}, NULL},
        {{"[Content_Types].xml", "Word/document.xml"}, NULL},
        {{"a.exe"}, NULL},
        {{NULL}, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_zip(cases[i].names);
        assert_type(cases[i].type);
    }
}

/* A compound file of one allocation sector and one directory sector with up to four entries. */
struct entry {
    const char *name;
    uint8_t type; /* 1 storage, 2 stream, 5 root */
    uint32_t left, right, child;
};
#define NONE 0xffffffffU

static void put_number(uint8_t *at, uint32_t number)
{
    for (int i = 0; i < 4; i++) {
        at[i] = (uint8_t)(number >> (8 * i));
    }
}

static void fill_ole(uint8_t file[2048], const struct entry *entries, size_t count)
{
    static const uint8_t magic[] = {0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1};
    memset(file, 0, 2048);
    memcpy(file, magic, sizeof magic);
    file[30] = 9;
    put_number(file + 48, 1);          /* the directory */
    put_number(file + 68, 0xfffffffe); /* no further table of FAT sectors */
    put_number(file + 76, 0);          /* the FAT */
    put_number(file + 512, 0xfffffffd);
    put_number(file + 516, 0xfffffffe);
    for (size_t i = 0; i < count && entries[i].name; i++) {
        uint8_t *at = file + 1024 + 128 * i;
        size_t size = strlen(entries[i].name);
        for (size_t k = 0; k < size; k++) {
            at[2 * k] = (uint8_t)entries[i].name[k];
        }
        at[64] = (uint8_t)(2 * (size + 1));
        at[66] = entries[i].type;
        put_number(at + 68, entries[i].left);
        put_number(at + 72, entries[i].right);
        put_number(at + 76, entries[i].child);
    }
}

static void test_compound_files_are_told_by_the_streams_of_their_root(void **state)
{
    (void)state;
    static const struct {
        struct entry entries[4];
        const char *type;
    } cases[] = {
        {{{"Root Entry", 5, NONE, NONE, 1}, {"WordDocument", 2, NONE, NONE, NONE}}, "application/msword"},
        {{{"Root Entry", 5, NONE, NONE, 2}, {"Workbook", 2, NONE, NONE, NONE}, {"a", 2, 1, NONE, NONE}},
         "application/vnd.ms-excel"},
        {{{"Root Entry", 5, NONE, NONE, 2}, {"Book", 2, NONE, NONE, NONE}, {"a", 2, NONE, 1, NONE}},
         "application/vnd.ms-excel"},
        {{{"Root Entry", 5, NONE, NONE, 1}, {"PowerPoint Document", 2, NONE, NONE, NONE}},
         "application/vnd.ms-powerpoint"},
        /* A worksheet with a text inside is a worksheet. */
        {{{"Root Entry", 5, NONE, NONE, 1},
          {"Workbook", 2, NONE, 2, NONE},
          {"MBD1", 1, NONE, NONE, 3},
          {"WordDocument", 2, NONE, NONE, NONE}},
         "application/vnd.ms-excel"},
        {{{"Root Entry", 5, NONE, NONE, 1}, {"Workbook", 2, NONE, 2, NONE}, {"WordDocument", 2, NONE, NONE, NONE}},
         NULL},
        {{{"Root Entry", 5, NONE, NONE, 1}, {"WordDocument", 1, NONE, NONE, NONE}}, NULL}, /* a storage */
        {{{"Root Entry", 5, NONE, NONE, 1}, {"a", 2, 1, 2, 1}, {"b", 2, 1, 2, 1}}, NULL},  /* circles */
        {{{"Root Entry", 5, NONE, NONE, 9999}, {"WordDocument", 2, NONE, NONE, NONE}}, NULL},
        {{{"Root Entry", 2, NONE, NONE, 1}, {"WordDocument", 2, NONE, NONE, NONE}}, NULL},
    };
    uint8_t file[2048];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fill_ole(file, cases[i].entries, 4);
        write_bytes(file, sizeof file);
        assert_type(cases[i].type);
    }
}

/* Any byte of a file may be wrong: something is answered, within bounds and an end. */
static void test_broken_containers_are_harmless(void **state)
{
    (void)state;
    static const struct entry entries[4] = {{"Root Entry", 5, NONE, NONE, 1},
                                            {"WordDocument", 2, NONE, NONE, NONE},
                                            {"a", 2, NONE, NONE, NONE},
                                            {"b", 2, NONE, NONE, NONE}};
    uint8_t file[2048];
    const char *type = NULL;
    for (size_t i = 0; i < 4000; i++) {
        unsigned seed = (unsigned)i * 2654435761U;
        fill_ole(file, entries, 4);
        for (int k = 0; k < 3; k++) {
            seed = seed * 1103515245U + 12345U;
            file[8 + (seed >> 8) % 1500] = (uint8_t)(seed >> 24);
        }
        write_bytes(file, i % 3 ? sizeof file : (seed >> 16) % sizeof file);
        assert_true(media_find(path, &type) == ERR_OK || !type);
    }
    fill_ole(file, entries, 4);
    put_number(file + 516, 1); /* the directory goes on with itself */
    write_bytes(file, sizeof file);
    assert_type("application/msword");
}

static void test_broken_zips_are_harmless(void **state)
{
    (void)state;
    static const char *const names[] = {"[Content_Types].xml", "word/document.xml", NULL};
    uint8_t file[2048];
    const char *type = NULL;
    write_zip(names);
    FILE *whole = fopen(path, "r");
    size_t size = fread(file, 1, sizeof file, whole);
    fclose(whole);
    for (size_t i = 0; i < 2 * size; i++) {
        uint8_t copy[sizeof file];
        memcpy(copy, file, size);
        copy[i % size] ^= i < size ? 0xff : 0x80;
        write_bytes(copy, size);
        assert_true(media_find(path, &type) == ERR_OK || !type);
        write_bytes(file, i % size);
        assert_true(media_find(path, &type) == ERR_OK || !type);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pictures_and_pdf_are_told_by_their_beginning),
        cmocka_unit_test(test_zip_files_are_told_by_their_entries),
        cmocka_unit_test(test_compound_files_are_told_by_the_streams_of_their_root),
        cmocka_unit_test(test_broken_containers_are_harmless),
        cmocka_unit_test(test_broken_zips_are_harmless),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
