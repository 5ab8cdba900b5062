/* The hub's ledger: its leaves and roots beside those of the tree that the replay makes. Heads are met wherever they
 * stand, also within a batch: a ledger that has grown over the records of before there was one does not keep to their
 * batches. The replay commits where the hub did, and more often where heads are missing: what it holds in memory is
 * bounded whatever the hub's ledger says. */
#include "hub/audit_parts.h"

#include <inttypes.h>
#include <string.h>

#include "common/text.h"
#include "hub/store_ledger.h"

enum { HASH = MERKLE_HASH_SIZE };

static void say_of(struct heads *heads, const char *code, uint64_t size, const char *detail)
{
    char subject[64];
    snprintf(subject, sizeof subject, "ledger of %" PRIu64, size);
    audit_say(heads->audit, code, subject, "%s", detail);
}

static err_t step(struct heads *heads)
{
    while ((heads->more = db_step(heads->stmt)) == ERR_OK && sqlite3_column_int64(heads->stmt, 0) <= 0) {
        heads->audit->sums.heads++;
        say_of(heads, "head_differs", 0, tr("no ledger has the size of this row", "台账不可能是该行所记的大小"));
    }
    if (heads->more == ERR_OK) {
        heads->size = (uint64_t)sqlite3_column_int64(heads->stmt, 0);
        heads->at = sqlite3_column_int64(heads->stmt, 1);
        uint64_t count = (uint64_t)sqlite3_column_bytes(heads->stmt, 3) / HASH;
        heads->first = count < heads->size ? heads->size - count : 0;
    }
    return heads->more == ERR_NOT_FOUND ? ERR_OK : heads->more;
}

err_t heads_open(struct audit *audit, struct heads *ret_heads)
{
    *ret_heads = (struct heads){.audit = audit, .may_be_grown = true};
    ret_heads->stmt = db_prepare(audit->seen->db, "select size, at, root, leaves from head order by size");
    ret_heads->made = tiles_open(audit->replay->db, audit->seen->settings.suite);
    return step(ret_heads);
}

void heads_close(struct heads *heads)
{
    sqlite3_finalize(heads->stmt);
    tiles_close(heads->made);
}

void heads_check_time(struct heads *heads, const struct batch_row *row)
{
    char subject[64];
    char times[2][25];
    bool is_its_own = heads->more == ERR_OK && heads->first < row->first_number && !heads->may_be_grown;
    if (!is_its_own || (row->at <= heads->at + UNDER_WAY_MS && row->at >= heads->at - UNDER_WAY_MS)) {
        return;
    }
    snprintf(subject, sizeof subject, "batch %" PRId64, row->id);
    time_text(row->at, times[0]);
    time_text(heads->at, times[1]);
    audit_say(heads->audit, "time_differs", subject,
              tr("taken at %s, and the head that was made with it is of %s", "受理时间为 %s，同时生成的台账头为 %s"),
              times[0], times[1]);
}

/* A leaf of the replay's tree, committed or not. */
static err_t made_leaf(struct heads *heads, uint64_t index, uint8_t ret_hash[HASH])
{
    const struct ledger *ledger = heads->audit->replay->ledger;
    if (index < ledger->growth.from) {
        return tiles_node(heads->made, 0, index, ret_hash);
    }
    memcpy(ret_hash, ledger->leaves + (index - ledger->growth.from) * HASH, HASH);
    return ERR_OK;
}

static err_t check_leaves(struct heads *heads)
{
    uint8_t hash[HASH];
    struct view leaves = db_column_view(heads->stmt, 3);
    uint64_t count = leaves.size / HASH;
    uint64_t first = heads->first;
    heads->may_be_grown = heads->may_be_grown && count == LEDGER_STEP;
    if (leaves.size % HASH != 0 || count > heads->size || first < heads->before) {
        say_of(heads, "leaves_differ", heads->size,
               tr("these are not the hashes that came to the one before it", "所存摘要并非前一台账头之后新增的摘要"));
        return ERR_OK;
    }
    if (first > heads->before) {
        say_of(heads, "head_missing", first,
               tr("the next head goes on from this one, which is not there", "下一台账头接续于此，而该台账头不存在"));
    }
    for (uint64_t i = 0; i < count; i++) {
        err_t err = made_leaf(heads, first + i, hash);
        if (err != ERR_OK) {
            return err;
        }
        if (memcmp(hash, leaves.at + i * HASH, HASH) != 0) {
            say_of(heads, "leaves_differ", heads->size,
                   tr("they are not the records' hashes", "所存摘要与记录的摘要不符"));
            return ERR_OK;
        }
    }
    return ERR_OK;
}

static err_t commit(struct audit *audit)
{
    enum { LOG_PAGES = 1024 };
    err_t err = store_commit(audit->replay);
    if (err == ERR_OK && audit->replay->wal_pages > LOG_PAGES) {
        store_truncate_log(audit->replay); /* nobody else folds it in: it would outgrow the store many times */
    }
    return err == ERR_OK ? store_begin(audit->replay) : err;
}

static err_t check_root(struct heads *heads)
{
    struct audit *audit = heads->audit;
    const struct tree_head *ours = store_group_head(audit->replay);
    struct merkle_source source = {audit->seen->settings.suite, tiles_node, heads->made};
    uint8_t root[HASH];
    err_t err = ERR_OK;
    if (ours->size == heads->size) {
        memcpy(root, ours->root, HASH);
    } else {
        err = merkle_root(&source, heads->size, root);
    }
    struct view seen = db_column_view(heads->stmt, 2);
    if (err == ERR_OK && (seen.size != HASH || memcmp(seen.at, root, HASH) != 0)) {
        say_of(heads, "head_differs", heads->size,
               tr("its root is not that of the records' hashes", "其根与由记录摘要算得者不符"));
    }
    return err;
}

err_t heads_meet(struct heads *heads)
{
    struct audit *audit = heads->audit;
    err_t err = ERR_OK;
    while (err == ERR_OK && heads->more == ERR_OK && heads->size <= audit->replay->number) {
        err = check_leaves(heads);
        err = err == ERR_OK && audit->replay->ledger->count > 0 ? commit(audit) : err;
        err = err == ERR_OK ? check_root(heads) : err;
        heads->before = heads->size;
        audit->sums.heads++;
        err = err == ERR_OK ? step(heads) : err;
    }
    bool is_headless = heads->more != ERR_OK || heads->first > audit->replay->number;
    err = err == ERR_OK && is_headless ? cells_flush(audit->replay) : err; /* who knows where it was committed */
    return err == ERR_OK && audit->replay->ledger->count >= LEDGER_STEP ? commit(audit) : err;
}

err_t heads_meet_rest(struct heads *heads)
{
    char subject[64];
    struct audit *audit = heads->audit;
    uint64_t records = audit->replay->number;
    err_t err = heads_meet(heads);
    while (err == ERR_OK && heads->more == ERR_OK) {
        snprintf(subject, sizeof subject, "ledger of %" PRIu64, heads->size);
        audit_say(audit, "record_missing", subject,
                  tr("there are %" PRIu64 " records, and this head stands for more",
                     "现有记录 %" PRIu64 " 条，少于该台账头所载"),
                  records);
        err = audit_skip(audit, heads->size + 1);
        if (err == ERR_OK && audit->replay->number < heads->size) {
            heads->before = heads->size; /* the ledger does not have them either */
            audit->sums.heads++;
            err = step(heads);
        } else {
            err = err == ERR_OK ? heads_meet(heads) : err;
        }
    }
    if (err == ERR_OK && heads->before < audit->replay->number) {
        say_of(heads, "head_missing", audit->replay->number,
               tr("no head stands for the newest records", "最新的记录没有对应的台账头"));
    }
    return err;
}

err_t audit_leaf(struct audit *audit, uint64_t number, uint8_t ret_hash[RECORD_HASH_SIZE])
{
    err_t err = number > 0 ? tiles_node(audit->ledger, 0, number - 1, ret_hash) : ERR_NOT_FOUND;
    return err == ERR_INVALID ? ERR_NOT_FOUND : err;
}

err_t audit_has_leaf(struct audit *audit, uint64_t number, const uint8_t hash[RECORD_HASH_SIZE], bool *ret_has)
{
    uint8_t leaf[HASH];
    err_t err = audit_leaf(audit, number, leaf);
    *ret_has = err == ERR_OK && memcmp(leaf, hash, HASH) == 0;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

err_t audit_skip(struct audit *audit, uint64_t number)
{
    struct store *replay = audit->replay;
    uint8_t leaf[HASH];
    err_t err = ERR_OK;
    while (err == ERR_OK && replay->number + 1 < number) {
        err = audit_leaf(audit, replay->number + 1, leaf);
        if (err == ERR_OK) {
            ledger_add(replay->ledger, leaf);
            replay->number++;
        }
        err = err == ERR_OK && replay->ledger->count >= LEDGER_STEP ? commit(audit) : err;
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}
