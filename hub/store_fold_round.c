/* When to fold. A round is some passes beside the writing, each leaving less behind, and a last short one while the
 * writer waits, so that the log can begin again at its start: writing over it costs half of making it grow, and a log
 * that never begins again grows for ever. */
#include "common/log.h"
#include "hub/store_sqlite.h"

enum { LAST_PAGES = 512, PASSES_MAX = 6, RETRY_PAGES = 2000 };

static const char *path_of(const struct store *store)
{
    return sqlite3_db_filename(store->db, "main");
}

static void end_round(struct store *store)
{
    int left = fold_last(store->fold);
    store->fold_above = left == 0 ? 0 : store->wal_pages + RETRY_PAGES;
    store->wal_pages = left == 0 ? 0 : store->wal_pages; /* the next commit writes from the start */
    store->fold_passes = 0;
    store->is_folding = false;
}

static void go_on(struct store *store)
{
    if (fold_is_running(store->fold)) {
        return;
    }
    int left = fold_end(store->fold);
    int written = store->wal_pages - store->fold_seen;
    store->fold_passes++;
    store->fold_seen = store->wal_pages;
    if ((left >= 0 && written + left <= LAST_PAGES) || store->fold_passes >= PASSES_MAX) {
        end_round(store);
    } else {
        fold_begin(store->fold);
    }
}

void store_fold(struct store *store, int64_t pages)
{
    if (store->is_folding) {
        go_on(store);
        return;
    }
    if (store->wal_pages == 0 || store->wal_pages <= pages || store->wal_pages <= store->fold_above) {
        return;
    }
    store->fold = store->fold ? store->fold : fold_open(path_of(store));
    if (!store->fold) {
        log_warn("fold-failed", "reason=\"no handle of the store or no thread to be had\"");
        store->fold_above = store->wal_pages + RETRY_PAGES; /* not with each group */
        return;
    }
    store->is_folding = true;
    store->fold_seen = store->wal_pages;
    fold_begin(store->fold);
}

bool store_forget_log(struct store *store)
{
    if (store->is_folding || !db_empty_log(store->db)) {
        return false;
    }
    store->wal_pages = 0;
    store->fold_above = 0;
    return true;
}

void store_truncate_log(struct store *store)
{
    if (store->is_folding) {
        (void)fold_end(store->fold);
        store->is_folding = false;
    }
    db_checkpoint(store->db, true);
    store->wal_pages = 0;
    store->fold_above = 0;
}
