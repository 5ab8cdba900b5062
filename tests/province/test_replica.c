/* The replica's promises: once, in order, crash-safe, and old figures shown until a snapshot is whole. */
#include "feed.h"

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
    const struct fed list[] = {
        {.cursor = 1, .raw = unknown, .raw_size = sizeof unknown - 1},  {.cursor = 2, .dims = "bad code|x", .count = 1},
        {.cursor = 3, .dims = DIMS_A, .day = "2026-13-01", .count = 1}, {.cursor = 4, .dims = DIMS_A, .count = -1},
        {.cursor = 5, .dims = DIMS_A, .count = INT64_C(1) << 50},       {.cursor = 6, .dims = DIMS_A, .count = 6}};
    struct applied applied;
    assert_int_equal(feed(site, 1, 7, 6, list, 6, &applied), ERR_OK);
    assert_int_equal(applied.cursor, 6);
    assert_int_equal(applied.skipped, 4);
    assert_int_equal(shown_count(site, 1), 6);
    assert_int_equal(ask(site, "select skipped from hub where hub = 1"), 4);
}

static void feed_event(struct site *site, uint64_t cursor, const struct event *event)
{
    msgpack_sbuffer buffer;
    struct applied applied;
    msgpack_sbuffer_init(&buffer);
    event_encode(event, &buffer);
    const struct fed fed = {.cursor = cursor, .raw = buffer.data, .raw_size = buffer.size};
    assert_int_equal(feed(site, 1, 7, cursor, &fed, 1, &applied), ERR_OK);
    assert_int_equal(applied.skipped, 1);
    msgpack_sbuffer_destroy(&buffer);
}

/* A listing that shows it would fail for good. */
static void test_times_that_no_calendar_has_are_passed_over(void **state)
{
    struct site *site = *state;
    static const char record[] = "\x82\xa4kind\xa6notice\xa2id\xc4\x10\0\0\0\0\0\0\x70\0\x80\0\0\0\0\0\0\1";
    struct event event = {.type = EVENT_RECORD};
    event.record = (struct record_event){.number = 1,
                                         .role = text_view("entity"),
                                         .state = text_view("sent"),
                                         .record = {(const uint8_t *)record, sizeof record - 1}};
    feed_event(site, 1, &event);
    event.record.received_at = TIME_MAX + 1;
    feed_event(site, 2, &event);
    event = (struct event){.type = EVENT_CLOCK};
    event.clock = (struct clock_event){
        .at = 9, .due_at = INT64_MAX, .term = text_view("periodic_report"), .stage = text_view("overdue")};
    feed_event(site, 3, &event);
    event = (struct event){.type = EVENT_HUB_HEALTH};
    event.health = (struct health_event){.at = TIME_MAX + 1, .disk = text_view("full")};
    feed_event(site, 4, &event);
    assert_int_equal(ask(site, "select count(*) from record"), 0);
    assert_int_equal(ask(site, "select count(*) from alert"), 0);
    assert_int_equal(ask(site, "select count(*) from hub where disk is not null"), 0);
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

static void test_a_cell_without_an_entity_type_is_counted(void **state)
{
    struct site *site = *state;
    const struct fed list[] = {{.cursor = 1, .dims = "city_plan||current", .count = 1}};
    struct applied applied;
    assert_int_equal(feed_family(site, 1, 7, 1, true, "record", list, 1, 1000, &applied), ERR_OK);
    assert_int_equal(applied.skipped, 0);
    assert_int_equal(ask(site, "select count from cell where dims = 'city_plan||current'"), 1);
}

/* ---- every kind, and what an older release had kept ---- */

static void test_every_kind_is_kept_once_with_its_thread(void **state)
{
    struct site *site = *state;
    const struct told list[] = {
        {1, "rereview_request", "A", NULL, 1, NULL, 0, "requested"},
        {2, "rereview_decision", "B", "A", 2, "request_id", 1, "decided"},
        {3, "city_plan", "C", NULL, 3, NULL, 0, "current"},
        {4, "city_plan", "C", NULL, 4, "replaces", 3, "current"},
        {5, "withdrawal", "C", NULL, 5, "replaces", 4, "withdrawn"},
        {6, "a_kind_of_tomorrow", "C", NULL, 6, NULL, 0, "new_state"},
    };
    assert_int_equal(tell(site, 7, 6, list, 6), ERR_OK);
    assert_int_equal(tell(site, 7, 6, list, 6), ERR_OK); /* again, as after a lost acknowledgement */
    assert_int_equal(ask(site, "select count(*) from record"), 6);
    assert_int_equal(ask(site, "select count(distinct thread) from record"), 3);
    assert_int_equal(ask(site, "select count(*) from record where thread_kind = 'rereview_request'"), 2);
    assert_int_equal(ask(site, "select count(*) from record where kind = 'withdrawal' and thread_kind = 'city_plan'"),
                     1);
    assert_int_equal(ask(site, "select sum(is_content) from record"), 3);
    assert_int_equal(ask(site, "select count(*) from record where owner = 'A' and kind = 'rereview_decision'"), 1);
}

static void test_two_parties_with_one_id_keep_their_own_threads(void **state)
{
    struct site *site = *state;
    const struct told list[] = {
        {1, "rereview_request", "A", NULL, 1, NULL, 0, "requested"},
        {2, "rereview_request", "B", NULL, 1, NULL, 0, "requested"},
        {3, "rereview_decision", "city", "A", 2, "request_id", 1, "decided"},
        {4, "rereview_decision", "city", "B", 3, "request_id", 1, "decided"},
    };
    assert_int_equal(tell(site, 7, 4, list, 4), ERR_OK);
    assert_int_equal(ask(site, "select count(*) from record"), 4);
    assert_int_equal(ask(site, "select count(*) from record where owner = 'A'"), 2);
    assert_int_equal(ask(site, "select count(*) from record where owner = 'B'"), 2);
    begin_resync(site, 1, 8, "epoch");
    const struct told of_a[] = {list[0], list[2]}; /* what the hub lost is B's */
    assert_int_equal(tell(site, 8, 3, of_a, 2), ERR_OK);
    assert_int_equal(ask(site, "select count(*) from record"), 4);
    assert_int_equal(ask(site, "select count(*) from record where is_held and owner = 'A'"), 2);
    assert_int_equal(ask(site, "select count(*) from record where not is_held and owner = 'B'"), 2);
}

/* The first version's tables, as far as the step from them touches them. */
static const char version_1[] =
    "drop table arrivals; drop view member; drop view warning; drop table record; drop table alert;"
    "create table warning(hub int not null, generation int not null, id blob not null, thread blob not null,"
    " cursor int not null, number int not null, received_at int not null, entity_type text not null, entity text,"
    " entity_name text, state text not null, action text not null, status text not null, level int not null,"
    " sector text not null, risk_domain text not null, headline text not null, record blob not null,"
    " is_held int not null default 1, primary key(hub, generation, id));"
    "insert into warning values(1, 1, x'01', x'01', 4, 9, 77, 'hospital', null, null, 'raised', 'raise', 'actual', 2,"
    " 's', 'd', 'Old', x'80', 1), (1, 2, x'02', x'02', 1, 9, 77, 'hospital', null, null, 'raised', 'raise', 'actual',"
    " 2, 's', 'd', 'Half', x'80', 1);"
    "update hub set cursor = 5, head = 5, generation = 2 where hub = 1;"
    "alter table cell drop column size; alter table hub drop column disk; alter table hub drop column disk_free_mib; "
    "alter table hub drop column disk_at; alter table hub drop column silent_since;"
    "alter table hub drop column connections; alter table hub drop column connections_free;"
    "pragma user_version = 1";

static void test_an_older_replica_is_taken_over_and_read_anew(void **state)
{
    struct site *site = *state;
    const struct told list[] = {{3, "city_plan", "C", NULL, 3, NULL, 0, "current"}};
    assert_int_equal(db_exec(replica_db(site->replica), version_1), ERR_OK);
    reopen(site);
    assert_int_equal(ask(site, "select count(*) from record"), 1);
    assert_int_equal(ask(site, "select headline = 'Old' and first_at = 77 from warning w join record using(cursor)"),
                     1);
    assert_int_equal(standing_of(site, 1).cursor, 0);
    assert_true(standing_of(site, 1).is_resyncing);
    assert_false(standing_of(site, 2).is_resyncing); /* nothing had been read of it */
    assert_int_equal(tell(site, 0, 3, list, 1), ERR_OK);
    assert_false(standing_of(site, 1).is_resyncing);
    assert_int_equal(ask(site, "select count(*) from record where is_held"), 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_site, drop_site)
    const struct CMUnitTest tests[] = {
        TEST(test_events_applied_twice_change_nothing),
        TEST(test_a_later_value_replaces_an_earlier_one),
        TEST(test_an_older_revision_is_ignored),
        TEST(test_unknown_and_unreadable_events_are_passed_over),
        TEST(test_times_that_no_calendar_has_are_passed_over),
        TEST(test_position_and_figures_survive_reopening_together),
        TEST(test_a_failed_write_leaves_figures_and_cursor_as_they_were),
        TEST(test_another_epoch_is_not_applied),
        TEST(test_a_head_before_our_cursor_is_told_after_a_follow_only),
        TEST(test_empty_events_move_the_cursor_to_the_head),
        TEST(test_two_hubs_stay_apart),
        TEST(test_records_of_a_thread_belong_together),
        TEST(test_a_cell_without_an_entity_type_is_counted),
        TEST(test_every_kind_is_kept_once_with_its_thread),
        TEST(test_two_parties_with_one_id_keep_their_own_threads),
        TEST(test_an_older_replica_is_taken_over_and_read_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
