#include "province/tally.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "proto/record.h"

enum { SQL_SIZE = 4096, DAY_HOURS = 24, HOUR = 3600000 };

/* part(dims, n): the n-th of the codes joined by '|'. */
static void part(sqlite3_context *context, int count, sqlite3_value **values)
{
    assert(count == 2);
    const char *at = (const char *)sqlite3_value_text(values[0]);
    for (int n = sqlite3_value_int(values[1]); at && n > 0; n--) {
        at = strchr(at, '|');
        at = at ? at + 1 : NULL;
    }
    if (at) {
        sqlite3_result_text(context, at, (int)strcspn(at, "|"), SQLITE_TRANSIENT);
    }
}

/* ?1 family, ?2 first hour of the change, ?3 and ?4 days, ?5 city, ?6 status, ?7 the status's place in the dims. */
static const char source[] =
    " from (select h.city as city, h.name as name, c.day as day, c.dims as dims, c.count as count, c.sum as total,"
    " 0 as delta, c.size as size from member h join cell c on c.hub = h.hub and c.generation = h.shown where c.family "
    "= ?1"
    " union all select h.city, h.name, j.day, j.dims, 0, 0, j.delta, 0 from member h join change j on j.hub = h.hub"
    " where j.family = ?1 and j.hour > ?2)"
    " where day between ?3 and ?4 and (?5 is null or city = ?5) and (?6 is null or part(dims, ?7) = ?6)";

/* Only our own names and numbers enter the SQL. */
static void add_expression(const struct tally_query *query, size_t index, char *sql, size_t *used)
{
    const struct dimension *dimension = query->by[index];
    int place = dimension_place(dimension, query->family);
    if (place >= 0) {
        *used += (size_t)snprintf(sql + *used, SQL_SIZE - *used, "part(dims, %d)", place);
    } else {
        *used += (size_t)snprintf(sql + *used, SQL_SIZE - *used, "%s", dimension->key);
    }
}

static void add_list(const struct tally_query *query, const char *head, bool is_order, char *sql, size_t *used)
{
    for (size_t i = 0; i < query->by_count; i++) {
        *used += (size_t)snprintf(sql + *used, SQL_SIZE - *used, "%s", i ? ", " : head);
        add_expression(query, i, sql, used);
        bool is_day = strcmp(query->by[i]->key, "day") == 0;
        *used += (size_t)snprintf(sql + *used, SQL_SIZE - *used, "%s", is_order && is_day ? " desc" : "");
    }
}

static sqlite3_stmt *prepare(sqlite3 *db, const struct tally_query *query, const char *sql)
{
    sqlite3_create_function(db, "part", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, part, NULL, NULL);
    sqlite3_stmt *stmt = db_prepare(db, sql);
    const struct dimension *status = dimension_find("status");
    int place = dimension_place(status, query->family);
    db_bind_str(stmt, 1, query->family->name);
    sqlite3_bind_int64(stmt, 2, query->now / HOUR - DAY_HOURS);
    sqlite3_bind_int64(stmt, 3, query->from);
    sqlite3_bind_int64(stmt, 4, query->to);
    db_bind_str(stmt, 5, query->city);
    db_bind_str(stmt, 6, place >= 0 ? query->status : NULL);
    sqlite3_bind_int(stmt, 7, place);
    return stmt;
}

static void read_row(sqlite3_stmt *stmt, const struct tally_query *query, char dates[BY_MAX][11],
                     struct tally_row *ret_row)
{
    int at = 0;
    memset(ret_row, 0, sizeof *ret_row);
    for (; at < (int)query->by_count; at++) {
        ret_row->values[at] = db_column_str(stmt, at);
        if (strcmp(query->by[at]->key, "day") == 0) {
            date_text(sqlite3_column_int64(stmt, at), dates[at]);
            ret_row->values[at] = dates[at];
        }
    }
    ret_row->count = sqlite3_column_int64(stmt, at);
    ret_row->sum = sqlite3_column_int64(stmt, at + 1);
    ret_row->change = sqlite3_column_int64(stmt, at + 2);
    ret_row->size = sqlite3_column_int64(stmt, at + 3);
    ret_row->city_name = db_column_str(stmt, at + 4);
}

err_t tally_each(sqlite3 *db, const struct tally_query *query, void (*each)(void *self, const struct tally_row *row),
                 void *self)
{
    char sql[SQL_SIZE];
    char dates[BY_MAX][11];
    size_t used = (size_t)snprintf(sql, sizeof sql, "select ");
    assert(query->by_count <= BY_MAX);
    add_list(query, "", false, sql, &used);
    used +=
        (size_t)snprintf(sql + used, sizeof sql - used, "%ssum(count), sum(total), sum(delta), max(size), max(name)%s",
                         query->by_count ? ", " : "", source);
    add_list(query, " group by ", false, sql, &used);
    used += (size_t)snprintf(sql + used, sizeof sql - used, "%s having sum(count) <> 0",
                             query->by_count ? "" : " group by null");
    add_list(query, " order by ", true, sql, &used);
    assert(used < sizeof sql);
    sqlite3_stmt *stmt = prepare(db, query, sql);
    err_t err = db_step(stmt);
    while (err == ERR_OK) {
        struct tally_row row;
        read_row(stmt, query, dates, &row);
        each(self, &row);
        err = db_step(stmt);
    }
    sqlite3_finalize(stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

err_t tally_changed(sqlite3 *db, const struct tally_query *query, int64_t *ret_cells)
{
    static const char sql[] =
        "select count(*) from (select distinct hub, day, dims from change j where j.family = ?1 and j.hour > ?2"
        " and day between ?3 and ?4 and (?6 is null or part(dims, ?7) = ?6)"
        " and hub in (select hub from member where ?5 is null or city = ?5))";
    sqlite3_stmt *stmt = prepare(db, query, sql);
    err_t err = db_step(stmt);
    *ret_cells = err == ERR_OK ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_finalize(stmt);
    return err;
}
