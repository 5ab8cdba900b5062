#include "agent/blobs.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "agent/blobs_spool.h"
#include "common/text.h"
#include "tests/agent/support.h"

static err_t submit_from(struct place *place, const struct blob_source *source, const char *text, struct told *told)
{
    char path[PATH_SIZE];
    char reason[256];
    struct input input;
    memset(told, 0, sizeof *told);
    write_file(place, "record.json", text, path);
    assert_int_equal(input_open(&input, path, &place->home, reason), ERR_OK);
    struct accept_order order = {.home = &place->home,
                                 .spool = place->spool,
                                 .utc_offset_minutes = 480,
                                 .files = *source,
                                 .on_refused = keep_told,
                                 .self = told};
    err_t err = accept_input(&order, &input, &told->result);
    input_close(&input);
    return err;
}

static void accept_report(struct place *place, const char *rest, struct item *item)
{
    struct blob_source source = {.folder = place->home.path};
    struct told told;
    size_t count = 0;
    char text[4096];
    snprintf(text, sizeof text, REPORT_HEAD "%s}", rest);
    assert_int_equal(submit_from(place, &source, text, &told), ERR_OK);
    if (told.count > 0) {
        print_error("%s %s\n", told.faults[0].list[0].field, told.faults[0].list[0].reason);
    }
    assert_int_equal(told.result.accepted, 1);
    assert_int_equal(spool_list(place->spool, -1, told.result.first_seq - 1, item, 1, &count), ERR_OK);
}

static uint32_t pick(struct place *place)
{
    assert_int_equal(spool_pick(place->spool, &place->flights, BATCH_ITEMS_MAX, &place->batch), ERR_OK);
    return place->batch.count;
}

#define ONE_FILE ",\"attachments\":[{\"file\":\"a.pdf\",\"role\":\"opinion\"}]"

static void test_a_record_waits_for_its_attachment(void **state)
{
    struct place *place = *state;
    struct item item;
    struct item free_item;
    struct blob_note note;
    char path[PATH_SIZE];
    write_file(place, "a.pdf", "%PDF-1.7 and so on", path);
    accept_report(place, ONE_FILE, &item);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(pick(place), 0);
    accept_report(place, "", &free_item);
    assert_int_equal(pick(place), 1);
    assert_int_equal(place->batch.seqs[0], free_item.seq);
    assert_int_equal(spool_next_blob(place->spool, &note), ERR_OK);
    assert_int_equal(note.size, 18);
    assert_string_equal(note.media_type, "application/pdf");
    assert_true(blob_is_here(&place->home, note.hash));
    assert_int_equal(spool_settle_blob(place->spool, note.hash, BLOB_REFUSED, "quota_exceeded"), ERR_OK);
    assert_int_equal(spool_next_blob(place->spool, &note), ERR_NOT_FOUND);
    assert_int_equal(spool_refused_blob(place->spool, &note), ERR_OK);
    assert_string_equal(note.code, "quota_exceeded");
    assert_int_equal(spool_retry_blobs(place->spool), ERR_OK);
    assert_int_equal(spool_next_blob(place->spool, &note), ERR_OK);
    assert_int_equal(pick(place), 1);
    assert_int_equal(spool_settle_blob(place->spool, note.hash, BLOB_KEPT, ""), ERR_OK);
    assert_int_equal(pick(place), 2);
    assert_int_equal(place->batch.seqs[0], item.seq);
    assert_int_equal(spool_doubt_blobs(place->spool, item.seq), ERR_OK); /* the hub has lost it */
    assert_int_equal(pick(place), 1);
    assert_int_equal(spool_next_blob(place->spool, &note), ERR_OK);
}

/* A record with an attachment that the hub refuses. */
static void accept_blocked(struct place *place, struct item *item)
{
    struct blob_note note;
    char path[PATH_SIZE];
    write_file(place, "a.pdf", "%PDF-1.7 and so on", path);
    accept_report(place, ONE_FILE, item);
    assert_int_equal(spool_discard(place->spool, item->id), ERR_NOT_FOUND); /* it may go yet */
    assert_int_equal(spool_next_blob(place->spool, &note), ERR_OK);
    assert_int_equal(spool_settle_blob(place->spool, note.hash, BLOB_REFUSED, "quota_exceeded"), ERR_OK);
}

static void test_a_blocked_record_is_given_up_when_told_so(void **state)
{
    struct place *place = *state;
    struct item item;
    struct faults faults;
    struct blob_note note;
    accept_blocked(place, &item);
    assert_int_equal(spool_discard(place->spool, item.id), ERR_OK);
    item = find_item(place, item.id);
    assert_int_equal(item.state, ITEM_DISCARDED);
    assert_int_equal(waiting(place), 0);
    assert_int_equal(spool_faults(place->spool, item.seq, &faults), ERR_OK);
    assert_string_equal(faults.list[0].code, "quota_exceeded");
    assert_string_equal(faults.list[0].reason, "a.pdf");
    /* Nobody waits for the attachment: it is nobody's trouble, and is not offered again. */
    assert_int_equal(spool_refused_blob(place->spool, &note), ERR_NOT_FOUND);
    assert_int_equal(spool_retry_blobs(place->spool), ERR_OK);
    assert_int_equal(spool_next_blob(place->spool, &note), ERR_NOT_FOUND);
    assert_int_equal(spool_discard(place->spool, item.id), ERR_NOT_FOUND);
}

static void test_a_blocked_record_is_replaced(void **state)
{
    struct place *place = *state;
    struct item item;
    struct told told;
    accept_blocked(place, &item);
    assert_int_equal(submit(place, "b.json", REPORT_HEAD "}", false, item.id, &told), ERR_OK);
    item = find_item(place, item.id);
    assert_int_equal(item.state, ITEM_CORRECTED);
    assert_int_equal(item.corrected_by, told.result.first_seq);
    assert_int_equal(pick(place), 1);
    assert_int_equal(place->batch.seqs[0], told.result.first_seq);
}

/* What the hub says of it decides, whatever a person thought. */
static void test_a_receipt_for_a_record_that_was_given_up_counts(void **state)
{
    struct place *place = *state;
    struct item item;
    struct verdicts verdicts;
    accept_blocked(place, &item);
    assert_int_equal(spool_discard(place->spool, item.id), ERR_OK);
    struct result result = result_for(&item, OUTCOME_STORED, 7);
    assert_int_equal(answer(place, 1, &result, 1, &verdicts), ERR_OK);
    item = find_item(place, item.id);
    assert_int_equal(item.state, ITEM_RECEIVED);
    assert_int_equal(item.number, 7);
}

/* The hub has held it once: it is for the hub to say what became of it. */
static void test_a_record_with_a_receipt_is_not_given_up(void **state)
{
    struct place *place = *state;
    struct item item;
    struct verdicts verdicts;
    struct welcome_effect effect;
    accept_blocked(place, &item);
    struct result result = result_for(&item, OUTCOME_STORED, 7);
    assert_int_equal(welcome(place, 1, 0, &effect), ERR_OK);
    assert_int_equal(answer(place, 1, &result, 1, &verdicts), ERR_OK);
    assert_int_equal(welcome(place, 2, 0, &effect), ERR_OK); /* another store: all goes again */
    assert_int_equal(find_item(place, item.id).state, ITEM_ACCEPTED);
    assert_int_equal(spool_discard(place->spool, item.id), ERR_NOT_FOUND);
    assert_int_equal(waiting(place), 1);
}

static void test_what_refers_to_a_waiting_record_waits_too(void **state)
{
    struct place *place = *state;
    struct item first;
    struct item second;
    struct item third;
    struct blob_note note;
    struct verdicts verdicts;
    char path[PATH_SIZE];
    char id[37];
    char rest[256];
    write_file(place, "a.pdf", "%PDF-1.7 and so on", path);
    accept_report(place, ONE_FILE, &first);
    record_id_text(first.id, id);
    snprintf(rest, sizeof rest, ",\"replaces\":\"%s\",\"reason\":\"a mistake\"", id);
    accept_report(place, rest, &second);
    record_id_text(second.id, id);
    snprintf(rest, sizeof rest, ",\"replaces\":\"%s\",\"reason\":\"a mistake\"", id);
    accept_report(place, rest, &third);
    assert_int_equal(pick(place), 0);
    assert_int_equal(spool_next_blob(place->spool, &note), ERR_OK);
    assert_int_equal(spool_settle_blob(place->spool, note.hash, BLOB_KEPT, ""), ERR_OK);
    assert_int_equal(pick(place), 1);
    struct result result = result_for(&first, OUTCOME_STORED, 1);
    assert_int_equal(answer(place, 1, &result, 1, &verdicts), ERR_OK);
    assert_int_equal(pick(place), 1);
    assert_int_equal(place->batch.seqs[0], second.seq);
}

static void test_a_file_of_two_records_is_one_attachment(void **state)
{
    struct place *place = *state;
    struct item item;
    struct blob_note note;
    char path[PATH_SIZE];
    write_file(place, "a.pdf", "%PDF-1.7 and so on", path);
    accept_report(place, ONE_FILE, &item);
    accept_report(place, ONE_FILE, &item);
    assert_int_equal(spool_next_blob(place->spool, &note), ERR_OK);
    assert_int_equal(spool_settle_blob(place->spool, note.hash, BLOB_KEPT, ""), ERR_OK);
    assert_int_equal(spool_next_blob(place->spool, &note), ERR_NOT_FOUND);
    assert_int_equal(pick(place), 2);
    accept_report(place, ONE_FILE, &item);
    assert_int_equal(pick(place), 3);
}

static void test_bad_files_are_named_with_their_field(void **state)
{
    struct place *place = *state;
    struct blob_source open = {.folder = place->home.path};
    struct blob_source confined = {.folder = place->home.path, .is_confined = true};
    struct blob_source closed = {.folder = NULL};
    char path[PATH_SIZE];
    char link_path[PATH_SIZE];
    const struct {
        const struct blob_source *source;
        const char *entry, *code, *field;
    } cases[] = {
        {&open, "{\"file\":\"none.pdf\",\"role\":\"opinion\"}", "unreadable", "attachments[0].file"},
        {&open, "{\"file\":\".\",\"role\":\"opinion\"}", "unreadable", "attachments[0].file"},
        {&open, "{\"file\":\"empty.pdf\",\"role\":\"opinion\"}", "too_short", "attachments[0].file"},
        {&open, "{\"file\":\"text.pdf\",\"role\":\"opinion\"}", "bad_media_type", "attachments[0].file"},
        {&open, "{\"file\":7,\"role\":\"opinion\"}", "wrong_type", "attachments[0].file"},
        {&open, "{\"file\":\"a.pdf\",\"role\":\"opinion\",\"media_type\":\"image/png\"}", "type_mismatch",
         "attachments[0].media_type"},
        {&open, "{\"file\":\"a.pdf\"}", "missing", "attachments[0].role"},
        {&closed, "{\"file\":\"a.pdf\",\"role\":\"opinion\"}", "not_wanted", "attachments[0].file"},
        {&confined, "{\"file\":\"/etc/passwd\",\"role\":\"opinion\"}", "not_wanted", "attachments[0].file"},
        {&confined, "{\"file\":\"../a.pdf\",\"role\":\"opinion\"}", "not_wanted", "attachments[0].file"},
        {&confined, "{\"file\":\"link.pdf\",\"role\":\"opinion\"}", "unreadable", "attachments[0].file"},
    };
    write_file(place, "empty.pdf", "", path);
    write_file(place, "text.pdf", "a text", path);
    write_file(place, "a.pdf", "%PDF-1.7 and so on", path);
    home_file(&place->home, "link.pdf", link_path);
    assert_int_equal(symlink(path, link_path), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct told told;
        char text[4096];
        snprintf(text, sizeof text, REPORT_HEAD ",\"attachments\":[%s]}", cases[i].entry);
        assert_int_equal(submit_from(place, cases[i].source, text, &told), ERR_OK);
        assert_int_equal(told.result.accepted, 0);
        assert_int_equal(told.count, 1);
        assert_string_equal(told.faults[0].list[0].code, cases[i].code);
        assert_string_equal(told.faults[0].list[0].field, cases[i].field);
    }
    struct told told;
    assert_int_equal(submit_from(place, &confined, REPORT_HEAD ONE_FILE "}", &told), ERR_OK);
    assert_int_equal(told.result.accepted, 1);
}

static void test_leftovers_are_removed_after_a_day(void **state)
{
    struct place *place = *state;
    char folder[PATH_SIZE];
    char path[PATH_SIZE];
    struct timespec long_ago[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    home_file(&place->home, "blobs", folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    write_file(place, "blobs/new-1", "x", path);
    blobs_clean(&place->home);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(utimensat(AT_FDCWD, path, long_ago, 0), 0);
    blobs_clean(&place->home);
    assert_int_not_equal(access(path, F_OK), 0);
}

static void age(const struct place *place, const char *name)
{
    char path[PATH_SIZE];
    struct timespec long_ago[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    home_file(&place->home, name, path);
    assert_int_equal(utimensat(AT_FDCWD, path, long_ago, 0), 0);
}

#define UNNAMED "blobs/000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f"

static void test_a_copy_stays_as_long_as_it_is_needed(void **state)
{
    struct place *place = *state;
    struct item item;
    struct blob_note note;
    struct verdicts verdicts;
    char path[PATH_SIZE];
    char name[PATH_SIZE];
    write_file(place, "a.pdf", "%PDF-1.7 and so on", path);
    accept_report(place, ONE_FILE, &item);
    assert_int_equal(spool_next_blob(place->spool, &note), ERR_OK);
    blobs_path(&place->home, note.hash, path);
    snprintf(name, sizeof name, "%s", path + strlen(place->home.path) + 1);
    age(place, name);
    write_file(place, UNNAMED, "x", path);
    blobs_sweep(&place->home, place->spool, 1);
    assert_int_equal(access(path, F_OK), 0); /* a submit may be about to name it */
    age(place, UNNAMED);
    blobs_sweep(&place->home, place->spool, 1);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_true(blob_is_here(&place->home, note.hash));
    assert_int_equal(spool_settle_blob(place->spool, note.hash, BLOB_KEPT, ""), ERR_OK);
    blobs_sweep(&place->home, place->spool, 1);
    assert_true(blob_is_here(&place->home, note.hash)); /* its record has no receipt */
    struct result result = result_for(&item, OUTCOME_STORED, 1);
    assert_int_equal(answer(place, 1, &result, 1, &verdicts), ERR_OK);
    assert_int_equal(db_exec(place->spool->db, "update blob set at = 1; update item set outcome_at = 1"), ERR_OK);
    blobs_sweep(&place->home, place->spool, 0);
    assert_true(blob_is_here(&place->home, note.hash)); /* kept for ever */
    blobs_sweep(&place->home, place->spool, 1);
    assert_false(blob_is_here(&place->home, note.hash));
}

static void test_a_text_that_an_older_release_left_is_removed(void **state)
{
    static const char *const names[] = {"filing-019a2193-c2a6-76fd-806a-c3768e290132.json",
                                        "filing-019a2193-c2a6-76fd-806a-c3768e290133.jsonl", "agent.zpl"};
    struct place *place = *state;
    char paths[3][PATH_SIZE];
    for (size_t i = 0; i < 3; i++) {
        write_file(place, names[i], "{}", paths[i]);
        if (i != 1) {
            age(place, names[i]);
        }
    }
    blobs_sweep(&place->home, place->spool, 0);
    assert_int_not_equal(access(paths[0], F_OK), 0);
    assert_int_equal(access(paths[1], F_OK), 0); /* that release may be at it */
    assert_int_equal(access(paths[2], F_OK), 0);
}

static void test_a_content_that_is_named_is_one_that_is_known(void **state)
{
    struct place *place = *state;
    struct blob_source closed = {.folder = NULL};
    struct item item;
    struct blob_note note;
    struct told told;
    char path[PATH_SIZE];
    char hash[2 * BLOB_HASH_SIZE + 1];
    char text[4096];
    static const char form[] = REPORT_HEAD ",\"attachments\":[{\"sha256\":\"%s\",\"name\":\"a.pdf\",\"media_type\":"
                                           "\"application/pdf\",\"size\":%d,\"role\":\"opinion\"}]}";
    write_file(place, "a.pdf", "%PDF-1.7 and so on", path);
    accept_report(place, ONE_FILE, &item);
    assert_int_equal(spool_next_blob(place->spool, &note), ERR_OK);
    hex_text(note.hash, BLOB_HASH_SIZE, hash);
    snprintf(text, sizeof text, form, hash, 18);
    assert_int_equal(submit_from(place, &closed, text, &told), ERR_OK);
    assert_int_equal(told.result.accepted, 1);
    snprintf(text, sizeof text, form, hash, 19);
    assert_int_equal(submit_from(place, &closed, text, &told), ERR_OK);
    assert_string_equal(told.faults[0].list[0].code, "bad_value");
    blobs_path(&place->home, note.hash, path);
    assert_int_equal(unlink(path), 0);
    snprintf(text, sizeof text, form, hash, 18);
    assert_int_equal(submit_from(place, &closed, text, &told), ERR_OK);
    assert_string_equal(told.faults[0].list[0].code, "missing_blob");
    memset(hash, 'a', sizeof hash - 1);
    snprintf(text, sizeof text, form, hash, 18);
    assert_int_equal(submit_from(place, &closed, text, &told), ERR_OK);
    assert_string_equal(told.faults[0].list[0].code, "missing_blob");
    assert_string_equal(told.faults[0].list[0].field, "attachments[0].sha256");
}

/* Between the taking of a file and the commit somebody may have cleaned up. */
static void test_a_record_is_not_stored_without_its_copy(void **state)
{
    struct place *place = *state;
    struct item item;
    struct blob_note note;
    uint8_t *bytes = NULL;
    size_t size = 0;
    char path[PATH_SIZE];
    write_file(place, "a.pdf", "%PDF-1.7 and so on", path);
    accept_report(place, ONE_FILE, &item);
    assert_int_equal(spool_bytes(place->spool, item.seq, &bytes, &size), ERR_OK);
    assert_int_equal(spool_next_blob(place->spool, &note), ERR_OK);
    blobs_path(&place->home, note.hash, path);
    assert_int_equal(blobs_confirm(&place->home, place->spool, (struct view){bytes, size}), ERR_OK);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(blobs_confirm(&place->home, place->spool, (struct view){bytes, size}), ERR_BUSY);
    assert_int_equal(spool_settle_blob(place->spool, note.hash, BLOB_KEPT, ""), ERR_OK);
    assert_int_equal(blobs_confirm(&place->home, place->spool, (struct view){bytes, size}), ERR_OK);
    free(bytes);
}

static void test_what_is_wanted_back_is_remembered(void **state)
{
    struct place *place = *state;
    uint8_t hash[BLOB_HASH_SIZE] = {7};
    uint8_t next[BLOB_HASH_SIZE];
    struct blob_note note;
    assert_int_equal(spool_next_wanted(place->spool, next), ERR_NOT_FOUND);
    assert_int_equal(spool_want_blob(place->spool, hash), ERR_OK);
    assert_int_equal(spool_next_wanted(place->spool, next), ERR_OK);
    assert_memory_equal(next, hash, BLOB_HASH_SIZE);
    assert_int_equal(spool_settle_wanted(place->spool, hash, BLOB_REFUSED, "not_found"), ERR_OK);
    assert_int_equal(spool_find_wanted(place->spool, hash, &note), ERR_OK);
    assert_int_equal(note.state, BLOB_REFUSED);
    assert_string_equal(note.code, "not_found");
    assert_int_equal(spool_next_wanted(place->spool, next), ERR_NOT_FOUND);
    assert_int_equal(spool_want_blob(place->spool, hash), ERR_OK);
    assert_int_equal(spool_next_wanted(place->spool, next), ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_record_waits_for_its_attachment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_blocked_record_is_given_up_when_told_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_blocked_record_is_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_receipt_for_a_record_that_was_given_up_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_record_with_a_receipt_is_not_given_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_refers_to_a_waiting_record_waits_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_file_of_two_records_is_one_attachment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_files_are_named_with_their_field, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_leftovers_are_removed_after_a_day, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_copy_stays_as_long_as_it_is_needed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_text_that_an_older_release_left_is_removed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_content_that_is_named_is_one_that_is_known, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_record_is_not_stored_without_its_copy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_wanted_back_is_remembered, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
