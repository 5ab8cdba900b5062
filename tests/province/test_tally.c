/* Figures by chosen dimensions: what is added up, what never is, and what counts as new. */
#include "feed.h"

#include "province/tally.h"

enum { ROWS_MAX = 16, HOUR = 3600000 };

#define NOW INT64_C(1700000000000)

struct rows {
    size_t count;
    char first[ROWS_MAX][64];
    int64_t counts[ROWS_MAX];
    int64_t changes[ROWS_MAX];
    int64_t sizes[ROWS_MAX];
};

static void keep(void *self, const struct tally_row *row)
{
    struct rows *rows = self;
    assert_true(rows->count < ROWS_MAX);
    snprintf(rows->first[rows->count], sizeof rows->first[0], "%s", row->values[0] ? row->values[0] : "");
    rows->counts[rows->count] = row->count;
    rows->sizes[rows->count] = row->size;
    rows->changes[rows->count++] = row->change;
}

static struct tally_query query_by(const char *family, const char *key)
{
    struct tally_query query = {.family = family_find(family), .from = INT32_MIN, .to = INT32_MAX, .now = NOW};
    if (key) {
        query.by[query.by_count++] = dimension_find(key);
    }
    return query;
}

static struct rows rows_of(struct site *site, const struct tally_query *query)
{
    struct rows rows = {0};
    assert_int_equal(tally_each(replica_db(site->replica), query, keep, &rows), ERR_OK);
    return rows;
}

#define REVIEW(sector)         sector "|hospital|general|approved|none|initial"
#define WARNING(status, state) "finance|enterprise|privacy_security|2|" status "|" state

static void fill(struct site *site)
{
    const struct fed reviews[] = {{.cursor = 1, .dims = REVIEW("healthcare"), .count = 2, .day = "2026-11-01"},
                                  {.cursor = 2, .dims = REVIEW("finance"), .count = 3, .day = "2026-11-02"},
                                  {.cursor = 3, .dims = REVIEW("culture"), .count = 0, .day = "2026-11-02"}};
    const struct fed warnings[] = {{.cursor = 4, .dims = WARNING("actual", "raised"), .count = 4},
                                   {.cursor = 5, .dims = WARNING("exercise", "raised"), .count = 90}};
    const struct fed second[] = {{.cursor = 1, .dims = REVIEW("finance"), .count = 10, .day = "2026-11-02"}};
    struct applied applied;
    assert_int_equal(feed(site, 1, 7, 3, reviews, 3, &applied), ERR_OK);
    assert_int_equal(feed_family(site, 1, 7, 5, false, "warning", warnings, 2, NOW, &applied), ERR_OK);
    assert_int_equal(feed(site, 2, 8, 1, second, 1, &applied), ERR_OK);
}

static void test_groups_add_up_over_cities_and_leave_out_zero(void **state)
{
    struct site *site = *state;
    fill(site);
    struct tally_query query = query_by("review", "sector");
    struct rows rows = rows_of(site, &query);
    assert_int_equal(rows.count, 2);
    assert_string_equal(rows.first[0], "finance");
    assert_int_equal(rows.counts[0], 13);
    assert_string_equal(rows.first[1], "healthcare");
    assert_int_equal(rows.counts[1], 2);
}

static void test_city_and_days_choose(void **state)
{
    struct site *site = *state;
    fill(site);
    struct tally_query query = query_by("review", "city");
    struct rows rows = rows_of(site, &query);
    assert_int_equal(rows.count, 2);
    assert_int_equal(rows.counts[0], 5);
    assert_int_equal(rows.sizes[0], 300); /* the ledger at the last cell, which went to zero */
    query.city = "330200";
    rows = rows_of(site, &query);
    assert_int_equal(rows.count, 1);
    assert_int_equal(rows.counts[0], 10);
    query = query_by("review", "day");
    assert_int_equal(date_parse(text_view("2026-11-01"), &query.to), ERR_OK);
    rows = rows_of(site, &query);
    assert_int_equal(rows.count, 1);
    assert_string_equal(rows.first[0], "2026-11-01");
}

static void test_exercises_are_never_added_to_actual_warnings(void **state)
{
    struct site *site = *state;
    fill(site);
    struct tally_query query = query_by("warning", "level");
    query.status = "actual";
    struct rows rows = rows_of(site, &query);
    assert_int_equal(rows.count, 1);
    assert_string_equal(rows.first[0], "2");
    assert_int_equal(rows.counts[0], 4);
    query = query_by("warning", "status");
    rows = rows_of(site, &query);
    assert_int_equal(rows.count, 2);
    assert_int_equal(rows.counts[0], 4);
    assert_int_equal(rows.counts[1], 90);
}

static void test_the_whole_without_dimensions_is_one_group(void **state)
{
    struct site *site = *state;
    struct tally_query query = query_by("review", NULL);
    assert_int_equal(rows_of(site, &query).count, 0);
    fill(site);
    struct rows rows = rows_of(site, &query);
    assert_int_equal(rows.count, 1);
    assert_int_equal(rows.counts[0], 15);
}

static void test_changes_of_the_last_day_are_told_but_a_first_snapshot_is_none(void **state)
{
    struct site *site = *state;
    fill(site);
    struct tally_query query = query_by("review", "sector");
    assert_int_equal(rows_of(site, &query).changes[0], 0);
    const struct fed later[] = {{.cursor = 20, .dims = REVIEW("finance"), .count = 7, .day = "2026-11-02"}};
    struct applied applied;
    int64_t cells = 0;
    assert_int_equal(feed(site, 1, 7, 20, later, 1, &applied), ERR_OK);
    assert_int_equal(rows_of(site, &query).changes[0], 4);
    assert_int_equal(tally_changed(replica_db(site->replica), &query, &cells), ERR_OK);
    assert_int_equal(cells, 1);
    query.now = NOW + 25 * (int64_t)HOUR;
    assert_int_equal(rows_of(site, &query).changes[0], 0);
    replica_tidy(site->replica, NOW + 50 * (int64_t)HOUR);
    assert_int_equal(ask(site, "select count(*) from change"), 0);
}

static void test_a_running_snapshot_is_not_shown(void **state)
{
    struct site *site = *state;
    uint8_t epoch[EPOCH_SIZE];
    struct applied applied;
    memset(epoch, 9, sizeof epoch);
    fill(site);
    assert_int_equal(replica_begin_resync(site->replica, 1, epoch, "epoch", NOW), ERR_OK);
    const struct fed part[] = {{.cursor = 1, .dims = REVIEW("finance"), .count = 1000}};
    assert_int_equal(feed(site, 1, 9, 50, part, 1, &applied), ERR_OK);
    struct tally_query query = query_by("review", NULL);
    assert_int_equal(rows_of(site, &query).counts[0], 15);
}

static void test_a_hub_whose_membership_is_gone_is_not_added_up(void **state)
{
    struct site *site = *state;
    static const int64_t second[] = {2};
    const struct fed change[] = {{.cursor = 20, .dims = REVIEW("finance"), .count = 7, .day = "2026-11-02"}};
    struct applied applied;
    int64_t cells = 0;
    fill(site);
    assert_int_equal(feed(site, 1, 7, 20, change, 1, &applied), ERR_OK);
    struct tally_query query = query_by("review", "city");
    int64_t both = rows_of(site, &query).counts[0] + rows_of(site, &query).counts[1];
    assert_int_equal(rows_of(site, &query).count, 2);
    replica_set_members(site->replica, second, 1);
    assert_int_equal(rows_of(site, &query).count, 1);
    assert_true(rows_of(site, &query).counts[0] < both);
    assert_int_equal(tally_changed(replica_db(site->replica), &query, &cells), ERR_OK);
    assert_int_equal(cells, 0);
    replica_set_members(site->replica, NULL, 0);
    assert_int_equal(rows_of(site, &query).count, 0);
}

static void test_every_dimension_of_a_family_has_a_word(void **state)
{
    (void)state;
    for (size_t i = 0; family_at(i); i++) {
        const struct family *family = family_at(i);
        size_t found = 0;
        for (const char *at = dimension_keys(); at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
            char key[64];
            snprintf(key, sizeof key, "%.*s", (int)strcspn(at, ","), at);
            const struct dimension *dimension = dimension_find(key);
            assert_non_null(dimension);
            assert_true(!dimension->enumeration || enumeration_find(dimension->enumeration));
            found += dimension_place(dimension, family) >= 0;
        }
        assert_int_equal(found, family->dim_count);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_site, drop_site)
    const struct CMUnitTest tests[] = {
        TEST(test_groups_add_up_over_cities_and_leave_out_zero),
        TEST(test_city_and_days_choose),
        TEST(test_exercises_are_never_added_to_actual_warnings),
        TEST(test_the_whole_without_dimensions_is_one_group),
        TEST(test_changes_of_the_last_day_are_told_but_a_first_snapshot_is_none),
        TEST(test_a_running_snapshot_is_not_shown),
        TEST(test_a_hub_whose_membership_is_gone_is_not_added_up),
        TEST(test_every_dimension_of_a_family_has_a_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
