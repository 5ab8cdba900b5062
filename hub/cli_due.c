/* What is coming and what is late; who has read and answered; what was sent and is held. */
#include <inttypes.h>

#include "common/mem.h"
#include "common/text.h"
#include "hub/cli.h"
#include "hub/store_clock.h"
#include "hub/store_delivery.h"
#include "hub/terms.h"

/* ---- due ---- */

static const struct table_column due_columns[] = {
    {"due_at", "due", "到期", false},        {"state", "state", "状态", false},
    {"days", "days left", "剩余天数", true}, {"term", "term", "时限", false},
    {"entity", "code", "机构代码", false},   {"entity_name", "institution", "机构", false},
    {"started_at", "since", "起算", false},  {"ended_at", "done", "办结", false},
    {"about", "about", "事项", false},
};
enum { DUE_COLUMNS = sizeof due_columns / sizeof *due_columns };

struct listing {
    struct table *table;
    int utc_offset_minutes;
    int64_t now;
    bool is_late_only;
};

static void list_clock(void *self, const struct clock_row *row)
{
    struct listing *listing = self;
    bool zh = text_is_chinese();
    char due[20];
    char started[20];
    char ended[20];
    char days[24];
    char about[64];
    enum clock_state state = clock_state(&row->clock, listing->now);
    if (listing->is_late_only && state != CLOCK_OVERDUE) {
        return;
    }
    local_time_text(row->clock.due_at, listing->utc_offset_minutes, due);
    local_time_text(row->clock.started_at, listing->utc_offset_minutes, started);
    local_time_text(row->clock.ended_at, listing->utc_offset_minutes, ended);
    int64_t left =
        day_of(row->clock.due_at, listing->utc_offset_minutes) - day_of(listing->now, listing->utc_offset_minutes);
    snprintf(days, sizeof days, "%" PRId64, left);
    if (row->root_size == RECORD_ID_SIZE) {
        record_id_text(row->root, about);
    } else {
        snprintf(about, sizeof about, "%.*s", (int)row->root_size, (const char *)row->root);
    }
    const char *code = enum_clock_state.labels[state].code;
    const char *term = row->clock.term->label->code;
    bool is_done = row->clock.ended_at != 0;
    const char *cells[DUE_COLUMNS] = {
        due,  code, is_done ? NULL : days, term, row->party.party, row->party.name, started, is_done ? ended : NULL,
        about};
    const char *labels[DUE_COLUMNS] = {0};
    labels[1] = enumeration_label(&enum_clock_state, code, zh);
    labels[3] = enumeration_label(&enum_term, term, zh);
    table_row(listing->table, cells, labels);
}

/* The clocks follow the records, under load at a distance: a list that is not whole says so. */
static void tell_lag(struct store *store)
{
    int64_t done = 0;
    int64_t head = 0;
    if (store_desk(store, &done, &head) == ERR_OK && done < head) {
        fprintf(stderr,
                tr("agn-hub: the clocks of the last %" PRId64 " batches are still being reckoned; look again shortly\n",
                   "agn-hub：最近 %" PRId64 " 批记录的时限尚在计算，请稍后再看\n"),
                head - done);
    }
}

/* A wrong file is told by who reads it to reckon with. */
static void tell_calendar(const struct home *home, const struct options *options, int64_t now)
{
    struct site_terms site;
    char reason[512];
    if (site_terms_open(home, (int)options->utc_offset_minutes, &site, reason) == ERR_OK) {
        site_terms_tell_calendar(&site, now);
        site_terms_close(&site);
    }
}

int cli_due(const struct home *home, int argc, char **argv)
{
    struct argument arguments[] = {{"entity", false, NULL}, {"days", false, NULL}, {"late", true, NULL},
                                   {"all", true, NULL},     {"json", true, NULL},  {"csv", true, NULL}};
    size_t count = sizeof arguments / sizeof *arguments;
    size_t rest = 0;
    struct options options;
    int64_t days = 60;
    if (!cli_parse(argc, argv, arguments, count, NULL, 0, &rest) ||
        !cli_number(arguments, count, "days", 0, 36500, &days)) {
        return 2;
    }
    struct store *store = cli_open_store(home, &options);
    if (!store) {
        return 1;
    }
    bool is_all = cli_value(arguments, count, "all") != NULL;
    struct listing listing = {.utc_offset_minutes = (int)options.utc_offset_minutes,
                              .now = clock_ms(),
                              .is_late_only = cli_value(arguments, count, "late") != NULL};
    listing.table = table_open(stdout, cli_form(arguments, count), due_columns, DUE_COLUMNS);
    err_t err = store_each_clock(store, cli_value(arguments, count, "entity"),
                                 is_all ? INT64_MAX : listing.now + days * 86400000, is_all, list_clock, &listing);
    table_close(listing.table);
    tell_lag(store);
    tell_calendar(home, &options, listing.now);
    store_close(store);
    return err == ERR_OK ? 0 : cli_fail("%s", err_text(err));
}

/* ---- deliveries ---- */

static const struct table_column delivery_columns[] = {
    {"entity", "code", "机构代码", false},
    {"entity_name", "institution", "机构", false},
    {"state", "state", "状态", false},
    {"sent_at", "sent", "下发时间", false},
    {"delivered_at", "delivered", "送达时间", false},
    {"opened_at", "read", "阅读时间", false},
    {"answered_at", "answered", "答复时间", false},
};
enum { DELIVERY_COLUMNS = sizeof delivery_columns / sizeof *delivery_columns };

struct deliveries {
    struct store *store;
    struct table *table;
    int utc_offset_minutes;
    int64_t owner;
    uint8_t root[RECORD_ID_SIZE];
    bool is_found;
};

static err_t list_delivery(void *self, const struct delivery *delivery)
{
    struct deliveries *all = self;
    struct party party;
    enum { TIMES = 4, FIRST_TIME = 3 };
    char at[TIMES][20];
    const int64_t times[TIMES] = {delivery->at, delivery->delivered_at, delivery->opened_at, delivery->answered_at};
    err_t err = store_party_at(all->store, delivery->party, &party);
    if (err != ERR_OK) {
        return err;
    }
    enum delivery_state shown = delivery_is_late(delivery) ? DELIVERY_LATE : delivery_state(delivery);
    const char *state = enum_delivery_state.labels[shown].code;
    const char *cells[DELIVERY_COLUMNS] = {party.party, party.name, state};
    for (int i = 0; i < TIMES; i++) {
        local_time_text(times[i], all->utc_offset_minutes, at[i]);
        cells[FIRST_TIME + i] = times[i] ? at[i] : NULL;
    }
    const char *labels[DELIVERY_COLUMNS] = {0};
    labels[2] = enumeration_label(&enum_delivery_state, state, text_is_chinese());
    table_row(all->table, cells, labels);
    return ERR_OK;
}

static void note_issue(void *self, const struct record_row *row)
{
    struct deliveries *all = self;
    struct party owner;
    all->is_found = true;
    memcpy(all->root, row->root, RECORD_ID_SIZE);
    all->owner = store_find_party(all->store, row->owner, &owner) == ERR_OK ? owner.row : 0;
}

int cli_deliveries(const struct home *home, int argc, char **argv)
{
    struct argument arguments[] = {{"json", true, NULL}, {"csv", true, NULL}};
    struct record_filter filter = {.sector = -1, .level = -1, .from = INT64_MIN, .to = INT64_MAX};
    const char *rest[1];
    size_t count = 0;
    uint8_t id[RECORD_ID_SIZE];
    struct options options;
    if (!cli_parse(argc, argv, arguments, 2, rest, 1, &count) || count != 1) {
        return cli_usage();
    }
    if (!cli_record_id(rest[0], id)) {
        return 2;
    }
    struct store *store = cli_open_store(home, &options);
    if (!store) {
        return 1;
    }
    struct deliveries all = {.store = store, .utc_offset_minutes = (int)options.utc_offset_minutes};
    filter.id = id;
    err_t err = store_each_record(store, &filter, note_issue, &all);
    if (err == ERR_OK && all.is_found) {
        all.table = table_open(stdout, cli_form(arguments, 2), delivery_columns, DELIVERY_COLUMNS);
        err = store_each_delivery(store, all.owner, all.root, list_delivery, &all);
        table_close(all.table);
    }
    store_close(store);
    if (err == ERR_OK && !all.is_found) {
        return cli_fail(tr("no record %s", "没有记录 %s"), rest[0]);
    }
    return err == ERR_OK ? 0 : cli_fail("%s", err_text(err));
}

/* ---- statement of account ---- */

struct held {
    uint64_t *seqs;
    size_t count, room;
};

static void hold(struct held *held, uint64_t seq)
{
    if (held->count == held->room) {
        held->room = held->room ? held->room * 2 : 1024;
        held->seqs = mem_grow(held->seqs, held->room, sizeof *held->seqs);
    }
    held->seqs[held->count++] = seq;
}

static void note_seq(void *self, const struct record_row *row)
{
    json_t *record = row->bytes.size > 0 ? record_to_json(row->bytes) : NULL;
    json_int_t seq = json_integer_value(json_object_get(record, "seq"));
    if (seq > 0) {
        hold(self, (uint64_t)seq);
    }
    json_decref(record);
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Runs of numbers that are held, as [first, last]. */
static json_t *runs_of(const struct held *held, uint64_t from, uint64_t to, uint64_t *ret_held)
{
    json_t *runs = json_array();
    uint64_t first = 0;
    uint64_t last = 0;
    *ret_held = 0;
    for (size_t i = 0; i < held->count; i++) {
        uint64_t seq = held->seqs[i];
        if (seq < from || seq > to || seq == last) {
            continue;
        }
        (*ret_held)++;
        if (last && seq == last + 1) {
            last = seq;
            continue;
        }
        if (last) {
            json_array_append_new(runs, json_pack("[I, I]", (json_int_t)first, (json_int_t)last));
        }
        first = last = seq;
    }
    if (last) {
        json_array_append_new(runs, json_pack("[I, I]", (json_int_t)first, (json_int_t)last));
    }
    return runs;
}

/* FIRST to LAST, all of them held or none. */
struct stretch {
    uint64_t first, last;
    bool is_held;
};

/* Every number from FROM to TO is in one stretch. */
static void each_stretch(const json_t *runs, uint64_t from, uint64_t to,
                         void (*each)(void *self, const struct stretch *stretch), void *self)
{
    size_t index = 0;
    json_t *run = NULL;
    uint64_t next = from;
    json_array_foreach(runs, index, run)
    {
        struct stretch held = {.first = (uint64_t)json_integer_value(json_array_get(run, 0)),
                               .last = (uint64_t)json_integer_value(json_array_get(run, 1)),
                               .is_held = true};
        if (held.first > next) {
            each(self, &(struct stretch){.first = next, .last = held.first - 1});
        }
        each(self, &held);
        next = held.last + 1;
    }
    if (next <= to) {
        each(self, &(struct stretch){.first = next, .last = to});
    }
}

static void print_gap(void *self, const struct stretch *stretch)
{
    (void)self;
    if (!stretch->is_held) {
        printf(tr("  not held: %" PRIu64 "–%" PRIu64 "\n", "  未持有：%" PRIu64 "–%" PRIu64 "\n"), stretch->first,
               stretch->last);
    }
}

static void print_statement(const struct party *party, uint64_t from, uint64_t to, uint64_t held, const json_t *runs)
{
    printf(tr("%s %s\nnumbers %" PRIu64 "–%" PRIu64 ": the hub holds %" PRIu64 " of %" PRIu64 "\n",
              "%s %s\n流水号 %" PRIu64 "–%" PRIu64 "：枢纽持有 %" PRIu64 " 条，共 %" PRIu64 " 条\n"),
           party->party, party->name, from, to, held, to >= from ? to - from + 1 : 0);
    each_stretch(runs, from, to, print_gap, NULL);
    printf(tr("  refused: %" PRIu64 " (agn-hub query --refused --entity %s)\n",
              "  被退回：%" PRIu64 "（agn-hub query --refused --entity %s）\n"),
           party->refused, party->party);
}

static void list_stretch(void *self, const struct stretch *stretch)
{
    char numbers[3][24];
    snprintf(numbers[0], sizeof numbers[0], "%" PRIu64, stretch->first);
    snprintf(numbers[1], sizeof numbers[1], "%" PRIu64, stretch->last);
    snprintf(numbers[2], sizeof numbers[2], "%" PRIu64, stretch->last - stretch->first + 1);
    const char *cells[] = {numbers[0], numbers[1], numbers[2], stretch->is_held ? "held" : "not_held"};
    const char *labels[] = {NULL, NULL, NULL, stretch->is_held ? tr("held", "持有") : tr("not held", "未持有")};
    table_row(self, cells, labels);
}

static void list_statement(enum table_form form, uint64_t from, uint64_t to, const json_t *runs)
{
    static const struct table_column columns[] = {{"first", "from no.", "起始流水号", true},
                                                  {"last", "to no.", "截止流水号", true},
                                                  {"count", "count", "条数", true},
                                                  {"state", "at the hub", "枢纽留存", false}};
    struct table *table = table_open(stdout, form, columns, sizeof columns / sizeof *columns);
    each_stretch(runs, from, to, list_stretch, table);
    table_close(table);
}

static void dump_statement(const struct party *party, uint64_t from, uint64_t to, uint64_t held, json_t *runs)
{
    json_t *object = json_pack("{s:s, s:s, s:I, s:I, s:I, s:O, s:I}", "entity", party->party, "entity_name",
                               party->name, "from", (json_int_t)from, "to", (json_int_t)to, "held", (json_int_t)held,
                               "runs", runs, "refused", (json_int_t)party->refused);
    json_dumpf(object, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(object);
}

int cli_statement(const struct home *home, int argc, char **argv)
{
    struct argument arguments[] = {
        {"from", false, NULL}, {"to", false, NULL}, {"json", true, NULL}, {"csv", true, NULL}};
    struct record_filter filter = {.sector = -1, .level = -1, .from = INT64_MIN, .to = INT64_MAX};
    const char *rest[1];
    size_t count = 0;
    struct options options;
    struct party party;
    struct held held = {0};
    uint64_t total = 0;
    int64_t from = 1;
    int64_t to = 0;
    if (!cli_parse(argc, argv, arguments, 4, rest, 1, &count) || count != 1) {
        return cli_usage();
    }
    if (!cli_number(arguments, 4, "from", 1, INT64_MAX, &from) || !cli_number(arguments, 4, "to", 1, INT64_MAX, &to)) {
        return 2;
    }
    struct store *store = cli_open_store(home, &options);
    if (!store) {
        return 1;
    }
    filter.party = rest[0];
    err_t err = store_find_party(store, rest[0], &party);
    err = err == ERR_OK ? store_each_record(store, &filter, note_seq, &held) : err;
    store_close(store);
    if (err != ERR_OK) {
        free(held.seqs);
        return err == ERR_NOT_FOUND ? cli_fail(tr("no party %s is registered", "没有登记 %s"), rest[0])
                                    : cli_fail("%s", err_text(err));
    }
    uint64_t first = (uint64_t)from;
    uint64_t last = arguments[1].value ? (uint64_t)to : party.last_seq;
    if (held.count > 0) {
        qsort(held.seqs, held.count, sizeof *held.seqs, by_number);
    }
    json_t *runs = runs_of(&held, first, last, &total);
    if (arguments[2].value) {
        dump_statement(&party, first, last, total, runs);
    } else if (cli_form(arguments, 4) != TABLE_TEXT) {
        list_statement(cli_form(arguments, 4), first, last, runs);
    } else {
        print_statement(&party, first, last, total, runs);
    }
    json_decref(runs);
    free(held.seqs);
    return 0;
}
