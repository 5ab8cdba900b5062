/* audit: the whole store against its records, by storing them anew. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/text.h"
#include "hub/audit.h"
#include "hub/cli.h"

static const struct table_column columns[] = {
    {"finding", "finding", "发现", false}, {"subject", "about", "对象", false}, {"detail", "detail", "详情", false}};
enum { COLUMNS = sizeof columns / sizeof *columns };

static void show(void *self, const struct finding *finding)
{
    const char *cells[COLUMNS] = {finding->code, finding->subject, finding->detail};
    table_row(self, cells, NULL);
}

/* An empty folder beside the others of its kind, for us alone. */
static bool make_scratch(const char *parent, struct home *ret_scratch)
{
    const char *folder = parent ? parent : getenv("TMPDIR");
    snprintf(ret_scratch->path, sizeof ret_scratch->path, "%.900s/agn-audit-XXXXXX", folder ? folder : "/tmp");
    if (!mkdtemp(ret_scratch->path)) {
        cli_fail(tr("%s: no folder for the audit can be made: %s", "%s：无法创建核查目录：%s"), ret_scratch->path,
                 strerror(errno));
        return false;
    }
    return true;
}

/* The scratch store is a copy of every record: whoever ends the audit early shall not leave it behind. */
static volatile sig_atomic_t is_ended;

static void on_signal(int number)
{
    is_ended = number;
}

static void catch_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        sigaction(numbers[i], &action, NULL);
    }
    signal(SIGPIPE, SIG_IGN); /* nor who reads its findings and goes */
}

static void remove_scratch(const struct home *scratch)
{
    static const char *const names[] = {"store.db", "store.db-wal", "store.db-shm"};
    char path[PATH_SIZE];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        home_file(scratch, names[i], path);
        unlink(path);
    }
    rmdir(scratch->path);
}

static void tell(const struct audit_sums *sums)
{
    fprintf(stderr,
            tr("%" PRIu64 " records in %" PRIu64 " batches (%" PRIu64 " erased), %" PRIu64
               " heads of the ledger, %" PRIu64 " rows compared: %" PRIu64 " findings\n",
               "共 %" PRIu64 " 条记录、%" PRIu64 " 个批次（已删除内容 %" PRIu64 " 条）、%" PRIu64
               " 个台账头，比对 %" PRIu64 " 行：发现 %" PRIu64 " 处问题\n"),
            sums->records, sums->batches, sums->erased, sums->heads, sums->rows, sums->findings);
    if (sums->unbound > 0) {
        fprintf(stderr,
                tr("%" PRIu64
                   " of the erased ones by acts of an older release, which do not say what they left: whether "
                   "codes and dates of it were changed since cannot be seen\n",
                   "其中 %" PRIu64
                   " 条由旧版本的管理行为删除，该行为未记明所余内容：其中的代码与日期此后是否被改动无从核查\n"),
                sums->unbound);
    }
}

int cli_ledger_audit(const struct home *home, int argc, char **argv)
{
    struct argument arguments[] = {{"scratch", false, NULL}, {"json", true, NULL}, {"csv", true, NULL}};
    enum { ARGUMENTS = sizeof arguments / sizeof *arguments };
    struct options options;
    struct audit_sums sums = {0};
    struct home scratch;
    char reason[512];
    size_t rest = 0;
    if (!cli_parse(argc, argv, arguments, ARGUMENTS, NULL, 0, &rest)) {
        return cli_usage();
    }
    if (options_load(home, &options, reason) != ERR_OK) {
        return cli_fail("%s", reason);
    }
    catch_signals();
    if (!make_scratch(arguments[0].value, &scratch)) {
        return 1;
    }
    struct store_settings settings = options_store_settings(&options);
    struct table *table = table_open(stdout, cli_form(arguments, ARGUMENTS), columns, COLUMNS);
    struct audit_order order = {home, &scratch, &settings, show, table, &is_ended};
    err_t err = audit_run(&order, &sums, reason);
    table_close(table);
    remove_scratch(&scratch);
    if (is_ended) {
        return cli_fail(
            tr("the audit was ended by signal %d; its folder is removed", "核查被信号 %d 中止，其目录已删除"),
            (int)is_ended);
    }
    if (err != ERR_OK) {
        return cli_fail(tr("the audit ended early: %s", "核查提前结束：%s"), reason);
    }
    tell(&sums);
    return sums.findings == 0 ? 0 : 1;
}
