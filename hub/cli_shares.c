/* What waits to be shared: proposals of the sharing rule, each confirmed with `agn-hub share ID`. */

#include "common/mem.h"
#include "common/text.h"
#include "hub/cli.h"
#include "hub/sharing.h"
#include "hub/store_clock.h"
#include "proto/kinds.h"

enum { WAITING_MAX = 1000, HEADLINE_SIZE = 512 };

static void note_headline(void *self, const struct record_row *row)
{
    char *headline = self;
    json_t *record = row->kind->number == KIND_RISK_WARNING ? record_to_json(row->bytes) : NULL;
    const char *text = json_string_value(json_object_get(record, "headline"));
    if (text) {
        snprintf(headline, HEADLINE_SIZE, "%s", text);
    }
    json_decref(record);
}

static err_t list_row(struct store *store, const struct share_row *row, struct table *table)
{
    static const struct label acts[] = {{"share", "share", "共享"},
                                        {"update", "update the copy", "更新共享件"},
                                        {"withdraw", "withdraw the copy", "撤回共享件"}};
    struct party owner;
    char headline[HEADLINE_SIZE] = "";
    char id[37];
    char copy[37];
    char level[8];
    err_t err = store_party_at(store, row->owner, &owner);
    err = err == ERR_OK ? store_each_in_thread(store, owner.party, row->root, note_headline, headline) : err;
    if (err != ERR_OK) {
        return err;
    }
    record_id_text(row->root, id);
    record_id_text(row->copy, copy);
    snprintf(level, sizeof level, "%d", row->level);
    const char *cells[] = {share_act_code(row->act), level, owner.party, headline, id, row->has_copy ? copy : NULL};
    const struct label *act = &acts[row->act - 1];
    const char *labels[] = {tr(act->en, act->zh), NULL, NULL, NULL, NULL, NULL};
    table_row(table, cells, labels);
    return ERR_OK;
}

int cli_shares_waiting(const struct home *home, enum table_form form)
{
    static const struct table_column heads[] = {
        {"act", "to do", "待办", false},
        {"level", "level", "级别", true},
        {"entity", "reported by", "来源主体", false},
        {"headline", "headline", "标题", false},
        {"id", "warning", "预警编号", false},
        {"copy", "copy", "共享件编号", false},
    };
    struct options options;
    size_t count = 0;
    struct store *store = cli_open_store(home, &options);
    if (!store) {
        return 1;
    }
    struct share_row *rows = mem_alloc(WAITING_MAX * sizeof *rows);
    struct table *table = table_open(stdout, form, heads, sizeof heads / sizeof *heads);
    err_t err = share_mode_find(options.share_mode) == SHARE_OFF
                    ? ERR_OK
                    : store_shares_waiting(store, options.share_level, true, rows, WAITING_MAX, &count);
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        err = list_row(store, &rows[i], table);
    }
    table_close(table);
    store_close(store);
    free(rows);
    return err == ERR_OK ? 0 : cli_fail("%s", err_text(err));
}
