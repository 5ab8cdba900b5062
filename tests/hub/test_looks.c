/* When the desk looks decides nothing: warnings whose level and state change end with the same clocks and figures
 * whether it looked after each record, at moments drawn at random, or once at the end.
 *
 * SEED repeats a run. */
#include "tests/hub/city_sample.h"

enum { THREADS = 24, ACTS = 160, RUNS = 3, CLOCKS_MAX = 512, LINE = 200, FIGURES_MAX = 256 };
enum looks { LOOK_EACH, LOOK_SOMETIMES, LOOK_ONCE, LOOKS };

int64_t __wrap_clock_ms(void);
static int64_t now_ms = SAMPLE_NOW;
int64_t __wrap_clock_ms(void)
{
    return now_ms;
}

static uint32_t chance(uint64_t *seed, uint32_t below)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33) % below;
}

struct outcome_of_run {
    size_t count;
    char lines[CLOCKS_MAX + FIGURES_MAX][LINE];
};

static void add_clock(void *self, const struct clock_row *row)
{
    struct outcome_of_run *outcome = self;
    assert_true(outcome->count < CLOCKS_MAX);
    snprintf(outcome->lines[outcome->count++], LINE, "%02x%02x %s %lld %lld %lld %d %d", row->root[14], row->root[15],
             row->clock.term->label->code, (long long)row->clock.started_at, (long long)row->clock.due_at,
             (long long)row->clock.ended_at, row->state, row->clock.is_drill);
}

static void add_figure(void *self, const struct cell_row *row)
{
    struct outcome_of_run *outcome = self;
    if (row->count != 0) {
        assert_true(outcome->count < CLOCKS_MAX + FIGURES_MAX);
        snprintf(outcome->lines[outcome->count++], LINE, "%s %d %s %d", row->family, (int)row->day, row->dims,
                 (int)row->count);
    }
}

static void thread_id(int thread, int number, char ret_text[40])
{
    snprintf(ret_text, 40, "019a2b3c-4d5e-7001-8002-0304%04x%04x", (unsigned)number, (unsigned)thread);
}

static json_t *warning_json(uint64_t *seed, const char *action)
{
    static const char *const statuses[] = {"actual", "actual", "actual", "exercise", "test"};
    json_t *record = sample_json(sample_warning, "{}");
    json_object_set_new(record, "action", json_string(action));
    json_object_set_new(record, "level", json_integer(1 + (int)chance(seed, 4)));
    json_object_set_new(record, "status", json_string(statuses[chance(seed, 5)]));
    json_object_del(record, "entity");
    return record;
}

static void file_as_entity(struct town *town, int thread, int number, json_t *record)
{
    char text[40];
    uint8_t id[RECORD_ID_SIZE];
    struct faults faults = {0};
    msgpack_sbuffer bytes;
    msgpack_sbuffer_init(&bytes);
    thread_id(thread, number, text);
    assert_int_equal(record_id_parse(text, id), ERR_OK);
    assert_int_equal(
        record_accept_json(record, id, (uint64_t)(number * THREADS + thread + 1), SAMPLE_NOW - 1000, &bytes, &faults),
        ERR_OK);
    struct batch *batch = bench_batch(town->bench, &bytes, 1, false);
    assert_int_equal(store_begin(town->bench->store), ERR_OK);
    assert_int_equal(store_put_batch(town->bench->store, batch), ERR_OK);
    assert_int_equal(store_commit(town->bench->store), ERR_OK);
    batch_free(batch);
    msgpack_sbuffer_destroy(&bytes);
}

/* What the state does not allow is refused, in every run alike. */
static void act(struct town *town, uint64_t *seed, int number)
{
    static const char *const actions[] = {"update", "update", "update", "acknowledge", "handle", "resolve", "cancel"};
    char root[40];
    int thread = (int)chance(seed, THREADS);
    const char *action = actions[chance(seed, chance(seed, 4) ? 4 : 7)];
    json_t *record = warning_json(seed, action);
    thread_id(thread, 0, root);
    json_object_set_new(record, "refers_to", json_string(root));
    if (strcmp(action, "update") == 0 && chance(seed, 2)) {
        file_as_entity(town, thread, number, record);
    } else {
        json_object_set_new(record, "addressee", json_string(SAMPLE_PARTY));
        char *text = json_dumps(record, 0);
        (void)town_file(town, text);
        free(text);
    }
    json_decref(record);
}

static void live(uint64_t seed, enum looks looks, struct outcome_of_run *ret_outcome)
{
    void *state = NULL;
    uint64_t look_seed = seed + looks;
    assert_int_equal(town_setup(&state), 0);
    struct town *town = state;
    now_ms = SAMPLE_NOW;
    for (int number = 0; number < ACTS; number++) {
        if (number < THREADS) {
            json_t *record = warning_json(&seed, "raise");
            file_as_entity(town, number, 0, record);
            json_decref(record);
        } else {
            act(town, &seed, number);
        }
        if (looks == LOOK_EACH || (looks == LOOK_SOMETIMES && chance(&look_seed, 6) == 0)) {
            town_desk(town, now_ms);
        }
        int64_t pause = (int64_t)chance(&seed, 3 * 3600000);
        if (looks == LOOK_SOMETIMES && chance(&look_seed, 6) == 0) {
            town_desk(town, now_ms + chance(&look_seed, (uint32_t)pause + 1));
        }
        now_ms += pause;
    }
    now_ms = SAMPLE_NOW + 30 * DAY;
    town_desk(town, now_ms);
    ret_outcome->count = 0;
    assert_int_equal(store_each_clock(town->bench->store, NULL, INT64_MAX, true, add_clock, ret_outcome), ERR_OK);
    assert_int_equal(store_each_cell(town->bench->store, NULL, add_figure, ret_outcome), ERR_OK);
    assert_int_equal(town_teardown(&state), 0);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void test_the_moments_of_the_looks_decide_nothing(void **state)
{
    static struct outcome_of_run outcomes[LOOKS];
    const char *given = getenv("SEED");
    (void)state;
    for (uint64_t run = 0; run < RUNS; run++) {
        uint64_t seed = given ? strtoull(given, NULL, 10) : 20260101 + run;
        for (int looks = 0; looks < LOOKS; looks++) {
            live(seed, (enum looks)looks, &outcomes[looks]);
            qsort(outcomes[looks].lines, outcomes[looks].count, LINE, by_text);
            if (outcomes[looks].count != outcomes[0].count) {
                print_error("SEED=%llu\n", (unsigned long long)seed);
            }
            assert_int_equal(outcomes[looks].count, outcomes[0].count);
            for (size_t i = 0; i < outcomes[0].count; i++) {
                assert_string_equal(outcomes[looks].lines[i], outcomes[0].lines[i]);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_moments_of_the_looks_decide_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
