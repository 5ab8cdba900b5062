/* audit: the whole store against its records, by storing them anew. */
#include <errno.h>
#include <inttypes.h>
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
    if (!make_scratch(arguments[0].value, &scratch)) {
        return 1;
    }
    struct store_settings settings = options_store_settings(&options);
    struct table *table = table_open(stdout, cli_form(arguments, ARGUMENTS), columns, COLUMNS);
    struct audit_order order = {home, &scratch, &settings, show, table};
    err_t err = audit_run(&order, &sums, reason);
    table_close(table);
    remove_scratch(&scratch);
    if (err != ERR_OK) {
        return cli_fail(tr("the audit ended early: %s", "核查提前结束：%s"), reason);
    }
    tell(&sums);
    return sums.findings == 0 ? 0 : 1;
}
