/* Where the hub's word alone says that a record is in the ledger: what is asked for, and which answers are kept. */
#include "common/membership.h"
#include "tests/agent/support.h"

enum { SIZE = 20, NUMBER = 7, EPOCH = 1 };
static const int64_t SHOWN_AT = 1767225700000;

/* What the hub answers to PROVE, and its parts. */
struct shown {
    struct ledger_proof proof;
    struct tree_head head;
    uint8_t bytes[HEAD_SIZE];
    uint8_t signature[SIGNATURE_SIZE];
    struct merkle_path path;
};

/* A ledger in which ITEM stands under NUMBER; signed by HUB. */
static void show(const struct identity *hub, const struct item *item, uint8_t epoch_byte, uint64_t number,
                 struct shown *shown)
{
    uint8_t hashes[SIZE][MERKLE_HASH_SIZE] = {0};
    struct leaves leaves = {SIZE, hashes};
    struct merkle_source source = {&suite_ed25519, leaves_node, &leaves};
    msgpack_sbuffer covered;
    memcpy(hashes[number - 1], item->hash, MERKLE_HASH_SIZE);
    shown->head = (struct tree_head){.size = SIZE, .at = SHOWN_AT};
    memset(shown->head.epoch, epoch_byte, EPOCH_SIZE);
    assert_int_equal(merkle_root(&source, SIZE, shown->head.root), ERR_OK);
    assert_int_equal(merkle_inclusion(&source, number - 1, SIZE, &shown->path), ERR_OK);
    head_encode(&shown->head, shown->bytes);
    msgpack_sbuffer_init(&covered);
    head_signed_bytes((struct view){shown->bytes, HEAD_SIZE}, &covered);
    identity_sign(hub, (struct view){(const uint8_t *)covered.data, covered.size}, shown->signature);
    msgpack_sbuffer_destroy(&covered);
    shown->proof = (struct ledger_proof){.number = number,
                                         .head = {shown->bytes, HEAD_SIZE},
                                         .algorithm = suite_label(&suite_ed25519),
                                         .signature = {shown->signature, SIGNATURE_SIZE},
                                         .inclusion = merkle_path_view(&shown->path)};
}

static err_t take(struct place *place, const struct identity *hub, const struct shown *shown)
{
    return spool_take_proof(place->spool, &shown->proof, &shown->head, &hub->signing.key);
}

/* A record that the hub says it had stored before. */
static void add_duplicate(struct place *place, uint64_t number, struct item *item)
{
    struct verdicts verdicts;
    add_record(place, REPORT, item);
    struct result result = result_for(item, OUTCOME_DUPLICATE, number);
    assert_int_equal(answer(place, EPOCH, &result, 1, &verdicts), ERR_OK);
    *item = find_item(place, item->id);
}

static struct proof check(struct place *place, const struct item *item)
{
    struct stored_receipt receipt;
    struct proof proof;
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_int_equal(spool_receipt(place->spool, item, &receipt), ERR_OK);
    assert_int_equal(spool_bytes(place->spool, item->seq, &bytes, &size), ERR_OK);
    proof_check(item, (struct view){bytes, size}, &receipt, &proof);
    free(bytes);
    free(receipt.bytes);
    return proof;
}

/* The first number that is to be asked for; 0: none is. */
static uint64_t wanted(struct place *place)
{
    uint64_t number = 0;
    size_t count = 0;
    assert_int_equal(spool_unplaced(place->spool, 0, &number, 1, &count), ERR_OK);
    return count > 0 ? number : 0;
}

static void test_the_receipt_of_a_duplicate_claims_no_place(void **state)
{
    struct place *place = *state;
    struct item item;
    add_duplicate(place, NUMBER, &item);
    struct proof proof = check(place, &item);
    assert_true(proof.is_verified);
    assert_false(proof.is_in_ledger);
    assert_int_equal(wanted(place), NUMBER);
}

static void test_what_the_hub_shows_is_kept_and_proves_the_place(void **state)
{
    struct place *place = *state;
    struct item item;
    struct shown shown;
    add_duplicate(place, NUMBER, &item);
    show(&place->hub, &item, EPOCH, NUMBER, &shown);
    assert_int_equal(take(place, &place->hub, &shown), ERR_OK);
    assert_int_equal(take(place, &place->hub, &shown), ERR_NOT_FOUND); /* a late answer to the same question */
    spool_close(place->spool);
    place->spool = open_spool(&place->home);
    struct proof proof = check(place, &item);
    assert_true(proof.is_verified && proof.is_in_ledger);
    assert_int_equal(proof.head.size, SIZE);
    assert_int_equal(wanted(place), 0);
}

static void test_the_walk_goes_by_numbers_and_leaves_out_what_is_proved(void **state)
{
    struct place *place = *state;
    struct item item;
    struct verdicts verdicts;
    uint64_t numbers[8];
    size_t count = 0;
    for (uint64_t number = 5; number >= 2; number--) {
        add_duplicate(place, number, &item);
    }
    add_record(place, REPORT, &item);
    struct result stored = result_for(&item, OUTCOME_STORED, 6);
    assert_int_equal(answer(place, EPOCH, &stored, 1, &verdicts), ERR_OK);
    assert_int_equal(spool_unplaced(place->spool, 2, numbers, 2, &count), ERR_OK);
    assert_int_equal(count, 2);
    assert_true(numbers[0] == 3 && numbers[1] == 4);
    assert_int_equal(spool_unplaced(place->spool, 4, numbers, 8, &count), ERR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(numbers[0], 5);
}

static void test_an_answer_that_does_not_hold_changes_nothing(void **state)
{
    struct place *place = *state;
    struct item item;
    struct item other;
    struct shown shown;
    add_duplicate(place, NUMBER, &item);
    add_duplicate(place, NUMBER + 2, &other);
    show(&place->hub, &item, EPOCH, NUMBER, &shown);
    shown.path.hashes[1][4] ^= 1;
    assert_int_equal(take(place, &place->hub, &shown), ERR_INVALID);
    shown.path.hashes[1][4] ^= 1;
    shown.head.root[31] ^= 1;
    assert_int_equal(take(place, &place->hub, &shown), ERR_INVALID);
    show(&place->hub, &item, EPOCH, NUMBER, &shown);
    shown.proof.inclusion = (struct view){NULL, 0}; /* the number is beyond the tree */
    assert_int_equal(take(place, &place->hub, &shown), ERR_INVALID);
    show(&place->hub, &item, EPOCH, NUMBER, &shown);
    shown.proof.number = NUMBER + 2; /* of another record of ours */
    assert_int_equal(take(place, &place->hub, &shown), ERR_INVALID);
    shown.proof.number = NUMBER + 1; /* of none */
    assert_int_equal(take(place, &place->hub, &shown), ERR_NOT_FOUND);
    shown.proof.number = UINT64_MAX;
    assert_int_equal(take(place, &place->hub, &shown), ERR_NOT_FOUND);
    show(&place->hub, &item, EPOCH + 1, NUMBER, &shown);
    assert_int_equal(take(place, &place->hub, &shown), ERR_INVALID);
    show(&place->hub, &other, EPOCH, NUMBER, &shown);
    assert_int_equal(take(place, &place->hub, &shown), ERR_INVALID);
    assert_false(check(place, &item).is_in_ledger || check(place, &other).is_in_ledger);
    assert_int_equal(wanted(place), NUMBER);
}

static void test_another_store_is_asked_for_what_it_holds_alone(void **state)
{
    struct place *place = *state;
    struct item item;
    struct item later;
    struct shown shown;
    struct verdicts verdicts;
    add_duplicate(place, NUMBER, &item);
    show(&place->hub, &item, EPOCH, NUMBER, &shown);
    assert_int_equal(take(place, &place->hub, &shown), ERR_OK);
    add_duplicate(place, NUMBER + 1, &later);
    struct welcome_effect effect;
    assert_int_equal(welcome(place, EPOCH + 1, 0, &effect), ERR_OK);
    assert_int_equal(effect.sent_again, 2);
    assert_true(check(place, &item).is_in_ledger); /* the older evidence stays until there is other */
    assert_int_equal(wanted(place), 0);
    struct result result = result_for(&item, OUTCOME_DUPLICATE, NUMBER - 1);
    assert_int_equal(answer(place, EPOCH + 1, &result, 1, &verdicts), ERR_OK);
    item = find_item(place, item.id);
    assert_false(check(place, &item).is_in_ledger);
    assert_int_equal(wanted(place), NUMBER - 1);
    show(&place->hub, &item, EPOCH + 1, NUMBER - 1, &shown);
    assert_int_equal(take(place, &place->hub, &shown), ERR_OK);
    assert_true(check(place, &item).is_in_ledger);
}

static void test_what_a_leaked_key_shows_later_is_asked_for_again(void **state)
{
    struct place *place = *state;
    struct identity next;
    struct item item;
    struct shown shown;
    assert_int_equal(identity_make(&suite_ed25519, &next), ERR_OK);
    struct signing_key another = next.signing.key;
    another.bytes[0] ^= 1;
    add_duplicate(place, NUMBER, &item);
    show(&place->hub, &item, EPOCH, NUMBER, &shown);
    assert_int_equal(take(place, &place->hub, &shown), ERR_OK);
    assert_int_equal(spool_note_leak(place->spool, &another, SHOWN_AT - 1), ERR_OK);
    assert_true(check(place, &item).is_in_ledger);
    assert_int_equal(spool_note_leak(place->spool, &place->hub.signing.key, SHOWN_AT - 1), ERR_OK);
    struct proof proof = check(place, &item);
    assert_true(proof.is_verified && !proof.is_in_ledger); /* the receipt is of before */
    assert_int_equal(wanted(place), NUMBER);
    show(&next, &item, EPOCH, NUMBER, &shown);
    assert_int_equal(take(place, &next, &shown), ERR_OK);
    proof = check(place, &item);
    assert_true(proof.is_verified && proof.is_in_ledger);
    identity_done(&next);
}

static void test_what_a_leaked_key_answered_later_is_sent_again(void **state)
{
    struct place *place = *state;
    struct identity next;
    struct item items[2];
    struct verdicts verdicts;
    struct faults faults = {.count = 0};
    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    assert_int_equal(identity_make(&suite_ed25519, &next), ERR_OK);
    add_record(place, REPORT, &items[0]);
    add_record(place, REPORT, &items[1]);
    struct result results[2] = {result_for(&items[0], OUTCOME_STORED, 1), result_for(&items[1], OUTCOME_REJECTED, 0)};
    fault_add(&faults, "not_unique", "activity_no", "taken");
    faults_encode(&faults, &buffer);
    results[1].faults = (struct view){(const uint8_t *)buffer.data, buffer.size};
    assert_int_equal(answer(place, EPOCH, results, 2, &verdicts), ERR_OK);
    assert_int_equal(waiting(place), 0);
    assert_int_equal(spool_note_leak(place->spool, &next.signing.key, LEAKED_EVER), ERR_OK);
    assert_int_equal(waiting(place), 0);
    assert_int_equal(spool_note_leak(place->spool, &place->hub.signing.key, LEAKED_EVER), ERR_OK);
    assert_int_equal(waiting(place), 2);
    assert_int_equal(answer(place, EPOCH, results, 2, &verdicts), ERR_INVALID); /* the thief goes on */
    assert_int_equal(waiting(place), 2);
    assert_int_equal(identity_make(&suite_ed25519, &place->hub), ERR_OK);
    results[1] = result_for(&items[1], OUTCOME_STORED, 2);
    assert_int_equal(answer(place, EPOCH, results, 2, &verdicts), ERR_OK);
    for (int i = 0; i < 2; i++) {
        const struct item item = find_item(place, items[i].id);
        assert_int_equal(item.state, ITEM_RECEIVED);
        assert_true(check(place, &item).is_verified);
    }
    msgpack_sbuffer_destroy(&buffer);
    identity_done(&next);
}

/* As the release before this table left it: a receipt of a duplicate and of a stored record. */
static void test_duplicates_of_an_older_spool_are_asked_for(void **state)
{
    struct place *place = *state;
    struct item items[2];
    struct verdicts verdicts;
    add_record(place, REPORT, &items[0]);
    add_record(place, REPORT, &items[1]);
    struct result results[] = {result_for(&items[0], OUTCOME_STORED, NUMBER),
                               result_for(&items[1], OUTCOME_DUPLICATE, NUMBER - 3)};
    assert_int_equal(answer(place, EPOCH, results, 2, &verdicts), ERR_OK);
    spool_close(place->spool);
    char path[PATH_SIZE];
    sqlite3 *db = NULL;
    home_file(&place->home, SPOOL_FILE, path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "drop table open_head; drop index item_unplaced; drop table inclusion;"
                                  "alter table item drop column is_placed; pragma user_version = 5",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    place->spool = open_spool(&place->home);
    assert_int_equal(wanted(place), NUMBER - 3);
    struct shown shown;
    show(&place->hub, &items[1], EPOCH, NUMBER - 3, &shown);
    assert_int_equal(take(place, &place->hub, &shown), ERR_OK);
    assert_int_equal(wanted(place), 0);
}

/* ---- Whether the ledger goes on ---- */

static void add_stored(struct place *place, uint8_t epoch_byte, uint64_t number)
{
    struct item item;
    struct verdicts verdicts;
    add_record(place, REPORT, &item);
    struct result result = result_for(&item, OUTCOME_STORED, number);
    assert_int_equal(answer(place, epoch_byte, &result, 1, &verdicts), ERR_OK);
}

/* The size of the ledger that is asked about next; 0: none. */
static uint64_t asked(struct place *place, int64_t *ret_row)
{
    struct tree_head head;
    err_t err = spool_next_head(place->spool, ret_row, &head);
    assert_true(err == ERR_OK || err == ERR_NOT_FOUND);
    return err == ERR_OK ? head.size : 0;
}

static void test_each_session_asks_about_the_last_head_before_it(void **state)
{
    struct place *place = *state;
    struct welcome_effect effect;
    int64_t row = 0;
    add_stored(place, EPOCH, 1);
    add_stored(place, EPOCH, 2);
    assert_int_equal(asked(place, &row), 0); /* the session's own */
    for (int session = 0; session < 2; session++) {
        assert_int_equal(welcome(place, EPOCH, 2, &effect), ERR_OK);
        assert_int_equal(asked(place, &row), 2);
        assert_int_equal(spool_close_head(place->spool, row), ERR_OK);
        assert_int_equal(asked(place, &row), 0);
    }
}

static void test_what_a_session_left_open_is_asked_about_first(void **state)
{
    struct place *place = *state;
    struct welcome_effect effect;
    static const uint64_t sizes[] = {1, 2, 4};
    int64_t row = 0;
    for (size_t i = 0; i < 3; i++) {
        add_stored(place, EPOCH, sizes[i]);
        assert_int_equal(welcome(place, EPOCH, i + 1, &effect), ERR_OK);
        assert_int_equal(asked(place, &row), 1);
    }
    spool_close(place->spool);
    place->spool = open_spool(&place->home);
    assert_int_equal(welcome(place, EPOCH, 3, &effect), ERR_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(asked(place, &row), sizes[i]);
        assert_int_equal(spool_close_head(place->spool, row), ERR_OK);
    }
    assert_int_equal(asked(place, &row), 0);
}

static void test_another_ledger_is_asked_about_no_head_of_before(void **state)
{
    struct place *place = *state;
    struct welcome_effect effect;
    uint64_t count = 0;
    int64_t row = 0;
    add_stored(place, EPOCH, 1);
    assert_int_equal(welcome(place, EPOCH, 1, &effect), ERR_OK);
    assert_int_equal(spool_send_all_again(place->spool, &count), ERR_OK);
    assert_int_equal(asked(place, &row), 0);
    assert_int_equal(welcome(place, EPOCH, 1, &effect), ERR_OK);
    assert_int_equal(asked(place, &row), 0);
    add_stored(place, EPOCH, 2);
    assert_int_equal(welcome(place, EPOCH, 2, &effect), ERR_OK);
    assert_int_equal(asked(place, &row), 2);
    assert_int_equal(welcome(place, EPOCH, 1, &effect), ERR_OK); /* its count shows it, too */
    assert_true(effect.is_hub_behind);
    assert_int_equal(asked(place, &row), 0);
    add_stored(place, EPOCH, 3);
    assert_int_equal(welcome(place, EPOCH, 3, &effect), ERR_OK);
    assert_int_equal(welcome(place, EPOCH + 1, 3, &effect), ERR_OK);
    assert_int_equal(asked(place, &row), 0);
}

static int join_hub(void **state)
{
    struct welcome_effect effect;
    return set_up(state) == 0 && welcome(*state, EPOCH, 0, &effect) == ERR_OK ? 0 : -1;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, join_hub, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_receipt_of_a_duplicate_claims_no_place),
        TEST(test_what_the_hub_shows_is_kept_and_proves_the_place),
        TEST(test_the_walk_goes_by_numbers_and_leaves_out_what_is_proved),
        TEST(test_an_answer_that_does_not_hold_changes_nothing),
        TEST(test_another_store_is_asked_for_what_it_holds_alone),
        TEST(test_what_a_leaked_key_shows_later_is_asked_for_again),
        TEST(test_what_a_leaked_key_answered_later_is_sent_again),
        TEST(test_duplicates_of_an_older_spool_are_asked_for),
        TEST(test_each_session_asks_about_the_last_head_before_it),
        TEST(test_what_a_session_left_open_is_asked_about_first),
        TEST(test_another_ledger_is_asked_about_no_head_of_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
