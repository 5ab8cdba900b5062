#include "tests/sheet/reading.h"

/* Workbooks as they are written, and as somebody would write them who wants the reader to fall. */

#define ROWS(rows)   "<worksheet><sheetData>" rows "</sheetData></worksheet>"
#define INLINE(text) "<c t='inlineStr'><is><t>" text "</t></is></c>"

static err_t read_sheet(const char *xml, char shown[SHOWN_SIZE], char reason[SHEET_REASON_SIZE])
{
    static const char texts[] = "<sst><si><t>共享</t><rPh><t>x</t></rPh></si><si><r><t>a_x000A_</t></r><r><t>b</t></r>"
                                "</si></sst>";
    static const char styles[] = "<styleSheet><cellXfs><xf numFmtId='0'/><xf numFmtId='14'/></cellXfs></styleSheet>";
    const struct part_text parts[] = {{SHEET_PART, xml, strlen(xml), 1},
                                      {TEXTS_PART, texts, sizeof texts - 1, 1},
                                      {STYLES_PART, styles, sizeof styles - 1, 1}};
    return read_all(workbook_of(parts, 3), shown, reason);
}

static void test_cells_are_read(void **state)
{
    static const char *const samples[][2] = {
        {ROWS("<row>" INLINE("a") "<c/>" INLINE("b") "</row><row r='9'><c r='C9'><v>1.5</v></c></row>"),
         "1: 0=a 2=b; 9: 2=1.5; "},
        {ROWS("<row><c t='s'><v>0</v></c><c t='s'><v>1</v></c></row>"), "1: 0=共享 1=a\nb; "},
        {ROWS("<row><c t='b'><v>1</v></c><c t='e'><v>#REF!</v></c><c t='str'><f>A1</f><v>x</v></c></row>"),
         "1: 0=1 1=#REF! 2=x; "},
        {ROWS("<row>" INLINE("_x0041__xD800__x0000_") "</row>"), "1: 0=A_xD800__x0000_; "},
        /* Formulas: one worked out, one never, and one whose text came out empty. */
        {ROWS("<row><c><f>B5+1</f><v>3</v></c><c><f>B5+1</f><v/></c><c t='str'><f>B5</f><v/></c><c/></row>"),
         "1: 0=3 1==; "},
        {ROWS("<row><c><f t='shared' si='0'/></c><c/><c t='s'><v>0</v></c></row>"), "1: 0== 2=共享; "},
        {ROWS("<row/><row/>"), ""},
    };
    char shown[SHOWN_SIZE];
    char reason[SHEET_REASON_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        assert_int_equal(read_sheet(samples[i][0], shown, reason), ERR_OK);
        assert_string_equal(shown, samples[i][1]);
    }
}

static void test_hostile_sheets_are_refused(void **state)
{
    static const char *const samples[] = {
        "<!DOCTYPE x [<!ENTITY a 'aaaa'>]>" ROWS("<row>" INLINE("&a;") "</row>"),
        "<!DOCTYPE worksheet SYSTEM 'file:///etc/passwd'>" ROWS(""),
        ROWS("<row r='5'/><row r='4'/>"),
        ROWS("<row r='-1'/>"),
        ROWS("<row r='1048577'/>"),
        ROWS("<row><c r='B1'/><c r='A1'/></row>"),
        ROWS("<row><c r='XFE1'><v>1</v></c></row>"),
        ROWS("<row><c t='s'><v>2</v></c></row>"),
        ROWS("<row><c t='s'><v>-1</v></c></row>"),
        ROWS("<row><c><v>nan</v></c></row>"),
        ROWS("<row><c><v>1e999</v></c></row>"),
        ROWS("<row><c t='zzz'><v>1</v></c></row>"),
        "<worksheet><row>",
        "",
    };
    char shown[SHOWN_SIZE];
    char reason[SHEET_REASON_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        assert_int_equal(read_sheet(samples[i], shown, reason), ERR_INVALID);
        assert_non_null(strstr(reason, "damaged"));
    }
}

/* The inner cell is the cell; what ends the outer one is not another. */
static void test_a_cell_within_a_cell_is_read_once(void **state)
{
    char shown[SHOWN_SIZE];
    char reason[SHEET_REASON_SIZE];
    (void)state;
    assert_int_equal(read_sheet(ROWS("<row><c><v>1</v><c><v>2</v></c></c></row>"), shown, reason), ERR_OK);
    assert_string_equal(shown, "1: 1=2; ");
}

/* A sheet of BEGIN, then PIECE as often as it takes to reach SIZE. */
static err_t read_swollen(const char *begin, char piece, size_t size, char reason[SHEET_REASON_SIZE])
{
    enum { PIECE = 1 << 20 };
    char shown[SHOWN_SIZE];
    char *text = malloc(PIECE);
    assert_non_null(text);
    memset(text, piece, PIECE);
    size_t first = strlen(begin);
    memcpy(text, begin, first);
    struct part_text part = {SHEET_PART, text, size < PIECE ? first + size : PIECE, 1};
    FILE *file = NULL;
    if (size < PIECE) {
        file = workbook_of(&part, 1);
    } else {
        memset(text, piece, PIECE);
        part.times = size / PIECE;
        file = workbook_of(&part, 1);
    }
    free(text);
    return read_all(file, shown, reason);
}

static void test_sizes_are_bounded(void **state)
{
    char reason[SHEET_REASON_SIZE];
    (void)state;
    assert_int_equal(read_swollen("<w><row><c t='str'><v>", 'x', SHEET_CELL_MAX + 1, reason), ERR_INVALID);
    assert_non_null(strstr(reason, "too long"));
    /* A bomb: 260 MiB of blanks in a quarter of a megabyte. */
    assert_int_equal(read_swollen("", ' ', (size_t)260 << 20, reason), ERR_INVALID);
    assert_non_null(strstr(reason, "too much"));
    /* One token without an end. */
    assert_int_equal(read_swollen("<w a='", 'x', 1000, reason), ERR_INVALID);
}

/* The list of COUNT sheets that are all the one part; the caller frees it. */
static char *book_of(int count)
{
    enum { SHEET_TEXT = 64 };
    static const char begin[] = "<workbook xmlns:r='" RELATION "'><sheets>";
    size_t used = sizeof begin - 1;
    char *book = malloc(sizeof begin + (size_t)count * SHEET_TEXT + 32);
    assert_non_null(book);
    strcpy(book, begin);
    for (int i = 0; i < count; i++) {
        used += (size_t)sprintf(book + used, "<sheet name='s%d' sheetId='%d' r:id='r1'/>", i, i + 1);
    }
    strcpy(book + used, "</sheets></workbook>");
    return book;
}

/* Every sheet of 256 is the one part: PIECE, TIMES over, in a sheet whose shared text is of TEXT_SIZE bytes. */
static err_t read_many_times(const char *piece, size_t times, size_t text_size, char reason[SHEET_REASON_SIZE])
{
    char shown[SHOWN_SIZE];
    size_t piece_size = strlen(piece);
    char *book = book_of(256);
    char *sheet = malloc(times * piece_size + 64);
    char *texts = malloc(text_size + 64);
    assert_true(sheet && texts);
    size_t size = (size_t)sprintf(sheet, "<w><sheetData>");
    for (size_t i = 0; i < times; i++, size += piece_size) {
        memcpy(sheet + size, piece, piece_size);
    }
    size += (size_t)sprintf(sheet + size, "</sheetData></w>");
    size_t head = (size_t)sprintf(texts, "<sst><si><t>");
    memset(texts + head, 'x', text_size);
    strcpy(texts + head + text_size, "</t></si></sst>");
    const struct part_text parts[] = {{SHEET_PART, sheet, size, 1}, {TEXTS_PART, texts, strlen(texts), 1}};
    FILE *file = workbook_with(book, parts, 2);
    free(book);
    free(sheet);
    free(texts);
    return read_all(file, shown, reason);
}

static void test_all_sheets_together_are_bounded(void **state)
{
    char reason[SHEET_REASON_SIZE];
    (void)state;
    assert_int_equal(read_many_times("<row><c><v>1</v></c></row>", 400, 1, reason), ERR_OK);
    assert_int_equal(read_many_times("<row><c><v>1</v></c></row>", 5000, 1, reason), ERR_INVALID);
    assert_non_null(strstr(reason, "rows"));
    char blanks[4096];
    snprintf(blanks, sizeof blanks, "<x>%*s</x>", (int)sizeof blanks - 8, "");
    assert_int_equal(read_many_times(blanks, 600, 1, reason), ERR_INVALID);
    assert_non_null(strstr(reason, "too much"));
    /* A row of a few bytes, and its texts of 100 KiB each. */
    assert_int_equal(read_many_times("<row><c t='s'><v>0</v></c></row>", 30, 102400, reason), ERR_INVALID);
    assert_non_null(strstr(reason, "too much"));
}

static void test_more_sheets_than_are_read_are_refused(void **state)
{
    static const char sheet[] = ROWS("<row><c><v>1</v></c></row>");
    const struct part_text part = {SHEET_PART, sheet, sizeof sheet - 1, 1};
    char shown[SHOWN_SIZE];
    char reason[SHEET_REASON_SIZE];
    (void)state;
    for (int count = 256; count <= 257; count++) {
        char *book = book_of(count);
        assert_int_equal(read_all(workbook_with(book, &part, 1), shown, reason), count == 256 ? ERR_OK : ERR_INVALID);
        free(book);
    }
    assert_non_null(strstr(reason, "256 sheets"));
}

static void test_depth_is_bounded(void **state)
{
    char shown[SHOWN_SIZE];
    char reason[SHEET_REASON_SIZE];
    char xml[4096] = "";
    (void)state;
    for (int i = 0; i < 65; i++) {
        strcat(xml, "<a>");
    }
    for (int i = 0; i < 65; i++) {
        strcat(xml, "</a>");
    }
    assert_int_equal(read_sheet(xml, shown, reason), ERR_INVALID);
    assert_int_equal(read_sheet("<a><a><a></a></a></a>", shown, reason), ERR_OK);
}

static void test_a_cut_workbook_is_refused(void **state)
{
    static const char xml[] = ROWS("<row>" INLINE("a") "</row>");
    const struct part_text part = {SHEET_PART, xml, sizeof xml - 1, 1};
    char bytes[8192];
    char shown[SHOWN_SIZE];
    char reason[SHEET_REASON_SIZE];
    FILE *file = workbook_of(&part, 1);
    (void)state;
    rewind(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_true(size > 100 && size < sizeof bytes);
    for (size_t i = 4; i < size - 3; i++) { /* the last bytes are the size of a comment that is not there */
        assert_int_equal(read_all(file_of(bytes, i), shown, reason), ERR_INVALID);
    }
    assert_int_equal(read_all(file_of(bytes, size), shown, reason), ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells_are_read),
        cmocka_unit_test(test_hostile_sheets_are_refused),
        cmocka_unit_test(test_a_cell_within_a_cell_is_read_once),
        cmocka_unit_test(test_sizes_are_bounded),
        cmocka_unit_test(test_all_sheets_together_are_bounded),
        cmocka_unit_test(test_more_sheets_than_are_read_are_refused),
        cmocka_unit_test(test_depth_is_bounded),
        cmocka_unit_test(test_a_cut_workbook_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
