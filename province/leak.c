#include "province/leak.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "province/commands.h"
#include "province/settings.h"
#include "province/witness.h"

/* The hub was put back with a key that it has called leaked: whoever has that key could be the one that is joined. */
static err_t check_present(struct witness *witness, int64_t hub, const struct membership *membership)
{
    struct old_key old;
    err_t err = witness_retired(witness, hub, &membership->hub_signing_key, &old);
    if (err == ERR_OK && old.is_leaked) {
        complain(tr("this hub signs with a key that hub %" PRId64 " has called leaked: its operator is to make other "
                    "keys (agn-hub key rotate --leaked --reason T) and to give another link",
                    "该枢纽使用的密钥已由枢纽 %" PRId64 " 通报泄露：请其管理员更换密钥（agn-hub key rotate --leaked "
                    "--reason 理由）并重新提供链接"),
                 hub);
        return ERR_INVALID;
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static void ask(const struct doubt *doubt, int64_t hub, const char *at)
{
    char sound[100];
    snprintf(sound, sizeof sound, tr("the head of %" PRId64 " records", "%" PRId64 " 条记录的签名根"),
             doubt->sound_size);
    complain(tr("this hub says that the key of hub %" PRId64 " has leaked, since %s. %" PRId64
                " heads that were kept of its ledger, of %" PRId64 " to %" PRId64
                " records, were signed with it later: they are doubtful then, and its ledger is held to %s. "
                "A hub could say so to be rid of what it has signed: ask the city for the date. If it is "
                "right, give the same link with --replace %" PRId64 " --leaked %.10s",
                "该枢纽称枢纽 %" PRId64 " 的密钥自 %s 起已泄露。已保存的签名根中有 %" PRId64 " 个（%" PRId64
                " 至 %" PRId64
                " 条记录）由该密钥在此之后签署，将列为存疑，其台账此后所依据的签名根为：%s。枢纽也可能借此否认自己"
                "签署过的内容：请向该市核实日期。如属实，请以 --replace %" PRId64 " --leaked %.10s 重新执行同一链接"),
             hub, at, doubt->count, doubt->smallest, doubt->largest, doubt->sound_size > 0 ? sound : tr("none", "无"),
             hub, at);
}

/* DATE as it is written, in this province's time. DOUBT: what the leak that was reported AT makes doubtful. */
static err_t check_date(const struct home *home, int64_t hub, const struct doubt *doubt, int64_t at, const char *date)
{
    struct settings settings;
    char reason[512];
    char text[20];
    if (settings_load(home, &settings, reason) != ERR_OK) {
        complain("%s", reason);
        return ERR_INVALID;
    }
    local_time_text(at, (int)settings.utc_offset_minutes, text);
    if (!date) {
        ask(doubt, hub, text);
    } else if (strncmp(date, text, strlen("YYYY-MM-DD")) != 0) {
        complain(tr("--leaked %s: this hub says that its key has leaked since %s",
                    "--leaked %s：该枢纽称其密钥自 %s 起已泄露"),
                 date, text);
    } else {
        return ERR_OK;
    }
    return ERR_INVALID;
}

/* One more leak, and what it makes doubtful beside the former ones. */
static err_t retire(struct witness *witness, int64_t hub, const struct leak *leak, struct doubt *total, int64_t *at)
{
    struct doubt doubt;
    err_t err = witness_would_doubt(witness, hub, &leak->key, leak->since, &doubt);
    if (err == ERR_OK && doubt.count > 0) {
        bool is_first = total->count == 0;
        *at = is_first || leak->at < *at ? leak->at : *at;
        total->smallest = is_first || doubt.smallest < total->smallest ? doubt.smallest : total->smallest;
        total->largest = doubt.largest > total->largest ? doubt.largest : total->largest;
        total->count += doubt.count;
    }
    total->sound_size = doubt.sound_size; /* of all, when it is the last one's */
    return err == ERR_OK ? witness_retire(witness, hub, &leak->key, leak->since, true) : err;
}

/* All or none: a date that is not the city's takes it back. */
static err_t take_all(const struct home *home, struct witness *witness, int64_t hub,
                      const struct membership *membership, const char *date)
{
    struct doubt total = {0};
    int64_t at = 0; /* the earliest that makes anything doubtful */
    sqlite3 *db = witness_db(witness);
    err_t err = db_exec(db, "begin immediate");
    for (size_t i = 0; err == ERR_OK && i < membership->leak_count; i++) {
        err = retire(witness, hub, &membership->leaks[i], &total, &at);
    }
    err = err == ERR_OK && total.count > 0 ? check_date(home, hub, &total, at, date) : err;
    err = err == ERR_OK ? db_exec(db, "commit") : err;
    if (err != ERR_OK && !sqlite3_get_autocommit(db)) {
        (void)!db_exec(db, "rollback");
    }
    return err;
}

bool leak_take(const struct home *home, int64_t hub, const struct membership *membership, const char *date)
{
    struct witness *witness = NULL;
    bool is_told = membership->leak_count > 0;
    char reason[256];
    err_t err = witness_open(home, is_told, &witness, reason);
    if (err != ERR_OK) {
        complain("%s", reason);
        return false;
    }
    err = check_present(witness, hub, membership);
    err = err == ERR_OK && is_told ? take_all(home, witness, hub, membership, date) : err;
    witness_close(witness);
    if (err != ERR_OK && err != ERR_INVALID) {
        complain(WITNESS_FILE ": %s", err_text(err));
    }
    return err == ERR_OK;
}
