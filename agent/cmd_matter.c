/* answer, correct, withdraw: what an institution's secretary does with what the city sends back. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/commands.h"
#include "agent/filing.h"
#include "agent/office.h"
#include "agent/progress.h"
#include "agent/spool_hub.h"
#include "agent/vocabulary.h"
#include "agent/wake.h"
#include "common/log.h"
#include "common/text.h"
#include "proto/kinds.h"
#include "proto/life.h"

/* In a file that `correct` writes: for the person, never filed. */
#define FAULTS_KEY "_faults"

static bool parse_id(const char *text, uint8_t ret_id[RECORD_ID_SIZE])
{
    if (record_id_parse(text, ret_id) == ERR_OK) {
        return true;
    }
    complain(tr("%s: expected the id of a record; agn-agent inbox and list show them",
                "%s：应为记录 ID；可用 agn-agent inbox 或 list 查看"),
             text);
    return false;
}

/* Who files: --by and --role, over what the record says already. */
static void set_submitter(json_t *record, const struct arguments *arguments)
{
    json_t *submitter = json_object_get(record, "submitter");
    if (!json_is_object(submitter) && (arguments->by || arguments->role)) {
        submitter = json_object();
        json_object_set_new(record, "submitter", submitter);
    }
    if (arguments->by) {
        json_object_set_new(submitter, "name", json_string(arguments->by));
    }
    if (arguments->role) {
        json_object_set_new(submitter, "role", json_string(arguments->role));
    }
}

/* Prints the id of what was filed, or every fault. Takes the record. */
static int file_record(struct office *office, json_t *record)
{
    char *text = json_dumps(record, JSON_COMPACT);
    int code = EXIT_REFUSED;
    struct filing filing = {.home = office->home,
                            .spool = office->spool,
                            .party = office->membership.party,
                            .utc_offset_minutes = (int)office->settings.utc_offset_minutes};
    err_t err = filing_take(&filing, (struct view){(const uint8_t *)text, text ? strlen(text) : 0});
    const struct faults *faults = err == ERR_OK && filing.count == 1 ? filing.lines[0].faults : NULL;
    for (size_t i = 0; faults && i < faults->count; i++) {
        char line[1024];
        fault_text(&faults->list[i], line, sizeof line);
        fprintf(stderr, "%s\n", line);
    }
    if (faults) {
        complain(tr("refused, nothing was stored", "被拒，未保存任何内容"));
    } else if (err != ERR_OK) {
        complain_spool(office, "submit", err);
    } else {
        struct item item;
        char id[37];
        size_t count = 0;
        wake_poke(office->home);
        code = EXIT_DONE;
        if (spool_list(office->spool, -1, filing.accepted.first_seq - 1, &item, 1, &count) == ERR_OK && count == 1) {
            record_id_text(item.id, id);
            puts(id);
        }
    }
    filing_done(&filing);
    free(text);
    json_decref(record);
    return code;
}

/* The object of a file; NULL after the reason has been said. */
static json_t *load_object(const char *path)
{
    json_error_t error;
    json_t *object = strcmp(path, "-") == 0 ? json_loadf(stdin, JSON_REJECT_DUPLICATES, &error)
                                            : json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    char safe[JSON_ERROR_TEXT_LENGTH];
    if (!object) {
        complain("%s:%d:%d: %s", path, error.line, error.column,
                 log_safe(error.text, strlen(error.text), safe, sizeof safe));
    } else if (!json_is_object(object)) {
        complain(tr("%s: expected one JSON object", "%s：应为一个 JSON 对象"), path);
        json_decref(object);
        object = NULL;
    }
    return object;
}

/* ---- answer ---- */

struct notice {
    json_t *record; /* owned; NULL: not found */
    char owner[64];
};

static void take_if(const struct inbox_entry *entry, const char *id, struct notice *notice)
{
    struct event event;
    if (event_decode(entry->event, &event) != ERR_OK || event.type != EVENT_RECORD) {
        return;
    }
    json_t *record = record_to_json(event.record.record);
    const char *own = json_string_value(json_object_get(record, "id"));
    if (own && strcmp(own, id) == 0 && event.record.owner.size < sizeof notice->owner) {
        json_decref(notice->record);
        notice->record = json_incref(record);
        snprintf(notice->owner, sizeof notice->owner, "%.*s", (int)event.record.owner.size,
                 (const char *)event.record.owner.at);
    }
    json_decref(record);
}

static err_t find_notice(struct spool *spool, const uint8_t id[RECORD_ID_SIZE], struct notice *ret_notice)
{
    struct inbox_entry entry = {.row = 0};
    char text[37];
    err_t err = ERR_OK;
    record_id_text(id, text);
    while ((err = spool_next_event(spool, entry.row, &entry)) == ERR_OK) {
        take_if(&entry, text, ret_notice);
        free(entry.bytes);
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static const json_t *question_of(const json_t *form, const char *key)
{
    for (size_t i = 0; key && i < json_array_size(form); i++) {
        const char *own = json_string_value(json_object_get(json_array_get(form, i), "key"));
        if (own && strcmp(own, key) == 0) {
            return json_array_get(form, i);
        }
    }
    return NULL;
}

/* NULL: the value answers the question. */
static const char *flaw_of(const json_t *question, const char *value)
{
    const char *type = json_string_value(json_object_get(question, "type"));
    int64_t days = 0;
    if (!type || strcmp(type, "text") == 0) {
        return NULL;
    }
    if (strcmp(type, "number") == 0) {
        char *rest = NULL;
        strtod(value, &rest);
        return *value && !*rest ? NULL : tr("expected a number", "应为数字");
    }
    if (strcmp(type, "flag") == 0) {
        return strcmp(value, "true") == 0 || strcmp(value, "false") == 0
                   ? NULL
                   : tr("expected true or false", "应为 true 或 false");
    }
    if (strcmp(type, "date") == 0) {
        bool is_date = date_parse((struct view){(const uint8_t *)value, strlen(value)}, &days) == ERR_OK;
        return is_date ? NULL : tr("expected a date such as 2026-12-10", "应为日期，如 2026-12-10");
    }
    const json_t *choices = json_object_get(question, "choices");
    for (size_t i = 0; i < json_array_size(choices); i++) {
        const char *choice = json_string_value(json_array_get(choices, i));
        if (choice && strcmp(choice, value) == 0) {
            return NULL;
        }
    }
    return tr("not one of the choices", "不在选项之内");
}

static bool check_given(const json_t *form, const json_t *answers)
{
    bool is_good = true;
    for (size_t i = 0; i < json_array_size(answers); i++) {
        const json_t *answer = json_array_get(answers, i);
        const char *key = json_string_value(json_object_get(answer, "key"));
        const char *value = json_string_value(json_object_get(answer, "value"));
        const json_t *question = question_of(form, key);
        const char *flaw = !key || !value ? tr("expected a key and a value, both texts", "应有 key 和 value，均为文本")
                           : question ? flaw_of(question, value)
                                      : tr("the notice asks no such question", "通知中没有这个问题");
        if (flaw) {
            complain("%s: %s", key ? key : "answers", flaw);
            is_good = false;
        }
    }
    return is_good;
}

/* Against the notice's form; every flaw is said. A notice without a form takes what it is given. */
static bool check_answers(const json_t *notice, const json_t *record)
{
    const json_t *form = json_object_get(notice, "answer_form");
    const json_t *answers = json_object_get(record, "answers");
    if (json_array_size(form) == 0) {
        return true;
    }
    bool is_good = check_given(form, answers);
    for (size_t i = 0; i < json_array_size(form); i++) {
        const json_t *question = json_array_get(form, i);
        const char *key = json_string_value(json_object_get(question, "key"));
        const char *label = json_string_value(json_object_get(question, "label"));
        char safe[400];
        if (json_is_true(json_object_get(question, "required")) && !question_of(answers, key)) {
            complain(tr("%s (%s): must be answered: %s=…", "%s（%s）：必须答复：%s=…"), key,
                     log_safe(label ? label : "", label ? strlen(label) : 0, safe, sizeof safe), key);
            is_good = false;
        }
    }
    return is_good;
}

/* What the operands and --text say; NULL after the reason has been said. */
static json_t *read_answer(const struct arguments *arguments)
{
    const char *first = arguments->count > 1 ? arguments->operands[1] : "="; /* which names no file */
    bool is_file = !strchr(first, '=');
    json_t *record = is_file ? load_object(first) : json_object();
    for (int i = is_file ? 2 : 1; record && i < arguments->count; i++) {
        const char *split = strchr(arguments->operands[i], '=');
        if (!split || split == arguments->operands[i]) {
            complain(tr("%s: expected KEY=VALUE", "%s：应为 键=值"), arguments->operands[i]);
            json_decref(record);
            return NULL;
        }
        if (!json_object_get(record, "answers")) {
            json_object_set_new(record, "answers", json_array());
        }
        json_array_append_new(json_object_get(record, "answers"),
                              json_pack("{ss# ss}", "key", arguments->operands[i],
                                        (size_t)(split - arguments->operands[i]), "value", split + 1));
    }
    if (record && arguments->text) {
        json_object_set_new(record, "note", json_string(arguments->text));
    }
    return record;
}

static int answer(struct office *office, const struct notice *notice, const char *id, const struct arguments *arguments)
{
    const char *kind = json_string_value(json_object_get(notice->record, "kind"));
    if (!kind || strcmp(kind, "notice") != 0) {
        complain(kind ? tr("%s is no notice", "%s 不是通知") : tr("no notice %s in the inbox", "收件箱中没有通知 %s"),
                 id);
        return EXIT_REFUSED;
    }
    json_t *record = read_answer(arguments);
    if (!record) {
        return EXIT_REFUSED;
    }
    json_object_set_new(record, "kind", json_string("notice_answer"));
    json_object_set_new(record, "addressee", json_string(notice->owner));
    json_object_set_new(record, "refers_to", json_string(id));
    set_submitter(record, arguments);
    if (!check_answers(notice->record, record)) {
        json_decref(record);
        return EXIT_REFUSED;
    }
    return file_record(office, record);
}

int cmd_answer(const struct home *home, const struct arguments *arguments)
{
    uint8_t id[RECORD_ID_SIZE];
    struct office office;
    struct notice notice = {.record = NULL};
    if (!parse_id(arguments->operands[0], id)) {
        return EXIT_USAGE;
    }
    if (!office_open(home, 0, &office)) {
        return EXIT_REFUSED;
    }
    int code = EXIT_REFUSED;
    err_t err = find_notice(office.spool, id, &notice);
    if (err == ERR_OK) {
        code = answer(&office, &notice, arguments->operands[0], arguments);
    } else {
        complain_spool(&office, "answer", err);
    }
    json_decref(notice.record);
    office_close(&office);
    return code;
}

/* ---- correct ---- */

struct correction {
    struct office office;
    struct progress *progress;
    const struct matter_record *record; /* the newest of the matter */
    const struct matter_event *returned;
    json_t *faults; /* of the return; owned */
};

static json_t *read_item(struct spool *spool, uint64_t seq)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    json_t *record =
        spool_bytes(spool, seq, &bytes, &size) == ERR_OK ? record_to_json((struct view){bytes, size}) : NULL;
    free(bytes);
    return record;
}

static json_t *read_faults(struct spool *spool, const struct matter_event *returned)
{
    struct inbox_entry entry;
    struct event event;
    json_t *faults = NULL;
    if (spool_next_event(spool, returned->row - 1, &entry) != ERR_OK) {
        return NULL;
    }
    if (event_decode(entry.event, &event) == ERR_OK && event.type == EVENT_RECORD) {
        json_t *record = record_to_json(event.record.record);
        faults = json_incref(json_object_get(record, "faults"));
        json_decref(record);
    }
    free(entry.bytes);
    return faults;
}

/* ID is any record of the matter, or the return itself. False after the reason has been said. */
static bool find_correction(struct correction *correction, const char *text, const uint8_t id[RECORD_ID_SIZE])
{
    char other[37];
    const struct matter_record *named = progress_find(correction->progress, id);
    correction->returned = progress_event(correction->progress, named ? named->root : id, KIND_RETURN_FOR_CORRECTION);
    if (!correction->returned) {
        complain(named ? tr("%s was not returned for correction", "%s 未被退回补正")
                       : tr("no record and no return %s here; agn-agent inbox shows returns",
                            "没有记录或退回 %s；退回补正见 agn-agent inbox"),
                 text);
        return false;
    }
    correction->record = progress_newest(correction->progress, correction->returned->root);
    if (!correction->record) {
        complain(tr("%s: the record that was returned is not in this spool", "%s：被退回的记录不在本机"), text);
        return false;
    }
    if (correction->record->number == 0 || correction->record->number > correction->returned->number) {
        record_id_text(correction->record->id, other);
        complain(tr("%s was corrected already, by %s", "%s 已由 %s 更正"), text, other);
        return false;
    }
    if (progress_is_withdrawn(correction->progress, correction->returned->root)) {
        complain(tr("%s was withdrawn", "%s 已撤回"), text);
        return false;
    }
    correction->faults = read_faults(correction->office.spool, correction->returned);
    return true;
}

static void print_faults(const json_t *faults)
{
    for (size_t i = 0; i < json_array_size(faults); i++) {
        const char *field = json_string_value(json_object_get(json_array_get(faults, i), "field"));
        const char *reason = json_string_value(json_object_get(json_array_get(faults, i), "reason"));
        char safe_field[256];
        char safe_reason[2048];
        fprintf(stderr, "  %s: %s\n", log_safe(field, field ? strlen(field) : 0, safe_field, sizeof safe_field),
                log_safe(reason, reason ? strlen(reason) : 0, safe_reason, sizeof safe_reason));
    }
}

/* The record as it was, without what the agent assigns; the reason is for the person to write. */
static int write_draft(struct correction *correction, const struct arguments *arguments)
{
    json_t *draft = read_item(correction->office.spool, correction->record->seq);
    char id[37];
    if (!draft) {
        complain_spool(&correction->office, "correct", ERR_IO);
        return EXIT_REFUSED;
    }
    for (size_t i = 0; i < COMMON_FIELDS; i++) {
        if (i != COMMON_KIND && i != COMMON_SUBMITTER && i != COMMON_REHEARSAL) {
            json_object_del(draft, correction->record->kind->fields[i].key);
        }
    }
    record_id_text(correction->record->id, id);
    json_object_set_new(draft, "replaces", json_string(id));
    json_object_set_new(draft, "reason", arguments->reason ? json_string(arguments->reason) : json_null());
    json_object_set(draft, FAULTS_KEY, correction->faults);
    set_submitter(draft, arguments);
    FILE *file = arguments->out ? fopen(arguments->out, "w") : stdout;
    bool is_written = file && json_dumpf(draft, file, JSON_INDENT(2)) == 0 && fputc('\n', file) != EOF;
    if (arguments->out && file) {
        is_written = fclose(file) == 0 && is_written;
    }
    json_decref(draft);
    if (!is_written) {
        complain(tr("%s: cannot be written: %s", "%s：无法写入：%s"), arguments->out ? arguments->out : "-",
                 strerror(errno));
        return EXIT_REFUSED;
    }
    fputs(tr("to be corrected:\n", "补正事项：\n"), stderr);
    print_faults(correction->faults);
    fprintf(stderr,
            tr("edit the file and say why in `reason`, then: agn-agent correct %s FILE\n",
               "请修改文件并在 reason 中说明，然后：agn-agent correct %s 文件\n"),
            arguments->operands[0]);
    return EXIT_DONE;
}

static int file_correction(struct correction *correction, const struct arguments *arguments)
{
    char id[37];
    json_t *record = load_object(arguments->operands[1]);
    if (!record) {
        return EXIT_REFUSED;
    }
    record_id_text(correction->record->id, id);
    const char *kind = json_string_value(json_object_get(record, "kind"));
    const char *replaces = json_string_value(json_object_get(record, "replaces"));
    if (!kind || strcmp(kind, correction->record->kind->name) != 0 || (replaces && strcmp(replaces, id) != 0)) {
        complain(tr("%s: expected a %s that replaces %s: write the file with agn-agent correct %s --out FILE",
                    "%s：应为 %s，替代 %s：请用 agn-agent correct %s --out 文件 生成"),
                 arguments->operands[1], correction->record->kind->name, id, arguments->operands[0]);
        json_decref(record);
        return EXIT_REFUSED;
    }
    json_object_del(record, FAULTS_KEY);
    json_object_set_new(record, "replaces", json_string(id));
    if (arguments->reason) {
        json_object_set_new(record, "reason", json_string(arguments->reason));
    }
    set_submitter(record, arguments);
    return file_record(&correction->office, record);
}

int cmd_correct(const struct home *home, const struct arguments *arguments)
{
    uint8_t id[RECORD_ID_SIZE];
    struct correction correction = {.progress = NULL};
    int code = EXIT_REFUSED;
    if (!parse_id(arguments->operands[0], id)) {
        return EXIT_USAGE;
    }
    if (!office_open(home, 0, &correction.office)) {
        return EXIT_REFUSED;
    }
    err_t err = progress_open(correction.office.spool, true, &correction.progress);
    if (err != ERR_OK) {
        complain_spool(&correction.office, "correct", err);
    } else if (find_correction(&correction, arguments->operands[0], id)) {
        code = arguments->count > 1 ? file_correction(&correction, arguments) : write_draft(&correction, arguments);
    }
    json_decref(correction.faults);
    progress_close(correction.progress);
    office_close(&correction.office);
    return code;
}

/* ---- withdraw ---- */

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
    json_t *original = read_item(office->spool, record->seq);
    json_t *withdrawal =
        json_pack("{ss ss ss}", "kind", "withdrawal", "replaces", arguments->operands[0], "reason", arguments->reason);
    json_object_set(withdrawal, "submitter", json_object_get(original, "submitter"));
    if (json_object_get(original, "rehearsal")) {
        json_object_set(withdrawal, "rehearsal", json_object_get(original, "rehearsal"));
    }
    set_submitter(withdrawal, arguments);
    json_decref(original);
    return file_record(office, withdrawal);
}

int cmd_withdraw(const struct home *home, const struct arguments *arguments)
{
    uint8_t id[RECORD_ID_SIZE];
    struct office office;
    struct progress *progress = NULL;
    int code = EXIT_REFUSED;
    if (!parse_id(arguments->operands[0], id)) {
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
