/* Fills a report: the rows of report_tables.c laid out as tables of figures. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "hub/report_lists.h"
#include "hub/report_tables.h"

const char *report_say(const struct report *report, const char *en, const char *zh)
{
    return report->is_chinese ? zh : en;
}

static const char *keep(struct report *report, char *text)
{
    if (report->kept_count == report->kept_room) {
        report->kept_room = report->kept_room ? report->kept_room * 2 : 256;
        report->kept = mem_grow(report->kept, report->kept_room, sizeof *report->kept);
    }
    return report->kept[report->kept_count++] = text;
}

const char *report_keep(struct report *report, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = mem_alloc((size_t)size + 1);
    va_start(args, format);
    vsnprintf(text, (size_t)size + 1, format, args);
    va_end(args);
    return keep(report, text);
}

struct report_row *report_add_row(struct report_table *table)
{
    if (table->row_count == table->row_room) {
        table->row_room = table->row_room ? table->row_room * 2 : 16;
        table->rows = mem_grow(table->rows, table->row_room, sizeof *table->rows);
    }
    struct report_row *row = &table->rows[table->row_count++];
    *row = (struct report_row){.code = ""};
    return row;
}

void report_free(struct report *report)
{
    for (size_t i = 0; i < report->section_count; i++) {
        for (size_t k = 0; k < report->sections[i].table_count; k++) {
            free(report->sections[i].tables[k].rows);
        }
    }
    for (size_t i = 0; i < report->kept_count; i++) {
        free(report->kept[i]);
    }
    free(report->kept);
    *report = (struct report){0};
}

static struct report_cell text_cell(const char *text)
{
    return (struct report_cell){.form = REPORT_TEXT, .text = text};
}

/* ---- tables of cells ---- */

struct filling {
    struct report *report;
    const struct rollup *rollup;
    const struct table_row *row;
    struct report_table *table;
    enum when month; /* of a row of the trend; NOW elsewhere */
};

static const char *code_label(struct report *report, const char *dim, const char *code)
{
    const struct enumeration *codes = enumeration_find(dim);
    if (strcmp(code, "-") == 0) {
        return report_say(report, "(none)", "（未填）");
    }
    /* A code of a later version is shown as it is: it came from the store, so it is kept. */
    return report_keep(report, "%s", codes ? enumeration_label(codes, code, report->is_chinese) : code);
}

static void fill_figures(const struct filling *filling, const char *code, struct report_row *row)
{
    struct selection where[SELECTIONS] = {filling->row->where[0], filling->row->where[1]};
    size_t count = where[0].dim ? where[1].dim ? 2 : 1 : 0;
    if (code) {
        where[count++] = (struct selection){filling->row->dim, code};
    }
    for (size_t i = 0; i < filling->row->measure_count; i++) {
        const struct measure *measure = &filling->row->measures[i];
        enum when when = filling->month != NOW ? filling->month : measure->when;
        row->cells[i + 1] = rollup_figure(filling->rollup, measure, when, where, count);
    }
}

static void add_code(void *self, const char *code)
{
    struct filling *filling = self;
    struct report_row *row = report_add_row(filling->table);
    row->code = report_keep(filling->report, "%s", code);
    row->cells[0] = text_cell(code_label(filling->report, filling->row->dim, code));
    fill_figures(filling, code, row);
}

static void add_months(struct filling *filling)
{
    for (int i = 0; i < MONTHS; i++) {
        struct span month = span_month(filling->report->span, i - MONTHS + 1);
        char text[PERIOD_TEXT_SIZE];
        if (!span_is_dated(month)) {
            continue;
        }
        span_text(month, text);
        struct report_row *row = report_add_row(filling->table);
        row->code = report_keep(filling->report, "%s", text);
        row->cells[0] = text_cell(row->code);
        filling->month = (enum when)(FIRST_MONTH + i);
        fill_figures(filling, NULL, row);
    }
}

/* The words of the schema for a dim: those of the field of that name. */
static const char *dim_label(const struct report *report, const char *dim)
{
    const struct kind *kind = NULL;
    if (strcmp(dim, "term") == 0) {
        return report_say(report, "Term", "时限");
    }
    if (strcmp(dim, "state") == 0) {
        return report_say(report, "State", "状态");
    }
    for (size_t i = 0; (kind = kind_at(i)); i++) {
        int field = kind_field(kind, dim);
        if (field >= 0) {
            return report_say(report, kind->fields[field].en, kind->fields[field].zh);
        }
    }
    return dim;
}

/* A measure's own words, or those of the code that it chooses. */
static const char *measure_label(struct report *report, const struct measure *measure)
{
    return measure->en ? report_say(report, measure->en, measure->zh)
                       : code_label(report, measure->of[0].dim, measure->of[0].codes);
}

static void head_table(struct report *report, const struct table_row *row, struct report_table *table)
{
    *table = (struct report_table){
        .key = row->key,
        .heading = report_say(report, row->en, row->zh),
        .note = row->note_en ? report_say(report, row->note_en, row->note_zh) : NULL,
        .has_levels = row->dim && strcmp(row->dim, "level") == 0,
        .column_count = row->measure_count + 1,
        .columns = {row->dim ? dim_label(report, row->dim) : report_say(report, "Month", "月份")},
        .chart = row->chart,
        .chart_from = row->chart_from + 1,
        .chart_count = row->chart_count,
    };
    for (size_t i = 0; i < row->measure_count; i++) {
        table->columns[i + 1] = measure_label(report, &row->measures[i]);
        table->colours[i + 1] = row->measures[i].colour;
    }
}

static void add_table(struct report *report, const struct rollup *rollup, const struct table_row *row,
                      struct report_section *section)
{
    struct report_table *table = &section->tables[section->table_count++];
    struct filling filling = {.report = report, .rollup = rollup, .row = row, .table = table};
    head_table(report, row, table);
    if (!row->dim) {
        add_months(&filling);
        return;
    }
    rollup_each_code(rollup, row->family, row->dim, row->where, 2, add_code, &filling);
    if (row->has_total) {
        struct report_row *total = report_add_row(table);
        total->is_total = true;
        total->cells[0] = text_cell(report_say(report, "All", "合计"));
        fill_figures(&filling, NULL, total);
    }
}

/* ---- the headline ---- */

static struct report_cell change_since(const struct report_cell *now, const struct report_cell *before)
{
    struct report_cell change = {.form = REPORT_NONE};
    if (now->form != before->form) {
        return change;
    }
    if (now->form == REPORT_COUNT && before->number > 0) {
        change = (struct report_cell){.form = REPORT_CHANGE, .number = now->number / before->number - 1};
    } else if (now->form == REPORT_PERCENT) {
        change = (struct report_cell){.form = REPORT_POINTS, .number = (now->number - before->number) * 100};
    } else if (now->form == REPORT_DECIMAL) {
        change = (struct report_cell){.form = REPORT_DIFFERENCE, .number = now->number - before->number};
    }
    return change;
}

static void add_headline(struct report *report, const struct rollup *rollup, struct report_section *section)
{
    struct report_table *table = &section->tables[section->table_count++];
    bool is_year = report->span.months == 12; /* the period before is the one a year ago */
    *table = (struct report_table){
        .key = "headline",
        .heading = report_say(report, "This period, the one before, and a year ago", "本期、上期与上年同期"),
        .note = report_say(
            report, "Change: of counts in per cent, of shares in percentage points (pp), of means as a difference.",
            "变化：件数为百分比，比率为百分点，平均值为差值。"),
        .column_count = is_year ? 4 : 6,
        .columns = {report_say(report, "Figure", "指标"), report_say(report, "This period", "本期"),
                    report_say(report, "Previous period", "上期"), report_say(report, "Change", "环比"),
                    report_say(report, "A year ago", "上年同期"), report_say(report, "Change", "同比")}};
    bool is_empty = true;
    for (size_t i = 0; i < report_headline_count; i++) {
        const struct measure *measure = &report_headline[i];
        struct report_row *row = report_add_row(table);
        row->code = measure->key;
        row->cells[0] = text_cell(report_say(report, measure->en, measure->zh));
        row->cells[1] = rollup_figure(rollup, measure, NOW, NULL, 0);
        row->cells[2] = rollup_figure(rollup, measure, PREVIOUS, NULL, 0);
        row->cells[3] = change_since(&row->cells[1], &row->cells[2]);
        row->cells[4] = rollup_figure(rollup, measure, YEAR_AGO, NULL, 0);
        row->cells[5] = change_since(&row->cells[1], &row->cells[4]);
        is_empty = is_empty && (row->cells[1].form == REPORT_NONE || row->cells[1].number == 0);
    }
    if (is_empty && rollup_is_empty(rollup)) {
        report->remarks[report->remark_count++] =
            report_say(report, "The hub holds no figures of this period.", "本期没有统计数据。");
    }
}

/* ---- all of it ---- */

static void head_report(struct report *report, const struct options *options, int64_t now_ms,
                        const struct moment *moment)
{
    char words[SPAN_WORDS_SIZE];
    char first[11];
    char last[11];
    char taken[20];
    int offset = (int)options->utc_offset_minutes;
    span_words(report->span, report->is_chinese, words);
    date_text(span_first_day(report->span), first);
    date_text(span_last_day(report->span), last);
    local_time_text(now_ms, offset, taken);
    report->title = report_say(report, "Statistical report on AI ethics governance", "人工智能科技伦理治理统计报告");
    report->place = report_keep(report, report_say(report, "%s (%s)", "%s（%s）"), options->name, options->city);
    report->period = report_keep(report, report_say(report, "%s (%s to %s)", "%s（%s 至 %s）"), words, first, last);
    report->taken =
        report_keep(report,
                    report_say(report, "Figures taken at %s (UTC%+.4g h), at record %llu, revision %llu",
                               "数据取自 %s（UTC%+.4g 小时），截至第 %llu 号记录、第 %llu 次修订"),
                    taken, offset / 60.0, (unsigned long long)moment->number, (unsigned long long)moment->revision);
    if (day_of(now_ms, offset) <= span_last_day(report->span)) {
        report->remarks[report->remark_count++] = report_say(
            report, "The period is not over: these figures are provisional.", "本期尚未结束：以下为阶段性数据。");
    }
}

static void add_sections(struct report *report, const struct rollup *rollup)
{
    for (size_t part = 0; part < PARTS; part++) {
        const struct part_row *row = &report_parts[part];
        struct report_section *section = &report->sections[report->section_count++];
        section->key = row->key;
        section->heading = report_say(report, row->en, row->zh);
        if (row->intro_en) {
            section->paragraphs[section->paragraph_count++] = report_say(report, row->intro_en, row->intro_zh);
        }
        if (part == PART_HEADLINE) {
            add_headline(report, rollup, section);
        }
        for (size_t i = 0; i < report_table_count; i++) {
            if (report_tables[i].part == part) {
                add_table(report, rollup, &report_tables[i], section);
            }
        }
    }
}

err_t report_collect(struct store *store, const struct options *options, struct span span, bool is_chinese,
                     int64_t now_ms, struct report *ret_report)
{
    struct moment moment;
    struct rollup *rollup = NULL;
    *ret_report = (struct report){.is_chinese = is_chinese, .span = span};
    err_t err = store_look(store, &moment);
    if (err != ERR_OK) {
        return err;
    }
    err = rollup_load(store, span, &rollup);
    if (err == ERR_OK) {
        head_report(ret_report, options, now_ms, &moment);
        add_sections(ret_report, rollup);
        err = report_lists(ret_report, store, options, &ret_report->sections[PART_LISTS]);
        report_method(ret_report, options, &moment, &ret_report->sections[PART_METHOD]);
    }
    rollup_free(rollup);
    store_end_look(store);
    return err;
}

/* ---- numbers as text ---- */

/* "1234567" to "1,234,567". */
static void group_digits(double number, char ret_text[REPORT_NUMBER_SIZE])
{
    char digits[REPORT_NUMBER_SIZE];
    int size = snprintf(digits, sizeof digits, "%.0f", number);
    int used = 0;
    for (int i = 0; i < size && used + 2 < REPORT_NUMBER_SIZE; i++) {
        if (i > 0 && (size - i) % 3 == 0 && digits[i - 1] != '-') {
            ret_text[used++] = ',';
        }
        ret_text[used++] = digits[i];
    }
    ret_text[used] = '\0';
}

void report_number(const struct report_cell *cell, char ret_text[REPORT_NUMBER_SIZE])
{
    static const struct {
        double scale; /* 0: no number */
        bool is_signed;
        const char *unit;
    } forms[REPORT_FORMS] = {
        [REPORT_DECIMAL] = {1, false, ""},  [REPORT_PERCENT] = {100, false, "%"}, [REPORT_CHANGE] = {100, true, "%"},
        [REPORT_POINTS] = {1, true, " pp"}, [REPORT_DIFFERENCE] = {1, true, ""},
    };
    if (cell->form == REPORT_COUNT) {
        group_digits(cell->number, ret_text);
        return;
    }
    if (forms[cell->form].scale == 0) {
        snprintf(ret_text, REPORT_NUMBER_SIZE, "—");
        return;
    }
    double number = cell->number * forms[cell->form].scale;
    number = fabs(number) < 0.05 ? 0 : number; /* no -0.0 */
    snprintf(ret_text, REPORT_NUMBER_SIZE, "%s%.1f%s", forms[cell->form].is_signed && number > 0 ? "+" : "", number,
             forms[cell->form].unit);
}
