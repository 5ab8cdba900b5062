#include "common/cap.h"

#include <stdlib.h>
#include <string.h>

#include "common/cap_reading.h"
#include "common/cap_rows.h"
#include "common/mem.h"
#include "proto/kinds.h"

/* In passes: the tree is bounded (cap_tree.c); each block is held against its rows; then the values are taken, what a
 * person has set first of all, so that what he replaced is neither read nor found fault with. */

void cap_fault(struct cap_reading *reading, const char *code, const char *path, const char *reason)
{
    fault_add(reading->faults, code, path, "%s", reason);
}

void cap_note(struct cap_reading *reading, const char *path, const char *why)
{
    json_array_append_new(reading->message->notes, json_sprintf("%s: %s", path, why));
}

bool cap_is_set(const struct cap_reading *reading, const char *field)
{
    return json_object_get(reading->set, field) != NULL;
}

static void path_of(const struct cap_row *row, char out[FAULT_FIELD_SIZE])
{
    snprintf(out, FAULT_FIELD_SIZE, "%s/%s", cap_block_paths[row->block], row->element);
}

/* ---- a block against its rows ---- */

static void check_element(struct cap_reading *reading, const xmlNode *node, enum cap_block block)
{
    char path[FAULT_FIELD_SIZE];
    const struct cap_row *row = cap_is_cap(node) ? cap_find_row(block, cap_name(node)) : NULL;
    snprintf(path, sizeof path, "%s/%.40s", cap_block_paths[block], cap_name(node));
    if (!row) {
        bool is_signature = block == CAP_ALERT && strcmp(cap_name(node), "Signature") == 0;
        if (is_signature) {
            cap_note(reading, path, "not checked and left out: the record is signed anew by this agent");
        } else {
            cap_fault(reading, "not_wanted", path, "CAP 1.2 has no such element here: remove it");
        }
        return;
    }
    if (!row->is_many && cap_find(node->next, row->element)) {
        cap_fault(reading, "duplicate_key", path, "stands twice: leave one");
    }
    if (row->use == CAP_LEFT) {
        cap_note(reading, path, "left out: a warning has no field for it");
    }
}

void cap_check_block(struct cap_reading *reading, const xmlNode *block_node, enum cap_block block)
{
    char path[FAULT_FIELD_SIZE];
    for (const xmlNode *node = cap_first(block_node->children); node; node = cap_first(node->next)) {
        check_element(reading, node, block);
    }
    for (size_t i = 0; i < cap_row_count; i++) {
        const struct cap_row *row = &cap_rows[i];
        if (row->block == block && row->is_required && !cap_find(block_node->children, row->element) &&
            !(row->use == CAP_IS_FIELD && row->field && cap_is_set(reading, row->field))) {
            path_of(row, path);
            cap_fault(reading, "missing", path, "CAP 1.2 requires it: add the element");
        }
    }
}

/* ---- elements ---- */

static void take_words(struct cap_reading *reading, const struct cap_row *row, const char *path, char *text)
{
    char reason[FAULT_REASON_SIZE];
    const char *code = cap_code_of(row, cap_trim(text));
    if (code) {
        json_object_set_new(reading->record, row->field, json_string(code));
        return;
    }
    size_t used = (size_t)snprintf(reason, sizeof reason, "not one of");
    for (size_t i = 0; i < row->word_count && used < sizeof reason; i++) {
        if (cap_code_of(row, row->words[i].word) == row->words[i].code) {
            used += (size_t)snprintf(reason + used, sizeof reason - used, " %s", row->words[i].word);
        }
    }
    cap_fault(reading, "bad_value", path, reason);
}

/* The element's field, unless a person has set it. */
static void take_field(struct cap_reading *reading, const xmlNode *block, const struct cap_row *row)
{
    char path[FAULT_FIELD_SIZE];
    const xmlNode *node = cap_find(block->children, row->element);
    path_of(row, path);
    if (!node || cap_is_set(reading, row->field)) {
        return;
    }
    int64_t ms = 0;
    char *text = cap_text(node);
    if (!text) {
        cap_fault(reading, "wrong_type", path, "a text is expected, not elements");
    } else if (row->words) {
        take_words(reading, row, path, text);
    } else if (cap_schema_row(row->field)->type == FIELD_TIME && time_parse(cap_trim(text), &ms) != ERR_OK) {
        cap_fault(reading, "bad_format", path, "expected a time such as 2026-06-24T19:12:00+08:00");
    } else {
        json_object_set_new(reading->record, row->field, json_string(text));
    }
    free(text);
}

void cap_take_fields(struct cap_reading *reading, const xmlNode *node, enum cap_block block)
{
    for (size_t i = 0; i < cap_row_count; i++) {
        if (cap_rows[i].block == block && cap_rows[i].use == CAP_IS_FIELD) {
            take_field(reading, node, &cap_rows[i]);
        }
    }
}

/* ---- the whole message ---- */

/* CAP §3.2.1: no spaces, commas, < and &. */
static bool is_name(const char *text)
{
    return *text && strlen(text) <= CAP_NAME_MAX && !strpbrk(text, " \t\r\n,<&");
}

static void take_name(struct cap_reading *reading, const xmlNode *alert, const char *element,
                      char ret_name[CAP_NAME_MAX + 1])
{
    char path[FAULT_FIELD_SIZE];
    const xmlNode *node = cap_find(alert->children, element);
    char *text = node ? cap_text(node) : NULL;
    snprintf(path, sizeof path, "alert/%s", element);
    ret_name[0] = '\0';
    if (text && is_name(cap_trim(text))) {
        snprintf(ret_name, CAP_NAME_MAX + 1, "%s", text);
    } else if (node) {
        cap_fault(reading, "bad_format", path, "expected 1 to 255 bytes without spaces, commas, < and &");
    }
    free(text);
}

static void take_sent(struct cap_reading *reading, const xmlNode *alert)
{
    const xmlNode *node = cap_find(alert->children, "sent");
    char *text = node ? cap_text(node) : NULL;
    if (node && (!text || time_parse(cap_trim(text), &reading->message->self.sent_ms) != ERR_OK)) {
        cap_fault(reading, "bad_format", "alert/sent", "expected a time such as 2026-06-24T19:12:00+08:00");
    }
    free(text);
}

/* One "sender,identifier,sent" (CAP §3.2.1). */
static bool read_reference(char *text, struct cap_reference *ret_reference)
{
    char *identifier = strchr(text, ',');
    char *sent = identifier ? strchr(identifier + 1, ',') : NULL;
    if (!sent) {
        return false;
    }
    *identifier++ = '\0';
    *sent++ = '\0';
    if (!is_name(text) || !is_name(identifier) || time_parse(sent, &ret_reference->sent_ms) != ERR_OK) {
        return false;
    }
    snprintf(ret_reference->sender, sizeof ret_reference->sender, "%s", text);
    snprintf(ret_reference->identifier, sizeof ret_reference->identifier, "%s", identifier);
    return true;
}

static void take_references(struct cap_reading *reading, const xmlNode *alert)
{
    static const char path[] = "alert/references";
    struct cap_message *message = reading->message;
    const xmlNode *node = cap_find(alert->children, "references");
    char *text = node ? cap_text(node) : NULL;
    char *rest = text;
    char *part = text ? strtok_r(text, " \t\r\n", &rest) : NULL;
    for (; part; part = strtok_r(NULL, " \t\r\n", &rest)) {
        struct cap_reference reference;
        if (message->reference_count == CAP_REFERENCES_MAX || !read_reference(part, &reference)) {
            cap_fault(reading, "bad_format", path,
                      "expected at most 100 of sender,identifier,sent, with spaces between");
            break;
        }
        message->references = mem_grow(message->references, message->reference_count + 1, sizeof *message->references);
        message->references[message->reference_count++] = reference;
    }
    free(text);
    const char *action = json_string_value(json_object_get(reading->record, "action"));
    bool is_raise = action && strcmp(action, "raise") == 0;
    if (action && !is_raise && !node) {
        cap_fault(reading, "missing", path,
                  "required of all but an Alert: sender,identifier,sent of the message meant");
    } else if (is_raise && message->reference_count > 0) {
        cap_fault(reading, "not_wanted", path, "an Alert refers to none: use msgType Update, or remove it");
    }
}

static void take_alert(struct cap_reading *reading, const xmlNode *alert)
{
    struct cap_message *message = reading->message;
    cap_check_block(reading, alert, CAP_ALERT);
    take_name(reading, alert, "identifier", message->self.identifier);
    take_name(reading, alert, "sender", message->self.sender);
    take_sent(reading, alert);
    cap_take_fields(reading, alert, CAP_ALERT);
    cap_take_info(reading, alert);
    take_references(reading, alert);
    const char *action = json_string_value(json_object_get(reading->record, "action"));
    if (!message->has_info && action && strcmp(action, "raise") == 0) {
        cap_fault(reading, "missing", "alert/info", "an Alert without it warns of nothing: add the block");
    }
}

err_t cap_read(struct view xml, const struct cap_set *sets, size_t set_count, struct cap_message *ret_message,
               struct faults *ret_faults)
{
    memset(ret_message, 0, sizeof *ret_message);
    ret_faults->count = 0;
    ret_message->notes = json_array();
    ret_message->record = json_pack("{ss}", "kind", cap_kind()->name);
    struct cap_reading reading = {.message = ret_message,
                                  .faults = ret_faults,
                                  .record = ret_message->record,
                                  .set = json_object(),
                                  .exact = json_object()};
    for (size_t i = 0; i < set_count; i++) {
        cap_take_set(&reading, &sets[i]);
    }
    xmlDocPtr doc = cap_tree(xml, ret_faults);
    const xmlNode *alert = doc ? xmlDocGetRootElement(doc) : NULL;
    if (alert && cap_is_cap(alert) && strcmp(cap_name(alert), "alert") == 0) {
        take_alert(&reading, alert);
    } else if (alert) {
        cap_fault(&reading, "malformed", "alert",
                  "the root must be <alert xmlns=\"" CAP_NAMESPACE "\">: CAP 1.2, no other");
    }
    xmlFreeDoc(doc);
    json_decref(reading.set);
    json_decref(reading.exact);
    return ret_faults->count == 0 ? ERR_OK : ERR_INVALID;
}

void cap_message_done(struct cap_message *message)
{
    free(message->references);
    json_decref(message->record);
    json_decref(message->notes);
    memset(message, 0, sizeof *message);
}
