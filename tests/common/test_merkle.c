#include "tests/proto/sample.h"

#include "tests/common/leaves.h"

enum { LEAVES = 70 };

static uint8_t hashes[LEAVES][MERKLE_HASH_SIZE];
static struct leaves leaves = {LEAVES, hashes};
static const struct merkle_source source = {&suite_ed25519, leaves_node, &leaves};

static int fill(void **state)
{
    (void)state;
    fill_leaves(&leaves);
    return 0;
}

static void assert_root(uint64_t size, const char *expected)
{
    uint8_t root[MERKLE_HASH_SIZE];
    char text[2 * MERKLE_HASH_SIZE + 1];
    assert_int_equal(merkle_root(&source, size, root), ERR_OK);
    for (size_t i = 0; i < MERKLE_HASH_SIZE; i++) {
        snprintf(text + 2 * i, 3, "%02x", root[i]);
    }
    assert_string_equal(text, expected);
}

/* The leaves and roots that the implementations of Certificate Transparency test themselves with. */
static void test_the_published_trees_have_their_roots(void **state)
{
    static const char *const contents[] = {"",
                                           "\x00",
                                           "\x10",
                                           "\x20\x21",
                                           "\x30\x31",
                                           "\x40\x41\x42\x43",
                                           "\x50\x51\x52\x53\x54\x55\x56\x57",
                                           "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"};
    static const size_t sizes[] = {0, 1, 1, 2, 2, 4, 8, 16};
    static const char *const roots[] = {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                                        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                                        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                                        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                                        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                                        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                                        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                                        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
    for (size_t i = 0; i < 8; i++) {
        suite_hash_leaf(&suite_ed25519, (struct view){(const uint8_t *)contents[i], sizes[i]}, hashes[i]);
    }
    for (uint64_t size = 0; size <= 8; size++) {
        assert_root(size, roots[size]);
    }
    fill(state);
}

/* Each proof holds for what it was made for, and neither shortened, lengthened nor with a bit changed. */
static void assert_tight(struct merkle_path *path, bool (*holds)(void *self, struct view path), void *self)
{
    struct view whole = merkle_path_view(path);
    assert_true(holds(self, whole));
    assert_false(holds(self, (struct view){whole.at, whole.size + MERKLE_HASH_SIZE}));
    assert_false(holds(self, (struct view){whole.at, whole.size + 1}));
    if (whole.size == 0) {
        return;
    }
    assert_false(holds(self, (struct view){whole.at, whole.size - MERKLE_HASH_SIZE}));
    path->hashes[path->count / 2][7] ^= 1;
    assert_false(holds(self, whole));
    path->hashes[path->count / 2][7] ^= 1;
}

struct question {
    uint64_t first, count, size, old;
    uint8_t root[MERKLE_HASH_SIZE], old_root[MERKLE_HASH_SIZE];
};

static bool is_included(void *self, struct view path)
{
    struct question *question = self;
    return merkle_check_inclusion(&suite_ed25519, hashes[question->first], question->first, question->size, path,
                                  question->root);
}

static bool is_range(void *self, struct view path)
{
    struct question *question = self;
    return merkle_check_range(&suite_ed25519, hashes[question->first], question->first, question->count, question->size,
                              path, question->root);
}

static bool is_consistent(void *self, struct view path)
{
    struct question *question = self;
    return merkle_check_consistency(&suite_ed25519, question->old, question->old_root, question->size, question->root,
                                    path);
}

static void test_every_leaf_of_every_tree_is_proved_in_its_place_alone(void **state)
{
    (void)state;
    struct merkle_path path = {0};
    for (uint64_t size = 1; size <= LEAVES; size++) {
        struct question question = {.size = size};
        assert_int_equal(merkle_root(&source, size, question.root), ERR_OK);
        for (question.first = 0; question.first < size; question.first++) {
            assert_int_equal(merkle_inclusion(&source, question.first, size, &path), ERR_OK);
            assert_tight(&path, is_included, &question);
            uint64_t other = (question.first + 1) % size;
            bool is_other = merkle_check_inclusion(&suite_ed25519, hashes[question.first], other, size,
                                                   merkle_path_view(&path), question.root);
            assert_true(!is_other || size == 1);
            assert_false(merkle_check_inclusion(&suite_ed25519, hashes[question.first], question.first,
                                                size == 1 ? 2 : size / 2, merkle_path_view(&path), question.root));
        }
    }
}

static void test_every_range_is_proved_side_by_side(void **state)
{
    (void)state;
    struct merkle_path path = {0};
    for (uint64_t size = 1; size <= 40; size++) {
        struct question question = {.size = size};
        assert_int_equal(merkle_root(&source, size, question.root), ERR_OK);
        for (question.first = 0; question.first < size; question.first++) {
            for (question.count = 1; question.count <= size - question.first; question.count++) {
                assert_int_equal(merkle_range(&source, question.first, question.count, size, &path), ERR_OK);
                assert_tight(&path, is_range, &question);
                assert_false(merkle_check_range(&suite_ed25519, hashes[question.first], question.first + 1,
                                                question.count, size, merkle_path_view(&path), question.root));
            }
        }
    }
}

static void test_every_tree_is_proved_to_begin_as_each_smaller_one(void **state)
{
    (void)state;
    struct merkle_path path = {0};
    for (uint64_t size = 1; size <= LEAVES; size++) {
        struct question question = {.size = size};
        assert_int_equal(merkle_root(&source, size, question.root), ERR_OK);
        for (question.old = 1; question.old <= size; question.old++) {
            assert_int_equal(merkle_root(&source, question.old, question.old_root), ERR_OK);
            assert_int_equal(merkle_consistency(&source, question.old, size, &path), ERR_OK);
            assert_tight(&path, is_consistent, &question);
            question.old_root[0] ^= 1;
            assert_false(is_consistent(&question, merkle_path_view(&path)));
        }
    }
}

static void test_the_tree_of_one_needs_no_path(void **state)
{
    struct view none = {NULL, 0};
    (void)state;
    assert_true(merkle_check_inclusion(&suite_ed25519, hashes[0], 0, 1, none, hashes[0]));
    assert_false(merkle_check_inclusion(&suite_ed25519, hashes[0], 0, 1, none, hashes[1]));
}

static void test_hostile_sizes_prove_nothing(void **state)
{
    (void)state;
    uint8_t root[MERKLE_HASH_SIZE] = {0};
    struct view none = {NULL, 0};
    struct view long_path = {hashes[0], sizeof hashes};
    assert_false(merkle_check_inclusion(&suite_ed25519, hashes[0], 0, 0, none, root));
    assert_false(merkle_check_inclusion(&suite_ed25519, hashes[0], UINT64_MAX, UINT64_MAX, long_path, root));
    assert_false(merkle_check_inclusion(&suite_ed25519, hashes[0], 5, UINT64_MAX, long_path, root));
    assert_false(merkle_check_consistency(&suite_ed25519, 0, root, 5, root, long_path));
    assert_false(merkle_check_consistency(&suite_ed25519, 6, root, 5, root, long_path));
    assert_false(merkle_check_consistency(&suite_ed25519, UINT64_MAX - 1, root, UINT64_MAX, root, long_path));
    assert_false(merkle_check_consistency(&suite_ed25519, 1, root, UINT64_MAX, root, none));
    assert_false(merkle_check_range(&suite_ed25519, hashes[0], 0, 0, 5, none, root));
    assert_false(merkle_check_range(&suite_ed25519, hashes[0], UINT64_MAX, 2, 5, none, root));
    assert_false(merkle_check_range(&suite_ed25519, hashes[0], 0, UINT64_MAX, UINT64_MAX, none, root));
    assert_false(merkle_check_range(&suite_ed25519, hashes[0], 3, 3, 5, long_path, root));
}

static void test_a_source_that_fails_is_told(void **state)
{
    (void)state;
    struct merkle_path path;
    uint8_t root[MERKLE_HASH_SIZE];
    assert_int_equal(merkle_root(&source, LEAVES + 1, root), ERR_NOT_FOUND);
    assert_int_equal(merkle_inclusion(&source, 0, LEAVES + 1, &path), ERR_NOT_FOUND);
    assert_int_equal(merkle_consistency(&source, 1, LEAVES + 1, &path), ERR_NOT_FOUND);
    assert_int_equal(merkle_range(&source, 0, 1, LEAVES + 1, &path), ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_published_trees_have_their_roots),
        cmocka_unit_test(test_every_leaf_of_every_tree_is_proved_in_its_place_alone),
        cmocka_unit_test(test_every_range_is_proved_side_by_side),
        cmocka_unit_test(test_every_tree_is_proved_to_begin_as_each_smaller_one),
        cmocka_unit_test(test_the_tree_of_one_needs_no_path),
        cmocka_unit_test(test_hostile_sizes_prove_nothing),
        cmocka_unit_test(test_a_source_that_fails_is_told),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
