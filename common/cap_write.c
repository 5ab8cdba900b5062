#include "common/cap.h"

#include <inttypes.h>
#include <libxml/xmlwriter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cap_rows.h"
#include "common/mem.h"
#include "proto/kinds.h"
#include "proto/rights.h"

struct writing {
    xmlTextWriterPtr out;
    const json_t *record; /* as it may leave the city */
    const struct cap_order *order;
    bool hides_reporter;
    bool has_failed;
    bool is_text_chinese; /* the language that the record is written in */
    bool is_chinese;      /* the language of the block at hand */
};

static const char *text_of(const struct writing *writing, const char *key)
{
    return json_string_value(json_object_get(writing->record, key));
}

static void note(struct writing *writing, int result)
{
    writing->has_failed |= result < 0;
}

static void begin(struct writing *writing, const char *name)
{
    note(writing, xmlTextWriterStartElement(writing->out, BAD_CAST name));
}

static void end(struct writing *writing)
{
    note(writing, xmlTextWriterEndElement(writing->out));
}

/* XML has no U+FFFE and U+FFFF; a record may. They become U+FFFD. */
static void write_text(struct writing *writing, const char *text)
{
    char *sound = mem_text(text);
    for (char *at = sound; (at = strstr(at, "\xEF\xBF")); at += 2) {
        if ((uint8_t)at[2] >= 0xBE) {
            at[2] = (char)0xBD;
        }
    }
    note(writing, xmlTextWriterWriteString(writing->out, BAD_CAST sound));
    free(sound);
}

static void write_element(struct writing *writing, const char *name, const char *text)
{
    begin(writing, name);
    write_text(writing, text);
    end(writing);
}

static void write_pair(struct writing *writing, const char *element, const char *prefix, const char *name,
                       const char *value)
{
    char whole[CAP_NAME_MAX];
    snprintf(whole, sizeof whole, "%s%s", prefix, name);
    begin(writing, element);
    write_element(writing, "valueName", whole);
    write_element(writing, "value", value);
    end(writing);
}

/* CAP §3.3.2: seconds, and a zone that is never Z: UTC itself is -00:00. */
static void cap_time_text(int64_t ms, int offset, char ret_text[32])
{
    char local[25];
    time_text(ms + (int64_t)offset * 60000, local);
    int minutes = offset < 0 ? -offset : offset;
    snprintf(ret_text, 32, "%.19s%c%02u:%02u", local, offset > 0 ? '+' : '-', (unsigned)minutes / 60 % 24,
             (unsigned)minutes % 60);
}

static int64_t ms_of(const struct writing *writing, const char *key)
{
    int64_t ms = 0;
    const char *text = text_of(writing, key);
    return text && time_parse(text, &ms) == ERR_OK ? ms : 0;
}

static void write_time(struct writing *writing, const char *element, int64_t ms)
{
    char text[32];
    cap_time_text(ms, writing->order->utc_offset_minutes, text);
    write_element(writing, element, text);
}

static const struct field *schema_row(const char *key)
{
    int index = kind_field(cap_kind(), key);
    return index < 0 ? NULL : &cap_kind()->fields[index];
}

static const char *label_of(const struct writing *writing, const char *key, bool is_chinese)
{
    const struct field *row = schema_row(key);
    const char *code = text_of(writing, key);
    return row && code ? enumeration_label(row->codes, code, is_chinese) : "";
}

static void write_field(struct writing *writing, const struct cap_row *row)
{
    const char *text = text_of(writing, row->field);
    if (!text) {
        return;
    }
    if (row->words) {
        const char *word = cap_word_of(row, text);
        write_element(writing, row->element, word ? word : text);
    } else if (schema_row(row->field)->type == FIELD_TIME) {
        write_time(writing, row->element, ms_of(writing, row->field));
    } else {
        write_element(writing, row->element, text);
    }
}

/* ---- what is said of the whole message ---- */

static void say_identifier(struct writing *writing, const struct cap_row *row)
{
    write_element(writing, row->element, text_of(writing, "id"));
}

static void say_sender(struct writing *writing, const struct cap_row *row)
{
    write_element(writing, row->element, writing->order->sender);
}

static void say_sent(struct writing *writing, const struct cap_row *row)
{
    write_time(writing, row->element, ms_of(writing, "created_at"));
}

static bool is_rehearsal(const struct writing *writing)
{
    return json_is_true(json_object_get(writing->record, "rehearsal"));
}

static bool is_actual(const struct writing *writing)
{
    const char *status = text_of(writing, "status");
    return status && strcmp(status, "actual") == 0;
}

/* Nobody who reads CAP alone may take a rehearsal for an emergency. */
static void say_status(struct writing *writing, const struct cap_row *row)
{
    if (is_rehearsal(writing) && is_actual(writing)) {
        write_element(writing, row->element, "Exercise");
    } else {
        write_field(writing, row);
    }
}

static void say_scope(struct writing *writing, const struct cap_row *row)
{
    write_element(writing, row->element, "Restricted");
}

static void say_restriction(struct writing *writing, const struct cap_row *row)
{
    char text[256];
    snprintf(text, sizeof text, "%s / %s", label_of(writing, "share_scope", true),
             label_of(writing, "share_scope", false));
    write_element(writing, row->element, text);
}

static void say_code(struct writing *writing, const struct cap_row *row)
{
    write_element(writing, row->element, CAP_PROFILE);
}

static void say_note(struct writing *writing, const struct cap_row *row)
{
    if (is_rehearsal(writing) || !is_actual(writing)) {
        write_element(writing, row->element, "演练或测试，并非实际情况 / An exercise or a test, nothing has happened");
    }
}

static void say_references(struct writing *writing, const struct cap_row *row)
{
    const struct cap_order *order = writing->order;
    if (order->earlier_count == 0) {
        return;
    }
    begin(writing, row->element);
    for (size_t i = 0; i < order->earlier_count; i++) {
        char id[37];
        char sent[32];
        record_id_text(order->earlier[i].id, id);
        cap_time_text(order->earlier[i].sent_ms, order->utc_offset_minutes, sent);
        write_text(writing, i > 0 ? " " : "");
        write_text(writing, order->sender);
        write_text(writing, ",");
        write_text(writing, id);
        write_text(writing, ",");
        write_text(writing, sent);
    }
    end(writing);
}

static void say_incidents(struct writing *writing, const struct cap_row *row)
{
    char id[37];
    if (writing->order->earlier_count > 0) {
        record_id_text(writing->order->earlier[0].id, id);
    } else {
        snprintf(id, sizeof id, "%s", text_of(writing, "id"));
    }
    write_element(writing, row->element, id);
}

/* ---- what is said in a block of one language ---- */

static void say_language(struct writing *writing, const struct cap_row *row)
{
    write_element(writing, row->element, writing->is_chinese ? "zh-CN" : "en-US");
}

static void say_category(struct writing *writing, const struct cap_row *row)
{
    const char *sector = text_of(writing, "sector");
    const char *word = cap_word_of(row, text_of(writing, "risk_domain"));
    write_element(writing, row->element, word ? word : "Other");
    if (sector && strcmp(sector, "healthcare") == 0) {
        write_element(writing, row->element, "Health");
    }
}

static void say_event(struct writing *writing, const struct cap_row *row)
{
    char text[256];
    snprintf(text, sizeof text, "%s%s", writing->is_chinese ? "人工智能风险预警：" : "AI risk warning: ",
             label_of(writing, "risk_domain", writing->is_chinese));
    write_element(writing, row->element, text);
}

static void say_response(struct writing *writing, const struct cap_row *row)
{
    if (strcmp(text_of(writing, "action"), "resolve") == 0) {
        write_element(writing, row->element, "AllClear");
    }
}

static void say_sender_name(struct writing *writing, const struct cap_row *row)
{
    const struct cap_order *order = writing->order;
    const char *name = writing->hides_reporter || !order->sender_name ? order->issuer_name : order->sender_name;
    if (name && *name) {
        write_element(writing, row->element, name);
    }
}

/* In the other language there is no text: nothing is translated, the codes are put into words. */
static void write_summary(struct writing *writing, const struct cap_row *row)
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
        write_element(writing, row->element, text);
    } else if (strcmp(row->field, "description") == 0) {
        snprintf(text, sizeof text, "%s",
                 zh ? "预警原文见另一语言的 info 段。"
                    : "The text of the warning stands in the info block of the other language.");
        write_element(writing, row->element, text);
    }
}

static void say_prose(struct writing *writing, const struct cap_row *row)
{
    if (writing->is_chinese == writing->is_text_chinese) {
        write_field(writing, row);
    } else {
        write_summary(writing, row);
    }
}

static void write_parameter(struct writing *writing, const char *field, const json_t *value)
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
static bool is_said(const struct writing *writing, const struct field *row)
{
    const struct cap_row *element = cap_field_row(row->key);
    if (!element) {
        return false;
    }
    if (row->type == FIELD_TIME) {
        return ms_of(writing, row->key) % 1000 == 0;
    }
    const char *code = text_of(writing, row->key);
    const char *word = cap_word_of(element, code);
    bool is_overridden = element->say == SAY_STATUS && is_rehearsal(writing) && is_actual(writing);
    return word && strcmp(cap_code_of(element, word), code) == 0 && !is_overridden;
}

static void say_parameters(struct writing *writing, const struct cap_row *row)
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

static void say_resources(struct writing *writing, const struct cap_row *row)
{
    const json_t *attachments = json_object_get(writing->record, "attachments");
    for (size_t i = 0; i < json_array_size(attachments); i++) {
        const json_t *attachment = json_array_get(attachments, i);
        char size[24];
        snprintf(size, sizeof size, "%" PRId64, (int64_t)json_integer_value(json_object_get(attachment, "size")));
        begin(writing, row->element);
        write_element(writing, "resourceDesc", json_string_value(json_object_get(attachment, "name")));
        write_element(writing, "mimeType", json_string_value(json_object_get(attachment, "media_type")));
        write_element(writing, "size", size);
        end(writing);
    }
}

static void say_area(struct writing *writing, const struct cap_row *row)
{
    const json_t *region = json_object_get(writing->record, "region");
    size_t count = json_array_size(region);
    if (count == 0) {
        return;
    }
    begin(writing, row->element);
    begin(writing, "areaDesc");
    write_text(writing, writing->is_chinese ? "行政区划 " : "districts ");
    for (size_t i = 0; i < count; i++) {
        write_text(writing, i > 0 ? ", " : "");
        write_text(writing, json_string_value(json_array_get(region, i)));
    }
    end(writing);
    for (size_t i = 0; i < count; i++) {
        write_pair(writing, "geocode", "", CAP_GEOCODE, json_string_value(json_array_get(region, i)));
    }
    end(writing);
}

static void write_block(struct writing *writing, enum cap_block block);

static void say_info(struct writing *writing, const struct cap_row *row)
{
    for (int i = 0; i < 2; i++) {
        writing->is_chinese = (i == 0) == writing->is_text_chinese;
        begin(writing, row->element);
        write_block(writing, CAP_INFO);
        end(writing);
    }
}

static void (*const sayings[])(struct writing *writing, const struct cap_row *row) = {
    [SAY_FIELD] = write_field,
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

static void write_block(struct writing *writing, enum cap_block block)
{
    for (size_t i = 0; i < cap_row_count; i++) {
        if (cap_rows[i].block == block && sayings[cap_rows[i].say]) {
            sayings[cap_rows[i].say](writing, &cap_rows[i]);
        }
    }
}

/* ---- the document ---- */

/* Whether there is a CJK ideograph in it. */
static bool is_chinese(const char *text)
{
    for (const uint8_t *at = (const uint8_t *)text; text && *at; at++) {
        if (*at >= 0xE4 && *at <= 0xE9) {
            return true;
        }
    }
    return false;
}

static err_t write_document(struct writing *writing, char **ret_xml)
{
    xmlBufferPtr buffer = xmlBufferCreate();
    writing->out = buffer ? xmlNewTextWriterMemory(buffer, 0) : NULL;
    if (!writing->out) {
        xmlBufferFree(buffer);
        return ERR_IO;
    }
    note(writing, xmlTextWriterSetIndent(writing->out, 1));
    note(writing, xmlTextWriterStartDocument(writing->out, "1.0", "UTF-8", NULL));
    note(writing, xmlTextWriterStartElementNS(writing->out, NULL, BAD_CAST "alert", BAD_CAST CAP_NAMESPACE));
    write_block(writing, CAP_ALERT);
    end(writing);
    note(writing, xmlTextWriterEndDocument(writing->out));
    xmlFreeTextWriter(writing->out);
    if (!writing->has_failed) {
        *ret_xml = mem_copy(xmlBufferContent(buffer), (size_t)xmlBufferLength(buffer));
    }
    xmlBufferFree(buffer);
    return writing->has_failed ? ERR_IO : ERR_OK;
}

static int64_t created_at(struct view bytes)
{
    int64_t ms = 0;
    json_t *record = record_to_json(bytes);
    const char *text = json_string_value(json_object_get(record, "created_at"));
    if (!text || time_parse(text, &ms) != ERR_OK) {
        ms = 0;
    }
    json_decref(record);
    return ms;
}

void cap_add_earlier(struct cap_earlier list[CAP_REFERENCES_MAX], size_t *count, const uint8_t id[RECORD_ID_SIZE],
                     struct view record)
{
    if (*count == CAP_REFERENCES_MAX) {
        memmove(&list[1], &list[2], (CAP_REFERENCES_MAX - 2) * sizeof list[0]);
        --*count;
    }
    struct cap_earlier *earlier = &list[(*count)++];
    memcpy(earlier->id, id, RECORD_ID_SIZE);
    earlier->sent_ms = created_at(record);
}

/* What CAP asks of the sender (§3.2.1) and of a message that is no Alert. */
static const char *flaw_of(const struct writing *writing)
{
    const char *kind = text_of(writing, "kind");
    const char *sender = writing->order->sender;
    if (!kind || strcmp(kind, cap_kind()->name) != 0) {
        return "only a risk_warning is written as CAP";
    }
    for (size_t i = 0; i < cap_kind()->field_count; i++) {
        const struct field *row = &cap_kind()->fields[i];
        if (row->presence == REQUIRED && !row->confidential && !json_object_get(writing->record, row->key)) {
            return "the record lacks a field that a warning must have";
        }
    }
    if (!*sender || strlen(sender) > CAP_NAME_MAX || strpbrk(sender, " \t\r\n,<&")) {
        return "cap_sender: a CAP sender is an address of 1 to 255 bytes without spaces, commas, < and &";
    }
    if (text_of(writing, "refers_to") && writing->order->earlier_count == 0) {
        return "references: the warning that it refers to is not known here";
    }
    return NULL;
}

err_t cap_write(struct view record, const struct cap_order *order, char **ret_xml, char reterr_reason[256])
{
    *ret_xml = NULL;
    msgpack_sbuffer left;
    msgpack_sbuffer_init(&left);
    err_t err = rights_strip(record, false, &left);
    json_t *whole = record_to_json(record);
    json_t *leaving = err == ERR_OK ? record_to_json((struct view){(const uint8_t *)left.data, left.size}) : NULL;
    msgpack_sbuffer_destroy(&left);
    struct writing writing = {.record = leaving,
                              .order = order,
                              .hides_reporter = json_is_true(json_object_get(whole, "reporter_confidential"))};
    const char *flaw = leaving ? flaw_of(&writing) : "the record cannot be read";
    if (!flaw) {
        writing.is_text_chinese =
            is_chinese(text_of(&writing, "headline")) || is_chinese(text_of(&writing, "description"));
        err = write_document(&writing, ret_xml);
        flaw = err == ERR_OK ? NULL : "libxml2 cannot write it";
    } else {
        err = ERR_INVALID;
    }
    snprintf(reterr_reason, 256, "%s", flaw ? flaw : "");
    json_decref(whole);
    json_decref(leaving);
    return err;
}
