/* The sheets of a workbook (ISO/IEC 29500), row by row: the parser is paused at the end of each row. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "sheet/reader.h"
#include "sheet/xlsx_book.h"

/* Between the two days from which workbooks count. */
enum { DAYS_TO_1904 = 1462 };

struct xlsx {
    struct part_zip zip;
    struct book book;
    size_t next; /* sheet */
    struct part part;
    bool is_open; /* the part */

    struct row_buffer row;
    size_t number;
    size_t rows;     /* of all sheets */
    size_t borrowed; /* bytes of shared texts in the row */
    bool is_in_row;

    /* The cell at hand. */
    struct sheet_cell cell;
    char type; /* first letter of its type; 'i' for a text in the cell, 't' for a formula's */
    unsigned style;
    size_t from;
    size_t column; /* of the next cell that does not say its own */
    bool is_taking;
    bool has_text;
    bool is_formula;
    unsigned phonetic;
};

static const char *damaged(void)
{
    return tr("the workbook is damaged: open it and save it again", "工作簿已损坏：请打开后重新保存");
}

/* ---- Cells ---- */

/* "C5" is 2; SIZE_MAX: it is no reference. */
static size_t column_of(const char *reference)
{
    size_t column = 0;
    size_t letters = strspn(reference, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    if (letters == 0 || letters > 3) {
        return SIZE_MAX;
    }
    for (size_t i = 0; i < letters; i++) {
        column = column * 26 + (size_t)(reference[i] - 'A' + 1);
    }
    return column - 1 < SHEET_COLUMNS_MAX ? column - 1 : SIZE_MAX;
}

static void begin_row(struct xlsx *xlsx, const XML_Char **attributes)
{
    const char *number = part_attribute(attributes, "r");
    size_t given = number ? strtoul(number, NULL, 10) : xlsx->number + 1;
    if (given <= xlsx->number || given > SHEET_ROWS_MAX) {
        part_fail(&xlsx->part, damaged());
        return;
    }
    if (++xlsx->rows > SHEET_ROWS_MAX) {
        part_fail(&xlsx->part,
                  tr("more rows than one sheet could have: split the workbook", "各表行数合计过多：请拆分工作簿"));
        return;
    }
    xlsx->number = given;
    xlsx->column = xlsx->borrowed = 0;
    xlsx->is_in_row = true;
    row_begin(&xlsx->row);
}

static char type_letter(const char *type)
{
    return !type ? 'n' : strcmp(type, "str") == 0 ? 't' : *type; /* s, b, e, d, n, inlineStr */
}

static void begin_cell(struct xlsx *xlsx, const XML_Char **attributes)
{
    const char *reference = part_attribute(attributes, "r");
    const char *style = part_attribute(attributes, "s");
    size_t column = reference ? column_of(reference) : xlsx->column;
    if (column < xlsx->column || column >= SHEET_COLUMNS_MAX) {
        part_fail(&xlsx->part, damaged());
        return;
    }
    xlsx->cell = (struct sheet_cell){.column = column};
    xlsx->column = column + 1;
    xlsx->type = type_letter(part_attribute(attributes, "t"));
    xlsx->style = style ? (unsigned)strtoul(style, NULL, 10) : 0;
    xlsx->from = xlsx->row.size;
    xlsx->has_text = xlsx->is_formula = false;
    xlsx->phonetic = 0;
}

static void on_start(void *self, const char *name, const XML_Char **attributes)
{
    struct xlsx *xlsx = self;
    if (strcmp(name, "row") == 0) {
        begin_row(xlsx, attributes);
    } else if (strcmp(name, "c") == 0 && xlsx->is_in_row) {
        begin_cell(xlsx, attributes);
    } else if (strcmp(name, "rPh") == 0) {
        xlsx->phonetic++;
    } else if (strcmp(name, "f") == 0) {
        xlsx->is_formula = true;
    } else if (xlsx->is_in_row && (strcmp(name, "v") == 0 || (strcmp(name, "t") == 0 && xlsx->type == 'i'))) {
        xlsx->is_taking = xlsx->phonetic == 0;
        xlsx->has_text |= xlsx->is_taking;
    }
}

static void on_text(void *self, const char *text, size_t size)
{
    struct xlsx *xlsx = self;
    if (!xlsx->is_taking) {
        return;
    }
    bool fits = xlsx->row.size - xlsx->from + size <= SHEET_CELL_MAX;
    for (size_t i = 0; fits && i < size; i++) {
        fits = row_put(&xlsx->row, text[i]);
    }
    if (!fits) {
        part_fail(&xlsx->part, tr("a cell's text is too long", "单元格文本过长"));
    }
}

static bool set_shared(struct xlsx *xlsx, const char *text)
{
    char *end = NULL;
    unsigned long index = strtoul(text, &end, 10);
    if (end == text || *end || index >= xlsx->book.text_count) {
        return false;
    }
    xlsx->cell.type = CELL_TEXT;
    xlsx->cell.text = xlsx->book.texts + xlsx->book.text_offsets[index];
    xlsx->cell.size = strlen(xlsx->cell.text);
    xlsx->borrowed += xlsx->cell.size;
    part_spend(&xlsx->part, xlsx->cell.size); /* a few bytes of the sheet can name a long text, over and over */
    if (xlsx->borrowed > SHEET_ROW_MAX) {
        part_fail(&xlsx->part, tr("the texts of a row are too long", "一行的文本过长"));
    }
    return true;
}

static bool set_number(struct xlsx *xlsx, const char *text)
{
    char *end = NULL;
    double number = strtod(text, &end);
    if (end == text || *end || !isfinite(number)) {
        return false;
    }
    struct book_format format =
        xlsx->style < xlsx->book.format_count ? xlsx->book.formats[xlsx->style] : (struct book_format){0};
    xlsx->cell.type = CELL_NUMBER;
    xlsx->cell.number = number + (format.is_date && xlsx->book.is_1904 ? DAYS_TO_1904 : 0);
    xlsx->cell.is_date = format.is_date;
    xlsx->cell.zeros = format.zeros;
    return true;
}

/* What the text of the cell means by its type; false: it does not. */
static bool set_value(struct xlsx *xlsx, const char *text)
{
    switch (xlsx->type) {
    case 's':
        return set_shared(xlsx, text);
    case 'n':
        return set_number(xlsx, text);
    case 'b':
        xlsx->cell.type = CELL_FLAG;
        xlsx->cell.number = *text == '1' || *text == 't';
        return true;
    case 'e':
        xlsx->cell.type = CELL_ERROR;
        return true;
    case 'i':
    case 't':
    case 'd': /* a date in ISO 8601 */
        xlsx->cell.type = CELL_TEXT;
        return true;
    default:
        return false;
    }
}

/* A formula that no spreadsheet has worked out yet: what it stands for is not known, and not nothing. A text that came
 * out empty says that it is a text. */
static void put_unknown(struct xlsx *xlsx)
{
    xlsx->is_formula = false;
    xlsx->cell.type = CELL_ERROR;
    xlsx->cell.text = "=";
    xlsx->cell.size = 1;
    row_end_cell(&xlsx->row, ROW_BORROWED, &xlsx->cell);
}

static void end_cell(struct xlsx *xlsx)
{
    if (!xlsx->has_text || xlsx->row.size == xlsx->from) {
        if (xlsx->is_formula && xlsx->type == 'n') {
            put_unknown(xlsx);
        }
        return; /* else a format, and nothing in it */
    }
    char *text = xlsx->row.text + xlsx->from;
    if (xlsx->type == 'i' || xlsx->type == 't') {
        xlsx->row.size = xlsx->from + book_unescape(text, xlsx->row.size - xlsx->from);
    }
    xlsx->cell.size = xlsx->row.size - xlsx->from;
    if (!row_put(&xlsx->row, '\0') || !set_value(xlsx, xlsx->row.text + xlsx->from)) {
        part_fail(&xlsx->part, damaged());
        return;
    }
    xlsx->has_text = xlsx->is_formula = false; /* a cell around this one would end it again */
    if (xlsx->cell.size > 0) {
        row_end_cell(&xlsx->row, xlsx->type == 's' ? ROW_BORROWED : xlsx->from, &xlsx->cell);
    }
}

static void on_end(void *self, const char *name)
{
    struct xlsx *xlsx = self;
    if (strcmp(name, "v") == 0 || strcmp(name, "t") == 0) {
        xlsx->is_taking = false;
    } else if (strcmp(name, "rPh") == 0) {
        xlsx->phonetic -= xlsx->phonetic > 0;
    } else if (strcmp(name, "c") == 0 && xlsx->is_in_row) {
        end_cell(xlsx);
    } else if (strcmp(name, "row") == 0 && xlsx->is_in_row) {
        xlsx->is_in_row = false;
        part_pause(&xlsx->part);
    }
}

static const struct part_handlers sheet_handlers = {on_start, on_end, on_text};

/* ---- The workbook ---- */

err_t xlsx_open(FILE *file, void **ret_self, char reterr_reason[SHEET_REASON_SIZE])
{
    struct xlsx *xlsx = mem_alloc(sizeof *xlsx);
    if (!part_zip_open(file, &xlsx->zip)) {
        snprintf(reterr_reason, SHEET_REASON_SIZE, "%s", damaged());
        free(xlsx);
        return ERR_INVALID;
    }
    err_t err = book_open(&xlsx->zip, &xlsx->book, reterr_reason);
    if (err != ERR_OK) {
        part_zip_close(&xlsx->zip);
        free(xlsx);
        return err;
    }
    *ret_self = xlsx;
    return ERR_OK;
}

static void close_part(struct xlsx *xlsx)
{
    if (xlsx->is_open) {
        part_close(&xlsx->part);
    }
    xlsx->is_open = false;
}

static void close_xlsx(void *self)
{
    struct xlsx *xlsx = self;
    close_part(xlsx);
    part_zip_close(&xlsx->zip);
    book_close(&xlsx->book);
    row_done(&xlsx->row);
    free(xlsx);
}

static err_t next_sheet(void *self, char ret_name[SHEET_NAME_SIZE], char reterr_reason[SHEET_REASON_SIZE])
{
    struct xlsx *xlsx = self;
    close_part(xlsx);
    while (xlsx->next < xlsx->book.sheet_count && xlsx->book.sheets[xlsx->next].is_hidden) {
        xlsx->next++;
    }
    if (xlsx->next == xlsx->book.sheet_count) {
        return ERR_NOT_FOUND;
    }
    const struct book_sheet *sheet = &xlsx->book.sheets[xlsx->next++];
    snprintf(ret_name, SHEET_NAME_SIZE, "%s", sheet->name);
    xlsx->number = 0;
    xlsx->is_in_row = xlsx->is_taking = false;
    if (part_open(&xlsx->part, &xlsx->zip, sheet->part, &sheet_handlers, xlsx) != ERR_OK) {
        part_close(&xlsx->part);
        snprintf(reterr_reason, SHEET_REASON_SIZE, "%s", damaged());
        return ERR_INVALID;
    }
    xlsx->is_open = true;
    return ERR_OK;
}

static err_t next_row(void *self, struct sheet_row *ret_row, char reterr_reason[SHEET_REASON_SIZE])
{
    struct xlsx *xlsx = self;
    if (!xlsx->is_open) {
        return ERR_NOT_FOUND;
    }
    err_t err = part_go_on(&xlsx->part);
    if (err == ERR_OK) {
        row_finish(&xlsx->row, xlsx->number, ret_row);
    } else if (err == ERR_INVALID) {
        snprintf(reterr_reason, SHEET_REASON_SIZE, tr("after row %zu: %s", "第 %zu 行之后：%s"), xlsx->number,
                 xlsx->part.flaw);
    }
    return err;
}

const struct sheet_ops xlsx_ops = {next_sheet, next_row, close_xlsx};
