/* tests/hub/city_sample.h - the city beside the one entity of hub_sample.h, with its desk. */
#ifndef TESTS_HUB_CITY_SAMPLE_H
#define TESTS_HUB_CITY_SAMPLE_H

#include "tests/hub/hub_sample.h"

#include "hub/city.h"
#include "hub/desk.h"
#include "tests/home.h"

#define HOUR INT64_C(3600000)
#define DAY  (24 * HOUR)

struct town {
    struct bench *bench;
    struct home home;
    struct identity identity;
    struct options options;
    struct city city;
    struct desk desk;
    uint8_t last[RECORD_ID_SIZE]; /* of the city's last record */
};

static inline int town_setup(void **state)
{
    struct town *town = calloc(1, sizeof *town);
    char reason[512];
    void *bench = NULL;
    assert_int_equal(bench_setup(&bench), 0);
    town->bench = bench;
    make_home(&town->home);
    assert_int_equal(identity_create(&town->home, &suite_ed25519, &town->identity, reason), ERR_OK);
    snprintf(town->options.city, sizeof town->options.city, "330100");
    snprintf(town->options.name, sizeof town->options.name, "杭州");
    town->options.utc_offset_minutes = 480;
    assert_int_equal(city_open(town->bench->store, &town->identity, &town->options, &town->city), ERR_OK);
    assert_int_equal(desk_open(&town->desk, town->bench->store, &town->city, &town->home, 480, reason), ERR_OK);
    *state = town;
    return 0;
}

static inline int town_teardown(void **state)
{
    struct town *town = *state;
    void *bench = town->bench;
    desk_close(&town->desk);
    identity_done(&town->identity);
    remove_home(&town->home);
    free(town);
    return bench_teardown(&bench);
}

/* Files JSON as the city; "" or the first fault as code:field. */
static inline const char *town_file(struct town *town, const char *json)
{
    static char fault[160];
    struct filed filed;
    struct faults faults;
    json_t *object = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(object);
    assert_int_equal(store_begin(town->bench->store), ERR_OK);
    err_t err = city_file(&town->city, town->bench->store, object, SAMPLE_NOW, &filed, &faults);
    json_decref(object);
    *fault = '\0';
    if (err == ERR_OK) {
        memcpy(town->last, filed.id, RECORD_ID_SIZE);
        assert_int_equal(store_commit(town->bench->store), ERR_OK);
    } else {
        assert_int_equal(err, ERR_INVALID);
        store_rollback(town->bench->store);
        snprintf(fault, sizeof fault, "%s:%s", faults.list[0].code, faults.list[0].field);
    }
    return fault;
}

#define BY_OPERATOR "\"submitter\": {\"name\": \"赵敏\", \"role\": \"经办人\"}"

static inline void town_id_text(uint8_t n, char ret_text[37])
{
    uint8_t id[RECORD_ID_SIZE];
    memcpy(id, sample_id, sizeof id);
    id[RECORD_ID_SIZE - 1] = n;
    record_id_text(id, ret_text);
}

/* The entity's registration as record N; FIRST: the one that it changes, or N. */
static inline void town_register(struct town *town, const char *entity_type, const char *district, uint8_t n,
                                 uint8_t first)
{
    char text[900];
    char root[37];
    town_id_text(first, root);
    snprintf(text, sizeof text,
             "{\"kind\": \"entity_registration\", \"uscc\": \"" SAMPLE_PARTY "\", \"name\": \"甲单位\", "
             "\"entity_type\": \"%s\", \"sectors\": [\"healthcare\"], \"district\": \"%s\", \"contact\": {\"name\": "
             "\"王芳\", \"position\": \"秘书\", \"mobile\": \"13800000000\", \"email\": \"wf@example.cn\"}, "
             "\"has_committee\": true, \"submitter\": {\"name\": \"王芳\", \"role\": \"秘书\"}%s%s%s}",
             entity_type, district, n == first ? "" : ", \"reason\": \"变更\", \"replaces\": \"",
             n == first ? "" : root, n == first ? "" : "\"");
    struct batch *batch = bench_put(town->bench, text, "{}", n);
    assert_int_equal(batch->items[0].outcome, OUTCOME_STORED);
    batch_free(batch);
}

/* The city accepts the thread of record N. */
static inline void town_accept(struct town *town, uint8_t n)
{
    char text[300];
    char id[37];
    town_id_text(n, id);
    snprintf(text, sizeof text,
             "{\"kind\": \"acceptance\", \"addressee\": \"" SAMPLE_PARTY "\", \"refers_to\": \"%s\", " BY_OPERATOR "}",
             id);
    assert_string_equal(town_file(town, text), "");
}

/* The desk until nothing is left to do at NOW. */
static inline void town_desk(struct town *town, int64_t now)
{
    bool has_more = true;
    for (int i = 0; i < 100 && has_more; i++) {
        assert_int_equal(desk_run(&town->desk, now, 1000, &has_more), ERR_OK);
    }
    assert_false(has_more);
}

struct tally {
    const char *dims;
    int64_t count, sum;
};

static inline void tally_cell(void *self, const struct cell_row *row)
{
    struct tally *tally = self;
    if (strstr(row->dims, tally->dims)) {
        tally->count += row->count;
        tally->sum += row->sum;
    }
}

/* Of the family's cells whose dims hold DIMS. */
static inline struct tally town_tally(struct town *town, const char *family, const char *dims)
{
    struct tally tally = {.dims = dims};
    assert_int_equal(store_each_cell(town->bench->store, family, tally_cell, &tally), ERR_OK);
    return tally;
}

static inline int64_t town_count(struct town *town, const char *family, const char *dims)
{
    return town_tally(town, family, dims).count;
}

static inline int64_t town_sum(struct town *town, const char *family, const char *dims)
{
    return town_tally(town, family, dims).sum;
}

/* Events in the entity's inbox (or the uplink) of a type, of clocks those of TERM, newest last; the last one is decoded
 * into ret_event, whose views point into PAGE. */
static inline int town_events(struct town *town, const char *stream, enum event_type type, const char *term,
                              struct page *page, struct event *ret_event)
{
    int count = 0;
    memset(page, 0, sizeof *page);
    msgpack_sbuffer_init(&page->events);
    assert_int_equal(store_page(town->bench->store, stream, town->bench->party.row, 0, 1000, EVENTS_SIZE_MAX, page),
                     ERR_OK);
    struct reader reader = reader_over((const uint8_t *)page->events.data, page->events.size);
    for (uint32_t i = 0; i < page->count; i++) {
        struct view bytes;
        struct event event;
        uint64_t cursor = 0;
        uint32_t pair = 0;
        assert_int_equal(reader_array(&reader, &pair), ERR_OK);
        assert_int_equal(reader_uint(&reader, &cursor), ERR_OK);
        assert_int_equal(reader_bin(&reader, &bytes), ERR_OK);
        assert_int_equal(event_decode(bytes, &event), ERR_OK);
        if (event.type == type && (!term || view_is(event.clock.term, term))) {
            *ret_event = event;
            count++;
        }
    }
    return count;
}

#endif
