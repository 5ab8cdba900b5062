/* agent/http_api.h - the local endpoint's answers, without a socket: a request in, a reply out.
 *
 * For other software on the same machine. Whoever holds the token may do what the agent's user may do with the spool.
 * One thread uses one api. */
#ifndef AGENT_HTTP_API_H
#define AGENT_HTTP_API_H

#include <jansson.h>

#include "agent/filing.h"
#include "agent/settings.h"
#include "common/membership.h"

#define HTTP_TOKEN_FILE "http.token"

enum { TOKEN_BYTES = 32, TOKEN_SIZE = 2 * TOKEN_BYTES + 1, HTTP_PAGE = 100, HTTP_PAGE_MAX = 500, HTTP_KEY_MAX = 200 };

enum query { QUERY_STATE, QUERY_AFTER, QUERY_LIMIT, QUERY_CORRECTS, QUERIES };

/* What is absent is NULL. */
struct request {
    const char *method;
    const char *path;
    const char *host;
    const char *authorization;
    const char *content_type;
    const char *key; /* Idempotency-Key */
    const char *query[QUERIES];
    bool has_unknown_query;
    bool is_too_large; /* the body was not kept */
    struct view body;
};

struct reply {
    int status;
    json_t *json;  /* owned; or */
    uint8_t *text; /* owned: an answer that was given before */
    size_t text_size;
    char allow[32];     /* for a 405 */
    bool is_told_later; /* 503: Retry-After */
    bool is_denied;     /* by host or token */
};

struct api {
    const struct home *home; /* borrowed, as are these */
    const struct membership *membership;
    const struct settings *settings;
    struct spool *spool;
    char token[TOKEN_SIZE];
};

/* Every route is a row: the dispatcher and the OpenAPI description both read it. {} in the path is one segment. */
struct route {
    const char *method;
    const char *path;
    void (*act)(struct api *api, const struct request *request, const char *segment, struct reply *reply);
    unsigned queries; /* bits */
    const char *name;
    const char *segment; /* what {} is called */
    const char *answer;  /* schema of the good answer */
    int statuses[8];     /* beside those that every route may give */
    const char *en;
    const char *zh;
};
extern const struct route routes[];
extern const size_t route_count;

/* What may be refused and why, by status; a status stands once for each code. */
struct problem {
    const char *code;
    int status;
    const char *en;
    const char *zh;
};
extern const struct problem problems[];
extern const size_t problem_count;
extern const char *const query_names[QUERIES];

/* The first look, before the body is read: false where *ret_reply refuses. */
bool api_admits(struct api *api, const struct request *request, struct reply *ret_reply);
/* After api_admits(). */
void api_answer(struct api *api, const struct request *request, struct reply *ret_reply);
void reply_done(struct reply *reply);

/* CODE is one of `problems`. */
void reply_problem(struct reply *reply, const char *code);
void reply_error(struct reply *reply, err_t err);

/* The routes of records: agent/http_records.c. */
void post_records(struct api *api, const struct request *request, const char *segment, struct reply *reply);
void get_records(struct api *api, const struct request *request, const char *segment, struct reply *reply);
void get_record(struct api *api, const struct request *request, const char *segment, struct reply *reply);
void get_receipt(struct api *api, const struct request *request, const char *segment, struct reply *reply);
/* A whole number from 0; false where TEXT is none. */
bool read_count(const char *text, uint64_t max, uint64_t *ret_number);

/* OpenAPI 3.1 of this version (new reference): agent/openapi.c. */
json_t *openapi_document(int port);

/* Reads the token, or makes it. ERR_INVALID where others may read the file. */
MUST_CHECK err_t token_load(const struct home *home, char ret_token[TOKEN_SIZE], char reterr_reason[256]);

#endif
