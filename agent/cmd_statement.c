/* statement: the statement of account (对账单). Number by number, what this agent accepted and what the city holds. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cmd_items.h"
#include "agent/commands.h"
#include "agent/office.h"
#include "agent/vocabulary.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"

enum { PAGE = 128, GAPS_SHOWN = 20 };

struct gap_row {
    uint64_t first, last;
};

/* Held: the city has the record. A rejected one it has answered, and does not hold. */
struct statement {
    struct office office;
    const struct arguments *arguments;
    FILE *file;
    struct table *table; /* CSV and text; JSON is written row by row */
    uint64_t from, to, next;
    uint64_t by_state[ITEM_STATES];
    uint64_t accepted, held;
    uint64_t missing; /* numbers that stand for no record here */
    struct gap_row *gaps;
    size_t gap_count;
    bool has_rows;
};

static void note_gap(struct statement *statement, uint64_t first, uint64_t last)
{
    if (first > last) {
        return;
    }
    statement->gaps = mem_grow(statement->gaps, statement->gap_count + 1, sizeof *statement->gaps);
    statement->gaps[statement->gap_count++] = (struct gap_row){first, last};
    statement->missing += last - first + 1;
}

static void print_item_json(struct statement *statement, const char *const *cells, const struct item *item)
{
    json_t *object = json_pack("{sI ss ss ss ss ss}", "seq", (json_int_t)item->seq, "id", cells[1], "kind", cells[2],
                               "title", cells[3], "state", cells[4], "accepted_at", cells[5]);
    json_object_set_new(object, "outcome_at", cells[7] ? json_string(cells[7]) : json_null());
    json_object_set_new(object, "number", item->number ? json_integer((json_int_t)item->number) : json_null());
    fputs(statement->has_rows ? ",\n    " : "\n    ", statement->file);
    json_dumpf(object, statement->file, JSON_COMPACT);
    json_decref(object);
}

static void print_item(struct statement *statement, const struct item *item)
{
    struct item_cells row;
    item_cells(item, (int)statement->office.settings.utc_offset_minutes, &row);
    if (statement->table) {
        table_row(statement->table, row.cells, row.labels);
    } else {
        print_item_json(statement, row.cells, item);
    }
    statement->has_rows = true;
}

static void take_item(struct statement *statement, const struct item *item)
{
    note_gap(statement, statement->next, item->seq - 1);
    statement->next = item->seq + 1;
    statement->by_state[item->state]++;
    statement->accepted++;
    statement->held += item->state == ITEM_RECEIVED;
    print_item(statement, item);
}

static err_t take_all(struct statement *statement)
{
    struct item *page = mem_alloc(PAGE * sizeof *page);
    size_t count = PAGE;
    err_t err = ERR_OK;
    statement->next = statement->from;
    while (err == ERR_OK && count == PAGE && statement->next <= statement->to) {
        err = spool_list(statement->office.spool, -1, statement->next - 1, page, PAGE, &count);
        for (size_t i = 0; err == ERR_OK && i < count && page[i].seq <= statement->to; i++) {
            take_item(statement, &page[i]);
        }
        if (count > 0 && page[count - 1].seq > statement->to) {
            break;
        }
    }
    note_gap(statement, statement->next, statement->to);
    free(page);
    return err;
}

/* Without --from and --to: all numbers that were given out. */
static err_t set_range(struct statement *statement)
{
    struct counts counts;
    err_t err = spool_counts(statement->office.spool, &counts);
    statement->from = statement->arguments->from > 0 ? (uint64_t)statement->arguments->from : 1;
    statement->to = counts.last_seq;
    if (statement->arguments->to > 0 && (uint64_t)statement->arguments->to < counts.last_seq) {
        statement->to = (uint64_t)statement->arguments->to;
    }
    return err;
}

static void print_sentences(const struct statement *statement)
{
    FILE *file = statement->file;
    if (statement->to < statement->from) {
        fputs(tr("no numbers were given out in this range\n", "此范围内没有已编序号\n"), file);
        return;
    }
    fprintf(file,
            tr("numbers %" PRIu64 "–%" PRIu64 ": %" PRIu64 " accepted here, the city holds %" PRIu64 " of %" PRIu64
               "\n",
               "序号 %" PRIu64 "–%" PRIu64 "：本机受理 %" PRIu64 " 条，市级已收 %" PRIu64 " 条（共 %" PRIu64 " 条）\n"),
            statement->from, statement->to, statement->accepted, statement->held, statement->accepted);
    for (int i = 0; i < ITEM_STATES; i++) {
        const char *label = state_label((enum item_state)i);
        fprintf(file, "  %s%*s %8" PRIu64 "\n", label, 28 - text_width(label), "", statement->by_state[i]);
    }
    if (statement->missing > 0) {
        fprintf(file,
                tr("%" PRIu64 " numbers stand for no record in this spool:", "%" PRIu64 " 个序号在本机没有记录："),
                statement->missing);
        for (size_t i = 0; i < statement->gap_count && i < GAPS_SHOWN; i++) {
            const struct gap_row *gap = &statement->gaps[i];
            fprintf(file, gap->first == gap->last ? " %" PRIu64 : " %" PRIu64 "–%" PRIu64, gap->first, gap->last);
        }
        fputs(statement->gap_count > GAPS_SHOWN ? " …\n" : "\n", file);
        fputs(tr("  numbering went on above them because the hub held more than this spool: another home, or a lost "
                 "one\n",
                 "  枢纽所存多于本机，编号已从其上继续：可能另有主目录，或数据曾丢失\n"),
              file);
    } else {
        fputs(tr("no number is missing\n", "序号连续，无缺号\n"), file);
    }
}

static void print_json_head(const struct statement *statement)
{
    const struct membership *membership = &statement->office.membership;
    char made[25];
    time_text(clock_ms(), made);
    json_t *head = json_pack("{ss ss ss ss ss}", "party", membership->party, "name", membership->name, "hub",
                             membership->hub, "city", membership->city, "made_at", made);
    char *text = json_dumps(head, JSON_COMPACT);
    fprintf(statement->file, "%.*s,\n  \"from\":%" PRIu64 ",\"to\":%" PRIu64 ",\n  \"records\":[",
            text ? (int)strlen(text) - 1 : 1, text ? text : "{", statement->from, statement->to);
    free(text);
    json_decref(head);
}

static void print_json_tail(const struct statement *statement)
{
    json_t *gaps = json_array();
    json_t *totals = json_pack("{sI sI sI}", "numbered", (json_int_t)statement->accepted, "held",
                               (json_int_t)statement->held, "missing", (json_int_t)statement->missing);
    for (size_t i = 0; i < statement->gap_count; i++) {
        json_array_append_new(
            gaps, json_pack("[II]", (json_int_t)statement->gaps[i].first, (json_int_t)statement->gaps[i].last));
    }
    for (int i = 0; i < ITEM_STATES; i++) {
        json_object_set_new(totals, state_code((enum item_state)i), json_integer((json_int_t)statement->by_state[i]));
    }
    char *gap_text = json_dumps(gaps, JSON_COMPACT);
    char *total_text = json_dumps(totals, JSON_COMPACT);
    fprintf(statement->file, "],\n  \"gaps\":%s,\n  \"totals\":%s}\n", gap_text, total_text);
    free(gap_text);
    free(total_text);
    json_decref(gaps);
    json_decref(totals);
}

static err_t print_statement(struct statement *statement)
{
    static const struct table_column columns[] = {ITEM_COLUMNS};
    enum table_form form = statement->arguments->form;
    err_t err = set_range(statement);
    if (err != ERR_OK) {
        return err;
    }
    if (form == TABLE_JSON) {
        print_json_head(statement);
        err = take_all(statement);
        print_json_tail(statement);
        return err;
    }
    if (form == TABLE_TEXT) {
        const struct membership *membership = &statement->office.membership;
        char name[402];
        char now[20];
        local_time_text(clock_ms(), (int)statement->office.settings.utc_offset_minutes, now);
        log_safe(membership->name, strlen(membership->name), name, sizeof name);
        fprintf(statement->file, tr("Statement of account of %s (%s) with %s, %s\n\n", "%s（%s）与%s对账单，%s\n\n"),
                name, membership->party, membership->hub, now);
    }
    statement->table = table_open(statement->file, form, columns, sizeof columns / sizeof *columns);
    err = take_all(statement);
    table_close(statement->table);
    if (err == ERR_OK && form == TABLE_TEXT) {
        fputc('\n', statement->file);
        print_sentences(statement);
    }
    return err;
}

static int close_file(const struct statement *statement, int code)
{
    const char *out = statement->arguments->out;
    if (!out) {
        return code;
    }
    bool is_written = !ferror(statement->file);
    if (fclose(statement->file) != 0 || !is_written) {
        complain(tr("%s: cannot be written: %s", "%s：无法写入：%s"), out, strerror(errno));
        return EXIT_REFUSED;
    }
    return code;
}

int cmd_statement(const struct home *home, const struct arguments *arguments)
{
    struct statement statement = {.arguments = arguments, .file = stdout};
    if (arguments->from > 0 && arguments->to > 0 && arguments->from > arguments->to) {
        complain(tr("--from is above --to", "--from 大于 --to"));
        return EXIT_USAGE;
    }
    if (!office_open(home, QUICK_WAIT_MS, &statement.office)) {
        return EXIT_REFUSED;
    }
    if (arguments->out && !(statement.file = fopen(arguments->out, "w"))) {
        complain("%s: %s", arguments->out, strerror(errno));
        office_close(&statement.office);
        return EXIT_REFUSED;
    }
    err_t err = print_statement(&statement);
    if (err != ERR_OK) {
        complain_spool(&statement.office, "statement", err);
    }
    free(statement.gaps);
    int code = close_file(&statement, err == ERR_OK ? EXIT_DONE : EXIT_REFUSED);
    office_close(&statement.office);
    return code;
}
