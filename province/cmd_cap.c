/* cap: warnings that came up, as messages of the Common Alerting Protocol. */
#include <stdlib.h>
#include <string.h>

#include "common/cap.h"
#include "common/mem.h"
#include "common/text.h"
#include "province/commands.h"
#include "province/look.h"

/* Every record with the id ?1; the replica holds what the cities let go alone. ?2 city. */
static const char record_sql[] = "select w.record, w.entity_name, w.hub, w.thread, w.cursor from warning w"
                                 " join member h on h.hub = w.hub and h.shown = w.generation"
                                 " where w.id = ?1 and (?2 is null or h.city = ?2) order by w.hub, w.cursor";

/* What came before it in its thread. ?1 hub, ?2 thread, ?3 cursor. */
static const char earlier_sql[] = "select w.id, w.record from warning w"
                                  " join member h on h.hub = w.hub and h.shown = w.generation"
                                  " where w.hub = ?1 and w.thread = ?2 and w.cursor < ?3 order by w.cursor";

static err_t read_earlier(struct look *look, sqlite3_stmt *row, struct cap_earlier *ret_list, size_t *ret_count)
{
    sqlite3_stmt *stmt = db_prepare(look->db, earlier_sql);
    sqlite3_bind_int64(stmt, 1, sqlite3_column_int64(row, 2));
    db_bind_view(stmt, 2, db_column_view(row, 3));
    sqlite3_bind_int64(stmt, 3, sqlite3_column_int64(row, 4));
    err_t err = db_step(stmt);
    while (err == ERR_OK) {
        struct view id = db_column_view(stmt, 0);
        if (id.size == RECORD_ID_SIZE) {
            cap_add_earlier(ret_list, ret_count, id.at, db_column_view(stmt, 1));
        }
        err = db_step(stmt);
    }
    sqlite3_finalize(stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* ROW stands on the record. A name that the city withheld is not in the replica: the message names its issuer. */
static err_t write_message(struct look *look, sqlite3_stmt *row, char **ret_xml, char reterr_reason[256])
{
    struct cap_earlier *earlier = mem_alloc(CAP_REFERENCES_MAX * sizeof *earlier);
    struct cap_order order = {.sender = look->settings.cap_sender,
                              .sender_name = (const char *)sqlite3_column_text(row, 1),
                              .issuer_name = look->settings.name,
                              .utc_offset_minutes = (int)look->settings.utc_offset_minutes,
                              .earlier = earlier};
    err_t err = read_earlier(look, row, earlier, &order.earlier_count);
    if (err == ERR_OK) {
        err = cap_write(db_column_view(row, 0), &order, ret_xml, reterr_reason);
    } else {
        snprintf(reterr_reason, 256, "%s", err_text(err));
    }
    free(earlier);
    return err;
}

/* A warning that the province files itself is the same record in every city; any other has one city. */
static bool is_same_record(sqlite3_stmt *row, struct view first)
{
    err_t err = db_step(row);
    while (err == ERR_OK) {
        struct view record = db_column_view(row, 0);
        if (record.size != first.size || memcmp(record.at, first.at, first.size) != 0) {
            return false;
        }
        err = db_step(row);
    }
    return err == ERR_NOT_FOUND;
}

static bool write_one(struct look *look, sqlite3_stmt *row, const uint8_t id[RECORD_ID_SIZE],
                      const struct arguments *arguments, char reterr_reason[512])
{
    char *xml = NULL;
    if (db_step(row) != ERR_OK) {
        snprintf(reterr_reason, 512, "%s",
                 tr("no such warning was passed up (agn-province warnings lists them)",
                    "没有上报该预警（见 agn-province warnings）"));
        return false;
    }
    err_t err = write_message(look, row, &xml, reterr_reason);
    struct view record = db_column_view(row, 0);
    uint8_t *first = (uint8_t *)mem_copy(record.at, record.size);
    if (err == ERR_OK && !is_same_record(row, (struct view){first, record.size})) {
        snprintf(
            reterr_reason, 512, "%s",
            tr("two records have this id; name the city with --city", "有两条记录使用同一编号；请用 --city 指明城市"));
        err = ERR_INVALID;
    }
    err = err == ERR_OK ? cap_save(xml, id, arguments->out, arguments->operand_count > 1, reterr_reason) : err;
    free(first);
    free(xml);
    return err == ERR_OK;
}

static bool export_one(struct look *look, const struct arguments *arguments, const char *text)
{
    uint8_t id[RECORD_ID_SIZE];
    char reason[512];
    if (record_id_parse(text, id) != ERR_OK) {
        complain(tr("%s: expected a record's id (UUID)", "%s：应为记录编号（UUID）"), text);
        return false;
    }
    sqlite3_stmt *row = db_prepare(look->db, record_sql);
    db_bind_view(row, 1, (struct view){id, RECORD_ID_SIZE});
    db_bind_str(row, 2, arguments->city);
    bool is_written = write_one(look, row, id, arguments, reason);
    sqlite3_finalize(row);
    if (!is_written) {
        complain("%s: %s", text, reason);
    }
    return is_written;
}

int cmd_cap(const struct home *home, const struct arguments *arguments)
{
    struct look look;
    bool is_done = true;
    if (arguments->operand_count == 0 || (arguments->operand_count > 1 && !arguments->out)) {
        complain(tr("cap takes the id of a warning; several need --out FOLDER",
                    "cap 需要预警编号；导出多条消息需要 --out 文件夹"));
        return EXIT_USAGE;
    }
    if (!look_open(home, &look)) {
        return EXIT_REFUSED;
    }
    for (int i = 0; i < arguments->operand_count; i++) {
        is_done = export_one(&look, arguments, arguments->operands[i]) && is_done;
    }
    look_close(&look);
    return is_done ? EXIT_DONE : EXIT_REFUSED;
}
