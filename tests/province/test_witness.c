/* What a witness keeps: heads by line, alarms once, clearings with their reason, and what others were shown. */
#include "tests/proto/sample.h"

#include <stdlib.h>
#include <unistd.h>

#include "province/witness.h"
#include "tests/home.h"

static const uint8_t epoch[EPOCH_SIZE] = {7};
static const struct signing_key key = {.size = 32, .bytes = {5}};

struct desk {
    struct home home;
    struct witness *witness;
};

static int open_desk(void **state)
{
    struct desk *desk = calloc(1, sizeof *desk);
    char reason[256];
    make_home(&desk->home);
    assert_int_equal(witness_open(&desk->home, true, &desk->witness, reason), ERR_OK);
    *state = desk;
    return 0;
}

static int close_desk(void **state)
{
    struct desk *desk = *state;
    witness_close(desk->witness);
    remove_home(&desk->home);
    free(desk);
    return 0;
}

static struct kept_head head_in(const uint8_t life[EPOCH_SIZE], const struct signing_key *whose, uint64_t size,
                                uint8_t root, int64_t at)
{
    struct tree_head head = {.size = size, .at = at};
    uint8_t bytes[HEAD_SIZE];
    uint8_t signature[SIGNATURE_SIZE] = {root};
    struct kept_head kept;
    memcpy(head.epoch, life, EPOCH_SIZE);
    memset(head.root, root, sizeof head.root);
    head_encode(&head, bytes);
    assert_int_equal(kept_head_take((struct view){bytes, sizeof bytes}, (struct view){signature, sizeof signature},
                                    signing_key_view(whose), &kept),
                     ERR_OK);
    return kept;
}

static struct kept_head head_by(const struct signing_key *whose, uint64_t size, uint8_t root, int64_t at)
{
    return head_in(epoch, whose, size, root, at);
}

static struct kept_head head_of(uint64_t size, uint8_t root)
{
    return head_by(&key, size, root, 1700000000000);
}

static void keep(struct desk *desk, int64_t hub, uint64_t size, uint8_t root)
{
    struct kept_head head = head_of(size, root);
    assert_int_equal(witness_keep(desk->witness, hub, &head, 1), ERR_OK);
}

static bool raise_alarm(struct desk *desk, int64_t hub, enum heads heads)
{
    struct kept_head known = head_of(9, 1);
    struct kept_head later = head_of(8, 2);
    const struct contradiction contradiction = {heads, &known, &later, NULL};
    bool is_new = false;
    assert_int_equal(witness_raise(desk->witness, hub, &contradiction, 2, &is_new), ERR_OK);
    return is_new;
}

static int64_t standing(struct desk *desk, int64_t hub)
{
    int64_t count = -1;
    assert_int_equal(witness_standing(desk->witness, hub, &count), ERR_OK);
    return count;
}

static int64_t ask(struct desk *desk, const char *sql)
{
    sqlite3_stmt *stmt = db_prepare(witness_db(desk->witness), sql);
    int64_t number = db_step(stmt) == ERR_OK ? sqlite3_column_int64(stmt, 0) : -1;
    sqlite3_finalize(stmt);
    return number;
}

static void test_the_largest_head_is_the_last_through_a_restart(void **state)
{
    struct desk *desk = *state;
    struct kept_head last;
    char reason[256];
    assert_int_equal(witness_last(desk->witness, 1, epoch, &last), ERR_NOT_FOUND);
    keep(desk, 1, 5, 1);
    keep(desk, 1, 9, 2);
    keep(desk, 1, 7, 3);
    keep(desk, 2, 80, 4);
    witness_close(desk->witness);
    assert_int_equal(witness_open(&desk->home, true, &desk->witness, reason), ERR_OK);
    assert_int_equal(witness_last(desk->witness, 1, epoch, &last), ERR_OK);
    const struct kept_head expected = head_of(9, 2);
    assert_int_equal(last.head.size, 9);
    assert_memory_equal(last.bytes, expected.bytes, HEAD_SIZE);
    assert_memory_equal(last.signature, expected.signature, SIGNATURE_SIZE);
}

static void test_another_epoch_is_held_to_the_one_before_until_that_is_explained(void **state)
{
    struct desk *desk = *state;
    static const uint8_t next[EPOCH_SIZE] = {8};
    struct kept_head last;
    struct kept_head head = head_in(next, &key, 3, 1, 1700000000000);
    keep(desk, 1, 5, 1);
    keep(desk, 1, 9, 2);
    assert_int_equal(witness_last(desk->witness, 1, next, &last), ERR_OK);
    assert_int_equal(last.head.size, 9);
    assert_memory_equal(last.head.epoch, epoch, EPOCH_SIZE);
    assert_int_equal(witness_other(desk->witness, 1, &head.head, &last), ERR_OK); /* as somebody else was shown it */
    assert_int_equal(last.head.size, 9);
    assert_true(raise_alarm(desk, 1, HEADS_OTHER_STORE));
    assert_int_equal(witness_clear(desk->witness, 1, "li", "the disk was lost", 3), ERR_OK);
    assert_int_equal(witness_last(desk->witness, 1, next, &last), ERR_NOT_FOUND);
    assert_int_equal(witness_keep(desk->witness, 1, &head, 4), ERR_OK);
    assert_int_equal(witness_last(desk->witness, 1, next, &last), ERR_OK);
    assert_int_equal(last.head.size, 3);
    head = head_of(7, 7); /* of the former store, which was known here */
    assert_int_equal(witness_other(desk->witness, 1, &head.head, &last), ERR_NOT_FOUND);
}

static void test_the_first_head_of_a_size_stays(void **state)
{
    struct desk *desk = *state;
    struct kept_head other;
    keep(desk, 1, 9, 1);
    keep(desk, 1, 9, 2);
    assert_int_equal(ask(desk, "select count(*) from head"), 1);
    struct kept_head theirs = head_of(9, 2);
    assert_int_equal(witness_other(desk->witness, 1, &theirs.head, &other), ERR_OK);
    assert_int_equal(other.head.root[0], 1);
    theirs = head_of(9, 1);
    assert_int_equal(witness_other(desk->witness, 1, &theirs.head, &other), ERR_NOT_FOUND);
    theirs = head_of(8, 2);
    assert_int_equal(witness_other(desk->witness, 1, &theirs.head, &other), ERR_NOT_FOUND);
    assert_int_equal(witness_other(desk->witness, 2, &theirs.head, &other), ERR_NOT_FOUND);
}

static void test_an_alarm_stands_once_with_both_heads_until_it_is_cleared(void **state)
{
    struct desk *desk = *state;
    assert_true(raise_alarm(desk, 1, HEADS_ROLLBACK));
    assert_false(raise_alarm(desk, 1, HEADS_ROLLBACK));
    assert_true(raise_alarm(desk, 1, HEADS_REWRITTEN));
    assert_true(raise_alarm(desk, 2, HEADS_ROLLBACK));
    assert_int_equal(standing(desk, 1), 2);
    assert_int_equal(standing(desk, 0), 3);
    assert_int_equal(witness_clear(desk->witness, 1, "li", "explained", 3), ERR_OK);
    assert_int_equal(witness_clear(desk->witness, 1, "li", "again", 4), ERR_NOT_FOUND);
    assert_int_equal(witness_clear(desk->witness, 77, "li", "none", 4), ERR_NOT_FOUND);
    assert_int_equal(standing(desk, 1), 1);
    assert_int_equal(ask(desk, "select count(*) from alarm where id = 1 and kind = 'rollback' and known_size = 9 and"
                               " size = 8 and length(known_head) = 96 and length(head) = 96 and known_hub_key = "
                               "hub_key and cleared_at = 3 and"
                               " cleared_by = 'li' and cleared_why = 'explained'"),
                     1);
    assert_true(raise_alarm(desk, 1, HEADS_ROLLBACK)); /* it happened again */
}

static void test_a_cleared_alarm_begins_a_new_line(void **state)
{
    struct desk *desk = *state;
    struct kept_head last;
    keep(desk, 1, 9, 1);
    keep(desk, 2, 9, 1);
    assert_true(raise_alarm(desk, 1, HEADS_ROLLBACK));
    assert_int_equal(witness_last(desk->witness, 1, epoch, &last), ERR_OK); /* it is still held to what it was */
    assert_int_equal(witness_clear(desk->witness, 1, "li", "explained", 3), ERR_OK);
    assert_int_equal(witness_last(desk->witness, 1, epoch, &last), ERR_NOT_FOUND);
    assert_int_equal(witness_last(desk->witness, 2, epoch, &last), ERR_OK);
    keep(desk, 1, 9, 2);
    assert_int_equal(ask(desk, "select count(*) from head where hub = 1 and size = 9"), 2);
    assert_int_equal(witness_last(desk->witness, 1, epoch, &last), ERR_OK);
    assert_int_equal(last.head.root[0], 2);
}

static void keep_by(struct desk *desk, const struct signing_key *whose, uint64_t size, uint8_t root, int64_t at)
{
    struct kept_head head = head_by(whose, size, root, at);
    assert_int_equal(witness_keep(desk->witness, 1, &head, 1), ERR_OK);
}

static uint64_t last_size(struct desk *desk)
{
    struct kept_head last;
    err_t err = witness_last(desk->witness, 1, epoch, &last);
    assert_true(err == ERR_OK || err == ERR_NOT_FOUND);
    return err == ERR_OK ? last.head.size : 0;
}

static void test_what_an_old_key_signed_later_is_kept_and_nothing_is_held_to_it(void **state)
{
    struct desk *desk = *state;
    static const struct signing_key next = {.size = 32, .bytes = {6}};
    struct kept_head found;
    struct old_key old;
    keep_by(desk, &key, 5, 1, 100);
    keep_by(desk, &key, 9, 2, 200);
    keep_by(desk, &next, 12, 3, 300); /* the heads of one ledger go on across keys */
    assert_int_equal(last_size(desk), 12);
    keep_by(desk, &key, 20, 4, 400);
    assert_int_equal(last_size(desk), 20); /* not known to be an old key's yet */
    assert_int_equal(witness_retired(desk->witness, 1, &key, &old), ERR_NOT_FOUND);
    assert_int_equal(witness_retire(desk->witness, 1, &key, 250, false), ERR_OK);
    assert_int_equal(witness_retire(desk->witness, 1, &key, 350, false), ERR_OK); /* the earliest counts */
    assert_int_equal(witness_retired(desk->witness, 1, &key, &old), ERR_OK);
    assert_int_equal(old.at, 250);
    assert_int_equal(witness_retired(desk->witness, 2, &key, &old), ERR_NOT_FOUND);
    assert_int_equal(last_size(desk), 12);
    keep_by(desk, &key, 30, 5, 500); /* of one who learns of it late */
    keep_by(desk, &key, 11, 6, 249);
    assert_int_equal(last_size(desk), 12);
    const struct kept_head theirs = head_by(&next, 20, 7, 600);
    assert_int_equal(witness_other(desk->witness, 1, &theirs.head, &found), ERR_NOT_FOUND);
    keep_by(desk, &next, 20, 7, 600); /* of a size that a doubtful one has */
    assert_int_equal(last_size(desk), 20);
    assert_int_equal(ask(desk, "select count(*) from head where line < 0"), 2);
    assert_int_equal(witness_doubtful(desk->witness, 1, &found), ERR_OK);
    assert_int_equal(found.head.size, 30);
    bool is_doubtful = false;
    assert_int_equal(witness_doubts(desk->witness, 1, &found, &is_doubtful), ERR_OK);
    assert_true(is_doubtful);
    const struct kept_head sound = head_by(&key, 9, 2, 250);
    assert_int_equal(witness_doubts(desk->witness, 1, &sound, &is_doubtful), ERR_OK);
    assert_false(is_doubtful);
}

static void test_the_alarm_of_an_old_key_is_raised_once_and_begins_no_line(void **state)
{
    struct desk *desk = *state;
    struct kept_head doubtful;
    keep_by(desk, &key, 5, 1, 100);
    keep_by(desk, &key, 8, 1, 300);
    keep_by(desk, &key, 9, 1, 400);
    assert_int_equal(witness_retire(desk->witness, 1, &key, 200, false), ERR_OK);
    assert_int_equal(witness_doubtful(desk->witness, 1, &doubtful), ERR_OK);
    assert_true(raise_alarm(desk, 1, HEADS_OLD_KEY));
    assert_int_equal(witness_doubtful(desk->witness, 1, &doubtful), ERR_NOT_FOUND);
    assert_int_equal(witness_clear(desk->witness, 1, "li", "explained", 3), ERR_OK);
    assert_int_equal(witness_doubtful(desk->witness, 1, &doubtful), ERR_NOT_FOUND);
    assert_int_equal(last_size(desk), 5);
}

static void test_what_a_leak_would_make_doubtful_is_known_before(void **state)
{
    struct desk *desk = *state;
    static const struct signing_key next = {.size = 32, .bytes = {6}};
    struct doubt doubt;
    keep_by(desk, &key, 5, 1, 100);
    keep_by(desk, &key, 8, 1, 300);
    keep_by(desk, &key, 9, 1, 400);
    assert_int_equal(witness_would_doubt(desk->witness, 1, &key, 200, &doubt), ERR_OK);
    assert_true(doubt.count == 2 && doubt.smallest == 8 && doubt.largest == 9 && doubt.sound_size == 5);
    assert_int_equal(witness_would_doubt(desk->witness, 1, &key, 50, &doubt), ERR_OK);
    assert_true(doubt.count == 3 && doubt.smallest == 5 && doubt.largest == 9 && doubt.sound_size == 0);
    assert_int_equal(witness_would_doubt(desk->witness, 1, &next, 50, &doubt), ERR_OK);
    assert_true(doubt.count == 0 && doubt.sound_size == 9);
    assert_int_equal(witness_retire(desk->witness, 1, &key, 200, true), ERR_OK);
    assert_int_equal(witness_would_doubt(desk->witness, 1, &key, 200, &doubt), ERR_OK);
    assert_int_equal(doubt.count, 0); /* it is so already */
}

static bool explains(struct desk *desk, const struct kept_head *head)
{
    bool is_explained = false;
    assert_int_equal(witness_explained(desk->witness, 1, head, &is_explained), ERR_OK);
    return is_explained;
}

static bool is_settled(struct desk *desk)
{
    bool is_settled = false;
    assert_int_equal(witness_settled(desk->witness, 1, &key, &is_settled), ERR_OK);
    return is_settled;
}

/* A hub that was put back from before its own change of keys, or that announces keys to and fro. */
static void test_a_key_that_the_hub_has_again_is_held_to_the_last_head(void **state)
{
    struct desk *desk = *state;
    static const struct signing_key next = {.size = 32, .bytes = {6}};
    struct kept_head found;
    struct old_key old;
    keep_by(desk, &key, 5, 1, 100);
    keep_by(desk, &next, 9, 2, 200);
    assert_int_equal(witness_retire(desk->witness, 1, &key, 200, false), ERR_OK);
    keep_by(desk, &key, 10, 3, 300); /* before it was known */
    assert_int_equal(last_size(desk), 9);
    assert_int_equal(witness_reinstate(desk->witness, 1, &key), ERR_OK);
    assert_int_equal(last_size(desk), 9); /* what was doubtful stays so, and is no accusation */
    assert_int_equal(witness_doubtful(desk->witness, 1, &found), ERR_NOT_FOUND);
    assert_int_equal(witness_retire(desk->witness, 1, &next, 400, false), ERR_OK);
    keep_by(desk, &key, 12, 4, 400);
    assert_int_equal(last_size(desk), 12);
    assert_int_equal(witness_reinstate(desk->witness, 1, &next), ERR_OK);
    assert_int_equal(witness_retire(desk->witness, 1, &key, 500, false), ERR_OK);
    keep_by(desk, &next, 13, 5, 500);
    assert_int_equal(last_size(desk), 13);
    assert_int_equal(witness_retired(desk->witness, 1, &key, &old), ERR_OK);
    assert_int_equal(old.at, 500);
}

static void test_a_leaked_key_is_old_for_good_and_one_alarm_stands_for_it(void **state)
{
    struct desk *desk = *state;
    struct old_key old;
    bool is_new = false;
    const struct kept_head one = head_by(&key, 8, 1, 300);
    const struct kept_head other = head_by(&key, 9, 1, 400);
    const struct contradiction first = {HEADS_OLD_KEY, &one, &one, NULL};
    const struct contradiction second = {HEADS_OLD_KEY, &other, &other, NULL};
    keep_by(desk, &key, 5, 1, 100);
    assert_int_equal(witness_retire(desk->witness, 1, &key, 200, true), ERR_OK);
    assert_int_equal(witness_retire(desk->witness, 1, &key, 150, false), ERR_OK);
    assert_int_equal(witness_reinstate(desk->witness, 1, &key), ERR_OK);
    keep_by(desk, &key, 9, 1, 400);
    assert_int_equal(last_size(desk), 5);
    assert_int_equal(witness_retired(desk->witness, 1, &key, &old), ERR_OK);
    assert_true(old.is_leaked && old.at == 150);
    assert_int_equal(witness_raise(desk->witness, 1, &first, 2, &is_new), ERR_OK);
    assert_true(is_new);
    assert_int_equal(witness_raise(desk->witness, 1, &second, 2, &is_new), ERR_OK);
    assert_false(is_new);
    assert_false(explains(desk, &one) || is_settled(desk));
    assert_int_equal(witness_clear(desk->witness, 1, "li", "explained", 3), ERR_OK);
    assert_true(explains(desk, &one) && is_settled(desk));
    assert_false(explains(desk, &other));
    assert_int_equal(witness_raise(desk->witness, 1, &second, 4, &is_new), ERR_OK);
    assert_true(is_new);
}

static void test_what_was_told_waits_for_its_verdict(void **state)
{
    struct desk *desk = *state;
    struct kept_head heads[] = {head_of(3, 1), head_of(4, 1)};
    int64_t ids[2];
    struct told_head told;
    enum heads verdict = HEADS_AGREE;
    assert_int_equal(witness_tell(desk->witness, 1, &heads[0], "one.json", 1, &ids[0]), ERR_OK);
    assert_int_equal(witness_tell(desk->witness, 1, &heads[1], "two.json", 1, &ids[1]), ERR_OK);
    assert_int_equal(witness_next_told(desk->witness, 2, epoch, &told), ERR_NOT_FOUND);
    assert_int_equal(witness_next_told(desk->witness, 1, epoch, &told), ERR_OK);
    assert_int_equal(told.id, ids[0]);
    assert_string_equal(told.told_by, "one.json");
    assert_memory_equal(told.head.bytes, heads[0].bytes, HEAD_SIZE);
    assert_int_equal(witness_verdict(desk->witness, ids[0], &verdict), ERR_NOT_FOUND);
    assert_int_equal(witness_settle_told(desk->witness, ids[0], HEADS_FORK, 5), ERR_OK);
    assert_int_equal(witness_verdict(desk->witness, ids[0], &verdict), ERR_OK);
    assert_int_equal(verdict, HEADS_FORK);
    assert_int_equal(witness_next_told(desk->witness, 1, epoch, &told), ERR_OK);
    assert_int_equal(told.id, ids[1]);
}

static void test_what_a_cleared_alarm_has_explained_contradicts_nothing_any_more(void **state)
{
    struct desk *desk = *state;
    struct kept_head other;
    struct kept_head honest = head_of(5, 2);
    keep(desk, 1, 5, 1);
    assert_true(raise_alarm(desk, 1, HEADS_ROLLBACK));
    assert_int_equal(witness_other(desk->witness, 1, &honest.head, &other), ERR_OK);
    assert_int_equal(witness_clear(desk->witness, ask(desk, "select max(id) from alarm"), "P", "restored", 3), ERR_OK);
    assert_int_equal(witness_other(desk->witness, 1, &honest.head, &other), ERR_NOT_FOUND);
}

static bool is_explained(struct desk *desk, int64_t hub, uint64_t size, uint8_t root)
{
    struct kept_head head = head_of(size, root);
    bool is_explained = false;
    assert_int_equal(witness_explained(desk->witness, hub, &head, &is_explained), ERR_OK);
    return is_explained;
}

static void test_what_was_kept_before_a_cleared_alarm_or_stands_in_it_is_explained(void **state)
{
    struct desk *desk = *state;
    keep(desk, 1, 5, 1);
    assert_true(raise_alarm(desk, 1, HEADS_ROLLBACK)); /* of 9, 1 and 8, 2 */
    assert_false(is_explained(desk, 1, 5, 1));
    assert_false(is_explained(desk, 1, 8, 2));
    assert_int_equal(witness_clear(desk->witness, 1, "P", "restored", 3), ERR_OK);
    keep(desk, 1, 6, 3);
    assert_true(is_explained(desk, 1, 5, 1));
    assert_true(is_explained(desk, 1, 8, 2));
    assert_true(is_explained(desk, 1, 9, 1));
    assert_false(is_explained(desk, 1, 5, 2));
    assert_false(is_explained(desk, 1, 6, 3));
    assert_false(is_explained(desk, 2, 5, 1));
}

static void test_a_second_leak_with_heads_of_equal_size_is_noted(void **state)
{
    struct desk *desk = *state;
    static const struct signing_key next = {.size = 32, .bytes = {6}};
    keep_by(desk, &key, 5, 1, 2000);
    assert_int_equal(witness_retire(desk->witness, 1, &key, 1000, false), ERR_OK);
    keep_by(desk, &next, 5, 2, 4000);
    assert_int_equal(witness_retire(desk->witness, 1, &next, 3000, false), ERR_OK);
    assert_int_equal(ask(desk, "select count(*) from head where line >= 0"), 0);
    assert_int_equal(ask(desk, "select count(*) from old_key"), 2);
}

static int count_steps(void *hundreds)
{
    ++*(int *)hundreds;
    return 0;
}

/* A hub has millions of them after a year, and a file of another province's as many. */
static void test_a_head_is_looked_up_without_going_through_all(void **state)
{
    struct desk *desk = *state;
    static const uint8_t next[EPOCH_SIZE] = {8};
    static const char many[] =
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000), l(line) as (values(0), (1))"
        " insert or ignore into head select hub, epoch, l.line, 100 + i, root, at, head, algorithm, signature, hub_key,"
        " seen_at from head, n, l";
    struct kept_head head = head_of(5000, 3);
    struct kept_head strange = head_in(next, &key, 3, 1, 1700000000000);
    struct kept_head last;
    bool is_explained = true;
    int hundreds = 0;
    assert_true(raise_alarm(desk, 1, HEADS_ROLLBACK));
    assert_int_equal(witness_clear(desk->witness, 1, "P", "restored", 3), ERR_OK);
    keep(desk, 1, 5, 1);
    assert_int_equal(db_exec(witness_db(desk->witness), many), ERR_OK);
    sqlite3_progress_handler(witness_db(desk->witness), 100, count_steps, &hundreds);
    assert_int_equal(witness_last(desk->witness, 1, epoch, &last), ERR_OK);
    assert_int_equal(last.head.size, 5); /* of the heads the copies are, whose size is 5 as signed */
    assert_int_equal(witness_last(desk->witness, 1, next, &last), ERR_OK);
    assert_int_equal(witness_other(desk->witness, 1, &strange.head, &last), ERR_OK);
    assert_int_equal(witness_other(desk->witness, 1, &head.head, &last), ERR_OK);
    assert_int_equal(witness_explained(desk->witness, 1, &head, &is_explained), ERR_OK);
    assert_false(is_explained);
    assert_in_range(hundreds, 0, 20);
}

static int64_t tell_receipt(struct desk *desk, uint64_t size)
{
    struct kept_head head = head_of(size, 1);
    assert_int_equal(witness_tell_receipt(desk->witness, 1, &head, 5), ERR_OK);
    return ask(desk, "select max(id) from told where heads is null");
}

static void test_the_last_receipts_head_is_told_until_it_contradicts(void **state)
{
    struct desk *desk = *state;
    int64_t first = tell_receipt(desk, 4);
    tell_receipt(desk, 4);
    assert_int_equal(ask(desk, "select count(*) from told"), 1);
    int64_t second = tell_receipt(desk, 6); /* the first waits all the same: it may show a loss that this one hides */
    assert_int_equal(ask(desk, "select count(*) from told where heads is null"), 2);
    assert_int_equal(witness_settle_told(desk->witness, first, HEADS_AGREE, 6), ERR_OK);
    assert_int_equal(witness_settle_told(desk->witness, second, HEADS_AGREE, 6), ERR_OK);
    second = tell_receipt(desk, 6); /* in the next session it is compared again */
    assert_int_equal(ask(desk, "select count(*) from told"), 1);
    assert_int_equal(witness_settle_told(desk->witness, second, HEADS_ROLLBACK, 6), ERR_OK);
    tell_receipt(desk, 6);
    assert_int_equal(ask(desk, "select count(*) from told where heads is null"), 0);
}

static void test_what_is_no_head_is_not_taken(void **state)
{
    (void)state;
    struct kept_head good = head_of(3, 1);
    struct kept_head kept;
    struct kept_head late = good;
    const struct view bytes = {good.bytes, HEAD_SIZE};
    const struct view signature = {good.signature, SIGNATURE_SIZE};
    const struct view whose = signing_key_view(&key);
    assert_int_equal(kept_head_take((struct view){good.bytes, HEAD_SIZE - 1}, signature, whose, &kept), ERR_INVALID);
    assert_int_equal(kept_head_take(bytes, (struct view){good.signature, SIGNATURE_SIZE - 1}, whose, &kept),
                     ERR_INVALID);
    late.head.at = TIME_MAX + 1; /* no listing could show it */
    head_encode(&late.head, late.bytes);
    assert_int_equal(kept_head_take((struct view){late.bytes, HEAD_SIZE}, signature, whose, &kept), ERR_INVALID);
    good.bytes[EPOCH_SIZE] = 0x80; /* a size beyond what a database counts to */
    assert_int_equal(kept_head_take(bytes, signature, whose, &kept), ERR_INVALID);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_desk, close_desk)
    const struct CMUnitTest tests[] = {
        TEST(test_the_largest_head_is_the_last_through_a_restart),
        TEST(test_another_epoch_is_held_to_the_one_before_until_that_is_explained),
        TEST(test_the_first_head_of_a_size_stays),
        TEST(test_an_alarm_stands_once_with_both_heads_until_it_is_cleared),
        TEST(test_a_cleared_alarm_begins_a_new_line),
        TEST(test_what_an_old_key_signed_later_is_kept_and_nothing_is_held_to_it),
        TEST(test_the_alarm_of_an_old_key_is_raised_once_and_begins_no_line),
        TEST(test_what_a_leak_would_make_doubtful_is_known_before),
        TEST(test_a_key_that_the_hub_has_again_is_held_to_the_last_head),
        TEST(test_a_leaked_key_is_old_for_good_and_one_alarm_stands_for_it),
        TEST(test_what_was_told_waits_for_its_verdict),
        TEST(test_what_a_cleared_alarm_has_explained_contradicts_nothing_any_more),
        TEST(test_what_was_kept_before_a_cleared_alarm_or_stands_in_it_is_explained),
        TEST(test_a_head_is_looked_up_without_going_through_all),
        TEST(test_a_second_leak_with_heads_of_equal_size_is_noted),
        TEST(test_the_last_receipts_head_is_told_until_it_contradicts),
        TEST(test_what_is_no_head_is_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
