/* GET /v1/openapi.json: the routes of agent/http_api.c and the record kinds of proto, as OpenAPI 3.1. */
#include <stdio.h>
#include <string.h>

#include "agent/http_api.h"
#include "agent/vocabulary.h"

static json_t *reference(const char *schema)
{
    char target[96];
    snprintf(target, sizeof target, "#/components/schemas/%s", schema);
    return json_pack("{ss}", "$ref", target);
}

static json_t *typed(const char *type)
{
    return json_pack("{ss}", "type", type);
}

static json_t *nullable(const char *type)
{
    return json_pack("{s[ss]}", "type", type, "null");
}

static json_t *list_of(const char *schema)
{
    return json_pack("{ss so}", "type", "array", "items", reference(schema));
}

static json_t *json_content(const char *schema)
{
    return json_pack("{s{so}}", "application/json", "schema", reference(schema));
}

/* ---- Schemas of what is answered ---- */

/* One member a row: what JSON Schema says of it in one word, or the name of another schema. */
enum shape { SHAPE_TYPE, SHAPE_NULLABLE, SHAPE_REFERENCE, SHAPE_LIST };
struct member {
    const char *schema;
    const char *key;
    enum shape shape;
    const char *type;
    bool is_required;
};

static const struct member members[] = {
    {"problem", "code", SHAPE_TYPE, "string", true},
    {"problem", "en", SHAPE_TYPE, "string", true},
    {"problem", "zh", SHAPE_TYPE, "string", true},
    {"fault", "code", SHAPE_TYPE, "string", true},
    {"fault", "field", SHAPE_TYPE, "string", true},
    {"fault", "reason", SHAPE_TYPE, "string", true},
    {"fault", "en", SHAPE_TYPE, "string", true},
    {"fault", "zh", SHAPE_TYPE, "string", true},
    {"faults", "faults", SHAPE_LIST, "fault", true},
    {"accepted", "id", SHAPE_TYPE, "string", true},
    {"accepted", "seq", SHAPE_TYPE, "integer", true},
    {"accepted", "kind", SHAPE_TYPE, "string", true},
    {"accepted", "title", SHAPE_TYPE, "string", true},
    {"accepted", "accepted_at", SHAPE_TYPE, "string", true},
    {"result", "line", SHAPE_TYPE, "integer", true},
    {"result", "status", SHAPE_TYPE, "integer", true},
    {"result", "id", SHAPE_TYPE, "string", false},
    {"result", "seq", SHAPE_TYPE, "integer", false},
    {"result", "kind", SHAPE_TYPE, "string", false},
    {"result", "title", SHAPE_TYPE, "string", false},
    {"result", "accepted_at", SHAPE_TYPE, "string", false},
    {"result", "faults", SHAPE_LIST, "fault", false},
    {"results", "accepted", SHAPE_TYPE, "integer", true},
    {"results", "refused", SHAPE_TYPE, "integer", true},
    {"results", "results", SHAPE_LIST, "result", true},
    {"item", "id", SHAPE_TYPE, "string", true},
    {"item", "seq", SHAPE_TYPE, "integer", true},
    {"item", "kind", SHAPE_TYPE, "string", true},
    {"item", "title", SHAPE_TYPE, "string", true},
    {"item", "hash", SHAPE_TYPE, "string", true},
    {"item", "accepted_at", SHAPE_TYPE, "string", true},
    {"item", "number", SHAPE_NULLABLE, "integer", true},
    {"item", "outcome_at", SHAPE_NULLABLE, "string", true},
    {"item", "corrected_by", SHAPE_NULLABLE, "integer", true},
    {"item", "faults", SHAPE_LIST, "fault", false},
    {"item", "record", SHAPE_REFERENCE, "record", false},
    {"items", "records", SHAPE_LIST, "item", true},
    {"items", "next", SHAPE_NULLABLE, "integer", true},
    {"receipt", "id", SHAPE_TYPE, "string", true},
    {"receipt", "seq", SHAPE_TYPE, "integer", true},
    {"receipt", "state", SHAPE_TYPE, "string", true},
    {"receipt", "receipt", SHAPE_NULLABLE, "object", true},
    {"message", "cursor", SHAPE_TYPE, "integer", true},
    {"message", "taken_at", SHAPE_TYPE, "string", true},
    {"message", "read_at", SHAPE_NULLABLE, "string", true},
    {"message", "event", SHAPE_TYPE, "object", true},
    {"messages", "messages", SHAPE_LIST, "message", true},
    {"messages", "cursor", SHAPE_TYPE, "integer", true},
    {"read", "cursor", SHAPE_TYPE, "integer", true},
    {"read", "read_at", SHAPE_TYPE, "string", true},
    {"status", "party", SHAPE_TYPE, "string", true},
    {"status", "name", SHAPE_TYPE, "string", true},
    {"status", "hub", SHAPE_TYPE, "string", true},
    {"status", "city", SHAPE_TYPE, "string", true},
    {"status", "link", SHAPE_TYPE, "object", true},
    {"status", "counts", SHAPE_TYPE, "object", true},
    {"status", "last_seq", SHAPE_TYPE, "integer", true},
    {"status", "oldest_waiting_at", SHAPE_NULLABLE, "string", true},
    {"status", "attachments", SHAPE_TYPE, "object", true},
};

static json_t *shape_of(const struct member *member)
{
    switch (member->shape) {
    case SHAPE_TYPE:
        return typed(member->type);
    case SHAPE_NULLABLE:
        return nullable(member->type);
    case SHAPE_LIST:
        return list_of(member->type);
    default:
        return reference(member->type);
    }
}

static json_t *state_schema(void)
{
    json_t *codes = json_array();
    for (int i = 0; i < ITEM_STATES; i++) {
        json_array_append_new(codes, json_string(state_code((enum item_state)i)));
    }
    return json_pack("{ss so}", "type", "string", "enum", codes);
}

static void add_answers(json_t *schemas)
{
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        json_t *schema = json_object_get(schemas, members[i].schema);
        if (!schema) {
            schema = json_pack("{ss s{} s[]}", "type", "object", "properties", "required");
            json_object_set_new(schemas, members[i].schema, schema);
        }
        json_object_set_new(json_object_get(schema, "properties"), members[i].key, shape_of(&members[i]));
        if (members[i].is_required) {
            json_array_append_new(json_object_get(schema, "required"), json_string(members[i].key));
        }
    }
    json_t *item = json_object_get(schemas, "item");
    json_object_set_new(json_object_get(item, "properties"), "state", state_schema());
    json_array_append_new(json_object_get(item, "required"), json_string("state"));
    /* Documents that describe themselves. */
    json_object_set_new(schemas, "schema", typed("object"));
    json_object_set_new(schemas, "openapi", typed("object"));
}

/* A record on its way in may name a file where the schema has what becomes of it. */
static void allow_files(json_t *schema)
{
    json_t *list = json_object_get(json_object_get(schema, "properties"), "attachments");
    json_t *items = json_object_get(list, "items");
    json_t *entry = json_object_get(items, "properties");
    if (!entry) {
        return;
    }
    json_object_set_new(entry, "file",
                        json_pack("{ss ss}", "type", "string", "description",
                                  "A file inside of the folder that attachments_dir names; takes the place of sha256, "
                                  "name, media_type and size"));
    json_t *known = json_pack("{sO}", "required", json_object_get(items, "required"));
    json_t *named = json_pack("{s[ss]}", "required", "file", "role");
    json_object_set_new(items, "anyOf", json_pack("[oo]", known, named));
    json_object_del(items, "required");
}

/* Each record kind by its name, and `record`, which is any of them. */
static void add_kinds(json_t *schemas)
{
    json_t *any = json_array();
    json_t *mapping = json_object();
    const struct kind *kind = NULL;
    for (size_t i = 0; (kind = kind_at(i)); i++) {
        char target[96];
        json_t *schema = kind_json_schema(kind);
        json_object_del(schema, "$id"); /* would make it the base of references */
        json_object_del(schema, "$schema");
        allow_files(schema);
        json_object_set_new(schemas, kind->name, schema);
        json_array_append_new(any, reference(kind->name));
        snprintf(target, sizeof target, "#/components/schemas/%s", kind->name);
        json_object_set_new(mapping, kind->name, json_string(target));
    }
    json_object_set_new(
        schemas, "record",
        json_pack("{so s{ss so}}", "oneOf", any, "discriminator", "propertyName", "kind", "mapping", mapping));
}

/* ---- Paths ---- */

static json_t *query_parameter(enum query query)
{
    static const struct {
        const char *en;
        const char *zh;
    } texts[QUERIES] = {
        [QUERY_STATE] = {"only records in this state", "仅列出该状态"},
        [QUERY_AFTER] = {"only what stands above this number or cursor", "仅列出该序号或游标之后的内容"},
        [QUERY_LIMIT] = {"at most so many, 1 to 500; 100 where absent", "最多条数，1 至 500，默认 100"},
        [QUERY_CORRECTS] = {"the id of a record, rejected or kept here by a refused attachment, that this one replaces",
                            "被退回或附件未被接受、由此条替换的记录的 ID"},
    };
    json_t *schema = query == QUERY_STATE ? state_schema()
                     : query == QUERY_CORRECTS
                         ? json_pack("{ss ss}", "type", "string", "format", "uuid")
                         : json_pack("{ss si}", "type", "integer", "minimum", query == QUERY_LIMIT);
    if (query == QUERY_LIMIT) {
        json_object_set_new(schema, "maximum", json_integer(HTTP_PAGE_MAX));
    }
    return json_pack("{ss ss ss ss so}", "name", query_names[query], "in", "query", "description", texts[query].en,
                     "x-description-zh", texts[query].zh, "schema", schema);
}

static json_t *parameters_of(const struct route *route)
{
    json_t *list = json_array();
    if (route->segment) {
        json_t *schema = strcmp(route->segment, "cursor") == 0 ? typed("integer") : typed("string");
        json_array_append_new(
            list, json_pack("{ss ss sb so}", "name", route->segment, "in", "path", "required", 1, "schema", schema));
    }
    for (int i = 0; i < QUERIES; i++) {
        if (route->queries >> i & 1U) {
            json_array_append_new(list, query_parameter((enum query)i));
        }
    }
    return list;
}

static void add_record_body(json_t *operation)
{
    json_t *key = json_pack("{ss ss ss ss s{ss si si}}", "name", "Idempotency-Key", "in", "header", "description",
                            "the same key and body again is answered as the first time and files nothing",
                            "x-description-zh", "以相同的键和内容重复提交，得到首次的答复，不会重复报送", "schema",
                            "type", "string", "minLength", 1, "maxLength", HTTP_KEY_MAX);
    json_array_append_new(json_object_get(operation, "parameters"), key);
    json_t *lines = json_pack("{s{ss ss}}", "schema", "type", "string", "description", "one record a line");
    json_t *body = json_pack("{sb so}", "required", 1, "content", json_content("record"));
    json_object_set_new(json_object_get(body, "content"), "application/x-ndjson", lines);
    json_object_set_new(operation, "requestBody", body);
}

/* What problems of this status say. */
static json_t *problem_response(int status)
{
    json_t *texts = json_array();
    char text[512] = "";
    for (size_t i = 0; i < problem_count; i++) {
        if (problems[i].status == status) {
            size_t used = strlen(text);
            snprintf(text + used, sizeof text - used, "%s`%s`: %s", used ? "; " : "", problems[i].code, problems[i].en);
            json_array_append_new(texts, json_string(problems[i].zh));
        }
    }
    return json_pack("{ss so so}", "description", text, "x-description-zh", texts, "content", json_content("problem"));
}

static void add_response(json_t *responses, int status, const char *description, json_t *schema)
{
    char code[8];
    snprintf(code, sizeof code, "%d", status);
    json_object_set_new(responses, code,
                        description ? json_pack("{ss s{s{so}}}", "description", description, "content",
                                                "application/json", "schema", schema)
                                    : problem_response(status));
}

static json_t *responses_of(const struct route *route)
{
    static const int common[] = {400, 401, 405, 421, 500, 503};
    json_t *responses = json_object();
    bool files = strcmp(route->answer, "accepted") == 0;
    if (files) {
        const char *mixed = "what became of each line";
        add_response(responses, 201, "accepted: on this machine's disk",
                     json_pack("{s[oo]}", "oneOf", reference("accepted"), reference("results")));
        add_response(responses, 207, mixed, reference("results"));
        add_response(responses, 422, "refused: every fault is named, nothing was stored",
                     json_pack("{s[oo]}", "oneOf", reference("faults"), reference("results")));
        add_response(responses, 507, NULL, NULL);
    } else {
        add_response(responses, 200, "done", reference(route->answer));
    }
    for (size_t i = 0; i < sizeof common / sizeof *common; i++) {
        add_response(responses, common[i], NULL, NULL);
    }
    for (size_t i = 0; i < sizeof route->statuses / sizeof *route->statuses && route->statuses[i]; i++) {
        if (route->statuses[i] != 207 && route->statuses[i] != 422) {
            add_response(responses, route->statuses[i], NULL, NULL);
        }
    }
    return responses;
}

static void add_route(json_t *paths, const struct route *route)
{
    char path[128];
    char method[8] = "";
    const char *hole = strstr(route->path, "{}");
    if (hole) {
        snprintf(path, sizeof path, "%.*s{%s}%s", (int)(hole - route->path), route->path, route->segment, hole + 2);
    } else {
        snprintf(path, sizeof path, "%s", route->path);
    }
    json_t *operations = json_object_get(paths, path);
    if (!operations) {
        operations = json_object();
        json_object_set_new(paths, path, operations);
    }
    json_t *operation = json_pack("{ss ss ss so so}", "operationId", route->name, "summary", route->en, "x-summary-zh",
                                  route->zh, "parameters", parameters_of(route), "responses", responses_of(route));
    if (strcmp(route->answer, "accepted") == 0) {
        add_record_body(operation);
    }
    for (size_t i = 0; route->method[i] && i + 1 < sizeof method; i++) {
        method[i] = (char)(route->method[i] | 0x20);
    }
    json_object_set_new(operations, method, operation);
}

json_t *openapi_document(int port)
{
    char url[64];
    json_t *paths = json_object();
    json_t *schemas = json_object();
    for (size_t i = 0; i < route_count; i++) {
        add_route(paths, &routes[i]);
    }
    add_kinds(schemas);
    add_answers(schemas);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", port);
    json_t *info = json_pack("{ss ss ss}", "title", "AGN agent, local endpoint", "x-title-zh", "AGN 代理本机接口",
                             "version", AGN_VERSION);
    json_t *components = json_pack("{so s{s{ss ss}}}", "schemas", schemas, "securitySchemes", "token", "type", "http",
                                   "scheme", "bearer");
    return json_pack("{ss so s[{ss}] s[{s[]}] so so}", "openapi", "3.1.0", "info", info, "servers", "url", url,
                     "security", "token", "paths", paths, "components", components);
}
