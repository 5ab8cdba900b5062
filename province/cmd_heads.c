/* heads, alarm: what the hubs have signed of their ledgers, and what was said of the contradictions. */
#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/text.h"
#include "province/alarms.h"
#include "province/commands.h"
#include "province/hubs.h"
#include "province/listing.h"

enum { TEXT_HEADS = 50, REASON_MAX = 500 };

static const struct label what_labels[] = {
    {"head", "Head", "签名根"},
    {"rollback", "ALARM: rollback", "警报：回退"},
    {"fork", "ALARM: fork", "警报：分叉"},
    {"rewritten", "ALARM: rewritten", "警报：改写"},
    {"old_key", "ALARM: old key", "警报：旧密钥"},
    {"other_store", "ALARM: another store", "警报：存储被取代"},
    {"doubtful", "DOUBTFUL: signed when the key had leaked or was given up", "存疑：签署时密钥已泄露或停用"}};
static const struct enumeration enum_what = {"what", what_labels, sizeof what_labels / sizeof *what_labels};

/* ?1: how many heads, the newest ones; alarms come first, whole. */
static const char heads_sql[] =
    "select w.what, w.id, m.city, m.name, w.size, w.at, w.seen_at, w.known_size, w.told_by, w.cleared_at, w.cleared_by,"
    " w.cleared_why, lower(hex(substr(w.head, 1, 16))), lower(hex(substr(w.head, 25, 32))), w.algorithm,"
    " lower(hex(w.hub_key)), lower(hex(w.head)), lower(hex(w.signature)), nullif(lower(hex(w.known_head)), ''),"
    " nullif(lower(hex(w.known_signature)), ''), nullif(lower(hex(w.known_hub_key)), ''), w.hub, w.line from ("
    "select 0 as rank, kind as what, id, hub, size, at, raised_at as seen_at, known_size,"
    " told_by, cleared_at, cleared_by, cleared_why, algorithm, hub_key, head,"
    " signature, known_head, known_signature, known_hub_key, null as line from alarm"
    " union all select * from (select 1, iif(line < 0, 'doubtful', 'head'), null, hub, size, at, seen_at, null, null, "
    "null, null, null, algorithm,"
    " hub_key, head, signature, null, null, null, max(line, -1 - line) from head order by seen_at desc, size desc "
    "limit ?1)) w"
    " left join member m on m.hub = w.hub order by w.rank, w.seen_at desc, w.size desc";

static const struct listing_column columns[] = {
    {{"what", "What", "类型", false}, LIST_CODE, &enum_what},
    {{"alarm", "Alarm", "警报号", true}, LIST_NUMBER, NULL},
    {{"city", "City", "城市", false}, LIST_TEXT, NULL},
    {{"hub_name", "Hub", "枢纽", false}, LIST_TEXT, NULL},
    {{"size", "Records", "记录数", true}, LIST_NUMBER, NULL},
    {{"at", "Signed", "签署时间", false}, LIST_TIME, NULL},
    {{"seen_at", "Seen", "收到时间", false}, LIST_TIME, NULL},
    {{"known_size", "Known before", "此前记录数", true}, LIST_NUMBER, NULL},
    {{"told_by", "From", "来源", false}, LIST_TEXT, NULL},
    {{"cleared_at", "Cleared", "解除时间", false}, LIST_TIME, NULL},
    {{"cleared_by", "By", "解除人", false}, LIST_TEXT, NULL},
    {{"cleared_why", "Reason", "理由", false}, LIST_TEXT, NULL},
    {{"epoch", "Epoch", "纪元", false}, LIST_TEXT, NULL},
    {{"root", "Root", "根", false}, LIST_TEXT, NULL},
    {{"algorithm", "Algorithm", "算法", false}, LIST_TEXT, NULL},
    {{"hub_key", "Hub's key", "枢纽公钥", false}, LIST_TEXT, NULL},
    {{"head", "Head", "签名根原文", false}, LIST_TEXT, NULL},
    {{"signature", "Signature", "签名", false}, LIST_TEXT, NULL},
    {{"known_head", "Head known before", "此前签名根", false}, LIST_TEXT, NULL},
    {{"known_signature", "Its signature", "此前签名", false}, LIST_TEXT, NULL},
    {{"known_hub_key", "Its key", "此前公钥", false}, LIST_TEXT, NULL},
    {{"hub", "Hub no.", "枢纽号", true}, LIST_NUMBER, NULL},
    {{"line", "Line", "台账段", true}, LIST_NUMBER, NULL},
};
enum { COLUMNS = sizeof columns / sizeof *columns, TEXT_COLUMNS = 12 };

static err_t print(const struct look *look, sqlite3 *db, int64_t limit, enum table_form form)
{
    err_t err = alarms_name_hubs(look->home, db);
    if (err != ERR_OK) {
        return err;
    }
    sqlite3_stmt *stmt = db_prepare(db, heads_sql);
    sqlite3_bind_int64(stmt, 1, limit);
    err = listing_print(look, stmt, columns, COLUMNS, TEXT_COLUMNS, form);
    sqlite3_finalize(stmt);
    return err;
}

/* All of them, in the form of --json. */
static err_t export(struct look *look, sqlite3 *db, const char *path)
{
    look->out = fopen(path, "we");
    if (!look->out) {
        complain(tr("cannot write %s: %s", "无法写入 %s：%s"), path, strerror(errno));
        return ERR_IO;
    }
    err_t err = print(look, db, -1, TABLE_JSON);
    if (fclose(look->out) != 0 && err == ERR_OK) {
        complain(tr("%s is not whole: %s", "%s 写入不完整：%s"), path, strerror(errno));
        err = ERR_IO;
    }
    return err;
}

int cmd_heads(const struct home *home, const struct arguments *arguments)
{
    struct look look;
    struct witness *witness = NULL;
    char reason[256];
    int64_t limit = arguments->form == TABLE_TEXT ? TEXT_HEADS : -1;
    if (arguments->limit && !arguments_number("--limit", arguments->limit, 1, INT32_MAX, &limit)) {
        return EXIT_USAGE;
    }
    if (!look_open(home, &look)) {
        return EXIT_REFUSED;
    }
    err_t err = witness_open(home, false, &witness, reason);
    if (err != ERR_OK) {
        complain("%s", reason);
        look_close(&look);
        return EXIT_REFUSED;
    }
    err = arguments->export ? export(&look, witness_db(witness), arguments->export)
                            : print(&look, witness_db(witness), limit, arguments->form);
    witness_close(witness);
    look_close(&look);
    return err == ERR_OK ? EXIT_DONE : look_failed(err);
}

static const char *person_of(const struct arguments *arguments)
{
    const struct passwd *user = arguments->person ? NULL : getpwuid(geteuid());
    return arguments->person ? arguments->person : user ? user->pw_name : "?";
}

int cmd_alarm(const struct home *home, const struct arguments *arguments)
{
    int64_t alarm = 0;
    struct witness *witness = NULL;
    char reason[256];
    if (arguments->operand_count != 2 || strcmp(arguments->operands[0], "clear") != 0) {
        complain(tr("expected: agn-province alarm clear NUMBER --reason TEXT",
                    "用法：agn-province alarm clear 编号 --reason 理由"));
        return EXIT_USAGE;
    }
    if (!arguments_number("NUMBER", arguments->operands[1], 1, INT32_MAX, &alarm)) {
        return EXIT_USAGE;
    }
    const char *why = arguments->reason;
    if (!why || !*why || strlen(why) > REASON_MAX ||
        !utf8_check((struct view){(const uint8_t *)why, strlen(why)}, NULL)) {
        complain(tr("--reason: say what was found and who explained it, in 1 to 500 bytes; it stays on record",
                    "--reason：请写明查明的原因和说明人，1 至 500 字节；将永久留存"));
        return EXIT_USAGE;
    }
    err_t err = witness_open(home, false, &witness, reason);
    if (err != ERR_OK) {
        complain("%s", reason);
        return EXIT_REFUSED;
    }
    err = witness_clear(witness, alarm, person_of(arguments), why, clock_ms());
    witness_close(witness);
    if (err != ERR_OK) {
        complain(err == ERR_NOT_FOUND
                     ? tr("alarm %" PRId64 " does not stand; agn-province heads lists them",
                          "警报 %" PRId64 " 不存在或已解除；可用 agn-province heads 查看")
                     : tr("alarm %" PRId64 " could not be cleared: try again", "警报 %" PRId64 " 解除失败，请重试"),
                 alarm);
        return EXIT_REFUSED;
    }
    printf(tr("alarm %" PRId64 " is cleared; both heads and the reason stay on record\n",
              "警报 %" PRId64 " 已解除；两份签名根及理由永久留存\n"),
           alarm);
    hubs_wake(home, WAKE_WITNESS);
    return EXIT_DONE;
}
