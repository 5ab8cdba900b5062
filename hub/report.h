/* hub/report.h - the city's statistical report of a period: figures as plain data, and the files that show them.
 *
 * report_collect() reads the rollup cells in one read transaction and nothing else but the two kinds of list, so every
 * figure is what `agn-hub stats` says at the same cursor. The writers know no store: they lay out what is here. */
#ifndef HUB_REPORT_H
#define HUB_REPORT_H

#include <stdio.h>

#include "hub/options.h"
#include "hub/report_span.h"
#include "hub/store.h"

/* How a number is written. A mark is a share of one; a change is too, with its sign. */
enum report_form {
    REPORT_NONE, /* not known, or not defined: a dash */
    REPORT_TEXT,
    REPORT_COUNT,
    REPORT_DECIMAL,
    REPORT_PERCENT,
    REPORT_CHANGE,     /* of a count, as a share of what it was */
    REPORT_POINTS,     /* of a percentage, in percentage points */
    REPORT_DIFFERENCE, /* of a decimal */
    REPORT_FORMS
};

struct report_cell {
    enum report_form form;
    double number;
    const char *text; /* REPORT_TEXT; belongs to the report */
};

enum report_chart {
    CHART_NONE,
    CHART_BARS,   /* a bar a row, of the first charted column */
    CHART_STACKS, /* a bar a row, of the charted columns end to end */
    CHART_COLUMNS /* a column a row, of the charted columns one on another */
};

enum { REPORT_COLUMNS_MAX = 10, REPORT_TABLES_MAX = 8, REPORT_SECTIONS_MAX = 12, REPORT_PARAGRAPHS_MAX = 16 };

struct report_row {
    const char *code; /* of the row's label: static, or of the report; "" where it has none */
    bool is_total;
    struct report_cell cells[REPORT_COLUMNS_MAX];
};

struct report_table {
    const char *key; /* stable: names the table for programs */
    const char *heading, *note;
    bool is_list;    /* of cases; not a statistic */
    bool has_levels; /* rows are warning levels, and take their colours */
    size_t column_count;
    const char *columns[REPORT_COLUMNS_MAX]; /* the first one heads the rows' labels */
    bool is_tight[REPORT_COLUMNS_MAX];       /* never broken over lines: a time, a code, an id */
    const char *colours[REPORT_COLUMNS_MAX]; /* of charted columns, as #rrggbb */
    struct report_row *rows;
    size_t row_count, row_room;
    enum report_chart chart;
    size_t chart_from, chart_count; /* columns */
};

struct report_section {
    const char *key;
    const char *heading;
    const char *paragraphs[REPORT_PARAGRAPHS_MAX];
    size_t paragraph_count;
    struct report_table tables[REPORT_TABLES_MAX];
    size_t table_count;
};

struct report {
    bool is_chinese;
    struct span span;
    const char *title, *place, *period; /* of whom, and when, in words */
    const char *taken;                  /* when and at which cursor the figures were read, in words */
    const char *remarks[3];             /* the period is empty, or not over */
    size_t remark_count;
    struct report_section sections[REPORT_SECTIONS_MAX];
    size_t section_count;
    char **kept; /* texts that belong to the report */
    size_t kept_count, kept_room;
};

/* Reads everything at one moment. The caller frees the report, also after a failure. NOW_MS says whether the period is
 * over. */
MUST_CHECK err_t report_collect(struct store *store, const struct options *options, struct span span, bool is_chinese,
                                int64_t now_ms, struct report *ret_report);
void report_free(struct report *report);

/* The text in the report's language; both must take the same format arguments. */
const char *report_say(const struct report *report, const char *en, const char *zh)
    __attribute__((format_arg(2), format_arg(3)));
/* A copy of the formatted text, the report's. */
const char *report_keep(struct report *report, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A row of empty cells at the table's end; it may move when another is added. */
struct report_row *report_add_row(struct report_table *table);

/* For people: "1,234", "12.5%", "—". */
enum { REPORT_NUMBER_SIZE = 40 };
void report_number(const struct report_cell *cell, char ret_text[REPORT_NUMBER_SIZE]);

/* The bands of the four-level convention: red, orange, yellow, blue; NULL for any other code. */
const char *report_level_colour(const char *code);

/* One self-contained page: no script, nothing from outside. */
MUST_CHECK err_t report_html(const struct report *report, FILE *file);
/* Inline SVG of the table's chart; nothing where it has none or all is zero. */
void report_svg(const struct report_table *table, FILE *file);
/* TEXT with what HTML means otherwise escaped, and what XML does not allow left out. */
void report_escape(const char *text, FILE *file);
/* An XLSX workbook, one sheet a section. */
MUST_CHECK err_t report_xlsx(const struct report *report, const char *path);

#endif
