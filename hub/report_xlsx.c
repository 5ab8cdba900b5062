/* The workbook: a sheet a section, and one a list of cases, so that a list can be filtered. */
#include <stdlib.h>
#include <xlsxwriter.h>

#include "common/mem.h"
#include "hub/report.h"

enum { A4 = 9, LABEL_WIDTH = 34, FIGURE_WIDTH = 15, LIST_WIDTH = 26, SHEET_NAME_MAX = 31 };

struct book {
    const struct report *report;
    lxw_workbook *workbook;
    lxw_worksheet *sheet;
    lxw_row_t row; /* the next free one */
    lxw_format *title, *heading, *head, *plain, *faint, *text;
    lxw_format *numbers[REPORT_FORMS][2]; /* of rows, and of totals */
    lxw_format *labels[2];
    lxw_error error; /* the first that a call returned */
};

static void note_error(struct book *book, lxw_error error)
{
    book->error = book->error == LXW_NO_ERROR ? error : book->error;
}

static lxw_format *add_format(struct book *book, bool is_bold, double size, bool has_border)
{
    lxw_format *format = workbook_add_format(book->workbook);
    format_set_font_name(format, "Microsoft YaHei");
    format_set_font_size(format, size);
    if (is_bold) {
        format_set_bold(format);
    }
    if (has_border) {
        format_set_border(format, LXW_BORDER_THIN);
        format_set_align(format, LXW_ALIGN_VERTICAL_TOP);
    }
    return format;
}

static void add_formats(struct book *book)
{
    static const char *const numbers[REPORT_FORMS] = {[REPORT_NONE] = "@",
                                                      [REPORT_TEXT] = "@",
                                                      [REPORT_COUNT] = "#,##0",
                                                      [REPORT_DECIMAL] = "0.0",
                                                      [REPORT_PERCENT] = "0.0%",
                                                      [REPORT_CHANGE] = "+0.0%;-0.0%;0.0%",
                                                      [REPORT_POINTS] = "+0.0\" pp\";-0.0\" pp\";0.0\" pp\"",
                                                      [REPORT_DIFFERENCE] = "+0.0;-0.0;0.0"};
    book->title = add_format(book, true, 16, false);
    book->heading = add_format(book, true, 12, false);
    book->plain = add_format(book, false, 10, false);
    book->faint = add_format(book, false, 9, false);
    format_set_font_color(book->faint, 0x51606F);
    book->head = add_format(book, true, 10, true);
    format_set_bg_color(book->head, 0xEEF2F5);
    format_set_text_wrap(book->head);
    format_set_align(book->head, LXW_ALIGN_CENTER);
    book->text = add_format(book, false, 10, true);
    format_set_text_wrap(book->text);
    for (int total = 0; total < 2; total++) {
        for (int form = 0; form < REPORT_FORMS; form++) {
            book->numbers[form][total] = add_format(book, total, 10, true);
            format_set_num_format(book->numbers[form][total], numbers[form]);
            format_set_align(book->numbers[form][total], LXW_ALIGN_RIGHT);
        }
        book->labels[total] = add_format(book, total, 10, true);
    }
}

static size_t character_count(const char *text)
{
    size_t count = 0;
    for (; *text; text++) {
        count += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return count;
}

/* A heading that is too long for a sheet's name is in its first cell; the key stands in for it. */
static void begin_sheet(struct book *book, const char *heading, const char *key)
{
    const char *name = character_count(heading) <= SHEET_NAME_MAX ? heading : key;
    book->sheet = workbook_add_worksheet(book->workbook, name);
    book->row = 0;
    if (!book->sheet) {
        note_error(book, LXW_ERROR_MEMORY_MALLOC_FAILED);
        return;
    }
    worksheet_set_paper(book->sheet, A4);
    worksheet_set_landscape(book->sheet);
    worksheet_fit_to_pages(book->sheet, 1, 0);
    note_error(book, worksheet_set_column(book->sheet, 0, 0, LABEL_WIDTH, NULL));
    note_error(book, worksheet_set_column(book->sheet, 1, REPORT_COLUMNS_MAX - 1, FIGURE_WIDTH, NULL));
}

static void put_line(struct book *book, const char *text, lxw_format *format)
{
    note_error(book, worksheet_write_string(book->sheet, book->row++, 0, text, format));
}

static void put_cell(struct book *book, const struct report_row *row, lxw_col_t column)
{
    const struct report_cell *cell = &row->cells[column];
    lxw_format *format = column == 0 ? book->labels[row->is_total] : book->numbers[cell->form][row->is_total];
    if (cell->form == REPORT_TEXT) {
        note_error(book, worksheet_write_string(book->sheet, book->row, column, cell->text,
                                                column == 0 ? format : book->text));
    } else if (cell->form == REPORT_NONE) {
        note_error(book, worksheet_write_string(book->sheet, book->row, column, "—", format));
    } else {
        note_error(book, worksheet_write_number(book->sheet, book->row, column, cell->number, format));
    }
}

static void put_rows(struct book *book, const struct report_table *table)
{
    for (size_t i = 0; i < table->column_count; i++) {
        note_error(book, worksheet_write_string(book->sheet, book->row, (lxw_col_t)i, table->columns[i], book->head));
    }
    book->row++;
    for (size_t i = 0; i < table->row_count; i++) {
        for (size_t column = 0; column < table->column_count; column++) {
            put_cell(book, &table->rows[i], (lxw_col_t)column);
        }
        book->row++;
    }
}

static void put_table(struct book *book, const struct report_table *table)
{
    put_line(book, table->heading, book->heading);
    if (table->row_count == 0) {
        put_line(book, report_say(book->report, "None in this period.", "本期无。"), book->plain);
    } else {
        put_rows(book, table);
    }
    if (table->note) {
        put_line(book, table->note, book->faint);
    }
    book->row++;
}

static void put_list(struct book *book, const struct report_table *table)
{
    begin_sheet(book, table->heading, table->key);
    if (!book->sheet) {
        return;
    }
    note_error(book, worksheet_set_column(book->sheet, 0, REPORT_COLUMNS_MAX - 1, LIST_WIDTH, NULL));
    put_line(book, table->heading, book->title);
    lxw_row_t head = book->row;
    put_rows(book, table);
    if (table->row_count == 0) {
        put_line(book, report_say(book->report, "None in this period.", "本期无。"), book->plain);
        return;
    }
    worksheet_freeze_panes(book->sheet, head + 1, 0);
    note_error(book, worksheet_repeat_rows(book->sheet, 0, head));
    note_error(book, worksheet_autofilter(book->sheet, head, 0, book->row - 1, (lxw_col_t)(table->column_count - 1)));
}

static void put_section(struct book *book, const struct report_section *section, bool is_first)
{
    bool has_figures = section->paragraph_count > 0;
    for (size_t i = 0; i < section->table_count; i++) {
        has_figures = has_figures || !section->tables[i].is_list;
    }
    if (has_figures) {
        begin_sheet(book, section->heading, section->key);
    }
    if (has_figures && book->sheet) {
        const struct report *report = book->report;
        put_line(book, is_first ? report->title : section->heading, book->title);
        if (is_first) {
            put_line(book, report->place, book->plain);
        }
        put_line(book, report->period, book->plain);
        put_line(book, report->taken, book->faint);
        for (size_t i = 0; is_first && i < report->remark_count; i++) {
            put_line(book, report->remarks[i], book->heading);
        }
        for (size_t i = 0; i < section->paragraph_count; i++) {
            put_line(book, section->paragraphs[i], book->plain);
        }
        book->row++;
    }
    for (size_t i = 0; i < section->table_count && book->error == LXW_NO_ERROR; i++) {
        if (section->tables[i].is_list) {
            put_list(book, &section->tables[i]);
        } else {
            put_table(book, &section->tables[i]);
        }
    }
}

err_t report_xlsx(const struct report *report, const char *path)
{
    struct book book = {.report = report, .workbook = workbook_new(path)};
    if (!book.workbook) {
        return ERR_IO;
    }
    char *words[] = {mem_text(report->title), mem_text(report->period), mem_text(report->taken)};
    lxw_doc_properties properties = {.title = words[0], .subject = words[1], .comments = words[2]};
    note_error(&book, workbook_set_properties(book.workbook, &properties)); /* copies */
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        free(words[i]);
    }
    add_formats(&book);
    for (size_t i = 0; i < report->section_count && book.error == LXW_NO_ERROR; i++) {
        put_section(&book, &report->sections[i], i == 0);
    }
    note_error(&book, workbook_close(book.workbook));
    return book.error == LXW_NO_ERROR ? ERR_OK : ERR_IO;
}
