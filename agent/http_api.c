#include "agent/http_api.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/office.h"
#include "agent/reading.h"
#include "agent/views.h"

const char *const query_names[QUERIES] = {"state", "after", "limit", "corrects"};

const struct problem problems[] = {
    {"bad_request", 400, "the request is not as GET /v1/openapi.json describes it",
     "请求不符合 GET /v1/openapi.json 的说明"},
    {"one_record", 400, "application/json takes one JSON object; several go as application/x-ndjson, one a line",
     "application/json 只接受一个 JSON 对象；多条请用 application/x-ndjson，每行一条"},
    {"unauthorized", 401, "send Authorization: Bearer with the token from http.token in the agent's home",
     "请携带 Authorization: Bearer 令牌（见代理主目录中的 http.token）"},
    {"not_found", 404, "there is nothing of this name or number", "没有此名称或编号的内容"},
    {"method_not_allowed", 405, "this address takes another method", "该地址不接受此方法"},
    {"key_reused", 409, "this Idempotency-Key was used for another body", "该 Idempotency-Key 已用于其他内容"},
    {"too_large", 413, "over 1 MiB, or over 500 lines: send less at a time", "超过 1 MiB 或 500 行：请分批提交"},
    {"unsupported_type", 415, "send application/json or application/x-ndjson",
     "请使用 application/json 或 application/x-ndjson"},
    {"wrong_host", 421, "the Host header does not name this machine's own address", "Host 头不是本机地址"},
    {"failed", 500, "the spool cannot be used; nothing was changed", "数据文件不可用，未作任何更改"},
    {"busy", 503, "another process holds the spool; nothing was changed, try again",
     "其他进程正在占用，未作任何更改，请重试"},
    {"disk_full", 507, "the disk is full; nothing was changed", "磁盘已满，未作任何更改"},
};
const size_t problem_count = sizeof problems / sizeof *problems;

void reply_problem(struct reply *reply, const char *code)
{
    for (size_t i = 0; i < problem_count; i++) {
        if (strcmp(problems[i].code, code) == 0) {
            reply->status = problems[i].status;
            reply->json = json_pack("{ss ss ss}", "code", code, "en", problems[i].en, "zh", problems[i].zh);
            reply->is_told_later = reply->status == 503;
            return;
        }
    }
    abort(); /* every code is a row */
}

void reply_error(struct reply *reply, err_t err)
{
    reply_problem(reply, err == ERR_NOT_FOUND ? "not_found"
                         : err == ERR_BUSY    ? "busy"
                         : err == ERR_FULL    ? "disk_full"
                                              : "failed");
}

void reply_done(struct reply *reply)
{
    json_decref(reply->json);
    free(reply->text);
    memset(reply, 0, sizeof *reply);
}

bool read_count(const char *text, uint64_t max, uint64_t *ret_number)
{
    size_t size = strlen(text);
    if (size == 0 || size > 18 || strspn(text, "0123456789") != size) {
        return false;
    }
    *ret_number = strtoull(text, NULL, 10);
    return *ret_number <= max;
}

/* A page of another site may have its own name resolve to this machine (DNS rebinding); the browser then still says
 * that name here. */
static bool is_own_host(const struct api *api, const char *host)
{
    static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};
    for (size_t i = 0; host && i < sizeof names / sizeof *names; i++) {
        char own[32];
        snprintf(own, sizeof own, "%s:%d", names[i], (int)api->settings->http_port);
        if (strcasecmp(host, own) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_token(const struct api *api, const char *authorization)
{
    static const char scheme[] = "Bearer ";
    size_t skip = sizeof scheme - 1;
    return authorization && strncasecmp(authorization, scheme, skip) == 0 &&
           strlen(authorization + skip) == TOKEN_SIZE - 1 &&
           CRYPTO_memcmp(authorization + skip, api->token, TOKEN_SIZE - 1) == 0;
}

enum { SEGMENT_SIZE = 80 };

/* Whether PATH is PATTERN with one segment in place of {}. */
static bool matches(const char *pattern, const char *path, char ret_segment[SEGMENT_SIZE])
{
    const char *hole = strstr(pattern, "{}");
    ret_segment[0] = '\0';
    if (!hole) {
        return strcmp(pattern, path) == 0;
    }
    size_t head = (size_t)(hole - pattern);
    if (strncmp(pattern, path, head) != 0) {
        return false;
    }
    size_t size = strcspn(path + head, "/");
    if (size == 0 || size >= SEGMENT_SIZE || strcmp(path + head + size, hole + 2) != 0) {
        return false;
    }
    memcpy(ret_segment, path + head, size);
    ret_segment[size] = '\0';
    return true;
}

/* What answers GET answers HEAD, too: the server sends no body then. */
static bool takes_method(const struct route *route, const char *method)
{
    return strcmp(route->method, strcmp(method, "HEAD") == 0 ? "GET" : method) == 0;
}

static void add_allowed(struct reply *reply, const char *method)
{
    size_t used = strlen(reply->allow);
    snprintf(reply->allow + used, sizeof reply->allow - used, "%s%s%s", used > 0 ? ", " : "", method,
             strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

/* NULL with the refusal in REPLY. */
static const struct route *find_route(const struct request *request, char ret_segment[SEGMENT_SIZE],
                                      struct reply *reply)
{
    for (size_t i = 0; i < route_count; i++) {
        if (!matches(routes[i].path, request->path, ret_segment)) {
            continue;
        }
        if (takes_method(&routes[i], request->method)) {
            reply->allow[0] = '\0';
            return &routes[i];
        }
        add_allowed(reply, routes[i].method);
    }
    reply_problem(reply, *reply->allow ? "method_not_allowed" : "not_found");
    return NULL;
}

static bool has_foreign_query(const struct route *route, const struct request *request)
{
    for (int i = 0; i < QUERIES; i++) {
        if (request->query[i] && !(route->queries >> i & 1U)) {
            return true;
        }
    }
    return request->has_unknown_query;
}

bool api_admits(struct api *api, const struct request *request, struct reply *ret_reply)
{
    char segment[SEGMENT_SIZE];
    memset(ret_reply, 0, sizeof *ret_reply);
    if (!is_own_host(api, request->host)) {
        reply_problem(ret_reply, "wrong_host");
        ret_reply->is_denied = true;
    } else if (!is_token(api, request->authorization)) {
        reply_problem(ret_reply, "unauthorized");
        ret_reply->is_denied = true;
    } else {
        const struct route *route = find_route(request, segment, ret_reply);
        if (route && has_foreign_query(route, request)) {
            reply_problem(ret_reply, "bad_request");
        } else if (route && request->is_too_large) {
            reply_problem(ret_reply, "too_large");
        }
    }
    return ret_reply->status == 0;
}

void api_answer(struct api *api, const struct request *request, struct reply *ret_reply)
{
    char segment[SEGMENT_SIZE];
    memset(ret_reply, 0, sizeof *ret_reply);
    const struct route *route = find_route(request, segment, ret_reply);
    if (route && request->is_too_large) {
        reply_problem(ret_reply, "too_large");
    } else if (route) {
        route->act(api, request, segment, ret_reply);
    }
}

/* ---- Routes that have little to do ---- */

static void get_inbox(struct api *api, const struct request *request, const char *segment, struct reply *reply)
{
    (void)segment;
    uint64_t after = 0;
    uint64_t limit = HTTP_PAGE;
    if ((request->query[QUERY_AFTER] && !read_count(request->query[QUERY_AFTER], INT64_MAX, &after)) ||
        (request->query[QUERY_LIMIT] &&
         (!read_count(request->query[QUERY_LIMIT], HTTP_PAGE_MAX, &limit) || limit == 0))) {
        reply_problem(reply, "bad_request");
        return;
    }
    struct inbox_entry entry = {.row = (int64_t)after};
    json_t *list = json_array();
    err_t err = ERR_OK;
    while (json_array_size(list) < limit && (err = spool_next_event(api->spool, entry.row, &entry)) == ERR_OK) {
        int64_t read_at = 0;
        err = spool_read_at(api->spool, entry.row, &read_at);
        json_array_append_new(list, message_view(&entry, read_at));
        after = (uint64_t)entry.row;
        free(entry.bytes);
        if (err != ERR_OK) {
            break;
        }
    }
    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        json_decref(list);
        reply_error(reply, err);
        return;
    }
    reply->status = 200;
    reply->json = json_pack("{so sI}", "messages", list, "cursor", (json_int_t)after);
}

static void post_read(struct api *api, const struct request *request, const char *segment, struct reply *reply)
{
    (void)request;
    uint64_t row = 0;
    int64_t at = 0;
    if (!read_count(segment, INT64_MAX, &row)) {
        reply_problem(reply, "not_found");
        return;
    }
    struct reader_desk desk = {
        .home = api->home, .membership = api->membership, .settings = api->settings, .spool = api->spool};
    err_t err = reading_note(&desk, (int64_t)row, &at);
    if (err != ERR_OK) {
        reply_error(reply, err);
        return;
    }
    char text[25];
    time_text(at, text);
    reply->status = 200;
    reply->json = json_pack("{sI ss}", "cursor", (json_int_t)row, "read_at", text);
}

static void get_status(struct api *api, const struct request *request, const char *segment, struct reply *reply)
{
    (void)request;
    (void)segment;
    struct membership present; /* `join` may have written another one since */
    char reason[256];
    bool is_read = membership_load(api->home, MEMBERSHIP_FILE, &present, reason) == ERR_OK;
    err_t err = status_view(api->home, is_read ? &present : api->membership, api->spool, &reply->json);
    if (err != ERR_OK) {
        reply_error(reply, err);
        return;
    }
    reply->status = 200;
}

static void get_schema(struct api *api, const struct request *request, const char *segment, struct reply *reply)
{
    (void)api;
    (void)request;
    const struct kind *kind = kind_find((struct view){(const uint8_t *)segment, strlen(segment)});
    if (!kind) {
        reply_problem(reply, "not_found");
        return;
    }
    reply->status = 200;
    reply->json = kind_json_schema(kind);
}

static void get_openapi(struct api *api, const struct request *request, const char *segment, struct reply *reply)
{
    (void)request;
    (void)segment;
    reply->status = 200;
    reply->json = openapi_document((int)api->settings->http_port);
}

#define TAKES(query) (1U << (query))

const struct route routes[] = {
    {"POST",
     "/v1/records",
     post_records,
     TAKES(QUERY_CORRECTS),
     "fileRecords",
     NULL,
     "accepted",
     {207, 404, 409, 413, 415, 422},
     "File one record, or one a line; accepted means on this machine's disk",
     "报送一条记录，或每行一条；受理即已保存在本机磁盘"},
    {"GET",
     "/v1/records",
     get_records,
     TAKES(QUERY_STATE) | TAKES(QUERY_AFTER) | TAKES(QUERY_LIMIT),
     "listRecords",
     NULL,
     "items",
     {0},
     "The records by number, and what became of each",
     "按序号列出记录及其状态"},
    {"GET",
     "/v1/records/{}",
     get_record,
     0,
     "getRecord",
     "id",
     "item",
     {404},
     "One record with its state",
     "一条记录及其状态"},
    {"GET",
     "/v1/records/{}/receipt",
     get_receipt,
     0,
     "getReceipt",
     "id",
     "receipt",
     {404},
     "The hub's receipt, verified now; null as long as there is none",
     "市级回执（即时验证）；尚无时为 null"},
    {"GET",
     "/v1/inbox",
     get_inbox,
     TAKES(QUERY_AFTER) | TAKES(QUERY_LIMIT),
     "listInbox",
     NULL,
     "messages",
     {0},
     "What the city has sent, by cursor",
     "市级发来的消息，按游标"},
    {"POST",
     "/v1/inbox/{}/read",
     post_read,
     0,
     "markRead",
     "cursor",
     "read",
     {404},
     "Note that a message was read",
     "标记消息已读"},
    {"GET",
     "/v1/status",
     get_status,
     0,
     "getStatus",
     NULL,
     "status",
     {0},
     "The connection, and how many records are where",
     "连接情况和各状态记录数"},
    {"GET",
     "/v1/schema/{}",
     get_schema,
     0,
     "getSchema",
     "kind",
     "schema",
     {404},
     "JSON Schema of a record kind",
     "记录种类的 JSON Schema"},
    {"GET", "/v1/openapi.json", get_openapi, 0, "getOpenapi", NULL, "openapi", {0}, "This description", "本说明"},
};
const size_t route_count = sizeof routes / sizeof *routes;
