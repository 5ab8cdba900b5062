/* agn-agent: an institution's side of the network. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/commands.h"
#include "agent/office.h"
#include "common/text.h"

/* `letters`: its options, as in arguments.c. */
static const struct verb {
    const char *name;
    const char *operands;
    int least, most;
    const char *letters;
    int (*act)(const struct home *home, const struct arguments *arguments);
    const char *en;
    const char *zh;
} verbs[] = {
    {"join", "LINK", 1, 1, "N", cmd_join, "make the keys and enrol with the city's hub", "生成密钥并加入先导城市枢纽"},
    {"submit", "FILE…", 1, 100000, "kcjKCS", cmd_submit,
     "check records and accept them (JSON, JSON lines, CSV, XLSX, CAP 1.2, - for standard input)",
     "校验并受理记录（JSON、JSON 行、CSV、XLSX、CAP 1.2，- 表示标准输入）"},
    {"cap", "ID…", 1, 1000, "o", cmd_cap, "warnings as CAP 1.2 XML, without what is confidential",
     "以 CAP 1.2 XML 导出预警（不含涉密字段）"},
    {"sync", "", 0, 0, "t", cmd_sync, "send what waits, wait for the receipts, and end",
     "发送待报记录，等待回执后结束"},
    {"run", "", 0, 0, "", cmd_run, "stay connected and send as records come", "常驻运行，随时发送"},
    {"status", "", 0, 0, "j", cmd_status, "the connection, and how many records are where", "连接情况和各状态记录数"},
    {"list", "", 0, 0, "sjlvx", cmd_list, "the records and what became of each", "列出记录及其状态"},
    {"export", "", 0, 0, "Ksfujlvx", cmd_export,
     "this institution's own records with all their fields, as submit takes them (JSON lines unless told otherwise)",
     "导出本机构记录的全部字段，格式可供 submit 再次读入（默认为 JSON 行）"},
    {"template", "KIND", 1, 1, "vxE", cmd_template, "a table to fill in, for submit (needs --xlsx FILE or --csv)",
     "生成供填写并由 submit 读入的表格模板（需要 --xlsx 文件 或 --csv）"},
    {"receipt", "ID", 1, 1, "j", cmd_receipt, "the hub's receipt for one record, verified now",
     "查看并验证一条记录的回执"},
    {"evidence", "ID", 1, 1, "o", cmd_evidence, "everything that proves one record, as a file for others",
     "导出一条记录的全部凭证，供他人独立验证"},
    {"verify", "ID|FILE", 1, 1, "Gj", cmd_verify, "check a record's evidence, without the hub and without a network",
     "离线验证一条记录或凭证文件"},
    {"inbox", "", 0, 0, "jlvx", cmd_inbox, "what the city has sent to this institution", "查看市级发来的消息"},
    {"answer", "ID [FILE|KEY=VALUE…]", 1, 64, "Tbr", cmd_answer, "answer a notice of the inbox", "答复收件箱中的通知"},
    {"correct", "ID [FILE]", 1, 2, "oRbr", cmd_correct,
     "the returned record as a file to edit, with the faults named; with the edited FILE, file it again",
     "导出被退回补正的记录及补正事项供修改；给出修改后的文件则重新报送"},
    {"withdraw", "ID", 1, 1, "Rbr", cmd_withdraw, "take back what was filed (needs --reason)",
     "撤回已报送的记录（需要 --reason）"},
    {"discard", "ID", 1, 1, "y", cmd_discard,
     "give up a record that was rejected, or that waits for a refused attachment (needs --yes)",
     "放弃一条被退回或附件未被接受的记录（需要 --yes）"},
    {"statement", "", 0, 0, "fujlvxo", cmd_statement,
     "the statement of account: what was sent, and what the city holds", "对账单：已报送与市级已收的逐号对照"},
    {"compile", "annual_report", 1, 1, "Yo", cmd_compile, "a draft from this institution's own records (needs --year)",
     "根据本机构记录汇编年度报告草稿（需要 --year）"},
    {"attachment", "list|get ID|retry|put FILE", 1, 2, "tojlvx", cmd_attachment,
     "the files that records name: see them, fetch them back, upload refused ones again",
     "记录所附文件：查看、取回、重新上传"},
    {"key", "rotate|seal|unseal", 1, 1, "", cmd_key,
     "change the keys; keep the secret ones under a passphrase, or openly", "更换密钥；用口令加密私钥，或解除加密"},
    {"config", "[check|sample]", 0, 1, "", cmd_config, "print a sample of agent.zpl, or check the one in the home",
     "打印 agent.zpl 样例，或检查现有配置"},
};
enum { VERBS = sizeof verbs / sizeof *verbs };

static void print_help(void)
{
    puts(
        tr("agn-agent COMMAND [OPTIONS]: files an institution's review reports and risk warnings with its city's hub\n",
           "agn-agent 命令 [选项]：向先导城市枢纽报送审查情况和风险预警\n"));
    for (size_t i = 0; i < VERBS; i++) {
        char call[48];
        snprintf(call, sizeof call, "%s %s", verbs[i].name, verbs[i].operands);
        printf("  %s%*s %s\n", call, 28 - text_width(call), "", tr(verbs[i].en, verbs[i].zh));
    }
    puts(tr("\nagn-agent COMMAND --help says more.  Exit codes: 0 done, 1 refused or failed, 2 usage.",
            "\n各命令可加 --help 查看说明。退出码：0 完成，1 被拒或失败，2 用法错误。"));
}

static void print_verb_help(const struct verb *verb)
{
    printf("agn-agent %s %s\n  %s\n", verb->name, verb->operands, tr(verb->en, verb->zh));
    arguments_print_help(verb->letters);
}

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; i < VERBS; i++) {
        if (strcmp(verbs[i].name, name) == 0) {
            return &verbs[i];
        }
    }
    return NULL;
}

static int usage(const struct verb *verb)
{
    complain(tr("expected: agn-agent %s %s", "用法：agn-agent %s %s"), verb->name, verb->operands);
    return EXIT_USAGE;
}

/* The workbook of --xlsx is written when the command has said all. */
static int finish(int code)
{
    char reason[256];
    if (!table_workbook_close(reason)) {
        complain("%s", reason);
        return EXIT_REFUSED;
    }
    return code;
}

static int run_verb(struct arguments *arguments)
{
    const struct verb *verb = find_verb(arguments->operands[0]);
    struct home home;
    if (!verb) {
        complain(tr("no command %s; agn-agent --help lists them", "没有命令 %s；agn-agent --help 可列出全部命令"),
                 arguments->operands[0]);
        return EXIT_USAGE;
    }
    if (arguments->is_help) {
        print_verb_help(verb);
        return EXIT_DONE;
    }
    arguments->operands++;
    arguments->count--;
    if (!arguments_fit(arguments, verb->letters, verb->name)) {
        return EXIT_USAGE;
    }
    if (arguments->count < verb->least || arguments->count > verb->most) {
        return usage(verb);
    }
    home_resolve(arguments->home, "agn-agent", &home);
    return finish(verb->act(&home, arguments));
}

static int answer(struct arguments *arguments)
{
    if (arguments->is_version) {
        puts("agn-agent " AGN_VERSION);
        return EXIT_DONE;
    }
    if (arguments->count > 0) {
        return run_verb(arguments);
    }
    if (arguments->is_help) {
        print_help();
        return EXIT_DONE;
    }
    complain(tr("which command? agn-agent --help lists them", "请指定命令；agn-agent --help 可列出全部命令"));
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    text_init();
    umask(S_IRWXG | S_IRWXO);
    /* A reader that went away and a limit on files are errors to report, not ends. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGIO, SIG_IGN); /* somebody opened a file that watch.c was asking about */
    int foreign = text_foreign_argument(argc, argv);
    if (foreign > 0) {
        complain(tr("argument %d is not UTF-8", "第 %d 个参数不是 UTF-8 文本"), foreign);
        return EXIT_USAGE;
    }
    if (!arguments_read(argc, argv, &arguments)) {
        return EXIT_USAGE;
    }
    int code = answer(&arguments);
    /* What was printed is the proof of what was done: a full disk behind stdout is a failure. */
    if (!print_is_whole()) {
        complain(tr("not all could be written to standard output", "标准输出未能全部写入"));
        return code == EXIT_DONE ? EXIT_REFUSED : code;
    }
    return code;
}
