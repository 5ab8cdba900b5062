#include "tests/agent/support.h"

#define BAD "{" WARNING_HEAD ",\"level\":9}"

static void test_one_object_an_array_and_lines_are_taken(void **state)
{
    static const struct {
        const char *name;
        const char *text;
        size_t count;
    } files[] = {
        {"one.json", WARNING, 1},
        {"pretty.json", "\xEF\xBB\xBF\r\n{\n" WARNING_HEAD ",\n \"level\":3\r\n}\n\n", 1},
        {"array.json", "[\n" WARNING ",\n" WARNING "\n]\n", 2},
        {"nothing.json", "[ ]", 0},
        {"lines.jsonl", WARNING "\n\n" REPORT "\r\n" WARNING, 3},
        {"lines.txt", WARNING "\n" WARNING "\n", 2},
        {"laid_out.json", REPORT_HEAD ",\"risks\":[\n{\"risk_subdomain\":\"5.1\",\"description\":\"a risk\"}\n]}\n", 1},
        {"row.json", WARNING " " WARNING, 2},
    };
    struct place *place = *state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct told told;
        assert_int_equal(submit(place, files[i].name, files[i].text, false, NULL, &told), ERR_OK);
        assert_int_equal(told.count, 0);
        assert_int_equal(told.result.accepted, files[i].count);
    }
}

static void test_a_refused_record_keeps_the_whole_file_out(void **state)
{
    struct place *place = *state;
    struct told told;
    const char *text = WARNING "\n" BAD "\n" WARNING "\n{\"kind\":\"nonsense\"}\n";
    assert_int_equal(submit(place, "a.jsonl", text, false, NULL, &told), ERR_OK);
    assert_int_equal(told.result.accepted, 0);
    assert_int_equal(told.result.refused, 2);
    assert_int_equal(told.result.good, 2);
    assert_int_equal(told.lines[0], 2);
    assert_int_equal(told.lines[1], 4);
    assert_string_equal(told.faults[0].list[0].code, "out_of_range");
    assert_string_equal(told.faults[0].list[0].field, "level");
    assert_int_equal(waiting(place), 0);
    assert_int_equal(submit(place, "a.jsonl", text, true, NULL, &told), ERR_OK);
    assert_int_equal(told.result.accepted, 2);
    assert_int_equal(told.result.first_seq, 1);
    assert_int_equal(waiting(place), 2);
}

static void test_all_faults_of_a_record_are_named(void **state)
{
    struct place *place = *state;
    struct told told;
    assert_int_equal(submit(place, "a.json", "{" WARNING_HEAD ",\"level\":9,\"deaths\":-1,\"measures_taken\":7}", false,
                            NULL, &told),
                     ERR_OK);
    assert_int_equal(told.count, 1);
    assert_int_equal(told.faults[0].count, 3);
}

static void test_broken_json_names_its_line_and_lines_after_it_are_read(void **state)
{
    static const struct {
        const char *name;
        const char *text;
        size_t line;
        const char *code;
    } files[] = {
        {"a.jsonl", WARNING "\n{ not json\n" WARNING "\n", 2, "malformed"},
        {"b.txt", "{ not json\n" WARNING "\n", 1, "malformed"},
        {"c.json", "{ not json", 1, "malformed"},
        {"d.json", "[\n" WARNING "\n" WARNING "]", 3, "malformed"},
        {"e.json", "[" WARNING ",\n]", 2, "malformed"},
        {"f.json", "[" WARNING, 1, "malformed"},
        {"g.json", "[" WARNING "]\nmore", 2, "malformed"},
        {"h.json", "{" WARNING_HEAD ",\"level\":3,\"level\":3}", 1, "duplicate_key"},
        {"i.json", "{" WARNING_HEAD ",\"level\":99999999999999999999}", 1, "out_of_range"},
        {"j.json", "[12]", 1, "wrong_type"},
        {"k.json", "{" WARNING_HEAD ",\"level\":3,\"system_name\":\"\xff\"}", 1, "bad_utf8"},
        {"l.json", "{" WARNING_HEAD ",\"level\":3.5}", 1, "wrong_type"},
        {"m.json", "}", 1, "malformed"},
    };
    struct place *place = *state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct told told;
        assert_int_equal(submit(place, files[i].name, files[i].text, false, NULL, &told), ERR_OK);
        if (told.count != 1 || told.lines[0] != files[i].line ||
            strcmp(told.faults[0].list[0].code, files[i].code) != 0) {
            fail_msg("%s: %zu faults, line %zu, %s", files[i].name, told.count, told.lines[0],
                     told.faults[0].list[0].code);
        }
    }
    assert_int_equal(waiting(place), 0);
}

static void test_brackets_within_strings_do_not_end_a_record(void **state)
{
    struct place *place = *state;
    struct told told;
    const char *text = "[{" WARNING_HEAD ",\"level\":3,\"system_name\":\"a ] } \\\" \\\\\"}," WARNING "]";
    assert_int_equal(submit(place, "a.json", text, false, NULL, &told), ERR_OK);
    assert_int_equal(told.result.accepted, 2);
}

static void test_a_text_without_end_is_bounded(void **state)
{
    struct place *place = *state;
    struct told told;
    size_t size = PIECE_SIZE_MAX + 100;
    char *text = calloc(1, size + sizeof("\n" WARNING));
    memset(text, 'x', size);
    text[0] = '{';
    memcpy(text + size, "\n" WARNING, sizeof("\n" WARNING));
    assert_int_equal(submit(place, "a.jsonl", text, true, NULL, &told), ERR_OK);
    assert_int_equal(told.count, 1);
    assert_string_equal(told.faults[0].list[0].code, "too_large");
    assert_int_equal(told.result.accepted, 1);
    free(text);
}

static void test_the_agent_alone_assigns_id_and_number(void **state)
{
    struct place *place = *state;
    struct item item;
    struct record record;
    struct faults faults;
    uint8_t *bytes = NULL;
    size_t size = 0;
    add_record(place, "{" WARNING_HEAD ",\"level\":3,\"id\":\"01890000-0000-7000-8000-000000000000\",\"seq\":99}",
               &item);
    assert_int_equal(item.seq, 1);
    assert_int_equal(spool_bytes(place->spool, 1, &bytes, &size), ERR_OK);
    struct record_context context = {.now_ms = item.accepted_at, .utc_offset_minutes = 480};
    assert_int_equal(record_check((struct view){bytes, size}, &context, &record, &faults), ERR_OK);
    assert_int_equal(record_get(&record, "seq")->number, 1);
    assert_memory_equal(record_get(&record, "id")->view.at, item.id, RECORD_ID_SIZE);
    assert_int_equal(record_get(&record, "created_at")->number, item.accepted_at);
    free(bytes);
}

static void test_a_pipe_is_copied_aside(void **state)
{
    struct place *place = *state;
    struct input input;
    struct piece piece;
    char reason[256];
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_true(write(ends[1], "{\"a\":1}\n{\"a\":2}\n", 16) == 16);
    close(ends[1]);
    int old = dup(STDIN_FILENO);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    assert_int_equal(input_open(&input, "-", &place->home, reason), ERR_OK);
    assert_int_equal(input_next(&input, &piece), ERR_OK);
    assert_true(view_is(piece.text, "{\"a\":1}"));
    assert_int_equal(input_next(&input, &piece), ERR_OK);
    assert_int_equal(piece.line, 2);
    assert_int_equal(input_next(&input, &piece), ERR_NOT_FOUND);
    input_close(&input);
    dup2(old, STDIN_FILENO);
    close(old);
}

static void test_a_long_file_is_one_transaction(void **state)
{
    struct place *place = *state;
    enum { COUNT = 3000 };
    struct told told;
    size_t size = sizeof(WARNING "\n") - 1;
    char *text = repeat(WARNING "\n", COUNT);
    assert_int_equal(submit(place, "a.jsonl", text, false, NULL, &told), ERR_OK);
    assert_int_equal(told.result.accepted, COUNT);
    assert_int_equal(waiting(place), COUNT);
    memcpy(text + (COUNT - 1) * size, "{\n", 3); /* the last one breaks it */
    assert_int_equal(submit(place, "a.jsonl", text, false, NULL, &told), ERR_OK);
    assert_int_equal(told.result.refused, 1);
    assert_int_equal(waiting(place), COUNT);
    free(text);
}

static void test_a_file_of_faults_alone_is_given_up(void **state)
{
    struct place *place = *state;
    struct told told;
    char *text = repeat(BAD "\n", ACCEPT_REFUSED_MAX * 2);
    assert_int_equal(submit(place, "a.jsonl", text, false, NULL, &told), ERR_OK);
    assert_int_equal(told.result.refused, ACCEPT_REFUSED_MAX + 1);
    assert_int_equal(submit(place, "a.jsonl", text, true, NULL, &told), ERR_OK);
    assert_int_equal(told.result.refused, ACCEPT_REFUSED_MAX * 2);
    free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_one_object_an_array_and_lines_are_taken),
        TEST(test_a_refused_record_keeps_the_whole_file_out),
        TEST(test_all_faults_of_a_record_are_named),
        TEST(test_broken_json_names_its_line_and_lines_after_it_are_read),
        TEST(test_brackets_within_strings_do_not_end_a_record),
        TEST(test_a_text_without_end_is_bounded),
        TEST(test_the_agent_alone_assigns_id_and_number),
        TEST(test_a_pipe_is_copied_aside),
        TEST(test_a_long_file_is_one_transaction),
        TEST(test_a_file_of_faults_alone_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
