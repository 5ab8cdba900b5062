#include "hub/cli_keys.h"

#include <inttypes.h>

#include "common/mem.h"
#include "common/membership.h"
#include "common/succession.h"
#include "common/text.h"
#include "hub/admin.h"

static int port_of(const char *endpoint)
{
    const char *colon = strrchr(endpoint, ':');
    return colon ? (int)strtol(colon + 1, NULL, 10) : 0;
}

/* Each is one line. */
static int print_links(const struct home *home, const uint8_t hub_key[KEY_SIZE], zlist_t *codes)
{
    struct options options;
    char reason[512];
    if (options_load(home, &options, reason) != ERR_OK) {
        return cli_fail("%s", reason);
    }
    for (const char *code = zlist_first(codes); code; code = zlist_next(codes)) {
        char text[600];
        struct join_link link = {.suite = suite_named(options.suite)};
        memcpy(link.hub_key, hub_key, KEY_SIZE);
        snprintf(link.code, sizeof link.code, "%s", code);
        join_link_format(options.host, port_of(options.endpoint), port_of(options.enrol_endpoint), &link, text,
                         sizeof text);
        printf("%s\n", text);
    }
    return 0;
}

int cli_call_for_links(const struct home *home, zmsg_t *request, zlist_t *codes)
{
    uint8_t hub_key[KEY_SIZE];
    int status = admin_call_for_links(home, &request, hub_key);
    status = status == 0 ? print_links(home, hub_key, codes) : status;
    zlist_destroy(&codes);
    return status;
}

zlist_t *cli_codes(void)
{
    zlist_t *codes = zlist_new();
    zlist_autofree(codes);
    return codes;
}

const char *cli_add_code(zlist_t *codes)
{
    char code[21];
    admin_make_code(code);
    zlist_append(codes, code);
    return zlist_last(codes);
}

bool cli_link_hours(const struct argument *arguments, size_t count, int64_t *ret_hours)
{
    *ret_hours = LINK_HOURS;
    return cli_number(arguments, count, "valid-hours", 1, LINK_HOURS_MAX, ret_hours);
}

struct search {
    const char *name, *role;
    bool is_exact;
    size_t count; /* that are called so */
    char party[RECORD_PARTY_SIZE];
    char called[512]; /* all of them, or as many as there is room for */
};

static void match_party(void *self, const struct party *party)
{
    struct search *search = self;
    if (strcmp(party->role, search->role) != 0) {
        return;
    }
    if (strcmp(party->party, search->name) == 0) {
        search->is_exact = true;
        memcpy(search->party, party->party, sizeof search->party);
    } else if (!search->is_exact && strcmp(party->name, search->name) == 0 && strcmp(party->state, "revoked") != 0) {
        size_t used = strlen(search->called);
        snprintf(search->called + used, sizeof search->called - used, "%s%s", used ? " " : "", party->party);
        memcpy(search->party, party->party, sizeof search->party);
        search->count++;
    }
}

bool cli_find_party(const struct home *home, const char *name, const char *role, char ret_party[RECORD_PARTY_SIZE])
{
    struct options options;
    struct search search = {.name = name, .role = role};
    struct store *store = cli_open_store(home, &options);
    if (!store) {
        return false;
    }
    err_t err = store_each_party(store, match_party, &search);
    store_close(store);
    if (err != ERR_OK || !*search.party) {
        cli_fail(tr("no party %s is registered", "没有登记 %s"), name);
        return false;
    }
    if (!search.is_exact && search.count > 1) {
        cli_fail(tr("%s: %zu are called so; name one by its code: %s", "%s：有 %zu 个同名登记，请用代码指明：%s"), name,
                 search.count, search.called);
        return false;
    }
    memcpy(ret_party, search.party, sizeof search.party);
    return true;
}

int cli_invite(const struct home *home, int argc, char **argv, const char *role)
{
    struct argument arguments[] = {{"valid-hours", false, NULL}, {"replace", true, NULL}, {"reason", false, NULL}};
    const char *rest[1];
    size_t count = 0;
    char party[RECORD_PARTY_SIZE];
    int64_t hours = 0;
    if (!cli_parse(argc, argv, arguments, 3, rest, 1, &count) || count != 1) {
        return cli_usage();
    }
    if (!cli_link_hours(arguments, 3, &hours)) {
        return 2;
    }
    if (!cli_find_party(home, rest[0], role, party)) {
        return 1;
    }
    zmsg_t *request = admin_request("invite", arguments[2].value);
    zlist_t *codes = cli_codes();
    zmsg_addstr(request, party);
    zmsg_addstr(request, cli_add_code(codes));
    zmsg_addstrf(request, "%" PRId64, hours);
    zmsg_addstr(request, arguments[1].value ? "1" : "0");
    return cli_call_for_links(home, request, codes);
}

int cli_key_revoke(const struct home *home, int argc, char **argv, const char *role)
{
    struct argument arguments[] = {{"reason", false, NULL}};
    const char *rest[2];
    size_t count = 0;
    char party[RECORD_PARTY_SIZE];
    if (!cli_parse(argc, argv, arguments, 1, rest, 2, &count) || count != 2) {
        return cli_usage();
    }
    if (!cli_find_party(home, rest[0], role, party)) {
        return 1;
    }
    zmsg_t *request = admin_request("key-revoke", arguments[0].value);
    zmsg_addstr(request, party);
    zmsg_addstr(request, rest[1]);
    return admin_call(home, &request);
}

/* ---- the list ---- */

static const struct label key_state_labels[] = {[KEY_COMING] = {"coming", "announced", "已公告"},
                                                [KEY_CURRENT] = {"current", "current", "现行"},
                                                [KEY_RETIRING] = {"retiring", "retiring", "过渡期"},
                                                [KEY_RETIRED] = {"retired", "retired", "已停用"},
                                                [KEY_REVOKED] = {"revoked", "revoked", "已吊销"}};
static const struct table_column key_columns[] = {
    {"key", "key", "密钥", false},
    {"state", "state", "状态", false},
    {"since", "since", "启用时间", false},
    {"until", "until", "停用时间", false},
    {"revoked_at", "revoked", "吊销时间", false},
    {"reason", "reason", "原因", false},
    {"named_by", "named by", "提名密钥", false},
    {"signing_key", "signing key", "签名密钥", false},
};
enum { KEY_COLUMNS = sizeof key_columns / sizeof *key_columns };

/* All that the party has had: which one named which is looked for among them. */
struct key_list {
    size_t count;
    struct listed_key {
        struct party_key key;
        char reason[401];
        bool is_named;
        uint8_t proof[SIGNATURE_SIZE];
    } * rows;
};

static void keep_key(void *self, const struct party_key *key, const char *reason, struct view proof)
{
    struct key_list *list = self;
    list->rows = mem_grow(list->rows, list->count + 1, sizeof *list->rows);
    struct listed_key *row = &list->rows[list->count++];
    *row = (struct listed_key){.key = *key, .is_named = proof.size == SIGNATURE_SIZE};
    snprintf(row->reason, sizeof row->reason, "%s", reason);
    if (row->is_named) {
        memcpy(row->proof, proof.at, SIGNATURE_SIZE);
    }
}

/* The one whose word let this one in; NULL: a link did. */
static const struct party_key *find_former(const struct key_list *list, const struct listed_key *row)
{
    const struct successor successor = {.curve_key = {row->key.curve_key, KEY_SIZE},
                                        .signing_key = signing_key_view(&row->key.signing_key),
                                        .proof = {row->proof, SIGNATURE_SIZE}};
    for (size_t i = 0; row->is_named && i < list->count; i++) {
        const struct party_key *key = &list->rows[i].key;
        if (successor_is_proved(&successor, key->curve_key, &key->signing_key)) {
            return key;
        }
    }
    return NULL;
}

static void list_key(struct table *table, const struct key_list *list, const struct listed_key *row,
                     int utc_offset_minutes)
{
    const struct party_key *key = &row->key;
    const struct party_key *former = find_former(list, row);
    const struct label *state = &key_state_labels[party_key_state(key, clock_ms())];
    const int64_t times[3] = {key->since, key->until, key->revoked_at};
    char at[3][20];
    char hex[3][2 * SIGNING_KEY_MAX + 1];
    hex_text(key->curve_key, KEY_SIZE, hex[0]);
    hex_text(key->signing_key.bytes, key->signing_key.size, hex[1]);
    const char *cells[KEY_COLUMNS] = {[0] = hex[0], [1] = state->code, [7] = hex[1]};
    const char *labels[KEY_COLUMNS] = {[1] = tr(state->en, state->zh)};
    for (int i = 0; i < 3; i++) {
        if (times[i]) {
            local_time_text(times[i], utc_offset_minutes, at[i]);
            cells[2 + i] = at[i];
        }
    }
    cells[5] = *row->reason ? row->reason : NULL;
    if (former) {
        hex_text(former->curve_key, KEY_SIZE, hex[2]);
        cells[6] = hex[2];
    }
    table_row(table, cells, labels);
}

err_t cli_list_keys(struct store *store, const char *party, enum table_form form, int utc_offset_minutes)
{
    struct party found;
    struct key_list list = {0};
    err_t err = store_find_party(store, party, &found);
    err = err == ERR_OK ? store_each_key(store, found.row, keep_key, &list) : err;
    if (err == ERR_OK) {
        struct table *table = table_open(stdout, form, key_columns, KEY_COLUMNS);
        for (size_t i = 0; i < list.count; i++) {
            list_key(table, &list, &list.rows[i], utc_offset_minutes);
        }
        table_close(table);
    }
    free(list.rows);
    return err;
}

int cli_party_keys(const struct home *home, int argc, char **argv, const char *role)
{
    struct argument arguments[] = {{"json", true, NULL}, {"csv", true, NULL}};
    const char *rest[1];
    size_t count = 0;
    struct options options;
    char party[RECORD_PARTY_SIZE];
    if (!cli_parse(argc, argv, arguments, 2, rest, 1, &count) || count != 1) {
        return cli_usage();
    }
    struct store *store = cli_find_party(home, rest[0], role, party) ? cli_open_store(home, &options) : NULL;
    if (!store) {
        return 1;
    }
    err_t err = cli_list_keys(store, party, cli_form(arguments, 2), (int)options.utc_offset_minutes);
    store_close(store);
    return err == ERR_OK ? 0 : cli_fail("%s", err_text(err));
}
