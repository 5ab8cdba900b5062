/* The ledger as the store keeps it, against the same tree reckoned by the definition: through groups of every size,
 * groups that are rolled back, and a fresh start from what is on disk. */
#include "tests/hub/hub_sample.h"

#include "hub/store_ledger.h"
#include "tests/common/leaves.h"

enum { LEAVES_MAX = 70000 };

struct plot {
    struct bench *bench;
    struct leaves leaves;
    struct merkle_source truth;
    uint32_t seed;
};

static uint32_t next_random(struct plot *plot, uint32_t below)
{
    plot->seed = plot->seed * 1664525u + 1013904223u;
    return (plot->seed >> 8) % below;
}

static void plot_open(struct plot *plot, struct bench *bench)
{
    *plot = (struct plot){.bench = bench, .seed = 7};
    plot->leaves.hashes = malloc((size_t)LEAVES_MAX * MERKLE_HASH_SIZE);
    assert_non_null(plot->leaves.hashes);
    plot->truth = (struct merkle_source){&suite_ed25519, leaves_node, &plot->leaves};
}

static void add_group(struct plot *plot, uint32_t count, bool is_kept)
{
    struct store *store = plot->bench->store;
    assert_int_equal(store_begin(store), ERR_OK);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *leaf = plot->leaves.hashes[plot->leaves.count + i];
        uint64_t content = plot->leaves.count + i + (is_kept ? 0 : 1000000);
        suite_hash_leaf(&suite_ed25519, (struct view){(const uint8_t *)&content, sizeof content}, leaf);
        ledger_add(store->ledger, leaf);
        if (i == count / 2) {
            assert_int_equal(store_settle(store), ERR_OK); /* the desk does so in the midst of a group */
        }
    }
    if (is_kept) {
        assert_int_equal(store_commit(store), ERR_OK);
        plot->leaves.count += count;
    } else {
        assert_int_equal(store_settle(store), ERR_OK);
        store_rollback(store);
    }
}

/* A fresh writer, which knows what is on disk alone. */
static void start_again(struct store *store)
{
    ledger_close(store->ledger);
    store->ledger = calloc(1, sizeof *store->ledger);
    assert_non_null(store->ledger);
    assert_int_equal(ledger_load(store), ERR_OK);
}

static void assert_path(const struct merkle_path *seen, const struct merkle_path *expected)
{
    assert_int_equal(seen->count, expected->count);
    assert_memory_equal(seen->hashes, expected->hashes, seen->count * MERKLE_HASH_SIZE);
}

static void assert_as_defined(struct plot *plot)
{
    struct store *store = plot->bench->store;
    struct question question = {0};
    struct merkle_path expected;
    uint8_t root[MERKLE_HASH_SIZE];
    uint64_t size = plot->leaves.count;
    question.prove.number = 1 + next_random(plot, (uint32_t)size);
    question.prove.from = 1 + next_random(plot, (uint32_t)size);
    question.prove.size = next_random(plot, 3) ? 1 + next_random(plot, (uint32_t)size) : 0;
    assert_int_equal(store_prove(store, &question), ERR_OK);
    uint64_t asked = question.prove.size ? question.prove.size : size;
    assert_int_equal(question.head.size, asked);
    assert_int_equal(merkle_root(&plot->truth, asked, root), ERR_OK);
    assert_memory_equal(question.head.root, root, sizeof root);
    expected.count = 0;
    if (question.prove.number <= asked) {
        assert_int_equal(merkle_inclusion(&plot->truth, question.prove.number - 1, asked, &expected), ERR_OK);
    }
    assert_path(&question.inclusion, &expected);
    expected.count = 0;
    if (question.prove.from <= asked) {
        assert_int_equal(merkle_consistency(&plot->truth, question.prove.from, asked, &expected), ERR_OK);
    }
    assert_path(&question.consistency, &expected);
    assert_int_equal(store_group_head(store)->size, size);
}

static void test_every_answer_is_that_of_the_definition(void **state)
{
    static const uint32_t sizes[] = {1, 1, 2, 63, 64, 255, 256, 257, 511, 1, 700, 4096, 3, 4000, 97};
    struct plot plot;
    plot_open(&plot, *state);
    for (size_t i = 0; plot.leaves.count + 4096 < LEAVES_MAX; i++) {
        uint32_t count = i < sizeof sizes / sizeof *sizes ? sizes[i] : 1 + next_random(&plot, 4096);
        if (next_random(&plot, 3) == 0) {
            add_group(&plot, 1 + next_random(&plot, 600), false);
        }
        add_group(&plot, count, true);
        if (next_random(&plot, 4) == 0) {
            start_again(plot.bench->store);
        }
        assert_as_defined(&plot);
    }
    assert_true(plot.leaves.count > (uint64_t)TILE_NODES * TILE_NODES); /* a tile of the second level was written */
    assert_as_defined(&plot);
    free(plot.leaves.hashes);
}

static void test_what_lies_beyond_the_tree_is_answered_with_the_newest_head(void **state)
{
    struct plot plot;
    struct question question = {.prove = {.number = 6, .size = 9, .from = 7}};
    plot_open(&plot, *state);
    assert_int_equal(store_prove(plot.bench->store, &question), ERR_OK);
    assert_int_equal(question.head.size, 0);
    add_group(&plot, 5, true);
    assert_int_equal(store_prove(plot.bench->store, &question), ERR_OK);
    assert_int_equal(question.head.size, 5);
    assert_int_equal(question.inclusion.count, 0);
    assert_int_equal(question.consistency.count, 0);
    free(plot.leaves.hashes);
}

static void exec(struct bench *bench, const char *sql)
{
    assert_int_equal(db_exec(bench->store->db, sql), ERR_OK);
}

/* As somebody with sqlite3 would. */
static void assert_refused_after(struct bench *bench, const char *sql, const char *what)
{
    char reason[256];
    batch_free(bench_put(bench, sample_review, "{}", 1));
    exec(bench, sql);
    store_close(bench->store);
    assert_int_equal(store_open(&bench->home, true, &bench_settings, &bench->store, reason), ERR_INVALID);
    assert_non_null(strstr(reason, what));
    bench->store = NULL;
}

static void test_a_changed_root_is_not_served(void **state)
{
    assert_refused_after(*state, "update head set root = zeroblob(32)", "ledger");
}

static void test_a_changed_leaf_is_not_served(void **state)
{
    assert_refused_after(*state, "update head set leaves = zeroblob(32)", "ledger");
}

static void test_a_record_too_few_is_not_served(void **state)
{
    assert_refused_after(*state, "delete from record; delete from batch", "ledger");
}

static void test_a_store_with_records_gets_no_other_epoch(void **state)
{
    assert_refused_after(*state, "delete from head; delete from tile; delete from meta where key = 'epoch'", "epoch");
}

/* Of a store that knew of no ledger. */
static void test_an_old_store_gets_its_ledger_from_its_records(void **state)
{
    struct bench *bench = *state;
    struct tree_head before;
    for (uint8_t n = 1; n <= 5; n++) {
        char patch[64];
        snprintf(patch, sizeof patch, "{\"activity_no\": \"%d\"}", n);
        batch_free(bench_put(bench, sample_review, patch, n));
    }
    before = *store_group_head(bench->store);
    exec(bench, "delete from head; delete from tile");
    bench_reopen(bench);
    const struct tree_head *after = store_group_head(bench->store);
    assert_int_equal(after->size, 5);
    assert_memory_equal(after->root, before.root, MERKLE_HASH_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_answer_is_that_of_the_definition, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_what_lies_beyond_the_tree_is_answered_with_the_newest_head, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(test_a_changed_root_is_not_served, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_a_changed_leaf_is_not_served, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_a_record_too_few_is_not_served, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_a_store_with_records_gets_no_other_epoch, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_an_old_store_gets_its_ledger_from_its_records, bench_setup,
                                        bench_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
