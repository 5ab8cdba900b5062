/* Whatever comes in whatever order: each thread that stands is counted once, at the hub and at the province.
 *
 * SEED repeats a run (a failure prints the seed of its own history), HISTORIES lengthens it. */
#include "tests/hub/histories.h"

#include "province/replica.h"

enum { HISTORIES = 1000, PER_STORE = 25, RECORDS_A_BATCH = 5 };

/* The hub's clock stands in the test's hand: minutes between acts are sums of warnings. */
int64_t __wrap_clock_ms(void);
static int64_t now_ms = SAMPLE_NOW;
int64_t __wrap_clock_ms(void)
{
    return now_ms;
}

struct field_day {
    struct bench *bench;
    struct party parties[ACTORS];
    struct home site;
    struct replica *replica;
    uint64_t seq;
    uint64_t number;
    struct ledger expected; /* of the histories before this one */
    struct registry registry;
    uint8_t registrations[MOVERS][RECORD_ID_SIZE]; /* of each mover's first one */
    uint32_t papers;                               /* registrations and acceptances so far */
    msgpack_sbuffer records[ACTS_MAX];
};

static char trace[64 * 1024];
static size_t trace_size;

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int size = vsnprintf(trace + trace_size, sizeof trace - trace_size, format, list);
    va_end(list);
    trace_size += size > 0 && (size_t)size < sizeof trace - trace_size ? (size_t)size : 0;
}

static const char *text_of(char buffer[40], uint64_t history, int id)
{
    snprintf(buffer, 40, "019a2b3c-4d5e-7001-8002-%08x%04x", (unsigned)history, (unsigned)id);
    return buffer;
}

/* ---- the acts as records ---- */
static void write_review(const struct act *act, json_t *record)
{
    char applied[11];
    char accepted[11];
    char decided[11];
    char next[11];
    int64_t day = first_day() + act->day;
    date_text(day, applied);
    date_text(day + act->wait, accepted);
    date_text(day + act->wait + act->took, decided);
    date_text(day + act->wait + act->took + 90, next);
    const char *const dates[][2] = {{"applied_on", applied},
                                    {"accepted_on", accepted},
                                    {"met_on", accepted},
                                    {"decided_on", decided},
                                    {"next_follow_up_on", next}};
    for (size_t i = 0; i < 5; i++) {
        json_object_set_new(record, dates[i][0], json_string(dates[i][1]));
    }
    if (!act->is_decided) {
        json_object_del(record, "decided_on");
        json_object_del(record, "decision");
        json_object_del(record, "next_follow_up_on");
    }
    json_object_set_new(record, "round", json_integer(act->is_spoilt ? 0 : 1));
}

static void write_warning(const struct act *act, json_t *record)
{
    char day[11];
    date_text(first_day() + act->day, day);
    json_object_set_new(record, "discovered_at", json_sprintf("%sT20:00:00Z", day));
    json_object_set_new(record, "level", json_integer(act->is_spoilt ? 9 : act->level));
    json_object_set_new(record, "status", json_string(act->is_exercise ? "exercise" : "actual"));
    json_object_set_new(record, "action", json_string(act_names[act->type]));
    json_object_del(record, "occurred_at");
    json_object_del(record, "entity");
}

static json_t *json_of(const struct act *act, uint64_t number)
{
    static const char *const plain[] = {[WITHDRAW] = "{\"kind\":\"withdrawal\"}",
                                        [RETURN] = "{\"kind\":\"return_for_correction\",\"faults\":[{\"field\":"
                                                   "\"round\",\"reason\":\"次数不符\"}]}",
                                        [ACCEPT] = "{\"kind\":\"acceptance\"}"};
    bool is_review = act->type == FILE_REVIEW || act->type == AMEND;
    bool is_warning = act->type >= RAISE;
    json_t *record = sample_json(is_review ? sample_review : is_warning ? sample_warning : plain[act->type], "{}");
    json_object_set_new(record, "submitter", json_pack("{s:s, s:s}", "name", "王芳", "role", "秘书"));
    if (is_review || is_warning) {
        json_object_set_new(record, "sector", json_string(sectors[act->sector]));
        json_object_set_new(record, "rehearsal", json_boolean(act->is_rehearsal));
        (is_review ? write_review : write_warning)(act, record);
    }
    /* Makes the bytes of two acts with one id different in every case. */
    json_object_set_new(record, "reason", json_sprintf("第%d次", (int)number));
    return record;
}

static void make_record(struct field_day *day, const struct history *history, uint64_t number, int index)
{
    const struct act *act = &history->acts[index];
    char text[40];
    uint8_t id[RECORD_ID_SIZE];
    struct faults faults = {0};
    json_t *record = json_of(act, ++day->seq);
    if (act->type == FILE_REVIEW || act->type == AMEND) { /* no number meets one of another history */
        json_object_set_new(record, "activity_no", json_sprintf("%d-%d", (int)number, act->number));
    }
    if (act->refers_to != NOBODY) {
        bool is_replacing = act->type == AMEND || act->type == WITHDRAW;
        int owner = history->acts[act->root].actor;
        json_object_set_new(record, is_replacing ? "replaces" : "refers_to",
                            json_string(text_of(text, number, history->acts[act->refers_to].id)));
        if (act->actor == CITY && owner != CITY) {
            json_object_set_new(record, "addressee", json_string(actor_names[owner]));
        }
    }
    assert_int_equal(record_id_parse(text_of(text, number, act->id), id), ERR_OK);
    msgpack_sbuffer_init(&day->records[index]);
    err_t err = record_accept_json(record, id, day->seq, SAMPLE_NOW - 1000, &day->records[index], &faults);
    json_decref(record);
    if (err != ERR_OK) {
        print_error("%s %s: %s\n", faults.list[0].code, faults.list[0].field, faults.list[0].reason);
    }
    assert_int_equal(err, ERR_OK);
}

/* ---- the province ---- */
static void feed_page(struct field_day *day, uint64_t cursor, uint32_t count, bool is_first, struct applied *ret)
{
    struct page page = {0};
    struct message message;
    msgpack_sbuffer frame;
    char reason[128];
    msgpack_sbuffer_init(&page.events);
    msgpack_sbuffer_init(&frame);
    assert_int_equal(store_page(day->bench->store, "uplink", 0, cursor, count, EVENTS_SIZE_MAX, &page), ERR_OK);
    events_begin(&frame, 1, "uplink", store_epoch(day->bench->store), page.head, page.count);
    msgpack_sbuffer_write(&frame, page.events.data ? page.events.data : "", page.events.size);
    assert_int_equal(message_decode((struct view){(const uint8_t *)frame.data, frame.size}, &message, reason), ERR_OK);
    assert_int_equal(replica_apply(day->replica, 1, &message.events, is_first, now_ms, ret), ERR_OK);
    assert_int_equal(ret->skipped, 0);
    assert_false(ret->is_other_epoch || ret->is_behind_us);
    msgpack_sbuffer_destroy(&frame);
    msgpack_sbuffer_destroy(&page.events);
}

static uint64_t replica_cursor(struct field_day *day)
{
    struct standing standing;
    assert_int_equal(replica_get_standing(day->replica, 1, &standing), ERR_OK);
    return standing.cursor;
}

/* One slice; now and then from before the cursor once more, or after a restart. */
static bool follow_once(struct field_day *day, uint64_t *seed, uint32_t most)
{
    struct applied applied;
    char reason[256];
    uint64_t cursor = replica_cursor(day);
    if (one_in(seed, 40)) {
        replica_close(day->replica);
        assert_int_equal(replica_open(&day->site, true, &day->replica, reason), ERR_OK);
    }
    if (cursor > 0 && one_in(seed, 6)) {
        uint64_t back = 1 + chance(seed, 9);
        cursor -= back < cursor ? back : cursor;
        note("  province: again from %d\n", (int)cursor);
    }
    feed_page(day, cursor, 1 + chance(seed, most), one_in(seed, 3), &applied);
    return !applied.is_caught_up;
}

static void resync(struct field_day *day, uint64_t *seed)
{
    uint64_t removed = 0;
    if (one_in(seed, 2)) {
        assert_int_equal(store_begin(day->bench->store), ERR_OK);
        assert_int_equal(store_prune_uplink(day->bench->store, bench_head(day->bench->store, "uplink", 0), &removed),
                         ERR_OK);
        assert_int_equal(store_commit(day->bench->store), ERR_OK);
    }
    note("  province: from the snapshot (%d pruned)\n", (int)removed);
    assert_int_equal(replica_begin_resync(day->replica, 1, store_epoch(day->bench->store), "pruned", now_ms), ERR_OK);
}

/* ---- a history through the store ---- */
static struct batch *make_batch(struct field_day *day, const struct history *history, const int *sends, uint32_t count)
{
    msgpack_sbuffer records[RECORDS_A_BATCH];
    for (uint32_t i = 0; i < count; i++) {
        records[i] = day->records[sends[i]];
    }
    day->bench->party = day->parties[history->acts[*sends].actor];
    struct batch *batch = bench_batch(day->bench, records, count, false);
    assert_non_null(batch);
    return batch;
}

static void note_send(const struct act *act, int index, enum outcome outcome, uint64_t number)
{
    static const char *const outcomes[] = {
        [OUTCOME_STORED] = "stored", [OUTCOME_DUPLICATE] = "duplicate", [OUTCOME_REJECTED] = "refused"};
    note("  #%-2d %s by %d", index, act_names[act->type], act->actor);
    if (act->refers_to != NOBODY) {
        note(" of #%d (thread #%d)", act->refers_to, act->root);
    }
    note(" id=%d no=%d sector=%d level=%d day=%d+%d+%d%s%s%s%s: expect %s %d\n", act->id, act->number, act->sector,
         act->level, act->day, act->wait, act->took, act->is_decided ? "" : " undecided",
         act->is_rehearsal ? " rehearsal" : "", act->is_exercise ? " exercise" : "", act->is_spoilt ? " spoilt" : "",
         outcomes[outcome], (int)number);
}

/* Consecutive sends of one party, as far as chance takes them. Returns how many. */
static int put_batch(struct field_day *day, uint64_t *seed, const struct history *history, struct reckoning *reckoning,
                     int at)
{
    const int *sends = history->sends + at;
    uint32_t most = 1 + chance(seed, RECORDS_A_BATCH);
    uint32_t count = 1;
    while (count < most && at + (int)count < history->send_count &&
           history->acts[sends[count]].actor == history->acts[*sends].actor) {
        count++;
    }
    now_ms += chance(seed, 600000);
    struct batch *batch = make_batch(day, history, sends, count);
    assert_int_equal(store_put_batch(day->bench->store, batch), ERR_OK);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t number = 0;
        enum outcome outcome = reckon(reckoning, history, sends[i], now_ms, &number);
        note_send(&history->acts[sends[i]], sends[i], outcome, number);
        assert_int_equal(batch->items[i].outcome, outcome);
        if (outcome != OUTCOME_REJECTED) {
            assert_int_equal(batch->items[i].number, number);
        }
    }
    batch_free(batch);
    return (int)count;
}

/* ---- the registry ---- */
static void put_paper(struct field_day *day, struct reckoning *reckoning, int actor, json_t *paper)
{
    char text[40];
    uint8_t id[RECORD_ID_SIZE];
    struct faults faults = {0};
    msgpack_sbuffer record;
    snprintf(text, sizeof text, "019a2b3c-4d5e-7001-8003-%012x", (unsigned)++day->papers);
    assert_int_equal(record_id_parse(text, id), ERR_OK);
    msgpack_sbuffer_init(&record);
    json_object_set_new(paper, "submitter", json_pack("{s:s, s:s}", "name", "王芳", "role", "秘书"));
    assert_int_equal(record_accept_json(paper, id, ++day->seq, SAMPLE_NOW - 1000, &record, &faults), ERR_OK);
    json_decref(paper);
    day->bench->party = day->parties[actor];
    struct batch *batch = bench_batch(day->bench, &record, 1, false);
    assert_int_equal(store_put_batch(day->bench->store, batch), ERR_OK);
    assert_int_equal(batch->items[0].outcome, OUTCOME_STORED);
    assert_int_equal(batch->items[0].number, ++reckoning->number);
    batch_free(batch);
    msgpack_sbuffer_destroy(&record);
    if (actor != CITY && !reckoning->registry.filed_as[actor]) {
        memcpy(day->registrations[actor], id, RECORD_ID_SIZE);
    }
}

/* An institution registers, or registers anew, as something else, and the city accepts it. */
static void register_anew(struct field_day *day, uint64_t *seed, struct reckoning *reckoning)
{
    int actor = (int)chance(seed, MOVERS);
    const char *type = other_types[chance(seed, OTHER_TYPES)];
    char root[37];
    bool is_first = !reckoning->registry.filed_as[actor];
    json_t *paper = json_pack("{s:s, s:s, s:s, s:s, s:[s], s:s, s:b, s:{s:s, s:s, s:s, s:s}}", "kind",
                              "entity_registration", "uscc", actor_names[actor], "name", "某单位", "entity_type", type,
                              "sectors", "healthcare", "district", "330102", "has_committee", 1, "contact", "name",
                              "张三", "position", "主任", "mobile", "13800000000", "email", "a@b.cn");
    if (!is_first) {
        record_id_text(day->registrations[actor], root);
        json_object_set_new(paper, "replaces", json_string(root));
        json_object_set_new(paper, "reason", json_string("变更"));
    }
    put_paper(day, reckoning, actor, paper);
    record_id_text(day->registrations[actor], root);
    put_paper(day, reckoning, CITY,
              json_pack("{s:s, s:s, s:s}", "kind", "acceptance", "refers_to", root, "addressee", actor_names[actor]));
    note("  #%d is a %s, and was a %s\n", actor, type, reckoning->registry.types[actor]);
    reckoning->registry.filed_as[actor] = reckoning->registry.types[actor];
    reckoning->registry.types[actor] = type;
    if (one_in(seed, 2)) { /* else the front goes on with what it knew, as it does within a group */
        snprintf(day->parties[actor].entity_type, sizeof day->parties[actor].entity_type, "%s", type);
    }
}

static int put_group(struct field_day *day, uint64_t *seed, const struct history *history, struct reckoning *reckoning,
                     int at)
{
    const struct reckoning before = *reckoning;
    int batches = 1 + (int)chance(seed, 4);
    bool is_lost = one_in(seed, 6);
    note(" group%s\n", is_lost ? ", rolled back" : "");
    assert_int_equal(store_begin(day->bench->store), ERR_OK);
    for (int i = 0; i < batches && at < history->send_count; i++) {
        if (one_in(seed, 20)) {
            register_anew(day, seed, reckoning);
        }
        at += put_batch(day, seed, history, reckoning, at);
    }
    if (is_lost) {
        store_rollback(day->bench->store);
        *reckoning = before;
    } else {
        assert_int_equal(store_commit(day->bench->store), ERR_OK);
    }
    return at;
}

/* ---- comparing ---- */
static void find_cell(void *self, const struct cell_row *row)
{
    struct counted cell = {.day = row->day, .count = row->count, .sum = row->sum};
    snprintf(cell.family, sizeof cell.family, "%s", row->family);
    snprintf(cell.dims, sizeof cell.dims, "%s", row->dims);
    if (row->count != 0 || row->sum != 0) {
        ledger_add(self, &cell);
    }
}

static int by_place(const void *a, const void *b)
{
    const struct counted *left = a;
    const struct counted *right = b;
    int order = strcmp(left->family, right->family);
    order = order ? order : (left->day > right->day) - (left->day < right->day);
    return order ? order : strcmp(left->dims, right->dims);
}

static void print_cells(const char *whose, const struct ledger *cells, const struct ledger *others)
{
    for (size_t i = 0; i < cells->count; i++) {
        const struct counted *cell = &cells->cells[i];
        const struct counted *other = bsearch(cell, others->cells, others->count, sizeof *cell, by_place);
        if (!other || other->count != cell->count || other->sum != cell->sum) {
            print_error("%s: %s %d %s: %d, sum %d\n", whose, cell->family, (int)cell->day, cell->dims, (int)cell->count,
                        (int)cell->sum);
        }
    }
}

static void assert_same(const char *a, struct ledger *left, const char *b, struct ledger *right)
{
    bool is_same = left->count == right->count;
    qsort(left->cells, left->count, sizeof *left->cells, by_place);
    qsort(right->cells, right->count, sizeof *right->cells, by_place);
    for (size_t i = 0; i < left->count && is_same; i++) {
        is_same = by_place(&left->cells[i], &right->cells[i]) == 0 && left->cells[i].count == right->cells[i].count &&
                  left->cells[i].sum == right->cells[i].sum;
    }
    if (!is_same) {
        print_cells(a, left, right);
        print_cells(b, right, left);
        fail_msg("%s and %s disagree", a, b);
    }
}

static void read_replica(struct field_day *day, struct ledger *ret)
{
    sqlite3_stmt *stmt =
        db_prepare(replica_db(day->replica), "select c.family, c.day, c.dims, c.count, c.sum from cell c join hub h on"
                                             " h.hub = c.hub and h.shown = c.generation where c.hub = 1");
    err_t err = db_step(stmt);
    while (err == ERR_OK) {
        const struct cell_row row = {.family = db_column_str(stmt, 0),
                                     .day = sqlite3_column_int64(stmt, 1),
                                     .dims = db_column_str(stmt, 2),
                                     .count = sqlite3_column_int64(stmt, 3),
                                     .sum = sqlite3_column_int64(stmt, 4)};
        find_cell(ret, &row);
        err = db_step(stmt);
    }
    assert_int_equal(err, ERR_NOT_FOUND);
    sqlite3_finalize(stmt);
}

static void compare(struct field_day *day)
{
    static struct ledger hub;
    static struct ledger province;
    static struct ledger expected;
    hub.count = province.count = 0;
    expected = day->expected;
    count_registrations(&day->registry, day_of(SAMPLE_NOW - 1000, 480), &expected);
    assert_int_equal(store_each_cell(day->bench->store, NULL, find_cell, &hub), ERR_OK);
    assert_same("recount", &expected, "hub", &hub);
    read_replica(day, &province);
    assert_same("hub", &hub, "province", &province);
}

/* What a migration does: nothing is found to be different, so the province hears nothing. */
static void count_anew(struct field_day *day)
{
    sqlite3 *db = NULL;
    char path[PATH_SIZE];
    uint64_t head = bench_head(day->bench->store, "uplink", 0);
    store_close(day->bench->store);
    home_file(&day->bench->home, "store.db", path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(db_exec(db, "insert into meta(key, value) values('recount', 1)"), ERR_OK);
    sqlite3_close(db);
    day->bench->store = NULL;
    bench_reopen(day->bench);
    store_set_city(day->bench->store, day->parties[CITY].row);
    assert_int_equal(bench_head(day->bench->store, "uplink", 0), head);
}

static void live(struct field_day *day, uint64_t number)
{
    static struct history history;
    static struct reckoning reckoning;
    uint64_t seed = number * UINT64_C(0x9E3779B97F4A7C15);
    make_history(&seed, &history);
    reckoning_begin(&reckoning, day->number, &day->registry);
    for (int i = 0; i < history.act_count; i++) {
        make_record(day, &history, number, i);
    }
    for (int at = 0; at < history.send_count;) {
        at = put_group(day, &seed, &history, &reckoning, at);
        if (one_in(&seed, 15)) {
            resync(day, &seed);
        }
        if (one_in(&seed, 2)) {
            follow_once(day, &seed, 6);
        }
    }
    while (follow_once(day, &seed, 60)) {
    }
    recount(&reckoning, &history, &day->expected);
    day->registry = reckoning.registry;
    compare(day);
    if (one_in(&seed, 10)) {
        count_anew(day);
        compare(day);
    }
    day->number = reckoning.number;
    for (int i = 0; i < history.act_count; i++) {
        msgpack_sbuffer_destroy(&day->records[i]);
    }
}

/* ---- the place ---- */
static void settle_parties(struct field_day *day)
{
    struct store *store = day->bench->store;
    assert_int_equal(store_begin(store), ERR_OK);
    for (int i = 1; i < ACTORS; i++) {
        struct party party = {.district = "330106"};
        snprintf(party.role, sizeof party.role, "%s", i == CITY ? "city" : "entity");
        snprintf(party.party, sizeof party.party, "%s", actor_names[i]);
        snprintf(party.name, sizeof party.name, "%s", actor_names[i]);
        snprintf(party.entity_type, sizeof party.entity_type, "%s", actor_types[i]);
        struct party_key key = {.since = 1};
        memset(key.curve_key, i, KEY_SIZE);
        key.signing_key = day->bench->identity.signing.key;
        assert_int_equal(store_put_city(store, &party, &key, 1), ERR_OK); /* with keys, and active, from the start */
    }
    assert_int_equal(store_commit(store), ERR_OK);
    for (int i = 0; i < ACTORS; i++) {
        assert_int_equal(store_find_party(store, actor_names[i], &day->parties[i]), ERR_OK);
    }
    store_set_city(store, day->parties[CITY].row);
    memcpy(day->registry.types, actor_types, sizeof actor_types);
}

static int set_up(void **state)
{
    struct field_day *day = calloc(1, sizeof *day);
    char reason[256];
    void *bench = NULL;
    assert_non_null(day);
    assert_int_equal(bench_setup(&bench), 0);
    day->bench = bench;
    settle_parties(day);
    make_home(&day->site);
    assert_int_equal(replica_open(&day->site, true, &day->replica, reason), ERR_OK);
    assert_int_equal(replica_put_hub(day->replica, 1, "One", "330100", "tcp://127.0.0.1:1"), ERR_OK);
    *state = day;
    return 0;
}

static int tear_down(void **state)
{
    struct field_day *day = *state;
    void *bench = day->bench;
    replica_close(day->replica);
    remove_home(&day->site);
    free(day);
    return bench_teardown(&bench);
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

static bool has_ended;
static uint64_t living;

static void print_trace(void)
{
    if (!has_ended) {
        print_error("history SEED=%llu HISTORIES=1 (and those before it in its store):\n%s", (unsigned long long)living,
                    trace);
    }
}

static void test_every_thread_is_counted_once_whatever_comes(void **state)
{
    uint64_t count = number_from("HISTORIES", HISTORIES);
    living = number_from("SEED", 1);
    for (uint64_t i = 0; i < count; i++, living++) {
        if (i > 0 && i % PER_STORE == 0) {
            tear_down(state);
            set_up(state);
        }
        trace_size = 0;
        live(*state, living);
    }
    has_ended = true;
}

static int end(void **state)
{
    print_trace();
    return tear_down(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_thread_is_counted_once_whatever_comes, set_up, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
