#include "hub/audit_parts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "hub/store_ledger.h"

/* Of one kind: one who has changed everything need not be told of each. */
enum { LISTED_MAX = 1000 };

static int is_ended(void *self)
{
    const struct audit_order *order = self;
    return order->is_ended && *order->is_ended;
}

/* How many of the code there are with this one. */
static uint64_t tally(struct audit *audit, const char *code)
{
    size_t i = 0;
    while (i < AUDIT_CODES - 1 && audit->tallies[i].code && strcmp(audit->tallies[i].code, code) != 0) {
        i++;
    }
    audit->tallies[i].code = code;
    return ++audit->tallies[i].count;
}

void audit_say(struct audit *audit, const char *code, const char *subject, const char *format, ...)
{
    struct finding finding = {.code = code};
    va_list args;
    audit->sums.findings++;
    if (is_ended((void *)audit->order)) {
        return; /* what cannot be read any more is not what was changed */
    }
    if (tally(audit, code) > LISTED_MAX) {
        return;
    }
    va_start(args, format);
    vsnprintf(finding.detail, sizeof finding.detail, format, args);
    va_end(args);
    snprintf(finding.subject, sizeof finding.subject, "%s", subject);
    audit->order->on_finding(audit->order->self, &finding);
}

static void say_unlisted(const struct audit *audit)
{
    for (size_t i = 0; i < AUDIT_CODES && audit->tallies[i].code; i++) {
        struct finding finding = {.code = audit->tallies[i].code, .subject = "…"};
        if (audit->tallies[i].count > LISTED_MAX) {
            snprintf(finding.detail, sizeof finding.detail,
                     tr("%" PRIu64 " more that are not listed", "另有 %" PRIu64 " 处未列出"),
                     audit->tallies[i].count - LISTED_MAX);
            audit->order->on_finding(audit->order->self, &finding);
        }
    }
}

static const char batches_sql[] = "select id, party, at, first_number, stored, hashes, signing_key, signature, bytes "
                                  "from batch order by id";

static struct batch_row read_batch(sqlite3_stmt *stmt)
{
    return (struct batch_row){.id = sqlite3_column_int64(stmt, 0),
                              .party = sqlite3_column_int64(stmt, 1),
                              .at = sqlite3_column_int64(stmt, 2),
                              .first_number = (uint64_t)sqlite3_column_int64(stmt, 3),
                              .stored = (uint64_t)sqlite3_column_int64(stmt, 4),
                              .hashes = db_column_view(stmt, 5),
                              .signing_key = db_column_view(stmt, 6),
                              .signature = db_column_view(stmt, 7),
                              .bytes = db_column_view(stmt, 8)};
}

static err_t replay(struct audit *audit)
{
    struct heads heads;
    sqlite3_stmt *batch = db_prepare(audit->seen->db, batches_sql);
    err_t err = heads_open(audit, &heads);
    err = err == ERR_OK ? store_begin(audit->replay) : err;
    err = err == ERR_OK ? db_step(batch) : err;
    while (err == ERR_OK) {
        struct batch_row row = read_batch(batch);
        heads_check_time(&heads, &row);
        err = audit_batch(audit, &row);
        err = err == ERR_OK ? heads_meet(&heads) : err;
        err = err == ERR_OK && is_ended((void *)audit->order) ? ERR_BUSY : err;
        err = err == ERR_OK ? db_step(batch) : err;
    }
    err = err == ERR_NOT_FOUND ? heads_meet_rest(&heads) : err;
    err = err == ERR_OK ? store_commit(audit->replay) : err;
    sqlite3_finalize(batch);
    heads_close(&heads);
    return err;
}

static void find_city(struct audit *audit)
{
    sqlite3_stmt *city = db_prepare(audit->seen->db, "select row from party where role = 'city'");
    if (db_step(city) == ERR_OK) {
        audit->seen->city_row = sqlite3_column_int64(city, 0);
        store_set_city(audit->replay, audit->seen->city_row);
    }
    sqlite3_finalize(city);
}

/* What is sorted goes to files beside the scratch store: it may be more than fits into memory. That one need not
 * outlive the audit, and waits for no disk. */
static err_t set_up(struct audit *audit)
{
    if (setenv("SQLITE_TMPDIR", audit->order->scratch->path, 1) != 0) {
        return ERR_IO;
    }
    enum { STEPS = 100000 }; /* some milliseconds */
    sqlite3_progress_handler(audit->seen->db, STEPS, is_ended, (void *)audit->order);
    sqlite3_progress_handler(audit->replay->db, STEPS, is_ended, (void *)audit->order);
    err_t err = db_exec(audit->seen->db, "pragma temp_store=file");
    return err == ERR_OK ? db_exec(audit->replay->db, "pragma temp_store=file; pragma synchronous=off") : err;
}

static err_t audit_stores(struct audit *audit)
{
    struct moment moment;
    err_t err = set_up(audit);
    err = err == ERR_OK ? store_look(audit->seen, &moment) : err;
    if (err != ERR_OK) {
        return err;
    }
    audit->ledger = tiles_open(audit->seen->db, audit->seen->settings.suite);
    err = audit_copy_registry(audit);
    find_city(audit);
    err = err == ERR_OK ? audit_begin_acts(audit) : err;
    err = err == ERR_OK ? replay(audit) : err;
    err = err == ERR_OK ? audit_count_duties(audit) : err;
    err = err == ERR_OK ? audit_compare(audit) : err;
    tiles_close(audit->ledger);
    store_end_look(audit->seen);
    say_unlisted(audit);
    return err;
}

err_t audit_run(const struct audit_order *order, struct audit_sums *ret_sums, char reterr_reason[256])
{
    struct audit audit = {.order = order};
    err_t err = store_open(order->home, false, order->settings, &audit.seen, reterr_reason);
    err = err == ERR_OK ? store_open(order->scratch, true, order->settings, &audit.replay, reterr_reason) : err;
    if (err == ERR_OK) {
        err = audit_stores(&audit);
        snprintf(reterr_reason, 256, "%s", err == ERR_OK ? "" : err_text(err));
    }
    store_close(audit.replay);
    store_close(audit.seen);
    *ret_sums = audit.sums;
    return err;
}
