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
#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"
#include "proto/check.h"

/* Of a file that is checked without a home: Asia/Shanghai, as in settings.c. */
enum { ZONE_MINUTES = 480 };

/* The hub's keys whose word is taken. */
enum { TRUSTED_MAX = FORMER_HUB_KEYS_MAX + 1 };
struct trust {
    size_t count;                             /* at least one */
    struct signing_key keys[TRUSTED_MAX + 2]; /* two: see trust_known() */
    int64_t leaked_at; /* when the receipt's was reported leaked; 0: it was not, or that is not known */
};

/* What a bundle is made of, and must outlive it. */
struct source {
    struct office office;
    struct identity identity;
    struct stored_receipt receipt;
    uint8_t *record;
    uint8_t signature[SIGNATURE_SIZE];
    bool is_told; /* what went wrong */
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
    err = err == ERR_OK ? spool_receipt(source->office.spool, &item, &source->receipt) : err;
    *bundle = (struct bundle){.record = {source->record, size},
                              .receipt = source->receipt.receipt,
                              .hub_key = source->receipt.hub_key,
                              .inclusion = source->receipt.inclusion};
    return err;
}

/* Of a receipt by an older hub, which does not repeat what it has checked: the batch signed anew. */
static err_t sign_again(struct source *source, const struct receipt_body *body, struct bundle *bundle)
{
    char reason[256];
    msgpack_sbuffer covered;
    if (identity_load(source->office.home, &source->identity, reason) != ERR_OK) {
        complain("%s", reason);
        source->is_told = true;
        return ERR_INVALID;
    }
    msgpack_sbuffer_init(&covered);
    err_t err = batch_signed_bytes(body, source->office.membership.hub_key, &covered);
    if (err == ERR_OK) {
        identity_sign(&source->identity, (struct view){(const uint8_t *)covered.data, covered.size}, source->signature);
    }
    msgpack_sbuffer_destroy(&covered);
    bundle->batch_signature = (struct view){source->signature, SIGNATURE_SIZE};
    bundle->party_key = signing_key_view(&source->identity.signing.key);
    bundle->hub_curve_key = (struct view){source->office.membership.hub_key, KEY_SIZE};
    return err;
}

/* The batch's signature as the receipt repeats it. */
static err_t take_signature(struct source *source, struct bundle *bundle)
{
    struct receipt_body body;
    err_t err = receipt_body_decode(bundle->receipt.body, &body);
    if (err == ERR_OK && body.signature.size == 0) {
        return sign_again(source, &body, bundle);
    }
    bundle->batch_signature = body.signature;
    bundle->party_key = body.party_key;
    bundle->hub_curve_key = body.hub_curve_key;
    return err;
}

/* False after the reason has been said. */
static bool open_record(const struct home *home, const char *name, struct source *source, struct bundle *bundle)
{
    uint8_t id[RECORD_ID_SIZE];
    memset(source, 0, sizeof *source);
    if (record_id_parse(name, id) != ERR_OK) {
        complain(tr("%s: expected the id of a record, or a file of evidence", "%s：应为记录 ID 或凭证文件"), name);
        return false;
    }
    if (!office_open(home, QUICK_WAIT_MS, &source->office)) {
        return false;
    }
    err_t err = read_spool(source, id, bundle);
    err = err == ERR_OK ? take_signature(source, bundle) : err;
    if (err == ERR_NOT_FOUND) {
        complain(tr("no record %s in %s", "没有记录 %s（位于 %s）"), name, home->path);
    } else if (err == ERR_BUSY) {
        complain(tr("%s has no receipt yet: there is nothing that proves it; agn-agent sync fetches it",
                    "%s 尚无回执，暂无凭证；请运行 agn-agent sync 取得回执"),
                 name);
    } else if (err != ERR_OK && !source->is_told) {
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

/* The file shows it, but under a key that nobody here vouches for. */
static void print_other_key(const struct bundle *bundle)
{
    char hex[2 * SIGNING_KEY_MAX + 1];
    hex_text(bundle->inclusion.hub_key.at, bundle->inclusion.hub_key.size, hex);
    printf(tr("It is shown under another key of the hub's: where the city confirms %s, name both: --hub-key KEY,KEY\n",
              "该证明由枢纽的另一公钥签署：经先导城市核实 %s 后，请同时指定两个公钥：--hub-key 公钥,公钥\n"),
           hex);
}

static void print_text(const struct bundle *bundle, const struct trust *trust, const struct proof *proof, int offset)
{
    char id[37] = "";
    char text[64];
    struct value value = {0};
    if (check_peek(bundle->record, &value) && value.is_present && value.view.size == RECORD_ID_SIZE) {
        record_id_text(value.view.at, id);
    }
    print_line("id", id);
    print_facts(proof, offset);
    if (proof->is_verified && trust->leaked_at) {
        local_time_text(trust->leaked_at, offset, text);
        print_line(tr("key leaked", "密钥泄露"), text);
    }
    print_line(
        tr("result", "结论"),
        !proof->is_verified ? tr("NOT VERIFIED", "验证未通过")
        : proof->is_in_ledger
            ? tr("VERIFIED: the record, the institution's signature, the hub's receipt and its place in the ledger",
                 "验证通过：记录内容、机构签名、枢纽回执及其在台账中的位置")
            : tr("VERIFIED: the record, the institution's signature and the hub's receipt; its place in the ledger is "
                 "not proved",
                 "验证通过：记录内容、机构签名及枢纽回执；其在台账中的位置未经证明"));
    if (proof->is_verified && !proof->is_by_party) {
        print_line(tr("signed with", "签名公钥"),
                   tr("a key that this receipt, by an older hub, does not name: ask the city whose it is",
                      "该回执由旧版枢纽签发，未载明机构公钥：请向先导城市核实其归属"));
    }
    if (proof->flaw) {
        print_line(tr("because", "原因"), proof->flaw);
    } else if (!proof->is_in_ledger && bundle->inclusion.head.size > 0) {
        print_other_key(bundle);
    }
}

static void print_json(const struct bundle *bundle, const struct proof *proof)
{
    char at[25];
    time_text(proof->at, at);
    json_t *object =
        json_pack("{sb sb sb ss ss sI sI ss}", "verified", proof->is_verified, "in_ledger", proof->is_in_ledger,
                  "by_party", proof->is_verified && proof->is_by_party, "party", proof->party, "hub", proof->hub,
                  "number", (json_int_t)proof->number, "ledger", (json_int_t)proof->head.size, "at", at);
    if (proof->flaw) {
        json_object_set_new(object, "flaw", json_string(proof->flaw));
    }
    json_object_set_new(object, "record", record_to_json(bundle->record));
    json_dumpf(object, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(object);
}

/* The one that is trusted and that a file names; NULL: it names none of them. */
static const struct signing_key *find_key(const struct trust *trust, struct view named)
{
    for (size_t i = 0; i < trust->count; i++) {
        if (view_equals(signing_key_view(&trust->keys[i]), named)) {
            return &trust->keys[i];
        }
    }
    return NULL;
}

/* What the file says of it only chooses among those that are trusted. */
static const struct signing_key *receipt_key(const struct trust *trust, const struct bundle *bundle)
{
    const struct signing_key *key = find_key(trust, bundle->hub_key);
    return key ? key : trust->keys;
}

static void judge(const struct bundle *bundle, const struct trust *trust, struct proof *ret_proof)
{
    bundle_check(bundle, receipt_key(trust, bundle), find_key(trust, bundle->inclusion.hub_key), ret_proof);
    const char *flaw = ret_proof->flaw;
    if (!flaw && ret_proof->outcome == OUTCOME_REJECTED) {
        flaw = tr("the receipt proves that the hub refused this record", "回执表明枢纽拒收了该记录");
    } else if (!flaw && ret_proof->outcome == OUTCOME_RETRY) {
        flaw =
            tr("the receipt says that the hub did not take this record at that time", "回执表明枢纽当时没有收下该记录");
    }
    ret_proof->flaw = flaw ? flaw : proof_leak(ret_proof, trust->leaked_at);
    ret_proof->is_verified = !ret_proof->flaw;
    ret_proof->is_in_ledger = ret_proof->is_in_ledger && ret_proof->is_verified;
}

static int verify(const struct bundle *bundle, const struct trust *trust, const struct arguments *arguments, int offset)
{
    struct proof proof;
    judge(bundle, trust, &proof);
    if (arguments->form == TABLE_JSON) {
        print_json(bundle, &proof);
    } else {
        print_text(bundle, trust, &proof, offset);
    }
    return proof.is_verified ? EXIT_DONE : EXIT_REFUSED;
}

/* Keys in hex digits, a comma between two. */
static bool read_keys(const char *text, struct trust *trust)
{
    while (*text) {
        char hex[2 * SIGNING_KEY_MAX + 2];
        size_t size = strcspn(text, ",");
        snprintf(hex, sizeof hex, "%.*s", (int)(size < sizeof hex ? size : sizeof hex - 1), text);
        if (trust->count == TRUSTED_MAX || signing_key_parse(hex, &trust->keys[trust->count]) != ERR_OK) {
            return false;
        }
        trust->count++;
        text += size + (text[size] == ',');
    }
    return trust->count > 0;
}

static bool trust_given(const char *text, struct trust *ret_trust)
{
    *ret_trust = (struct trust){.count = 0};
    if (!read_keys(text, ret_trust)) {
        complain(
            tr("--hub-key: expected a public key of 32 or 33 bytes in hex digits, or up to %d with a comma between",
               "--hub-key：应为 32 或 33 字节公钥的十六进制；可用逗号分隔，最多 %d 个"),
            TRUSTED_MAX);
        return false;
    }
    return true;
}

/* What this agent has been told of the keys that the file is checked with. A place that was shown under one that had
 * leaked by then is left out of account: it can be asked for again under the next. */
static bool ask_leaks(const struct office *office, struct bundle *bundle, struct trust *trust)
{
    struct tree_head head;
    int64_t shown_leaked_at = 0;
    err_t err = spool_leaked_at(office->spool, signing_key_view(receipt_key(trust, bundle)), &trust->leaked_at);
    err = err == ERR_OK ? spool_leaked_at(office->spool, bundle->inclusion.hub_key, &shown_leaked_at) : err;
    if (err != ERR_OK) {
        complain_spool(office, "verify", err);
    } else if (shown_leaked_at > 0 && head_decode(bundle->inclusion.head, &head) == ERR_OK &&
               head.at > shown_leaked_at) {
        bundle->inclusion = (struct inclusion){0};
    }
    return err == ERR_OK;
}

/* A key of the file's by which this agent has receipts of its own: of the time before the hub's keys leaked and the
 * membership began anew with others, or of another hub. What is known of its leak is held against it. */
static err_t trust_known(const struct office *office, struct view key, struct trust *trust)
{
    bool has_receipt = false;
    err_t err = key.size > 0 && !find_key(trust, key) ? spool_has_receipt_by(office->spool, key, &has_receipt) : ERR_OK;
    trust->count += has_receipt && signing_key_take(key, &trust->keys[trust->count]) == ERR_OK;
    return err;
}

static bool trust_joined(const struct office *office, const struct bundle *bundle, struct trust *ret_trust)
{
    *ret_trust = (struct trust){.count = 1, .keys = {office->membership.hub_signing_key}};
    read_keys(office->membership.former_hub_keys, ret_trust);
    err_t err = trust_known(office, bundle->hub_key, ret_trust);
    err = err == ERR_OK ? trust_known(office, bundle->inclusion.hub_key, ret_trust) : err;
    if (err != ERR_OK) {
        complain_spool(office, "verify", err);
    }
    return err == ERR_OK;
}

/* For FILE: the keys that are given, else those that this agent knows of its hub. Of leaks it knows in any case. */
static bool trust_hub(const struct home *home, const struct arguments *arguments, struct bundle *bundle,
                      struct trust *ret_trust)
{
    struct office office;
    char text[2 * SIGNING_KEY_MAX + 1];
    bool is_joined = home_has(home, MEMBERSHIP_FILE);
    if (arguments->hub_key && !trust_given(arguments->hub_key, ret_trust)) {
        return false;
    }
    if (!arguments->hub_key && !is_joined) {
        hex_text(bundle->hub_key.at, bundle->hub_key.size, text);
        complain(
            tr("whose word is trusted? Give the hub's public key with --hub-key, from the city itself; the file says "
               "%s",
               "请用 --hub-key 指定可信的枢纽公钥（应从先导城市处核实）；文件中的公钥为 %s"),
            text);
        return false;
    }
    if (!is_joined) {
        return true;
    }
    if (!office_open(home, QUICK_WAIT_MS, &office)) {
        return false;
    }
    bool is_known =
        (arguments->hub_key || trust_joined(&office, bundle, ret_trust)) && ask_leaks(&office, bundle, ret_trust);
    office_close(&office);
    return is_known;
}

/* Those that the receipt and what was shown beside it were checked with when they came. */
static bool trust_kept(const struct bundle *bundle, struct trust *ret_trust)
{
    *ret_trust = (struct trust){.count = 0};
    ret_trust->count += signing_key_take(bundle->hub_key, &ret_trust->keys[ret_trust->count]) == ERR_OK;
    ret_trust->count += signing_key_take(bundle->inclusion.hub_key, &ret_trust->keys[ret_trust->count]) == ERR_OK;
    return ret_trust->count > 0;
}

static int verify_file(const struct home *home, const struct arguments *arguments)
{
    const char *path = arguments->operands[0];
    struct bundle bundle;
    struct trust trust;
    char reason[256];
    char quoted[JSON_ERROR_TEXT_LENGTH]; /* of the file */
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
                                          : log_safe(error.text, strlen(error.text), quoted, sizeof quoted));
        json_decref(json);
        return EXIT_REFUSED;
    }
    json_decref(json);
    int code = EXIT_REFUSED;
    if (trust_hub(home, arguments, &bundle, &trust)) {
        code = verify(&bundle, &trust, arguments, ZONE_MINUTES);
    }
    bundle_done(&bundle);
    return code;
}

int cmd_verify(const struct home *home, const struct arguments *arguments)
{
    uint8_t id[RECORD_ID_SIZE];
    struct source source;
    struct bundle bundle;
    struct trust trust;
    if (record_id_parse(arguments->operands[0], id) != ERR_OK) {
        return verify_file(home, arguments);
    }
    if (!open_record(home, arguments->operands[0], &source, &bundle)) {
        return EXIT_REFUSED;
    }
    int code = EXIT_REFUSED;
    if (arguments->hub_key ? trust_given(arguments->hub_key, &trust) : trust_kept(&bundle, &trust)) {
        trust.leaked_at = source.receipt.leaked_at;
        code = verify(&bundle, &trust, arguments, (int)source.office.settings.utc_offset_minutes);
    }
    source_close(&source);
    return code;
}
