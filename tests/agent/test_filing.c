#include "tests/agent/support.h"

#include <dirent.h>

#include "agent/filing.h"
#include "agent/reading.h"

static struct filing filing_in(struct place *place, bool is_lines)
{
    return (struct filing){
        .home = &place->home, .spool = place->spool, .party = "party", .utc_offset_minutes = 480, .is_lines = is_lines};
}

static struct view text_of(const char *text)
{
    return (struct view){(const uint8_t *)text, strlen(text)};
}

static void test_one_record_is_taken_with_its_number(void **state)
{
    struct place *place = *state;
    struct filing filing = filing_in(place, false);
    assert_int_equal(filing_take(&filing, text_of(WARNING)), ERR_OK);
    assert_int_equal(filing.accepted.accepted, 1);
    assert_int_equal(filing.accepted.first_seq, 1);
    assert_null(filing.lines[0].faults);
    filing_done(&filing);
}

static void test_lines_are_taken_or_refused_one_by_one(void **state)
{
    struct place *place = *state;
    struct filing filing = filing_in(place, true);
    assert_int_equal(filing_take(&filing, text_of(WARNING "\n\n{\"kind\":\"risk_warning\"}\n" WARNING "\n")), ERR_OK);
    assert_int_equal(filing.count, 3);
    assert_int_equal(filing.accepted.accepted, 2);
    assert_int_equal(filing.lines[1].line, 3);
    assert_non_null(filing.lines[1].faults);
    assert_true(filing.lines[1].faults->count > 1);
    assert_null(filing.lines[2].faults);
    filing_done(&filing);
}

#define REPORT_IN_LINES                                                                                                \
    REPORT_HEAD ",\"risks\":[\n{\"risk_subdomain\":\"5.1\",\"description\":\"a risk\"},\n{\"risk_subdomain\":\"7.3\"," \
                "\"description\":\"another\"}\n]}\n"

/* What it looks like does not decide. */
static void test_the_caller_says_whether_a_line_is_a_record(void **state)
{
    struct place *place = *state;
    struct filing filing = filing_in(place, true);
    assert_int_equal(filing_take(&filing, text_of("[" WARNING "]\n" WARNING "\n" REPORT "\n")), ERR_OK);
    assert_int_equal(filing.count, 3);
    assert_non_null(filing.lines[0].faults);
    assert_int_equal(filing.accepted.accepted, 2);
    filing_done(&filing);
    static const char *const texts[] = {REPORT_IN_LINES, "{\"a\":1}\n{\"a\":1}"};
    for (size_t i = 0; i < 2; i++) {
        filing = filing_in(place, false);
        assert_int_equal(filing_take(&filing, text_of(texts[i])), i == 0 ? ERR_OK : ERR_INVALID);
        assert_int_equal(filing.accepted.accepted, i == 0);
        filing_done(&filing);
    }
}

static void test_what_is_not_one_record_is_not_taken(void **state)
{
    struct place *place = *state;
    static const char *const texts[] = {"", " \n", WARNING WARNING, "[" WARNING "," WARNING "]"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct filing filing = filing_in(place, false);
        assert_int_equal(filing_take(&filing, text_of(texts[i])), ERR_INVALID);
        filing_done(&filing);
    }
    assert_int_equal(count_all(place), 0);
}

static void test_too_much_at_a_time_is_refused_whole(void **state)
{
    struct place *place = *state;
    char *lines = repeat("{}\n", FILING_LINES_MAX + 1);
    char *spaces = repeat("                ", FILING_SIZE_MAX / 16 + 1);
    struct filing filing = filing_in(place, true);
    assert_int_equal(filing_take(&filing, text_of(lines)), ERR_TOO_LARGE);
    filing_done(&filing);
    assert_int_equal(filing_take(&filing, text_of(spaces)), ERR_TOO_LARGE);
    filing_done(&filing);
    free(lines);
    free(spaces);
}

static err_t refuse_commit(void *self, const struct filing *filing)
{
    (void)filing;
    *(int *)self += 1;
    return ERR_BUSY;
}

static void test_a_commit_that_is_refused_stores_nothing(void **state)
{
    struct place *place = *state;
    int calls = 0;
    struct filing filing = filing_in(place, false);
    filing.on_commit = refuse_commit;
    filing.self = &calls;
    assert_int_equal(filing_take(&filing, text_of(WARNING)), ERR_BUSY);
    filing_done(&filing);
    assert_int_equal(calls, 1);
    assert_int_equal(count_all(place), 0);
    /* Taken back, also where nothing was there to commit: the next commit is nobody's. */
    struct item item;
    assert_int_equal(filing_take(&filing, text_of("{}")), ERR_OK);
    assert_int_equal(filing.accepted.accepted, 0);
    filing_done(&filing);
    add_record(place, WARNING, &item);
    assert_int_equal(calls, 1);
}

static err_t keep_key(void *self, const struct filing *filing)
{
    (void)self;
    struct filed_key filed = {.at = 7,
                              .first_seq = filing->accepted.first_seq,
                              .count = filing->accepted.good,
                              .status = 201,
                              .text = text_of("answer")};
    memset(filed.digest, 3, sizeof filed.digest);
    return spool_add_key(filing->spool, "key", &filed);
}

static size_t count_files(const struct home *home)
{
    size_t count = 0;
    DIR *folder = opendir(home->path);
    assert_non_null(folder);
    while (readdir(folder)) {
        count++;
    }
    closedir(folder);
    return count;
}

static err_t look_around(void *self, const struct filing *filing)
{
    *(size_t *)self = count_files(filing->home);
    return ERR_OK;
}

/* Nothing that another process could take for left over. */
static void test_what_is_being_filed_has_no_name_in_the_home(void **state)
{
    struct place *place = *state;
    struct item item;
    add_record(place, WARNING, &item); /* with all files that the spool itself needs */
    size_t before = count_files(&place->home);
    size_t meanwhile = 0;
    struct filing filing = filing_in(place, false);
    filing.on_commit = look_around;
    filing.self = &meanwhile;
    assert_int_equal(filing_take(&filing, text_of(REPORT)), ERR_OK);
    assert_int_equal(filing.accepted.accepted, 1);
    assert_int_equal(meanwhile, before);
    filing_done(&filing);
}

static void test_a_key_is_kept_with_its_records_and_once(void **state)
{
    struct place *place = *state;
    struct filed_key filed;
    uint8_t *bytes = NULL;
    assert_int_equal(spool_find_key(place->spool, "key", &filed, &bytes), ERR_NOT_FOUND);
    for (int i = 0; i < 2; i++) {
        struct filing filing = filing_in(place, false);
        filing.on_commit = keep_key;
        assert_int_equal(filing_take(&filing, text_of(WARNING)), i == 0 ? ERR_OK : ERR_EXISTS);
        filing_done(&filing);
    }
    assert_int_equal(count_all(place), 1);
    spool_close(place->spool);
    place->spool = open_spool(&place->home);
    assert_int_equal(spool_find_key(place->spool, "key", &filed, &bytes), ERR_OK);
    assert_int_equal(filed.first_seq, 1);
    assert_int_equal(filed.status, 201);
    assert_int_equal(filed.digest[31], 3);
    assert_true(view_is(filed.text, "answer"));
    free(bytes);
}

static void test_a_damaged_spool_is_an_error(void **state)
{
    struct place *place = *state;
    struct spool *spool = NULL;
    char reason[256] = "";
    assert_int_equal(db_exec(place->spool->db, "drop table filed_key"), ERR_OK);
    assert_int_not_equal(spool_open(&place->home, &suite_ed25519, 200, &spool, reason), ERR_OK);
    assert_null(spool);
    assert_true(reason[0] != '\0');
}

/* ---- Reading ---- */

static int64_t add_event(struct place *place, const char *kind)
{
    static const uint8_t epoch[EPOCH_SIZE] = {1};
    static uint64_t cursor;
    uint8_t id[RECORD_ID_SIZE] = {1, 2, 3, 4, 5, 6, 0x70, 8, 0x80};
    msgpack_sbuffer record, event, frame;
    msgpack_packer packer;
    msgpack_sbuffer_init(&record);
    msgpack_sbuffer_init(&event);
    msgpack_sbuffer_init(&frame);
    msgpack_packer_init(&packer, &record, msgpack_sbuffer_write);
    msgpack_pack_map(&packer, 2);
    msgpack_pack_str_with_body(&packer, "kind", 4);
    msgpack_pack_str_with_body(&packer, kind, strlen(kind));
    msgpack_pack_str_with_body(&packer, "id", 2);
    msgpack_pack_bin_with_body(&packer, id, sizeof id);
    msgpack_packer_init(&packer, &event, msgpack_sbuffer_write);
    msgpack_pack_map(&packer, 3);
    msgpack_pack_str_with_body(&packer, "type", 4);
    msgpack_pack_str_with_body(&packer, "record", 6);
    msgpack_pack_str_with_body(&packer, "owner", 5);
    msgpack_pack_str_with_body(&packer, "city-330100", 11);
    msgpack_pack_str_with_body(&packer, "record", 6);
    msgpack_pack_bin_with_body(&packer, record.data, record.size);
    cursor++;
    events_begin(&frame, 1, "inbox", epoch, cursor, 1);
    events_add(&frame, cursor, (struct view){(const uint8_t *)event.data, event.size});
    struct message message;
    char reason[128];
    uint64_t at = 0;
    uint32_t added = 0;
    assert_int_equal(message_decode((struct view){(const uint8_t *)frame.data, frame.size}, &message, reason), ERR_OK);
    assert_int_equal(spool_take_events(place->spool, &message.events, 1, &at, &added), ERR_OK);
    msgpack_sbuffer_destroy(&record);
    msgpack_sbuffer_destroy(&event);
    msgpack_sbuffer_destroy(&frame);
    return sqlite3_last_insert_rowid(place->spool->db);
}

static void test_a_notice_is_answered_when_it_is_read_and_once(void **state)
{
    struct place *place = *state;
    struct membership membership = {.party = "party"};
    struct settings settings = {.utc_offset_minutes = 480};
    struct reader_desk desk = {&place->home, &membership, &settings, place->spool};
    int64_t row = add_event(place, "notice");
    int64_t first = 0;
    int64_t again = 0;
    assert_int_equal(reading_note(&desk, row, &first), ERR_OK);
    assert_int_equal(reading_note(&desk, row, &again), ERR_OK);
    assert_true(first > 0 && first == again);
    struct item items[4];
    size_t count = 0;
    assert_int_equal(spool_list(place->spool, -1, 0, items, 4, &count), ERR_OK);
    assert_int_equal(count, 1);
    assert_string_equal(items[0].kind, "notice_read");
    assert_int_equal(reading_note(&desk, row + 1, &again), ERR_NOT_FOUND);
    assert_int_equal(reading_note(&desk, 0, &again), ERR_NOT_FOUND);
    assert_int_equal(reading_note(&desk, -5, &again), ERR_NOT_FOUND);
    row = add_event(place, "acceptance");
    assert_int_equal(reading_note(&desk, row, &again), ERR_OK);
    assert_int_equal(spool_list(place->spool, -1, 0, items, 4, &count), ERR_OK);
    assert_int_equal(count, 1); /* nothing is owed for it */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_record_is_taken_with_its_number, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lines_are_taken_or_refused_one_by_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_caller_says_whether_a_line_is_a_record, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_not_one_record_is_not_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_much_at_a_time_is_refused_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_commit_that_is_refused_stores_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_being_filed_has_no_name_in_the_home, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_key_is_kept_with_its_records_and_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_damaged_spool_is_an_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_notice_is_answered_when_it_is_read_and_once, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
