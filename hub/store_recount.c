#include "hub/store_recount.h"

#include <inttypes.h>
#include <string.h>

#include "common/log.h"
#include "hub/store_attached.h"
#include "hub/store_clock.h"
#include "hub/store_delivery.h"
#include "hub/store_put.h"

struct recount {
    struct store *store;
    err_t err;
};

static err_t count_threads(struct store *store)
{
    struct put put = {.store = store};
    struct projection ignored;
    struct thread thread;
    struct cell cell;
    sqlite3_stmt *stmt = db_prepare(store->db, "select party, id from record where root is null");
    err_t err = db_step(stmt);
    while (err == ERR_OK) {
        struct stored root = {.owner = sqlite3_column_int64(stmt, 0)};
        err = db_column_copy(stmt, 1, root.root, RECORD_ID_SIZE) ? thread_load(&put, &root, &thread) : ERR_IO;
        err = err == ERR_OK ? thread_cell(&put, &thread, &cell, &ignored) : err;
        err = err == ERR_OK ? cells_bound(store) : err;
        if (err == ERR_OK) {
            cells_add(store, &cell, 1);
            err = db_step(stmt);
        }
    }
    sqlite3_finalize(stmt);
    sqlite3_reset(store_statement(store, GET_ITEM)); /* of the last content */
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static err_t count_delivery(void *self, const struct delivery *delivery)
{
    struct store *store = self;
    err_t err = cells_bound(store);
    if (err == ERR_OK) {
        store_count_delivery(store, delivery, 1);
    }
    return err;
}

static void count_clock(void *self, const struct clock_row *row)
{
    struct recount *recount = self;
    char period[PERIOD_TEXT_SIZE];
    bool is_zero = false;
    recount->err = recount->err == ERR_OK ? cells_bound(recount->store) : recount->err;
    store_count_clock(recount->store, row, 1);
    if (row->root_size < PERIOD_TEXT_SIZE) {
        snprintf(period, sizeof period, "%.*s", (int)row->root_size, (const char *)row->root);
        int64_t at = store_reported_at(recount->store, row->party.row, row->clock.term->label->code, period, &is_zero);
        store_count_period(recount->store, row, at, is_zero, 1);
    }
}

/* What is as it was keeps its revision; what is gone stays as a cell of nothing, so that the province hears of it. */
static const char set_aside_sql[] =
    "create temp table was(family, day, dims, count, sum, change, primary key(family, day, dims)) without rowid;"
    "insert into was select family, day, dims, count, sum, change from cell; delete from cell";
static const char keep_sql[] =
    "update cell set change = was.change from was where was.family = cell.family and was.day = cell.day and "
    "was.dims = cell.dims and was.count = cell.count and was.sum = cell.sum";
static const char gone_sql[] =
    "insert into cell(family, day, dims, count, sum, change, size) select family, day, dims, 0, 0, iif(count = 0 and "
    "sum = 0, change, ? + row_number() over ()), ? from was where not exists (select 1 from cell c where c.family = "
    "was.family and c.day = was.day and c.dims = "
    "was.dims)";

static err_t keep_revisions(struct store *store)
{
    err_t err = db_exec(store->db, keep_sql);
    if (err != ERR_OK) {
        return err;
    }
    sqlite3_stmt *gone = db_prepare(store->db, gone_sql);
    sqlite3_bind_int64(gone, 1, (int64_t)store->change);
    sqlite3_bind_int64(gone, 2, (int64_t)store->number);
    err = db_run(gone);
    store->change += err == ERR_OK ? (uint64_t)sqlite3_changes(store->db) : 0;
    sqlite3_finalize(gone);
    return err == ERR_OK ? db_exec(store->db, "drop table was") : err;
}

err_t store_count_duties(struct store *store)
{
    struct recount clocks = {store, ERR_OK};
    err_t err = store_every_delivery(store, count_delivery, store);
    err = err == ERR_OK ? store_each_clock(store, NULL, INT64_MAX, true, count_clock, &clocks) : err;
    err = err == ERR_OK ? clocks.err : err;
    return err == ERR_OK ? cells_flush(store) : err;
}

static err_t recount(struct store *store)
{
    err_t err = db_exec(store->db, set_aside_sql);
    err = err == ERR_OK ? count_threads(store) : err;
    err = err == ERR_OK ? store_count_duties(store) : err;
    return err == ERR_OK ? keep_revisions(store) : err;
}

/* The rows of before the facts were kept say what they were made under. */
static const char apply_facts_sql[] =
    "update delivery set entity_type = coalesce((select f.entity_type from fact f where f.party = delivery.party and "
    "f.at >= delivery.at order by f.batch limit 1), entity_type);"
    "update clock set (entity_type, district) = (select f.entity_type, f.district from fact f where f.party = "
    "clock.party and f.at >= clock.started_at order by f.batch limit 1) where exists (select 1 from fact f where "
    "f.party = clock.party and f.at >= clock.started_at)";

static err_t learn_facts(struct store *store)
{
    err_t err = store_learn_facts(store);
    return err == ERR_OK ? db_exec(store->db, apply_facts_sql) : err;
}

static err_t do_once(struct store *store, const char *task, err_t (*work)(struct store *store))
{
    sqlite3_stmt *stmt = db_prepare(store->db, "delete from meta where key = ?");
    db_bind_str(stmt, 1, task);
    err_t err = db_run(stmt);
    bool is_due = err == ERR_OK && sqlite3_changes(store->db) > 0;
    sqlite3_finalize(stmt);
    if (is_due) {
        err = work(store);
    }
    if (is_due && err == ERR_OK && store->number > 0) { /* a new store has nothing to say */
        log_info("migrated", "task=%s revision=%" PRIu64, task, store->change);
    }
    return err;
}

err_t store_finish_migration(struct store *store)
{
    err_t err = store_begin(store);
    err = err == ERR_OK ? do_once(store, "learn_facts", learn_facts) : err;
    err = err == ERR_OK ? do_once(store, "recount", recount) : err;
    err = err == ERR_OK ? do_once(store, "learn_attached", store_learn_attached) : err;
    err = err == ERR_OK ? store_commit(store) : err;
    if (err != ERR_OK) {
        store_rollback(store);
    }
    return err;
}
