#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cap_writing.h"
#include "proto/kinds.h"

static void write_pair(struct cap_writing *writing, const char *element, const char *prefix, const char *name,
                       const char *value)
{
    char whole[CAP_NAME_MAX];
    snprintf(whole, sizeof whole, "%s%s", prefix, name);
    cap_begin(writing, element);
    cap_put(writing, "valueName", whole);
    cap_put(writing, "value", value);
    cap_end(writing);
}

static const char *label_of(const struct cap_writing *writing, const char *key, bool is_chinese)
{
    const struct field *row = cap_schema_row(key);
    const char *code = cap_text_of(writing, key);
    return row && code ? enumeration_label(row->codes, code, is_chinese) : "";
}

/* ---- what is said of the whole message ---- */

static void say_identifier(struct cap_writing *writing, const struct cap_row *row)
{
    cap_put(writing, row->element, cap_text_of(writing, "id"));
}

static void say_sender(struct cap_writing *writing, const struct cap_row *row)
{
    cap_put(writing, row->element, writing->order->sender);
}

static void say_sent(struct cap_writing *writing, const struct cap_row *row)
{
    cap_put_time(writing, row->element, cap_ms_of(writing, "created_at"));
}

static bool is_rehearsal(const struct cap_writing *writing)
{
    return json_is_true(json_object_get(writing->record, "rehearsal"));
}

static bool is_actual(const struct cap_writing *writing)
{
    const char *status = cap_text_of(writing, "status");
    return status && strcmp(status, "actual") == 0;
}

/* Nobody who reads CAP alone may take a rehearsal for an emergency. */
static void say_status(struct cap_writing *writing, const struct cap_row *row)
{
    if (is_rehearsal(writing) && is_actual(writing)) {
        cap_put(writing, row->element, "Exercise");
    } else {
        cap_put_field(writing, row);
    }
}

static void say_scope(struct cap_writing *writing, const struct cap_row *row)
{
    cap_put(writing, row->element, "Restricted");
}

static void say_restriction(struct cap_writing *writing, const struct cap_row *row)
{
    char text[256];
    snprintf(text, sizeof text, "%s / %s", label_of(writing, "share_scope", true),
             label_of(writing, "share_scope", false));
    cap_put(writing, row->element, text);
}

static void say_code(struct cap_writing *writing, const struct cap_row *row)
{
    cap_put(writing, row->element, CAP_PROFILE);
}

static void say_note(struct cap_writing *writing, const struct cap_row *row)
{
    if (is_rehearsal(writing) || !is_actual(writing)) {
        cap_put(writing, row->element, "演练或测试，并非实际情况 / An exercise or a test, nothing has happened");
    }
}

static void say_references(struct cap_writing *writing, const struct cap_row *row)
{
    const struct cap_order *order = writing->order;
    if (order->earlier_count == 0) {
        return;
    }
    cap_begin(writing, row->element);
    for (size_t i = 0; i < order->earlier_count; i++) {
        char id[37];
        char sent[32];
        record_id_text(order->earlier[i].id, id);
        cap_time_text(order->earlier[i].sent_ms, order->utc_offset_minutes, sent);
        cap_put_text(writing, i > 0 ? " " : "");
        cap_put_text(writing, order->sender);
        cap_put_text(writing, ",");
        cap_put_text(writing, id);
        cap_put_text(writing, ",");
        cap_put_text(writing, sent);
    }
    cap_end(writing);
}

static void say_incidents(struct cap_writing *writing, const struct cap_row *row)
{
    char id[37];
    if (writing->order->earlier_count > 0) {
        record_id_text(writing->order->earlier[0].id, id);
    } else {
        snprintf(id, sizeof id, "%s", cap_text_of(writing, "id"));
    }
    cap_put(writing, row->element, id);
}

/* ---- what is said in a block of one language ---- */

static void say_language(struct cap_writing *writing, const struct cap_row *row)
{
    cap_put(writing, row->element, writing->is_chinese ? "zh-CN" : "en-US");
}

static void say_category(struct cap_writing *writing, const struct cap_row *row)
{
    const char *sector = cap_text_of(writing, "sector");
    const char *word = cap_word_of(row, cap_text_of(writing, "risk_domain"));
    cap_put(writing, row->element, word ? word : "Other");
    if (sector && strcmp(sector, "healthcare") == 0) {
        cap_put(writing, row->element, "Health");
    }
}

static void say_event(struct cap_writing *writing, const struct cap_row *row)
{
    char text[256];
    snprintf(text, sizeof text, "%s%s", writing->is_chinese ? "人工智能风险预警：" : "AI risk warning: ",
             label_of(writing, "risk_domain", writing->is_chinese));
    cap_put(writing, row->element, text);
}

static void say_response(struct cap_writing *writing, const struct cap_row *row)
{
    if (strcmp(cap_text_of(writing, "action"), "resolve") == 0) {
        cap_put(writing, row->element, "AllClear");
    }
}

static void say_sender_name(struct cap_writing *writing, const struct cap_row *row)
{
    const struct cap_order *order = writing->order;
    const char *name = writing->hides_reporter || !order->sender_name ? order->issuer_name : order->sender_name;
    if (name && *name) {
        cap_put(writing, row->element, name);
    }
}

/* In the other language there is no text: nothing is translated, the codes are put into words. */
static void write_summary(struct cap_writing *writing, const struct cap_row *row)
{
    char text[512];
    char level[4];
    bool zh = writing->is_chinese;
    json_int_t number = json_integer_value(json_object_get(writing->record, "level"));
    snprintf(level, sizeof level, "%d", (int)(number % 100));
    if (strcmp(row->field, "headline") == 0) {
        snprintf(text, sizeof text, zh ? "%s级预警：%s（%s）" : "Warning of level %s: %s (%s)",
                 enumeration_label(&enum_warning_level, level, zh), label_of(writing, "risk_domain", zh),
                 label_of(writing, "sector", zh));
        cap_put(writing, row->element, text);
    } else if (strcmp(row->field, "description") == 0) {
        snprintf(text, sizeof text, "%s",
                 zh ? "预警原文见另一语言的 info 段。"
                    : "The text of the warning stands in the info block of the other language.");
        cap_put(writing, row->element, text);
    }
}

static void say_prose(struct cap_writing *writing, const struct cap_row *row)
{
    if (writing->is_chinese == writing->is_text_chinese) {
        cap_put_field(writing, row);
    } else {
        write_summary(writing, row);
    }
}

static void write_parameter(struct cap_writing *writing, const char *field, const json_t *value)
{
    char number[24];
    if (json_is_string(value)) {
        write_pair(writing, "parameter", CAP_PREFIX, field, json_string_value(value));
    } else if (json_is_integer(value)) {
        snprintf(number, sizeof number, "%" PRId64, (int64_t)json_integer_value(value));
        write_pair(writing, "parameter", CAP_PREFIX, field, number);
    } else if (json_is_boolean(value)) {
        write_pair(writing, "parameter", CAP_PREFIX, field, json_is_true(value) ? "true" : "false");
    } else {
        char *text = json_dumps(value, JSON_COMPACT);
        write_pair(writing, "parameter", CAP_PREFIX, field, text ? text : "");
        free(text);
    }
}

/* Whether the field's element says all of it. */
static bool is_said(const struct cap_writing *writing, const struct field *row)
{
    const struct cap_row *element = cap_field_row(row->key);
    if (!element) {
        return false;
    }
    if (row->type == FIELD_TIME) {
        return cap_ms_of(writing, row->key) % 1000 == 0;
    }
    const char *code = cap_text_of(writing, row->key);
    const char *word = cap_word_of(element, code);
    bool is_overridden = element->say == SAY_STATUS && is_rehearsal(writing) && is_actual(writing);
    return word && strcmp(cap_code_of(element, word), code) == 0 && !is_overridden;
}

static void say_parameters(struct cap_writing *writing, const struct cap_row *row)
{
    (void)row;
    const struct kind *kind = cap_kind();
    if (writing->is_chinese != writing->is_text_chinese) {
        return;
    }
    for (size_t i = 0; i < kind->field_count; i++) {
        const struct field *field = &kind->fields[i];
        const json_t *value = json_object_get(writing->record, field->key);
        if (!value || !cap_parameter_row(field->key) || is_said(writing, field)) {
            continue;
        }
        if (!json_is_array(value)) {
            write_parameter(writing, field->key, value);
        }
        for (size_t k = 0; k < json_array_size(value); k++) {
            write_parameter(writing, field->key, json_array_get(value, k));
        }
    }
}

static void say_resources(struct cap_writing *writing, const struct cap_row *row)
{
    const json_t *attachments = json_object_get(writing->record, "attachments");
    for (size_t i = 0; i < json_array_size(attachments); i++) {
        const json_t *attachment = json_array_get(attachments, i);
        char size[24];
        snprintf(size, sizeof size, "%" PRId64, (int64_t)json_integer_value(json_object_get(attachment, "size")));
        cap_begin(writing, row->element);
        cap_put(writing, "resourceDesc", json_string_value(json_object_get(attachment, "name")));
        cap_put(writing, "mimeType", json_string_value(json_object_get(attachment, "media_type")));
        cap_put(writing, "size", size);
        cap_end(writing);
    }
}

static void say_area(struct cap_writing *writing, const struct cap_row *row)
{
    const json_t *region = json_object_get(writing->record, "region");
    size_t count = json_array_size(region);
    if (count == 0) {
        return;
    }
    cap_begin(writing, row->element);
    cap_begin(writing, "areaDesc");
    cap_put_text(writing, writing->is_chinese ? "行政区划 " : "districts ");
    for (size_t i = 0; i < count; i++) {
        cap_put_text(writing, i > 0 ? ", " : "");
        cap_put_text(writing, json_string_value(json_array_get(region, i)));
    }
    cap_end(writing);
    for (size_t i = 0; i < count; i++) {
        write_pair(writing, "geocode", "", CAP_GEOCODE, json_string_value(json_array_get(region, i)));
    }
    cap_end(writing);
}

static void say_info(struct cap_writing *writing, const struct cap_row *row)
{
    for (int i = 0; i < 2; i++) {
        writing->is_chinese = (i == 0) == writing->is_text_chinese;
        cap_begin(writing, row->element);
        cap_put_block(writing, CAP_INFO);
        cap_end(writing);
    }
}

static void (*const sayings[])(struct cap_writing *writing, const struct cap_row *row) = {
    [SAY_FIELD] = cap_put_field,
    [SAY_IDENTIFIER] = say_identifier,
    [SAY_SENDER] = say_sender,
    [SAY_SENT] = say_sent,
    [SAY_STATUS] = say_status,
    [SAY_SCOPE] = say_scope,
    [SAY_RESTRICTION] = say_restriction,
    [SAY_CODE] = say_code,
    [SAY_NOTE] = say_note,
    [SAY_REFERENCES] = say_references,
    [SAY_INCIDENTS] = say_incidents,
    [SAY_INFO] = say_info,
    [SAY_LANGUAGE] = say_language,
    [SAY_CATEGORY] = say_category,
    [SAY_EVENT] = say_event,
    [SAY_RESPONSE] = say_response,
    [SAY_SENDER_NAME] = say_sender_name,
    [SAY_PROSE] = say_prose,
    [SAY_PARAMETERS] = say_parameters,
    [SAY_RESOURCES] = say_resources,
    [SAY_AREA] = say_area,
    [SAY_NOTHING] = NULL,
};

void cap_say(struct cap_writing *writing, const struct cap_row *row)
{
    if (sayings[row->say]) {
        sayings[row->say](writing, row);
    }
}
