/* The feeder, with the test in the front's place and in the writer's. */
#include "tests/hub/hub_sample.h"

#include "common/mem.h"
#include "hub/feeder.h"

enum { ANSWER_MS = 30000, QUESTIONS = 5000, FOLLOWER = 1 };

struct rig {
    zsock_t *to_feeder, *front, *writer;
    zactor_t *feeder;
};

static void rig_open(struct rig *rig, struct bench *bench)
{
    char reason[256];
    struct feeder_config config;
    assert_int_equal(store_open(&bench->home, false, &bench_settings, &config.store, reason), ERR_OK);
    zsys_set_sndhwm(0);
    zsys_set_rcvhwm(0);
    rig->front = zsock_new_pull("@inproc://front");
    rig->writer = zsock_new_pull("@inproc://writer");
    zsock_set_rcvtimeo(rig->front, ANSWER_MS);
    rig->feeder = zactor_new(feeder_actor, &config);
    zsock_set_rcvtimeo(rig->feeder, ANSWER_MS);
    rig->to_feeder = zsock_new_push(">inproc://feeder");
}

static void rig_close(struct rig *rig)
{
    zactor_destroy(&rig->feeder);
    zsock_destroy(&rig->to_feeder);
    zsock_destroy(&rig->front);
    zsock_destroy(&rig->writer);
}

static void ask_for_proofs(struct rig *rig)
{
    for (int i = 0; i < QUESTIONS; i++) {
        struct mail *mail = mail_new(MAIL_PROVE);
        mail->row = FOLLOWER + 1;
        mail->question = mem_alloc(sizeof *mail->question);
        mail->question->prove.number = 1;
        mail_send(rig->to_feeder, &mail);
    }
}

static void follow(struct rig *rig)
{
    struct mail *mail = mail_new(MAIL_FOLLOW);
    mail->row = FOLLOWER;
    mail->session = 1;
    mail->credit = 100;
    snprintf(mail->stream, sizeof mail->stream, "uplink");
    mail_send(rig->to_feeder, &mail);
}

/* Who asks for proofs without end must neither stop those who follow nor look like a hub that hangs. */
static void test_questions_hold_up_nobody(void **state)
{
    struct rig rig;
    int proofs = 0;
    int proofs_before = QUESTIONS;
    batch_free(bench_put(*state, sample_review, "{}", 1));
    rig_open(&rig, *state);
    follow(&rig);
    ask_for_proofs(&rig);
    zstr_send(rig.feeder, PULSE);
    char *answer = zstr_recv(rig.feeder);
    assert_string_equal(answer, PULSE);
    free(answer);
    struct mail *end = mail_new(MAIL_PROVE); /* asked after the pulse */
    end->row = FOLLOWER;
    end->question = mem_alloc(sizeof *end->question);
    mail_send(rig.to_feeder, &end);
    for (bool is_over = false; !is_over;) {
        struct mail *mail = mail_receive(rig.front, true);
        assert_non_null(mail);
        is_over = mail->type == MAIL_PROVE && mail->row == FOLLOWER;
        proofs += mail->type == MAIL_PROVE;
        if (mail->type == MAIL_SEND) {
            proofs_before = proofs;
        }
        mail_free(mail);
    }
    assert_in_range(proofs_before, 0, QUESTIONS - 1);
    assert_int_equal(proofs, QUESTIONS + 1);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_questions_hold_up_nobody, bench_setup, bench_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
