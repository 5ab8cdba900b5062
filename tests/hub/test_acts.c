/* What is recorded of a change of the site's files. */
#include "tests/hub/city_sample.h"

#include "common/text.h"
#include "hub/acts.h"
#include "hub/store_clock.h"
#include "proto/kinds.h"

enum { TEXT_SIZE = 16384, DETAIL_BYTES = 2000 };

struct seen {
    size_t count, size; /* acts, bytes of their details */
    char details[TEXT_SIZE];
};

static void note_act(void *self, const struct record_row *row)
{
    struct seen *seen = self;
    struct record record;
    struct faults faults = {0};
    struct record_context context = {.now_ms = row->at, .utc_offset_minutes = 480};
    assert_int_equal(record_check(row->bytes, &context, &record, &faults), ERR_OK);
    const struct value *detail = record_get(&record, "detail");
    assert_in_range(detail->view.size, 1, DETAIL_BYTES);
    seen->size += (size_t)snprintf(seen->details + seen->size, sizeof seen->details - seen->size, "%.*s; ",
                                   (int)detail->view.size, (const char *)detail->view.at);
    seen->count++;
}

static void look(struct town *town, struct seen *seen)
{
    struct record_filter filter = {
        .sector = -1, .level = -1, .from = INT64_MIN, .to = INT64_MAX, .kind = kind_by_number(KIND_ADMINISTRATIVE_ACT)};
    *seen = (struct seen){0};
    assert_int_equal(store_each_record(town->bench->store, &filter, note_act, seen), ERR_OK);
}

static void change(struct town *town, const char *text)
{
    struct store *store = town->bench->store;
    assert_int_equal(store_begin(store), ERR_OK);
    assert_int_equal(acts_note_change(&town->city, store, ACT_CONFIGURATION, text, NULL, clock_ms()), ERR_OK);
    assert_int_equal(store_commit(store), ERR_OK);
}

static void test_what_differs_is_an_act(void **state)
{
    struct town *town = *state;
    struct seen seen;
    change(town, "a = 1\nb = 2\n");
    change(town, "a = 1\nb = 3\n");
    change(town, "a = 1\nb = 3\n");
    change(town, "b = 3\na = 1\n"); /* the order says nothing */
    look(town, &seen);
    assert_int_equal(seen.count, 2);
    assert_string_equal(seen.details, "- b = 2; + b = 3; + a = 1; + b = 2; "); /* the newest first */
}

/* A whole calendar is more than one act can say: nothing of it is cut. */
static void test_a_long_change_is_as_many_acts_as_it_takes(void **state)
{
    enum { LINES = 300 };
    struct town *town = *state;
    struct seen seen;
    static char text[TEXT_SIZE];
    size_t used = 0;
    for (int i = 0; i < LINES; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "节日 %d 至 %d\n", i, i * i);
    }
    change(town, text);
    look(town, &seen);
    assert_in_range(seen.count, 3, 8);
    for (int i = 0; i < LINES; i++) {
        char line[64];
        snprintf(line, sizeof line, "+ 节日 %d 至 %d; ", i, i * i);
        assert_non_null(strstr(seen.details, line));
    }
    change(town, text);
    size_t before = seen.count;
    look(town, &seen);
    assert_int_equal(seen.count, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_differs_is_an_act, town_setup, town_teardown),
        cmocka_unit_test_setup_teardown(test_a_long_change_is_as_many_acts_as_it_takes, town_setup, town_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
