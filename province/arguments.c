#include "province/arguments.h"

#include <getopt.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "common/text.h"
#include "proto/record.h"

/* `offset` is where an option with a value is kept. */
static const struct row {
    const char *name;
    size_t offset;
    unsigned commands;
    bool has_value;
} rows[] = {
    {"home", offsetof(struct arguments, home), ON_ALL, true},
    {"passphrase-file", offsetof(struct arguments, passphrase_file), ON_ALL, true},
    {"help", 0, ON_ALL, false},
    {"version", 0, ON_ALL, false},
    {"json", 0, ON_LISTINGS, false},
    {"jsonl", 0, ON_LISTINGS, false},
    {"csv", 0, ON_LISTINGS, false},
    {"xlsx", offsetof(struct arguments, xlsx), ON_LISTINGS, true},
    {"name", offsetof(struct arguments, name), ON_INIT, true},
    {"replace", offsetof(struct arguments, replace), ON_JOIN, true},
    {"leaked", offsetof(struct arguments, leaked), ON_JOIN, true},
    {"suite", offsetof(struct arguments, suite), ON_INIT, true},
    {"family", offsetof(struct arguments, family), ON_TABLE, true},
    {"by", offsetof(struct arguments, by), ON_TABLE | ON_PLANS, true},
    {"from", offsetof(struct arguments, from), ON_TABLE, true},
    {"to", offsetof(struct arguments, to), ON_TABLE, true},
    {"city", offsetof(struct arguments, city),
     ON_TABLE | ON_WARNINGS | ON_VIEWS | ON_FILE | ON_DECIDE | ON_ACKNOWLEDGE | ON_CAP, true},
    {"status", offsetof(struct arguments, status), ON_TABLE | ON_WARNINGS, true},
    {"level", offsetof(struct arguments, level), ON_WARNINGS, true},
    {"id", offsetof(struct arguments, id), ON_WARNINGS | ON_RECORDS, true},
    {"limit", offsetof(struct arguments, limit), ON_WARNINGS | ON_RECORDS | ON_HEADS, true},
    {"kind", offsetof(struct arguments, kind), ON_RECORDS, true},
    {"state", offsetof(struct arguments, state), ON_RECORDS | ON_CASES | ON_OUTBOX, true},
    {"since", offsetof(struct arguments, since), ON_CHANGES | ON_RECORDS, true},
    {"rules", offsetof(struct arguments, rules), ON_SIGNALS, true},
    {"file", 0, ON_SIGNALS, false},
    {"advised", offsetof(struct arguments, advised), ON_ACKNOWLEDGE, true},
    {"out", offsetof(struct arguments, out), ON_CAP, true},
    {"export", offsetof(struct arguments, export), ON_HEADS, true},
    {"reason", offsetof(struct arguments, reason), ON_ALARM, true},
    {"person", offsetof(struct arguments, person), ON_FILE | ON_DECIDE | ON_ACKNOWLEDGE | ON_ALARM, true},
};
enum { ROWS = sizeof rows / sizeof *rows, FIRST_VALUE = 256 };

void complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("agn-province: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

/* Of a name that stands there. */
static size_t find_row(const char *name)
{
    size_t row = 0;
    while (strcmp(rows[row].name, name) != 0) {
        row++;
    }
    return row;
}

static void set_option(const struct row *row, const char *value, struct arguments *arguments)
{
    if (row->has_value) {
        memcpy((char *)arguments + row->offset, &value, sizeof value);
    } else if (strcmp(row->name, "help") == 0) {
        arguments->is_help = true;
    } else if (strcmp(row->name, "file") == 0) {
        arguments->is_filing = true;
    } else if (strcmp(row->name, "version") == 0) {
        arguments->is_version = true;
    } else {
        arguments->form = strcmp(row->name, "json") == 0    ? TABLE_JSON
                          : strcmp(row->name, "jsonl") == 0 ? TABLE_JSON_LINES
                                                            : TABLE_CSV;
    }
}

static bool take_operand(const char *text, const char **ret_command, struct arguments *arguments)
{
    if (!*ret_command) {
        *ret_command = text;
        return true;
    }
    if (arguments->operand_count == OPERANDS_MAX) {
        complain(tr("too many words: %s", "参数过多：%s"), text);
        return false;
    }
    arguments->operands[arguments->operand_count++] = text;
    return true;
}

bool arguments_read(int argc, char **argv, const char **ret_command, struct arguments *ret_arguments,
                    unsigned *ret_used)
{
    struct option options[ROWS + 1] = {0};
    for (size_t i = 0; i < ROWS; i++) {
        options[i] = (struct option){rows[i].name, rows[i].has_value ? required_argument : no_argument, NULL,
                                     FIRST_VALUE + (int)i};
    }
    *ret_command = NULL;
    *ret_used = 0;
    memset(ret_arguments, 0, sizeof *ret_arguments);
    opterr = 0;
    int index = 0;
    /* "-" hands over words in their place, so that options may stand anywhere; ":" tells a missing value apart. */
    while (optind < argc) {
        const char *word = argv[optind];
        int found = getopt_long(argc, argv, "-:h", options, &index);
        if (found == -1) {
            break;
        }
        if (found == '?' || found == ':') {
            complain(found == ':' ? tr("%s needs a value", "%s 需要一个值")
                                  : tr("unknown option %s; --help lists them", "未知选项 %s；可用 --help 查看"),
                     word);
            return false;
        }
        if (found == 1) {
            if (!take_operand(optarg, ret_command, ret_arguments)) {
                return false;
            }
            continue;
        }
        size_t row = found == 'h' ? find_row("help") : (size_t)(found - FIRST_VALUE);
        set_option(&rows[row], optarg, ret_arguments);
        *ret_used |= 1u << row;
    }
    if (ret_arguments->xlsx) {
        ret_arguments->form = TABLE_XLSX;
        table_workbook(ret_arguments->xlsx);
    }
    while (optind < argc) { /* after "--" */
        if (!take_operand(argv[optind++], ret_command, ret_arguments)) {
            return false;
        }
    }
    return true;
}

bool arguments_fit(unsigned used, unsigned command_bit, const char *command)
{
    for (size_t i = 0; i < ROWS; i++) {
        if ((used & 1u << i) && !(rows[i].commands & command_bit)) {
            complain(tr("%s does not take --%s", "%s 不接受选项 --%s"), command, rows[i].name);
            return false;
        }
    }
    return true;
}

bool arguments_number(const char *name, const char *text, int64_t low, int64_t high, int64_t *ret_number)
{
    char reason[NUMBER_REASON];
    err_t err = number_typed(name, text, low, high, ret_number, reason);
    if (err != ERR_OK) {
        complain("%s", reason);
    }
    return err == ERR_OK;
}

bool arguments_date(const char *option, const char *text, int64_t *ret_day)
{
    if (date_parse((struct view){(const uint8_t *)text, strlen(text)}, ret_day) != ERR_OK) {
        complain(tr("--%s: expected a date YYYY-MM-DD, not %s", "--%s：应为 YYYY-MM-DD 格式的日期，而不是 %s"), option,
                 text);
        return false;
    }
    return true;
}
