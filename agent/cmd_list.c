/* list, status, inbox, discard: what is in the spool. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cmd_items.h"
#include "agent/commands.h"
#include "agent/office.h"
#include "agent/progress.h"
#include "agent/spool_hub.h"
#include "agent/vocabulary.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"
#include "proto/term.h"

enum { PAGE = 128, REASONS_SIZE = 9216 };

/* What a record that was accepted here waits for. */
static const char *attachments_of(struct office *office, const struct item *item,
                                  void (*as_text)(const struct blob_note *note, char *out, size_t size),
                                  char out[REASONS_SIZE])
{
    struct blob_note notes[BLOBS_OF_ITEM];
    size_t count = 0;
    out[0] = '\0';
    if (spool_item_blobs(office->spool, item->seq, notes, &count) != ERR_OK) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        char text[2048];
        size_t used = strlen(out);
        if (notes[i].state != BLOB_KEPT) {
            as_text(&notes[i], text, sizeof text);
            snprintf(out + used, REASONS_SIZE - used, "%s%s", used > 0 ? "; " : "", text);
        }
    }
    return *out ? out : NULL;
}

/* All faults of one item in one cell. */
static const char *reasons_of(struct office *office, const struct item *item,
                              void (*as_text)(const struct fault *fault, char *out, size_t size),
                              char out[REASONS_SIZE])
{
    struct faults faults;
    out[0] = '\0';
    bool has_faults = item->state >= ITEM_REJECTED;
    if (!has_faults || spool_faults(office->spool, item->seq, &faults) != ERR_OK) {
        return NULL;
    }
    for (size_t i = 0; i < faults.count; i++) {
        char text[1024];
        size_t used = strlen(out);
        as_text(&faults.list[i], text, sizeof text);
        snprintf(out + used, REASONS_SIZE - used, "%s%s", i ? "; " : "", text);
    }
    return out;
}

static void print_row(struct office *office, struct table *table, const struct item *item,
                      const struct progress_word *word)
{
    struct item_cells row;
    char reasons[REASONS_SIZE];
    char reasons_here[REASONS_SIZE];
    bool is_waiting = item->state == ITEM_ACCEPTED;
    const char *cells[ITEM_CELLS + 2];
    const char *labels[ITEM_CELLS + 2];
    item_cells(item, (int)office->settings.utc_offset_minutes, &row);
    memcpy(cells, row.cells, sizeof row.cells);
    memcpy(labels, row.labels, sizeof row.labels);
    cells[ITEM_CELL_STATE] = word->code;
    labels[ITEM_CELL_STATE] = word->label;
    cells[ITEM_CELLS] = is_waiting ? attachments_of(office, item, blob_plain_text, reasons)
                                   : reasons_of(office, item, fault_plain_text, reasons);
    labels[ITEM_CELLS] = is_waiting ? attachments_of(office, item, blob_text, reasons_here)
                                    : reasons_of(office, item, fault_text, reasons_here);
    cells[ITEM_CELLS + 1] = word->outcome;
    labels[ITEM_CELLS + 1] = word->outcome_label;
    table_row(table, cells, labels);
}

int cmd_list(const struct home *home, const struct arguments *arguments)
{
    static const struct table_column columns[] = {
        ITEM_COLUMNS, {"faults", "reasons", "退回原因", false}, {"outcome", "outcome", "处理结果", false}};
    struct progress *progress = NULL;
    int state = -1;
    if (arguments->state && !item_state_read(arguments->state, &state)) {
        return EXIT_USAGE;
    }
    struct office office;
    if (!office_open(home, QUICK_WAIT_MS, &office)) {
        return EXIT_REFUSED;
    }
    struct table *table = table_open(stdout, arguments->form, columns, sizeof columns / sizeof *columns);
    struct item *page = mem_alloc(PAGE * sizeof *page);
    uint64_t after = 0;
    size_t count = PAGE;
    err_t err = progress_open(office.spool, false, &progress);
    while (err == ERR_OK && count == PAGE) {
        err = spool_list(office.spool, state, after, page, PAGE, &count);
        for (size_t i = 0; i < count; i++) {
            struct progress_word word;
            progress_of(progress, &page[i], &word);
            if (!arguments->state || strcmp(word.code, arguments->state) == 0) {
                print_row(&office, table, &page[i], &word);
            }
            after = page[i].seq;
        }
    }
    free(page);
    progress_close(progress);
    size_t rows = table_close(table);
    if (err != ERR_OK) {
        complain_spool(&office, "list", err);
    } else if (rows == 0 && arguments->form == TABLE_TEXT) {
        puts(tr("nothing yet: agn-agent submit FILE accepts records", "暂无记录：请用 agn-agent submit FILE 受理"));
    }
    office_close(&office);
    return err == ERR_OK ? EXIT_DONE : EXIT_REFUSED;
}

/* What the city says of a record: its kind, the state of the matter, and in a return every fault. */
static void print_record(const struct record_event *record, const char *at, const char *at_here, struct table *table)
{
    static const char *const titles[] = {"title", "headline", "opinion", "reason", "note", "body"};
    char code[64], line[1024] = "", state[64];
    json_t *object = record_to_json(record->record);
    const char *name = json_string_value(json_object_get(object, "kind"));
    const struct kind *kind = name ? kind_find((struct view){(const uint8_t *)name, strlen(name)}) : NULL;
    size_t index = 0, used = 0;
    json_t *fault = NULL;
    for (size_t i = 0; i < sizeof titles / sizeof *titles && !*line; i++) {
        const char *title = json_string_value(json_object_get(object, titles[i]));
        snprintf(line, sizeof line, "%s", title ? title : "");
    }
    json_array_foreach(json_object_get(object, "faults"), index, fault)
    {
        int more = snprintf(line + used, sizeof line - used, "%s%s: %s", index ? "; " : "",
                            json_string_value(json_object_get(fault, "field")),
                            json_string_value(json_object_get(fault, "reason")));
        used += more > 0 && used + (size_t)more < sizeof line ? (size_t)more : 0;
    }
    snprintf(code, sizeof code, "%s", kind ? kind->name : "record");
    log_safe(record->state.at, record->state.size, state, sizeof state);
    int stage = stage_of(kind, json_string_value(json_object_get(object, "action")));
    const char *cells[] = {at,
                           code,
                           state,
                           line,
                           json_string_value(json_object_get(object, "id")),
                           json_string_value(json_object_get(object, "refers_to")),
                           stage ? stage_code(stage) : NULL};
    const char *labels[] = {at_here,
                            kind ? tr(kind->en, kind->zh) : code,
                            enumeration_label(enumeration_find("state"), state, text_is_chinese()),
                            NULL,
                            NULL,
                            NULL,
                            stage ? stage_label(stage) : NULL};
    table_row(table, cells, labels);
    json_decref(object);
}

static void print_clock(const struct office *office, const struct clock_event *clock, const char *at,
                        const char *at_here, struct table *table)
{
    char term[64], stage[32], due[20], line[64];
    log_safe(clock->term.at, clock->term.size, term, sizeof term);
    log_safe(clock->stage.at, clock->stage.size, stage, sizeof stage);
    local_time_text(clock->due_at, (int)office->settings.utc_offset_minutes, due);
    snprintf(line, sizeof line, "%s %s", tr("due", "到期"), due);
    const char *cells[] = {at, term, stage, line, NULL, NULL, NULL};
    const char *labels[] = {at_here,
                            enumeration_label(&enum_term, term, text_is_chinese()),
                            enumeration_label(&enum_alert_stage, stage, text_is_chinese()),
                            NULL,
                            NULL,
                            NULL,
                            NULL};
    table_row(table, cells, labels);
}

static void print_event(const struct office *office, struct table *table, const struct inbox_entry *entry)
{
    struct event event;
    char at[25], at_here[20], state[64], reason[1024];
    err_t err = event_decode(entry->event, &event);
    bool is_state = err == ERR_OK && event.type == EVENT_ENTITY_STATE;
    int64_t when = is_state ? event.state.at : entry->taken_at;
    time_text(when, at);
    local_time_text(when, (int)office->settings.utc_offset_minutes, at_here);
    if (err == ERR_OK && event.type == EVENT_RECORD) {
        print_record(&event.record, at, at_here, table);
        return;
    }
    if (err == ERR_OK && event.type == EVENT_CLOCK) {
        print_clock(office, &event.clock, at, at_here, table);
        return;
    }
    if (!is_state) {
        const char *cells[] = {at, "unknown", NULL, NULL, NULL, NULL, NULL};
        const char *labels[] = {
            at_here, tr("of a later version: update", "来自更高版本：请升级"), NULL, NULL, NULL, NULL, NULL};
        table_row(table, cells, labels);
        return;
    }
    log_safe(event.state.state.at, event.state.state.size, state, sizeof state);
    log_safe(event.state.reason.at, event.state.reason.size, reason, sizeof reason);
    const char *cells[] = {at, "entity_state", state, reason, NULL, NULL, NULL};
    const char *labels[] = {
        at_here, tr("standing of this institution", "本机构状态"), standing_label(event.state.state), NULL, NULL, NULL,
        NULL};
    table_row(table, cells, labels);
}

int cmd_inbox(const struct home *home, const struct arguments *arguments)
{
    static const struct table_column columns[] = {{"at", "time", "时间", false},
                                                  {"type", "what", "内容", false},
                                                  {"state", "state", "状态", false},
                                                  {"reason", "reason", "原因", false},
                                                  {"id", "id", "ID", false},
                                                  {"refers_to", "refers to", "所指记录", false},
                                                  {"progress", "so your record is", "您的记录", false}};
    struct office office;
    struct inbox_entry entry = {.row = 0};
    if (!office_open(home, QUICK_WAIT_MS, &office)) {
        return EXIT_REFUSED;
    }
    struct table *table = table_open(stdout, arguments->form, columns, sizeof columns / sizeof *columns);
    err_t err = ERR_OK;
    while ((err = spool_next_event(office.spool, entry.row, &entry)) == ERR_OK) {
        print_event(&office, table, &entry);
        free(entry.bytes);
    }
    size_t rows = table_close(table);
    if (err != ERR_NOT_FOUND) {
        complain_spool(&office, "inbox", err);
    } else if (rows == 0 && arguments->form == TABLE_TEXT) {
        puts(tr("nothing yet; run or sync fetches what the city sends", "暂无消息；run 或 sync 会接收市级下发的内容"));
    }
    office_close(&office);
    return err == ERR_NOT_FOUND ? EXIT_DONE : EXIT_REFUSED;
}

static int discard(struct office *office, const char *text, const uint8_t id[RECORD_ID_SIZE])
{
    struct item item;
    err_t err = spool_discard(office->spool, id);
    if (err == ERR_OK) {
        printf(tr("%s discarded; it stays in the list with its reasons\n", "%s 已放弃；仍保留在列表中并附原因\n"),
               text);
        return EXIT_DONE;
    }
    if (err != ERR_NOT_FOUND) {
        complain_spool(office, "discard", err);
    } else if (spool_find(office->spool, id, &item) == ERR_OK) {
        complain(
            tr("%s is %s: only a record that was rejected, or that waits for a refused attachment, can be discarded",
               "%s 的状态为“%s”：只能放弃被退回或附件未被接受的记录"),
            text, state_label(item.state));
    } else {
        complain(tr("no record %s in %s", "没有记录 %s（位于 %s）"), text, office->home->path);
    }
    return EXIT_REFUSED;
}

int cmd_discard(const struct home *home, const struct arguments *arguments)
{
    const char *text = arguments->operands[0];
    uint8_t id[RECORD_ID_SIZE];
    struct office office;
    if (record_id_parse(text, id) != ERR_OK) {
        complain(tr("expected the id of a record", "应为记录的 ID"));
        return EXIT_USAGE;
    }
    if (!arguments->is_sure) {
        complain(tr("discarding gives up a record that the city has not taken: add --yes",
                    "放弃未被市级接收的记录需要加 --yes 确认"));
        return EXIT_USAGE;
    }
    if (!office_open(home, QUICK_WAIT_MS, &office)) {
        return EXIT_REFUSED;
    }
    int code = discard(&office, text, id);
    office_close(&office);
    return code;
}
