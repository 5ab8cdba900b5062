#include "tests/hub/hub_sample.h"

#include "hub/health.h"
#include "hub/store_health.h"

enum { RESERVE = 1000 };

static void test_told_before_it_is_too_late_and_not_to_and_fro(void **state)
{
    (void)state;
    static const struct {
        enum disk_state was;
        uint64_t free;
        enum disk_state is;
    } rows[] = {
        {DISK_OK, 2000, DISK_OK},   {DISK_OK, 1999, DISK_LOW},    {DISK_OK, 999, DISK_FULL},
        {DISK_LOW, 2199, DISK_LOW}, {DISK_LOW, 2200, DISK_OK},    {DISK_LOW, 1000, DISK_LOW},
        {DISK_LOW, 999, DISK_FULL}, {DISK_FULL, 1099, DISK_FULL}, {DISK_FULL, 1100, DISK_LOW},
        {DISK_FULL, 9999, DISK_OK}, {DISK_FULL, 2100, DISK_LOW},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(disk_judge(rows[i].was, rows[i].free, RESERVE), rows[i].is);
        assert_int_equal(disk_judge(rows[i].was, rows[i].free, 0), DISK_OK);
    }
    assert_int_equal(disk_judge(DISK_OK, UINT64_MAX, RESERVE), DISK_OK);
}

/* Where free memory of the disk cannot be set, the reserve can: as large as all there is, or none. */
static void test_a_change_is_told_once_and_known_after_a_restart(void **state)
{
    struct bench *bench = *state;
    uint64_t head = store_head(bench->store, "uplink", 0);
    bool is_news = true;
    assert_int_equal(health_look(bench->store, bench->home.path, 0, 1000, &is_news), ERR_OK);
    assert_false(is_news);
    assert_int_equal(store_head(bench->store, "uplink", 0), head);
    assert_int_equal(health_look(bench->store, bench->home.path, UINT64_MAX / 4, 1001, &is_news), ERR_OK);
    assert_true(is_news && store_has_urgent(bench->store));
    bench_reopen(bench);
    assert_int_equal(health_look(bench->store, bench->home.path, UINT64_MAX / 4, 1002, &is_news), ERR_OK);
    assert_false(is_news);
    assert_int_equal(health_look(bench->store, bench->home.path, 1, 1003, &is_news), ERR_OK);
    assert_true(is_news);

    struct page page = {0};
    struct event event;
    msgpack_sbuffer_init(&page.events);
    assert_int_equal(store_page(bench->store, "uplink", 0, head, 10, EVENTS_SIZE_MAX, &page), ERR_OK);
    assert_int_equal(page.count, 2);
    static const char *const words[] = {"full", "ok"};
    struct reader reader = reader_over((const uint8_t *)page.events.data, page.events.size);
    for (int i = 0; i < 2; i++) {
        uint64_t cursor = 0;
        struct view bytes;
        assert_int_equal(events_next(&reader, &cursor, &bytes), ERR_OK);
        assert_int_equal(event_decode(bytes, &event), ERR_OK);
        assert_int_equal(event.type, EVENT_HUB_HEALTH);
        assert_true(view_is(event.health.disk, words[i]));
        assert_int_equal(event.health.at, 1001 + 2 * i);
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
