/* What the hub is told to forget for good: warnings that were passed up, and the content of a record. */
#include <inttypes.h>

#include "common/text.h"
#include "hub/admin.h"
#include "hub/cli.h"

/* How many warnings would go. Otherwise the exit status, after the reason has been printed. */
static int count_prunable(const struct home *home, const char *upto, uint64_t *ret_count)
{
    struct options options;
    char reason[ADMIN_TEXT];
    uint64_t cursor = 0;
    struct store *store = cli_open_store(home, &options);
    if (!store) {
        return 1;
    }
    int status = admin_cursor(store, upto, &cursor, reason) == ERR_OK ? 0 : (cli_fail("%s", reason), 2);
    err_t err = status == 0 ? store_count_uplink(store, cursor, ret_count) : ERR_OK;
    store_close(store);
    return err == ERR_OK ? status : cli_fail("%s", err_text(err));
}

int cli_prune(const struct home *home, int argc, char **argv)
{
    struct argument arguments[] = {
        {"upto", false, NULL}, {"yes", true, NULL}, {"reason", false, NULL}, {"dry-run", true, NULL}};
    size_t rest = 0;
    uint64_t prunable = 0;
    if (!cli_parse(argc, argv, arguments, 4, NULL, 0, &rest) || !arguments[0].value) {
        return cli_usage();
    }
    int status = count_prunable(home, arguments[0].value, &prunable);
    if (status != 0) {
        return status;
    }
    if (arguments[3].value) {
        printf(tr("would remove %" PRIu64 " warnings from the uplink stream\n", "将从上行流清理 %" PRIu64 " 条预警\n"),
               prunable);
        return 0;
    }
    if (!arguments[1].value) {
        return cli_fail(tr("this forgets warnings that followers may not have read yet; they will start again from a "
                           "snapshot. Add --yes to do it",
                           "此操作将清除上级（省级）可能尚未读取的上行预警，跟随方将从快照重建；确认请加 --yes"));
    }
    zmsg_t *request = admin_request("prune", arguments[2].value);
    zmsg_addstr(request, arguments[0].value);
    return admin_call(home, &request);
}

int cli_erase(const struct home *home, int argc, char **argv)
{
    struct argument arguments[] = {{"reason", false, NULL}, {"entity", false, NULL}, {"yes", true, NULL}};
    const char *rest[1];
    size_t count = 0;
    uint8_t id[RECORD_ID_SIZE];
    if (!cli_parse(argc, argv, arguments, 3, rest, 1, &count) || count != 1) {
        return cli_usage();
    }
    if (!arguments[2].value) {
        return cli_fail(tr(
            "this cannot be undone: the record's words, names and lists go, its hash, codes and dates stay. "
            "Copies in backups and with followers are not reached. Add --yes to do it",
            "此操作不可撤销：记录中的文字、姓名与列表将被擦除，保留其摘要、代码与日期；备份与下级、上级的副本不受影响。"
            "确认请加 --yes"));
    }
    if (!cli_record_id(rest[0], id)) {
        return 2;
    }
    zmsg_t *request = admin_request("erase", arguments[0].value);
    zmsg_addstr(request, rest[0]);
    zmsg_addstr(request, arguments[1].value ? arguments[1].value : "");
    return admin_call(home, &request);
}
