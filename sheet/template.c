#include "sheet/template.h"

#include <string.h>

#include "common/text.h"
#include "common/workbook.h"
#include "proto/kinds.h"
#include "sheet/layout.h"
#include "sheet/template_text.h"

enum {
    HEADING_ROW,
    PATH_ROW,
    FIRST_ROW,
    LAST_ROW = SHEET_ROWS_MAX - 1,
    WIDTH_LEAST = 12,
    WIDTH_MOST = 40,
    HEADING_HEIGHT = 32,
    DAYS_TO_EPOCH = 25569, /* a spreadsheet's day 0 is 1899-12-30 */
    MS_PER_DAY = 86400000,
    LISTS_MAX = 64
};

/* ---- Which columns ---- */

struct drafting {
    size_t elements;
    struct layout own, last;
};

/* What is typed, and as often as one likes, stands in one cell; what is chosen from a list needs a cell each. */
static size_t count_of(void *self, const char *path, const struct field *list)
{
    const struct drafting *drafting = self;
    enum field_type type = list->fields[0].type;
    if (strcmp(path, "attachments") == 0) {
        return 0; /* add_files() */
    }
    if (type == FIELD_DISTRICT || type == FIELD_ID) {
        return COLUMN_JOINED;
    }
    return drafting->elements > (size_t)list->low ? drafting->elements : (size_t)list->low;
}

static bool is_common(const struct column *column)
{
    size_t size = strcspn(column->path, ".");
    for (size_t i = 0; i < COMMON_FIELDS; i++) {
        if (strlen(common_fields[i].key) == size && strncmp(common_fields[i].key, column->path, size) == 0) {
            return true;
        }
    }
    return false;
}

static void draft_column(void *self, const struct column *column)
{
    struct drafting *drafting = self;
    if (!column_is_assigned(column)) {
        bool is_last = is_common(column) && !column->is_required && !column->is_confidential;
        layout_add(is_last ? &drafting->last : &drafting->own, column);
    }
}

/* An attachment is named by its file. */
static void add_files(struct layout *layout, const struct kind *kind, size_t elements)
{
    static const char *const keys[] = {"file", "role"};
    for (size_t i = 0; i < elements * 2; i++) {
        struct column column;
        char path[COLUMN_PATH_SIZE];
        snprintf(path, sizeof path, "attachments.%zu.%s", i / 2 + 1, keys[i % 2]);
        if (column_find(kind, path, &column) == ERR_OK) {
            layout_add(layout, &column);
        }
    }
}

static struct layout lay_out(const struct kind *kind, size_t elements)
{
    struct drafting drafting = {.elements = elements};
    columns_each(kind, count_of, draft_column, &drafting);
    add_files(&drafting.own, kind, elements);
    for (size_t i = 0; i < drafting.last.count; i++) {
        layout_add(&drafting.own, &drafting.last.columns[i]);
    }
    layout_done(&drafting.last);
    layout_finish(&drafting.own, kind);
    return drafting.own;
}

/* ---- The workbook ---- */

enum style {
    STYLE_HEAD,
    STYLE_REQUIRED,
    STYLE_PATH,
    STYLE_TEXT,
    STYLE_NUMBER,
    STYLE_DATE,
    STYLE_TIME,
    STYLE_WRAP,
    STYLES
};

struct draft {
    struct workbook_file file;
    const struct kind *kind;
    struct layout layout;
    lxw_worksheet *sheet, *help;
    lxw_format *styles[STYLES];
    const struct enumeration *lists[LISTS_MAX]; /* a column each on the page of explanations */
    size_t list_count;
};

static void add_styles(struct draft *draft)
{
    static const char *const formats[STYLES] = {
        [STYLE_HEAD] = "@",   [STYLE_REQUIRED] = "@",      [STYLE_PATH] = "@", [STYLE_TEXT] = "@",
        [STYLE_NUMBER] = "0", [STYLE_DATE] = "yyyy-mm-dd", [STYLE_WRAP] = "@", [STYLE_TIME] = "yyyy-mm-dd hh:mm"};
    for (size_t i = 0; i < STYLES; i++) {
        draft->styles[i] = workbook_add_format(draft->file.workbook);
        format_set_num_format(draft->styles[i], formats[i]);
        format_set_align(draft->styles[i], LXW_ALIGN_VERTICAL_TOP);
    }
    for (size_t i = STYLE_HEAD; i <= STYLE_REQUIRED; i++) {
        format_set_bold(draft->styles[i]);
        format_set_text_wrap(draft->styles[i]);
        format_set_bg_color(draft->styles[i], i == STYLE_REQUIRED ? 0xF8CBAD : 0xDDEBF7);
    }
    format_set_font_color(draft->styles[STYLE_PATH], 0x808080);
    format_set_font_size(draft->styles[STYLE_PATH], 8);
    format_set_text_wrap(draft->styles[STYLE_WRAP]);
}

static enum style style_of(const struct field *row)
{
    return row->codes || row->type == FIELD_LIST ? STYLE_TEXT
           : row->type == FIELD_NUMBER           ? STYLE_NUMBER
           : row->type == FIELD_DATE             ? STYLE_DATE
           : row->type == FIELD_TIME             ? STYLE_TIME
                                                 : STYLE_TEXT;
}

/* The place of the codes' names on the page of explanations, as a formula. */
static void list_range(struct draft *draft, const struct enumeration *codes, char ret_formula[64])
{
    size_t index = 0;
    char letters[8];
    while (index < draft->list_count && draft->lists[index] != codes) {
        index++;
    }
    if (index == draft->list_count && index < LISTS_MAX) {
        draft->lists[draft->list_count++] = codes;
    }
    sheet_column_name(TEMPLATE_TEXTS + 1 + index, letters);
    snprintf(ret_formula, 64, "='%s'!$%s$2:$%s$%zu", template_help_name(), letters, letters, codes->count + 1);
}

/* What a spreadsheet can check while somebody types; false: nothing. */
static bool set_check(struct draft *draft, const struct field *row, lxw_data_validation *check, char formula[64])
{
    static const char *words[2][3] = {{"yes", "no", NULL}, {"是", "否", NULL}};
    double unit = row->type == FIELD_TIME ? MS_PER_DAY : 1;
    double first = row->type == FIELD_DATE || row->type == FIELD_TIME ? DAYS_TO_EPOCH : 0;
    check->criteria = LXW_VALIDATION_CRITERIA_BETWEEN;
    check->minimum_number = (double)row->low / unit + first;
    check->maximum_number = (double)row->high / unit + first;
    if (row->codes) {
        list_range(draft, row->codes, formula);
        check->validate = LXW_VALIDATION_TYPE_LIST_FORMULA;
        check->value_formula = formula;
        return true;
    }
    switch (row->type) {
    case FIELD_FLAG:
        check->validate = LXW_VALIDATION_TYPE_LIST;
        check->value_list = (char **)words[text_is_chinese()];
        return true;
    case FIELD_NUMBER:
        check->validate = LXW_VALIDATION_TYPE_INTEGER;
        return true;
    case FIELD_DATE:
    case FIELD_TIME:
        check->validate = LXW_VALIDATION_TYPE_DATE_NUMBER;
        return true;
    case FIELD_USCC:
    case FIELD_TEXT:
        /* A spreadsheet counts UTF-16 units, the schema code points: only a warning. */
        check->validate = LXW_VALIDATION_TYPE_LENGTH;
        check->error_type =
            row->type == FIELD_TEXT ? LXW_VALIDATION_ERROR_TYPE_WARNING : LXW_VALIDATION_ERROR_TYPE_STOP;
        return true;
    default:
        return false;
    }
}

static void add_check(struct draft *draft, size_t index)
{
    const struct column *column = &draft->layout.columns[index];
    char formula[64];
    char rule[TEMPLATE_MESSAGE_SIZE];
    lxw_data_validation check = {.ignore_blank = LXW_VALIDATION_ON};
    if (!set_check(draft, column->row, &check, formula)) {
        check.validate = LXW_VALIDATION_TYPE_ANY;
    }
    template_message(column, rule);
    check.input_message = check.error_message = rule;
    lxw_error error =
        worksheet_data_validation_range(draft->sheet, FIRST_ROW, (lxw_col_t)index, LAST_ROW, (lxw_col_t)index, &check);
    if (error != LXW_NO_ERROR) {
        workbook_spoil(&draft->file, lxw_strerror(error));
    }
}

static void add_column(struct draft *draft, size_t index)
{
    const struct column *column = &draft->layout.columns[index];
    lxw_col_t at = (lxw_col_t)index;
    char heading[COLUMN_LABEL_SIZE + 2];
    snprintf(heading, sizeof heading, "%s%s", tr(column->labels[0], column->labels[1]), column->is_required ? "*" : "");
    int width = text_width(heading);
    width = width < WIDTH_LEAST ? WIDTH_LEAST : width > WIDTH_MOST ? WIDTH_MOST : width;
    worksheet_set_column(draft->sheet, at, at, width + 2, draft->styles[style_of(column->row)]);
    worksheet_write_string(draft->sheet, HEADING_ROW, at, heading,
                           draft->styles[column->is_required ? STYLE_REQUIRED : STYLE_HEAD]);
    worksheet_write_string(draft->sheet, PATH_ROW, at, draft->layout.paths[index], draft->styles[STYLE_PATH]);
    add_check(draft, index);
}

static void add_help(struct draft *draft)
{
    static const int widths[TEMPLATE_TEXTS] = {36, 32, 6, 44, 60, 20};
    char text[TEMPLATE_TEXT_SIZE];
    for (size_t i = 0; i < TEMPLATE_TEXTS; i++) {
        lxw_col_t at = (lxw_col_t)i;
        worksheet_set_column(draft->help, at, at, widths[i], NULL);
        worksheet_write_string(draft->help, 0, at, template_text_head(i), draft->styles[STYLE_HEAD]);
        for (size_t row = 0; row < draft->layout.count; row++) {
            template_text(draft->kind, &draft->layout.columns[row], i, text);
            worksheet_write_string(draft->help, (lxw_row_t)row + 1, at, text, draft->styles[STYLE_WRAP]);
        }
    }
    for (size_t list = 0; list < draft->list_count; list++) {
        const struct enumeration *codes = draft->lists[list];
        lxw_col_t at = (lxw_col_t)(TEMPLATE_TEXTS + 1 + list);
        worksheet_set_column(draft->help, at, at, WIDTH_LEAST * 2, NULL);
        worksheet_write_string(draft->help, 0, at, codes->name, draft->styles[STYLE_HEAD]);
        for (size_t i = 0; i < codes->count; i++) {
            worksheet_write_string(draft->help, (lxw_row_t)i + 1, at, tr(codes->labels[i].en, codes->labels[i].zh),
                                   draft->styles[STYLE_TEXT]);
        }
    }
    worksheet_freeze_panes(draft->help, 1, 0);
}

err_t template_write_workbook(const char *path, const struct kind *kind, size_t elements,
                              char reterr_reason[SHEET_REASON_SIZE])
{
    struct draft draft = {.kind = kind};
    if (workbook_begin(&draft.file, path, false)) {
        draft.layout = lay_out(kind, elements);
        draft.sheet = workbook_add_worksheet(draft.file.workbook, tr(kind->en, kind->zh));
        draft.help = workbook_add_worksheet(draft.file.workbook, template_help_name());
        add_styles(&draft);
        worksheet_set_row(draft.sheet, HEADING_ROW, HEADING_HEIGHT, NULL);
        for (size_t i = 0; i < draft.layout.count; i++) {
            add_column(&draft, i);
        }
        worksheet_freeze_panes(draft.sheet, FIRST_ROW, 0);
        add_help(&draft);
    }
    bool is_written = workbook_end(&draft.file);
    layout_done(&draft.layout);
    snprintf(reterr_reason, SHEET_REASON_SIZE, "%s", draft.file.flaw);
    return is_written ? ERR_OK : ERR_IO;
}

void template_write_csv(FILE *file, const struct kind *kind, size_t elements)
{
    struct layout layout = lay_out(kind, elements);
    fputs("\xEF\xBB\xBF", file);
    for (size_t i = 0; i < layout.count; i++) {
        layout.heads[i].key = tr(layout.columns[i].labels[0], layout.columns[i].labels[1]);
    }
    struct table *table = table_open(file, TABLE_CSV, layout.heads, layout.count);
    table_row(table, layout.paths, NULL);
    table_close(table);
    layout_done(&layout);
}
