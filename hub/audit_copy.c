/* What the audit takes over instead of recounting it: the registry, and the rows of clocks and deliveries. Read through
 * the audited store's own connection, so that all of it is of the one moment that is audited. */
#include "hub/audit_parts.h"

#include <string.h>

#include "common/text.h"
#include "hub/store_clock.h"
#include "hub/store_recount.h"
#include "proto/kinds.h"

static int place_of(sqlite3_stmt *row, const char *column)
{
    int i = sqlite3_column_count(row) - 1;
    while (i > 0 && strcmp(sqlite3_column_name(row, i), column) != 0) {
        i--;
    }
    return i;
}

static bool is_number(sqlite3_stmt *row, const char *column, int64_t count)
{
    int64_t number = sqlite3_column_int64(row, place_of(row, column));
    return number >= 0 && number < count;
}

static bool is_party(sqlite3_stmt *row)
{
    return role_find(db_column_str(row, place_of(row, "role"))) >= 0;
}

static bool is_key(sqlite3_stmt *row)
{
    struct signing_key key;
    return db_column_view(row, place_of(row, "curve_key")).size == KEY_SIZE &&
           signing_key_take(db_column_view(row, place_of(row, "signing_key")), &key) == ERR_OK;
}

static bool is_delivery(sqlite3_stmt *row)
{
    return db_column_view(row, place_of(row, "root")).size == RECORD_ID_SIZE;
}

static bool is_clock(sqlite3_stmt *row)
{
    size_t size = db_column_view(row, place_of(row, "root")).size;
    return term_find(db_column_str(row, place_of(row, "term"))) >= 0 && is_number(row, "state", CLOCK_VOID + 1) &&
           is_number(row, "unit", TERM_UNITS) && size > 0 && size <= RECORD_ID_SIZE;
}

/* Tables, and what the hub takes for granted of their rows when it reads them. */
static const struct copied {
    const char *table;
    bool (*is_readable)(sqlite3_stmt *row); /* NULL: whatever stands in it can be read */
} registry[] = {{"party", is_party}, {"party_key", is_key}, {"fact", NULL}, {"delivery", is_delivery}},
  duties[] = {{"delivery", is_delivery}, {"clock", is_clock}, {"reported", NULL}};

static void say_unreadable(struct audit *audit, const char *table, sqlite3_stmt *row)
{
    char subject[160];
    size_t used = (size_t)snprintf(subject, sizeof subject, "%s", table);
    for (int i = 0; i < 3; i++) {
        struct view bytes = db_column_view(row, i);
        if (sqlite3_column_type(row, i) != SQLITE_BLOB) {
            used += (size_t)snprintf(subject + used, sizeof subject - used, " %.40s", db_column_str(row, i));
            continue;
        }
        used += (size_t)snprintf(subject + used, sizeof subject - used, " ");
        for (size_t k = 0; k < bytes.size && k < RECORD_ID_SIZE; k++) {
            used += (size_t)snprintf(subject + used, sizeof subject - used, "%02x", bytes.at[k]);
        }
    }
    audit_say(audit, "row_unreadable", subject,
              tr("not what the hub has written; it is left out", "并非枢纽写入的内容，未予计入"));
}

/* Both stores have been brought to one schema: their columns stand in one order. */
static err_t copy_table(struct audit *audit, const struct copied *copied)
{
    char sql[512];
    snprintf(sql, sizeof sql, "select * from %s", copied->table);
    sqlite3_stmt *from = db_prepare(audit->seen->db, sql);
    int columns = sqlite3_column_count(from);
    size_t used = (size_t)snprintf(sql, sizeof sql, "insert into %s values(?", copied->table);
    for (int i = 1; i < columns; i++) {
        used += (size_t)snprintf(sql + used, sizeof sql - used, ",?");
    }
    snprintf(sql + used, sizeof sql - used, ")");
    sqlite3_stmt *to = db_prepare(audit->replay->db, sql);
    err_t err = ERR_OK;
    while (err == ERR_OK && (err = db_step(from)) == ERR_OK) {
        if (copied->is_readable && !copied->is_readable(from)) {
            say_unreadable(audit, copied->table, from);
            continue;
        }
        for (int i = 0; i < columns; i++) {
            sqlite3_bind_value(to, i + 1, sqlite3_column_value(from, i));
        }
        err = db_run(to);
    }
    sqlite3_finalize(from);
    sqlite3_finalize(to);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static err_t copy_tables(struct audit *audit, const struct copied *tables, size_t count)
{
    err_t err = ERR_OK;
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        err = copy_table(audit, &tables[i]);
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
    err_t err = db_exec(audit->replay->db, "begin");
    err = err == ERR_OK ? copy_tables(audit, registry, sizeof registry / sizeof *registry) : err;
    err = err == ERR_OK ? db_exec(audit->replay->db, first_facts_sql) : err;
    return err == ERR_OK ? db_exec(audit->replay->db, "commit") : err;
}

/* While records were stored anew, they have moved what was sent on from where it stood in the end. */
static const char forget_sql[] = "delete from delivery; delete from clock; delete from reported;"
                                 "delete from cell where family in ('clock', 'completeness', 'notice', 'issued')";

err_t audit_count_duties(struct audit *audit)
{
    err_t err = db_exec(audit->replay->db, "begin");
    err = err == ERR_OK ? db_exec(audit->replay->db, forget_sql) : err;
    err = err == ERR_OK ? copy_tables(audit, duties, sizeof duties / sizeof *duties) : err;
    err = err == ERR_OK ? store_count_duties(audit->replay) : err;
    return err == ERR_OK ? db_exec(audit->replay->db, "commit") : err;
}
