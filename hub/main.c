#include <czmq.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/identity.h"
#include "common/mem.h"
#include "common/passphrase.h"
#include "common/text.h"
#include "hub/cli.h"
#include "hub/cli_keys.h"
#include "hub/hub.h"
#include "hub/terms.h"

static char **command_line; /* as they were given */

static const struct {
    const char *name;
    int (*run)(const struct home *home, int argc, char **argv);
    const char *usage, *en, *zh;
} verbs[] = {
    {"init", cli_init, "--name NAME --city CODE [--endpoint E] [--enrol E] [--host H] [--suite ed25519|sm2-sm3]",
     "make a hub in the home folder", "在目录中新建枢纽"},
    {"key", cli_key, "show|seal|unseal|rotate [--after N[h|m|s]]|rotate --leaked --reason TEXT",
     "the hub's public keys, by which others check its receipts; its secret keys under a passphrase, or open",
     "显示枢纽公钥（供他人验证回执）；用口令加密枢纽私钥，或解除加密"},
    {"run", cli_run, "", "serve until stopped", "运行枢纽"},
    {"entity", cli_entity, "add|import|invite|list|show|keys|key|suspend|resume|revoke",
     "the institutions and their join links", "机构登记与加入链接"},
    {"peer", cli_peer, "add|list|invite|keys|key|revoke", "the province", "省级平台"},
    {"query", cli_query,
     "[--kind K] [--entity U] [--sector S] [--level N] [--from D] [--to D] [--limit N] [--refused|--full] "
     "[--json|--jsonl|--csv|--xlsx FILE]",
     "records, newest first", "查询记录"},
    {"show", cli_show, "ID [--json]", "one record, with its signature checked", "查看一条记录并验证签名"},
    {"stats", cli_stats, "[--family F] [--by dim,dim] [--json|--jsonl|--csv|--xlsx FILE]", "the rollups", "统计"},
    {"report", cli_report, "--period YYYY-MM|YYYY-Qn|YYYY-Hn|YYYY [--xlsx FILE] [--html FILE] [--lang zh|en] [--force]",
     "the statistical report of a period, as a workbook and a page to print", "统计报告（表格与可打印网页）"},
    {"signals", cli_signals,
     "[--from D] [--to D] [--rules FILE] [--input FILE|-] [--replay] [--raised] [--json|--jsonl|--csv|--xlsx FILE]",
     "clusters that the rules find among the warnings", "按规则发现预警聚集"},
    {"schema", cli_schema, "[KIND]", "the kinds of record; JSON Schema of one", "记录种类与 JSON Schema"},
    {"history", cli_history, "ID [--json|--jsonl|--csv|--xlsx FILE]", "all records of a thread, oldest first",
     "一个事项的全部记录"},
    {"accept", cli_accept, "ID [--note T] [--by NAME]", "accept what was filed", "接收"},
    {"return", cli_return, "ID FIELD=REASON... [--due D] [--by NAME]", "return it with all faults at once",
     "退回补正（一次性告知全部问题）"},
    {"acknowledge", cli_warning, "ID [--by NAME]", "take a warning into hand", "受理预警"},
    {"handle", cli_warning, "ID [--taken T] [--by NAME]", "say what is being done", "处置预警"},
    {"resolve", cli_warning, "ID [--taken T] [--by NAME]", "close a warning", "解除预警"},
    {"update", cli_warning, "ID [--level N] [--advised T] [--by NAME]", "change a warning", "更新预警"},
    {"cancel", cli_warning, "ID [--by NAME]", "cancel a warning", "撤销预警"},
    {"share", cli_share, "ID [--headline T] [--advised T] [--to JSON] [--preview] | --pending",
     "share a warning with those whom it concerns", "共享预警"},
    {"rereview", cli_rereview, "open REPORT-ID [--received D] [--emergency]", "open a case of expert re-review",
     "发起专家复核"},
    {"file", cli_file, "FILE.json|-", "file any record of the city: notice, city_plan, ...",
     "以市级名义提交记录：通知、行动方案等"},
    {"attachment", cli_attachment, "list|get SHA256|RECORD-ID [-o FILE]", "the attachments of the records",
     "记录的附件"},
    {"due", cli_due, "[--entity U] [--days N] [--late] [--all] [--json|--jsonl|--csv|--xlsx FILE]",
     "what is coming and what is late", "到期与逾期事项"},
    {"terms", cli_terms, "[--json|--jsonl|--csv|--xlsx FILE|--markdown]", "the statutory terms and their lengths",
     "法定时限与时长"},
    {"plan", cli_plan, "[--json]", "the city's plans: stated, measured, and the representative units",
     "行动方案：填报值、自动计量值与代表性单位"},
    {"deliveries", cli_deliveries, "ID [--json|--jsonl|--csv|--xlsx FILE]", "who has read and answered a notice",
     "通知的阅读与答复情况"},
    {"statement", cli_statement, "ENTITY [--from N] [--to N] [--json|--jsonl|--csv|--xlsx FILE]",
     "what an institution sent and the hub holds", "对账单"},
    {"cap", cli_cap, "ID... [--out FILE|FOLDER]", "warnings as CAP 1.2 XML, without what is confidential",
     "以 CAP 1.2 XML 导出预警（不含涉密字段）"},
    {"audit", cli_ledger_audit, "[--scratch DIR] [--json|--jsonl|--csv|--xlsx FILE]",
     "check every signature and the whole ledger, and recount every figure from the records",
     "核验全部签名与整个台账，并由记录重新计算各项数字"},
    {"audit-log", cli_audit_log,
     "[--from D] [--to D] [--operator NAME|USER] [--act CODE] [--subject TEXT] [--json|--jsonl|--csv|--xlsx FILE]",
     "what was done to the hub and in the city's name, by whom and why", "管理与操作日志：何人何时因何做了什么"},
    {"prune", cli_prune, "uplink --upto CURSOR --reason T --yes | --dry-run", "forget warnings that were passed up",
     "清理已上行的预警"},
    {"erase", cli_erase, "RECORD-ID --reason T [--entity CODE] --yes",
     "erase a record's content; that it was there stays provable", "擦除一条记录的内容，保留其存在的证明"},
    {"config", cli_config, "", "check hub.zpl and print every key with its default", "检查配置并列出所有键"},
};
enum { VERBS = sizeof verbs / sizeof *verbs };

/* ONLY names a verb; NULL: all of them. */
static int help(FILE *file, const char *only)
{
    fprintf(file, "agn-hub %s  %s\n\n", AGN_VERSION, tr("the city hub of AGN", "敏捷治理网络市级枢纽"));
    for (size_t i = 0; i < VERBS; i++) {
        if (only && strcmp(only, verbs[i].name) != 0) {
            continue;
        }
        fprintf(file, "  agn-hub %s %s\n      %s\n", verbs[i].name, verbs[i].usage, tr(verbs[i].en, verbs[i].zh));
    }
    fprintf(
        file, "\n  --home DIR              %s\n  --passphrase-file FILE  %s\n",
        tr("the hub's folder (or AGN_HOME; default ~/.agn-hub)", "枢纽目录（或 AGN_HOME；默认 ~/.agn-hub）"),
        tr("holds the passphrase of sealed keys (default: systemd's credential `passphrase`, else the terminal asks)",
           "存放密钥口令的文件（默认：systemd 凭据 passphrase，否则在终端询问）"));
    return file == stdout ? 0 : 2;
}

int cli_init(const struct home *home, int argc, char **argv)
{
    struct argument arguments[] = {{"name", false, NULL},  {"city", false, NULL}, {"endpoint", false, NULL},
                                   {"enrol", false, NULL}, {"host", false, NULL}, {"suite", false, NULL}};
    static const char *const keys[] = {"name", "city", "endpoint", "enrol_endpoint", "host", "suite"};
    const size_t key_count = sizeof keys / sizeof *keys;
    size_t rest = 0;
    char reason[512];
    struct identity identity;
    struct options options;
    char file[2048] = "#   Every key and its default: agn-hub config\n";
    if (!cli_parse(argc, argv, arguments, key_count, NULL, 0, &rest)) {
        return 2;
    }
    if (!arguments[0].value || !arguments[1].value) {
        return cli_usage("agn-hub init --name NAME --city CODE [--endpoint tcp://ADDRESS:PORT] [--enrol "
                         "tcp://ADDRESS:PORT] [--host ADDRESS] [--suite ed25519|sm2-sm3]");
    }
    if (home_has(home, "hub.zpl")) {
        return cli_fail(tr("%s is a hub's home already", "%s 已是枢纽目录"), home->path);
    }
    for (size_t i = 0; i < key_count; i++) {
        const char *value = arguments[i].value;
        if (value && (strpbrk(value, "\"\n\r") || strlen(value) > 255)) {
            return cli_fail(
                       tr("--%s: no quotes or line breaks, at most 255 bytes", "--%s：不得含引号或换行，最长 255 字节"),
                       arguments[i].name),
                   2;
        }
        if (value) {
            size_t used = strlen(file);
            snprintf(file + used, sizeof file - used, "%s = \"%s\"\n", keys[i], value);
        }
    }
    if (home_create(home, reason) != ERR_OK) {
        return cli_fail("%s", reason);
    }
    err_t err = home_write(home, "hub.zpl", file, strlen(file));
    err = err == ERR_OK ? options_load(home, &options, reason) : err;
    if (err != ERR_OK) {
        char path[PATH_SIZE];
        home_file(home, "hub.zpl", path);
        remove(path);
        return cli_fail("%s", err == ERR_INVALID ? reason : err_text(err));
    }
    if (identity_create(home, suite_named(options.suite), &identity, reason) != ERR_OK) {
        return cli_fail("%s", reason);
    }
    struct store *store = NULL;
    struct store_settings settings = options_store_settings(&options);
    err = store_open(home, true, &settings, &store, reason);
    store_close(store);
    identity_done(&identity);
    if (err != ERR_OK) {
        return cli_fail("%s", reason);
    }
    printf(tr("hub made in %s; next: agn-hub run, agn-hub entity add …, agn-hub peer add …\n",
              "已在 %s 新建枢纽；下一步：agn-hub run、agn-hub entity add …、agn-hub peer add …\n"),
           home->path);
    return 0;
}

static int show_keys(const struct home *home)
{
    char reason[256];
    char signing[2 * SIGNING_KEY_MAX + 1];
    char transport[2 * KEY_SIZE + 1];
    struct identity identity;
    if (identity_load_public(home, &identity, reason) != ERR_OK) {
        return cli_fail("%s", reason);
    }
    hex_text(identity.signing.key.bytes, identity.signing.key.size, signing);
    hex_text(identity.curve_public, KEY_SIZE, transport);
    printf("%s  %s\n%s  %s\n%s  %s\n", tr("suite        ", "算法套件"), suite_name(identity_suite(&identity)),
           tr("signing key  ", "签名公钥"), signing, tr("transport key", "传输公钥"), transport);
    return 0;
}

int cli_key(const struct home *home, int argc, char **argv)
{
    char reason[256];
    if (argc == 2 && strcmp(argv[1], "show") == 0) {
        return show_keys(home);
    }
    if (argc >= 2 && strcmp(argv[1], "rotate") == 0) {
        return cli_rotate_key(home, argc - 1, argv + 1);
    }
    bool is_sealed = argc == 2 && strcmp(argv[1], "seal") == 0;
    if (argc != 2 || (!is_sealed && strcmp(argv[1], "unseal") != 0)) {
        return cli_usage("agn-hub key show|seal|unseal [--passphrase-file FILE] | "
                         "rotate [--after N[h|m|s]] [--reason TEXT] | rotate --leaked --reason TEXT");
    }
    if (identity_seal(home, is_sealed, reason) != ERR_OK) {
        return cli_fail("%s", reason);
    }
    puts(reason);
    return 0;
}

int cli_run(const struct home *home, int argc, char **argv)
{
    (void)argv;
    int status = argc == 1 ? hub_run(home) : cli_usage("agn-hub run");
    if (status == HUB_ANEW) {
        execv("/proc/self/exe", command_line);
        status = cli_fail("/proc/self/exe: %s", strerror(errno));
    }
    return status;
}

int cli_schema(const struct home *home, int argc, char **argv)
{
    (void)home;
    const struct kind *kind = NULL;
    if (argc > 2) {
        return cli_usage("agn-hub schema [KIND]");
    }
    if (argc == 2) {
        kind = kind_find((struct view){(const uint8_t *)argv[1], strlen(argv[1])});
        if (!kind) {
            return cli_fail(tr("no kind %s", "没有种类 %s"), argv[1]);
        }
        json_t *schema = kind_json_schema(kind);
        json_dumpf(schema, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(schema);
        return 0;
    }
    for (size_t i = 0; (kind = kind_at(i)); i++) {
        printf("%s  %s\n", kind->name, tr(kind->en, kind->zh));
    }
    return 0;
}

int cli_config(const struct home *home, int argc, char **argv)
{
    struct options options;
    char reason[512];
    (void)argv;
    if (argc > 1) {
        return cli_usage("agn-hub config");
    }
    config_print_sample(option_rows, option_count, stdout);
    return options_load(home, &options, reason) == ERR_OK ? 0 : cli_fail("%s", reason);
}

/* An option of every verb, as NAME VALUE or NAME=VALUE. */
static bool take_option(int argc, char **argv, int *at, const char *name, const char **ret_value)
{
    size_t size = strlen(name);
    if (strcmp(argv[*at], name) == 0 && *at + 1 < argc) {
        *ret_value = argv[++*at];
        return true;
    }
    if (strncmp(argv[*at], name, size) == 0 && argv[*at][size] == '=') {
        *ret_value = argv[*at] + size + 1;
        return true;
    }
    return false;
}

int main(int argc, char **argv)
{
    const char *home_option = NULL;
    command_line = mem_alloc(((size_t)argc + 1) * sizeof *command_line);
    memcpy(command_line, argv, (size_t)argc * sizeof *argv);
    const char *passphrase_file = NULL;
    int kept = 1;
    umask(S_IRWXG | S_IRWXO);
    text_init();
    zsys_set_logstream(NULL);
    int foreign = text_foreign_argument(argc, argv);
    if (foreign > 0) {
        return cli_fail(tr("argument %d is not UTF-8", "第 %d 个参数不是 UTF-8 文本"), foreign), 2;
    }
    for (int i = 1; i < argc; i++) {
        if (!take_option(argc, argv, &i, "--home", &home_option) &&
            !take_option(argc, argv, &i, "--passphrase-file", &passphrase_file)) {
            argv[kept++] = argv[i];
        }
    }
    argc = kept;
    bool is_help = argc > 1 && (strcmp(argv[argc - 1], "--help") == 0 || strcmp(argv[1], "help") == 0);
    if (argc < 2 || is_help) {
        return help(is_help ? stdout : stderr, argc > 2 ? argv[1][0] == 'h' ? argv[2] : argv[1] : NULL);
    }
    struct home home;
    passphrase_from(passphrase_file);
    home_resolve(home_option, "agn-hub", &home);
    for (size_t i = 0; i < VERBS; i++) {
        if (strcmp(verbs[i].name, argv[1]) == 0) {
            return cli_finish(verbs[i].run(&home, argc - 1, argv + 1));
        }
    }
    fprintf(stderr, tr("agn-hub: unknown verb %s\n", "agn-hub：未知命令 %s\n"), argv[1]);
    return help(stderr, NULL);
}
