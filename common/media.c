#include "common/media.h"

#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <unzip.h>

#include "common/compound.h"

#define OFFICE "application/vnd.openxmlformats-officedocument."
#define DOCX   OFFICE "wordprocessingml.document"
#define XLSX   OFFICE "spreadsheetml.sheet"
#define PPTX   OFFICE "presentationml.presentation"

enum { HEAD_SIZE = 16, ZIP_ENTRIES_MAX = 65536, ZIP_NAME_SIZE = 512 };

static const struct {
    const char *type, *suffix;
} types[] = {
    {"application/pdf", ".pdf"},
    {DOCX, ".docx"},
    {XLSX, ".xlsx"},
    {PPTX, ".pptx"},
    {"application/msword", ".doc"},
    {"application/vnd.ms-excel", ".xls"},
    {"application/vnd.ms-powerpoint", ".ppt"},
    {"application/ofd", ".ofd"},
    {"image/png", ".png"},
    {"image/jpeg", ".jpg"},
    {"image/gif", ".gif"},
    {"image/tiff", ".tif"},
    {"image/webp", ".webp"},
    {"image/heic", ".heic"},
};

/* How a file begins: `size` bytes at `offset`, and where `first` stands, that at 0. */
static const struct {
    const char *type;
    size_t offset, size;
    const char *bytes, *first;
} beginnings[] = {
    {"application/pdf", 0, 5, "%PDF-", NULL},   {"image/png", 0, 8, "\x89PNG\r\n\x1a\n", NULL},
    {"image/jpeg", 0, 3, "\xff\xd8\xff", NULL}, {"image/gif", 0, 6, "GIF87a", NULL},
    {"image/gif", 0, 6, "GIF89a", NULL},        {"image/tiff", 0, 4, "II*\0", NULL},
    {"image/tiff", 0, 4, "MM\0*", NULL},        {"image/webp", 8, 4, "WEBP", "RIFF"},
    {"image/heic", 4, 8, "ftypheic", NULL},     {"image/heic", 4, 8, "ftypheix", NULL},
    {"image/heic", 4, 8, "ftyphevc", NULL},     {"image/heic", 4, 8, "ftyphevx", NULL},
};

/* The entry or stream that makes a container what it is. Two of different types make it nothing. */
struct mark {
    const char *name, *type;
};

static const struct mark zip_marks[] = {{"word/document.xml", DOCX},
                                        {"xl/workbook.xml", XLSX},
                                        {"ppt/presentation.xml", PPTX},
                                        {"OFD.xml", "application/ofd"}};

static const struct mark ole_marks[] = {{"WordDocument", "application/msword"},
                                        {"Workbook", "application/vnd.ms-excel"},
                                        {"Book", "application/vnd.ms-excel"},
                                        {"PowerPoint Document", "application/vnd.ms-powerpoint"}};

struct finding {
    const char *type; /* NULL: none yet */
    bool is_refused;
};

static void note_name(const char *name, const struct mark *marks, size_t count, struct finding *finding)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, marks[i].name) == 0) {
            finding->is_refused = finding->is_refused || (finding->type && strcmp(finding->type, marks[i].type) != 0);
            finding->type = marks[i].type;
        }
    }
}

static const char *find_beginning(struct view head)
{
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        if (head.size >= beginnings[i].offset + beginnings[i].size &&
            memcmp(head.at + beginnings[i].offset, beginnings[i].bytes, beginnings[i].size) == 0 &&
            (!beginnings[i].first || memcmp(head.at, beginnings[i].first, strlen(beginnings[i].first)) == 0)) {
            return beginnings[i].type;
        }
    }
    return NULL;
}

/* Macros, wherever they lie: Office compares the names of parts without regard to case. */
static bool is_macro(const char *name)
{
    const char *slash = strrchr(name, '/');
    return strcasecmp(slash ? slash + 1 : name, "vbaProject.bin") == 0;
}

/* Reads the list of entries only; a list that does not end well makes it no ZIP. */
static const char *find_in_zip(const char *path)
{
    char name[ZIP_NAME_SIZE];
    struct finding finding = {.type = NULL};
    bool has_content_types = false;
    unzFile zip = unzOpen64(path);
    if (!zip) {
        return NULL;
    }
    int code = unzGoToFirstFile(zip);
    for (int i = 0; code == UNZ_OK && i < ZIP_ENTRIES_MAX; i++) {
        code = unzGetCurrentFileInfo64(zip, NULL, name, sizeof name - 1, NULL, 0, NULL, 0);
        name[sizeof name - 1] = '\0';
        if (code == UNZ_OK) {
            has_content_types = has_content_types || strcmp(name, "[Content_Types].xml") == 0;
            finding.is_refused = finding.is_refused || is_macro(name);
            note_name(name, zip_marks, sizeof zip_marks / sizeof *zip_marks, &finding);
            code = unzGoToNextFile(zip);
        }
    }
    unzClose(zip);
    bool is_office = finding.type && strncmp(finding.type, OFFICE, strlen(OFFICE)) == 0;
    bool is_good = code == UNZ_END_OF_LIST_OF_FILE && !finding.is_refused && (has_content_types || !is_office);
    return is_good ? finding.type : NULL;
}

static void note_stream(void *self, const char name[COMPOUND_NAME_SIZE])
{
    note_name(name, ole_marks, sizeof ole_marks / sizeof *ole_marks, self);
}

static const char *find_in_compound(int fd)
{
    struct finding finding = {.type = NULL};
    err_t err = compound_each_stream(fd, note_stream, &finding);
    return err == ERR_OK && !finding.is_refused ? finding.type : NULL;
}

err_t media_find(const char *path, const char **ret_type)
{
    uint8_t bytes[HEAD_SIZE];
    *ret_type = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : pread(fd, bytes, sizeof bytes, 0);
    if (size < 0) {
        if (fd >= 0) {
            close(fd);
        }
        return ERR_IO;
    }
    struct view head = {bytes, (size_t)size};
    if (compound_is(head)) {
        *ret_type = find_in_compound(fd);
    } else if (head.size >= 4 && memcmp(head.at, "PK\3\4", 4) == 0) {
        *ret_type = find_in_zip(path);
    } else {
        *ret_type = find_beginning(head);
    }
    close(fd);
    return *ret_type ? ERR_OK : ERR_NOT_FOUND;
}

bool media_is_taken(struct view type)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (view_is(type, types[i].type)) {
            return true;
        }
    }
    return false;
}

const char *media_suffix(const char *type)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(type, types[i].type) == 0) {
            return types[i].suffix;
        }
    }
    return "";
}
