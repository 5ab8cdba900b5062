#include <stdlib.h>

#include "sheet/cell.h"
#include "sheet/column.h"
#include "tests/test.h"

/* A cell becomes the value of its field; what a spreadsheet has spoilt is said. Times are of a site at UTC+8. */

struct sample {
    const char *heading;
    struct sheet_cell cell;
    const char *want; /* JSON */
    enum cell_flaw flaw;
};
#define TEXT(words)                                                                                                    \
    {                                                                                                                  \
        .type = CELL_TEXT, .text = (words), .size = sizeof(words) - 1                                                  \
    }
#define NUMBER(value, is_day)                                                                                          \
    {                                                                                                                  \
        .type = CELL_NUMBER, .text = "n", .size = 1, .number = (value), .is_date = (is_day)                            \
    }

static const struct sample samples[] = {
    {"applied_on", TEXT("2026年3月5日"), "\"2026-03-05\"", CELL_SOUND},
    {"applied_on", TEXT("２０２６年３月５日"), "\"2026-03-05\"", CELL_SOUND},
    {"applied_on", TEXT(" 2026/3/5 0:00 "), "\"2026-03-05\"", CELL_SOUND},
    {"applied_on", TEXT("20260305"), "\"2026-03-05\"", CELL_SOUND},
    {"applied_on", TEXT("2026-02-30"), "\"2026-02-30\"", CELL_SOUND},
    {"applied_on", TEXT("2026年3月"), "\"2026年3月\"", CELL_SOUND},
    {"applied_on", TEXT("3/5/2026"), "\"3/5/2026\"", CELL_SOUND},
    {"applied_on", TEXT("99999999999999999999-1-1"), "\"99999999999999999999-1-1\"", CELL_SOUND},
    {"applied_on", NUMBER(46086, true), "\"2026-03-05\"", CELL_SOUND},
    {"applied_on", NUMBER(-1e300, true), "\"-1e+300\"", CELL_SOUND},
    {"applied_on", NUMBER(46086, false), "\"46086\"", CELL_SOUND},
    {"applied_on", NUMBER(2026, false), "\"2026\"", CELL_SOUND},
    {"applied_on", NUMBER(20260305, false), "\"2026-03-05\"", CELL_SOUND},
    {"created_at", TEXT("2026年3月5日 14时30分"), "\"2026-03-05T06:30:00.000Z\"", CELL_SOUND},
    {"created_at", NUMBER(46086.5, true), "\"2026-03-05T04:00:00.000Z\"", CELL_SOUND},
    {"created_at", NUMBER(46086.5, false), "\"46086.5\"", CELL_SOUND},
    {"created_at", TEXT("9999-12-31T23:59:59+08:00"), "\"9999-12-31T15:59:59.000Z\"", CELL_SOUND},
    {"created_at", TEXT("9999-12-31T23:59:59-05:00"), "\"9999-12-31T23:59:59-05:00\"", CELL_SOUND},
    {"created_at", TEXT("0001-01-01T00:00:00+05:00"), "\"0001-01-01T00:00:00+05:00\"", CELL_SOUND},
    {"round", TEXT("１２"), "12", CELL_SOUND},
    {"round", TEXT("1,234"), "1234", CELL_SOUND},
    {"round", TEXT("1.00"), "1", CELL_SOUND},
    {"round", TEXT("1.5"), "\"1.5\"", CELL_SOUND},
    {"round", TEXT("9999999999999999999999999999999999999999"), "\"9999999999999999999999999999999999999999\"",
     CELL_SOUND},
    {"round", NUMBER(3, false), "3", CELL_SOUND},
    {"round", NUMBER(46086, true), NULL, CELL_BECAME_DATE}, /* 3-5 was typed */
    {"activity_no", TEXT("123456789012345678"), "\"123456789012345678\"", CELL_SOUND},
    {"activity_no", NUMBER(1.23456789012345e17, false), NULL, CELL_LOST_DIGITS},
    {"activity_no", TEXT("1.23457E+17"), NULL, CELL_LOST_DIGITS},
    {"activity_no", NUMBER(46086, true), NULL, CELL_BECAME_DATE},
    {"activity_no", {.type = CELL_ERROR, .text = "#REF!", .size = 5}, NULL, CELL_IS_ERROR},
    {"activity_no", TEXT("'=1+1"), "\"=1+1\"", CELL_SOUND},
    {"delegated_to", TEXT("９１３３０１０６ｍａ２ｈ3ｘ4ｙ5ｚ"), "\"91330106MA2H3X4Y5Z\"", CELL_SOUND},
    {"delegated_to", NUMBER(9.1330106e17, false), NULL, CELL_LOST_DIGITS},
    {"personal_data", TEXT("是"), "true", CELL_SOUND},
    {"personal_data", TEXT("NO"), "false", CELL_SOUND},
    {"personal_data", TEXT("maybe"), "\"maybe\"", CELL_SOUND},
    {"procedure", TEXT("一般程序（会议审查）"), "\"general\"", CELL_SOUND},
    {"procedure", TEXT("GENERAL PROCEDURE (MEETING)"), "\"general\"", CELL_SOUND},
    {"summary", TEXT("a\r\nb\rc"), "\"a\\nb\\nc\"", CELL_SOUND},
};

static void test_values(void **state)
{
    const struct kind *kind = column_kind("review_report");
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        struct column column;
        enum cell_flaw flaw = CELL_SOUND;
        assert_int_equal(column_find(kind, samples[i].heading, &column), ERR_OK);
        json_t *value = cell_value(&samples[i].cell, column.row, 480, &flaw);
        char *text = json_dumps(value, JSON_ENCODE_ANY);
        assert_int_equal(flaw, samples[i].flaw);
        if (samples[i].want) {
            assert_string_equal(text, samples[i].want);
        }
        free(text);
        json_decref(value);
    }
}

/* What a zone leads out of the years that can be written stays as it stands, for the check to refuse. */
static void test_a_time_after_the_last_year_is_left_as_text(void **state)
{
    static const struct sheet_cell cells[] = {TEXT("9999-12-31 23:59"), NUMBER(2958465.9, true),
                                              NUMBER(2958465.9999999, true)};
    static const char *const wants[] = {"\"9999-12-31 23:59\"", "\"2958465.9\"", "\"2958465.9999999\""};
    const struct field row = {.type = FIELD_TIME};
    enum cell_flaw flaw = CELL_SOUND;
    (void)state;
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        json_t *value = cell_value(&cells[i], &row, -300, &flaw);
        char *text = json_dumps(value, JSON_ENCODE_ANY);
        assert_string_equal(text, wants[i]);
        free(text);
        json_decref(value);
    }
}

static void test_a_list_in_one_cell(void **state)
{
    static const struct sheet_cell cell = TEXT("a；b;;\n c ");
    const struct field element = {.type = FIELD_TEXT};
    const struct field list = {.type = FIELD_LIST, .fields = &element, .field_count = 1};
    enum cell_flaw flaw = CELL_SOUND;
    (void)state;
    json_t *value = cell_value(&cell, &list, 0, &flaw);
    char *text = json_dumps(value, JSON_COMPACT);
    assert_string_equal(text, "[\"a\",\"b\",\"c\"]");
    free(text);
    json_decref(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_a_time_after_the_last_year_is_left_as_text),
        cmocka_unit_test(test_a_list_in_one_cell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
