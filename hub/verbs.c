#include "hub/verbs.h"

#include <string.h>

#include "common/text.h"

#define FORMS          "[--json|--jsonl|--csv|--xlsx FILE]"
#define WARNING_STEP   "ID [--taken TEXT] [--advised TEXT] [--level 1-4] [--by NAME]"
#define INVITE_OPTIONS "[--valid-hours N] [--replace] [--reason TEXT]"

static const struct verb verbs[] = {
    {"init", cli_init,
     "--name NAME --city CODE [--endpoint tcp://ADDRESS:PORT] [--enrol tcp://ADDRESS:PORT] [--host ADDRESS] [--suite "
     "ed25519|sm2-sm3]",
     "make a hub in the home folder", "在目录中新建枢纽"},
    {"run", cli_run, "", "serve until stopped", "运行枢纽"},
    {"config", cli_config, "", "check hub.zpl and print every key with its default", "检查配置并列出所有键"},
    {"key show", cli_key_show, "", "the hub's public keys, by which others check its receipts",
     "显示枢纽公钥（供他人验证回执）"},
    {"key seal", cli_key_seal, "", "keep the hub's secret keys under a passphrase", "用口令加密枢纽私钥"},
    {"key unseal", cli_key_unseal, "", "keep the hub's secret keys without a passphrase again", "解除枢纽私钥的加密"},
    {"key rotate", cli_key_rotate, "[--after N[h|m|s]] [--reason TEXT]\n--leaked --reason TEXT",
     "announce new keys, which take over later; --leaked: at once, since somebody else has the present ones",
     "公告新密钥，稍后启用；--leaked：现行密钥已泄露，立即更换"},
    {"entity add", cli_entity_add,
     "--uscc CODE --name NAME --type TYPE --sector CODE[,CODE] --district CODE [--valid-hours N]",
     "register an institution; prints its join link, good for 72 hours or N",
     "登记机构；输出加入链接（默认 72 小时有效）"},
    {"entity import", cli_entity_import, "FILE", "register the institutions of a file, a JSON object a line",
     "批量登记机构（每行一个 JSON 对象）"},
    {"entity list", cli_entity_list, FORMS, "the institutions", "机构列表"},
    {"entity show", cli_entity_show, "USCC " FORMS, "one institution and its keys", "查看一个机构及其密钥"},
    {"entity invite", cli_entity_invite, "USCC " INVITE_OPTIONS,
     "a new join link; --replace, with a reason: the keys it makes take the place of all there are",
     "新的加入链接；--replace（须说明原因）：由此加入的密钥取代现有全部密钥"},
    {"entity keys", cli_entity_keys, "USCC " FORMS, "an institution's keys", "机构的密钥"},
    {"entity key revoke", cli_entity_key_revoke, "USCC KEY --reason TEXT", "end one key of an institution",
     "吊销机构的一个密钥"},
    {"entity suspend", cli_entity_suspend, "USCC --reason TEXT", "stop an institution for a while", "暂停机构"},
    {"entity resume", cli_entity_resume, "USCC [--reason TEXT]", "let a suspended institution go on", "恢复机构"},
    {"entity revoke", cli_entity_revoke, "USCC --reason TEXT", "shut an institution out for good", "永久吊销机构"},
    {"peer add", cli_peer_add, "--name NAME [--valid-hours N]",
     "register the province; prints its join link, good for 72 hours or N",
     "登记省级平台；输出加入链接（默认 72 小时有效）"},
    {"peer list", cli_peer_list, FORMS, "the provinces", "省级平台列表"},
    {"peer invite", cli_peer_invite, "NAME " INVITE_OPTIONS, "a new join link; --replace: as of `entity invite`",
     "新的加入链接；--replace：同 entity invite"},
    {"peer keys", cli_peer_keys, "NAME " FORMS, "the province's keys", "省级平台的密钥"},
    {"peer key revoke", cli_peer_key_revoke, "NAME KEY --reason TEXT", "end one key of the province",
     "吊销省级平台的一个密钥"},
    {"peer revoke", cli_peer_revoke, "NAME --reason TEXT", "shut the province out for good", "永久吊销省级平台"},
    {"query", cli_query,
     "[--kind KIND] [--entity USCC] [--sector CODE] [--level 1-4] [--from DATE] [--to DATE] [--limit N] "
     "[--refused|--full] " FORMS,
     "records, newest first", "查询记录"},
    {"show", cli_show, "ID [--json]", "one record, with its signature checked", "查看一条记录并验证签名"},
    {"history", cli_history, "ID " FORMS, "all records of a thread, oldest first", "一个事项的全部记录"},
    {"stats", cli_stats, "[--family F] [--by DIM,...] " FORMS, "the rollups", "统计"},
    {"report", cli_report, "--period YYYY-MM|YYYY-Qn|YYYY-Hn|YYYY [--xlsx FILE] [--html FILE] [--lang zh|en] [--force]",
     "the statistical report of a period, as a workbook and a page to print", "统计报告（表格与可打印网页）"},
    {"signals", cli_signals, "[--from DATE] [--to DATE] [--rules FILE] [--input FILE|-] [--replay] [--raised] " FORMS,
     "clusters that the rules find among the warnings", "按规则发现预警聚集"},
    {"schema", cli_schema, "[KIND]", "the kinds of record; JSON Schema of one", "记录种类与 JSON Schema"},
    {"accept", cli_accept, "ID [--note TEXT] [--by NAME]", "accept what was filed", "接收"},
    {"return", cli_return, "ID FIELD=REASON... [--due DATE] [--by NAME]", "return it with all faults at once",
     "退回补正（一次性告知全部问题）"},
    {"acknowledge", cli_warning, WARNING_STEP, "take a warning into hand", "受理预警"},
    {"handle", cli_warning, WARNING_STEP, "say what is being done", "处置预警"},
    {"resolve", cli_warning, WARNING_STEP, "close a warning", "解除预警"},
    {"update", cli_warning, WARNING_STEP, "change a warning", "更新预警"},
    {"cancel", cli_warning, WARNING_STEP, "cancel a warning", "撤销预警"},
    {"share", cli_share,
     "ID [--headline TEXT] [--advised TEXT] [--to AUDIENCE-JSON] [--by NAME] [--preview]\n--pending " FORMS,
     "share a warning with those whom it concerns; --pending: what waits for it", "共享预警；--pending：待共享的预警"},
    {"rereview open", cli_rereview, "REPORT-ID [--received DATE] [--emergency] [--materials TEXT] [--by NAME]",
     "open a case of expert re-review", "发起专家复核"},
    {"file", cli_file, "FILE.json|-", "file any record of the city, or an array of them: notice, city_plan, ...",
     "以市级名义提交一条或一组记录：通知、行动方案等"},
    {"attachment list", cli_attachment_list, "[--entity USCC] " FORMS, "the attachments of the records", "记录的附件"},
    {"attachment get", cli_attachment_get, "SHA256|RECORD-ID [--out FILE]", "copy an attachment to a file",
     "将附件导出为文件"},
    {"due", cli_due, "[--entity USCC] [--days N] [--late] [--all] " FORMS, "what is coming and what is late",
     "到期与逾期事项"},
    {"terms", cli_terms, FORMS "\n--markdown", "the statutory terms and their lengths", "法定时限与时长"},
    {"plan", cli_plan, "[--json]", "the city's plans: stated, measured, and the representative units",
     "行动方案：填报值、自动计量值与代表性单位"},
    {"deliveries", cli_deliveries, "ID " FORMS, "who has read and answered a notice", "通知的阅读与答复情况"},
    {"statement", cli_statement, "USCC [--from N] [--to N] " FORMS, "what an institution sent and the hub holds",
     "对账单"},
    {"cap", cli_cap, "ID [--out FILE]\nID... --out FOLDER", "warnings as CAP 1.2 XML, without what is confidential",
     "以 CAP 1.2 XML 导出预警（不含涉密字段）"},
    {"audit", cli_ledger_audit, "[--scratch DIR] " FORMS,
     "check every signature and the whole ledger, and recount every figure from the records",
     "核验全部签名与整个台账，并由记录重新计算各项数字"},
    {"audit-log", cli_audit_log,
     "[--from DATE] [--to DATE] [--operator NAME|USER] [--act CODE] [--subject TEXT] " FORMS,
     "what was done to the hub and in the city's name, by whom and why", "管理与操作日志：何人何时因何做了什么"},
    {"prune uplink", cli_prune, "--upto CURSOR --reason TEXT --yes\n--upto CURSOR --dry-run",
     "forget warnings that were passed up; --dry-run: how many would go", "清理已上行的预警；--dry-run：仅显示条数"},
    {"erase", cli_erase, "RECORD-ID --reason TEXT [--entity USCC] --yes",
     "erase a record's content; that it was there stays provable", "擦除一条记录的内容，保留其存在的证明"},
};
enum { VERBS = sizeof verbs / sizeof *verbs };

/* How many words NAME has; 0 where one of those given is another. */
static int words_fitting(const char *name, int count, char **words)
{
    int own = 0;
    for (const char *at = name; *at; own++) {
        size_t size = strcspn(at, " ");
        if (own < count && (strlen(words[own]) != size || strncmp(words[own], at, size) != 0)) {
            return 0;
        }
        at += size + (at[size] == ' ');
    }
    return own;
}

const struct verb *verb_find(int count, char **words, int *ret_own)
{
    for (size_t i = 0; i < VERBS; i++) {
        *ret_own = words_fitting(verbs[i].name, count, words);
        if (*ret_own > 0 && *ret_own <= count) {
            return &verbs[i];
        }
    }
    return NULL;
}

static void print_general(FILE *file)
{
    fprintf(
        file, "\n  --home DIR              %s\n  --passphrase-file FILE  %s\n  -h, --help; --version\n\n%s\n",
        tr("the hub's folder (or AGN_HOME; default ~/.agn-hub)", "枢纽目录（或 AGN_HOME；默认 ~/.agn-hub）"),
        tr("holds the passphrase of sealed keys (default: systemd's credential `passphrase`, else the terminal asks)",
           "存放密钥口令的文件（默认：systemd 凭据 passphrase，否则在终端询问）"),
        tr("Exit codes: 0 done, 1 refused or failed, 2 usage.", "退出码：0 完成，1 被拒或失败，2 用法错误。"));
}

bool verbs_help(FILE *file, int count, char **words)
{
    size_t printed = 0;
    for (size_t i = 0; i < VERBS; i++) {
        if (words_fitting(verbs[i].name, count, words) == 0) {
            continue;
        }
        if (printed++ == 0) {
            fprintf(file, "agn-hub %s  %s\n\n", AGN_VERSION, tr("the city hub of AGN", "敏捷治理网络市级枢纽"));
        }
        cli_print_verb(file, &verbs[i]);
    }
    if (printed > 0) {
        print_general(file);
    }
    return printed > 0;
}
