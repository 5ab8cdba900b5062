/* answer: to a notice of the inbox, by the form that it may ask for. */
#include <stdlib.h>
#include <string.h>

#include "agent/cmd_matter.h"
#include "agent/commands.h"
#include "agent/spool_hub.h"
#include "common/log.h"
#include "common/text.h"

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
    json_t *record = is_file ? matter_load_object(first) : json_object();
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
    matter_set_submitter(record, arguments);
    if (!check_answers(notice->record, record)) {
        json_decref(record);
        return EXIT_REFUSED;
    }
    return matter_file(office, record);
}

int cmd_answer(const struct home *home, const struct arguments *arguments)
{
    uint8_t id[RECORD_ID_SIZE];
    struct office office;
    struct notice notice = {.record = NULL};
    if (!matter_parse_id(arguments->operands[0], id)) {
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
