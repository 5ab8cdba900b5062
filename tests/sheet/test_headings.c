#include <string.h>

#include "proto/kinds.h"
#include "sheet/column.h"
#include "sheet/records.h"
#include "tests/sheet/workbook.h"
#include "tests/test.h"

/* A heading names its column by path or by label, in Chinese and English. */

static size_t count_of(void *self, const char *path, const struct field *list)
{
    (void)self, (void)path, (void)list;
    return 2;
}

/* A label may be that of two fields; a path is that of one. */
static void check_column(void *self, const struct column *column)
{
    const struct kind *kind = self;
    struct column found;
    assert_int_equal(column_find(kind, column->path, &found), ERR_OK);
    assert_string_equal(found.path, column->path);
    assert_ptr_equal(found.row, column->row);
    for (int i = 0; i < 2; i++) {
        err_t err = column_find(kind, column->labels[i], &found);
        assert_true(err == ERR_EXISTS || (err == ERR_OK && strcmp(found.path, column->path) == 0));
    }
}

static void test_every_column_is_found_by_each_of_its_names(void **state)
{
    const struct kind *kind = NULL;
    (void)state;
    for (size_t i = 0; (kind = kind_at(i)); i++) {
        columns_each(kind, count_of, check_column, (void *)kind);
        assert_ptr_equal(column_kind(kind->name), kind);
        assert_ptr_equal(column_kind(kind->zh), kind);
        assert_ptr_equal(column_kind(kind->en), kind);
    }
}

static void test_case_width_and_marks_do_not_matter(void **state)
{
    static const char *const headings[][2] = {
        {"applied_on", "applied_on"},
        {"review_report.applied_on", "applied_on"},
        {"Applied on", "applied_on"},
        {"APPLIED  ON:", "applied_on"},
        {"申请日期", "applied_on"},
        {" 申请日期＊ ", "applied_on"},
        {"什么时候（applied_on）", "applied_on"},
        {"when? (applied_on)", "applied_on"},
        {"ａｐｐｌｉｅｄ＿ｏｎ", "applied_on"},
        {"活动负责人·姓名", "applicant.name"},
        {"活动负责人（姓名）", "applicant.name"},
        {"risks.2.description", "risks.2.description"},
    };
    struct column column;
    (void)state;
    const struct kind *kind = column_kind("审查情况报送");
    assert_non_null(kind);
    for (size_t i = 0; i < sizeof headings / sizeof *headings; i++) {
        assert_int_equal(column_find(kind, headings[i][0], &column), ERR_OK);
        assert_string_equal(column.path, headings[i][1]);
    }
}

static void test_what_names_no_column_is_not_found(void **state)
{
    static const char *const headings[] = {"",
                                           "nonsense",
                                           "applied_on.x",
                                           "risks.0.description",
                                           "risks.",
                                           "risks.21.x",
                                           "risks.99999999999999.x",
                                           "applicant",
                                           "()",
                                           "（）",
                                           ".....",
                                           "zero_report.applied_on",
                                           "\xFF\xFE"};
    char text[HEADING_SIZE_MAX + 2];
    struct column column;
    (void)state;
    const struct kind *kind = column_kind("review_report");
    assert_non_null(kind);
    for (size_t i = 0; i < sizeof headings / sizeof *headings; i++) {
        assert_int_equal(column_find(kind, headings[i], &column), ERR_NOT_FOUND);
    }
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(column_find(kind, text, &column), ERR_NOT_FOUND);
    assert_null(column_kind(""));
    assert_null(column_kind("nonsense"));
    assert_null(column_kind("review_report.nonsense"));
}

/* Each of 256 sheets has thousands of cells in which headings are looked for. */
static void test_looking_for_headings_is_bounded(void **state)
{
    enum { SHEETS = 256, CELLS = 1000 };
    static const char unknown[] = "<c t='inlineStr'><is><t>x</t></is></c>";
    static const char known[] = "</row><row><c t='inlineStr'><is><t>activity_no</t></is></c></row>"
                                "<row><c t='inlineStr'><is><t>1</t></is></c></row></sheetData></w>";
    char *book = NULL;
    char *sheet = NULL;
    size_t size = 0;
    struct records *records = NULL;
    struct table_record record;
    char reason[SHEET_REASON_SIZE];
    (void)state;
    FILE *file = open_memstream(&book, &size);
    fprintf(file, "<workbook xmlns:r='" RELATION "'><sheets>");
    for (int i = 0; i < SHEETS; i++) {
        fprintf(file, "<sheet name='s%d' sheetId='%d' r:id='r1'/>", i, i + 1);
    }
    fprintf(file, "</sheets></workbook>");
    fclose(file);
    file = open_memstream(&sheet, &size);
    fprintf(file, "<w><sheetData><row>");
    for (int i = 0; i < CELLS; i++) {
        fputs(unknown, file);
    }
    fputs(known, file);
    fclose(file);
    const struct part_text part = {SHEET_PART, sheet, size, 1};
    file = workbook_with(book, &part, 1);
    assert_int_equal(records_open(file, kind_by_number(KIND_REVIEW_REPORT), 480, &records, reason), ERR_OK);
    size_t count = 0;
    do {
        assert_int_equal(records_next(records, &record), ERR_OK);
        count++;
    } while (record.json);
    assert_in_range(count, RECORDS_LOOKUPS_MAX / (CELLS + 1), SHEETS - 1);
    assert_non_null(strstr(record.faults.list[0].reason, "headings"));
    records_close(records);
    fclose(file);
    free(book);
    free(sheet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_column_is_found_by_each_of_its_names),
        cmocka_unit_test(test_case_width_and_marks_do_not_matter),
        cmocka_unit_test(test_what_names_no_column_is_not_found),
        cmocka_unit_test(test_looking_for_headings_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
