/* The audit and what was erased: what an erasure has left is no finding, and what somebody changes of that is. */
#include "tests/hub/audit_sample.h"

#include "hub/retention.h"

/* What the registry says of the entity. */
static void assert_registered(struct town *town, const char *name, const char *entity_type, const char *sectors,
                              const char *district)
{
    struct party party;
    assert_int_equal(store_find_party(town->bench->store, SAMPLE_PARTY, &party), ERR_OK);
    assert_string_equal(party.name, name);
    assert_string_equal(party.entity_type, entity_type);
    assert_string_equal(party.sectors, sectors);
    assert_string_equal(party.district, district);
}

static void test_a_registration_that_was_erased_after_its_acceptance(void **state)
{
    struct town *town = *state;
    town_register(town, "enterprise", "330102", 1, 1);
    town_accept(town, 1);
    erase(town, "entity_registration", 1);
    assert_registered(town, "甲单位", "enterprise", "healthcare", "330102");
    assert_nothing_found(town);
}

static void test_an_erased_registration_is_accepted_for_what_is_left_of_it(void **state)
{
    struct town *town = *state;
    town_register(town, "enterprise", "330102", 1, 1);
    erase(town, "entity_registration", 1);
    town_accept(town, 1);
    assert_registered(town, "甲医院", "enterprise", "healthcare", "330102");
    assert_nothing_found(town);
}

static const char rejected[] = /* nothing is awaited */
    "{\"decision\": \"rejected\", \"rejection_reason\": \"不符合要求。\", \"next_follow_up_on\": null}";
static const char rejected_too[] = "{\"decision\": \"rejected\", \"rejection_reason\": \"不符合要求。\", "
                                   "\"next_follow_up_on\": null, \"activity_no\": \"2\"}";

/* Three days from FIRST on: on the third what is due is erased. */
static bool keep_terms(struct town *town, struct retention *retention, int64_t first)
{
    bool is_erased = false;
    bool has_more = false;
    for (int day = 0; day < 3; day++) {
        assert_int_equal(
            retention_run(retention, &town->city, town->bench->store, first + day * DAY, &is_erased, &has_more),
            ERR_OK);
    }
    return is_erased;
}

/* The act says how many months the term has, and the log when both were taken. */
static void test_a_term_that_is_not_over_erases_nothing(void **state)
{
    static const char file[] = "review_report = 6\n";
    struct town *town = *state;
    struct retention retention = {0};
    struct found found;
    char reason[512];
    int64_t now = clock_ms() + 365 * DAY; /* says the caller; the act is of today */
    batch_free(bench_put(town->bench, sample_review, rejected, 1));
    town_desk(town, clock_ms());
    assert_int_equal(home_write(&town->home, RETENTION_FILE, file, strlen(file)), ERR_OK);
    assert_int_equal(retention_load(&town->home, &retention, reason), ERR_OK);
    assert_true(keep_terms(town, &retention, now));
    retention_done(&retention);
    assert_int_equal(audit(&town->bench->home, &found), ERR_OK);
    assert_non_null(strstr(found.text, "record_changed record 1"));
}

/* Each FROM in the bytes of batches, of SIZE, becomes TO. */
static void change_bytes(sqlite3 *db, const char *from, const char *to, size_t size)
{
    int changed = 0;
    sqlite3_stmt *get = db_prepare(db, "select id, bytes from batch");
    sqlite3_stmt *put = db_prepare(db, "update batch set bytes = ? where id = ?");
    while (db_step(get) == ERR_OK) {
        struct view bytes = db_column_view(get, 1);
        uint8_t *copy = malloc(bytes.size);
        memcpy(copy, bytes.at, bytes.size);
        for (size_t i = 0; i + size <= bytes.size; i++) {
            if (memcmp(copy + i, from, size) == 0) {
                memcpy(copy + i, to, size);
                changed++;
            }
        }
        db_bind_view(put, 1, (struct view){copy, bytes.size});
        sqlite3_bind_int64(put, 2, sqlite3_column_int64(get, 0));
        assert_int_equal(db_run(put), ERR_OK);
        free(copy);
    }
    sqlite3_finalize(get);
    sqlite3_finalize(put);
    assert_true(changed > 0);
}

/* Whoever may erase, and write the store, makes a light warning of a grave one, with its row and its figures. */
static void lighten(struct town *town, struct found *ret_found)
{
    struct home copy;
    sqlite3 *db = open_copy(town, &copy);
    change_bytes(db, "\xa5level\x04", "\xa5level\x03", strlen("\xa5level\x04"));
    assert_int_equal(db_exec(db, "update record set level = 3 where level = 4; "
                                 "update cell set dims = replace(dims, '|4|', '|3|') where family = 'warning'"),
                     ERR_OK);
    sqlite3_close(db);
    assert_int_equal(audit(&copy, ret_found), ERR_OK);
    remove_home(&copy);
}

static void test_what_is_left_of_an_erased_record_stays_as_it_is(void **state)
{
    struct town *town = *state;
    struct found found;
    put(town, sample_warning, "{\"level\": 4}", 1);
    put(town, sample_review, "{}", 2);
    erase(town, "risk_warning", 1);
    assert_nothing_found(town);
    lighten(town, &found);
    assert_int_equal(count_of(&found, "record_changed record 1:"), 1);
    assert_int_equal(found.sums.unbound, 0);
}

static void test_an_act_that_does_not_say_what_it_left_is_counted(void **state)
{
    struct town *town = *state;
    struct found found;
    put(town, sample_warning, "{\"level\": 4}", 1);
    erase_by(town, "risk_warning", 1, false);
    assert_nothing_found(town);
    lighten(town, &found);
    assert_string_equal(found.text, "");
    assert_int_equal(found.sums.unbound, 1);
}

static void test_so_does_what_the_end_of_a_term_leaves(void **state)
{
    static const char aged[] = "update batch set at = at - 31536000000; update head set at = at - 31536000000; "
                               "update thread set received_at = received_at - 31536000000";
    static const char file[] = "review_report = 6\n";
    struct town *town = *state;
    struct retention retention = {0};
    struct found found;
    struct home copy;
    char reason[512];
    int64_t now = clock_ms();
    put(town, sample_review, rejected, 1);
    put(town, sample_review, rejected_too, 2);
    assert_int_equal(db_exec(town->bench->store->db, aged), ERR_OK);
    town_desk(town, now);
    assert_int_equal(home_write(&town->home, RETENTION_FILE, file, strlen(file)), ERR_OK);
    assert_int_equal(retention_load(&town->home, &retention, reason), ERR_OK);
    assert_true(keep_terms(town, &retention, now - 2 * DAY));
    retention_done(&retention);
    assert_int_equal(audit(&town->bench->home, &found), ERR_OK);
    assert_string_equal(found.text, "");
    assert_true(found.sums.erased == 2 && found.sums.unbound == 0);
    sqlite3 *db = open_copy(town, &copy);
    change_bytes(db, "\xa9votes_for\x06", "\xa9votes_for\x05", strlen("\xa9votes_for\x06"));
    sqlite3_close(db);
    assert_int_equal(audit(&copy, &found), ERR_OK);
    assert_int_equal(count_of(&found, "record_changed records 1 to 2:"), 1);
    remove_home(&copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOWN_TEST(test_a_registration_that_was_erased_after_its_acceptance),
        TOWN_TEST(test_an_erased_registration_is_accepted_for_what_is_left_of_it),
        TOWN_TEST(test_a_term_that_is_not_over_erases_nothing),
        TOWN_TEST(test_what_is_left_of_an_erased_record_stays_as_it_is),
        TOWN_TEST(test_an_act_that_does_not_say_what_it_left_is_counted),
        TOWN_TEST(test_so_does_what_the_end_of_a_term_leaves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
