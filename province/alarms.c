#include "province/alarms.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/text.h"
#include "province/hubs.h"

err_t alarms_name_hubs(const struct home *home, sqlite3 *db)
{
    struct hub_member *members = NULL;
    size_t count = 0;
    err_t err = hubs_load(home, &members, &count, NULL);
    err = err == ERR_OK ? db_exec(db, "create temp table if not exists member(hub integer primary key, city text,"
                                      " name text)")
                        : err;
    sqlite3_stmt *put =
        err == ERR_OK ? db_prepare(db, "insert or replace into member(hub, city, name) values(?1, ?2, ?3)") : NULL;
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        sqlite3_reset(put);
        sqlite3_bind_int64(put, 1, members[i].hub);
        db_bind_str(put, 2, members[i].membership.city);
        db_bind_str(put, 3, members[i].membership.hub);
        err = db_run(put);
    }
    sqlite3_finalize(put);
    free(members);
    return err;
}

/* COLUMN: the first of head, signature and key. */
static void print_head(const struct look *look, struct witness *witness, const char *label, sqlite3_stmt *stmt,
                       int column, const char *told_by)
{
    bool is_doubtful = false;
    struct kept_head head;
    char at[20];
    char root[2 * MERKLE_HASH_SIZE + 1];
    char head_hex[2 * HEAD_SIZE + 1];
    char key_hex[2 * SIGNING_KEY_MAX + 1];
    char signature_hex[2 * SIGNATURE_SIZE + 1];
    if (kept_head_take(db_column_view(stmt, column), db_column_view(stmt, column + 1), db_column_view(stmt, column + 2),
                       &head) != ERR_OK) {
        return;
    }
    local_time_text(head.head.at, (int)look->settings.utc_offset_minutes, at);
    hex_text(head.head.root, MERKLE_HASH_SIZE, root);
    hex_text(head.bytes, HEAD_SIZE, head_hex);
    hex_text(head.key.bytes, head.key.size, key_hex);
    hex_text(head.signature, SIGNATURE_SIZE, signature_hex);
    printf(tr("    %s: %" PRIu64 " records, signed %s, root %s\n", "    %s：%" PRIu64 " 条记录，签署于 %s，根 %s\n"),
           label, head.head.size, at, root);
    if (strcmp(told_by, TOLD_BY_RECEIPT) == 0) {
        puts(tr("      of a receipt for what this province filed", "      来自本方报送的回执"));
    } else if (*told_by) {
        printf(tr("      as shown to: %s\n", "      出示对象：%s\n"), told_by);
    }
    if (witness_doubts(witness, sqlite3_column_int64(stmt, 1), &head, &is_doubtful) == ERR_OK && is_doubtful) {
        puts(tr("      DOUBTFUL: signed when the hub had given up this key, or it had leaked: it says nothing of the "
                "hub's ledger",
                "      存疑：签署时该密钥已停用或已泄露，不能证明枢纽台账的内容"));
    }
    printf("      head %s\n      signature %s\n      hub_key %s\n", head_hex, signature_hex, key_hex);
}

/* What is said of the two heads of an alarm. */
struct explanation {
    const char *known, *later, *meaning;
};

static struct explanation explain(const char *kind)
{
    struct explanation contradictory = {
        tr("known before", "此前已知"), tr("shown later", "其后出示"),
        tr("The hub's keys have signed both, and they cannot both be true.", "两者均由枢纽密钥签署而不能同时成立。")};
    if (strcmp(kind, alarm_code(HEADS_OLD_KEY)) == 0) {
        return (struct explanation){tr("by the old key", "旧密钥所签"), tr("by the hub", "枢纽所签"),
                                    tr("Somebody else has the old key, and whoever was shown the first head was "
                                       "deceived; or the hub itself signs\n"
                                       "    with it still, or has called it old to be rid of what it signed: hold it "
                                       "to what the city reported.",
                                       "旧密钥已为他人持有，被出示第一份签名根的一方受到了欺骗；或者枢纽自身仍在使用该"
                                       "密钥，或谎称其已失效以否认\n"
                                       "    所签内容：请与该市的通报核对。")};
    }
    if (strcmp(kind, alarm_code(HEADS_OTHER_STORE)) == 0) {
        contradictory.meaning =
            tr("The hub's keys have signed both, of two stores: nothing shows that the later one holds what the other "
               "did.",
               "两者均由枢纽密钥签署，但属于两个存储：无法证明后者包含前者的记录。");
    }
    return contradictory;
}

static void print_alarm(const struct look *look, struct witness *witness, sqlite3_stmt *stmt)
{
    const char *kind = db_column_str(stmt, 2);
    const struct explanation words = explain(kind);
    char at[20];
    char name[512];
    char told_by[512];
    local_time_text(sqlite3_column_int64(stmt, 4), (int)look->settings.utc_offset_minutes, at);
    log_safe(sqlite3_column_text(stmt, 3), (size_t)sqlite3_column_bytes(stmt, 3), name, sizeof name);
    log_safe(sqlite3_column_text(stmt, 8), (size_t)sqlite3_column_bytes(stmt, 8), told_by, sizeof told_by);
    printf(tr("!!! LEDGER ALARM %" PRId64 ", hub %" PRId64 " %s: %s (raised %s)\n",
              "!!! 台账警报 %" PRId64 "，枢纽 %" PRId64 " %s：%s（发现于 %s）\n"),
           (int64_t)sqlite3_column_int64(stmt, 0), (int64_t)sqlite3_column_int64(stmt, 1), name,
           enumeration_label(&enum_alarm, kind, text_is_chinese()), at);
    print_head(look, witness, words.known, stmt, 5, told_by);
    print_head(look, witness, words.later, stmt, 9, "");
    printf("    %s\n", words.meaning);
    puts(tr("    Keep this, export it (agn-province heads --export FILE) and call the city.\n"
            "    When it is explained: agn-province alarm clear NUMBER --reason TEXT",
            "    请保存并导出（agn-province heads --export FILE），并联系该市核查。\n"
            "    查明原因后：agn-province alarm clear 编号 --reason 理由"));
}

err_t alarms_print(const struct look *look, struct witness *witness, int64_t *ret_count)
{
    static const char sql[] =
        "select a.id, a.hub, a.kind, coalesce(m.name || ' ' || m.city, ''), a.raised_at, a.known_head,"
        " a.known_signature, a.known_hub_key, coalesce(a.told_by, ''), a.head, a.signature, a.hub_key"
        " from alarm a left join member m on m.hub = a.hub where a.cleared_at is null order by a.id";
    *ret_count = 0;
    err_t err = alarms_name_hubs(look->home, witness_db(witness));
    if (err != ERR_OK) {
        return err;
    }
    sqlite3_stmt *stmt = db_prepare(witness_db(witness), sql);
    err = db_step(stmt);
    while (err == ERR_OK) {
        print_alarm(look, witness, stmt);
        (*ret_count)++;
        err = db_step(stmt);
    }
    sqlite3_finalize(stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}
