/* Two heads of one ledger: what agrees, and each way in which they cannot both be true. */
#include "tests/proto/sample.h"

#include "common/evidence.h"
#include "tests/common/leaves.h"

enum { LEAVES = 40 };

static uint8_t hashes[LEAVES][MERKLE_HASH_SIZE];
static struct leaves leaves = {LEAVES, hashes};
static const struct merkle_source source = {&suite_ed25519, leaves_node, &leaves};

static int fill(void **state)
{
    (void)state;
    fill_leaves(&leaves);
    return 0;
}

static struct tree_head head_of(uint64_t size)
{
    struct tree_head head = {.size = size, .at = 1700000000000 + (int64_t)size};
    assert_int_equal(merkle_root(&source, size, head.root), ERR_OK);
    return head;
}

static struct merkle_path consistency(uint64_t old, uint64_t size)
{
    struct merkle_path path;
    assert_int_equal(merkle_consistency(&source, old, size, &path), ERR_OK);
    return path;
}

static enum heads compare(const struct tree_head *known, const struct tree_head *later, struct view path)
{
    return heads_compare(&suite_ed25519, known, later, path);
}

static void test_a_growing_ledger_agrees_at_every_size(void **state)
{
    (void)state;
    const struct tree_head empty = head_of(0);
    for (uint64_t size = 0; size <= LEAVES; size++) {
        struct tree_head later = head_of(size);
        assert_int_equal(compare(&empty, &later, (struct view){0}), HEADS_AGREE);
        for (uint64_t old = 1; old <= size; old++) {
            struct tree_head known = head_of(old);
            struct merkle_path path = consistency(old, size);
            assert_int_equal(compare(&known, &later, merkle_path_view(&path)), HEADS_AGREE);
        }
    }
}

static void test_a_smaller_head_is_a_rollback_whatever_it_comes_with(void **state)
{
    (void)state;
    struct tree_head known = head_of(20);
    struct tree_head later = head_of(19);
    struct merkle_path path = consistency(19, 20);
    assert_int_equal(compare(&known, &later, merkle_path_view(&path)), HEADS_ROLLBACK);
    later = head_of(0);
    assert_int_equal(compare(&known, &later, (struct view){0}), HEADS_ROLLBACK);
}

static void test_one_size_has_one_root(void **state)
{
    (void)state;
    struct tree_head known = head_of(20);
    struct tree_head later = known;
    later.at++;
    assert_int_equal(compare(&known, &later, (struct view){0}), HEADS_AGREE);
    later.root[31] ^= 1;
    assert_int_equal(compare(&known, &later, (struct view){0}), HEADS_FORK);
}

static void test_another_epoch_is_another_store_whatever_it_holds(void **state)
{
    (void)state;
    struct tree_head known = head_of(20);
    for (uint64_t size = 19; size <= 21; size++) {
        struct tree_head later = head_of(size);
        struct merkle_path path = consistency(19, size);
        later.epoch[EPOCH_SIZE - 1] ^= 1;
        assert_int_equal(compare(&known, &later, merkle_path_view(&path)), HEADS_OTHER_STORE);
    }
}

static void test_growth_without_its_proof_is_rewritten(void **state)
{
    (void)state;
    struct tree_head known = head_of(20);
    struct tree_head later = head_of(33);
    struct merkle_path path = consistency(20, 33);
    struct merkle_path other = consistency(19, 33);
    assert_int_equal(compare(&known, &later, (struct view){0}), HEADS_REWRITTEN);
    assert_int_equal(compare(&known, &later, merkle_path_view(&other)), HEADS_REWRITTEN);
    path.hashes[1][0] ^= 1;
    assert_int_equal(compare(&known, &later, merkle_path_view(&path)), HEADS_REWRITTEN);
    path.hashes[1][0] ^= 1;
    known.root[0] ^= 1;
    assert_int_equal(compare(&known, &later, merkle_path_view(&path)), HEADS_REWRITTEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_growing_ledger_agrees_at_every_size),
        cmocka_unit_test(test_a_smaller_head_is_a_rollback_whatever_it_comes_with),
        cmocka_unit_test(test_one_size_has_one_root),
        cmocka_unit_test(test_another_epoch_is_another_store_whatever_it_holds),
        cmocka_unit_test(test_growth_without_its_proof_is_rewritten),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
