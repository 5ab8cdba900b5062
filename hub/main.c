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
#include "hub/hub.h"
#include "hub/verbs.h"

static char **command_line; /* as they were given */

/* hub.zpl until all else of a new hub is there: who finds it, and no hub.zpl, finishes what was cut short. */
#define DRAFT_FILE "hub-init.zpl"

/* What is of a hub in a folder without its hub.zpl, and not of an `init` that was cut short; NULL: nothing. */
static const char *find_left(const struct home *home)
{
    return home_has(home, DRAFT_FILE)       ? NULL
           : home_has(home, "identity.zpl") ? "identity.zpl"
           : home_has(home, "store.db")     ? "store.db"
                                            : NULL;
}

static void forget_draft(const struct home *home)
{
    char path[PATH_SIZE];
    home_file(home, DRAFT_FILE, path);
    unlink(path);
}

/* Makes the hub that the lines of TEXT describe. */
static err_t make_hub(const struct home *home, const char *text, char reterr_reason[512])
{
    struct options options;
    struct identity identity;
    struct store *store = NULL;
    err_t err = home_write(home, DRAFT_FILE, text, strlen(text));
    if (err != ERR_OK) {
        snprintf(reterr_reason, 512, "%.200s: %s", home->path, err_text(err));
        return err;
    }
    err = options_load_file(home, DRAFT_FILE, &options, reterr_reason);
    if (err != ERR_OK) {
        forget_draft(home);
        return err;
    }
    struct store_settings settings = options_store_settings(&options);
    err = identity_open(home, suite_named(options.suite), &identity, reterr_reason);
    identity_done(&identity);
    err = err == ERR_OK ? store_open(home, true, &settings, &store, reterr_reason) : err;
    store_close(store);
    if (err == ERR_OK && (err = home_rename(home, DRAFT_FILE, "hub.zpl")) != ERR_OK) {
        snprintf(reterr_reason, 512, "%.200s: %s", home->path, err_text(err));
    }
    return err;
}

int cli_init(const struct home *home, int argc, char **argv)
{
    struct argument arguments[] = {{"name", false, NULL},  {"city", false, NULL}, {"endpoint", false, NULL},
                                   {"enrol", false, NULL}, {"host", false, NULL}, {"suite", false, NULL}};
    static const char *const keys[] = {"name", "city", "endpoint", "enrol_endpoint", "host", "suite"};
    const size_t key_count = sizeof keys / sizeof *keys;
    size_t rest = 0;
    char reason[512];
    char file[2048] = "#   Every key and its default: agn-hub config\n";
    if (!cli_parse(argc, argv, arguments, key_count, NULL, 0, &rest)) {
        return 2;
    }
    if (!arguments[0].value || !arguments[1].value) {
        return cli_usage();
    }
    if (home_has(home, "hub.zpl")) {
        return cli_fail(tr("%s is a hub's home already", "%s 已是枢纽目录"), home->path);
    }
    if (find_left(home)) {
        return cli_fail(
            tr("%s holds %s of a hub, and no hub.zpl: put that one beside it again (agn-hub config shows "
               "what stands in it), or make the hub in another folder",
               "%s 中有枢纽的 %s，但没有 hub.zpl：请将其放回（内容见 agn-hub config），或在其他目录新建枢纽"),
            home->path, find_left(home));
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
    if (home_create(home, reason) != ERR_OK || make_hub(home, file, reason) != ERR_OK) {
        return cli_fail("%s", reason);
    }
    printf(tr("hub made in %s; next: agn-hub run, agn-hub entity add …, agn-hub peer add …\n",
              "已在 %s 新建枢纽；下一步：agn-hub run、agn-hub entity add …、agn-hub peer add …\n"),
           home->path);
    return 0;
}

int cli_key_show(const struct home *home, int argc, char **argv)
{
    (void)argv;
    char reason[256];
    char signing[2 * SIGNING_KEY_MAX + 1];
    char transport[2 * KEY_SIZE + 1];
    struct identity identity;
    if (argc > 1) {
        return cli_usage();
    }
    if (identity_load_public(home, &identity, reason) != ERR_OK) {
        return cli_fail("%s", reason);
    }
    hex_text(identity.signing.key.bytes, identity.signing.key.size, signing);
    hex_text(identity.curve_public, KEY_SIZE, transport);
    printf("%s  %s\n%s  %s\n%s  %s\n", tr("suite        ", "算法套件"), suite_name(identity_suite(&identity)),
           tr("signing key  ", "签名公钥"), signing, tr("transport key", "传输公钥"), transport);
    return 0;
}

static int seal(const struct home *home, int argc, bool is_sealed)
{
    char reason[256];
    if (argc > 1) {
        return cli_usage();
    }
    if (identity_seal(home, is_sealed, reason) != ERR_OK) {
        return cli_fail("%s", reason);
    }
    puts(reason);
    return 0;
}

int cli_key_seal(const struct home *home, int argc, char **argv)
{
    (void)argv;
    return seal(home, argc, true);
}

int cli_key_unseal(const struct home *home, int argc, char **argv)
{
    (void)argv;
    return seal(home, argc, false);
}

int cli_run(const struct home *home, int argc, char **argv)
{
    (void)argv;
    int status = argc == 1 ? hub_run(home) : cli_usage();
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
        return cli_usage();
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
        return cli_usage();
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

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* Of words that no verb begins with, those that begin with the first of them. */
static int help(FILE *file, int count, char **words)
{
    if (verbs_help(file, count, words) || (count > 1 && verbs_help(file, 1, words))) {
        return file == stdout ? 0 : 2;
    }
    return cli_fail(tr("unknown verb %s; agn-hub --help lists them", "未知命令 %s；可用 agn-hub --help 查看"),
                    words[0]),
           2;
}

/* WORDS: what follows the name of the program. */
static int answer(const struct home *home, int count, char **words)
{
    int own = 0;
    bool is_first = count > 0 && (strcmp(words[0], "help") == 0 || is_help(words[0]));
    bool is_last = count > 1 && is_help(words[count - 1]);
    if (count > 0 && strcmp(words[0], "--version") == 0) {
        puts("agn-hub " AGN_VERSION);
        return 0;
    }
    if (is_first || is_last) {
        return help(stdout, count - is_first - is_last, words + is_first);
    }
    const struct verb *verb = verb_find(count, words, &own);
    if (verb) {
        return cli_run_verb(verb, home, count - own + 1, words + own - 1);
    }
    return help(stderr, count, words);
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
    struct home home;
    passphrase_from(passphrase_file);
    home_resolve(home_option, "agn-hub", &home);
    return cli_finish(answer(&home, kept - 1, argv + 1));
}
