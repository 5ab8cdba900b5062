/* evidence: everything that proves one record, as a file. verify: checks a record of this agent, or such a file,
 * without the hub and without a network. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/commands.h"
#include "agent/office.h"
#include "agent/proof.h"
#include "common/bundle.h"
#include "common/identity.h"
#include "common/mem.h"
#include "common/succession.h"
#include "common/text.h"
#include "proto/check.h"

/* Of a file that is checked without a home: Asia/Shanghai, as in settings.c. */
enum { ZONE_MINUTES = 480 };

/* What a bundle is made of, and must outlive it. */
struct source {
    struct office office;
    struct identity identity;
    struct stored_receipt receipt;
    uint8_t *record;
    uint8_t signature[SIGNATURE_SIZE];
};

static void source_close(struct source *source)
{
    free(source->record);
    free(source->receipt.bytes);
    identity_done(&source->identity);
    office_close(&source->office);
}

static err_t read_spool(struct source *source, const uint8_t id[RECORD_ID_SIZE], struct bundle *bundle)
{
    struct item item;
    size_t size = 0;
    err_t err = spool_find(source->office.spool, id, &item);
    if (err == ERR_OK && item.receipt == 0) {
        return ERR_BUSY;
    }
    err = err == ERR_OK ? spool_bytes(source->office.spool, item.seq, &source->record, &size) : err;
    err = err == ERR_OK ? spool_receipt(source->office.spool, item.receipt, &source->receipt) : err;
    *bundle = (struct bundle){.record = {source->record, size},
                              .receipt = source->receipt.receipt,
                              .hub_key = source->receipt.hub_key,
                              .hub_curve_key = {source->office.membership.hub_key, KEY_SIZE},
                              .party_key = signing_key_view(&source->identity.signing.key)};
    return err;
}

/* The batch as it was signed when it was sent: its hashes are those of the receipt, in their order. */
static err_t sign_batch(struct source *source, struct bundle *bundle)
{
    uint8_t hashes[BATCH_ITEMS_MAX * RECORD_HASH_SIZE];
    struct receipt_body body;
    msgpack_sbuffer covered;
    err_t err = receipt_body_decode(bundle->receipt.body, &body);
    err = err == ERR_OK && body.count > BATCH_ITEMS_MAX ? ERR_INVALID : err;
    for (uint32_t i = 0; err == ERR_OK && i < body.count; i++) {
        struct result result;
        err = result_next(&body.results, &result);
        if (err == ERR_OK) {
            memcpy(hashes + (size_t)i * RECORD_HASH_SIZE, result.hash.at, RECORD_HASH_SIZE);
        }
    }
    if (err != ERR_OK) {
        return err;
    }
    msgpack_sbuffer_init(&covered);
    submit_signed_bytes(source->office.membership.hub_key, hashes, body.count, &covered);
    identity_sign(&source->identity, (struct view){(const uint8_t *)covered.data, covered.size}, source->signature);
    msgpack_sbuffer_destroy(&covered);
    bundle->batch_signature = (struct view){source->signature, SIGNATURE_SIZE};
    return ERR_OK;
}

/* False after the reason has been said. */
static bool open_record(const struct home *home, const char *name, struct source *source, struct bundle *bundle)
{
    uint8_t id[RECORD_ID_SIZE];
    char reason[256];
    memset(source, 0, sizeof *source);
    if (record_id_parse(name, id) != ERR_OK) {
        complain(tr("%s: expected the id of a record, or a file of evidence", "%s：应为记录 ID 或凭证文件"), name);
        return false;
    }
    if (!office_open(home, QUICK_WAIT_MS, &source->office)) {
        return false;
    }
    if (identity_load(home, &source->identity, reason) != ERR_OK) {
        complain("%s", reason);
        office_close(&source->office);
        return false;
    }
    err_t err = read_spool(source, id, bundle);
    err = err == ERR_OK ? sign_batch(source, bundle) : err;
    if (err == ERR_NOT_FOUND) {
        complain(tr("no record %s in %s", "没有记录 %s（位于 %s）"), name, home->path);
    } else if (err == ERR_BUSY) {
        complain(tr("%s has no receipt yet: there is nothing that proves it; agn-agent sync fetches it",
                    "%s 尚无回执，暂无凭证；请运行 agn-agent sync 取得回执"),
                 name);
    } else if (err != ERR_OK) {
        complain_spool(&source->office, "evidence", err);
    }
    if (err != ERR_OK) {
        source_close(source);
    }
    return err == ERR_OK;
}

int cmd_evidence(const struct home *home, const struct arguments *arguments)
{
    struct source source;
    struct bundle bundle;
    if (!open_record(home, arguments->operands[0], &source, &bundle)) {
        return EXIT_REFUSED;
    }
    json_t *json = bundle_json(&bundle);
    bool is_written = arguments->out ? json_dump_file(json, arguments->out, JSON_INDENT(2)) == 0
                                     : json_dumpf(json, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF;
    if (!is_written) {
        complain(tr("%s: cannot be written", "%s：无法写入"), arguments->out ? arguments->out : "stdout");
    }
    json_decref(json);
    source_close(&source);
    return is_written ? EXIT_DONE : EXIT_REFUSED;
}

/* ---- verify ---- */

static void print_line(const char *label, const char *text)
{
    printf("%s%*s %s\n", label, 16 - text_width(label), "", text);
}

/* What a receipt says, as far as it could be read under a signature that fits. */
static void print_facts(const struct proof *proof, int offset)
{
    char text[192];
    if (proof->at == 0) {
        return;
    }
    print_line(tr("institution", "机构"), proof->party);
    print_line(tr("hub", "枢纽"), proof->hub);
    if (proof->number > 0) {
        if (proof->is_in_ledger) {
            snprintf(text, sizeof text,
                     tr("%" PRIu64 " of the ledger of %" PRIu64, "第 %" PRIu64 " 号（台账共 %" PRIu64 " 条）"),
                     proof->number, proof->head.size);
        } else {
            snprintf(text, sizeof text, tr("%" PRIu64 ", as the hub says", "第 %" PRIu64 " 号（以枢纽所述为准）"),
                     proof->number);
        }
        print_line(tr("number", "市级编号"), text);
    }
    local_time_text(proof->at, offset, text);
    print_line(tr("taken", "接收时间"), text);
}

static void print_text(const struct bundle *bundle, const struct proof *proof, int offset)
{
    char id[37] = "";
    struct value value = {0};
    if (check_peek(bundle->record, &value) && value.is_present && value.view.size == RECORD_ID_SIZE) {
        record_id_text(value.view.at, id);
    }
    print_line("id", id);
    print_facts(proof, offset);
    print_line(
        tr("result", "结论"),
        !proof->is_verified ? tr("NOT VERIFIED", "验证未通过")
        : proof->is_in_ledger
            ? tr("VERIFIED: the record, the institution's signature, the hub's receipt and its place in the ledger",
                 "验证通过：记录内容、机构签名、枢纽回执及其在台账中的位置")
            : tr("VERIFIED: the record, the institution's signature and the hub's receipt; its place in the ledger is "
                 "not "
                 "part of this receipt",
                 "验证通过：记录内容、机构签名及枢纽回执；该回执不含其在台账中位置的证明"));
    if (proof->flaw) {
        print_line(tr("because", "原因"), proof->flaw);
    }
}

static void print_json(const struct bundle *bundle, const struct proof *proof)
{
    char at[25];
    time_text(proof->at, at);
    json_t *object = json_pack("{sb sb ss ss sI sI ss}", "verified", proof->is_verified, "in_ledger",
                               proof->is_in_ledger, "party", proof->party, "hub", proof->hub, "number",
                               (json_int_t)proof->number, "ledger", (json_int_t)proof->head.size, "at", at);
    if (proof->flaw) {
        json_object_set_new(object, "flaw", json_string(proof->flaw));
    }
    json_object_set_new(object, "record", record_to_json(bundle->record));
    json_dumpf(object, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(object);
}

/* A duplicate's receipt says where the record is, and that alone is signed: the ledger's proof is not part of it. */
static void judge(const struct bundle *bundle, const struct signing_key *key, struct proof *ret_proof)
{
    bundle_check(bundle, key, ret_proof);
    if (ret_proof->is_verified && ret_proof->outcome == OUTCOME_REJECTED) {
        ret_proof->is_verified = false;
        ret_proof->flaw = tr("the receipt proves that the hub refused this record", "回执表明枢纽拒收了该记录");
    }
}

static int verify(const struct bundle *bundle, const struct signing_key *key, const struct arguments *arguments,
                  int offset)
{
    struct proof proof;
    judge(bundle, key, &proof);
    if (arguments->form == TABLE_JSON) {
        print_json(bundle, &proof);
    } else {
        print_text(bundle, &proof, offset);
    }
    return proof.is_verified ? EXIT_DONE : EXIT_REFUSED;
}

/* The key that is trusted: the one that is given, else the hub's that this agent belongs to, or a former one of it. */
static bool choose_key(const struct home *home, const struct arguments *arguments, const struct bundle *bundle,
                       struct signing_key *ret_key)
{
    struct membership membership;
    char reason[256];
    char text[2 * SIGNING_KEY_MAX + 1];
    if (arguments->hub_key) {
        if (signing_key_parse(arguments->hub_key, ret_key) != ERR_OK) {
            complain(tr("--hub-key: expected a public key of 32 or 33 bytes in hex digits",
                        "--hub-key：应为 32 或 33 字节公钥的十六进制"));
            return false;
        }
        return true;
    }
    if (membership_load(home, MEMBERSHIP_FILE, &membership, reason) == ERR_OK) {
        if (signing_key_take(bundle->hub_key, ret_key) != ERR_OK || !membership_trusts(&membership, ret_key)) {
            *ret_key = membership.hub_signing_key;
        }
        return true;
    }
    hex_text(bundle->hub_key.at, bundle->hub_key.size, text);
    complain(
        tr("whose word is trusted? Give the hub's public key with --hub-key, from the city itself; the file says %s",
           "请用 --hub-key 指定可信的枢纽公钥（应从先导城市处核实）；文件中的公钥为 %s"),
        text);
    return false;
}

static int verify_file(const struct home *home, const struct arguments *arguments)
{
    const char *path = arguments->operands[0];
    struct bundle bundle;
    struct signing_key key;
    char reason[256];
    json_error_t error;
    FILE *file = fopen(path, "rb");
    char *text = mem_alloc(BUNDLE_SIZE_MAX + 1);
    size_t size = file ? fread(text, 1, BUNDLE_SIZE_MAX + 1, file) : 0;
    json_t *json = size > 0 && size <= BUNDLE_SIZE_MAX ? json_loadb(text, size, JSON_REJECT_DUPLICATES, &error) : NULL;
    if (file) {
        fclose(file);
    }
    free(text);
    if (!json || bundle_read(json, &bundle, reason) != ERR_OK) {
        complain(tr("%s: no file of evidence: %s", "%s：不是凭证文件：%s"), path,
                 json                     ? reason
                 : size == 0              ? tr("empty, or cannot be read", "为空或无法读取")
                 : size > BUNDLE_SIZE_MAX ? tr("too large", "过大")
                                          : error.text);
        json_decref(json);
        return EXIT_REFUSED;
    }
    json_decref(json);
    int code = EXIT_REFUSED;
    if (choose_key(home, arguments, &bundle, &key)) {
        code = verify(&bundle, &key, arguments, ZONE_MINUTES);
    }
    bundle_done(&bundle);
    return code;
}

int cmd_verify(const struct home *home, const struct arguments *arguments)
{
    uint8_t id[RECORD_ID_SIZE];
    struct source source;
    struct bundle bundle;
    struct signing_key key;
    if (record_id_parse(arguments->operands[0], id) != ERR_OK) {
        return verify_file(home, arguments);
    }
    if (!open_record(home, arguments->operands[0], &source, &bundle)) {
        return EXIT_REFUSED;
    }
    int code = EXIT_REFUSED;
    if (arguments->hub_key ? choose_key(home, arguments, &bundle, &key)
                           : signing_key_take(bundle.hub_key, &key) == ERR_OK) {
        code = verify(&bundle, &key, arguments, (int)source.office.settings.utc_offset_minutes);
    }
    source_close(&source);
    return code;
}
