#include "common/cap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cap_rows.h"
#include "common/cap_tree.h"
#include "common/mem.h"
#include "proto/kinds.h"

/* In passes: the tree is bounded (cap_tree.c); each block is held against its rows; then the values are taken, what a
 * person has set first of all, so that what he replaced is neither read nor found fault with. */

enum { INFO_MAX = 16 };

struct reading {
    struct cap_message *message;
    struct faults *faults;
    json_t *record;
    json_t *set;   /* fields that a person has set: path → true */
    json_t *exact; /* what AGN: parameters say of fields that have an element */
};

static void fault(struct reading *reading, const char *code, const char *path, const char *reason)
{
    fault_add(reading->faults, code, path, "%s", reason);
}

static void note(struct reading *reading, const char *path, const char *why)
{
    json_array_append_new(reading->message->notes, json_sprintf("%s: %s", path, why));
}

static bool is_set(const struct reading *reading, const char *field)
{
    return json_object_get(reading->set, field) != NULL;
}

/* ---- the tree ---- */

static bool is_cap(const xmlNode *node)
{
    return node->ns && strcmp((const char *)node->ns->href, CAP_NAMESPACE) == 0;
}

static const xmlNode *first_element(const xmlNode *node)
{
    while (node && node->type != XML_ELEMENT_NODE) {
        node = node->next;
    }
    return node;
}

static const char *name_of(const xmlNode *node)
{
    return (const char *)node->name;
}

/* The first child of this name at or after NODE. */
static const xmlNode *find(const xmlNode *node, const char *name)
{
    for (node = first_element(node); node; node = first_element(node->next)) {
        if (is_cap(node) && strcmp(name_of(node), name) == 0) {
            return node;
        }
    }
    return NULL;
}

/* The element's text, to be freed; NULL where there are elements in it. */
static char *take_text(const xmlNode *node)
{
    if (first_element(node->children)) {
        return NULL;
    }
    xmlChar *text = xmlNodeGetContent(node);
    char *copy = mem_text(text ? (const char *)text : "");
    xmlFree(text);
    return copy;
}

/* A word, a time, a number: white space around it is layout. */
static char *trim(char *text)
{
    static const char space[] = " \t\r\n";
    size_t size = strlen(text);
    while (size > 0 && strchr(space, text[size - 1])) {
        text[--size] = '\0';
    }
    memmove(text, text + strspn(text, space), size - strspn(text, space) + 1);
    return text;
}

static void path_of(const struct cap_row *row, char out[FAULT_FIELD_SIZE])
{
    snprintf(out, FAULT_FIELD_SIZE, "%s/%s", cap_block_paths[row->block], row->element);
}

/* ---- a block against its rows ---- */

static void check_element(struct reading *reading, const xmlNode *node, enum cap_block block)
{
    char path[FAULT_FIELD_SIZE];
    const struct cap_row *row = is_cap(node) ? cap_find_row(block, name_of(node)) : NULL;
    snprintf(path, sizeof path, "%s/%.40s", cap_block_paths[block], name_of(node));
    if (!row) {
        bool is_signature = block == CAP_ALERT && strcmp(name_of(node), "Signature") == 0;
        if (is_signature) {
            note(reading, path, "not checked and left out: the record is signed anew by this agent");
        } else {
            fault(reading, "not_wanted", path, "CAP 1.2 has no such element here: remove it");
        }
        return;
    }
    if (!row->is_many && find(node->next, row->element)) {
        fault(reading, "duplicate_key", path, "stands twice: leave one");
    }
    if (row->use == CAP_LEFT) {
        note(reading, path, "left out: a warning has no field for it");
    }
}

static void check_block(struct reading *reading, const xmlNode *block_node, enum cap_block block)
{
    char path[FAULT_FIELD_SIZE];
    for (const xmlNode *node = first_element(block_node->children); node; node = first_element(node->next)) {
        check_element(reading, node, block);
    }
    for (size_t i = 0; i < cap_row_count; i++) {
        const struct cap_row *row = &cap_rows[i];
        if (row->block == block && row->is_required && !find(block_node->children, row->element) &&
            !(row->use == CAP_IS_FIELD && row->field && is_set(reading, row->field))) {
            path_of(row, path);
            fault(reading, "missing", path, "CAP 1.2 requires it: add the element");
        }
    }
}

/* ---- values into the record ---- */

static bool put_number(json_t *into, const char *key, const char *text)
{
    char *rest = NULL;
    errno = 0;
    long long number = strtoll(text, &rest, 10);
    if (!*text || strspn(text, "-0123456789") != strlen(text) || *rest || errno) {
        return false;
    }
    json_object_set_new(into, key, json_integer(number));
    return true;
}

/* By the row's type; whether the value keeps the row is the validator's to say. False: it is no value of the type. */
static bool put_value(json_t *into, const struct field *row, const char *text)
{
    json_error_t error;
    json_t *json = NULL;
    switch (row->type) {
    case FIELD_NUMBER:
        return put_number(into, row->key, text);
    case FIELD_FLAG:
        json = strcmp(text, "true") == 0 ? json_true() : strcmp(text, "false") == 0 ? json_false() : NULL;
        break;
    case FIELD_MAP:
    case FIELD_ENUM_MAP:
        json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
        break;
    default:
        json = json_string(text);
    }
    return json && json_object_set_new(into, row->key, json) == 0;
}

static bool append_value(json_t *into, const struct field *row, const char *text)
{
    json_t *holder = json_object();
    bool is_put = put_value(holder, &row->fields[0], text);
    if (is_put && !json_object_get(into, row->key)) {
        json_object_set_new(into, row->key, json_array());
    }
    if (is_put) {
        json_array_append(json_object_get(into, row->key), json_object_get(holder, row->fields[0].key));
    }
    json_decref(holder);
    return is_put;
}

static const struct field *schema_row(const char *key)
{
    int index = kind_field(cap_kind(), key);
    return index < 0 ? NULL : &cap_kind()->fields[index];
}

/* ---- what a person has set ---- */

static bool set_list(struct reading *reading, const struct field *row, const char *value)
{
    char *copy = mem_text(value);
    char *rest = copy;
    bool is_good = true;
    json_object_set_new(reading->record, row->key, json_array());
    for (char *part = strtok_r(copy, ",", &rest); part && is_good; part = strtok_r(NULL, ",", &rest)) {
        is_good = append_value(reading->record, row, trim(part));
    }
    free(copy);
    return is_good;
}

static bool set_inner(struct reading *reading, const struct field *row, const char *key, const char *value)
{
    for (size_t i = 0; row->type == FIELD_MAP && i < row->field_count; i++) {
        if (strcmp(row->fields[i].key, key) == 0) {
            if (!json_object_get(reading->record, row->key)) {
                json_object_set_new(reading->record, row->key, json_object());
            }
            return put_value(json_object_get(reading->record, row->key), &row->fields[i], value);
        }
    }
    return false;
}

static void take_set(struct reading *reading, const struct cap_set *set)
{
    char key[64];
    char path[FAULT_FIELD_SIZE];
    size_t size = strcspn(set->path, ".");
    snprintf(key, sizeof key, "%.*s", (int)(size < 63 ? size : 63), set->path);
    snprintf(path, sizeof path, "--set %.60s", set->path);
    const struct field *row = schema_row(key);
    /* What the agent assigns, and what the message alone may say. */
    bool is_assigned = row && row < &cap_kind()->fields[COMMON_FIELDS] && strcmp(key, "submitter") != 0 &&
                       strcmp(key, "rehearsal") != 0 && strcmp(key, "reason") != 0;
    if (!row || is_assigned || strcmp(key, "refers_to") == 0 || strcmp(key, "action") == 0) {
        fault(reading, "not_wanted", path, "not a field that may be set: agn-hub schema risk_warning lists them");
        return;
    }
    json_object_set_new(reading->set, key, json_true());
    bool is_good = true;
    if (set->path[size] == '.') {
        is_good = set_inner(reading, row, set->path + size + 1, set->value);
    } else if (*set->value) {
        is_good =
            row->type == FIELD_LIST ? set_list(reading, row, set->value) : put_value(reading->record, row, set->value);
    }
    if (!is_good) {
        fault(reading, "wrong_type", path, "not a value of this field's type");
    }
}

/* ---- elements ---- */

static void take_words(struct reading *reading, const struct cap_row *row, const char *path, char *text)
{
    char reason[FAULT_REASON_SIZE];
    const char *code = cap_code_of(row, trim(text));
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
    fault(reading, "bad_value", path, reason);
}

/* The element's field, unless a person has set it. */
static void take_field(struct reading *reading, const xmlNode *block, const struct cap_row *row)
{
    char path[FAULT_FIELD_SIZE];
    const xmlNode *node = find(block->children, row->element);
    path_of(row, path);
    if (!node || is_set(reading, row->field)) {
        return;
    }
    int64_t ms = 0;
    char *text = take_text(node);
    if (!text) {
        fault(reading, "wrong_type", path, "a text is expected, not elements");
    } else if (row->words) {
        take_words(reading, row, path, text);
    } else if (schema_row(row->field)->type == FIELD_TIME && time_parse(trim(text), &ms) != ERR_OK) {
        fault(reading, "bad_format", path, "expected a time such as 2026-06-24T19:12:00+08:00");
    } else {
        json_object_set_new(reading->record, row->field, json_string(text));
    }
    free(text);
}

static void take_fields(struct reading *reading, const xmlNode *node, enum cap_block block)
{
    for (size_t i = 0; i < cap_row_count; i++) {
        if (cap_rows[i].block == block && cap_rows[i].use == CAP_IS_FIELD) {
            take_field(reading, node, &cap_rows[i]);
        }
    }
}

/* Both texts of a valueName/value pair, to be freed. */
static bool take_pair(struct reading *reading, const xmlNode *node, const char *path, char **ret_name, char **ret_value)
{
    const xmlNode *name = find(node->children, "valueName");
    const xmlNode *value = find(node->children, "value");
    *ret_name = name ? take_text(name) : NULL;
    *ret_value = value ? take_text(value) : NULL;
    if (*ret_name && *ret_value) {
        return true;
    }
    fault(reading, "missing", path, "valueName and value, each with a text, are expected in it");
    free(*ret_name);
    free(*ret_value);
    return false;
}

static void take_own_parameter(struct reading *reading, const char *key, char *value)
{
    char path[FAULT_FIELD_SIZE];
    snprintf(path, sizeof path, "alert/info/parameter " CAP_PREFIX "%.50s", key);
    const struct field *row = cap_parameter_row(key);
    if (!row) {
        fault(reading, "not_wanted", path, "no field of a warning that may stand in a parameter");
        return;
    }
    if (is_set(reading, key)) {
        return;
    }
    json_t *into = cap_field_row(key) ? reading->exact : reading->record;
    if (row->type != FIELD_LIST && json_object_get(into, key)) {
        fault(reading, "duplicate_key", path, "stands twice: leave one");
        return;
    }
    if (row->type != FIELD_TEXT) {
        trim(value);
    }
    if (!(row->type == FIELD_LIST ? append_value(into, row, value) : put_value(into, row, value))) {
        fault(reading, "wrong_type", path, "not a value of this field's type");
    }
}

static void take_parameters(struct reading *reading, const xmlNode *info)
{
    const xmlNode *node = find(info->children, "parameter");
    for (; node; node = find(node->next, "parameter")) {
        char *name = NULL;
        char *value = NULL;
        if (!take_pair(reading, node, "alert/info/parameter", &name, &value)) {
            continue;
        }
        if (strncmp(trim(name), CAP_PREFIX, strlen(CAP_PREFIX)) == 0) {
            take_own_parameter(reading, name + strlen(CAP_PREFIX), value);
        } else {
            char path[128];
            snprintf(path, sizeof path, "alert/info/parameter %.60s", name);
            note(reading, path, "left out: a warning has no field for it");
        }
        free(name);
        free(value);
    }
}

/* ---- area and resource ---- */

static void take_geocode(struct reading *reading, const xmlNode *node)
{
    static const char path[] = "alert/info/area/geocode";
    char *name = NULL;
    char *value = NULL;
    if (!take_pair(reading, node, path, &name, &value)) {
        return;
    }
    if (strcmp(trim(name), CAP_GEOCODE) != 0) {
        fault(reading, "bad_value", path,
              "only codes of " CAP_GEOCODE " can be kept: add them, or give --set region=330106,330102");
    } else {
        append_value(reading->record, schema_row("region"), trim(value));
    }
    free(name);
    free(value);
}

static void take_areas(struct reading *reading, const xmlNode *info)
{
    const xmlNode *area = find(info->children, "area");
    for (; area; area = find(area->next, "area")) {
        check_block(reading, area, CAP_AREA);
        if (is_set(reading, "region")) {
            note(reading, "alert/info/area", "left out: --set region stands for it");
            continue;
        }
        const xmlNode *geocode = find(area->children, "geocode");
        if (!geocode || find(area->children, "polygon") || find(area->children, "circle")) {
            fault(reading, "not_wanted", "alert/info/area",
                  "a warning's region is districts alone, no description, polygon or circle: add a geocode "
                  "of " CAP_GEOCODE " in place of it, or give --set region=330106,330102");
            continue;
        }
        for (; geocode; geocode = find(geocode->next, "geocode")) {
            take_geocode(reading, geocode);
        }
    }
}

static void take_resources(struct reading *reading, const xmlNode *info)
{
    const xmlNode *resource = find(info->children, "resource");
    for (const xmlNode *node = resource; node; node = find(node->next, "resource")) {
        check_block(reading, node, CAP_RESOURCE);
    }
    if (resource && !is_set(reading, "attachments") && !json_object_get(reading->record, "attachments")) {
        fault(reading, "not_wanted", "alert/info/resource",
              "nothing is fetched: file the warning with its attachment here, or leave it out with --set attachments=");
    }
}

/* ---- one element that says less than its parameter ---- */

static void take_exact(struct reading *reading)
{
    const char *key = NULL;
    json_t *exact = NULL;
    json_object_foreach(reading->exact, key, exact)
    {
        char path[FAULT_FIELD_SIZE];
        int64_t ms = 0;
        int64_t exact_ms = 0;
        const struct cap_row *row = cap_field_row(key);
        const char *said = json_string_value(json_object_get(reading->record, key));
        const char *text = json_string_value(exact);
        bool is_rehearsal = row->say == SAY_STATUS && json_is_true(json_object_get(reading->record, "rehearsal"));
        bool is_same = is_rehearsal;
        if (said && row->words && !is_same) {
            const char *word = cap_word_of(row, said);
            const char *exact_word = cap_word_of(row, text);
            is_same = word && exact_word && strcmp(word, exact_word) == 0;
        } else if (said && !row->words && time_parse(said, &ms) == ERR_OK && time_parse(text, &exact_ms) == ERR_OK) {
            is_same = ms / 1000 == exact_ms / 1000;
        }
        cap_place(key, path, sizeof path);
        if (!is_same) {
            fault_add(reading->faults, "bad_value", path, "does not agree with the parameter " CAP_PREFIX "%s", key);
        } else {
            json_object_set(reading->record, key, exact);
        }
    }
}

/* ---- info ---- */

static bool has_own_parameter(const xmlNode *info)
{
    const xmlNode *node = find(info->children, "parameter");
    for (; node; node = find(node->next, "parameter")) {
        const xmlNode *name = find(node->children, "valueName");
        char *text = name ? take_text(name) : NULL;
        bool is_own = text && strncmp(trim(text), CAP_PREFIX, strlen(CAP_PREFIX)) == 0;
        free(text);
        if (is_own) {
            return true;
        }
    }
    return false;
}

static bool is_chinese(const xmlNode *info)
{
    const xmlNode *language = find(info->children, "language");
    char *text = language ? take_text(language) : NULL;
    bool is_zh = text && strncmp(trim(text), "zh", 2) == 0;
    free(text);
    return is_zh;
}

/* The block that is read: ours, else the Chinese one, else the first. */
static const xmlNode *choose_info(const xmlNode *alert)
{
    const xmlNode *first = find(alert->children, "info");
    const xmlNode *chinese = NULL;
    for (const xmlNode *info = first; info; info = find(info->next, "info")) {
        if (has_own_parameter(info)) {
            return info;
        }
        chinese = chinese ? chinese : is_chinese(info) ? info : NULL;
    }
    return chinese ? chinese : first;
}

static bool is_same_text(const xmlNode *a, const xmlNode *b, const char *element)
{
    const xmlNode *of_a = find(a->children, element);
    const xmlNode *of_b = find(b->children, element);
    char *text_a = of_a ? take_text(of_a) : NULL;
    char *text_b = of_b ? take_text(of_b) : NULL;
    bool is_same = text_a && text_b ? strcmp(trim(text_a), trim(text_b)) == 0 : !of_a && !of_b;
    free(text_a);
    free(text_b);
    return is_same;
}

/* Blocks may be translations of one another; what says something else would be lost. */
static void check_others(struct reading *reading, const xmlNode *alert, const xmlNode *chosen)
{
    static const char *const same[] = {"urgency", "severity", "certainty", "onset", "expires"};
    int count = 0;
    for (const xmlNode *info = find(alert->children, "info"); info; info = find(info->next, "info")) {
        count++;
        for (size_t i = 0; info != chosen && i < sizeof same / sizeof *same; i++) {
            if (!is_same_text(info, chosen, same[i])) {
                fault_add(reading->faults, "not_wanted", "alert/info",
                          "block %d has another %s, so it is another warning: file a message for each", count, same[i]);
            }
        }
        if (info != chosen) {
            note(reading, "alert/info", "a block in another language is left out");
        }
    }
    if (count > INFO_MAX) {
        fault(reading, "out_of_range", "alert/info", "over 16 blocks");
    }
}

static void take_info(struct reading *reading, const xmlNode *alert)
{
    const xmlNode *info = choose_info(alert);
    reading->message->has_info = info != NULL;
    if (!info) {
        return;
    }
    check_block(reading, info, CAP_INFO);
    check_others(reading, alert, info);
    take_fields(reading, info, CAP_INFO);
    take_parameters(reading, info);
    take_areas(reading, info);
    take_resources(reading, info);
    take_exact(reading);
}

/* ---- the whole message ---- */

/* CAP §3.2.1: no spaces, commas, < and &. */
static bool is_name(const char *text)
{
    return *text && strlen(text) <= CAP_NAME_MAX && !strpbrk(text, " \t\r\n,<&");
}

static void take_name(struct reading *reading, const xmlNode *alert, const char *element,
                      char ret_name[CAP_NAME_MAX + 1])
{
    char path[FAULT_FIELD_SIZE];
    const xmlNode *node = find(alert->children, element);
    char *text = node ? take_text(node) : NULL;
    snprintf(path, sizeof path, "alert/%s", element);
    ret_name[0] = '\0';
    if (text && is_name(trim(text))) {
        snprintf(ret_name, CAP_NAME_MAX + 1, "%s", text);
    } else if (node) {
        fault(reading, "bad_format", path, "expected 1 to 255 bytes without spaces, commas, < and &");
    }
    free(text);
}

static void take_sent(struct reading *reading, const xmlNode *alert)
{
    const xmlNode *node = find(alert->children, "sent");
    char *text = node ? take_text(node) : NULL;
    if (node && (!text || time_parse(trim(text), &reading->message->self.sent_ms) != ERR_OK)) {
        fault(reading, "bad_format", "alert/sent", "expected a time such as 2026-06-24T19:12:00+08:00");
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

static void take_references(struct reading *reading, const xmlNode *alert)
{
    static const char path[] = "alert/references";
    struct cap_message *message = reading->message;
    const xmlNode *node = find(alert->children, "references");
    char *text = node ? take_text(node) : NULL;
    char *rest = text;
    char *part = text ? strtok_r(text, " \t\r\n", &rest) : NULL;
    for (; part; part = strtok_r(NULL, " \t\r\n", &rest)) {
        struct cap_reference reference;
        if (message->reference_count == CAP_REFERENCES_MAX || !read_reference(part, &reference)) {
            fault(reading, "bad_format", path, "expected at most 100 of sender,identifier,sent, with spaces between");
            break;
        }
        message->references = mem_grow(message->references, message->reference_count + 1, sizeof *message->references);
        message->references[message->reference_count++] = reference;
    }
    free(text);
    const char *action = json_string_value(json_object_get(reading->record, "action"));
    bool is_raise = action && strcmp(action, "raise") == 0;
    if (action && !is_raise && !node) {
        fault(reading, "missing", path, "required of all but an Alert: sender,identifier,sent of the message meant");
    } else if (is_raise && message->reference_count > 0) {
        fault(reading, "not_wanted", path, "an Alert refers to none: use msgType Update, or remove it");
    }
}

static void take_alert(struct reading *reading, const xmlNode *alert)
{
    struct cap_message *message = reading->message;
    check_block(reading, alert, CAP_ALERT);
    take_name(reading, alert, "identifier", message->self.identifier);
    take_name(reading, alert, "sender", message->self.sender);
    take_sent(reading, alert);
    take_fields(reading, alert, CAP_ALERT);
    take_info(reading, alert);
    take_references(reading, alert);
    const char *action = json_string_value(json_object_get(reading->record, "action"));
    if (!message->has_info && action && strcmp(action, "raise") == 0) {
        fault(reading, "missing", "alert/info", "an Alert without it warns of nothing: add the block");
    }
}

err_t cap_read(struct view xml, const struct cap_set *sets, size_t set_count, struct cap_message *ret_message,
               struct faults *ret_faults)
{
    memset(ret_message, 0, sizeof *ret_message);
    ret_faults->count = 0;
    ret_message->notes = json_array();
    ret_message->record = json_pack("{ss}", "kind", cap_kind()->name);
    struct reading reading = {.message = ret_message,
                              .faults = ret_faults,
                              .record = ret_message->record,
                              .set = json_object(),
                              .exact = json_object()};
    for (size_t i = 0; i < set_count; i++) {
        take_set(&reading, &sets[i]);
    }
    xmlDocPtr doc = cap_tree(xml, ret_faults);
    const xmlNode *alert = doc ? xmlDocGetRootElement(doc) : NULL;
    if (alert && is_cap(alert) && strcmp(name_of(alert), "alert") == 0) {
        take_alert(&reading, alert);
    } else if (alert) {
        fault(&reading, "malformed", "alert",
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
