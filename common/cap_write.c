#include "common/cap.h"

#include <libxml/xmlwriter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cap_writing.h"
#include "common/mem.h"
#include "proto/rights.h"

const char *cap_text_of(const struct cap_writing *writing, const char *key)
{
    return json_string_value(json_object_get(writing->record, key));
}

static void note(struct cap_writing *writing, int result)
{
    writing->has_failed |= result < 0;
}

void cap_begin(struct cap_writing *writing, const char *element)
{
    note(writing, xmlTextWriterStartElement(writing->out, BAD_CAST element));
}

void cap_end(struct cap_writing *writing)
{
    note(writing, xmlTextWriterEndElement(writing->out));
}

/* XML has no U+FFFE and U+FFFF; a record may. They become U+FFFD. */
void cap_put_text(struct cap_writing *writing, const char *text)
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

void cap_put(struct cap_writing *writing, const char *element, const char *text)
{
    cap_begin(writing, element);
    cap_put_text(writing, text);
    cap_end(writing);
}

void cap_time_text(int64_t ms, int utc_offset_minutes, char ret_text[32])
{
    char local[25];
    time_text(ms + (int64_t)utc_offset_minutes * 60000, local);
    int minutes = utc_offset_minutes < 0 ? -utc_offset_minutes : utc_offset_minutes;
    snprintf(ret_text, 32, "%.19s%c%02u:%02u", local, utc_offset_minutes > 0 ? '+' : '-', (unsigned)minutes / 60 % 24,
             (unsigned)minutes % 60);
}

int64_t cap_ms_of(const struct cap_writing *writing, const char *key)
{
    int64_t ms = 0;
    const char *text = cap_text_of(writing, key);
    return text && time_parse(text, &ms) == ERR_OK ? ms : 0;
}

void cap_put_time(struct cap_writing *writing, const char *element, int64_t ms)
{
    char text[32];
    cap_time_text(ms, writing->order->utc_offset_minutes, text);
    cap_put(writing, element, text);
}

void cap_put_field(struct cap_writing *writing, const struct cap_row *row)
{
    const char *text = cap_text_of(writing, row->field);
    if (!text) {
        return;
    }
    if (row->words) {
        const char *word = cap_word_of(row, text);
        cap_put(writing, row->element, word ? word : text);
    } else if (cap_schema_row(row->field)->type == FIELD_TIME) {
        cap_put_time(writing, row->element, cap_ms_of(writing, row->field));
    } else {
        cap_put(writing, row->element, text);
    }
}

void cap_put_block(struct cap_writing *writing, enum cap_block block)
{
    for (size_t i = 0; i < cap_row_count; i++) {
        if (cap_rows[i].block == block) {
            cap_say(writing, &cap_rows[i]);
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

static err_t write_document(struct cap_writing *writing, char **ret_xml)
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
    cap_put_block(writing, CAP_ALERT);
    cap_end(writing);
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
static const char *flaw_of(const struct cap_writing *writing)
{
    const char *kind = cap_text_of(writing, "kind");
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
    if (cap_text_of(writing, "refers_to") && writing->order->earlier_count == 0) {
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
    struct cap_writing writing = {.record = leaving,
                                  .order = order,
                                  .hides_reporter = json_is_true(json_object_get(whole, "reporter_confidential"))};
    const char *flaw = leaving ? flaw_of(&writing) : "the record cannot be read";
    if (!flaw) {
        writing.is_text_chinese =
            is_chinese(cap_text_of(&writing, "headline")) || is_chinese(cap_text_of(&writing, "description"));
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
