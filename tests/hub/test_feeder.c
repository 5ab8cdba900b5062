/* The feeder, with the test in the front's place and in the writer's. */
#include "tests/hub/hub_sample.h"

#include <stdatomic.h>

#include "common/mem.h"
#include "hub/feeder.h"
#include "hub/store_sqlite.h"

enum { ANSWER_MS = 30000, QUESTIONS = 5000, FOLLOWER = 1 };

struct rig {
    zsock_t *to_feeder, *front, *writer;
    zactor_t *feeder;
};

/* The next so many reads of the feeder fail. */
static atomic_int failures;

static int fail_some(void *unused)
{
    (void)unused;
    return atomic_load(&failures) > 0 && atomic_fetch_sub(&failures, 1) > 0;
}

static void rig_open(struct rig *rig, struct bench *bench)
{
    char reason[256];
    struct feeder_config config;
    assert_int_equal(store_open(&bench->home, false, &bench_settings, &config.store, reason), ERR_OK);
    sqlite3_progress_handler(config.store->db, 1, fail_some, NULL);
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
    struct mail *mail = NULL;
    zactor_destroy(&rig->feeder);
    while ((mail = mail_receive(rig->front, false)) || (mail = mail_receive(rig->writer, false))) {
        mail_free(mail);
    }
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

static void follow_from(struct rig *rig, struct bench *bench, uint64_t cursor)
{
    struct mail *mail = mail_new(MAIL_FOLLOW);
    mail->row = FOLLOWER;
    mail->session = 1;
    mail->credit = 100;
    mail->cursor = cursor;
    mail->has_epoch = true;
    memcpy(mail->epoch, store_epoch(bench->store), EPOCH_SIZE);
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
    follow_from(&rig, *state, 0);
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

/* The next page or GAP. */
static struct message hear(struct rig *rig)
{
    struct message message = {0};
    char reason[128];
    struct mail *mail = mail_receive(rig->front, true);
    assert_non_null(mail);
    assert_int_equal(mail->type, MAIL_SEND);
    struct view frame = {(const uint8_t *)mail->frame->data, mail->frame->size};
    assert_int_equal(message_decode(frame, &message, reason), ERR_OK);
    mail_free(mail); /* nothing but numbers is looked at */
    return message;
}

static void put_warnings(struct bench *bench, uint8_t count)
{
    for (uint8_t n = 1; n <= count; n++) {
        batch_free(bench_put(bench, sample_warning, "{\"level\": 1}", n));
    }
}

/* The first two reads are of what was pruned and of the head. */
static void test_a_read_that_fails_is_not_taken_for_nothing(void **state)
{
    struct bench *bench = *state;
    struct rig rig;
    uint64_t removed = 0;
    put_warnings(bench, 3);
    uint64_t head = bench_head(bench->store, "uplink", 0);
    assert_int_equal(store_begin(bench->store), ERR_OK);
    assert_int_equal(store_prune_uplink(bench->store, head - 1, &removed), ERR_OK);
    assert_int_equal(store_commit(bench->store), ERR_OK);
    rig_open(&rig, bench);
    atomic_store(&failures, 1);
    follow_from(&rig, bench, 1);
    struct message message = hear(&rig);
    assert_int_equal(message.type, MESSAGE_GAP);
    assert_int_equal(message.gap.first, head - 1);
    atomic_store(&failures, 2);
    follow_from(&rig, bench, head - 1);
    message = hear(&rig);
    assert_int_equal(message.type, MESSAGE_EVENTS);
    assert_int_equal(message.events.head, head);
    rig_close(&rig);
}

/* What is logged meanwhile goes into FILE. Returns where it went before. */
static int begin_log(FILE *file)
{
    int before = dup(STDERR_FILENO);
    assert_true(before >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
    return before;
}

static int end_log(FILE *file, int before, const char *event)
{
    char line[1024];
    int count = 0;
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    close(before);
    rewind(file);
    while (fgets(line, sizeof line, file)) {
        count += strstr(line, event) != NULL;
    }
    fclose(file);
    return count;
}

/* Whatever else goes on at the hub: what stands before it is fed, and it is tried now and then. */
static void test_a_row_that_cannot_be_read_is_tried_now_and_then(void **state)
{
    enum { BUSY = 20, COMMITS = 100 };
    struct bench *bench = *state;
    struct rig rig;
    put_warnings(bench, 3);
    assert_int_equal(db_exec(bench->store->db,
                             "update batch set bytes = zeroblob(length(bytes)) where id = (select max(id) from batch)"),
                     ERR_OK);
    rig_open(&rig, bench);
    FILE *log = tmpfile();
    int before = begin_log(log);
    follow_from(&rig, bench, 0);
    assert_int_equal(hear(&rig).events.count, 2); /* warnings: the cell that they changed comes after the third */
    for (int i = 0; i < BUSY; i++) {
        for (int k = 0; k < COMMITS; k++) {
            struct mail *mail = mail_new(MAIL_COMMITTED);
            mail->is_urgent = true;
            mail_send(rig.to_feeder, &mail);
        }
        zstr_send(rig.feeder, PULSE);
        free(zstr_recv(rig.feeder));
    }
    assert_in_range(end_log(log, before, "feed-failed"), 1, 3);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_questions_hold_up_nobody, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_a_read_that_fails_is_not_taken_for_nothing, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_a_row_that_cannot_be_read_is_tried_now_and_then, bench_setup,
                                        bench_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
