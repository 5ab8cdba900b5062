/* cap: warnings out as CAP 1.2; and a CAP file in, for submit. */
#include "agent/cmd_cap.h"

#include <inttypes.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "agent/commands.h"
#include "agent/filing.h"
#include "agent/vocabulary.h"
#include "agent/wake.h"
#include "common/cap.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"
#include "proto/kinds.h"
#include "proto/life.h"

/* ---- out ---- */

/* The item with its record as JSON; NULL where this agent has no such record. */
static json_t *find_record(struct spool *spool, const uint8_t id[RECORD_ID_SIZE], struct item *ret_item,
                           uint8_t **ret_bytes, size_t *ret_size)
{
    *ret_bytes = NULL;
    if (spool_find(spool, id, ret_item) != ERR_OK || spool_bytes(spool, ret_item->seq, ret_bytes, ret_size) != ERR_OK) {
        return NULL;
    }
    return record_to_json((struct view){*ret_bytes, *ret_size});
}

/* Back along refers_to; what is said is oldest first. */
static size_t find_earlier(struct spool *spool, const json_t *record, struct cap_earlier *ret_earlier)
{
    size_t count = 0;
    uint8_t id[RECORD_ID_SIZE];
    const char *refers_to = json_string_value(json_object_get(record, "refers_to"));
    json_t *held = NULL;
    while (refers_to && record_id_parse(refers_to, id) == ERR_OK && count < CAP_REFERENCES_MAX) {
        struct item item;
        uint8_t *bytes = NULL;
        size_t size = 0;
        json_t *earlier = find_record(spool, id, &item, &bytes, &size);
        free(bytes);
        if (!earlier) {
            break;
        }
        memmove(&ret_earlier[1], &ret_earlier[0], count * sizeof *ret_earlier);
        memcpy(ret_earlier[0].id, id, RECORD_ID_SIZE);
        ret_earlier[0].sent_ms = item.accepted_at;
        count++;
        json_decref(held);
        held = earlier;
        refers_to = json_string_value(json_object_get(held, "refers_to"));
    }
    json_decref(held);
    return count;
}

static err_t write_message(struct office *office, const json_t *record, struct view bytes, char **ret_xml,
                           char reterr_reason[256])
{
    struct cap_earlier earlier[CAP_REFERENCES_MAX];
    const char *sender = office->settings.cap_sender;
    if (json_is_true(json_object_get(record, "reporter_confidential"))) {
        snprintf(
            reterr_reason, 256, "%s",
            tr("reporter_confidential: the sender of a CAP message would name this institution; let the city issue "
               "it (agn-hub cap)",
               "reporter_confidential：CAP 消息的 sender 会显示本机构；请由市级发布（agn-hub cap）"));
        return ERR_INVALID;
    }
    struct cap_order order = {.sender = *sender ? sender : office->membership.party,
                              .sender_name = office->membership.name,
                              .issuer_name = office->membership.name,
                              .utc_offset_minutes = (int)office->settings.utc_offset_minutes,
                              .earlier = earlier,
                              .earlier_count = find_earlier(office->spool, record, earlier)};
    return cap_write(bytes, &order, ret_xml, reterr_reason);
}

static bool export_one(struct office *office, const char *text, const char *out, bool is_many)
{
    uint8_t id[RECORD_ID_SIZE];
    struct item item;
    uint8_t *bytes = NULL;
    size_t size = 0;
    char reason[512] = "";
    char *xml = NULL;
    if (record_id_parse(text, id) != ERR_OK) {
        complain(tr("%s: expected the id of a record, as submit printed it", "%s：应为 submit 输出的记录 ID"), text);
        return false;
    }
    json_t *record = find_record(office->spool, id, &item, &bytes, &size);
    err_t err = ERR_NOT_FOUND;
    if (record) {
        err = write_message(office, record, (struct view){bytes, size}, &xml, reason);
        err = err == ERR_OK ? cap_save(xml, id, out, is_many, reason) : err;
    }
    if (!record) {
        complain(tr("no record %s in %s", "没有记录 %s（位于 %s）"), text, office->home->path);
    } else if (err != ERR_OK) {
        complain("%s: %s", text, reason);
    }
    free(xml);
    free(bytes);
    json_decref(record);
    return err == ERR_OK;
}

int cmd_cap(const struct home *home, const struct arguments *arguments)
{
    struct office office;
    bool is_done = true;
    if (arguments->count > 1 && !arguments->out) {
        complain(tr("several messages need --out FOLDER", "导出多条消息需要 --out 文件夹"));
        return EXIT_USAGE;
    }
    if (!office_open(home, QUICK_WAIT_MS, &office)) {
        return EXIT_REFUSED;
    }
    for (int i = 0; i < arguments->count; i++) {
        is_done = export_one(&office, arguments->operands[i], arguments->out, arguments->count > 1) && is_done;
    }
    office_close(&office);
    return is_done ? EXIT_DONE : EXIT_REFUSED;
}

/* ---- in ---- */

struct import {
    struct office *office;
    const char *name;
    struct cap_message message;
    struct faults faults;
    uint8_t digest[DIGEST_SIZE]; /* of the file */
    char key[80];                /* of the message, for what must not happen twice */
};

bool cap_is_named(const char *path)
{
    size_t size = strlen(path);
    return size > 4 && (strcmp(path + size - 4, ".xml") == 0 || strcmp(path + size - 4, ".cap") == 0);
}

/* At most one byte more than is allowed. False: it cannot be read, and it has been said. */
static bool read_file(const char *path, const char *name, char **ret_bytes, size_t *ret_size)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    *ret_bytes = mem_alloc(CAP_SIZE_MAX + 1);
    *ret_size = file ? fread(*ret_bytes, 1, CAP_SIZE_MAX + 1, file) : 0;
    bool is_read = file && !ferror(file);
    if (!is_read) {
        complain(tr("%s: cannot be read", "%s：无法读取"), name);
    }
    if (file) {
        fclose(file);
    }
    return is_read;
}

/* A message is one by sender, identifier and sent (CAP §3.2.1, references); seconds are all that sent has. */
static void key_of(const struct cap_reference *message, char ret_key[80])
{
    char whole[2 * CAP_NAME_MAX + 64];
    uint8_t digest[DIGEST_SIZE];
    snprintf(whole, sizeof whole, "%s,%s,%" PRId64, message->sender, message->identifier, message->sent_ms / 1000);
    SHA256((const unsigned char *)whole, strlen(whole), digest);
    static const char prefix[] = "cap:";
    memcpy(ret_key, prefix, sizeof prefix);
    hex_text(digest, DIGEST_SIZE, ret_key + sizeof prefix - 1);
}

/* The record that a message became here, or that it was made from. */
static bool find_message(struct spool *spool, const struct cap_reference *message, struct item *ret_item)
{
    char key[80];
    struct filed_key filed;
    uint8_t *bytes = NULL;
    uint8_t id[RECORD_ID_SIZE];
    size_t count = 0;
    if (record_id_parse(message->identifier, id) == ERR_OK && spool_find(spool, id, ret_item) == ERR_OK &&
        ret_item->accepted_at / 1000 == message->sent_ms / 1000) {
        return true;
    }
    key_of(message, key);
    bool is_found = spool_find_key(spool, key, &filed, &bytes) == ERR_OK;
    free(bytes);
    return is_found && spool_list(spool, -1, filed.first_seq - 1, ret_item, 1, &count) == ERR_OK && count == 1 &&
           ret_item->seq == filed.first_seq;
}

static void add_fault(struct import *import, const char *code, const char *element, const char *reason)
{
    fault_add(&import->faults, code, element, "%s", reason);
}

/* A message that says only that it updates, cancels or acknowledges leaves the rest as it was. */
static void fill_in(struct import *import, const struct item *item)
{
    static const char *const own[] = {"refers_to", "replaces", "reason", "in_reply_to", "addressee", "entity"};
    uint8_t *bytes = NULL;
    size_t size = 0;
    if (import->message.has_info || spool_bytes(import->office->spool, item->seq, &bytes, &size) != ERR_OK) {
        return;
    }
    json_t *record = record_to_json((struct view){bytes, size});
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        json_object_del(record, own[i]);
    }
    json_object_update_missing(import->message.record, record);
    json_decref(record);
    free(bytes);
}

/* Every reference that is known must be of one thread: the record that the first of them is. */
static void refer(struct import *import)
{
    struct cap_message *message = &import->message;
    struct item item = {.seq = 0};
    bool is_found = false;
    char id[37];
    for (size_t i = message->reference_count; i > 0 && !is_found; i--) {
        is_found = find_message(import->office->spool, &message->references[i - 1], &item);
    }
    if (!is_found) {
        add_fault(import, "unknown_reference", "alert/references",
                  "none of these messages was filed here: file the Alert first, or the record without CAP");
    } else if (strcmp(item.kind, kind_by_number(KIND_RISK_WARNING)->name) != 0) {
        add_fault(import, "unknown_reference", "alert/references", "the message meant is no warning");
    } else {
        record_id_text(item.id, id);
        json_object_set_new(message->record, "refers_to", json_string(id));
        fill_in(import, &item);
    }
}

/* What the life of a warning does not let an institution do is refused here: the city would refuse it. */
static void check_action(struct import *import)
{
    const char *code = json_string_value(json_object_get(import->message.record, "action"));
    const struct kind *kind = kind_by_number(KIND_RISK_WARNING);
    int action =
        code ? enumeration_index(&enum_warning_action, (struct view){(const uint8_t *)code, strlen(code)}) : NO_ACTION;
    const struct transition *step = life_beginning(kind, action);
    step = step ? step : life_step(kind, kind, action);
    if (step && !(step->by & BY_ENTITY)) {
        fault_add(&import->faults, "record_not_permitted", "alert/msgType",
                  "%s is not for an institution to file: the city does it (agn-hub %s)", code, code);
    }
}

static void print_faults(const struct import *import, const struct faults *faults, bool is_of_record)
{
    for (size_t i = 0; i < faults->count; i++) {
        char text[1024];
        char place[160] = "";
        if (is_of_record) {
            cap_place(faults->list[i].field, place, sizeof place);
        }
        fault_text(&faults->list[i], text, sizeof text);
        fprintf(stderr, "%s: %s%s%s\n", import->name, place, *place ? ": " : "", text);
    }
}

static void print_notes(const struct import *import)
{
    size_t index = 0;
    json_t *note = NULL;
    json_array_foreach(import->message.notes, index, note)
    {
        char safe[512];
        log_safe(json_string_value(note), json_string_length(note), safe, sizeof safe);
        fprintf(stderr, "%s: %s: %s\n", import->name, tr("note", "提示"), safe);
    }
}

/* In the transaction that stores the record: the message is known from now on, or nothing was stored. */
static err_t note_message(void *self, const struct filing *filing)
{
    const struct import *import = self;
    struct filed_key filed = {
        .at = clock_ms(), .first_seq = filing->accepted.first_seq, .count = 1, .text = {(const uint8_t *)"", 0}};
    memcpy(filed.digest, import->digest, DIGEST_SIZE);
    return spool_add_key(filing->spool, import->key, &filed);
}

static bool file_record(struct import *import, const struct cap_source *source, struct accept_result *ret_result)
{
    struct office *office = import->office;
    char *text = json_dumps(import->message.record, JSON_COMPACT);
    struct filing filing = {.home = office->home,
                            .spool = office->spool,
                            .party = office->membership.party,
                            .utc_offset_minutes = (int)office->settings.utc_offset_minutes,
                            .corrects = source->corrects,
                            .on_commit = note_message,
                            .self = import};
    err_t err = filing_take(&filing, (struct view){(const uint8_t *)text, text ? strlen(text) : 0});
    *ret_result = filing.accepted;
    if (err == ERR_OK && filing.count == 1 && filing.lines[0].faults) {
        print_faults(import, filing.lines[0].faults, true);
    } else if (err == ERR_NOT_FOUND) {
        complain(tr("--corrects: no rejected or blocked record has this id; nothing was stored",
                    "--corrects：没有以此为 ID 且被退回或受阻的记录，未保存任何内容"));
    } else if (err == ERR_EXISTS) {
        complain(tr("%s: another process has just filed this message", "%s：其他进程刚刚报送了该消息"), import->name);
    } else if (err != ERR_OK) {
        complain_spool(office, import->name, err);
    }
    filing_done(&filing);
    free(text);
    if (err == ERR_OK && ret_result->accepted == 1) {
        wake_poke(office->home);
    }
    return err == ERR_OK && ret_result->accepted == 1;
}

/* The same message again is told as what it became; another one under its name is refused. */
static bool tell_known(struct import *import, const struct item *item, struct accept_result *ret_result)
{
    struct filed_key filed;
    uint8_t *bytes = NULL;
    char id[37];
    record_id_text(item->id, id);
    bool is_same = spool_find_key(import->office->spool, import->key, &filed, &bytes) == ERR_OK &&
                   memcmp(filed.digest, import->digest, DIGEST_SIZE) == 0;
    free(bytes);
    if (is_same) {
        fprintf(stderr, tr("%s: filed before; it is this record\n", "%s：此前已报送，即下列记录\n"), import->name);
        *ret_result = (struct accept_result){.accepted = 1, .good = 1, .first_seq = item->seq};
        return true;
    }
    fprintf(
        stderr,
        tr("%s: alert/identifier: this sender, identifier and sent are those of record %s here; a message of other "
           "content needs another identifier\n",
           "%s：alert/identifier：sender、identifier、sent 与本机记录 %s 相同；内容不同的消息应使用另一 identifier\n"),
        import->name, id);
    return false;
}

static bool import_message(struct import *import, const struct cap_source *source, struct view xml,
                           struct accept_result *ret_result)
{
    struct item item;
    err_t err = cap_read(xml, source->sets, source->set_count, &import->message, &import->faults);
    print_notes(import);
    if (err == ERR_OK) {
        key_of(&import->message.self, import->key);
        if (find_message(import->office->spool, &import->message.self, &item)) {
            return tell_known(import, &item, ret_result);
        }
        check_action(import);
        if (import->message.reference_count > 0) {
            refer(import);
        }
    }
    if (import->faults.count > 0) {
        print_faults(import, &import->faults, false);
        return false;
    }
    return file_record(import, source, ret_result);
}

bool cap_submit(struct office *office, const struct cap_source *source, struct accept_result *ret_result)
{
    struct import *import = mem_alloc(sizeof *import);
    char *bytes = NULL;
    size_t size = 0;
    memset(ret_result, 0, sizeof *ret_result);
    import->office = office;
    import->name = strcmp(source->path, "-") == 0 ? tr("standard input", "标准输入") : source->path;
    bool is_done = read_file(source->path, import->name, &bytes, &size);
    if (is_done) {
        SHA256((const unsigned char *)bytes, size, import->digest);
        is_done = import_message(import, source, (struct view){(const uint8_t *)bytes, size}, ret_result);
    }
    cap_message_done(&import->message);
    free(bytes);
    free(import);
    return is_done;
}
