/* The block that says what the matter is: the one that is read, and what the others must not say otherwise. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cap_reading.h"
#include "common/cap_rows.h"

enum { INFO_MAX = 16 };

/* Both texts of a valueName/value pair, to be freed. */
static bool take_pair(struct cap_reading *reading, const xmlNode *node, const char *path, char **ret_name,
                      char **ret_value)
{
    const xmlNode *name = cap_find(node->children, "valueName");
    const xmlNode *value = cap_find(node->children, "value");
    *ret_name = name ? cap_text(name) : NULL;
    *ret_value = value ? cap_text(value) : NULL;
    if (*ret_name && *ret_value) {
        return true;
    }
    cap_fault(reading, "missing", path, "valueName and value, each with a text, are expected in it");
    free(*ret_name);
    free(*ret_value);
    return false;
}

static void take_own_parameter(struct cap_reading *reading, const char *key, char *value)
{
    char path[FAULT_FIELD_SIZE];
    snprintf(path, sizeof path, "alert/info/parameter " CAP_PREFIX "%.50s", key);
    const struct field *row = cap_parameter_row(key);
    if (!row) {
        cap_fault(reading, "not_wanted", path, "no field of a warning that may stand in a parameter");
        return;
    }
    if (cap_is_set(reading, key)) {
        return;
    }
    json_t *into = cap_field_row(key) ? reading->exact : reading->record;
    if (row->type != FIELD_LIST && json_object_get(into, key)) {
        cap_fault(reading, "duplicate_key", path, "stands twice: leave one");
        return;
    }
    if (row->type != FIELD_TEXT) {
        cap_trim(value);
    }
    if (!(row->type == FIELD_LIST ? cap_append_value(into, row, value) : cap_put_value(into, row, value))) {
        cap_fault(reading, "wrong_type", path, "not a value of this field's type");
    }
}

static void take_parameters(struct cap_reading *reading, const xmlNode *info)
{
    const xmlNode *node = cap_find(info->children, "parameter");
    for (; node; node = cap_find(node->next, "parameter")) {
        char *name = NULL;
        char *value = NULL;
        if (!take_pair(reading, node, "alert/info/parameter", &name, &value)) {
            continue;
        }
        if (strncmp(cap_trim(name), CAP_PREFIX, strlen(CAP_PREFIX)) == 0) {
            take_own_parameter(reading, name + strlen(CAP_PREFIX), value);
        } else {
            char path[128];
            snprintf(path, sizeof path, "alert/info/parameter %.60s", name);
            cap_note(reading, path, "left out: a warning has no field for it");
        }
        free(name);
        free(value);
    }
}

/* ---- area and resource ---- */

static void take_geocode(struct cap_reading *reading, const xmlNode *node)
{
    static const char path[] = "alert/info/area/geocode";
    char *name = NULL;
    char *value = NULL;
    if (!take_pair(reading, node, path, &name, &value)) {
        return;
    }
    if (strcmp(cap_trim(name), CAP_GEOCODE) != 0) {
        cap_fault(reading, "bad_value", path,
                  "only codes of " CAP_GEOCODE " can be kept: add them, or give --set region=330106,330102");
    } else {
        cap_append_value(reading->record, cap_schema_row("region"), cap_trim(value));
    }
    free(name);
    free(value);
}

static void take_areas(struct cap_reading *reading, const xmlNode *info)
{
    const xmlNode *area = cap_find(info->children, "area");
    for (; area; area = cap_find(area->next, "area")) {
        cap_check_block(reading, area, CAP_AREA);
        if (cap_is_set(reading, "region")) {
            cap_note(reading, "alert/info/area", "left out: --set region stands for it");
            continue;
        }
        const xmlNode *geocode = cap_find(area->children, "geocode");
        if (!geocode || cap_find(area->children, "polygon") || cap_find(area->children, "circle")) {
            cap_fault(reading, "not_wanted", "alert/info/area",
                      "a warning's region is districts alone, no description, polygon or circle: add a geocode "
                      "of " CAP_GEOCODE " in place of it, or give --set region=330106,330102");
            continue;
        }
        for (; geocode; geocode = cap_find(geocode->next, "geocode")) {
            take_geocode(reading, geocode);
        }
    }
}

static void take_resources(struct cap_reading *reading, const xmlNode *info)
{
    const xmlNode *resource = cap_find(info->children, "resource");
    for (const xmlNode *node = resource; node; node = cap_find(node->next, "resource")) {
        cap_check_block(reading, node, CAP_RESOURCE);
    }
    if (resource && !cap_is_set(reading, "attachments") && !json_object_get(reading->record, "attachments")) {
        cap_fault(
            reading, "not_wanted", "alert/info/resource",
            "nothing is fetched: file the warning with its attachment here, or leave it out with --set attachments=");
    }
}

/* ---- one element that says less than its parameter ---- */

static void take_exact(struct cap_reading *reading)
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
    const xmlNode *node = cap_find(info->children, "parameter");
    for (; node; node = cap_find(node->next, "parameter")) {
        const xmlNode *name = cap_find(node->children, "valueName");
        char *text = name ? cap_text(name) : NULL;
        bool is_own = text && strncmp(cap_trim(text), CAP_PREFIX, strlen(CAP_PREFIX)) == 0;
        free(text);
        if (is_own) {
            return true;
        }
    }
    return false;
}

static bool is_chinese(const xmlNode *info)
{
    const xmlNode *language = cap_find(info->children, "language");
    char *text = language ? cap_text(language) : NULL;
    bool is_zh = text && strncmp(cap_trim(text), "zh", 2) == 0;
    free(text);
    return is_zh;
}

/* The block that is read: ours, else the Chinese one, else the first. */
static const xmlNode *choose_info(const xmlNode *alert)
{
    const xmlNode *first = cap_find(alert->children, "info");
    const xmlNode *chinese = NULL;
    for (const xmlNode *info = first; info; info = cap_find(info->next, "info")) {
        if (has_own_parameter(info)) {
            return info;
        }
        chinese = chinese ? chinese : is_chinese(info) ? info : NULL;
    }
    return chinese ? chinese : first;
}

static bool is_same_text(const xmlNode *a, const xmlNode *b, const char *element)
{
    const xmlNode *of_a = cap_find(a->children, element);
    const xmlNode *of_b = cap_find(b->children, element);
    char *text_a = of_a ? cap_text(of_a) : NULL;
    char *text_b = of_b ? cap_text(of_b) : NULL;
    bool is_same = text_a && text_b ? strcmp(cap_trim(text_a), cap_trim(text_b)) == 0 : !of_a && !of_b;
    free(text_a);
    free(text_b);
    return is_same;
}

/* Blocks may be translations of one another; what says something else would be lost. */
static void check_others(struct cap_reading *reading, const xmlNode *alert, const xmlNode *chosen)
{
    static const char *const same[] = {"urgency", "severity", "certainty", "onset", "expires"};
    int count = 0;
    for (const xmlNode *info = cap_find(alert->children, "info"); info; info = cap_find(info->next, "info")) {
        count++;
        for (size_t i = 0; info != chosen && i < sizeof same / sizeof *same; i++) {
            if (!is_same_text(info, chosen, same[i])) {
                fault_add(reading->faults, "not_wanted", "alert/info",
                          "block %d has another %s, so it is another warning: file a message for each", count, same[i]);
            }
        }
        if (info != chosen) {
            cap_note(reading, "alert/info", "a block in another language is left out");
        }
    }
    if (count > INFO_MAX) {
        cap_fault(reading, "out_of_range", "alert/info", "over 16 blocks");
    }
}

void cap_take_info(struct cap_reading *reading, const xmlNode *alert)
{
    const xmlNode *info = choose_info(alert);
    reading->message->has_info = info != NULL;
    if (!info) {
        return;
    }
    cap_check_block(reading, info, CAP_INFO);
    check_others(reading, alert, info);
    cap_take_fields(reading, info, CAP_INFO);
    take_parameters(reading, info);
    take_areas(reading, info);
    take_resources(reading, info);
    take_exact(reading);
}
