/* Which attachments go with what is erased, and what is said meanwhile of records that name them. */
#include "tests/hub/hub_sample.h"

#include "common/text.h"
#include "hub/store_attached.h"

static const uint8_t act[RECORD_ID_SIZE] = {1, 2, 3};

#define OTHER                                                                                                          \
    "\"attachments\": [{\"sha256\": \"%064d\", \"name\": \"b\", \"media_type\": \"image/png\", \"size\": 1, "          \
    "\"role\": \"plan\"}]"

static void erase(struct bench *bench, uint8_t n)
{
    uint8_t id[RECORD_ID_SIZE];
    memcpy(id, sample_id, sizeof id);
    id[RECORD_ID_SIZE - 1] = n;
    assert_int_equal(store_begin(bench->store), ERR_OK);
    assert_int_equal(store_erase(bench->store, bench->party.row, id, act, 12345), ERR_OK);
    assert_int_equal(store_commit(bench->store), ERR_OK);
}

/* The review number N names the sample's attachment, or number FILE where that is not 0. */
static struct batch *put(struct bench *bench, uint8_t n, int file)
{
    char patch[512];
    char other[400];
    snprintf(other, sizeof other, OTHER, file);
    snprintf(patch, sizeof patch, "{\"activity_no\": \"%d\"%s%s}", n, file ? ", " : "", file ? other : "");
    return bench_put(bench, sample_review, patch, n);
}

static void assert_stored(struct batch *batch)
{
    assert_int_equal(batch->items[0].outcome, OUTCOME_STORED);
    batch_free(batch);
}

static void assert_missing(struct batch *batch)
{
    assert_int_equal(batch->items[0].outcome, OUTCOME_RETRY);
    assert_string_equal(batch->items[0].retry, "missing_blob");
    batch_free(batch);
}

/* Fills LEAVER with the first. */
static size_t leavers(struct bench *bench, struct leaver *leaver)
{
    struct leaver found[8];
    size_t count = 0;
    assert_int_equal(store_leavers(bench->store, found, 8, &count), ERR_OK);
    *leaver = found[0];
    return count;
}

static void left(struct bench *bench, const struct leaver *leaver)
{
    assert_int_equal(store_begin(bench->store), ERR_OK);
    assert_int_equal(store_left(bench->store, leaver), ERR_OK);
    assert_int_equal(store_commit(bench->store), ERR_OK);
}

static void test_it_leaves_with_the_last_that_names_it(void **state)
{
    struct bench *bench = *state;
    struct leaver leaver;
    char hash[2 * BLOB_HASH_SIZE + 1];
    assert_stored(put(bench, 1, 0));
    assert_stored(put(bench, 2, 0));
    assert_stored(put(bench, 3, 7));
    erase(bench, 1);
    assert_int_equal(leavers(bench, &leaver), 0);
    erase(bench, 2);
    assert_int_equal(leavers(bench, &leaver), 1);
    assert_string_equal(leaver.party, bench->party.party);
    assert_int_equal(leaver.party_row, bench->party.row);
    hex_text(leaver.hash, BLOB_HASH_SIZE, hash);
    assert_string_equal(hash, "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
    erase(bench, 3);
    assert_int_equal(leavers(bench, &leaver), 2);
    bench_reopen(bench); /* a crash: it is still known */
    assert_int_equal(leavers(bench, &leaver), 2);
    left(bench, &leaver);
    assert_int_equal(leavers(bench, &leaver), 1);
}

static void test_nothing_is_taken_that_names_what_is_leaving(void **state)
{
    struct bench *bench = *state;
    struct leaver leaver;
    assert_stored(put(bench, 1, 0));
    assert_stored(put(bench, 2, 7));
    erase(bench, 1);
    assert_missing(put(bench, 3, 0)); /* though whoever looked at the shelf let it pass */
    assert_stored(put(bench, 4, 7));
    assert_int_equal(leavers(bench, &leaver), 1);
    left(bench, &leaver);
    assert_stored(put(bench, 3, 0)); /* uploaded anew */
    erase(bench, 3);
    assert_int_equal(leavers(bench, &leaver), 1);
}

/* It is not asked to upload what was erased once more. */
static void test_what_was_erased_is_a_duplicate_whatever_the_shelf_says(void **state)
{
    struct bench *bench = *state;
    msgpack_sbuffer record;
    assert_stored(put(bench, 1, 0));
    erase(bench, 1);
    bench_record(sample_review, "{\"activity_no\": \"1\"}", 1, &record);
    struct batch *again = bench_batch(bench, &record, 1, false);
    again->items[0].retry = "missing_blob";
    assert_int_equal(store_begin(bench->store), ERR_OK);
    assert_int_equal(store_put_batch(bench->store, again), ERR_OK);
    assert_int_equal(store_commit(bench->store), ERR_OK);
    assert_int_equal(again->items[0].outcome, OUTCOME_DUPLICATE);
    assert_int_equal(again->items[0].number, 1);
    batch_free(again);
    msgpack_sbuffer_destroy(&record);
}

/* What is rejected names nothing: it is not kept. */
static void test_a_rejected_record_holds_nothing(void **state)
{
    struct bench *bench = *state;
    struct leaver leaver;
    assert_stored(put(bench, 1, 0));
    struct batch *twice = bench_put(bench, sample_review, "{\"activity_no\": \"1\"}", 2);
    assert_int_equal(twice->items[0].outcome, OUTCOME_REJECTED);
    batch_free(twice);
    erase(bench, 1);
    assert_int_equal(leavers(bench, &leaver), 1);
}

/* The city uploads nothing, so nothing of it can leave, and its records wait for nothing. */
static void test_the_city_s_own_records_are_no_part_of_it(void **state)
{
    struct bench *bench = *state;
    struct leaver leaver;
    store_set_city(bench->store, bench->party.row);
    assert_stored(put(bench, 1, 0));
    erase(bench, 1);
    assert_int_equal(leavers(bench, &leaver), 0);
    assert_stored(put(bench, 2, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_it_leaves_with_the_last_that_names_it, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_nothing_is_taken_that_names_what_is_leaving, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_what_was_erased_is_a_duplicate_whatever_the_shelf_says, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(test_a_rejected_record_holds_nothing, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_the_city_s_own_records_are_no_part_of_it, bench_setup, bench_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
