/* receipt: the evidence for one record, verified at this moment. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/commands.h"
#include "agent/office.h"
#include "agent/progress.h"
#include "agent/views.h"
#include "agent/vocabulary.h"
#include "common/mem.h"
#include "common/text.h"

struct evidence {
    struct item item;
    struct faults faults;
    struct stored_receipt receipt; /* bytes NULL: none yet */
    struct proof proof;
    struct progress_word word;
    char outcome[32]; /* "": none */
};

static err_t read_evidence(struct office *office, const uint8_t id[RECORD_ID_SIZE], struct evidence *ret_evidence)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    memset(ret_evidence, 0, sizeof *ret_evidence);
    err_t err = spool_find(office->spool, id, &ret_evidence->item);
    struct progress *progress = NULL;
    err = err == ERR_OK ? progress_open(office->spool, false, &progress) : err;
    if (err != ERR_OK) {
        return err;
    }
    progress_of(progress, &ret_evidence->item, &ret_evidence->word);
    snprintf(ret_evidence->outcome, sizeof ret_evidence->outcome, "%s",
             ret_evidence->word.outcome ? ret_evidence->word.outcome : "");
    /* A code without a label is its own: neither may point into what is closed. */
    if (ret_evidence->word.outcome_label == ret_evidence->word.outcome) {
        ret_evidence->word.outcome_label = ret_evidence->outcome;
    }
    progress_close(progress);
    if (ret_evidence->item.receipt == 0) {
        return ERR_OK;
    }
    const struct item *item = &ret_evidence->item;
    if (item->state >= ITEM_REJECTED) {
        err = spool_faults(office->spool, item->seq, &ret_evidence->faults);
    }
    err = err == ERR_OK ? spool_bytes(office->spool, item->seq, &bytes, &size) : err;
    err = err == ERR_OK ? spool_receipt(office->spool, item, &ret_evidence->receipt) : err;
    if (err == ERR_OK) {
        proof_check(item, (struct view){bytes, size}, &ret_evidence->receipt, &ret_evidence->proof);
    }
    free(bytes);
    return err == ERR_NOT_FOUND ? ERR_IO : err; /* a part of what must be whole */
}

static void set_hex(json_t *object, const char *key, struct view bytes)
{
    char *text = mem_alloc(2 * bytes.size + 1);
    hex_text(bytes.at, bytes.size, text);
    json_object_set_new(object, key, json_string(text));
    free(text);
}

static void set_time(json_t *object, const char *key, int64_t ms)
{
    char text[25];
    time_text(ms, text);
    json_object_set_new(object, key, json_string(text));
}

static json_t *faults_json(const struct faults *faults)
{
    json_t *list = json_array();
    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *fault = &faults->list[i];
        json_array_append_new(
            list, json_pack("{ss ss ss}", "code", fault->code, "field", fault->field, "reason", fault->reason));
    }
    return list;
}

static void print_json(const struct evidence *evidence)
{
    const struct item *item = &evidence->item;
    char id[37];
    record_id_text(item->id, id);
    json_t *object = json_pack("{ss ss ss ss sI}", "id", id, "kind", item->kind, "title", item->title, "state",
                               evidence->word.code, "seq", (json_int_t)item->seq);
    set_time(object, "accepted_at", item->accepted_at);
    set_hex(object, "hash", (struct view){item->hash, RECORD_HASH_SIZE});
    if (*evidence->outcome) {
        json_object_set_new(object, "outcome", json_string(evidence->outcome));
    }
    if (evidence->faults.count > 0) {
        json_object_set_new(object, "faults", faults_json(&evidence->faults));
    }
    json_object_set_new(object, "receipt",
                        evidence->receipt.bytes ? proof_view(&evidence->proof, &evidence->receipt) : json_null());
    json_dumpf(object, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(object);
}

static void print_line(const char *label, const char *text)
{
    printf("%s%*s %s\n", label, 14 - text_width(label), "", text);
}

static void print_time(const struct office *office, const char *label, int64_t ms)
{
    char text[20];
    local_time_text(ms, (int)office->settings.utc_offset_minutes, text);
    print_line(label, text);
}

static void print_receipt(const struct office *office, const struct evidence *evidence)
{
    const struct proof *proof = &evidence->proof;
    char number[24];
    print_line(tr("hub", "枢纽"), proof->hub);
    if (proof->number > 0) {
        snprintf(number, sizeof number, "%" PRIu64, proof->number);
        print_line(tr("number", "市级编号"), number);
    }
    print_time(office, tr("answered", "答复时间"), proof->at);
    print_time(office, tr("signed", "签名时间"), proof->signed_at);
    if (evidence->receipt.leaked_at == LEAKED_EVER) {
        print_line(tr("key", "密钥"), tr("named by a leaked one alone", "仅由已泄露的密钥指定"));
    } else if (evidence->receipt.leaked_at) {
        print_time(office, tr("key leaked", "密钥泄露"), evidence->receipt.leaked_at);
    }
    for (size_t i = 0; i < evidence->faults.count; i++) {
        char text[1024];
        fault_text(&evidence->faults.list[i], text, sizeof text);
        print_line(i == 0 ? tr("reasons", "退回原因") : "", text);
    }
    if (proof->is_in_ledger) {
        snprintf(number, sizeof number, "%" PRIu64, proof->head.size);
        print_line(tr("ledger of", "台账记录数"), number);
    }
    print_line(tr("receipt", "回执"),
               !proof->is_verified ? proof->flaw
               : proof->is_in_ledger
                   ? tr("VERIFIED: signed by the hub, and in its ledger", "验证通过：枢纽签名有效，记录已入台账")
                   : tr("VERIFIED: signed by the hub", "验证通过：枢纽签名有效"));
    if (!proof->is_verified) {
        puts(tr("NOT VERIFIED", "验证未通过"));
    }
}

static void print_text(const struct office *office, const struct evidence *evidence)
{
    const struct item *item = &evidence->item;
    const struct kind *kind = kind_find((struct view){(const uint8_t *)item->kind, strlen(item->kind)});
    char id[37];
    char hash[2 * RECORD_HASH_SIZE + 1];
    record_id_text(item->id, id);
    hex_text(item->hash, RECORD_HASH_SIZE, hash);
    print_line("id", id);
    print_line(tr("kind", "类型"), kind ? tr(kind->en, kind->zh) : item->kind);
    print_line(tr("title", "名称"), item->title);
    print_line(tr("state", "状态"), evidence->word.label);
    if (*evidence->outcome) {
        print_line(tr("outcome", "处理结果"), evidence->word.outcome_label);
    }
    print_line(tr("hash", "摘要"), hash);
    print_time(office, tr("accepted", "受理时间"), item->accepted_at);
    if (evidence->receipt.bytes) {
        print_receipt(office, evidence);
    }
    if (item->state == ITEM_ACCEPTED) {
        puts(evidence->receipt.bytes
                 ? tr("The hub's store has changed since this receipt; the record is being sent again.",
                      "出具该回执后枢纽数据库已更换，记录正在重新报送。")
                 : tr("Accepted here and kept; no receipt yet. It is sent by agn-agent run or sync.",
                      "已在本机受理并保存，尚无回执；将由 agn-agent run 或 sync 发送。"));
    }
}

int cmd_receipt(const struct home *home, const struct arguments *arguments)
{
    uint8_t id[RECORD_ID_SIZE];
    struct office office;
    struct evidence evidence;
    if (record_id_parse(arguments->operands[0], id) != ERR_OK) {
        complain(tr("expected the id of a record, as submit printed it", "应为 submit 输出的记录 ID"));
        return EXIT_USAGE;
    }
    if (!office_open(home, QUICK_WAIT_MS, &office)) {
        return EXIT_REFUSED;
    }
    err_t err = read_evidence(&office, id, &evidence);
    if (err == ERR_NOT_FOUND) {
        complain(tr("no record %s in %s", "没有记录 %s（位于 %s）"), arguments->operands[0], home->path);
    } else if (err != ERR_OK) {
        complain_spool(&office, "receipt", err);
    } else if (arguments->form == TABLE_JSON) {
        print_json(&evidence);
    } else {
        print_text(&office, &evidence);
    }
    free(evidence.receipt.bytes);
    office_close(&office);
    return err == ERR_OK && evidence.proof.is_verified && evidence.item.state != ITEM_ACCEPTED ? EXIT_DONE
                                                                                               : EXIT_REFUSED;
}
