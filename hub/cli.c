#include "hub/cli.h"

#include <stdarg.h>
#include <string.h>

#include "common/text.h"
#include "hub/city.h"

static const struct verb *running;

/* Each way to write it on a line of its own. */
void cli_print_verb(FILE *file, const struct verb *verb)
{
    const char *way = verb->usage;
    bool is_last = false;
    while (!is_last) {
        size_t size = strcspn(way, "\n");
        fprintf(file, "  agn-hub %s%s%.*s\n", verb->name, size ? " " : "", (int)size, way);
        is_last = !way[size];
        way += size + !is_last;
    }
    fprintf(file, "      %s\n", tr(verb->en, verb->zh));
}

int cli_run_verb(const struct verb *verb, const struct home *home, int argc, char **argv)
{
    running = verb;
    return verb->run(home, argc, argv);
}

int cli_usage(void)
{
    fprintf(stderr, "%s\n", tr("usage:", "用法："));
    cli_print_verb(stderr, running);
    return 2;
}

static bool has_failed;

int cli_fail(const char *format, ...)
{
    va_list args;
    has_failed = true;
    va_start(args, format);
    fputs("agn-hub: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return 1;
}

static struct argument *find(struct argument *arguments, size_t count, const char *name, size_t size)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(arguments[i].name) == size && strncmp(arguments[i].name, name, size) == 0) {
            return &arguments[i];
        }
    }
    return NULL;
}

/* What prints CSV prints JSON lines and writes a workbook too, and what prints CSV has them from here: no verb's own
 * table names them. */
enum { FORM_JSONL, FORM_XLSX, FORMS };
static struct argument form_arguments[FORMS] = {
    [FORM_JSONL] = {"jsonl", true, NULL}, [FORM_XLSX] = {"xlsx", false, NULL}};

static struct argument *find_listing(struct argument *arguments, size_t count, const char *name, size_t size)
{
    return find(arguments, count, "csv", 3) ? find(form_arguments, FORMS, name, size) : NULL;
}

bool cli_parse(int argc, char **argv, struct argument *arguments, size_t count, const char **ret_rest, size_t rest_max,
               size_t *ret_rest_count)
{
    size_t rest = 0;
    for (int i = 1; i < argc; i++) {
        const char *text = argv[i];
        if (strncmp(text, "--", 2) != 0) {
            if (rest == rest_max) {
                cli_fail(tr("unexpected argument %s", "多余的参数 %s"), text);
                return false;
            }
            ret_rest[rest++] = text;
            continue;
        }
        size_t size = strcspn(text + 2, "=");
        struct argument *argument = find(arguments, count, text + 2, size);
        argument = argument ? argument : find_listing(arguments, count, text + 2, size);
        if (!argument) {
            cli_fail(tr("unknown option %s; see --help", "未知选项 %s，请看 --help"), text);
            return false;
        }
        if (argument->is_flag && text[2 + size] == '=') {
            cli_fail(tr("--%s takes no value", "--%s 不带值"), argument->name);
            return false;
        }
        if (argument->is_flag) {
            argument->value = "";
        } else if (text[2 + size] == '=') {
            argument->value = text + 3 + size;
        } else if (i + 1 < argc) {
            argument->value = argv[++i];
        } else {
            cli_fail(tr("%s needs a value", "%s 需要一个值"), text);
            return false;
        }
    }
    *ret_rest_count = rest;
    return true;
}

const char *cli_value(const struct argument *arguments, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(arguments[i].name, name) == 0) {
            return arguments[i].value;
        }
    }
    return NULL;
}

bool cli_number(const struct argument *arguments, size_t count, const char *name, int64_t low, int64_t high,
                int64_t *ret_number)
{
    const char *text = cli_value(arguments, count, name);
    char option[32];
    char reason[NUMBER_REASON];
    snprintf(option, sizeof option, "--%s", name);
    return !text || number_typed(option, text, low, high, ret_number, reason) == ERR_OK ||
           (cli_fail("%s", reason), false);
}

bool cli_record_id(const char *text, uint8_t ret_id[RECORD_ID_SIZE])
{
    return record_id_parse(text, ret_id) == ERR_OK ||
           (cli_fail(tr("%s is no record id; ids are listed by agn-hub query", "%s 不是记录编号；编号见 agn-hub query"),
                     text),
            false);
}

const char *cli_days(const struct argument *arguments, size_t count, struct record_filter *filter)
{
    const char *from = cli_value(arguments, count, "from");
    const char *to = cli_value(arguments, count, "to");
    bool is_good = (!from || date_parse((struct view){(const uint8_t *)from, strlen(from)}, &filter->from) == ERR_OK) &&
                   (!to || date_parse((struct view){(const uint8_t *)to, strlen(to)}, &filter->to) == ERR_OK);
    return is_good ? NULL : tr("--from, --to: YYYY-MM-DD", "--from、--to：YYYY-MM-DD");
}

enum table_form cli_form(const struct argument *arguments, size_t count)
{
    if (form_arguments[FORM_XLSX].value) {
        table_workbook(form_arguments[FORM_XLSX].value);
        return TABLE_XLSX;
    }
    return form_arguments[FORM_JSONL].value      ? TABLE_JSON_LINES
           : cli_value(arguments, count, "json") ? TABLE_JSON
           : cli_value(arguments, count, "csv")  ? TABLE_CSV
                                                 : TABLE_TEXT;
}

/* A listing that was broken off does not take the place of a whole workbook. A verdict, as that of an audit, does: its
 * status is no failure. */
int cli_finish(int status)
{
    char reason[256];
    bool is_broken_off = has_failed;
    if (is_broken_off) {
        table_workbook_spoil(tr("not all of it could be written", "未能全部写入"));
    }
    if (!table_workbook_close(reason) && !is_broken_off) {
        status = cli_fail("%s", reason);
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        cli_fail(tr("not all could be written to standard output", "标准输出未能全部写入"));
        status = status == 0 ? 1 : status;
    }
    return status;
}

struct store *cli_open_store(const struct home *home, struct options *ret_options)
{
    char reason[512];
    struct store *store = NULL;
    if (!home_has(home, "hub.zpl")) {
        cli_fail(tr("%s is not a hub's home: run `agn-hub init` first", "%s 不是枢纽目录：请先运行 agn-hub init"),
                 home->path);
        return NULL;
    }
    if (options_load(home, ret_options, reason) != ERR_OK) {
        cli_fail("%s", reason);
        return NULL;
    }
    struct store_settings settings = options_store_settings(ret_options);
    if (store_open(home, false, &settings, &store, reason) != ERR_OK) {
        cli_fail("%s", reason);
        return NULL;
    }
    return store;
}

bool cli_city(struct store *store, const struct options *options, struct registrant *ret_city)
{
    char city[RECORD_PARTY_SIZE];
    city_party(options, city);
    err_t err = store_find_party(store, city, &ret_city->party);
    err = err == ERR_OK ? store_load_keys(store, ret_city->party.row, &ret_city->keys) : err;
    return err == ERR_OK || (cli_fail("%s: %s", city, err_text(err)), false);
}
