#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/passphrase.h"
#include "common/text.h"
#include "province/commands.h"
#include "province/vocabulary.h"

static const struct command {
    const char *name;
    unsigned bit;
    int operands; /* at most */
    int (*run)(const struct home *home, const struct arguments *arguments);
    const char *usage;
    const char *en;
    const char *zh;
} commands[] = {
    {"init", ON_INIT, 0, cmd_init, "--name NAME [--suite ed25519|sm2-sm3]",
     "make the folder, the keys and a sample configuration", "创建文件夹、密钥和配置样例"},
    {"join", ON_JOIN, 1, cmd_join, "LINK [--replace N] [--leaked DATE]",
     "join a city's hub with the link its operator gave; --replace: it is hub N, set up anew; --leaked: since when its "
     "key has leaked, as the city says",
     "用枢纽管理员提供的链接加入一个城市枢纽；--replace：该枢纽即重建后的枢纽 N；--leaked：市方确认的密钥泄露日期"},
    {"key", ON_KEY, 1, cmd_key, "rotate|seal|unseal",
     "change the keys with every hub; keep the secret ones under a passphrase, or openly",
     "向所有枢纽更换密钥；用口令加密私钥，或解除加密"},
    {"run", ON_RUN, 0, cmd_run, "", "follow every joined hub until SIGTERM; SIGHUP reads the configuration again",
     "持续跟随所有已加入的枢纽，SIGTERM 停止，SIGHUP 重新读取配置"},
    {"status", ON_STATUS, 0, cmd_status, "", "each hub: connection, how far behind, last event",
     "各枢纽的连接、进度和最近事件"},
    {"table", ON_TABLE, 0, cmd_table,
     "[--family F] [--by DIM,...] [--from DATE] [--to DATE] [--city CODE] [--status all|actual|exercise|test]",
     "the cities' figures and what changed in the last 24 hours", "各城市统计数据及近24小时变动"},
    {"warnings", ON_WARNINGS, 0, cmd_warnings, "[--level 1-4] [--status S] [--city CODE] [--id ID] [--limit N]",
     "the warnings passed up one by one, newest first; --id: one with all its records",
     "逐条上报的预警，最新在前；--id：显示一条预警的全部记录"},
    {"cap", ON_CAP, OPERANDS_MAX, cmd_cap, "ID... [--out FILE|FOLDER] [--city CODE]",
     "write warnings that came up as messages of CAP 1.2; several go to a folder",
     "将上报的预警写成 CAP 1.2 消息；多条写入文件夹"},
    {"records", ON_RECORDS, 0, cmd_records,
     "[--kind KIND] [--city CODE] [--state S] [--since DATE] [--id ID] [--limit N]",
     "every record that the cities passed up, newest first; --id: one thread with all that its records say",
     "各城市上报的全部记录，最新在前；--id：显示一条线索的全部记录内容"},
    {"cases", ON_CASES, 0, cmd_cases, "[--city CODE] [--state S]",
     "expert re-reviews: asked for, received, due, decided", "专家复核：申请、受理、期限和意见"},
    {"plans", ON_PLANS, 0, cmd_plans, "[--by item|goal|unit] [--city CODE]",
     "the cities' action plans side by side; --by: their work items, indicators or units, one a row",
     "各城市行动方案对照；--by：逐项列出工作任务、指标或代表性单位"},
    {"overdue", ON_OVERDUE, 0, cmd_overdue, "[--city CODE]", "duties whose lateness was escalated to the province",
     "升级上报至省级的逾期事项"},
    {"notices", ON_NOTICES, 0, cmd_notices, "[--city CODE]",
     "the province's own notices: how far each got in each city", "省级通知在各城市的送达、阅读和答复情况"},
    {"changes", ON_CHANGES, 0, cmd_changes, "[--since DATE] [--city CODE]",
     "what came up since DATE; without it, since this was last asked", "自指定日期（默认自上次查看）以来的变化"},
    {"signals", ON_SIGNALS, 0, cmd_signals, "[--rules FILE] [--file]",
     "clusters of warnings across the cities, by the rules of signals.zpl; --file: warn all cities of those that are "
     "new",
     "按 signals.zpl 规则发现的跨城市预警聚集；--file：将新发现的聚集作为预警发往全部城市"},
    {"notice", ON_FILE, 1, cmd_notice, "FILE [--city CODE,...] [--person NAME]",
     "file a notice (JSON; - is standard input) with all cities, or those named",
     "向全部或指定城市发布通知（JSON 文件）"},
    {"warn", ON_FILE, 1, cmd_warn, "FILE [--city CODE,...] [--person NAME]", "file a cross-city risk warning",
     "发布跨城市风险预警"},
    {"file", ON_FILE, 1, cmd_file, "FILE [--city CODE,...] [--person NAME]",
     "file any record that a province may: its `kind` says which", "提交省级可提交的任何记录，种类见其 kind 字段"},
    {"decide", ON_DECIDE, 2, cmd_decide, "CASE-ID FILE [--person NAME]",
     "file the opinion (JSON) on an expert re-review with the city that passed it up",
     "就专家复核案件提交意见（JSON 文件）"},
    {"acknowledge", ON_ACKNOWLEDGE, 1, cmd_acknowledge, "WARNING-ID [--advised TEXT] [--person NAME]",
     "acknowledge a warning with the city that passed it up", "受理上报的预警"},
    {"outbox", ON_OUTBOX, 0, cmd_outbox, "[--state accepted|received|rejected] [--city CODE]",
     "what was filed with the cities, and what became of it", "已提交各城市的记录及其结果"},
    {"heads", ON_HEADS, 0, cmd_heads, "[--limit N] [--export FILE]",
     "the signed heads of the hubs' ledgers, newest first, and the alarms; --export: all of them with their signatures",
     "各枢纽台账的签名根（最新在前）及警报；--export：导出全部签名根及其签名"},
    {"compare", ON_COMPARE, 1, cmd_compare, "FILE",
     "hold the hubs' ledgers to the heads that somebody else was shown: a province's --export, an agent's receipt or "
     "evidence",
     "与他方所见的台账签名根核对：其他省级的导出文件、机构的回执或证据文件"},
    {"alarm", ON_ALARM, 2, cmd_alarm, "clear NUMBER --reason TEXT [--person NAME]",
     "an alarm about a ledger was looked into: it stays on record with the reason", "解除台账警报：警报及理由永久留存"},
    {"config", ON_CONFIG, 0, cmd_config, "", "print a sample of province.zpl", "打印 province.zpl 配置样例"},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static void print_command(FILE *file, const struct command *command)
{
    const char *forms = command->bit & ON_LISTINGS ? "[--json|--jsonl|--csv|--xlsx FILE]" : "";
    fprintf(file, "  agn-province %s %s%s%s\n      %s\n", command->name, command->usage,
            *command->usage && *forms ? " " : "", forms, tr(command->en, command->zh));
}

static void print_help(FILE *file, const struct command *command)
{
    fprintf(file, "%s\n",
            command ? tr("usage:", "用法：")
                    : tr("agn-province follows the city hubs and shows their figures and warnings.\nusage:",
                         "agn-province 跟随各城市枢纽，显示统计数据和预警。\n用法："));
    for (size_t i = 0; i < COMMANDS; i++) {
        if (!command || command == &commands[i]) {
            print_command(file, &commands[i]);
        }
    }
    if (command && command->bit == ON_TABLE) {
        fprintf(file, tr("DIM is one of %s\n", "维度 DIM 为 %s 之一\n"), dimension_keys());
    }
    fprintf(file, "%s\n",
            tr("--home DIR (or AGN_HOME) names the folder; --passphrase-file FILE holds the passphrase of sealed keys "
               "(else systemd's credential `passphrase`, else the terminal asks); exit codes: 0 done, 1 refused or "
               "failed, 2 usage",
               "--home DIR（或 AGN_HOME）指定数据文件夹；--passphrase-file FILE 为密钥口令文件（默认取 systemd 凭据 "
               "passphrase，再次在终端询问）；退出码：0 完成，1 被拒绝或失败，2 用法错误"));
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; name && i < COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static int run_command(const struct command *command, const struct arguments *arguments)
{
    struct home home;
    char reason[256];
    passphrase_from(arguments->passphrase_file);
    home_resolve(arguments->home, "agn-province", &home);
    int code = command->run(&home, arguments);
    if (!table_workbook_close(reason)) {
        complain("%s", reason);
        return EXIT_REFUSED;
    }
    return code;
}

static int answer(struct arguments *arguments, const char *name, unsigned used)
{
    if (name && strcmp(name, "help") == 0) {
        arguments->is_help = true;
        name = arguments->operands[0];
    }
    const struct command *command = find_command(name);
    if (arguments->is_version) {
        puts("agn-province " AGN_VERSION);
        return EXIT_DONE;
    }
    if (name && !command) {
        complain(tr("unknown command %s; agn-province --help lists them", "未知命令 %s；可用 agn-province --help 查看"),
                 name);
        return EXIT_USAGE;
    }
    if (arguments->is_help || !command) {
        print_help(arguments->is_help ? stdout : stderr, command);
        return arguments->is_help ? EXIT_DONE : EXIT_USAGE;
    }
    if (!arguments_fit(used, command->bit, command->name)) {
        return EXIT_USAGE;
    }
    if (arguments->operand_count > command->operands) {
        complain(tr("%s: unexpected word %s", "%s：多余的参数 %s"), command->name,
                 arguments->operands[command->operands]);
        return EXIT_USAGE;
    }
    return run_command(command, arguments);
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    const char *name = NULL;
    unsigned used = 0;
    text_init();
    umask(S_IRWXG | S_IRWXO);
    /* A reader that went away and a limit on files are errors to report, not ends. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    int foreign = text_foreign_argument(argc, argv);
    if (foreign > 0) {
        complain(tr("argument %d is not UTF-8", "第 %d 个参数不是 UTF-8 文本"), foreign);
        return EXIT_USAGE;
    }
    if (!arguments_read(argc, argv, &name, &arguments, &used)) {
        return EXIT_USAGE;
    }
    int code = answer(&arguments, name, used);
    /* A listing that is cut short by a full disk must not pass for the whole. */
    if (!print_is_whole()) {
        complain(tr("not all could be written to standard output", "标准输出未能全部写入"));
        return code == EXIT_DONE ? EXIT_REFUSED : code;
    }
    return code;
}
