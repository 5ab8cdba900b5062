#include "tests/test.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/record.h"
#include "province/outbox.h"
#include "tests/home.h"

enum { ONE = 1, TWO = 2, NOW = 1790000000 };
static const int64_t now_ms = NOW * INT64_C(1000);
static const struct signing_key hub_key = {.size = 32, .bytes = {1}};

struct site {
    struct home home;
    struct outbox *outbox;
    struct flights flights;
    struct parcels parcels;
};

static void reopen(struct site *site)
{
    char reason[256];
    outbox_close(site->outbox);
    assert_int_equal(outbox_open(&site->home, 100, &site->outbox, reason), ERR_OK);
}

static int make_site(void **state)
{
    struct site *site = calloc(1, sizeof *site);
    assert_non_null(site);
    make_home(&site->home);
    site->parcels.bytes = malloc(PARCELS_BYTES_MAX);
    reopen(site);
    *state = site;
    return 0;
}

static int drop_site(void **state)
{
    struct site *site = *state;
    outbox_close(site->outbox);
    remove_home(&site->home);
    free(site->parcels.bytes);
    free(site);
    return 0;
}

/* A notice, or a warning where `level` is set, to hubs 1 and 2 or, where `is_one`, to hub 1 alone. */
struct wish {
    int level;
    bool is_one;
    const char *title; /* NULL: none, which the schema refuses of a notice */
    const char *second_party;
    const char *memo;
};

static err_t file(struct site *site, const struct wish *wish, uint8_t ret_id[RECORD_ID_SIZE], struct faults *ret_faults)
{
    json_t *fields =
        wish->level
            ? json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:[s], s:s, s:s, s:{s:s, s:s}}",
                        "kind", "risk_warning", "action", "raise", "status", "actual", "headline", "A headline",
                        "description", "A description of it", "level", wish->level, "urgency", "expected", "severity",
                        "moderate", "certainty", "observed", "sector", "consumer", "risk_domain", "privacy_security",
                        "harm_kind", "rights", "discovered_at", "2026-09-01T00:00:00Z", "share_scope", "province",
                        "submitter", "name", "A", "role", "B")
            : json_pack("{s:s, s:s*, s:s, s:s, s:{}, s:b, s:{s:s, s:s}}", "kind", "notice", "title", wish->title,
                        "body", "A body", "category", "policy", "audience", "must_answer", 0, "submitter", "name", "A",
                        "role", "B");
    assert_non_null(fields);
    if (wish->second_party) {
        json_object_set_new(fields, "entity", json_string("p1"));
    }
    const struct outbox_target targets[] = {{ONE, "p1", &suite_ed25519},
                                            {TWO, wish->second_party ? wish->second_party : "p2", &suite_ed25519}};
    const struct outbox_memo memo = {"key", wish->memo};
    const struct outbox_order order = {wish->memo ? &memo : NULL, fields, 480, targets, wish->is_one ? 1 : 2};
    err_t err = outbox_file(site->outbox, &order, now_ms, ret_id, ret_faults);
    json_decref(fields);
    return err;
}

static void file_notice(struct site *site, bool is_one, uint8_t ret_id[RECORD_ID_SIZE])
{
    struct faults faults;
    assert_int_equal(file(site, &(struct wish){.title = "A title", .is_one = is_one}, ret_id, &faults), ERR_OK);
}

static int64_t ask(struct site *site, const char *sql)
{
    sqlite3_stmt *stmt = db_prepare(outbox_db(site->outbox), sql);
    assert_int_equal(db_step(stmt), ERR_OK);
    int64_t value = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return value;
}

static uint32_t pick(struct site *site, int64_t hub)
{
    assert_int_equal(outbox_pick(site->outbox, hub, &site->flights, 64, &site->parcels), ERR_OK);
    return site->parcels.count;
}

static struct view epoch_view(uint8_t fill)
{
    static uint8_t bytes[EPOCH_SIZE];
    memset(bytes, fill, sizeof bytes);
    return (struct view){bytes, EPOCH_SIZE};
}

static int64_t outcome_at = 6;
static const char *fault_code = "missing";

/* The receipt of HUB for the parcels picked last, with the same outcome for each. */
static void receive(struct site *site, int64_t hub, uint8_t epoch, enum outcome outcome, struct verdicts *ret_verdicts)
{
    msgpack_sbuffer buffer;
    msgpack_sbuffer encoded;
    struct faults faults = {0};
    struct receipt_body body;
    fault_add(&faults, fault_code, "title", "required");
    msgpack_sbuffer_init(&buffer);
    msgpack_sbuffer_init(&encoded);
    faults_encode(&faults, &encoded);
    const struct receipt_body start = {.party = {(const uint8_t *)"p", 1},
                                       .hub = {(const uint8_t *)"hub", 3},
                                       .epoch = epoch_view(epoch),
                                       .at = 5,
                                       .count = site->parcels.count};
    receipt_body_begin(&buffer, &start);
    for (uint32_t i = 0; i < site->parcels.count; i++) {
        uint8_t hash[RECORD_HASH_SIZE];
        struct faults ignored = {0};
        struct record record;
        const struct record_context context = {.now_ms = now_ms, .utc_offset_minutes = 480};
        suite_hash_leaf(&suite_ed25519, site->parcels.items[i], hash);
        assert_int_equal(record_check(site->parcels.items[i], &context, &record, &ignored), ERR_OK);
        struct result result = {.outcome = outcome,
                                .id = record_get(&record, "id")->view,
                                .hash = {hash, sizeof hash},
                                .number = 70 + i,
                                .at = outcome_at,
                                .faults = {(const uint8_t *)encoded.data, encoded.size},
                                .code = {(const uint8_t *)"overload", 8},
                                .after_ms = 40};
        receipt_body_add(&buffer, &result);
    }
    struct view bytes = {(const uint8_t *)buffer.data, buffer.size};
    const struct receipt receipt = {.body = bytes, .algorithm = {(const uint8_t *)"ed25519", 7}, .signature = bytes};
    assert_int_equal(receipt_body_decode(bytes, &body), ERR_OK);
    assert_int_equal(outbox_take_receipt(site->outbox, hub, &body, &receipt, &hub_key, ret_verdicts), ERR_OK);
    msgpack_sbuffer_destroy(&buffer);
    msgpack_sbuffer_destroy(&encoded);
}

static struct outbox_welcome welcome(struct site *site, int64_t hub, uint8_t epoch, uint64_t received)
{
    struct outbox_welcome effect;
    const struct welcome said = {.epoch = epoch_view(epoch), .received = received};
    assert_int_equal(outbox_take_welcome(site->outbox, hub, &said, &effect), ERR_OK);
    return effect;
}

static void test_each_hub_has_its_own_sequence(void **state)
{
    struct site *site = *state;
    uint8_t id[RECORD_ID_SIZE];
    file_notice(site, true, id);
    file_notice(site, false, id);
    reopen(site);
    assert_int_equal(ask(site, "select count(*) from filing"), 2);
    assert_int_equal(ask(site, "select seq from delivery where hub = 1 order by seq desc limit 1"), 2);
    assert_int_equal(ask(site, "select seq from delivery where hub = 2"), 1);
    assert_int_equal(ask(site, "select count(distinct id) from delivery where hub = 2 or seq = 2"), 1);
    assert_int_equal(outbox_find(site->outbox, TWO, id), ERR_OK);
}

static void test_a_record_that_one_hub_would_refuse_is_filed_with_none(void **state)
{
    struct site *site = *state;
    uint8_t id[RECORD_ID_SIZE];
    struct faults faults;
    assert_int_equal(file(site, &(struct wish){.title = NULL}, id, &faults), ERR_INVALID);
    assert_string_equal(faults.list[0].field, "title");
    assert_int_equal(file(site, &(struct wish){.title = "A title", .second_party = "p2"}, id, &faults), ERR_INVALID);
    assert_string_equal(faults.list[0].code, "entity_mismatch");
    assert_int_equal(ask(site, "select count(*) from filing"), 0);
    assert_int_equal(ask(site, "select count(*) from delivery"), 0);
    file_notice(site, false, id);
    assert_int_equal(ask(site, "select min(seq) + max(seq) from delivery"), 2); /* no number was lost */
}

static void test_warnings_go_first_and_what_is_under_way_is_left(void **state)
{
    struct site *site = *state;
    uint8_t id[RECORD_ID_SIZE];
    struct faults faults;
    file_notice(site, false, id);
    assert_int_equal(file(site, &(struct wish){.level = 1}, id, &faults), ERR_OK);
    assert_int_equal(pick(site, ONE), 2);
    assert_int_equal(site->parcels.seqs[0], 2);
    flights_add(&site->flights, 2, 9);
    assert_int_equal(pick(site, ONE), 1);
    assert_int_equal(site->parcels.seqs[0], 1);
}

static void test_a_receipt_settles_one_hub_and_its_first_outcome_stays(void **state)
{
    struct site *site = *state;
    uint8_t id[RECORD_ID_SIZE];
    struct verdicts verdicts;
    file_notice(site, false, id);
    pick(site, ONE);
    receive(site, ONE, 1, OUTCOME_RETRY, &verdicts);
    assert_int_equal(verdicts.list[0].after_ms, 40);
    assert_string_equal(verdicts.list[0].code, "overload");
    assert_int_equal(pick(site, ONE), 1);
    receive(site, ONE, 1, OUTCOME_STORED, &verdicts);
    receive(site, ONE, 1, OUTCOME_REJECTED, &verdicts);
    assert_int_equal(verdicts.count, 1);
    assert_int_equal(ask(site, "select state from delivery where hub = 1"), SENDING_RECEIVED);
    assert_int_equal(ask(site, "select number from delivery where hub = 1"), 70);
    assert_int_equal(ask(site, "select state from delivery where hub = 2"), SENDING_ACCEPTED);
    assert_int_equal(pick(site, ONE), 0);
    assert_int_equal(ask(site, "select count(*) from receipt"), 1);
}

static void test_a_receipt_of_another_hubs_bytes_settles_nothing(void **state)
{
    struct site *site = *state;
    uint8_t id[RECORD_ID_SIZE];
    struct verdicts verdicts;
    file_notice(site, true, id); /* so that the two numbers differ */
    file_notice(site, false, id);
    pick(site, TWO);
    receive(site, ONE, 1, OUTCOME_STORED, &verdicts);
    assert_int_equal(verdicts.ignored, 1);
    assert_int_equal(ask(site, "select count(*) from delivery where state <> 0"), 0);
}

static void test_an_outcome_at_a_time_that_no_calendar_has_settles_nothing(void **state)
{
    struct site *site = *state;
    uint8_t id[RECORD_ID_SIZE];
    struct verdicts verdicts;
    file_notice(site, false, id);
    pick(site, 1);
    outcome_at = TIME_MAX + 1;
    receive(site, 1, 1, OUTCOME_STORED, &verdicts);
    outcome_at = 6;
    assert_int_equal(verdicts.ignored, 1);
    assert_int_equal(ask(site, "select count(*) from delivery where state = 0 and hub = 1"), 1);
}

static void test_a_rejection_keeps_its_faults(void **state)
{
    struct site *site = *state;
    uint8_t id[RECORD_ID_SIZE];
    struct verdicts verdicts;
    file_notice(site, true, id);
    pick(site, ONE);
    receive(site, ONE, 1, OUTCOME_REJECTED, &verdicts);
    assert_int_equal(ask(site, "select state from delivery where faults is not null"), SENDING_REJECTED);
    assert_int_equal(pick(site, ONE), 0);
}

static void test_a_hub_of_another_life_or_behind_gets_again_what_it_had(void **state)
{
    struct site *site = *state;
    uint8_t id[RECORD_ID_SIZE];
    struct verdicts verdicts;
    file_notice(site, false, id);
    welcome(site, ONE, 1, 0);
    welcome(site, TWO, 9, 0);
    pick(site, ONE);
    receive(site, ONE, 1, OUTCOME_STORED, &verdicts);
    pick(site, TWO);
    receive(site, TWO, 9, OUTCOME_STORED, &verdicts);
    struct outbox_welcome effect = welcome(site, ONE, 1, 1);
    assert_false(effect.is_epoch_changed || effect.is_hub_behind || effect.is_behind_hub);
    effect = welcome(site, ONE, 2, 1);
    assert_true(effect.is_epoch_changed);
    assert_int_equal(effect.sent_again, 1);
    assert_int_equal(pick(site, ONE), 1);
    receive(site, ONE, 2, OUTCOME_DUPLICATE, &verdicts);
    effect = welcome(site, ONE, 2, 0);
    assert_true(effect.is_hub_behind);
    assert_int_equal(effect.sent_again, 1);
    assert_int_equal(pick(site, TWO), 0); /* the other hub is another matter */
}

static void confirm_and_lose(struct site *site)
{
    uint8_t id[RECORD_ID_SIZE];
    struct verdicts verdicts;
    file_notice(site, true, id);
    welcome(site, ONE, 1, 0);
    pick(site, ONE);
    receive(site, ONE, 1, OUTCOME_STORED, &verdicts);
    assert_true(welcome(site, ONE, 1, 0).is_hub_behind);
    assert_int_equal(pick(site, ONE), 1);
    receive(site, ONE, 1, OUTCOME_REJECTED, &verdicts);
    assert_int_equal(pick(site, ONE), 0);
}

static void test_what_a_hub_rejects_that_it_had_confirmed_keeps_its_receipt(void **state)
{
    struct site *site = *state;
    confirm_and_lose(site);
    assert_int_equal(ask(site, "select state from delivery"), SENDING_RECEIVED);
    assert_int_equal(ask(site, "select number from delivery"), 70);
    assert_int_equal(ask(site, "select count(*) from receipt join delivery on receipt = row"), 1);
    assert_int_equal(ask(site, "select count(*) from receipt"), 1);
}

static void test_what_lacks_its_reference_at_a_restored_hub_is_shown_as_rejected(void **state)
{
    struct site *site = *state;
    fault_code = "unknown_reference";
    confirm_and_lose(site);
    fault_code = "missing";
    assert_int_equal(ask(site, "select state from delivery"), SENDING_REJECTED);
}

static void test_numbering_goes_on_above_what_a_hub_holds(void **state)
{
    struct site *site = *state;
    uint8_t id[RECORD_ID_SIZE];
    uint64_t seq = 0;
    assert_true(welcome(site, ONE, 1, 41).is_behind_hub);
    file_notice(site, false, id);
    assert_int_equal(outbox_last_seq(site->outbox, ONE, &seq), ERR_OK);
    assert_int_equal(seq, 42);
    assert_int_equal(outbox_last_seq(site->outbox, TWO, &seq), ERR_OK);
    assert_int_equal(seq, 1);
}

static void test_a_memo_is_kept_with_its_filing_or_not_at_all(void **state)
{
    struct site *site = *state;
    uint8_t id[RECORD_ID_SIZE];
    struct faults faults;
    char *text = NULL;
    assert_int_equal(outbox_read_memo(site->outbox, "key", &text), ERR_OK);
    assert_null(text);
    assert_int_equal(file(site, &(struct wish){.title = "A title", .memo = "first"}, id, &faults), ERR_OK);
    assert_int_equal(file(site, &(struct wish){.title = NULL, .memo = "second"}, id, &faults), ERR_INVALID);
    reopen(site);
    assert_int_equal(outbox_read_memo(site->outbox, "key", &text), ERR_OK);
    assert_string_equal(text, "first");
    free(text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_site, drop_site)
    const struct CMUnitTest tests[] = {
        TEST(test_each_hub_has_its_own_sequence),
        TEST(test_a_record_that_one_hub_would_refuse_is_filed_with_none),
        TEST(test_warnings_go_first_and_what_is_under_way_is_left),
        TEST(test_a_receipt_settles_one_hub_and_its_first_outcome_stays),
        TEST(test_a_receipt_of_another_hubs_bytes_settles_nothing),
        TEST(test_an_outcome_at_a_time_that_no_calendar_has_settles_nothing),
        TEST(test_a_rejection_keeps_its_faults),
        TEST(test_a_hub_of_another_life_or_behind_gets_again_what_it_had),
        TEST(test_a_memo_is_kept_with_its_filing_or_not_at_all),
        TEST(test_what_a_hub_rejects_that_it_had_confirmed_keeps_its_receipt),
        TEST(test_what_lacks_its_reference_at_a_restored_hub_is_shown_as_rejected),
        TEST(test_numbering_goes_on_above_what_a_hub_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
