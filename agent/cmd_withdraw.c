/* withdraw: take back what was filed. */
#include "agent/cmd_matter.h"
#include "agent/commands.h"
#include "agent/progress.h"
#include "common/text.h"
#include "proto/kinds.h"
#include "proto/life.h"

/* NULL: it may be withdrawn. */
static const char *why_not(const struct progress *progress, const struct matter_record *record)
{
    const struct kind *withdrawal = kind_by_number(KIND_WITHDRAWAL);
    const struct matter_record *root = record ? progress_find(progress, record->root) : NULL;
    if (!record) {
        return tr("no such record here", "本机没有该记录");
    }
    if (record->state > ITEM_RECEIVED) {
        return tr("the city did not take it: agn-agent discard gives it up", "市级未接收：可用 agn-agent discard 放弃");
    }
    if (record->kind && record->kind->number == KIND_RISK_WARNING) {
        return tr("a warning is not withdrawn but cancelled: submit one with action cancel that refers to it",
                  "预警不作撤回：请报送 action 为 cancel 并指向它的记录");
    }
    if (!root || !root->kind || !root->kind->life || !life_step(root->kind, withdrawal, NO_ACTION)) {
        return tr("records of this kind cannot be withdrawn", "此类记录不能撤回");
    }
    const struct transition *step = life_step(root->kind, withdrawal, NO_ACTION);
    return step->by & BY_ENTITY ? NULL : tr("records of this kind cannot be withdrawn", "此类记录不能撤回");
}

static int withdraw(struct office *office, const struct progress *progress, const uint8_t id[RECORD_ID_SIZE],
                    const struct arguments *arguments)
{
    const struct matter_record *record = progress_find(progress, id);
    const char *flaw = why_not(progress, record);
    flaw = !flaw && progress_is_withdrawn(progress, record->root) ? tr("it was withdrawn already", "已经撤回") : flaw;
    if (flaw) {
        complain("%s: %s", arguments->operands[0], flaw);
        return EXIT_REFUSED;
    }
    json_t *original = matter_read_item(office->spool, record->seq);
    json_t *withdrawal =
        json_pack("{ss ss ss}", "kind", "withdrawal", "replaces", arguments->operands[0], "reason", arguments->reason);
    json_object_set(withdrawal, "submitter", json_object_get(original, "submitter"));
    if (json_object_get(original, "rehearsal")) {
        json_object_set(withdrawal, "rehearsal", json_object_get(original, "rehearsal"));
    }
    matter_set_submitter(withdrawal, arguments);
    json_decref(original);
    return matter_file(office, withdrawal);
}

int cmd_withdraw(const struct home *home, const struct arguments *arguments)
{
    uint8_t id[RECORD_ID_SIZE];
    struct office office;
    struct progress *progress = NULL;
    int code = EXIT_REFUSED;
    if (!matter_parse_id(arguments->operands[0], id)) {
        return EXIT_USAGE;
    }
    if (!arguments->reason) {
        complain(tr("withdrawing needs --reason TEXT", "撤回需要 --reason 说明原因"));
        return EXIT_USAGE;
    }
    if (!office_open(home, 0, &office)) {
        return EXIT_REFUSED;
    }
    err_t err = progress_open(office.spool, true, &progress);
    if (err != ERR_OK) {
        complain_spool(&office, "withdraw", err);
    } else {
        code = withdraw(&office, progress, id, arguments);
    }
    progress_close(progress);
    office_close(&office);
    return code;
}
