/* A hub's snapshot read beside the shown figures: nothing that was told is lost by it, and nothing told twice. */
#include "feed.h"

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

/* The alert of a clock that ran out. */
static err_t feed_alert(struct site *site, uint8_t epoch, uint64_t cursor, int64_t now, struct applied *ret_applied)
{
    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    struct event event = {.type = EVENT_CLOCK};
    event.clock = (struct clock_event){.at = 9,
                                       .due_at = 8,
                                       .term = text_view("periodic_report"),
                                       .stage = text_view("overdue"),
                                       .entity = text_view("A"),
                                       .period = text_view("2026-Q3")};
    event_encode(&event, &buffer);
    struct fed fed = {.cursor = cursor, .raw = buffer.data, .raw_size = buffer.size};
    err_t err = feed_family(site, 1, epoch, cursor, false, "review", &fed, 1, now, ret_applied);
    msgpack_sbuffer_destroy(&buffer);
    return err;
}

static void test_an_alert_told_again_in_another_life_is_one(void **state)
{
    struct site *site = *state;
    struct applied applied;
    assert_int_equal(feed_alert(site, 7, 30, 1000, &applied), ERR_OK);
    assert_int_equal(applied.alerts, 1);
    begin_resync(site, 1, 8, "epoch");
    assert_int_equal(feed_alert(site, 8, 2, 2000, &applied), ERR_OK);
    assert_int_equal(ask(site, "select count(*) from alert"), 1);
    assert_int_equal(ask(site, "select cursor from alert where is_held"), 2);
    begin_resync(site, 1, 9, "epoch");
    assert_int_equal(feed(site, 1, 9, 0, NULL, 0, &applied), ERR_OK);
    assert_int_equal(ask(site, "select count(*) from alert where not is_held"), 1);
}

static void check_that_a_lost_life_is_kept(struct site *site)
{
    const struct fed fresh[] = {{.cursor = 101, .action = "raise", .id = 3, .state = "raised"}};
    struct applied applied;
    assert_int_equal(feed(site, 1, 8, 101, fresh, 1, &applied), ERR_OK);
    assert_true(applied.is_resynced);
    assert_int_equal(ask(site, "select count(*) from warning"), 3);
    assert_int_equal(ask(site, "select count(*) from warning where not is_held and cursor < 0"), 2);
}

static void feed_lost_life(struct site *site)
{
    const struct fed old[] = {{.cursor = 100, .action = "raise", .id = 1, .state = "raised"},
                              {.cursor = 101, .action = "raise", .id = 2, .state = "raised"}};
    struct applied applied;
    assert_int_equal(feed(site, 1, 7, 101, old, 2, &applied), ERR_OK);
}

/* The new life's record has the cursor of one of the old. */
static void test_pruning_in_the_midst_of_another_lifes_resync_loses_nothing(void **state)
{
    struct site *site = *state;
    feed_lost_life(site);
    begin_resync(site, 1, 8, "epoch");
    begin_resync(site, 1, 8, "pruned");
    check_that_a_lost_life_is_kept(site);
}

static void test_another_life_that_was_pruned_is_another_life(void **state)
{
    struct site *site = *state;
    feed_lost_life(site);
    begin_resync(site, 1, 8, "pruned");
    check_that_a_lost_life_is_kept(site);
}

static void test_another_life_in_the_midst_of_a_resync_after_pruning_is_another_life(void **state)
{
    struct site *site = *state;
    feed_lost_life(site);
    begin_resync(site, 1, 7, "pruned");
    begin_resync(site, 1, 8, "epoch");
    check_that_a_lost_life_is_kept(site);
}

static void test_a_lost_record_that_is_filled_in_again_is_one_and_keeps_its_first_time(void **state)
{
    struct site *site = *state;
    const struct fed old[] = {{.cursor = 100, .action = "raise", .id = 1, .state = "raised"}};
    const struct fed again[] = {{.cursor = 7, .action = "raise", .id = 1, .state = "raised"}};
    struct applied applied;
    assert_int_equal(feed_family(site, 1, 7, 100, true, "review", old, 1, 1000, &applied), ERR_OK);
    begin_resync(site, 1, 8, "epoch");
    assert_int_equal(feed(site, 1, 8, 0, NULL, 0, &applied), ERR_OK);
    assert_int_equal(ask(site, "select count(*) from warning where not is_held"), 1);
    assert_int_equal(feed_family(site, 1, 8, 7, false, "review", again, 1, 9000, &applied), ERR_OK);
    assert_int_equal(ask(site, "select count(*) from warning"), 1);
    assert_int_equal(ask(site, "select first_at from record where is_held and cursor = 7"), 1000);
}

static void test_a_lost_alert_that_is_told_again_is_one_and_keeps_its_first_time(void **state)
{
    struct site *site = *state;
    struct applied applied;
    assert_int_equal(feed_alert(site, 7, 30, 1000, &applied), ERR_OK);
    begin_resync(site, 1, 8, "epoch");
    assert_int_equal(feed(site, 1, 8, 0, NULL, 0, &applied), ERR_OK);
    assert_int_equal(feed_alert(site, 8, 7, 9000, &applied), ERR_OK);
    assert_int_equal(ask(site, "select count(*) from alert"), 1);
    assert_int_equal(ask(site, "select first_at from alert where is_held and cursor = 7"), 1000);
}

/* As `changes` asks after it has looked at MARK. */
static int64_t records_since(struct site *site, int64_t mark)
{
    char sql[256];
    snprintf(
        sql, sizeof sql,
        "select count(*) from record r join hub h on h.hub = r.hub and h.shown = r.generation where r.arrival > %lld",
        (long long)mark);
    return ask(site, sql);
}

static void test_what_comes_up_in_a_resync_arrives_when_it_is_shown(void **state)
{
    struct site *site = *state;
    const struct fed old[] = {{.cursor = 1, .action = "raise", .id = 1, .state = "raised"}};
    const struct fed page[] = {{.cursor = 1, .action = "raise", .id = 1, .state = "raised"},
                               {.cursor = 2, .action = "raise", .id = 2, .state = "raised"}};
    const struct fed last[] = {{.cursor = 3, .action = "raise", .id = 3, .state = "raised"}};
    const struct fed later[] = {{.cursor = 4, .action = "raise", .id = 4, .state = "raised"}};
    struct applied applied;
    assert_int_equal(feed_family(site, 1, 7, 1, true, "review", old, 1, 1000, &applied), ERR_OK);
    begin_resync(site, 1, 8, "epoch");
    assert_int_equal(feed_family(site, 1, 8, 3, true, "review", page, 2, 2000, &applied), ERR_OK);
    int64_t mark = ask(site, "select last from arrivals");
    assert_int_equal(feed_family(site, 1, 8, 3, false, "review", last, 1, 9000, &applied), ERR_OK);
    assert_true(applied.is_resynced);
    assert_int_equal(records_since(site, mark), 2);
    assert_int_equal(ask(site, "select count(*) from record where first_at = 9000"), 2);
    assert_int_equal(ask(site, "select first_at from record where id = (select min(id) from record)"), 1000);
    mark = ask(site, "select last from arrivals");
    assert_int_equal(feed_family(site, 1, 8, 4, false, "review", later, 1, 50, &applied),
                     ERR_OK); /* the clock went back */
    assert_int_equal(records_since(site, mark), 1);
}

static int count_steps(void *thousands)
{
    return ++*(int *)thousands > 4000; /* stops it */
}

#define OF_5000                                                                                                        \
    "with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000),"                                  \
    " g(g) as (select 1 union select 2) "

/* Every other hub waits for it: its cost must not be the square of what is held. */
static void test_the_end_of_a_resync_of_much_is_no_long_work(void **state)
{
    struct site *site = *state;
    static const char many_alerts[] =
        OF_5000 "insert into alert(hub, generation, cursor, at, due_at, term, stage, entity, entity_name, root, period,"
                " first_at) select 1, g, i, 9, 8 + i, 'periodic_report', 'overdue', 'A', 'A', null, '2026-Q3', g"
                " from n, g";
    static const char many_records[] = OF_5000
        "insert into record(hub, generation, cursor, id, thread, thread_kind, kind, owner, number, received_at,"
        " role, entity_type, entity, state, action, is_content, status, level, title, record, first_at)"
        " select 1, g, i, cast(i as blob), cast(i as blob), 'risk_warning', 'risk_warning', 'A', i, 9, 'entity',"
        " '', 'A', 'raised', 'raise', 1, 'actual', 2, 'T', x'80', g from n, g";
    static const char many_cells[] =
        OF_5000 "insert into cell(hub, generation, family, day, dims, count, sum, revision, changed_at)"
                " select 1, g, 'review', 20000 + i % 100, i, 1, 1, i, g from n, g";
    struct applied applied;
    int thousands = 0;
    begin_resync(site, 1, 8, "epoch");
    assert_int_equal(db_exec(replica_db(site->replica), many_alerts), ERR_OK);
    assert_int_equal(db_exec(replica_db(site->replica), many_records), ERR_OK);
    assert_int_equal(db_exec(replica_db(site->replica), many_cells), ERR_OK);
    sqlite3_progress_handler(replica_db(site->replica), 1000, count_steps, &thousands);
    assert_int_equal(feed(site, 1, 8, 0, NULL, 0, &applied), ERR_OK);
    sqlite3_progress_handler(replica_db(site->replica), 0, NULL, NULL);
    assert_true(applied.is_resynced);
    assert_int_equal(ask(site, "select count(*) from alert where first_at = 1"), 5000);
    assert_int_equal(ask(site, "select count(*) from record where first_at = 1"), 5000);
    assert_int_equal(ask(site, "select count(*) from cell where changed_at = 1"), 5000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_site, drop_site)
    const struct CMUnitTest tests[] = {
        TEST(test_a_resync_shows_the_old_figures_until_the_head_and_removes_what_is_gone),
        TEST(test_a_resync_goes_on_after_a_crash),
        TEST(test_a_resync_that_is_begun_again_forgets_its_first_half),
        TEST(test_unchanged_cells_keep_their_time_through_a_resync),
        TEST(test_warnings_outlive_pruning_at_the_hub),
        TEST(test_warnings_of_a_lost_life_are_kept_and_marked_and_come_first),
        TEST(test_an_alert_told_again_in_another_life_is_one),
        TEST(test_pruning_in_the_midst_of_another_lifes_resync_loses_nothing),
        TEST(test_another_life_that_was_pruned_is_another_life),
        TEST(test_another_life_in_the_midst_of_a_resync_after_pruning_is_another_life),
        TEST(test_a_lost_record_that_is_filled_in_again_is_one_and_keeps_its_first_time),
        TEST(test_a_lost_alert_that_is_told_again_is_one_and_keeps_its_first_time),
        TEST(test_what_comes_up_in_a_resync_arrives_when_it_is_shown),
        TEST(test_the_end_of_a_resync_of_much_is_no_long_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
