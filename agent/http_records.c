/* The local endpoint's routes for records. */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/http_api.h"
#include "agent/views.h"
#include "agent/vocabulary.h"
#include "agent/wake.h"
#include "common/mem.h"
#include "common/text.h"

#define KEY_PREFIX "http/" /* apart from libagn's */

struct posting {
    struct api *api;
    const char *key; /* NULL: none */
    uint8_t digest[DIGEST_SIZE];
    struct reply *reply;
};

static bool is_type(const char *content_type, const char *wanted)
{
    size_t size = strcspn(content_type, "; \t");
    return strlen(wanted) == size && strncasecmp(content_type, wanted, size) == 0;
}

/* False: no such type. */
static bool read_form(const char *content_type, bool *ret_is_lines)
{
    static const char *const lines[] = {"application/x-ndjson", "application/jsonl", "application/ndjson"};
    *ret_is_lines = false;
    if (!content_type) {
        return false;
    }
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        *ret_is_lines |= is_type(content_type, lines[i]);
    }
    return *ret_is_lines || is_type(content_type, "application/json");
}

/* All that makes two requests the same one. */
static void digest_request(const struct request *request, bool is_lines, uint8_t ret_digest[DIGEST_SIZE])
{
    const char *corrects = request->query[QUERY_CORRECTS];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    char head[64];
    int size = snprintf(head, sizeof head, "%d %.40s\n", is_lines, corrects ? corrects : "");
    bool is_done = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
                   EVP_DigestUpdate(context, head, (size_t)size) == 1 &&
                   EVP_DigestUpdate(context, request->body.at, request->body.size) == 1 &&
                   EVP_DigestFinal_ex(context, ret_digest, NULL) == 1;
    EVP_MD_CTX_free(context);
    if (!is_done) {
        abort(); /* SHA-256 is always there */
    }
}

static void name_key(const struct posting *posting, char ret_key[FILED_KEY_MAX + 1])
{
    snprintf(ret_key, FILED_KEY_MAX + 1, KEY_PREFIX "%s", posting->key);
}

/* True: the request was answered before, and is answered so again, or its key was taken by another. */
static bool answer_again(const struct posting *posting)
{
    char key[FILED_KEY_MAX + 1];
    struct filed_key filed;
    uint8_t *bytes = NULL;
    name_key(posting, key);
    err_t err = spool_find_key(posting->api->spool, key, &filed, &bytes);
    if (err == ERR_NOT_FOUND) {
        return false;
    }
    struct reply *reply = posting->reply;
    if (err == ERR_OK && memcmp(filed.digest, posting->digest, DIGEST_SIZE) == 0) {
        reply->status = filed.status;
        reply->text = bytes;
        reply->text_size = filed.text.size;
        return true;
    }
    free(bytes);
    if (err == ERR_OK) {
        reply_problem(reply, "key_reused");
    } else {
        reply_error(reply, err);
    }
    return true;
}

static json_t *line_view(const struct filing_line *line, const struct item *item)
{
    json_t *result = item ? accepted_view(item) : json_pack("{so}", "faults", faults_view(line->faults));
    json_object_set_new(result, "line", json_integer((json_int_t)line->line));
    json_object_set_new(result, "status", json_integer(item ? 201 : 422));
    return result;
}

/* The answer to what is accepted and refused. Reads what the open transaction holds. */
static err_t render(const struct filing *filing, struct reply *reply)
{
    size_t refused = filing->accepted.refused;
    size_t count = 0;
    size_t given = 0;
    struct item *items = mem_alloc(FILING_LINES_MAX * sizeof *items);
    json_t *results = json_array();
    err_t err = ERR_OK;
    if (filing->accepted.good > 0 && filing->accepted.first_seq > 0) {
        err = spool_list(filing->spool, -1, filing->accepted.first_seq - 1, items, filing->accepted.good, &count);
    }
    for (size_t i = 0; i < filing->count; i++) {
        const struct filing_line *line = &filing->lines[i];
        if (line->faults || given < count) {
            json_array_append_new(results, line_view(line, line->faults ? NULL : &items[given]));
        }
        given += line->faults == NULL;
    }
    free(items);
    reply->status = count == 0 ? 422 : refused > 0 ? 207 : 201;
    if (filing->is_lines) {
        reply->json =
            json_pack("{sI sI so}", "accepted", (json_int_t)count, "refused", (json_int_t)refused, "results", results);
    } else {
        reply->json = json_incref(json_array_get(results, 0));
        json_object_del(reply->json, "line");
        json_object_del(reply->json, "status");
        json_decref(results);
    }
    return err;
}

/* The answer stands in the spool before anybody hears it. */
static err_t keep_answer(void *self, const struct filing *filing)
{
    struct posting *posting = self;
    char key[FILED_KEY_MAX + 1];
    err_t err = render(filing, posting->reply);
    if (err != ERR_OK || !posting->key) {
        return err;
    }
    name_key(posting, key);
    char *text = json_dumps(posting->reply->json, JSON_COMPACT);
    struct filed_key filed = {.at = clock_ms(),
                              .first_seq = filing->accepted.first_seq,
                              .count = filing->accepted.good,
                              .status = posting->reply->status,
                              .text = {(const uint8_t *)text, text ? strlen(text) : 0}};
    memcpy(filed.digest, posting->digest, DIGEST_SIZE);
    err = text ? spool_add_key(filing->spool, key, &filed) : ERR_IO;
    free(text);
    return err;
}

static void answer_failure(struct posting *posting, err_t err)
{
    reply_done(posting->reply);
    if (err == ERR_EXISTS && posting->key && answer_again(posting)) {
        return;
    }
    if (err == ERR_INVALID || err == ERR_TOO_LARGE) {
        reply_problem(posting->reply, err == ERR_INVALID ? "one_record" : "too_large");
    } else {
        reply_error(posting->reply, err);
    }
}

static void file(struct posting *posting, const struct request *request, bool is_lines, const uint8_t *corrects)
{
    struct api *api = posting->api;
    const char *folder = api->settings->attachments_dir;
    struct filing filing = {.home = api->home,
                            .files = {.folder = *folder ? folder : NULL, .is_confined = true},
                            .spool = api->spool,
                            .party = api->membership->party,
                            .utc_offset_minutes = (int)api->settings->utc_offset_minutes,
                            .is_lines = is_lines,
                            .corrects = corrects,
                            .on_commit = keep_answer,
                            .self = posting};
    err_t err = filing_take(&filing, request->body);
    if (err != ERR_OK) {
        answer_failure(posting, err);
    } else if (filing.accepted.accepted > 0) {
        wake_poke(api->home);
    } else if (render(&filing, posting->reply) != ERR_OK) {
        answer_failure(posting, ERR_IO);
    }
    filing_done(&filing);
}

void post_records(struct api *api, const struct request *request, const char *segment, struct reply *reply)
{
    (void)segment;
    struct posting posting = {.api = api, .key = request->key, .reply = reply};
    uint8_t corrects[RECORD_ID_SIZE];
    bool is_lines = false;
    const char *id = request->query[QUERY_CORRECTS];
    if (!read_form(request->content_type, &is_lines)) {
        reply_problem(reply, "unsupported_type");
        return;
    }
    if ((id && (is_lines || record_id_parse(id, corrects) != ERR_OK)) ||
        (request->key && (!*request->key || strlen(request->key) > HTTP_KEY_MAX))) {
        reply_problem(reply, "bad_request");
        return;
    }
    if (request->key) {
        digest_request(request, is_lines, posting.digest);
        if (answer_again(&posting)) {
            return;
        }
    }
    file(&posting, request, is_lines, id ? corrects : NULL);
}

void get_records(struct api *api, const struct request *request, const char *segment, struct reply *reply)
{
    (void)segment;
    const char *const *query = request->query;
    int state = query[QUERY_STATE] ? state_of_code(query[QUERY_STATE]) : -1;
    uint64_t after = 0;
    uint64_t limit = HTTP_PAGE;
    if ((query[QUERY_STATE] && state < 0) ||
        (query[QUERY_AFTER] && !read_count(query[QUERY_AFTER], INT64_MAX, &after)) ||
        (query[QUERY_LIMIT] && (!read_count(query[QUERY_LIMIT], HTTP_PAGE_MAX, &limit) || limit == 0))) {
        reply_problem(reply, "bad_request");
        return;
    }
    struct item *items = mem_alloc(limit * sizeof *items);
    size_t count = 0;
    err_t err = spool_list(api->spool, state, after, items, limit, &count);
    if (err != ERR_OK) {
        reply_error(reply, err);
    } else {
        json_t *list = json_array();
        for (size_t i = 0; i < count; i++) {
            json_array_append_new(list, item_view(api->spool, &items[i]));
        }
        reply->status = 200;
        reply->json = json_pack("{so so}", "records", list, "next",
                                count == limit ? json_integer((json_int_t)items[count - 1].seq) : json_null());
    }
    free(items);
}

static void look_up(struct api *api, const char *segment, err_t (*view)(struct spool *, const uint8_t *, json_t **),
                    struct reply *reply)
{
    uint8_t id[RECORD_ID_SIZE];
    err_t err = record_id_parse(segment, id) == ERR_OK ? view(api->spool, id, &reply->json) : ERR_NOT_FOUND;
    if (err != ERR_OK) {
        reply_error(reply, err);
        return;
    }
    reply->status = 200;
}

void get_record(struct api *api, const struct request *request, const char *segment, struct reply *reply)
{
    (void)request;
    look_up(api, segment, record_view, reply);
}

void get_receipt(struct api *api, const struct request *request, const char *segment, struct reply *reply)
{
    (void)request;
    look_up(api, segment, receipt_view, reply);
}
