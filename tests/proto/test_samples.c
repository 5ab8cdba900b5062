#include "tests/proto/sample.h"

#include <dirent.h>

#include "proto/rules.h"

/* tests/data: each kind has a good record, and for each of its rules one that breaks that rule and nothing else. */

enum { KINDS = 32, RULES = 64 };
static bool is_broken_once[KINDS][RULES];

static size_t index_of(const struct kind *kind)
{
    size_t index = 0;
    while (kind_at(index) != kind) {
        index++;
    }
    assert_true(index < KINDS);
    return index;
}

/* Calls SEE with each line of FOLDER/NAME.jsonl; returns how many there are. */
static size_t each_line(const char *folder, const char *name, void (*see)(const struct kind *, const json_t *))
{
    char path[512];
    snprintf(path, sizeof path, TESTS_DIR "/data/%s/%s.jsonl", folder, name);
    FILE *file = fopen(path, "r");
    size_t count = 0;
    if (file == NULL) {
        print_error("%s: none\n", path);
        return 0;
    }
    json_t *line = NULL;
    while ((line = json_loadf(file, JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, NULL))) {
        see(kind_find(view_str(name)), line);
        json_decref(line);
        count++;
    }
    fclose(file);
    return count;
}

/* Records borrow from BUFFER. */
static err_t check(const json_t *object, msgpack_sbuffer *ret_buffer, struct record *ret_record,
                   struct faults *ret_faults)
{
    msgpack_sbuffer_init(ret_buffer);
    assert_int_equal(record_accept_json(object, sample_id, 7, SAMPLE_NOW, ret_buffer, ret_faults), ERR_OK);
    return record_check(view_of(ret_buffer), &sample_context, ret_record, ret_faults);
}

static void see_good(const struct kind *kind, const json_t *object)
{
    msgpack_sbuffer buffer;
    struct record record;
    struct faults faults;
    if (check(object, &buffer, &record, &faults) != ERR_OK) {
        print_error("%s: %s %s: %s\n", kind->name, faults.list[0].code, faults.list[0].field, faults.list[0].reason);
        fail();
    }
    assert_ptr_equal(record.kind, kind);
    json_t *again = record_to_json(view_of(&buffer));
    json_t *given = json_deep_copy(object);
    json_object_update_missing(given, again);
    assert_int_equal(json_object_size(given), json_object_size(again));
    record_advice(&record, &sample_context, &faults);
    assert_int_equal(faults.count, 0);
    json_decref(given);
    json_decref(again);
    msgpack_sbuffer_destroy(&buffer);
}

/* The rule is known by what it says: no two of a kind say the same of the same field. */
static void mark(const struct kind *kind, const struct fault *fault)
{
    const struct rule *rule = NULL;
    for (size_t i = 0; (rule = rule_at(kind, i)); i++) {
        const char *key = rule->within ? kind->fields[rule->within].key : rule_rows(kind, rule)[rule->field].key;
        const char *last = rule_rows(kind, rule)[rule->field].key;
        size_t size = strlen(key);
        size_t tail = strlen(fault->field) < strlen(last) ? 0 : strlen(fault->field) - strlen(last);
        bool is_field = strncmp(fault->field, key, size) == 0 &&
                        (fault->field[size] == '\0' || rule->field == 0 || strcmp(fault->field + tail, last) == 0);
        assert_true(i < RULES);
        if (is_field && strcmp(fault->reason, rule->reason) == 0 && strcmp(fault->code, rule_fault_code(rule)) == 0) {
            is_broken_once[index_of(kind)][i] = true;
        }
    }
}

static void see_bad(const struct kind *kind, const json_t *line)
{
    msgpack_sbuffer buffer;
    struct record record;
    struct faults faults;
    const json_t *object = json_object_get(line, "record");
    bool is_advice = json_is_true(json_object_get(line, "advice"));
    err_t err = check(object, &buffer, &record, &faults);
    assert_int_equal(err, is_advice ? ERR_OK : ERR_INVALID);
    if (is_advice) {
        record_advice(&record, &sample_context, &faults);
    }
    const char *code = json_string_value(json_object_get(line, "code"));
    const char *field = json_string_value(json_object_get(line, "field"));
    json_int_t also = json_integer_value(json_object_get(line, "also"));
    for (size_t i = 0;
         i < faults.count && (faults.count != 1 + (size_t)also || strcmp(faults.list[0].field, field) != 0); i++) {
        print_error("%s %s: %s: %s: %s\n", kind->name, field, faults.list[i].code, faults.list[i].field,
                    faults.list[i].reason);
    }
    assert_int_equal(faults.count, 1 + also);
    faults.count = 1;
    assert_one_fault(&faults, code, field);
    mark(kind, &faults.list[0]);
    msgpack_sbuffer_destroy(&buffer);
}

static void test_each_kind_has_a_good_record(void **state)
{
    (void)state;
    for (size_t i = 0; kind_at(i); i++) {
        assert_true(each_line("kinds", kind_at(i)->name, see_good) >= 1);
    }
}

static void test_each_rule_of_each_kind_is_broken_by_a_record(void **state)
{
    (void)state;
    size_t missing = 0;
    for (size_t i = 0; kind_at(i); i++) {
        const struct kind *kind = kind_at(i);
        const struct rule *rule = NULL;
        assert_true(each_line("bad", kind->name, see_bad) >= 1);
        for (size_t k = 0; (rule = rule_at(kind, k)); k++) {
            if (!is_broken_once[i][k]) {
                print_error("no bad record: %s %s: %s\n", kind->name, rule_rows(kind, rule)[rule->field].key,
                            rule->reason);
                missing++;
            }
        }
    }
    assert_int_equal(missing, 0);
}

static void test_no_two_rules_of_a_kind_say_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; kind_at(i); i++) {
        const struct rule *a = NULL;
        for (size_t k = 0; (a = rule_at(kind_at(i), k)); k++) {
            const struct rule *b = NULL;
            for (size_t m = k + 1; (b = rule_at(kind_at(i), m)); m++) {
                assert_false(a->within == b->within && a->field == b->field && strcmp(a->reason, b->reason) == 0);
            }
        }
    }
}

static void test_no_file_lies_there_for_no_kind(void **state)
{
    (void)state;
    static const char *const folders[] = {TESTS_DIR "/data/kinds", TESTS_DIR "/data/bad"};
    for (size_t i = 0; i < 2; i++) {
        DIR *folder = opendir(folders[i]);
        struct dirent *file = NULL;
        assert_non_null(folder);
        while ((file = readdir(folder))) {
            const char *suffix = strstr(file->d_name, ".jsonl");
            assert_true(!suffix ||
                        kind_find((struct view){(const uint8_t *)file->d_name, (size_t)(suffix - file->d_name)}));
        }
        closedir(folder);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_kind_has_a_good_record),
        cmocka_unit_test(test_each_rule_of_each_kind_is_broken_by_a_record),
        cmocka_unit_test(test_no_two_rules_of_a_kind_say_the_same),
        cmocka_unit_test(test_no_file_lies_there_for_no_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
