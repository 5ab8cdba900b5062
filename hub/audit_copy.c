/* What the audit takes over instead of recounting it: the registry, and the rows of clocks and deliveries. Read through
 * the audited store's own connection, so that all of it is of the one moment that is audited. */
#include "hub/audit_parts.h"

#include <string.h>

#include "hub/store_recount.h"

/* Both stores have been brought to one schema: their columns stand in one order. */
static err_t copy_table(struct audit *audit, const char *table)
{
    char sql[512];
    snprintf(sql, sizeof sql, "select * from %s", table);
    sqlite3_stmt *from = db_prepare(audit->seen->db, sql);
    int columns = sqlite3_column_count(from);
    size_t used = (size_t)snprintf(sql, sizeof sql, "insert into %s values(?", table);
    for (int i = 1; i < columns; i++) {
        used += (size_t)snprintf(sql + used, sizeof sql - used, ",?");
    }
    snprintf(sql + used, sizeof sql - used, ")");
    sqlite3_stmt *to = db_prepare(audit->replay->db, sql);
    err_t err = db_step(from);
    while (err == ERR_OK) {
        for (int i = 0; i < columns; i++) {
            sqlite3_bind_value(to, i + 1, sqlite3_column_value(from, i));
        }
        err = db_run(to);
        err = err == ERR_OK ? db_step(from) : err;
    }
    sqlite3_finalize(from);
    sqlite3_finalize(to);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static err_t copy_tables(struct audit *audit, const char *const *tables, size_t count)
{
    err_t err = ERR_OK;
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        err = copy_table(audit, tables[i]);
    }
    return err;
}

/* An institution's type and district are at first what they were before the first accepted registration that changed
 * them: the others change them again. */
static const char first_facts_sql[] =
    "update party set (entity_type, district) = (select f.entity_type, f.district from fact f where f.party = "
    "party.row "
    "order by f.batch limit 1) where exists (select 1 from fact f where f.party = party.row); delete from fact";

/* With to whom what was sent: an institution that has joined since, or is no more, was another one's addressee then;
 * and who may answer a notice is who has it. */
err_t audit_copy_registry(struct audit *audit)
{
    static const char *const tables[] = {"party", "party_key", "fact", "delivery"};
    err_t err = db_exec(audit->replay->db, "begin");
    err = err == ERR_OK ? copy_tables(audit, tables, sizeof tables / sizeof *tables) : err;
    err = err == ERR_OK ? db_exec(audit->replay->db, first_facts_sql) : err;
    return err == ERR_OK ? db_exec(audit->replay->db, "commit") : err;
}

/* While records were stored anew, they have moved what was sent on from where it stood in the end. */
static const char forget_sql[] = "delete from delivery; delete from clock; delete from reported;"
                                 "delete from cell where family in ('clock', 'completeness', 'notice', 'issued')";

err_t audit_count_duties(struct audit *audit)
{
    static const char *const tables[] = {"delivery", "clock", "reported"};
    err_t err = db_exec(audit->replay->db, "begin");
    err = err == ERR_OK ? db_exec(audit->replay->db, forget_sql) : err;
    err = err == ERR_OK ? copy_tables(audit, tables, sizeof tables / sizeof *tables) : err;
    err = err == ERR_OK ? store_count_duties(audit->replay) : err;
    return err == ERR_OK ? db_exec(audit->replay->db, "commit") : err;
}
