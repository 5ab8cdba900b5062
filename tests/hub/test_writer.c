/* The writer's way with a group, with the test in the front's place: what is decided, what is done, and what a failure
 * leaves of it. */
#include "tests/hub/hub_sample.h"

#include <signal.h>
#include <sys/resource.h>

#include "hub/writer.h"

enum { ANSWER_MS = 10000 };

struct desk {
    struct bench *bench;
    zsock_t *to_writer, *front, *feeder;
    zactor_t *writer;
};

static void desk_open(struct desk *desk, struct bench *bench)
{
    zsys_set_sndhwm(0);
    desk->bench = bench;
    desk->front = zsock_new_pull("@inproc://front");
    desk->feeder = zsock_new_pull("@inproc://feeder");
    desk->to_writer = zsock_new_push(">inproc://writer");
    zsock_set_rcvtimeo(desk->front, ANSWER_MS);
}

/* What was sent before is one group. */
static void desk_start(struct desk *desk)
{
    struct writer_config config = {.store = desk->bench->store, .home = desk->bench->home};
    config.options.checkpoint_pages = 100000;
    desk->writer = zactor_new(writer_actor, &config);
    desk->bench->store = NULL; /* the writer closes it */
}

static void desk_close(struct desk *desk)
{
    zactor_destroy(&desk->writer);
    zsock_destroy(&desk->to_writer);
    zsock_destroy(&desk->front);
    struct mail *mail = NULL;
    while ((mail = mail_receive(desk->feeder, false))) {
        mail_free(mail);
    }
    zsock_destroy(&desk->feeder);
}

static struct batch *make_batch(struct bench *bench, uint8_t n)
{
    msgpack_sbuffer record;
    char patch[64];
    snprintf(patch, sizeof patch, "{\"activity_no\": \"%d\"}", n);
    bench_record(sample_review, patch, n, &record);
    struct batch *batch = bench_batch(bench, &record, 1, false);
    msgpack_sbuffer_destroy(&record);
    assert_non_null(batch);
    return batch;
}

static void send_batch(struct desk *desk, struct batch *batch)
{
    struct mail *mail = mail_new(MAIL_BATCH);
    mail->batch = batch;
    mail_send(desk->to_writer, &mail);
}

static void expect_decided(struct desk *desk, const struct batch *batch)
{
    struct mail *mail = mail_receive(desk->front, true);
    assert_non_null(mail);
    assert_int_equal(mail->type, MAIL_DECIDED);
    assert_ptr_equal(mail->lent, batch);
    mail_free(mail);
}

/* FAILURE NULL: it is stored. */
static void expect_done(struct desk *desk, const struct batch *batch, const char *failure)
{
    struct mail *mail = mail_receive(desk->front, true);
    assert_non_null(mail);
    assert_int_equal(mail->type, MAIL_BATCH);
    assert_ptr_equal(mail->batch, batch);
    if (failure) {
        assert_string_equal(batch->failure, failure);
    } else {
        assert_null(batch->failure);
        assert_int_equal(batch->items[0].outcome, OUTCOME_STORED);
    }
    mail_free(mail);
}

static void limit_files(rlim_t size)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_decided_before_done(void **state)
{
    struct desk desk;
    desk_open(&desk, *state);
    struct batch *first = make_batch(*state, 1);
    struct batch *second = make_batch(*state, 2);
    send_batch(&desk, first);
    send_batch(&desk, second);
    desk_start(&desk);
    expect_decided(&desk, first);
    expect_decided(&desk, second);
    expect_done(&desk, first, NULL);
    expect_done(&desk, second, NULL);
    desk_close(&desk);
}

/* The front may be reading the outcomes: they stay as they were decided, and the failure stands beside them. */
static void test_failed_commit(void **state)
{
    struct desk desk;
    desk_open(&desk, *state);
    desk_start(&desk);
    struct batch *lost = make_batch(*state, 1);
    limit_files(1);
    send_batch(&desk, lost);
    expect_decided(&desk, lost);
    expect_done(&desk, lost, "store_failed");
    limit_files(RLIM_INFINITY);
    struct batch *again = make_batch(*state, 1);
    send_batch(&desk, again);
    expect_decided(&desk, again);
    expect_done(&desk, again, NULL);
    desk_close(&desk);
}

static void test_one_does_not_hold_the_others(void **state)
{
    struct desk desk;
    desk_open(&desk, *state);
    struct batch *first = make_batch(*state, 1);
    struct batch *poison = make_batch(*state, 2);
    struct batch *last = make_batch(*state, 3);
    poison->signature.size = (size_t)1 << 31; /* more than a row can hold */
    send_batch(&desk, first);
    send_batch(&desk, poison);
    send_batch(&desk, last);
    desk_start(&desk);
    expect_decided(&desk, first);
    expect_decided(&desk, last);
    expect_done(&desk, first, NULL);
    expect_done(&desk, poison, "store_failed");
    expect_done(&desk, last, NULL);
    desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_decided_before_done, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_failed_commit, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_one_does_not_hold_the_others, bench_setup, bench_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
