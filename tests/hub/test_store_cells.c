#include "tests/hub/hub_sample.h"

#include "hub/store_clock.h"

/* A group counts in memory, and as much as there is. */

enum { MANY = 50000 };

struct sums {
    int64_t cells, count;
};

static void add_up(void *self, const struct cell_row *row)
{
    struct sums *sums = self;
    sums->cells++;
    sums->count += row->count;
    assert_int_equal(row->count, row->day % 7 + 1);
}

static struct sums look(struct store *store)
{
    struct sums sums = {0};
    assert_int_equal(store_each_cell(store, "clock", add_up, &sums), ERR_OK);
    return sums;
}

static void count_many(struct store *store)
{
    for (int64_t day = 0; day < MANY; day++) {
        store_count(store, "clock", day, "follow_up|hospital|open", day % 7);
    }
    for (int64_t day = 0; day < MANY; day++) {
        store_count(store, "clock", day, "follow_up|hospital|open", 1);
    }
}

static void test_a_group_counts_in_as_many_cells_as_it_touches(void **state)
{
    struct store *store = ((struct bench *)*state)->store;
    assert_int_equal(store_begin(store), ERR_OK);
    count_many(store);
    assert_int_equal(store_commit(store), ERR_OK);
    struct sums sums = look(store);
    assert_int_equal(sums.cells, MANY);
    for (int64_t day = 0; day < MANY; day++) {
        sums.count -= day % 7 + 1;
    }
    assert_int_equal(sums.count, 0);
}

static void test_a_group_that_is_rolled_back_has_counted_nothing(void **state)
{
    struct store *store = ((struct bench *)*state)->store;
    assert_int_equal(store_begin(store), ERR_OK);
    count_many(store);
    store_rollback(store);
    assert_int_equal(store_begin(store), ERR_OK);
    store_count(store, "clock", 3, "follow_up|hospital|open", 4);
    assert_int_equal(store_commit(store), ERR_OK);
    assert_int_equal(look(store).cells, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_group_counts_in_as_many_cells_as_it_touches, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(test_a_group_that_is_rolled_back_has_counted_nothing, bench_setup,
                                        bench_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
