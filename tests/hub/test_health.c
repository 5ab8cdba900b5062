#include "tests/hub/hub_sample.h"

#include "hub/health.h"
#include "hub/store_health.h"

enum { RESERVE = 1000 };

static void test_told_before_it_is_too_late_and_not_to_and_fro(void **state)
{
    (void)state;
    static const struct {
        enum room was;
        uint64_t free;
        enum room is;
    } rows[] = {
        {ROOM_OK, 2000, ROOM_OK},   {ROOM_OK, 1999, ROOM_LOW},    {ROOM_OK, 999, ROOM_FULL},
        {ROOM_LOW, 2199, ROOM_LOW}, {ROOM_LOW, 2200, ROOM_OK},    {ROOM_LOW, 1000, ROOM_LOW},
        {ROOM_LOW, 999, ROOM_FULL}, {ROOM_FULL, 1099, ROOM_FULL}, {ROOM_FULL, 1100, ROOM_LOW},
        {ROOM_FULL, 9999, ROOM_OK}, {ROOM_FULL, 2100, ROOM_LOW},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(room_judge(rows[i].was, rows[i].free, RESERVE), rows[i].is);
        assert_int_equal(room_judge(rows[i].was, rows[i].free, 0), ROOM_OK);
    }
    assert_int_equal(room_judge(ROOM_OK, UINT64_MAX, RESERVE), ROOM_OK);
}

static err_t look(struct bench *bench, struct health *health, uint64_t reserve, int64_t now, bool *ret_is_news)
{
    health->reserve = reserve;
    return health_look(bench->store, health, now, ret_is_news);
}

/* Where free memory of the disk cannot be set, the reserve can: as large as all there is, or none. */
static void test_a_change_is_told_once_and_known_after_a_restart(void **state)
{
    struct bench *bench = *state;
    uint64_t head = bench_head(bench->store, "uplink", 0);
    bool is_news = true;
    struct health health = {.path = bench->home.path};
    assert_int_equal(health_look(bench->store, &health, 1000, &is_news), ERR_OK);
    assert_false(is_news);
    assert_int_equal(bench_head(bench->store, "uplink", 0), head);
    assert_int_equal(look(bench, &health, UINT64_MAX / 4, 1001, &is_news), ERR_OK);
    assert_true(is_news && store_has_urgent(bench->store));
    bench_reopen(bench);
    assert_int_equal(look(bench, &health, UINT64_MAX / 4, 1002, &is_news), ERR_OK);
    assert_false(is_news);
    assert_int_equal(look(bench, &health, 1, 1003, &is_news), ERR_OK);
    assert_true(is_news);
    health.connections_most = 100;
    health.connections_free = 19;
    assert_int_equal(look(bench, &health, 1, 1004, &is_news), ERR_OK);
    assert_true(is_news);
    health.connections_free = 100;
    assert_int_equal(look(bench, &health, 1, 61003, &is_news), ERR_OK);
    assert_false(is_news); /* a flood comes and goes: better news of it wait a minute */
    assert_int_equal(look(bench, &health, 1, 61004, &is_news), ERR_OK);
    assert_true(is_news);

    struct page page = {0};
    struct event event;
    msgpack_sbuffer_init(&page.events);
    assert_int_equal(store_page(bench->store, "uplink", 0, head, 10, EVENTS_SIZE_MAX, &page), ERR_OK);
    assert_int_equal(page.count, 4);
    static const struct {
        const char *disk, *connections;
        int64_t at;
    } told[] = {{"full", "ok", 1001}, {"ok", "ok", 1003}, {"ok", "low", 1004}, {"ok", "ok", 61004}};
    struct reader reader = reader_over((const uint8_t *)page.events.data, page.events.size);
    for (int i = 0; i < 4; i++) {
        uint64_t cursor = 0;
        struct view bytes;
        assert_int_equal(events_next(&reader, &cursor, &bytes), ERR_OK);
        assert_int_equal(event_decode(bytes, &event), ERR_OK);
        assert_int_equal(event.type, EVENT_HUB_HEALTH);
        assert_true(view_is(event.health.disk, told[i].disk));
        assert_true(view_is(event.health.connections, told[i].connections));
        assert_int_equal(event.health.at, told[i].at);
    }
    msgpack_sbuffer_destroy(&page.events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_told_before_it_is_too_late_and_not_to_and_fro),
        cmocka_unit_test_setup_teardown(test_a_change_is_told_once_and_known_after_a_restart, bench_setup,
                                        bench_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
