/* The writer's way with a group, with the test in the front's place: what is decided, what is done, and what a failure
 * leaves of it. */
#include "tests/hub/hub_sample.h"

#include "common/text.h"
#include "hub/store_sqlite.h"
#include "hub/writer.h"
#include "tests/full_disk.h"

enum { ANSWER_MS = 10000 };

struct rig {
    struct bench *bench;
    int64_t min_free_mb;
    zsock_t *to_writer, *front, *feeder;
    zactor_t *writer;
};

static void rig_open(struct rig *rig, struct bench *bench)
{
    zsys_set_sndhwm(0);
    rig->bench = bench;
    rig->min_free_mb = 0;
    rig->front = zsock_new_pull("@inproc://front");
    rig->feeder = zsock_new_pull("@inproc://feeder");
    rig->to_writer = zsock_new_push(">inproc://writer");
    zsock_set_rcvtimeo(rig->front, ANSWER_MS);
}

/* What was sent before is one group. */
static void rig_start(struct rig *rig)
{
    static const struct city city; /* nothing is filed here */
    struct desk desk;
    struct operators operators;
    struct retention retention = {0};
    char reason[512];
    assert_int_equal(operators_load(&rig->bench->home, &operators, reason), ERR_OK);
    assert_int_equal(desk_open(&desk, rig->bench->store, NULL, &rig->bench->home, 480, reason), ERR_OK);
    struct writer_config config = {.store = rig->bench->store,
                                   .home = rig->bench->home,
                                   .city = &city,
                                   .desk = &desk,
                                   .operators = &operators,
                                   .retention = &retention};
    config.options.checkpoint_pages = 100000;
    config.options.min_free_mb = rig->min_free_mb;
    rig->writer = zactor_new(writer_actor, &config);
    rig->bench->store = NULL; /* the writer closes it */
}

static void rig_close(struct rig *rig)
{
    zactor_destroy(&rig->writer);
    zsock_destroy(&rig->to_writer);
    zsock_destroy(&rig->front);
    struct mail *mail = NULL;
    while ((mail = mail_receive(rig->feeder, false))) {
        mail_free(mail);
    }
    zsock_destroy(&rig->feeder);
}

static struct batch *make_batch_of(struct bench *bench, const char *sample, const char *patch, uint8_t n)
{
    msgpack_sbuffer record;
    bench_record(sample, patch, n, &record);
    struct batch *batch = bench_batch(bench, &record, 1, false);
    msgpack_sbuffer_destroy(&record);
    assert_non_null(batch);
    return batch;
}

static struct batch *make_batch(struct bench *bench, uint8_t n)
{
    char patch[64];
    snprintf(patch, sizeof patch, "{\"activity_no\": \"%d\"}", n);
    return make_batch_of(bench, sample_review, patch, n);
}

static void send_batch(struct rig *rig, struct batch *batch)
{
    struct mail *mail = mail_new(MAIL_BATCH);
    mail->batch = batch;
    mail_send(rig->to_writer, &mail);
}

/* One group, each of whose records is placed in the ledger that they make together. */
static void expect_decided(struct rig *rig, struct batch *const *batches, size_t count)
{
    struct mail *mail = mail_receive(rig->front, true);
    assert_non_null(mail);
    assert_int_equal(mail->type, MAIL_DECIDED);
    assert_int_equal(mail->lent_count, count);
    for (size_t i = 0; i < count; i++) {
        const struct batch *batch = mail->lent[i];
        struct view proof = {batch->proof, batch->proof_size};
        assert_ptr_equal(batch, batches[i]);
        assert_true(merkle_check_range(&suite_ed25519, batch->items[0].hash, batch->first_number - 1, 1,
                                       batch->ledger.size, proof, batch->ledger.root));
        assert_memory_equal(batch->ledger.root, batches[0]->ledger.root, MERKLE_HASH_SIZE);
    }
    mail_free(mail);
}

/* FAILURE NULL: it is stored. */
static void expect_done(struct rig *rig, const struct batch *batch, const char *failure)
{
    struct mail *mail = mail_receive(rig->front, true);
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

/* Whether the feeder was told of something that goes up at once. */
static bool has_urgent_news(struct rig *rig)
{
    bool is_urgent = false;
    struct mail *mail = NULL;
    while ((mail = mail_receive(rig->feeder, false))) {
        is_urgent = is_urgent || (mail->type == MAIL_COMMITTED && mail->is_urgent);
        mail_free(mail);
    }
    return is_urgent;
}

static void test_decided_before_done(void **state)
{
    struct rig rig;
    rig_open(&rig, *state);
    struct batch *first = make_batch(*state, 1);
    struct batch *second = make_batch(*state, 2);
    send_batch(&rig, first);
    send_batch(&rig, second);
    rig_start(&rig);
    expect_decided(&rig, (struct batch *[]){first, second}, 2);
    expect_done(&rig, first, NULL);
    expect_done(&rig, second, NULL);
    rig_close(&rig);
}

/* The front may be reading the outcomes: they stay as they were decided, and the failure stands beside them. */
static void test_failed_commit(void **state)
{
    struct rig rig;
    rig_open(&rig, *state);
    rig_start(&rig);
    struct batch *lost = make_batch(*state, 1);
    limit_files(1);
    send_batch(&rig, lost);
    expect_decided(&rig, &lost, 1);
    expect_done(&rig, lost, "store_failed");
    limit_files(RLIM_INFINITY);
    struct batch *again = make_batch(*state, 1);
    send_batch(&rig, again);
    expect_decided(&rig, &again, 1);
    expect_done(&rig, again, NULL);
    rig_close(&rig);
}

static void test_one_does_not_hold_the_others(void **state)
{
    struct rig rig;
    rig_open(&rig, *state);
    struct batch *first = make_batch_of(*state, sample_warning, "{\"level\": 1}", 1);
    struct batch *poison = make_batch(*state, 2);
    struct batch *last = make_batch(*state, 3);
    poison->signature.size = (size_t)1 << 31; /* more than a row can hold */
    send_batch(&rig, first);
    send_batch(&rig, poison);
    send_batch(&rig, last);
    rig_start(&rig);
    expect_decided(&rig, &first, 1);
    expect_decided(&rig, &last, 1);
    expect_done(&rig, first, NULL);
    expect_done(&rig, poison, "store_failed");
    expect_done(&rig, last, NULL);
    assert_true(has_urgent_news(&rig)); /* of the first, though others came after it */
    rig_close(&rig);
}

static sqlite3 *open_beside(struct bench *bench, const char *sql)
{
    char path[PATH_SIZE];
    sqlite3 *db = NULL;
    home_file(&bench->home, "store.db", path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    return db;
}

/* Whoever reads keeps the log from being emptied, and nobody waits for him. */
static void test_a_reader_does_not_hold_up_the_answers_of_a_full_disk(void **state)
{
    struct rig rig;
    rig_open(&rig, *state);
    batch_free(bench_put(*state, sample_review, "{\"activity_no\": \"1\"}", 1));
    sqlite3 *reader = open_beside(*state, "begin; select count(*) from record");
    rig.min_free_mb = 1 << 30;
    rig_start(&rig);
    struct batch *batch = make_batch(*state, 2);
    int64_t start = clock_monotonic_ms();
    send_batch(&rig, batch);
    expect_done(&rig, batch, "disk_full");
    assert_true(clock_monotonic_ms() - start < ANSWER_MS / 2);
    sqlite3_close(reader);
    rig_close(&rig);
}

/* For a group that could not begin, its batches do not wait one by one. */
static void test_who_writes_beside_the_hub_holds_up_a_group_once(void **state)
{
    enum { MANY = 8, WAIT_MS = 600, LEAST_SINGLY_MS = WAIT_MS * (MANY - 2) };
    struct rig rig;
    struct batch *batches[MANY];
    rig_open(&rig, *state);
    sqlite3_busy_timeout(((struct bench *)*state)->store->db, WAIT_MS);
    sqlite3 *writer = open_beside(*state, "begin immediate");
    for (int i = 0; i < MANY; i++) {
        batches[i] = make_batch(*state, (uint8_t)(i + 1));
        send_batch(&rig, batches[i]);
    }
    int64_t start = clock_monotonic_ms();
    rig_start(&rig);
    for (int i = 0; i < MANY; i++) {
        expect_done(&rig, batches[i], "store_failed");
    }
    assert_true(clock_monotonic_ms() - start < LEAST_SINGLY_MS);
    sqlite3_close(writer);
    rig_close(&rig);
}

static void expect_turned_away(struct rig *rig, const struct batch *batch)
{
    for (int i = 0; i < 2; i++) {
        struct mail *mail = mail_receive(rig->front, true);
        assert_non_null(mail);
        assert_int_equal(mail->type, i == 0 ? MAIL_DECIDED : MAIL_BATCH);
        assert_int_equal(batch->items[0].outcome, OUTCOME_RETRY);
        assert_string_equal(batch->items[0].retry, "revoked");
        assert_int_equal(batch->ledger.size, 0);
        mail_free(mail);
    }
}

static void test_a_revoked_key_files_nothing_any_more(void **state)
{
    struct rig rig;
    struct bench *bench = *state;
    int64_t count = 0;
    rig_open(&rig, bench);
    struct batch *late = make_batch(bench, 1);
    assert_int_equal(store_revoke_keys(bench->store, bench->party.row, bench->key.row, "lost", SAMPLE_NOW, &count),
                     ERR_OK);
    assert_int_equal(count, 1);
    send_batch(&rig, late);
    rig_start(&rig);
    expect_turned_away(&rig, late);
    rig_close(&rig);
}

static void test_a_suspended_party_files_nothing_any_more(void **state)
{
    struct rig rig;
    struct bench *bench = *state;
    struct party now;
    rig_open(&rig, bench);
    struct batch *late = make_batch(bench, 1);
    assert_int_equal(store_begin(bench->store), ERR_OK);
    assert_int_equal(store_set_state(bench->store, SAMPLE_PARTY, "suspended", "", SAMPLE_NOW, &now), ERR_OK);
    assert_int_equal(store_commit(bench->store), ERR_OK);
    send_batch(&rig, late);
    rig_start(&rig);
    expect_turned_away(&rig, late);
    rig_close(&rig);
}

static void test_a_retired_key_files_what_was_taken_before(void **state)
{
    struct rig rig;
    struct bench *bench = *state;
    rig_open(&rig, bench);
    struct batch *batch = make_batch(bench, 1);
    assert_int_equal(store_end_key(bench->store, bench->key.row, 3), ERR_OK);
    send_batch(&rig, batch);
    rig_start(&rig);
    expect_decided(&rig, &batch, 1);
    expect_done(&rig, batch, NULL);
    rig_close(&rig);
}

/* What the blobs actor is told next; 0 for nothing. */
static size_t hear_leavers(zsock_t *blobs, struct mail **ret_mails)
{
    size_t count = 0;
    struct mail *mail = NULL;
    zsock_set_rcvtimeo(blobs, 300);
    while ((mail = mail_receive(blobs, true))) {
        assert_int_equal(mail->type, MAIL_LEAVE);
        ret_mails[count++] = mail;
    }
    return count;
}

static void answer_leavers(struct rig *rig, struct mail **mails, size_t count, bool failed)
{
    for (size_t i = 0; i < count; i++) {
        mails[i]->type = MAIL_LEFT;
        mails[i]->leaver->failed = failed;
        mail_send(rig->to_writer, &mails[i]);
    }
}

static void tick(struct rig *rig)
{
    struct mail *mail = mail_new(MAIL_TICK);
    mail_send(rig->to_writer, &mail);
}

static void put_leavers(struct bench *bench, int count)
{
    assert_int_equal(store_begin(bench->store), ERR_OK);
    for (int i = 0; i < count; i++) {
        char sql[160];
        snprintf(sql, sizeof sql, "insert into leaving(party, hash) values(%d, x'%064d')", (int)bench->party.row, i);
        assert_int_equal(db_exec(bench->store->db, sql), ERR_OK);
    }
    assert_int_equal(store_commit(bench->store), ERR_OK);
}

/* Some at a time, each until it has left; what fails is told again with the next tick, and not before: a disk that is
 * full stays full for a while. */
static void test_attachments_leave(void **state)
{
    enum { MANY = 10, AT_ONCE = 8 };
    struct rig rig;
    struct mail *mails[MANY];
    rig_open(&rig, *state);
    zsock_t *blobs = zsock_new_pull("@inproc://blobs");
    put_leavers(*state, MANY);
    rig_start(&rig);
    assert_int_equal(hear_leavers(blobs, mails), AT_ONCE); /* what an earlier run has left to be done */
    tick(&rig);
    assert_int_equal(hear_leavers(blobs, mails), 0);
    answer_leavers(&rig, mails, 1, true);
    answer_leavers(&rig, mails + 1, AT_ONCE - 1, false);
    assert_int_equal(hear_leavers(blobs, mails), 0);
    tick(&rig);
    assert_int_equal(hear_leavers(blobs, mails), MANY - (AT_ONCE - 1));
    limit_files(1);
    answer_leavers(&rig, mails, MANY - (AT_ONCE - 1), false);
    assert_int_equal(hear_leavers(blobs, mails), 0); /* it could not be written that they have left */
    limit_files(RLIM_INFINITY);
    tick(&rig);
    assert_int_equal(hear_leavers(blobs, mails), MANY - (AT_ONCE - 1));
    answer_leavers(&rig, mails, MANY - (AT_ONCE - 1), false);
    tick(&rig);
    assert_int_equal(hear_leavers(blobs, mails), 0);
    rig_close(&rig);
    zsock_destroy(&blobs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_decided_before_done, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_failed_commit, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_attachments_leave, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_one_does_not_hold_the_others, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_a_reader_does_not_hold_up_the_answers_of_a_full_disk, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(test_who_writes_beside_the_hub_holds_up_a_group_once, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(test_a_revoked_key_files_nothing_any_more, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_a_suspended_party_files_nothing_any_more, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_a_retired_key_files_what_was_taken_before, bench_setup, bench_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
