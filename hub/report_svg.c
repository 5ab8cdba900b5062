/* Charts as inline SVG, drawn from the numbers of a table: no script, no outside font, colours that print.
 *
 * Every bar carries its number and every series its name, so that nothing is told by colour alone. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hub/report.h"

/* In the units of the drawing, which is as wide as a page. */
enum {
    WIDTH = 720,
    LABELS = 236, /* room for the rows' labels */
    NUMBERS = 56, /* and for the number after a bar */
    BAR = 16,
    STEP = 24,
    LEGEND = 24,
    HEIGHT = 200, /* of columns */
    AXIS = 26
};

#define PLAIN "#2a7f9e"
#define INK   "#1c2733"
#define FAINT "#d5dce3"

struct label_colour {
    const char *code;
    const char *colour;
};

const char *report_level_colour(const char *code)
{
    static const struct label_colour levels[] = {
        {"1", "#c8102e"}, {"2", "#e87722"}, {"3", "#f2c500"}, {"4", "#1f6fc4"}};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        if (strcmp(levels[i].code, code) == 0) {
            return levels[i].colour;
        }
    }
    return NULL;
}

/* A code point's columns: Chinese takes two. */
static int columns_of(unsigned char lead)
{
    return lead < 0x80 ? 1 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
}

static int width_of(const char *text)
{
    int width = 0;
    for (; *text; text++) {
        width += columns_of((unsigned char)*text);
    }
    return width;
}

/* The label, shortened to COLUMNS with an ellipsis inside: what tells one label from the next stands at either end. The
 * whole of it is in the table below. */
static void put_label(const char *text, int columns, FILE *file)
{
    char shortened[256];
    size_t used = 0;
    int left = columns / 2;
    if (width_of(text) <= columns) {
        report_escape(text, file);
        return;
    }
    for (; used + 1 < sizeof shortened; text++) {
        left -= columns_of((unsigned char)*text);
        if (left < 0) {
            break;
        }
        shortened[used++] = *text;
    }
    shortened[used] = '\0';
    while (width_of(text) > columns - columns / 2 - 1 || ((unsigned char)*text & 0xc0) == 0x80) {
        text++;
    }
    report_escape(shortened, file);
    fputs("…", file);
    report_escape(text, file);
}

static const char *colour_of(const struct report_table *table, const struct report_row *row, size_t column)
{
    const char *level = table->has_levels && row ? report_level_colour(row->code) : NULL;
    return level ? level : table->colours[column] ? table->colours[column] : PLAIN;
}

/* White or dark, whichever stands out more (WCAG 2, relative luminance). */
static const char *ink_on(const char *colour)
{
    static const double weights[] = {0.0722, 0.7152, 0.2126}; /* blue, green, red */
    unsigned long bits = strtoul(colour + 1, NULL, 16);
    double luminance = 0;
    for (int i = 0; i < 3; i++) {
        luminance += weights[i] * pow((double)(bits >> 8 * i & 0xff) / 255, 2.2);
    }
    return luminance > 0.22 ? INK : "#ffffff";
}

static double value_at(const struct report_row *row, size_t column)
{
    return row->cells[column].form == REPORT_COUNT && row->cells[column].number > 0 ? row->cells[column].number : 0;
}

static double sum_of(const struct report_table *table, const struct report_row *row)
{
    double sum = 0;
    for (size_t i = 0; i < table->chart_count; i++) {
        sum += value_at(row, table->chart_from + i);
    }
    return sum;
}

static double greatest(const struct report_table *table)
{
    double most = 0;
    for (size_t i = 0; i < table->row_count; i++) {
        double sum = table->rows[i].is_total ? 0 : sum_of(table, &table->rows[i]);
        most = sum > most ? sum : most;
    }
    return most;
}

static void put_number(double number, FILE *file)
{
    char text[REPORT_NUMBER_SIZE];
    report_number(&(struct report_cell){.form = REPORT_COUNT, .number = number}, text);
    fputs(text, file);
}

/* Names the series in as many lines as they need; FILE NULL only measures. Returns the height. */
static int put_legend(const struct report_table *table, FILE *file)
{
    int x = 4;
    int y = 2;
    for (size_t i = 0; i < table->chart_count; i++) {
        const char *name = table->columns[table->chart_from + i];
        int width = 36 + width_of(name) * 7;
        if (x + width > WIDTH && x > 4) {
            x = 4;
            y += LEGEND;
        }
        if (file) {
            fprintf(file, "<rect x=\"%d\" y=\"%d\" width=\"12\" height=\"12\" fill=\"%s\" stroke=\"%s\"/>", x, y,
                    colour_of(table, NULL, table->chart_from + i), INK);
            fprintf(file, "<text x=\"%d\" y=\"%d\">", x + 17, y + 11);
            report_escape(name, file);
            fputs("</text>", file);
        }
        x += width;
    }
    return y + LEGEND - 2;
}

/* The bars of a row, end to end, each with its number where that fits. */
static void put_bars(const struct report_table *table, const struct report_row *row, int y, double scale, FILE *file)
{
    double x = LABELS;
    for (size_t i = 0; i < table->chart_count; i++) {
        size_t column = table->chart_from + i;
        double number = value_at(row, column);
        double width = number * scale;
        const char *colour = colour_of(table, row, column);
        if (number <= 0) {
            continue;
        }
        fprintf(file, "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"><title>", x, y,
                fmax(width, 1), BAR, colour);
        report_escape(table->columns[column], file);
        fputs(" ", file);
        put_number(number, file);
        fputs("</title></rect>", file);
        if (table->chart_count > 1 && width >= 8 * (floor(log10(number)) + 1) + 8) {
            fprintf(file, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" fill=\"%s\" class=\"in\">", x + width / 2,
                    y + 12, ink_on(colour));
            put_number(number, file);
            fputs("</text>", file);
        }
        x += width;
    }
    fprintf(file, "<text x=\"%.1f\" y=\"%d\">", x + 5, y + 13);
    put_number(sum_of(table, row), file);
    fputs("</text>", file);
}

static void open_drawing(const struct report_table *table, int height, FILE *file)
{
    fprintf(file, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH, height);
    report_escape(table->heading, file);
    fputs("\">", file);
}

static void draw_rows(const struct report_table *table, double most, FILE *file)
{
    int legend = table->chart_count > 1 ? put_legend(table, NULL) : 0;
    int rows = 0;
    for (size_t i = 0; i < table->row_count; i++) {
        rows += !table->rows[i].is_total;
    }
    open_drawing(table, legend + rows * STEP + 4, file);
    if (legend) {
        (void)put_legend(table, file);
    }
    fprintf(file, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"%s\"/>", LABELS, legend, LABELS,
            legend + rows * STEP + 4, INK);
    int y = legend + 4;
    for (size_t i = 0; i < table->row_count; i++) {
        const struct report_row *row = &table->rows[i];
        if (row->is_total) {
            continue;
        }
        fprintf(file, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">", LABELS - 7, y + 13);
        put_label(row->cells[0].text, 34, file);
        fputs("</text>", file);
        put_bars(table, row, y, (WIDTH - LABELS - NUMBERS) / most, file);
        y += STEP;
    }
    fputs("</svg>\n", file);
}

/* A round number of which at most five reach the top. */
static double grid_step(double most)
{
    double step = pow(10, floor(log10(most)));
    while (most / step > 5) {
        step *= most / step > 10 ? 5 : 2;
    }
    while (most / step < 2.5 && step > 1) {
        step /= 2;
    }
    return fmax(floor(step), 1);
}

static void put_grid(double most, double scale, int base, FILE *file)
{
    double step = grid_step(most);
    int lines = (int)(most / step);
    for (int i = 1; i <= lines; i++) {
        double at = i * step;
        double y = base - at * scale;
        fprintf(file, "<line x1=\"44\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"%s\"/>", y, WIDTH, y, FAINT);
        fprintf(file, "<text x=\"38\" y=\"%.1f\" text-anchor=\"end\">", y + 4);
        put_number(at, file);
        fputs("</text>", file);
    }
}

static void put_column(const struct report_table *table, const struct report_row *row, double x, double width,
                       double scale, int base, FILE *file)
{
    double y = base;
    for (size_t i = 0; i < table->chart_count; i++) {
        size_t column = table->chart_from + i;
        double height = value_at(row, column) * scale;
        if (height <= 0) {
            continue;
        }
        y -= height;
        fprintf(file, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"><title>", x, y, width,
                height, colour_of(table, NULL, column));
        report_escape(table->columns[column], file);
        fputs(" ", file);
        put_number(value_at(row, column), file);
        fputs("</title></rect>", file);
    }
    if (sum_of(table, row) > 0) {
        fprintf(file, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">", x + width / 2, y - 4);
        put_number(sum_of(table, row), file);
        fputs("</text>", file);
    }
    fprintf(file, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">", x + width / 2, base + 17);
    report_escape(row->cells[0].text, file);
    fputs("</text>", file);
}

static void draw_columns(const struct report_table *table, double most, FILE *file)
{
    int base = put_legend(table, NULL) + 16 + HEIGHT;
    double scale = HEIGHT / most;
    double pitch = (double)(WIDTH - 48) / (double)table->row_count;
    open_drawing(table, base + AXIS, file);
    (void)put_legend(table, file);
    put_grid(most, scale, base, file);
    fprintf(file, "<line x1=\"44\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"%s\"/>", base, WIDTH, base, INK);
    for (size_t i = 0; i < table->row_count; i++) {
        put_column(table, &table->rows[i], 48 + pitch * (double)i + pitch * 0.2, pitch * 0.6, scale, base, file);
    }
    fputs("</svg>\n", file);
}

void report_svg(const struct report_table *table, FILE *file)
{
    double most = table->chart != CHART_NONE ? greatest(table) : 0;
    if (most <= 0) {
        return;
    }
    if (table->chart == CHART_COLUMNS) {
        draw_columns(table, most, file);
    } else {
        draw_rows(table, most, file);
    }
}
