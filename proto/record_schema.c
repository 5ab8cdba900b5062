#include "proto/check.h"
#include "proto/kinds.h"
#include "proto/record.h"
#include "proto/rules.h"

#include <stdio.h>
#include <string.h>

/* JSON Schema for forms and for whoever writes a client: what a JSON record may look like. The fields that the agent
 * assigns are readOnly and not required of the submitter. What the words of JSON Schema cannot say stands under
 * x- keys: the Chinese label, the source clause, what never leaves the city, the rules that join fields. */

static json_t *schema_of(const struct field *row);

static void set_bounds(json_t *schema, const char *low_key, const char *high_key, const struct field *row)
{
    json_object_set_new(schema, low_key, json_integer((json_int_t)row->low));
    json_object_set_new(schema, high_key, json_integer((json_int_t)row->high));
}

static void set_codes(json_t *schema, const struct enumeration *codes, bool are_numbers)
{
    json_t *list = json_array();
    json_t *labels = json_object();
    for (size_t i = 0; i < codes->count; i++) {
        json_array_append_new(list, json_string(codes->labels[i].code));
        json_object_set_new(labels, codes->labels[i].code,
                            json_pack("{s:s, s:s}", "en", codes->labels[i].en, "zh", codes->labels[i].zh));
    }
    if (are_numbers) {
        json_decref(list); /* the bounds say it */
    } else {
        json_object_set_new(schema, "enum", list);
    }
    json_object_set_new(schema, "x-labels", labels);
}

static bool is_assigned(const struct field *row)
{
    static const char *const assigned[] = {"id", "schema", "seq", "created_at"};
    for (size_t i = 0; i < sizeof assigned / sizeof assigned[0]; i++) {
        if (strcmp(row->key, assigned[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void set_members(json_t *schema, const struct field *rows, size_t count, bool is_record)
{
    json_t *properties = json_object();
    json_t *required = json_array();
    for (size_t i = 0; i < count; i++) {
        bool is_agents = is_record && is_assigned(&rows[i]);
        json_t *member = schema_of(&rows[i]);
        if (is_agents) {
            json_object_set_new(member, "readOnly", json_true());
        }
        json_object_set_new(properties, rows[i].key, member);
        if (rows[i].presence == REQUIRED && !is_agents) {
            json_array_append_new(required, json_string(rows[i].key));
        }
    }
    json_object_set_new(schema, "properties", properties);
    json_object_set_new(schema, "required", required);
}

/* Every code is a key that must stand, and no other may. */
static void set_enum_map(json_t *schema, const struct field *row)
{
    json_t *properties = json_object();
    json_t *required = json_array();
    for (size_t i = 0; i < row->codes->count; i++) {
        const struct label *label = &row->codes->labels[i];
        json_t *member = schema_of(&row->fields[0]);
        json_object_set_new(member, "title", json_string(label->en));
        json_object_set_new(member, "x-title-zh", json_string(label->zh));
        json_object_set_new(properties, label->code, member);
        json_array_append_new(required, json_string(label->code));
    }
    json_object_set_new(schema, "properties", properties);
    json_object_set_new(schema, "required", required);
    json_object_set_new(schema, "additionalProperties", json_false());
}

static const struct {
    const char *type;
    const char *format;
    const char *pattern;
} forms[] = {
    [FIELD_TEXT] = {"string", NULL, NULL},
    [FIELD_ENUM] = {"string", NULL, NULL},
    [FIELD_NUMBER] = {"integer", NULL, NULL},
    [FIELD_FLAG] = {"boolean", NULL, NULL},
    [FIELD_DATE] = {"string", "date", NULL},
    [FIELD_TIME] = {"string", "date-time", NULL},
    [FIELD_ID] = {"string", "uuid", NULL},
    [FIELD_HASH] = {"string", NULL, "^[0-9a-f]{64}$"},
    [FIELD_USCC] = {"string", NULL, "^[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}$"},
    [FIELD_DISTRICT] = {"string", NULL, "^[0-9]{6}$"},
    [FIELD_MAP] = {"object", NULL, NULL},
    [FIELD_LIST] = {"array", NULL, NULL},
    [FIELD_ENUM_MAP] = {"object", NULL, NULL},
};

static void set_content(json_t *schema, const struct field *row)
{
    switch (row->type) {
    case FIELD_TEXT:
        set_bounds(schema, "minLength", "maxLength", row);
        break;
    case FIELD_NUMBER:
        set_bounds(schema, "minimum", "maximum", row);
        break;
    case FIELD_LIST:
        set_bounds(schema, "minItems", "maxItems", row);
        json_object_set_new(schema, "items", schema_of(&row->fields[0]));
        break;
    case FIELD_MAP:
        set_members(schema, row->fields, row->field_count, false);
        break;
    case FIELD_ENUM_MAP:
        set_enum_map(schema, row);
        break;
    default:
        break;
    }
    if (row->codes != NULL && row->type != FIELD_ENUM_MAP) {
        set_codes(schema, row->codes, row->type == FIELD_NUMBER);
    }
}

static json_t *schema_of(const struct field *row)
{
    json_t *schema = json_pack("{s:s, s:s, s:s, s:s}", "title", row->en, "x-title-zh", row->zh, "x-source", row->source,
                               "type", forms[row->type].type);
    if (forms[row->type].format != NULL) {
        json_object_set_new(schema, "format", json_string(forms[row->type].format));
    }
    if (forms[row->type].pattern != NULL) {
        json_object_set_new(schema, "pattern", json_string(forms[row->type].pattern));
    }
    if (row->confidential) {
        json_object_set_new(schema, "x-confidential", json_true());
    }
    set_content(schema, row);
    return schema;
}

/* `list[].key` for a rule of each element. */
static void rule_path(const struct kind *kind, const struct rule *rule, char ret_path[96])
{
    const char *key = rule_rows(kind, rule)[rule->field].key;
    if (rule->within == 0) {
        snprintf(ret_path, 96, "%s", key);
        return;
    }
    const struct field *list = &kind->fields[rule->within];
    bool is_map = list->fields[0].type == FIELD_MAP;
    snprintf(ret_path, 96, "%s[]%s%s", list->key, is_map ? "." : "", is_map ? key : "");
}

static json_t *rules_of(const struct kind *kind)
{
    json_t *rules = json_array();
    const struct rule *rule = NULL;
    for (size_t i = 0; (rule = rule_at(kind, i)); i++) {
        char path[96];
        rule_path(kind, rule, path);
        json_t *row =
            json_pack("{s:s, s:s, s:s}", "field", path, "fault", rule_fault_code(rule), "reason", rule->reason);
        if (rule->is_advice) {
            json_object_set_new(row, "advice", json_true());
        }
        json_array_append_new(rules, row);
    }
    return rules;
}

json_t *kind_json_schema(const struct kind *kind)
{
    char id[96];
    snprintf(id, sizeof id, "urn:agn:schema:1:%s", kind->name);
    json_t *schema = json_pack("{s:s, s:s, s:s, s:s, s:s}", "$schema", "https://json-schema.org/draft/2020-12/schema",
                               "$id", id, "title", kind->en, "x-title-zh", kind->zh, "type", "object");
    set_members(schema, kind->fields, kind->field_count, true);
    json_t *properties = json_object_get(schema, "properties");
    json_object_set_new(json_object_get(properties, "kind"), "const", json_string(kind->name));
    json_object_set_new(json_object_get(properties, "schema"), "const", json_integer(SCHEMA_VERSION));
    json_object_set_new(schema, "x-rules", rules_of(kind));
    return schema;
}
