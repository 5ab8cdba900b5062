#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cap_reading.h"
#include "common/cap_rows.h"
#include "common/mem.h"
#include "proto/kinds.h"

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

bool cap_put_value(json_t *into, const struct field *row, const char *text)
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

bool cap_append_value(json_t *into, const struct field *row, const char *text)
{
    json_t *holder = json_object();
    bool is_put = cap_put_value(holder, &row->fields[0], text);
    if (is_put && !json_object_get(into, row->key)) {
        json_object_set_new(into, row->key, json_array());
    }
    if (is_put) {
        json_array_append(json_object_get(into, row->key), json_object_get(holder, row->fields[0].key));
    }
    json_decref(holder);
    return is_put;
}

static bool set_list(struct cap_reading *reading, const struct field *row, const char *value)
{
    char *copy = mem_text(value);
    char *rest = copy;
    bool is_good = true;
    json_object_set_new(reading->record, row->key, json_array());
    for (char *part = strtok_r(copy, ",", &rest); part && is_good; part = strtok_r(NULL, ",", &rest)) {
        is_good = cap_append_value(reading->record, row, cap_trim(part));
    }
    free(copy);
    return is_good;
}

static bool set_inner(struct cap_reading *reading, const struct field *row, const char *key, const char *value)
{
    for (size_t i = 0; row->type == FIELD_MAP && i < row->field_count; i++) {
        if (strcmp(row->fields[i].key, key) == 0) {
            if (!json_object_get(reading->record, row->key)) {
                json_object_set_new(reading->record, row->key, json_object());
            }
            return cap_put_value(json_object_get(reading->record, row->key), &row->fields[i], value);
        }
    }
    return false;
}

void cap_take_set(struct cap_reading *reading, const struct cap_set *set)
{
    char key[64];
    char path[FAULT_FIELD_SIZE];
    size_t size = strcspn(set->path, ".");
    snprintf(key, sizeof key, "%.*s", (int)(size < 63 ? size : 63), set->path);
    snprintf(path, sizeof path, "--set %.60s", set->path);
    const struct field *row = cap_schema_row(key);
    /* What the agent assigns, and what the message alone may say. */
    bool is_assigned = row && row < &cap_kind()->fields[COMMON_FIELDS] && strcmp(key, "submitter") != 0 &&
                       strcmp(key, "rehearsal") != 0 && strcmp(key, "reason") != 0;
    if (!row || is_assigned || strcmp(key, "refers_to") == 0 || strcmp(key, "action") == 0) {
        cap_fault(reading, "not_wanted", path, "not a field that may be set: agn-hub schema risk_warning lists them");
        return;
    }
    json_object_set_new(reading->set, key, json_true());
    bool is_good = true;
    if (set->path[size] == '.') {
        is_good = set_inner(reading, row, set->path + size + 1, set->value);
    } else if (*set->value) {
        is_good = row->type == FIELD_LIST ? set_list(reading, row, set->value)
                                          : cap_put_value(reading->record, row, set->value);
    }
    if (!is_good) {
        cap_fault(reading, "wrong_type", path, "not a value of this field's type");
    }
}
