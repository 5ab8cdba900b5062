/* submit: files of records in, ids out. Every id that is printed is on disk. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/accept.h"
#include "agent/cmd_cap.h"
#include "agent/commands.h"
#include "agent/input_table.h"
#include "agent/office.h"
#include "agent/vocabulary.h"
#include "agent/wake.h"
#include "common/mem.h"
#include "common/text.h"
#include "sheet/column.h"

enum { PAGE = 128 };

struct submission {
    struct office office;
    const struct arguments *arguments;
    uint8_t corrects[RECORD_ID_SIZE];
    struct table *table; /* with --json */
    const char *name;    /* of the file at hand */
    const struct input *input;
    const struct kind *kind; /* --kind */
    bool has_failed;
};

static void on_refused(void *self, size_t line, const struct faults *faults)
{
    struct submission *submission = self;
    submission->has_failed = true;
    for (size_t i = 0; i < faults->count; i++) {
        char text[1024];
        fault_text(&faults->list[i], text, sizeof text);
        const char *part = input_part(submission->input);
        fprintf(stderr, "%s%s%s:%zu: %s\n", submission->name, *part ? ":" : "", part, line, text);
    }
}

static void print_item(const struct submission *submission, const struct item *item)
{
    char id[37];
    char seq[24];
    record_id_text(item->id, id);
    if (!submission->table) {
        puts(id);
        return;
    }
    snprintf(seq, sizeof seq, "%llu", (unsigned long long)item->seq);
    table_row(submission->table, (const char *const[]){id, seq, item->kind, item->title, submission->name}, NULL);
}

/* The numbers of one file's records follow one another, so the ids need not have been kept in memory. */
static err_t print_accepted(const struct submission *submission, const struct accept_result *result)
{
    struct item *page = mem_alloc(PAGE * sizeof *page);
    uint64_t after = result->first_seq - 1;
    size_t left = result->accepted;
    err_t err = ERR_OK;
    while (left > 0 && err == ERR_OK) {
        size_t count = 0;
        err = spool_list(submission->office.spool, -1, after, page, left < PAGE ? left : PAGE, &count);
        for (size_t i = 0; i < count; i++) {
            print_item(submission, &page[i]);
        }
        if (err == ERR_OK && count == 0) {
            err = ERR_IO;
        }
        left -= count;
        after = count > 0 ? page[count - 1].seq : after;
    }
    free(page);
    return err;
}

static void tell_failure(const struct submission *submission, err_t err)
{
    if (err == ERR_NOT_FOUND) {
        complain(tr("--corrects %s: no record with this id was rejected, or waits for a refused attachment; nothing of "
                    "%s was stored",
                    "--corrects %s：没有以此为 ID 且被退回或附件未被接受的记录，未保存 %s 中的内容"),
                 submission->arguments->corrects, submission->name);
    } else if (err == ERR_INVALID) {
        complain(tr("--corrects takes one record; %s holds more, nothing of it was stored",
                    "--corrects 只接受一条记录；%s 中不止一条，未保存任何内容"),
                 submission->name);
    } else {
        complain_spool(&submission->office, submission->name, err);
    }
}

static void tell_refused(const struct submission *submission, const struct accept_result *result)
{
    if (result->good + result->refused == 0) {
        complain(tr("%s: no record in it", "%s：文件中没有记录"), submission->name);
    } else if (result->refused > 0 && result->accepted > 0) {
        complain(tr("%s: %zu refused, %zu accepted", "%s：%zu 条被拒，%zu 条已受理"), submission->name, result->refused,
                 result->accepted);
    } else if (result->refused > 0) {
        complain(tr("%s: %zu of %zu records refused, nothing of the file was stored (--keep-going stores the others)",
                    "%s：%zu 条被拒（共 %zu 条），文件内容均未保存（--keep-going 可保存其余记录）"),
                 submission->name, result->refused, result->good + result->refused);
    }
}

/* What a record's `file` is relative to: the folder of the input file. */
static const char *folder_of(const char *path, char out[PATH_SIZE])
{
    const char *slash = strrchr(path, '/');
    int size = slash && slash > path ? (int)(slash - path) : 1;
    snprintf(out, PATH_SIZE, "%.*s", size, slash ? path : ".");
    return out;
}

static void submit_message(struct submission *submission, const char *path)
{
    struct accept_result result;
    struct cap_source source = {.path = path,
                                .sets = submission->arguments->sets,
                                .set_count = submission->arguments->set_count,
                                .corrects = submission->arguments->corrects ? submission->corrects : NULL};
    submission->name = path;
    if (!cap_submit(&submission->office, &source, &result) || print_accepted(submission, &result) != ERR_OK) {
        submission->has_failed = true;
    }
}

static void submit_file(struct submission *submission, const char *path)
{
    struct input input;
    struct accept_result result;
    char reason[256];
    char folder[PATH_SIZE];
    submission->name = strcmp(path, "-") == 0 ? tr("standard input", "标准输入") : path;
    /* cppcheck-suppress autoVariables; taken back when the file is done */
    submission->input = &input;
    if (input_open_any(&input, path, submission->office.home, submission->kind,
                       (int)submission->office.settings.utc_offset_minutes, reason) != ERR_OK) {
        complain("%s: %s", submission->name, reason);
        submission->has_failed = true;
        submission->input = NULL;
        return;
    }
    struct accept_order order = {.home = submission->office.home,
                                 .spool = submission->office.spool,
                                 .utc_offset_minutes = (int)submission->office.settings.utc_offset_minutes,
                                 .party = submission->office.membership.party,
                                 .keep_going = submission->arguments->keep_going,
                                 .corrects = submission->arguments->corrects ? submission->corrects : NULL,
                                 .files = {.folder = folder_of(path, folder)},
                                 .on_refused = on_refused,
                                 .self = submission};
    err_t err = accept_input(&order, &input, &result);
    input_close(&input);
    submission->input = NULL;
    if (err == ERR_OK && result.accepted > 0) {
        wake_poke(submission->office.home);
        if (print_accepted(submission, &result) != ERR_OK) {
            complain(tr("%s: %zu records were accepted, but their ids cannot be read now: see agn-agent list",
                        "%s：已受理 %zu 条记录，但暂时无法读取 ID：请用 agn-agent list 查看"),
                     submission->name, result.accepted);
            submission->has_failed = true;
        }
    }
    if (err != ERR_OK) {
        tell_failure(submission, err);
    } else {
        tell_refused(submission, &result);
    }
    submission->has_failed |= err != ERR_OK || result.accepted == 0;
}

int cmd_submit(const struct home *home, const struct arguments *arguments)
{
    static const struct table_column columns[] = {{"id", "ID", "ID", false},
                                                  {"seq", "no.", "序号", true},
                                                  {"kind", "kind", "类型", false},
                                                  {"title", "title", "名称", false},
                                                  {"file", "file", "文件", false}};
    struct submission submission = {.arguments = arguments};
    if (arguments->corrects &&
        (arguments->count != 1 || record_id_parse(arguments->corrects, submission.corrects) != ERR_OK)) {
        complain(tr("--corrects takes the id of a rejected record, and one FILE with one record",
                    "--corrects 需要一条被退回记录的 ID，以及只含一条记录的一个文件"));
        return EXIT_USAGE;
    }
    for (int i = 0; i < arguments->count && arguments->set_count > 0; i++) {
        if (!arguments->is_cap && !cap_is_named(arguments->operands[i])) {
            complain(tr("--set is for CAP messages; %s is none", "--set 仅用于 CAP 消息，%s 不是"),
                     arguments->operands[i]);
            return EXIT_USAGE;
        }
    }
    if (arguments->kind && !(submission.kind = column_kind(arguments->kind))) {
        complain(tr("--kind %s: there is no such kind of record; docs/records.md lists them",
                    "--kind %s：没有这个记录种类；种类见 docs/records.md"),
                 arguments->kind);
        return EXIT_USAGE;
    }
    if (!office_open(home, 0, &submission.office)) {
        return EXIT_REFUSED;
    }
    if (arguments->form == TABLE_JSON) {
        submission.table = table_open(stdout, TABLE_JSON, columns, sizeof columns / sizeof *columns);
    }
    for (int i = 0; i < arguments->count; i++) {
        if (arguments->is_cap || cap_is_named(arguments->operands[i])) {
            submit_message(&submission, arguments->operands[i]);
        } else {
            submit_file(&submission, arguments->operands[i]);
        }
    }
    if (submission.table) {
        table_close(submission.table);
    }
    office_close(&submission.office);
    return submission.has_failed ? EXIT_REFUSED : EXIT_DONE;
}
