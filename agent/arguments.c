#include "agent/arguments.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent/office.h"
#include "common/passphrase.h"
#include "common/text.h"

/* `letter` names the option inside the program only; -h and -o alone are short options too. */
static const struct {
    const char *name;
    const char *value;
    const char *en;
    const char *zh;
    char letter;
    bool is_general;
} rows[] = {
    {"keep-going", NULL, "store the sound records of a file although others are refused",
     "即使文件中有记录被拒，仍保存其余合格记录", 'k', false},
    {"corrects", "ID", "the one record given replaces this one, that was rejected or waits for a refused attachment",
     "所给的一条记录用于替换此被退回或附件未被接受的记录", 'c', false},
    {"cap", NULL, "the file is a CAP 1.2 message, whatever its name", "文件为 CAP 1.2 消息，不论其名称", 'C', false},
    {"set", "FIELD=VALUE", "of a CAP message: the field's value, in place of what it says; may be repeated",
     "用于 CAP 消息：指定字段的值，取代消息中的内容；可多次使用", 'S', false},
    {"reason", "TEXT", "why", "原因", 'R', false},
    {"text", "TEXT", "the answer in words", "文字答复", 'T', false},
    {"by", "NAME", "who files it", "填报人姓名", 'b', false},
    {"role", "ROLE", "and in which office", "填报人职务", 'r', false},
    {"kind", "KIND", "the kind of record that a table holds, such as review_report",
     "表格所含记录的种类，如 review_report", 'K', false},
    {"timeout", "S", "wait at most S seconds", "最多等待 S 秒", 't', false},
    {"state", "STATE", "only these: accepted, received, filed, read, decided, rejected, corrected, discarded",
     "仅列出该状态：accepted、received、filed、read、decided、rejected、corrected、discarded", 's', false},
    {"from", "N", "from this sequence number on", "自该序号起", 'f', false},
    {"to", "N", "up to this sequence number", "至该序号止", 'u', false},
    {"year", "Y", "the year, such as 2026", "年份，如 2026", 'Y', false},
    {"elements", "N", "columns for so many elements of each list (default 3)", "每个列表预留的列数（默认 3）", 'E',
     false},
    {"hub-key", "KEY[,KEY]", "the hub's public signing key that is trusted, in hex digits; also those it had before",
     "可信的枢纽签名公钥（十六进制），可含其曾用公钥", 'G', false},
    {"out", "FILE", "write to FILE instead of the terminal", "写入文件而非终端", 'o', false},
    {"yes", NULL, "really do it", "确认执行", 'y', false},
    {"json", NULL, "print JSON", "以 JSON 输出", 'j', false},
    {"jsonl", NULL, "print JSON lines", "以 JSON 行输出", 'l', false},
    {"csv", NULL, "print CSV", "以 CSV 输出", 'v', false},
    {"xlsx", "FILE", "write a workbook", "写入 XLSX 工作簿", 'x', false},
    {"home", "DIR", "the folder with keys and spool (else AGN_HOME, else ~/.agn-agent)",
     "存放密钥和数据的文件夹（默认取 AGN_HOME，再次为 ~/.agn-agent）", 'H', true},
    {"passphrase-file", "FILE",
     "holds the passphrase of sealed keys (else systemd's credential `passphrase`, else the terminal asks)",
     "存放密钥口令的文件（默认取 systemd 凭据 passphrase，再次在终端询问）", 'P', true},
    {"help", NULL, "this text", "显示本说明", 'h', true},
    {"version", NULL, "print the version", "显示版本", 'V', true},
};
enum { ROWS = sizeof rows / sizeof *rows };

static bool set_timeout(const char *text, struct arguments *arguments)
{
    errno = 0;
    long long seconds = strtoll(text, NULL, 10);
    if (!*text || strspn(text, "0123456789") != strlen(text) || errno || seconds < 1 || seconds > 86400) {
        complain(tr("--timeout: expected seconds, 1 to 86400, not %s", "--timeout：应为 1 至 86400 的秒数，而不是 %s"),
                 text);
        return false;
    }
    arguments->timeout_s = seconds;
    return true;
}

static bool set_number(const char *name, const char *text, int64_t low, int64_t high, int64_t *ret_number)
{
    errno = 0;
    long long number = strtoll(text, NULL, 10);
    if (!*text || strspn(text, "0123456789") != strlen(text) || errno || number < low || number > high) {
        complain(tr("--%s: expected a number %" PRId64 " to %" PRId64 ", not %s",
                    "--%s：应为 %" PRId64 " 至 %" PRId64 " 的数，而不是 %s"),
                 name, low, high, text);
        return false;
    }
    *ret_number = number;
    return true;
}

/* Splits the argument in place: argv is this program's own. */
static bool add_set(char *text, struct arguments *arguments)
{
    char *split = strchr(text, '=');
    if (!split || split == text || arguments->set_count == SETS_MAX) {
        complain(
            tr("--set: expected FIELD=VALUE, at most %d times, not %s", "--set：应为 字段=值，最多 %d 次，而不是 %s"),
            SETS_MAX, text);
        return false;
    }
    *split = '\0';
    arguments->sets[arguments->set_count++] = (struct cap_set){.path = text, .value = split + 1};
    return true;
}

static bool set_option(int letter, char *value, struct arguments *arguments)
{
    switch (letter) {
    case 'H':
        arguments->home = value;
        return true;
    case 'P':
        passphrase_from(value);
        return true;
    case 'c':
        arguments->corrects = value;
        return true;
    case 'K':
        arguments->kind = value;
        return true;
    case 's':
        arguments->state = value;
        return true;
    case 't':
        return set_timeout(value, arguments);
    case 'f':
        return set_number("from", value, 1, INT64_MAX / 2, &arguments->from);
    case 'u':
        return set_number("to", value, 1, INT64_MAX / 2, &arguments->to);
    case 'Y':
        return set_number("year", value, 2000, 2099, &arguments->year);
    case 'E':
        return set_number("elements", value, 1, 20, &arguments->elements);
    case 'o':
        arguments->out = value;
        return true;
    case 'G':
        arguments->hub_key = value;
        return true;
    case 'j':
        arguments->form = TABLE_JSON;
        return true;
    case 'v':
        arguments->form = TABLE_CSV;
        return true;
    case 'R':
        arguments->reason = value;
        return true;
    case 'T':
        arguments->text = value;
        return true;
    case 'b':
        arguments->by = value;
        return true;
    case 'r':
        arguments->role = value;
        return true;
    case 'C':
        arguments->is_cap = true;
        return true;
    case 'S':
        return add_set(value, arguments);
    case 'l':
        arguments->form = TABLE_JSON_LINES;
        return true;
    case 'x':
        arguments->form = TABLE_XLSX;
        arguments->workbook = value;
        table_workbook(value);
        return true;
    case 'k':
        arguments->keep_going = true;
        return true;
    case 'y':
        arguments->is_sure = true;
        return true;
    case 'h':
        arguments->is_help = true;
        return true;
    default:
        arguments->is_version = true;
        return true;
    }
}

bool arguments_read(int argc, char **argv, struct arguments *ret_arguments)
{
    struct option options[ROWS + 1];
    memset(options, 0, sizeof options);
    memset(ret_arguments, 0, sizeof *ret_arguments);
    for (size_t i = 0; i < ROWS; i++) {
        options[i] = (struct option){
            .name = rows[i].name, .has_arg = rows[i].value ? required_argument : no_argument, .val = rows[i].letter};
    }
    opterr = 0;
    int letter = 0;
    while ((letter = getopt_long(argc, argv, ":ho:", options, NULL)) != -1) {
        if (letter == '?' || letter == ':') {
            complain(letter == ':' ? tr("%s needs a value", "%s 需要一个值")
                                   : tr("unknown option %s; see --help", "未知选项 %s；请看 --help"),
                     argv[optind - 1]);
            return false;
        }
        size_t used = strlen(ret_arguments->used);
        if (!strchr(ret_arguments->used, letter) && used + 1 < sizeof ret_arguments->used) {
            ret_arguments->used[used] = (char)letter;
        }
        if (!set_option(letter, optarg, ret_arguments)) {
            return false;
        }
    }
    ret_arguments->operands = argv + optind;
    ret_arguments->count = argc - optind;
    return true;
}

bool arguments_fit(const struct arguments *arguments, const char *letters, const char *command)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (strchr(arguments->used, rows[i].letter) && !rows[i].is_general && !strchr(letters, rows[i].letter)) {
            complain(tr("%s does not take --%s", "%s 不接受选项 --%s"), command, rows[i].name);
            return false;
        }
    }
    return true;
}

void arguments_print_help(const char *letters)
{
    puts(tr("\nOptions:", "\n选项："));
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].is_general || strchr(letters, rows[i].letter)) {
            char name[32];
            snprintf(name, sizeof name, "--%s%s%s", rows[i].name, rows[i].value ? " " : "",
                     rows[i].value ? rows[i].value : "");
            printf("  %-18s %s\n", name, tr(rows[i].en, rows[i].zh));
        }
    }
}
