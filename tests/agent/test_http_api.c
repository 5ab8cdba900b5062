#include "tests/agent/support.h"

#include "agent/http_api.h"
#include "agent/watch.h"

#include <sys/stat.h>

struct desk {
    struct place *place;
    struct membership membership;
    struct settings settings;
    struct api api;
    char bearer[128];
};

static int open_desk(void **state)
{
    struct desk *desk = calloc(1, sizeof *desk);
    char reason[256];
    void *place = NULL;
    set_up(&place);
    desk->place = place;
    desk->settings.http_port = 8080;
    desk->settings.utc_offset_minutes = 480;
    snprintf(desk->membership.party, sizeof desk->membership.party, "party");
    desk->api = (struct api){.home = &desk->place->home,
                             .membership = &desk->membership,
                             .settings = &desk->settings,
                             .spool = desk->place->spool};
    assert_int_equal(token_load(&desk->place->home, desk->api.token, reason), ERR_OK);
    snprintf(desk->bearer, sizeof desk->bearer, "Bearer %s", desk->api.token);
    *state = desk;
    return 0;
}

static int close_desk(void **state)
{
    struct desk *desk = *state;
    void *place = desk->place;
    tear_down(&place);
    free(desk);
    return 0;
}

static struct request request_for(const struct desk *desk, const char *method, const char *path, const char *body)
{
    return (struct request){.method = method,
                            .path = path,
                            .host = "127.0.0.1:8080",
                            .authorization = desk->bearer,
                            .content_type = "application/json",
                            .body = {(const uint8_t *)body, body ? strlen(body) : 0}};
}

/* As the socket's side calls it. */
static int ask(struct desk *desk, const struct request *request, struct reply *reply)
{
    if (api_admits(&desk->api, request, reply)) {
        api_answer(&desk->api, request, reply);
    }
    return reply->status;
}

static int status_of(struct desk *desk, const struct request *request)
{
    struct reply reply;
    int status = ask(desk, request, &reply);
    assert_true(reply.json || reply.text);
    reply_done(&reply);
    return status;
}

static void test_only_the_token_and_this_host_are_let_in(void **state)
{
    struct desk *desk = *state;
    struct request request = request_for(desk, "GET", "/v1/status", NULL);
    assert_int_equal(status_of(desk, &request), 200);
    static const char *const own[] = {"localhost:8080", "LocalHost:8080", "[::1]:8080"};
    for (size_t i = 0; i < 3; i++) {
        request.host = own[i];
        assert_int_equal(status_of(desk, &request), 200);
    }
    static const char *const foreign[] = {NULL,       "", "127.0.0.1", "127.0.0.1:80", "127.0.0.1:8080.evil.example",
                                          "evil:8080"};
    for (size_t i = 0; i < 6; i++) {
        request.host = foreign[i];
        assert_int_equal(status_of(desk, &request), 421);
    }
    request.host = "localhost:8080";
    static const char *const wrong[] = {NULL, "", "Bearer", "Bearer ", "Bearer x"};
    for (size_t i = 0; i < 5; i++) {
        request.authorization = wrong[i];
        assert_int_equal(status_of(desk, &request), 401);
    }
    char other[128];
    snprintf(other, sizeof other, "%s", desk->bearer);
    other[strlen(other) - 1] = other[strlen(other) - 1] == '0' ? '1' : '0';
    request.authorization = other;
    assert_int_equal(status_of(desk, &request), 401);
    char longer[160];
    snprintf(longer, sizeof longer, "%s0", desk->bearer);
    request.authorization = longer;
    assert_int_equal(status_of(desk, &request), 401);
}

static void test_every_route_is_found_and_no_other(void **state)
{
    struct desk *desk = *state;
    static const struct {
        const char *method;
        const char *path;
        int status;
    } cases[] = {{"GET", "/v1/records", 200},
                 {"GET", "/v1/inbox", 200},
                 {"GET", "/v1/openapi.json", 200},
                 {"GET", "/v1/schema/risk_warning", 200},
                 {"GET", "/v1/schema/", 404},
                 {"GET", "/v1/schema/a/b", 404},
                 {"GET", "/", 404},
                 {"GET", "/v1/records/", 404},
                 {"GET", "/v1/records/x/receipt", 404},
                 {"GET", "/v1/records/x/receipt/", 404},
                 {"PUT", "/v1/records", 405},
                 {"HEAD", "/v1/status", 200},
                 {"HEAD", "/v1/inbox/1/read", 405},
                 {"HEAD", "/v1/nothing", 404},
                 {"GET", "/v1/inbox/1/read", 405},
                 {"POST", "/v1/inbox/1/read", 404},
                 {"POST", "/v1/inbox/x/read", 404}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct request request = request_for(desk, cases[i].method, cases[i].path, NULL);
        assert_int_equal(status_of(desk, &request), cases[i].status);
    }
}

static void test_what_an_address_takes_is_told_whole(void **state)
{
    struct desk *desk = *state;
    static const char *const cases[][3] = {{"DELETE", "/v1/records", "POST, GET, HEAD"},
                                           {"POST", "/v1/status", "GET, HEAD"},
                                           {"GET", "/v1/inbox/1/read", "POST"},
                                           {"GET", "/v1/records", ""},
                                           {"GET", "/v1/nothing", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reply reply;
        struct request request = request_for(desk, cases[i][0], cases[i][1], NULL);
        ask(desk, &request, &reply);
        assert_string_equal(reply.allow, cases[i][2]);
        reply_done(&reply);
    }
}

static void test_the_same_key_gives_the_first_answer(void **state)
{
    struct desk *desk = *state;
    struct request request = request_for(desk, "POST", "/v1/records", WARNING);
    struct reply first;
    struct reply again;
    request.key = "k";
    assert_int_equal(ask(desk, &request, &first), 201);
    assert_int_equal(ask(desk, &request, &again), 201);
    char *text = json_dumps(first.json, JSON_COMPACT);
    assert_int_equal(again.text_size, strlen(text));
    assert_memory_equal(again.text, text, again.text_size);
    free(text);
    reply_done(&first);
    reply_done(&again);
    request.body = (struct view){(const uint8_t *)REPORT, strlen(REPORT)};
    assert_int_equal(status_of(desk, &request), 409);
    request.body = (struct view){(const uint8_t *)WARNING, strlen(WARNING)};
    request.content_type = "application/x-ndjson"; /* another request, though of the same bytes */
    assert_int_equal(status_of(desk, &request), 409);
    struct counts counts;
    assert_int_equal(spool_counts(desk->place->spool, &counts), ERR_OK);
    assert_int_equal(counts.last_seq, 1);
}

static void test_a_correction_goes_by_the_query(void **state)
{
    struct desk *desk = *state;
    struct item item;
    struct verdicts verdicts;
    char id[37];
    struct faults faults = {.count = 0};
    msgpack_sbuffer encoded;
    msgpack_sbuffer_init(&encoded);
    fault_add(&faults, "rule", "level", "because");
    faults_encode(&faults, &encoded);
    add_record(desk->place, WARNING, &item);
    struct result result = result_for(&item, OUTCOME_REJECTED, 0);
    result.faults = (struct view){(const uint8_t *)encoded.data, encoded.size};
    assert_int_equal(answer(desk->place, 1, &result, 1, &verdicts), ERR_OK);
    msgpack_sbuffer_destroy(&encoded);
    record_id_text(item.id, id);
    struct request request = request_for(desk, "POST", "/v1/records", WARNING);
    request.query[QUERY_CORRECTS] = id;
    assert_int_equal(status_of(desk, &request), 201);
    assert_int_equal(status_of(desk, &request), 404); /* it is corrected by now */
    request.query[QUERY_CORRECTS] = "x";
    assert_int_equal(status_of(desk, &request), 400);
    request.query[QUERY_CORRECTS] = id;
    request.content_type = "application/x-ndjson";
    assert_int_equal(status_of(desk, &request), 400);
    assert_int_equal(find_item(desk->place, item.id).state, ITEM_CORRECTED);
}

static void test_a_token_is_made_once_and_for_its_owner(void **state)
{
    struct desk *desk = *state;
    char token[TOKEN_SIZE];
    char path[PATH_SIZE];
    char reason[256];
    assert_int_equal(token_load(&desk->place->home, token, reason), ERR_OK);
    assert_string_equal(token, desk->api.token);
    home_file(&desk->place->home, HTTP_TOKEN_FILE, path);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(token_load(&desk->place->home, token, reason), ERR_INVALID);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(truncate(path, 10), 0);
    assert_int_equal(token_load(&desk->place->home, token, reason), ERR_INVALID);
}

static void test_names_of_unfinished_files_are_left_alone(void **state)
{
    (void)state;
    static const char *const ignored[] = {".a.json", "~a.json", "a.json~",           "a.tmp", "a.json.part",
                                          "done",    "failed",  "a.json.errors.txt", "#a#",   "a.xlsx.crdownload"};
    static const char *const taken[] = {"a.json", "a.jsonl", "a.csv", "年度.xlsx", "done.json", "a", "a.new.json"};
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) {
        assert_true(watch_ignores(ignored[i]));
    }
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        assert_false(watch_ignores(taken[i]));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_only_the_token_and_this_host_are_let_in, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_every_route_is_found_and_no_other, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_what_an_address_takes_is_told_whole, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_the_same_key_gives_the_first_answer, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_a_correction_goes_by_the_query, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_a_token_is_made_once_and_for_its_owner, open_desk, close_desk),
        cmocka_unit_test(test_names_of_unfinished_files_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
