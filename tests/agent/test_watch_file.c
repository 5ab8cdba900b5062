#include "agent/watch_file.h"

#include "tests/agent/support.h"

struct drop {
    char folder[PATH_SIZE];
    struct watched watched;
};

static void make_drop(struct place *place, struct drop *ret_drop)
{
    home_file(&place->home, "drop", ret_drop->folder);
    assert_int_equal(mkdir(ret_drop->folder, 0700), 0);
    assert_true(watch_make_folders(ret_drop->folder));
    ret_drop->watched = (struct watched){
        .home = &place->home, .folder = ret_drop->folder, .spool = place->spool, .utc_offset_minutes = 480};
}

/* Returns PATH. */
static const char *path_in(const struct drop *drop, const char *name, char path[PATH_SIZE + 512])
{
    snprintf(path, PATH_SIZE + 512, "%s/%s", drop->folder, name);
    return path;
}

static void put(const struct drop *drop, const char *name, const char *text)
{
    char path[PATH_SIZE + 512];
    FILE *file = fopen(path_in(drop, name, path), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static struct watch_report take(struct drop *drop, const char *name, const char *text)
{
    char path[PATH_SIZE + 512];
    struct stat seen;
    struct watch_report report;
    put(drop, name, text);
    assert_int_equal(stat(path_in(drop, name, path), &seen), 0);
    watch_take(&drop->watched, name, &seen, &report);
    return report;
}

static bool is_in(const struct drop *drop, const char *name)
{
    char path[PATH_SIZE + 512];
    return access(path_in(drop, name, path), F_OK) == 0;
}

static void test_a_file_goes_to_done_or_to_failed(void **state)
{
    struct place *place = *state;
    struct drop drop;
    make_drop(place, &drop);
    struct watch_report report = take(&drop, "good.jsonl", WARNING "\n" REPORT "\n");
    assert_int_equal(report.outcome, WATCH_ACCEPTED);
    assert_int_equal(report.accepted, 2);
    assert_true(is_in(&drop, "done/good.jsonl") && !is_in(&drop, "good.jsonl"));
    report = take(&drop, "bad.jsonl", REPORT "\n{}\n");
    assert_int_equal(report.outcome, WATCH_REFUSED);
    assert_true(is_in(&drop, "failed/bad.jsonl") && is_in(&drop, "failed/bad.jsonl.errors.txt"));
    assert_int_equal(count_all(place), 2);
}

/* 82 characters and their ending are 252 bytes: the note beside it needs 11 more. */
static void test_a_name_without_room_for_what_is_added_is_cut(void **state)
{
    struct drop drop;
    make_drop(*state, &drop);
    char *name = repeat("年", 82);
    char long_name[300], kept[300], numbered[300], note[320];
    snprintf(long_name, sizeof long_name, "%s.jsonl", name);
    snprintf(kept, sizeof kept, "failed/%.231s.jsonl", name);
    snprintf(numbered, sizeof numbered, "done/%.231s-2.jsonl", name);
    snprintf(note, sizeof note, "%s.errors.txt", kept);
    assert_int_equal(take(&drop, long_name, "{}").outcome, WATCH_REFUSED);
    assert_true(is_in(&drop, kept) && is_in(&drop, note) && !is_in(&drop, long_name));
    assert_int_equal(take(&drop, long_name, WARNING).outcome, WATCH_ACCEPTED);
    assert_true(is_in(&drop, numbered));
    free(name);
}

static void test_a_cap_message_is_refused_in_words(void **state)
{
    struct drop drop;
    make_drop(*state, &drop);
    char path[PATH_SIZE + 512];
    char text[512] = "";
    assert_int_equal(take(&drop, "alert.xml", "<alert/>").outcome, WATCH_REFUSED);
    assert_true(is_in(&drop, "failed/alert.xml"));
    FILE *file = fopen(path_in(&drop, "failed/alert.xml.errors.txt", path), "r");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    assert_true(strstr(text, "CAP message") && strstr(text, "CAP 消息"));
}

static void test_the_same_bytes_are_filed_once(void **state)
{
    struct place *place = *state;
    struct drop drop;
    make_drop(place, &drop);
    assert_int_equal(take(&drop, "one.json", WARNING).outcome, WATCH_ACCEPTED);
    struct watch_report report = take(&drop, "two.json", WARNING);
    assert_int_equal(report.outcome, WATCH_ALREADY);
    assert_int_equal(report.first_seq, 1);
    assert_true(is_in(&drop, "done/two.json") && is_in(&drop, "done/two.json.already.txt"));
    assert_int_equal(count_all(place), 1);
}

static void test_a_file_that_changes_meanwhile_is_left_for_later(void **state)
{
    struct place *place = *state;
    struct drop drop;
    make_drop(place, &drop);
    struct watch_report report;
    struct stat seen = {.st_size = 1};
    assert_int_equal(take(&drop, "first.json", REPORT).outcome, WATCH_ACCEPTED);
    put(&drop, "changed.json", WARNING);
    watch_take(&drop.watched, "changed.json", &seen, &report);
    assert_int_equal(report.outcome, WATCH_LATER);
    assert_true(is_in(&drop, "changed.json"));
    assert_int_equal(count_all(place), 1);
}

/* ---- Saved over ---- */

/* Another file takes over a name as soon as a statement that has WORD in it is done. */
struct saving {
    struct drop *drop;
    const char *name, *text, *word;
    bool is_done;
};

static int on_statement(unsigned event, void *self, void *stmt, void *more)
{
    (void)event;
    (void)more;
    struct saving *saving = self;
    char from[PATH_SIZE + 512], to[PATH_SIZE + 512];
    if (!saving->is_done && strstr(sqlite3_sql(stmt), saving->word)) {
        put(saving->drop, ".new", saving->text);
        assert_int_equal(rename(path_in(saving->drop, ".new", from), path_in(saving->drop, saving->name, to)), 0);
        saving->is_done = true;
    }
    return 0;
}

static struct watch_report take_and_save_over(struct drop *drop, const char *text, const char *word, const char *newer)
{
    struct saving saving = {.drop = drop, .name = "export.jsonl", .text = newer, .word = word};
    sqlite3_trace_v2(drop->watched.spool->db, SQLITE_TRACE_PROFILE, on_statement, &saving);
    struct watch_report report = take(drop, saving.name, text);
    sqlite3_trace_v2(drop->watched.spool->db, 0, NULL, NULL);
    assert_true(saving.is_done);
    return report;
}

/* What lies under the name is untouched, and is taken as if nothing had been there before. */
static void expect_newer(struct drop *drop, const char *text, uint64_t count)
{
    char path[PATH_SIZE + 512], found[4096] = "";
    struct stat seen;
    struct watch_report report;
    FILE *file = fopen(path_in(drop, "export.jsonl", path), "r");
    assert_non_null(file);
    assert_true(fread(found, 1, sizeof found - 1, file) > 0);
    fclose(file);
    assert_string_equal(found, text);
    assert_int_equal(stat(path, &seen), 0);
    watch_take(&drop->watched, "export.jsonl", &seen, &report);
    assert_int_equal(report.outcome, WATCH_ACCEPTED);
    assert_int_equal(report.accepted, count);
    assert_false(report.is_replaced);
    assert_true(is_in(drop, "done/export.jsonl") && !is_in(drop, "export.jsonl"));
}

static void test_a_file_saved_over_an_accepted_one_is_filed_too(void **state)
{
    struct place *place = *state;
    struct drop drop;
    make_drop(place, &drop);
    struct watch_report report = take_and_save_over(&drop, WARNING "\n", "commit", REPORT "\n" REPORT "\n");
    assert_int_equal(report.outcome, WATCH_ACCEPTED);
    assert_int_equal(report.accepted, 1);
    assert_true(report.is_replaced && !is_in(&drop, "done/export.jsonl"));
    expect_newer(&drop, REPORT "\n" REPORT "\n", 2);
    assert_int_equal(count_all(place), 3);
}

static void test_a_file_saved_over_one_known_already_is_filed(void **state)
{
    struct place *place = *state;
    struct drop drop;
    make_drop(place, &drop);
    assert_int_equal(take(&drop, "earlier.jsonl", WARNING "\n").outcome, WATCH_ACCEPTED);
    struct watch_report report = take_and_save_over(&drop, WARNING "\n", "from taken_file", REPORT "\n");
    assert_int_equal(report.outcome, WATCH_LATER);
    assert_true(report.is_replaced && !is_in(&drop, "done/export.jsonl.already.txt"));
    expect_newer(&drop, REPORT "\n", 1);
    assert_int_equal(count_all(place), 2);
}

/* The attachment is looked for while the file is being read. */
static void test_a_file_saved_over_a_refused_one_is_filed(void **state)
{
    static const char unknown[] = "{" WARNING_HEAD ",\"level\":3,\"attachments\":[{\"sha256\":"
                                  "\"00000000000000000000000000000000000000000000000000000000000000aa\"}]}\n";
    struct drop drop;
    make_drop(*state, &drop);
    struct watch_report report = take_and_save_over(&drop, unknown, "b.media_type", REPORT "\n");
    assert_int_equal(report.outcome, WATCH_LATER);
    assert_true(report.is_replaced && !is_in(&drop, "failed/export.jsonl"));
    assert_false(is_in(&drop, "failed/export.jsonl.errors.txt"));
    expect_newer(&drop, REPORT "\n", 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_file_goes_to_done_or_to_failed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_name_without_room_for_what_is_added_is_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_cap_message_is_refused_in_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_same_bytes_are_filed_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_file_that_changes_meanwhile_is_left_for_later, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_file_saved_over_an_accepted_one_is_filed_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_file_saved_over_one_known_already_is_filed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_file_saved_over_a_refused_one_is_filed, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
