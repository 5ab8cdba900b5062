#include "tests/hub/hub_sample.h"
#include "tests/proto/term_sample.h"

static const char reference[] = "019a2b3c-4d5e-7001-8002-030405060701"; /* the record that bench_put made with n = 1 */

struct sums {
    int64_t count, sum, rows;
    char dims[DIMS_SIZE];
};

static void add_cell(void *self, const struct cell_row *row)
{
    struct sums *sums = self;
    sums->count += row->count;
    sums->sum += row->sum;
    sums->rows++;
    if (row->count > 0) {
        snprintf(sums->dims, sizeof sums->dims, "%s", row->dims);
    }
}

static struct sums cells_of(struct bench *bench, const char *family)
{
    struct sums sums = {0};
    assert_int_equal(store_each_cell(bench->store, family, add_cell, &sums), ERR_OK);
    return sums;
}

/* MEMBERS and a reference by FIELD to the first record. */
static const char *with_reference(const char *field, const char *members)
{
    static char patch[512];
    snprintf(patch, sizeof patch, "{\"%s\": \"%s\"%s}", field, reference, members);
    return patch;
}

static void test_same_bytes_again_give_the_first_outcome(void **state)
{
    struct bench *bench = *state;
    assert_outcome(bench_put(bench, sample_review, "{}", 1), OUTCOME_STORED, 1);
    assert_outcome(bench_put(bench, sample_review, "{}", 1), OUTCOME_DUPLICATE, 1);
    bench_reopen(bench);
    assert_outcome(bench_put(bench, sample_review, "{}", 1), OUTCOME_DUPLICATE, 1);
    assert_int_equal(cells_of(bench, "review").count, 1);
}

static void test_same_id_with_other_bytes_is_a_conflict_and_the_first_stands(void **state)
{
    struct bench *bench = *state;
    assert_outcome(bench_put(bench, sample_review, "{}", 1), OUTCOME_STORED, 1);
    assert_rejected(bench_put(bench, sample_review, "{\"activity_title\": \"另一个活动\"}", 1), "conflict", "id");
    assert_outcome(bench_put(bench, sample_review, "{}", 1), OUTCOME_DUPLICATE, 1);
    assert_int_equal(cells_of(bench, "review").count, 1);
}

static void test_the_same_item_twice_in_one_batch_is_counted_once(void **state)
{
    struct bench *bench = *state;
    msgpack_sbuffer records[2];
    bench_record(sample_review, "{}", 1, &records[0]);
    bench_record(sample_review, "{}", 1, &records[1]);
    struct batch *batch = bench_batch(bench, records, 2, false);
    assert_int_equal(store_begin(bench->store), ERR_OK);
    assert_int_equal(store_put_batch(bench->store, batch), ERR_OK);
    assert_int_equal(store_commit(bench->store), ERR_OK);
    assert_int_equal(batch->items[0].outcome, OUTCOME_STORED);
    assert_int_equal(batch->items[1].outcome, OUTCOME_DUPLICATE);
    assert_int_equal(cells_of(bench, "review").count, 1);
    batch_free(batch);
    msgpack_sbuffer_destroy(&records[0]);
    msgpack_sbuffer_destroy(&records[1]);
}

static void test_a_refused_item_is_refused_again_with_the_first_faults(void **state)
{
    struct bench *bench = *state;
    assert_rejected(bench_put(bench, sample_review, "{\"round\": 0}", 1), "out_of_range", "round");
    assert_rejected(bench_put(bench, sample_review, "{\"round\": 0}", 1), "out_of_range", "round");
    assert_rejected(bench_put(bench, sample_review, "{}", 1), "conflict", "id");
    assert_int_equal(cells_of(bench, "review").rows, 0);
}

static void test_a_rolled_back_group_leaves_nothing(void **state)
{
    struct bench *bench = *state;
    msgpack_sbuffer record;
    bench_record(sample_review, "{}", 1, &record);
    struct batch *batch = bench_batch(bench, &record, 1, false);
    assert_int_equal(store_begin(bench->store), ERR_OK);
    assert_int_equal(store_put_batch(bench->store, batch), ERR_OK);
    store_rollback(bench->store);
    batch_free(batch);
    msgpack_sbuffer_destroy(&record);
    assert_int_equal(cells_of(bench, "review").rows, 0);
    assert_outcome(bench_put(bench, sample_review, "{}", 1), OUTCOME_STORED, 1);
}

static void test_a_natural_key_is_taken_once_and_moves_with_replaces(void **state)
{
    struct bench *bench = *state;
    assert_outcome(bench_put(bench, sample_review, "{}", 1), OUTCOME_STORED, 1);
    assert_rejected(bench_put(bench, sample_review, "{}", 2), "not_unique", "activity_no");
    assert_outcome(bench_put(bench, sample_review,
                             with_reference("replaces", ", \"reason\": \"领域填错\", \"sector\": \"finance\""), 3),
                   OUTCOME_STORED, 2);
    struct sums sums = cells_of(bench, "review");
    assert_int_equal(sums.count, 1);
    assert_non_null(strstr(sums.dims, "finance"));
}

static void test_a_key_stays_with_its_thread_and_is_free_after_a_withdrawal(void **state)
{
    struct bench *bench = *state;
    static const char withdrawal[] =
        "{\"kind\": \"withdrawal\", \"submitter\": {\"name\": \"王芳\", \"role\": \"秘书\"}}";
    assert_outcome(bench_put(bench, sample_review, "{}", 1), OUTCOME_STORED, 1);
    for (uint8_t n = 2; n <= 3; n++) { /* a reference may be any record of the thread: here the first, twice */
        assert_outcome(bench_put(bench, sample_review, with_reference("replaces", ", \"reason\": \"补正\""), n),
                       OUTCOME_STORED, n);
    }
    assert_outcome(bench_put(bench, withdrawal, with_reference("replaces", ", \"reason\": \"误报\""), 4),
                   OUTCOME_STORED, 4);
    assert_outcome(bench_put(bench, sample_review, "{}", 5), OUTCOME_STORED, 5);
    assert_rejected(bench_put(bench, sample_review, "{}", 6), "not_unique", "activity_no");
    assert_int_equal(cells_of(bench, "review").count, 1);
}

static void test_a_second_committee_is_refused_and_says_how_to_correct_the_first(void **state)
{
    struct bench *bench = *state;
    assert_outcome(bench_put(bench, sample_committee, "{}", 1), OUTCOME_STORED, 1);
    assert_rejected(bench_put(bench, sample_committee, "{}", 2), "not_unique", "replaces");
    assert_outcome(bench_put(bench, sample_committee, with_reference("replaces", ", \"reason\": \"换届\""), 3),
                   OUTCOME_STORED, 2);
}

static void test_a_reference_must_be_known(void **state)
{
    struct bench *bench = *state;
    assert_rejected(bench_put(bench, sample_warning, with_reference("refers_to", ", \"action\": \"update\""), 2),
                    "unknown_reference", "refers_to");
}

static void test_a_thread_is_counted_once_through_its_life(void **state)
{
    struct bench *bench = *state;
    assert_outcome(bench_put(bench, sample_warning, "{}", 1), OUTCOME_STORED, 1);
    assert_outcome(
        bench_put(bench, sample_warning, with_reference("refers_to", ", \"action\": \"update\", \"level\": 3"), 2),
        OUTCOME_STORED, 2);
    struct sums sums = cells_of(bench, "warning");
    assert_int_equal(sums.count, 1);
    assert_non_null(strstr(sums.dims, "|3|actual|raised"));
    assert_outcome(bench_put(bench, sample_warning, with_reference("refers_to", ", \"action\": \"cancel\""), 3),
                   OUTCOME_STORED, 3);
    sums = cells_of(bench, "warning");
    assert_int_equal(sums.count, 1);
    assert_non_null(strstr(sums.dims, "|3|actual|cancelled"));
    assert_rejected(bench_put(bench, sample_warning, with_reference("refers_to", ", \"action\": \"update\""), 4),
                    "illegal_transition", "action");
}

static void test_an_entity_may_not_acknowledge(void **state)
{
    struct bench *bench = *state;
    assert_outcome(bench_put(bench, sample_warning, "{}", 1), OUTCOME_STORED, 1);
    assert_rejected(bench_put(bench, sample_warning, with_reference("refers_to", ", \"action\": \"acknowledge\""), 2),
                    "record_not_permitted", "action");
}

static void test_a_rehearsal_is_kept_and_counted_nowhere(void **state)
{
    struct bench *bench = *state;
    assert_outcome(bench_put(bench, sample_warning, "{\"rehearsal\": true}", 1), OUTCOME_STORED, 1);
    assert_int_equal(cells_of(bench, "warning").rows, 0);
    assert_false(store_has_urgent(bench->store));
}

static uint64_t follow(struct bench *bench, uint64_t cursor, uint32_t count, struct page *page)
{
    memset(page, 0, sizeof *page);
    msgpack_sbuffer_init(&page->events);
    assert_int_equal(store_page(bench->store, "uplink", 0, cursor, count, EVENTS_SIZE_MAX, page), ERR_OK);
    msgpack_sbuffer_destroy(&page->events);
    return page->last;
}

static void test_the_uplink_is_compacted_and_its_cursor_rises(void **state)
{
    struct bench *bench = *state;
    struct page page;
    for (uint8_t n = 1; n <= 5; n++) {
        char patch[64];
        snprintf(patch, sizeof patch, "{\"activity_no\": \"N-%d\"}", n);
        assert_outcome(bench_put(bench, sample_review, patch, n), OUTCOME_STORED, n);
    }
    assert_int_equal(follow(bench, 0, 100, &page), 5);
    assert_int_equal(page.count, 1); /* one cell, changed five times */
    assert_outcome(bench_put(bench, sample_warning, "{}", 9), OUTCOME_STORED, 6);
    assert_true(store_has_urgent(bench->store));
    assert_int_equal(follow(bench, 5, 1, &page), 6);
    assert_int_equal(follow(bench, 6, 100, &page), 7);
    assert_int_equal(page.head, 7);
}

static void test_pruning_keeps_cells_and_never_turns_the_cursor_back(void **state)
{
    struct bench *bench = *state;
    struct page page;
    uint64_t removed = 0;
    uint64_t pruned = 0;
    assert_outcome(bench_put(bench, sample_warning, "{}", 1), OUTCOME_STORED, 1);
    assert_int_equal(store_begin(bench->store), ERR_OK);
    assert_int_equal(store_prune_uplink(bench->store, 100, &removed), ERR_OK);
    assert_int_equal(store_commit(bench->store), ERR_OK);
    assert_int_equal(removed, 1);
    assert_int_equal(store_pruned(bench->store, "uplink", &pruned), ERR_OK);
    assert_int_equal(pruned, 2);
    bench_reopen(bench);
    follow(bench, 0, 100, &page);
    assert_int_equal(page.count, 1);
    assert_int_equal(page.head, 2);
    assert_outcome(bench_put(bench, sample_review, "{}", 2), OUTCOME_STORED, 2);
    assert_int_equal(follow(bench, 2, 100, &page), 3);
}

static void test_a_wrong_signature_makes_no_batch(void **state)
{
    struct bench *bench = *state;
    msgpack_sbuffer record;
    bench_record(sample_review, "{}", 1, &record);
    assert_null(bench_batch(bench, &record, 1, true));
    msgpack_sbuffer_destroy(&record);
}

int main(void)
{
#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_same_bytes_again_give_the_first_outcome),
        STORE_TEST(test_same_id_with_other_bytes_is_a_conflict_and_the_first_stands),
        STORE_TEST(test_the_same_item_twice_in_one_batch_is_counted_once),
        STORE_TEST(test_a_refused_item_is_refused_again_with_the_first_faults),
        STORE_TEST(test_a_rolled_back_group_leaves_nothing),
        STORE_TEST(test_a_natural_key_is_taken_once_and_moves_with_replaces),
        STORE_TEST(test_a_key_stays_with_its_thread_and_is_free_after_a_withdrawal),
        STORE_TEST(test_a_second_committee_is_refused_and_says_how_to_correct_the_first),
        STORE_TEST(test_a_reference_must_be_known),
        STORE_TEST(test_a_thread_is_counted_once_through_its_life),
        STORE_TEST(test_an_entity_may_not_acknowledge),
        STORE_TEST(test_a_rehearsal_is_kept_and_counted_nowhere),
        STORE_TEST(test_the_uplink_is_compacted_and_its_cursor_rises),
        STORE_TEST(test_pruning_keeps_cells_and_never_turns_the_cursor_back),
        STORE_TEST(test_a_wrong_signature_makes_no_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
