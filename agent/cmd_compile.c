/* compile annual_report: a draft from this institution's own received review reports of the year, for a person to
 * complete and submit. A report that was replaced counts as its replacement says; a withdrawn one does not count. */
#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/commands.h"
#include "agent/office.h"
#include "common/mem.h"
#include "common/text.h"
#include "proto/kinds.h"

enum { PAGE = 128, TALLIES = 3, CODES_MAX = 16 };

/* Which field of a report is counted into which field of the draft. */
static const struct {
    const char *annual;
    const char *review;
} tallies[TALLIES] = {
    {"by_procedure", "procedure"}, {"by_decision", "decision"}, {"by_list_item", "rereview_list_item"}};

/* A report and all that replaces it. The hub's number decides which is the newest. */
struct thread {
    uint64_t number; /* of the content that counts; 0: none in this year's form yet */
    int year;
    bool is_rehearsal;
    bool is_withdrawn;
    int codes[TALLIES]; /* -1: absent */
};

/* Any record's id leads to its thread. */
struct name {
    uint8_t id[RECORD_ID_SIZE];
    struct thread *thread;
};

struct compilation {
    struct office office;
    int year;
    void *names; /* of tsearch */
    struct thread **threads;
    size_t thread_count;
    uint64_t counts[TALLIES][CODES_MAX];
    uint64_t counted, left_out, waiting;
};

static int compare_names(const void *a, const void *b)
{
    return memcmp(((const struct name *)a)->id, ((const struct name *)b)->id, RECORD_ID_SIZE);
}

static struct thread *find_thread(struct compilation *compilation, const struct value *id)
{
    struct name wanted;
    memcpy(wanted.id, id->view.at, RECORD_ID_SIZE);
    struct name **found = (struct name **)tfind(&wanted, &compilation->names, compare_names);
    return found ? (*found)->thread : NULL;
}

static struct thread *add_thread(struct compilation *compilation)
{
    struct thread *thread = mem_alloc(sizeof *thread);
    compilation->threads = mem_grow(compilation->threads, compilation->thread_count + 1, sizeof(struct thread *));
    compilation->threads[compilation->thread_count++] = thread;
    return thread;
}

static void name_thread(struct compilation *compilation, const uint8_t id[RECORD_ID_SIZE], struct thread *thread)
{
    struct name *name = mem_alloc(sizeof *name);
    memcpy(name->id, id, RECORD_ID_SIZE);
    name->thread = thread;
    if (*(struct name **)tsearch(name, &compilation->names, compare_names) != name) {
        free(name); /* an id stands once in the spool */
    }
}

static int year_of(int64_t day)
{
    char text[11];
    date_text(day, text);
    text[4] = '\0';
    return (int)strtol(text, NULL, 10);
}

/* The day that a report is counted under: decided, else applied for. */
static int64_t day_counted(const struct record *record)
{
    const struct value *decided = record_get(record, "decided_on");
    const struct value *applied = record_get(record, "applied_on");
    return decided ? decided->number : applied ? applied->number : 0;
}

static void take_report(struct compilation *compilation, const struct item *item, const struct record *record)
{
    const struct value *replaces = record_get(record, "replaces");
    struct thread *thread = replaces ? find_thread(compilation, replaces) : NULL;
    thread = thread ? thread : add_thread(compilation);
    name_thread(compilation, item->id, thread);
    if (item->number < thread->number) {
        return;
    }
    const struct value *rehearsal = record_get(record, "rehearsal");
    thread->number = item->number;
    thread->year = year_of(day_counted(record));
    thread->is_rehearsal = rehearsal && rehearsal->number;
    for (size_t i = 0; i < TALLIES; i++) {
        const struct value *value = record_get(record, tallies[i].review);
        thread->codes[i] = value ? (int)value->number : -1;
    }
}

static void take_withdrawal(struct compilation *compilation, const struct record *record)
{
    const struct value *replaces = record_get(record, "replaces");
    struct thread *thread = replaces ? find_thread(compilation, replaces) : NULL;
    if (thread) {
        thread->is_withdrawn = true;
    }
}

static bool is_wanted(const struct item *item)
{
    return strcmp(item->kind, "review_report") == 0 || strcmp(item->kind, "withdrawal") == 0;
}

static err_t take_item(struct compilation *compilation, const struct item *item)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    err_t err = spool_bytes(compilation->office.spool, item->seq, &bytes, &size);
    if (err != ERR_OK) {
        return err == ERR_NOT_FOUND ? ERR_IO : err;
    }
    struct record record;
    struct faults faults;
    struct record_context context = {.now_ms = clock_ms(),
                                     .utc_offset_minutes = (int)compilation->office.settings.utc_offset_minutes};
    /* What an older version of the rules let pass is counted too, as far as it can be read. */
    if (record_check((struct view){bytes, size}, &context, &record, &faults) != ERR_OK && !record.kind) {
        free(bytes);
        return ERR_OK;
    }
    if (record.kind->number == KIND_REVIEW_REPORT) {
        take_report(compilation, item, &record);
    } else if (record.kind->number == KIND_WITHDRAWAL) {
        take_withdrawal(compilation, &record);
    }
    free(bytes);
    return ERR_OK;
}

/* In the order of numbering: what a record refers to comes before it. */
static err_t take_all(struct compilation *compilation)
{
    struct item *page = mem_alloc(PAGE * sizeof *page);
    uint64_t after = 0;
    size_t count = PAGE;
    err_t err = ERR_OK;
    while (err == ERR_OK && count == PAGE) {
        err = spool_list(compilation->office.spool, -1, after, page, PAGE, &count);
        for (size_t i = 0; err == ERR_OK && i < count; i++) {
            after = page[i].seq;
            if (is_wanted(&page[i]) && page[i].state == ITEM_RECEIVED) {
                err = take_item(compilation, &page[i]);
            }
            compilation->waiting += is_wanted(&page[i]) && page[i].state == ITEM_ACCEPTED;
        }
    }
    free(page);
    return err;
}

static void count_threads(struct compilation *compilation)
{
    for (size_t t = 0; t < compilation->thread_count; t++) {
        const struct thread *thread = compilation->threads[t];
        if (thread->year != compilation->year || thread->is_rehearsal) {
            continue;
        }
        if (thread->is_withdrawn) {
            compilation->left_out++;
            continue;
        }
        compilation->counted++;
        for (size_t i = 0; i < TALLIES; i++) {
            if (thread->codes[i] >= 0 && thread->codes[i] < CODES_MAX) {
                compilation->counts[i][thread->codes[i]]++;
            }
        }
    }
}

static json_t *tally_json(const struct field *row, const uint64_t counts[CODES_MAX])
{
    json_t *object = json_object();
    for (size_t i = 0; i < row->codes->count && i < CODES_MAX; i++) {
        json_object_set_new(object, row->codes->labels[i].code, json_integer((json_int_t)counts[i]));
    }
    return object;
}

static json_t *compiled_value(const struct compilation *compilation, const struct field *row)
{
    for (size_t i = 0; i < TALLIES; i++) {
        if (strcmp(row->key, tallies[i].annual) == 0) {
            return tally_json(row, compilation->counts[i]);
        }
    }
    return strcmp(row->key, "year") == 0 ? json_integer(compilation->year) : NULL;
}

/* What a person must add stands as null, which no record may hold: forgetting it is a fault that names the field. */
static json_t *draft_of(const struct compilation *compilation, const struct kind *kind)
{
    json_t *draft = json_pack("{ss s{sn sn}}", "kind", kind->name, "submitter", "name", "role");
    for (size_t i = COMMON_FIELDS; i < kind->field_count; i++) {
        const struct field *row = &kind->fields[i];
        json_t *value = compiled_value(compilation, row);
        if (value || row->presence == REQUIRED) {
            json_object_set_new(draft, row->key, value ? value : json_null());
        }
    }
    return draft;
}

/* What the records do not tell. */
static void print_keys(const struct compilation *compilation, const struct kind *kind, enum presence presence,
                       const char *before)
{
    for (size_t i = COMMON_FIELDS; i < kind->field_count; i++) {
        const struct field *row = &kind->fields[i];
        json_t *value = compiled_value(compilation, row);
        if (!value && row->presence == presence) {
            fprintf(stderr, "%s%s (%s)", before, row->key, tr(row->en, row->zh));
        }
        json_decref(value);
    }
}

static void tell_rest(const struct compilation *compilation, const struct kind *kind)
{
    fprintf(stderr,
            tr("%" PRIu64 " reviews of %d counted, %" PRIu64 " withdrawn ones left out\n",
               "已统计 %" PRIu64 " 件 %d 年审查，%" PRIu64 " 件已撤回未计入\n"),
            compilation->counted, compilation->year, compilation->left_out);
    if (compilation->waiting > 0) {
        fprintf(stderr,
                tr("%" PRIu64
                   " records have no receipt yet and are not counted: compile again after they are received\n",
                   "%" PRIu64 " 条记录尚无回执，未计入：收到回执后请重新汇编\n"),
                compilation->waiting);
    }
    fputs(tr("to be completed where null: submitter", "请填写值为 null 的字段：submitter"), stderr);
    print_keys(compilation, kind, REQUIRED, ", ");
    fputs(tr("\nto be added where there is something to say:", "\n如有内容可增加："), stderr);
    print_keys(compilation, kind, OPTIONAL, "\n  ");
    fputs(tr("\nthen: agn-agent submit FILE\n", "\n然后：agn-agent submit 文件\n"), stderr);
}

static bool write_draft(const char *path, const json_t *draft)
{
    FILE *file = path ? fopen(path, "w") : stdout;
    bool is_written = file && json_dumpf(draft, file, JSON_INDENT(2)) == 0 && fputc('\n', file) != EOF;
    if (path && file) {
        is_written = fclose(file) == 0 && is_written;
    }
    if (!is_written) {
        complain(tr("%s: cannot be written: %s", "%s：无法写入：%s"), path ? path : "-", strerror(errno));
    }
    return is_written;
}

/* glibc's tdestroy() is no standard: taken off one by one. */
static void release(struct compilation *compilation)
{
    while (compilation->names) {
        struct name *name = *(struct name **)compilation->names;
        tdelete(name, &compilation->names, compare_names);
        free(name);
    }
    for (size_t i = 0; i < compilation->thread_count; i++) {
        free(compilation->threads[i]);
    }
    free(compilation->threads);
    office_close(&compilation->office);
}

int cmd_compile(const struct home *home, const struct arguments *arguments)
{
    struct compilation compilation = {.year = (int)arguments->year};
    const struct kind *kind = kind_by_number(KIND_ANNUAL_REPORT);
    if (strcmp(arguments->operands[0], "annual_report") != 0 || arguments->year == 0 || !kind) {
        complain(tr("expected: agn-agent compile annual_report --year Y",
                    "用法：agn-agent compile annual_report --year 年份"));
        return EXIT_USAGE;
    }
    if (!office_open(home, QUICK_WAIT_MS, &compilation.office)) {
        return EXIT_REFUSED;
    }
    err_t err = take_all(&compilation);
    bool is_done = err == ERR_OK;
    if (is_done) {
        count_threads(&compilation);
        json_t *draft = draft_of(&compilation, kind);
        is_done = write_draft(arguments->out, draft);
        json_decref(draft);
    } else {
        complain_spool(&compilation.office, "compile", err);
    }
    if (is_done) {
        tell_rest(&compilation, kind);
    }
    release(&compilation);
    return is_done ? EXIT_DONE : EXIT_REFUSED;
}
