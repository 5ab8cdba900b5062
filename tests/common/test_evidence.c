/* Two heads of one ledger: what agrees, and each way in which they cannot both be true. What a receipt says of the
 * batch that it answers. */
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

/* The batch that a receipt answers: what the hub has checked of it, and what the receipt is made to say of that. */
struct answered {
    const struct suite *suite;
    struct signing_pair pair;
    uint8_t hashes[2][RECORD_HASH_SIZE];
    uint8_t hub_curve_key[KEY_SIZE];
    uint8_t signature[SIGNATURE_SIZE];
};

static void send_batch(const struct suite *suite, struct answered *ret_answered)
{
    msgpack_sbuffer covered;
    *ret_answered = (struct answered){.suite = suite, .hashes = {{1}, {2}}, .hub_curve_key = {3}};
    assert_int_equal(signing_pair_make(suite, &ret_answered->pair), ERR_OK);
    msgpack_sbuffer_init(&covered);
    submit_signed_bytes(ret_answered->hub_curve_key, ret_answered->hashes[0], 2, &covered);
    signing_pair_sign(&ret_answered->pair, (struct view){(const uint8_t *)covered.data, covered.size},
                      ret_answered->signature);
    msgpack_sbuffer_destroy(&covered);
}

/* Both records were there before, so that nothing need stand in the ledger. */
static bool is_flawed(const struct answered *answered, uint32_t count, bool is_named)
{
    static const uint8_t id[RECORD_ID_SIZE];
    struct tree_head head = {.size = 2, .at = 5};
    uint8_t head_bytes[HEAD_SIZE];
    msgpack_sbuffer bytes;
    struct receipt_body body = {.party = {(const uint8_t *)"party", 5},
                                .hub = {(const uint8_t *)"hub", 3},
                                .epoch = {head.epoch, EPOCH_SIZE},
                                .at = 5,
                                .count = count};
    if (is_named) {
        body.signature = (struct view){answered->signature, SIGNATURE_SIZE};
        body.party_key = signing_key_view(&answered->pair.key);
        body.hub_curve_key = (struct view){answered->hub_curve_key, KEY_SIZE};
    }
    msgpack_sbuffer_init(&bytes);
    receipt_body_begin(&bytes, &body);
    for (uint32_t i = 0; i < count; i++) {
        receipt_body_add(&bytes, &(struct result){.outcome = OUTCOME_DUPLICATE,
                                                  .id = {id, RECORD_ID_SIZE},
                                                  .hash = {answered->hashes[i], RECORD_HASH_SIZE},
                                                  .number = i + 1,
                                                  .at = 4});
    }
    struct receipt receipt = {.count = 1, .body = {(const uint8_t *)bytes.data, bytes.size}};
    suite_hash_leaf(answered->suite, receipt.body, head.receipts);
    head_encode(&head, head_bytes);
    receipt.head = (struct view){head_bytes, HEAD_SIZE};
    const char *flaw = receipt_flaw(answered->suite, &receipt, &body, &head);
    msgpack_sbuffer_destroy(&bytes);
    return flaw != NULL;
}

static void test_what_a_receipt_says_of_its_batch_is_to_fit(void **state)
{
    (void)state;
    static const struct suite *const suites[] = {&suite_ed25519, &suite_sm2_sm3};
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
        struct answered answered;
        struct answered other;
        send_batch(suites[i], &answered);
        assert_false(is_flawed(&answered, 2, true));
        assert_true(is_flawed(&answered, 1, true));
        assert_true(is_flawed(&answered, 0, true));
        assert_false(is_flawed(&answered, 2, false)); /* an older hub */
        uint8_t *const members[] = {answered.signature, answered.hub_curve_key, answered.pair.key.bytes,
                                    answered.hashes[1]};
        for (size_t k = 0; k < sizeof members / sizeof *members; k++) {
            members[k][5] ^= 1;
            assert_true(is_flawed(&answered, 2, true));
            members[k][5] ^= 1;
        }
        /* what fits, but by a key of another suite than the hub's */
        send_batch(suites[1 - i], &other);
        other.suite = suites[i];
        assert_true(is_flawed(&other, 2, true));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_growing_ledger_agrees_at_every_size),
        cmocka_unit_test(test_a_smaller_head_is_a_rollback_whatever_it_comes_with),
        cmocka_unit_test(test_one_size_has_one_root),
        cmocka_unit_test(test_another_epoch_is_another_store_whatever_it_holds),
        cmocka_unit_test(test_growth_without_its_proof_is_rewritten),
        cmocka_unit_test(test_what_a_receipt_says_of_its_batch_is_to_fit),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
