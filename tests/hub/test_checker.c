/* The checker, with the test in the front's place. */
#include "tests/hub/hub_sample.h"

#include "hub/checker.h"

enum { ANSWER_MS = 10000, BATCHES = 7, ITEMS = 3 };

struct rig {
    zsock_t *to_checker, *front;
    zactor_t *checker;
};

static void rig_open(struct rig *rig, struct bench *bench)
{
    zsys_set_sndhwm(0);
    rig->front = zsock_new_pull("@inproc://front");
    zsock_set_rcvtimeo(rig->front, ANSWER_MS);
    rig->checker = zactor_new(checker_actor, &bench->intake);
    rig->to_checker = zsock_new_push(">inproc://checker");
}

static void rig_close(struct rig *rig)
{
    zactor_destroy(&rig->checker);
    zsock_destroy(&rig->to_checker);
    zsock_destroy(&rig->front);
}

/* Batch NUMBER of a party. */
static void hand_in(struct rig *rig, struct bench *bench, uint64_t number, bool spoil)
{
    msgpack_sbuffer records[ITEMS];
    for (uint8_t i = 0; i < ITEMS; i++) {
        bench_record(sample_warning, "{}", (uint8_t)(number * ITEMS + i), &records[i]);
    }
    struct mail *mail = mail_new(MAIL_BATCH);
    mail->batch = bench_take(bench, records, ITEMS, spoil);
    mail->batch->batch = number;
    mail_send(rig->to_checker, &mail);
    for (int i = 0; i < ITEMS; i++) {
        msgpack_sbuffer_destroy(&records[i]);
    }
}

static void test_each_comes_back_checked_in_order(void **state)
{
    struct bench *bench = *state;
    struct rig rig;
    rig_open(&rig, bench);
    for (uint64_t i = 0; i < BATCHES; i++) {
        hand_in(&rig, bench, i, i == 4);
    }
    for (uint64_t i = 0; i < BATCHES; i++) {
        struct mail *mail = mail_receive(rig.front, true);
        assert_non_null(mail);
        assert_int_equal(mail->type, MAIL_CHECKED);
        assert_int_equal(mail->batch->batch, i);
        assert_int_equal(mail->is_signed, i != 4);
        for (uint32_t j = 0; i != 4 && j < ITEMS; j++) {
            assert_int_equal(mail->batch->items[j].projection.seq, i * ITEMS + j);
        }
        mail_free(mail);
    }
    rig_close(&rig);
}

static void test_a_pulse_is_given_and_what_waits_at_the_end_is_let_go(void **state)
{
    struct bench *bench = *state;
    struct rig rig;
    rig_open(&rig, bench);
    zstr_send(rig.checker, PULSE);
    char *answer = zstr_recv(rig.checker);
    assert_string_equal(answer, PULSE);
    free(answer);
    for (uint64_t i = 0; i < BATCHES; i++) {
        hand_in(&rig, bench, i, false);
    }
    zactor_destroy(&rig.checker);
    zsock_set_rcvtimeo(rig.front, 0);
    for (struct mail *mail = NULL; (mail = mail_receive(rig.front, true));) {
        mail_free(mail);
    }
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_comes_back_checked_in_order, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_a_pulse_is_given_and_what_waits_at_the_end_is_let_go, bench_setup,
                                        bench_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
