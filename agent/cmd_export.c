/* export: the institution's own records in full, as submit takes them in. */
#include <stdlib.h>

#include "agent/cmd_items.h"
#include "agent/commands.h"
#include "agent/office.h"
#include "agent/progress.h"
#include "common/mem.h"
#include "common/text.h"
#include "sheet/column.h"
#include "sheet/export.h"

enum { PAGE = 128 };

struct exporting {
    struct office office;
    const struct kind *kind; /* NULL: all */
    int state;               /* of the spool; < 0: all */
    const char *word;        /* of --state; NULL: all */
    struct progress *progress;
    uint64_t from, to;
};

static err_t take_item(struct exporting *exporting, const struct item *item,
                       void (*take)(void *self, const json_t *record), void *self)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    err_t err = spool_bytes(exporting->office.spool, item->seq, &bytes, &size);
    json_t *record = err == ERR_OK ? record_to_json((struct view){bytes, size}) : NULL;
    if (record) {
        take(self, record);
    }
    json_decref(record);
    free(bytes);
    return err == ERR_OK && !record ? ERR_INVALID : err;
}

static bool is_wanted(const struct exporting *exporting, const struct item *item)
{
    struct progress_word word;
    if (item->seq > exporting->to || (exporting->kind && strcmp(item->kind, exporting->kind->name) != 0)) {
        return false;
    }
    if (exporting->word) {
        progress_of(exporting->progress, item, &word);
    }
    return !exporting->word || strcmp(word.code, exporting->word) == 0;
}

static err_t each_record(void *source, void (*take)(void *self, const json_t *record), void *self)
{
    struct exporting *exporting = source;
    struct item *page = mem_alloc(PAGE * sizeof *page);
    uint64_t after = exporting->from - 1;
    size_t count = PAGE;
    err_t err = ERR_OK;
    while (err == ERR_OK && count == PAGE && after < exporting->to) {
        err = spool_list(exporting->office.spool, exporting->state, after, page, PAGE, &count);
        for (size_t i = 0; err == ERR_OK && i < count; i++) {
            after = page[i].seq;
            err = is_wanted(exporting, &page[i]) ? take_item(exporting, &page[i], take, self) : ERR_OK;
        }
    }
    free(page);
    return err;
}

/* What is asked for; the exit code. */
static int read_order(const struct arguments *arguments, struct exporting *exporting)
{
    exporting->state = -1;
    exporting->word = arguments->state;
    if (arguments->state && !item_state_read(arguments->state, &exporting->state)) {
        return EXIT_USAGE;
    }
    if (arguments->kind && !(exporting->kind = column_kind(arguments->kind))) {
        complain(tr("--kind %s: there is no such kind of record; docs/records.md lists them",
                    "--kind %s：没有这个记录种类；种类见 docs/records.md"),
                 arguments->kind);
        return EXIT_USAGE;
    }
    exporting->from = arguments->from > 0 ? (uint64_t)arguments->from : 1;
    return EXIT_DONE;
}

/* Up to the last number now, so that every pass sees the same records. */
static err_t set_end(const struct arguments *arguments, struct exporting *exporting)
{
    struct counts counts;
    err_t err = spool_counts(exporting->office.spool, &counts);
    uint64_t to = arguments->to > 0 ? (uint64_t)arguments->to : UINT64_MAX;
    exporting->to = to < counts.last_seq ? to : counts.last_seq;
    return err;
}

int cmd_export(const struct home *home, const struct arguments *arguments)
{
    struct exporting exporting = {.kind = NULL};
    struct export_result result = {.count = 0};
    char flaw[EXPORT_FLAW_SIZE];
    int code = read_order(arguments, &exporting);
    if (code != EXIT_DONE) {
        return code;
    }
    if (!office_open(home, QUICK_WAIT_MS, &exporting.office)) {
        return EXIT_REFUSED;
    }
    struct export_order order = {.file = stdout, .form = arguments->form, .each = each_record, .source = &exporting};
    err_t err = set_end(arguments, &exporting);
    err = err == ERR_OK ? progress_open(exporting.office.spool, false, &exporting.progress) : err;
    err = err == ERR_OK ? export_records(&order, &result) : err;
    progress_close(exporting.progress);
    bool is_flawed = export_flaw(err, &result, flaw);
    if (is_flawed) {
        complain("%s", flaw);
    } else if (result.count == 0) {
        complain("%s", tr("no such records", "没有符合条件的记录"));
    }
    office_close(&exporting.office);
    return is_flawed ? EXIT_REFUSED : EXIT_DONE;
}
