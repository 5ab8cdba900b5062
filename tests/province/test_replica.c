/* The replica's promises: once, in order, crash-safe, and old figures shown until a snapshot is whole. */
#include "feed.h"

#define DIMS_A "healthcare|hospital|general|approved|none|initial"
#define DIMS_B "finance|enterprise|general|approved|none|initial"
#define DIMS_C "culture|enterprise|general|-|none|initial"

static struct standing standing_of(struct site *site, int64_t hub)
{
    struct standing standing;
    assert_int_equal(replica_get_standing(site->replica, hub, &standing), ERR_OK);
    return standing;
}

static void begin_resync(struct site *site, int64_t hub, uint8_t epoch, const char *why)
{
    uint8_t bytes[EPOCH_SIZE];
    memset(bytes, epoch, sizeof bytes);
    assert_int_equal(replica_begin_resync(site->replica, hub, bytes, why, 1700000000000), ERR_OK);
}

static void test_events_applied_twice_change_nothing(void **state)
{
    struct site *site = *state;
    const struct fed list[] = {{.cursor = 3, .dims = DIMS_A, .count = 2}, {.cursor = 4, .dims = DIMS_B, .count = 5}};
    struct applied applied;
    assert_int_equal(feed(site, 1, 7, 4, list, 2, &applied), ERR_OK);
    assert_int_equal(applied.cursor, 4);
    assert_int_equal(applied.cells, 2);
    assert_true(applied.is_caught_up);
    assert_int_equal(feed(site, 1, 7, 4, list, 2, &applied), ERR_OK);
    assert_int_equal(applied.cells, 0);
    assert_int_equal(applied.cursor, 4);
    assert_int_equal(shown_count(site, 1), 7);
}

static void test_a_later_value_replaces_an_earlier_one(void **state)
{
    struct site *site = *state;
    const struct fed first[] = {{.cursor = 1, .dims = DIMS_A, .count = 2}};
    const struct fed second[] = {{.cursor = 2, .dims = DIMS_A, .count = 3}};
    struct applied applied;
    assert_int_equal(feed(site, 1, 7, 1, first, 1, &applied), ERR_OK);
    assert_int_equal(feed(site, 1, 7, 2, second, 1, &applied), ERR_OK);
    assert_int_equal(shown_count(site, 1), 3);
}

static void test_an_older_revision_is_ignored(void **state)
{
    struct site *site = *state;
    const struct fed first[] = {{.cursor = 5, .dims = DIMS_A, .count = 9, .revision = 5}};
    const struct fed older[] = {{.cursor = 6, .dims = DIMS_A, .count = 1, .revision = 4},
                                {.cursor = 7, .dims = DIMS_A, .count = 2, .revision = 5}};
    struct applied applied;
    assert_int_equal(feed(site, 1, 7, 5, first, 1, &applied), ERR_OK);
    assert_int_equal(feed(site, 1, 7, 7, older, 2, &applied), ERR_OK);
    assert_int_equal(applied.cells, 0);
    assert_int_equal(applied.cursor, 7);
    assert_int_equal(shown_count(site, 1), 9);
}

static void test_unknown_and_unreadable_events_are_passed_over(void **state)
{
    struct site *site = *state;
    static const char unknown[] = "\x81\xa4type\xa5tides";
    const struct fed list[] = {{.cursor = 1, .raw = unknown, .raw_size = sizeof unknown - 1},
                               {.cursor = 2, .dims = "bad code|x", .count = 1},
                               {.cursor = 3, .dims = DIMS_A, .day = "2026-13-01", .count = 1},
                               {.cursor = 4, .dims = DIMS_A, .count = -1},
                               {.cursor = 5, .dims = DIMS_A, .count = 6}};
    struct applied applied;
    assert_int_equal(feed(site, 1, 7, 5, list, 5, &applied), ERR_OK);
    assert_int_equal(applied.cursor, 5);
    assert_int_equal(applied.skipped, 3);
    assert_int_equal(shown_count(site, 1), 6);
    assert_int_equal(ask(site, "select skipped from hub where hub = 1"), 3);
}

static void test_position_and_figures_survive_reopening_together(void **state)
{
    struct site *site = *state;
    const struct fed list[] = {{.cursor = 8, .dims = DIMS_A, .count = 4}};
    struct applied applied;
    assert_int_equal(feed(site, 1, 7, 20, list, 1, &applied), ERR_OK);
    assert_false(applied.is_caught_up);
    reopen(site);
    struct standing standing = standing_of(site, 1);
    assert_true(standing.has_epoch);
    assert_int_equal(standing.epoch[0], 7);
    assert_int_equal(standing.cursor, 8);
    assert_int_equal(standing.head, 20);
    assert_false(standing.is_synced);
    assert_int_equal(shown_count(site, 1), 4);
}

static void test_a_failed_write_leaves_figures_and_cursor_as_they_were(void **state)
{
    struct site *site = *state;
    const struct fed first[] = {{.cursor = 1, .dims = DIMS_A, .count = 2}};
    struct fed *many = calloc(4000, sizeof *many);
    char(*days)[11] = calloc(4000, sizeof *days);
    struct applied applied;
    assert_non_null(many);
    assert_non_null(days);
    assert_int_equal(feed(site, 1, 7, 1, first, 1, &applied), ERR_OK);
    for (uint32_t i = 0; i < 4000; i++) {
        date_text(30000 + (int64_t)i, days[i]);
        many[i] = (struct fed){.cursor = i + 2, .day = days[i], .dims = DIMS_A, .count = 1};
    }
    /* A full disk, as SQLite sees it. */
    assert_int_equal(ask(site, "pragma max_page_count = 12"), 12);
    assert_int_equal(feed(site, 1, 7, 4001, many, 4000, &applied), ERR_FULL);
    assert_int_equal(standing_of(site, 1).cursor, 1);
    assert_int_equal(shown_count(site, 1), 2);
    /* There is room again: the same events go in. */
    assert_true(ask(site, "pragma max_page_count = 100000") > 12);
    assert_int_equal(feed(site, 1, 7, 4001, many, 4000, &applied), ERR_OK);
    assert_int_equal(standing_of(site, 1).cursor, 4001);
    assert_int_equal(shown_count(site, 1), 4002);
    free(many);
    free(days);
}

static void test_another_epoch_is_not_applied(void **state)
{
    struct site *site = *state;
    const struct fed list[] = {{.cursor = 1, .dims = DIMS_A, .count = 2}};
    struct applied applied;
    assert_int_equal(feed(site, 1, 7, 1, list, 1, &applied), ERR_OK);
    const struct fed other[] = {{.cursor = 9, .dims = DIMS_A, .count = 50}};
    assert_int_equal(feed(site, 1, 8, 9, other, 1, &applied), ERR_OK);
    assert_true(applied.is_other_epoch);
    assert_int_equal(standing_of(site, 1).cursor, 1);
    assert_int_equal(shown_count(site, 1), 2);
}

static void test_a_head_before_our_cursor_is_told_after_a_follow_only(void **state)
{
    struct site *site = *state;
    const struct fed list[] = {{.cursor = 9, .dims = DIMS_A, .count = 2}};
    struct applied applied;
    assert_int_equal(feed(site, 1, 7, 9, list, 1, &applied), ERR_OK);
    assert_int_equal(feed_family(site, 1, 7, 4, true, "review", NULL, 0, 1, &applied), ERR_OK);
    assert_true(applied.is_behind_us);
    assert_int_equal(standing_of(site, 1).cursor, 9);
}

static void test_empty_events_move_the_cursor_to_the_head(void **state)
{
    struct site *site = *state;
    struct applied applied;
    assert_int_equal(feed(site, 1, 7, 12, NULL, 0, &applied), ERR_OK);
    assert_int_equal(applied.cursor, 12);
    assert_true(applied.is_caught_up);
    assert_true(standing_of(site, 1).is_synced);
}

/* Three cells in the first life; the second one has the first two, lower numbers, and is read in two parts. */
static void fill_then_resync(struct site *site, const char *why)
{
    const struct fed old[] = {{.cursor = 101, .dims = DIMS_A, .count = 2},
                              {.cursor = 102, .dims = DIMS_B, .count = 5},
                              {.cursor = 103, .dims = DIMS_C, .count = 11}};
    const struct fed part[] = {{.cursor = 3, .dims = DIMS_A, .count = 2}};
    struct applied applied;
    assert_int_equal(feed(site, 1, 7, 103, old, 3, &applied), ERR_OK);
    begin_resync(site, 1, 8, why);
    assert_int_equal(feed(site, 1, 8, 6, part, 1, &applied), ERR_OK);
    assert_false(applied.is_caught_up);
}

static void finish(struct site *site)
{
    const struct fed rest[] = {{.cursor = 6, .dims = DIMS_B, .count = 7}};
    struct applied applied;
    assert_int_equal(feed(site, 1, 8, 6, rest, 1, &applied), ERR_OK);
    assert_true(applied.is_resynced);
    assert_int_equal(applied.cells_gone, 1);
    assert_int_equal(shown_count(site, 1), 9);
    assert_int_equal(ask(site, "select count(*) from cell where hub = 1"), 2);
    assert_false(standing_of(site, 1).is_resyncing);
}

static void test_a_resync_shows_the_old_figures_until_the_head_and_removes_what_is_gone(void **state)
{
    struct site *site = *state;
    fill_then_resync(site, "epoch");
    assert_true(standing_of(site, 1).is_resyncing);
    assert_int_equal(shown_count(site, 1), 18);
    finish(site);
}

static void test_a_resync_goes_on_after_a_crash(void **state)
{
    struct site *site = *state;
    fill_then_resync(site, "epoch");
    reopen(site);
    struct standing standing = standing_of(site, 1);
    assert_true(standing.is_resyncing);
    assert_int_equal(standing.epoch[0], 8);
    assert_int_equal(standing.cursor, 3);
    assert_int_equal(shown_count(site, 1), 18);
    finish(site);
}

static void test_a_resync_that_is_begun_again_forgets_its_first_half(void **state)
{
    struct site *site = *state;
    fill_then_resync(site, "epoch");
    begin_resync(site, 1, 9, "epoch");
    const struct fed all[] = {{.cursor = 1, .dims = DIMS_C, .count = 1}};
    struct applied applied;
    assert_int_equal(feed(site, 1, 9, 1, all, 1, &applied), ERR_OK);
    assert_true(applied.is_resynced);
    assert_int_equal(shown_count(site, 1), 1);
    assert_int_equal(ask(site, "select count(*) from cell where hub = 1"), 1);
    assert_int_equal(ask(site, "select gaps from hub where hub = 1"), 2);
}

static void test_unchanged_cells_keep_their_time_through_a_resync(void **state)
{
    struct site *site = *state;
    const struct fed old[] = {{.cursor = 1, .dims = DIMS_A, .count = 2}, {.cursor = 2, .dims = DIMS_B, .count = 2}};
    const struct fed fresh[] = {{.cursor = 1, .dims = DIMS_A, .count = 2}, {.cursor = 2, .dims = DIMS_B, .count = 3}};
    struct applied applied;
    assert_int_equal(feed_family(site, 1, 7, 2, true, "review", old, 2, 1000, &applied), ERR_OK);
    begin_resync(site, 1, 8, "epoch");
    assert_int_equal(feed_family(site, 1, 8, 2, true, "review", fresh, 2, 9000, &applied), ERR_OK);
    assert_int_equal(ask(site, "select changed_at from cell where dims like 'health%'"), 1000);
    assert_int_equal(ask(site, "select changed_at from cell where dims like 'fin%'"), 9000);
}

static void test_two_hubs_stay_apart(void **state)
{
    struct site *site = *state;
    const struct fed one[] = {{.cursor = 1, .dims = DIMS_A, .count = 2}};
    const struct fed two[] = {{.cursor = 40, .dims = DIMS_A, .count = 30}};
    struct applied applied;
    assert_int_equal(feed(site, 1, 7, 1, one, 1, &applied), ERR_OK);
    assert_int_equal(feed(site, 2, 8, 40, two, 1, &applied), ERR_OK);
    assert_int_equal(shown_count(site, 1), 2);
    assert_int_equal(shown_count(site, 2), 30);
    begin_resync(site, 2, 9, "epoch");
    assert_int_equal(feed(site, 2, 9, 0, NULL, 0, &applied), ERR_OK);
    assert_true(applied.is_resynced);
    assert_int_equal(shown_count(site, 2), 0);
    assert_int_equal(shown_count(site, 1), 2);
    assert_int_equal(standing_of(site, 1).cursor, 1);
}

#define LATEST_STATE_IS(text)                                                                                          \
    "select w.state = '" text "' from warning w join hub h on h.hub = w.hub and h.shown = w.generation"                \
    " where w.hub = 1 order by w.cursor desc limit 1"

static void test_records_of_a_thread_belong_together(void **state)
{
    struct site *site = *state;
    const struct fed list[] = {{.cursor = 1, .action = "raise", .id = 1, .state = "raised"},
                               {.cursor = 2, .action = "update", .id = 2, .refers_to = 1, .state = "raised"},
                               {.cursor = 3, .action = "handle", .id = 3, .refers_to = 2, .state = "handling"}};
    struct applied applied;
    assert_int_equal(feed(site, 1, 7, 3, list, 3, &applied), ERR_OK);
    assert_int_equal(applied.warnings, 3);
    assert_int_equal(ask(site, "select count(distinct thread) from warning"), 1);
    assert_int_equal(ask(site, "select count(*) from warning"), 3);
    assert_int_equal(ask(site, LATEST_STATE_IS("handling")), 1);
}

static void test_warnings_outlive_pruning_at_the_hub(void **state)
{
    struct site *site = *state;
    const struct fed old[] = {{.cursor = 1, .action = "raise", .id = 1, .state = "raised"}};
    const struct fed rest[] = {{.cursor = 5, .action = "handle", .id = 2, .refers_to = 1, .state = "handling"}};
    struct applied applied;
    assert_int_equal(feed(site, 1, 7, 1, old, 1, &applied), ERR_OK);
    begin_resync(site, 1, 7, "pruned");
    assert_int_equal(feed(site, 1, 7, 5, rest, 1, &applied), ERR_OK);
    assert_int_equal(ask(site, "select count(*) from warning where is_held"), 2);
    assert_int_equal(ask(site, "select count(distinct thread) from warning"), 1);
    assert_int_equal(ask(site, LATEST_STATE_IS("handling")), 1);
}

static void test_warnings_of_a_lost_life_are_kept_and_marked_and_come_first(void **state)
{
    struct site *site = *state;
    const struct fed old[] = {{.cursor = 100, .action = "raise", .id = 1, .state = "raised"},
                              {.cursor = 101, .action = "handle", .id = 2, .refers_to = 1, .state = "handling"}};
    const struct fed fresh[] = {{.cursor = 4, .action = "raise", .id = 1, .state = "acknowledged"}};
    struct applied applied;
    assert_int_equal(feed(site, 1, 7, 101, old, 2, &applied), ERR_OK);
    begin_resync(site, 1, 8, "epoch");
    assert_int_equal(feed(site, 1, 8, 4, fresh, 1, &applied), ERR_OK);
    assert_int_equal(ask(site, "select count(*) from warning"), 2);
    assert_int_equal(ask(site, "select count(*) from warning where not is_held"), 1);
    assert_int_equal(ask(site, LATEST_STATE_IS("acknowledged")), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_site, drop_site)
    const struct CMUnitTest tests[] = {
        TEST(test_events_applied_twice_change_nothing),
        TEST(test_a_later_value_replaces_an_earlier_one),
        TEST(test_an_older_revision_is_ignored),
        TEST(test_unknown_and_unreadable_events_are_passed_over),
        TEST(test_position_and_figures_survive_reopening_together),
        TEST(test_a_failed_write_leaves_figures_and_cursor_as_they_were),
        TEST(test_another_epoch_is_not_applied),
        TEST(test_a_head_before_our_cursor_is_told_after_a_follow_only),
        TEST(test_empty_events_move_the_cursor_to_the_head),
        TEST(test_a_resync_shows_the_old_figures_until_the_head_and_removes_what_is_gone),
        TEST(test_a_resync_goes_on_after_a_crash),
        TEST(test_a_resync_that_is_begun_again_forgets_its_first_half),
        TEST(test_unchanged_cells_keep_their_time_through_a_resync),
        TEST(test_two_hubs_stay_apart),
        TEST(test_records_of_a_thread_belong_together),
        TEST(test_warnings_outlive_pruning_at_the_hub),
        TEST(test_warnings_of_a_lost_life_are_kept_and_marked_and_come_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
