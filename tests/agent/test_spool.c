#include "tests/agent/support.h"

#include <signal.h>
#include <sys/resource.h>

static void test_numbers_follow_one_another_and_ids_differ(void **state)
{
    struct place *place = *state;
    struct item first;
    struct item second;
    add_record(place, REPORT, &first);
    add_record(place, REPORT, &second);
    assert_int_equal(first.seq, 1);
    assert_int_equal(second.seq, 2);
    assert_memory_not_equal(first.id, second.id, RECORD_ID_SIZE);
    assert_string_equal(first.title, "a title");
}

static void test_warnings_are_picked_before_reports(void **state)
{
    struct place *place = *state;
    struct item report;
    struct item warning;
    add_record(place, REPORT, &report);
    add_record(place, WARNING, &warning);
    assert_int_equal(spool_pick(place->spool, &place->flights, 64, &place->batch), ERR_OK);
    assert_int_equal(place->batch.count, 2);
    assert_int_equal(place->batch.seqs[0], warning.seq);
    assert_int_equal(place->batch.seqs[1], report.seq);
    uint8_t hash[RECORD_HASH_SIZE];
    suite_hash_leaf(&suite_ed25519, place->batch.items[0], hash);
    assert_memory_equal(hash, warning.hash, sizeof hash);
}

static void test_what_is_under_way_or_put_off_is_not_picked(void **state)
{
    struct place *place = *state;
    struct item items[3];
    for (size_t i = 0; i < 3; i++) {
        add_record(place, REPORT, &items[i]);
    }
    flights_add(&place->flights, items[0].seq, 7);
    flights_add(&place->flights, items[1].seq, 7);
    flights_hold(&place->flights, items[1].seq, 1000);
    assert_int_equal(spool_pick(place->spool, &place->flights, 64, &place->batch), ERR_OK);
    assert_int_equal(place->batch.count, 1);
    assert_int_equal(place->batch.seqs[0], items[2].seq);
    assert_false(flights_release(&place->flights, 999));
    assert_true(flights_release(&place->flights, 1000));
    assert_int_equal(spool_pick(place->spool, &place->flights, 1, &place->batch), ERR_OK);
    assert_int_equal(place->batch.seqs[0], items[1].seq);
    flights_clear(&place->flights); /* a new session */
    assert_int_equal(spool_pick(place->spool, &place->flights, 64, &place->batch), ERR_OK);
    assert_int_equal(place->batch.count, 3);
}

static void test_a_held_batch_leaves_what_was_settled(void **state)
{
    struct flights *flights = &((struct place *)*state)->flights;
    for (uint64_t seq = 1; seq <= 4; seq++) {
        flights_add(flights, seq, seq <= 2 ? 1 : 2);
    }
    flights_drop(flights, 1);
    flights_hold_batch(flights, 1, 50);
    assert_int_equal(flights_room(flights), FLIGHTS_MAX - 3);
    assert_true(flights_release(flights, 50));
    assert_false(flights_has(flights, 2));
    assert_true(flights_has(flights, 3) && flights_has(flights, 4));
}

static void test_a_batch_keeps_within_its_bytes(void **state)
{
    struct place *place = *state;
    size_t size = 200000;
    uint8_t *bytes = calloc(1, size);
    assert_int_equal(spool_begin(place->spool), ERR_OK);
    for (uint64_t seq = 1; seq <= 6; seq++) {
        struct acceptance acceptance = {.seq = seq, .kind = "k", .title = "t", .bytes = {bytes, size}};
        acceptance.id[0] = (uint8_t)seq;
        assert_int_equal(spool_add(place->spool, &acceptance), ERR_OK);
    }
    assert_int_equal(spool_commit(place->spool), ERR_OK);
    assert_int_equal(spool_pick(place->spool, &place->flights, 64, &place->batch), ERR_OK);
    assert_int_equal(place->batch.count, BATCH_BYTES_MAX / size);
    free(bytes);
}

static void test_a_stored_item_has_a_receipt_that_proves_it(void **state)
{
    struct place *place = *state;
    struct item item;
    struct verdicts verdicts;
    struct stored_receipt receipt;
    struct proof proof;
    uint8_t *bytes = NULL;
    size_t size = 0;
    add_record(place, REPORT, &item);
    struct result result = result_for(&item, OUTCOME_STORED, 42);
    assert_int_equal(answer(place, 1, &result, 1, &verdicts), ERR_OK);
    assert_int_equal(verdicts.count, 1);
    item = find_item(place, item.id);
    assert_int_equal(item.state, ITEM_RECEIVED);
    assert_int_equal(item.number, 42);
    assert_int_equal(waiting(place), 0);
    assert_int_equal(spool_receipt(place->spool, &item, &receipt), ERR_OK);
    assert_int_equal(spool_bytes(place->spool, item.seq, &bytes, &size), ERR_OK);
    proof_check(&item, (struct view){bytes, size}, &receipt, &proof);
    assert_true(proof.is_verified);
    assert_true(proof.is_in_ledger);
    assert_int_equal(proof.number, 42);
    bytes[size / 2] ^= 1;
    proof_check(&item, (struct view){bytes, size}, &receipt, &proof);
    assert_false(proof.is_verified);
    assert_false(proof.is_in_ledger);
    bytes[size / 2] ^= 1;
    receipt.bytes[EPOCH_SIZE + 10] ^= 1; /* in the body */
    proof_check(&item, (struct view){bytes, size}, &receipt, &proof);
    assert_false(proof.is_verified);
    free(bytes);
    free(receipt.bytes);
}

static void test_a_lost_answer_is_told_again_as_duplicate_with_the_first_outcome(void **state)
{
    struct place *place = *state;
    struct item item;
    struct verdicts verdicts;
    add_record(place, REPORT, &item);
    assert_int_equal(spool_pick(place->spool, &place->flights, 64, &place->batch), ERR_OK);
    flights_add(&place->flights, item.seq, 1);
    flights_clear(&place->flights); /* the session ends before the receipt; the next one sends the same bytes */
    assert_int_equal(spool_pick(place->spool, &place->flights, 64, &place->batch), ERR_OK);
    uint8_t hash[RECORD_HASH_SIZE];
    suite_hash_leaf(&suite_ed25519, place->batch.items[0], hash);
    assert_memory_equal(hash, item.hash, sizeof hash);
    struct result result = result_for(&item, OUTCOME_DUPLICATE, 7);
    assert_int_equal(answer(place, 1, &result, 1, &verdicts), ERR_OK);
    result.number = 8; /* a later answer changes nothing */
    assert_int_equal(answer(place, 1, &result, 1, &verdicts), ERR_OK);
    assert_int_equal(verdicts.count, 1);
    assert_int_equal(find_item(place, item.id).number, 7);
}

static void test_a_result_for_other_bytes_is_ignored(void **state)
{
    struct place *place = *state;
    struct item item;
    struct verdicts verdicts;
    add_record(place, REPORT, &item);
    uint8_t other[RECORD_HASH_SIZE] = {1};
    struct result results[] = {result_for(&item, OUTCOME_STORED, 1), result_for(&item, OUTCOME_STORED, 2)};
    results[0].hash.at = other;
    results[1].id = (struct view){other, RECORD_ID_SIZE};
    assert_int_equal(answer(place, 1, results, 2, &verdicts), ERR_OK);
    assert_int_equal(verdicts.count, 0);
    assert_int_equal(verdicts.ignored, 2);
    assert_int_equal(find_item(place, item.id).state, ITEM_ACCEPTED);
    assert_int_equal(waiting(place), 1);
}

static void reject_with(struct place *place, const struct item *item, const char *code)
{
    struct faults faults = {.count = 0};
    struct verdicts verdicts;
    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    fault_add(&faults, code, "activity_no", "taken");
    faults_encode(&faults, &buffer);
    struct result result = result_for(item, OUTCOME_REJECTED, 0);
    result.faults = (struct view){(const uint8_t *)buffer.data, buffer.size};
    assert_int_equal(answer(place, 1, &result, 1, &verdicts), ERR_OK);
    msgpack_sbuffer_destroy(&buffer);
}

static void reject(struct place *place, const struct item *item)
{
    reject_with(place, item, "not_unique");
}

static void test_a_rejected_item_stays_with_its_reasons_until_corrected(void **state)
{
    struct place *place = *state;
    struct item first;
    struct item waiting_one;
    struct faults faults;
    struct told told;
    add_record(place, REPORT, &first);
    add_record(place, REPORT, &waiting_one);
    reject(place, &first);
    assert_int_equal(find_item(place, first.id).state, ITEM_REJECTED);
    assert_int_equal(spool_faults(place->spool, first.seq, &faults), ERR_OK);
    assert_string_equal(faults.list[0].code, "not_unique");
    assert_int_equal(submit(place, "c.json", REPORT, false, waiting_one.id, &told), ERR_NOT_FOUND);
    assert_int_equal(submit(place, "c.json", REPORT "\n" REPORT, false, first.id, &told), ERR_INVALID);
    assert_int_equal(waiting(place), 1);
    assert_int_equal(submit(place, "c.json", REPORT, false, first.id, &told), ERR_OK);
    first = find_item(place, first.id);
    assert_int_equal(first.state, ITEM_CORRECTED);
    assert_int_equal(first.corrected_by, told.result.first_seq);
    assert_int_equal(spool_faults(place->spool, first.seq, &faults), ERR_OK);
    assert_int_equal(spool_discard(place->spool, first.id), ERR_NOT_FOUND);
}

static void test_only_a_rejected_item_is_discarded(void **state)
{
    struct place *place = *state;
    struct item item;
    add_record(place, REPORT, &item);
    assert_int_equal(spool_discard(place->spool, item.id), ERR_NOT_FOUND);
    reject(place, &item);
    assert_int_equal(spool_discard(place->spool, item.id), ERR_OK);
    assert_int_equal(find_item(place, item.id).state, ITEM_DISCARDED);
}

static void test_retry_leaves_the_item_waiting(void **state)
{
    struct place *place = *state;
    struct item item;
    struct verdicts verdicts;
    add_record(place, REPORT, &item);
    struct result result = result_for(&item, OUTCOME_RETRY, 0);
    result.code = (struct view){(const uint8_t *)"disk_full", 9};
    result.after_ms = 1500;
    assert_int_equal(answer(place, 1, &result, 1, &verdicts), ERR_OK);
    assert_int_equal(verdicts.list[0].outcome, OUTCOME_RETRY);
    assert_int_equal(verdicts.list[0].after_ms, 1500);
    assert_string_equal(verdicts.list[0].code, "disk_full");
    assert_int_equal(find_item(place, item.id).state, ITEM_ACCEPTED);
}

static void test_a_new_epoch_sends_again_what_the_old_one_confirmed(void **state)
{
    struct place *place = *state;
    struct item items[3];
    struct verdicts verdicts;
    struct welcome_effect effect;
    for (size_t i = 0; i < 3; i++) {
        add_record(place, REPORT, &items[i]);
    }
    assert_int_equal(welcome(place, 1, 0, &effect), ERR_OK);
    assert_false(effect.is_epoch_changed);
    struct result stored = result_for(&items[0], OUTCOME_STORED, 1);
    assert_int_equal(answer(place, 1, &stored, 1, &verdicts), ERR_OK);
    reject(place, &items[1]);
    assert_int_equal(welcome(place, 1, 3, &effect), ERR_OK);
    assert_false(effect.is_epoch_changed || effect.is_spool_behind);
    assert_int_equal(waiting(place), 1);
    assert_int_equal(welcome(place, 2, 0, &effect), ERR_OK);
    assert_true(effect.is_epoch_changed);
    assert_int_equal(effect.sent_again, 1);
    assert_int_equal(waiting(place), 2);
    assert_true(find_item(place, items[0].id).receipt > 0); /* the older proof stays */
    stored.number = 5;
    assert_int_equal(answer(place, 2, &stored, 1, &verdicts), ERR_OK);
    assert_int_equal(find_item(place, items[0].id).number, 5);
    assert_int_equal(welcome(place, 2, 3, &effect), ERR_OK);
    assert_int_equal(waiting(place), 1);
}

static void test_a_hub_that_lost_what_it_confirmed_gets_it_again(void **state)
{
    struct place *place = *state;
    struct item items[3];
    struct verdicts verdicts;
    struct welcome_effect effect;
    for (size_t i = 0; i < 3; i++) {
        add_record(place, REPORT, &items[i]);
        struct result stored = result_for(&items[i], OUTCOME_STORED, i + 1);
        assert_int_equal(answer(place, 1, &stored, 1, &verdicts), ERR_OK);
    }
    assert_int_equal(welcome(place, 1, 3, &effect), ERR_OK);
    assert_int_equal(waiting(place), 0);
    assert_int_equal(welcome(place, 1, 2, &effect), ERR_OK);
    assert_true(effect.is_hub_behind);
    assert_int_equal(effect.sent_again, 3);
    assert_int_equal(waiting(place), 3);
    assert_int_equal(welcome(place, 1, 2, &effect), ERR_OK);
    assert_false(effect.is_hub_behind);
    /* It has something else under an id that it had confirmed: the institution keeps its receipt. What it cannot take
     * now is to be seen and corrected. */
    reject_with(place, &items[1], "conflict");
    reject_with(place, &items[2], "unknown_reference");
    assert_int_equal(find_item(place, items[2].id).state, ITEM_REJECTED);
    assert_int_equal(waiting(place), 1);
    assert_int_equal(find_item(place, items[1].id).state, ITEM_RECEIVED);
    assert_int_equal(find_item(place, items[1].id).number, 2);
    assert_true(find_item(place, items[1].id).receipt > 0);
}

/* It might be taken now, beside its correction. */
static void test_what_was_rejected_is_not_sent_to_a_hub_that_has_lost_that(void **state)
{
    struct place *place = *state;
    struct item received;
    struct item rejected[3];
    struct verdicts verdicts;
    struct welcome_effect effect;
    struct told told;
    add_record(place, REPORT, &received);
    struct result stored = result_for(&received, OUTCOME_STORED, 1);
    assert_int_equal(answer(place, 1, &stored, 1, &verdicts), ERR_OK);
    for (size_t i = 0; i < 3; i++) {
        add_record(place, REPORT, &rejected[i]);
        reject_with(place, &rejected[i], "unknown_reference");
    }
    assert_int_equal(spool_discard(place->spool, rejected[1].id), ERR_OK);
    assert_int_equal(submit(place, "c.json", REPORT, false, rejected[2].id, &told), ERR_OK);
    assert_int_equal(welcome(place, 1, 4, &effect), ERR_OK);
    assert_int_equal(welcome(place, 1, 0, &effect), ERR_OK);
    assert_true(effect.is_hub_behind);
    assert_int_equal(effect.sent_again, 1);
    assert_int_equal(waiting(place), 2); /* and the correction */
    assert_int_equal(answer(place, 1, &stored, 1, &verdicts), ERR_OK);
    assert_int_equal(welcome(place, 2, 0, &effect), ERR_OK);
    assert_int_equal(effect.sent_again, 1);
    assert_int_equal(waiting(place), 2);
}

static void test_numbering_goes_on_above_what_the_hub_holds(void **state)
{
    struct place *place = *state;
    struct item item;
    struct welcome_effect effect;
    assert_int_equal(welcome(place, 1, 500, &effect), ERR_OK);
    assert_true(effect.is_spool_behind);
    add_record(place, REPORT, &item);
    assert_int_equal(item.seq, 501);
}

static void test_an_unfinished_transaction_leaves_nothing(void **state)
{
    struct place *place = *state;
    struct item item;
    uint64_t seq = 0;
    add_record(place, REPORT, &item);
    assert_int_equal(spool_begin(place->spool), ERR_OK);
    assert_int_equal(spool_next_seq(place->spool, &seq), ERR_OK);
    struct acceptance acceptance = {.seq = seq, .kind = "k", .title = "t", .bytes = {(const uint8_t *)"x", 1}};
    assert_int_equal(spool_add(place->spool, &acceptance), ERR_OK);
    spool_close(place->spool);
    place->spool = open_spool(&place->home);
    assert_int_equal(waiting(place), 1);
    add_record(place, REPORT, &item);
    assert_int_equal(item.seq, 2);
}

static void test_two_connections_take_turns(void **state)
{
    struct place *place = *state;
    struct spool *other = open_spool(&place->home);
    uint64_t seq = 0;
    struct item item;
    int64_t before = 0;
    int64_t after = 0;
    assert_int_equal(spool_version(other, &before), ERR_OK);
    add_record(place, REPORT, &item);
    assert_int_equal(spool_version(other, &after), ERR_OK);
    assert_int_not_equal(before, after);
    assert_int_equal(spool_begin(place->spool), ERR_OK);
    assert_int_equal(spool_begin(other), ERR_BUSY);
    struct counts counts;
    assert_int_equal(spool_counts(other, &counts), ERR_OK); /* reading goes on */
    assert_int_equal(counts.by_state[ITEM_ACCEPTED], 1);
    spool_rollback(place->spool);
    assert_int_equal(spool_begin(other), ERR_OK);
    assert_int_equal(spool_next_seq(other, &seq), ERR_OK);
    assert_int_equal(seq, 2);
    spool_close(other);
}

static void test_a_full_disk_stores_nothing_of_the_file(void **state)
{
    struct place *place = *state;
    struct item item;
    struct told told;
    add_record(place, REPORT, &item);
    assert_int_equal(db_exec(place->spool->db, "pragma max_page_count = 20"), ERR_OK);
    char *text = repeat(WARNING "\n", 200);
    assert_int_equal(submit(place, "many.jsonl", text, false, NULL, &told), ERR_FULL);
    assert_int_equal(told.result.accepted, 0);
    assert_int_equal(waiting(place), 1);
    assert_int_equal(db_exec(place->spool->db, "pragma max_page_count = 100000"), ERR_OK);
    assert_int_equal(submit(place, "many.jsonl", text, false, NULL, &told), ERR_OK);
    assert_int_equal(told.result.accepted, 200);
    assert_int_equal(told.result.first_seq, 2);
    free(text);
}

static void test_a_limit_on_files_stores_nothing_and_later_goes_on(void **state)
{
    struct place *place = *state;
    struct item item;
    struct told told;
    struct rlimit old;
    char path[PATH_SIZE];
    char *text = repeat(WARNING "\n", 2000);
    add_record(place, REPORT, &item);
    write_file(place, "many.jsonl", text, path);
    free(text);
    struct input input;
    char reason[256];
    assert_int_equal(input_open(&input, path, &place->home, reason), ERR_OK);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    struct rlimit low = {.rlim_cur = 200000, .rlim_max = old.rlim_max};
    setrlimit(RLIMIT_FSIZE, &low);
    struct accept_order order = {.home = &place->home, .spool = place->spool, .utc_offset_minutes = 480};
    err_t err = accept_input(&order, &input, &told.result);
    setrlimit(RLIMIT_FSIZE, &old);
    input_close(&input);
    assert_int_not_equal(err, ERR_OK);
    assert_int_equal(told.result.accepted, 0);
    assert_int_equal(waiting(place), 1);
    add_record(place, REPORT, &item);
    assert_int_equal(item.seq, 2);
}

static void test_the_inbox_keeps_events_and_cursor_together(void **state)
{
    struct place *place = *state;
    uint8_t epoch[EPOCH_SIZE];
    msgpack_sbuffer event_bytes;
    msgpack_sbuffer frame;
    struct message message;
    char reason[128];
    uint64_t cursor = 0;
    uint32_t added = 0;
    memset(epoch, 1, sizeof epoch);
    msgpack_sbuffer_init(&event_bytes);
    msgpack_sbuffer_init(&frame);
    struct event event = {
        .type = EVENT_ENTITY_STATE,
        .state = {.at = 5, .state = {(const uint8_t *)"suspended", 9}, .reason = {(const uint8_t *)"r", 1}}};
    event_encode(&event, &event_bytes);
    events_begin(&frame, 1, "inbox", epoch, 9, 1);
    events_add(&frame, 9, (struct view){(const uint8_t *)event_bytes.data, event_bytes.size});
    assert_int_equal(message_decode((struct view){(const uint8_t *)frame.data, frame.size}, &message, reason), ERR_OK);
    assert_int_equal(spool_take_events(place->spool, &message.events, 1, &cursor, &added), ERR_OK);
    assert_int_equal(cursor, 9);
    assert_int_equal(added, 1);
    assert_int_equal(spool_take_events(place->spool, &message.events, 1, &cursor, &added), ERR_OK);
    assert_int_equal(added, 0);
    struct inbox_entry entry;
    assert_int_equal(spool_next_event(place->spool, 0, &entry), ERR_OK);
    assert_int_equal(event_decode(entry.event, &event), ERR_OK);
    assert_true(view_is(event.state.state, "suspended"));
    free(entry.bytes);
    memset(epoch, 2, sizeof epoch);
    assert_int_equal(spool_restart_inbox(place->spool, epoch), ERR_OK);
    assert_int_equal(spool_take_events(place->spool, &message.events, 1, &cursor, &added), ERR_INVALID);
    bool has_epoch = false;
    uint8_t kept[EPOCH_SIZE];
    assert_int_equal(spool_inbox_position(place->spool, kept, &has_epoch, &cursor), ERR_OK);
    assert_true(has_epoch && kept[0] == 2 && cursor == 0);
    msgpack_sbuffer_destroy(&event_bytes);
    msgpack_sbuffer_destroy(&frame);
}

static void test_the_connection_keeps_since_while_it_does_not_change(void **state)
{
    struct place *place = *state;
    struct connection connection = {.since_ms = 10, .reason = "no route"};
    assert_int_equal(spool_connection(place->spool, &connection), ERR_NOT_FOUND);
    connection = (struct connection){.since_ms = 10, .reason = "no route"};
    assert_int_equal(spool_note_connection(place->spool, &connection), ERR_OK);
    connection.since_ms = 20;
    assert_int_equal(spool_note_connection(place->spool, &connection), ERR_OK);
    assert_int_equal(spool_connection(place->spool, &connection), ERR_OK);
    assert_int_equal(connection.since_ms, 10);
    connection = (struct connection){.is_ready = true, .since_ms = 30};
    assert_int_equal(spool_note_connection(place->spool, &connection), ERR_OK);
    assert_int_equal(spool_connection(place->spool, &connection), ERR_OK);
    assert_int_equal(connection.since_ms, 30);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_numbers_follow_one_another_and_ids_differ),
        TEST(test_warnings_are_picked_before_reports),
        TEST(test_what_is_under_way_or_put_off_is_not_picked),
        TEST(test_a_held_batch_leaves_what_was_settled),
        TEST(test_a_batch_keeps_within_its_bytes),
        TEST(test_a_stored_item_has_a_receipt_that_proves_it),
        TEST(test_a_lost_answer_is_told_again_as_duplicate_with_the_first_outcome),
        TEST(test_a_result_for_other_bytes_is_ignored),
        TEST(test_a_rejected_item_stays_with_its_reasons_until_corrected),
        TEST(test_only_a_rejected_item_is_discarded),
        TEST(test_retry_leaves_the_item_waiting),
        TEST(test_a_new_epoch_sends_again_what_the_old_one_confirmed),
        TEST(test_a_hub_that_lost_what_it_confirmed_gets_it_again),
        TEST(test_what_was_rejected_is_not_sent_to_a_hub_that_has_lost_that),
        TEST(test_numbering_goes_on_above_what_the_hub_holds),
        TEST(test_an_unfinished_transaction_leaves_nothing),
        TEST(test_two_connections_take_turns),
        TEST(test_a_full_disk_stores_nothing_of_the_file),
        TEST(test_a_limit_on_files_stores_nothing_and_later_goes_on),
        TEST(test_the_inbox_keeps_events_and_cursor_together),
        TEST(test_the_connection_keeps_since_while_it_does_not_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
