#include "hub/report_lists.h"

#include <czmq.h>

#include "common/text.h"
#include "hub/store_clock.h"
#include "proto/kinds.h"
#include "proto/rights.h"

enum { GRAVE_LEVEL = 2 };

struct listing {
    struct report *report;
    struct store *store;
    struct report_table *table;
    int utc_offset_minutes;
    int64_t first, last; /* days */
    zhashx_t *seen;      /* warnings whose content has been looked at: WITHHELD, or the report; borrows nothing */
    bool is_reporting;   /* of clocks: the periodic reports, or all the others */
};

static struct report_table *begin_list(struct report_section *section, const char *key, const char *heading,
                                       const char *note)
{
    struct report_table *table = &section->tables[section->table_count++];
    *table = (struct report_table){.key = key, .heading = heading, .note = note, .is_list = true};
    return table;
}

enum { LOOSE, TIGHT };

static void add_column(struct report_table *table, bool is_tight, const char *heading)
{
    table->is_tight[table->column_count] = is_tight;
    table->columns[table->column_count++] = heading;
}

static void set_text(struct report_row *row, size_t column, const char *text)
{
    row->cells[column] = (struct report_cell){.form = *text ? REPORT_TEXT : REPORT_NONE, .text = text};
}

static const char *keep_label(struct report *report, const char *enumeration, const char *code)
{
    return report_keep(report, "%s", enumeration_label(enumeration_find(enumeration), code, report->is_chinese));
}

static const char *keep_time(struct listing *listing, int64_t at)
{
    char text[20];
    local_time_text(at, listing->utc_offset_minutes, text);
    return report_keep(listing->report, "%.16s", text); /* to the minute */
}

static const char *keep_value(struct report *report, const struct record *record, const char *key)
{
    const struct value *value = record_get(record, key);
    return value ? report_keep(report, "%.*s", (int)value->view.size, (const char *)value->view.at) : "";
}

/* ---- grave warnings ---- */

static const char *const unnamed[] = {"(withheld at the reporter's request)", "（按报送单位要求不列名）"};
#define WITHHELD ((void *)unnamed)

enum { THREAD_SIZE = RECORD_PARTY_SIZE + 38 };
static void thread_name(const char *owner, const uint8_t root[RECORD_ID_SIZE], char ret_name[THREAD_SIZE])
{
    char id[37];
    record_id_text(root, id);
    snprintf(ret_name, THREAD_SIZE, "%s %s", owner, id);
}

/* Whose warning it is; an authority may have filed the record that counts. */
static const char *keep_reporter(struct listing *listing, const struct record_row *row, const struct record *record)
{
    struct party owner;
    if (rights_hides_reporter(record)) {
        return report_say(listing->report, unnamed[0], unnamed[1]);
    }
    err_t err = store_find_party(listing->store, row->owner, &owner);
    return report_keep(listing->report, "%s", err == ERR_OK ? owner.name : row->owner);
}

static void list_warning(struct listing *listing, const struct record_row *row, const struct record *record,
                         const struct projection *projection)
{
    struct report *report = listing->report;
    const struct value *discovered = record_get(record, "discovered_at");
    struct report_row *line = report_add_row(listing->table);
    char id[37];
    record_id_text(row->root, id);
    line->code = report_keep(report, "%d", projection->level);
    set_text(line, 0, keep_label(report, "level", line->code));
    set_text(line, 1, keep_time(listing, discovered ? discovered->number : row->at));
    set_text(line, 2, keep_reporter(listing, row, record));
    set_text(line, 3, keep_value(report, record, "headline"));
    set_text(line, 4, keep_label(report, "sector", enum_sector.labels[projection->sector].code));
    set_text(line, 5, keep_label(report, "warning_state", row->state));
    set_text(line, 6, report_keep(report, "%s", id));
}

/* Newest first: the first record of a thread that carries its content is the one that counts. */
static void look_at_warning(void *self, const struct record_row *row)
{
    struct listing *listing = self;
    struct record record;
    struct projection projection;
    struct faults ignored = {0};
    struct record_context context = {.now_ms = row->at, .utc_offset_minutes = listing->utc_offset_minutes};
    char thread[THREAD_SIZE];
    thread_name(row->owner, row->root, thread);
    if (zhashx_lookup(listing->seen, thread)) {
        return;
    }
    err_t checked = record_check(row->bytes, &context, &record, &ignored);
    if (checked != ERR_OK && !record.kind) {
        return; /* checked when it was stored */
    }
    project_record(&record, listing->utc_offset_minutes, &projection);
    if (projection.action != ACTION_RAISE && projection.action != ACTION_UPDATE) {
        return;
    }
    zhashx_insert(listing->seen, thread, rights_hides_reporter(&record) ? WITHHELD : listing->report);
    const struct value *status = record_get(&record, "status");
    bool is_actual = status && status->number == STATUS_ACTUAL && !projection.is_rehearsal;
    bool is_grave = projection.level >= 1 && projection.level <= GRAVE_LEVEL;
    if (is_actual && is_grave && projection.day >= listing->first && projection.day <= listing->last) {
        list_warning(listing, row, &record, &projection);
    }
}

static err_t add_grave(struct listing *listing, struct report_section *section)
{
    const struct report *report = listing->report;
    struct record_filter filter = {
        .kind = kind_by_number(KIND_RISK_WARNING), .sector = -1, .level = -1, .from = INT64_MIN, .to = INT64_MAX};
    listing->table = begin_list(section, "grave_warnings",
                                report_say(report, "Actual warnings of level 1 and 2", "特别重大、重大预警（实际）"),
                                report_say(report, "By last receipt, newest first.", "按最近一次报送时间倒序。"));
    listing->table->has_levels = true;
    add_column(listing->table, TIGHT, report_say(report, "Level", "级别"));
    add_column(listing->table, TIGHT, report_say(report, "Discovered", "发现时间"));
    add_column(listing->table, LOOSE, report_say(report, "Reported by", "报送单位"));
    add_column(listing->table, LOOSE, report_say(report, "Headline", "标题"));
    add_column(listing->table, LOOSE, report_say(report, "Sector", "领域"));
    add_column(listing->table, TIGHT, report_say(report, "State", "状态"));
    add_column(listing->table, TIGHT, report_say(report, "Record", "记录编号"));
    return store_each_record(listing->store, &filter, look_at_warning, listing);
}

/* ---- clocks that ran out ---- */

/* The period that a clock is about; false: it is about a record. */
static bool period_of(const struct clock_row *row, struct period *ret_period)
{
    return row->root_size < RECORD_ID_SIZE &&
           period_parse((struct view){row->root, row->root_size}, ret_period) == ERR_OK;
}

static const char *keep_about(struct report *report, const struct clock_row *row)
{
    char id[37];
    if (*row->activity) {
        return report_keep(report, "%s", row->activity);
    }
    if (row->root_size < RECORD_ID_SIZE) {
        return report_keep(report, "%.*s", (int)row->root_size, (const char *)row->root);
    }
    record_id_text(row->root, id);
    return report_keep(report, "%s", id);
}

/* A warning's id stands beside whose duty it is, and in the list of grave ones beside what it says. */
static bool is_withheld(const struct listing *listing, const struct clock_row *row)
{
    char thread[THREAD_SIZE];
    if (row->root_size != RECORD_ID_SIZE) {
        return false;
    }
    thread_name(row->party.party, row->root, thread);
    return zhashx_lookup(listing->seen, thread) == WITHHELD;
}

static void list_clock(void *self, const struct clock_row *row)
{
    struct listing *listing = self;
    struct report *report = listing->report;
    struct period period;
    bool is_report = row->clock.term->index == TERM_PERIODIC_REPORT && period_of(row, &period);
    int64_t day = is_report ? period_first_day(period) : day_of(row->clock.due_at, listing->utc_offset_minutes);
    if (row->state != CLOCK_OVERDUE || row->clock.is_drill || is_report != listing->is_reporting ||
        day < listing->first || day > listing->last) {
        return;
    }
    struct report_row *line = report_add_row(listing->table);
    bool is_unnamed = is_withheld(listing, row);
    line->code = row->clock.term->label->code;
    set_text(line, 0,
             is_unnamed ? report_say(report, unnamed[0], unnamed[1]) : report_keep(report, "%s", row->party.name));
    set_text(line, 1, is_unnamed ? "" : report_keep(report, "%s", row->party.party));
    set_text(line, 2,
             is_report ? report_keep(report, "%s", row->party.district) : keep_label(report, "term", line->code));
    set_text(line, 3, keep_about(report, row));
    set_text(line, 4, keep_time(listing, row->clock.due_at));
    set_text(line, 5,
             row->clock.ended_at ? keep_time(listing, row->clock.ended_at) : report_say(report, "not yet", "尚未"));
}

static err_t add_overdue(struct listing *listing, struct report_section *section, bool is_reporting)
{
    const struct report *report = listing->report;
    listing->is_reporting = is_reporting;
    listing->table =
        is_reporting
            ? begin_list(section, "late_reports",
                         report_say(report, "Reports that were late or are missing", "逾期或未报送的单位"), NULL)
            : begin_list(section, "overdue_terms", report_say(report, "Other terms that are overdue", "其他逾期时限"),
                         NULL);
    add_column(listing->table, LOOSE, report_say(report, "Institution", "单位"));
    add_column(listing->table, TIGHT, report_say(report, "Code", "代码"));
    add_column(listing->table, LOOSE,
               is_reporting ? report_say(report, "District", "区县") : report_say(report, "Term", "时限"));
    add_column(listing->table, TIGHT,
               is_reporting ? report_say(report, "Period", "报送周期") : report_say(report, "About", "事项"));
    add_column(listing->table, TIGHT, report_say(report, "Due", "到期"));
    add_column(listing->table, TIGHT,
               is_reporting ? report_say(report, "Reported", "报送时间") : report_say(report, "Done", "完成时间"));
    return store_each_clock(listing->store, NULL, INT64_MAX, false, list_clock, listing);
}

err_t report_lists(struct report *report, struct store *store, const struct options *options,
                   struct report_section *section)
{
    struct listing listing = {.report = report,
                              .store = store,
                              .utc_offset_minutes = (int)options->utc_offset_minutes,
                              .first = span_first_day(report->span),
                              .last = span_last_day(report->span),
                              .seen = zhashx_new()};
    err_t err = add_grave(&listing, section);
    err = err == ERR_OK ? add_overdue(&listing, section, true) : err;
    err = err == ERR_OK ? add_overdue(&listing, section, false) : err;
    zhashx_destroy(&listing.seen);
    return err;
}
