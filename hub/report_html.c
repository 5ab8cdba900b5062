#include "hub/report.h"

#include <string.h>

/* As many rows of a list as are worth paper; the workbook has all. */
enum { LIST_ROWS_MAX = 300 };

#define CSS_PLAIN "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.,:+-()"

/* No rule here may fetch anything; the policy in the page's head forbids it as well. */
static const char style[] =
    ":root{color:#1c2733;background:#fff;font:15px/1.55 'Noto Sans CJK SC','Source Han Sans SC','Microsoft "
    "YaHei','PingFang SC','WenQuanYi Micro Hei','SimSun',sans-serif}"
    "body{max-width:960px;margin:0 auto;padding:24px}"
    "header{border-bottom:3px solid #9b1c2e;margin-bottom:20px;padding-bottom:10px}h1{font-size:27px;margin:0 0 6px}"
    "h2{font-size:20px;margin:36px 0 8px;border-left:5px solid #9b1c2e;padding-left:10px}"
    "h3{font-size:16px;margin:22px 0 6px}p{margin:6px 0}.place{font-size:17px}"
    ".taken,.note{color:#51606f;font-size:13px}"
    ".remark{border:1px solid #b3640c;background:#fff6e8;padding:8px 12px;margin:10px 0}"
    "table{border-collapse:collapse;width:100%;margin:8px 0;font-size:13.5px}"
    "th,td{border:1px solid #aab4be;padding:4px 7px;text-align:right;vertical-align:top}"
    "th{background:#eef2f5;text-align:center;vertical-align:middle}"
    "th[scope=row],td.text{text-align:left;font-weight:normal;overflow-wrap:anywhere}th[scope=row]{background:none}"
    "th[scope=col]{min-width:2.7em}th[scope=col]:first-child{min-width:11em}"
    "tr.total th,tr.total td{font-weight:bold;background:#f5f7f9}td{font-variant-numeric:tabular-nums}"
    ".list td,.list th[scope=row]{font-size:12.5px}"
    ".chip{display:inline-block;width:11px;height:11px;border:1px solid #1c2733;margin-right:6px;vertical-align:-1px}"
    "svg{display:block;width:100%;height:auto;margin:6px 0;font:12px 'Noto Sans CJK SC','Source Han Sans "
    "SC','Microsoft YaHei','PingFang SC','WenQuanYi Micro Hei',sans-serif;fill:#1c2733}"
    "svg .in{font-size:11px}.tight{white-space:nowrap}.list .text:not(.tight){min-width:6em}"
    ".list th[scope=row]{vertical-align:top}.list th[scope=col]:first-child{min-width:0}figure{margin:0}"
    "@page{size:A4;margin:19mm 15mm 17mm}@page annex{size:A4 landscape;margin:17mm 13mm 15mm}"
    "@media print{:root{font-size:10.5pt}body{max-width:none;padding:0}table{font-size:8.5pt;line-height:1.35}"
    "header{margin-bottom:8pt;padding-bottom:4pt}p{margin:3pt 0}h2{margin:14pt 0 4pt}h3{margin:10pt 0 4pt}"
    "th,td{padding:1.5pt 5pt}svg{width:86%}.list td,.list th[scope=row]{font-size:8pt}"
    "*{-webkit-print-color-adjust:exact;print-color-adjust:exact}thead{display:table-header-group}"
    "p,tr,svg,.whole,table:not(.list){break-inside:avoid}h2,h3,p.about{break-after:avoid}p.note{break-before:avoid}"
    "#part-lists{page:annex}}";

void report_escape(const char *text, FILE *file)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        switch (c) {
        case '&':
            fputs("&amp;", file);
            break;
        case '<':
            fputs("&lt;", file);
            break;
        case '>':
            fputs("&gt;", file);
            break;
        case '"':
            fputs("&quot;", file);
            break;
        case '\'':
            fputs("&#39;", file);
            break;
        default:
            if (c >= 0x20 || c == '\t' || c == '\n') {
                fputc(c, file);
            }
        }
    }
}

/* Whatever means something in a style sheet, or ends it, as the code point that it is. */
static void put_css_text(const char *text, FILE *file)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c >= 0x80 || c == ' ' || strchr(CSS_PLAIN, c)) {
            fputc(c, file);
        } else {
            fprintf(file, "\\%06x", c);
        }
    }
}

/* What stands at the head and foot of each sheet, so that a loose one is known: whose, when, as of which record. */
static void put_running_lines(const struct report *report, FILE *file)
{
    fputs("@page{@top-left{font:8pt sans-serif;color:#51606f;content:\"", file);
    put_css_text(report->title, file);
    fputs(" · ", file);
    put_css_text(report->place, file);
    fputs(" · ", file);
    put_css_text(report->period, file);
    fputs("\"}@bottom-left{font:8pt sans-serif;color:#51606f;content:\"", file);
    put_css_text(report->taken, file);
    fputs("\"}@bottom-right{font:8pt sans-serif;color:#51606f;content:counter(page) \" / \" counter(pages)}}"
          "@page:first{@top-left{content:none}}",
          file);
}

static void put_paragraph(const char *class, const char *text, FILE *file)
{
    fprintf(file, "<p class=\"%s\">", class);
    report_escape(text, file);
    fputs("</p>\n", file);
}

static void put_cell(const struct report_table *table, const struct report_row *row, size_t column, FILE *file)
{
    const struct report_cell *cell = &row->cells[column];
    const char *colour = column == 0 && table->has_levels ? report_level_colour(row->code) : NULL;
    bool is_text = cell->form == REPORT_TEXT || (table->is_list && cell->form == REPORT_NONE);
    fprintf(file, column == 0 ? "<th scope=\"row\" class=\"%s%s\">" : "<td class=\"%s%s\">",
            is_text ? "text" : "number", table->is_tight[column] ? " tight" : "");
    if (colour) {
        fprintf(file, "<span class=\"chip\" style=\"background:%s\"></span>", colour);
    }
    if (cell->form == REPORT_TEXT) {
        report_escape(cell->text, file);
    } else {
        char number[REPORT_NUMBER_SIZE];
        report_number(cell, number);
        fputs(number, file);
    }
    fputs(column == 0 ? "</th>" : "</td>", file);
}

static void put_rows(const struct report *report, const struct report_table *table, FILE *file)
{
    size_t count = table->is_list && table->row_count > LIST_ROWS_MAX ? LIST_ROWS_MAX : table->row_count;
    fprintf(file, "<table id=\"%s\"%s><thead><tr>", table->key, table->is_list ? " class=\"list\"" : "");
    for (size_t i = 0; i < table->column_count; i++) {
        fputs("<th scope=\"col\">", file);
        report_escape(table->columns[i], file);
        fputs("</th>", file);
    }
    fputs("</tr></thead><tbody>\n", file);
    for (size_t i = 0; i < count; i++) {
        const struct report_row *row = &table->rows[i];
        fputs(row->is_total ? "<tr class=\"total\" data-code=\"" : "<tr data-code=\"", file);
        report_escape(row->code, file);
        fputs("\">", file);
        for (size_t column = 0; column < table->column_count; column++) {
            put_cell(table, row, column, file);
        }
        fputs("</tr>\n", file);
    }
    fputs("</tbody></table>\n", file);
    if (count < table->row_count) {
        fputs("<p class=\"note\">", file);
        fprintf(file,
                report_say(report, "The first %zu of %zu rows; the workbook (--xlsx) has all of them.",
                           "此处列出前 %zu 行，共 %zu 行；全部见表格文件（--xlsx）。"),
                count, table->row_count);
        fputs("</p>\n", file);
    }
}

static void put_table(const struct report *report, const struct report_table *table, FILE *file)
{
    /* A list is long; the columns of the months stay on the first sheet although their table does not fit below. */
    bool is_whole = !table->is_list && table->chart != CHART_COLUMNS;
    fputs(is_whole ? "<div class=\"whole\"><h3>" : "<div><h3>", file);
    report_escape(table->heading, file);
    fputs("</h3>\n", file);
    if (table->row_count == 0) {
        put_paragraph("note", report_say(report, "None in this period.", "本期无。"), file);
    } else {
        if (table->chart != CHART_NONE) {
            fputs("<figure>", file);
            report_svg(table, file);
            fputs("</figure>\n", file);
        }
        put_rows(report, table, file);
        if (table->note) {
            put_paragraph("note", table->note, file);
        }
    }
    fputs("</div>\n", file);
}

static void put_section(const struct report *report, const struct report_section *section, FILE *file)
{
    fprintf(file, "<section id=\"part-%s\"><h2>", section->key);
    report_escape(section->heading, file);
    fputs("</h2>\n", file);
    for (size_t i = 0; i < section->paragraph_count; i++) {
        put_paragraph("about", section->paragraphs[i], file);
    }
    for (size_t i = 0; i < section->table_count; i++) {
        put_table(report, &section->tables[i], file);
    }
    fputs("</section>\n", file);
}

err_t report_html(const struct report *report, FILE *file)
{
    fprintf(
        file,
        "<!DOCTYPE html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\">\n<meta http-equiv="
        "\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<meta "
        "name=\"viewport\" content=\"width=device-width\">\n<meta name=\"generator\" content=\"agn-hub %s\">\n<title>",
        report->is_chinese ? "zh-CN" : "en", AGN_VERSION);
    report_escape(report->title, file);
    fputs(" · ", file);
    report_escape(report->period, file);
    fprintf(file, "</title>\n<style>%s", style);
    put_running_lines(report, file);
    fputs("</style></head><body>\n<header><h1>", file);
    report_escape(report->title, file);
    fputs("</h1>\n", file);
    put_paragraph("place", report->place, file);
    put_paragraph("place", report->period, file);
    put_paragraph("taken", report->taken, file);
    for (size_t i = 0; i < report->remark_count; i++) {
        put_paragraph("remark", report->remarks[i], file);
    }
    fputs("</header>\n<main>\n", file);
    for (size_t i = 0; i < report->section_count; i++) {
        put_section(report, &report->sections[i], file);
    }
    fputs("</main></body></html>\n", file);
    return ferror(file) ? ERR_IO : ERR_OK;
}
