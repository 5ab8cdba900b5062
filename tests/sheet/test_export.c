#include <stdlib.h>
#include <unistd.h>

#include "proto/kinds.h"
#include "proto/record.h"
#include "sheet/export.h"
#include "sheet/records.h"
#include "tests/test.h"

/* Records written as tables are the same records when they are read again. */

struct losses {
    size_t named;  /* by the writer */
    size_t faults; /* found by the reader */
};

static err_t each_of(void *source, void (*take)(void *self, const json_t *record), void *self)
{
    size_t index = 0;
    const json_t *record = NULL;
    json_array_foreach((json_t *)source, index, record)
    {
        take(self, record);
    }
    return ERR_OK;
}

/* As the agent keeps it: times in UTC, texts in NFC. Takes JSON. */
static json_t *kept(json_t *json)
{
    struct faults faults;
    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    assert_int_equal(record_from_json(json, &buffer, &faults), ERR_OK);
    json_t *record = record_to_json((struct view){(const uint8_t *)buffer.data, buffer.size});
    msgpack_sbuffer_destroy(&buffer);
    json_decref(json);
    return record;
}

static json_t *samples_of(const struct kind *kind)
{
    char path[512];
    char line[65536];
    json_t *samples = json_array();
    snprintf(path, sizeof path, TESTS_DIR "/data/kinds/%s.jsonl", kind->name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        json_array_append_new(samples, kept(json_loads(line, 0, NULL)));
    }
    fclose(file);
    assert_true(json_array_size(samples) > 0);
    return samples;
}

/* Writes RECORDS in FORM and reads them again. */
static json_t *there_and_back(json_t *records, enum table_form form, struct losses *ret_losses)
{
    char path[] = "/tmp/agn-export-XXXXXX";
    char reason[SHEET_REASON_SIZE];
    struct records *reader = NULL;
    struct table_record read;
    struct export_result result;
    *ret_losses = (struct losses){0};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    table_workbook(path);
    struct export_order order = {file, form, each_of, records};
    assert_int_equal(export_records(&order, &result), ERR_OK);
    assert_int_equal(result.count, json_array_size(records));
    ret_losses->named = result.inexact;
    fclose(file);
    assert_true(table_workbook_close(reason));
    file = fopen(path, "r");
    assert_non_null(file);
    unlink(path);
    assert_int_equal(records_open(file, NULL, 480, &reader, reason), ERR_OK);
    json_t *again = json_array();
    while (records_next(reader, &read) == ERR_OK) {
        ret_losses->faults += read.faults.count;
        json_array_append(again, read.json);
    }
    records_close(reader);
    fclose(file);
    return again;
}

static void check_same(json_t *records, enum table_form form)
{
    struct losses losses;
    json_t *again = there_and_back(records, form, &losses);
    assert_int_equal(losses.named + losses.faults, 0);
    if (!json_equal(records, again)) {
        char *want = json_dumps(records, JSON_SORT_KEYS);
        char *got = json_dumps(again, JSON_SORT_KEYS);
        assert_string_equal(got, want);
    }
    json_decref(again);
}

static void test_every_kind_comes_back_as_it_was(void **state)
{
    const struct kind *kind = NULL;
    (void)state;
    for (size_t i = 0; (kind = kind_at(i)); i++) {
        json_t *samples = samples_of(kind);
        check_same(samples, TABLE_CSV);
        check_same(samples, TABLE_XLSX);
        json_decref(samples);
    }
}

static json_t *warning_with(const char *key, json_t *value)
{
    json_t *samples = samples_of(kind_by_number(KIND_RISK_WARNING));
    json_t *records = json_array();
    json_t *record = json_copy(json_array_get(samples, 0));
    json_object_set_new(record, key, value);
    json_array_append_new(records, kept(record));
    json_decref(samples);
    return records;
}

static void test_no_text_is_changed_on_the_way(void **state)
{
    static const char *const texts[] = {"=1+1",    "'=1+1", "''=1+1", "'quoted'", "\"a\",b;c",  "two\nlines", "007",
                                        "_x0041_", "＝1+1", "-5",     "TRUE",     "2026-03-05", "a\tb",       "😀 是",
                                        "1,234",   "100%",  "null",   "'",        "@x",         "是"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        json_t *records = warning_with("system_name", json_string(texts[i]));
        check_same(records, TABLE_CSV);
        check_same(records, TABLE_XLSX);
        json_decref(records);
    }
}

static void test_what_a_table_cannot_hold_is_named(void **state)
{
    json_t *const values[] = {json_string(" edge "), json_string("1.23E+17"), json_array(),
                              json_pack("{s:s}", "a", "b"), json_string("a\r\nb")};
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct losses losses;
        json_t *records = warning_with(i == 2 ? "region" : i == 3 ? "from_tomorrow" : "system_name", values[i]);
        json_decref(there_and_back(records, TABLE_CSV, &losses));
        assert_int_equal(losses.named, 1);
        json_decref(records);
    }
}

static void test_texts_with_separators_get_a_cell_each(void **state)
{
    json_t *samples = samples_of(kind_by_number(KIND_NOTICE));
    json_t *notice = json_array_get(samples, 0);
    (void)state;
    json_object_set_new(notice, "audience", json_pack("{s:[s,s,s]}", "entities", "a;b", "c", "'=d"));
    check_same(samples, TABLE_CSV);
    check_same(samples, TABLE_XLSX);
    json_decref(samples);
}

static void test_two_kinds_do_not_go_into_one_csv(void **state)
{
    struct export_result result;
    json_t *records = samples_of(kind_by_number(KIND_RISK_WARNING));
    json_t *others = samples_of(kind_by_number(KIND_ZERO_REPORT));
    (void)state;
    json_array_extend(records, others);
    struct export_order order = {stdout, TABLE_CSV, each_of, records};
    assert_int_equal(export_records(&order, &result), ERR_EXISTS);
    assert_int_equal(result.count, 0);
    check_same(records, TABLE_XLSX);
    json_decref(records);
    json_decref(others);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind_comes_back_as_it_was),
        cmocka_unit_test(test_no_text_is_changed_on_the_way),
        cmocka_unit_test(test_what_a_table_cannot_hold_is_named),
        cmocka_unit_test(test_texts_with_separators_get_a_cell_each),
        cmocka_unit_test(test_two_kinds_do_not_go_into_one_csv),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
