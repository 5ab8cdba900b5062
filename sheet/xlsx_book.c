#include "sheet/xlsx_book.h"

#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "common/mem.h"
#include "common/text.h"

enum { ESCAPE_SIZE = 7 /* _x000D_ */, FIRST_OWN_FORMAT = 164 };

/* A relation of a part: its number, what it is, and the part that it leads to. */
struct relation {
    char id[64];
    char type[64]; /* the last word of its name */
    char target[PART_NAME_SIZE];
};

struct number_format {
    unsigned id;
    struct book_format format;
};

/* While the parts are read. */
struct reading {
    struct book *book;
    struct part *part;
    struct relation *relations;
    size_t relation_count;
    struct number_format *own;
    size_t own_count;
    size_t text_size, text_capacity, offset_capacity, format_capacity;
    size_t from; /* of the text at hand */
    unsigned phonetic;
    bool is_in_text, is_in_formats, is_too_much, has_too_many_sheets;
};

static void *grow(void *list, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) {
        return list;
    }
    *capacity = *capacity ? *capacity * 2 : 64;
    return mem_grow(list, *capacity, size);
}

/* ---- Which part leads to which ---- */

static void on_relation(void *self, const char *name, const XML_Char **attributes)
{
    struct reading *reading = self;
    const char *id = part_attribute(attributes, "Id");
    const char *type = part_attribute(attributes, "Type");
    const char *target = part_attribute(attributes, "Target");
    if (strcmp(name, "Relationship") != 0 || !id || !type || !target ||
        reading->relation_count == (size_t)2 * BOOK_SHEETS_MAX || strlen(target) >= PART_NAME_SIZE - 64) {
        return;
    }
    struct relation *relation = &reading->relations[reading->relation_count++];
    const char *word = strrchr(type, '/');
    snprintf(relation->id, sizeof relation->id, "%s", id);
    snprintf(relation->type, sizeof relation->type, "%s", word ? word + 1 : type);
    snprintf(relation->target, sizeof relation->target, "%s", target);
}

static const struct part_handlers relation_handlers = {.start = on_relation};

/* TARGET as it stands in a relation of the part PATH. */
static void resolve(const char *path, const char *target, char ret_path[PART_NAME_SIZE])
{
    const char *folder_end = strrchr(path, '/');
    int folder = folder_end ? (int)(folder_end + 1 - path) : 0;
    if (*target == '/') {
        snprintf(ret_path, PART_NAME_SIZE, "%s", target + 1);
    } else {
        snprintf(ret_path, PART_NAME_SIZE, "%.*s%s", folder, path, target);
    }
}

/* The relations of PATH ("" for the workbook's file itself). */
static void read_relations(struct reading *reading, struct part_zip *zip, const char *path)
{
    char name[PART_NAME_SIZE];
    const char *flaw = NULL;
    const char *base = strrchr(path, '/');
    int folder = base ? (int)(base + 1 - path) : 0;
    snprintf(name, sizeof name, "%.*s_rels/%s.rels", folder, path, path + folder);
    reading->relation_count = 0;
    if (part_read(zip, name, &relation_handlers, reading, &flaw) != ERR_OK) {
        reading->relation_count = 0;
    }
}

/* By its type or, with ID, by that. */
static const char *find_target(const struct reading *reading, const char *type, const char *id)
{
    for (size_t i = 0; i < reading->relation_count; i++) {
        const struct relation *relation = &reading->relations[i];
        if (id ? strcmp(relation->id, id) == 0 : strcmp(relation->type, type) == 0) {
            return relation->target;
        }
    }
    return NULL;
}

/* ---- The list of sheets ---- */

static bool is_true(const char *text)
{
    return text && (strcmp(text, "1") == 0 || strcmp(text, "true") == 0);
}

/* `part` holds the relation's id until all sheets are known. */
static void on_workbook(void *self, const char *name, const XML_Char **attributes)
{
    struct reading *reading = self;
    struct book *book = reading->book;
    if (strcmp(name, "workbookPr") == 0) {
        book->is_1904 = is_true(part_attribute(attributes, "date1904"));
    }
    if (strcmp(name, "sheet") != 0) {
        return;
    }
    if (book->sheet_count == BOOK_SHEETS_MAX) {
        reading->has_too_many_sheets = true; /* never some of a workbook as if it were all */
        return;
    }
    const char *title = part_attribute(attributes, "name");
    const char *id = part_attribute(attributes, "id");
    const char *state = part_attribute(attributes, "state");
    struct book_sheet *sheet = &book->sheets[book->sheet_count++];
    snprintf(sheet->name, sizeof sheet->name, "%s", title ? title : "");
    snprintf(sheet->part, sizeof sheet->part, "%s", id ? id : "");
    sheet->is_hidden = state && strcmp(state, "visible") != 0;
}

static const struct part_handlers workbook_handlers = {.start = on_workbook};

/* ---- Shared texts ---- */

static int escape_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* The character that an escape at TEXT stands for; -1: it is none. */
static int32_t escaped(const char *text, size_t size)
{
    int32_t point = 0;
    if (size < ESCAPE_SIZE || text[0] != '_' || text[1] != 'x' || text[ESCAPE_SIZE - 1] != '_') {
        return -1;
    }
    for (size_t i = 2; i < ESCAPE_SIZE - 1; i++) {
        int digit = escape_digit(text[i]);
        if (digit < 0) {
            return -1;
        }
        point = point << 4 | digit;
    }
    return point == 0 || (point >= 0xD800 && point <= 0xDFFF) ? -1 : point;
}

size_t book_unescape(char *text, size_t size)
{
    size_t to = 0;
    for (size_t at = 0; at < size;) {
        int32_t point = text[at] == '_' ? escaped(text + at, size - at) : -1;
        if (point < 0) {
            text[to++] = text[at++];
            continue;
        }
        to += (size_t)utf8proc_encode_char(point, (utf8proc_uint8_t *)text + to); /* at most 3 bytes for 7 */
        at += ESCAPE_SIZE;
    }
    return to;
}

static void put_text(struct reading *reading, const char *text, size_t size)
{
    struct book *book = reading->book;
    if (reading->is_too_much || reading->text_size + size + 1 > BOOK_TEXT_BYTES_MAX ||
        reading->text_size - reading->from + size > SHEET_CELL_MAX) {
        reading->is_too_much = true;
        return;
    }
    while (reading->text_size + size + 1 > reading->text_capacity) {
        reading->text_capacity = reading->text_capacity ? reading->text_capacity * 2 : 65536;
        book->texts = mem_grow(book->texts, reading->text_capacity, 1);
    }
    memcpy(book->texts + reading->text_size, text, size);
    reading->text_size += size;
}

static void on_texts_start(void *self, const char *name, const XML_Char **attributes)
{
    struct reading *reading = self;
    (void)attributes;
    if (strcmp(name, "si") == 0) {
        reading->from = reading->text_size;
    } else if (strcmp(name, "rPh") == 0) { /* how it is read aloud */
        reading->phonetic++;
    } else if (strcmp(name, "t") == 0) {
        reading->is_in_text = reading->phonetic == 0;
    }
}

static void on_texts_end(void *self, const char *name)
{
    struct reading *reading = self;
    struct book *book = reading->book;
    if (strcmp(name, "t") == 0) {
        reading->is_in_text = false;
    } else if (strcmp(name, "rPh") == 0) {
        reading->phonetic -= reading->phonetic > 0;
    } else if (strcmp(name, "si") == 0) {
        put_text(reading, "", 0); /* room for the NUL */
        if (reading->is_too_much || book->text_count == BOOK_TEXTS_MAX) {
            reading->is_too_much = true;
            return;
        }
        size_t size = book_unescape(book->texts + reading->from, reading->text_size - reading->from);
        reading->text_size = reading->from + size;
        book->texts[reading->text_size++] = '\0';
        book->text_offsets =
            grow(book->text_offsets, book->text_count, &reading->offset_capacity, sizeof *book->text_offsets);
        book->text_offsets[book->text_count++] = reading->from;
        reading->from = reading->text_size;
    }
}

static void on_texts_text(void *self, const char *text, size_t size)
{
    struct reading *reading = self;
    if (reading->is_in_text) {
        put_text(reading, text, size);
    }
}

static const struct part_handlers text_handlers = {on_texts_start, on_texts_end, on_texts_text};

/* ---- Formats ---- */

/* Numbers that the format defines; those of East Asia are 27 to 36 and 50 to 58. */
static bool is_built_in_date(unsigned id)
{
    return (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) || (id >= 50 && id <= 58);
}

/* A code of letters for years, days or hours, outside quotes and brackets; zeros alone are digits to fill up. */
static struct book_format read_format(const char *code)
{
    struct book_format format = {0};
    size_t zeros = strspn(code, "0");
    format.zeros = zeros > 1 && zeros <= 32 && (code[zeros] == '\0' || code[zeros] == ';') ? (unsigned)zeros : 0;
    char until = 0;
    for (; *code; code++) {
        if (until) {
            until = *code == until ? 0 : until;
        } else if (*code == '"' || *code == '[') {
            until = *code == '"' ? '"' : ']';
        } else if (*code == '\\' || *code == '_' || *code == '*') {
            code += code[1] != '\0';
        } else if (strchr("yYdDhHsS", *code)) {
            format.is_date = true;
        }
    }
    return format;
}

static struct book_format find_format(const struct reading *reading, unsigned id)
{
    for (size_t i = 0; i < reading->own_count; i++) {
        if (reading->own[i].id == id) {
            return reading->own[i].format;
        }
    }
    return (struct book_format){.is_date = id < FIRST_OWN_FORMAT && is_built_in_date(id)};
}

static unsigned read_unsigned(const char *text)
{
    return text ? (unsigned)strtoul(text, NULL, 10) : 0;
}

static void on_styles_start(void *self, const char *name, const XML_Char **attributes)
{
    struct reading *reading = self;
    struct book *book = reading->book;
    if (strcmp(name, "numFmt") == 0 && reading->own_count < BOOK_SHEETS_MAX) {
        const char *code = part_attribute(attributes, "formatCode");
        reading->own[reading->own_count++] = (struct number_format){
            read_unsigned(part_attribute(attributes, "numFmtId")), read_format(code ? code : "")};
    } else if (strcmp(name, "cellXfs") == 0) {
        reading->is_in_formats = true;
    } else if (strcmp(name, "xf") == 0 && reading->is_in_formats && book->format_count < BOOK_FORMATS_MAX) {
        book->formats = grow(book->formats, book->format_count, &reading->format_capacity, sizeof *book->formats);
        book->formats[book->format_count++] =
            find_format(reading, read_unsigned(part_attribute(attributes, "numFmtId")));
    }
}

static void on_styles_end(void *self, const char *name)
{
    struct reading *reading = self;
    reading->is_in_formats = reading->is_in_formats && strcmp(name, "cellXfs") != 0;
}

static const struct part_handlers style_handlers = {.start = on_styles_start, .end = on_styles_end};

/* ---- All of it ---- */

static err_t fail(char reterr_reason[SHEET_REASON_SIZE], const char *flaw)
{
    snprintf(reterr_reason, SHEET_REASON_SIZE, "%s",
             flaw ? flaw : tr("no workbook in it: save it as .xlsx or CSV", "文件中没有工作簿：请另存为 .xlsx 或 CSV"));
    return ERR_INVALID;
}

/* A part that a workbook may lack. */
static err_t read_optional(struct reading *reading, struct part_zip *zip, const char *path, const char *type,
                           const struct part_handlers *handlers, const char **reterr_flaw)
{
    char name[PART_NAME_SIZE];
    const char *target = find_target(reading, type, NULL);
    if (!target) {
        return ERR_OK;
    }
    resolve(path, target, name);
    err_t err = part_read(zip, name, handlers, reading, reterr_flaw);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static err_t read_book(struct reading *reading, struct part_zip *zip, char reterr_reason[SHEET_REASON_SIZE])
{
    struct book *book = reading->book;
    char path[PART_NAME_SIZE] = "xl/workbook.xml";
    const char *flaw = NULL;
    read_relations(reading, zip, "");
    const char *main_part = find_target(reading, "officeDocument", NULL);
    if (main_part) {
        resolve("", main_part, path);
    }
    if (part_read(zip, path, &workbook_handlers, reading, &flaw) != ERR_OK || !book->sheets) {
        return fail(reterr_reason, flaw);
    }
    if (reading->has_too_many_sheets) {
        return fail(reterr_reason, tr("it has over 256 sheets: split it", "工作表超过 256 张：请拆分工作簿"));
    }
    read_relations(reading, zip, path);
    for (size_t i = 0; i < book->sheet_count; i++) {
        char name[PART_NAME_SIZE] = "";
        const char *target = find_target(reading, "", book->sheets[i].part);
        if (target) {
            resolve(path, target, name);
        }
        memcpy(book->sheets[i].part, name, sizeof name);
    }
    if (read_optional(reading, zip, path, "sharedStrings", &text_handlers, &flaw) != ERR_OK ||
        read_optional(reading, zip, path, "styles", &style_handlers, &flaw) != ERR_OK) {
        return fail(reterr_reason, flaw);
    }
    return reading->is_too_much ? fail(reterr_reason, tr("its texts are too large: split it", "文本过大：请拆分工作簿"))
                                : ERR_OK;
}

err_t book_open(struct part_zip *zip, struct book *ret_book, char reterr_reason[SHEET_REASON_SIZE])
{
    *ret_book = (struct book){.sheets = mem_alloc(BOOK_SHEETS_MAX * sizeof *ret_book->sheets)};
    struct reading reading = {.book = ret_book,
                              .relations = mem_alloc((size_t)2 * BOOK_SHEETS_MAX * sizeof *reading.relations),
                              .own = mem_alloc(BOOK_SHEETS_MAX * sizeof *reading.own)};
    err_t err = read_book(&reading, zip, reterr_reason);
    free(reading.relations);
    free(reading.own);
    if (err != ERR_OK) {
        book_close(ret_book);
    }
    return err;
}

void book_close(struct book *book)
{
    free(book->sheets);
    free(book->texts);
    free(book->text_offsets);
    free(book->formats);
    *book = (struct book){0};
}
