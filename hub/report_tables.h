/* hub/report_tables.h - what the report shows, as rows: a new table is a row in report_tables.c and nothing else. */
#ifndef HUB_REPORT_TABLES_H
#define HUB_REPORT_TABLES_H

#include "hub/rollup.h"

/* The sections in their order; some are filled by code of their own (lists, the method). */
enum report_part {
    PART_HEADLINE,
    PART_TREND,
    PART_REVIEWS,
    PART_REREVIEWS,
    PART_WARNINGS,
    PART_COMPLETENESS,
    PART_CLOCKS,
    PART_NOTICES,
    PART_RECORDS,
    PART_METHOD,
    PART_LISTS, /* last: the annex, on landscape paper */
    PARTS
};

struct part_row {
    const char *key;
    const char *en, *zh;
    const char *intro_en, *intro_zh; /* what is counted, in a sentence; NULL: says itself */
};
extern const struct part_row report_parts[PARTS];

/* The figures that an official looks at first, against the period before and a year ago. */
extern const struct measure report_headline[];
extern const size_t report_headline_count;

/* A table of the cells: a row a code of a dim, a column a measure. */
struct table_row {
    enum report_part part;
    const char *key;
    const char *en, *zh;
    const char *family, *dim; /* of the rows; dim NULL: the twelve months up to the period's end */
    struct selection where[2];
    const struct measure *measures;
    size_t measure_count;
    bool has_total; /* a last row over all codes */
    enum report_chart chart;
    size_t chart_from, chart_count; /* measures, from 0 */
    const char *note_en, *note_zh;
};
extern const struct table_row report_tables[];
extern const size_t report_table_count;

#endif
