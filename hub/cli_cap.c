/* cap: warnings as messages of the Common Alerting Protocol, for whoever watches by that. */
#include <stdlib.h>
#include <string.h>

#include "common/cap.h"
#include "common/mem.h"
#include "common/text.h"
#include "hub/cli.h"
#include "proto/kinds.h"

enum { IDS_MAX = 1000 };

/* One record, and those of its thread that came before it. */
struct issue {
    int found;
    uint64_t number;
    char owner[RECORD_PARTY_SIZE];
    char filer_name[401];
    uint8_t id[RECORD_ID_SIZE], root[RECORD_ID_SIZE];
    uint8_t *bytes; /* owned */
    size_t size;
    struct cap_earlier earlier[CAP_REFERENCES_MAX];
    size_t earlier_count;
};

static void note_record(void *self, const struct record_row *row)
{
    struct issue *issue = self;
    if (issue->found++ > 0) {
        return;
    }
    issue->number = row->number;
    issue->bytes = (uint8_t *)mem_copy(row->bytes.at, row->bytes.size);
    issue->size = row->bytes.size;
    snprintf(issue->owner, sizeof issue->owner, "%s", row->owner);
    snprintf(issue->filer_name, sizeof issue->filer_name, "%s", row->party_name);
    memcpy(issue->root, row->root, RECORD_ID_SIZE);
}

static void note_earlier(void *self, const struct record_row *row)
{
    struct issue *issue = self;
    if (row->number < issue->number && row->kind && row->kind->number == KIND_RISK_WARNING) {
        cap_add_earlier(issue->earlier, &issue->earlier_count, row->id, row->bytes);
    }
}

/* The reason has been printed where it is false. */
static bool find_issue(struct store *store, const char *text, struct issue *issue)
{
    struct record_filter filter = {.sector = -1, .level = -1, .from = INT64_MIN, .to = INT64_MAX, .id = issue->id};
    if (!cli_record_id(text, issue->id)) {
        return false;
    }
    err_t err = store_each_record(store, &filter, note_record, issue);
    if (err == ERR_OK && issue->found == 1) {
        err = store_each_in_thread(store, issue->owner, issue->root, note_earlier, issue);
    }
    if (err != ERR_OK || issue->found != 1) {
        cli_fail(issue->found > 1 ? tr("%s: two parties have a record with this id", "%s：两个机构有同一编号的记录")
                                  : tr("no record %s", "没有记录 %s"),
                 text);
        return false;
    }
    return true;
}

static bool write_issue(struct store *store, const struct options *options, const char *text, const char *out,
                        bool is_many)
{
    char reason[512] = "";
    char *xml = NULL;
    struct issue *issue = mem_alloc(sizeof *issue);
    bool is_done = find_issue(store, text, issue);
    if (is_done) {
        struct cap_order order = {.sender = *options->cap_sender ? options->cap_sender : options->host,
                                  .sender_name = issue->filer_name,
                                  .issuer_name = options->name,
                                  .utc_offset_minutes = (int)options->utc_offset_minutes,
                                  .earlier = issue->earlier,
                                  .earlier_count = issue->earlier_count};
        err_t err = cap_write((struct view){issue->bytes, issue->size}, &order, &xml, reason);
        err = err == ERR_OK ? cap_save(xml, issue->id, out, is_many, reason) : err;
        is_done = err == ERR_OK;
    }
    if (*reason && !is_done) {
        cli_fail("%s: %s", text, reason);
    }
    free(xml);
    free(issue->bytes);
    free(issue);
    return is_done;
}

int cli_cap(const struct home *home, int argc, char **argv)
{
    static const char *ids[IDS_MAX];
    struct argument arguments[] = {{"out", false, NULL}};
    struct options options;
    size_t count = 0;
    bool is_done = true;
    if (!cli_parse(argc, argv, arguments, 1, ids, IDS_MAX, &count) || count == 0 ||
        (count > 1 && !arguments[0].value)) {
        return cli_usage();
    }
    struct store *store = cli_open_store(home, &options);
    if (!store) {
        return 1;
    }
    for (size_t i = 0; i < count; i++) {
        is_done = write_issue(store, &options, ids[i], arguments[0].value, count > 1) && is_done;
    }
    store_close(store);
    return is_done ? 0 : 1;
}
