/* A row of `fact` says what held up to and including a batch; what holds now is in the registry alone. */
#include "hub/store_facts.h"

#include "hub/store_sqlite.h"

#define FACTS_WHERE(moment)                                                                                            \
    "select entity_type, district, batch from fact where party = ?1 and " moment                                       \
    " >= ?2 union all select entity_type, district, 9223372036854775807 from party where row = ?1 order by 3 limit 1"

static const char in_sql[] = FACTS_WHERE("batch");
static const char at_sql[] = FACTS_WHERE("at");
static const char end_sql[] =
    "insert into fact(party, batch, at, entity_type, district) select row, ?2, ?3, entity_type, district from party "
    "where row = ?1 and (entity_type, district) <> (?4, ?5) on conflict do nothing";

static err_t find(struct store *store, const char *sql, int64_t party, int64_t moment, struct facts *ret_facts)
{
    sqlite3_stmt *stmt = store_borrow(store, sql);
    sqlite3_bind_int64(stmt, 1, party);
    sqlite3_bind_int64(stmt, 2, moment);
    err_t err = db_step(stmt);
    if (err == ERR_OK) {
        snprintf(ret_facts->entity_type, sizeof ret_facts->entity_type, "%s", db_column_str(stmt, 0));
        snprintf(ret_facts->district, sizeof ret_facts->district, "%s", db_column_str(stmt, 1));
    }
    store_return(store, stmt);
    return err;
}

err_t store_facts_in(struct store *store, int64_t party, int64_t batch, struct facts *ret_facts)
{
    return find(store, in_sql, party, batch, ret_facts);
}

err_t store_facts_at(struct store *store, int64_t party, int64_t at, struct facts *ret_facts)
{
    return find(store, at_sql, party, at, ret_facts);
}

err_t store_end_facts(struct store *store, int64_t party, const struct facts *next, int64_t batch, int64_t at)
{
    sqlite3_stmt *stmt = store_borrow(store, end_sql);
    sqlite3_bind_int64(stmt, 1, party);
    sqlite3_bind_int64(stmt, 2, batch);
    sqlite3_bind_int64(stmt, 3, at);
    db_bind_str(stmt, 4, next->entity_type);
    db_bind_str(stmt, 5, next->district);
    err_t err = db_run(stmt);
    store_return(store, stmt);
    return err;
}
