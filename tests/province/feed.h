/* tests/province/feed.h - EVENTS as a hub would send them, made of a few words, and a replica in a folder of its own.
 */
#ifndef TESTS_PROVINCE_FEED_H
#define TESTS_PROVINCE_FEED_H

#include "tests/test.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/record.h"
#include "province/replica.h"
#include "tests/home.h"

#define DIMS_A "healthcare|hospital|general|approved|none|initial"
#define DIMS_B "finance|enterprise|general|approved|none|initial"
#define DIMS_C "culture|enterprise|general|-|none|initial"

/* One event of a feed. A warning where `action` is set, a cell otherwise; `raw` is sent as it stands. */
struct fed {
    uint64_t cursor;
    const char *day;
    const char *dims; /* joined by '|' */
    int64_t count;
    uint64_t revision;
    const char *action;
    uint8_t id;        /* the last byte of the record's id */
    uint8_t refers_to; /* likewise; 0: none */
    const char *state;
    int level;
    const char *raw;
    size_t raw_size;
};

struct site {
    struct home home;
    struct replica *replica;
};

static inline struct view text_view(const char *text)
{
    return (struct view){(const uint8_t *)text, strlen(text)};
}

static inline void make_id(uint8_t last, uint8_t ret_id[RECORD_ID_SIZE])
{
    memset(ret_id, 0, RECORD_ID_SIZE);
    ret_id[6] = 0x70;
    ret_id[8] = 0x80;
    ret_id[15] = last;
}

static inline void pack_text(msgpack_packer *packer, const char *text)
{
    msgpack_pack_str(packer, strlen(text));
    msgpack_pack_str_body(packer, text, strlen(text));
}

static inline void pack_id(msgpack_packer *packer, uint8_t last)
{
    uint8_t id[RECORD_ID_SIZE];
    make_id(last, id);
    msgpack_pack_bin(packer, RECORD_ID_SIZE);
    msgpack_pack_bin_body(packer, id, RECORD_ID_SIZE);
}

static inline void pack_record(const struct fed *fed, msgpack_sbuffer *buffer)
{
    const char *const pairs[][2] = {{"kind", "risk_warning"}, {"action", fed->action},
                                    {"status", "actual"},     {"headline", "A headline"},
                                    {"sector", "healthcare"}, {"risk_domain", "privacy_security"}};
    msgpack_packer packer;
    msgpack_packer_init(&packer, buffer, msgpack_sbuffer_write);
    msgpack_pack_map(&packer, 8 + (fed->refers_to ? 1 : 0));
    pack_text(&packer, "id");
    pack_id(&packer, fed->id);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        pack_text(&packer, pairs[i][0]);
        pack_text(&packer, pairs[i][1]);
    }
    pack_text(&packer, "level");
    msgpack_pack_int(&packer, fed->level ? fed->level : 2);
    if (fed->refers_to) {
        pack_text(&packer, "refers_to");
        pack_id(&packer, fed->refers_to);
    }
}

static inline void encode_warning(const struct fed *fed, msgpack_sbuffer *buffer)
{
    msgpack_sbuffer record;
    msgpack_sbuffer_init(&record);
    pack_record(fed, &record);
    struct event event = {.type = EVENT_RECORD};
    event.record = (struct record_event){.number = fed->cursor,
                                         .received_at = 1700000000000 + (int64_t)fed->cursor,
                                         .role = text_view("entity"),
                                         .entity_type = text_view("hospital"),
                                         .state = text_view(fed->state),
                                         .record = {(const uint8_t *)record.data, record.size}};
    event_encode(&event, buffer);
    msgpack_sbuffer_destroy(&record);
}

static inline void encode_cell(const struct fed *fed, const char *family, msgpack_sbuffer *buffer)
{
    struct event event = {.type = EVENT_CELL};
    event.cell = (struct cell_event){.family = text_view(family),
                                     .day = text_view(fed->day ? fed->day : "2026-11-20"),
                                     .count = fed->count,
                                     .sum = fed->count * 10,
                                     .revision = fed->revision ? fed->revision : fed->cursor,
                                     .size = 100 * fed->cursor};
    for (const char *at = fed->dims; at && event.cell.dim_count < 6; event.cell.dim_count++) {
        size_t size = strcspn(at, "|");
        event.cell.dims[event.cell.dim_count] = (struct view){(const uint8_t *)at, size};
        at = at[size] ? at + size + 1 : NULL;
    }
    event_encode(&event, buffer);
}

static inline void encode_fed(const struct fed *fed, const char *family, msgpack_sbuffer *buffer)
{
    if (fed->raw) {
        msgpack_sbuffer_write(buffer, fed->raw, fed->raw_size);
    } else if (fed->action) {
        encode_warning(fed, buffer);
    } else {
        encode_cell(fed, family, buffer);
    }
}

/* Through the wire's own encoding, so that what is applied is what a follower would get. EPOCH fills its 16 bytes. */
static inline err_t feed_family(struct site *site, int64_t hub, uint8_t epoch, uint64_t head, bool is_first,
                                const char *family, const struct fed *list, uint32_t count, int64_t now,
                                struct applied *ret_applied)
{
    uint8_t epoch_bytes[EPOCH_SIZE];
    char reason[128];
    struct message message;
    msgpack_sbuffer frame;
    msgpack_sbuffer event;
    memset(epoch_bytes, epoch, sizeof epoch_bytes);
    msgpack_sbuffer_init(&frame);
    msgpack_sbuffer_init(&event);
    events_begin(&frame, 1, "uplink", epoch_bytes, head, count);
    for (uint32_t i = 0; i < count; i++) {
        msgpack_sbuffer_clear(&event);
        encode_fed(&list[i], family, &event);
        events_add(&frame, list[i].cursor, (struct view){(const uint8_t *)event.data, event.size});
    }
    assert_int_equal(message_decode((struct view){(const uint8_t *)frame.data, frame.size}, &message, reason), ERR_OK);
    err_t err = replica_apply(site->replica, hub, &message.events, is_first, now, ret_applied);
    msgpack_sbuffer_destroy(&event);
    msgpack_sbuffer_destroy(&frame);
    return err;
}

static inline err_t feed(struct site *site, int64_t hub, uint8_t epoch, uint64_t head, const struct fed *list,
                         uint32_t count, struct applied *ret_applied)
{
    return feed_family(site, hub, epoch, head, false, "review", list, count, 1700000000000, ret_applied);
}

static inline void reopen(struct site *site)
{
    char reason[256];
    replica_close(site->replica);
    assert_int_equal(replica_open(&site->home, true, &site->replica, reason), ERR_OK);
}

static inline int make_site(void **state)
{
    struct site *site = calloc(1, sizeof *site);
    char reason[256];
    make_home(&site->home);
    assert_int_equal(replica_open(&site->home, true, &site->replica, reason), ERR_OK);
    assert_int_equal(replica_put_hub(site->replica, 1, "One", "330100", "tcp://127.0.0.1:1"), ERR_OK);
    assert_int_equal(replica_put_hub(site->replica, 2, "Two", "330200", "tcp://127.0.0.1:2"), ERR_OK);
    *state = site;
    return 0;
}

static inline int drop_site(void **state)
{
    struct site *site = *state;
    replica_close(site->replica);
    remove_home(&site->home);
    free(site);
    return 0;
}

static inline struct standing standing_of(struct site *site, int64_t hub)
{
    struct standing standing;
    assert_int_equal(replica_get_standing(site->replica, hub, &standing), ERR_OK);
    return standing;
}

static inline void begin_resync(struct site *site, int64_t hub, uint8_t epoch, const char *why)
{
    uint8_t bytes[EPOCH_SIZE];
    memset(bytes, epoch, sizeof bytes);
    assert_int_equal(replica_begin_resync(site->replica, hub, bytes, why, 1700000000000), ERR_OK);
}

/* What a reader sees: the first column of a query's first row. */
static inline int64_t ask(struct site *site, const char *sql)
{
    sqlite3_stmt *stmt = db_prepare(replica_db(site->replica), sql);
    int64_t number = db_step(stmt) == ERR_OK ? sqlite3_column_int64(stmt, 0) : -1;
    sqlite3_finalize(stmt);
    return number;
}

static inline int64_t shown_count(struct site *site, int64_t hub)
{
    char sql[256];
    snprintf(sql, sizeof sql,
             "select coalesce(sum(c.count), 0) from cell c join hub h on h.hub = c.hub and h.shown = c.generation"
             " where c.hub = %d",
             (int)hub);
    return ask(site, sql);
}

static inline void pack_pair(msgpack_packer *packer, const char *key, const char *text)
{
    pack_text(packer, key);
    pack_text(packer, text);
}

/* A record of KIND by PARTY ("": withheld) that goes on with REFERS_TO by KEY, or begins a thread. */
struct told {
    uint64_t cursor;
    const char *kind;
    const char *party;
    const char *addressee;
    uint8_t id;
    const char *key;
    uint8_t refers_to;
    const char *state;
};

static inline err_t tell(struct site *site, uint8_t epoch, uint64_t head, const struct told *list, uint32_t count)
{
    struct fed raw[8];
    msgpack_sbuffer buffers[8];
    struct applied applied;
    assert_true(count <= 8);
    memset(raw, 0, sizeof raw);
    for (uint32_t i = 0; i < count; i++) {
        const struct told *told = &list[i];
        msgpack_sbuffer record;
        msgpack_packer packer;
        msgpack_sbuffer_init(&record);
        msgpack_sbuffer_init(&buffers[i]);
        msgpack_packer_init(&packer, &record, msgpack_sbuffer_write);
        msgpack_pack_map(&packer, 3U + (told->addressee ? 1U : 0U) + (told->key ? 1U : 0U));
        pack_text(&packer, "id");
        pack_id(&packer, told->id);
        pack_pair(&packer, "kind", told->kind);
        pack_pair(&packer, "title", "A title");
        if (told->addressee) {
            pack_pair(&packer, "addressee", told->addressee);
        }
        if (told->key) {
            pack_text(&packer, told->key);
            pack_id(&packer, told->refers_to);
        }
        struct event event = {.type = EVENT_RECORD};
        event.record = (struct record_event){.number = told->cursor,
                                             .received_at = 5,
                                             .role = text_view("entity"),
                                             .entity = text_view(told->party),
                                             .state = text_view(told->state),
                                             .record = {(const uint8_t *)record.data, record.size}};
        event_encode(&event, &buffers[i]);
        raw[i] = (struct fed){.cursor = told->cursor, .raw = buffers[i].data, .raw_size = buffers[i].size};
        msgpack_sbuffer_destroy(&record);
    }
    err_t err = feed(site, 1, epoch, head, raw, count, &applied);
    for (uint32_t i = 0; i < count; i++) {
        msgpack_sbuffer_destroy(&buffers[i]);
    }
    return err;
}

#define LATEST_STATE_IS(text)                                                                                          \
    "select w.state = '" text "' from warning w join hub h on h.hub = w.hub and h.shown = w.generation"                \
    " where w.hub = 1 order by w.cursor desc limit 1"

#endif
