#include "agent/arguments.h"

#include <getopt.h>
#include <stddef.h>
#include <string.h>

#include "agent/office.h"
#include "common/passphrase.h"
#include "common/text.h"

/* What becomes of an option's value. */
enum taking { TAKE_TEXT, TAKE_NUMBER, TAKE_FLAG, TAKE_FORM, TAKE_SET, TAKE_PASSPHRASE };

#define TEXT(field)              TAKE_TEXT, offsetof(struct arguments, field), 0, 0
#define NUMBER(field, low, high) TAKE_NUMBER, offsetof(struct arguments, field), low, high
#define FLAG(field)              TAKE_FLAG, offsetof(struct arguments, field), 0, 0
#define FORM(form)               TAKE_FORM, 0, form, 0

/* `letter` names the option inside the program only; -h and -o alone are short options too. */
static const struct row {
    const char *name;
    const char *value;
    const char *en;
    const char *zh;
    char letter;
    bool is_general;
    enum taking taking;
    size_t offset;
    int64_t low, high; /* of a number; of a form, `low` is which */
} rows[] = {
    {"new-keys", NULL, "make new keys for a home that has some; what waits in it is sent with the new ones",
     "为已有密钥的目录生成新密钥；目录中待报的记录将以新密钥发送", 'N', false, FLAG(wants_new_keys)},
    {"keep-going", NULL, "store the sound records of a file although others are refused",
     "即使文件中有记录被拒，仍保存其余合格记录", 'k', false, FLAG(keep_going)},
    {"corrects", "ID", "the one record given replaces this one, that was rejected or waits for a refused attachment",
     "所给的一条记录用于替换此被退回或附件未被接受的记录", 'c', false, TEXT(corrects)},
    {"cap", NULL, "the file is a CAP 1.2 message, whatever its name", "文件为 CAP 1.2 消息，不论其名称", 'C', false,
     FLAG(is_cap)},
    {"set", "FIELD=VALUE", "of a CAP message: the field's value, in place of what it says; may be repeated",
     "用于 CAP 消息：指定字段的值，取代消息中的内容；可多次使用", 'S', false, TAKE_SET, 0, 0, 0},
    {"reason", "TEXT", "why", "原因", 'R', false, TEXT(reason)},
    {"text", "TEXT", "the answer in words", "文字答复", 'T', false, TEXT(text)},
    {"by", "NAME", "who files it", "填报人姓名", 'b', false, TEXT(by)},
    {"role", "ROLE", "and in which office", "填报人职务", 'r', false, TEXT(role)},
    {"kind", "KIND", "the kind of record that a table holds, such as review_report",
     "表格所含记录的种类，如 review_report", 'K', false, TEXT(kind)},
    {"timeout", "S", "wait at most S seconds", "最多等待 S 秒", 't', false, NUMBER(timeout_s, 1, 86400)},
    {"state", "STATE", "only these: accepted, received, filed, read, decided, rejected, corrected, discarded",
     "仅列出该状态：accepted、received、filed、read、decided、rejected、corrected、discarded", 's', false, TEXT(state)},
    {"from", "N", "from this sequence number on", "自该序号起", 'f', false, NUMBER(from, 1, INT64_MAX / 2)},
    {"to", "N", "up to this sequence number", "至该序号止", 'u', false, NUMBER(to, 1, INT64_MAX / 2)},
    {"year", "Y", "the year, such as 2026", "年份，如 2026", 'Y', false, NUMBER(year, 2000, 2099)},
    {"elements", "N", "columns for so many elements of each list (default 3)", "每个列表预留的列数（默认 3）", 'E',
     false, NUMBER(elements, 1, 20)},
    {"hub-key", "KEY[,KEY]", "the hub's public signing key that is trusted, in hex digits; also those it had before",
     "可信的枢纽签名公钥（十六进制），可含其曾用公钥", 'G', false, TEXT(hub_key)},
    {"out", "FILE", "write to FILE instead of the terminal", "写入文件而非终端", 'o', false, TEXT(out)},
    {"yes", NULL, "really do it", "确认执行", 'y', false, FLAG(is_sure)},
    {"json", NULL, "print JSON", "以 JSON 输出", 'j', false, FORM(TABLE_JSON)},
    {"jsonl", NULL, "print JSON lines", "以 JSON 行输出", 'l', false, FORM(TABLE_JSON_LINES)},
    {"csv", NULL, "print CSV", "以 CSV 输出", 'v', false, FORM(TABLE_CSV)},
    {"xlsx", "FILE", "write a workbook", "写入 XLSX 工作簿", 'x', false, FORM(TABLE_XLSX)},
    {"home", "DIR", "the folder with keys and spool (else AGN_HOME, else ~/.agn-agent)",
     "存放密钥和数据的文件夹（默认取 AGN_HOME，再次为 ~/.agn-agent）", 'H', true, TEXT(home)},
    {"passphrase-file", "FILE",
     "holds the passphrase of sealed keys (else systemd's credential `passphrase`, else the terminal asks)",
     "存放密钥口令的文件（默认取 systemd 凭据 passphrase，再次在终端询问）", 'P', true, TAKE_PASSPHRASE, 0, 0, 0},
    {"help", NULL, "this text", "显示本说明", 'h', true, FLAG(is_help)},
    {"version", NULL, "print the version", "显示版本", 'V', true, FLAG(is_version)},
};
enum { ROWS = sizeof rows / sizeof *rows };

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

static bool take_number(const struct row *row, const char *value, int64_t *ret_number)
{
    char name[32];
    char reason[NUMBER_REASON];
    snprintf(name, sizeof name, "--%s", row->name);
    err_t err = number_typed(name, value, row->low, row->high, ret_number, reason);
    if (err != ERR_OK) {
        complain("%s", reason);
    }
    return err == ERR_OK;
}

static bool set_option(const struct row *row, char *value, struct arguments *arguments)
{
    char *field = (char *)arguments + row->offset;
    switch (row->taking) {
    case TAKE_NUMBER:
        return take_number(row, value, (int64_t *)(void *)field);
    case TAKE_FLAG:
        *(bool *)field = true;
        return true;
    case TAKE_FORM:
        arguments->form = (enum table_form)row->low;
        if (value) {
            arguments->workbook = value;
            table_workbook(value);
        }
        return true;
    case TAKE_SET:
        return add_set(value, arguments);
    case TAKE_PASSPHRASE:
        passphrase_from(value);
        return true;
    case TAKE_TEXT:
        memcpy(field, &value, sizeof value);
        return true;
    }
    return false;
}

static const struct row *find_row(int letter)
{
    const struct row *row = rows;
    while (row->letter != letter) {
        row++;
    }
    return row;
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
        if (!set_option(find_row(letter), optarg, ret_arguments)) {
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
