#include "hub/store_clock.h"

#include <string.h>

#include "hub/store_sqlite.h"

#define CLOCK_COLUMNS                                                                                                  \
    "c.party, c.owner, c.root, c.term, c.length, c.unit, c.started_at, c.due_at, c.ended_at, c.state, c.done, "        \
    "c.is_drill, coalesce(c.next_at, 9223372036854775807), coalesce(c.activity, ''), c.entity_type, c.district from "  \
    "clock c "

static const char of_sql[] = "select " CLOCK_COLUMNS "where c.party = ? and c.root = ?";
static const char due_sql[] = "select " CLOCK_COLUMNS "where c.next_at <= ? order by c.next_at limit ?";
static const char each_sql[] =
    "select " CLOCK_COLUMNS "where (?1 is null or c.party = (select row from party where party "
    "= ?1)) and c.due_at <= ?2 and (?3 or c.state in (0, 2)) order by c.due_at, c.party";
static const char put_sql[] =
    "insert or replace into clock(party, owner, root, term, length, unit, started_at, due_at, "
    "ended_at, state, done, is_drill, next_at, activity, entity_type, district) "
    "values(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";

void store_count(struct store *store, const char *family, int64_t day, const char *dims, int64_t count)
{
    struct cell cell = {.family = family, .day = day};
    snprintf(cell.dims, sizeof cell.dims, "%s", dims);
    cells_add(store, &cell, count);
}

/* A void clock is counted nowhere, nor is one that only rehearses. */
void store_count_clock(struct store *store, const struct clock_row *row, int64_t count)
{
    char dims[DIMS_SIZE];
    if (row->state == CLOCK_VOID || row->clock.is_drill) {
        return;
    }
    snprintf(dims, sizeof dims, "%s|%s|%s", row->clock.term->label->code, row->facts.entity_type,
             enum_clock_state.labels[row->state].code);
    store_count(store, "clock", day_of(row->clock.due_at, store->settings.utc_offset_minutes), dims, count);
}

/* False when a later version wrote a term that this one does not know, or the row is not what was written. */
static bool read_row(sqlite3_stmt *stmt, struct clock_row *ret_row)
{
    int term = term_find(db_column_str(stmt, 3));
    int state = sqlite3_column_int(stmt, 9);
    int unit = sqlite3_column_int(stmt, 5);
    struct view root = db_column_view(stmt, 2);
    if (term < 0 || state < 0 || state > CLOCK_VOID || unit < 0 || unit >= TERM_UNITS || root.size == 0 ||
        root.size > sizeof ret_row->root) {
        return false;
    }
    *ret_row = (struct clock_row){.party = {.row = sqlite3_column_int64(stmt, 0)},
                                  .owner = sqlite3_column_int64(stmt, 1),
                                  .root_size = root.size,
                                  .state = (enum clock_state)state,
                                  .done = (unsigned)sqlite3_column_int(stmt, 10),
                                  .next_at = sqlite3_column_int64(stmt, 12),
                                  .clock = {.term = &terms[term],
                                            .length = {sqlite3_column_int64(stmt, 4), (enum term_unit)unit},
                                            .started_at = sqlite3_column_int64(stmt, 6),
                                            .due_at = sqlite3_column_int64(stmt, 7),
                                            .ended_at = sqlite3_column_int64(stmt, 8),
                                            .is_drill = sqlite3_column_int(stmt, 11) != 0}};
    ret_row->clock.is_void = ret_row->state == CLOCK_VOID;
    memcpy(ret_row->root, root.at, root.size);
    snprintf(ret_row->activity, sizeof ret_row->activity, "%s", db_column_str(stmt, 13));
    snprintf(ret_row->facts.entity_type, sizeof ret_row->facts.entity_type, "%s", db_column_str(stmt, 14));
    snprintf(ret_row->facts.district, sizeof ret_row->facts.district, "%s", db_column_str(stmt, 15));
    return true;
}

err_t store_clocks_of(struct store *store, const struct party *party, struct view root,
                      struct clock_row ret_rows[TERMS], size_t *ret_count)
{
    sqlite3_stmt *stmt = store_borrow(store, of_sql);
    sqlite3_bind_int64(stmt, 1, party->row);
    db_bind_view(stmt, 2, root);
    *ret_count = 0;
    err_t err = db_step(stmt);
    while (err == ERR_OK && *ret_count < TERMS) {
        if (read_row(stmt, &ret_rows[*ret_count])) {
            ret_rows[(*ret_count)++].party = *party;
        }
        err = db_step(stmt);
    }
    store_return(store, stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static err_t set_facts(struct store *store, const struct clock_row *old, struct clock_row *row)
{
    if (old && old->clock.started_at == row->clock.started_at) {
        row->facts = old->facts;
        return ERR_OK;
    }
    return store_facts_at(store, row->party.row, row->clock.started_at, &row->facts);
}

err_t store_put_clock(struct store *store, const struct clock_row *old, struct clock_row *row)
{
    err_t err = set_facts(store, old, row);
    if (err != ERR_OK) {
        return err;
    }
    sqlite3_stmt *stmt = store_borrow(store, put_sql);
    sqlite3_bind_int64(stmt, 1, row->party.row);
    sqlite3_bind_int64(stmt, 2, row->owner);
    db_bind_view(stmt, 3, (struct view){row->root, row->root_size});
    sqlite3_bind_text(stmt, 4, row->clock.term->label->code, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 5, row->clock.length.number);
    sqlite3_bind_int(stmt, 6, (int)row->clock.length.unit);
    sqlite3_bind_int64(stmt, 7, row->clock.started_at);
    sqlite3_bind_int64(stmt, 8, row->clock.due_at);
    sqlite3_bind_int64(stmt, 9, row->clock.ended_at);
    sqlite3_bind_int(stmt, 10, (int)row->state);
    sqlite3_bind_int(stmt, 11, (int)row->done);
    sqlite3_bind_int(stmt, 12, row->clock.is_drill);
    if (row->next_at != INT64_MAX) {
        sqlite3_bind_int64(stmt, 13, row->next_at);
    }
    if (*row->activity) {
        db_bind_str(stmt, 14, row->activity);
    }
    db_bind_str(stmt, 15, row->facts.entity_type);
    db_bind_str(stmt, 16, row->facts.district);
    err = db_run(stmt);
    store_return(store, stmt);
    if (err == ERR_OK) {
        if (old) {
            store_count_clock(store, old, -1);
        }
        store_count_clock(store, row, 1);
    }
    return err;
}

err_t store_clocks_due(struct store *store, int64_t now, struct clock_row *ret_rows, size_t max, size_t *ret_count)
{
    sqlite3_stmt *stmt = store_borrow(store, due_sql);
    sqlite3_bind_int64(stmt, 1, now);
    sqlite3_bind_int64(stmt, 2, (int64_t)max);
    *ret_count = 0;
    err_t err = db_step(stmt);
    while (err == ERR_OK && *ret_count < max) {
        *ret_count += read_row(stmt, &ret_rows[*ret_count]);
        err = db_step(stmt);
    }
    store_return(store, stmt);
    err = err == ERR_NOT_FOUND ? ERR_OK : err;
    for (size_t i = 0; i < *ret_count && err == ERR_OK; i++) {
        err = store_party_at(store, ret_rows[i].party.row, &ret_rows[i].party);
    }
    return err;
}

err_t store_roots_of_activity(struct store *store, int64_t party, const char *activity, struct view after,
                              uint8_t (*ret_roots)[RECORD_ID_SIZE], size_t max, size_t *ret_count)
{
    sqlite3_stmt *stmt =
        store_borrow(store, "select distinct root from clock where party = ? and activity = ? and root > "
                            "? and length(root) = 16 order by root limit ?");
    sqlite3_bind_int64(stmt, 1, party);
    db_bind_str(stmt, 2, activity);
    db_bind_view(stmt, 3, after);
    sqlite3_bind_int64(stmt, 4, (int64_t)max);
    *ret_count = 0;
    err_t err = db_step(stmt);
    while (err == ERR_OK && *ret_count < max) {
        *ret_count += db_column_copy(stmt, 0, ret_roots[*ret_count], RECORD_ID_SIZE);
        err = db_step(stmt);
    }
    store_return(store, stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

err_t store_each_clock(struct store *store, const char *party, int64_t upto, bool with_ended,
                       void (*each)(void *self, const struct clock_row *row), void *self)
{
    sqlite3_stmt *stmt = store_borrow(store, each_sql);
    db_bind_str(stmt, 1, party);
    sqlite3_bind_int64(stmt, 2, upto);
    sqlite3_bind_int(stmt, 3, with_ended);
    err_t err = db_step(stmt);
    while (err == ERR_OK) {
        struct clock_row row;
        if (read_row(stmt, &row)) {
            err = store_party_at(store, row.party.row, &row.party);
            if (err == ERR_OK) {
                each(self, &row);
            }
        }
        err = err == ERR_OK ? db_step(stmt) : err;
    }
    store_return(store, stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* ---- what other records tell of a case ---- */

err_t store_note_follow_up(struct store *store, const char *activity, uint64_t number, const struct mention *mention)
{
    sqlite3_stmt *stmt = store_borrow(
        store, "insert or replace into follow_up(party, activity, number, moment, root) values(?,?,?,?,?)");
    sqlite3_bind_int64(stmt, 1, mention->owner);
    db_bind_str(stmt, 2, activity);
    sqlite3_bind_int64(stmt, 3, (int64_t)number);
    sqlite3_bind_int64(stmt, 4, mention->at);
    db_bind_view(stmt, 5, (struct view){mention->root, RECORD_ID_SIZE});
    err_t err = db_run(stmt);
    store_return(store, stmt);
    return err;
}

static err_t read_mentions(struct store *store, sqlite3_stmt *stmt,
                           err_t (*each)(void *self, const struct mention *mention), void *self)
{
    err_t err = db_step(stmt);
    while (err == ERR_OK) {
        struct mention mention = {.owner = sqlite3_column_int64(stmt, 0), .at = sqlite3_column_int64(stmt, 2)};
        err = db_column_copy(stmt, 1, mention.root, RECORD_ID_SIZE) ? each(self, &mention) : ERR_IO;
        err = err == ERR_OK ? db_step(stmt) : err;
    }
    store_return(store, stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

err_t store_each_follow_up(struct store *store, int64_t party, const char *activity, uint64_t number,
                           err_t (*each)(void *self, const struct mention *mention), void *self)
{
    sqlite3_stmt *stmt = store_borrow(store, "select party, root, moment from follow_up where party = ? and activity = "
                                             "? and number > ? and length(root) = 16 order by number");
    sqlite3_bind_int64(stmt, 1, party);
    db_bind_str(stmt, 2, activity);
    sqlite3_bind_int64(stmt, 3, (int64_t)number);
    return read_mentions(store, stmt, each, self);
}

err_t store_each_link(struct store *store, int64_t party, const uint8_t root[RECORD_ID_SIZE],
                      err_t (*each)(void *self, const struct mention *mention), void *self)
{
    sqlite3_stmt *stmt = store_borrow(
        store, "select coalesce(r.owner, r.party), coalesce(r.root, r.id), l.at from link l join record r on r.id = "
               "l.linked and r.party = l.linked_party where l.party = ? and l.id = ? order by l.at, r.number");
    sqlite3_bind_int64(stmt, 1, party);
    db_bind_view(stmt, 2, (struct view){root, RECORD_ID_SIZE});
    return read_mentions(store, stmt, each, self);
}

static int64_t one_number(struct store *store, sqlite3_stmt *stmt)
{
    int64_t number = db_step(stmt) == ERR_OK ? sqlite3_column_int64(stmt, 0) : 0;
    store_return(store, stmt);
    return number;
}

int64_t store_joined_at(struct store *store, int64_t party)
{
    sqlite3_stmt *stmt = db_prepare(store->db, "select min(used_at) from invitation where party = ?");
    sqlite3_bind_int64(stmt, 1, party);
    return one_number(store, stmt);
}
