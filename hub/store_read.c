#include "hub/store_sqlite.h"

#include <limits.h>
#include <string.h>

#include "hub/store_clock.h"
#include "proto/kinds.h"
#include "proto/life.h"
#include "proto/rights.h"

static struct view text_view(const char *text)
{
    return (struct view){(const uint8_t *)text, strlen(text)};
}

static uint32_t split_dims(const char *dims, struct view ret_dims[DIMS_MAX])
{
    uint32_t count = 0;
    while (count < DIMS_MAX) {
        size_t size = strcspn(dims, "|");
        ret_dims[count++] = (struct view){(const uint8_t *)dims, size};
        if (!dims[size]) {
            break;
        }
        dims += size + 1;
    }
    return count;
}

static void encode_cell(sqlite3_stmt *stmt, msgpack_sbuffer *buffer)
{
    char day[11];
    struct event event = {.type = EVENT_CELL};
    date_text(sqlite3_column_int64(stmt, 2), day);
    event.cell.family = text_view(db_column_str(stmt, 1));
    event.cell.day = text_view(day);
    event.cell.dim_count = split_dims(db_column_str(stmt, 3), event.cell.dims);
    event.cell.count = sqlite3_column_int64(stmt, 4);
    event.cell.sum = sqlite3_column_int64(stmt, 5);
    event.cell.revision = (uint64_t)sqlite3_column_int64(stmt, 0);
    event.cell.size = (uint64_t)sqlite3_column_int64(stmt, 16);
    event_encode(&event, buffer);
}

/* Where the content lies that counts in a thread; nothing may have happened to it yet. */
static err_t find_content(struct store *store, int64_t owner, const uint8_t root[RECORD_ID_SIZE],
                          struct place *ret_place)
{
    struct thread thread = {0};
    err_t err = store_load_thread(store, owner, root, &thread);
    *ret_place = thread.content;
    if (err != ERR_NOT_FOUND) {
        return err;
    }
    sqlite3_stmt *get = store_statement(store, GET_RECORD);
    sqlite3_bind_int64(get, 1, owner);
    db_bind_view(get, 2, (struct view){root, RECORD_ID_SIZE});
    err = db_step(get);
    if (err == ERR_OK) {
        *ret_place =
            (struct place){sqlite3_column_int64(get, 1), sqlite3_column_int64(get, 3), sqlite3_column_int64(get, 4)};
    }
    sqlite3_reset(get);
    return err;
}

/* Whether the thread's content withholds its reporter. Where that cannot be read, nobody is named. */
static bool thread_hides_reporter(struct store *store, int64_t owner, const uint8_t root[RECORD_ID_SIZE])
{
    struct place place;
    struct view content;
    struct record warning;
    struct faults ignored = {0};
    struct record_context context = {.utc_offset_minutes = store->settings.utc_offset_minutes};
    if (find_content(store, owner, root, &place) != ERR_OK ||
        store_get_item(store, place.batch, place.offset, place.size, &content) != ERR_OK) {
        return true;
    }
    err_t checked = record_check(content, &context, &warning, &ignored);
    (void)checked; /* checked when it was stored */
    bool hides = !warning.kind || rights_hides_reporter(&warning);
    sqlite3_reset(store_statement(store, GET_ITEM)); /* else the reader would see this moment for ever */
    return hides;
}

/* What an authority says of a warning names its reporter too; the wish to be withheld stands in the warning. */
static bool hides_addressee(struct store *store, int64_t filer, const struct record *record)
{
    uint8_t root[RECORD_ID_SIZE];
    if (!record->values[COMMON_ADDRESSEE].is_present) {
        return false;
    }
    sqlite3_stmt *get = store_statement(store, GET_RECORD);
    sqlite3_bind_int64(get, 1, filer);
    db_bind_view(get, 2, record->values[COMMON_ID].view);
    err_t err = db_step(get);
    bool has_root = err == ERR_OK && db_column_copy(get, 6, root, RECORD_ID_SIZE);
    int64_t owner = has_root ? sqlite3_column_int64(get, 7) : 0;
    sqlite3_reset(get);
    return has_root ? thread_hides_reporter(store, owner, root) : err != ERR_OK;
}

/* A stored record as it may leave: without what is confidential, and without the reporter's name where that is
 * withheld. FILER: its party row where the addressee may have to be withheld too, else 0. */
static err_t encode_record(struct store *store, int64_t filer, struct view bytes, struct record_event *fields,
                           msgpack_sbuffer *buffer)
{
    struct record record;
    struct faults ignored = {0};
    struct record_context context = {.now_ms = fields->received_at,
                                     .utc_offset_minutes = store->settings.utc_offset_minutes};
    err_t checked = record_check(bytes, &context, &record, &ignored);
    (void)checked; /* checked when it was stored */
    msgpack_sbuffer stripped;
    msgpack_sbuffer_init(&stripped);
    err_t err =
        record.kind ? rights_strip(bytes, filer && hides_addressee(store, filer, &record), &stripped) : ERR_INVALID;
    if (err == ERR_OK) {
        struct event event = {.type = EVENT_RECORD, .record = *fields};
        if (rights_hides_reporter(&record)) {
            event.record.entity = event.record.entity_name = (struct view){0};
        }
        event.record.record = (struct view){(const uint8_t *)stripped.data, stripped.size};
        event_encode(&event, buffer);
    }
    msgpack_sbuffer_destroy(&stripped);
    return err;
}

static err_t encode_upward(struct store *store, sqlite3_stmt *stmt, msgpack_sbuffer *buffer)
{
    struct record_event fields = {.number = (uint64_t)sqlite3_column_int64(stmt, 6),
                                  .received_at = sqlite3_column_int64(stmt, 7),
                                  .entity_type = text_view(db_column_str(stmt, 8)),
                                  .entity = text_view(db_column_str(stmt, 9)),
                                  .entity_name = text_view(db_column_str(stmt, 10)),
                                  .state = text_view(db_column_str(stmt, 11)),
                                  .role = text_view(db_column_str(stmt, 14))};
    return encode_record(store, sqlite3_column_int64(stmt, 13), db_column_view(stmt, 12), &fields, buffer);
}

static err_t encode_inbox(struct store *store, sqlite3_stmt *stmt, msgpack_sbuffer *buffer)
{
    struct record_event fields = {.number = (uint64_t)sqlite3_column_int64(stmt, 2),
                                  .received_at = sqlite3_column_int64(stmt, 3),
                                  .role = text_view(db_column_str(stmt, 4)),
                                  .owner = text_view(db_column_str(stmt, 5)),
                                  .state = text_view(db_column_str(stmt, 6))};
    return encode_record(store, 0, db_column_view(stmt, 7), &fields, buffer);
}

/* One number; 0 where there is none. */
static err_t read_number(sqlite3_stmt *stmt, uint64_t *ret_number)
{
    err_t err = db_step(stmt);
    *ret_number = err == ERR_OK ? (uint64_t)sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_reset(stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

err_t store_head(struct store *store, const char *stream, int64_t party_row, uint64_t *ret_head)
{
    bool is_uplink = strcmp(stream, "uplink") == 0;
    sqlite3_stmt *stmt = store_statement(store, is_uplink ? HEAD_UPLINK : HEAD_INBOX);
    if (!is_uplink) {
        sqlite3_bind_int64(stmt, 1, party_row);
    }
    return read_number(stmt, ret_head);
}

/* A row is an event that was encoded when it was written, a cell, or a record to be encoded now. */
static err_t encode_row(struct store *store, bool is_uplink, sqlite3_stmt *stmt, msgpack_sbuffer *buffer)
{
    if (!is_uplink) {
        return encode_inbox(store, stmt, buffer);
    }
    if (sqlite3_column_type(stmt, 1) == SQLITE_NULL) {
        return encode_upward(store, stmt, buffer);
    }
    encode_cell(stmt, buffer);
    return ERR_OK;
}

static err_t add_row(struct store *store, bool is_uplink, sqlite3_stmt *stmt, msgpack_sbuffer *scratch,
                     struct page *page)
{
    struct view event = db_column_view(stmt, is_uplink ? 15 : 1);
    if (event.size == 0) {
        msgpack_sbuffer_clear(scratch);
        err_t err = encode_row(store, is_uplink, stmt, scratch);
        if (err != ERR_OK) {
            return err;
        }
        event = (struct view){(const uint8_t *)scratch->data, scratch->size};
    }
    page->last = (uint64_t)sqlite3_column_int64(stmt, 0);
    page->size += event.size;
    page->count++;
    events_add(&page->events, page->last, event);
    return ERR_OK;
}

err_t store_page(struct store *store, const char *stream, int64_t party_row, uint64_t cursor, uint32_t count,
                 size_t size, struct page *ret_page)
{
    bool is_uplink = strcmp(stream, "uplink") == 0;
    msgpack_sbuffer scratch;
    msgpack_sbuffer_init(&scratch);
    ret_page->count = 0;
    ret_page->size = 0;
    ret_page->last = cursor;
    /* One snapshot for head and events, so that the head is never behind an event. */
    err_t err = db_exec(store->db, "begin");
    if (err != ERR_OK) {
        return err;
    }
    err = store_head(store, stream, party_row, &ret_page->head);
    sqlite3_stmt *stmt = store_statement(store, is_uplink ? PAGE_UPLINK : PAGE_INBOX);
    sqlite3_bind_int64(stmt, 1, (int64_t)cursor);
    sqlite3_bind_int64(stmt, 2, count);
    if (!is_uplink) {
        sqlite3_bind_int64(stmt, 3, party_row);
    }
    err = err == ERR_OK ? db_step(stmt) : err;
    while (err == ERR_OK && ret_page->size < size) {
        err = add_row(store, is_uplink, stmt, &scratch, ret_page);
        err = err == ERR_OK ? db_step(stmt) : err;
    }
    sqlite3_reset(stmt);
    msgpack_sbuffer_destroy(&scratch);
    err_t end = db_exec(store->db, "commit");
    bool is_page =
        err == ERR_OK || err == ERR_NOT_FOUND || ret_page->count > 0; /* what cannot be read begins the next */
    return is_page ? end : err;
}

err_t store_pruned(struct store *store, const char *stream, uint64_t *ret_pruned)
{
    *ret_pruned = 0;
    if (strcmp(stream, "uplink") != 0) {
        return ERR_OK;
    }
    sqlite3_stmt *stmt = store_statement(store, GET_META);
    db_bind_str(stmt, 1, "pruned");
    return read_number(stmt, ret_pruned);
}

err_t store_count_uplink(struct store *store, uint64_t upto, uint64_t *ret_count)
{
    sqlite3_stmt *count = db_prepare(store->db, "select count(*) from uplink where change <= ?");
    sqlite3_bind_int64(count, 1, upto < INT64_MAX ? (int64_t)upto : INT64_MAX);
    err_t err = db_step(count);
    *ret_count = err == ERR_OK ? (uint64_t)sqlite3_column_int64(count, 0) : 0;
    sqlite3_finalize(count);
    return err;
}

err_t store_prune_uplink(struct store *store, uint64_t upto, uint64_t *ret_removed)
{
    uint64_t pruned = 0;
    upto = upto < store->change ? upto : store->change;
    err_t err = store_pruned(store, "uplink", &pruned);
    if (err != ERR_OK) {
        return err;
    }
    sqlite3_stmt *prune = store_statement(store, PRUNE_UPLINK);
    sqlite3_bind_int64(prune, 1, (int64_t)upto);
    err = db_run(prune);
    *ret_removed = (uint64_t)sqlite3_changes(store->db);
    if (err == ERR_OK && upto > pruned && *ret_removed > 0) {
        sqlite3_stmt *put = store_statement(store, PUT_META);
        db_bind_str(put, 1, "pruned");
        sqlite3_bind_int64(put, 2, (int64_t)upto);
        err = db_run(put);
    }
    return err;
}

#define RECORD_SELECT                                                                                                  \
    "select r.number, r.id, p.party, p.name, b.at, r.day, r.kind, r.sector, r.level, substr(b.bytes, r.offset + 1, "   \
    "r.size), substr(b.hashes, r.position * 32 + 1, 32), t.state, null, b.hashes, b.signature, b.signing_key, "        \
    "coalesce(t.kind, r.kind), coalesce(o.party, p.party), coalesce(r.root, r.id), p.role, coalesce(o.role, p.role), " \
    "e.at, e.act from record r join batch b "                                                                          \
    "on b.id = r.batch join party p on p.row = r.party left join party o on o.row = r.owner left join thread t on "    \
    "t.owner = coalesce(r.owner, r.party) and t.root = coalesce(r.root, r.id) left join erased e on e.party = "        \
    "r.party and e.id = r.id "

static const char record_sql[] = RECORD_SELECT "where r.id = ?7 order by r.number";

static const char records_sql[] = RECORD_SELECT
    "where (?1 is null or p.party = ?1) and (?2 is null or r.kind = ?2) and (?3 is null or r.sector = ?3) "
    "and (?4 is null or r.level = ?4) and r.kind <> ?9 and r.day between ?5 and ?6 order by r.number desc limit ?8";

static const char thread_sql[] =
    RECORD_SELECT "where (r.owner = ?1 and r.root = ?2) or (r.party = ?1 and r.id = ?2) order by r.number";

static const char refusals_sql[] =
    "select 0, r.id, p.party, p.name, r.at, (r.at + ?9) / 86400000, null, null, null, "
    "null, r.hash, null, r.faults, null, null, null, null, p.party, r.id, p.role, p.role, null, null from refusal r"
    " join party p on p.row = r.party where (?1 is null or p.party = ?1) and (r.at + "
    "?9) / 86400000 between ?5 and ?6 and (?7 is null or r.id = ?7)"
    " order by r.at desc limit ?8";

static void bind_filter(sqlite3_stmt *stmt, const struct record_filter *filter)
{
    db_bind_str(stmt, 1, filter->party);
    if (filter->kind) {
        sqlite3_bind_int(stmt, 2, filter->kind->number);
    }
    if (filter->sector >= 0) {
        sqlite3_bind_int(stmt, 3, filter->sector);
    }
    if (filter->level > 0) {
        sqlite3_bind_int(stmt, 4, filter->level);
    }
    sqlite3_bind_int64(stmt, 5, filter->from);
    sqlite3_bind_int64(stmt, 6, filter->to);
    if (filter->id) {
        db_bind_view(stmt, 7, (struct view){filter->id, RECORD_ID_SIZE});
    }
    sqlite3_bind_int64(stmt, 8, filter->limit > 0 ? filter->limit : -1);
}

/* -1: NULL, or none of COUNT. */
static int code_or_none(sqlite3_stmt *stmt, int index, size_t count)
{
    int code = sqlite3_column_type(stmt, index) == SQLITE_NULL ? -1 : sqlite3_column_int(stmt, index);
    return code >= 0 && (size_t)code < count ? code : -1;
}

static void read_row(sqlite3_stmt *stmt, struct record_row *ret_row)
{
    *ret_row = (struct record_row){.number = (uint64_t)sqlite3_column_int64(stmt, 0),
                                   .party = db_column_str(stmt, 2),
                                   .party_name = db_column_str(stmt, 3),
                                   .at = sqlite3_column_int64(stmt, 4),
                                   .day = sqlite3_column_int64(stmt, 5),
                                   .kind = kind_by_number(sqlite3_column_int(stmt, 6)),
                                   .sector = code_or_none(stmt, 7, enum_sector.count),
                                   .level = code_or_none(stmt, 8, INT_MAX),
                                   .bytes = db_column_view(stmt, 9),
                                   .hash = db_column_view(stmt, 10),
                                   .faults = db_column_view(stmt, 12),
                                   .hashes = db_column_view(stmt, 13),
                                   .signature = db_column_view(stmt, 14),
                                   .signing_key = db_column_view(stmt, 15),
                                   .thread_kind = kind_by_number(sqlite3_column_int(stmt, 16)),
                                   .owner = db_column_str(stmt, 17),
                                   .role = db_column_str(stmt, 19),
                                   .owner_role = db_column_str(stmt, 20),
                                   .erased_at = sqlite3_column_int64(stmt, 21)};
    const struct life *life = ret_row->thread_kind ? ret_row->thread_kind->life : NULL;
    int state = life ? code_or_none(stmt, 11, life->states->count) : -1;
    ret_row->state = life ? life_state_code(life, state < 0 ? 0 : state) : "";
    struct view id = db_column_view(stmt, 1);
    struct view root = db_column_view(stmt, 18);
    memcpy(ret_row->id, id.at, id.size < RECORD_ID_SIZE ? id.size : RECORD_ID_SIZE);
    memcpy(ret_row->root, root.at, root.size < RECORD_ID_SIZE ? root.size : RECORD_ID_SIZE);
    db_column_copy(stmt, 22, ret_row->erased_by, RECORD_ID_SIZE);
}

static err_t call_each(struct store *store, sqlite3_stmt *stmt, void (*each)(void *self, const struct record_row *row),
                       void *self)
{
    err_t err = db_step(stmt);
    while (err == ERR_OK) {
        struct record_row row;
        read_row(stmt, &row);
        each(self, &row);
        err = db_step(stmt);
    }
    store_return(store, stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

err_t store_each_in_thread(struct store *store, const char *owner, const uint8_t root[RECORD_ID_SIZE],
                           void (*each)(void *self, const struct record_row *row), void *self)
{
    struct party party;
    err_t err = store_find_party(store, owner, &party);
    if (err != ERR_OK) {
        return err;
    }
    sqlite3_stmt *stmt = store_borrow(store, thread_sql);
    sqlite3_bind_int64(stmt, 1, party.row);
    db_bind_view(stmt, 2, (struct view){root, RECORD_ID_SIZE});
    return call_each(store, stmt, each, self);
}

err_t store_each_record(struct store *store, const struct record_filter *filter,
                        void (*each)(void *self, const struct record_row *row), void *self)
{
    const char *sql = filter->is_refused ? refusals_sql : filter->id ? record_sql : records_sql;
    sqlite3_stmt *stmt = store_borrow(store, sql);
    bool shows_acts = filter->kind || filter->with_acts;
    bind_filter(stmt, filter);
    if (filter->is_refused) {
        sqlite3_bind_int64(stmt, 9, (int64_t)store->settings.utc_offset_minutes * 60000);
    } else if (!filter->id) {
        sqlite3_bind_int(stmt, 9, shows_acts ? 0 : KIND_ADMINISTRATIVE_ACT);
    }
    return call_each(store, stmt, each, self);
}

err_t store_each_cell(struct store *store, const char *family, void (*each)(void *self, const struct cell_row *row),
                      void *self)
{
    sqlite3_stmt *stmt = store_borrow(store, "select family, day, dims, count, sum, change from cell where ?1 is "
                                             "null or family = ?1 order by family, day, dims");
    db_bind_str(stmt, 1, family);
    err_t err = db_step(stmt);
    while (err == ERR_OK) {
        struct cell_row row = {.family = db_column_str(stmt, 0),
                               .day = sqlite3_column_int64(stmt, 1),
                               .dims = db_column_str(stmt, 2),
                               .count = sqlite3_column_int64(stmt, 3),
                               .sum = sqlite3_column_int64(stmt, 4),
                               .revision = (uint64_t)sqlite3_column_int64(stmt, 5)};
        each(self, &row);
        err = db_step(stmt);
    }
    store_return(store, stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static const char moment_sql[] =
    "select coalesce(max(first_number + stored - 1), 0), coalesce(max(at), 0) from batch where id = (select max(id) "
    "from batch)";

err_t store_look(struct store *store, struct moment *ret_moment)
{
    int64_t done = 0;
    int64_t head = 0;
    *ret_moment = (struct moment){0};
    err_t err = db_exec(store->db, "begin");
    if (err != ERR_OK) {
        return err;
    }
    sqlite3_stmt *get = db_prepare(store->db, moment_sql);
    err = db_step(get);
    if (err == ERR_OK) {
        *ret_moment =
            (struct moment){.number = (uint64_t)sqlite3_column_int64(get, 0), .at = sqlite3_column_int64(get, 1)};
    }
    sqlite3_finalize(get);
    err = err == ERR_OK ? store_head(store, "uplink", 0, &ret_moment->revision) : err;
    err = err == ERR_OK ? store_desk(store, &done, &head) : err;
    ret_moment->batches_behind = head - done;
    if (err != ERR_OK) {
        store_end_look(store);
    }
    return err;
}

void store_end_look(struct store *store)
{
    err_t err = db_exec(store->db, "rollback"); /* nothing was written */
    (void)err;
}
