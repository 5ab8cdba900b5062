#include "hub/turns.h"

#include "common/mem.h"
#include "tests/test.h"

enum { PARTIES = 5, NOW = 50000 };

static struct mail *group[GROUP_MAILS_MAX];

static uint32_t draw(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33);
}

/* NUMBER tells the batches of a test apart. */
static void put_at(struct turns *turns, int64_t party, uint32_t items, size_t bytes, uint64_t number, int64_t now_ms)
{
    struct mail *mail = mail_new(MAIL_BATCH);
    mail->batch = batch_new(items);
    mail->batch->party_row = party;
    mail->batch->batch = number;
    zmq_msg_close(&mail->batch->frame);
    zmq_msg_init_size(&mail->batch->frame, bytes);
    turns_put(turns, mail, now_ms);
}

static void put(struct turns *turns, int64_t party, uint32_t items, uint64_t number)
{
    put_at(turns, party, items, 100, number, NOW);
}

/* The numbers of the next group, 0 for what is no batch, each followed by a space. */
static const char *next_at(struct turns *turns, int64_t now_ms)
{
    static char text[512];
    size_t used = 0;
    size_t count = turns_take(turns, now_ms, group);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "%d ", group[i]->batch ? (int)group[i]->batch->batch : 0);
        mail_free(group[i]);
    }
    return text;
}

static const char *next(struct turns *turns)
{
    return next_at(turns, NOW);
}

static void test_who_is_alone_has_the_whole_group(void **state)
{
    (void)state;
    struct turns *turns = turns_open();
    for (uint64_t i = 1; i <= 4; i++) {
        put(turns, 7, 64, i);
    }
    turns_put(turns, mail_new(MAIL_ENROL), NOW);
    assert_int_equal(turns_waiting(turns), 5);
    assert_string_equal(next(turns), "1 2 3 4 0 ");
    assert_int_equal(turns_waiting(turns), 0);
    assert_string_equal(next(turns), "");
    turns_close(turns);
}

static void test_one_record_does_not_wait_for_all_of_another(void **state)
{
    (void)state;
    struct turns *turns = turns_open();
    put(turns, 1, 40, 1);
    put(turns, 1, 20, 2);
    put(turns, 1, 40, 3); /* does not fit, and what follows it keeps its place though it would */
    put(turns, 1, 4, 4);
    turns_put(turns, mail_new(MAIL_TOLD), NOW);
    put(turns, 2, 1, 5);
    assert_string_equal(next(turns), "1 2 0 5 ");
    put(turns, 2, 1, 6);
    assert_string_equal(next(turns), "3 4 6 ");
    assert_string_equal(next(turns), "");
    turns_close(turns);
}

/* Whoever says that an attachment has gone must not overtake the batches that were let pass while it was there. */
static void test_an_attachment_leaves_behind_the_batches_that_name_it(void **state)
{
    (void)state;
    struct turns *turns = turns_open();
    struct mail *left = mail_new(MAIL_LEFT);
    left->leaver = mem_alloc(sizeof *left->leaver);
    left->leaver->party_row = 1;
    put(turns, 2, 1, 1);
    put(turns, 1, 40, 2);
    put(turns, 1, 40, 3);
    turns_put(turns, left, NOW);
    put(turns, 1, 1, 4);
    assert_string_equal(next(turns), "1 2 ");
    assert_string_equal(next(turns), "3 0 4 ");
    turns_close(turns);
}

static void test_bytes_count_as_items_do(void **state)
{
    (void)state;
    struct turns *turns = turns_open();
    put(turns, 2, 1, 1);
    put_at(turns, 1, 1, 2 * SHARE_BYTES, 2, NOW); /* the first is taken whatever its size */
    put(turns, 1, 1, 3);
    put_at(turns, 1, 1, SHARE_BYTES - 100, 4, NOW);
    put(turns, 1, 1, 5);
    assert_string_equal(next(turns), "1 2 ");
    assert_string_equal(next(turns), "3 4 ");
    assert_string_equal(next(turns), "5 ");
    turns_close(turns);
}

static void test_a_party_has_the_writer_to_itself_when_the_others_are_silent(void **state)
{
    (void)state;
    struct turns *turns = turns_open();
    put(turns, 2, 1, 1);
    put_at(turns, 1, 64, 100, 2, NOW + 10);
    assert_string_equal(next_at(turns, NOW + 10), "1 2 ");
    put_at(turns, 1, 64, 100, 3, NOW + 10 + SHARE_MS);
    put_at(turns, 1, 64, 100, 4, NOW + 10 + SHARE_MS);
    assert_string_equal(next_at(turns, NOW + 9 + SHARE_MS), "3 ");
    put_at(turns, 1, 64, 100, 5, NOW + 10 + SHARE_MS);
    assert_string_equal(next_at(turns, NOW + 10 + SHARE_MS), "4 5 ");
    turns_close(turns);
}

static void test_a_group_is_bounded(void **state)
{
    (void)state;
    struct turns *turns = turns_open();
    for (uint64_t i = 1; i <= GROUP_ITEMS_MAX / 64 + 1; i++) {
        put(turns, (int64_t)i, 64, i);
    }
    for (int i = 0; i < GROUP_MAILS_MAX; i++) {
        turns_put(turns, mail_new(MAIL_TOLD), NOW);
    }
    assert_int_equal(turns_take(turns, NOW, group), GROUP_ITEMS_MAX / 64);
    for (size_t i = 0; i < GROUP_ITEMS_MAX / 64; i++) {
        mail_free(group[i]);
    }
    assert_int_equal(turns_take(turns, NOW, group), GROUP_MAILS_MAX - 63);
    for (size_t i = 0; i < GROUP_MAILS_MAX - 63; i++) {
        mail_free(group[i]);
    }
    assert_int_equal(turns_waiting(turns), 64);
    turns_close(turns); /* frees them */
}

/* Whatever comes, in whatever sizes: each batch once, each party's in its order, each party that waits in each group
 * that is not full. */
static void test_nothing_is_lost_and_no_order_changed(void **state)
{
    (void)state;
    uint64_t seed = 11;
    uint64_t sent[PARTIES + 1] = {0};
    uint64_t written[PARTIES + 1] = {0};
    struct turns *turns = turns_open();
    for (int64_t round = 0; round < 4000; round++) {
        for (uint64_t i = draw(&seed) % 12; round < 3000 && i > 0; i--) {
            int64_t party = 1 + (int64_t)(draw(&seed) % PARTIES);
            put_at(turns, party, 1 + (uint32_t)(draw(&seed) % 64), draw(&seed) % 100000, ++sent[party], round * 50);
        }
        bool is_served[PARTIES + 1] = {false};
        size_t count = turns_take(turns, round * 50, group);
        for (size_t i = 0; i < count; i++) {
            int64_t party = group[i]->batch->party_row;
            assert_int_equal(group[i]->batch->batch, ++written[party]);
            is_served[party] = true;
            mail_free(group[i]);
        }
        for (int party = 1; party <= PARTIES; party++) {
            assert_true(is_served[party] || written[party] == sent[party]);
        }
    }
    assert_int_equal(turns_waiting(turns), 0);
    assert_memory_equal(sent, written, sizeof sent);
    turns_close(turns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_is_alone_has_the_whole_group),
        cmocka_unit_test(test_one_record_does_not_wait_for_all_of_another),
        cmocka_unit_test(test_an_attachment_leaves_behind_the_batches_that_name_it),
        cmocka_unit_test(test_bytes_count_as_items_do),
        cmocka_unit_test(test_a_party_has_the_writer_to_itself_when_the_others_are_silent),
        cmocka_unit_test(test_a_group_is_bounded),
        cmocka_unit_test(test_nothing_is_lost_and_no_order_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
